"""What every level says exactly, what it reads from a private summary, and what the meter keeps of it."""

from __future__ import annotations

import math
from dataclasses import replace
from datetime import UTC, datetime
from typing import Any, Final

import numpy as np
import pytest
from numpy.typing import NDArray

from ipse.disclosure import levels, reasons
from ipse.disclosure.levels.bands import Bands
from ipse.disclosure.levels.candidates import Candidate, numbered
from ipse.disclosure.levels.choose import Choose
from ipse.disclosure.levels.order import Order
from ipse.disclosure.levels.statements import Statements
from ipse.disclosure.levels.topics import Topics
from ipse.disclosure.methods import owner
from ipse.disclosure.offers import Item, Offer, Profile
from ipse.preferences.privacy.summary import NoisyCounts
from ipse.preferences.topics import published
from tests.unit.disclosure.material import ASKED, SAID, question

IDS: Final = tuple(topic.id for topic in published().topics)
COUNT: Final = len(IDS)
TOPICS: Final = np.eye(COUNT, dtype=np.float32)
"""Vectors of the published topics that have nothing in common."""
EPSILON: Final = 175_000
CLEAR: Final = 10**9
"""A count that no noise explains."""
CHOOSE = levels.named("choose")
BANDS = levels.named("bands")


def counts(**liked: int) -> NoisyCounts:
    """A summary with these counts for the topics t0, t1 and so on, 0 for the others."""
    found = [0] * COUNT
    for name, count in liked.items():
        found[int(name.removeprefix("t"))] = count
    return NoisyCounts(tuple(found), EPSILON)


def profile(vectors: NDArray[np.float32] = TOPICS[:0], **changes: Any) -> Profile:
    texts = [f"statement {number}" for number in range(len(vectors))]
    times = [datetime(2026, 7, 1, tzinfo=UTC)] * len(vectors)
    made = Profile(
        texts, vectors, [0.8] * len(vectors), times, TOPICS, TOPICS[:0], dict.fromkeys(IDS, True), 20_000.0
    )
    return replace(made, **changes)


class TestWhatALevelIs:
    @pytest.mark.parametrize(
        ("member", "expected"),
        [
            ("private", {"choose", "bands"}),
            ("grantable", {"choose", "order", "bands", "topics"}),
            ("grant_names_topics", {"topics"}),
            ("preticked", {"choose", "order"}),
            ("ordered", {"order"}),
            ("verbatim", {"statements"}),
            ("sends_candidates", {"choose", "order"}),
            ("quoted", {"choose", "order"}),
        ],
    )
    def test_these_levels_and_no_others_are_so(self, member: str, expected: set[str]) -> None:
        assert {level.name for level in levels.every() if getattr(level, member)} == expected

    @pytest.mark.parametrize("name", levels.NAMES)
    def test_no_more_can_be_ticked_than_was_asked_for(self, name: str) -> None:
        most = {"choose": 2, "order": 4, "bands": 3, "topics": 3, "statements": 3}
        assert levels.named(name).most_ticked(ASKED[name]) == most[name]

    @pytest.mark.parametrize("name", levels.NAMES)
    def test_the_longest_answer_there_can_be_holds_as_much_as_can_be_ticked(self, name: str) -> None:
        level = levels.named(name)
        (said,) = level.longest(ASKED[name]).values()
        assert len(said) == level.most_ticked(ASKED[name])

    @pytest.mark.parametrize("name", levels.NAMES)
    def test_an_answer_without_items_says_nothing_and_counts_nothing(self, name: str) -> None:
        level, asked = levels.named(name), ASKED[name]
        assert level.content(asked, ()) == level.nothing()
        assert level.bits(asked, ()) == 0
        subjects = TOPICS[: len(level.subjects(asked))]
        assert level.heard(asked, (), profile(), subjects, edited=True) is None

    @pytest.mark.parametrize(
        ("name", "items"),
        [
            ("choose", [Item("3", "Solaris"), Item("1", "Dune")]),
            ("order", [Item("3", "Solaris"), Item("1", "Dune"), Item("4", "Ulysses")]),
            ("bands", [Item("jazz", "Jazz: high", "high"), Item("cooking", "Cooking: low", "low")]),
            ("topics", [Item("jazz", "Jazz"), Item("cooking", "Cooking")]),
            ("statements", [Item(str(n), text) for n, text in enumerate(SAID["statements"]["statements"])]),
        ],
    )
    def test_the_content_says_the_items_that_were_ticked_and_never_why(
        self, name: str, items: list[Item]
    ) -> None:
        level, asked = levels.named(name), ASKED[name]
        content = level.content(asked, [replace(item, why="a secret reason") for item in items])
        ((member, said),) = content.items()
        assert {member: level.checked(question(name).asked, said)} == {
            member: level.checked(asked, SAID[name][member])
        }
        assert "secret" not in str(content)


