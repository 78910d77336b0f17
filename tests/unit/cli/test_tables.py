"""Tables fit the width they are given, and lose nothing but the ends of texts that may be cut."""

from __future__ import annotations

import pytest

from ipse.cli import tables
from ipse.cli.lines import cells, cut
from ipse.cli.readable import local_time, with_local_times, with_short_dids

_NAMES = ("number", "time", "application", "level", "purpose")
_ROWS = [
    ["1", "2026-01-31 12:00", "https://shop.example", "order", "to put what you may like first " * 3],
    ["12", "2026-02-01 00:59", "did:web:bookshop.example", "topics", "本を選ぶため " * 8],
]


@pytest.mark.parametrize("width", [40, 60, 80, 120, 400])
@pytest.mark.parametrize("cuts", [(), ("purpose",), ("application", "purpose")])
def test_no_line_is_wider_than_the_terminal(width: int, cuts: tuple[str, ...]) -> None:
    lines = list(tables.table(_NAMES, _ROWS, width, cuts=cuts))
    assert max(map(cells, lines)) <= width


def test_a_table_with_room_cuts_nothing() -> None:
    head, *body = tables.table(_NAMES, _ROWS, 400, cuts=("purpose",))
    assert head.split() == list(_NAMES)
    assert [line.split("  ")[0] for line in body] == ["1", "12"]
    assert body[0].endswith("first")


def test_columns_that_may_not_be_cut_are_whole_at_any_width() -> None:
    for width in range(40, 130):
        text = "\n".join(tables.table(_NAMES, _ROWS, width, cuts=("purpose",)))
        for row in _ROWS:
            assert row[2] in text
            assert row[1] in text


def test_where_a_table_has_no_room_each_row_is_a_block_of_whole_facts() -> None:
    text = "\n".join(tables.table(_NAMES, _ROWS, 40, cuts=("purpose",)))
    first, second = text.split("\n\n")
    assert first.splitlines()[0].split() == ["number:", "1"]
    assert " ".join(first.partition("purpose:")[2].split()) == _ROWS[0][4].strip()
    assert "…" not in second


def test_the_last_column_that_may_be_cut_gives_way_first() -> None:
    text = "\n".join(tables.table(_NAMES, _ROWS, 80, cuts=("application", "purpose")))
    assert "https://shop.example" in text
    assert "did:web:bookshop.example" in text
    assert "…" in text


def test_a_value_without_room_beside_its_name_begins_under_it() -> None:
    lines = list(tables.facts({"name": "me", "did": "did:key:" + "z" * 28}, 40))
    assert lines == ["name:  me", "did:", "  did:key:" + "z" * 28]


def test_columns_of_wide_characters_are_aligned() -> None:
    lines = list(tables.aligned([["本", "x"], ["ab", "y"]]))
    assert lines == ["本  x", "ab  y"]


@pytest.mark.parametrize(
    ("text", "width", "shown"),
    [("short", 5, "short"), ("longer", 5, "long…"), ("本本本", 5, "本本…"), ("本本本", 4, "本…")],
)
def test_what_is_cut_ends_with_an_ellipsis(text: str, width: int, shown: str) -> None:
    assert cut(text, width) == shown


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        ("did:key:z6MkpTHR8VNsBxYAAWHut2Geadd9jSwuBV8xRoAnwWsdvktH", "did:key:z6Mk…vktH"),
        ("did:web:shop.example", "did:web:shop.example"),
        ("did:web:university-of-somewhere.example:a", "did:web:university-of-somewhere.example:a"),
        ("did:web:shop.example:a:very:long:path:of:it", "did:web:shop.example:a:ve…f:it"),
        ("did:example:1#key-1", "did:example:1#key-1"),
        ("no DID", "no DID"),
    ],
)
def test_dids_are_shortened_in_the_middle(text: str, shown: str) -> None:
    assert with_short_dids(text) == shown


@pytest.mark.parametrize("text", ["2026-13-01T00:00:00Z", "9999-12-31T23:59:59Z", "2026-01-31", "", "now"])
def test_what_is_no_time_or_can_not_be_converted_stays(text: str) -> None:
    assert local_time(text) == text or text.startswith("9999")


def test_only_whole_timestamps_become_local_times() -> None:
    assert with_local_times("x2026-01-31T12:00:00Z and 2026-01-31") == "x2026-01-31T12:00:00Z and 2026-01-31"
