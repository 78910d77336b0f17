"""Receipts: the terms of an answer as a JWS that both sides sign, for the application to keep.

General JWS JSON serialization (RFC 7515 section 7.2.1). The first signature is by the pairwise key that
signed the answer; the second, once the application has sent it, by the party that asked.

    type             urn:ipse:receipt:1
    number           of the answer, as the wallet counts them
    party, audience  who asked, and the client_id that the answer is bound to
    level, purpose   what was asked, and what for
    issued, expires, retention_until    RFC 3339, UTC, to the second
    request, answer  SHA-256 in hex of the request and of the released bytes

Where the application offered terms, the receipt holds them, and what was given for them:

    terms            an ODRL Agreement between wallet and party about the answer (`ipse.disclosure.terms`)
    given            what the answer says, as it is told there: {"choices": ["3", "5"]}
    pad              zeros, so that receipts for one request are of one length whatever was given

What else is said of a receipt goes by its digest: the SHA-256 over its payload, which both sides sign.
"""

from __future__ import annotations

import hashlib
import re
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from typing import Final

from ipse.credentials import jws
from ipse.credentials.formats import sd_jwt
from ipse.credentials.jws import Jws, Signer
from ipse.dids import did_key, resolver
from ipse.dids.resolver import Resolve
from ipse.disclosure import levels
from ipse.disclosure.answers import LIFE, verify_answer
from ipse.disclosure.offers import Content
from ipse.disclosure.questions import MAX_PURPOSE, Question
from ipse.disclosure.signatures import check_signature, signer_of, stands_for
from ipse.disclosure.terms import Subject, Terms, build_policy, named_information, parse_policy
from ipse.encoding import base64url, strict_json
from ipse.encoding.safe_text import is_printable, plain_text
from ipse.encoding.strict_json import Json, JsonObject, excerpt
from ipse.encoding.timestamps import format_timestamp, from_numeric_date, parse_timestamp
from ipse.errors import InputTooLarge, MalformedInput, UsageError, VerificationFailed
from ipse.keys.key_types import PrivateKey

__all__ = [
    "TYPE",
    "ReceiptVerification",
    "build_receipt",
    "check_signer",
    "check_terms",
    "countersign",
    "verify_receipt",
    "verify_wallet_signature",
]

TYPE: Final = "urn:ipse:receipt:1"

_TYP: Final = "ipse-receipt"
_MAX_LENGTH: Final = 256 * 1024
"""Characters. The longest answer, with 500 ids of 64 characters, takes two thirds of it."""
_MAX_NUMBER: Final = 2**53 - 1
_DIGEST: Final = re.compile(r"[0-9a-f]{64}")
_MEMBERS: Final = frozenset(
    {
        "type",
        "number",
        "party",
        "audience",
        "level",
        "purpose",
        "issued",
        "expires",
        "retention_until",
        "request",
        "answer",
    }
)
_WITH_TERMS: Final = _MEMBERS | {"terms", "given", "pad"}
_FILLER: Final = "0"


@dataclass(frozen=True, slots=True)
class ReceiptVerification:
    """A receipt whose every signature holds.

    Anybody can sign as a wallet: `wallet_did` has to be compared with the `iss` of the answer, or with the
    wallet's own DID for the party. `countersigner` is the DID of the party, None where it has not signed:
    then `terms` are what the wallet says that it offered. `digest` is SHA-256 in hex.
    """

    payload: JsonObject = field(repr=False)
    wallet_did: str
    countersigner: str | None
    digest: str
    terms: Terms | None


