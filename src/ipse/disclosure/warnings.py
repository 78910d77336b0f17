"""Warn the owner before answering: about a purpose that does not fit, a question that returns, a new kind."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from enum import StrEnum
from typing import TYPE_CHECKING, Final

from ipse.disclosure import levels
from ipse.disclosure.levels.level import FINGERPRINT
from ipse.disclosure.questions import Question
from ipse.encoding.safe_text import as_seen
from ipse.preferences.embedding import Embedder
from ipse.preferences.purpose import Fit, fits, is_empty, subjects_of
from ipse.preferences.topics import published

if TYPE_CHECKING:
    from ipse.preferences.vectors import Floats

__all__ = ["PastAnswer", "QuestionWarning", "WarningCode", "warnings"]

_NAMED: Final = 3
"""Topics and applications that a sentence or a kind of warning names at most."""
_PURPOSES: Final = 20
"""Earlier purposes that are looked at, the newest."""
_AS_BEFORE: Final = 0.5
"""Share of the candidates from which they are the same as before."""
_PARTS: Final = re.compile(r"(?<=[.!?;])\s+|\s+[-\u2013\u2014|/]\s+")


class WarningCode(StrEnum):
    """What is odd about a question."""

    PURPOSE_EMPTY = "purpose-empty"
    PURPOSE_UNFIT = "purpose-unfit"
    SENSITIVE = "sensitive"
    CANDIDATES_OF_ANOTHER = "candidates-of-another"
    CANDIDATES_OF_SEVERAL = "candidates-of-several"
    CANDIDATES_AGAIN = "candidates-again"
    NEW_LEVEL = "new-level"
    NEW_SUBJECT = "new-subject"


@dataclass(frozen=True, slots=True)
class QuestionWarning:
    """A code, and a sentence for the owner without a full stop."""

    code: WarningCode
    text: str


@dataclass(frozen=True, slots=True)
class PastAnswer:
    """An answer that a party had: when (RFC 3339 UTC), at which level, for what purpose.

    `question` is the identity of what was asked; `candidates` are the first 8 bytes of the SHA-256 of each
    candidate, one after the other.
    """

    time: str
    level: str
    purpose: str
    party: str = ""
    question: bytes = b""
    candidates: bytes = b""


def warnings(
    question: Question,
    embedder: Embedder,
    *,
    subjects: Floats,
    topics: Floats,
    empty_purposes: Floats,
    earlier: Sequence[PastAnswer],
    everybody: Sequence[PastAnswer],
) -> tuple[QuestionWarning, ...]:
    """Return the warnings about a question.

    float32, unit length: `subjects` (n, d), what is asked about (`embed_subjects`); the published `topics`
    (t, d); the EMPTY_PURPOSES (m, d). `earlier` are the answers that its party had, `everybody` those that
    all had lately. Raises MalformedInput for a text that can't be embedded.
    """
    return (
        *_misfit(question, embedder, subjects, topics, empty_purposes),
        *_again(question, earlier, everybody),
        *_new_in_kind(question, embedder, earlier, subjects, topics),
    )


def _misfit(
    question: Question, embedder: Embedder, subjects: Floats, topics: Floats, empty: Floats
) -> Iterator[QuestionWarning]:
    # A sentence about something else beside a fitting one would hide in the meaning of the whole.
    parts = [part for text in _subjects(question) for part in _parts(text)]
    embedded = embedder.embed([as_seen(question.purpose), *parts])
    stated = embedded[0]
    sensitive = [topic.sensitive for topic in published().topics]
    fit = fits(stated, subjects, topics, sensitive)
    if not fit.plain and is_empty(stated, empty, topics):
        yield QuestionWarning(WarningCode.PURPOSE_EMPTY, "the purpose says nothing about what is asked")
    elif fit.astray:
        yield QuestionWarning(WarningCode.PURPOSE_UNFIT, _astray(fit))
    telling = list(fit.sensitive)
    if parts:
        hidden = fits(stated, embedded[1:], topics, sensitive)
        telling += [row for row in hidden.sensitive if row not in telling]
    if telling:
        yield QuestionWarning(
            WarningCode.SENSITIVE,
            f"what is asked would tell something about {_labels(telling)}, which is sensitive,"
            " and the purpose does not speak of it",
        )


def _subjects(question: Question) -> list[str]:
    return levels.of(question.asked).subjects(question.asked)


def _astray(fit: Fit) -> str:
    if not fit.about:
        return "what is asked seems to have little to do with the purpose"
    start = f"what is asked seems to be about {_labels(fit.about)}"
    if not fit.purpose:
        return f"{start}; the purpose does not speak of that"
    return f"{start}; the purpose speaks of {_labels(fit.purpose)}"


def _again(
    question: Question, earlier: Sequence[PastAnswer], everybody: Sequence[PastAnswer]
) -> Iterator[QuestionWarning]:
    """Warn of candidates that were asked about before: by another party, or for another purpose."""
    wanted = _prints(levels.of(question.asked).fingerprints(question.asked))
    if len(wanted) < 2:
        return
    stated = as_seen(question.purpose).casefold()
    changed = [past for past in earlier if as_seen(past.purpose).casefold() != stated]
    by_party: dict[str, list[PastAnswer]] = {}
    for past in everybody:
        if past.party != question.party:
            by_party.setdefault(past.party, []).append(past)
    others = {party: _shared(wanted, pasts) for party, pasts in by_party.items()}
    ranked = sorted(others.items(), key=lambda other: (-len(other[1][0]), other[0]))
    many = [(party, shared, last) for party, (shared, last) in ranked if _many(shared, wanted)]
    for party, shared, last in many[:_NAMED]:
        yield QuestionWarning(
            WarningCode.CANDIDATES_OF_ANOTHER, f"{_count(shared, wanted)} asked before by {party}, on {last}"
        )
    together = set[bytes]().union(*(shared for shared, _ in others.values()))
    if not many and _many(together, wanted):
        parties = sum(bool(shared) for shared, _ in others.values())
        last = max(last for _, last in others.values())
        yield QuestionWarning(
            WarningCode.CANDIDATES_OF_SEVERAL,
            f"{_count(together, wanted)} asked before by {parties} other applications, last on {last}",
        )
    own, last = _shared(wanted, changed)
    if _many(own, wanted):
        yield QuestionWarning(
            WarningCode.CANDIDATES_AGAIN,
            f"{_count(own, wanted)} asked before by this application for another purpose, on {last}",
        )


def _shared(wanted: set[bytes], pasts: Iterable[PastAnswer]) -> tuple[set[bytes], str]:
    """Which of the wanted were among the candidates of these answers, and the last day that any was."""
    shared: set[bytes] = set()
    last = ""
    for past in pasts:
        common = wanted & _prints(past.candidates) if levels.named(past.level).sends_candidates else set()
        if common:
            shared |= common
            last = max(last, past.time[:10])
    return shared, last


def _prints(candidates: bytes) -> set[bytes]:
    return {candidates[at : at + FINGERPRINT] for at in range(0, len(candidates), FINGERPRINT)}


def _many(shared: set[bytes], wanted: set[bytes]) -> bool:
    return len(shared) >= max(2, _AS_BEFORE * len(wanted))


def _count(shared: set[bytes], wanted: set[bytes]) -> str:
    return f"{len(shared)} of these {len(wanted)} candidates were"


def _new_in_kind(
    question: Question, embedder: Embedder, earlier: Sequence[PastAnswer], subjects: Floats, topics: Floats
) -> Iterator[QuestionWarning]:
    """Warn of a level or a group of topics that a known application asks about for the first time.

    A question that was answered before is never new.
    """
    if not earlier or question.identity in {past.question for past in earlier}:
        return
    level = levels.of(question.asked)
    if question.level not in {past.level for past in earlier}:
        yield QuestionWarning(WarningCode.NEW_LEVEL, f"it never asked for {level.kind} before")
    groups = {topic.id: topic.group for topic in published().topics}
    named = level.topics(question.asked)
    if named:
        now = [groups[topic] for topic in named if topic in groups]
    else:
        now = [published().topics[row].group for row in subjects_of(subjects, topics)[:_NAMED]]
    before = _groups_before(embedder, earlier, topics)
    new = [group for group in dict.fromkeys(now) if group not in before]
    if new:
        names = _joined([_group_name(group) for group in new[:_NAMED]])
        yield QuestionWarning(WarningCode.NEW_SUBJECT, f"nothing that it was told before was about {names}")


def _groups_before(embedder: Embedder, earlier: Sequence[PastAnswer], topics: Floats) -> set[str]:
    """The groups of what earlier purposes spoke of."""
    purposes = list(dict.fromkeys(as_seen(past.purpose) for past in earlier))[:_PURPOSES]
    found = set()
    for vector in embedder.embed(purposes):
        found |= {published().topics[row].group for row in subjects_of(vector[None], topics)}
    return found


def _parts(text: str) -> list[str]:
    parts = [part for part in _PARTS.split(text) if part.strip()]
    return parts if len(parts) > 1 else []


def _labels(rows: Sequence[int]) -> str:
    return _joined([published().topics[row].label for row in rows[:_NAMED]])


def _group_name(group: str) -> str:
    return "personal matters" if group == "personal" else group.replace("-", " ")


def _joined(names: Sequence[str]) -> str:
    return names[0] if len(names) == 1 else f"{', '.join(names[:-1])} and {names[-1]}"
