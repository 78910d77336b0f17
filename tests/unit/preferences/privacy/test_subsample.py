"""Who votes: a share that a noisy count alone decides, and a draw for each statement of its own."""

from __future__ import annotations

import math
from collections.abc import Callable
from fractions import Fraction

import numpy as np
import pytest

from ipse.disclosure.budgets import Budgets
from ipse.preferences.privacy import randomness
from ipse.preferences.privacy.randomness import VOTERS, laplace, voters

COUNTING = Budgets().answer // randomness.SHARE
"""What the count costs of an answer, in thousandths."""
WORD = 1 << 64


@pytest.fixture
def counted(monkeypatch: pytest.MonkeyPatch) -> Callable[[int], None]:
    """Decides what the noisy count is, whatever the true one."""

    def decide(count: int) -> None:
        monkeypatch.setattr(randomness, "_noisy", lambda *_: count)

    return decide


def words(*drawn: int) -> Callable[[int], bytes]:
    """These 64-bit numbers as the random bytes, which must be asked for at once and in full."""

    def random_bytes(length: int) -> bytes:
        assert length == 8 * len(drawn)
        return b"".join(word.to_bytes(8, "little") for word in drawn)

    return random_bytes


def no_bytes(length: int) -> bytes:
    raise AssertionError(f"{length} bytes were drawn for nothing")


@pytest.mark.parametrize("count", [51, 64, 100, 199, 1000, 99_991, 2**40])
def test_a_statement_votes_where_its_draw_is_below_the_share_to_the_last_unit(
    count: int, counted: Callable[[int], None]
) -> None:
    counted(count)
    limit = VOTERS * WORD // count
    drawn = (0, limit - 1, limit, limit + 1, WORD - 1)
    assert voters(5, VOTERS, COUNTING, words(*drawn)).tolist() == [True, True, False, False, False]
    assert 0 <= Fraction(VOTERS, count) - Fraction(limit, WORD) < Fraction(1, WORD)


def test_the_share_depends_on_the_noisy_count_and_not_on_the_true_one(
    counted: Callable[[int], None],
) -> None:
    counted(200)
    limit = VOTERS * WORD // 200
    for true in (1, 49, 199, 200, 5000):
        drawn = [limit - 1, limit] * (true // 2) + [limit - 1] * (true % 2)
        voting = voters(true, VOTERS, COUNTING, words(*drawn))
        assert voting.tolist() == [word < limit for word in drawn]


def test_one_draw_decides_about_one_statement(counted: Callable[[int], None]) -> None:
    counted(1000)
    limit = VOTERS * WORD // 1000
    one = [limit, limit - 1, limit, limit - 1, 0, WORD - 1]
    before = voters(6, VOTERS, COUNTING, words(*one))
    for place in range(6):
        changed = [*one]
        changed[place] = WORD - 1 if before[place] else 0
        differs = voters(6, VOTERS, COUNTING, words(*changed)) != before
        assert np.flatnonzero(differs).tolist() == [place]


@pytest.mark.parametrize("count", [-(2**62), -1, 0, 1, VOTERS])
@pytest.mark.parametrize("true", [0, 1, VOTERS, 300])
def test_all_vote_where_few_are_counted(count: int, true: int, counted: Callable[[int], None]) -> None:
    counted(count)
    voting = voters(true, VOTERS, COUNTING, no_bytes)
    assert voting.dtype == np.bool_
    assert voting.shape == (true,)
    assert voting.all()


def test_one_above_the_few_is_drawn_already(counted: Callable[[int], None]) -> None:
    counted(VOTERS + 1)
    assert voters(2, VOTERS, COUNTING, words(WORD - 1, 0)).tolist() == [False, True]


@pytest.mark.parametrize("epsilon", [1, 3, 7, COUNTING, 30, 49, 77, 333, 1000, 5000])
def test_the_count_costs_no_more_than_it_is_charged(epsilon: int) -> None:
    mechanism = laplace(1, epsilon)
    assert Fraction(mechanism.map(1)) <= Fraction(epsilon, 1000)
    assert mechanism.map(1) == pytest.approx(epsilon / 1000, rel=1e-6)


def test_the_counts_noise_is_the_laplace_noise_that_is_charged() -> None:
    """A mean deviation of 40, and as much above as below: 12 standard errors are allowed."""
    epsilon, true, draws = COUNTING, 1000, 4000
    noise = np.array([laplace(1, epsilon)([true])[0] - true for _ in range(draws)], np.float64)
    scale = 1000 / epsilon
    assert abs(np.abs(noise).mean() - scale) < 12 * scale / math.sqrt(draws)
    assert abs(noise.mean()) < 12 * scale * math.sqrt(2 / draws)
    assert abs((noise > 0).mean() - 0.5) < 12 * 0.5 / math.sqrt(draws)


def test_of_100_000_statements_about_so_many_vote_and_little_memory_is_taken() -> None:
    import tracemalloc

    voters(1, VOTERS, COUNTING)
    tracemalloc.start()
    try:
        voting = voters(100_000, VOTERS, COUNTING)
        _, peak = tracemalloc.get_traced_memory()
    finally:
        tracemalloc.stop()
    # Poisson about 50: none and 200 are out of the question.
    assert 0 < int(voting.sum()) < 200
    assert peak < 8 * 1024 * 1024, "8 bytes are drawn for each, and a bool is kept"
