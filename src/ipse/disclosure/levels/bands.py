"""How much does the owner like these topics? The answer says low, medium or high for each, with noise."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, ClassVar, Final

from ipse.disclosure import reasons
from ipse.disclosure.levels.level import Level, Quote, names_in_order
from ipse.disclosure.levels.named_topics import NamedTopics, NamedTopicsLevel, in_words, open_rows
from ipse.disclosure.offers import Content, Item, Offer, Profile
from ipse.encoding.strict_json import Json
from ipse.errors import MalformedInput
from ipse.preferences.privacy import bands, randomness
from ipse.preferences.topics import label_of, published

if TYPE_CHECKING:
    from ipse.preferences.vectors import Floats

__all__ = ["BANDS", "LEVEL", "Bands"]

BANDS: Final = ("low", "medium", "high")


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

    tickable = False
    grant_names_topics = False
    drawn = True

    def question(self, asked: Bands, quote: Quote) -> tuple[str, ...]:
        return "whether your liking is low, medium or high for", in_words(asked.topics)

    def offer(
        self, asked: Bands, profile: Profile, subjects: Floats, *, epsilon: int, granted: Sequence[str] = ()
    ) -> Offer:
        rows = open_rows(asked, profile, granted)
        counting = epsilon // randomness.SHARE
        voting = randomness.voters(len(profile.texts), randomness.VOTERS, counting)
        # Without any row, others are summed, so that it takes as long.
        columns = rows or list(range(len(profile.published)))[: len(asked.topics)]
        about = profile.about[voting][:, columns].astype("float64")
        told = bands.bands(about, profile.weights[voting], epsilon - counting)
        if not rows:
            return Offer(self.nothing(), (), reasons.TOPICS_CLOSED, drawn=True)
        every = published().topics
        found = {every[row].id: band for row, band in zip(rows, told, strict=True) if band is not None}
        return replace(_offer(found), reason=None if found else reasons.TOO_LITTLE_SAID, drawn=True)

    def nothing(self) -> Content:
        return {self.member: {}}

    def longest(self, asked: Bands) -> Content:
        return {self.member: dict.fromkeys(asked.topics, max(BANDS, key=len))}

    def checked(self, asked: Bands, said: Json) -> dict[str, str]:
        if not isinstance(said, dict) or not all(band in BANDS for band in said.values()):
            raise MalformedInput("its bands are not low, medium or high for each topic")
        return {topic: said[topic] for topic in names_in_order(list(said), asked.topics, "a topic")}

    def kept(self, asked: Bands, content: Content) -> Content:
        return content

    def repeated(self, asked: Bands, content: Content) -> Offer:
        return _offer(content[self.member])

    def lines(self, asked: Bands, content: Content) -> list[str]:
        return [f"{topic}: {band}" for topic, band in content[self.member].items()]


def _offer(found: Mapping[str, str]) -> Offer:
    items = tuple(Item(topic, f"{label_of(topic)}: {band}") for topic, band in found.items())
    return Offer({_BandsLevel.member: dict(found)}, items)


LEVEL: Final[Level[Bands]] = _BandsLevel()
