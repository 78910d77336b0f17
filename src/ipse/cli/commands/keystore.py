"""`ipse keystore`: moves the keys to another keystore."""

from __future__ import annotations

from typing import Annotated

import typer

from ipse.cli.context import context_of
from ipse.errors import UsageError

__all__ = ["move"]


def move(
    ctx: typer.Context,
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

    context = context_of(ctx)
    if to not in ("os", "file"):
        raise UsageError(f"{to!r} is not a kind of keystore", hint="--to takes os or file")
    with context.wallet() as wallet:
        description = keystore_move.move(
            wallet, to, new_passphrase=lambda: context.new_secret("the keystore", new_passphrase_file)
        )
    context.output.result(f"keys moved to: {description}", {"keystore": to, "description": description})
