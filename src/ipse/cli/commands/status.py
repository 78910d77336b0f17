"""`ipse status`: what the wallet holds."""

from __future__ import annotations

from dataclasses import asdict
from typing import Any

import typer

from ipse.cli.context import context_of
from ipse.errors import KeystoreError

__all__ = ["status"]


def status(ctx: typer.Context) -> None:
    """Show what the wallet holds, and whether it is locked."""
    from ipse.wallet.summary import summary

    context = context_of(ctx)
    context.no_input = True  # the passphrase is not asked for just to count
    with context.wallet(doubt=context.warn) as wallet:
        facts: dict[str, Any] = {
            "home": str(context.places.data),
            "keystore": wallet.manifest.keystore,
            "dids": len(wallet.manifest.dids),
        }
        try:
            facts |= {"unlocked": True, **asdict(summary(wallet))}
        except KeystoreError as error:
            facts |= {"unlocked": False, "reason": error.message}
    context.output.facts(facts)
