"""The answer to a question: an SD-JWT VC issued and bound under the DID that its party alone knows.

All answers to one request have the same number of bytes, so that their size says nothing. One that says
nothing is an answer like any other: the refusal, a spent budget and an empty profile look the same.
"""

from __future__ import annotations

from contextlib import suppress
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Final, TypeAlias

from ipse.credentials import jws
from ipse.credentials.formats import sd_jwt
from ipse.credentials.report import Outcome, Rejected, Report, ReportBuilder, Stopped
from ipse.dids import did_key, resolver
from ipse.disclosure.questions import FORMAT, Bands, Choose, Question, Statements, Topics, type_of
from ipse.encoding.strict_json import Json, JsonObject, excerpt
from ipse.encoding.timestamps import to_numeric_date
from ipse.errors import MalformedInput, VerificationFailed
from ipse.keys import key_types
from ipse.keys.key_types import PrivateKey, PublicKey
from ipse.protocols.openid4vp import LEEWAY

__all__ = [
    "BANDS",
    "CHECKS",
    "LIFE",
    "MAX_EPSILON",
    "MAX_STATEMENT",
    "AnswerVerification",
    "Content",
    "build_answer",
    "nothing",
    "verify_answer",
    "written_length",
]

Content: TypeAlias = JsonObject
"""What an answer says, in one member named by the level; an empty value says nothing.

    {"choices": [id, ...]}     {"bands": {topic: "low" | "medium" | "high", ...}}
    {"topics": [id, ...]}      {"statements": [text, ...]}
"""

BANDS: Final = ("low", "medium", "high")
CHECKS: Final = (*sd_jwt.CHECKS, "request", "answer")
LIFE: Final = timedelta(days=1)
"""For how long an answer can be verified."""
MAX_STATEMENT: Final = 1000
"""Bytes of one statement as it is written in the answer (`written_length`)."""
MAX_EPSILON: Final = 100_000
"""The most that an answer can cost, in thousandths."""

_MEMBERS: Final = {"choose": "choices", "bands": "bands", "topics": "topics", "statements": "statements"}
_FILLER: Final = "0"


@dataclass(frozen=True, slots=True)
class AnswerVerification:
    """The report on an answer, and what it says where every check passed, None otherwise."""

    report: Report
    content: Content | None


def nothing(question: Question) -> Content:
    """The content of an answer that says nothing."""
    return {_MEMBERS[question.level]: {} if isinstance(question.asked, Bands) else []}


def written_length(text: str) -> int:
    """The bytes that `text` takes in an answer: its JSON in UTF-8, quotes included. Raises MalformedInput."""
    return len(jws.encode_json(text))


def build_answer(
    question: Question, content: Content, *, key: PrivateKey, now: datetime, epsilon: int
) -> str:
    """The SD-JWT+KB that answers `question` with `content`, by the wallet's `key` for its party.

    `epsilon` is what the answer costs, in thousandths; it is told whether or not the answer says anything.
    Nothing is told by the order of what is named. Raises MalformedInput for a content that does not fit.
    """
    if type(epsilon) is not int or not 0 <= epsilon <= MAX_EPSILON:
        raise MalformedInput(f"the epsilon {excerpt(epsilon)} is not 0 to {MAX_EPSILON} thousandths")
    issued = to_numeric_date(now)
    did = did_key.from_public_key(key.public())
    claims = _claims(question, _checked(question, content), key.public(), issued, epsilon)
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
    age = max((now - authorization.issued).total_seconds(), 0.0)
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
    return AnswerVerification(report, content if report.outcome is Outcome.PASSED else None)


def _claims(question: Question, content: Content, key: PublicKey, issued: int, epsilon: int) -> JsonObject:
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
        "epsilon": epsilon // 1000 if epsilon % 1000 == 0 else epsilon / 1000,
        "terms": _terms(question, expires),
        **content,
    }
    widest = {**claims, "epsilon": (MAX_EPSILON - 1) / 1000, **_longest(question)}
    padding = len(jws.encode_json(widest)) - len(jws.encode_json(claims))
    return {**claims, "pad": _FILLER * padding}


def _terms(question: Question, expires: int) -> JsonObject:
    return {
        "purpose": question.purpose,
        "expires": expires,
        "retention": int(question.retention.total_seconds()),
    }


