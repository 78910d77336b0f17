"""What an application asks: a level, what is asked at that level, a purpose, and how long the answer is kept.

It may offer terms for the answer, in the member `terms` (`ipse.disclosure.terms`).

The type of the `transaction_data`, and of the credential that answers, is `urn:ipse:preferences:<level>:1`.
What else it holds beside purpose and retention is said by the level (`ipse.disclosure.levels`).
"""

from __future__ import annotations

import hashlib
import secrets
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import Final

from ipse.dids.resolver import Resolve
from ipse.disclosure import levels
from ipse.disclosure.levels.level import Asked
from ipse.disclosure.terms import Subject, Terms, build_policy, parse_policy
from ipse.encoding import strict_json
from ipse.encoding.safe_text import plain_text
from ipse.encoding.strict_json import JsonObject, excerpt
from ipse.errors import InputTooLarge, IpseError, MalformedInput, Undetermined
from ipse.protocols import openid4vp
from ipse.protocols.openid4vp import AuthorizationRequest, RequestSigner, TransactionData
from ipse.protocols.openid4vp.refusals import INVALID_TRANSACTION_DATA, refused_with
from ipse.protocols.parties import origin_of, party_of

__all__ = [
    "DEFAULT_RETENTION",
    "FORMAT",
    "MAX_PURPOSE",
    "MAX_RETENTION",
    "MAX_WITH_TERMS",
    "MIN_RETENTION",
    "TYPES",
    "Question",
    "asks_preferences",
    "build_request",
    "parse_question",
    "query",
    "question_of",
    "transaction_data",
    "type_of",
]

FORMAT: Final = "dc+sd-jwt"
MAX_PURPOSE: Final = 300
MIN_RETENTION: Final = timedelta(hours=1)
MAX_RETENTION: Final = timedelta(days=3653)
"""Ten years, leap days included."""
DEFAULT_RETENTION: Final = timedelta(days=30)
"""Where a question does not say for how long its answer will be kept."""

MAX_WITH_TERMS: Final = 64 * 1024
"""Characters of a request that offers terms, which the wallet keeps. The longest choice takes 55,000."""

_QUERY_ID: Final = "answer"
_COMMON: Final = frozenset({"type", "credential_ids", "purpose", "retention", "terms"})


@dataclass(frozen=True, slots=True)
class Question:
    """What is asked, by whom, what for, and for how long the answer will be kept.

    `terms` are what is offered for the answer, None where nothing is.
    """

    authorization: AuthorizationRequest
    transaction: TransactionData
    purpose: str
    retention: timedelta
    asked: Asked
    terms: Terms | None = None

    @property
    def level(self) -> str:
        """The name of its level."""
        return self.asked.level

    @property
    def party(self) -> str:
        """The web origin or DID that the answer is accounted under."""
        return self.authorization.party

    @property
    def identity(self) -> bytes:
        """32 bytes that are the same for all questions that ask the same.

        SHA-256 over the level and its gist of what is asked. Neither the nonce, the ids and order of
        candidates, nor purpose and terms count.
        """
        gist = levels.of(self.asked).gist(self.asked)
        return hashlib.sha256(strict_json.canonical([self.level, gist])).digest()


def type_of(level: str) -> str:
    """The type of the question and of the answer at `level`."""
    return f"urn:ipse:preferences:{level}:1"


TYPES: Final = tuple(map(type_of, levels.NAMES))
"""The types of all questions."""


def build_request(
    *,
    address: str,
    purpose: str,
    asked: Asked,
    retention: timedelta,
    issued: datetime,
    lifetime: timedelta,
    signer: RequestSigner | None = None,
    terms: Terms | None = None,
) -> JsonObject | str:
    """The request of the application at `address`, with a fresh nonce; a JWT where there is a `signer`.

    `terms` are what it offers for the answer.

    Raises MalformedInput; WrongOrigin where the `signer` is a did:web of another origin than `address`.
    """
    name = type_of(asked.level)
    content = transaction_data(purpose=purpose, asked=asked, retention=retention)
    if terms is not None:
        party = origin_of(address) if signer is None else party_of(signer[0])
        content["terms"] = build_policy(terms, Subject(party, name, purpose, retention))
    return openid4vp.build_request(
        address=address,
        nonce=secrets.token_urlsafe(32),
        issued=issued,
        expires=issued + lifetime,
        query=query(asked),
        transaction_data=content,
        signer=signer,
    )


