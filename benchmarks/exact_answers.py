"""Adversaries who were told exact answers of an owner, and what they foretell.

An application asks for the best of its own catalogue, again and again. The strongest adversary is a Gaussian
process over the catalogue: its covariance is that of what `rank` says to people who are not attacked, plus
one by how alike two texts are. `ipse.disclosure.exposure` does not use it, so it can judge that.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import lru_cache
from statistics import NormalDist

import numpy as np
from private_summary.population import population, ranked
from private_summary.worlds import TOP, Doubles, Floats, Person, Rows, World, published

from ipse.disclosure.foretelling import rhos, shares
from ipse.preferences import topics
from ipse.preferences.taste import Texts

OFFERED, FRESH = 1600, 400
"""Texts that an application has, and others of the same kind by which its guesses are judged."""
SETS = 200
"""Sets of 20 fresh texts, of which the next top 3 are guessed."""


@dataclass(frozen=True)
class Setting:
    """The Gaussian process: how much weigh the prior's `mean`, its `covariance` and `likeness`; the variance
    of the error of a place that was `told` and of one that was not."""

    mean: float
    covariance: float
    likeness: float
    told: float
    other: float


MADE, FILMS = Setting(0.0, 0.1, 3.0, 0.3, 1.0), Setting(0.4, 1.0, 1.0, 1.0, 3.0)
"""Of ten kernels and three errors, those that foretold people of the prior best."""


def setting(world: World) -> Setting:
    return FILMS if world.name == "films" else MADE


@dataclass(frozen=True)
class Answer:
    """Places in a catalogue, of which the first `told` were told, the most liked first; in their order or,
    where not `ordered`, as a set."""

    rows: Rows
    told: int
    ordered: bool = False


@dataclass(frozen=True)
class Catalogue:
    """OFFERED texts, then FRESH ones, then the topics. `scores`: float64 (people, n) of the prior."""

    texts: list[str]
    vectors: Floats
    scores: Doubles

    @property
    def fresh(self) -> slice:
        return slice(OFFERED, OFFERED + FRESH)

    @property
    def topics(self) -> slice:
        return slice(OFFERED + FRESH, len(self.texts))

    def of(self, world: World, person: Person) -> Doubles:
        """float64 (n,): what `rank` gives all texts for an attacked person."""
        return ranked(world, person.rows, person.weights, Texts.of(self.texts, self.vectors))


def catalogue(world: World) -> Catalogue:
    """Some of a world's texts."""
    rows = np.random.default_rng(29).choice(world.askable, OFFERED + FRESH, replace=False)
    texts = [world.texts[row] for row in rows] + [topic.means for topic in topics.published().topics]
    vectors = np.concatenate([world.vectors[rows], published()])
    return Catalogue(texts, vectors, population(world, texts, vectors))


def answers(
    scores: Doubles, offered: int, count: int, rng: np.random.Generator, *, ordered: bool = False
) -> list[Answer]:
    """Exact answers to questions of `offered` texts: the top 3, or the order of all."""
    found = []
    for _ in range(count):
        rows = rng.choice(OFFERED, offered, replace=False)
        best = rows[np.argsort(-scores[rows], kind="stable")]
        found.append(Answer(best, offered if ordered else TOP, ordered))
    return found


class GaussianProcess:
    """Foretells all texts of a catalogue."""

    def __init__(self, known: Catalogue, setting: Setting) -> None:
        self.setting, self.mean = setting, setting.mean * known.scores.mean(axis=0)
        apart = known.scores - known.scores.mean(axis=0)
        self.kernel = setting.covariance * (apart.T @ apart) / len(apart)
        alike = (known.vectors @ known.vectors.T).astype(np.float64)
        self.kernel += setting.likeness * np.exp(4 * (alike - 1))

    def foretold(self, told: Sequence[Answer]) -> Doubles:
        """float64 (n,): the scores of all texts, given the answers."""
        rows, values, variances = _observed(told, self.setting, len(self.mean))
        system = self.kernel[np.ix_(rows, rows)] + np.diag(variances)
        found: Doubles = self.mean + self.kernel[:, rows] @ np.linalg.solve(system, values - self.mean[rows])
        return found


def summed(told: Sequence[Answer], vectors: Floats) -> Doubles:
    """float64 (d,): what was told less what was not; of an order, each text by its place."""
    weights = np.zeros(len(vectors))
    for one in told:
        np.add.at(weights, one.rows, _places(len(one.rows), one.told, one.ordered))
    direction: Doubles = weights @ vectors.astype(np.float64)
    return direction


def judged(guess: Doubles, scores: Doubles) -> tuple[float, float]:
    """Spearman's rho with `scores` and the share of the next top 3 of 20 that is guessed; both (n,)."""
    sets = _sets(len(scores))
    column = guess.astype(np.float32)[:, None]
    return float(rhos(column, scores)[0]), float(shares(column, scores, sets)[0])


@lru_cache(maxsize=4)
def _sets(count: int) -> Rows:
    rng = np.random.default_rng(31)
    return np.stack([rng.choice(count, 20, replace=False) for _ in range(SETS)])


@lru_cache(maxsize=64)
def _places(count: int, told: int, ordered: bool) -> Doubles:
    """float64 (count,): normal scores of the places, their means where the order is not told."""
    normal = np.array(
        [NormalDist().inv_cdf((count - place - 0.375) / (count + 0.25)) for place in range(count)]
    )
    if not ordered:
        normal[:told], normal[told:] = normal[:told].mean(), normal[told:].mean()
    return normal


def _observed(told: Sequence[Answer], setting: Setting, size: int) -> tuple[Rows, Doubles, Doubles]:
    """The texts that were offered, what the answers say of each on average, and its variance."""
    totals, weights = np.zeros(size), np.zeros(size)
    for one in told:
        own = np.full(len(one.rows), 1 / setting.other)
        own[: one.told] = 1 / setting.told
        np.add.at(totals, one.rows, own * _places(len(one.rows), one.told, one.ordered))
        np.add.at(weights, one.rows, own)
    rows = np.flatnonzero(weights)
    return rows, totals[rows] / weights[rows], 1 / weights[rows]
