"""The private summary: what one opinion can change, what its noise costs, and what is read from it."""

from __future__ import annotations

import math
import random
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from fractions import Fraction
from itertools import permutations
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from numpy.typing import NDArray

from ipse.preferences.privacy import discrete_laplace, summary
from ipse.preferences.privacy.summary import (
    APPLICATIONS,
    COUNTING,
    EPSILON,
    MILLION,
    STRENGTH,
    VOTE,
    NoisyCounts,
    band,
    noise_alone,
    resolution,
    scores,
    votes,
)
from tests.examples import examples
from tests.unit.preferences.privacy.distributions import distance, opendp_laplace, up_to

Floats = NDArray[np.float32]
Doubles = NDArray[np.float64]

MOST = (EPSILON - COUNTING) * 1000 // APPLICATIONS
"""The epsilon of a small profile's summary, in millionths."""
SIZES = [0, 1, 2, 50, 81, 82, 200, 1000, 10**4, 10**6, STRENGTH, STRENGTH + 1, 10**12]


def unit(vectors: NDArray[Any]) -> Floats:
    lengths = np.linalg.norm(vectors, axis=-1, keepdims=True)
    return np.asarray(vectors / lengths, np.float32)


@dataclass(frozen=True)
class Opinion:
    """What one opinion's sources say, in the same words, each with its weight and vector."""

    texts: tuple[str, ...]
    weights: tuple[float, ...]
    vectors: Floats


def told(opinions: Sequence[Opinion], topics: Floats) -> tuple[list[int], int]:
    """The votes of these opinions, source by source."""
    texts = [text for opinion in opinions for text in opinion.texts]
    weights = [weight for opinion in opinions for weight in opinion.weights]
    vectors = [opinion.vectors for opinion in opinions]
    stacked = np.concatenate([np.empty((0, topics.shape[1]), np.float32), *vectors])
    return votes(texts, stacked, weights, topics)


def moved(some: Sequence[int], others: Sequence[int]) -> list[int]:
    """How far each count moved, of those that did."""
    return [abs(one - other) for one, other in zip(some, others, strict=True) if one != other]


def opinion(
    generator: np.random.Generator, number: int, weights: Sequence[float], dimension: int = 4
) -> Opinion:
    spellings = [f"thing {number}" + "!" * source for source in range(len(weights))]
    vectors = unit(generator.normal(size=(len(weights), dimension)))
    return Opinion(tuple(spellings), tuple(weights), vectors)


WEIGHTS = st.lists(
    st.one_of(
        st.floats(-1, 1),
        st.sampled_from([1.0, -1.0, 0.5, -0.5, 0.0, 0.25, 40.0, -7.5, math.nan, math.inf, -math.inf]),
    ),
    min_size=1,
    max_size=4,
)
PROFILES = st.lists(WEIGHTS, min_size=1, max_size=9)


@given(PROFILES, st.integers(0, 2**32 - 1), st.sampled_from([2, 3, 8192]))
@examples(300)
def test_one_opinion_more_or_less_moves_one_count_by_one_vote_at_most(
    profile: list[list[float]], seed: int, block: int
) -> None:
    generator = np.random.default_rng(seed)
    topics = unit(generator.normal(size=(5, 4)))
    opinions = [opinion(generator, number, weights) for number, weights in enumerate(profile)]
    with pytest.MonkeyPatch.context() as patched:
        patched.setattr(summary, "_BLOCK", block)  # so that a missing opinion moves others between blocks
        sums, counted = told(opinions, topics)
        assert counted == len(opinions)
        for row in range(len(opinions)):
            without, fewer = told(opinions[:row] + opinions[row + 1 :], topics)
            assert fewer == counted - 1
            changes = moved(sums, without)
            assert len(changes) <= 1
            assert sum(changes) <= VOTE


