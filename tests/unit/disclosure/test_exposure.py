from __future__ import annotations

import math

import numpy as np
import pytest
from numpy.typing import NDArray

from ipse.disclosure.exposure import CAP, LONG, OTHERS, Exposure, Told, bits, in_words, reading, remember

Floats = NDArray[np.float32]
Doubles = NDArray[np.float64]

DIMENSION = 48


def unit(rng: np.random.Generator, count: int, *, towards: Floats | None = None) -> Floats:
    vectors = rng.standard_normal((count, DIMENSION))
    if towards is not None:
        vectors += 8 * towards
    vectors /= np.linalg.norm(vectors, axis=1, keepdims=True)
    return vectors.astype(np.float32)


class Owner:
    """Somebody who likes one direction, and an application that asks them."""

    def __init__(self, seed: int = 1) -> None:
        self.rng = np.random.default_rng(seed)
        self.taste = unit(self.rng, 1)[0]
        self.topics = unit(self.rng, 60)

    def scores(self, vectors: Floats) -> Doubles:
        scores: Doubles = (vectors @ self.taste).astype(np.float64)
        return scores

    def answer(self, offered: int = 20, top: int = 3, *, ordered: bool = False, edited: bool = False) -> Told:
        vectors = unit(self.rng, offered)
        best = np.argsort(-self.scores(vectors))[:top].tolist()
        groups = [[row] for row in best] if ordered else [best]
        return remember(vectors, groups, bits(offered, top, ordered=ordered), edited=edited)

    def read(self, transcript: list[Told], *, held_out: bool = True) -> Exposure:
        scores = [self.scores(told.vectors()) for told in transcript] if held_out else None
        return reading(transcript, self.topics, self.scores(self.topics), scores)


@pytest.mark.parametrize(
    ("offered", "told", "ordered", "each", "expected"),
    [
        (20, 3, False, 1, math.log2(math.comb(20, 3))),
        (20, 3, True, 1, math.log2(math.perm(20, 3))),
        (500, 10, False, 1, math.log2(math.comb(500, 10))),
        (20, 20, True, 1, math.log2(math.factorial(20))),
        (20, 20, False, 1, 0.0),
        (20, 0, False, 1, 0.0),
        (20, 5, False, 2, 20.0),
        (20, 20, False, 3, 20 * math.log2(3)),
    ],
)
def test_bits_are_the_logarithm_of_the_number_of_possible_answers(
    offered: int, told: int, ordered: bool, each: int, expected: float
) -> None:
    assert bits(offered, told, ordered=ordered, each=each) == pytest.approx(expected, abs=1e-9)


def test_the_cap_lets_about_twenty_answers_of_three_of_twenty_through() -> None:
    assert 20 <= CAP // bits(20, 3, ordered=True) <= CAP // bits(20, 3) <= 25


def test_a_long_order_has_more_bits_than_an_answer_may_have_unwarned() -> None:
    assert bits(20, 20, ordered=True) < LONG < bits(27, 27, ordered=True)


def test_vectors_come_back_in_the_order_in_which_they_were_told() -> None:
    vectors = unit(np.random.default_rng(0), 20)
    told = remember(vectors, [[7], [3], [12]], 1.0)
    assert told.tiers == (1, 1, 1, 17)
    assert told.rest == 3
    assert (np.einsum("ij,ij->i", told.vectors()[:3], vectors[[7, 3, 12]]) > 0.999).all()


def test_of_what_was_not_told_only_a_few_are_kept_whatever_the_order_of_the_offer() -> None:
    vectors = unit(np.random.default_rng(0), 500)
    told = remember(vectors, [[0, 1, 2]], 1.0)
    turned = remember(np.concatenate([vectors[:3], vectors[:2:-1]]), [[0, 1, 2]], 1.0)
    assert len(told.rows) == (3 + OTHERS) * DIMENSION
    assert told == turned


def test_an_order_is_kept_whole() -> None:
    assert len(Owner().answer(500, 500, ordered=True).rows) == 500 * DIMENSION


