"""Text from others: what a person reads must be what is there."""

from __future__ import annotations

import ast
import json
import unicodedata
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ipse.encoding import safe_text, strict_json
from ipse.encoding.safe_text import as_seen, is_printable, is_visible_ascii, one_line, plain_text, printable
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
    "unassigned": "\u0378",
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


SOURCE = Path(__file__).parents[3] / "src" / "ipse"
EVERY = [chr(code) for code in range(0x110000)]
IGNORABLE = [
    *("\u034f", "\u115f", "\u1160", "\u17b4", "\u17b5", "\u3164", "\uffa0"),
    *map(chr, range(0x180B, 0x1810)),
    *map(chr, range(0xE0000, 0xE1000)),
]
UNSAFE = {
    character
    for character in EVERY
    if unicodedata.category(character) in ("Cc", "Cf", "Cs", "Co", "Cn", "Zl", "Zp")
} | set(IGNORABLE)
"""Written down apart from the module, so that neither can change alone."""
any_text = st.text(st.characters(exclude_categories=()) | st.sampled_from(sorted(UNSAFE)), max_size=60)


def _left(shown: str) -> set[str]:
    return UNSAFE & set(shown)


class TestEveryCharacterOfUnicode:
    @pytest.mark.slow
    @pytest.mark.parametrize(
        "shown",
        [
            pytest.param(printable, id="printable"),
            pytest.param(safe_text.printable_json, id="printable_json", marks=pytest.mark.slow),
            pytest.param(lambda text: one_line(text, 200), id="one_line", marks=pytest.mark.slow),
            pytest.param(
                lambda text: safe_text.replace_unsafe(text, lambda _: "?"),
                id="replace_unsafe",
                marks=pytest.mark.slow,
            ),
            pytest.param(strict_json.excerpt, id="excerpt", marks=pytest.mark.slow),
            pytest.param(strict_json.pretty, id="pretty", marks=pytest.mark.slow),
        ],
    )
    def test_nothing_unsafe_comes_out(self, shown: Callable[[str], str]) -> None:
        for character in EVERY:
            text = shown(f"a{character}b")
            assert not (_left(text) - set("\t\n\r")), f"U+{ord(character):04X}"

    def test_a_safe_character_is_shown_as_itself(self) -> None:
        assert [
            character for character in EVERY if character not in UNSAFE and printable(character) != character
        ] == []

    def test_what_is_printable_is_safe_and_has_plain_spaces_alone(self) -> None:
        for character in EVERY:
            space = unicodedata.category(character) == "Zs" and character != " "
            assert is_printable(character) == (character not in UNSAFE and not space), (
                f"U+{ord(character):04X}"
            )

    @pytest.mark.slow
    def test_json_keeps_its_value(self) -> None:
        assert json.loads(safe_text.printable_json(json.dumps(EVERY, ensure_ascii=False))) == EVERY


@pytest.mark.slow
@given(any_text)
def test_a_text_of_several_lines_keeps_its_line_feeds_and_nothing_else_that_is_unsafe(text: str) -> None:
    shown = safe_text.printable_lines(text)
    assert _left(shown) <= {"\n"}
    assert shown.count("\n") == text.count("\n")


@given(any_text, st.integers(1, 40))
def test_one_line_is_safe_and_as_long_as_it_says(text: str, limit: int) -> None:
    shown = one_line(text, limit)
    assert len(shown) <= limit
    assert not _left(shown)
    assert " ".join(shown.split()) == shown.strip()


@given(any_text)
def test_what_is_kept_of_a_text_can_be_escaped_and_nothing_steers_or_hides(text: str) -> None:
    kept = safe_text.without_controls(text)
    assert {unicodedata.category(one) for one in _left(kept) - set(safe_text.JOINERS)} <= {"Co", "Cn"}
    assert safe_text.without_controls(kept) == kept


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        ("a\x1b[2Jb", r"a\x1b[2Jb"),
        ("a\x9bb", r"a\x9bb"),
        ("a\x7fb", r"a\x7fb"),
        ("a\u202eb", r"a\u202eb"),
        ("a\u2066b", r"a\u2066b"),
        ("a\u200bb", r"a\u200bb"),
        ("\u3164", r"\u3164"),
        ("\U000e0041", r"\U000e0041"),
        ("\ud800", r"\ud800"),
        ("line\nfeed", r"line\nfeed"),
        ("三体, Bürstner, 👩", "三体, Bürstner, 👩"),
        ("e" + "\u0301" * 6, "e" + "\u0301" * 4 + r"\u0301" * 2),
        ("e" + "\u20dd" * 5, "e" + "\u20dd" * 4 + r"\u20dd"),
    ],
    ids=ascii,
)
def test_an_unsafe_character_is_written_as_its_escape(text: str, shown: str) -> None:
    assert printable(text) == shown


def test_joiners_stay_only_between_what_they_join_and_only_where_they_are_asked_for() -> None:
    words = "نیم\u200cبیت"
    assert safe_text.replace_unsafe(words, printable, joiners=safe_text.JOINERS) == words
    assert printable(words) == "نیم\\u200cبیت"
    assert safe_text.replace_unsafe("a\u200cb", printable, joiners=safe_text.JOINERS) == r"a\u200cb"
    assert safe_text.replace_unsafe("م\u200c", printable, joiners=safe_text.JOINERS) == "م\\u200c"


def test_a_joiner_does_not_start_a_new_pile_of_marks() -> None:
    pile = "é" + ("\u0301" * 3 + "\u200d") * 3 + "é"
    assert safe_text.replace_unsafe(pile, lambda _: "", joiners="\u200d").count("\u0301") == 4


def test_a_longer_line_is_cut_with_an_ellipsis() -> None:
    assert one_line("  two\n words ", 9) == "two words"
    assert one_line("two words", 8) == "two wor…"
    assert one_line("two words", 5) == "two…"
    assert one_line("ab" + " " * 200 + "c", 10) == "ab…"
    assert one_line("ab" + " " * 200, 10) == "ab"


@pytest.mark.parametrize(
    ("text", "visible"),
    [
        ("https://a.example/~b?c=d", True),
        ("", True),
        ("a b", False),
        ("a\t", False),
        ("a\n", False),
        ("é", False),
        ("a\x7f", False),
        ("a\xa0", False),
    ],
)
def test_urls_and_tokens_have_visible_ascii_characters_alone(text: str, visible: bool) -> None:
    assert is_visible_ascii(text) is visible


def test_no_other_module_decides_what_may_be_shown() -> None:
    deciding = {"category", "isprintable"}
    allowed = {
        "encoding/safe_text.py",
        "cli/lines.py",  # the width of a character
        "preferences/words.py",  # the characters of words
        "wallet/profile/remembering.py",  # whether a model can read a text
    }
    for path in SOURCE.rglob("*.py"):
        if str(path.relative_to(SOURCE)) in allowed:
            continue
        for node in ast.walk(ast.parse(path.read_text())):
            if isinstance(node, ast.Attribute):
                assert node.attr not in deciding, f"{path}:{node.lineno}"
