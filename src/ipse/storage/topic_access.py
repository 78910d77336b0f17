"""The owner's word on which topics answers may be about."""

from __future__ import annotations

from ipse.storage.vault import Vault

__all__ = ["every", "put", "remove"]


def every(vault: Vault) -> dict[str, bool]:
    """Whether each topic that the owner opened or closed is open.

    By its id on the published list; "own:" and its label for a topic of the owner's.
    """
    rows = vault.rows("SELECT topic, open FROM topic_access ORDER BY topic")
    return {str(topic): bool(is_open) for topic, is_open in rows}


def put(vault: Vault, topic: str, is_open: bool) -> None:
    """Keep whether a topic is open, in place of what the owner said before."""
    vault.change(
        "INSERT INTO topic_access (topic, open) VALUES (?, ?) ON CONFLICT DO UPDATE SET open = excluded.open",
        (topic, int(is_open)),
    )


def remove(vault: Vault, topic: str) -> bool:
    """Drop what the owner said of a topic; whether they had said anything."""
    return vault.change("DELETE FROM topic_access WHERE topic = ?", (topic,)) > 0
