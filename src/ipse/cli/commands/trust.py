"""`ipse trust`: whose credentials you accept, and of which types."""

from __future__ import annotations

from dataclasses import asdict
from typing import Annotated

import typer

from ipse.cli.context import session_of
from ipse.cli.framework import Command, application

__all__ = ["app"]

app = application(name="trust", help_text="The trust list: whose credentials you accept, of which types.")

_Did = Annotated[str, typer.Argument(metavar="DID", help="An issuer, or an https URL that publishes keys.")]


@app.command(cls=Command)
def add(
    context: typer.Context,
    issuer: _Did,
    types: Annotated[
        list[str],
        typer.Option("--for", metavar="TYPE", help="A type it may issue, `*` for all; may be repeated."),
    ],
) -> None:
    """Accept credentials of these types from an issuer."""
    from ipse.wallet import trust

    session = session_of(context)
    with session.wallet() as wallet:
        trust.add(wallet, issuer, types, now=session.now)
    session.console.result(f"{issuer} is trusted for {', '.join(types)}", {"issuer": issuer, "types": types})


@app.command("list", cls=Command)
def list_(context: typer.Context) -> None:
    """List the issuers you trust."""
    from ipse.storage import trusted_issuers

    session = session_of(context)
    with session.wallet() as wallet:
        rows = [asdict(entry) for entry in trusted_issuers.every(wallet.vault)]
    session.console.table(
        "issuers", rows, ("did", "type", "added"), empty="nobody yet: `ipse trust add DID --for TYPE`"
    )


@app.command(cls=Command)
def remove(
    context: typer.Context,
    issuer: _Did,
    types: Annotated[
        list[str] | None,
        typer.Option("--for", metavar="TYPE", help="Only for this type; for all where not given."),
    ] = None,
) -> None:
    """Trust an issuer no longer."""
    from ipse.storage import trusted_issuers

    session = session_of(context)
    with session.wallet() as wallet:
        removed = trusted_issuers.remove(wallet.vault, issuer, types)
    session.console.result(
        f"{issuer}: {removed} {'entry' if removed == 1 else 'entries'} removed", {"removed": removed}
    )
