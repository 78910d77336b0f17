"""Receipts: the application's copy of the terms, signed by the wallet, and by both when it sends its part."""

from __future__ import annotations

import hashlib
from datetime import datetime

from ipse.dids import did_key
from ipse.disclosure.receipts import ReceiptVerification, check_signer, verify_receipt
from ipse.encoding import strict_json
from ipse.encoding.strict_json import JsonObject, excerpt
from ipse.errors import NotFound, VerificationFailed
from ipse.keys import derivation
from ipse.storage import answers, disclosure_log
from ipse.storage.answers import Receipt
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


def listed(wallet: Wallet) -> list[tuple[JsonObject, Receipt]]:
    """Return the log entry of each answer that has a receipt, and what is kept of it."""
    return [
        (disclosure_log.find(wallet.vault, row.number).content, row) for row in answers.receipts(wallet.vault)
    ]


def countersigned(
    wallet: Wallet, number: int, given: JsonObject, *, now: datetime, reach: Reach | None = None
) -> JsonObject:
    """Keep a receipt that the application signed too.

    It must be by the wallet's own key for that application, of the answer with this number in the log. Raises
    VerificationFailed, MalformedInput, NotFound, and Undetermined where its key is no longer in use.
    """
    own = receipt(wallet, number)
    text = strict_json.canonical(given).decode()
    found = verify_receipt(text, lambda did: resolve(did, reach or Reach()), now=now)
    if found.countersigner is None:
        raise VerificationFailed(
            "the application has not signed the receipt", hint="it signs with `ipse dapp receipt`"
        )
    _check_own(wallet, number, found)
    if given["payload"] != own["payload"] or given["signatures"][0] != own["signatures"][0]:
        raise VerificationFailed(f"what was signed is not the receipt of log entry {number}")
    answers.countersign(wallet.vault, number, text)
    return given


def _check_own(wallet: Wallet, number: int, found: ReceiptVerification) -> None:
    """Raise VerificationFailed where the receipt is not by this wallet, of the answer in the log."""
    entry = disclosure_log.find(wallet.vault, number).content
    party, payload = entry["application"], found.payload
    check_signer(found, did_key.from_public_key(derivation.pairwise_key(wallet.root, party).public()))
    answer = hashlib.sha256(entry["released"].encode()).hexdigest()
    own = [row.number for row in answers.history(wallet.vault, party) if row.number <= number]
    for name, value in (("party", party), ("answer", answer), ("number", len(own))):
        if payload[name] != value:
            raise VerificationFailed(
                f"the receipt's {name} is {excerpt(payload[name])}, in the log it is {excerpt(value)}",
                code="receipt-not-logged",
            )
