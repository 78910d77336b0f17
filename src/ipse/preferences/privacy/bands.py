"""Low, medium or high for each asked topic, under differential privacy.

A statement has one vote in all. It is split over the asked topics as far as the statement is about each, and
within a topic between for and against by its weight: from half a liking on, wholly for. The sums of these
votes, two for each topic, are released once with discrete Laplace noise by OpenDP. What is told is read from
that release alone, which costs nothing more.

Proof. One statement more or less changes the 2k sums by a vector whose absolute values add up to one vote
at most. The Laplace mechanism with a scale of 1 / epsilon votes is then epsilon-differentially private
(C. Dwork, F. McSherry, K. Nissim and A. Smith, Calibrating Noise to Sensitivity in Private Data Analysis,
TCC 2006). It is also the K-norm mechanism of the smallest symmetric convex set that holds all such vectors
(M. Hardt and K. Talwar, On the Geometry of Differential Privacy, STOC 2010): the two sides of a topic cost
no more than their difference alone would.

The votes are counted in integers, so that one statement's vote depends on no other statement, to the last
digit. The share that each statement is given must not depend on the others either.

The thresholds. Where nothing is said, the sum of a topic's two noises reaches 3.3 / epsilon in one case of
20, so less evidence than that tells nothing. High is at least twice as much for as against; low the
reverse; what is between is medium. Measured on 10 topics asked of people with 20 interests, Zipf-distributed,
some liked, some disliked, some mixed:

    statements                     50     200   1,000
    epsilon 1     told           39 %    88 %   100 %
                  right of those 66 %    82 %    98 %
                  the reverse     4 %     1 %     0 %
    epsilon 0.5   told           21 %    64 %   100 %
                  right of those 58 %    76 %    96 %
                  the reverse     9 %     2 %     0 %
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING, Final

from ipse.errors import UsageError
from ipse.preferences.privacy import randomness

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

    Doubles = NDArray[np.float64]
    Shares = NDArray[np.float32] | Doubles

__all__ = ["VOTE", "Release", "bands", "laplace", "split_votes"]

VOTE: Final = 1_000_000
"""One vote, in the units that votes are counted in."""
_GRADES: Final = 1000
_WHOLEHEARTED: Final = 0.5
"""The weight from which on a statement is wholly for or wholly against."""
_ENOUGH: Final = 3300
"""Least evidence that tells something: votes times thousandths of epsilon."""
_CLEAR: Final = 2
"""How many times as much for as against is high, and the reverse is low."""
_BLOCK: Final = 8192
_MAX_EPSILON: Final = 1_000_000

Release = Callable[[list[int], int], list[int]]
"""Sums of votes, and epsilon in thousandths, to sums with noise."""


def laplace(sums: list[int], epsilon: int) -> list[int]:
    """`sums` of votes, in units of `VOTE`, with noise that hides one vote; `epsilon` is in thousandths.

    Raises MissingFeature where OpenDP is not installed.
    """
    noisy: list[int] = randomness.laplace(VOTE, epsilon)(sums)
    return noisy


def bands(
    shares: Shares, weights: Sequence[float] | Doubles, epsilon: int, release: Release = laplace
) -> list[str | None]:
    """For each of k topics "low", "medium" or "high", or None where too little is said to tell.

    `shares` (n, k) in [0, 1], says how much each statement is about each topic; `weights` (n,) in
    [-1, 1] how much it likes it; `epsilon`, in thousandths, is what all k together cost. Raises UsageError
    for an epsilon out of bounds and MissingFeature where OpenDP is not installed.
    """
    if not 0 < epsilon <= _MAX_EPSILON:
        raise UsageError(f"epsilon {epsilon} is not in 1 to {_MAX_EPSILON} thousandths")
    noisy = release(split_votes(shares, weights), epsilon)
    topics = len(noisy) // 2
    return [_band(noisy[topic], noisy[topics + topic], epsilon) for topic in range(topics)]


def split_votes(shares: Shares, weights: Sequence[float] | Doubles) -> list[int]:
    """The sums of the votes for each of k topics, then of those against each: 2k, in units of `VOTE`."""
    import numpy as np

    graded = np.asarray(weights, np.float64)
    sums = np.zeros(2 * shares.shape[1], np.int64)
    for start in range(0, len(shares), _BLOCK):
        block = slice(start, start + _BLOCK)
        sums += _ballots(shares[block], graded[block]).sum(axis=0)
    return [int(total) for total in sums]


def _ballots(shares: Shares, weights: Doubles) -> NDArray[np.int64]:
    """int64 (n, 2k): each statement's vote, a row that adds up to `VOTE` at most. No row sees another."""
    import numpy as np

    about = _whole(shares, 0, VOTE)
    about = about * VOTE // np.maximum(about.sum(axis=1, keepdims=True), VOTE)
    liking = _whole(weights / _WHOLEHEARTED, -1, _GRADES)[:, np.newaxis]
    both = about * (_GRADES + liking), about * (_GRADES - liking)
    votes: NDArray[np.int64] = np.hstack(both) // (2 * _GRADES)
    return votes


def _whole(values: Shares, least: float, unit: int) -> NDArray[np.int64]:
    """The values, held to [least, 1], in whole units; 0 for what is not a number."""
    import numpy as np

    whole: NDArray[np.int64] = np.rint(np.clip(np.nan_to_num(values), least, 1) * unit).astype(np.int64)
    return whole


def _band(liked: int, disliked: int, epsilon: int) -> str | None:
    if (liked + disliked) * epsilon < _ENOUGH * VOTE:
        return None
    if liked >= _CLEAR * disliked:
        return "high"
    if disliked >= _CLEAR * liked:
        return "low"
    return "medium"
