"""`ipse init` and `ipse status`."""

from __future__ import annotations

from typing import Annotated, Any

import typer

from ipse.cli.context import Session, session_of
from ipse.errors import KeystoreError, KeystoreUnavailable, UsageError

__all__ = ["init", "status"]


def init(
    context: typer.Context,
    keystore: Annotated[
        str,
        typer.Option(
            metavar="os|file", help="Where the keys go: the OS keyring, or a file under a passphrase."
        ),
    ] = "os",
) -> None:
    """Make the wallet."""
    session = session_of(context)
    if keystore not in ("os", "file"):
        raise UsageError(f"{keystore!r} is no kind of keystore", hint="--keystore takes os or file")
    from ipse.wallet.wallet import Wallet

    places = session.places
    try:
        wallet = Wallet.create(places, keystore=keystore, passphrase=session.new_passphrase, now=session.now)
    except KeystoreUnavailable as error:
        raise KeystoreUnavailable(
            error.message,
            hint="start your desktop's keyring, or choose the file yourself: "
            "`ipse init --keystore file --passphrase-file FILE`",
        ) from error
    with wallet:
        description = wallet.keystore.description
    session.console.result(
        f"wallet made in {places.data}\nkeys go to: {description}",
        {"home": str(places.data), "keystore": keystore, "description": description},
    )


def status(context: typer.Context) -> None:
    """Show what the wallet holds and whether its keys can be reached."""
    session = session_of(context)
    with session.wallet() as wallet:
        facts: dict[str, Any] = {
            "home": str(session.places.data),
            "keystore": wallet.manifest.keystore,
            "dids": len(wallet.manifest.dids),
        }
        try:
            facts |= _contents(session)
        except KeystoreError as error:
            facts |= {"unlocked": False, "reason": error.message}
    session.console.facts(facts)


def _contents(session: Session) -> dict[str, Any]:
    """What can be said once the vault is open; the passphrase is not asked for just to count."""
    from ipse.storage import credential_store, disclosure_log, statements
    from ipse.wallet.wallet import Wallet

    session.no_input = True
    with Wallet(session.places, session.passphrase) as wallet:
        return {
            "unlocked": True,
            "credentials": len(credential_store.every(wallet.vault)),
            "statements": statements.count(wallet.vault),
            "disclosures": len(disclosure_log.every(wallet.vault)),
        }
