"""What the owner's opinions add up to: interests, topics, contradictions, and why a text is liked.

All of it is computed when it is asked for and nothing of it is stored, so that what is forgotten is
forgotten here as well. Only which topics are closed is kept: the owner's word, not what they like.
"""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import TYPE_CHECKING, Final

from ipse.encoding.safe_text import is_printable
from ipse.encoding.timestamps import format_timestamp, parse_timestamp
from ipse.errors import AlreadyExists, MalformedInput, NotFound
from ipse.preferences import contradictions as contradicting
from ipse.preferences import interests as grouping
from ipse.preferences import naming
from ipse.preferences import topics as listing
from ipse.preferences.embedding import Embedder
from ipse.storage import answers, statement_vectors, statements, topics
from ipse.storage import topic_access as access
from ipse.storage.statements import Statement
from ipse.wallet.profile.ranking import Mover, rank
from ipse.wallet.profile.remembering import embed_missing
from ipse.wallet.wallet import Wallet

if TYPE_CHECKING:
    from ipse.preferences.interests import Background, Floats, Interest
    from ipse.preferences.topics import Affinity

__all__ = [
    "Contradictory",
    "NamedInterest",
    "TopicAffinity",
    "Why",
    "accept",
    "add_topic",
    "contradictions",
    "contradictions_of",
    "interest_called",
    "interests",
    "remove_topic",
    "set_topic_access",
    "topic_access",
    "topic_affinities",
    "why",
]

_DAY: Final = 86400.0
_MAX_LABEL, _MAX_MEANING = 60, 300
_NEAR: Final = 5
_OWN: Final = "own:"


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
class TopicAffinity:
    """How much the owner likes a topic.

    `id` is None for a topic of the owner's own; `value` is in [-1, 1], None where too little is known;
    `evidence` is in statements; `movers` are the statements that moved it most. No answer to an application
    is about a topic that is not `open`.
    """

    id: str | None
    label: str
    group: str
    sensitive: bool
    value: float | None
    evidence: float
    movers: tuple[Statement, ...]
    open: bool


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


@dataclass(frozen=True, slots=True)
class _Opinions:
    """The current opinions, in columns."""

    known: list[Statement]
    vectors: Floats
    weights: list[float]
    times: list[datetime]


def interests(wallet: Wallet, embedder: Embedder) -> list[NamedInterest]:
    """What the owner's opinions gather around, the largest first. Raises NotFound for an empty profile."""
    opinions = _opinions(wallet, embedder)
    background = listing.background(_published(embedder))
    return _named(opinions, _found(opinions, background))


def interest_called(every: Sequence[NamedInterest], called: str) -> NamedInterest:
    """The interest with a number or a name, without regard to case. Raises NotFound."""
    for interest in every:
        if called == str(interest.number) or called.casefold() == interest.name.casefold():
            return interest
    raise NotFound(f"there is no interest {called!r}", hint="`ipse profile interests` lists them")


def topic_affinities(wallet: Wallet, embedder: Embedder, *, now: datetime) -> list[TopicAffinity]:
    """Every published topic and every topic of the owner's: the most liked first, the unknown last.

    Opinions fade with the half-life of their interest. An empty profile knows of none.
    """
    published = listing.published().topics
    own = topics.every(wallet.vault)
    vectors = embedder.embed([topic.means for topic in published] + [topic.meaning for topic in own])
    shipped = vectors[: len(published)]
    try:
        opinions = _opinions(wallet, embedder)
    except NotFound:
        opinions = _Opinions([], shipped[:0], [], [])
    relevance = _relevance(opinions, listing.background(shipped), now)
    found = listing.affinities(vectors, shipped, opinions.vectors, opinions.weights, relevance=relevance)

    access_of = topic_access(wallet)
    rows = [(topic.id, topic.label, topic.group, topic.sensitive, topic.id) for topic in published]
    names = [*rows, *((None, topic.label, "own", False, _OWN + topic.label) for topic in own)]

    def known(affinity: Affinity) -> tuple[Statement, ...]:
        return tuple(opinions.known[row] for row in affinity.movers)

    listed = [
        TopicAffinity(
            id=id_,
            label=label,
            group=group,
            sensitive=sensitive,
            value=one.value,
            evidence=one.evidence,
            movers=known(one),
            open=access_of.get(key, True),
        )
        for (id_, label, group, sensitive, key), one in zip(names, found, strict=True)
    ]
    return sorted(listed, key=lambda topic: (topic.value is None, -(topic.value or 0), topic.label))


