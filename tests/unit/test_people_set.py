"""The evaluation set in benchmarks/people is complete, balanced and free of leaks."""

from __future__ import annotations

import json
import re
from datetime import date
from pathlib import Path
from typing import Any

import pytest

FOLDER = Path(__file__).parents[2] / "benchmarks" / "people"
PEOPLE: dict[str, dict[str, Any]] = {
    path.stem: json.loads(path.read_text("utf-8")) for path in sorted(FOLDER.glob("*.json"))
}
_FIRST_DAY, _LAST_DAY = date(2019, 1, 1), date(2026, 12, 31)

each_person = pytest.mark.parametrize("person", PEOPLE.values(), ids=PEOPLE)


def _words(text: str) -> str:
    """`text` without case, punctuation and spacing: what makes two texts the same to a reader."""
    return " ".join(re.findall(r"\w+", text.casefold()))


def _texts(person: dict[str, Any], part: str) -> list[str]:
    return [_words(entry["text"]) for entry in person[part]]


def test_there_are_twelve_people_each_in_a_file_of_their_name() -> None:
    assert len(PEOPLE) == 12
    assert [person["name"] for person in PEOPLE.values()] == list(PEOPLE)


@each_person
def test_a_person_has_nothing_but_the_documented_keys(person: dict[str, Any]) -> None:
    assert set(person) == {"name", "about", "statements", "items"}
    assert person["about"].strip()
    for statement in person["statements"]:
        assert set(statement) - {"supersedes"} == {"text", "weight", "at"}
    for item in person["items"]:
        assert set(item) == {"text", "liked"}
        assert type(item["liked"]) is bool


@each_person
def test_a_person_has_forty_statements_and_forty_items(person: dict[str, Any]) -> None:
    assert len(person["statements"]) == 40
    assert len(person["items"]) == 40


@each_person
def test_liked_and_disliked_items_are_balanced(person: dict[str, Any]) -> None:
    assert 17 <= sum(item["liked"] for item in person["items"]) <= 23


@each_person
def test_a_weight_is_what_a_strength_of_one_to_five_gives(person: dict[str, Any]) -> None:
    allowed = {strength / 5 for strength in range(-5, 6)}
    assert {statement["weight"] for statement in person["statements"]} <= allowed


@each_person
def test_a_person_likes_dislikes_and_is_neutral(person: dict[str, Any]) -> None:
    weights = [statement["weight"] for statement in person["statements"]]
    assert sum(weight > 0 for weight in weights) >= 10
    assert sum(weight < 0 for weight in weights) >= 10
    assert weights.count(0) >= 2


@each_person
def test_statements_are_dated_and_stand_oldest_first(person: dict[str, Any]) -> None:
    written = [statement["at"] for statement in person["statements"]]
    days = [date.fromisoformat(text) for text in written]
    assert [day.isoformat() for day in days] == written
    assert days == sorted(days)
    assert days[0] >= _FIRST_DAY
    assert days[-1] <= _LAST_DAY


@each_person
def test_a_person_changes_their_mind_three_to_five_times(person: dict[str, Any]) -> None:
    statements = person["statements"]
    changes = [statement for statement in statements if "supersedes" in statement]
    assert 3 <= len(changes) <= 5
    assert len({change["supersedes"] for change in changes}) == len(changes)
    for change in changes:
        older = statements[change["supersedes"]]
        assert older["at"] < change["at"]
        # Either the sign turns, or the words do: first "the plough", then "no ploughing", both liked.
        assert older["weight"] != 0 != change["weight"]


@each_person
def test_an_item_is_four_to_twenty_words_long(person: dict[str, Any]) -> None:
    for item in person["items"]:
        assert 4 <= len(item["text"].split()) <= 20, item["text"]


@each_person
def test_no_item_repeats_or_contains_a_statement(person: dict[str, Any]) -> None:
    for statement in _texts(person, "statements"):
        # One word, such as "dogs", may well be a part of an item.
        whole_text = len(statement.split()) > 1
        for item in _texts(person, "items"):
            assert statement != item
            assert not (whole_text and f" {statement} " in f" {item} ")


def test_no_text_occurs_twice() -> None:
    texts = [
        text
        for person in PEOPLE.values()
        for part in ("statements", "items")
        for text in _texts(person, part)
    ]
    repeated = {text for text in texts if texts.count(text) > 1}
    assert repeated == set()


@each_person
def test_no_text_has_stray_spaces_or_control_characters(person: dict[str, Any]) -> None:
    for entry in person["statements"] + person["items"]:
        assert entry["text"] == " ".join(entry["text"].split())
        assert entry["text"].isprintable()


@each_person
def test_the_order_of_the_items_does_not_tell_their_labels(person: dict[str, Any]) -> None:
    labels = [item["liked"] for item in person["items"]]
    assert 5 <= sum(labels[:20]) <= 15
