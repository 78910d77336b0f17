"""What is drawn: the interests, how much was said about each at each moment, and statements as marks.

However many statements there are, their marks are bounded: those that would hide each other are one.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Final

__all__ = [
    "MAX_MARKS",
    "Dot",
    "Lane",
    "Mark",
    "bounded",
    "by_time",
    "by_weight",
    "decayed",
    "fading",
    "left",
    "polarity",
    "seconds",
    "smoothed",
]


@dataclass(frozen=True, slots=True)
class Dot:
    """A statement: its `weight` is in [-1, 1], from disliked to liked.

    It holds since `at` and, where it was taken back, `until` then (aware, UTC).
    """

    text: str
    weight: float
    at: datetime
    until: datetime | None = None


@dataclass(frozen=True, slots=True)
class Lane:
    """An interest: `medoid` is the statement that stands for it, `affinity` is in [-1, 1].

    `half_life` is in days. `rest` marks the statements that belong to no interest; they come last.
    """

    name: str
    medoid: str
    affinity: float
    half_life: float
    dots: tuple[Dot, ...]
    rest: bool = False


def bounded(value: float) -> float:
    """`value` held to [-1, 1]; what is no number is 0."""
    return 0.0 if math.isnan(value) else max(-1.0, min(1.0, value))


def fading(lane: Lane) -> float:
    """The half-life of a lane in days, held to a day and to a century; two years where it is no number."""
    return 730.0 if math.isnan(lane.half_life) else max(1.0, min(36525.0, lane.half_life))


def seconds(moment: datetime) -> float:
    """Seconds from 1970 to an aware moment; any year from 1 to 9999."""
    return moment.timestamp()


def decayed(
    said: Sequence[tuple[float, float]], moments: Sequence[float], *, half_life: float
) -> list[float]:
    """The evidence at each of `moments`: the amounts said until then, each halved with every `half_life`.

    `said` holds (moment, amount) in the order of time; an amount below zero takes back what is left of
    another. `moments` grow. All times are in seconds. Exact at each moment, in one pass over both.
    """
    level, last, following = 0.0, -math.inf, 0
    levels: list[float] = []
    for moment in moments:
        level *= left(moment - last, half_life)
        while following < len(said) and said[following][0] <= moment:
            level += said[following][1] * left(moment - said[following][0], half_life)
            following += 1
        levels.append(max(level, 0.0))  # less than nothing is left only by rounding
        last = moment
    return levels


def smoothed(levels: Sequence[float], *, rounds: int) -> list[float]:
    """`levels` with their corners rounded: each the weighted mean (1, 2, 1) with its neighbours."""
    curve = list(levels)
    for _ in range(rounds):
        padded = [curve[0], *curve, curve[-1]]
        curve = [
            (before + 2 * here + after) / 4
            for before, here, after in zip(padded, padded[1:], padded[2:], strict=False)
        ]
    return curve


def left(age: float, half_life: float) -> float:
    """The share of an amount that is left after `age`, in the unit of `half_life`."""
    return math.exp2(-age / half_life)


MAX_MARKS: Final = 1000
"""Marks in a picture: with their texts, twice, they stay under two megabytes in any script."""
_GRIDS: Final = ((120, 5), (60, 5), (30, 3), (15, 2), (8, 1), (4, 1))
"""Columns over the width and steps of strength: the finest grid with at most MAX_MARKS filled cells."""
_LEVELS: Final = 6
"""Marks on top of each other where the axis is the weight."""


@dataclass(frozen=True, slots=True)
class Mark:
    """A statement, or several alike: `x` in [0, 1], `y` in [-1, 1] from the baseline, up is liked.

    `dot` is the strongest of them and `more` the number of the others.
    """

    x: float
    y: float
    dot: Dot
    more: int


def polarity(weight: float) -> str:
    """`liked`, `disliked` or `neutral`."""
    return "liked" if weight > 0 else "disliked" if weight < 0 else "neutral"


def by_time(lanes: Sequence[Lane], place: Callable[[Dot], float]) -> list[list[Mark]]:
    """The marks of each lane, in the order of time; `place` gives a dot's x in [0, 1]."""
    placed = [[(place(dot), bounded(dot.weight), dot) for dot in lane.dots] for lane in lanes]
    for columns, steps in _GRIDS:
        cells = [_cells(dots, columns, steps) for dots in placed]
        if sum(map(len, cells)) <= MAX_MARKS:
            break
    return [sorted(map(_merged, lane), key=lambda mark: mark.x) for lane in cells]


def by_weight(lanes: Sequence[Lane]) -> list[list[Mark]]:
    """The marks of each lane where x is the weight: piled up, strongest dislike first."""
    columns = 40
    while True:
        marks = [_piled(lane, columns) for lane in lanes]
        if columns == 1 or sum(map(len, marks)) <= MAX_MARKS:
            return marks
        columns //= 2


_Placed = tuple[float, float, Dot]


def _cells(dots: Sequence[_Placed], columns: int, steps: int) -> list[list[_Placed]]:
    cells: dict[tuple[int, str, int], list[_Placed]] = {}
    for x, weight, dot in dots:
        key = (int(x * columns), polarity(weight), round(abs(weight) * steps))
        cells.setdefault(key, []).append((x, weight, dot))
    return list(cells.values())


def _merged(cell: Sequence[_Placed]) -> Mark:
    _, _, dot = max(cell, key=lambda placed: (abs(placed[1]), placed[0]))
    x = sum(placed[0] for placed in cell) / len(cell)
    y = sum(placed[1] for placed in cell) / len(cell)
    return Mark(x, y, dot, len(cell) - 1)


def _piled(lane: Lane, columns: int) -> list[Mark]:
    piles: dict[int, list[Dot]] = {}
    for dot in lane.dots:
        piles.setdefault(round(bounded(dot.weight) * columns / 2), []).append(dot)
    marks: list[Mark] = []
    for column, pile in sorted(piles.items()):
        x = 0.5 + 0.46 * column / max(columns / 2, 1)
        for level, dot in enumerate(pile[:_LEVELS]):
            more = len(pile) - _LEVELS if level == _LEVELS - 1 else 0
            marks.append(Mark(x, (level + 0.7) / _LEVELS, dot, max(more, 0)))
    return marks
