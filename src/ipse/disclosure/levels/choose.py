"""Which of the candidates suit the owner best? The answer names a set of them, drawn with noise."""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, ClassVar, Final

from ipse.disclosure import reasons
from ipse.disclosure.levels.level import (
    FINGERPRINT,
    MAX_TEXT,
    Level,
    Quote,
    RequestOptions,
    names_in_order,
    written_length,
)
from ipse.disclosure.offers import Content, Item, Offer, Profile
from ipse.encoding.safe_text import as_seen, plain_text
from ipse.encoding.strict_json import Json, JsonObject, excerpt
from ipse.errors import MalformedInput
from ipse.preferences.privacy import choice, randomness

if TYPE_CHECKING:
    from ipse.preferences.vectors import Floats

__all__ = ["LEVEL", "MAX_CANDIDATES", "MAX_TOP", "Candidate", "Choose", "numbered"]

MAX_CANDIDATES: Final = 20
MAX_TOP: Final = 5
_TOP: Final = 3
"""How many are asked for where the application does not say."""
_MAX_ID: Final = 64


@dataclass(frozen=True, slots=True)
class Candidate:
    """One of the things to choose from."""

    id: str
    text: str


@dataclass(frozen=True, slots=True)
class Choose:
    """Which `top` of these suit the owner best?"""

    level: ClassVar[str] = "choose"
    candidates: tuple[Candidate, ...]
    top: int


def numbered(texts: Iterable[str]) -> tuple[Candidate, ...]:
    """Candidates with the ids 1, 2, 3 and so on."""
    return tuple(Candidate(str(number), text) for number, text in enumerate(texts, 1))


class _ChooseLevel:
    name = Choose.level
    member = "choices"

    told = "choices"
    asks = "which of its candidates suit you best"
    kind = "a choice among its candidates"
    stays = "your statements, all scores, and how you would rank the others"
    quoted = True

    tickable = False
    grantable = True
    grant_names_topics = False
    drawn = True
    verbatim = False
    sends_candidates = True

    options = frozenset({"candidates", "top"})
    needs = "candidates"

    def ask(self, options: RequestOptions) -> Choose:
        return Choose(numbered(options.candidates), options.top or _TOP)

    # The question

    def read(self, content: JsonObject) -> Choose:
        candidates = _candidates(content.get("candidates"))
        return Choose(candidates, _top(content.get("top"), len(candidates)))

    def write(self, asked: Choose) -> JsonObject:
        entries = [{"id": candidate.id, "text": candidate.text} for candidate in asked.candidates]
        return {"candidates": entries, "top": asked.top}

    def gist(self, asked: Choose) -> Json:
        """Neither the ids nor the order of the candidates count."""
        return {
            "candidates": sorted(as_seen(candidate.text) for candidate in asked.candidates),
            "top": asked.top,
        }

    def subjects(self, asked: Choose) -> list[str]:
        return [as_seen(candidate.text) for candidate in asked.candidates]

    def topics(self, asked: Choose) -> tuple[str, ...]:
        return ()

    def fingerprints(self, asked: Choose) -> bytes:
        return b"".join(bytes.fromhex(_digest(one.text))[:FINGERPRINT] for one in asked.candidates)

    def question(self, asked: Choose, quote: Quote) -> tuple[str, ...]:
        return (f"which {asked.top} of its {len(asked.candidates)} candidates suit you best",)

    def most_ticked(self, asked: Choose) -> int:
        return asked.top

    # The answer

    def offer(
        self, asked: Choose, profile: Profile, subjects: Floats, *, epsilon: int, granted: Sequence[str] = ()
    ) -> Offer:
        import numpy as np

        open_rows = np.flatnonzero(~profile.touches_closed(subjects))
        if granted:
            profile = profile.about_one_of(granted)
        counting = epsilon // randomness.SHARE
        voting = randomness.voters(len(profile.texts), randomness.VOTERS, counting)
        closed = len(open_rows) < asked.top
        if closed:  # drawn all the same, so that it takes as long
            open_rows = np.arange(len(subjects))
        votes = choice.count(
            profile.vectors[voting], profile.weights[voting], subjects[open_rows], unrelated=profile.unrelated
        )
        chosen = choice.choose(votes, asked.top, epsilon - counting)
        if closed:
            return Offer(self.nothing(), (), reasons.TOPICS_CLOSED, drawn=True)
        return replace(_offer([asked.candidates[int(open_rows[place])] for place in chosen]), drawn=True)

    def nothing(self) -> Content:
        return {self.member: []}

    def longest(self, asked: Choose) -> Content:
        ids = sorted((candidate.id for candidate in asked.candidates), key=written_length, reverse=True)
        return {self.member: ids[: asked.top]}

    def checked(self, asked: Choose, said: Json) -> list[str]:
        ids = names_in_order(said, [candidate.id for candidate in asked.candidates], "a candidate")
        if len(ids) not in (0, asked.top):
            raise MalformedInput(f"it names {len(ids)} candidates, not {asked.top} or none")
        return ids

    def kept(self, asked: Choose, content: Content) -> Content:
        """The digests of the chosen candidates, which may return under other ids."""
        told = {one.id: _digest(one.text) for one in asked.candidates}
        return {self.member: [told[chosen] for chosen in content[self.member]]}

    def repeated(self, asked: Choose, content: Content) -> Offer:
        return _offer([one for one in asked.candidates if _digest(one.text) in content[self.member]])

    def topics_told(self, content: Content) -> tuple[str, ...]:
        return ()

    # What the application reads

    def readable(self, asked: Choose, content: Content) -> JsonObject:
        texts = {candidate.id: candidate.text for candidate in asked.candidates}
        return {self.member: [{"id": chosen, "text": texts[chosen]} for chosen in content[self.member]]}

    def lines(self, asked: Choose, content: Content) -> list[str]:
        texts = {candidate.id: candidate.text for candidate in asked.candidates}
        return [texts[chosen] for chosen in content[self.member]]


