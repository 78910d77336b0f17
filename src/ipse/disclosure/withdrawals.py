"""Withdrawals: the owner takes an answer back, and the application says what it has done about it.

Both are JWS in compact serialization whose header has `alg`, `kid` and `typ` alone. A withdrawal is signed by
the pairwise key that signed the answer and its receipt:

    {"alg": "EdDSA", "kid": "did:key:z6Mk…#z6Mk…", "typ": "ipse-withdrawal"}
    {"type": "urn:ipse:withdrawal:1",
     "party": "https://shop.example",
     "receipt": "5f0e…",
     "answer": "a41b…",
     "action": "delete",
     "issued": "2026-07-03T09:00:00Z"}

`receipt` is the digest of the receipt (`ipse.disclosure.receipts`), which has `party` and `answer` as well.
The reply is signed by the party, as it signs receipts:

    {"alg": "EdDSA", "kid": "did:web:shop.example#key-1", "typ": "ipse-withdrawal-reply"}
    {"type": "urn:ipse:withdrawal-reply:1",
     "party": "https://shop.example",
     "withdrawal": "9c3d…",
     "outcome": "refused",
     "reason": "the law has us keep orders for ten years",
     "issued": "2026-07-03T09:00:05Z"}

`withdrawal` is SHA-256 in hex over header and payload of the withdrawal as they travel, with the dot between
them. That is what is signed, so the digest is the same however the signature is spelled. `outcome` is
`deleted` or `refused`; `reason` is there only where it refused. Times are RFC 3339, UTC, to the second.

A withdrawal has no age limit: whoever sends it again asks for the same again, and gets the same reply. It
takes back one answer, and none that was given later. A reply belongs to one withdrawal.

    withdrawal-malformed      reply-malformed         it is not of this form
    withdrawal-other-type     reply-other-type        it was signed as something else, or names no key
    withdrawal-foreign                                its key is not that of the receipt
                              reply-foreign           its key is not the party's
    withdrawal-signature      reply-signature         the signature does not hold
    withdrawal-other-party    reply-other-party       it names another party
    withdrawal-other-receipt                          it names another receipt or answer
                              reply-other-withdrawal  it names another withdrawal
    withdrawal-untimely                               it is dated before the receipt, or in the future
                              reply-untimely          it is dated before the withdrawal, or in the future

A key that is no longer in use has the codes of `ipse.dids.resolver`, and what is too long is `too-large`.
"""

from __future__ import annotations

import hashlib
import re
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum
from typing import Final

from ipse.credentials import jws
from ipse.credentials.jws import Jws, Signer
from ipse.dids import did_key, resolver
from ipse.dids.resolver import Resolve
from ipse.disclosure.receipts import ReceiptVerification
from ipse.disclosure.signatures import check_signature, signer_of, stands_for
from ipse.disclosure.terms import WITHDRAWAL
from ipse.encoding.safe_text import plain_text
from ipse.encoding.strict_json import Json, JsonObject, excerpt
from ipse.encoding.timestamps import format_timestamp, parse_timestamp
from ipse.errors import InputTooLarge, MalformedInput, UsageError, VerificationFailed
from ipse.keys.key_types import PrivateKey
from ipse.protocols.openid4vp import LEEWAY

__all__ = [
    "MAX_REASON",
    "REPLY",
    "WITHDRAWAL",
    "ReplyOutcome",
    "ReplyVerification",
    "WithdrawalVerification",
    "build_reply",
    "build_withdrawal",
    "verify_reply",
    "verify_withdrawal",
]

REPLY: Final = "urn:ipse:withdrawal-reply:1"
MAX_REASON: Final = 300
"""Characters of the reason for which an application refuses."""

_MAX_LENGTH: Final = 16 * 1024
_HEADER: Final = frozenset({"alg", "kid", "typ"})
_DIGEST: Final = re.compile(r"[0-9a-f]{64}")
_DELETE: Final = "delete"


class ReplyOutcome(StrEnum):
    """What the application has done about a withdrawal."""

    DELETED = "deleted"
    REFUSED = "refused"


@dataclass(frozen=True, slots=True)
class WithdrawalVerification:
    """A withdrawal that holds: of an answer to `party`, by the wallet that gave it.

    `digest` is SHA-256 in hex, the same whenever this withdrawal comes; `issued` is aware.
    """

    party: str
    wallet_did: str
    receipt: str
    digest: str
    issued: datetime
    payload: JsonObject = field(repr=False)


@dataclass(frozen=True, slots=True)
class ReplyVerification:
    """A reply that holds: by `party_did`, to one withdrawal. `reason` is empty where it deleted."""

    party_did: str
    outcome: ReplyOutcome
    reason: str
    issued: datetime
    payload: JsonObject = field(repr=False)