def add_topic(wallet: Wallet, label: str, meaning: str | None, *, now: datetime) -> None:
    """Keep a topic of the owner's; it means what its label says unless `meaning` says more.

    Raises AlreadyExists, MalformedInput.
    """
    label = label.strip()
    meaning = (meaning or label).strip()
    for what, text, most in (("label", label, _MAX_LABEL), ("meaning", meaning, _MAX_MEANING)):
        if not text or not is_printable(text):
            raise MalformedInput(f"the {what} {text!r} is empty or holds what can't be printed")
        if len(text) > most:
            raise MalformedInput(f"the {what} has {len(text)} characters; at most {most} are kept")
    for topic in listing.published().topics:
        if label.casefold() in (topic.id, topic.label.casefold()):
            raise AlreadyExists(f"{topic.label!r} is on the published list", hint="choose another label")
    topics.add(wallet.vault, label=label, meaning=meaning, now=format_timestamp(now))


def remove_topic(wallet: Wallet, label: str) -> None:
    """Delete a topic of the owner's. Raises NotFound."""
    vault = wallet.vault
    key = _OWN + label.strip()
    with vault.transaction():
        was_open = topic_access(wallet).get(key, True)
        topics.remove(vault, label.strip())
        access.remove(vault, key)
        if not was_open:
            answers.drop_contents(vault)


def topic_access(wallet: Wallet) -> dict[str, bool]:
    """Whether each topic is open: the published ones by id, the owner's own by "own:" and their label.

    A sensitive one is closed until the owner opens it, any other is open until they close it.
    """
    said = access.every(wallet.vault)
    usual = {topic.id: not topic.sensitive for topic in listing.published().topics}
    usual |= {_OWN + topic.label: True for topic in topics.every(wallet.vault)}
    return {key: said.get(key, is_open) for key, is_open in usual.items()}


def set_topic_access(wallet: Wallet, label: str, *, open: bool) -> tuple[str, ...]:  # noqa: A002 - the word for it
    """Open or close the topics of a name; their keys in `topic_access`.

    A published topic is named by its id or by its label without regard to case, one of the owner's own by
    its label. What applications were answered before is not repeated to them afterwards, since it was made
    with other topics. Raises NotFound.
    """
    vault = wallet.vault
    label = label.strip()
    with vault.transaction():
        before = topic_access(wallet)
        named = [
            topic.id
            for topic in listing.published().topics
            if label.casefold() in (topic.id, topic.label.casefold())
        ]
        if _OWN + label in before:
            named.append(_OWN + label)
        if not named:
            raise NotFound(f"there is no topic {label!r}", hint="`ipse profile topics --all` lists them")
        for key in named:
            access.put(vault, key, open)
        if any(before[key] is not open for key in named):
            answers.drop_contents(vault)
    return tuple(named)


