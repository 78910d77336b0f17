"""The question "which of these?" and its answer: the credential type `urn:ipse:preferences:choose:1`.

The application's candidates travel in `transaction_data`; the answer is an SD-JWT VC that the wallet
issues under the DID it has for this application alone, bound by its key to the request.
"""

from __future__ import annotations

import re
import secrets
import unicodedata
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Final

from ipse.credentials import sd_jwt
from ipse.credentials.report import Ledger, Outcome, Rejected, Report
from ipse.dids import did_key, resolver
from ipse.encoding.strict_json import Json, JsonObject, excerpt
from ipse.errors import MalformedInput, NotFound, Undetermined, VerificationFailed
from ipse.keys import jwk
from ipse.keys.key_types import PrivateKey, PublicKey
from ipse.protocols import openid4vp
from ipse.protocols.openid4vp import AuthorizationRequest, TransactionData

__all__ = [
    "CHECKS",
    "LEVEL",
    "TYPE",
    "Candidate",
    "ChoiceRequest",
    "ChoiceVerification",
    "build_answer",
    "build_request",
    "check_time",
    "parse_request",
    "verify_answer",
]

TYPE: Final = "urn:ipse:preferences:choose:1"
LEVEL: Final = "choose"
CHECKS: Final = (*sd_jwt.CHECKS, "request", "choice")

_MEMBERS: Final = frozenset({"type", "credential_ids", "purpose", "top", "candidates"})
_QUERY_ID: Final = "choice"
_FORMAT: Final = "dc+sd-jwt"
_MAX_CANDIDATES: Final = 1000
_MAX_TEXT: Final = 1000
_MAX_PURPOSE: Final = 300
_ANSWER_LIFE: Final = timedelta(days=1)
_LEEWAY: Final = timedelta(seconds=60)
# Reordering and invisible characters: what a person reads must be what is there.
_DECEPTIVE: Final = frozenset({"Cc", "Cf", "Cs", "Co", "Zl", "Zp"})
# Letters and marks that show as nothing (Default_Ignorable_Code_Point outside Cf); the variation
# selectors 1 to 16 stay, since emoji are written with them.
_INVISIBLE: Final = re.compile(
    "[\u034f\u115f\u1160\u17b4\u17b5\u180b-\u180f\u3164\uffa0\U000e0100-\U000e01ef]"
)
# A joiner may stand between what it joins: emoji, Indic letters. Never at an end or beside ASCII.
_JOINER: Final = re.compile("(?<=[^\x00-\x7f\u200d])\u200d(?=[^\x00-\x7f\u200d])")


@dataclass(frozen=True, slots=True)
class Candidate:
    """One of the things to choose from."""

    id: str
    text: str


@dataclass(frozen=True, slots=True)
class ChoiceRequest:
    """A request for the `top` of `candidates`, and for what purpose."""

    authorization: AuthorizationRequest
    question: TransactionData
    purpose: str
    candidates: tuple[Candidate, ...]
    top: int


@dataclass(frozen=True, slots=True)
class ChoiceVerification:
    """The report on an answer, and what was chosen where every check passed."""

    report: Report
    chosen: tuple[Candidate, ...]


def build_request(
    *, address: str, purpose: str, candidates: Sequence[str], top: int, issued: datetime, lifetime: timedelta
) -> JsonObject:
    """The request object of the application at `address`, with a fresh nonce. Raises MalformedInput."""
    request = openid4vp.build_request(
        address=address,
        nonce=secrets.token_urlsafe(32),
        issued=issued,
        expires=issued + lifetime,
        query={"credentials": [{"id": _QUERY_ID, "format": _FORMAT, "meta": {"vct_values": [TYPE]}}]},
        transaction_data={
            "type": TYPE,
            "credential_ids": [_QUERY_ID],
            "purpose": purpose,
            "top": top,
            "candidates": [{"id": str(number), "text": text} for number, text in enumerate(candidates, 1)],
        },
    )
    parse_request(request)
    return request


