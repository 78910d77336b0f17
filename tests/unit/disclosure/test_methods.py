"""How an answer comes about: exactly what the owner ticks, or what a private summary says."""

from __future__ import annotations

from datetime import date, timedelta

import pytest

from ipse.disclosure import methods, reasons
from ipse.disclosure.levels import NAMES
from ipse.disclosure.levels.level import Asked
from ipse.disclosure.methods import owner, private
from ipse.disclosure.methods.private import (
    LIFE,
    WINDOW,
    YEAR,
    Limits,
    next_window,
    sureness,
    window_of,
)
from ipse.disclosure.offers import Item, Offer
from ipse.disclosure.reasons import ReasonCode
from ipse.errors import UsageError
from tests.unit.disclosure.material import ASKED, NOW
from tests.unit.disclosure.material import WINDOW as ITS_WINDOW

BOOKS = tuple(
    Item(str(number), text) for number, text in enumerate(["Dune", "Emma", "Solaris", "Ulysses"], 1)
)
RANKED = Offer(BOOKS, ("1", "2"))
CHOOSE, ORDER = ASKED["choose"], ASKED["order"]
SIX = 2.584962500721156  # log2 of the six choices of two from four


class TestWindows:
    """A schedule that is the same for everybody: when a window begins tells nothing of its owner."""

    def test_a_window_is_of_180_days_counted_from_1970(self) -> None:
        assert timedelta(days=180) == WINDOW
        assert window_of(date(1970, 1, 1)) == window_of(date(1970, 6, 29)) == "1970-01-01"
        assert window_of(date(1970, 6, 30)) == "1970-06-30"

    def test_every_day_lies_in_the_window_that_it_is_told_for(self) -> None:
        assert window_of(NOW.date()) == ITS_WINDOW
        for number in range(0, 40_000, 97):
            day = date(1960, 1, 1) + timedelta(days=number)
            window = window_of(day)
            assert window <= day.isoformat() < next_window(window)
            assert window_of(date.fromisoformat(window)) == window
            assert window_of(date.fromisoformat(next_window(window)) - timedelta(days=1)) == window


class TestLimits:
    def test_a_year_has_two_drawings_and_a_life_no_more(self) -> None:
        assert (YEAR, LIFE) == (800, 800)
        assert Limits() == Limits(800, 800)

    @pytest.mark.parametrize(
        ("year", "ever", "room"),
        [
            (0, 0, True),
            (400, 400, True),
            (800, 800, False),
            (401, 401, False),
            (0, 400, True),
            (0, 401, False),
        ],
    )
    def test_there_is_room_for_what_costs_as_much_as_is_left(self, year: int, ever: int, room: bool) -> None:
        assert Limits().room(year, ever) is room

    @pytest.mark.parametrize("limits", [Limits(0, 0), Limits(399, 800), Limits(0, 800)])
    def test_under_a_limit_below_the_cost_nothing_is_drawn(self, limits: Limits) -> None:
        assert not limits.room(0, 0)

    @pytest.mark.parametrize(
        ("limits", "years", "most"),
        [
            (Limits(), 1, 800),
            (Limits(), 5, 800),
            (Limits(800, 2000), 1, 800),
            (Limits(800, 2000), 5, 2000),
            (Limits(500, 10_000), 5, 2000),
            (Limits(0, 0), 5, 0),
        ],
    )
    def test_add_up_to_whole_windows(self, limits: Limits, years: int, most: int) -> None:
        assert limits.most_in(years) == most

    @pytest.mark.parametrize(("epsilon", "sure"), [(0, 0.5), (400, 0.5987), (800, 0.69), (2000, 0.8808)])
    def test_cost_what_makes_an_opinion_that_likely(self, epsilon: int, sure: float) -> None:
        assert sureness(epsilon) == pytest.approx(sure, abs=1e-4)

    def test_one_limit_can_be_changed_alone(self) -> None:
        assert Limits().changed(year=400) == Limits(400, 800)
        assert Limits().changed(life=2000) == Limits(800, 2000)
        assert Limits().changed(year=0, life=0) == Limits(0, 0)
        assert Limits().changed() == Limits()

    @pytest.mark.parametrize(
        "change", [{"year": -1}, {"life": -1}, {"life": 100_001}, {"year": 1201}, {"life": 799}]
    )
    def test_limits_that_can_not_be_are_refused(self, change: dict[str, int]) -> None:
        with pytest.raises(UsageError):
            Limits().changed(**change)


