"""The audit of what an answer tells of one statement, small and with fixed draws."""

from __future__ import annotations

import random
import sys
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from types import ModuleType

import numpy as np
import pytest
from ipse.preferences.privacy.bands import VOTE

BENCHMARKS = Path(__file__).parents[4] / "benchmarks"
RUNS = 800


@pytest.fixture(scope="module")
def membership() -> Iterator[ModuleType]:
    sys.path.insert(0, str(BENCHMARKS))
    try:
        import membership

        yield membership
    finally:
        sys.path.remove(str(BENCHMARKS))


class FixedNoise:
    """The mechanism's distribution from a seed."""

    def __init__(self, seed: int) -> None:
        self._generator = np.random.default_rng(seed)

    def __call__(self, sums: list[int], epsilon: int) -> list[int]:
        noise = self._generator.laplace(0, VOTE * 1000 / epsilon, len(sums))
        return [value + round(more) for value, more in zip(sums, noise, strict=True)]


@pytest.mark.slow
def test_no_attack_finds_out_more_than_epsilon_allows(membership: ModuleType) -> None:
    rows = membership.attacks(random.Random(6).randrange, FixedNoise(6))
    for finding in membership.audited(rows, RUNS):
        assert not finding.exceeded, finding
        assert finding.advantage < finding.advantage_allowed


def test_attacks_find_out_something(membership: ModuleType) -> None:
    """An audit that sees nothing would pass anything."""
    draw, release = random.Random(7).randrange, FixedNoise(7)
    rows = [membership.choice_attack(2000, 2, 1, 0.5, draw), membership.bands_attack(2000, 1, release)]
    for finding in membership.audited(rows, RUNS):
        assert finding.epsilon_least > 0.3 * finding.epsilon_allowed
        assert finding.advantage_least > 0.4 * finding.advantage_allowed


def test_a_mechanism_that_charges_too_little_is_caught(membership: ModuleType) -> None:
    draw, release = random.Random(8).randrange, FixedNoise(8)
    rows = [
        replace(membership.choice_attack(2000, 20, 1, 0, draw), epsilon=500),
        replace(membership.bands_attack(2000, 1, release), epsilon=500),
    ]
    assert [finding.exceeded for finding in membership.audited(rows, RUNS)] == [True, True]


@pytest.mark.parametrize(
    ("successes", "trials", "low", "high"),
    [
        (0, 10, 0.0, 0.308498),
        (10, 10, 0.691502, 1.0),
        (3, 10, 0.066740, 0.652453),
        (50, 100, 0.398321, 0.601679),
    ],
)
def test_clopper_pearson_bounds_are_the_published_ones(
    membership: ModuleType, successes: int, trials: int, low: float, high: float
) -> None:
    assert membership.clopper_pearson(successes, trials, 0.95) == pytest.approx((low, high), abs=2e-6)
