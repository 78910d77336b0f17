"""The topics of a profile: how much each is liked, which are the owner's own, and which are open.

Affinities are computed when they are asked for. The vault keeps the owner's own topics, which topics are
closed, and the vectors of all topics.
"""

from __future__ import annotations

import contextlib
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import TYPE_CHECKING, Final

from ipse.encoding.safe_text import is_printable
from ipse.encoding.timestamps import format_timestamp
from ipse.errors import AlreadyExists, MalformedInput, NotFound, StorageError
from ipse.preferences import topics, vectors
from ipse.preferences.embedding import Embedder
from ipse.preferences.interests import find_interests, relevance
from ipse.storage import topic_store
from ipse.storage.statements import Statement
from ipse.storage.topic_store import OwnTopic
from ipse.wallet.profile.opinions import read_opinions
from ipse.wallet.profile.remembering import embed_missing
from ipse.wallet.wallet import Wallet

if TYPE_CHECKING:
    from ipse.preferences.topics import Affinity
    from ipse.preferences.vectors import Floats

__all__ = [
    "EmbeddedTopics",
    "TopicAffinity",
    "access_by_topic",
    "add_topic",
    "embed_topics",
    "remove_topic",
    "set_topic_access",
    "topic_affinities",
]

_MAX_LABEL, _MAX_MEANING = 60, 300
_OWN: Final = "own:"


@dataclass(frozen=True, slots=True)
class EmbeddedTopics:
    """The topics as vectors of one model, unit length.

    `published` is float32 (t, d), in the order of the list; `own` are the owner's own topics, and `every` is
    float32 (t + k, d), the published topics and then the k own ones, whose names in `access_by_topic` are
    `keys`; `others` is float32 (m, d), of the texts that were embedded beside them.
    """

    published: Floats
    own: Sequence[OwnTopic]
    every: Floats
    keys: Sequence[str]
    others: Floats


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


def embed_topics(wallet: Wallet, embedder: Embedder, others: Sequence[str] = ()) -> EmbeddedTopics:
    """Return the vectors of the published topics, of the owner's own and of `others`.

    `others` are texts of the program that never change. Each text is embedded once per model, and its vector
    is kept in the vault; on a full disk the next command embeds it again. Raises MalformedInput for an own
    topic that the model cannot read.
    """
    listed, own = topics.published().topics, topic_store.own(wallet.vault)
    published = [topic.means for topic in listed]
    texts = [*published, *(topic.meaning for topic in own), *others]
    stored = topic_store.vectors(wallet.vault, embedder.fingerprint)
    missing = [text for text in dict.fromkeys(texts) if text not in stored]
    if missing:
        new = dict(zip(missing, vectors.to_bytes(embedder.embed(missing)), strict=True))
        stored |= new
        with contextlib.suppress(StorageError):
            only_own = {topic.meaning for topic in own}.difference(published, others)
            topic_store.keep_vectors(wallet.vault, embedder.fingerprint, new, own=only_own)
    found = vectors.from_bytes([stored[text] for text in texts], embedder.dimension)
    keys = [topic.id for topic in listed] + [_OWN + topic.label for topic in own]
    return EmbeddedTopics(found[: len(listed)], own, found[: len(keys)], keys, found[len(keys) :])


def topic_affinities(wallet: Wallet, embedder: Embedder, *, now: datetime) -> list[TopicAffinity]:
    """Every published topic and every topic of the owner's: the most liked first, the unknown last.

    Opinions fade with the half-life of their interest. An empty profile knows of none.
    """
    embed_missing(wallet, embedder)
    opinions = read_opinions(wallet, embedder)
    embedded = embed_topics(wallet, embedder)
    weights, times = opinions.weights, opinions.times
    background = topics.background(embedded.published)
    interests = find_interests(opinions.vectors, weights, times, background=background)
    found = topics.affinities(
        embedded.every,
        embedded.published,
        opinions.vectors,
        weights,
        relevance=relevance(interests, times, now),
    )
    access = access_by_topic(wallet, embedded.own)

    def known(affinity: Affinity) -> tuple[Statement, ...]:
        return tuple(opinions.statements[row] for row in affinity.movers)

    rows = [
        *((topic.id, topic.label, topic.group, topic.sensitive) for topic in topics.published().topics),
        *((None, topic.label, "own", False) for topic in embedded.own),
    ]
    listed = [
        TopicAffinity(
            id=id_,
            label=label,
            group=group,
            sensitive=sensitive,
            value=one.value,
            evidence=one.evidence,
            movers=known(one),
            open=access[key],
        )
        for key, (id_, label, group, sensitive), one in zip(embedded.keys, rows, found, strict=True)
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
    for topic in topics.published().topics:
        if label.casefold() in (topic.id, topic.label.casefold()):
            raise AlreadyExists(f"{topic.label!r} is on the published list", hint="choose another label")
    topic_store.add(wallet.vault, label=label, meaning=meaning, now=format_timestamp(now))


def remove_topic(wallet: Wallet, label: str) -> None:
    """Delete a topic of the owner's. Raises NotFound."""
    vault = wallet.vault
    with vault.transaction():
        topic_store.remove(vault, label.strip())
        topic_store.forget_access(vault, _OWN + label.strip())


def access_by_topic(wallet: Wallet, own: Sequence[OwnTopic] | None = None) -> dict[str, bool]:
    """Whether each topic is open: the published ones by id, the owner's own by "own:" and
    their label.

    A sensitive one is closed until the owner opens it, any other is open until they close it. `own` are the
    owner's own topics, where they were read before.
    """
    said = topic_store.access(wallet.vault)
    own = topic_store.own(wallet.vault) if own is None else own
    usual = {topic.id: not topic.sensitive for topic in topics.published().topics}
    usual |= {_OWN + topic.label: True for topic in own}
    return {key: said.get(key, is_open) for key, is_open in usual.items()}


def set_topic_access(wallet: Wallet, label: str, *, open: bool) -> tuple[str, ...]:  # noqa: A002 - the word for it
    """Open or close the topics of a name; their keys in `access_by_topic`.

    A published topic is named by its id or by its label without regard to case, one of the owner's own by
    its label. In private summaries a topic that was closed stays noise alone until the next are drawn. Raises
    NotFound.
    """
    vault = wallet.vault
    label = label.strip()
    with vault.transaction():
        before = access_by_topic(wallet)
        named = [
            topic.id
            for topic in topics.published().topics
            if label.casefold() in (topic.id, topic.label.casefold())
        ]
        if _OWN + label in before:
            named.append(_OWN + label)
        if not named:
            raise NotFound(f"there is no topic {label!r}", hint="`ipse profile topics --all` lists them")
        for key in named:
            topic_store.set_access(vault, key, open)
    return tuple(named)
