"""Claims path pointers: what they select, and when processing ends with an error."""

from __future__ import annotations

from typing import Any

import pytest

from ipse.protocols.dcql.paths import equals_one_of, leaves, select, show
from tests.unit.protocols.dcql.material import PERSON


@pytest.mark.parametrize(
    ("path", "found"),
    [
        (["name"], {("name",): "Arthur"}),
        (["address"], {("address",): PERSON["address"]}),
        (["address", "street"], {("address", "street"): "Market Street"}),
        (["degrees", None, "type"], {("degrees", 0, "type"): "BSc", ("degrees", 1, "type"): "MSc"}),
        (["degrees", None], {("degrees", 0): PERSON["degrees"][0], ("degrees", 1): PERSON["degrees"][1]}),
        (["nationalities", 1], {("nationalities", 1): "Betelgeusian"}),
        (["nationalities", None], {("nationalities", 0): "British", ("nationalities", 1): "Betelgeusian"}),
        (["nothing"], {("nothing",): None}),
        (["empty"], {("empty",): {}}),
    ],
)
def test_a_path_selects_elements_and_says_where_they_are(path: list[Any], found: dict[Any, Any]) -> None:
    assert select(tuple(path), PERSON) == list(found.items())


@pytest.mark.parametrize(
    ("path", "reason"),
    [
        (["surname"], "it has no surname"),
        (["address", "country"], "it has no address.country"),
        (["name", "first"], "its name is a JSON string, not an object"),
        (["nationalities", "British"], "its nationalities is a JSON array, not an object"),
        (["nationalities", 2], "it has no nationalities[2]"),
        (["address", 0], "its address is a JSON object, not an array"),
        (["address", None], "its address is a JSON object, not an array"),
        (["nothing", "at"], "its nothing is a JSON null, not an object"),
        ([0], "its root is a JSON object, not an array"),
        ([None], "its root is a JSON object, not an array"),
        (["degrees", None, None], "its degrees[] is a JSON object, not an array"),
        (["nationalities", "length"], "its nationalities is a JSON array, not an object"),
        (["name", 0], "its name is a JSON string, not an array"),
        (["__class__"], "it has no __class__"),
    ],
)
def test_a_path_that_selects_nothing_says_where_it_ends(path: list[Any], reason: str) -> None:
    assert select(tuple(path), PERSON) == reason


MIXED: dict[str, Any] = {
    "a": [{"b": 1}, {"c": 2}, {"b": 3}],
    "m": [{"b": 1}, "text"],
    "n": [[1, 2], [3], []],
    "e": [],
}


def selected(path: Any, *, presented: bool = False) -> dict[Any, Any]:
    found = select(path, MIXED, presented=presented)
    assert not isinstance(found, str)
    return dict(found)


def test_elements_without_the_name_or_index_are_left_out() -> None:
    assert selected(("a", None, "b")) == {("a", 0, "b"): 1, ("a", 2, "b"): 3}
    assert selected(("n", None, 1)) == {("n", 0, 1): 2}
    assert list(selected(("n", None, None)).values()) == [1, 2, 3]


def test_one_element_of_the_wrong_kind_ends_processing() -> None:
    assert select(("m", None, "b"), MIXED) == "its m[] is a JSON string, not an object"


def test_all_elements_of_an_empty_array_are_nothing() -> None:
    assert select(("e", None), MIXED) == "it has no e[]"


def test_in_a_presentation_an_index_stands_for_any_element() -> None:
    assert selected(("n", 5, 0), presented=True) == {("n", 0, 0): 1, ("n", 0, 1): 2, ("n", 1, 0): 3}
    assert selected(("m", 1, "b"), presented=True) == {("m", 0, "b"): 1}
    assert select(("m", None, "b"), MIXED, presented=True) == "its m[] is a JSON string, not an object"
    assert select(("a", 0, "z"), MIXED, presented=True) == "it has no a[0].z"


@pytest.mark.parametrize(
    ("value", "expected", "equal"),
    [
        ("a", ("b", "a"), True),
        ("a", ("A",), False),
        (1, (1,), True),
        (1.0, (1,), True),
        (1.5, (1,), False),
        (True, (1,), False),
        (1, (True,), False),
        (False, (0,), False),
        (0, (False, 0), True),
        (True, (True,), True),
        ("1", (1,), False),
        (1, ("1",), False),
        (None, ("null", False, 0), False),
        (["a"], ("a",), False),
        ({}, ("",), False),
        ("é", ("e\u0301",), False),
        (2**53 + 1, (2**53,), False),
    ],
)
def test_values_are_compared_with_their_type(value: Any, expected: tuple[Any, ...], equal: bool) -> None:
    assert equals_one_of(value, expected) is equal


def test_leaves_are_single_values_and_empty_containers() -> None:
    assert set(leaves({"a": [1, {"b": None}], "c": {}, "d": {"e": []}})) == {
        ("a", 0), ("a", 1, "b"), ("c",), ("d", "e"),
    }  # fmt: skip


def test_leaves_of_deep_values_are_found_without_recursion() -> None:
    deep: Any = 1
    for _ in range(5_000):
        deep = [deep]
    assert list(leaves(deep)) == [(0,) * 5_000]


def test_a_path_is_shown_on_one_short_safe_line() -> None:
    assert show(("degrees", None, "type")) == "degrees[].type"
    assert show(("a", 1)) == "a[1]"
    assert "\n" not in show(("a\n\x1b[2J" * 100,))
    assert len(show(("a" * 1000,) * 16)) <= 200
