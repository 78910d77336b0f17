"""`ipse dapp request`: makes the request that an application sends."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated

import typer

from ipse.cli import params
from ipse.cli.commands.dapp import options
from ipse.cli.completion import complete_did
from ipse.cli.context import Context, context_of
from ipse.cli.params import Force, OutputFile
from ipse.encoding import strict_json
from ipse.errors import UsageError
from ipse.wallet import output_files

if TYPE_CHECKING:
    from ipse.disclosure.questions import Asked
    from ipse.protocols.openid4vp import RequestSigner

__all__ = ["request_"]

_TOP, _LIMIT = 3, 3
_TAKES = {
    "choose": {"candidates", "top"},
    "bands": {"topics"},
    "topics": {"topics"},
    "statements": {"about", "limit"},
}
_NEEDS = {"choose": "candidates", "bands": "topics", "topics": "topics", "statements": "about"}


def request_(
    ctx: typer.Context,
    audience: Annotated[str, typer.Option(metavar="URL", help="The application that asks.")],
    purpose: Annotated[
        str, typer.Option(metavar="TEXT", help="What the answer is for; the owner reads this.")
    ],
    level: Annotated[
        str,
        typer.Option(metavar="choose|bands|topics|statements", help="What kind of answer is asked for."),
    ] = "choose",
    candidates: Annotated[
        str | None, typer.Option(metavar="FILE|-", help="choose: what to choose from, one a line.")
    ] = None,
    top: Annotated[
        int | None, typer.Option("--top", metavar="K", min=1, help="choose: how many; 3 if not given.")
    ] = None,
    topics: Annotated[
        str | None, typer.Option(metavar="A,B", help="bands, topics: which of the published list.")
    ] = None,
    about: Annotated[
        str | None, typer.Option(metavar="TEXT", help="statements: what the sentences are to be about.")
    ] = None,
    limit: Annotated[
        int | None,
        typer.Option("--limit", metavar="N", min=1, help="statements: how many at most; 3 if not given."),
    ] = None,
    retention: Annotated[
        str, typer.Option(metavar="SPAN", help="How long the answer will be kept: 12h, 30d.")
    ] = "30d",
    expires: Annotated[
        str, typer.Option(metavar="SPAN", help="How long it can be answered: 30m, 12h, 7d.")
    ] = "1h",
    signer: Annotated[
        str | None,
        typer.Option(
            "--as",
            metavar="NAME|DID",
            help="Your DID that signs the request; unsigned if not given, which needs no wallet.",
            autocompletion=complete_did,
        ),
    ] = None,
    output: OutputFile = "-",
    force: Force = False,
) -> None:
    """Make a request, as an application."""
    from ipse.disclosure import questions

    context = context_of(ctx)
    _check_options(
        level, {"candidates": candidates, "top": top, "topics": topics, "about": about, "limit": limit}
    )
    params.check_output(output, force=force)
    made = questions.build_request(
        address=audience,
        purpose=purpose,
        asked=_asked(level, candidates, top, topics, about, limit),
        retention=params.span(retention),
        issued=context.now,
        lifetime=params.span(expires),
        signer=None if signer is None else signing(context, signer),
    )
    text = made if isinstance(made, str) else strict_json.pretty(made)
    if output == "-":
        context.output.document(text, {"request": made} if isinstance(made, str) else made)
    else:
        output_files.write_text(output, text + "\n", replace=force)
        context.output.message(f"request written to {output}")


def signing(context: Context, which: str) -> RequestSigner:
    """Return a DID of the wallet, its verification method and its key. Raises NotFound, KeystoreError."""
    from ipse.wallet import identities

    with context.wallet() as wallet:
        record, place, key = identities.signing_key(wallet, which)
    return record.did, place.id, key


def _check_options(level: str, given: dict[str, object]) -> None:
    if level not in _TAKES:
        raise UsageError(f"{level!r} is not a disclosure level", hint=f"--level takes {', '.join(_TAKES)}")
    for name, value in given.items():
        if value is not None and name not in _TAKES[level]:
            raise UsageError(
                f"--{name} has no meaning at level {level}",
                hint=f"it takes {' and '.join(f'--{name}' for name in sorted(_TAKES[level]))}",
            )
    if given[_NEEDS[level]] is None:
        raise UsageError(
            f"a request at level {level} needs --{_NEEDS[level]}", hint="`--help` says what it is"
        )


def _asked(
    level: str,
    candidates: str | None,
    top: int | None,
    topics: str | None,
    about: str | None,
    limit: int | None,
) -> Asked:
    from ipse.disclosure.questions import Bands, Choose, Statements, Topics, numbered

    if level == "choose":
        return Choose(numbered(params.read_lines(candidates or "-")), top or _TOP)
    if level == "statements":
        return Statements(about or "", limit or _LIMIT)
    named = options.read_topics(topics or "")
    return Bands(named) if level == "bands" else Topics(named)
