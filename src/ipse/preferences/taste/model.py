"""Learning a taste: Gaussian process regression on graded weights, with a drift in time.

An opinion's weight is the taste for its text at its time, plus noise. The covariance of two opinions is how
alike their texts are times how much of one time is left at the other, plus a constant for how much somebody
likes things at all (C. E. Rasmussen and C. K. I. Williams, Gaussian Processes for Machine Learning, 2006,
chapters 2 and 4). The prediction is a weighted sum of all opinions: every score can name what moved it.

Up to INDUCING_POINTS opinions the regression is exact. Beyond, a sample of them carries it (the subset of
regressors, section 8.3.1), and what the others contribute is a sum: a new opinion is added to the sums, and
the result is what learning everything anew would give.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

from ipse.preferences.taste.inducing_points import INDUCING_POINTS, InducingPoints, blocks, inducing_rows

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

    from ipse.preferences.taste.evidence import Evidence, Texts

    Floats = NDArray[np.float32]
    Doubles = NDArray[np.float64]

__all__ = ["INDUCING_POINTS", "MOVERS", "Sums", "Taste", "fit"]

MOVERS: Final = 3
"""Statements that explain a score."""

_NOISE: Final = 1.0
"""Variance of a weight around the taste, whose own is 1.4."""
_GENEROSITY: Final = 10.0
"""Variance of how much somebody likes things at all."""
_RECIPE: Final = 1
"""Version of the sums. Increase it when the covariance, the words or the inducing points change."""
_JITTER: Final = 1e-6
"""Keeps the inducing points' covariance regular where two of them say the same."""


@dataclass(frozen=True, slots=True)
class Sums:
    """What opinions add up to as the inducing points see them: all that the regression needs of them.

    `gram`: float64 (m + 1, m + 1); `moment`: float64 (m + 1,). The last place is the constant's.
    """

    gram: Doubles
    moment: Doubles

    def __add__(self, more: Sums) -> Sums:
        return Sums(self.gram + more.gram, self.moment + more.moment)

    def to_bytes(self) -> bytes:
        """Little-endian float64: RECIPE, the gram row by row, the moment."""
        import numpy as np

        parts = [np.array([_RECIPE]), self.gram.ravel(), self.moment]
        return np.concatenate(parts).astype(np.dtype("<f8")).tobytes()

    @classmethod
    def from_bytes(cls, data: bytes, points: int) -> Sums | None:
        """The reverse of to_bytes; None for another version of ipse or another number of points."""
        import numpy as np

        size = points + 1
        if len(data) != 8 * (1 + size * size + size):
            return None
        numbers = np.frombuffer(data, np.dtype("<f8")).astype(np.float64)
        if numbers[0] != _RECIPE or not np.isfinite(numbers).all():
            return None
        return cls(numbers[1 : 1 + size * size].reshape(size, size), numbers[1 + size * size :])


