"""What a statement says of its subject, once its negations are counted."""

from __future__ import annotations

import pytest

from ipse.preferences.negation import stance


@pytest.mark.parametrize(
    ("text", "liked", "disliked"),
    [
        ("horror films", 1, -1),
        ("no horror films", -1, 0),
        ("No horror films, ever", -1, 0),
        ("horror films, no thanks", -1, 0),
        ("horror films? no thanks", -1, 0),
        ("never again a cruise", -1, 0),
        ("I don't like mushrooms", -1, -1),
        ("I don\u2019t like mushrooms", -1, -1),
        ("I hate mushrooms", -1, -1),
        ("I can't stand loud bars", -1, -1),
        ("I don't hate mushrooms", 1, 0),
        ("coffee without sugar", -1, 1),
        ("never without coffee", 1, -1),
        ("meat-free cooking", -1, 1),
        ("keine Horrorfilme", -1, 0),
        ("ohne Zucker", -1, 1),
        ("pas de films d'horreur", -1, 0),
        ("je n'aime pas les champignons", -1, -1),
        ("no me gusta nada el fútbol", -1, -1),
        ("non mi piace il calcio", -1, -1),
        ("não gosto de futebol", -1, -1),
        ("geen koffie", -1, 0),
        ("ingen kaffe", -1, 0),
        ("nie lubię kawy", -1, -1),
        ("не люблю кофе", -1, -1),
        ("我不喜欢恐怖片", -1, -1),
        ("ホラー映画が嫌い", -1, -1),
    ],
)
def test_negations_turn_what_is_liked_and_leave_open_what_may_be_meant_twice(
    text: str, liked: int, disliked: int
) -> None:
    assert (stance(text, 0.8), stance(text, -0.8)) == (liked, disliked)


@pytest.mark.parametrize(
    "text",
    [
        "nothing better than fresh bread",
        "I can't get enough of techno",
        "couldn't live without coffee",
        "never gets old: chess",
        "not only for children",
        "no-nonsense cooking",
        "great food, but no parking",
        "Mambo No. 5",
        "free software",
        "tolle Stadt, aber kein Meer",
        "um passeio no jardim",
        "Spaziergänge im Mai",
        "waiting at the bus stop",
        "knots and notes",
        "nothing like a swim in a lake",
    ],
)
def test_what_only_looks_like_a_negation_turns_nothing(text: str) -> None:
    assert (stance(text, 0.8), stance(text, -0.8)) == (1, -1)


def test_a_long_sentence_with_a_negation_is_left_open() -> None:
    text = "the week by the lake when we had " + "rain and more rain and " * 5 + "no electricity at all"
    assert stance(text, 0.8) == 0


def test_a_neutral_statement_stays_neutral() -> None:
    assert stance("horror films", 0.0) == 0
    assert stance("no horror films", 0.0) == 0


@pytest.mark.parametrize(
    "text", ["", " ", "...", "\n\n", "no", "but no", "n't", "\ud800", "\x00", "не", "a" * 4000]
)
def test_no_text_is_too_odd(text: str) -> None:
    assert stance(text, 1.0) in (-1, 0, 1)
