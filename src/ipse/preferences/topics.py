"""Topics: a published list of plain subjects, and how the owner feels about each.

The list is part of the program and has a version; an identifier, once published, keeps its meaning.
"""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cache
from typing import TYPE_CHECKING, Final

from ipse.errors import NotFound
from ipse.preferences.interests import Background
from ipse.preferences.vectors import exact_cosines

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

    Floats = NDArray[np.float32]

__all__ = [
    "ABOUT",
    "Affinity",
    "Topic",
    "TopicList",
    "affinities",
    "background",
    "called",
    "nearest",
    "published",
    "shares",
]

_FAINT, _CLEAR = 2.75, 4.75
"""Spreads above a text's mean similarity to the topics at which one begins to be, and is, its subject."""
_SPREAD: Final = 0.7
"""Least spread of a text's similarities, as a share of the topics' own."""
_SHRINKAGE: Final = 0.5
"""Statements' worth of evidence for being indifferent."""
_ENOUGH: Final = 0.4
"""Statements' worth of evidence below which an affinity is not known."""
_MOVERS: Final = 3
_NEAR: Final = 5
"""Topics that are named of a text."""
ABOUT: Final = 0.5
"""Share from which a text counts as being about a topic, where that is a question of yes or no."""
_BLOCK: Final = 8192


@dataclass(frozen=True, slots=True)
class Topic:
    """A subject: `means` is what is embedded; `sensitive` where it may tell of a person's health, faith,
    politics, origin or sexuality (the special categories of GDPR article 9)."""

    id: str
    label: str
    group: str
    means: str
    sensitive: bool


@dataclass(frozen=True, slots=True)
class TopicList:
    """A version of the published list."""

    version: int
    topics: tuple[Topic, ...]


@dataclass(frozen=True, slots=True)
class Affinity:
    """How much the owner likes a topic.

    `value` is in [-1, 1], None where too little is known; `evidence` is in statements; `movers` are the
    rows of the statements that moved it most.
    """

    value: float | None
    evidence: float
    movers: tuple[int, ...]


@cache
def published() -> TopicList:
    """The list that is shipped with the program."""
    from importlib import resources

    text = resources.files(__package__).joinpath("topic_list.json").read_text(encoding="utf-8")
    content = json.loads(text)
    return TopicList(content["version"], tuple(Topic(**topic) for topic in content["topics"]))


def called(name: str) -> Topic:
    """The published topic with this id or label, without regard to case. Raises NotFound."""
    for topic in published().topics:
        if name.strip().casefold() in (topic.id, topic.label.casefold()):
            return topic
    raise NotFound(
        f"there is no published topic {name[:100]!r}", hint="`ipse profile topics --all` lists them"
    )


def label_of(topic: str) -> str:
    """The label of the published topic with this id; the id itself if the list does not have it."""
    return _labels().get(topic, topic)


def background(topics: Floats) -> Background:
    """How alike unrelated texts are under the model that made the published topics' vectors.

    `topics` is float32 (t, d), unit length, t > 1.
    """
    import numpy as np

    pairs = (topics @ topics.T)[np.triu_indices(len(topics), 1)]
    return Background(float(pairs.mean(dtype=np.float64)), float(pairs.std(dtype=np.float64)))


def affinities(
    asked: Floats,
    published_topics: Floats,
    vectors: Floats,
    weights: Sequence[float],
    *,
    relevance: Sequence[float] | None = None,
) -> list[Affinity]:
    """The affinity to each of `asked`, float32 (k, d), from statements float32 (n, d), all unit length.

    Every text is somewhat like every topic, so a statement counts for a topic as far as it stands out
    among its similarities to the `published_topics`, float32 (t, d). `weights` are in [-1, 1];
    `relevance` says how much of each statement still counts, in (0, 1], all of it where not given.
    """
    import numpy as np

    if not len(asked):
        return []
    graded = np.asarray(weights, dtype=np.float64)
    counted = np.ones(len(graded)) if relevance is None else np.asarray(relevance, dtype=np.float64)
    found = shares(asked, published_topics, vectors)
    return [_affinity(found[:, topic].astype(np.float64), graded, counted) for topic in range(len(asked))]


def shares(asked: Floats, published_topics: Floats, vectors: Floats) -> Floats:
    """How much each of n texts is about each of `asked`, float32 (n, k) in [0, 1].

    A text's row depends on no other text. Shapes as in `affinities`.
    """
    import numpy as np

    least = _SPREAD * background(published_topics).spread
    blocks = [
        _shares(asked, published_topics, vectors[start : start + _BLOCK], least)
        for start in range(0, len(vectors), _BLOCK)
    ]
    return np.concatenate(blocks) if blocks else np.zeros((0, len(asked)), dtype=np.float32)


def nearest(
    asked: Floats, published_topics: Floats, vector: Floats, *, limit: int = _NEAR
) -> list[tuple[int, float]]:
    """The topics that a text, float32 (d,), is about: (row of `asked`, share in (0, 1]), clearest first."""
    import numpy as np

    if not len(asked):
        return []
    least = _SPREAD * background(published_topics).spread
    shares = _shares(asked, published_topics, vector[np.newaxis], least)[0]
    order = np.argsort(-(asked @ vector), kind="stable")
    return [(int(row), float(shares[row])) for row in order if shares[row] > 0][:limit]


@cache
def _labels() -> dict[str, str]:
    return {topic.id: topic.label for topic in published().topics}


def _shares(asked: Floats, published_topics: Floats, vectors: Floats, least: float) -> Floats:
    import numpy as np

    usual = exact_cosines(vectors, published_topics)
    mean = usual.mean(axis=1, keepdims=True)
    spread = np.maximum(usual.std(axis=1, keepdims=True), least)
    stands_out = (exact_cosines(vectors, asked) - mean) / spread
    shares: Floats = np.clip((stands_out - _FAINT) / (_CLEAR - _FAINT), 0, 1).astype(np.float32)
    return shares


def _affinity(
    shares: NDArray[np.float64], weights: NDArray[np.float64], relevance: NDArray[np.float64]
) -> Affinity:
    """A weighted mean of the weights, drawn towards 0 where there is little evidence."""
    import numpy as np

    evidence = float(shares.sum())
    votes = shares * relevance
    order = np.argsort(-votes * np.abs(weights), kind="stable")[:_MOVERS]
    movers = tuple(int(row) for row in order if votes[row] > 0)
    total = float(votes.sum())
    if evidence < _ENOUGH or total == 0:
        return Affinity(None, evidence, movers)
    mean = float((votes * weights).sum()) / total
    return Affinity(mean * evidence / (evidence + _SHRINKAGE), evidence, movers)
