"""What applications were answered, and the receipts.

Rows are never deleted and never changed; the vault holds to that itself. An answer has a receipt: its terms
as the wallet signed them, and as the application signed them too. Beside it lie the request that offered
terms, the withdrawal of the answer and the application's reply.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Final

from ipse.errors import NotFound, RequestReplayed
from ipse.storage.vault import Vault

__all__ = [
    "AnswerRow",
    "Receipt",
    "add",
    "count",
    "countersign",
    "history",
    "keep_receipt",
    "keep_reply",
    "keep_withdrawal",
    "moment",
    "newest",
    "number_of",
    "parties",
    "receipt",
    "receipts",
    "told_bits",
    "with_candidates",
]

_SELECT: Final = (
    "SELECT number, party, nonce, question, level, purpose, method, bits, epsilon, grant_number, time,"
    " candidates FROM answers"
)
_SELECT_RECEIPT: Final = "SELECT number, receipt, countersigned, request, withdrawal, reply FROM receipts"


@dataclass(frozen=True, slots=True)
class AnswerRow:
    """An answer. `number` is its entry's in the disclosure log, `time` RFC 3339 UTC by `moment`.

    `question` is the 32-byte identity of what was asked, `method` who answered it, empty for an answer of an
    older version, whose `epsilon`, in thousandths, is what it cost; `bits` is what an exact answer counts;
    `grant_number` is None where the owner was asked; `candidates` are the first 8 bytes of the SHA-256 of
    each candidate's text as seen, one after the other.
    """

    number: int
    party: str
    nonce: str
    question: bytes
    level: str
    purpose: str
    method: str
    bits: float
    epsilon: int
    grant_number: int | None
    time: str
    candidates: bytes = b""


def moment(vault: Vault, now: str) -> str:
    """The time that budgets, grants and expiry go by: `now`, or the last answer's if that is later.

    A clock that is set back gives nothing back. Times are RFC 3339 UTC to the second. It holds until the
    end of the caller's transaction.
    """
    newest = vault.rows("SELECT max(time) FROM answers")[0][0]
    return now if newest is None else max(now, str(newest))


def add(vault: Vault, row: AnswerRow) -> AnswerRow:
    """Keep an answer, in the transaction of its log entry; the row as kept, its time by `moment`.

    Raises RequestReplayed where the same party had an answer to the same nonce.
    """
    with vault.transaction():
        earlier = number_of(vault, row.party, row.nonce)
        if earlier is not None:
            raise RequestReplayed(
                f"{row.party} had an answer to this request already: log entry {earlier}",
                hint="the application has to ask anew, with another nonce",
            )
        kept = replace(row, time=moment(vault, row.time))
        vault.insert(
            "INSERT INTO answers (number, party, nonce, question, level, purpose, method, bits, epsilon,"
            " grant_number, time, candidates) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)",
            (
                kept.number,
                kept.party,
                kept.nonce,
                kept.question,
                kept.level,
                kept.purpose,
                kept.method,
                kept.bits,
                kept.epsilon,
                kept.grant_number,
                kept.time,
                kept.candidates,
            ),
        )
    return kept


def newest(vault: Vault) -> int:
    """The number of the newest answer, 0 where there is none."""
    return int(vault.rows("SELECT coalesce(max(number), 0) FROM answers")[0][0])


def number_of(vault: Vault, party: str, nonce: str) -> int | None:
    """The number of the answer to the request with this nonce, None where there is none."""
    rows = vault.rows("SELECT number FROM answers WHERE party = ? AND nonce = ?", (party, nonce))
    return int(rows[0][0]) if rows else None


def told_bits(vault: Vault, *, grant: int) -> float:
    """What all exact answers under a grant count, in bits."""
    rows = vault.rows("SELECT coalesce(sum(bits), 0) FROM answers WHERE grant_number = ?", (grant,))
    return float(rows[0][0])


def count(vault: Vault, *, grant: int, since: str) -> int:
    """How many answers of `since` or later left under a grant."""
    rows = vault.rows("SELECT count(*) FROM answers WHERE grant_number = ? AND time >= ?", (grant, since))
    return int(rows[0][0])


def history(vault: Vault, party: str) -> list[AnswerRow]:
    """All that a party was answered, newest first."""
    rows = vault.rows(_SELECT + " WHERE party = ? ORDER BY number DESC", (party,))
    return [AnswerRow(*row) for row in rows]


def parties(vault: Vault) -> list[str]:
    """All that were ever answered, by name."""
    return [row[0] for row in vault.rows("SELECT DISTINCT party FROM answers ORDER BY party")]


def with_candidates(vault: Vault, *, since: str) -> list[AnswerRow]:
    """The answers of `since` or later that candidates were sent for, newest first."""
    rows = vault.rows(_SELECT + " WHERE time >= ? AND length(candidates) > 0 ORDER BY number DESC", (since,))
    return [AnswerRow(*row) for row in rows]


@dataclass(frozen=True, slots=True)
class Receipt:
    """The receipt of the answer with the log entry `number`, as text.

    `countersigned` is the one that came back with the application's signature, `withdrawal` and `reply` are
    JWS in compact serialization; None until then. `request` is the text of the request, None where it
    offered no terms.
    """

    number: int
    receipt: str
    countersigned: str | None
    request: str | None = None
    withdrawal: str | None = None
    reply: str | None = None


def keep_receipt(vault: Vault, number: int, receipt: str, request: str | None = None) -> None:
    """Keep the receipt of an answer, and the request. Where it has a receipt already, all stays."""
    vault.change(
        "INSERT INTO receipts (number, receipt, request) VALUES (?, ?, ?) ON CONFLICT DO NOTHING",
        (number, receipt, request),
    )


def receipt(vault: Vault, number: int) -> Receipt | None:
    """The receipt of one answer, None where it has none."""
    rows = vault.rows(_SELECT_RECEIPT + " WHERE number = ?", (number,))
    return Receipt(*rows[0]) if rows else None


def receipts(vault: Vault) -> list[Receipt]:
    """All receipts, in the order of the log."""
    rows = vault.rows(_SELECT_RECEIPT + " ORDER BY number")
    return [Receipt(*row) for row in rows]


def countersign(vault: Vault, number: int, receipt: str) -> None:
    """Keep the receipt that the application signed too, in place of an earlier one. Raises NotFound."""
    _change_receipt(vault, "UPDATE receipts SET countersigned = ? WHERE number = ?", receipt, number)


def keep_withdrawal(vault: Vault, number: int, withdrawal: str) -> None:
    """Keep the withdrawal of an answer. Where it has one already, that one stays. Raises NotFound."""
    _change_receipt(
        vault,
        "UPDATE receipts SET withdrawal = coalesce(withdrawal, ?) WHERE number = ?",
        withdrawal,
        number,
    )


def keep_reply(vault: Vault, number: int, reply: str) -> None:
    """Keep the application's reply to a withdrawal, in place of an earlier one. Raises NotFound."""
    _change_receipt(vault, "UPDATE receipts SET reply = ? WHERE number = ?", reply, number)


def _change_receipt(vault: Vault, sql: str, text: str, number: int) -> None:
    if not vault.change(sql, (text, number)):
        raise NotFound(
            f"there is no receipt of log entry {number}", hint="`ipse log receipts` shows the numbers"
        )
