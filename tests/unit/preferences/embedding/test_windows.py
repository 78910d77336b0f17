"""Long texts are cut between sentences where possible, and nothing is lost."""

from __future__ import annotations

import re

from hypothesis import given
from hypothesis import strategies as st

from ipse.preferences.embedding.windows import spans


def _words(text: str) -> list[tuple[int, int]]:
    return [match.span() for match in re.finditer(r"\w+|[^\w\s]", text)]


def _pieces(text: str, room: int) -> list[str]:
    offsets = _words(text)
    return [text[offsets[first][0] : offsets[last - 1][1]] for first, last in spans(text, offsets, room)]


def test_a_window_ends_with_the_last_sentence_in_its_second_half() -> None:
    assert _pieces("One two. Three four five. Six seven eight nine ten.", 9) == [
        "One two. Three four five.",
        "Six seven eight nine ten.",
    ]


def test_closing_quotes_stay_with_their_sentence() -> None:
    assert _pieces('He said "go now." Then he left us all.', 8) == [
        'He said "go now."',
        "Then he left us all.",
    ]


def test_a_line_break_and_a_full_width_stop_end_sentences() -> None:
    assert _pieces("one two three\nfour five six", 5) == ["one two three", "four five six"]
    assert _pieces("一。二。三。四", 3) == ["一。", "二。", "三。四"]


def test_a_sentence_that_ends_early_does_not_waste_the_window() -> None:
    assert _pieces("Hm. one two three four five six seven", 6) == ["Hm. one two three four", "five six seven"]


def test_a_sentence_longer_than_a_window_is_cut_between_words() -> None:
    offsets = [(0, 3), (3, 6), (7, 10), (10, 13), (13, 16)]
    assert spans("abcdef ghijklmno", offsets, 3) == [(0, 2), (2, 5)]


def test_a_word_longer_than_a_window_is_cut_where_it_is_full() -> None:
    assert spans("abcdefg", [(i, i + 1) for i in range(7)], 3) == [(0, 3), (3, 6), (6, 7)]


@given(st.text("ab .!?\n。", min_size=1), st.integers(1, 9))
def test_windows_are_full_at_most_and_hold_every_token_once(text: str, room: int) -> None:
    offsets = _words(text)
    cuts = spans(text, offsets, room)
    assert [i for first, last in cuts for i in range(first, last)] == list(range(len(offsets)))
    assert all(last - first <= room for first, last in cuts)
