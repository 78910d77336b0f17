"""A person's taste as a regularised linear model over the vectors of their statements.

Kernel ridge regression on graded weights: w = argmin sum_i r_i (w.x_i + b - y_i)^2 + lambda |w|^2, solved
in its dual form, so that a score is a sum over statements and every ranking can name what moved it.
Older statements count less (exponential decay).
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

    Floats = NDArray[np.float32]

__all__ = ["Influence", "Ranked", "TasteModel", "fit", "nearest", "rank"]

_RIDGE: Final = 1.0
_HALF_LIFE: Final = 730.0
"""Days after which a statement counts half."""


@dataclass(frozen=True, slots=True)
class TasteModel:
    """A fitted model.

    `support` is float32 (n, d), unit length; `duals` float32 (n,); `offset` the mean weight.
    """

    support: Floats
    duals: Floats
    offset: float


@dataclass(frozen=True, slots=True)
class Influence:
    """How much one statement (by its position in the fit) moved a score, up or down."""

    statement: int
    amount: float


@dataclass(frozen=True, slots=True)
class Ranked:
    """A candidate's place: its position in the input, its score, and what moved it most."""

    candidate: int
    score: float
    influences: tuple[Influence, ...]


def fit(vectors: Floats, weights: Sequence[float], ages: Sequence[float]) -> TasteModel:
    """Fit to statement vectors float32 (n, d), weights in [-1, 1] and ages in days; n >= 1."""
    import numpy as np

    graded = np.asarray(weights, dtype=np.float64)
    relevance = np.exp2(-np.maximum(np.asarray(ages, dtype=np.float64), 0.0) / _HALF_LIFE)
    offset = float((relevance * graded).sum() / relevance.sum())
    # With relevance r_i the dual system is (K + lambda diag(1 / r)) a = y - b.
    kernel = vectors.astype(np.float64) @ vectors.T.astype(np.float64)
    duals = np.linalg.solve(kernel + np.diag(_RIDGE / relevance), graded - offset)
    return TasteModel(vectors, duals.astype(np.float32), offset)


def rank(model: TasteModel, candidates: Floats, *, influences: int = 3) -> list[Ranked]:
    """All candidates float32 (m, d), best first; ties keep their input order.

    Each comes with its `influences` strongest statements.
    """
    import numpy as np

    parts = (candidates @ model.support.T) * model.duals
    scores = parts.sum(axis=1, dtype=np.float64) + model.offset
    order = np.argsort(-scores, kind="stable")
    return [
        Ranked(int(position), float(scores[position]), _strongest(parts[position], influences))
        for position in order
    ]


def nearest(vectors: Floats, query: Floats, *, limit: int) -> list[tuple[int, float]]:
    """The `limit` rows of float32 (n, d) nearest to `query` float32 (d,): (row, cosine), nearest first."""
    import numpy as np

    cosines = vectors @ query
    return [(int(row), float(cosines[row])) for row in np.argsort(-cosines, kind="stable")[:limit]]


def _strongest(parts: Floats, count: int) -> tuple[Influence, ...]:
    import numpy as np

    rows = np.argsort(-np.abs(parts), kind="stable")[:count]
    return tuple(Influence(int(row), float(parts[row])) for row in rows)