def transaction_data(*, purpose: str, asked: Asked, retention: timedelta) -> JsonObject:
    """The `transaction_data` of a question, without terms. Raises MalformedInput."""
    content: JsonObject = {
        "type": type_of(asked.level),
        "credential_ids": [_QUERY_ID],
        "purpose": purpose,
        "retention": int(retention.total_seconds()),
        **levels.of(asked).write(asked),
    }
    _read(asked.level, content)
    return content


def query(asked: Asked) -> JsonObject:
    """The DCQL query for the credential that answers a question."""
    meta: JsonObject = {"vct_values": [type_of(asked.level)]}
    return {"credentials": [{"id": _QUERY_ID, "format": FORMAT, "meta": meta}]}


def parse_question(
    request: JsonObject | str, *, resolve: Resolve | None = None, origin: str | None = None
) -> Question:
    """The question in a request, which may be signed (openid4vp.parse_request); all but the time is checked.

    Raises what openid4vp.parse_request does, and Undetermined for requests that ask for anything else.
    """
    return question_of(openid4vp.parse_request(request, resolve=resolve, origin=origin))


def asks_preferences(authorization: AuthorizationRequest) -> bool:
    """Whether a request asks about preferences, well or badly, and not for credentials alone."""
    return any(entry.type in TYPES for entry in authorization.transaction_data)


def question_of(authorization: AuthorizationRequest) -> Question:
    """The question that a request asks.

    Raises MalformedInput, InputTooLarge, and Undetermined for requests that ask for anything else, told at
    the request's own address.
    """
    try:
        return _question(authorization)
    except IpseError as error:
        raise refused_with(error, INVALID_TRANSACTION_DATA, authorization.reply) from error.__cause__


def _question(authorization: AuthorizationRequest) -> Question:
    queries, entries = authorization.credentials, authorization.transaction_data
    if len(entries) != 1:
        raise Undetermined("the request's transaction_data is not one question about preferences")
    name = entries[0].content.get("type")
    level = next((level for level in levels.NAMES if type_of(level) == name), None)
    if level is None:
        raise Undetermined(f"the request's transaction_data is of type {excerpt(name)}, no question")
    if authorization.query.sets:
        raise Undetermined("the request asks for credential sets, which no question about preferences has")
    if len(queries) != 1 or queries[0].format != FORMAT or queries[0].types != (name,):
        raise Undetermined(f"the request asks for something else than {name}")
    if entries[0].content.get("credential_ids") != [queries[0].id]:
        raise MalformedInput("the question's credential_ids do not name the credential that is asked for")
    purpose, retention, asked = _read(level, entries[0].content)
    question = Question(authorization, entries[0], purpose, retention, asked)
    return replace(question, terms=_terms(question))


def _read(name: str, content: JsonObject) -> tuple[str, timedelta, Asked]:
    """Purpose, retention and what is asked at the level called `name`. Raises MalformedInput."""
    level = levels.named(name)
    asked: Asked = level.read(content)
    unknown = content.keys() - _COMMON - level.write(asked).keys()
    if unknown:
        raise MalformedInput(f"the question has the unknown member {excerpt(min(unknown))}")
    purpose = plain_text(content.get("purpose"), "the purpose", MAX_PURPOSE)
    return purpose, _retention(content), asked


def _terms(question: Question) -> Terms | None:
    content, length = question.transaction.content, len(question.authorization.text)
    if "terms" not in content:
        return None
    if length > MAX_WITH_TERMS:
        raise InputTooLarge(
            f"the request has {length} characters; with terms at most {MAX_WITH_TERMS} are read"
        )
    subject = Subject(question.party, type_of(question.level), question.purpose, question.retention)
    return parse_policy(content["terms"], subject)


def _retention(content: JsonObject) -> timedelta:
    if "retention" not in content:
        return DEFAULT_RETENTION
    seconds = content["retention"]
    least, most = int(MIN_RETENTION.total_seconds()), int(MAX_RETENTION.total_seconds())
    if type(seconds) is not int or not least <= seconds <= most:
        raise MalformedInput(f"the retention {excerpt(seconds)} is not {least} to {most} seconds")
    return timedelta(seconds=seconds)
