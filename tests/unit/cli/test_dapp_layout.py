"""Whatever the words are, a line of the page is as wide as it says and its own words stay where they are."""

from __future__ import annotations

import unicodedata

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ipse.cli.commands.dapp.layout import WIDTH, cells, cut, labelled, legible, listed, wrapped


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        ("a\x1b[2Jb", "a\\x1b[2Jb"),
        ("a\r\nb", "a\\r\\nb"),
        ("a\u202eb", "a\\u202eb"),
        ("a\u2066b", "a\\u2066b"),
        ("a\u200bb", "a\\u200bb"),
        ("many     spaces\u3000here", "many spaces here"),
        ("quote \u201cas is\u201d", "quote \u201cas is\u201d"),
    ],
)
def test_nothing_that_steers_or_hides_is_shown_as_itself(text: str, shown: str) -> None:
    assert legible(text) == shown


def test_a_pile_of_marks_does_not_paint_over_the_lines_around_it() -> None:
    shown = legible("a" + "\u0301" * 500 + "b")
    assert shown.count("\u0301") == 4
    assert shown.count("\\u0301") == 496


def test_the_marks_that_letters_need_stay() -> None:
    hindi = "\u0939\u093f\u0928\u094d\u0926\u0940"
    assert legible(hindi) == hindi


@pytest.mark.parametrize(
    ("text", "width"),
    [
        ("abc", 3),
        ("\u4e2d\u6587", 4),
        ("e\u0301", 1),
        ("\u2764\ufe0f", 2),
        ("\U0001f600", 2),
        ("\u2068x\u2069", 1),
    ],
)
def test_widths_are_in_cells_of_the_terminal(text: str, width: int) -> None:
    assert cells(text) == width


@given(st.text(max_size=400), st.integers(min_value=12, max_value=90))
def test_wrapped_text_fits_and_loses_nothing(text: str, width: int) -> None:
    lines = wrapped(text, width)
    assert lines
    assert max(map(cells, lines)) <= width
    bare = "".join(lines).translate({0x2068: None, 0x2069: None, 0x20: None})
    assert bare == legible(text).replace(" ", "").translate({0x2068: None, 0x2069: None})


@given(st.text(alphabet=st.characters(blacklist_categories=["Cs"]), max_size=400))
def test_what_is_shown_holds_no_character_that_steers_but_the_pages_own_isolates(text: str) -> None:
    for line in wrapped(text, 40):
        inner = line.removeprefix("\u2068").removesuffix("\u2069")
        assert not [c for c in inner if unicodedata.category(c) in ("Cc", "Cf", "Cs", "Co", "Zl", "Zp")]
        assert line.count("\u2068") == line.count("\u2069")


def test_words_that_run_from_right_to_left_are_isolated_line_by_line() -> None:
    lines = wrapped("\u05e9\u05dc\u05d5\u05dd " * 20, 30)
    assert len(lines) > 1
    assert all(line.startswith("\u2068") and line.endswith("\u2069") for line in lines)
    assert wrapped("left to right", 30) == ["left to right"]


def test_ten_thousand_characters_without_a_space_are_broken_into_lines() -> None:
    lines = wrapped("x" * 10_000, 64)
    assert {len(line) for line in lines[:-1]} == {64}
    assert "".join(lines) == "x" * 10_000


def test_a_letter_is_not_parted_from_its_marks() -> None:
    lines = wrapped("e\u0301" * 40, 16)
    assert all(not unicodedata.combining(line[0]) for line in lines)


def test_a_cut_text_says_that_there_is_more() -> None:
    assert cut("short", 10) == "short"
    assert cut("a much longer text", 10) == "a much lo…"
    assert cells(cut("\u4e2d" * 50, 10)) <= 10


def test_further_lines_stand_under_the_first_and_never_where_labels_are() -> None:
    text = "word " * 60 + "stays here: nothing"
    first, *others = labelled("purpose", text)
    assert first.startswith("  purpose:      word")
    assert others
    assert all(line.startswith(" " * 16) for line in others)
    head = "  1 [ ] "
    first, *others = listed(head, text)
    assert first.startswith(head)
    assert all(line.startswith(" " * len(head)) for line in others)
    assert max(map(cells, (first, *others))) <= WIDTH