def why(wallet: Wallet, embedder: Embedder, text: str, *, now: datetime) -> Why:
    """What is behind the score of one text. Raises NotFound where the profile is empty, MalformedInput."""
    place = rank(wallet, embedder, [text], now=now, explain=1)[0]
    opinions = _opinions(wallet, embedder)
    shipped = _published(embedder)
    own = topics.every(wallet.vault)
    vector = embedder.embed([text])[0]
    background = listing.background(shipped)
    found = _found(opinions, background)
    position = grouping.belongs(found, vector, background=background)
    named = _named(opinions, found)
    labels = [topic.label for topic in listing.published().topics] + [topic.label for topic in own]
    asked = _with_own(embedder, shipped, [topic.meaning for topic in own])
    near = listing.nearest(asked, shipped, vector, limit=_NEAR)
    return Why(
        text=text,
        score=place.score,
        movers=place.movers,
        interest=None if position is None else named[position],
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
    try:
        opinions = _opinions(wallet, embedder)
    except NotFound:
        return []
    accepted = statements.accepted_contradictions(wallet.vault)
    among = numbers and [row for row, one in enumerate(opinions.known) if one.number in numbers]
    found = contradicting.find(
        opinions.vectors,
        [statement.weight for statement in opinions.known],
        [statement.text for statement in opinions.known],
        opinions.times,
        limit=limit + len(accepted),
        among=among,
        background=listing.background(_published(embedder)),
    )
    pairs = [
        Contradictory(opinions.known[one.a], opinions.known[one.b], one.similarity, one.strength)
        for one in found
    ]
    return [pair for pair in pairs if _numbers(pair) not in accepted][:limit]


def _numbers(pair: Contradictory) -> tuple[int, int]:
    first, second = sorted((pair.older.number, pair.newer.number))
    return first, second


def _opinions(wallet: Wallet, embedder: Embedder) -> _Opinions:
    """The current opinions and their vectors. Raises NotFound where there are none."""
    import numpy as np

    embed_missing(wallet, embedder)
    rows = statement_vectors.every(wallet.vault, embedder.fingerprint, kind="opinion")
    if not rows:
        raise NotFound(
            "the profile has no opinions",
            hint='tell it something: `ipse profile like "quiet novels about the sea"`',
        )
    known = [statement for statement, _ in rows]
    vectors = np.frombuffer(b"".join(vector for _, vector in rows), dtype=np.dtype("<f4"))
    return _Opinions(
        known=known,
        vectors=vectors.reshape(len(rows), embedder.dimension),
        weights=[statement.weight for statement in known],
        times=[parse_timestamp(statement.valid_from) for statement in known],
    )


def _published(embedder: Embedder) -> Floats:
    return embedder.embed([topic.means for topic in listing.published().topics])


def _with_own(embedder: Embedder, shipped: Floats, meanings: Sequence[str]) -> Floats:
    import numpy as np

    return np.concatenate((shipped, embedder.embed(meanings))) if meanings else shipped


def _found(opinions: _Opinions, background: Background) -> tuple[Interest, ...]:
    return grouping.find(opinions.vectors, opinions.weights, opinions.times, background=background)


def _named(opinions: _Opinions, found: Sequence[Interest]) -> list[NamedInterest]:
    members = [_typical_first(opinions, interest) for interest in found]
    names = naming.names([[opinions.known[row].text for row in rows] for rows in members])
    return [
        NamedInterest(
            number=number,
            name=name,
            affinity=interest.affinity,
            members=tuple(opinions.known[row] for row in rows),
            since=interest.first,
            last=interest.last,
            half_life=interest.half_life,
        )
        for number, (name, interest, rows) in enumerate(zip(names, found, members, strict=True), 1)
    ]


def _typical_first(opinions: _Opinions, interest: Interest) -> list[int]:
    import numpy as np

    rows = np.array(interest.members)
    order = np.argsort(-(opinions.vectors[rows] @ interest.centroid), kind="stable")
    return [interest.medoid, *(int(row) for row in rows[order] if row != interest.medoid)]


def _relevance(opinions: _Opinions, background: Background, now: datetime) -> list[float]:
    """How much of each opinion still counts, by the half-life of its interest."""
    half_lives = [grouping.half_life(())] * len(opinions.known)
    for interest in _found(opinions, background):
        for row in interest.members:
            half_lives[row] = interest.half_life
    ages = [max((now - time).total_seconds() / _DAY, 0.0) for time in opinions.times]
    return [0.5 ** (age / half_life) for age, half_life in zip(ages, half_lives, strict=True)]