def test_an_edited_answer_counts_half() -> None:
    assert Owner().answer(edited=True).bits == pytest.approx(bits(20, 3) / 2)


def test_who_was_told_nothing_names_what_a_stranger_names() -> None:
    found = Owner().read([])
    assert found.share == found.stranger
    assert found.bits == 0


def test_the_reading_rises_with_what_is_told() -> None:
    owner = Owner()
    transcript = [owner.answer() for _ in range(60)]
    rhos = [owner.read(transcript[:count]).rho for count in (1, 10, 60)]
    assert rhos == sorted(rhos)
    assert rhos[0] + 0.1 < rhos[2]
    assert rhos[2] > 0.9


def test_an_order_tells_more_than_a_choice() -> None:
    choice, order = Owner(), Owner()
    assert order.read([order.answer(20, 20, ordered=True) for _ in range(5)]).rho > 0.05 + (
        choice.read([choice.answer() for _ in range(5)]).rho
    )


def test_one_order_of_500_gives_a_taste_away() -> None:
    owner = Owner()
    found = owner.read([owner.answer(500, 500, ordered=True)])
    assert found.rho > 0.85
    assert found.share > 0.6


def test_answers_that_say_nothing_of_the_taste_foretell_nothing() -> None:
    owner = Owner()
    transcript = [remember(unit(owner.rng, 20), [[0, 1, 2]], 10.0) for _ in range(60)]
    assert owner.read(transcript, held_out=False).rho < 0.4


def test_a_specialist_is_seen_on_its_own_candidates() -> None:
    """All that is offered is of one kind, and the taste within that kind is not the taste for topics."""
    owner = Owner()
    field = unit(owner.rng, 1)[0]
    within = unit(owner.rng, 1)[0]
    transcript, scores = [], []
    for _ in range(30):
        vectors = unit(owner.rng, 20, towards=field)
        told = remember(vectors, [np.argsort(-(vectors @ within))[:3].tolist()], bits(20, 3))
        transcript.append(told)
        scores.append((told.vectors() @ within).astype(np.float64))
    on_topics = reading(transcript, owner.topics, owner.scores(owner.topics))
    held_out = reading(transcript, owner.topics, owner.scores(owner.topics), scores)
    assert held_out.rho > max(0.6, on_topics.rho + 0.1)


def test_what_was_said_to_be_disliked_counts_against_the_rest() -> None:
    owner = Owner()
    vectors = unit(owner.rng, 60)
    order = np.argsort(-owner.scores(vectors)).tolist()
    liked = owner.read([remember(vectors, [order[:5]], 60.0)], held_out=False)
    both = owner.read([remember(vectors, [order[:5]], 60.0, below=[order[-5:]])], held_out=False)
    assert both.rho > liked.rho


def test_the_reading_does_not_go_down() -> None:
    earlier, later = Exposure(0.6, 0.5, 0.15, 20.0), Exposure(0.5, 0.55, 0.2, 30.0)
    assert later.after(earlier) == Exposure(0.6, 0.55, 0.2, 30.0)


def test_a_reading_is_the_same_every_time() -> None:
    owner = Owner()
    transcript = [owner.answer() for _ in range(4)]
    assert owner.read(transcript) == owner.read(transcript)


@pytest.mark.parametrize("count", [1, 2, 60])
@pytest.mark.parametrize(("offered", "top", "ordered"), [(2, 1, False), (20, 20, True), (20, 0, False)])
def test_every_shape_of_answer_has_a_reading(count: int, offered: int, top: int, ordered: bool) -> None:
    owner = Owner()
    found = owner.read([owner.answer(offered, top, ordered=ordered) for _ in range(count)])
    assert 0 <= found.rho <= 1
    assert 0 <= found.share <= 1


@pytest.mark.parametrize(
    ("share", "words"), [(0.15, "hardly more than by chance"), (0.5, "about half"), (1.0, "nearly all")]
)
def test_the_page_says_it_in_words(share: float, words: str) -> None:
    assert in_words(Exposure(0.5, share, 0.15, 10.0)) == f"of your next three choices it could name {words}"
