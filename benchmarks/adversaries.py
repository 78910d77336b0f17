"""Adversaries who want to learn what somebody likes from private answers.

The first ask. They hold the embedding model, a catalogue of texts and know how people's interests are
usually spread (`Catalogue`). They yield questions, are sent what was chosen, and add what they heard to their
guess: a weight for each text of the catalogue. The weighted sum is the direction of the interests, and
`linear` makes it better by how people differ.

The others (`Holder`) hold the summaries that all these answers are computed from, so that no questions could
tell them more.
"""

from __future__ import annotations

from collections.abc import Callable, Generator
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float32]
Doubles = NDArray[np.float64]
Rows = NDArray[np.intp]
Chosen = NDArray[np.bool_]
Questions = Generator[Rows, Chosen, None]
Adversary = Callable[["Catalogue", Doubles, np.random.Generator], Questions]

CANDIDATES = 20
TOP = 3
BATCH = 100
"""Questions that are asked together: an adversary learns from a batch before the next one."""


@dataclass(frozen=True)
class Catalogue:
    """What every adversary who asks has.

    `texts`: float32 (n, d); `kinds`: rows of a text for each kind of thing; `wordings`: (kinds, w), rows of
    texts that say about the same as each of these; `spread`: float64 (d, d), the root of the covariance of
    everybody's interests.
    """

    texts: Floats
    kinds: Rows
    wordings: Rows
    spread: Doubles


def random_candidates(catalogue: Catalogue, guess: Doubles, rng: np.random.Generator) -> Questions:
    """Any texts; what is chosen minus what is not."""
    while True:
        some = rng.integers(len(catalogue.texts), size=(BATCH, CANDIDATES))
        _hear(guess, some, (yield some))


def menu(catalogue: Catalogue, guess: Doubles, rng: np.random.Generator) -> Questions:
    """All kinds of things one after the other: a few questions cover everything there is."""
    while True:
        some = _kinds(catalogue, rng)
        _hear(guess, some, (yield some))


