"""Choosing under differential privacy: the bound holds for every outcome, in exact numbers."""

from __future__ import annotations

import secrets
from collections import Counter
from collections.abc import Iterator, Sequence
from fractions import Fraction
from itertools import combinations
from math import comb, prod

import numpy as np
import pytest
from numpy.typing import NDArray

from ipse.preferences.privacy import choice
from ipse.preferences.privacy.choice import choose, count

Floats = NDArray[np.float32]
Doubles = NDArray[np.float64]


def probabilities(votes: Sequence[int], size: int, epsilon: int) -> dict[tuple[int, ...], Fraction]:
    """How likely `choose` draws each set: exact, for as few candidates as their sets can be counted."""
    weights = choice._weights(votes, epsilon)
    total = choice._sums(weights, size)[0][size]
    sets = combinations(range(len(votes)), size)
    return {some: Fraction(prod(weights[position] for position in some), total) for some in sets}


def exp_from_below(exponent: Fraction) -> Fraction:
    """Less than e**exponent, for an exponent above 0, by less than one part in 10**40."""
    term = total = Fraction(1)
    for power in range(1, 60 + 8 * (int(exponent) + 1)):
        term *= exponent / power
        total += term
    return total


def unit(vectors: Doubles) -> Floats:
    lengths: Doubles = np.linalg.norm(vectors, axis=-1, keepdims=True)
    return (vectors / lengths).astype(np.float32)


def somebody(generator: np.random.Generator) -> tuple[Floats, Doubles, Floats]:
    """A small profile and a candidate set: statements, weights, candidates."""
    size, candidates = int(generator.integers(1, 9)), int(generator.integers(2, 7))
    statements = unit(generator.normal(size=(size, 4)))
    kinds = generator.integers(0, 3)
    weights = (generator.uniform(-1, 1, size), generator.choice([-1.0, 1.0], size), np.ones(size))[kinds]
    return statements, weights, unit(generator.normal(size=(candidates, 4)))


def worst_ratio(some: list[int], others: list[int], size: int, epsilon: int) -> Fraction:
    """The largest ratio, either way, of the probabilities of one outcome."""
    first, second = probabilities(some, size, epsilon), probabilities(others, size, epsilon)
    assert first.keys() == second.keys()
    return max(max(first[some] / second[some], second[some] / first[some]) for some in first)


@pytest.mark.parametrize("seed", range(300))
def test_no_outcome_tells_more_of_any_one_statement_than_epsilon_allows(seed: int) -> None:
    generator = np.random.default_rng(seed)
    statements, weights, candidates = somebody(generator)
    size = int(generator.integers(1, len(candidates)))
    epsilon = int(generator.choice([1, 100, 500, 1000, 2000, 7919]))
    unrelated = float(generator.choice([-1.0, 0.0, 0.5]))
    allowed = exp_from_below(Fraction(epsilon, 1000))
    votes = count(statements, weights, candidates, unrelated=unrelated)
    for row in range(len(statements)):
        without = count(
            np.delete(statements, row, 0), np.delete(weights, row), candidates, unrelated=unrelated
        )
        assert sum(abs(a - b) for a, b in zip(votes, without, strict=True)) <= 1000
        assert worst_ratio(votes, without, size, epsilon) <= allowed


@pytest.mark.slow
@pytest.mark.parametrize("weight", [1000, 999, 1, -1, -1000])
@pytest.mark.parametrize("lead", [0, 500, -40_000, 40_000, 3_000_000])
@pytest.mark.parametrize("epsilon", [1, 500, 1000, 2000])
def test_the_bound_holds_however_far_the_votes_lie_apart(weight: int, lead: int, epsilon: int) -> None:
    allowed = exp_from_below(Fraction(epsilon, 1000))
    for size in (1, 2):
        ratio = worst_ratio([lead, 0, 0, 250], [lead + weight, 0, 0, 250], size, epsilon)
        assert 1 < ratio <= allowed


def test_the_whole_of_epsilon_is_made_use_of() -> None:
    behind = [0] + [60_000] * 4
    ratio = worst_ratio(behind, [1000, *behind[1:]], 1, 1000)
    assert exp_from_below(Fraction(999_999, 1_000_000)) < ratio <= exp_from_below(Fraction(1))


def test_a_set_costs_epsilon_once_and_not_for_each_of_its_members() -> None:
    votes, more = [3000, 2000, 1000, 0, 0], [3000, 2000, 1000, 0, 1000]
    for size in range(1, 5):
        assert worst_ratio(votes, more, size, 1000) <= exp_from_below(Fraction(1))


@pytest.mark.parametrize("weight", [7.0, -7.0, float("inf")])
def test_no_statement_has_more_than_one_vote(weight: float) -> None:
    candidates = np.eye(3, dtype=np.float32)
    assert count(candidates[:1], [weight], candidates, unrelated=0.2) == [
        1000 if weight > 0 else -1000, 0, 0
    ]  # fmt: skip


def test_a_statement_votes_for_the_nearest_alone_and_for_none_that_is_unrelated() -> None:
    candidates = np.eye(3, dtype=np.float32)
    said = unit(np.array([[0.9, 0.4, 0.1], [0.1, 0.9, 0.4], [1.0, 1.0, 1.0]]))
    assert count(said, [0.6, -0.8, 1.0], candidates, unrelated=0.6) == [600, -800, 0]


