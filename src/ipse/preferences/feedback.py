"""Turn what was done with a ranking into weights of opinions.

Taking a candidate says more than passing over it, and passing over is only believed of what stood above
what was taken, since the rest may never have been read (Joachims, "Optimizing search engines using
clickthrough data", 2002: skip above).
"""

from __future__ import annotations

from collections.abc import Collection, Sequence
from typing import Final

__all__ = ["PASSED_OVER", "REFUSED", "TAKEN", "weights_of"]

TAKEN: Final = 0.6
REFUSED: Final = -0.6
PASSED_OVER: Final = -0.2


def weights_of(
    candidates: Sequence[str], taken: Collection[int], refused: Collection[int], *, none: bool
) -> dict[str, float]:
    """The weight of each text that something is learned of; a text at two places has what is said most.

    `candidates` in the order of the ranking; `taken` and `refused` are places in it, of which 1 is the best.
    `none` says that all were read and none was taken.
    """
    passed_until = len(candidates) if none else max(taken, default=0)
    weights: dict[str, float] = {}
    for place, text in enumerate(candidates, 1):
        if place in taken:
            weights[text] = TAKEN
        elif place in refused:
            weights[text] = REFUSED
        elif place <= passed_until:
            weights.setdefault(text, PASSED_OVER)
    return weights
