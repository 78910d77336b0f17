"""`ipse profile interests | topics | why | contradictions`: what the profile adds up to."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from tests.conftest import Ipse, Preparation

_LIKED = """late-night jazz clubs with a double bass
bebop trumpet solos
the piano trios of Bill Evans
sourdough bread with a dark crust
kneading dough by hand on a Sunday
croissants that take two days
"""
_DISLIKED = "horror films of any kind\nhaunted house movies\nslasher films\n"


def _likings(ipse: Ipse) -> None:
    ipse("profile", "like", "-", stdin=_LIKED)
    ipse("profile", "dislike", "-", stdin=_DISLIKED)


@pytest.fixture
def said(taught_after: Callable[[Preparation], Ipse]) -> Ipse:
    """A person of two likings and one dislike; the statements are numbered from 1."""
    return taught_after(_likings)


def test_interests_have_a_name_of_their_own_words_an_affinity_and_a_medoid(said: Ipse) -> None:
    rows = said("profile", "interests", "--json").json["interests"]
    assert [row["number"] for row in rows] == [1, 2, 3]
    texts = {row["number"]: row["text"] for row in said("profile", "list", "--json").json["statements"]}
    for row in rows:
        assert row["statements"] == 3
        assert texts[row["medoid_number"]] == row["medoid"]
        assert row["half_life"] == 1461
        assert row["since"] == row["last"]
    by_affinity = sorted(rows, key=lambda row: row["affinity"])
    assert [row["affinity"] for row in by_affinity] == [-0.8, 0.8, 0.8]
    assert "films" in by_affinity[0]["name"]


def test_an_interest_shows_its_members_by_number_and_by_name(said: Ipse) -> None:
    row = said("profile", "interests", "--json").json["interests"][0]
    by_number = said("profile", "interests", "1", "--json").json["statements"]
    assert by_number == said("profile", "interests", row["name"].upper(), "--json").json["statements"]
    assert len(by_number) == 3
    assert by_number[0]["text"] == row["medoid"]
    assert (
        "no interest 'nowhere'" in said("profile", "interests", "nowhere", "--json", code=5).error["message"]
    )


def test_topics_are_listed_most_liked_first_and_the_unknown_only_on_request(said: Ipse) -> None:
    known = said("profile", "topics", "--json").json["topics"]
    values = {row["id"]: row["affinity"] for row in known}
    assert values["jazz-and-blues"] > 0.4
    assert values["baking"] > 0.4
    assert values["horror"] < -0.4
    assert None not in values.values()
    assert list(values.values()) == sorted(values.values(), reverse=True)
    every = said("profile", "topics", "--all", "--json").json["topics"]
    assert {row["id"]: row["affinity"] for row in every}["football"] is None
    assert len(every) > 100 > len(known)
    horror = next(row for row in known if row["id"] == "horror")
    assert set(horror["because"]) <= {7, 8, 9}


def test_a_topic_of_ones_own_is_added_listed_and_removed(said: Ipse) -> None:
    said("profile", "like", "anglerfish and giant squid")
    said("profile", "topics", "add", "The abyss", "--means", "strange fish of the deep sea")
    rows = said("profile", "topics", "--json").json["topics"]
    (own,) = [row for row in rows if row["id"] is None]
    assert (own["label"], own["group"], own["because"][0]) == ("The abyss", "own", 10)
    assert own["affinity"] > 0.2
    said("profile", "topics", "add", "The abyss", code=2)
    said("profile", "topics", "add", "jazz and blues", code=2)
    said("profile", "topics", "add", "\x1b[31m", code=6)
    said("profile", "topics", "add", "x" * 61, code=6)
    said("profile", "topics", "delete", "The abyss")
    said("profile", "topics", "delete", "The abyss", code=5)


def test_a_topic_is_closed_and_opened_by_any_of_its_names(said: Ipse) -> None:
    def access() -> dict[str, str]:
        rows = said("profile", "topics", "--all", "--json").json["topics"]
        return {row["id"] or row["label"]: row["access"] for row in rows}

    said("profile", "topics", "add", "The abyss")
    usual = access()
    assert (usual["baking"], usual["The abyss"]) == ("open", "open")
    assert "closed" in usual.values(), "sensitive ones"
    closed = said("profile", "topics", "close", "BAKING", "--json").json
    assert closed == {"label": "BAKING", "topics": ["baking"], "access": "closed"}
    assert said("profile", "topics", "close", "The abyss").out == "topic The abyss is closed\n"
    assert access() == {**usual, "baking": "closed", "The abyss": "closed"}
    shown = said("profile", "topics").out.splitlines()
    assert [line for line in shown if "Baking" in line and "closed" in line]
    said("profile", "topics", "open", "baking")
    said("profile", "topics", "open", "The abyss")
    assert access() == usual


def test_a_topic_that_there_is_not_is_neither_closed_nor_opened(said: Ipse) -> None:
    for command in ("close", "open"):
        error = said("profile", "topics", command, "\x1b[31mtea", "--json", code=5).error
        assert error["message"] == "there is no topic '\\x1b[31mtea'"
        assert "profile topics --all" in error["hint"]


def test_why_names_the_score_what_moved_it_the_interest_and_the_topics(said: Ipse) -> None:
    answer = said("profile", "why", "a bakery with sourdough loaves", "--json").json
    assert answer["verdict"] == "liked"
    assert answer["score"] > 0
    assert {mover["number"] for mover in answer["up"]} & {4, 5, 6}
    assert all(mover["amount"] > 0 for mover in answer["up"])
    assert all(mover["amount"] < 0 for mover in answer["down"])
    members = said("profile", "interests", answer["interest"], "--json").json["statements"]
    assert {row["number"] for row in members} == {4, 5, 6}
    assert "Baking" in answer["topics"]
    shown = said("profile", "why", "a bakery with sourdough loaves").out
    assert shown.startswith("liked, +")
    assert "topics: Baking" in shown


def test_contradictions_are_shown_with_what_can_be_done_and_nothing_is_retired(said: Ipse) -> None:
    assert said("profile", "contradictions", "--json").json == {"contradictions": []}
    said("profile", "like", "horror films")
    (pair,) = said("profile", "contradictions", "--json").json["contradictions"]
    assert (pair["older"]["number"], pair["newer"]["number"]) == (7, 10)
    shown = said("profile", "contradictions").out
    for command in (
        "ipse profile supersede 7 --by 10",
        "ipse profile forget 7",
        "ipse profile contradictions --both 7 10",
    ):
        assert command in shown
    assert len(said("profile", "list", "--json").json["statements"]) == 10


def test_what_both_holds_is_shown_no_more(said: Ipse) -> None:
    said("profile", "like", "horror films")
    said("profile", "contradictions", "--both", "10", "7")
    assert said("profile", "contradictions", "--json").json == {"contradictions": []}
    assert len(said("profile", "list", "--json").json["statements"]) == 10
    said("profile", "contradictions", "--both", "7", "7", code=2)
    said("profile", "contradictions", "--both", "7", "99", code=5)


def test_what_is_superseded_or_forgotten_is_in_nothing_any_more(said: Ipse) -> None:
    said("profile", "like", "horror films")
    said("profile", "supersede", "7", "--by", "10")
    assert said("profile", "contradictions", "--json").json == {"contradictions": []}
    for number in ("1", "2", "3"):
        said("profile", "forget", number)
    for command in (("interests",), ("topics",), ("why", "jazz")):
        out = said("profile", *command, "--json").out
        assert "bebop" not in out
        assert '"jazz-and-blues"' not in out


def test_an_empty_profile_says_how_to_begin(taught: Ipse) -> None:
    for command in (("interests",), ("why", "x")):
        assert "profile like" in taught("profile", *command, "--json", code=5).error["hint"]
    assert taught("profile", "topics", "--json").json == {"topics": []}
    assert taught("profile", "contradictions", "--json").json == {"contradictions": []}


def test_facts_are_no_interest_and_have_no_vote(said: Ipse) -> None:
    before = said("profile", "interests", "--json").json
    said("profile", "add", "I play the trumpet in a jazz club")
    assert said("profile", "interests", "--json").json == before


def test_text_that_could_steer_a_terminal_is_spelled_out(taught: Ipse) -> None:
    taught("profile", "like", "red \x1b[31malarm\u202e clocks")
    for command in (("interests",), ("interests", "1"), ("why", "alarm \x1b[2J clocks")):
        out = taught("profile", *command).out
        assert "\x1b" not in out
        assert "\u202e" not in out
