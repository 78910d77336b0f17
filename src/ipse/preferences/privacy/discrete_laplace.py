"""Sample discrete Laplace noise, exactly and in integers.

Floating-point noise has gaps that tell what was under it (I. Mironov, On Significance of the Least
Significant Bits for Differential Privacy, CCS 2012). So nothing here is a float: every probability is a
quotient of integers, and every draw is a uniform random integer. The sampler is Algorithm 2 of C. Canonne,
G. Kamath and T. Steinke, The Discrete Gaussian for Differential Privacy, NeurIPS 2020.
"""

from __future__ import annotations

import secrets
from collections.abc import Callable
from fractions import Fraction
from typing import Final

__all__ = ["MAX_SCALE", "Draw", "sample"]

MAX_SCALE: Final = 10**9

Draw = Callable[[int], int]
"""Return a uniform random integer that is at least 0 and below the given one, like secrets.randbelow."""


def sample(scale: Fraction, draw: Draw = secrets.randbelow) -> int:
    """Return x with a probability proportional to exp(-|x| / scale).

    Raises ValueError for a scale that is not above 0, or above MAX_SCALE.
    """
    if not 0 < scale <= MAX_SCALE:
        raise ValueError(f"the scale {scale} is not above 0 and at most {MAX_SCALE}")
    wide, steps = scale.numerator, scale.denominator
    while True:
        remainder = draw(wide)
        if not _happens(remainder, wide, draw):
            continue
        rounds = 0
        while _happens(1, 1, draw):
            rounds += 1
        distance = (remainder + wide * rounds) // steps
        negative = draw(2) == 1
        if not (negative and distance == 0):  # zero would come twice as often
            return -distance if negative else distance


def _happens(numerator: int, denominator: int, draw: Draw) -> bool:
    """Return True with the probability exp(-numerator / denominator), for a quotient from 0 to 1."""
    factor = 1
    while draw(denominator * factor) < numerator:
        factor += 1
    return factor % 2 == 1
