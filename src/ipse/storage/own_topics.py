"""The topics that the owner added to the published list."""

from __future__ import annotations

from dataclasses import dataclass

from ipse.errors import AlreadyExists, NotFound
from ipse.storage.vault import Vault

__all__ = ["OwnTopic", "add", "every", "remove"]


@dataclass(frozen=True, slots=True)
class OwnTopic:
    """A topic of the owner's: its label, what it means in a few words, when it was added (RFC 3339 UTC)."""

    label: str
    meaning: str
    added: str


def add(vault: Vault, *, label: str, meaning: str, now: str) -> None:
    """Keep a topic. Raises AlreadyExists."""
    with vault.transaction():
        if vault.rows("SELECT 1 FROM topics WHERE label = ?", (label,)):
            raise AlreadyExists(
                f"there is already a topic {label!r}", hint="remove it first to give it another meaning"
            )
        vault.insert("INSERT INTO topics (label, meaning, added) VALUES (?, ?, ?)", (label, meaning, now))


def every(vault: Vault) -> list[OwnTopic]:
    """All of them, in the order of their labels."""
    return [OwnTopic(*row) for row in vault.rows("SELECT label, meaning, added FROM topics ORDER BY label")]


def remove(vault: Vault, label: str) -> None:
    """Delete a topic. Raises NotFound."""
    if not vault.change("DELETE FROM topics WHERE label = ?", (label,)):
        raise NotFound(f"there is no topic {label!r} of your own", hint="`ipse profile topics` lists them")
