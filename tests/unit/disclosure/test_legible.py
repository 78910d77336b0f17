"""Text from others: what a person reads must be what is there."""

from __future__ import annotations

from typing import Any

import pytest

from ipse.disclosure.legible import as_seen, plain_text
from ipse.errors import MalformedInput

DECEPTIVE = {
    "right-to-left override": "\u202e",
    "left-to-right override": "\u202d",
    "right-to-left embedding": "\u202b",
    "pop directional formatting": "\u202c",
    "right-to-left isolate": "\u2067",
    "pop directional isolate": "\u2069",
    "right-to-left mark": "\u200f",
    "Arabic letter mark": "\u061c",
    "zero width space": "\u200b",
    "zero width non-joiner": "\u200c",
    "word joiner": "\u2060",
    "byte order mark": "\ufeff",
    "soft hyphen": "\u00ad",
    "Mongolian vowel separator": "\u180e",
    "tag space": "\U000e0020",
    "newline": "\n",
    "carriage return": "\r",
    "tab": "\t",
    "vertical tab": "\v",
    "form feed": "\f",
    "next line": "\u0085",
    "line separator": "\u2028",
    "paragraph separator": "\u2029",
    "NUL": "\0",
    "escape": "\x1b",
    "control sequence introducer": "\u009b",
    "backspace": "\b",
    "delete": "\x7f",
    "private use": "\ue000",
    "half a surrogate pair": "\ud800",
}
INVISIBLE = {
    "combining grapheme joiner": "\u034f",
    "Hangul choseong filler": "\u115f",
    "Hangul jungseong filler": "\u1160",
    "Hangul filler": "\u3164",
    "halfwidth Hangul filler": "\uffa0",
    "Khmer vowel inherent aq": "\u17b4",
    "Mongolian variation selector": "\u180b",
    "variation selector 17": "\U000e0100",
    "kept free beside the isolates": "\u2065",
    "kept free beside the specials": "\ufff0",
    "kept free beside the tags": "\U000e0080",
    "kept free at the end of the plane": "\U000e0fff",
}


class TestPlainText:
    @pytest.mark.parametrize("character", [*DECEPTIVE.values(), *INVISIBLE.values()], ids=ascii)
    @pytest.mark.parametrize("form", ["Du{}ne", "{}Dune", "Dune{}"])
    def test_no_control_reordering_or_invisible_character_is_read(self, character: str, form: str) -> None:
        with pytest.raises(MalformedInput, match=f"the text holds .* U\\+{ord(character):04X}"):
            plain_text(form.format(character), "the text", 99)

    @pytest.mark.parametrize(
        "sequence", ["\x1b[2J", "\x1b]0;title\x07", "\x1b]8;;https://evil.example\x1b\\", "\u009b31m"]
    )
    def test_no_terminal_escape_sequence_is_read(self, sequence: str) -> None:
        with pytest.raises(MalformedInput, match="control character"):
            plain_text(f"Choose{sequence}", "the text", 99)

    @pytest.mark.parametrize(
        "text", ["\u200d", "Dune\u200d", "\u200dDune", "Du\u200dne", "👩\u200d\u200d🚀", "👩\u200d"]
    )
    def test_a_zero_width_joiner_is_nowhere_but_between_what_it_joins(self, text: str) -> None:
        with pytest.raises(MalformedInput):
            plain_text(text, "the text", 99)

    @pytest.mark.parametrize("value", [None, "", " \t ", "\u3000", 5, ["x"], {"de": "x"}, b"x"])
    def test_what_is_no_text_or_empty_is_refused(self, value: Any) -> None:
        with pytest.raises(MalformedInput, match="the text is missing or empty"):
            plain_text(value, "the text", 99)

    @pytest.mark.parametrize("value", ["\u2800", "\u2800 \u2800", "\ufe0f"])
    def test_what_shows_as_nothing_is_refused(self, value: str) -> None:
        with pytest.raises(MalformedInput, match="the text shows as nothing"):
            plain_text(value, "the text", 99)

    def test_the_longest_text_is_read_and_one_more_character_is_not(self) -> None:
        assert plain_text("x" * 99, "the text", 99) == "x" * 99
        with pytest.raises(MalformedInput, match="the text has 100 characters; at most 99"):
            plain_text("x" * 100, "the text", 99)

    @pytest.mark.parametrize(
        "text",
        [
            "Die Verwandlung, Fräulein Bürstner",
            "三体",
            "דון קישוט",
            "ألف ليلة وليلة",
            "क्षत्रिय",
            "👩\u200d🚀 in space",
            "❤\ufe0f stories",
            "e\u0301tude",
            "⠓⠑⠇⠇⠕⠀⠺⠕⠗⠇⠙",
            "<b>&amp;</b> $(id) `x` ; rm -rf / \\ ' \" | ~",
        ],
    )
    def test_text_in_any_language_is_read_as_it_is(self, text: str) -> None:
        assert plain_text(text, "the text", 99) == text


class TestAsSeen:
    @pytest.mark.parametrize(
        ("one", "other"),
        [
            ("Dune", " Dune "),
            ("D une", "D\u00a0une"),
            ("D une", "D  une"),
            ("D\u00fcne", "Du\u0308ne"),
            ("Dune", "\uff24\uff55\uff4e\uff45"),
            ("Dune", "Dune\u2800"),
            ("Dune", "Dune\ufe0f"),
            ("\u00e9\u00e9", "\u00e9\u200d\u00e9"),
        ],
    )
    def test_texts_that_look_the_same_have_one_spelling(self, one: str, other: str) -> None:
        assert as_seen(one) == as_seen(other)

    @pytest.mark.parametrize(("one", "other"), [("Dune", "dune"), ("Dune", "Dune 2"), ("a b", "ab")])
    def test_texts_that_look_different_keep_apart(self, one: str, other: str) -> None:
        assert as_seen(one) != as_seen(other)

    @pytest.mark.parametrize("text", ["a \u00b4b", "\u2800a", "e\ufe0f\u0301", "\u1100\u200d\u1161", "ﬁ  ne"])
    def test_what_is_seen_of_what_is_seen_is_the_same(self, text: str) -> None:
        assert as_seen(as_seen(text)) == as_seen(text)
