"""What becomes of new statements beside those the profile knows already: pure, before anything is written.

Two statements are of the same text where their texts agree after normalisation (NFC) and folding of white
space; what is kept is always what was written. Per text, source and kind:

- the same weight is known already;
- another weight from an import is the same record, changed in its place: the old statement ends and points
  to the new one;
- said by the owner, another strength of the same sign replaces the old statement likewise, while the
  opposite sign is a contradiction: both stay, and the owner decides;
- what is dated older than the known one changes nothing.

A replacement is never less sensitive than what it replaces.
"""

from __future__ import annotations

import hashlib
import unicodedata
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from itertools import groupby
from typing import Final

from ipse.errors import MalformedInput

__all__ = ["SAID", "Known", "NewStatement", "Plan", "Planned", "identity", "plan", "stricter"]

SAID: Final = "said"
"""The source of what the owner typed."""
_RANKS: Final = {"public": 0, "private": 1, "secret": 2}


@dataclass(frozen=True, slots=True)
class NewStatement:
    """Something learned of the owner: `weight` in [-1, 1], from disliked to liked.

    `kind` is "opinion", or "fact" for what is neutral and has no vote. `valid_from` is since when it holds
    (RFC 3339 UTC), None for now.
    """

    text: str
    weight: float
    source: str
    sensitivity: str = "private"
    kind: str = "opinion"
    valid_from: str | None = None


@dataclass(frozen=True, slots=True)
class Known:
    """A current statement as far as new ones are compared with it."""

    number: int
    identity: bytes
    source: str
    kind: str
    weight: float
    sensitivity: str
    valid_from: str


@dataclass(slots=True)
class Planned:
    """A statement to be written under `number`; `valid_to` is set where a later one replaces it at once."""

    number: int
    identity: bytes
    new: NewStatement
    sensitivity: str
    valid_from: str
    valid_to: str | None = None


@dataclass(slots=True)
class Plan:
    """What to write: rows to insert, and for known ones their end, successor or stricter sensitivity."""

    inserted: list[Planned] = field(default_factory=list)
    ended: list[tuple[str, int]] = field(default_factory=list)
    replaced: list[tuple[int, int]] = field(default_factory=list)
    hardened: list[tuple[str, int]] = field(default_factory=list)
    changed: int = 0
    known: int = 0


def identity(text: str) -> bytes:
    """16 bytes that are the same for texts that differ in normalisation or white space alone.

    The start of SHA-256 over the folded text. Raises MalformedInput for half of a surrogate pair.
    """
    folded = " ".join(unicodedata.normalize("NFC", text).split())
    try:
        return hashlib.sha256(folded.encode()).digest()[:16]
    except UnicodeEncodeError as error:
        raise MalformedInput("what is to be kept is not text: it holds half of a character") from error


def stricter(one: str, other: str) -> str:
    """The more sensitive of two; a sensitivity that there is not counts most, and the vault refuses it."""
    return max(one, other, key=lambda name: _RANKS.get(name, len(_RANKS)))


def plan(
    new: Sequence[NewStatement],
    identities: Sequence[bytes],
    known: Iterable[Known],
    *,
    now: str,
    next_number: int,
) -> Plan:
    """The plan for `new`, each with its `identity`, beside the current statements of the same identities.

    Of several with the same date in one go the last counts, so that reading a file again changes nothing.
    """
    made = Plan()
    standing: dict[tuple[object, ...], list[Known]] = {}
    for entry in known:
        standing.setdefault(_record(entry.identity, entry), []).append(entry)
    for record, members in _grouped(new, identities, now=now).items():
        next_number = _plan_record(made, members, standing.get(record, []), next_number)
    return made


_Dated = tuple[str, bytes, NewStatement]


def _record(key: bytes, entry: NewStatement | Known) -> tuple[object, ...]:
    """What makes two statements the same record: for what the owner said, the sign too."""
    sign = (entry.weight > 0) - (entry.weight < 0) if entry.source == SAID else None
    return key, entry.source, entry.kind, sign


def _grouped(
    new: Sequence[NewStatement], identities: Sequence[bytes], *, now: str
) -> Mapping[tuple[object, ...], list[_Dated]]:
    """The new ones per record, in the order of their first mention."""
    groups: dict[tuple[object, ...], list[_Dated]] = {}
    for entry, key in zip(new, identities, strict=True):
        groups.setdefault(_record(key, entry), []).append((entry.valid_from or now, key, entry))
    return groups


def _plan_record(made: Plan, members: list[_Dated], standing: list[Known], number: int) -> int:
    """Plan one record's new statements, oldest first; the next free number."""
    newest = max((entry.valid_from for entry in standing), default="")
    latest: Planned | None = None
    for date, same_day in groupby(sorted(members, key=_date), key=_date):
        *passed, (_, key, entry) = same_day
        made.known += len(passed)
        _harden(made, standing, [member for _, _, member in (*passed, ("", key, entry))])
        weights = [latest.new.weight] if latest else [statement.weight for statement in standing]
        if entry.weight in weights or date < newest:
            made.known += 1
            continue
        planned = Planned(number, key, entry, entry.sensitivity, date)
        number += 1
        if latest is not None:
            _replace_planned(made, latest, planned)
        elif standing:
            _replace_known(made, standing, planned)
        made.inserted.append(planned)
        latest = planned
    if latest is not None:
        for _, _, member in members:
            latest.sensitivity = stricter(latest.sensitivity, member.sensitivity)
    return number


def _date(member: _Dated) -> str:
    return member[0]


def _harden(made: Plan, standing: list[Known], said: list[NewStatement]) -> None:
    for statement in standing:
        strictest = statement.sensitivity
        for entry in said:
            strictest = stricter(strictest, entry.sensitivity)
        if strictest != statement.sensitivity:
            made.hardened.append((strictest, statement.number))


def _replace_planned(made: Plan, old: Planned, new: Planned) -> None:
    old.valid_to = new.valid_from
    new.sensitivity = stricter(new.sensitivity, old.sensitivity)
    made.replaced.append((new.number, old.number))
    made.changed += 1


def _replace_known(made: Plan, standing: list[Known], new: Planned) -> None:
    for old in standing:
        new.sensitivity = stricter(new.sensitivity, old.sensitivity)
        made.ended.append((new.valid_from, old.number))
        made.replaced.append((new.number, old.number))
    made.changed += 1
