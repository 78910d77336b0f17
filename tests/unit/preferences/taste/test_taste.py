"""A taste that is learned: what it must get right, and that every way to it leads to the same."""

from __future__ import annotations

import numpy as np
import pytest

from ipse.preferences.taste import INDUCING_POINTS, Evidence, Texts, fit
from ipse.preferences.taste.inducing_points import InducingPoints, inducing_rows
from ipse.preferences.taste.model import Sums, Taste
from tests.unit.preferences.taste.people import TODAY, opinions, somebody, subject, texts_about


def joined(first: Evidence, second: Evidence) -> Evidence:
    return Evidence(
        Texts(
            np.vstack([first.texts.vectors, second.texts.vectors]),
            np.concatenate([first.texts.words, second.texts.words]),
        ),
        np.concatenate([first.weights, second.weights]),
        np.concatenate([first.days, second.days]),
        np.concatenate([first.keys, second.keys]),
    )


def test_what_is_like_the_liked_scores_above_what_is_like_the_disliked() -> None:
    scores = fit(somebody(60)).scores(texts_about([1, 0, 3, 2], seed=7), TODAY)
    assert scores[0] > 0.1 > -0.1 > scores[1]
    assert scores[2] > 0.1 > -0.1 > scores[3]


@pytest.mark.parametrize("weights", [[0.8, 0.8, 0.8], [0.8, -0.8, 0.4], [-1.0, -1.0, -1.0]])
def test_three_statements_already_order_what_is_near_them(weights: list[float]) -> None:
    taste = fit(opinions([1, 2, 3], weights))
    near, far = taste.scores(texts_about([1, 9], seed=5), TODAY)
    assert (near > far) == (weights[0] > 0)


def test_one_statement_is_enough() -> None:
    near, far = fit(opinions([1], [0.8])).scores(texts_about([1, 2], seed=5), TODAY)
    assert near > far > 0


def test_grades_count() -> None:
    taste = fit(opinions([1, 2, 3, 4], [1.0, 0.4, -0.4, -1.0]))
    scores = taste.scores(texts_about([1, 2, 3, 4], seed=5), TODAY)
    assert list(np.argsort(-scores)) == [0, 1, 2, 3]


def test_a_newer_opinion_outweighs_an_older_one_about_the_same() -> None:
    asked = texts_about([1], seed=5)
    for older, newer in ((0.8, -0.8), (-0.8, 0.8)):
        about = opinions(
            [1, 1, 2, 3], [older, newer, 0.8, -0.8], days=[TODAY - 3000, TODAY - 10, TODAY, TODAY]
        )
        assert fit(about).scores(asked, TODAY)[0] * newer > 0


def test_an_old_opinion_that_nothing_contradicts_still_counts() -> None:
    about = opinions([1, 2, 3], [0.8, -0.8, 0.1], days=[TODAY - 3650, TODAY, TODAY])
    liked, disliked = fit(about).scores(texts_about([1, 2], seed=5), TODAY)
    assert liked > disliked


def test_shared_words_count_beside_meaning() -> None:
    vectors = np.array([subject(1)] * 4 + [subject(2)] * 4)
    said = ["films of Ozu", "late Ozu", "Tati", "Jacques Tati", "a", "b", "c", "d"]
    weights = np.array([0.8, 0.8, -0.8, -0.8, 0.1, 0.1, 0.1, 0.1])
    keys = np.arange(8, dtype=np.uint64)
    taste = fit(Evidence(Texts.of(said, vectors), weights, np.full(8, TODAY), keys))
    ozu, tati = taste.scores(Texts.of(["Ozu, restored", "Tati, restored"], vectors[:2]), TODAY)
    assert ozu > tati + 0.02


@pytest.mark.parametrize("count", [40, INDUCING_POINTS, INDUCING_POINTS + 300])
def test_the_order_of_the_opinions_does_not_matter(count: int) -> None:
    said, asked = somebody(count), texts_about(list(range(10)), seed=3)
    shuffled = np.random.default_rng(9).permutation(count)
    assert fit(said[shuffled]).scores(asked, TODAY) == pytest.approx(fit(said).scores(asked, TODAY), abs=1e-5)


