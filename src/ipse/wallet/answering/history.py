"""What verifiers asked for before, as the disclosure log tells it, and how often each credential left."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Final

from ipse.encoding.strict_json import Json, JsonObject
from ipse.storage import disclosure_log
from ipse.wallet.wallet import Wallet

__all__ = ["CREDENTIALS", "History", "PastRequest", "of_wallet"]

CREDENTIALS: Final = "credentials"
"""The level of a log entry that is about credentials."""


@dataclass(frozen=True, slots=True)
class PastRequest:
    """A request for credentials that was decided on.

    - `time`: RFC 3339 UTC
    - `purpose`: in the words of the one who asked
    - `asked`: for each type of credential the claims that were asked of it, as paths; empty for an entry of
      `ipse vc present`, which knows no query
    - `said`: whether anything was sent
    """

    number: int
    time: str
    party: str
    purpose: str
    asked: tuple[tuple[str, tuple[str, ...]], ...]
    said: bool

    @property
    def claims(self) -> tuple[str, ...]:
        """All claims that were asked for, each once."""
        return tuple(dict.fromkeys(path for _, paths in self.asked for path in paths))


@dataclass(frozen=True, slots=True)
class History:
    """The requests for credentials so far, the newest first.

    - `known_since`: when a party was first answered or refused anything, by its name
    - `presented`: how often each credential left, by its id
    """

    requests: tuple[PastRequest, ...] = ()
    known_since: dict[str, str] = field(default_factory=dict)
    presented: Counter[str] = field(default_factory=Counter)

    def of(self, party: str) -> tuple[PastRequest, ...]:
        """The requests of one party."""
        return tuple(past for past in self.requests if past.party == party)


def of_wallet(wallet: Wallet) -> History:
    """The history that the disclosure log tells. Raises CorruptData."""
    requests: list[PastRequest] = []
    since: dict[str, str] = {}
    presented: Counter[str] = Counter()
    for entry in disclosure_log.every(wallet.vault):
        content = entry.content
        party = _text(content, "application")
        if party:
            since.setdefault(party, _text(content, "time"))
        if content.get("level") != CREDENTIALS:
            continue
        presented.update(_texts(content.get("credentials")))
        requests.append(_past(entry.number, party, content))
    return History(tuple(reversed(requests)), since, presented)


def _past(number: int, party: str, content: JsonObject) -> PastRequest:
    asked = [entry for entry in _list(content.get("asked")) if isinstance(entry, dict)]
    return PastRequest(
        number=number,
        time=_text(content, "time"),
        party=party,
        purpose=_text(content, "purpose"),
        asked=tuple(
            (kind, tuple(_texts(entry.get("claims"))))
            for entry in asked
            for kind in _texts(entry.get("types"))
        ),
        said=content.get("said") is True,
    )


def _text(content: JsonObject, name: str) -> str:
    value = content.get(name)
    return value if isinstance(value, str) else ""


def _texts(value: Json) -> Iterator[str]:
    return (entry for entry in _list(value) if isinstance(entry, str))


def _list(value: Json) -> list[Json]:
    return value if isinstance(value, list) else []
