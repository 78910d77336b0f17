"""The axis of time: where a moment lies, and which dates are written under it."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime
from functools import partial
from typing import Final

from ipse.preferences.picture.lanes import seconds

__all__ = ["Tick", "Timeline", "day", "month", "timeline"]

_DAY: Final = 86400.0
_MARGIN: Final = 0.02
"""Share of the width left free at either end, so that no dot is cut."""
_MAX_TICKS: Final = 9
_MONTHS: Final = ("Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec")
_DAY_STEPS: Final = (1, 2, 7, 14)
_MONTH_STEPS: Final = (1, 3, 6)
_YEAR_STEPS: Final = (1, 2, 5, 10, 20, 50, 100, 200, 500, 1000, 2000, 5000)


@dataclass(frozen=True, slots=True)
class Tick:
    """A date under the axis: `x` in [0, 1]. A `minor` one can go where there is little room."""

    x: float
    label: str
    minor: bool


@dataclass(frozen=True, slots=True)
class Timeline:
    """From `start` to `end`, in seconds from 1970; `end` > `start`."""

    start: float
    end: float

    def place(self, moment: float) -> float:
        """Where a moment (seconds from 1970) lies between the left edge, 0, and the right edge, 1."""
        share = (moment - self.start) / (self.end - self.start)
        return _MARGIN + (1 - 2 * _MARGIN) * share

    def moment(self, x: float) -> float:
        """The moment (seconds from 1970) at `x` in [0, 1]; the inverse of `place`."""
        return self.start + (x - _MARGIN) / (1 - 2 * _MARGIN) * (self.end - self.start)

    def ticks(self) -> tuple[Tick, ...]:
        """At most nine round dates: the finest of days, weeks, months and years that there is room for."""
        for dates in _steps():
            found = list(dates(self))
            if len(found) <= _MAX_TICKS:
                break
        return tuple(
            Tick(self.place(moment), label, minor=place % 2 == 1)
            for place, (moment, label) in enumerate(found)
        )


def timeline(moments: Sequence[datetime], *, now: datetime) -> Timeline | None:
    """The time that `moments` and `now` span; None where less than a day lies between the moments."""
    placed = [seconds(moment) for moment in moments]
    first, last = min(placed, default=0.0), max(placed, default=0.0)
    return None if last - first < _DAY else Timeline(first, max(last, seconds(now)))


def day(moment: datetime) -> str:
    """`4 Mar 2021`."""
    return f"{moment.day} {month(moment)}"


def month(moment: datetime) -> str:
    """`Mar 2021`."""
    return f"{_MONTHS[moment.month - 1]} {moment.year}"


def _steps() -> Iterator[Callable[[Timeline], Iterator[tuple[float, str]]]]:
    for step in _DAY_STEPS:
        yield partial(_by_day, step=step)
    for step in _MONTH_STEPS:
        yield partial(_by_month, step=step)
    for step in _YEAR_STEPS:
        yield partial(_by_month, step=12 * step)


def _by_day(line: Timeline, step: int) -> Iterator[tuple[float, str]]:
    if (line.end - line.start) / _DAY > (_MAX_TICKS + 1) * step:
        # Certainly too many: as many as it takes to say so.
        yield from ((line.start, "") for _ in range(_MAX_TICKS + 1))
        return
    first = date(1970, 1, 1).toordinal() + int(line.start // _DAY)
    # Ordinal 1 is a Monday: whole weeks begin on one.
    for ordinal in range(first + (1 - first) % step, date.max.toordinal() + 1, step):
        midnight = datetime.fromordinal(ordinal).replace(tzinfo=UTC)
        moment = seconds(midnight)
        if moment > line.end:
            return
        if moment >= line.start:
            yield moment, f"{midnight.day} {_MONTHS[midnight.month - 1]}"


def _by_month(line: Timeline, step: int) -> Iterator[tuple[float, str]]:
    if (line.end - line.start) / _DAY > (_MAX_TICKS + 2) * 31 * step:
        yield from ((line.start, "") for _ in range(_MAX_TICKS + 1))
        return
    # Months counted from January of year 0, which has no date.
    first = max(1970 * 12 + int((line.start - _DAY * 31) // (_DAY * 30.436875)) - 2, 12)
    for month in range(first - first % -step, 9999 * 12 + 12, step):
        year, of_year = divmod(month, 12)
        moment = seconds(datetime(year, of_year + 1, 1, tzinfo=UTC))
        if moment > line.end:
            return
        if moment >= line.start:
            yield moment, f"{year}" if step % 12 == 0 else f"{_MONTHS[of_year]} {year}"
