"""The outlines that both forms of the picture draw."""

from __future__ import annotations

from collections.abc import Sequence

from ipse.preferences.picture.lanes import bounded
from ipse.preferences.picture.layout import Strip
from ipse.preferences.picture.marks import Mark

__all__ = ["mark_height", "number", "radius", "stream"]

_EDGE = 8.0
"""Pixels between a mark of full weight and the strip's edge."""


def number(value: float) -> str:
    """A coordinate to a tenth, as short as it goes."""
    return f"{value + 0.0:.1f}".removesuffix(".0") if abs(value) >= 0.05 else "0"


def radius(mark: Mark) -> int:
    """Whole pixels, 4 to 7: the stronger the statement, the larger its mark."""
    return 4 + round(3 * abs(bounded(mark.dot.weight)))


def mark_height(strip: Strip, mark: Mark) -> float:
    """Pixels from the strip's top to the middle of a mark."""
    room = strip.above - _EDGE if mark.y > 0 else strip.below - _EDGE
    return strip.above - mark.y * room


def stream(
    shares: Sequence[float], *, left: float, width: float, base: float, room: float
) -> tuple[str, str]:
    """The path of a filled stream and the path of its edge alone; empty where nothing was ever said.

    `room` is the height of a share of 1, upwards where it is positive.
    """
    last = len(shares) - 1
    filled = [place for place, share in enumerate(shares) if abs(share * room) >= 0.3]
    if not filled:
        return "", ""
    first, end = max(filled[0] - 1, 0), min(filled[-1] + 1, last)
    points = [
        f"{number(left + width * place / last)} {number(base - shares[place] * room)}"
        for place in range(first, end + 1)
    ]
    edge = "M" + "L".join(points)
    start, stop = (number(left + width * place / last) for place in (first, end))
    return f"{edge}L{stop} {number(base)}L{start} {number(base)}Z", edge