def build_receipt(
    question: Question,
    answer: str,
    *,
    number: int,
    key: PrivateKey,
    now: datetime,
    terms: Terms | None = None,
) -> str:
    """The receipt for `answer` to `question`, which was made `now`, signed by the pairwise `key` alone.

    `number` is shown to the party: count its own answers, since the number of all the wallet's answers is
    nobody's business. `terms` are those that the question offered. Raises MalformedInput; with terms also
    VerificationFailed for an answer that does not hold.
    """
    payload: JsonObject = {
        "type": TYPE,
        "number": number,
        "party": question.party,
        "audience": question.authorization.client_id,
        "level": question.level,
        "purpose": question.purpose,
        "issued": format_timestamp(now),
        "expires": format_timestamp(now + LIFE),
        "retention_until": format_timestamp(now + question.retention),
        "request": question.authorization.digest,
        "answer": _digest(answer),
    }
    did = did_key.from_public_key(key.public())
    if terms is not None:
        given = _given(answer, question, now)
        payload["terms"] = build_policy(terms, _subject(payload, did))
        payload["given"] = given
        payload["pad"] = _padding(answer, given)
    _check_payload(payload)
    body = base64url.encode(strict_json.canonical(payload))
    return _written(body, [_signature(body, did_key.verification_method_id(did), key)])


def countersign(receipt: str, did: str, method_id: str, signer: Signer) -> str:
    """`receipt` with the signature of the party that asked.

    The wallet's signature is verified first; `check_terms` tells whether the terms are those that were
    asked. Raises MalformedInput, VerificationFailed, and UsageError where it has both signatures or `did`
    is not the party.
    """
    body, signatures = _read(receipt)
    payload = _by_wallet(signatures[0]).payload
    if len(signatures) > 1:
        raise UsageError("the receipt has both signatures already", hint="`verify` checks them")
    if not stands_for(did, payload["party"]) or not method_id.startswith(f"{did}#"):
        raise UsageError(
            f"{excerpt(method_id)} can't sign for {payload['party'][:100]}, who asked",
            hint="sign with a did:web of that origin, or the DID that asked",
        )
    wallets = {"protected": signatures[0].protected, "signature": signatures[0].signature}
    return _written(body, [wallets, _signature(body, method_id, signer)])


def verify_receipt(
    receipt: str, resolve: Resolve | None = None, *, now: datetime | None = None
) -> ReceiptVerification:
    """What `receipt` says and who signed it. `resolve` finds the DID document of the party.

    A countersignature has no date. By a key whose use ends some time it is undetermined, unless that is
    after `now` (aware): without `now` every end has come. Raises MalformedInput for what is no receipt,
    VerificationFailed for a signature that does not hold or is not the party's, and what `resolve` raises.
    """
    _, signatures = _read(receipt)
    verified = _by_wallet(signatures[0])
    if len(signatures) == 1:
        return verified
    did, method_id = signer_of(signatures[1], _TYP, "receipt")
    if not stands_for(did, verified.payload["party"]):
        raise VerificationFailed(f"the receipt is countersigned by {excerpt(did)}, who did not ask")
    check_signature(signatures[1], did, method_id, resolve or resolver.resolve, made=None, now=now)
    return replace(verified, countersigner=did)


def verify_wallet_signature(receipt: str) -> ReceiptVerification:
    """What `receipt` says and which wallet signed it; its `countersigner` is None, and nothing is looked up.

    Raises MalformedInput, VerificationFailed.
    """
    return _by_wallet(_read(receipt)[1][0])


def check_terms(
    receipt: ReceiptVerification, question: Question, answer: str, terms: Terms | None = None
) -> None:
    """Raise VerificationFailed where `receipt` is not about this answer to this question on these terms.

    It must be by the wallet that signed the answer, and the answer must hold as of when it was made: code
    `receipt-foreign` where another key signed. `terms` are those that the question offered: code
    `receipt-other-terms` where the receipt has others, `receipt-other-answer` where the answer says
    something else than what it calls given. Raises MalformedInput for what is no answer.
    """
    payload = receipt.payload
    expected = {
        "party": question.party,
        "audience": question.authorization.client_id,
        "level": question.level,
        "purpose": question.purpose,
        "request": question.authorization.digest,
        "answer": _digest(answer),
    }
    for name, value in expected.items():
        if payload[name] != value:
            raise VerificationFailed(
                f"the receipt's {name} is {excerpt(payload[name])}, not {excerpt(value)}"
            )
    issued = _issued(answer)
    for name, span in (("issued", timedelta(0)), ("expires", LIFE), ("retention_until", question.retention)):
        if parse_timestamp(payload[name]) - issued != span:
            raise VerificationFailed(f"the receipt's {name} is {payload[name]}, which was not agreed")
    given = _given(answer, question, issued)
    check_signer(receipt, sd_jwt.parse(answer).jwt.payload.get("iss"))
    _check_offered(receipt, terms, given)