def gradient(catalogue: Catalogue, guess: Doubles, rng: np.random.Generator) -> Questions:
    """First the kinds, then what lies in the direction that was found so far."""
    near = max(len(catalogue.texts) // 6, CANDIDATES)
    some = _kinds(catalogue, rng)
    while True:
        _hear(guess, some, (yield some))
        direction = guess.astype(np.float32) @ catalogue.texts
        towards = np.argpartition(-(catalogue.texts @ direction), near - 1)[:near]
        some = rng.choice(towards, (BATCH, CANDIDATES))


def pairs(catalogue: Catalogue, guess: Doubles, rng: np.random.Generator) -> Questions:
    """This one or that one?"""
    while True:
        some = rng.integers(len(catalogue.texts), size=(BATCH, 2))
        _hear(guess, some, (yield some))


def repeated(catalogue: Catalogue, guess: Doubles, rng: np.random.Generator) -> Questions:
    """One question again and again, one candidate changed so that it is another."""
    fixed = _spaced(catalogue)
    while True:
        some = np.tile(catalogue.kinds[fixed], (BATCH, 1))
        some[:, -1] = rng.integers(len(catalogue.texts), size=BATCH)
        _hear(guess, some, (yield some))


def reworded(catalogue: Catalogue, guess: Doubles, rng: np.random.Generator) -> Questions:
    """One question again and again, all of its candidates in other words each time."""
    fixed = _spaced(catalogue)
    while True:
        some = _said_otherwise(catalogue, np.tile(fixed, (BATCH, 1)), rng)
        _hear(guess, some, (yield some))


def reworded_menu(catalogue: Catalogue, guess: Doubles, rng: np.random.Generator) -> Questions:
    """All kinds of things, in other words each time."""
    while True:
        kinds = np.stack([rng.permutation(len(catalogue.kinds))[:CANDIDATES] for _ in range(BATCH)])
        some = _said_otherwise(catalogue, kinds, rng)
        _hear(guess, some, (yield some))


ADVERSARIES: dict[str, Adversary] = {
    "random candidates": random_candidates,
    "menu of all kinds": menu,
    "gradient": gradient,
    "pairs": pairs,
    "repeated": repeated,
    "reworded": reworded,
    "reworded menu": reworded_menu,
}


class Holder:
    """Adversaries who hold the counts of summaries, and learned from people who are not attacked.

    `clean`: float64 (p, t), the votes of p people for t topics without noise; `directions`: float64 (p, d),
    of their interests; `topics`: float64 (t, d), less what all texts have in common; `variance`: of the noise
    that the adversary prepares for.
    """

    def __init__(self, clean: Doubles, directions: Doubles, topics: Doubles, variance: float) -> None:
        self.topics = topics
        self.spread: Doubles = np.cov(directions.T)
        self.centre = clean.mean(axis=0)
        apart = clean - self.centre
        self.gram, self.moment = apart.T @ apart / len(apart), apart.T @ directions / len(apart)
        self.linear = _solved(self.gram + (variance + 1e-3) * np.eye(len(self.gram)), self.moment)
        rng = np.random.default_rng(6)
        self.values: Doubles = rng.choice(clean.ravel(), 3000)
        self.variance = variance
        noisy = np.repeat(clean, 2, axis=0)
        seen = self._denoised(noisy + rng.laplace(scale=(variance / 2) ** 0.5, size=noisy.shape))
        self.middle = seen.mean(axis=0)
        gram = (seen - self.middle).T @ (seen - self.middle) / len(seen)
        gram += 0.02 * np.trace(gram) / len(gram) * np.eye(len(gram))
        wanted = np.repeat(directions, 2, axis=0)
        self.from_denoised = _solved(gram, (seen - self.middle).T @ wanted / len(seen))

    def guesses(self, counts: Doubles) -> dict[str, Doubles]:
        """Directions, (n, d) each, from the counts of n people, (n, t), in votes."""
        plain = counts @ self.topics
        faint = (self.variance / 2) ** 0.5
        return {
            "plain": plain,
            "soft threshold": (np.sign(counts) * np.maximum(np.abs(counts) - faint, 0)) @ self.topics,
            "covariance": plain @ self.spread,
            "linear": (counts - self.centre) @ self.linear,
            "posterior mean": (self._denoised(counts) - self.middle) @ self.from_denoised,
        }

    def _denoised(self, counts: Doubles) -> Doubles:
        """The posterior mean of each count, by what other people's counts are."""
        grid = np.linspace(-1, 1, 481) * max(60.0, 1.2 * float(np.abs(counts).max()))
        likelihood = np.exp(-np.abs(grid[:, None] - self.values[None]) / (self.variance / 2) ** 0.5)
        means = (likelihood @ self.values) / np.maximum(likelihood.sum(axis=1), 1e-300)
        found: Doubles = np.interp(counts, grid, means)
        return found


def linear(catalogue: Catalogue, direction: Doubles) -> Doubles:
    """The direction, drawn towards those in which people differ most."""
    better: Doubles = catalogue.spread @ direction
    return better


def cosine(one: Doubles, other: Doubles) -> float:
    length = float(np.linalg.norm(one) * np.linalg.norm(other))
    return float(one @ other) / length if length else 0.0


def _solved(gram: Doubles, moment: Doubles) -> Doubles:
    return np.asarray(np.linalg.solve(gram, moment), np.float64)


def _kinds(catalogue: Catalogue, rng: np.random.Generator) -> Rows:
    """BATCH questions that go through all kinds, in an order of their own each time."""
    count = -(-BATCH * CANDIDATES // len(catalogue.kinds))
    order = np.concatenate([rng.permutation(catalogue.kinds) for _ in range(count)])
    return order[: BATCH * CANDIDATES].reshape(BATCH, CANDIDATES)


def _spaced(catalogue: Catalogue) -> Rows:
    return np.linspace(0, len(catalogue.kinds) - 1, CANDIDATES).astype(np.intp)


def _said_otherwise(catalogue: Catalogue, kinds: Rows, rng: np.random.Generator) -> Rows:
    found: Rows = catalogue.wordings[kinds, rng.integers(catalogue.wordings.shape[1], size=kinds.shape)]
    return found


def _hear(guess: Doubles, asked: Rows, chosen: Chosen) -> None:
    """Towards what was chosen, away from what was not; nothing of a question that was not answered."""
    shares = chosen.sum(axis=1, keepdims=True) / asked.shape[1]
    np.add.at(guess, asked, chosen - shares)
