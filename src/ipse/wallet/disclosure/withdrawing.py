"""Withdraw answers: the signed withdrawal, the application's reply, and what both sides have signed."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Final

from ipse.credentials import jws
from ipse.dids import did_key
from ipse.disclosure.receipts import ReceiptVerification, check_signer, verify_wallet_signature
from ipse.disclosure.withdrawals import (
    ReplyOutcome,
    ReplyVerification,
    build_withdrawal,
    verify_reply,
    verify_withdrawal,
)
from ipse.encoding import strict_json
from ipse.encoding.strict_json import JsonObject
from ipse.encoding.timestamps import parse_timestamp
from ipse.errors import NotFound, UsageError
from ipse.keys import derivation
from ipse.storage import answers, disclosure_log
from ipse.storage.answers import Receipt
from ipse.wallet import state
from ipse.wallet.resolution import Reach, resolve
from ipse.wallet.wallet import Wallet

__all__ = ["EXPORT", "Withdrawal", "deletable", "evidence", "keep_reply", "withdraw"]

EXPORT: Final = "urn:ipse:receipts-export:1"
"""The type of an export of receipts."""


@dataclass(frozen=True, slots=True)
class Withdrawal:
    """The withdrawal of an answer to `party`.

    `text` is the signed withdrawal, a JWS in compact serialization. `promised` says whether the application
    promised to delete the answer on demand, `proven` whether it signed its receipt or a request with terms.
    """

    number: int
    party: str
    text: str
    promised: bool
    proven: bool


def withdraw(wallet: Wallet, number: int, *, now: datetime) -> Withdrawal:
    """Return the withdrawal of the answer with this number in the log; it is made once and kept.

    Any answer with a receipt can be withdrawn. Raises NotFound where there is no receipt, VerificationFailed
    where the receipt is not by this wallet or dated after `now`, KeystoreError, StorageError.
    """
    with wallet.vault.transaction():
        state.check(wallet)
        row, receipt = _found(wallet, number)
        text = row.withdrawal
        if text is None:
            key = derivation.pairwise_key(wallet.root, receipt.payload["party"])
            text = build_withdrawal(receipt, key=key, now=now)
            answers.keep_withdrawal(wallet.vault, number, text)
    state.settle(wallet)
    return Withdrawal(number, receipt.payload["party"], text, _promised(receipt), _proven(row))


def keep_reply(
    wallet: Wallet, number: int, reply: str, *, now: datetime, reach: Reach | None = None
) -> ReplyVerification:
    """Verify and keep the application's signed reply to the withdrawal of the answer `number`.

    A later reply takes the place of an earlier one. Raises NotFound where the answer has no receipt or was
    not withdrawn, UsageError where a later reply is kept; VerificationFailed, MalformedInput, and
    Undetermined where the key of the reply is no longer in use.
    """
    row, receipt = _found(wallet, number)
    if row.withdrawal is None:
        raise NotFound(
            f"the answer of log entry {number} was not withdrawn",
            hint=f"`ipse dapp withdraw {number}` makes the withdrawal; send that first",
        )
    withdrawal = verify_withdrawal(row.withdrawal, receipt, now=now)
    verified = verify_reply(reply, withdrawal, lambda did: resolve(did, reach or Reach()), now=now)
    with wallet.vault.transaction():
        kept = _row(wallet, number).reply
        if kept is not None and _issued(kept) > verified.issued:
            raise UsageError(
                f"a later reply of the application is kept already: {_issued(kept):%Y-%m-%d %H:%M:%S} UTC",
                hint=f"`ipse log receipts {number} --export` shows it",
            )
        answers.keep_reply(wallet.vault, number, reply)
    state.settle(wallet)
    return verified


def deletable(wallet: Wallet, party: str) -> list[int]:
    """Return the numbers of the answers that `party` promised to delete on demand, oldest first.

    Those that it says it has deleted are left out.
    """
    own = {row.number for row in answers.history(wallet.vault, party)}
    return [
        row.number
        for row in answers.receipts(wallet.vault)
        if row.number in own and _promised(verify_wallet_signature(row.receipt)) and not _deleted(row)
    ]


def evidence(wallet: Wallet, number: int | None = None) -> JsonObject:
    """Return all that was signed about the answer `number`, or about each answer that has a receipt.

    The request is the text whose SHA-256 the receipt holds, None where it offered no terms. Raises NotFound.
    """
    rows = answers.receipts(wallet.vault) if number is None else [_row(wallet, number)]
    return {"type": EXPORT, "answers": [_evidence(wallet, row) for row in rows]}


def _evidence(wallet: Wallet, row: Receipt) -> JsonObject:
    countersigned = row.countersigned
    return {
        "number": row.number,
        "request": row.request,
        "answer": disclosure_log.find(wallet.vault, row.number).content["released"],
        "receipt": strict_json.parse_object(row.receipt),
        "countersigned": None if countersigned is None else strict_json.parse_object(countersigned),
        "withdrawal": row.withdrawal,
        "reply": row.reply,
    }


def _row(wallet: Wallet, number: int) -> Receipt:
    disclosure_log.find(wallet.vault, number)
    row = answers.receipt(wallet.vault, number)
    if row is None:
        raise NotFound(
            f"log entry {number} has no receipt", hint="`ipse log receipts` lists those that have one"
        )
    return row


def _found(wallet: Wallet, number: int) -> tuple[Receipt, ReceiptVerification]:
    """The receipt of an answer as kept, and what it says; it is this wallet's own."""
    row = _row(wallet, number)
    receipt = verify_wallet_signature(row.receipt)
    own = derivation.pairwise_key(wallet.root, receipt.payload["party"]).public()
    check_signer(receipt, did_key.from_public_key(own))
    return row, receipt


def _promised(receipt: ReceiptVerification) -> bool:
    return receipt.terms is not None and receipt.terms.deletion_on_demand


def _proven(row: Receipt) -> bool:
    signed_request = row.request is not None and not row.request.startswith("{")
    return signed_request or row.countersigned is not None


def _issued(reply: str) -> datetime:
    return parse_timestamp(jws.read(reply, what="the reply").payload["issued"])


def _deleted(row: Receipt) -> bool:
    if row.reply is None:
        return False
    outcome: str = jws.read(row.reply, what="the reply").payload["outcome"]
    return outcome == ReplyOutcome.DELETED
