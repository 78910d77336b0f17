"""Which of these topics are the owner's? The answer names those that the owner ticked, as they are."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, ClassVar, Final

from ipse.disclosure import exposure, reasons
from ipse.disclosure.levels.level import ExactOnly, Level, Quote, names_in_order
from ipse.disclosure.levels.named_topics import NamedTopics, NamedTopicsLevel, in_words, open_affinities
from ipse.disclosure.offers import Content, Item, Offer, Profile
from ipse.encoding.strict_json import Json
from ipse.preferences.topics import published

if TYPE_CHECKING:
    from ipse.disclosure.exposure import Told
    from ipse.preferences.vectors import Floats

__all__ = ["LEVEL", "Topics"]

_LIKED: Final = 0.1
"""Affinity from which on a topic is one of the owner's."""


@dataclass(frozen=True, slots=True)
class Topics(NamedTopics):
    """Which of these topics are the owner's?"""

    level: ClassVar[str] = "topics"


class _TopicsLevel(ExactOnly, NamedTopicsLevel[Topics]):
    asked = Topics
    name = Topics.level
    member = "topics"

    told = "topics"
    asks = "which topics you like"
    kind = "topics"
    stays = "your statements, how much you like what, and every topic that you don't tick"

    grant_names_topics = True

    def question(self, asked: Topics, quote: Quote) -> tuple[str, ...]:
        return "which of these you like:", in_words(asked.topics)

    def offer(self, asked: Topics, profile: Profile, subjects: Floats, granted: Sequence[str] = ()) -> Offer:
        found = open_affinities(asked, profile, granted)
        if not found:
            return Offer.nothing(reasons.TOPICS_CLOSED)
        every = published().topics
        liked = [
            (row, affinity)
            for row, affinity in found
            if affinity.value is not None and affinity.value >= _LIKED
        ]
        items = tuple(
            Item(every[row].id, every[row].label, why=profile.texts[affinity.movers[0]])
            for row, affinity in liked
        )
        return Offer(items, tuple(item.key for item in items), None if items else reasons.NO_TOPIC_LIKED)

    def content(self, asked: Topics, items: Sequence[Item]) -> Content:
        return {self.member: [item.key for item in items]}

    def bits(self, asked: Topics, items: Sequence[Item]) -> float:
        return exposure.bits(len(asked.topics), each=2) if items else 0.0

    def usual_bits(self, granted: Sequence[str]) -> tuple[float, str]:
        asked = max(len(granted), 1)
        return exposure.bits(asked, each=2), f"which of {asked}"

    def heard(
        self, asked: Topics, items: Sequence[Item], profile: Profile, subjects: Floats, *, edited: bool
    ) -> Told | None:
        rows = [asked.topics.index(item.key) for item in items]
        counted = self.bits(asked, items)
        return exposure.remember(subjects, [rows], counted, edited=edited) if rows else None

    def nothing(self) -> Content:
        return {self.member: []}

    def longest(self, asked: Topics) -> Content:
        return {self.member: list(asked.topics)}

    def checked(self, asked: Topics, said: Json) -> list[str]:
        return names_in_order(said, asked.topics, "a topic")

    def lines(self, asked: Topics, content: Content) -> list[str]:
        return list(content[self.member])


LEVEL: Final[Level[Topics]] = _TopicsLevel()
