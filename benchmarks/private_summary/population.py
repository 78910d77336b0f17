"""What `rank` says of texts for people who are not attacked: what adversaries know before they ask."""

from __future__ import annotations

import hashlib
from collections.abc import Sequence

import numpy as np

from ipse.preferences import taste
from ipse.preferences.taste import Evidence, Texts

from .running import RUN
from .worlds import Cached, Doubles, Floats, Rows, World, merged, of_topics

PEOPLE = 120
STATEMENTS = (50, 100, 200)
TODAY = 20000.0


def opinions(world: World, rows: Rows, weights: Doubles) -> Evidence:
    """What somebody said, all of it today."""
    texts = [world.texts[row] for row in rows]
    keys = np.array([taste.text_key(text) for text in texts], np.uint64)
    return Evidence(Texts.of(texts, world.vectors[rows]), weights, np.full(len(texts), TODAY), keys)


def ranked(world: World, rows: Rows, weights: Doubles, asked: Texts) -> Doubles:
    """float64 (n,): what `rank` gives n texts."""
    return taste.fit(opinions(world, rows, weights)).scores(asked, TODAY)


def population(world: World, texts: Sequence[str], vectors: Floats) -> Doubles:
    """float64 (PEOPLE, n): what `rank` gives n texts for people of the prior, each of mean 0 and deviation 1.

    A third of them each made 50, 100 and 200 statements, as few users of MovieLens made many.

    The people of `topics` are the prior of "written", who are too few to be a population of their own.
    """
    digest = hashlib.sha256("\n".join(texts).encode()).hexdigest()[:16]
    path = RUN.cache / f"population_{world.name}_{digest}.npy"
    if not path.exists():
        others = of_topics(Cached()) if world.name == "written" else world
        asked, found = Texts.of(list(texts), vectors), []
        for number in range(PEOPLE):
            rng = np.random.default_rng([17, number])
            found.append(ranked(others, *merged(*others.person(rng, STATEMENTS[number % 3], True)), asked))
        scores = np.array(found)
        scores -= scores.mean(axis=1, keepdims=True)
        np.save(path, scores / scores.std(axis=1, keepdims=True))
    kept: Doubles = np.load(path)
    return kept
