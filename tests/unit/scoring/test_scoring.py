"""The taste model: what is fitted, what a score is made of, and in which order candidates come."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from ipse.preferences import scoring

if TYPE_CHECKING:
    from collections.abc import Sequence

    import numpy as np
    from numpy.typing import NDArray

    Floats = NDArray[np.float32]
else:
    np = pytest.importorskip("numpy", reason="the profile extra is not installed (numpy)")

DIMENSIONS = 384
HALF_LIFE = 730.0


def unit(rows: NDArray[np.float64]) -> Floats:
    scaled: Floats = (rows / np.linalg.norm(rows, axis=-1, keepdims=True)).astype(np.float32)
    return scaled


def vectors(count: int, *, seed: int, dimensions: int = DIMENSIONS) -> Floats:
    return unit(np.random.default_rng(seed).normal(size=(count, dimensions)))


def around(centre: Floats, count: int, *, seed: int, spread: float = 0.5) -> Floats:
    """Unit vectors that stand about `centre`."""
    noise = np.random.default_rng(seed).normal(size=(count, centre.shape[0])) / np.sqrt(centre.shape[0])
    return unit(centre + spread * noise)


def scores(model: scoring.TasteModel, candidates: Floats) -> NDArray[np.float64]:
    """The scores in the order of the input."""
    by_position = {ranked.candidate: ranked.score for ranked in scoring.rank(model, candidates)}
    return np.array([by_position[position] for position in range(len(candidates))])


def plain_ridge(
    statements: Floats, weights: Sequence[float], ages: Sequence[float], candidates: Floats
) -> NDArray[np.float64]:
    """Scores of w = argmin sum r (w.x + b - y)^2 + |w|^2 in its closed primal form, b the weighted mean."""
    x, y = statements.astype(np.float64), np.asarray(weights)
    r = np.exp2(-np.asarray(ages) / HALF_LIFE)
    b = (r * y).sum() / r.sum()
    w = np.linalg.solve(x.T @ (r[:, None] * x) + np.eye(x.shape[1]), x.T @ (r * (y - b)))
    expected: NDArray[np.float64] = candidates.astype(np.float64) @ w + b
    return expected


class TestFit:
    @pytest.mark.parametrize(("count", "dimensions"), [(1, 8), (5, 8), (8, 8), (40, 8), (60, 384)])
    def test_the_model_is_the_plain_ridge_solution(self, count: int, dimensions: int) -> None:
        generator = np.random.default_rng(count)
        statements = vectors(count, seed=1, dimensions=dimensions)
        candidates = vectors(20, seed=2, dimensions=dimensions)
        weights = list(generator.uniform(-1, 1, count))
        ages = list(generator.uniform(0, 2000, count))
        model = scoring.fit(statements, weights, ages)
        expected = plain_ridge(statements, weights, ages, candidates)
        np.testing.assert_allclose(scores(model, candidates), expected, atol=2e-6)

    def test_the_model_holds_the_vectors_one_dual_each_and_the_mean_weight(self) -> None:
        statements = vectors(7, seed=3)
        model = scoring.fit(statements, [1, -1, 0.5, 0, 1, 1, -0.5], [0] * 7)
        assert model.support.shape == (7, DIMENSIONS)
        assert model.duals.shape == (7,)
        assert model.support.dtype == model.duals.dtype == np.float32
        assert model.offset == pytest.approx(2 / 7)

    def test_one_statement_works_and_weighs_nothing_but_its_own_weight(self) -> None:
        model = scoring.fit(vectors(1, seed=4), [0.7], [0])
        assert model.offset == pytest.approx(0.7)
        np.testing.assert_allclose(scores(model, vectors(3, seed=5)), 0.7, atol=1e-6)

    def test_statements_of_one_weight_score_everything_at_that_weight(self) -> None:
        model = scoring.fit(vectors(10, seed=6), [1.0] * 10, list(range(10)))
        np.testing.assert_allclose(scores(model, vectors(3, seed=7)), 1.0, atol=1e-6)

    def test_the_same_statement_twice_works(self) -> None:
        one = vectors(1, seed=8)
        model = scoring.fit(np.vstack([one, one, vectors(1, seed=9)]), [1, 1, -1], [0, 0, 0])
        assert scores(model, one)[0] > model.offset

    def test_the_scale_of_all_ages_matters_but_not_the_order_of_statements(self) -> None:
        statements, candidates = vectors(6, seed=10), vectors(4, seed=11)
        weights, ages = [1, -1, 0.5, -0.5, 0.2, 0], [0, 10, 100, 1000, 5, 50]
        order = [3, 1, 5, 0, 2, 4]
        turned = scoring.fit(
            statements[order], [weights[place] for place in order], [ages[place] for place in order]
        )
        straight = scoring.fit(statements, weights, ages)
        np.testing.assert_allclose(scores(turned, candidates), scores(straight, candidates), atol=1e-6)

    def test_the_statements_given_are_not_changed(self) -> None:
        statements = vectors(5, seed=12)
        before = statements.copy()
        scoring.rank(scoring.fit(statements, [1, -1, 1, -1, 0], [0] * 5), statements)
        np.testing.assert_array_equal(statements, before)


class TestDecay:
    @pytest.mark.parametrize("half_lives", [0, 1, 2, 3])
    def test_a_statement_counts_half_after_each_half_life(self, half_lives: int) -> None:
        # With weights 1 (old) and 0 (new), the mean weight is r / (r + 1).
        model = scoring.fit(vectors(2, seed=13), [1.0, 0.0], [HALF_LIFE * half_lives, 0.0])
        relevance = 0.5**half_lives
        assert model.offset == pytest.approx(relevance / (relevance + 1))

    def test_two_statements_that_count_half_count_as_much_as_one_new_one(self) -> None:
        old, other, candidates = vectors(1, seed=14), vectors(1, seed=15), vectors(5, seed=16)
        twice = scoring.fit(np.vstack([old, old, other]), [1, 1, -1], [HALF_LIFE, HALF_LIFE, 0])
        once = scoring.fit(np.vstack([old, other]), [1, -1], [0, 0])
        np.testing.assert_allclose(scores(twice, candidates), scores(once, candidates), atol=1e-6)

    def test_a_change_of_mind_outweighs_what_was_said_long_ago(self) -> None:
        one, other = vectors(1, seed=17), vectors(1, seed=18)
        model = scoring.fit(np.vstack([one, one, other]), [1, -1, 0.0], [10 * HALF_LIFE, 0, 0])
        assert scores(model, one)[0] < scores(model, other)[0]

    def test_a_statement_from_the_future_counts_as_one_of_today(self) -> None:
        statements, candidates = vectors(2, seed=19), vectors(3, seed=20)
        future = scoring.fit(statements, [1, -1], [-5000, 0])
        today = scoring.fit(statements, [1, -1], [0, 0])
        np.testing.assert_array_equal(scores(future, candidates), scores(today, candidates))

    def test_statements_as_old_as_the_calendar_give_finite_scores(self) -> None:
        statements, age = vectors(3, seed=21), 740_000.0
        for ages in ([age, 0, 0], [age, age, age]):
            found = scores(scoring.fit(statements, [1, -1, 0.5], ages), statements)
            assert np.isfinite(found).all()


class TestRank:
    def test_best_first_and_every_candidate_once(self) -> None:
        model = scoring.fit(vectors(30, seed=22), list(np.linspace(-1, 1, 30)), [0] * 30)
        ranked = scoring.rank(model, vectors(25, seed=23))
        assert sorted(place.candidate for place in ranked) == list(range(25))
        found = [place.score for place in ranked]
        assert found == sorted(found, reverse=True)

    def test_what_is_like_the_liked_comes_before_what_is_like_the_disliked(self) -> None:
        liked, disliked, neither = vectors(3, seed=24)
        statements = np.vstack([around(liked, 20, seed=25), around(disliked, 20, seed=26)])
        model = scoring.fit(statements, [1.0] * 20 + [-1.0] * 20, [0] * 40)
        candidates = np.vstack(
            [
                around(disliked, 10, seed=27),
                around(liked, 10, seed=28),
                around(neither, 10, seed=29),
            ]
        )
        order = [ranked.candidate // 10 for ranked in scoring.rank(model, candidates)]
        assert order == [1] * 10 + [2] * 10 + [0] * 10

    def test_how_much_it_was_liked_decides_between_two_liked_things(self) -> None:
        much, little = vectors(2, seed=30)
        statements = np.vstack([around(much, 10, seed=31), around(little, 10, seed=32)])
        model = scoring.fit(statements, [1.0] * 10 + [0.2] * 10, [0] * 20)
        assert scoring.rank(model, np.vstack([little, much]))[0].candidate == 1

    @pytest.mark.parametrize(("groups", "count"), [(1, 2), (1, 1000), (2, 33), (5, 1000)])
    def test_ties_keep_their_input_order(self, groups: int, count: int) -> None:
        model = scoring.fit(vectors(50, seed=33), list(np.linspace(-1, 1, 50)), [0] * 50)
        group_of = np.random.default_rng(34).integers(0, groups, count)
        order = [ranked.candidate for ranked in scoring.rank(model, vectors(groups, seed=35)[group_of])]
        for group in range(groups):
            members = [candidate for candidate in order if group_of[candidate] == group]
            assert members == sorted(members)

    def test_no_candidates_are_ranked_as_none(self) -> None:
        model = scoring.fit(vectors(3, seed=35), [1, 0, -1], [0, 0, 0])
        assert scoring.rank(model, vectors(3, seed=36)[:0]) == []

    def test_a_ranking_holds_plain_numbers(self) -> None:
        model = scoring.fit(vectors(3, seed=37), [1, 0, -1], [0, 0, 0])
        for ranked in scoring.rank(model, vectors(2, seed=38)):
            assert type(ranked.candidate) is int
            assert type(ranked.score) is float
            assert {type(influence.statement) for influence in ranked.influences} == {int}
            assert {type(influence.amount) for influence in ranked.influences} == {float}


class TestInfluences:
    def test_the_influences_of_all_statements_and_the_offset_add_up_to_the_score(self) -> None:
        count = 40
        generator = np.random.default_rng(39)
        model = scoring.fit(
            vectors(count, seed=40),
            list(generator.uniform(-1, 1, count)),
            list(generator.uniform(0, 900, count)),
        )
        for ranked in scoring.rank(model, vectors(10, seed=41), influences=count):
            assert sorted(influence.statement for influence in ranked.influences) == list(range(count))
            total = sum(influence.amount for influence in ranked.influences) + model.offset
            assert total == pytest.approx(ranked.score, abs=1e-6)

    def test_the_strongest_come_first_whether_they_move_up_or_down(self) -> None:
        model = scoring.fit(vectors(20, seed=42), list(np.linspace(-1, 1, 20)), [0] * 20)
        for ranked in scoring.rank(model, vectors(5, seed=43), influences=20):
            amounts = [abs(influence.amount) for influence in ranked.influences]
            assert amounts == sorted(amounts, reverse=True)

    def test_a_statement_about_the_thing_itself_is_what_moved_it_most(self) -> None:
        statements = vectors(20, seed=44)
        model = scoring.fit(statements, [1.0] * 10 + [-1.0] * 10, [0] * 20)
        for position, ranked in enumerate(
            sorted(scoring.rank(model, statements), key=lambda ranked: ranked.candidate)
        ):
            strongest = ranked.influences[0]
            assert strongest.statement == position
            assert (strongest.amount > 0) == (position < 10)

    @pytest.mark.parametrize(("wanted", "given"), [(0, 0), (1, 1), (3, 3), (99, 5)])
    def test_as_many_as_were_asked_for_and_there_are(self, wanted: int, given: int) -> None:
        model = scoring.fit(vectors(5, seed=45), [1, -1, 1, -1, 0], [0] * 5)
        for ranked in scoring.rank(model, vectors(2, seed=46), influences=wanted):
            assert len(ranked.influences) == given


class TestNearest:
    def test_the_nearest_come_first_with_their_cosine(self) -> None:
        rows = vectors(10, seed=47)
        found = scoring.nearest(rows, rows[4], limit=3)
        assert found[0][0] == 4
        assert found[0][1] == pytest.approx(1.0, abs=1e-6)
        assert [cosine for _, cosine in found] == sorted((cosine for _, cosine in found), reverse=True)
        for row, cosine in found:
            assert cosine == pytest.approx(float(rows[row] @ rows[4]), abs=1e-6)

    def test_no_more_than_the_limit_and_no_more_than_there_are(self) -> None:
        rows = vectors(4, seed=48)
        assert len(scoring.nearest(rows, rows[0], limit=2)) == 2
        assert len(scoring.nearest(rows, rows[0], limit=9)) == 4

    def test_equally_near_rows_keep_their_order(self) -> None:
        rows = np.repeat(vectors(1, seed=49), 33, axis=0)
        assert [row for row, _ in scoring.nearest(rows, rows[0], limit=33)] == list(range(33))
