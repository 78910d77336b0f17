"""`ipse dapp request`: makes the request that an application sends."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated

import typer

from ipse.cli import params
from ipse.cli.commands.dapp import options
from ipse.cli.completion import complete_did
from ipse.cli.context import Context, context_of
from ipse.cli.params import Force, OutputFile
from ipse.disclosure import levels
from ipse.encoding import strict_json
from ipse.errors import UsageError
from ipse.wallet import output_files

if TYPE_CHECKING:
    from ipse.protocols.openid4vp import RequestSigner

__all__ = ["request_"]


def request_(
    ctx: typer.Context,
    audience: Annotated[str, typer.Option(metavar="URL", help="The application that asks.")],
    purpose: Annotated[
        str, typer.Option(metavar="TEXT", help="What the answer is for; the owner reads this.")
    ],
    level: Annotated[
        str,
        typer.Option(metavar="|".join(levels.NAMES), help="What kind of answer is asked for."),
    ] = levels.DEFAULT,
    candidates: Annotated[
        str | None, typer.Option(metavar="FILE|-", help="choose, order: the things, one a line.")
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
    no_resale: Annotated[
        bool, typer.Option("--no-resale", help="Promise not to sell the answer, nor a copy of it.")
    ] = False,
    deletion_on_demand: Annotated[
        bool,
        typer.Option(
            "--deletion-on-demand", help="Promise to delete the answer when the owner withdraws it."
        ),
    ] = False,
    in_return: Annotated[
        str | None, typer.Option(metavar="TEXT", help="Promise this in return; the owner reads it.")
    ] = None,
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
    from ipse.disclosure.levels.level import RequestOptions
    from ipse.disclosure.terms import Terms

    context = context_of(ctx)
    _check_options(level, candidates=candidates, top=top, topics=topics, about=about, limit=limit)
    params.check_output(output, force=force)
    terms = Terms(no_resale, deletion_on_demand, in_return)
    made = questions.build_request(
        address=audience,
        purpose=purpose,
        asked=levels.named(level).ask(
            RequestOptions(
                candidates=() if candidates is None else tuple(params.read_lines(candidates or "-")),
                top=top,
                topics=() if topics is None else options.read_topics(topics),
                about=about or "",
                limit=limit,
            )
        ),
        retention=params.span(retention),
        issued=context.now,
        lifetime=params.span(expires),
        signer=None if signer is None else signing(context, signer),
        terms=None if terms == Terms() else terms,
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


def _check_options(name: str, **given: str | int | None) -> None:
    """Raise UsageError for options that the level called `name` does not take, and without what it needs."""
    level = levels.named(name)
    for option, value in given.items():
        if value is not None and option not in level.options:
            raise UsageError(
                f"--{option} has no meaning at level {name}",
                hint=f"it takes {' and '.join(f'--{taken}' for taken in sorted(level.options))}",
            )
    if given[level.needs] is None:
        raise UsageError(f"a request at level {name} needs --{level.needs}", hint="`--help` says what it is")
