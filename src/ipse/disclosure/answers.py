"""The answer to a question: an SD-JWT VC issued and bound under the DID that its party alone knows.

All answers to one request have the same number of bytes, so that their size says nothing. One that says
nothing is an answer like any other: the refusal, a limit that is reached and an empty profile look the same.
"""

from __future__ import annotations

from contextlib import suppress
from dataclasses import dataclass
from datetime import datetime, timedelta
from math import inf
from typing import Final

from ipse.credentials import jws
from ipse.credentials.formats import sd_jwt
from ipse.credentials.report import Outcome, Rejected, Report, ReportBuilder, Stopped
from ipse.dids import did_key, resolver
from ipse.disclosure import levels, methods
from ipse.disclosure.offers import Content
from ipse.disclosure.questions import FORMAT, Question, type_of
from ipse.encoding.strict_json import JsonObject
from ipse.encoding.timestamps import to_numeric_date
from ipse.errors import MalformedInput, VerificationFailed
from ipse.keys import key_types
from ipse.keys.key_types import PrivateKey, PublicKey
from ipse.protocols.openid4vp import LEEWAY

__all__ = [
    "CHECKS",
    "LIFE",
    "AnswerVerification",
    "build_answer",
    "nothing",
    "verify_answer",
]

CHECKS: Final = (*sd_jwt.CHECKS, "request", "answer")
LIFE: Final = timedelta(days=1)
"""For how long an answer can be verified."""
_FILLER: Final = "0"


@dataclass(frozen=True, slots=True)
class AnswerVerification:
    """The report on an answer, and where every check passed what it says, None otherwise.

    `method` is how it came about, `window` the first day of the private summary's window; empty where the
    answer does not say.
    """

    report: Report
    content: Content | None
    method: str = ""
    window: str = ""


def nothing(question: Question) -> Content:
    """The content of an answer that says nothing."""
    return levels.of(question.asked).nothing()


def build_answer(
    question: Question, content: Content, *, key: PrivateKey, now: datetime, method: str, window: str = ""
) -> str:
    """The SD-JWT+KB that answers `question` with `content`, by the wallet's `key` for its party.

    `method` and, of a private summary, its `window` are told whether or not the answer says anything. Nothing
    is told by the order of what is named, unless an order was asked for. Raises MalformedInput for a content
    that does not fit.
    """
    issued = to_numeric_date(now)
    did = did_key.from_public_key(key.public())
    claims = _claims(question, _checked(question, content), key.public(), issued, method, window)
    credential = sd_jwt.issue(
        claims, disclosable=(), signer=key, typ=FORMAT, kid=did_key.verification_method_id(did)
    )
    return sd_jwt.bind(
        sd_jwt.parse(credential),
        signer=key,
        audience=question.authorization.client_id,
        nonce=question.authorization.nonce,
        issued_at=issued,
        claims={
            "transaction_data_hashes": [question.transaction.digest],
            "transaction_data_hashes_alg": "sha-256",
        },
    ).compact


def verify_answer(answer: str, question: Question, now: datetime) -> AnswerVerification:
    """The application's side: verify that `answer` answers `question`, and what it says.

    Whose profile it comes from is only known as the DID in the answer's `iss`.
    """
    builder = ReportBuilder(CHECKS)
    authorization = question.authorization
    age = inf if authorization.issued is None else max((now - authorization.issued).total_seconds(), 0.0)
    try:
        verified = sd_jwt.verify(
            answer,
            resolve_issuer_key=_issuer_key,
            types=FORMAT,
            challenge=sd_jwt.Challenge(authorization.client_id, authorization.nonce, max_age=age),
            now=now.timestamp(),
            leeway=LEEWAY.total_seconds(),
        )
    except (sd_jwt.SdJwtInvalid, sd_jwt.SdJwtUndetermined) as error:
        builder.adopt(error.checks)
        return AnswerVerification(builder.report(), None)
    builder.adopt(verified.checks)
    binding = verified.binding or {}
    content: Content | None = None
    with suppress(Stopped):
        builder.require("request", lambda: _answers(binding, question))
        content = builder.require("answer", lambda: _content(verified.claims, question))
    report = builder.report()
    if report.outcome is not Outcome.PASSED:
        return AnswerVerification(report, None)
    claims = verified.claims
    return AnswerVerification(report, content, claims.get("method", ""), claims.get("window", ""))


