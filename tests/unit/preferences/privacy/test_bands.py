"""Bands under differential privacy: one statement moves the sums by a vote, and OpenDP hides a vote."""

from __future__ import annotations

import subprocess
import sys
from dataclasses import dataclass
from fractions import Fraction

import numpy as np
import pytest
from numpy.typing import NDArray

from ipse import installation
from ipse.errors import MissingFeature, UsageError
from ipse.preferences.privacy import bands as module
from ipse.preferences.privacy import randomness
from ipse.preferences.privacy.bands import VOTE, bands, laplace, split_votes

Doubles = NDArray[np.float64]


def exactly(sums: list[int], epsilon: int) -> list[int]:
    return sums


def votes(*pairs: tuple[float, float]) -> list[int]:
    """Sums with so many votes (for, against) for each topic."""
    return [round(liked * VOTE) for liked, _ in pairs] + [round(against * VOTE) for _, against in pairs]


def profile(seed: int) -> tuple[Doubles, Doubles]:
    """Shares and weights, some of them of kinds that should never come."""
    generator = np.random.default_rng(seed)
    size, topics = int(generator.integers(1, 30)), int(generator.integers(1, 12))
    shares = generator.uniform(0, 1, (size, topics)) * (generator.random((size, topics)) < 0.4)
    weights = generator.uniform(-1, 1, size)
    if seed % 3 == 0:
        shares = np.ones((size, topics))
        weights = generator.choice([-1.0, 1.0], size)
    if seed % 5 == 0:
        shares[generator.random(shares.shape) < 0.1] = np.nan
        shares[generator.random(shares.shape) < 0.1] = np.inf
        shares[generator.random(shares.shape) < 0.1] = -3.0
        weights[generator.random(size) < 0.2] = -np.inf
        weights[generator.random(size) < 0.2] = np.nan
        weights[generator.random(size) < 0.2] = 40.0
    return shares, weights