def test_extending_gives_what_learning_from_all_gives() -> None:
    said = somebody(1500)
    new = np.setdiff1d(np.arange(1200, 1500), inducing_rows(said))
    old = np.setdiff1d(np.arange(1500), new)
    first, last = new[:1], new[1:]
    extended = fit(said[old]).extended(said[first])
    assert extended is not None
    extended = extended.extended(said[last])
    assert extended is not None
    asked = texts_about(list(range(8)) * 4, seed=3)
    whole = fit(joined(joined(said[old], said[first]), said[last])).scores(asked, TODAY)
    assert extended.scores(asked, TODAY) == pytest.approx(whole, abs=1e-7)


def test_a_new_inducing_point_takes_a_fit() -> None:
    said = somebody(800)
    points = inducing_rows(said)
    rest = np.setdiff1d(np.arange(800), points[-1:])
    assert fit(said[rest]).extended(said[points[-1:]]) is None
    assert fit(somebody(100)).extended(somebody(1, seed=4)) is None, "an exact one is fitted anew"


def test_a_taste_made_from_its_sums_is_the_same() -> None:
    taste = fit(somebody(700))
    assert taste.sums is not None
    kept = Sums(taste.sums.gram.copy(), taste.sums.moment.copy())
    again = Taste(InducingPoints(taste.points.evidence), kept)
    asked = texts_about(list(range(8)), seed=3)
    assert again.scores(asked, TODAY).tolist() == taste.scores(asked, TODAY).tolist()


def test_a_sample_carries_what_all_would_say() -> None:
    asked = texts_about(list(range(8)) * 5, seed=3)
    scores = fit(somebody(1200)).scores(asked, TODAY)
    liked = np.array([number % 2 for number in list(range(8)) * 5], bool)
    assert scores[liked].min() > scores[~liked].max()


@pytest.mark.parametrize("count", [30, INDUCING_POINTS + 200])
def test_influences_add_up_to_the_score(count: int) -> None:
    said, asked = somebody(count), texts_about([1, 2, 9], seed=3)
    taste = fit(said)
    added = taste.influences(asked, TODAY, said)
    assert added.shape == (3, count)
    assert added.sum(axis=1) == pytest.approx(taste.scores(asked, TODAY), abs=1e-6)


def test_what_is_nearest_moves_most() -> None:
    said = opinions([1, 2, 3, 4, 5], [0.8, -0.8, 0.8, -0.8, 0.8])
    added = fit(said).influences(texts_about([2], seed=3), TODAY, said)
    assert np.abs(added[0]).argmax() == 1
    assert added[0, 1] < 0


def test_a_prior_speaks_where_nothing_was_said_and_yields_to_what_was() -> None:
    prior = 0.5 * (subject(7) - subject(6))
    silent = fit(opinions([1, 2], [0.8, -0.8]), prior=prior)
    expected, dreaded = silent.scores(texts_about([7, 6], seed=3), TODAY)
    assert expected > 0.1 > -0.1 > dreaded
    said = fit(opinions([7] * 30, [-0.8] * 30), prior=prior)
    assert said.scores(texts_about([7], seed=3), TODAY)[0] < -0.3


def test_the_same_thing_said_often_breaks_nothing() -> None:
    one = opinions([1], [0.8])
    many = one[np.zeros(INDUCING_POINTS + 50, int)]
    scores = fit(many).scores(texts_about([1, 2], seed=3), TODAY)
    assert np.isfinite(scores).all()
    assert scores[0] > 0.5


def test_no_opinion_at_any_time_makes_a_score_that_is_no_number() -> None:
    said = opinions([1, 2, 1], [1.0, 0.0, -1.0], days=[-700_000.0, 0.0, 2_900_000.0])
    scores = fit(said).scores(texts_about([1, 2], seed=3), TODAY)
    assert np.isfinite(scores).all()
