"""Does what an application asks fit what it says it asks for?

A text's profile is how far each published topic stands out among its similarities to all of them; what two
texts are about is the same as far as the peaks of their profiles are. So nothing here depends on the scale
of a model's cosines. The thresholds were chosen on two parts of benchmarks/purposes.json;
benchmarks/purpose_fit.py holds them against the third.

It is a help in reading a request, not a proof: the application words the purpose, and one that names all
that it asks for fits.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

from ipse.preferences.topics import background

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

    Floats = NDArray[np.float32]

__all__ = ["EMPTY_PURPOSES", "Fit", "fits", "is_empty", "subjects_of"]

EMPTY_PURPOSES: Final = (
    "to improve the product and its features",
    "to personalise what you see",
    "to make things better for you",
    "advertising and promotion",
    "data analysis and measurement",
    "for commercial and operational reasons",
    "to understand our users and customers",
    "relevant recommendations and offers",
    "to develop new functions",
    "for our own purposes",
)
"""Purposes that say nothing of what is asked; others are empty as far as they are like these."""

_SPREAD: Final = 0.7
"""Least spread of a text's similarities, as a share of the topics' own."""
_SUBJECT: Final = 2.75
"""Spreads above the mean at which a topic begins to be a text's subject; _FULL more make it clearly so."""
_FULL: Final = 2.0
_NOTICED: Final = 0.5
"""Texts' worth of a topic at which several texts are about it."""
_TOUCHED: Final = 2.0
"""Spreads above the mean at which a purpose touches on a topic, so that asking about it is no surprise."""
_PEAK, _COMMON_PEAK = 1.0, 0.5
"""Spreads above the mean where the peaks of a profile begin: of one text, of the mean of several."""
_APART: Final = 0.25
"""Overlap of purpose and all that is asked below which they are about different things."""
_STRANGE, _UNLIKE = 0.15, 1.0
"""One text is a stranger where its overlap with the purpose is below this, and its likeness, in spreads."""
_MANY: Final = 0.6
"""Share of strangers from which they are not stray ones."""
_SENSITIVE, _EXPLAINED = 3.3, 0.2
"""A text tells something sensitive from so many spreads on, unless it overlaps with the purpose so much."""
_PLAIN: Final = 0.7
"""Overlap from which a purpose is plainly about what is asked, so that it can't be called empty."""
_EMPTY: Final = 4.25
"""Spreads above the mean at which a purpose is like an empty one."""


@dataclass(frozen=True, slots=True)
class Fit:
    """How what is asked fits a purpose.

    `score` in [0, 1] is the overlap of what both are about; `share_of_strangers` that part of what is asked
    which the purpose has nothing to do with. The rest are rows of the topics, clearest first: what is asked
    is `about` them and the purpose is not; the `purpose` is about them; what is asked tells of these
    `sensitive` ones, on which the purpose does not touch.
    """

    score: float
    share_of_strangers: float
    about: tuple[int, ...]
    purpose: tuple[int, ...]
    sensitive: tuple[int, ...]

    @property
    def astray(self) -> bool:
        """Whether what is asked, by and large, is about something else."""
        return self.score < _APART or self.share_of_strangers >= _MANY

    @property
    def plain(self) -> bool:
        """Whether the purpose plainly names what is asked."""
        return self.score >= _PLAIN


def fits(purpose: Floats, asked: Floats, topics: Floats, sensitive: Sequence[bool]) -> Fit:
    """How texts that are asked about fit a purpose.

    float32, unit length: `purpose` (d,), `asked` (n, d), n > 0, and the published `topics` (t, d), t > 1, of
    which `sensitive` says for each whether it is.
    """
    import numpy as np

    about = _profiles(purpose[np.newaxis], topics)[0]
    each = _profiles(asked, topics)
    wanted = _peaks(about, _PEAK)
    overlap = _peaks(each, _PEAK) @ wanted
    strangers = (overlap < _STRANGE) & (_likeness(purpose, asked, topics) < _UNLIKE)
    closed = np.asarray(sensitive, dtype=bool) & (about < _TOUCHED)
    telling = each * closed * (overlap < _EXPLAINED)[:, np.newaxis]
    weight = _weight(each)
    return Fit(
        score=float(np.clip(_peaks(each.mean(axis=0), _COMMON_PEAK) @ wanted, 0, 1)),
        share_of_strangers=float(strangers.mean()),
        about=_rows(np.where(about < _TOUCHED, weight, 0), _NOTICED),
        purpose=_rows(about, _SUBJECT),
        sensitive=_rows(telling.max(axis=0), _SENSITIVE),
    )


def is_empty(purpose: Floats, empty: Floats, topics: Floats) -> bool:
    """Whether a purpose (d,) says nothing: it is more like one of `empty` (k, d) than like any of `topics`.

    `empty` are the vectors of EMPTY_PURPOSES; all are float32, unit length.
    """
    import numpy as np

    usual, spread = _usual(purpose[np.newaxis], topics)
    likeness = float(((empty @ purpose).max() - usual[0]) / spread[0])
    return likeness >= _EMPTY and likeness > float(np.max(_profiles(purpose[np.newaxis], topics)))


def subjects_of(texts: Floats, topics: Floats) -> tuple[int, ...]:
    """The rows of `topics` (t, d) that texts (n, d), n > 0, are about together, clearest first."""
    return _rows(_weight(_profiles(texts, topics)), _NOTICED)


def _usual(texts: Floats, topics: Floats) -> tuple[Floats, Floats]:
    """Mean and spread of each text's similarities to the topics, both (n,)."""
    import numpy as np

    similarities = texts @ topics.T
    least = np.float32(max(_SPREAD * background(topics).spread, 1e-6))
    return similarities.mean(axis=1), np.maximum(similarities.std(axis=1), least)


def _profiles(texts: Floats, topics: Floats) -> Floats:
    """By how many spreads each topic stands out in each text, (n, t)."""
    usual, spread = _usual(texts, topics)
    profiles: Floats = (texts @ topics.T - usual[:, None]) / spread[:, None]
    return profiles


def _likeness(purpose: Floats, asked: Floats, topics: Floats) -> Floats:
    """By how many spreads each text is more like the purpose than both are like the topics, (n,)."""
    import numpy as np

    cosines = asked @ purpose
    usual, spread = _usual(asked, topics)
    own_usual, own_spread = _usual(purpose[np.newaxis], topics)
    likeness = ((cosines - usual) / spread + (cosines - own_usual) / own_spread) / 2
    return likeness.astype(np.float32)


def _peaks(profiles: Floats, start: float) -> Floats:
    """What of profiles (..., t) stands out by more than `start`, unit length, or 0 where nothing does."""
    import numpy as np

    high = np.maximum(profiles - np.float32(start), 0)
    peaks: Floats = high / np.maximum(np.linalg.norm(high, axis=-1, keepdims=True), np.float32(1e-6))
    return peaks


def _weight(profiles: Floats) -> Floats:
    """How many texts' worth of each topic there is in profiles (n, t): (t,)."""
    import numpy as np

    weight: Floats = np.clip((profiles - _SUBJECT) / _FULL, 0, 1).sum(axis=0)
    return weight


def _rows(values: Floats, least: float) -> tuple[int, ...]:
    import numpy as np

    return tuple(int(row) for row in np.argsort(-values, kind="stable") if values[row] >= least)