@pytest.mark.parametrize("seed", range(300))
def test_any_one_statement_moves_all_sums_together_by_a_vote_at_most(
    seed: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(module, "_BLOCK", 7)  # so that a missing statement moves others between blocks
    shares, weights = profile(seed)
    sums = split_votes(shares, weights)
    for row in range(len(weights)):
        without = split_votes(np.delete(shares, row, 0), np.delete(weights, row))
        assert sum(abs(a - b) for a, b in zip(sums, without, strict=True)) <= VOTE


@pytest.mark.parametrize("seed", range(20))
def test_the_order_of_the_statements_changes_nothing(seed: int) -> None:
    shares, weights = profile(seed)
    order = np.random.default_rng(seed).permutation(len(weights))
    assert split_votes(shares[order], weights[order]) == split_votes(shares, weights)


def test_shares_of_single_precision_count_alike() -> None:
    shares = np.array([[0.5, 0.25], [1.0, 0.0]])
    assert split_votes(shares.astype(np.float32), [1.0, -1.0]) == split_votes(shares, [1.0, -1.0])


@pytest.mark.parametrize(
    ("share", "weight", "expected"),
    [
        ((1.0, 0.0), 1.0, votes((1, 0), (0, 0))),
        ((1.0, 0.0), -1.0, votes((0, 1), (0, 0))),
        ((1.0, 0.0), 0.5, votes((1, 0), (0, 0))),
        ((1.0, 0.0), 0.25, votes((0.75, 0.25), (0, 0))),
        ((1.0, 0.0), 0.0, votes((0.5, 0.5), (0, 0))),
        ((0.25, 0.5), 1.0, votes((0.25, 0), (0.5, 0))),
        ((1.0, 1.0), -0.8, votes((0, 0.5), (0, 0.5))),
        ((0.0, 0.0), 1.0, votes((0, 0), (0, 0))),
    ],
)
def test_a_vote_is_split_by_what_it_is_about_and_by_its_weight(
    share: tuple[float, float], weight: float, expected: list[int]
) -> None:
    assert split_votes(np.array([share]), [weight]) == expected


@pytest.mark.parametrize("epsilon", [1, 3, 7, 100, 333, 500, 999, 1000, 1001, 2000, 7919, 1_000_000])
def test_opendp_charges_for_a_vote_what_is_allowed_and_hardly_less(epsilon: int) -> None:
    charged = Fraction(randomness.laplace(VOTE, epsilon).map(VOTE))
    assert Fraction(epsilon * 998, 1_000_000) < charged <= Fraction(epsilon, 1000)


def test_opendp_charges_twice_for_two_votes() -> None:
    assert randomness.laplace(VOTE, 500).map(2 * VOTE) == 1.0


def test_a_release_is_as_long_as_the_sums_and_lies_about_them() -> None:
    sums = votes(*[(3, 1)] * 50)
    noisy = laplace(sums, 1000)
    assert all(type(value) is int for value in noisy)
    noise = [value - given for given, value in zip(sums, noisy, strict=True)]
    assert sum(value != 0 for value in noise) > 90  # one is 0 in two million cases
    assert max(map(abs, noise)) < 100 * VOTE  # more is as likely as e**-100


@pytest.mark.parametrize(
    ("noisy", "epsilon", "told"),
    [
        ((3.3, 0), 1000, "high"),
        ((3.29, 0), 1000, None),
        ((0, 3.3), 1000, "low"),
        ((0, 3.29), 1000, None),
        ((6.59, 0), 500, None),
        ((6.6, 0), 500, "high"),
        ((1.65, 0), 2000, "high"),
        ((4, 2), 1000, "high"),
        ((3.99, 2), 1000, "medium"),
        ((2, 3.99), 1000, "medium"),
        ((2, 4), 1000, "low"),
        ((9, -2), 1000, "high"),
        ((-2, 9), 1000, "low"),
        ((-9, -9), 1000, None),
        ((0, 0), 1000, None),
    ],
)
def test_what_is_told_is_read_from_the_release(
    noisy: tuple[float, float], epsilon: int, told: str | None
) -> None:
    nothing = np.zeros((1, 1))
    assert bands(nothing, [1.0], epsilon, lambda *_: votes(noisy)) == [told]


def test_the_same_release_tells_the_same_whoever_it_is_about() -> None:
    noisy = votes((9, 1), (1, 9), (5, 5), (1, 1))
    people = [
        (np.zeros((0, 4)), np.zeros(0)),
        (np.ones((1, 4)), np.ones(1)),
        (np.ones((500, 4)), -np.ones(500)),
    ]
    told = [bands(shares, weights, 1000, lambda *_: noisy) for shares, weights in people]
    assert told == [["high", "low", "medium", None]] * 3


@pytest.mark.parametrize("statements", [0, 1, 40])
def test_there_is_one_release_of_two_sums_for_each_topic_however_little_is_said(statements: int) -> None:
    released: list[tuple[int, int]] = []

    def release(sums: list[int], epsilon: int) -> list[int]:
        released.append((len(sums), epsilon))
        return sums

    bands(np.zeros((statements, 3)), np.zeros(statements), 500, release)
    assert released == [(6, 500)]


def test_much_that_is_said_is_told_through_the_noise_of_opendp() -> None:
    shares = np.zeros((900, 4))
    shares[:300, 0] = shares[300:600, 1] = shares[600:, 2] = 1
    weights = np.array([0.8] * 300 + [-0.6] * 300 + [0.8, -0.8] * 150)
    assert bands(shares, weights, 2000)[:3] == ["high", "low", "medium"]  # e**-60 to fail


def test_no_topics_are_told_nothing_of() -> None:
    assert bands(np.zeros((5, 0)), np.ones(5), 1000) == []


@pytest.mark.parametrize("epsilon", [0, -500, 1_000_001])
def test_an_epsilon_out_of_bounds_is_refused(epsilon: int) -> None:
    with pytest.raises(UsageError, match=f"epsilon {epsilon} is not in 1 to 1000000 thousandths"):
        bands(np.ones((1, 1)), [1.0], epsilon)


def test_without_opendp_the_extra_is_named(monkeypatch: pytest.MonkeyPatch) -> None:
    randomness.laplace.cache_clear()
    monkeypatch.setitem(sys.modules, "opendp.measurements", None)
    with pytest.raises(MissingFeature, match="opendp") as caught:
        bands(np.ones((1, 1)), [1.0], 1000)
    assert caught.value.hint == installation.how_to_add("profile")


def test_the_mechanism_does_not_load_scikit_learn() -> None:
    program = (
        "import sys; from ipse.preferences.privacy.bands import laplace; laplace([0], 1000);"
        "print(*sorted({'opendp', 'sklearn', 'pandas', 'polars'} & set(sys.modules)))"
    )
    ran = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True)
    assert ran.stdout.split() == ["opendp"]