def test_an_empty_profile_votes_for_nobody_and_every_set_is_as_likely() -> None:
    candidates = np.eye(4, dtype=np.float32)
    votes = count(np.zeros((0, 4), np.float32), [], candidates, unrelated=0.2)
    assert votes == [0, 0, 0, 0]
    assert set(probabilities(votes, 2, 1000).values()) == {Fraction(1, 6)}


def test_probabilities_are_those_of_the_mechanism_and_add_up_to_one() -> None:
    votes, epsilon = [2500, -300, 0, 1000], 1000
    found = probabilities(votes, 2, epsilon)
    assert sum(found.values()) == 1
    assert list(found) == list(combinations(range(4), 2))
    for one, other in combinations(found, 2):
        apart = sum(votes[i] for i in one) - sum(votes[i] for i in other)
        ratio = found[one] / found[other] if apart >= 0 else found[other] / found[one]
        assert float(ratio) == pytest.approx(np.exp(abs(apart) * epsilon / 1e6), rel=1e-12)


def test_the_order_of_the_candidates_changes_nothing() -> None:
    votes = [2500, -300, 0, 1000, 1000]
    found = probabilities(votes, 2, 700)
    backwards = probabilities(votes[::-1], 2, 700)
    for some, likely in found.items():
        assert backwards[tuple(sorted(4 - position for position in some))] == likely


class Walk:
    """A draw that goes through every number below its bound, once each."""

    def __init__(self) -> None:
        self.total = 0

    def choices(self, votes: list[int], size: int, epsilon: int) -> Iterator[tuple[int, ...]]:
        place = 0
        while not self.total or place < self.total:
            yield choose(votes, size, epsilon, self._at(place))
            place += 1

    def _at(self, place: int) -> choice.Draw:
        asked = []

        def draw(total: int) -> int:
            asked.append(total)
            assert len(asked) == 1, "one draw is all the chance there is"
            self.total = total
            return place

        return draw


@pytest.mark.parametrize(
    ("votes", "size"),
    [
        ([0, 0], 1),
        ([0, 1000], 1),
        ([1000, 1000, 1000], 2),
        ([1500, -500, 0], 1),
        ([1500, -500, 0, 1200], 2),
        ([400, 0, 700, 700, 0], 3),
        ([900, 0, 0, 300], 4),
    ],
)
def test_every_set_is_drawn_exactly_as_often_as_it_is_likely(
    monkeypatch: pytest.MonkeyPatch, votes: list[int], size: int
) -> None:
    monkeypatch.setattr(choice, "_PRECISION", 2)  # weights of a few units: all draws can be gone through
    walk = Walk()
    drawn = Counter(walk.choices(votes, size, 1000))
    assert drawn.total() == walk.total
    assert {some: Fraction(times, walk.total) for some, times in drawn.items()} == probabilities(
        votes, size, 1000
    )


def test_sets_lie_in_one_piece_each_among_the_draws_of_full_precision() -> None:
    """The number of draws that give a set, found by halving, is what its probability says."""
    votes, size, epsilon = [1500, -500, 0, 1200], 2, 1000
    totals: list[int] = []

    def at(place: int) -> tuple[int, ...]:
        def draw(total: int) -> int:
            totals.append(total)
            return place

        return choose(votes, size, epsilon, draw)

    at(0)
    total, start, lengths = totals[0], 0, {}
    while start < total:
        some, inside, outside = at(start), start, total
        while outside - inside > 1:
            middle = (inside + outside) // 2
            inside, outside = (middle, outside) if at(middle) == some else (inside, middle)
        lengths[some] = outside - start
        start = outside
    assert len(lengths) == comb(4, 2)
    assert {some: Fraction(length, total) for some, length in lengths.items()} == probabilities(
        votes, size, epsilon
    )


def test_the_same_draw_gives_the_same_set_and_draws_come_from_the_system() -> None:
    votes = [1500, -500, 0, 1200]
    assert len({choose(votes, 2, 1000, lambda total: total // 3) for _ in range(5)}) == 1
    assert choose.__defaults__ == (secrets.randbelow,)


@pytest.mark.parametrize("epsilon", [1, 1000])
def test_no_set_is_impossible_however_few_votes_it_has(epsilon: int) -> None:
    found = probabilities([0, 5_000_000, 5_000_000], 1, epsilon)
    assert len(found) == 3
    assert min(found.values()) > 0


@pytest.mark.parametrize("seed", range(40))
def test_a_text_given_twice_lets_no_statement_move_the_votes_of_others(seed: int) -> None:
    generator = np.random.default_rng(seed)
    candidates = np.repeat(unit(generator.normal(size=(1, 384))), int(generator.integers(2, 21)), axis=0)
    size = int(generator.integers(2, 60))
    statements = unit(0.7 * candidates[0] + generator.normal(size=(size, 384)) / 20)
    votes = count(statements, np.ones(size), candidates, unrelated=0.2)
    for row in range(size):
        without = count(np.delete(statements, row, 0), np.ones(size - 1), candidates, unrelated=0.2)
        assert sum(abs(a - b) for a, b in zip(votes, without, strict=True)) <= 1000
