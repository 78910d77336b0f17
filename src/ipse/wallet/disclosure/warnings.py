"""What the owner should know before answering: a purpose that does not fit, an old question, a new kind."""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from typing import TYPE_CHECKING, Final

from ipse.disclosure.questions import Bands, Choose, Question, Statements, Topics
from ipse.encoding import strict_json
from ipse.encoding.safe_text import as_seen
from ipse.preferences import purpose as measure
from ipse.preferences.embedding import Embedder
from ipse.preferences.topics import published
from ipse.storage.answers import AnswerRow

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

    Floats = NDArray[np.float32]

__all__ = ["warnings"]

_NAMED: Final = 3
"""Topics and applications that a sentence or a kind of warning names at most."""
_PURPOSES: Final = 20
"""Earlier purposes that are looked at, the newest."""
_PREFIX: Final = 8
"""Bytes of the SHA-256 of a candidate in AnswerRow.candidates."""
_AS_BEFORE: Final = 0.5
"""Share of the candidates from which they are the same as before."""
_PARTS: Final = re.compile(r"(?<=[.!?;])\s+|\s+[-\u2013\u2014|/]\s+")
_LEVELS: Final = {
    "topics": "topics",
    "choose": "a choice among its candidates",
    "bands": "how much you like topics",
    "statements": "statements, word for word,",
}


def warnings(
    question: Question,
    embedder: Embedder,
    earlier: Sequence[AnswerRow],
    everybody: Sequence[AnswerRow],
    fingerprints: bytes,
) -> tuple[str, ...]:
    """What is odd about a question, in whole sentences.

    `earlier` are the answers that its party had, `everybody` those that all had lately; `fingerprints` are
    of its candidates, as AnswerRow.candidates. Raises MalformedInput for a text that can't be embedded.
    """
    topics = embedder.embed([topic.means for topic in published().topics])
    asked = embedder.embed(_texts(question))
    return (
        *_misfit(question, embedder, asked, topics),
        *_again(question, earlier, everybody, fingerprints),
        *_new_in_kind(question, embedder, earlier, asked, topics),
    )


def _texts(question: Question) -> list[str]:
    """What is asked about, as texts to embed; a topic that is not published goes by its name."""
    means = {topic.id: topic.means for topic in published().topics}
    match question.asked:
        case Choose(candidates=candidates):
            return [as_seen(candidate.text) for candidate in candidates]
        case Topics(topics=ids) | Bands(topics=ids):
            return [means.get(topic, topic.replace("-", " ").strip() or topic) for topic in ids]
        case Statements(about=about):
            return [as_seen(about)]


def _misfit(question: Question, embedder: Embedder, asked: Floats, topics: Floats) -> list[str]:
    sensitive = [topic.sensitive for topic in published().topics]
    purpose, *empty = embedder.embed([as_seen(question.purpose), *measure.EMPTY_PURPOSES])
    fit = measure.fits(purpose, asked, topics, sensitive)
    found = []
    if not fit.plain and measure.is_empty(purpose, _stacked(empty), topics):
        found.append("the purpose says nothing about what is asked")
    elif fit.astray:
        found.append(_astray(fit))
    telling = list(fit.sensitive)
    # A sentence about something else beside a fitting one would hide in the meaning of the whole.
    parts = [part for text in _texts(question) for part in _parts(text)]
    if parts:
        hidden = measure.fits(purpose, embedder.embed(parts), topics, sensitive)
        telling += [row for row in hidden.sensitive if row not in telling]
    if telling:
        found.append(
            f"what is asked would tell something about {_labels(telling)}, which is sensitive,"
            " and the purpose does not speak of it"
        )
    return found


def _astray(fit: measure.Fit) -> str:
    if not fit.about:
        return "what is asked seems to have little to do with the purpose"
    start = f"what is asked seems to be about {_labels(fit.about)}"
    if not fit.purpose:
        return f"{start}; the purpose does not speak of that"
    return f"{start}; the purpose speaks of {_labels(fit.purpose)}"