@dataclass(frozen=True)
class Worth:
    """Of all the topics asked: how many were told, how many rightly, how many as the reverse."""

    told: float
    right: float
    reverse: float


def people(
    statements: int, count: int, generator: np.random.Generator
) -> list[tuple[Doubles, Doubles, Doubles]]:
    """Of each: attitudes (20,) of 1, 0 and -1 to Zipf-distributed interests; shares (n, 20); weights (n,)."""
    found = []
    zipf = 1 / np.arange(1, 21)
    for _ in range(count):
        attitudes = generator.choice([1.0, -1.0, 0.0], 20, p=[0.55, 0.25, 0.2])
        about, beside = generator.choice(20, (2, statements), p=zipf / zipf.sum())
        rows = np.arange(statements)
        shares = np.zeros((statements, 20))
        shares[rows, beside] = generator.uniform(0.1, 0.6, statements) * (generator.random(statements) < 0.3)
        shares[rows, about] = generator.uniform(0.4, 1, statements)
        likes = generator.random(statements) < np.array([0.5, 0.9, 0.12])[attitudes[about].astype(int)]
        strengths = generator.choice([0.0, 0.4, 0.6, 0.8, 1.0], statements, p=[0.1, 0.05, 0.35, 0.3, 0.2])
        found.append((attitudes, shares, np.where(likes, strengths, -strengths)))
    return found


def worth(statements: int, epsilon: int, topics: int = 10, count: int = 400) -> Worth:
    """Measured over `count` people, with noise of the mechanism's distribution from a fixed seed."""
    generator = np.random.default_rng(statements + epsilon)

    def release(sums: list[int], epsilon: int) -> list[int]:
        noise = generator.laplace(0, VOTE * 1000 / epsilon, len(sums))
        return [value + round(more) for value, more in zip(sums, noise, strict=True)]

    names = {"high": 1.0, "medium": 0.0, "low": -1.0}
    told = right = reverse = 0
    for attitudes, shares, weights in people(statements, count, generator):
        given = bands(shares[:, :topics], weights, epsilon, release)
        for band, attitude in zip(given, attitudes[:topics], strict=True):
            if band is not None:
                told += 1
                right += names[band] == attitude
                reverse += names[band] * attitude == -1
    return Worth(told / (count * topics), right / told, reverse / told)


@pytest.mark.parametrize(
    ("epsilon", "statements", "told", "right", "reverse"),
    [
        (1000, 50, 0.35, 0.60, 0.08),
        (1000, 200, 0.85, 0.77, 0.02),
        (1000, 1000, 0.99, 0.95, 0.01),
        (500, 50, 0.18, 0.48, 0.15),
        (500, 200, 0.58, 0.70, 0.04),
        (500, 1000, 0.97, 0.91, 0.01),
    ],
)
def test_bands_are_worth_what_is_written_of_them(
    epsilon: int, statements: int, told: float, right: float, reverse: float
) -> None:
    found = worth(statements, epsilon)
    assert found.told > told
    assert found.right > right
    assert found.reverse < reverse


@pytest.mark.parametrize("epsilon", [500, 1000, 2000])
def test_where_nothing_is_said_a_topic_is_told_in_one_case_of_twenty(epsilon: int) -> None:
    generator = np.random.default_rng(epsilon)
    noise = generator.laplace(0, VOTE * 1000 / epsilon, 40_000).astype(int).tolist()
    told = bands(np.zeros((0, 20_000)), [], epsilon, lambda *_: noise)
    assert 0.045 < sum(band is not None for band in told) / 20_000 < 0.055
