"""How alike two opinions are for a taste."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from ipse.preferences.taste.wording import Vocabulary

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

    from ipse.preferences.taste.evidence import Texts

    Floats = NDArray[np.float32]
    Doubles = NDArray[np.float64]

__all__ = ["Likeness", "remembrance"]

_SHARPNESS: Final = 2.0
"""Of the Gaussian in the distance between two meanings."""
_WORDING: Final = 0.4
"""What the same wording adds to the same meaning."""
_LASTING: Final = 0.1
"""The share of a taste that time does not touch."""


class Likeness:
    """How much an opinion about one text tells about another, in [0, 1.4].

    A Gaussian of the distance between meanings, plus the squared cosine between wordings. Both are
    positive definite, and so is their sum.
    """

    def __init__(self, others: Texts) -> None:
        self._vectors = others.vectors
        self._vocabulary = Vocabulary(others.words)

    def of_meanings(self, vectors: Floats) -> Floats:
        """float32 (n, m), the part of meaning alone, between n vectors float32 (n, d) and the m others."""
        import numpy as np

        alike: Floats = vectors @ self._vectors.T
        alike -= 1
        alike *= 2 * _SHARPNESS
        return np.exp(alike, out=alike)

    def with_wording(self, meanings: Floats, words: NDArray[np.object_]) -> Floats:
        """`meanings`, as `of_meanings` gives them, plus in the same place what the n sets of `words` add."""
        worded = self._vocabulary.shared(words)
        worded *= worded
        worded *= _WORDING
        meanings += worded
        return meanings


def remembrance(days: Doubles, half_lives: Doubles, others: Doubles, others_half_lives: Doubles) -> Floats:
    """float32 (n, m): how much what holds at one time tells about another time, in (0, 1].

    Taste drifts: a small part of it lasts, the rest is half gone after the half-life (in days) of its
    interest. An old opinion counts on until newer ones about the same contradict it. Between different
    half-lives this is the nonstationary Gaussian covariance of C. J. Paciorek and M. J. Schervish
    (Spatial modelling using a new class of nonstationary covariance functions, Environmetrics 17, 2006),
    which is positive definite.
    """
    import numpy as np

    squares = (half_lives.astype(np.float32) ** 2)[:, None] + (others_half_lives.astype(np.float32) ** 2)[
        None, :
    ]
    squares /= 2
    kept = (days[:, None] - others[None, :]).astype(np.float32)
    kept *= kept
    kept /= -squares
    np.exp2(kept, out=kept)
    lives = (half_lives.min(), half_lives.max(), others_half_lives.min(), others_half_lives.max())
    if min(lives) != max(lives):
        kept *= np.sqrt(np.outer(half_lives, others_half_lives).astype(np.float32) / squares)
    kept *= 1 - _LASTING
    kept += _LASTING
    return kept