def _again(
    question: Question, earlier: Sequence[AnswerRow], everybody: Sequence[AnswerRow], fingerprints: bytes
) -> list[str]:
    """Candidates that come back: from another party, or from the same one for another purpose."""
    wanted = _prints(fingerprints)
    if not isinstance(question.asked, Choose) or len(wanted) < 2:
        return []
    purpose = as_seen(question.purpose).casefold()
    changed = [row for row in earlier if as_seen(row.purpose).casefold() != purpose]
    by_party: dict[str, list[AnswerRow]] = {}
    for row in everybody:
        if row.party != question.party:
            by_party.setdefault(row.party, []).append(row)
    others = {party: _shared(wanted, rows) for party, rows in by_party.items()}
    found = []
    for party, (shared, last) in sorted(others.items(), key=lambda other: (-len(other[1][0]), other[0])):
        if _many(shared, wanted):
            found.append(f"{_count(shared, wanted)} asked before by {party}, on {last}")
    found = found[:_NAMED]
    together = set[bytes]().union(*(shared for shared, _ in others.values()))
    if not found and _many(together, wanted):
        parties = sum(bool(shared) for shared, _ in others.values())
        last = max(last for _, last in others.values())
        found.append(
            f"{_count(together, wanted)} asked before by {parties} other applications, last on {last}"
        )
    own, last = _shared(wanted, changed)
    if _many(own, wanted):
        found.append(f"{_count(own, wanted)} asked before by this application for another purpose, on {last}")
    return found


def _shared(wanted: set[bytes], rows: Iterable[AnswerRow]) -> tuple[set[bytes], str]:
    """Which of the wanted were among the candidates of these rows, and the last day that any was."""
    shared: set[bytes] = set()
    last = ""
    for row in rows:
        common = wanted & _prints(row.candidates) if row.level == "choose" else set()
        if common:
            shared |= common
            last = max(last, row.time[:10])
    return shared, last


def _prints(fingerprints: bytes) -> set[bytes]:
    return {fingerprints[at : at + _PREFIX] for at in range(0, len(fingerprints), _PREFIX)}


def _many(shared: set[bytes], wanted: set[bytes]) -> bool:
    return len(shared) >= max(2, _AS_BEFORE * len(wanted))


def _count(shared: set[bytes], wanted: set[bytes]) -> str:
    return f"{len(shared)} of these {len(wanted)} candidates were"


def _new_in_kind(
    question: Question, embedder: Embedder, earlier: Sequence[AnswerRow], asked: Floats, topics: Floats
) -> list[str]:
    """A level or a group of topics that a known application comes with for the first time.

    The very question that it had an answer to is no news.
    """
    if not earlier or question.identity in {row.question for row in earlier}:
        return []
    found = []
    if question.level not in {row.level for row in earlier}:
        found.append(f"it never asked for {_LEVELS[question.level]} before")
    groups = {topic.id: topic.group for topic in published().topics}
    match question.asked:
        case Topics(topics=ids) | Bands(topics=ids):
            now = [groups[topic] for topic in ids if topic in groups]
        case _:
            now = [published().topics[row].group for row in measure.subjects(asked, topics)[:_NAMED]]
    before = _groups_before(embedder, earlier, topics)
    new = [group for group in dict.fromkeys(now) if group not in before]
    if new:
        names = _joined([_group_name(group) for group in new[:_NAMED]])
        found.append(f"nothing that it was told before was about {names}")
    return found


def _groups_before(embedder: Embedder, earlier: Sequence[AnswerRow], topics: Floats) -> set[str]:
    """The groups of what earlier purposes spoke of and earlier answers named."""
    groups = {topic.id: topic.group for topic in published().topics}
    purposes = list(dict.fromkeys(as_seen(row.purpose) for row in earlier))[:_PURPOSES]
    found = set()
    for vector in embedder.embed(purposes):
        rows = measure.subjects(vector[None], topics)
        found |= {published().topics[row].group for row in rows}
    for row in earlier:
        found |= {groups[topic] for topic in _told(row) if topic in groups}
    return found


def _told(row: AnswerRow) -> list[str]:
    """The topics that an answer named, none where its content was dropped."""
    if row.content is None or row.level not in ("topics", "bands"):
        return []
    content = strict_json.parse(row.content)
    named = content.get(row.level) if isinstance(content, dict) else None
    return [topic for topic in named if isinstance(topic, str)] if isinstance(named, list | dict) else []


def _parts(text: str) -> list[str]:
    parts = [part for part in _PARTS.split(text) if part.strip()]
    return parts if len(parts) > 1 else []


def _labels(rows: Sequence[int]) -> str:
    return _joined([published().topics[row].label for row in rows[:_NAMED]])


def _group_name(group: str) -> str:
    return "personal matters" if group == "personal" else group.replace("-", " ")


def _joined(names: Sequence[str]) -> str:
    return names[0] if len(names) == 1 else f"{', '.join(names[:-1])} and {names[-1]}"


def _stacked(vectors: Sequence[Floats]) -> Floats:
    import numpy as np

    return np.stack(list(vectors))
