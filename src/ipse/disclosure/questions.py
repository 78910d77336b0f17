"""What an application may ask about its owner's preferences, at one of four levels.

    level        in transaction_data           the answer names
    topics       topics                        those of them that the owner approved
    choose       candidates {id, text}, top    so many of the candidates
    bands        topics                        low, medium or high for each
    statements   about, limit                  so many sentences of the owner's, verbatim

The type of the `transaction_data`, and of the credential that answers, is `urn:ipse:preferences:<level>:1`.
Beside what the level asks, it holds the purpose, and for how many seconds the answer will be kept.
"""

from __future__ import annotations

import hashlib
import re
import secrets
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Final, TypeAlias

from ipse.dids.resolver import Resolve
from ipse.encoding import strict_json
from ipse.encoding.safe_text import as_seen, plain_text
from ipse.encoding.strict_json import Json, JsonObject, excerpt
from ipse.errors import MalformedInput, Undetermined
from ipse.protocols import openid4vp
from ipse.protocols.openid4vp import AuthorizationRequest, RequestSigner, TransactionData

__all__ = [
    "DEFAULT_RETENTION",
    "FORMAT",
    "LEVELS",
    "MAX_CANDIDATES",
    "MAX_LIMIT",
    "MAX_PURPOSE",
    "MAX_RETENTION",
    "MAX_TEXT",
    "MAX_TOP",
    "MAX_TOPICS",
    "MIN_RETENTION",
    "Asked",
    "Bands",
    "Candidate",
    "Choose",
    "Question",
    "Statements",
    "Topics",
    "build_request",
    "level_of",
    "numbered",
    "parse_question",
    "type_of",
]

LEVELS: Final = ("topics", "choose", "bands", "statements")
FORMAT: Final = "dc+sd-jwt"
MAX_CANDIDATES: Final = 20
MAX_TOP: Final = 5
MAX_TOPICS: Final = 200
MAX_LIMIT: Final = 10
"""Sentences that one question may ask for."""
MAX_TEXT: Final = 300
"""Characters of a candidate, and of what statements are asked about."""
MAX_PURPOSE: Final = 300
MIN_RETENTION: Final = timedelta(hours=1)
MAX_RETENTION: Final = timedelta(days=3653)
"""Ten years, leap days included."""
DEFAULT_RETENTION: Final = timedelta(days=30)
"""Where a question does not say for how long its answer will be kept."""

_QUERY_ID: Final = "answer"
_MAX_ID: Final = 64
_TOPIC: Final = re.compile(r"[a-z0-9-]{1,64}")
_COMMON: Final = frozenset({"type", "credential_ids", "purpose", "retention"})


@dataclass(frozen=True, slots=True)
class Candidate:
    """One of the things to choose from."""

    id: str
    text: str


@dataclass(frozen=True, slots=True)
class Choose:
    """Which `top` of these suit the owner best?"""

    candidates: tuple[Candidate, ...]
    top: int


@dataclass(frozen=True, slots=True)
class Bands:
    """How much does the owner care for each of these topics: low, medium, high?"""

    topics: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Topics:
    """Which of these topics are the owner's?"""

    topics: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Statements:
    """What does the owner say, in so many sentences at the most, about this?"""

    about: str
    limit: int


Asked: TypeAlias = Choose | Bands | Topics | Statements


@dataclass(frozen=True, slots=True)
class Question:
    """What is asked, by whom, what for, and for how long the answer will be kept."""

    authorization: AuthorizationRequest
    transaction: TransactionData
    purpose: str
    retention: timedelta
    asked: Asked

    @property
    def level(self) -> str:
        """One of LEVELS."""
        return level_of(self.asked)

    @property
    def party(self) -> str:
        """The web origin or DID that the answer is accounted under."""
        return self.authorization.party

    @property
    def identity(self) -> bytes:
        """32 bytes that are the same for all questions that ask the same.

        SHA-256 over level and content. Neither the nonce, the ids and order of candidates, nor the
        purpose counts.
        """
        return hashlib.sha256(strict_json.canonical([self.level, _gist(self.asked)])).digest()


def level_of(asked: Asked) -> str:
    """The level of a question, one of LEVELS."""
    match asked:
        case Choose():
            return "choose"
        case Bands():
            return "bands"
        case Topics():
            return "topics"
        case Statements():
            return "statements"


def type_of(level: str) -> str:
    """The type of the question and of the answer at `level`."""
    return f"urn:ipse:preferences:{level}:1"


def numbered(texts: Iterable[str]) -> tuple[Candidate, ...]:
    """Candidates with the ids 1, 2, 3 and so on."""
    return tuple(Candidate(str(number), text) for number, text in enumerate(texts, 1))


def build_request(
    *,
    address: str,
    purpose: str,
    asked: Asked,
    retention: timedelta,
    issued: datetime,
    lifetime: timedelta,
    signer: RequestSigner | None = None,
) -> JsonObject | str:
    """The request of the application at `address`, with a fresh nonce; a JWT where there is a `signer`.

    Raises MalformedInput; WrongOrigin where the `signer` is a did:web of another origin than `address`.
    """
    name = type_of(level_of(asked))
    content: JsonObject = {
        "type": name,
        "credential_ids": [_QUERY_ID],
        "purpose": purpose,
        "retention": int(retention.total_seconds()),
        **_written(asked),
    }
    _read(content)
    return openid4vp.build_request(
        address=address,
        nonce=secrets.token_urlsafe(32),
        issued=issued,
        expires=issued + lifetime,
        query={"credentials": [{"id": _QUERY_ID, "format": FORMAT, "meta": {"vct_values": [name]}}]},
        transaction_data=content,
        signer=signer,
    )


