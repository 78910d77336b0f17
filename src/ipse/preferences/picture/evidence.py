"""How much the owner has said about an interest, as it stood at each moment."""

from __future__ import annotations

import math
from collections.abc import Sequence

__all__ = ["decayed", "left", "smoothed"]


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
