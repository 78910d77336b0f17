"""`ipse init`: creates the wallet."""

from __future__ import annotations

from typing import Annotated

import typer

from ipse.cli.context import context_of
from ipse.errors import KeystoreUnavailable, UsageError

__all__ = ["init"]


def init(
    ctx: typer.Context,
    keystore: Annotated[
        str,
        typer.Option(
            metavar="os|file", help="Where to store the keys: the OS keyring, or a file under a passphrase."
        ),
    ] = "os",
) -> None:
    """Create the wallet.

    Nobody can recover a passphrase or a keyring that is lost: make a backup.
    """
    context = context_of(ctx)
    if keystore not in ("os", "file"):
        raise UsageError(f"{keystore!r} is not a kind of keystore", hint="--keystore takes os or file")
    from ipse.wallet.wallet import Wallet

    places = context.places
    try:
        wallet = Wallet.create(places, keystore=keystore, passphrase=context.new_passphrase, now=context.now)
    except KeystoreUnavailable as error:
        raise KeystoreUnavailable(
            error.message,
            hint="start your desktop's keyring, or choose the file yourself: "
            "`ipse init --keystore file --passphrase-file FILE`",
        ) from error
    with wallet:
        description = wallet.keystore.description
    context.output.result(
        f"wallet made in {places.data}\nkeys go to: {description}",
        {"home": str(places.data), "keystore": keystore, "description": description},
    )
    lost = "the passphrase" if keystore == "file" else "the keyring"
    context.output.message(f"nobody can bring back {lost} if you lose it, and with it all that is in here")
    context.output.message("next: `ipse did create --name me`")
