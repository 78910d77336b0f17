"""Receipts: the application's copy of the terms, signed by the wallet, and by both when it sends its part."""

from __future__ import annotations

from datetime import datetime

from ipse.disclosure.receipts import verify_receipt
from ipse.encoding import strict_json
from ipse.encoding.strict_json import JsonObject
from ipse.errors import NotFound, VerificationFailed
from ipse.storage import answers, disclosure_log
from ipse.wallet.resolution import Reach, resolve
from ipse.wallet.wallet import Wallet

__all__ = ["countersigned", "listed", "receipt"]


def receipt(wallet: Wallet, number: int) -> JsonObject:
    """The receipt of the answer with this number in the log. Raises NotFound where there is none."""
    entry = disclosure_log.find(wallet.vault, number)
    found = answers.receipt(wallet.vault, number)
    if found is None:
        raise NotFound(
            f"log entry {entry.number} has no receipt", hint="`ipse log receipts` lists those that have one"
        )
    return strict_json.parse_object(found.countersigned or found.receipt)


def listed(wallet: Wallet) -> list[tuple[JsonObject, bool]]:
    """Return the log entry of each answer that has a receipt, and whether the application signed it too."""
    return [
        (disclosure_log.find(wallet.vault, row.number).content, row.countersigned is not None)
        for row in answers.receipts(wallet.vault)
    ]


def countersigned(
    wallet: Wallet, number: int, given: JsonObject, *, now: datetime, reach: Reach | None = None
) -> JsonObject:
    """Keep a receipt that the application signed too.

    Raises VerificationFailed, MalformedInput, NotFound, and Undetermined where its key is no longer in use.
    """
    own = receipt(wallet, number)
    text = strict_json.canonical(given).decode()
    found = verify_receipt(text, lambda did: resolve(did, reach or Reach()), now=now)
    if found.countersigner is None:
        raise VerificationFailed(
            "the application has not signed the receipt", hint="it signs with `ipse dapp receipt`"
        )
    if given["payload"] != own["payload"] or given["signatures"][0] != own["signatures"][0]:
        raise VerificationFailed(f"what was signed is not the receipt of log entry {number}")
    answers.countersign(wallet.vault, number, text)
    return given
