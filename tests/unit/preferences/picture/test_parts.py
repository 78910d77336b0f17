"""What the picture is made of: time, evidence, marks and texts."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from itertools import pairwise

import pytest

from ipse.preferences.picture.lanes import (
    MAX_MARKS,
    Dot,
    Lane,
    by_time,
    by_weight,
    decayed,
    left,
    seconds,
    smoothed,
)
from ipse.preferences.picture.layout import Timeline, plan, timeline
from ipse.preferences.picture.words import fitting, legible
from tests.unit.preferences.picture.material import NOW, lane

_DAY = 86400.0


def test_evidence_halves_with_every_half_life_and_adds_up() -> None:
    levels = decayed([(0.0, 1.0), (10.0, 0.5)], [-5.0, 0.0, 10.0, 20.0], half_life=10.0)
    assert levels == pytest.approx([0.0, 1.0, 1.0, 0.5])


def test_evidence_at_a_moment_is_the_sum_over_all_that_was_said_until_then() -> None:
    said = [(float(place * place % 97), place % 5 / 5) for place in range(60)]
    moments = [step * 2.5 for step in range(50)]
    exact = [
        sum(amount * 2 ** (-(moment - at) / 30) for at, amount in said if at <= moment) for moment in moments
    ]
    assert decayed(sorted(said), moments, half_life=30.0) == pytest.approx(exact)


def test_what_is_taken_back_leaves_no_evidence() -> None:
    taken_back = -0.8 * left(100.0, 30.0)
    levels = decayed([(0.0, 0.8), (100.0, taken_back)], [50.0, 100.0, 200.0], half_life=30.0)
    assert levels == pytest.approx([0.8 * 2 ** (-50 / 30), 0.0, 0.0])


def test_smoothing_keeps_the_sum_of_what_lies_inside() -> None:
    assert smoothed([0, 0, 4, 0, 0], rounds=1) == [0, 1, 2, 1, 0]
    assert smoothed([3, 3, 3], rounds=4) == [3, 3, 3]


@pytest.mark.parametrize(
    ("days", "labels"),
    [  # up to the 22nd of November 2026
        (3, ["19 Nov", "20 Nov", "21 Nov", "22 Nov"]),
        (40, ["19 Oct", "26 Oct", "2 Nov", "9 Nov", "16 Nov"]),
        (200, ["Jun 2026", "Jul 2026", "Aug 2026", "Sep 2026", "Oct 2026", "Nov 2026"]),
        (700, [f"{month} {year}" for year in (2025, 2026) for month in ("Jan", "Apr", "Jul", "Oct")]),
        (2200, ["2021", "2022", "2023", "2024", "2025", "2026"]),
        (9000, ["2005", "2010", "2015", "2020", "2025"]),
    ],
)  # fmt: skip
def test_dates_under_the_axis_suit_the_span(days: int, labels: list[str]) -> None:
    line = timeline([NOW - timedelta(days=days), NOW], now=NOW)
    assert line is not None
    assert [tick.label for tick in line.ticks()] == labels


@pytest.mark.parametrize(
    "days", [1, 2, 5, 9, 15, 29, 60, 100, 250, 300, 400, 800, 1500, 4000, 20000, 300000, 700000]
)
def test_there_are_some_dates_and_never_too_many_and_they_lie_where_they_belong(days: int) -> None:
    line = Timeline(seconds(NOW) - days * _DAY, seconds(NOW))
    ticks = line.ticks()
    assert 1 <= len(ticks) <= 9
    assert [tick.x for tick in ticks] == sorted({tick.x for tick in ticks})
    assert all(line.place(line.start) <= tick.x <= line.place(line.end) for tick in ticks)
    gaps = [after.x - before.x for before, after in pairwise(ticks)]
    assert not gaps or max(gaps) < 1.2 * min(gaps)


def test_a_place_on_the_axis_and_its_moment_belong_together() -> None:
    line = Timeline(0.0, 1000.0)
    assert [line.moment(line.place(moment)) for moment in (0.0, 250.0, 1000.0)] == pytest.approx(
        [0, 250, 1000]
    )
    assert 0 < line.place(0.0) < line.place(1000.0) < 1


def test_the_axis_ends_now_or_with_what_is_dated_later() -> None:
    old = [NOW - timedelta(days=900), NOW - timedelta(days=800)]
    assert timeline(old, now=NOW) == Timeline(seconds(old[0]), seconds(NOW))
    late = NOW + timedelta(days=5)
    assert timeline([*old, late], now=NOW) == Timeline(seconds(old[0]), seconds(late))


@pytest.mark.parametrize(
    "moments", [[], [NOW], [NOW, NOW + timedelta(hours=3)]], ids=["none", "one", "a day"]
)
def test_one_day_has_no_axis_of_time(moments: list[datetime]) -> None:
    assert timeline(moments, now=NOW + timedelta(days=99)) is None


def test_statements_on_one_spot_become_one_mark_that_counts_them() -> None:
    same = Lane("a", "", 0.5, 730.0, tuple(Dot(str(place), 0.5, NOW) for place in range(50)))
    [[mark]] = by_time([same], lambda _: 0.5)
    assert (mark.more, mark.x, mark.y) == (49, 0.5, 0.5)


def test_liked_and_disliked_never_share_a_mark() -> None:
    lanes = [lane("a", *((step, (-1.0, 0.0, 1.0)[step % 3]) for step in range(30)))]
    [drawn] = by_time(lanes, lambda _: 0.5)
    assert sorted((mark.y, mark.more) for mark in drawn) == [(-1.0, 9), (0.0, 9), (1.0, 9)]


@pytest.mark.slow
@pytest.mark.parametrize("lanes", [1, 7, 24])
def test_marks_are_bounded_and_lose_no_statement(lanes: int) -> None:
    drawn = [
        lane(str(place), *((step * 0.7, (step * 7919 % 201 - 100) / 100) for step in range(2500)))
        for place in range(lanes)
    ]
    line = timeline([dot.at for dot in drawn[0].dots], now=NOW)
    assert line is not None
    for marks in (by_time(drawn, lambda dot: line.place(seconds(dot.at))), by_weight(drawn)):
        assert sum(map(len, marks)) <= MAX_MARKS
        assert [sum(mark.more + 1 for mark in row) for row in marks] == [2500] * lanes
        assert all(0 <= mark.x <= 1 and -1 <= mark.y <= 1 for row in marks for mark in row)


def test_few_statements_are_all_drawn_where_they_are() -> None:
    drawn = plan([lane("a", (1000, 0.8), (500, -0.4), (0, 0.0))], now=NOW)
    assert [(mark.more, mark.y) for mark in drawn.strips[0].marks] == [(0, 0.8), (0, -0.4), (0, 0.0)]


def test_a_stream_rises_where_something_is_said_and_fades_by_the_half_life_of_its_interest() -> None:
    slow, fast = lane("slow", (1000, 1.0), half_life=2000.0), lane("fast", (1000, 1.0), half_life=100.0)
    drawn = {
        strip.lane.name: strip.liked for strip in plan([slow, fast, lane("z", (2000, -1.0))], now=NOW).strips
    }
    for shares in drawn.values():
        assert max(shares[:78]) == 0.0 or max(shares) == 0.0
    assert drawn["slow"][-1] == pytest.approx(2 ** (-1000 / 2000 / 2), abs=0.03)
    assert drawn["fast"][-1] == pytest.approx(2 ** (-1000 / 100 / 2), abs=0.03)
    assert max(drawn["z"]) == 0.0


def test_a_stream_ends_with_what_it_came_from() -> None:
    taken_back = Dot("a", 1.0, NOW - timedelta(days=1000), until=NOW - timedelta(days=500))
    [strip] = plan([Lane("a", "", 0.5, 730.0, (taken_back, Dot("b", -1.0, NOW)))], now=NOW).strips
    assert min(strip.liked[10:75]) > 0.5
    assert max(strip.liked[85:]) == pytest.approx(0.0, abs=1e-6)


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        ("  two\n words ", "two words"),
        ("a\0\x1b\u202e", r"a\x00\x1b\u202e"),
        ("co\u00adop\ufeff", "coop"),
        ("نیم\u200cبیت", "نیم\u200cبیت"),
        ("👩\u200d👧", "👩\u200d👧"),
        ("0123456789", "0123456789"),
        ("0123456789a", "012345678…"),
        ("ab" + " " * 200, "ab"),
        ("ab" + " " * 200 + "c", "ab…"),
        ("e" + "\u0301" * 9, "e" + "\u0301" * 4),
        ("12345678👧\u200d👧", "12345678👧…"),
    ],
)  # fmt: skip
def test_a_text_is_shown_in_one_line_with_nothing_hidden_in_it(text: str, shown: str) -> None:
    assert legible(text, limit=10 if len(shown) <= 10 else 20) == shown


def test_a_line_is_cut_where_wide_characters_take_twice_the_room() -> None:
    assert fitting("海" * 30, size=10, width=106) == "海" * 9 + "…"
    assert fitting("a" * 30, size=10, width=169) == "a" * 30
    assert fitting("a" * 31, size=10, width=169) == "a" * 29 + "…"


def test_years_before_1000_can_be_dated() -> None:
    line = timeline([datetime(1, 1, 1, tzinfo=UTC), NOW], now=NOW)
    assert line is not None
    assert [tick.label for tick in line.ticks()] == ["500", "1000", "1500", "2000"]