class Taste:
    """A taste, ready to judge. Made by `fit`, or from the `sums` that an earlier one came to."""

    def __init__(self, points: InducingPoints, sums: Sums | None, prior: Floats | None = None) -> None:
        """`sums` is None where the inducing points are all opinions that there are."""
        import numpy as np

        self.points, self.sums, self.prior = points, sums, prior
        covariance = points.covariance()
        diagonal = np.diag_indices_from(covariance)
        if sums is None:
            covariance += _GENEROSITY
            covariance[diagonal] += _NOISE
            self._system = covariance
            opinions = points.evidence
            duals = np.linalg.solve(covariance, opinions.weights - _expected(prior, opinions.texts))
            self._coefficients = np.append(duals, _GENEROSITY * duals.sum())
        else:
            covariance[diagonal] += _JITTER
            self._system = sums.gram.copy()
            self._system[:-1, :-1] += _NOISE * covariance
            self._system[-1, -1] += _NOISE / _GENEROSITY
            self._coefficients = np.linalg.solve(self._system, sums.moment)

    def scores(self, texts: Texts, today: float) -> Doubles:
        """float64 (n,): how much each of n texts would be liked on the day `today` (since 1970-01-01).

        On the scale of the opinions' weights, drawn towards their mean where little was said.
        """
        import numpy as np

        found = np.empty(len(texts))
        for rows in blocks(len(texts)):
            some = texts[rows]
            found[rows] = _features(self.points, some, np.full(len(some), today)) @ self._coefficients
        return found + _expected(self.prior, texts)

    def influences(self, texts: Texts, today: float, opinions: Evidence) -> Doubles:
        """float64 (n, k): what each of k opinions added to the score of each of n texts.

        `opinions` are all that the taste was learned from, in the same order. A row adds up to the score,
        but for what the prior expects.
        """
        import numpy as np

        asked = _features(self.points, texts, np.full(len(texts), today))
        targets = opinions.weights - _expected(self.prior, opinions.texts)
        if self.sums is None:
            own = inducing_rows(opinions)  # the system is in this order
            added = np.empty((len(texts), len(opinions)))
            covariance = asked[:, :-1] + _GENEROSITY
            added[:, own] = np.linalg.solve(self._system, covariance.T).T * targets[own]
            return added
        shares = np.linalg.solve(self._system, asked.T).T
        return np.hstack(
            [
                (shares @ _features(self.points, some.texts, some.days).T) * targets[rows]
                for rows in blocks(len(opinions))
                for some in [opinions[rows]]
            ]
        )

    def ranked(self, texts: Texts, today: float) -> list[tuple[int, float]]:
        """(row, score) of each of n texts, the best first; equal scores keep their order."""
        import numpy as np

        scores = self.scores(texts, today)
        return [(int(row), float(scores[row])) for row in np.argsort(-scores, kind="stable")]

    def movers(
        self, texts: Texts, today: float, opinions: Evidence, *, limit: int = MOVERS
    ) -> list[list[tuple[int, float]]]:
        """For each text (row of `opinions`, what it added to the score): the `limit` that added most.

        `opinions` as for `influences`. What took something away counts by its size.
        """
        import numpy as np

        added = self.influences(texts, today, opinions)
        strongest = np.argsort(-np.abs(added), axis=1, kind="stable")[:, :limit]
        return [
            [(int(row), float(amounts[row])) for row in rows]
            for rows, amounts in zip(strongest, added, strict=True)
        ]

    def extended(self, more: Evidence) -> Taste | None:
        """The taste with `more` opinions, as `fit` would learn it from all of them; None if that takes a fit.

        It does where the inducing points are all opinions, and where a new one would be an inducing point.
        """
        if self.sums is None or bool((more.keys <= self.points.evidence.keys.max()).any()):
            return None
        return Taste(self.points, self.sums + _summed(self.points, more, self.prior), self.prior)


def fit(opinions: Evidence, *, prior: Floats | None = None) -> Taste:
    """The taste that n >= 1 opinions show, whatever their order.

    `prior` is a weight vector over meanings, float32 (d,), which holds where nothing was said: what is
    expected of somebody before they say anything. None expects nothing.
    """
    rows = inducing_rows(opinions)
    points = InducingPoints(opinions[rows])
    sums = None if len(rows) == len(opinions) else _summed(points, opinions, prior)
    return Taste(points, sums, prior)


def _summed(points: InducingPoints, opinions: Evidence, prior: Floats | None) -> Sums:
    import numpy as np

    size = len(points) + 1
    gram, moment = np.zeros((size, size)), np.zeros(size)
    targets = opinions.weights - _expected(prior, opinions.texts)
    for rows in blocks(len(opinions)):
        some = opinions[rows]
        features = _features(points, some.texts, some.days)
        gram += features.T @ features
        moment += features.T @ targets[rows]
    return Sums(gram, moment)


def _features(points: InducingPoints, texts: Texts, days: Doubles) -> Doubles:
    """float64 (n, m + 1): the covariance with each inducing point, and 1 for the constant."""
    import numpy as np

    return np.hstack([points.features(texts, days), np.ones((len(texts), 1))])


def _expected(prior: Floats | None, texts: Texts) -> Doubles:
    """float64 (n,): what the prior says of each text."""
    import numpy as np

    if prior is None:
        return np.zeros(len(texts))
    expected: Doubles = (texts.vectors @ prior).astype(np.float64)
    return expected
