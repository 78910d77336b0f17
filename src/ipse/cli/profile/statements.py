"""`ipse profile list | forget`: the statements themselves."""

from __future__ import annotations

from typing import Annotated

import typer

from ipse.cli.profile.shown import statement_row
from ipse.cli.session import session_of
from ipse.storage import statements

__all__ = ["forget", "list_"]


def list_(context: typer.Context) -> None:
    """List what the profile holds."""
    session = session_of(context)
    with session.wallet() as wallet:
        rows = [statement_row(statement) for statement in statements.current(wallet.vault)]
    columns = ("number", "weight", "sensitivity", "text")
    session.console.table("statements", rows, columns, empty='nothing yet: `ipse profile like "…"`')


def forget(
    context: typer.Context,
    number: Annotated[
        int, typer.Argument(metavar="NUMBER", help="The statement's number in `profile list`.")
    ],
) -> None:
    """Delete a statement and its vector."""
    session = session_of(context)
    with session.wallet() as wallet:
        statements.forget(wallet.vault, number)
    session.console.result(f"statement {number} is gone", {"number": number})
