"""Receipts: the terms of an answer as the wallet signed them, and as the application signed them too."""

from __future__ import annotations

from dataclasses import dataclass

from ipse.errors import NotFound
from ipse.storage.vault import Vault

__all__ = ["Receipt", "countersigned", "every", "find", "keep"]


@dataclass(frozen=True, slots=True)
class Receipt:
    """The receipt of the answer with the log entry `number`, as text.

    `countersigned` is the one that came back with the application's signature, None until then.
    """

    number: int
    receipt: str
    countersigned: str | None


def keep(vault: Vault, number: int, receipt: str) -> None:
    """Keep the receipt of an answer. Where it has one already, that one stays."""
    vault.change(
        "INSERT INTO receipts (number, receipt) VALUES (?, ?) ON CONFLICT DO NOTHING", (number, receipt)
    )


def find(vault: Vault, number: int) -> Receipt | None:
    """The receipt of one answer, None where it has none."""
    rows = vault.rows("SELECT number, receipt, countersigned FROM receipts WHERE number = ?", (number,))
    return Receipt(*rows[0]) if rows else None


def every(vault: Vault) -> list[Receipt]:
    """All receipts, in the order of the log."""
    rows = vault.rows("SELECT number, receipt, countersigned FROM receipts ORDER BY number")
    return [Receipt(*row) for row in rows]


def countersigned(vault: Vault, number: int, receipt: str) -> None:
    """Keep the receipt that the application signed too, in place of an earlier one. Raises NotFound."""
    if not vault.change("UPDATE receipts SET countersigned = ? WHERE number = ?", (receipt, number)):
        raise NotFound(
            f"there is no receipt of log entry {number}", hint="`ipse log receipts` shows the numbers"
        )
