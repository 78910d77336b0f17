"""The words that texts share."""

from __future__ import annotations

import numpy as np
import pytest

from ipse.preferences.taste.wording import Vocabulary, words


@pytest.mark.parametrize(
    ("text", "found"),
    [
        ("", set()),
        ("The Third Man (1949)", {"third", "man", "1949"}),
        ("no films of Ozu, please", {"films", "ozu", "please"}),
        ("Ärger mit Öl", {"ärger", "mit", "öl"}),
        ("我喜欢爬山", {"我喜", "喜欢", "欢爬", "爬山"}),
        ("山", {"山"}),
        ("tram 10 in Lisboa", {"tram", "10", "lisboa"}),
        ("…!?", set()),
    ],
)
def test_words_are_what_a_text_is_about(text: str, found: set[str]) -> None:
    assert words(text) == found


def sets(*texts: str) -> np.ndarray:
    made = np.empty(len(texts), object)
    made[:] = [words(text) for text in texts]
    return made


def test_shared_words_are_a_cosine_between_sets() -> None:
    shared = Vocabulary(sets("red apple", "green apple pie", "")).shared(
        sets("red apple", "apple", "blue whale", "")
    )
    expected = [
        [1, 1 / np.sqrt(6), 0],
        [1 / np.sqrt(2), 1 / np.sqrt(3), 0],
        [0, 0, 0],
        [0, 0, 0],
    ]
    assert shared == pytest.approx(np.array(expected), abs=1e-6)
