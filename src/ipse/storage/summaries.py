"""The private summaries that were drawn: what they hold, what they cost, and who is told from which.

A row that cost something is never deleted, and nothing in it changes but who it is for and which topics were
closed since: the vault holds to that itself.
"""

from __future__ import annotations

import json
from dataclasses import dataclass
from typing import Any, Final

from ipse.errors import CorruptData
from ipse.storage.vault import Vault

__all__ = ["Drawing", "add", "clear_unused", "cost", "latest", "update"]

_SELECT: Final = "SELECT number, window, drawn, cost, epsilon, topics, counts, parties, closed FROM summaries"


@dataclass(frozen=True, slots=True)
class Drawing:
    """The summaries that were drawn together at the time `drawn`, for the window that begins on `window`.

    `cost` is in thousandths of epsilon, 0 for noise alone, which is never told; `epsilon`, in millionths, is
    what the noise of each is for. `counts` has for each summary the noisy votes for each of `topics` (ids),
    `parties` those that are told from the first, the second and so on. `closed` are the ids of topics whose
    counts are noise alone by now.
    """

    number: int
    window: str
    drawn: str
    cost: int
    epsilon: int
    topics: tuple[str, ...]
    counts: tuple[tuple[int, ...], ...]
    parties: tuple[str, ...] = ()
    closed: tuple[str, ...] = ()


def add(vault: Vault, drawing: Drawing) -> int:
    """Keep what was drawn; the number it gets. Its own `number` is not looked at."""
    return vault.insert(
        "INSERT INTO summaries (window, drawn, cost, epsilon, topics, counts, parties, closed)"
        " VALUES (?, ?, ?, ?, ?, ?, ?, ?)",
        (
            drawing.window,
            drawing.drawn,
            drawing.cost,
            drawing.epsilon,
            json.dumps(drawing.topics),
            json.dumps(drawing.counts),
            json.dumps(drawing.parties),
            json.dumps(drawing.closed),
        ),
    )


def update(vault: Vault, drawing: Drawing) -> None:
    """Keep its counts, its parties and which topics are closed."""
    vault.change(
        "UPDATE summaries SET counts = ?, parties = ?, closed = ? WHERE number = ?",
        (
            json.dumps(drawing.counts),
            json.dumps(drawing.parties),
            json.dumps(drawing.closed),
            drawing.number,
        ),
    )


def latest(vault: Vault) -> Drawing | None:
    """The newest drawing, None where nothing was drawn yet. Raises CorruptData."""
    rows = vault.rows(_SELECT + " ORDER BY number DESC LIMIT 1")
    return _read(rows[0]) if rows else None


def cost(vault: Vault, *, since: str = "") -> int:
    """What all that was drawn at `since` or later cost, in thousandths."""
    return int(vault.rows("SELECT coalesce(sum(cost), 0) FROM summaries WHERE drawn >= ?", (since,))[0][0])


def clear_unused(vault: Vault) -> int:
    """Delete what cost nothing; how many rows."""
    return vault.change("DELETE FROM summaries WHERE cost = 0")


def _read(row: tuple[Any, ...]) -> Drawing:
    number, window, drawn, cost, epsilon, *stored = row
    try:
        topics, counts, parties, closed = (json.loads(text) for text in stored)
        return Drawing(
            number, window, drawn, cost, epsilon,
            tuple(map(str, topics)), tuple(tuple(map(int, one)) for one in counts),
            tuple(map(str, parties)), tuple(map(str, closed)),
        )  # fmt: skip
    except (ValueError, TypeError, RecursionError) as error:
        raise CorruptData(f"the private summary {number} can't be read") from error