def _claims(
    question: Question, content: Content, key: PublicKey, issued: int, method: str, window: str
) -> JsonObject:
    """The claims of the credential, padded to the length of the longest answer to `question`."""
    did = did_key.from_public_key(key)
    expires = issued + int(LIFE.total_seconds())
    claims: JsonObject = {
        "iss": did,
        "sub": did,
        "vct": type_of(question.level),
        "iat": issued,
        "exp": expires,
        "cnf": {"jwk": key_types.public_to_jwk(key)},
        "level": question.level,
        "method": method,
        **({"window": window} if window else {}),
        "terms": _terms(question, expires),
        **content,
    }
    longest = levels.of(question.asked).longest(question.asked)
    padding = len(jws.encode_json({**claims, **longest})) - len(jws.encode_json(claims))
    return {**claims, "pad": _FILLER * padding}


def _terms(question: Question, expires: int) -> JsonObject:
    return {
        "purpose": question.purpose,
        "expires": expires,
        "retention": int(question.retention.total_seconds()),
    }


def _checked(question: Question, content: Content) -> Content:
    """`content` if it can be an answer to `question`, in an order that tells nothing.

    Raises MalformedInput.
    """
    level = levels.of(question.asked)
    if set(content) != {level.member}:
        raise MalformedInput(f"an answer at level {level.name} says {level.member} and nothing else")
    return {level.member: level.checked(question.asked, content[level.member])}


def _issuer_key(header: JsonObject, payload: JsonObject) -> PublicKey:
    issuer, method_id = payload.get("iss"), header.get("kid")
    if not isinstance(issuer, str) or not isinstance(method_id, str):
        raise VerificationFailed("the answer does not say who signed it: iss and kid are missing")
    method = resolver.listed_method(resolver.resolve(issuer), method_id, "assertionMethod")
    return resolver.method_key(method)


def _answers(binding: JsonObject, question: Question) -> tuple[str, str, object]:
    """Check that the key binding is to this question; the digest of the question."""
    if binding.get("transaction_data_hashes") != [question.transaction.digest]:
        raise Rejected(
            "other-question", "it answers another question", binding.get("transaction_data_hashes", "")
        )
    if binding.get("transaction_data_hashes_alg", "sha-256") != "sha-256":
        raise Rejected(
            "other-digest", "the question's digest is not SHA-256", binding["transaction_data_hashes_alg"]
        )
    expires = question.authorization.expires
    if expires is not None and binding["iat"] > (expires + LEEWAY).timestamp():
        raise Rejected("too-late", "it was signed after the request had expired", binding["iat"])
    digest = question.transaction.digest
    return digest, "answers this request", digest


def _content(claims: JsonObject, question: Question) -> tuple[Content, str, object]:
    if claims["vct"] != type_of(question.level) or claims.get("level") != question.level:
        raise Rejected("other-type", "it is another kind of credential", claims["vct"])
    if claims.get("sub") != claims["iss"] or claims["cnf"]["jwk"] != _jwk_of(claims["iss"]):
        raise Rejected("other-signer", "it is not signed by the one it is about", claims.get("sub", ""))
    if not methods.is_said(claims):
        raise Rejected("no-method", "it does not say how it came about", claims.get("method", ""))
    if "exp" not in claims or claims.get("terms") != _terms(question, claims["exp"]):
        raise Rejected("other-terms", "its terms are not those of the request", claims.get("terms", ""))
    others = {level.member for level in levels.every()} & claims.keys()
    content = _checked(question, {member: claims[member] for member in others})
    (said,) = content.values()
    return content, f"says {len(said)} of what was asked" if said else "says nothing", said


def _jwk_of(did: str) -> dict[str, str]:
    document = resolver.resolve(did)
    return key_types.public_to_jwk(resolver.method_key(document["verificationMethod"][0]))
