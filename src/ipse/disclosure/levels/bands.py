"""How much does the owner like these topics? The answer says low, medium or high for each.

From a private summary it says high or low alone: whether a topic is liked as much as disliked, or was never
spoken of, can't be told from votes that cancel out.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, ClassVar, Final

from ipse.disclosure import exposure, reasons
from ipse.disclosure.levels.level import Level, Quote, names_in_order
from ipse.disclosure.levels.named_topics import (
    NamedTopics,
    NamedTopicsLevel,
    in_words,
    open_affinities,
    open_rows,
)
from ipse.disclosure.offers import Content, Item, Offer, Profile
from ipse.encoding.strict_json import Json
from ipse.errors import MalformedInput
from ipse.preferences.privacy import summary
from ipse.preferences.topics import label_of
from ipse.preferences.topics import published as published_topics

if TYPE_CHECKING:
    from ipse.disclosure.exposure import Told
    from ipse.preferences.privacy.summary import NoisyCounts
    from ipse.preferences.vectors import Floats

__all__ = ["BANDS", "LEVEL", "Bands"]

BANDS: Final = ("low", "medium", "high")
_CLEAR: Final = 0.3
"""Affinity from which on a topic is liked much; below its negative it is liked little."""


@dataclass(frozen=True, slots=True)
class Bands(NamedTopics):
    """How much does the owner care for each of these topics: low, medium, high?"""

    level: ClassVar[str] = "bands"


class _BandsLevel(NamedTopicsLevel[Bands]):
    asked = Bands
    name = Bands.level
    member = "bands"

    told = "bands"
    asks = "how much you like certain topics"
    kind = "how much you like topics"
    stays = "your statements, all scores, and every other topic"

    private = True
    grant_names_topics = False

    def question(self, asked: Bands, quote: Quote) -> tuple[str, ...]:
        return "whether your liking is low, medium or high for", in_words(asked.topics)

    def offer(self, asked: Bands, profile: Profile, subjects: Floats, granted: Sequence[str] = ()) -> Offer:
        found = open_affinities(asked, profile, granted)
        if not found:
            return Offer.nothing(reasons.TOPICS_CLOSED)
        every = published_topics().topics
        items = tuple(
            _item(every[row].id, _band(affinity.value), profile.texts[affinity.movers[0]])
            for row, affinity in found
            if affinity.value is not None
        )
        return Offer(items, tuple(item.key for item in items), None if items else reasons.TOO_LITTLE_SAID)

    def offer_privately(
        self,
        asked: Bands,
        counts: NoisyCounts,
        published: Floats,
        subjects: Floats,
        granted: Sequence[str] = (),
    ) -> Offer:
        every = published_topics().topics
        told = [summary.band(count, counts) for count in counts.counts]
        rows = open_rows(asked, None, granted)
        items = tuple(_item(every[row].id, band) for row in rows if (band := told[row]))
        return Offer(items, tuple(item.key for item in items), None if items else reasons.TOO_LITTLE_SAID)

    def content(self, asked: Bands, items: Sequence[Item]) -> Content:
        return {self.member: {item.key: item.says for item in items}}

    def bits(self, asked: Bands, items: Sequence[Item]) -> float:
        return exposure.bits(len(asked.topics), each=len(BANDS)) if items else 0.0

    def usual_bits(self, granted: Sequence[str]) -> tuple[float, str]:
        asked = max(len(granted), 1)
        return exposure.bits(asked, each=len(BANDS)), f"bands of {asked}"

    def heard(
        self, asked: Bands, items: Sequence[Item], profile: Profile, subjects: Floats, *, edited: bool
    ) -> Told | None:
        low, medium, high = (
            [asked.topics.index(item.key) for item in items if item.says == band] for band in BANDS
        )
        above, below = [group for group in (high, medium) if group], [low] if low else []
        if not above and not below:
            return None
        counted = self.bits(asked, items)
        return exposure.remember(subjects, above, counted, below=below, edited=edited)

    def nothing(self) -> Content:
        return {self.member: {}}

    def longest(self, asked: Bands) -> Content:
        return {self.member: dict.fromkeys(asked.topics, max(BANDS, key=len))}

    def checked(self, asked: Bands, said: Json) -> dict[str, str]:
        if not isinstance(said, dict) or not all(band in BANDS for band in said.values()):
            raise MalformedInput("its bands are not low, medium or high for each topic")
        return {topic: said[topic] for topic in names_in_order(list(said), asked.topics, "a topic")}

    def lines(self, asked: Bands, content: Content) -> list[str]:
        return [f"{topic}: {band}" for topic, band in content[self.member].items()]


def _band(affinity: float) -> str:
    return "high" if affinity >= _CLEAR else "low" if affinity <= -_CLEAR else "medium"


def _item(topic: str, band: str, why: str = "") -> Item:
    return Item(topic, f"{label_of(topic)}: {band}", band, why)


LEVEL: Final[Level[Bands]] = _BandsLevel()
