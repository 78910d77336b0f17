"""Statements as marks: a bounded number, however many there are; those that would hide each other are one."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Final

from ipse.preferences.picture.lanes import Dot, Lane, bounded

__all__ = ["MAX_MARKS", "Mark", "by_time", "by_weight", "polarity"]

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
