"""What a wallet holds, in numbers."""

from __future__ import annotations

from dataclasses import dataclass

from ipse.storage import credential_store, disclosure_log, statements
from ipse.wallet.wallet import Wallet

__all__ = ["Summary", "summary"]


@dataclass(frozen=True, slots=True)
class Summary:
    """Counts: credentials held, statements that hold now, entries of the disclosure log."""

    credentials: int
    statements: int
    disclosures: int


def summary(wallet: Wallet) -> Summary:
    """Count what the vault holds. Raises KeystoreError, CorruptData."""
    vault = wallet.vault
    return Summary(
        len(credential_store.every(vault)), statements.count(vault), len(disclosure_log.every(vault))
    )