def _longest(question: Question) -> Content:
    """A content that no answer to `question` is longer than."""
    match question.asked:
        case Choose(candidates, top):
            ids = sorted((candidate.id for candidate in candidates), key=written_length, reverse=True)
            return {"choices": ids[:top]}
        case Bands(topics):
            return {"bands": dict.fromkeys(topics, max(BANDS, key=len))}
        case Topics(topics):
            return {"topics": list(topics)}
        case Statements(_, limit):
            return {"statements": ["." * (MAX_STATEMENT - written_length(""))] * limit}


def _checked(question: Question, content: Content) -> Content:
    """`content` if it can be an answer to `question`, in an order that tells nothing.

    Raises MalformedInput.
    """
    member = _MEMBERS[question.level]
    if set(content) != {member}:
        raise MalformedInput(f"an answer at level {question.level} says {member} and nothing else")
    said = content[member]
    match question.asked:
        case Choose(candidates, top):
            ids = _names(said, [candidate.id for candidate in candidates], "a candidate")
            if len(ids) not in (0, top):
                raise MalformedInput(f"it names {len(ids)} candidates, not {top} or none")
            return {member: ids}
        case Bands(topics):
            if not isinstance(said, dict) or not all(band in BANDS for band in said.values()):
                raise MalformedInput("its bands are not low, medium or high for each topic")
            return {member: {topic: said[topic] for topic in _names(list(said), topics, "a topic")}}
        case Topics(topics):
            return {member: _names(said, topics, "a topic")}
        case Statements(_, limit):
            return {member: _statements(said, limit)}


def _names(said: Json, known: list[str] | tuple[str, ...], what: str) -> list[str]:
    """The names that are `said`, in the order in which they were asked."""
    if not isinstance(said, list) or not all(isinstance(name, str) for name in said):
        raise MalformedInput(f"{excerpt(said)} are no names")
    for name in said:
        if name not in known:
            raise MalformedInput(f"{excerpt(name)} is not {what} that was asked about")
    if len(set(said)) != len(said):
        raise MalformedInput(f"it names {what} twice")
    return [name for name in known if name in said]


def _statements(said: Json, limit: int) -> list[str]:
    if not isinstance(said, list) or not all(isinstance(text, str) and text for text in said):
        raise MalformedInput("its statements are no texts")
    if len(said) > limit or len(set(said)) != len(said):
        raise MalformedInput(f"it holds more than {limit} statements, or one of them twice")
    for text in said:
        if written_length(text) > MAX_STATEMENT:
            raise MalformedInput(
                f"a statement takes {written_length(text)} bytes; at most {MAX_STATEMENT} do"
            )
    return sorted(said)


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
    if binding["iat"] > (question.authorization.expires + LEEWAY).timestamp():
        raise Rejected("too-late", "it was signed after the request had expired", binding["iat"])
    digest = question.transaction.digest
    return digest, "answers this request", digest


def _content(claims: JsonObject, question: Question) -> tuple[Content, str, object]:
    if claims["vct"] != type_of(question.level) or claims.get("level") != question.level:
        raise Rejected("other-type", "it is another kind of credential", claims["vct"])
    if claims.get("sub") != claims["iss"] or claims["cnf"]["jwk"] != _jwk_of(claims["iss"]):
        raise Rejected("other-signer", "it is not signed by the one it is about", claims.get("sub", ""))
    if type(claims.get("epsilon")) not in (int, float) or not 0 <= claims["epsilon"] * 1000 <= MAX_EPSILON:
        raise Rejected("no-cost", "it does not say what it cost", claims.get("epsilon", ""))
    if "exp" not in claims or claims.get("terms") != _terms(question, claims["exp"]):
        raise Rejected("other-terms", "its terms are not those of the request", claims.get("terms", ""))
    others = set(_MEMBERS.values()) & claims.keys()
    content = _checked(question, {member: claims[member] for member in others})
    (said,) = content.values()
    return content, f"says {len(said)} of what was asked" if said else "says nothing", said


def _jwk_of(did: str) -> dict[str, str]:
    document = resolver.resolve(did)
    return key_types.public_to_jwk(resolver.method_key(document["verificationMethod"][0]))