def parse_question(
    request: JsonObject | str, *, resolve: Resolve | None = None, origin: str | None = None
) -> Question:
    """The question in a request, which may be signed (openid4vp.parse_request); all but the time is checked.

    Raises what openid4vp.parse_request does, and Undetermined for requests that ask for anything else.
    """
    authorization = openid4vp.parse_request(request, resolve=resolve, origin=origin)
    queries, entries = authorization.credentials, authorization.transaction_data
    if len(entries) != 1:
        raise Undetermined("the request's transaction_data is not one question about preferences")
    name = entries[0].content.get("type")
    if name not in [type_of(level) for level in LEVELS]:
        raise Undetermined(f"the request's transaction_data is of type {excerpt(name)}, no question")
    if len(queries) != 1 or queries[0].format != FORMAT or queries[0].types != (name,):
        raise Undetermined(f"the request asks for something else than {name}")
    if entries[0].content.get("credential_ids") != [queries[0].id]:
        raise MalformedInput("the question's credential_ids do not name the credential that is asked for")
    purpose, retention, asked = _read(entries[0].content)
    return Question(authorization, entries[0], purpose, retention, asked)


def _gist(asked: Asked) -> Json:
    """What of a question makes it the same as another."""
    match asked:
        case Choose(candidates, top):
            return {"candidates": sorted(as_seen(candidate.text) for candidate in candidates), "top": top}
        case Bands(topics) | Topics(topics):
            return sorted(topics)
        case Statements(about, limit):
            return {"about": as_seen(about), "limit": limit}


def _written(asked: Asked) -> JsonObject:
    """The members of `transaction_data` that say what is asked."""
    match asked:
        case Choose(candidates, top):
            entries = [{"id": candidate.id, "text": candidate.text} for candidate in candidates]
            return {"candidates": entries, "top": top}
        case Bands(topics) | Topics(topics):
            return {"topics": list(topics)}
        case Statements(about, limit):
            return {"about": about, "limit": limit}


def _read(content: JsonObject) -> tuple[str, timedelta, Asked]:
    """Purpose, retention and what is asked. Raises MalformedInput."""
    asked = _asked(content)
    unknown = content.keys() - _COMMON - _written(asked).keys()
    if unknown:
        raise MalformedInput(f"the question has the unknown member {excerpt(min(unknown))}")
    purpose = plain_text(content.get("purpose"), "the purpose", MAX_PURPOSE)
    return purpose, _retention(content), asked


def _asked(content: JsonObject) -> Asked:
    match content["type"].split(":")[3]:
        case "choose":
            candidates = _candidates(content.get("candidates"))
            return Choose(candidates, _top(content.get("top"), len(candidates)))
        case "bands":
            return Bands(_topics(content.get("topics")))
        case "topics":
            return Topics(_topics(content.get("topics")))
        case _:
            about = plain_text(content.get("about"), "what statements are asked about", MAX_TEXT)
            return Statements(about, _limit(content.get("limit")))


def _retention(content: JsonObject) -> timedelta:
    if "retention" not in content:
        return DEFAULT_RETENTION
    seconds = content["retention"]
    least, most = int(MIN_RETENTION.total_seconds()), int(MAX_RETENTION.total_seconds())
    if type(seconds) is not int or not least <= seconds <= most:
        raise MalformedInput(f"the retention {excerpt(seconds)} is not {least} to {most} seconds")
    return timedelta(seconds=seconds)


def _candidates(entries: Json) -> tuple[Candidate, ...]:
    if not isinstance(entries, list) or not 2 <= len(entries) <= MAX_CANDIDATES:
        raise MalformedInput(f"a request has 2 to {MAX_CANDIDATES} candidates")
    candidates = tuple(_candidate(entry) for entry in entries)
    if len({candidate.id for candidate in candidates}) != len(candidates):
        raise MalformedInput("two candidates of the request have the same id")
    if len({as_seen(candidate.text) for candidate in candidates}) != len(candidates):
        raise MalformedInput("two candidates of the request are the same")
    return candidates


def _candidate(entry: Json) -> Candidate:
    if not isinstance(entry, dict) or set(entry) != {"id", "text"}:
        raise MalformedInput("a candidate of the request is not an object with id and text")
    return Candidate(
        id=plain_text(entry["id"], "a candidate's id", _MAX_ID),
        text=plain_text(entry["text"], "a candidate's text", MAX_TEXT),
    )


def _top(top: Json, candidates: int) -> int:
    if type(top) is not int or not 1 <= top < candidates:
        raise MalformedInput(f"the request asks for the top {excerpt(top)} of {candidates} candidates")
    if top > MAX_TOP:
        raise MalformedInput(f"the request asks for the top {top}; at most {MAX_TOP} are told")
    return top


def _topics(entries: Json) -> tuple[str, ...]:
    if not isinstance(entries, list) or not 1 <= len(entries) <= MAX_TOPICS:
        raise MalformedInput(f"a request has 1 to {MAX_TOPICS} topics")
    for entry in entries:
        if not isinstance(entry, str) or not _TOPIC.fullmatch(entry):
            raise MalformedInput(f"{excerpt(entry)} is not the id of a topic")
    if len(set(entries)) != len(entries):
        raise MalformedInput("the request names a topic twice")
    return tuple(entries)


def _limit(limit: Json) -> int:
    if type(limit) is not int or not 1 <= limit <= MAX_LIMIT:
        raise MalformedInput(f"the request asks for {excerpt(limit)} statements, not for 1 to {MAX_LIMIT}")
    return limit
