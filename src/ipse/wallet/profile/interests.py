"""What the owner's opinions add up to: interests, contradictions, and why a text is liked.

All of it is computed when it is asked for and nothing of it is stored, so that what is forgotten is
forgotten here as well.
"""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import TYPE_CHECKING

from ipse.encoding.timestamps import format_timestamp
from ipse.errors import NotFound
from ipse.preferences import naming, topics
from ipse.preferences.contradictions import find_contradictions
from ipse.preferences.embedding import Embedder
from ipse.preferences.interests import find_interests, interest_of, typical_first
from ipse.storage import statements
from ipse.storage.statements import Statement
from ipse.wallet.profile.opinions import Opinions, no_opinions, read_opinions
from ipse.wallet.profile.ranking import Mover, explain_score
from ipse.wallet.profile.remembering import embed_missing
from ipse.wallet.profile.topics import embed_topics
from ipse.wallet.wallet import Wallet

if TYPE_CHECKING:
    from ipse.preferences.interests import Interest

__all__ = [
    "Contradictory",
    "NamedInterest",
    "Why",
    "accept",
    "contradictions",
    "contradictions_of",
    "interest_called",
    "interests",
    "why",
]


@dataclass(frozen=True, slots=True)
class NamedInterest:
    """An interest: `number` counts from 1, the largest; `affinity` is in [-1, 1]; `half_life` in days.

    `members` are its statements, the most typical first, so that the first is its medoid.
    """

    number: int
    name: str
    affinity: float
    members: tuple[Statement, ...]
    since: datetime
    last: datetime
    half_life: float


@dataclass(frozen=True, slots=True)
class Why:
    """A text's score, what moved it up and down, the interest it belongs to, the topics it is about."""

    text: str
    score: float
    movers: tuple[Mover, ...]
    interest: NamedInterest | None
    topics: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Contradictory:
    """Two statements that contradict each other, the older first; their cosine; a strength in (0, 1]."""

    older: Statement
    newer: Statement
    similarity: float
    strength: float


def interests(wallet: Wallet, embedder: Embedder) -> list[NamedInterest]:
    """What the owner's opinions gather around, the largest first. Raises NotFound for an empty profile."""
    embed_missing(wallet, embedder)
    opinions = read_opinions(wallet, embedder)
    if not opinions.statements:
        raise no_opinions()
    background = topics.background(embed_topics(wallet, embedder).published)
    found = find_interests(opinions.vectors, opinions.weights, opinions.times, background=background)
    return _named(opinions, found)


def interest_called(every: Sequence[NamedInterest], called: str) -> NamedInterest:
    """The interest with a number or a name, without regard to case. Raises NotFound."""
    for interest in every:
        if called == str(interest.number) or called.casefold() == interest.name.casefold():
            return interest
    raise NotFound(f"there is no interest {called!r}", hint="`ipse profile interests` lists them")


def why(wallet: Wallet, embedder: Embedder, text: str, *, now: datetime) -> Why:
    """What is behind the score of one text. Raises NotFound where the profile is empty, MalformedInput."""
    explained = explain_score(wallet, embedder, text, now=now)
    opinions = explained.opinions
    embedded = embed_topics(wallet, embedder)
    background = topics.background(embedded.published)
    found = find_interests(opinions.vectors, opinions.weights, opinions.times, background=background)
    position = interest_of(found, explained.vector, background=background)
    labels = [topic.label for topic in topics.published().topics]
    labels += [topic.label for topic in embedded.own]
    near = topics.nearest(embedded.every, embedded.published, explained.vector)
    return Why(
        text=text,
        score=explained.placed.score,
        movers=explained.placed.movers,
        interest=None if position is None else _named(opinions, found)[position],
        topics=tuple(labels[row] for row, _ in near),
    )


def contradictions(wallet: Wallet, embedder: Embedder, *, limit: int = 50) -> list[Contradictory]:
    """The strongest contradictions between current opinions, without those where the owner says both hold."""
    return _contradictions(wallet, embedder, None, limit)


def contradictions_of(
    wallet: Wallet, embedder: Embedder, numbers: Collection[int], *, limit: int = 50
) -> list[Contradictory]:
    """Like `contradictions`, those that a statement with one of `numbers` has a part in."""
    return _contradictions(wallet, embedder, frozenset(numbers), limit) if numbers else []


def accept(wallet: Wallet, a: int, b: int, *, now: datetime) -> None:
    """Keep that two statements both hold; they are shown as a contradiction no more. Raises NotFound."""
    statements.accept_contradiction(wallet.vault, a, b, now=format_timestamp(now))


def _contradictions(
    wallet: Wallet, embedder: Embedder, numbers: frozenset[int] | None, limit: int
) -> list[Contradictory]:
    embed_missing(wallet, embedder)
    opinions = read_opinions(wallet, embedder)
    if not opinions.statements:
        return []
    known = opinions.statements
    accepted = statements.accepted_contradictions(wallet.vault)
    found = find_contradictions(
        opinions.vectors,
        opinions.weights,
        opinions.texts,
        opinions.times,
        limit=limit + len(accepted),
        among=numbers and [row for row, statement in enumerate(known) if statement.number in numbers],
        background=topics.background(embed_topics(wallet, embedder).published),
    )
    pairs = [Contradictory(known[one.a], known[one.b], one.similarity, one.strength) for one in found]
    return [pair for pair in pairs if _numbers(pair) not in accepted][:limit]


def _numbers(pair: Contradictory) -> tuple[int, int]:
    first, second = sorted((pair.older.number, pair.newer.number))
    return first, second


def _named(opinions: Opinions, found: Sequence[Interest]) -> list[NamedInterest]:
    members = [
        [opinions.statements[row] for row in typical_first(interest, opinions.vectors)] for interest in found
    ]
    names = naming.names([[statement.text for statement in group] for group in members])
    return [
        NamedInterest(
            number=number,
            name=name,
            affinity=interest.affinity,
            members=tuple(group),
            since=interest.first,
            last=interest.last,
            half_life=interest.half_life,
        )
        for number, (name, interest, group) in enumerate(zip(names, found, members, strict=True), 1)
    ]
