"""In which order does the owner like the candidates? The answer names them, the most liked first."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, ClassVar, Final

from ipse.disclosure import exposure
from ipse.disclosure.levels import candidates
from ipse.disclosure.levels.candidates import CandidatesLevel, WithCandidates
from ipse.disclosure.levels.level import ExactOnly, Level, Quote, RequestOptions
from ipse.disclosure.offers import Content, Item, Offer, Profile
from ipse.encoding.strict_json import Json, JsonObject

if TYPE_CHECKING:
    from ipse.disclosure.exposure import Told
    from ipse.preferences.vectors import Floats

__all__ = ["LEVEL", "Order"]


@dataclass(frozen=True, slots=True)
class Order(WithCandidates):
    """In which order does the owner like these?"""

    level: ClassVar[str] = "order"


class _OrderLevel(ExactOnly, CandidatesLevel[Order]):
    """A summary of so few votes has no order of many things in it that would be worth telling."""

    name = Order.level
    member = "order"

    told = "orders"
    asks = "in which order you like its candidates"
    kind = "an order of its candidates"
    stays = "your statements, all scores, and whatever you untick"

    ordered = True

    options = frozenset({"candidates"})

    def ask(self, options: RequestOptions) -> Order:
        return Order(candidates.asked_of(options))

    # The question

    def read(self, content: JsonObject) -> Order:
        return Order(candidates.read_candidates(content.get("candidates")))

    def write(self, asked: Order) -> JsonObject:
        return {"candidates": candidates.as_json(asked.candidates)}

    def gist(self, asked: Order) -> Json:
        return candidates.gist(asked.candidates)

    def question(self, asked: Order, quote: Quote) -> tuple[str, ...]:
        return (f"in which order you like its {len(asked.candidates)} candidates",)

    def most_ticked(self, asked: Order) -> int:
        return len(asked.candidates)

    # The answer

    def offer(self, asked: Order, profile: Profile, subjects: Floats, granted: Sequence[str] = ()) -> Offer:
        found = self._ranked(asked, profile, subjects, 1, granted)
        if found.reason is not None:
            return found
        last = len(found.items) - int(profile.touches_closed(subjects).sum())
        return Offer(found.items, tuple(item.key for item in found.items[:last]))

    def bits(self, asked: Order, items: Sequence[Item]) -> float:
        return exposure.bits(len(asked.candidates), len(items), ordered=True)

    def usual_bits(self, granted: Sequence[str]) -> tuple[float, str]:
        return exposure.bits(20, 20, ordered=True), "an order of twenty"

    def heard(
        self, asked: Order, items: Sequence[Item], profile: Profile, subjects: Floats, *, edited: bool
    ) -> Told | None:
        one_by_one = [[item] for item in items]
        return self._told(asked, one_by_one, self.bits(asked, items), subjects, edited=edited)

    def longest(self, asked: Order) -> Content:
        return self._longest(asked, len(asked.candidates))

    def checked(self, asked: Order, said: Json) -> Json:
        self._known(asked, said)
        return said


LEVEL: Final[Level[Order]] = _OrderLevel()
