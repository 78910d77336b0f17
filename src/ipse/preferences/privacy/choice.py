"""Choosing some of many candidates under differential privacy.

A set of `k` candidates is drawn with a probability proportional to exp(epsilon * its votes): the exponential
mechanism (F. McSherry and K. Talwar, Mechanism Design via Differential Privacy, FOCS 2007) over sets.

Proof. A statement gives at most one vote, to one candidate, for it or against it. One statement more or
less therefore changes the votes of every set by something in [0, 1], or of every set by something in
[-1, 0]. So each numerator changes by a factor in [1, e^epsilon], the sum of all of them as well and in the
same direction, and their quotient by one in [e^-epsilon, e^epsilon]. The set has `k` members and costs
epsilon once: a noisy top-k that peels off one candidate after the other pays for each of them, which is why
it has k times the noise.

Everything here is in exact integers: floating-point noise has gaps that tell what was under it (I. Mironov,
On Significance of the Least Significant Bits for Differential Privacy, CCS 2012). Votes and epsilon are
integers of thousandths.
"""

from __future__ import annotations

import secrets
from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING, Final

from ipse.preferences.vectors import exact_cosines

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

    Floats = NDArray[np.float32]
    Doubles = NDArray[np.float64]

__all__ = ["Draw", "choose", "count"]

_UNIT: Final = 1000
"""Thousandths of a vote, and of epsilon."""
_PRECISION: Final = 128
"""Bits of the least weight."""
_SLACK: Final = 10**20
"""One part in so many of epsilon pays for the rounding of weights, which is below 2**-120."""

Draw = Callable[[int], int]
"""A uniformly random integer below the given one, like secrets.randbelow."""


def count(
    statements: Floats, weights: Sequence[float] | Doubles, candidates: Floats, *, unrelated: float
) -> list[int]:
    """The candidates' votes, in thousandths.

    Each of n statements, float32 (n, d), gives its weight, in [-1, 1], to the candidate that is nearest to
    it among float32 (m, d), all unit length; to none where none is nearer than a cosine of `unrelated`.
    """
    import numpy as np

    votes = np.zeros(len(candidates), np.int64)
    if not len(statements):
        return [0] * len(candidates)
    graded = np.rint(np.clip(np.nan_to_num(np.asarray(weights, np.float64)), -1, 1) * _UNIT).astype(np.int64)
    alike = exact_cosines(statements, candidates)
    nearest = alike.argmax(axis=1)
    related = alike[np.arange(len(statements)), nearest] > unrelated
    np.add.at(votes, nearest[related], graded[related])
    return [int(vote) for vote in votes]


def choose(votes: Sequence[int], size: int, epsilon: int, draw: Draw = secrets.randbelow) -> tuple[int, ...]:
    """`size` different positions of `votes`, ascending, drawn by the mechanism.

    `votes` and `epsilon` are in thousandths. Raises ValueError where there are not so many.
    """
    _check(votes, size, epsilon)
    weights = _weights(votes, epsilon)
    sums = _sums(weights, size)
    place, missing = draw(sums[0][size]), size
    chosen = []
    for position, weight in enumerate(weights):
        if not missing:
            break
        among = weight * sums[position + 1][missing - 1]
        if place < among:
            chosen.append(position)
            place //= weight
            missing -= 1
        else:
            place -= among
    return tuple(chosen)


def _check(votes: Sequence[int], size: int, epsilon: int) -> None:
    if not 0 < size <= len(votes):
        raise ValueError(f"{size} of {len(votes)} candidates can't be chosen")
    if epsilon <= 0:
        raise ValueError("epsilon is above 0")


def _weights(votes: Sequence[int], epsilon: int) -> list[int]:
    """exp(epsilon * votes), over that of the fewest votes, in units of 2**-128."""
    from decimal import ROUND_FLOOR, Context, Decimal

    least, most = min(votes), max(votes)
    scale = _UNIT * _UNIT
    digits = 60 + (most - least) * epsilon // (2 * scale)  # e**x has 0.434 x digits before the point
    context = Context(prec=digits, rounding=ROUND_FLOOR, Emax=10**12, Emin=-(10**12))
    powers: dict[int, int] = {}
    for vote in set(votes):
        exponent = context.divide(Decimal((vote - least) * epsilon * (_SLACK - 1)), Decimal(scale * _SLACK))
        powers[vote] = int(context.multiply(context.exp(exponent), Decimal(1 << _PRECISION)))
    return [powers[vote] for vote in votes]


def _sums(weights: Sequence[int], size: int) -> list[list[int]]:
    """[i][j]: the sum over all sets of j of the weights from i on, of their products."""
    sums = [[1] + [0] * size for _ in range(len(weights) + 1)]
    for position in range(len(weights) - 1, -1, -1):
        for members in range(1, size + 1):
            sums[position][members] = (
                sums[position + 1][members] + weights[position] * sums[position + 1][members - 1]
            )
    return sums