@given(PROFILES, st.integers(0, 2**32 - 1), st.sampled_from([0.0, 1.0, -1.0, math.nan]))
@examples(200)
def test_one_source_more_moves_all_counts_together_by_two_votes_at_most(
    profile: list[list[float]], seed: int, weight: float
) -> None:
    generator = np.random.default_rng(seed)
    topics = unit(generator.normal(size=(3, 4)))
    opinions = [opinion(generator, number, [*weights, weight]) for number, weights in enumerate(profile)]
    sums, counted = told(opinions, topics)
    for row, whole in enumerate(opinions):
        for source in (0, len(whole.texts) - 1):
            kept = [place for place in range(len(whole.texts)) if place != source]
            fewer = Opinion(
                tuple(whole.texts[place] for place in kept),
                tuple(whole.weights[place] for place in kept),
                whole.vectors[kept],
            )
            without, as_many = told([*opinions[:row], fewer, *opinions[row + 1 :]], topics)
            assert as_many == counted
            assert sum(moved(sums, without)) <= 2 * VOTE


@given(PROFILES, st.integers(0, 2**32 - 1))
@examples(200)
def test_the_order_has_no_influence(profile: list[list[float]], seed: int) -> None:
    generator = np.random.default_rng(seed)
    topics = unit(generator.normal(size=(5, 4)))
    opinions = [opinion(generator, number, weights) for number, weights in enumerate(profile)]
    texts = [text for one in opinions for text in one.texts]
    texts[-1] = texts[0]  # the same letters, but another vector
    weights = np.array([weight for one in opinions for weight in one.weights])
    vectors = np.concatenate([one.vectors for one in opinions])
    order = generator.permutation(len(texts))
    assert votes(texts, vectors, weights, topics) == votes(
        [texts[row] for row in order], vectors[order], weights[order], topics
    )


def test_the_order_of_sources_has_no_influence_where_their_mean_is_between_two_votes() -> None:
    """Added up in another order, these weights come to another last digit, and to another vote."""
    topics = np.eye(1, 2, dtype=np.float32)
    orders = permutations([0.3711, 0.3009, -0.12075])
    assert len({tuple(votes(["sea"] * 3, topics[[0] * 3], order, topics)[0]) for order in orders}) == 1


