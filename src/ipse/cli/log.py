"""`ipse log`: what left, to whom, on whose word."""

from __future__ import annotations

from typing import Annotated

import typer

from ipse.cli.framework import Command, application
from ipse.cli.session import session_of
from ipse.encoding import strict_json
from ipse.storage import disclosure_log

__all__ = ["app"]

app = application(name="log", help_text="The log of every answer that left.")


@app.command("list", cls=Command)
def list_(context: typer.Context) -> None:
    """List what left, to whom and on whose word."""
    session = session_of(context)
    with session.wallet() as wallet:
        rows = [entry.content for entry in disclosure_log.every(wallet.vault)]
    columns = ("number", "time", "application", "level", "consent", "purpose")
    session.console.table("disclosures", rows, columns, empty="nothing has left")


@app.command(cls=Command)
def show(
    context: typer.Context,
    number: Annotated[int, typer.Argument(metavar="NUMBER", help="The entry's number in `log list`.")],
) -> None:
    """Print one entry with exactly what left."""
    session = session_of(context)
    with session.wallet() as wallet:
        entry = disclosure_log.find(wallet.vault, number)
    session.console.result(strict_json.pretty(entry.content), entry.content)


@app.command(cls=Command)
def verify(context: typer.Context) -> None:
    """Check that no entry was altered, removed or moved."""
    session = session_of(context)
    with session.wallet() as wallet:
        count = disclosure_log.verify(wallet.vault)
    entries = "1 entry" if count == 1 else f"{count} entries"
    session.console.result(f"{entries}, the chain is whole", {"entries": count, "outcome": "passed"})