def check_signer(receipt: ReceiptVerification, wallet_did: Json) -> None:
    """Raise VerificationFailed, code `receipt-foreign`, where another than `wallet_did` made `receipt`."""
    if receipt.wallet_did != wallet_did:
        raise VerificationFailed(
            f"the receipt is by {excerpt(receipt.wallet_did)}, the answer by {excerpt(wallet_did)}",
            hint="don't sign it; ask the wallet for the receipt of this answer",
            code="receipt-foreign",
        )


def _issued(answer: str) -> datetime:
    """When `answer` was made. Raises MalformedInput for what is no answer."""
    seconds = sd_jwt.parse(answer).jwt.payload.get("iat")
    return from_numeric_date(seconds, "the answer's iat", whole=True)


def _written(body: str, signatures: list[JsonObject]) -> str:
    return strict_json.canonical({"payload": body, "signatures": signatures}).decode()


def _signature(body: str, method_id: str, signer: Signer) -> JsonObject:
    header = {"alg": signer.algorithm, "kid": method_id, "typ": _TYP}
    protected = base64url.encode(strict_json.canonical(header))
    signature = signer.sign(f"{protected}.{body}".encode("ascii"))
    return {"protected": protected, "signature": base64url.encode(signature)}


def _read(receipt: str) -> tuple[str, list[Jws]]:
    """The encoded payload of a receipt, and its one or two signatures over it, none of them verified."""
    if len(receipt) > _MAX_LENGTH:
        raise InputTooLarge(f"the receipt has {len(receipt)} characters; at most {_MAX_LENGTH} are read")
    whole = strict_json.parse_object(receipt, what="the receipt")
    body, entries = whole.get("payload"), whole.get("signatures")
    if set(whole) != {"payload", "signatures"} or not isinstance(body, str):
        raise MalformedInput("the receipt is not an object with payload and signatures and nothing else")
    if not isinstance(entries, list) or not 1 <= len(entries) <= 2:
        raise MalformedInput("the receipt has not one or two signatures")
    signatures = [_signature_in(entry, body) for entry in entries]
    _check_payload(signatures[0].payload)
    return body, signatures


def _signature_in(entry: Json, body: str) -> Jws:
    if not isinstance(entry, dict) or set(entry) != {"protected", "signature"}:
        raise MalformedInput("a signature of the receipt is not an object with protected and signature")
    protected, signature = entry["protected"], entry["signature"]
    if not isinstance(protected, str) or not isinstance(signature, str):
        raise MalformedInput("a signature of the receipt is no text")
    return jws.read_parts(protected, body, signature, what="the receipt")


def _by_wallet(signature: Jws) -> ReceiptVerification:
    """What the first signature is over, where it is by the key of a did:key: a wallet's."""
    did, method_id = signer_of(signature, _TYP, "receipt")
    if not did.startswith(did_key.PREFIX):
        raise VerificationFailed(
            f"the receipt's first signature is by {excerpt(did)}, not by a wallet's did:key"
        )
    check_signature(signature, did, method_id, resolver.resolve, made=None, now=None)
    payload = signature.payload
    digest = hashlib.sha256(base64url.decode(signature.body)).hexdigest()
    terms = parse_policy(payload["terms"], _subject(payload, did)) if "terms" in payload else None
    return ReceiptVerification(payload, did, None, digest, terms)


