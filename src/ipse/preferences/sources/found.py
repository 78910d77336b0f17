"""What a file says of its owner's taste, gathered: cleaned, merged, bounded."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from types import MappingProxyType
from typing import Final

from ipse.errors import InputTooLarge
from ipse.preferences import MAX_TEXT
from ipse.preferences.sources.plain_text import clean, shortened

__all__ = ["MAX_FOUND", "Found", "Gathering", "Reading", "listed"]

MAX_FOUND: Final = 200_000
"""Things that one file may say."""
_MOST_LISTED: Final = 20
_LONGEST_NAME: Final = 100


@dataclass(frozen=True, slots=True)
class Found:
    """One thing that a file says: `weight` in [-1, 1], `at` the UTC time since when it holds.

    `source` is set by the owner's own export alone, which knows where each statement came from.
    """

    text: str
    weight: float
    at: datetime | None = None
    kind: str = "opinion"
    sensitivity: str = "private"
    source: str | None = None


@dataclass(frozen=True, slots=True)
class Reading:
    """A file, read: its format, what was taken from where, what was found, what was left out and why.

    `fields` maps a role ("title", "rating") to the column, member or file it was taken from. `skipped`
    and `notes` map a reason to how many it concerns; a note is about something that is in `found`.
    """

    format: str
    fields: Mapping[str, str]
    found: tuple[Found, ...]
    skipped: Mapping[str, int]
    notes: Mapping[str, int] = field(default_factory=lambda: MappingProxyType({}))


class Gathering:
    """Takes what a parser finds, one at a time. The same text twice is one thing, as the newest says."""

    def __init__(self, what: str) -> None:
        self._what = what
        self._found: dict[object, Found] = {}
        self._skipped: Counter[str] = Counter()
        self._notes: Counter[str] = Counter()

    def add(
        self,
        text: str,
        weight: float,
        at: datetime | None = None,
        *,
        opinion: str = "",
        kind: str = "opinion",
        sensitivity: str = "private",
    ) -> None:
        """Keep `text`, with what the owner wrote of it. Raises InputTooLarge."""
        text, opinion = clean(text), clean(opinion)
        if not text:
            self.skip("no title")
            return
        if opinion and len(text) > MAX_TEXT:
            self.skip("too long")
            return
        whole = f"{text}: {opinion}" if opinion else text
        short = shortened(whole, MAX_TEXT)
        if short != whole:
            self.note(f"cut to {MAX_TEXT} characters")
        self._keep(short, Found(short, weight, at, kind, sensitivity))

    def keep(self, found: Found) -> None:
        """Keep what is already a statement, letter for letter. Raises InputTooLarge."""
        if len(found.text) > MAX_TEXT:
            self.skip("too long")
            return
        self._keep((found.text, found.source, found.kind, found.weight), found)

    def skip(self, reason: str, count: int = 1) -> None:
        """Count what is left out."""
        if count:
            self._skipped[reason] += count

    def note(self, reason: str) -> None:
        """Count what is worth knowing of something kept."""
        self._notes[reason] += 1

    def reading(self, form: str, fields: Mapping[str, str]) -> Reading:
        """What was gathered, in the order of the file."""
        return Reading(
            form, dict(fields), tuple(self._found.values()), dict(self._skipped), dict(self._notes)
        )

    def _keep(self, key: object, found: Found) -> None:
        before = self._found.get(key)
        if before is None and len(self._found) >= MAX_FOUND:
            raise InputTooLarge(
                f"{self._what} says more than {MAX_FOUND} things", hint="split it and import the parts"
            )
        if before is not None:
            self.note("merged with the same text")
            if _moment(found) < _moment(before):
                return
        self._found[key] = found


def listed(files: Sequence[str]) -> str:
    """The names of files in a line: the first of them, shortened, and how many there are more."""
    more = f" and {len(files) - _MOST_LISTED} more" if len(files) > _MOST_LISTED else ""
    return ", ".join(name[:_LONGEST_NAME] for name in files[:_MOST_LISTED]) + more


def _moment(found: Found) -> float:
    return found.at.timestamp() if found.at else float("-inf")
