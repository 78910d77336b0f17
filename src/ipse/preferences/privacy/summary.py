"""A private summary: what the owner likes, counted over the published topics, with noise.

Each opinion has one vote, for or against the topic that it is nearest to, whole from half a liking on. What
was said in the same words is one opinion, from however many sources. The counts get discrete Laplace noise,
and what is told is computed from the noisy counts and public data alone.

    N   = max(1, n + X)                              n opinions; X of scale 1 / COUNTING, once for a window
    e   = min((EPSILON - COUNTING) / m, STRENGTH / N)                       m = APPLICATIONS
    h_j = the votes for topic j less those against it + Y_j                 Y_j of scale 1 / e

Each of m applications is told from a summary with noise of its own: what two applications have in common
would show them that they talk to one person.

Proof. 1. One opinion more or less changes one count, by one vote at most; which one depends on that opinion
and the topics alone, as cosines are exact. 2. Noise with a probability proportional to exp(-e |y|) on each
count changes the probability of any counts by a factor of exp(e) at most (C. Dwork, F. McSherry, K. Nissim
and A. Smith, Calibrating Noise to Sensitivity in Private Data Analysis, TCC 2006); N is such a release of a
count that one opinion changes by 1. 3. e is computed from N and public numbers. So N and all m summaries
together are (COUNTING + m e)-private, which is EPSILON at most. 4. All that is read from a summary
afterwards, however often, costs nothing more. What is hidden is an opinion, with all of its sources: one
source more or less of it may change its vote and its topic, which is two votes at most.

The noise grows with the profile because the votes of many opinions agree: with the same noise they would
show which way a taste leans, though each of them was hidden.
"""

from __future__ import annotations

import secrets
from collections.abc import Sequence
from dataclasses import dataclass
from fractions import Fraction
from typing import TYPE_CHECKING, Final

from ipse.preferences.privacy import discrete_laplace
from ipse.preferences.privacy.discrete_laplace import Draw
from ipse.preferences.taste.wording import words
from ipse.preferences.vectors import exact_cosines

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

    from ipse.preferences.vectors import Doubles, Floats

__all__ = [
    "APPLICATIONS",
    "COUNTING",
    "EPSILON",
    "STRENGTH",
    "VOTE",
    "NoisyCounts",
    "band",
    "draw",
    "noise_alone",
    "resolution",
    "scores",
    "votes",
]

EPSILON: Final = 400
"""What the summaries of a window cost together at most, in thousandths."""
APPLICATIONS: Final = 2
"""Summaries that are drawn in a window, one for each application."""
VOTE: Final = 1000
"""One vote, in the units that votes are counted in."""
MILLION: Final = 1_000_000
"""Units of `NoisyCounts.epsilon` in an epsilon of 1."""
COUNTING: Final = 50
"""The part of EPSILON, in thousandths, that pays for the number of opinions."""
STRENGTH: Final = 14_142_135
"""20 / sqrt(APPLICATIONS) in millionths: votes times epsilon, which is what shows of a taste as a whole."""
_WHOLEHEARTED: Final = 0.5
"""The weight from which on an opinion is wholly for or wholly against."""
_SHARPNESS: Final = 10.0
_CLEAR: Final = 3
"""Scales of the noise from which on a count says high or low: noise alone reaches that in one case of 20."""
_BLOCK: Final = 8192


@dataclass(frozen=True, slots=True)
class NoisyCounts:
    """A summary: for each topic, in their order, the votes in units of VOTE with noise.

    `epsilon` is what its noise costs, in millionths: the scale of the noise is VOTE * MILLION / `epsilon`.
    """

    counts: tuple[int, ...]
    epsilon: int

    @property
    def scale(self) -> Fraction:
        """The scale of the noise, in the units of the counts."""
        return Fraction(VOTE * MILLION, self.epsilon)

    def without(self, topics: Sequence[int], draw: Draw = secrets.randbelow) -> NoisyCounts:
        """The same with fresh noise alone for these topics, given by their rows."""
        kept = list(self.counts)
        for row in topics:
            kept[row] = discrete_laplace.sample(self.scale, draw)
        return NoisyCounts(tuple(kept), self.epsilon)


