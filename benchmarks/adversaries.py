"""Adversaries who ask to learn what somebody likes, and what they make of the answers.

An adversary holds the embedding model, a large catalogue of texts and knows how people's interests are
usually spread (`Catalogue`). It never sees a vector or a score: it yields texts and how many of them are to
be chosen, is sent the chosen places, or None for an answer that says nothing, and adds what it heard to its
guess of the direction of the interests. `linear` makes a better guess of that by how people differ.
"""

from __future__ import annotations

from collections.abc import Callable, Generator
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float32]
Doubles = NDArray[np.float64]
Questions = Generator[tuple[Floats, int], list[int] | None, None]
Adversary = Callable[["Catalogue", Doubles, np.random.Generator], Questions]

CANDIDATES = 20
TOP = 3


@dataclass(frozen=True)
class Catalogue:
    """What every adversary has.

    `texts`: float32 (n, d); `kinds`: float32 (k, d), one typical text for each kind of thing; `usual`:
    float64 (d,), the direction of everybody's interests; `spread`: float64 (d, d), the root of their
    covariance.
    """

    texts: Floats
    kinds: Floats
    usual: Doubles
    spread: Doubles

    def some(self, count: int, rng: np.random.Generator) -> Floats:
        return self.texts[rng.integers(len(self.texts), size=count)]


def random_candidates(catalogue: Catalogue, guess: Doubles, rng: np.random.Generator) -> Questions:
    """Any texts; what is chosen minus what is not."""
    while True:
        some = catalogue.some(CANDIDATES, rng)
        _hear(guess, some, (yield some, TOP))


def menu(catalogue: Catalogue, guess: Doubles, rng: np.random.Generator) -> Questions:
    """All kinds of things one after the other: a few questions cover everything there is."""
    order = rng.permutation(len(catalogue.kinds))
    start = 0
    while True:
        some = catalogue.kinds[order[np.arange(start, start + CANDIDATES) % len(order)]]
        start += CANDIDATES
        _hear(guess, some, (yield some, TOP))


def gradient(catalogue: Catalogue, guess: Doubles, rng: np.random.Generator) -> Questions:
    """First the kinds, then what lies in the direction that was found so far."""
    near = max(len(catalogue.texts) // 6, CANDIDATES)
    some = catalogue.kinds[rng.permutation(len(catalogue.kinds))[:CANDIDATES]]
    while True:
        places = yield some, TOP
        _hear(guess, some, places)
        if places is not None:
            towards = np.argpartition(-(catalogue.texts @ guess.astype(np.float32)), near - 1)[:near]
            some = catalogue.texts[rng.choice(towards, CANDIDATES, replace=False)]


def pairs(catalogue: Catalogue, guess: Doubles, rng: np.random.Generator) -> Questions:
    """This one or that one?"""
    while True:
        some = catalogue.some(2, rng)
        _hear(guess, some, (yield some, 1))


def repeated(catalogue: Catalogue, guess: Doubles, rng: np.random.Generator) -> Questions:
    """One question again and again, one candidate changed so that it is another, to wash out the noise."""
    step = len(catalogue.kinds) / CANDIDATES
    some = catalogue.kinds[[int(place * step) for place in range(CANDIDATES)]].copy()
    while True:
        some[-1] = catalogue.some(1, rng)[0]
        _hear(guess, some, (yield some, TOP))


ADVERSARIES: dict[str, Adversary] = {
    "random candidates": random_candidates,
    "a menu of all kinds": menu,
    "gradient": gradient,
    "pairs": pairs,
    "repeated": repeated,
}


def linear(catalogue: Catalogue, guess: Doubles) -> Doubles:
    """The guess, drawn towards the directions in which people differ most."""
    better: Doubles = catalogue.spread @ guess
    return better


def cosine(one: Doubles, other: Doubles) -> float:
    length = float(np.linalg.norm(one) * np.linalg.norm(other))
    return float(one @ other) / length if length else 0.0


def _hear(guess: Doubles, candidates: Floats, places: list[int] | None) -> None:
    """Towards what was chosen, away from what was not."""
    if places is not None:
        middle = candidates.mean(axis=0, dtype=np.float64)
        guess += candidates[places].sum(axis=0, dtype=np.float64) - len(places) * middle