@pytest.mark.parametrize("seed", range(4))
def test_an_opinion_votes_as_it_would_alone_however_near_two_topics_are(
    seed: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Matrix products round otherwise with other rows: near ties would fall by what else there is."""
    monkeypatch.setattr(summary, "_BLOCK", 61)
    generator = np.random.default_rng(seed)
    topics = unit(np.repeat(generator.normal(size=(3, 384)), 4, axis=0))
    topics[1::2] *= np.float32(1 + 2**-22)  # nearly the same as the topic before
    opinions = [opinion(generator, number, [1.0], 384) for number in range(150)]
    alone = [told([one], topics)[0] for one in opinions]
    together, counted = told(opinions, topics)
    assert together == [sum(column) for column in zip(*alone, strict=True)]
    assert counted == 150


def test_the_same_words_from_several_sources_are_one_opinion() -> None:
    topics = np.eye(3, dtype=np.float32)
    said = ["Jazz, late at night", "late night jazz!", "night; late JAZZ", "tea", "Tea."]
    sums, counted = votes(said, topics[[0, 0, 0, 1, 1]], [1.0, 0.5, 0.75, -1.0, -0.8], topics)
    assert (sums, counted) == ([VOTE, -VOTE, 0], 2)


@pytest.mark.parametrize(
    ("weights", "vote"),
    [
        ([1.0], 1000),
        ([0.5], 1000),
        ([0.25], 500),
        ([-0.1], -200),
        ([0.0], 0),
        ([0.0001], 0),
        ([1.0, -1.0], 0),
        ([0.5, -1.0], -500),
        ([0.4, 0.0], 400),
        ([math.nan], 0),
        ([1.0, math.nan], 0),
        ([math.inf], 1000),
        ([-40.0], -1000),
        ([40.0, -1.0], 0),
        ([math.inf, -math.inf], 0),
    ],
    ids=str,
)
@pytest.mark.filterwarnings("error")
def test_an_opinion_votes_with_its_mean_weight_wholly_from_half_a_liking_on(
    weights: list[float], vote: int
) -> None:
    one = opinion(np.random.default_rng(0), 1, weights, 2)
    assert told([one], np.eye(1, 2, dtype=np.float32)) == ([vote], 1)


def test_an_opinion_is_about_what_the_first_of_its_texts_by_their_letters_is_about() -> None:
    topics = np.eye(3, dtype=np.float32)
    assert votes(["sea!", "sea", "sea?"], topics[[0, 2, 1]], [1.0] * 3, topics) == ([0, 0, VOTE], 1)


def test_of_two_topics_that_are_as_near_the_first_gets_the_vote() -> None:
    topics = np.eye(3, dtype=np.float32)[[2, 0, 0]]
    assert votes(["sea"], topics[1:2], [1.0], topics)[0] == [0, VOTE, 0]


@pytest.mark.parametrize(("texts", "counted"), [(["it", "not"], 2), (["...", "..."], 1), (["", "?"], 2)])
def test_texts_without_words_that_count_are_told_apart_by_their_letters(
    texts: list[str], counted: int
) -> None:
    topics = np.eye(2, dtype=np.float32)
    assert votes(texts, topics[[0, 0]], [1.0, 1.0], topics) == ([counted * VOTE, 0], counted)


def test_a_profile_without_opinions_has_no_votes_and_a_summary_of_noise() -> None:
    topics = np.eye(3, 4, dtype=np.float32)
    assert told([], topics) == ([0, 0, 0], 0)
    for one in summary.draw([0, 0, 0], 0, random.Random(1).randrange):
        assert one.epsilon == MOST
        assert len(one.counts) == 3


@pytest.fixture
def counted(monkeypatch: pytest.MonkeyPatch) -> Callable[[int], None]:
    """Decides what every noise is."""

    def decide(noise: int) -> None:
        monkeypatch.setattr(discrete_laplace, "sample", lambda *_: noise)

    return decide


@pytest.mark.parametrize("noise", [-(10**9), -60, -1, 0, 1, 60, 10**9])
@pytest.mark.parametrize("opinions", SIZES)
def test_the_summaries_of_a_window_cost_epsilon_at_most_however_many_opinions_there_are(
    opinions: int, noise: int, counted: Callable[[int], None]
) -> None:
    counted(noise)
    window = summary.draw([0], opinions)
    assert len(window) == APPLICATIONS
    assert Fraction(COUNTING, 1000) + sum(Fraction(one.epsilon, MILLION) for one in window) <= Fraction(
        EPSILON, 1000
    )
    assert all(Fraction(VOTE) / one.scale == Fraction(one.epsilon, MILLION) > 0 for one in window)


@pytest.mark.parametrize("opinions", [size for size in SIZES if size <= STRENGTH])
def test_the_noise_grows_with_the_profile_so_that_votes_times_epsilon_is_bounded(
    opinions: int, counted: Callable[[int], None]
) -> None:
    counted(0)
    one, *_ = summary.draw([0], opinions)
    assert Fraction(max(1, opinions) * one.epsilon, MILLION) ** 2 <= Fraction(20**2, 2)
    closest = min(MOST, STRENGTH // max(1, opinions))
    assert one.epsilon == closest, "and no larger than that needs"


def test_the_bound_of_votes_times_epsilon_is_20_over_the_root_of_the_applications() -> None:
    assert math.isqrt(20**2 * MILLION**2 // APPLICATIONS) == STRENGTH


@pytest.mark.parametrize("opinions", SIZES)
def test_more_opinions_never_have_less_noise(opinions: int, counted: Callable[[int], None]) -> None:
    counted(0)
    (one, *_), (more, *_) = summary.draw([0], opinions), summary.draw([0], opinions + 1)
    assert one.scale <= more.scale


def test_a_million_opinions_get_noise_to_their_measure() -> None:
    window = summary.draw([10**9] * 5, 10**6, random.Random(5).randrange)
    for one in window:
        assert 0.95 < 10**6 * one.epsilon / STRENGTH < 1.01
        # Noise beyond 40 scales comes once in 10**17 draws.
        assert all(0 < abs(count - 10**9) < 40 * one.scale for count in one.counts)


@pytest.mark.parametrize("opinions", [1, 200, 10**6])
def test_the_noise_of_each_summary_has_the_distribution_of_the_definition(opinions: int) -> None:
    sums = [random.Random(2).randrange(-3000, 3000) for _ in range(20_000)]
    for one in summary.draw(sums, opinions, random.Random(3).randrange):
        noise = [told - true for told, true in zip(one.counts, sums, strict=True)]
        assert distance(noise, one.scale) < 0.02
        assert distance(noise[:10_000], one.scale * 2) > 0.05, "another scale would show"


def test_the_number_of_opinions_has_the_noise_that_is_charged() -> None:
    """It is whole, and read from epsilon, where that is fine enough."""
    draws, opinions = random.Random(4), 1000
    found = [STRENGTH // summary.draw([], opinions, draws.randrange)[0].epsilon for _ in range(20_000)]
    assert distance((number - opinions for number in found), Fraction(1000, COUNTING)) < 0.02


@pytest.mark.parametrize("opinions", [1, 200, 10**4, 10**6])
def test_opendp_charges_as_much_for_the_noise(opinions: int) -> None:
    for one in summary.draw([0], opinions, random.Random(opinions).randrange):
        charged = opendp_laplace(one.scale).map(VOTE)
        assert charged == pytest.approx(one.epsilon / MILLION, rel=1e-9)
    counting = opendp_laplace(Fraction(1000, COUNTING)).map(1)
    assert counting == pytest.approx(COUNTING / 1000, rel=1e-9)


def test_the_summaries_of_a_window_are_independent_of_each_other() -> None:
    one, other = (
        np.array(counts.counts, np.float64)
        for counts in summary.draw([0] * 20_000, 50, random.Random(6).randrange)
    )
    for some, others in [(one, other), (abs(one), abs(other)), (one[1:], one[:-1]), (one[1:], other[:-1])]:
        # Five standard deviations of the correlation of independent draws.
        assert abs(np.corrcoef(some, others)[0, 1]) < 5 / math.sqrt(20_000)
    assert np.count_nonzero(one == other) < 20, "one in 23,000 is the same by chance"


def test_both_summaries_of_a_window_have_the_same_noisy_number_of_opinions() -> None:
    """A number of its own for each would cost twice."""
    draws = random.Random(7)
    for _ in range(50):
        one, other = summary.draw([0, 0], 500, draws.randrange)
        assert one.epsilon == other.epsilon
        assert one.counts != other.counts


@pytest.mark.parametrize("total", [0, 1, -1, VOTE, 2**53 + 1, -(2**70) - 1])
def test_no_number_is_rounded_on_its_way_to_the_noise(total: int) -> None:
    """A float would lose the last digit of these, and its gaps would tell what was under the noise."""
    plain = summary.draw([0, 0, 0], 50, random.Random(8).randrange)
    moved = summary.draw([0, total, 0], 50, random.Random(8).randrange)
    for one, other in zip(plain, moved, strict=True):
        assert other.epsilon == one.epsilon
        assert [told - true for told, true in zip(other.counts, one.counts, strict=True)] == [0, total, 0]


def test_nothing_is_a_float_before_the_noise_nor_in_it() -> None:
    class Exact(int):
        """Refuses to become a float."""

        def __float__(self) -> float:
            raise AssertionError("a float was made of a sum")

        __truediv__ = __rtruediv__ = __float__  # type: ignore[assignment]

    asked: list[int] = []
    draws = random.Random(9)

    def draw(below: int) -> int:
        asked.append(below)
        return draws.randrange(below)

    topics = np.eye(2, dtype=np.float32)
    sums, opinions = votes(["sea", "tea"], topics, np.array([0.3, -0.9]), topics)
    assert {type(total) for total in sums} | {type(opinions)} == {int}
    window = summary.draw([Exact(total) for total in sums], Exact(opinions), draw)
    window += [one.without([1], draw) for one in window] + [noise_alone(2, draw)]
    for one in window:
        assert {type(count) for count in one.counts} | {type(one.epsilon)} == {int}
        assert type(one.scale) is Fraction
    assert {type(below) for below in asked} == {int}


def test_what_is_drawn_does_not_depend_on_the_votes() -> None:
    def bounds(sums: list[int]) -> list[int]:
        asked: list[int] = []
        draws = random.Random(10)

        def draw(below: int) -> int:
            asked.append(below)
            return draws.randrange(below)

        for one in summary.draw(sums, 50, draw):
            one.without([0], draw)
        return asked

    assert bounds([0, 0, 0]) == bounds([10**9, -5, 1])


def test_without_replaces_the_named_rows_and_no_others() -> None:
    before = NoisyCounts((10**9, 2, -(10**9), 4), 150_000)
    after = before.without([0, 2], random.Random(11).randrange)
    assert after.counts[1::2] == (2, 4)
    assert after.epsilon == before.epsilon
    assert all(abs(count) < 40 * before.scale for count in after.counts)
    assert before.counts == (10**9, 2, -(10**9), 4)
    assert before.without([], random.Random(11).randrange) == before


def test_the_fresh_noise_does_not_depend_on_what_was_there() -> None:
    one = NoisyCounts((0, 5, 10**9), 9000).without([2, 0], random.Random(12).randrange)
    other = NoisyCounts((-7, 5, 3), 9000).without([2, 0], random.Random(12).randrange)
    assert one == other


@pytest.mark.parametrize("epsilon", [MOST, 9000])
def test_the_fresh_noise_has_the_distribution_of_the_rest(epsilon: int) -> None:
    before = NoisyCounts((10**6,) * 20_000, epsilon)
    after = before.without(range(20_000), random.Random(13).randrange)
    assert distance(after.counts, before.scale) < 0.02


def test_a_summary_of_nothing_is_noise_alone() -> None:
    one = noise_alone(20_000, random.Random(14).randrange)
    assert one.epsilon == MOST
    assert distance(one.counts, one.scale) < 0.02


CLOSED = 2
WINDOWS = 6000


def windows(
    seed: int, about_closed: int, opinions: int, close: Callable[[NoisyCounts, random.Random], NoisyCounts]
) -> Doubles:
    """float64 (WINDOWS, ...): the counts of both summaries of each window, and what else may tell of them."""
    draws = random.Random(seed)
    sums = [3 * VOTE, -2 * VOTE, about_closed, 0, VOTE]
    rows = []
    for _ in range(WINDOWS):
        one, other = (close(counts, draws) for counts in summary.draw(sums, opinions, draws.randrange))
        rows.append([*one.counts, *other.counts, one.epsilon])
    found = np.array(rows, np.float64)
    scale = VOTE * MILLION / found[:, -1:]
    counts = found[:, :-1] / scale
    first, second = counts[:, CLOSED], counts[:, CLOSED + 5]
    both = [first * second, first + second, abs(first), abs(second), abs(first - second), abs(first + second)]
    return np.column_stack([counts, *both, counts**2, found[:, -1] / MOST])


def as_is(counts: NoisyCounts, draws: random.Random) -> NoisyCounts:
    return counts


def closed(counts: NoisyCounts, draws: random.Random) -> NoisyCounts:
    return counts.without([CLOSED], draws.randrange)


def silenced(counts: NoisyCounts, draws: random.Random) -> NoisyCounts:
    """What `without` must not be: an exact nothing among noisy counts."""
    kept = [0 if row == CLOSED else count for row, count in enumerate(counts.counts)]
    return NoisyCounts(tuple(kept), counts.epsilon)


def best_threshold(some: Doubles, others: Doubles) -> float:
    """The largest advantage of guessing by whether a number is above a threshold."""
    edges = np.concatenate([some, others])
    below = [np.searchsorted(np.sort(values), edges, "right") / len(values) for values in (some, others)]
    return float(abs(below[0] - below[1]).max())


def best_of_all(some: Doubles, others: Doubles) -> float:
    """The advantage of a linear distinguisher over all columns, learned on one half, tried on the other."""
    half = WINDOWS // 2
    learned = np.concatenate([some[:half], others[:half]])
    middle, spread = learned.mean(axis=0), learned.std(axis=0) + 1e-12
    answers = np.repeat([1.0, -1.0], half)
    weights = np.linalg.lstsq((learned - middle) / spread, answers, rcond=None)[0]
    right = [((kept[half:] - middle) / spread) @ weights > 0 for kept in (some, others)]
    return float(right[0].mean() - right[1].mean())


CHANCE = 0.04
"""Chance alone gives a threshold more in one column of 3,000, and three deviations are .04 in the other."""


@pytest.mark.parametrize("opinions", [50, 400])
def test_a_closed_topic_looks_like_one_on_which_nothing_was_said(opinions: int) -> None:
    """As many opinions are counted in both: their number has noise of its own."""
    told_of = windows(21, 9 * VOTE, opinions, closed)
    nothing_said = windows(22, 0, opinions, as_is)
    for column in range(told_of.shape[1]):
        assert best_threshold(told_of[:, column], nothing_said[:, column]) < CHANCE
    assert abs(best_of_all(told_of, nothing_said)) < CHANCE


def test_the_distinguishers_see_a_topic_that_is_not_closed_and_one_that_is_silenced() -> None:
    nothing_said = windows(22, 0, 50, as_is)
    for other in (windows(23, 9 * VOTE, 50, as_is), windows(24, 9 * VOTE, 50, silenced)):
        assert best_threshold(abs(other[:, CLOSED]), abs(nothing_said[:, CLOSED])) > 5 * CHANCE
        assert best_of_all(other, nothing_said) > 5 * CHANCE


def test_scores_add_up_the_counts_by_how_much_a_text_is_about_each_topic() -> None:
    topics = np.eye(3, 4, dtype=np.float32)
    subjects = unit(np.array([[1, 0, 0, 0], [1, 1, 0, 0], [0, 0, 0, 1.0]]))
    counts = NoisyCounts((9000, -4000, 100), MOST)
    sharp = np.exp(10 * subjects[:, :3].astype(np.float64))
    expected = [float(row @ np.array(counts.counts) / row.sum()) for row in sharp]
    assert scores(counts, topics, subjects) == pytest.approx(expected, rel=1e-5)
    assert scores(counts, topics, subjects)[2] == pytest.approx(5100 / 3)


def test_the_score_of_a_text_does_not_depend_on_the_others() -> None:
    generator = np.random.default_rng(15)
    topics, subjects = (unit(generator.normal(size=(size, 16))) for size in (6, 9))
    counts = noise_alone(6, random.Random(15).randrange)
    found = scores(counts, topics, subjects)
    assert scores(counts, topics, subjects[::-1])[::-1] == pytest.approx(found, rel=1e-12)
    assert scores(counts, topics, subjects[4:5]) == pytest.approx(found[4:5], rel=1e-12)
    assert not scores(NoisyCounts((0,) * 6, MOST), topics, subjects).any()


def test_resolution_is_none_for_the_same_texts_and_about_one_for_those_of_different_topics() -> None:
    topics = np.eye(20, 32, dtype=np.float32)
    assert resolution(topics, np.repeat(topics[:1], 20, axis=0)) == pytest.approx(0, abs=1e-12)
    assert resolution(topics, np.eye(32, dtype=np.float32)[20:25]) == pytest.approx(0, abs=1e-12)
    assert resolution(topics, topics) == pytest.approx(1, abs=0.02)
    some = resolution(topics, unit(topics + topics[:1] / 2))
    assert 0 < some < resolution(topics, topics)
    assert resolution(topics, topics[::-1]) == pytest.approx(resolution(topics, topics))


@pytest.mark.parametrize("epsilon", [1000, MOST, 9000])
def test_a_band_is_told_from_three_scales_of_the_noise_on(epsilon: int) -> None:
    counts = NoisyCounts((), epsilon)
    least = math.ceil(3 * counts.scale)
    assert [band(count, counts) for count in (least, least - 1, 0, 1 - least, -least)] == [
        "high", None, None, None, "low",
    ]  # fmt: skip
    by_noise_alone = 2 * (1 - up_to(least - 1, counts.scale))
    assert 0.045 < by_noise_alone < 0.05
