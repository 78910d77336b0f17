"""The opinions that carry a taste, and how all others look from them."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from ipse.encoding.timestamps import at_seconds
from ipse.preferences import interests
from ipse.preferences.taste.similarity import Likeness, remembrance

if TYPE_CHECKING:
    from collections.abc import Iterator

    import numpy as np
    from numpy.typing import NDArray

    from ipse.preferences.taste.evidence import Evidence, Texts

    Doubles = NDArray[np.float64]

__all__ = ["INDUCING_POINTS", "InducingPoints", "blocks", "inducing_rows"]

INDUCING_POINTS: Final = 512
"""Opinions that carry the regression; with fewer of them it is exact."""
_BLOCK: Final = 4096


class InducingPoints:
    """At most INDUCING_POINTS opinions, each with the half-life of its interest, in days."""

    def __init__(self, evidence: Evidence) -> None:
        self.evidence = evidence
        self.half_lives = _half_lives(evidence)
        self._likeness = Likeness(evidence.texts)

    def __len__(self) -> int:
        return len(self.evidence)

    def features(self, texts: Texts, days: Doubles) -> Doubles:
        """float64 (n, m): the covariance of opinions about `texts` at `days` with the inducing points."""
        import numpy as np

        meanings = self._likeness.of_meanings(texts.vectors)
        # What a text is about it shares with the inducing points near it; so it does their half-life.
        half_lives = (meanings @ self.half_lives) / meanings.sum(axis=1, dtype=np.float64)
        alike = self._likeness.with_wording(meanings, texts.words)
        alike *= remembrance(days, half_lives, self.evidence.days, self.half_lives)
        return alike.astype(np.float64)

    def covariance(self) -> Doubles:
        """float64 (m, m): of the inducing points among themselves."""
        import numpy as np

        texts, days = self.evidence.texts, self.evidence.days
        alike = self._likeness.with_wording(self._likeness.of_meanings(texts.vectors), texts.words)
        alike *= remembrance(days, self.half_lives, days, self.half_lives)
        return alike.astype(np.float64)


def inducing_rows(evidence: Evidence) -> NDArray[np.intp]:
    """The rows, rising, of the INDUCING_POINTS opinions with the smallest keys: a random sample."""
    import numpy as np

    rows: NDArray[np.intp] = np.sort(np.argsort(evidence.keys, kind="stable")[:INDUCING_POINTS])
    return rows


def blocks(count: int) -> Iterator[slice]:
    """Slices over `count` rows, few enough at a time to bound the memory."""
    for start in range(0, count, _BLOCK):
        yield slice(start, min(start + _BLOCK, count))


def _half_lives(evidence: Evidence) -> Doubles:
    """float64 (m,): of the interest of each opinion, in days."""
    import numpy as np

    dates = [at_seconds(86_400 * float(day)) for day in evidence.days]
    lives = np.full(len(evidence), interests.half_life(()))
    for interest in interests.find_interests(evidence.texts.vectors, evidence.weights.tolist(), dates):
        lives[list(interest.members)] = interest.half_life
    return lives