class TestBits:
    """log2 of the number of answers that there could have been."""

    @pytest.mark.parametrize(
        ("asked", "told", "expected"),
        [
            (Choose(numbered("abcd"), 2), 2, math.log2(6)),
            (Choose(numbered("abcd"), 2), 1, math.log2(4)),
            (Order(numbered("abcd")), 4, math.log2(24)),
            (Order(numbered("abcd")), 2, math.log2(12)),
            (Bands(("a", "b", "c")), 1, 3 * math.log2(3)),
            (Topics(("a", "b", "c")), 1, 3.0),
            (Statements("novels", 3), 1, math.log2(COUNT)),
        ],
    )
    def test_each_level_counts_its_own(self, asked: Any, told: int, expected: float) -> None:
        items = [Item(key, key, "high") for key in ("1", "2", "3", "4")[:told]]
        assert levels.of(asked).bits(asked, items) == pytest.approx(expected)


class TestHeard:
    """What the meter keeps: what was told, what was not, and whether the profile would have told the same."""

    def heard(self, name: str, keys: tuple[str, ...], chosen: tuple[str, ...], **says: str) -> Any:
        asked = ASKED[name]
        subjects = TOPICS[: len(levels.of(asked).subjects(asked))]
        items = tuple(Item(key, key, says.get(key, "")) for key in dict.fromkeys((*chosen, *keys)))
        offer = Offer(items, chosen)
        return owner.heard(asked, offer, offer.picked(keys), profile(), subjects)

    def test_a_choice_is_above_all_that_was_not_chosen(self) -> None:
        told = self.heard("choose", ("3", "1"), ("1", "3"))
        assert (told.tiers, told.rest, told.offered, told.edited) == ((2, 2), 1, 4, False)
        assert told.vectors()[:2].argmax(axis=1).tolist() == [2, 0]
        assert told.bits == pytest.approx(math.log2(6))

    def test_an_order_has_a_place_for_each(self) -> None:
        told = self.heard("order", ("3", "1", "4"), ("3", "1", "4", "2"))
        assert (told.tiers, told.rest, told.edited) == ((1, 1, 1, 1), 3, True)
        assert told.vectors().argmax(axis=1).tolist() == [2, 0, 3, 1]

    @pytest.mark.parametrize(
        ("name", "keys", "edited"),
        [
            ("choose", ("1", "3"), False),
            ("choose", ("3", "1"), False),
            ("choose", ("1", "2"), True),
            ("choose", ("1",), True),
            ("order", ("1", "3"), False),
            ("order", ("3", "1"), True),
            ("order", ("1", "3", "2"), True),
            ("topics", ("jazz",), False),
            ("topics", ("cooking", "jazz"), False),
        ],
    )
    def test_it_is_edited_where_the_owner_told_other_than_was_ticked_before(
        self, name: str, keys: tuple[str, ...], edited: bool
    ) -> None:
        chosen = ("1", "3") if levels.named(name).sends_candidates else ("cooking", "jazz")
        told = self.heard(name, keys, chosen)
        assert told.edited is edited
        whole = levels.named(name).bits(ASKED[name], [Item(key, key) for key in keys])
        assert told.bits == pytest.approx(whole / 2 if edited else whole)

    def test_bands_lie_above_and_below_what_was_not_told(self) -> None:
        asked = ("cooking", "jazz")
        told = self.heard("bands", asked, asked, cooking="low", jazz="high")
        assert (told.tiers, told.rest) == ((1, 1, 1), 1)
        assert told.vectors().argmax(axis=1).tolist() == [1, 2, 0]

    def test_a_low_band_alone_lies_below_the_others(self) -> None:
        told = self.heard("bands", ("cooking",), ("cooking",), cooking="low")
        assert (told.tiers, told.rest) == ((2, 1), 0)

    def test_sentences_lie_above_the_published_topics(self) -> None:
        asked, own = ASKED["statements"], profile(TOPICS[:3])
        items = [Item("1", "statement 2"), Item("2", "statement 0")]
        told = levels.of(asked).heard(asked, items, own, TOPICS[:1], edited=False)
        assert told is not None
        assert (told.tiers[0], told.rest, told.offered) == (2, 1, COUNT + 2)
        assert told.vectors()[:2].argmax(axis=1).tolist() == [2, 0]


