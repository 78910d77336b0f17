"""Which of the candidates suit the owner best? The answer names a set of them."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, ClassVar, Final

from ipse.disclosure import exposure
from ipse.disclosure.levels import candidates
from ipse.disclosure.levels.candidates import CandidatesLevel, WithCandidates
from ipse.disclosure.levels.level import Level, Quote, RequestOptions
from ipse.disclosure.offers import Content, Item, Offer, Profile
from ipse.encoding.strict_json import Json, JsonObject, excerpt
from ipse.errors import MalformedInput

if TYPE_CHECKING:
    from ipse.disclosure.exposure import Told
    from ipse.preferences.privacy.summary import NoisyCounts
    from ipse.preferences.vectors import Floats

__all__ = ["LEVEL", "Choose"]

_TOP: Final = 3
"""How many are asked for where the application does not say."""


@dataclass(frozen=True, slots=True)
class Choose(WithCandidates):
    """Which `top` of these suit the owner best?"""

    level: ClassVar[str] = "choose"
    top: int


class _ChooseLevel(CandidatesLevel[Choose]):
    name = Choose.level
    member = "choices"

    told = "choices"
    asks = "which of its candidates suit you best"
    kind = "a choice among its candidates"
    stays = "your statements, all scores, and how you would rank the others"

    private = True
    ordered = False

    options = frozenset({"candidates", "top"})

    def ask(self, options: RequestOptions) -> Choose:
        return Choose(candidates.asked_of(options), options.top or _TOP)

    # The question

    def read(self, content: JsonObject) -> Choose:
        found = candidates.read_candidates(content.get("candidates"))
        return Choose(found, _top(content.get("top"), len(found)))

    def write(self, asked: Choose) -> JsonObject:
        return {"candidates": candidates.as_json(asked.candidates), "top": asked.top}

    def gist(self, asked: Choose) -> Json:
        return {"candidates": candidates.gist(asked.candidates), "top": asked.top}

    def question(self, asked: Choose, quote: Quote) -> tuple[str, ...]:
        return (f"which {asked.top} of its {len(asked.candidates)} candidates suit you best",)

    def most_ticked(self, asked: Choose) -> int:
        return asked.top

    # The answer

    def offer(self, asked: Choose, profile: Profile, subjects: Floats, granted: Sequence[str] = ()) -> Offer:
        return self._ranked(asked, profile, subjects, asked.top, granted)

    def offer_privately(
        self,
        asked: Choose,
        counts: NoisyCounts,
        published: Floats,
        subjects: Floats,
        granted: Sequence[str] = (),
    ) -> Offer:
        return self._ranked_privately(asked, counts, published, subjects, asked.top, granted)

    def bits(self, asked: Choose, items: Sequence[Item]) -> float:
        return exposure.bits(len(asked.candidates), len(items))

    def usual_bits(self, granted: Sequence[str]) -> tuple[float, str]:
        return exposure.bits(20, 3), "three of twenty"

    def heard(
        self, asked: Choose, items: Sequence[Item], profile: Profile, subjects: Floats, *, edited: bool
    ) -> Told | None:
        return self._told(asked, [items], self.bits(asked, items), subjects, edited=edited)

    def longest(self, asked: Choose) -> Content:
        return self._longest(asked, asked.top)

    def checked(self, asked: Choose, said: Json) -> list[str]:
        ids = self._known(asked, said)
        if len(ids) > asked.top:
            raise MalformedInput(f"it names {len(ids)} candidates; at most {asked.top} were asked for")
        return ids


def _top(top: Json, offered: int) -> int:
    if type(top) is not int or not 1 <= top < offered:
        raise MalformedInput(f"the request asks for the top {excerpt(top)} of {offered} candidates")
    return top


LEVEL: Final[Level[Choose]] = _ChooseLevel()
