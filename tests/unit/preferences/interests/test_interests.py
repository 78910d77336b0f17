"""Interests: how many there are, what is in them, what they outlast."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from itertools import combinations
from typing import TYPE_CHECKING

import pytest

from ipse.preferences import interests
from ipse.preferences.embedding import Embedder
from ipse.preferences.interests import Background, Interest
from tests.unit.preferences.interests.said import ABOUT, INTERESTS, STRAYS, UNRELATED

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

    Floats = NDArray[np.float32]
else:
    np = pytest.importorskip("numpy", reason="the profile extra is not installed (numpy)")

_DAY = datetime(2026, 1, 31, tzinfo=UTC)
_PERSON = tuple(text for texts in INTERESTS.values() for text in texts) + STRAYS


def found(
    vectors: Floats, weights: Sequence[float] | None = None, times: Sequence[datetime] | None = None
) -> tuple[Interest, ...]:
    return interests.find_interests(vectors, weights or [0.8] * len(vectors), times or [_DAY] * len(vectors))


def parts(interests_found: Sequence[Interest], texts: Sequence[str]) -> set[frozenset[str]]:
    return {frozenset(texts[row] for row in one.members) for one in interests_found}


def agreement(one: Sequence[Interest], other: Sequence[Interest], count: int) -> float:
    """The share of pairs of rows that both put together or both keep apart (Rand index)."""
    of_one, of_other = (
        {row: place for place, interest in enumerate(every) for row in interest.members}
        for every in (one, other)
    )
    pairs = list(combinations(range(count), 2))
    alike = sum(
        (of_one.get(a, -1 - a) == of_one.get(b, -1 - b))
        == (of_other.get(a, -1 - a) == of_other.get(b, -1 - b))
        for a, b in pairs
    )
    return alike / len(pairs)


def noise(count: int, *, seed: int) -> Floats:
    rows = np.random.default_rng(seed).normal(size=(count, 384))
    scaled: Floats = (rows / np.linalg.norm(rows, axis=1, keepdims=True)).astype(np.float32)
    return scaled


def test_the_interests_are_those_a_reader_sees(embedder: Embedder) -> None:
    every = found(embedder.embed(_PERSON))
    assert 8 <= len(every) <= 10
    for name, texts in INTERESTS.items():
        best = max(len(part & set(texts)) for part in parts(every, _PERSON))
        assert best >= 7, name
    for part in parts(every, _PERSON):
        largest = max(len(part & set(texts)) for texts in INTERESTS.values())
        assert largest >= len(part) - 1 or len(part) <= 3


def test_most_of_what_is_said_once_is_in_no_interest_or_in_a_small_one(embedder: Embedder) -> None:
    large = set().union(*(part for part in parts(found(embedder.embed(_PERSON)), _PERSON) if len(part) > 3))
    assert len(large & set(STRAYS)) <= 2


def test_statements_on_one_thing_are_one_interest(embedder: Embedder) -> None:
    (only,) = found(embedder.embed(INTERESTS["jazz"]))
    assert len(only.members) >= 7


def test_a_handful_with_nothing_in_common_is_not_lumped_together(embedder: Embedder) -> None:
    assert parts(found(embedder.embed(UNRELATED)), UNRELATED) == {frozenset({text}) for text in UNRELATED}


def test_one_statement_is_an_interest_and_none_is_none(embedder: Embedder) -> None:
    (only,) = found(embedder.embed(["jazz"]))
    assert (only.members, only.medoid, only.half_life) == ((0,), 0, 1461.0)
    assert found(noise(1, seed=1)[:0]) == ()


@pytest.mark.parametrize("count", [1, 2, 5, 6, 7, 59, 60, 61, 700, 1600])
def test_every_member_is_in_one_interest_and_there_are_at_most_twenty(count: int) -> None:
    every = found(noise(count, seed=count))
    members = [row for one in every for row in one.members]
    assert 1 <= len(every) <= 20
    assert len(members) == len(set(members))
    assert set(members) <= set(range(count))
    assert all(list(one.members) == sorted(one.members) and one.medoid in one.members for one in every)
    assert [len(one.members) for one in every] == sorted((len(one.members) for one in every), reverse=True)


@pytest.mark.parametrize("seed", range(5))
def test_the_order_of_the_statements_changes_nothing(embedder: Embedder, seed: int) -> None:
    vectors = embedder.embed(_PERSON)
    order = np.random.default_rng(seed).permutation(len(_PERSON))
    shuffled = [_PERSON[row] for row in order]
    one, other = found(vectors), found(vectors[order])
    assert parts(one, _PERSON) == parts(other, shuffled)
    assert {_PERSON[each.medoid] for each in one} == {shuffled[each.medoid] for each in other}


@pytest.mark.slow
def test_one_more_statement_does_not_reshuffle_the_others(embedder: Embedder) -> None:
    vectors = embedder.embed(_PERSON)
    before = found(vectors)
    for more in embedder.embed(list(ABOUT)):
        after = found(np.vstack([vectors, more]))
        assert agreement(before, after, len(_PERSON)) >= 0.95


def test_a_long_profile_is_sampled_by_its_texts_alone() -> None:
    centres, labels = noise(6, seed=3), np.arange(5000) % 6
    vectors = centres[labels] + 1.2 * noise(5000, seed=4)
    vectors = (vectors / np.linalg.norm(vectors, axis=1, keepdims=True)).astype(np.float32)
    order = np.random.default_rng(5).permutation(5000)
    one, other = found(vectors), found(vectors[order])
    assert {frozenset(each.members) for each in one} == {
        frozenset(int(order[row]) for row in each.members) for each in other
    }
    assert len(one) == 6
    for each in one:
        assert len({int(labels[row]) for row in each.members}) == 1


def test_the_same_statement_many_times_over_is_one_interest() -> None:
    (only,) = found(np.repeat(noise(1, seed=1), 3000, axis=0))
    assert len(only.members) == 3000


def test_affinity_is_the_mean_weight_and_dates_are_the_members(embedder: Embedder) -> None:
    times = [_DAY + timedelta(days=day) for day in range(8)]
    weights = [1.0, 1.0, 1.0, 1.0, 1.0, 1.0, -0.6, -0.6]
    for one in found(embedder.embed(INTERESTS["baking"]), weights, times):
        rows = one.members
        assert one.affinity == pytest.approx(sum(weights[row] for row in rows) / len(rows))
        assert (one.first, one.last) == (min(times[row] for row in rows), max(times[row] for row in rows))


def test_the_centroid_has_unit_length_and_the_medoid_is_nearest_to_it(embedder: Embedder) -> None:
    vectors = embedder.embed(_PERSON)
    for one in found(vectors):
        assert np.linalg.norm(one.centroid) == pytest.approx(1, abs=1e-5)
        assert one.medoid == max(one.members, key=lambda row: float(vectors[row] @ one.centroid))


def test_a_text_belongs_to_the_interest_it_is_about_or_to_none(embedder: Embedder) -> None:
    every = found(embedder.embed(_PERSON))
    baking = next(
        place
        for place, one in enumerate(every)
        if len({_PERSON[row] for row in one.members} & set(INTERESTS["baking"])) > 4
    )
    bakery, nothing = embedder.embed(["a bakery with sourdough loaves", "a letter from the tax office"])
    assert interests.interest_of(every, bakery) == baking
    assert interests.interest_of(every, nothing) is None
    assert interests.interest_of((), nothing) is None


def test_the_background_of_another_model_moves_the_bar() -> None:
    common = noise(1, seed=9)
    texts = 0.85 * common + 0.5 * noise(40, seed=10)
    texts = (texts / np.linalg.norm(texts, axis=1, keepdims=True)).astype(np.float32)
    few = texts[:4]
    assert len(found(few)) == 1, "under the default model these are alike"
    apart = interests.find_interests(few, [1.0] * 4, [_DAY] * 4, background=Background(0.75, 0.05))
    assert len(apart) == 4, "under a model that finds everything alike they are not"


@pytest.mark.parametrize(
    ("days", "expected"),
    [
        ([], 1461.0),
        ([0, 100, 200, 300], 1461.0),
        ([7, 7, 7, 7, 7, 7], 1461.0),
        ([0, 1, 2, 3, 4, 5], 730.0),
        (list(range(0, 2001, 200)), 1600.0),
        (list(range(0, 11001, 1000)), 3650.0),
        ([0, *[500] * 18, 5000], 730.0),
    ],
)
def test_the_half_life_is_the_span_without_its_ends_within_bounds(days: list[int], expected: float) -> None:
    times = [_DAY + timedelta(days=day) for day in days]
    assert interests.half_life(times) == pytest.approx(expected)
    assert interests.half_life(times[::-1]) == pytest.approx(expected)


def test_dates_of_any_year_have_a_half_life() -> None:
    times = [datetime(1, 1, 1, tzinfo=UTC)] * 5 + [datetime(9999, 12, 31, tzinfo=UTC)] * 5
    assert interests.half_life(times) == 3650.0