def parse_request(request: JsonObject) -> ChoiceRequest:
    """The question in a request object; everything is checked but the time.

    Raises MalformedInput, Undetermined for requests that ask for anything else.
    """
    authorization = openid4vp.parse_request(request)
    queries, entries = authorization.credentials, authorization.transaction_data
    if len(queries) != 1 or queries[0].format != _FORMAT or TYPE not in queries[0].types:
        raise Undetermined(f"the request asks for something else than {TYPE}")
    if len(entries) != 1 or entries[0].content.get("type") != TYPE:
        raise Undetermined(f"the request's transaction_data is not one question of type {TYPE}")
    content = entries[0].content
    if not content.keys() <= _MEMBERS:
        raise MalformedInput(f"the question has the unknown member {excerpt(min(content.keys() - _MEMBERS))}")
    if content.get("credential_ids") != [queries[0].id]:
        raise MalformedInput("the question's credential_ids do not name the credential that is asked for")
    candidates = _candidates(content.get("candidates"))
    top = content.get("top")
    if type(top) is not int or not 1 <= top < len(candidates):
        raise MalformedInput(f"the request asks for the top {excerpt(top)} of {len(candidates)} candidates")
    return ChoiceRequest(
        authorization=authorization,
        question=entries[0],
        purpose=_plain_text(content.get("purpose"), "the purpose", _MAX_PURPOSE),
        candidates=candidates,
        top=top,
    )


def check_time(request: ChoiceRequest, now: datetime) -> None:
    """Raise VerificationFailed where the request has expired or comes from the future."""
    if now - _LEEWAY > request.authorization.expires:
        raise VerificationFailed(
            f"the request expired at {request.authorization.expires:%Y-%m-%d %H:%M} UTC",
            hint="ask the application for a new one",
        )
    if now + _LEEWAY < request.authorization.issued:
        raise VerificationFailed("the request was made in the future", hint="check this machine's clock")


def build_answer(request: ChoiceRequest, chosen: Sequence[Candidate], key: PrivateKey, now: datetime) -> str:
    """The SD-JWT+KB that says which candidates were chosen, by the wallet's `key` for this application."""
    did = did_key.from_public_key(key.public())
    claims: JsonObject = {
        "iss": did,
        "sub": did,
        "vct": TYPE,
        "iat": int(now.timestamp()),
        "exp": int((now + _ANSWER_LIFE).timestamp()),
        "cnf": {"jwk": jwk.public_to_jwk(key.public())},
        "level": LEVEL,
        "choices": [candidate.id for candidate in chosen],
    }
    credential = sd_jwt.issue(
        claims, disclosable=(), signer=key, typ=_FORMAT, kid=did_key.verification_method_id(did)
    )
    return sd_jwt.bind(
        sd_jwt.parse(credential),
        signer=key,
        audience=request.authorization.client_id,
        nonce=request.authorization.nonce,
        issued_at=int(now.timestamp()),
        claims={
            "transaction_data_hashes": [request.question.digest],
            "transaction_data_hashes_alg": "sha-256",
        },
    ).compact


def verify_answer(answer: str, request: ChoiceRequest, now: datetime) -> ChoiceVerification:
    """The application's side: verify that `answer` answers `request`, and what it says."""
    ledger = Ledger(CHECKS)
    authorization = request.authorization
    age = max((now - authorization.issued).total_seconds(), 0.0)
    try:
        verified = sd_jwt.verify(
            answer,
            resolve_issuer_key=_issuer_key,
            types=_FORMAT,
            challenge=sd_jwt.Challenge(authorization.client_id, authorization.nonce, max_age=age),
            now=now.timestamp(),
            leeway=_LEEWAY.total_seconds(),
        )
    except (sd_jwt.SdJwtInvalid, sd_jwt.SdJwtUndetermined) as error:
        ledger.adopt(error.checks)
        return ChoiceVerification(ledger.report(), ())
    ledger.adopt(verified.checks)
    binding = verified.binding or {}
    ledger.take("request", lambda: _answers(binding, request))
    chosen = ledger.take("choice", lambda: _choice(verified.claims, request))
    report = ledger.report()
    return ChoiceVerification(report, (chosen or ()) if report.outcome is Outcome.PASSED else ())


