"""Discrete Laplace noise, held to its definition and to OpenDP's."""

from __future__ import annotations

import math
import random
from collections import Counter
from fractions import Fraction

import pytest
from ipse.preferences.privacy.randomness import laplace

from ipse.preferences.privacy.discrete_laplace import MAX_SCALE, sample

SCALES = [Fraction(1, 3), Fraction(1), Fraction(5, 2), Fraction(2500, 400), Fraction(40)]


def probability(value: int, scale: Fraction) -> float:
    """P(value), from the closed form of the sum of all exp(-|x| / scale)."""
    shrinking = math.exp(-1 / scale)
    return (1 - shrinking) / (1 + shrinking) * shrinking ** abs(value)


def distance(found: Counter[int], scale: Fraction) -> float:
    """The largest difference between the distribution function of what was found and the true one."""
    total, below, true, worst = sum(found.values()), 0, 0.0, 0.0
    least, most = min(found), max(found)
    true = sum(probability(value, scale) for value in range(least - 400, least))
    for value in range(least, most + 1):
        below += found[value]
        true += probability(value, scale)
        worst = max(worst, abs(below / total - true))
    return worst


@pytest.mark.parametrize("scale", SCALES, ids=str)
def test_the_draws_have_the_distribution_of_the_definition(scale: Fraction) -> None:
    draws = random.Random(7)
    found = Counter(sample(scale, draws.randrange) for _ in range(20_000))
    assert distance(found, scale) < 0.02  # more happens once in 10**6 seeds (Dvoretzky, Kiefer, Wolfowitz)


@pytest.mark.parametrize("epsilon", [400, 1000, 2000])
def test_the_draws_are_distributed_like_those_of_opendp(epsilon: int) -> None:
    """OpenDP says itself that this scale costs so much for a difference of one."""
    mechanism, scale = laplace(1, epsilon), Fraction(1000, epsilon)
    assert mechanism.map(1) <= epsilon / 1000 * (1 + 1e-9)
    theirs = Counter(mechanism([0] * 20_000))
    # A distance of .03 is left to chance once in 10**15 runs.
    assert distance(theirs, scale) < 0.03
    draws = random.Random(11)
    ours = Counter(sample(scale, draws.randrange) for _ in range(20_000))
    assert abs(_mean_size(ours) - _mean_size(theirs)) < 0.1 * float(scale) + 0.05


def _mean_size(found: Counter[int]) -> float:
    return sum(abs(value) * times for value, times in found.items()) / sum(found.values())


def test_each_draw_is_from_a_range_of_whole_numbers() -> None:
    asked: list[int] = []

    def draw(below: int) -> int:
        asked.append(below)
        return random.Random(len(asked)).randrange(below)

    values = {sample(Fraction(2500, 400), draw) for _ in range(50)}
    assert all(type(value) is int for value in values)
    assert all(type(below) is int and below > 0 for below in asked)


@pytest.mark.parametrize("scale", [Fraction(0), Fraction(-1), Fraction(MAX_SCALE + 1)])
def test_another_scale_is_refused(scale: Fraction) -> None:
    with pytest.raises(ValueError, match="scale"):
        sample(scale)
