"""Names of interests: from their own words, distinct, in any script."""

from __future__ import annotations

import pytest

from ipse.preferences.naming import names
from ipse.preferences.words import fold, words
from tests.unit.preferences.interests.said import INTERESTS


def test_names_are_words_that_the_texts_have_in_common() -> None:
    found = dict(zip(INTERESTS, names(list(INTERESTS.values())), strict=True))
    for name, word in [
        ("jazz", "jazz"), ("baking", "bread"), ("hiking", "hiking"), ("horror", "films"),
        ("programming", "code"), ("meetings", "meetings"), ("chess", "chess"), ("gardening", "tomatoes"),
    ]:  # fmt: skip
        assert word in found[name].split(", ")


def test_a_name_has_at_most_three_terms_all_from_the_members() -> None:
    for name, texts in zip(names(list(INTERESTS.values())), INTERESTS.values(), strict=True):
        own = {fold(word) for text in texts for word in words(text)}
        assert len(name.split(", ")) <= 3
        assert {fold(word) for word in words(name)} <= own


def test_a_phrase_that_repeats_is_kept_whole() -> None:
    films = [
        "Haruki Murakami, Norwegian Wood",
        "Haruki Murakami, Kafka",
        "1Q84 by Haruki Murakami",
        "a tea shop",
    ]
    assert names([films, ["sea salt"]])[0] == "Haruki Murakami"


def test_one_text_is_named_by_its_phrase() -> None:
    assert names([["sourdough bread"], ["jazz"]]) == ["sourdough bread", "jazz"]


@pytest.mark.parametrize(
    "texts",
    [
        ["I love it", "the best, ever", "like", "hate"],
        ["1984", "2001", "10"],
        ["<b></b>", "https://example.org/a/b?c=d", "someone@example.org", "&amp;"],
        ["ich mag das", "j'aime", "me gusta", "mi piace"],
        ["!!!", "\u202e\u2066", "🎉🎉"],
        ["x" * 4000],
        [],
    ],
)
def test_opinions_numbers_and_markup_name_nothing(texts: list[str]) -> None:
    assert names([texts]) == ["unnamed"]


def test_groups_of_the_same_words_have_distinct_names() -> None:
    found = names([["jazz"], ["jazz"], ["Jazz"], ["2001"], ["2002"]])
    assert found == ["jazz", "jazz (2)", "Jazz (3)", "unnamed", "unnamed (2)"] or len(set(found)) == 5
    assert len({fold(name) for name in found}) == 5


def test_a_term_is_cased_as_most_often_written() -> None:
    assert names([["Jazz at night", "loud JAZZ", "slow JAZZ", "old JAZZ"]]) == ["JAZZ"]
    assert names([["Gardens", "quiet gardens", "gardens", "small gardens"]]) == ["gardens"]


def test_singular_and_plural_are_one_term() -> None:
    (name,) = names([["a mountain", "two mountains", "mountains", "the mountain hut"]])
    assert len([term for term in name.split(", ") if "mountain" in term]) == 1


@pytest.mark.parametrize(
    ("texts", "term"),
    [
        (["我喜欢古典音乐", "古典音乐会", "古典吉他", "巴赫的古典"], "古典"),
        (["ジャズを聴く", "ジャズ喫茶", "夜のジャズ", "ジャズが好き"], "ジャズ"),
        (["классическая музыка", "музыка Баха", "тихая музыка", "музыка"], "музыка"),
        (["दिल्ली की मिठाई", "मिठाई", "पुरानी मिठाई", "घर की मिठाई"], "मिठाई"),
        (["l'opéra de Paris", "un opéra", "d'opéra", "opéra comique"], "opéra"),
        (["موسيقى كلاسيكية", "موسيقى", "موسيقى هادئة", "صوت موسيقى"], "موسيقى"),
        (["재즈 클럽", "재즈", "재즈 음반", "밤의 재즈"], "재즈"),
    ],
)
def test_any_script_has_names(texts: list[str], term: str) -> None:
    assert term in names([texts])[0].split(", ")


def test_names_do_not_depend_on_anything_but_the_texts() -> None:
    groups = [list(texts) for texts in INTERESTS.values()]
    assert names(groups) == names([tuple(texts) for texts in groups])


def test_a_name_holds_nothing_that_could_steer_a_terminal() -> None:
    hostile = ["\x1b[31mred\x1b[0m alarm", "red\u202ealarm", "red\x00alarm", "red\u200balarm"]
    assert names([hostile])[0].replace(", ", "").replace(" ", "").isalnum()