def _subject(payload: JsonObject, wallet_did: str) -> Subject:
    """What the terms of a receipt are about, by its other members."""
    return Subject(
        party=payload["party"],
        target=named_information(bytes.fromhex(payload["answer"])),
        purpose=payload["purpose"],
        retention=parse_timestamp(payload["retention_until"]) - parse_timestamp(payload["issued"]),
        assigner=wallet_did,
    )


def _given(answer: str, question: Question, issued: datetime) -> Content:
    """What `answer`, made at `issued`, says. Raises VerificationFailed."""
    verified = verify_answer(answer, question, issued)
    verified.report.raise_unless_passed("the answer")
    assert verified.content is not None
    return verified.content


def _padding(answer: str, given: Content) -> str:
    """Zeros for what `given` is shorter than the claims of the answer, which are of one length."""
    claims = base64url.decode(sd_jwt.parse(answer).jwt.body)
    return _FILLER * (len(claims) - len(strict_json.canonical(given)))


def _check_offered(receipt: ReceiptVerification, terms: Terms | None, given: Content) -> None:
    hint = "don't sign it; ask the wallet for the receipt of this answer"
    if receipt.terms != terms:
        raise VerificationFailed(
            f"the receipt has {_described(receipt.terms)}, the request offered {_described(terms)}",
            hint=hint,
            code="receipt-other-terms",
        )
    if terms is not None and receipt.payload["given"] != given:
        raise VerificationFailed(
            f"the receipt says that {excerpt(receipt.payload['given'])} was given, not {excerpt(given)}",
            hint=hint,
            code="receipt-other-answer",
        )


def _described(terms: Terms | None) -> str:
    return "no terms" if terms is None else f"the terms {excerpt(terms.in_words())}"


def _check_payload(payload: JsonObject) -> None:
    """Raise MalformedInput where `payload` is not that of a receipt."""
    if payload.get("type") != TYPE or set(payload) not in (_MEMBERS, _WITH_TERMS):
        raise MalformedInput(f"the receipt's payload has not the members of a {TYPE}")
    number = payload["number"]
    if type(number) is not int or not 0 < number <= _MAX_NUMBER:
        raise MalformedInput(f"the receipt's number is {excerpt(number)}")
    if payload["level"] not in levels.NAMES:
        raise MalformedInput(f"the receipt's level is {excerpt(payload['level'])}")
    plain_text(payload["purpose"], "the receipt's purpose", MAX_PURPOSE)
    for name in ("party", "audience"):
        value = payload[name]
        if not isinstance(value, str) or not value or not value.isascii() or not is_printable(value):
            raise MalformedInput(f"the receipt's {name} is {excerpt(value)}")
    for name in ("issued", "expires", "retention_until"):
        if format_timestamp(parse_timestamp(payload[name])) != payload[name]:
            raise MalformedInput(f"the receipt's {name} is {excerpt(payload[name])}, not a time in UTC")
    for name in ("request", "answer"):
        if not isinstance(payload[name], str) or not _DIGEST.fullmatch(payload[name]):
            raise MalformedInput(f"the receipt's {name} is {excerpt(payload[name])}, not a SHA-256 in hex")
    if "given" in payload:
        _check_given(payload["given"], payload["pad"])


def _check_given(given: Json, pad: Json) -> None:
    """Raise MalformedInput where these can't be the content of an answer and its padding."""
    said = [*given.values()] if isinstance(given, dict) else []
    if len(said) != 1 or not _are_texts(said[0]):
        raise MalformedInput(f"what the receipt calls given is {excerpt(given)}, no content of an answer")
    if not isinstance(pad, str) or pad.strip(_FILLER):
        raise MalformedInput(f"the receipt's pad is {excerpt(pad)}, not zeros")


def _are_texts(said: Json) -> bool:
    if not isinstance(said, list | dict):
        return False
    texts = [*said.values()] if isinstance(said, dict) else said
    return all(isinstance(text, str) for text in texts)


def _digest(answer: str) -> str:
    return hashlib.sha256(answer.encode("utf-8", "surrogatepass")).hexdigest()