class TestChoosingFromASummary:
    ASKED: Final = Choose(numbered(["Dune", "Emma", "Solaris", "Ulysses"]), 2)

    def chosen(
        self, said: NoisyCounts, asked: Choose = ASKED, subjects: Any = TOPICS[:4], **more: Any
    ) -> Any:
        return CHOOSE.offer_privately(asked, said, TOPICS, subjects, **more)

    def test_the_best_liked_are_chosen_and_all_of_them_leave(self) -> None:
        found = self.chosen(counts(t1=CLEAR, t3=2 * CLEAR, t0=-CLEAR))
        assert {item.text for item in found.items} == {"Emma", "Ulysses"}
        assert set(found.chosen) == {"2", "4"}
        assert found.reason is None

    def test_exactly_as_many_as_were_asked_for_are_chosen_even_by_noise_alone(self) -> None:
        for top in (1, 2, 3):
            found = self.chosen(counts(), Choose(self.ASKED.candidates, top))
            assert len(found.chosen) == top

    def test_it_depends_on_no_id_and_no_order(self) -> None:
        said = counts(t2=7)
        here = {item.text for item in self.chosen(said).items}
        texts = ["Ulysses", "Solaris", "Emma", "Dune"]
        turned = Choose(tuple(Candidate(f"x{n}", text) for n, text in enumerate(texts)), 2)
        assert {item.text for item in self.chosen(said, turned, TOPICS[3::-1]).items} == here

    def test_candidates_that_topics_can_not_tell_apart_get_an_answer_that_says_nothing(self) -> None:
        """By the candidates alone: whatever the summary holds."""
        alike = np.repeat(TOPICS[:1], 4, axis=0)
        for said in (counts(), counts(t0=CLEAR), counts(t0=-CLEAR, t1=CLEAR)):
            assert self.chosen(said, subjects=alike) == Offer.nothing(reasons.ALIKE)
            assert self.chosen(said).reason is None

    def test_a_grant_of_topics_lets_no_other_topic_count(self) -> None:
        said = counts(t0=CLEAR, t1=CLEAR, t2=1, t3=2)
        found = self.chosen(said, granted=(IDS[2], IDS[3]))
        assert {item.text for item in found.items} == {"Solaris", "Ulysses"}
        gone = self.chosen(said, granted=("topic-of-an-older-list",))
        assert gone == self.chosen(counts())


class TestBandsFromASummary:
    ASKED: Final = Bands((IDS[0], IDS[1], IDS[2], "topic-of-an-older-list"))
    LIKED: Final = counts(t0=CLEAR, t1=-CLEAR, t2=0, t3=CLEAR)

    def said(self, found: NoisyCounts = LIKED, **more: Any) -> Any:
        offer = BANDS.offer_privately(self.ASKED, found, TOPICS, TOPICS[:4], **more)
        return BANDS.content(self.ASKED, offer.items)["bands"], offer.reason

    def test_a_topic_is_high_or_low_where_that_is_clear_and_never_medium(self) -> None:
        assert self.said() == ({IDS[0]: "high", IDS[1]: "low"}, None)

    def test_what_noise_alone_could_say_is_not_said(self) -> None:
        edge = math.ceil(3 * counts().scale)
        assert self.said(counts(t0=edge - 1, t1=1 - edge)) == ({}, reasons.TOO_LITTLE_SAID)
        assert self.said(counts(t0=edge, t1=-edge)) == ({IDS[0]: "high", IDS[1]: "low"}, None)

    def test_a_grant_of_topics_is_about_those_alone(self) -> None:
        assert self.said(granted=(IDS[1], IDS[3])) == ({IDS[1]: "low"}, None)
        assert self.said(granted=("topic-of-an-older-list",)) == ({}, reasons.TOO_LITTLE_SAID)


@pytest.mark.parametrize("name", [level.name for level in levels.every() if not level.private])
def test_a_level_that_no_summary_answers_raises(name: str) -> None:
    with pytest.raises(ValueError, match=f"at the level {name} "):
        levels.named(name).offer_privately(ASKED[name], counts(), TOPICS, TOPICS[:4])


class TestRanking:
    """What is ticked at the consent page before the owner ticks anything, at the levels with candidates."""

    TEXTS: Final = ("Dune", "Emma", "Solaris", "Ulysses")

    @pytest.mark.parametrize("name", ["choose", "order"])
    def test_where_nothing_was_said_all_is_offered_and_nothing_is_chosen(self, name: str) -> None:
        level, asked = levels.named(name), ASKED[name]
        offer = level.offer(asked, profile(), TOPICS[:4])
        assert {item.text for item in offer.items} == set(self.TEXTS)
        assert (offer.chosen, offer.reason) == ((), reasons.NOTHING_SAID)

    def test_what_is_about_a_closed_topic_comes_last_and_is_never_chosen(self) -> None:
        own = profile(closed=TOPICS[:1])
        for name in ("choose", "order"):
            offer = levels.named(name).offer(ASKED[name], own, TOPICS[:4])
            assert offer.items[-1].text == "Dune"
            assert "1" not in offer.chosen

    def test_where_too_few_are_open_nothing_is_chosen(self) -> None:
        own = profile(closed=TOPICS[:3])
        offer = CHOOSE.offer(ASKED["choose"], own, TOPICS[:4])
        assert (offer.chosen, offer.reason) == ((), reasons.TOPICS_CLOSED)
