"""`ipse status`: what the wallet holds."""

from __future__ import annotations

from typing import Any

import typer

from ipse.cli.context import Context, context_of
from ipse.errors import KeystoreError

__all__ = ["status"]


def status(ctx: typer.Context) -> None:
    """Show what the wallet holds and whether its keys can be reached."""
    context = context_of(ctx)
    with context.wallet() as wallet:
        facts: dict[str, Any] = {
            "home": str(context.places.data),
            "keystore": wallet.manifest.keystore,
            "dids": len(wallet.manifest.dids),
        }
        try:
            facts |= _contents(context)
        except KeystoreError as error:
            facts |= {"unlocked": False, "reason": error.message}
    context.output.facts(facts)


def _contents(context: Context) -> dict[str, Any]:
    """What can be said once the vault is open; the passphrase is not asked for just to count."""
    from ipse.storage import credential_store, disclosure_log, statements
    from ipse.wallet.wallet import Wallet

    context.no_input = True
    with Wallet(context.places, context.passphrase) as wallet:
        return {
            "unlocked": True,
            "credentials": len(credential_store.every(wallet.vault)),
            "statements": statements.count(wallet.vault),
            "disclosures": len(disclosure_log.every(wallet.vault)),
        }