@dataclass(frozen=True, slots=True)
class _Message:
    """One of the two: the beginning of its codes, its name in errors, its `typ`, type and members."""

    code: str
    what: str
    typ: str
    type: str
    members: frozenset[str]
    digests: tuple[str, ...]


_ASKED: Final = _Message(
    "withdrawal",
    "withdrawal",
    "ipse-withdrawal",
    WITHDRAWAL,
    frozenset({"type", "party", "receipt", "answer", "action", "issued"}),
    ("receipt", "answer"),
)
_REPLIED: Final = _Message(
    "reply",
    "reply to a withdrawal",
    "ipse-withdrawal-reply",
    REPLY,
    frozenset({"type", "party", "withdrawal", "outcome", "issued"}),
    ("withdrawal",),
)


def build_withdrawal(receipt: ReceiptVerification, *, key: PrivateKey, now: datetime) -> str:
    """The withdrawal of the answer that `receipt` is of, by the wallet's pairwise `key` for the party.

    Raises VerificationFailed where the key did not sign the receipt, or `now` is before it.
    """
    did = did_key.from_public_key(key.public())
    payload: JsonObject = {
        "type": WITHDRAWAL,
        "party": receipt.payload["party"],
        "receipt": receipt.digest,
        "answer": receipt.payload["answer"],
        "action": _DELETE,
        "issued": format_timestamp(now),
    }
    header = {"kid": did_key.verification_method_id(did), "typ": _ASKED.typ}
    withdrawal = jws.sign(header, payload, key).encoded
    verify_withdrawal(withdrawal, receipt, now=now)
    return withdrawal


def verify_withdrawal(
    withdrawal: str, receipt: ReceiptVerification, *, now: datetime
) -> WithdrawalVerification:
    """The application's side: verify that `withdrawal` takes back the answer that `receipt` is of.

    Use the receipt that you countersigned, or one that passed `check_terms`: `terms` there say whether
    deletion on demand was promised. Raises MalformedInput, VerificationFailed.
    """
    signed = _read(withdrawal, _ASKED)
    payload = signed.payload
    with _coded(_ASKED, "signature"):
        did, method_id = _signer(signed, _ASKED)
        if did != receipt.wallet_did:
            raise VerificationFailed(
                f"the withdrawal is by {excerpt(did)}, the receipt by {excerpt(receipt.wallet_did)}",
                code="withdrawal-foreign",
            )
        check_signature(signed, did, method_id, resolver.resolve, made=None, now=None)
    _require(_ASKED, "other-party", "party", payload["party"], receipt.payload["party"])
    _require(_ASKED, "other-receipt", "receipt", payload["receipt"], receipt.digest)
    _require(_ASKED, "other-receipt", "answer", payload["answer"], receipt.payload["answer"])
    issued = _timely(payload, _ASKED, parse_timestamp(receipt.payload["issued"]), now)
    return WithdrawalVerification(payload["party"], did, receipt.digest, _digest(signed), issued, payload)


def build_reply(
    withdrawal: WithdrawalVerification,
    outcome: ReplyOutcome,
    *,
    did: str,
    method_id: str,
    signer: Signer,
    now: datetime,
    reason: str = "",
) -> str:
    """The application's word on `withdrawal`, signed by the key `method_id` of its `did`.

    A refusal takes a `reason`, deletion none. Delete first. Raises UsageError for a reason that is missing or
    too much and where `did` is not the party, MalformedInput for a reason that may not be shown.
    """
    if bool(reason) != (outcome is ReplyOutcome.REFUSED):
        raise UsageError(
            "a refusal has a reason" if not reason else "deletion has no reason",
            hint="give the reason where you refuse, and only there",
        )
    if not stands_for(did, withdrawal.party) or not method_id.startswith(f"{did}#"):
        raise UsageError(
            f"{excerpt(method_id)} can't sign for {withdrawal.party[:100]}, who got the answer",
            hint="sign with a did:web of that origin, or the DID that asked",
        )
    payload: JsonObject = {
        "type": REPLY,
        "party": withdrawal.party,
        "withdrawal": withdrawal.digest,
        "outcome": outcome.value,
        "issued": format_timestamp(now),
    }
    if reason:
        payload["reason"] = reason
    _check_payload(payload, _REPLIED)
    return jws.sign({"kid": method_id, "typ": _REPLIED.typ}, payload, signer).encoded