def _issuer_key(header: JsonObject, payload: JsonObject) -> PublicKey:
    issuer, method_id = payload.get("iss"), header.get("kid")
    if not isinstance(issuer, str) or not isinstance(method_id, str):
        raise VerificationFailed("the answer does not say who signed it: iss and kid are missing")
    try:
        method = resolver.find_method(resolver.resolve(issuer), method_id, "assertionMethod")
    except NotFound as error:
        raise VerificationFailed("the key is not one of the issuer's") from error
    return resolver.method_key(method)


def _answers(binding: JsonObject, request: ChoiceRequest) -> tuple[None, str, object]:
    if binding.get("transaction_data_hashes") != [request.question.digest]:
        raise Rejected("it answers another question", binding.get("transaction_data_hashes", ""))
    if binding.get("transaction_data_hashes_alg", "sha-256") != "sha-256":
        raise Rejected("the question's digest is not SHA-256", binding["transaction_data_hashes_alg"])
    if binding["iat"] > (request.authorization.expires + _LEEWAY).timestamp():
        raise Rejected("it was signed after the request had expired", binding["iat"])
    return None, "answers this request", request.question.digest


def _choice(claims: JsonObject, request: ChoiceRequest) -> tuple[tuple[Candidate, ...], str, object]:
    if claims["vct"] != TYPE or claims.get("level") != LEVEL:
        raise Rejected("it is another kind of credential", claims["vct"])
    if claims.get("sub") != claims["iss"] or claims["cnf"]["jwk"] != _jwk_of(claims["iss"]):
        raise Rejected("it is not signed by the one it is about", claims.get("sub", ""))
    known = {candidate.id: candidate for candidate in request.candidates}
    choices = claims.get("choices")
    if not isinstance(choices, list) or not all(
        isinstance(choice, str) and choice in known for choice in choices
    ):
        raise Rejected("it names something that was not a candidate", choices)
    if len(choices) != request.top or len(set(choices)) != len(choices):
        raise Rejected(f"it does not name {request.top} different candidates", choices)
    return (
        tuple(known[choice] for choice in choices),
        f"names {len(choices)} of the candidates",
        ", ".join(choices),
    )


def _jwk_of(did: str) -> dict[str, str]:
    document = resolver.resolve(did)
    return jwk.public_to_jwk(resolver.method_key(document["verificationMethod"][0]))


def _candidates(entries: Json) -> tuple[Candidate, ...]:
    if not isinstance(entries, list) or not 2 <= len(entries) <= _MAX_CANDIDATES:
        raise MalformedInput(f"a request has 2 to {_MAX_CANDIDATES} candidates")
    candidates = tuple(_candidate(entry) for entry in entries)
    if len({candidate.id for candidate in candidates}) != len(candidates):
        raise MalformedInput("two candidates of the request have the same id")
    if len({_as_seen(candidate.text) for candidate in candidates}) != len(candidates):
        raise MalformedInput("two candidates of the request are the same")
    return candidates


def _as_seen(text: str) -> str:
    """One spelling for texts that look the same: composed, single plain spaces."""
    return " ".join(unicodedata.normalize("NFKC", text).split())


def _candidate(entry: Json) -> Candidate:
    if not isinstance(entry, dict) or set(entry) != {"id", "text"}:
        raise MalformedInput("a candidate of the request is not an object with id and text")
    return Candidate(
        id=_plain_text(entry["id"], "a candidate's id", 64),
        text=_plain_text(entry["text"], "a candidate's text", _MAX_TEXT),
    )


def _plain_text(value: Json, what: str, limit: int) -> str:
    """One line of text that shows as what it is. Raises MalformedInput."""
    if not isinstance(value, str) or not value.strip():
        raise MalformedInput(f"{what} is missing or empty")
    if len(value) > limit:
        raise MalformedInput(f"{what} has {len(value)} characters; at most {limit} are read")
    for character in _JOINER.sub("", value):
        if unicodedata.category(character) in _DECEPTIVE or _INVISIBLE.match(character):
            raise MalformedInput(f"{what} holds the control character U+{ord(character):04X}")
    return value
