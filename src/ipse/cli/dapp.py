"""`ipse dapp`: applications ask, the owner decides, applications verify."""

from __future__ import annotations

from dataclasses import asdict
from datetime import timedelta
from typing import Annotated

import typer

from ipse.cli import inputs, terminal
from ipse.cli.console import printable
from ipse.cli.framework import Command, application
from ipse.cli.session import Session, session_of
from ipse.encoding import strict_json
from ipse.errors import ConsentNeeded, UsageError
from ipse.wallet.disclosure import Proposal

__all__ = ["app"]

app = application(name="dapp", help_text="Applications: ask, answer with consent, verify, grant, revoke.")

_LEVELS = ("choose",)
_Origin = Annotated[
    str, typer.Argument(metavar="ORIGIN", help="The application's address: https://shop.example")
]


@app.command("request", cls=Command)
def request_(
    context: typer.Context,
    audience: Annotated[str, typer.Option(metavar="URL", help="The application that asks.")],
    purpose: Annotated[
        str, typer.Option(metavar="TEXT", help="What the answer is for; the owner reads this.")
    ],
    candidates: Annotated[str, typer.Option(metavar="FILE|-", help="What to choose from, one a line.")],
    top: Annotated[int, typer.Option("--top", min=1, help="How many to choose.")] = 3,
    expires: Annotated[
        str, typer.Option(metavar="SPAN", help="How long it can be answered: 30m, 12h, 7d.")
    ] = "1h",
    output: Annotated[str, typer.Option("-o", "--output", metavar="FILE|-", help="Where to write it.")] = "-",
) -> None:
    """Make a request, as an application. Needs no wallet."""
    from ipse.protocols import preference_choice

    session = session_of(context)
    made = preference_choice.build_request(
        address=audience,
        purpose=purpose,
        candidates=inputs.read_lines(candidates),
        top=top,
        issued=session.now,
        lifetime=inputs.span(expires),
    )
    if output == "-":
        session.console.result(strict_json.pretty(made), made)
    else:
        inputs.write_text(output, strict_json.pretty(made) + "\n")
        session.console.message(f"request written to {output}")


@app.command(cls=Command)
def answer(
    context: typer.Context,
    file: Annotated[str, typer.Argument(metavar="FILE|-", help="The application's request.")],
) -> None:
    """Show what an application asks, and with your consent print the signed answer."""
    from ipse.wallet import disclosure

    session = session_of(context)
    asked = inputs.read_object(file)
    with session.wallet(embeds=True) as wallet:
        released = disclosure.answer(
            wallet,
            lambda: session.embedder(wallet),
            asked,
            consent=lambda proposal: _consent(session, proposal),
            now=session.now,
        )
    session.console.result(released, {"answer": released})


@app.command(cls=Command)
def verify(
    context: typer.Context,
    file: Annotated[str, typer.Argument(metavar="FILE|-", help="The answer.")],
    request: Annotated[str, typer.Option(metavar="FILE", help="The request that it answers.")],
) -> None:
    """Verify an answer, as the application, and print what was chosen. Needs no wallet."""
    from ipse.protocols import preference_choice

    session = session_of(context)
    asked = preference_choice.parse_request(inputs.read_object(request))
    verification = preference_choice.verify_answer(inputs.read_text(file).strip(), asked, session.now)
    report = verification.report
    for check in report.checks:
        session.console.detail(f"{check.outcome:<14}  {check.name:<14}  {printable(check.reason)}")
    chosen = [{"id": candidate.id, "text": candidate.text} for candidate in verification.chosen]
    facts = {**report.to_json(), "chosen": chosen}
    if chosen or session.console.json:
        session.console.result(
            "\n".join(printable(candidate.text) for candidate in verification.chosen), facts
        )
    report.raise_unless_passed("the answer")


@app.command(cls=Command)
def grant(
    context: typer.Context,
    origin: _Origin,
    level: Annotated[str, typer.Option(metavar="choose", help="What it may ask without asking you.")],
    until: Annotated[
        str | None, typer.Option(metavar="TIME", help="When it ends; in 90 days if not given.")
    ] = None,
) -> None:
    """Let an application ask without asking you each time."""
    from ipse.wallet import disclosure

    session = session_of(context)
    now = session.now
    if level not in _LEVELS:
        raise UsageError(f"{level!r} is no disclosure level", hint=f"--level takes {' or '.join(_LEVELS)}")
    expires = inputs.timestamp(until) if until else now + timedelta(days=90)
    if expires <= now:
        raise UsageError(f"--until {until} is past", hint="give a day or time that is to come")
    with session.wallet() as wallet:
        given = disclosure.grant(wallet, origin, level=level, now=now, expires=expires)
    session.console.result(
        f"{given.origin} may ask at level {given.level} until {given.expires}", asdict(given)
    )


@app.command(cls=Command)
def grants(context: typer.Context) -> None:
    """List the grants, ended ones too."""
    from ipse.storage import grants as store

    session = session_of(context)
    with session.wallet() as wallet:
        rows = [asdict(given) for given in store.every(wallet.vault)]
    columns = ("number", "origin", "level", "expires", "revoked")
    session.console.table("grants", rows, columns, empty="no grants")


@app.command(cls=Command)
def revoke(context: typer.Context, origin: _Origin) -> None:
    """End the grants of an application. What it was told already can't be called back."""
    from ipse.wallet import disclosure

    session = session_of(context)
    with session.wallet() as wallet:
        ended = disclosure.revoke(wallet, origin, now=session.now)
    session.console.result(f"grants ended: {ended}; past answers can't be called back", {"ended": ended})


def _consent(session: Session, proposal: Proposal) -> bool:
    """The consent page, and the answer typed under it."""
    authorization = proposal.request.authorization
    if not session.can_ask:
        raise ConsentNeeded(
            f"{authorization.origin} needs your consent and there is nobody to ask",
            hint="run it in a terminal, or give a grant: "
            f"`ipse dapp grant {authorization.origin} --level choose`",
        )
    candidates = proposal.request.candidates
    page = [
        "",
        f"{authorization.origin} asks for your choice (answered {proposal.answered_before} times before)",
        "  nothing proves that the request is theirs; the answer is of use to this address alone",
        f"  purpose:      {printable(proposal.request.purpose)}",
        f"  question:     which {proposal.request.top} of their {len(candidates)} candidates suit you best",
        f"  until:        {authorization.expires:%Y-%m-%d %H:%M} UTC",
        "  would leave:  these names, signed under an identity made for this application alone",
        *(f"                  {printable(candidate.text)}" for candidate in proposal.chosen),
        "  stays here:   your statements, all scores, the places of all others",
        "",
    ]
    session.console.page("\n".join(page))
    typed = terminal.ask("send this? type yes: ")
    if typed not in ("yes", "no", ""):
        session.console.page("only `yes` sends it")
    return typed == "yes"
