"""What goes where, before it is drawn: the same for the page and for the drawing."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Final

from ipse.preferences.picture import marks
from ipse.preferences.picture.evidence import decayed, left, smoothed
from ipse.preferences.picture.lanes import Lane, bounded, fading, seconds
from ipse.preferences.picture.marks import Mark
from ipse.preferences.picture.timeline import Tick, Timeline, timeline

__all__ = ["MAX_LANES", "Plan", "Strip", "plan"]

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
    placed = marks.by_time(lanes, lambda dot: line.place(seconds(dot.at)))
    return [
        _strip(lane, drawn, _shares(up, highest), _shares(down, highest))
        for lane, drawn, up, down in zip(lanes, placed, liked, disliked, strict=True)
    ]


def _weighed(lanes: Sequence[Lane]) -> list[Strip]:
    none = (0.0,) * _SAMPLES
    return [
        Strip(lane, tuple(drawn), none, none, 1.6 * _TALL, 4.0)
        for lane, drawn in zip(lanes, marks.by_weight(lanes), strict=True)
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
