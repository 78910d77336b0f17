"""`ipse keystore`: where the keys are."""

from __future__ import annotations

from typing import Annotated

import typer

from ipse.cli.context import session_of
from ipse.cli.framework import Command, application
from ipse.errors import UsageError

__all__ = ["app"]

app = application(name="keystore", help_text="Where your keys are.")


@app.command(cls=Command)
def move(
    context: typer.Context,
    to: Annotated[str, typer.Option("--to", metavar="os|file", help="The OS keyring, or an encrypted file.")],
    new_passphrase_file: Annotated[
        str | None,
        typer.Option(
            metavar="FILE", help="Read the passphrase of the new file from here; asked for if not given."
        ),
    ] = None,
) -> None:
    """Move all keys to the other keystore. Can be interrupted and started again."""
    from ipse.wallet import keystore_move

    session = session_of(context)
    if to not in ("os", "file"):
        raise UsageError(f"{to!r} is no kind of keystore", hint="--to takes os or file")
    with session.wallet() as wallet:
        description = keystore_move.move(
            wallet, to, new_passphrase=lambda: session.new_secret("the keystore", new_passphrase_file)
        )
    session.console.result(f"keys moved to: {description}", {"keystore": to, "description": description})