def verify_reply(
    reply: str, withdrawal: WithdrawalVerification, resolve: Resolve | None = None, *, now: datetime
) -> ReplyVerification:
    """The wallet's side: verify that `reply` is the party's word on this `withdrawal`.

    `resolve` finds the DID document of the party. The signature shows what the application says, not that it
    is so. Raises MalformedInput, VerificationFailed, Undetermined where the key is no longer in use, and what
    `resolve` raises.
    """
    signed = _read(reply, _REPLIED)
    payload = signed.payload
    with _coded(_REPLIED, "signature"):
        did, method_id = _signer(signed, _REPLIED)
        if not stands_for(did, withdrawal.party):
            raise VerificationFailed(
                f"the reply is by {excerpt(did)}, the answer went to {excerpt(withdrawal.party)}",
                code="reply-foreign",
            )
        made = parse_timestamp(payload["issued"])
        check_signature(signed, did, method_id, resolve or resolver.resolve, made=made, now=now)
    _require(_REPLIED, "other-party", "party", payload["party"], withdrawal.party)
    _require(_REPLIED, "other-withdrawal", "withdrawal", payload["withdrawal"], withdrawal.digest)
    issued = _timely(payload, _REPLIED, withdrawal.issued, now)
    outcome = ReplyOutcome(payload["outcome"])
    return ReplyVerification(did, outcome, payload.get("reason", ""), issued, payload)


def _read(text: str, message: _Message) -> Jws:
    """One of the two messages, its form checked and its signature not. Raises MalformedInput."""
    if len(text) > _MAX_LENGTH:
        raise InputTooLarge(f"the {message.what} has {len(text)} characters; at most {_MAX_LENGTH} are read")
    with _coded(message, "malformed"):
        signed = jws.read(text, what=f"the {message.what}")
        if signed.header.keys() - _HEADER:
            unknown = min(signed.header.keys() - _HEADER)
            raise MalformedInput(f"the header of the {message.what} has {excerpt(unknown)}")
    return signed


def _signer(signed: Jws, message: _Message) -> tuple[str, str]:
    """The DID and the verification method that signed, where it was signed as this message."""
    with _coded(message, "other-type"):
        named = signer_of(signed, message.typ, message.what)
    _check_payload(signed.payload, message)
    return named


def _check_payload(payload: JsonObject, message: _Message) -> None:
    """Raise MalformedInput where `payload` is not that of such a message."""
    with _coded(message, "malformed"):
        refused = payload.get("outcome") == ReplyOutcome.REFUSED
        if set(payload) != (message.members | {"reason"} if refused else message.members):
            raise MalformedInput(f"the {message.what} has not the members of a {message.type}")
        if payload["type"] != message.type:
            raise MalformedInput(f"the {message.what} is of type {excerpt(payload['type'])}")
        for name in message.digests:
            if not isinstance(payload[name], str) or not _DIGEST.fullmatch(payload[name]):
                raise MalformedInput(f"its {name} is {excerpt(payload[name])}, not a SHA-256 in hex")
        if format_timestamp(parse_timestamp(payload["issued"])) != payload["issued"]:
            raise MalformedInput(f"its issued is {excerpt(payload['issued'])}, not a time in UTC")
        if payload.get("action", _DELETE) != _DELETE:
            raise MalformedInput(f"it asks for {excerpt(payload['action'])}, not to delete")
        if "outcome" in payload and payload["outcome"] not in [*ReplyOutcome]:
            raise MalformedInput(f"its outcome is {excerpt(payload['outcome'])}, not deleted or refused")
        if "reason" in payload:
            plain_text(payload["reason"], "the reason", MAX_REASON)


def _timely(payload: JsonObject, message: _Message, earliest: datetime, now: datetime) -> datetime:
    """When it was issued, if that is after `earliest` and before `now`, as far as clocks agree."""
    issued = parse_timestamp(payload["issued"])
    if not earliest - LEEWAY <= issued <= now + LEEWAY:
        raise VerificationFailed(
            f"the {message.what} is of {payload['issued']}, which is not between "
            f"{format_timestamp(earliest)} and {format_timestamp(now)}",
            hint="check the clocks; its sender has to make a new one",
            code=f"{message.code}-untimely",
        )
    return issued


def _require(message: _Message, code: str, name: str, said: Json, expected: str) -> None:
    if said != expected:
        raise VerificationFailed(
            f"the {name} of the {message.what} is {excerpt(said)}, not {excerpt(expected)}",
            code=f"{message.code}-{code}",
        )


def _digest(signed: Jws) -> str:
    return hashlib.sha256(signed.signing_input).hexdigest()


@contextmanager
def _coded(message: _Message, code: str) -> Iterator[None]:
    """Give what is refused inside, and has no code more exact than that of its class, this code."""
    try:
        yield
    except (MalformedInput, VerificationFailed) as error:
        if type(error) in (MalformedInput, VerificationFailed) and error.code == type(error).code:
            error.code = f"{message.code}-{code}"
        raise
