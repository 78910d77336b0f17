"""The words of a text in any script."""

from __future__ import annotations

import pytest

from ipse.preferences.words import fold, listed, stem, words


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("Long walks, and tea!", ["Long", "walks", "and", "tea"]),
        ("don't rock'n'roll well-known -x- 'y'", ["don't", "rock'n'roll", "well-known", "x", "y"]),
        ("l\u2019opéra d'hiver j'aime", ["opéra", "hiver", "aime"]),
        ("in 1984, 3 B52s", ["in", "B52s"]),
        ("<b>bold</b> &amp; https://example.org/x www.example.org a@example.org end", ["bold", "end"]),
        ("a@" * 2000, []),
        ("a/b c|d", ["a", "b", "c", "d"]),
        ("古典音乐会", ["古典", "典音", "音乐", "乐会"]),
        ("茶と音楽", ["茶", "音楽"]),
        ("ジャズを聴く", ["ジャズ", "聴"]),
        ("हिन्दी फ़िल्में", ["हिन्दी", "फ़िल्में"]),
        ("재즈 클럽", ["재즈", "클럽"]),
        ("a\x00b\u202ec", ["a", "b", "c"]),
        ("x" * 41 + " short", ["short"]),
        ("", []),
        ("🎉 -- ''", []),
    ],
)
def test_words_are_found_in_any_script_without_markup_and_numbers(text: str, expected: list[str]) -> None:
    assert words(text) == expected


def test_only_the_beginning_of_a_long_text_is_read() -> None:
    assert len(words("word " * 4000)) == 200


@pytest.mark.parametrize(
    "forms",
    [("hike", "hikes", "hiking"), ("jog", "jogging", "jogs"), ("story", "stories"), ("film", "films")],
)
def test_the_forms_of_an_english_word_have_one_stem(forms: tuple[str, ...]) -> None:
    assert len({stem(form) for form in forms}) == 1


@pytest.mark.parametrize(("one", "other"), [("chess", "che"), ("glass", "gla"), ("red", "r"), ("tea", "te")])
def test_short_words_keep_what_tells_them_apart(one: str, other: str) -> None:
    assert stem(one) != stem(other)


def test_the_lists_are_folded_words_of_one_kind_each() -> None:
    for kind in ("stop", "opinion", "not", "without", "against", "for"):
        assert listed(kind)
        assert all(word == fold(word) and " " not in word for word in listed(kind))
    assert not listed("against") & listed("for")
    assert not listed("not") & listed("without")
