"""Adversaries who foretell what somebody will choose from what they were told.

Each makes a guess: a direction in the space of meanings, along which a text is liked more. They are the steps
of one learner, Bradley-Terry (R. A. Bradley and M. E. Terry, Rank Analysis of Incomplete Block Designs,
Biometrika 39, 1952): what was told is liked more than what was not, with a logistic error. Its first step is
the sum of what was told less what was not, its last the most probable guess. It runs with and without the
covariance of a population, on all places and on the first places of an order; the sum of all guesses is one
more. numpy is imported when it is used.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from functools import lru_cache
from hashlib import blake2b
from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

    Floats = NDArray[np.float32]
    Doubles = NDArray[np.float64]
    Places = NDArray[np.intp]

__all__ = ["OFFERED", "Heard", "Part", "Population", "joined", "likeness", "rhos", "shares"]

TOP, OFFERED = 3, 20
"""A share is that of the next TOP of OFFERED."""
_FEW, _MANY = 600, 1000
"""Rows up to which there are ten folds, and up to which all adversaries run."""
_LEAST: Final = 8
"""Rows of a part that is judged."""
_CAUTION: Final = 0.5
_RIDGE: Final = 1.0
"""Precision of the prior, whose covariance has the dimension as its trace."""
_STEPS, _SHORTER = (1, 4, 16), (1, 4, 11)
"""Steps after which a guess is read; with many rows."""
_PREFIXES: Final = (1, 3, 10)


@dataclass(frozen=True, slots=True)
class Population:
    """What strangers know of people: `usual`, float32 (d,), the direction of what most like; `covariance`,
    float32 (d, d), how they differ, its trace the dimension."""

    usual: Floats
    covariance: Floats

    @classmethod
    def of(cls, texts: Floats) -> Population:
        """People with interests anywhere among `texts`, float32 (n, d)."""
        import numpy as np

        apart = texts - texts.mean(axis=0)
        covariance = apart.T @ apart
        covariance *= len(covariance) / max(float(np.trace(covariance)), 1e-9)
        covariance[np.diag_indices_from(covariance)] += 0.1
        return cls(texts.mean(axis=0), (covariance / 1.1).astype(np.float32))


@dataclass(frozen=True, slots=True)
class Part:
    """Rows that are held out together. `asked`: those of them that the next texts would be like; `scores`:
    what `rank` gives these."""

    vectors: Floats
    tiers: tuple[int, ...]
    weight: float
    asked: Places
    scores: Doubles


@lru_cache(maxsize=64)
def _pairs(tiers: tuple[int, ...]) -> tuple[Places, Places]:
    """What is liked more than what, as rows.

    Of places with one row each, those 1, 2, 4, 8, … apart, which tell as much as all; and all that is above
    or below a place that several rows share.
    """
    import numpy as np

    own = np.array(tiers)
    alone = np.bincount(own)[own] == 1
    apart = np.arange(len(own))[None, :] - np.arange(len(own))[:, None]
    near = (apart > 0) & ((apart & (apart - 1)) == 0)
    above, below = np.nonzero((own[:, None] < own) & (near | ~(alone[:, None] & alone)))
    return above, below


class Heard:
    """All parts as arrays, and the adversaries that learn from them."""

    def __init__(self, parts: Sequence[Part]) -> None:
        import numpy as np

        self.parts = parts
        self.rows = np.concatenate([part.vectors for part in parts])
        self.folds = min(len(parts), 10 if len(self.rows) <= _FEW else 5)
        starts = np.cumsum([0, *(len(part.tiers) for part in parts)])
        pairs = [_pairs(part.tiers) for part in parts]
        counts = [len(above) for above, _ in pairs]
        self.above, self.below = (
            np.concatenate([pair[side] + start for pair, start in zip(pairs, starts, strict=False)])
            for side in (0, 1)
        )
        weights = np.repeat(np.array([part.weight for part in parts], np.float32), counts)
        fold = np.repeat(np.arange(len(parts)) % self.folds, counts)
        self.every = len(self.rows) <= _MANY
        kept = [weights * (fold != out) for out in (range(-1, self.folds) if self.every else (0,))]
        columns, self.per = kept, len(kept)
        if self.every:
            heights = np.array([tier for part in parts for tier in part.tiers])
            prefixes = _PREFIXES if heights.max() > 1 else ()
            first = [(heights[self.above] < most) & (heights[self.below] >= most) for most in prefixes]
            columns = [*kept, *kept, *(column * some for some in first for column in kept)]
        self.weights = np.stack(columns, axis=1)

    def guesses(self, population: Population) -> Floats:
        """float32 (d, adversaries, folds), of which the first holds nothing out, but for many rows: minimise
        by the steps of J. Barzilai and J. Borwein (Two-Point Step Size Gradient Methods, 1988)."""
        import numpy as np

        def spread(dual: Floats) -> Floats:
            if not self.every:
                return dual
            known = slice(self.per, 2 * self.per)
            wide = dual.copy()
            wide[:, known] = population.covariance @ dual[:, known]
            return wide

        dual = np.zeros((self.rows.shape[1], self.weights.shape[1]), np.float32)
        guess, change, bend, gradient, found = dual, dual, dual, dual, []
        steps = _STEPS if self.every else _SHORTER
        for number in range(1, steps[-1] + 1):
            before, gradient = gradient, _RIDGE * dual - self._pull(self.rows @ guess)
            if number == 1:
                change, bend = gradient, spread(gradient)
                moved = self.rows @ bend
                curved = ((moved[self.above] - moved[self.below]) ** 2 * self.weights).sum(axis=0) / 4
                step = _ratio((change * bend).sum(axis=0), curved + _RIDGE * (change * bend).sum(axis=0))
            else:
                step = _ratio((change * bend).sum(axis=0), (bend * (gradient - before)).sum(axis=0))
            change = -step * gradient
            bend = spread(change)
            dual, guess = dual + change, guess + bend
            if number in steps:
                found.append(guess.reshape(len(guess), -1, self.per))
        return np.concatenate(found, axis=1)

    def _pull(self, scores: Floats) -> Floats:
        import numpy as np

        odds = np.exp(np.clip(scores[self.above] - scores[self.below], -30, 30))
        pulls = [
            np.bincount(self.above, missed, len(scores)) - np.bincount(self.below, missed, len(scores))
            for missed in (self.weights / (1 + odds)).T
        ]
        pulled: Floats = self.rows.T @ np.stack(pulls, axis=1).astype(np.float32)
        return pulled

    def held_out(self, guesses: Floats, insider: float) -> tuple[float, float, int]:
        """Rho and share of the best adversary over parts that are foretold from the others, and of how many
        texts.

        Few texts measure badly, and too low is worse than too high: so _CAUTION standard errors are added.
        """
        import numpy as np

        rho: list[Doubles] = []
        share: list[Doubles] = []
        judged = 0
        for number, part in enumerate(self.parts):
            fold = number % self.folds
            if (fold and not self.every) or len(part.scores) < _LEAST:
                continue
            guessed = part.vectors[part.asked] @ guesses[:, :, fold + 1 if self.every else 0]
            own = joined(guessed, part.scores, insider)
            judged += len(own) - 1
            rho.append(rhos(own, part.scores))
            order = np.random.default_rng(number).permutation(len(own))
            sets = order[: len(own) // OFFERED * OFFERED].reshape(-1, OFFERED)
            if len(sets):
                share.append(shares(own, part.scores, sets))
        if len(rho) < 2:
            return 0.0, 0.0, 0
        means = np.mean(rho, axis=0)
        best = int(means.argmax())
        error = (1 - float(means[best]) ** 2) / math.sqrt(judged)
        named = float(np.mean(share, axis=0)[best]) if share else 0.0
        return float(means[best]) + _CAUTION * error, named, judged


def _ratio(one: Floats, other: Floats) -> Floats:
    import numpy as np

    ratio: Floats = np.where(other > 1e-12, one / np.maximum(other, 1e-12), 0.0).astype(np.float32)
    return ratio


def likeness(vectors: Floats) -> float:
    """The mean cosine of any two of n > 1 vectors, float32 (n, d), unit length."""
    middle = vectors.mean(axis=0)
    return (float(middle @ middle) * len(vectors) - 1) / (len(vectors) - 1)


def joined(guessed: Floats, scores: Doubles, insider: float) -> Floats:
    """The scores of all adversaries, float32 (n, a), with their sum, and each with an insider's, who would
    foretell `scores` with this rho from what is usual alone."""
    import numpy as np

    apart = guessed - guessed.mean(axis=0)
    apart /= np.maximum(apart.std(axis=0), 1e-9)
    total = apart.sum(axis=1, keepdims=True)
    apart = np.hstack([apart, total / max(float(total.std()), 1e-9)])
    if insider <= 0:
        return apart
    true = _ranks(scores) - (len(scores) - 1) / 2
    drawn_by = blake2b(scores.tobytes(), digest_size=8).digest()
    noise = np.random.default_rng(int.from_bytes(drawn_by)).standard_normal(len(scores))
    noise -= noise.mean() + true * (noise @ true) / (true @ true)
    knows = (insider * true / true.std() + math.sqrt(1 - insider**2) * noise / noise.std())[:, None]
    return np.hstack([apart, *(apart + weight * knows for weight in (0.2, 0.5, 1.0))]).astype(np.float32)


def _ranks(values: Doubles | Floats) -> Doubles:
    import numpy as np

    return np.argsort(np.argsort(values, axis=0, kind="stable"), axis=0, kind="stable").astype(np.float64)


def rhos(guessed: Floats, scores: Doubles) -> Doubles:
    """float64 (a,): Spearman's rho of each column of `guessed` (n, a) with `scores` (n,)."""
    middle = (len(scores) - 1) / 2
    true = _ranks(scores) - middle
    found: Doubles = true @ (_ranks(guessed) - middle) / (true @ true)
    return found


def shares(guessed: Floats, scores: Doubles, sets: Places) -> Doubles:
    """float64 (a,): how much of the top of each of `sets`, rows (s, OFFERED), each column names."""
    import numpy as np

    hit = np.zeros(sets.shape, bool)
    np.put_along_axis(hit, np.argpartition(-scores[sets], TOP - 1, axis=1)[:, :TOP], values=True, axis=1)
    named = np.argpartition(-guessed[sets], TOP - 1, axis=1)[:, :TOP]
    found: Doubles = np.take_along_axis(hit[:, :, None], named, axis=1).sum(axis=1).mean(axis=0) / TOP
    return found