def votes(
    texts: Sequence[str], vectors: Floats, weights: Sequence[float] | Doubles, topics: Floats
) -> tuple[list[int], int]:
    """The sum of the votes for each of t topics, in units of VOTE, and how many opinions voted.

    `texts` say n opinions, `vectors` is float32 (n, d) and `topics` float32 (t, d), unit length; `weights`
    are in [-1, 1], and count as its ends outside it. Texts in the same words are one opinion, of their
    mean weight, about what the first of them by its letters is about.
    """
    import numpy as np

    alike: dict[frozenset[str] | str, list[int]] = {}
    for row, text in enumerate(texts):
        alike.setdefault(words(text) or text, []).append(row)
    first = [min(rows, key=lambda row: (texts[row], vectors[row].tobytes())) for rows in alike.values()]
    graded = np.clip(np.asarray(weights, np.float64), -1, 1)
    means = np.array([float(np.sort(graded[rows]).mean()) for rows in alike.values()])
    whole = np.rint(np.clip(np.nan_to_num(means) / _WHOLEHEARTED, -1, 1) * VOTE).astype(np.int64)
    sums = np.zeros(len(topics), np.int64)
    for start in range(0, len(first), _BLOCK):
        near = exact_cosines(vectors[first[start : start + _BLOCK]], topics).argmax(axis=1)
        np.add.at(sums, near, whole[start : start + _BLOCK])
    return [int(total) for total in sums], len(first)


def draw(sums: Sequence[int], opinions: int, draw: Draw = secrets.randbelow) -> list[NoisyCounts]:
    """The summaries of a window, APPLICATIONS of them, from the votes of so many opinions."""
    counted = max(1, opinions + discrete_laplace.sample(Fraction(1000, COUNTING), draw))
    epsilon = min((EPSILON - COUNTING) * 1000 // APPLICATIONS, max(1, STRENGTH // counted))
    scale = Fraction(VOTE * MILLION, epsilon)
    return [
        NoisyCounts(tuple(total + discrete_laplace.sample(scale, draw) for total in sums), epsilon)
        for _ in range(APPLICATIONS)
    ]


def noise_alone(topics: int, draw: Draw = secrets.randbelow) -> NoisyCounts:
    """A summary of nothing, which is never told: computing with it takes as long as with another."""
    epsilon = (EPSILON - COUNTING) * 1000 // APPLICATIONS
    scale = Fraction(VOTE * MILLION, epsilon)
    return NoisyCounts(tuple(discrete_laplace.sample(scale, draw) for _ in range(topics)), epsilon)


def scores(counts: NoisyCounts, topics: Floats, subjects: Floats) -> Doubles:
    """float64 (q,): how much each of q texts would be liked, by a summary alone.

    `topics`: float32 (t, d), those of the counts; `subjects`: float32 (q, d); all unit length.
    """
    import numpy as np

    found: Doubles = _shares(topics, subjects) @ np.array(counts.counts, np.float64)
    return found


def resolution(topics: Floats, subjects: Floats) -> float:
    """How far topics tell q > 1 texts apart, from 0 for not at all to about 1. Shapes as in `scores`."""
    shares = _shares(topics, subjects)
    return float(((shares - shares.mean(axis=0)) ** 2).sum()) / (0.95 * len(shares))


def band(count: int, counts: NoisyCounts) -> str | None:
    """high or low for the topic with this count; None where noise alone could say as much."""
    if abs(count) < _CLEAR * counts.scale:
        return None
    return "high" if count > 0 else "low"


def _shares(topics: Floats, subjects: Floats) -> NDArray[np.float64]:
    """float64 (q, t): how much each text is about each topic; each row adds up to 1."""
    import numpy as np

    sharp = np.exp(_SHARPNESS * exact_cosines(subjects, topics))
    shares: NDArray[np.float64] = sharp / sharp.sum(axis=1, keepdims=True)
    return shares
