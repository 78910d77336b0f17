"""Contradictions: which pairs are, which are not, and what is said about them."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING

import pytest

from ipse.preferences import contradictions
from ipse.preferences.contradictions import Contradiction, find_contradictions
from ipse.preferences.embedding import Embedder
from ipse.preferences.interests import Background
from tests.unit.preferences.interests.pairs import (
    COMPATIBLE,
    CONTRADICTORY,
    FRESH_COMPATIBLE,
    FRESH_CONTRADICTORY,
    Said,
)
from tests.unit.preferences.interests.said import INTERESTS

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

    Floats = NDArray[np.float32]
else:
    np = pytest.importorskip("numpy", reason="the profile extra is not installed (numpy)")

_DAY = datetime(2026, 1, 31, tzinfo=UTC)


def found(embedder: Embedder, *said: Said, limit: int = 10, **options: object) -> list[Contradiction]:
    texts = [text for _, text in said]
    weights = [0.8 if sign == "+" else -0.8 for sign, _ in said]
    times = [_DAY + timedelta(days=day) for day in range(len(said))]
    return find_contradictions(embedder.embed(texts), weights, texts, times, limit=limit, **options)  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ("contradictory", "compatible"),
    [(CONTRADICTORY, COMPATIBLE), (FRESH_CONTRADICTORY, FRESH_COMPATIBLE)],
    ids=["measured", "fresh"],
)
def test_pairs_are_judged_as_a_reader_would(
    embedder: Embedder,
    contradictory: tuple[tuple[Said, Said], ...],
    compatible: tuple[tuple[Said, Said], ...],
) -> None:
    right = sum(bool(found(embedder, *pair)) for pair in contradictory)
    wrong = sum(bool(found(embedder, *pair)) for pair in compatible)
    assert right / (right + wrong) >= 0.95, "precision"
    assert right / len(contradictory) >= 0.85, "recall"


@pytest.mark.parametrize(
    "pair", [CONTRADICTORY[0], CONTRADICTORY[1], CONTRADICTORY[12], COMPATIBLE[0], COMPATIBLE[1]]
)
def test_the_order_and_the_signs_of_both_do_not_matter(embedder: Embedder, pair: tuple[Said, Said]) -> None:
    assert bool(found(embedder, *pair)) == bool(found(embedder, *pair[::-1]))


def test_a_person_who_does_not_contradict_themselves_is_told_of_nothing(embedder: Embedder) -> None:
    disliked = {"horror", "meetings"}
    said = [("-" if name in disliked else "+", text) for name, texts in INTERESTS.items() for text in texts]
    assert found(embedder, *said) == []


def test_contradictions_are_found_among_many_the_older_first(embedder: Embedder) -> None:
    said = [("+", text) for texts in INTERESTS.values() for text in texts]
    said[10:10] = [("+", "oysters")]
    said += [("-", "eating oysters")]
    (one,) = found(embedder, *said)
    assert (one.a, one.b) == (10, len(said) - 1)
    assert one.similarity == pytest.approx(0.846, abs=0.03)
    assert one.strength == pytest.approx(one.similarity * 0.8)


def test_of_equal_age_the_lower_row_is_the_older(embedder: Embedder) -> None:
    texts = ["cats", "cats"]
    (one,) = find_contradictions(embedder.embed(texts), [-1, 1], texts, [_DAY, _DAY], limit=5)
    assert (one.a, one.b) == (0, 1)
    assert one.strength == pytest.approx(1.0)


def test_strong_opinions_come_first_and_no_more_than_asked_for(embedder: Embedder) -> None:
    texts = ["tea", "tea", "chess", "chess", "opera", "opera"]
    weights = [0.2, -0.2, 1.0, -1.0, 0.6, -0.6]
    every = find_contradictions(embedder.embed(texts), weights, texts, [_DAY] * 6, limit=9)
    assert [(one.a, one.b) for one in every] == [(2, 3), (4, 5), (0, 1)]
    few = find_contradictions(embedder.embed(texts), weights, texts, [_DAY] * 6, limit=1)
    assert few == every[:1]


def test_a_neutral_opinion_contradicts_nothing(embedder: Embedder) -> None:
    texts = ["cats", "cats", "no cats"]
    assert find_contradictions(embedder.embed(texts), [0.0, 1.0, 0.0], texts, [_DAY] * 3, limit=9) == []


def test_among_names_those_that_must_have_a_part(embedder: Embedder) -> None:
    said: tuple[Said, ...] = (("+", "cats"), ("-", "cats"), ("+", "oysters"), ("-", "eating oysters"))
    assert {(one.a, one.b) for one in found(embedder, *said)} == {(0, 1), (2, 3)}
    assert [(one.a, one.b) for one in found(embedder, *said, among=[3])] == [(2, 3)]
    assert [(one.a, one.b) for one in found(embedder, *said, among=range(2))] == [(0, 1)]
    assert found(embedder, *said, among=[]) == []


@pytest.mark.parametrize("few", [0, 1000])
def test_a_few_and_many_are_searched_with_the_same_result(
    embedder: Embedder, monkeypatch: pytest.MonkeyPatch, few: int
) -> None:
    monkeypatch.setattr(contradictions, "_FEW", few)
    said = [one for pair in CONTRADICTORY[:12] for one in pair]
    pairs = {(one.a, one.b) for one in found(embedder, *said, limit=99, among=range(len(said)))}
    assert pairs == {(one.a, one.b) for one in found(embedder, *said, limit=99)}


@pytest.mark.parametrize("dense", [1, 10**9])
def test_the_short_vectors_lose_no_pair(monkeypatch: pytest.MonkeyPatch, dense: int) -> None:
    monkeypatch.setattr(contradictions, "_DENSE", dense)
    monkeypatch.setattr(contradictions, "_SMALL", 0)
    monkeypatch.setattr(contradictions, "_BLOCK", 32)
    rows = np.random.default_rng(7).normal(size=(300, 384))
    rows[150:] = rows[:150] + 0.5 * rows[150:]
    vectors = (rows / np.linalg.norm(rows, axis=1, keepdims=True)).astype(np.float32)
    texts = [f"{chr(97 + row % 26)}{chr(97 + row // 26)}word" for row in range(300)]
    weights = [1.0] * 150 + [-1.0] * 150
    every = find_contradictions(vectors, weights, texts, [_DAY] * 300, limit=1000)
    near = np.argwhere(vectors[:150] @ vectors[150:].T >= 0.8)
    assert len(near) >= 100
    assert {(one.a, one.b) for one in every} == {(int(a), int(b) + 150) for a, b in near}


def test_the_same_thing_said_a_thousand_times_is_bounded_work(embedder: Embedder) -> None:
    texts = ["cats"] * 2000
    vectors = np.repeat(embedder.embed(["cats"]), 2000, axis=0)
    weights = [1.0, -1.0] * 1000
    assert len(find_contradictions(vectors, weights, texts, [_DAY] * 2000, limit=50)) == 50


def test_another_models_background_moves_the_bar() -> None:
    texts = ["spicy food", "hot curry"]
    rows = np.array([[1.0, 0.0], [0.85, 0.5268]], dtype=np.float32)
    assert find_contradictions(rows, [1, -1], texts, [_DAY] * 2, limit=1) != []
    alike = Background(0.7, 0.05)
    assert find_contradictions(rows, [1, -1], texts, [_DAY] * 2, limit=1, background=alike) == []


@pytest.mark.parametrize(
    "texts", [[], ["x"], ["\u202e", "\u202e"], ["no " * 1300, "no " * 1300], ["\x00", "1"]]
)
def test_no_text_is_too_odd(texts: list[str]) -> None:
    vectors = np.ones((len(texts), 1), dtype=np.float32)
    weights = [1.0, -1.0][: len(texts)]
    for among in (None, range(len(texts))):
        find_contradictions(vectors, weights, texts, [_DAY] * len(texts), limit=3, among=among)
