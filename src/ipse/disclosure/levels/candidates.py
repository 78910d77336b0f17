"""What the levels share whose questions send candidates."""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, ClassVar, Final, Generic, TypeVar

from ipse.disclosure import exposure, reasons
from ipse.disclosure.levels.level import (
    FINGERPRINT,
    MAX_TEXT,
    RequestOptions,
    names_in_order,
    written_length,
)
from ipse.disclosure.offers import Content, Item, Offer, Profile
from ipse.encoding.safe_text import as_seen, plain_text
from ipse.encoding.strict_json import Json, JsonObject
from ipse.errors import MalformedInput
from ipse.preferences.privacy import summary
from ipse.preferences.topics import published as published_topics

if TYPE_CHECKING:
    from ipse.disclosure.exposure import Told
    from ipse.preferences.privacy.summary import NoisyCounts
    from ipse.preferences.vectors import Floats

__all__ = ["MAX_CANDIDATES", "Candidate", "CandidatesLevel", "WithCandidates", "numbered", "read_candidates"]

MAX_CANDIDATES: Final = 500
_MAX_ID: Final = 64
_RESOLUTION: Final = 0.04
"""How far topics have to tell candidates apart for a summary to choose among them."""


@dataclass(frozen=True, slots=True)
class Candidate:
    """One of the things to choose from."""

    id: str
    text: str


@dataclass(frozen=True, slots=True)
class WithCandidates:
    """What the questions of these levels have in common."""

    level: ClassVar[str]
    candidates: tuple[Candidate, ...]


C = TypeVar("C", bound=WithCandidates)


def numbered(texts: Iterable[str]) -> tuple[Candidate, ...]:
    """Candidates with the ids 1, 2, 3 and so on."""
    return tuple(Candidate(str(number), text) for number, text in enumerate(texts, 1))


class CandidatesLevel(Generic[C]):
    """What is the same in all levels whose questions send candidates."""

    member: str

    quoted = True
    grantable = True
    grant_names_topics = False
    preticked = True
    verbatim = False
    sends_candidates = True

    needs = "candidates"

    def subjects(self, asked: C) -> list[str]:
        return [as_seen(candidate.text) for candidate in asked.candidates]

    def topics(self, asked: C) -> tuple[str, ...]:
        return ()

    def fingerprints(self, asked: C) -> bytes:
        return b"".join(
            hashlib.sha256(as_seen(one.text).encode()).digest()[:FINGERPRINT] for one in asked.candidates
        )

    def content(self, asked: C, items: Sequence[Item]) -> Content:
        return {self.member: [item.key for item in items]}

    def nothing(self) -> Content:
        return {self.member: []}

    def readable(self, asked: C, content: Content) -> JsonObject:
        texts = {candidate.id: candidate.text for candidate in asked.candidates}
        return {self.member: [{"id": chosen, "text": texts[chosen]} for chosen in content[self.member]]}

    def lines(self, asked: C, content: Content) -> list[str]:
        texts = {candidate.id: candidate.text for candidate in asked.candidates}
        return [texts[chosen] for chosen in content[self.member]]

    # For the levels themselves

    def _known(self, asked: C, said: Json) -> list[str]:
        """The ids that are `said`, in the order of the candidates."""
        return names_in_order(said, [candidate.id for candidate in asked.candidates], "a candidate")

    def _longest(self, asked: C, most: int) -> Content:
        ids = sorted((candidate.id for candidate in asked.candidates), key=written_length, reverse=True)
        return {self.member: ids[:most]}

    def _ranked(
        self, asked: C, profile: Profile, subjects: Floats, most: int, granted: Sequence[str]
    ) -> Offer:
        """All candidates as `profile rank` orders them; the first `most` are chosen.

        Those about a closed topic come last and are never chosen.
        """
        import numpy as np

        if granted:
            profile = profile.about_one_of(granted)
        texts = self.subjects(asked)
        scores, closed = profile.scores(texts, subjects), profile.touches_closed(subjects)
        order = np.lexsort((-scores, closed))
        rows = [int(row) for row in order]
        near = profile.whys([texts[row] for row in rows[:most]], subjects[rows[:most]])
        whys = dict(zip(rows, near, strict=False))
        items = tuple(
            Item(asked.candidates[row].id, asked.candidates[row].text, why=whys.get(row, "")) for row in rows
        )
        open_ones = len(rows) - int(closed.sum())
        if open_ones < most:
            return Offer(items, (), reasons.TOPICS_CLOSED)
        if profile.taste is None:
            return Offer(items, (), reasons.NOTHING_SAID)
        return Offer(items, tuple(item.key for item in items[:most]))

    def _ranked_privately(
        self,
        asked: C,
        counts: NoisyCounts,
        published: Floats,
        subjects: Floats,
        most: int,
        granted: Sequence[str],
    ) -> Offer:
        """The `most` that a summary says are liked best; nothing where topics can't tell them apart."""
        if granted:
            ids = [topic.id for topic in published_topics().topics]
            here = tuple(
                count if topic in granted else 0 for count, topic in zip(counts.counts, ids, strict=True)
            )
            counts = summary.NoisyCounts(here, counts.epsilon)
        scores = summary.scores(counts, published, subjects)
        alike = summary.resolution(published, subjects) < _RESOLUTION
        drawn_by = [hashlib.sha256(text.encode()).digest() for text in self.subjects(asked)]
        best = sorted(range(len(scores)), key=lambda row: (-scores[row], drawn_by[row]))[:most]
        items = tuple(Item(asked.candidates[row].id, asked.candidates[row].text) for row in best)
        return Offer.nothing(reasons.ALIKE) if alike else Offer(items, tuple(item.key for item in items))

    def _told(
        self, asked: C, groups: Sequence[Sequence[Item]], counts: float, subjects: Floats, *, edited: bool
    ) -> Told | None:
        rows = {candidate.id: row for row, candidate in enumerate(asked.candidates)}
        told = [[rows[item.key] for item in group] for group in groups if group]
        return exposure.remember(subjects, told, counts, edited=edited) if told else None


def asked_of(options: RequestOptions) -> tuple[Candidate, ...]:
    """The candidates of a request that is made."""
    return numbered(options.candidates)


def as_json(candidates: Sequence[Candidate]) -> list[Json]:
    """The candidates as a request has them."""
    return [{"id": candidate.id, "text": candidate.text} for candidate in candidates]


def gist(candidates: Sequence[Candidate]) -> list[Json]:
    """Neither the ids nor the order of the candidates count."""
    return [*sorted(as_seen(candidate.text) for candidate in candidates)]


def read_candidates(entries: Json) -> tuple[Candidate, ...]:
    """The candidates of a request. Raises MalformedInput."""
    if not isinstance(entries, list) or not 2 <= len(entries) <= MAX_CANDIDATES:
        raise MalformedInput(f"a request has 2 to {MAX_CANDIDATES} candidates")
    candidates = tuple(_candidate(entry) for entry in entries)
    if len({candidate.id for candidate in candidates}) != len(candidates):
        raise MalformedInput("two candidates of the request have the same id")
    if len({as_seen(candidate.text) for candidate in candidates}) != len(candidates):
        raise MalformedInput("two candidates of the request are the same")
    return candidates


def _candidate(entry: Json) -> Candidate:
    if not isinstance(entry, Mapping) or set(entry) != {"id", "text"}:
        raise MalformedInput("a candidate of the request is not an object with id and text")
    return Candidate(
        id=plain_text(entry["id"], "a candidate's id", _MAX_ID),
        text=plain_text(entry["text"], "a candidate's text", MAX_TEXT),
    )
