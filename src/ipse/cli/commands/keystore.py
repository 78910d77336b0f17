"""`ipse keystore`: moves the keys to another keystore, changes its passphrase."""

from __future__ import annotations

from typing import Annotated

import typer

from ipse.cli.context import context_of
from ipse.errors import UsageError

__all__ = ["move", "passphrase"]


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


def passphrase(
    ctx: typer.Context,
    new_passphrase_file: Annotated[
        str | None,
        typer.Option(metavar="FILE", help="Read the new passphrase from here; asked for if not given."),
    ] = None,
) -> None:
    """Change the passphrase of the keystore file.

    The old one is asked for, even while the wallet is unlocked. Copies of the file and backups still open
    with the passphrase that they were made with.
    """
    from ipse.wallet import unlocking

    context = context_of(ctx)
    with context.wallet() as wallet:
        description = unlocking.change_passphrase(
            wallet,
            lambda: context.new_secret(
                "the keystore", new_passphrase_file, option="--new-passphrase-file", offers=True
            ),
        )
    context.output.result(f"passphrase changed: {description}", {"changed": True, "description": description})