def _candidates(entries: Json) -> tuple[Candidate, ...]:
    if not isinstance(entries, list) or not 2 <= len(entries) <= MAX_CANDIDATES:
        raise MalformedInput(f"a request has 2 to {MAX_CANDIDATES} candidates")
    candidates = tuple(_candidate(entry) for entry in entries)
    if len({candidate.id for candidate in candidates}) != len(candidates):
        raise MalformedInput("two candidates of the request have the same id")
    if len({as_seen(candidate.text) for candidate in candidates}) != len(candidates):
        raise MalformedInput("two candidates of the request are the same")
    return candidates


def _candidate(entry: Json) -> Candidate:
    if not isinstance(entry, dict) or set(entry) != {"id", "text"}:
        raise MalformedInput("a candidate of the request is not an object with id and text")
    return Candidate(
        id=plain_text(entry["id"], "a candidate's id", _MAX_ID),
        text=plain_text(entry["text"], "a candidate's text", MAX_TEXT),
    )


def _top(top: Json, candidates: int) -> int:
    if type(top) is not int or not 1 <= top < candidates:
        raise MalformedInput(f"the request asks for the top {excerpt(top)} of {candidates} candidates")
    if top > MAX_TOP:
        raise MalformedInput(f"the request asks for the top {top}; at most {MAX_TOP} are told")
    return top


def _offer(chosen: Sequence[Candidate]) -> Offer:
    items = tuple(Item(one.id, one.text) for one in chosen)
    return Offer({_ChooseLevel.member: [item.key for item in items]}, items)


def _digest(text: str) -> str:
    """SHA-256 in hex. Stored answers use all of it: two candidates may be made whose first bytes agree."""
    return hashlib.sha256(as_seen(text).encode()).hexdigest()


LEVEL: Final[Level[Choose]] = _ChooseLevel()
