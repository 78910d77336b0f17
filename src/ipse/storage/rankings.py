"""The last rankings the owner asked for, so that feedback can say which place was taken."""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

from ipse.errors import CorruptData, NotFound
from ipse.storage.vault import Vault

__all__ = ["KEPT", "PLACES", "Ranking", "add", "clear", "find", "latest"]

KEPT: Final = 20
"""How many rankings are kept."""
PLACES: Final = 1000
"""How many of the best candidates of each are kept."""


@dataclass(frozen=True, slots=True)
class Ranking:
    """What was ranked, best first. `time` is RFC 3339 UTC."""

    number: int
    time: str
    candidates: tuple[str, ...]


def add(vault: Vault, candidates: Sequence[str], *, now: str) -> int:
    """Keep a ranking, best first, and drop all but the last of those before; its number."""
    stored = json.dumps(list(candidates[:PLACES]), ensure_ascii=False)
    with vault.transaction():
        number = vault.insert("INSERT INTO rankings (time, candidates) VALUES (?, ?)", (now, stored))
        vault.change("DELETE FROM rankings WHERE number <= ?", (number - KEPT,))
    return number


def latest(vault: Vault) -> Ranking:
    """The last ranking. Raises NotFound where nothing was ranked yet."""
    rows = vault.rows("SELECT number, time, candidates FROM rankings ORDER BY number DESC LIMIT 1")
    if not rows:
        raise NotFound("nothing was ranked yet", hint="`ipse profile rank FILE` ranks candidates")
    return _read(*rows[0])


def find(vault: Vault, number: int) -> Ranking:
    """One ranking. Raises NotFound."""
    rows = vault.rows("SELECT number, time, candidates FROM rankings WHERE number = ?", (number,))
    if not rows:
        raise NotFound(f"there is no ranking {number}", hint=f"the last {KEPT} rankings are kept")
    return _read(*rows[0])


def clear(vault: Vault) -> int:
    """Delete all rankings; how many."""
    return vault.change("DELETE FROM rankings")


def _read(number: int, time: str, stored: str) -> Ranking:
    try:
        candidates = json.loads(stored)
    except (ValueError, RecursionError) as error:
        raise CorruptData(f"ranking {number} can't be read") from error
    if not isinstance(candidates, list) or not all(isinstance(text, str) for text in candidates):
        raise CorruptData(f"ranking {number} is not a list of texts")
    return Ranking(number, time, tuple(candidates))