class TestTicked:
    """What leaves is what the owner ticked, in the owner's order, and nothing that was not offered."""

    @pytest.mark.parametrize("keys", [("1", "2"), ("4", "1"), ("3",), ("4", "3", "2", "1")])
    def test_what_is_ticked_leaves_in_its_order(self, keys: tuple[str, ...]) -> None:
        leaving = owner.ticked(RANKED, keys)
        assert leaving.chosen == tuple(item.key for item in leaving.items) == keys
        assert leaving.reason is None

    def test_a_key_that_was_not_offered_is_passed_over(self) -> None:
        assert owner.ticked(RANKED, ("5", "1", "")).chosen == ("1",)
        assert owner.ticked(RANKED, ("5",)) == Offer((), (), reasons.NOTHING_TICKED)

    def test_ticking_nothing_says_nothing_for_that_reason(self) -> None:
        assert owner.ticked(RANKED, ()) == Offer((), (), reasons.NOTHING_TICKED)

    def test_where_nothing_could_be_said_the_reason_for_that_stays(self) -> None:
        closed = Offer.nothing(reasons.TOPICS_CLOSED)
        assert owner.ticked(closed, ()) == closed

    def test_what_the_profile_would_not_say_the_owner_can(self) -> None:
        unsaid = Offer(BOOKS, (), reasons.NOTHING_SAID)
        assert owner.ticked(unsaid, ("2",)) == Offer((BOOKS[1],), ("2",), None)


class TestChosen:
    """What leaves under a grant of exact answers."""

    def test_what_the_profile_would_answer_leaves(self) -> None:
        assert owner.chosen(CHOOSE, RANKED, 260, 0.0) == Offer(BOOKS[:2], ("1", "2"))

    def test_without_a_cap_nothing_bounds_it(self) -> None:
        assert owner.chosen(CHOOSE, RANKED, None, 1e9).chosen == ("1", "2")

    @pytest.mark.parametrize(("told", "leaves"), [(0.0, True), (7.0, True), (7.5, False), (10.0, False)])
    def test_an_answer_that_would_count_above_the_cap_says_nothing(self, told: float, leaves: bool) -> None:
        assert 7.0 + SIX < 10 < 7.5 + SIX
        found = owner.chosen(CHOOSE, RANKED, 10, told)
        assert bool(found.items) is leaves
        assert (found.reason is None) is leaves
        if found.reason is not None:
            assert found.reason.code is ReasonCode.CAP_REACHED

    def test_an_order_counts_more_than_a_choice_of_the_same(self) -> None:
        assert owner.chosen(CHOOSE, RANKED, 3, 0.0).items
        assert not owner.chosen(ORDER, RANKED, 3, 0.0).items

    @pytest.mark.parametrize("reason", [reasons.TOPICS_CLOSED, reasons.NOTHING_SAID])
    def test_where_nothing_is_chosen_nothing_leaves_whatever_could(self, reason: reasons.Reason) -> None:
        assert owner.chosen(CHOOSE, Offer(BOOKS, (), reason), 260, 0.0) == Offer((), (), reason)

    def test_what_says_nothing_counts_nothing_so_the_reason_is_its_own(self) -> None:
        closed = Offer(BOOKS, (), reasons.TOPICS_CLOSED)
        assert owner.chosen(CHOOSE, closed, 1, 1.0).reason is reasons.TOPICS_CLOSED


class TestSaid:
    """Answers say their method; `test_answers.py` has what they may not say."""

    @pytest.mark.parametrize(
        "claims",
        [
            {"method": "owner"},
            {"method": "private", "window": "2026-03-08"},
            {"epsilon": 1},
            {"epsilon": 0.5},
        ],
    )
    def test_a_method_with_its_window_is_said_and_a_cost_by_older_versions(
        self, claims: dict[str, object]
    ) -> None:
        assert methods.is_said({**claims, "choices": []})
        assert not methods.is_said({**claims, "method": "drawn"})

    def test_there_are_two_methods(self) -> None:
        assert methods.NAMES == ("owner", "private")
        assert not methods.is_said({})


def test_every_level_can_be_answered_by_the_owner() -> None:
    asked: dict[str, Asked] = dict(ASKED)
    assert set(asked) == set(NAMES)
    for level in NAMES:
        assert owner.chosen(asked[level], Offer.nothing(reasons.NOTHING_SAID), 260, 0.0).items == ()


def test_what_is_computed_from_a_summary_is_thrown_away_where_there_is_a_reason() -> None:
    import numpy as np

    from ipse.preferences.privacy.summary import NoisyCounts
    from ipse.preferences.topics import published

    topics = np.eye(len(published().topics), dtype=np.float32)
    counts = NoisyCounts((10**9,) * len(topics), 175_000)
    told = private.offer(CHOOSE, private.Source(counts, ITS_WINDOW), topics, topics[:4])
    assert len(told.items) == 2
    for reason in (reasons.LIMIT_REACHED, reasons.APPLICATIONS_TOLD):
        untold = private.offer(CHOOSE, private.Source(counts, ITS_WINDOW, reason), topics, topics[:4])
        assert untold == Offer.nothing(reason)
