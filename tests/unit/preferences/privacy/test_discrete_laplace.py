"""Discrete Laplace noise, held to its definition and to OpenDP's."""

from __future__ import annotations

import random
from collections.abc import Sequence
from fractions import Fraction

import pytest

from ipse.preferences.privacy.discrete_laplace import MAX_SCALE, sample
from tests.unit.preferences.privacy.distributions import distance, opendp_laplace

SCALES = [Fraction(1, 3), Fraction(1), Fraction(5, 2), Fraction(2500, 400), Fraction(40)]


@pytest.mark.parametrize("scale", SCALES, ids=str)
def test_the_draws_have_the_distribution_of_the_definition(scale: Fraction) -> None:
    draws = random.Random(7)
    assert distance((sample(scale, draws.randrange) for _ in range(20_000)), scale) < 0.02


@pytest.mark.parametrize("epsilon", [400, 1000, 2000])
def test_the_draws_are_distributed_like_those_of_opendp(epsilon: int) -> None:
    """OpenDP says itself that this scale costs so much for a difference of one."""
    scale = Fraction(1000, epsilon)
    mechanism = opendp_laplace(scale)
    assert mechanism.map(1) <= epsilon / 1000 * (1 + 1e-9)
    theirs = mechanism([0] * 20_000)
    # A distance of .03 is left to chance once in 10**15 runs.
    assert distance(theirs, scale) < 0.03
    draws = random.Random(11)
    ours = [sample(scale, draws.randrange) for _ in range(20_000)]
    assert abs(_mean_size(ours) - _mean_size(theirs)) < 0.1 * float(scale) + 0.05


def _mean_size(found: Sequence[int]) -> float:
    return sum(abs(value) for value in found) / len(found)


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
