"""What goes where, before it is drawn, the same for the page and for the drawing; and the axis of time."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime
from functools import partial
from typing import Final

from ipse.preferences.picture.lanes import (
    Lane,
    Mark,
    bounded,
    by_time,
    by_weight,
    decayed,
    fading,
    left,
    seconds,
    smoothed,
)

__all__ = ["MAX_LANES", "Plan", "Strip", "Tick", "Timeline", "day", "month", "plan", "timeline"]

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


MAX_LANES: Final = 24
_SAMPLES: Final = 160
"""Points of a stream's edge."""
_TALL: Final = 42.0
_SHALLOW: Final = 13.0
"""Pixels above or below the baseline: with something there, and without."""
_WEIGHTS: Final = (
    Tick(0.04, "disliked", minor=False),
    Tick(0.5, "neutral", minor=False),
    Tick(0.96, "liked", minor=False),
)


@dataclass(frozen=True, slots=True)
class Strip:
    """One interest: its marks and the two edges of its stream, each in [0, 1] at even steps of x.

    `above` and `below` are the pixels over and under the baseline.
    """

    lane: Lane
    marks: tuple[Mark, ...]
    liked: tuple[float, ...]
    disliked: tuple[float, ...]
    above: float
    below: float


@dataclass(frozen=True, slots=True)
class Plan:
    """The whole picture. Where `timed` is False the axis is the weight, since all is of a day.

    `statements` counts those drawn, `past` those of them that were taken back; `unshown` those of interests
    there was no room for.
    """

    strips: tuple[Strip, ...]
    ticks: tuple[Tick, ...]
    timed: bool
    first: datetime | None
    last: datetime | None
    statements: int
    past: int
    unshown: int


def plan(lanes: Sequence[Lane], *, now: datetime) -> Plan:
    """Lanes by affinity, the most liked first; at most MAX_LANES, those with most statements."""
    filled = [lane for lane in lanes if lane.dots]
    largest = sorted(filled, key=lambda lane: -len(lane.dots))
    shown = sorted(largest[:MAX_LANES], key=lambda lane: (lane.rest, -bounded(lane.affinity), lane.name))
    moments = [dot.at for lane in shown for dot in lane.dots]
    line = timeline(moments, now=now)
    strips = _weighed(shown) if line is None else _timed(shown, line)
    return Plan(
        strips=tuple(strips),
        ticks=_WEIGHTS if line is None else line.ticks(),
        timed=line is not None,
        first=min(moments, default=None),
        last=max(moments, default=None),
        statements=len(moments),
        past=sum(dot.until is not None for lane in shown for dot in lane.dots),
        unshown=sum(len(lane.dots) for lane in largest[MAX_LANES:]),
    )


def _timed(lanes: Sequence[Lane], line: Timeline) -> list[Strip]:
    moments = [line.moment(step / (_SAMPLES - 1)) for step in range(_SAMPLES)]
    liked = [_evidence(lane, moments, sign=1) for lane in lanes]
    disliked = [_evidence(lane, moments, sign=-1) for lane in lanes]
    highest = max((level for levels in (*liked, *disliked) for level in levels), default=0.0)
    placed = by_time(lanes, lambda dot: line.place(seconds(dot.at)))
    return [
        _strip(lane, drawn, _shares(up, highest), _shares(down, highest))
        for lane, drawn, up, down in zip(lanes, placed, liked, disliked, strict=True)
    ]


def _weighed(lanes: Sequence[Lane]) -> list[Strip]:
    none = (0.0,) * _SAMPLES
    return [
        Strip(lane, tuple(drawn), none, none, 1.6 * _TALL, 4.0)
        for lane, drawn in zip(lanes, by_weight(lanes), strict=True)
    ]


def _strip(lane: Lane, drawn: Sequence[Mark], liked: Sequence[float], disliked: Sequence[float]) -> Strip:
    return Strip(
        lane,
        tuple(drawn),
        tuple(liked),
        tuple(disliked),
        above=_TALL if any(mark.y > 0 for mark in drawn) else _SHALLOW,
        below=_TALL if any(mark.y < 0 for mark in drawn) else _SHALLOW,
    )


def _evidence(lane: Lane, moments: Sequence[float], *, sign: int) -> list[float]:
    half_life = fading(lane) * 86400
    said: list[tuple[float, float]] = []
    for dot in lane.dots:
        amount = bounded(dot.weight) * sign
        if amount > 0:
            said.append((seconds(dot.at), amount))
            if dot.until is not None and dot.until > dot.at:
                age = (dot.until - dot.at).total_seconds()
                said.append((seconds(dot.until), -amount * left(age, half_life)))
    return smoothed(decayed(sorted(said), moments, half_life=half_life), rounds=2)


def _shares(levels: Sequence[float], highest: float) -> list[float]:
    """The square root of each share of the highest: a small interest can still be seen beside a large one."""
    return [(level / highest) ** 0.5 if highest else 0.0 for level in levels]
