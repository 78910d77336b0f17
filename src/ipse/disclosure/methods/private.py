"""What a private summary says: the same for the same question, and nothing more however much is asked."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from typing import TYPE_CHECKING, Final

from ipse.disclosure import levels
from ipse.disclosure.levels.level import Asked
from ipse.disclosure.offers import Offer
from ipse.disclosure.reasons import Reason
from ipse.encoding.timestamps import format_day, parse_day
from ipse.errors import UsageError
from ipse.preferences.privacy.summary import EPSILON, NoisyCounts

if TYPE_CHECKING:
    from ipse.preferences.vectors import Floats

__all__ = ["LIFE", "WINDOW", "YEAR", "Limits", "Source", "next_window", "offer", "sureness", "window_of"]

WINDOW: Final = timedelta(days=180)
"""How long a summary answers."""
YEAR: Final = 2 * EPSILON
LIFE: Final = 2 * EPSILON
"""What all summaries of a year, and of a life, cost at most, in thousandths, unless the owner sets limits."""
_MOST: Final = 100_000
_EPOCH: Final = date(1970, 1, 1)


@dataclass(frozen=True, slots=True)
class Limits:
    """The most that all summaries together cost, in thousandths of epsilon: in a year, and ever."""

    year: int = YEAR
    life: int = LIFE

    def changed(self, *, year: int | None = None, life: int | None = None) -> Limits:
        """These limits with others in the place of those given. Raises UsageError for what cannot be."""
        new = Limits(self.year if year is None else year, self.life if life is None else life)
        if not (0 <= new.year <= _MOST and 0 <= new.life <= _MOST):
            raise UsageError(f"a limit is from 0 to {_MOST // 1000}")
        if new.year > new.life:
            raise UsageError(
                f"the limit of a year ({new.year / 1000:g}) is above that of a life ({new.life / 1000:g})",
                hint="raise --life as well, or lower --year",
            )
        return new

    def room(self, this_year: int, ever: int) -> bool:
        """Whether one more window's summaries fit, where so much was spent this year and ever."""
        return this_year + EPSILON <= self.year and ever + EPSILON <= self.life

    def most_in(self, years: int) -> int:
        """What all summaries cost at most in so many years."""
        return min(years * (self.year // EPSILON), self.life // EPSILON) * EPSILON


@dataclass(frozen=True, slots=True)
class Source:
    """What an application is told from: a summary of the published topics, and the window's first day.

    `reason` is why it is told nothing, None where it is told; what is computed then is thrown away.
    """

    counts: NoisyCounts
    window: str
    reason: Reason | None = None


def sureness(epsilon: int) -> float:
    """How sure somebody can be of one opinion for so many thousandths, who thought it as likely as not."""
    return 1 / (1 + math.exp(-epsilon / 1000))


def window_of(day: date) -> str:
    """The first day of the window that `day` lies in, by a schedule that is the same for everybody."""
    number = (day - _EPOCH).days // WINDOW.days
    return _written(_EPOCH + number * WINDOW)


def next_window(window: str) -> str:
    """The first day of the window after the one with this first day; the last day there is after the last."""
    begins = parse_day(window).date()
    return _written(begins + min(WINDOW, date.max - begins))


def offer(
    asked: Asked, source: Source, published: Floats, subjects: Floats, granted: Sequence[str] = ()
) -> Offer:
    """What the summary says; shapes as in `Level.offer_privately`."""
    found = levels.of(asked).offer_privately(asked, source.counts, published, subjects, granted)
    return found if source.reason is None else Offer.nothing(source.reason)


def _written(day: date) -> str:
    return format_day(datetime(day.year, day.month, day.day, tzinfo=UTC))
