"""The statements of the profile and their vectors."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from ipse.errors import NotFound
from ipse.storage.vault import Vault

__all__ = [
    "NewStatement",
    "Statement",
    "add",
    "current",
    "forget",
    "keep_vectors",
    "vectors",
    "without_vector",
]


@dataclass(frozen=True, slots=True)
class NewStatement:
    """Something the owner said: `weight` in [-1, 1], from disliked to liked."""

    text: str
    weight: float
    source: str
    sensitivity: str = "private"


@dataclass(frozen=True, slots=True)
class Statement:
    """A statement as kept. Times are RFC 3339 UTC."""

    number: int
    text: str
    weight: float
    source: str
    sensitivity: str
    created: str


def add(vault: Vault, statements: Sequence[NewStatement], *, now: str) -> list[int]:
    """Keep those that are not known from the same source yet; the numbers of the new ones.

    The same text from the same source with another weight is a change of mind: the old statement
    ends now and the new one begins, nothing is erased.
    """
    new: list[int] = []
    with vault.transaction():
        for statement in statements:
            known = vault.rows(
                "SELECT number, weight FROM statements WHERE text = ? AND source = ? AND valid_to IS NULL",
                (statement.text, statement.source),
            )
            if known and known[0][1] == statement.weight:
                continue
            if known:
                vault.change("UPDATE statements SET valid_to = ? WHERE number = ?", (now, known[0][0]))
            new.append(
                vault.insert(
                    "INSERT INTO statements (text, weight, source, sensitivity, created, valid_from)"
                    " VALUES (?, ?, ?, ?, ?, ?)",
                    (statement.text, statement.weight, statement.source, statement.sensitivity, now, now),
                )
            )
    return new


def current(vault: Vault) -> list[Statement]:
    """What holds now, in the order it was said."""
    rows = vault.rows(
        "SELECT number, text, weight, source, sensitivity, created FROM statements"
        " WHERE valid_to IS NULL ORDER BY number"
    )
    return [Statement(*row) for row in rows]


def forget(vault: Vault, number: int) -> None:
    """Delete a statement and its vectors; the pages are overwritten. Raises NotFound."""
    if not vault.change("DELETE FROM statements WHERE number = ?", (number,)):
        raise NotFound(f"there is no statement {number}", hint="`ipse profile list` shows the numbers")


def without_vector(vault: Vault, fingerprint: str) -> list[Statement]:
    """Current statements that the model with this fingerprint has not embedded yet."""
    rows = vault.rows(
        "SELECT number, text, weight, source, sensitivity, created FROM statements"
        " WHERE valid_to IS NULL AND NOT EXISTS"
        " (SELECT 1 FROM vectors WHERE statement = number AND fingerprint = ?) ORDER BY number",
        (fingerprint,),
    )
    return [Statement(*row) for row in rows]


def keep_vectors(vault: Vault, fingerprint: str, vectors: Sequence[tuple[int, bytes]]) -> None:
    """Keep (statement number, little-endian float32 bytes) of the model with this fingerprint."""
    with vault.transaction():
        for number, vector in vectors:
            vault.change("INSERT OR REPLACE INTO vectors VALUES (?, ?, ?)", (number, fingerprint, vector))


def vectors(vault: Vault, fingerprint: str) -> list[tuple[Statement, bytes]]:
    """The current statements that this model has embedded, each with its vector's bytes."""
    rows = vault.rows(
        "SELECT number, text, weight, source, sensitivity, created, vector FROM statements"
        " JOIN vectors ON statement = number WHERE valid_to IS NULL AND fingerprint = ? ORDER BY number",
        (fingerprint,),
    )
    return [(Statement(*row[:-1]), row[-1]) for row in rows]
