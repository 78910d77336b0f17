"""The owner's topics: those added to the published list, what answers may be about, and vectors of meanings.

The vectors are of texts that are not statements: the meanings of topics, published or the owner's own, and
the purposes that say nothing. Kept here, each under the fingerprint of the model that made it, they are
embedded once for each model. The vault deletes that of a topic with the topic.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import dataclass

from ipse.errors import AlreadyExists, NotFound
from ipse.storage.vault import Vault

__all__ = [
    "OwnTopic",
    "access",
    "add",
    "forget_access",
    "keep_vectors",
    "own",
    "remove",
    "remove_vectors",
    "set_access",
    "vectors",
]


@dataclass(frozen=True, slots=True)
class OwnTopic:
    """A topic of the owner's: its label, what it means in a few words, when it was added (RFC 3339 UTC)."""

    label: str
    meaning: str
    added: str


def add(vault: Vault, *, label: str, meaning: str, now: str) -> None:
    """Keep a topic of the owner's. Raises AlreadyExists."""
    with vault.transaction():
        if vault.rows("SELECT 1 FROM topics WHERE label = ?", (label,)):
            raise AlreadyExists(
                f"there is already a topic {label!r}", hint="remove it first to give it another meaning"
            )
        vault.insert("INSERT INTO topics (label, meaning, added) VALUES (?, ?, ?)", (label, meaning, now))


def own(vault: Vault) -> list[OwnTopic]:
    """The topics that the owner added, in the order of their labels."""
    return [OwnTopic(*row) for row in vault.rows("SELECT label, meaning, added FROM topics ORDER BY label")]


def remove(vault: Vault, label: str) -> None:
    """Delete a topic of the owner's. Raises NotFound."""
    if not vault.change("DELETE FROM topics WHERE label = ?", (label,)):
        raise NotFound(f"there is no topic {label!r} of your own", hint="`ipse profile topics` lists them")


def access(vault: Vault) -> dict[str, bool]:
    """Whether each topic that the owner opened or closed is open.

    By its id on the published list; "own:" and its label for a topic of the owner's.
    """
    rows = vault.rows("SELECT topic, open FROM topic_access ORDER BY topic")
    return {str(topic): bool(is_open) for topic, is_open in rows}


def set_access(vault: Vault, topic: str, is_open: bool) -> None:
    """Keep whether a topic is open, in place of what the owner said before."""
    vault.change(
        "INSERT INTO topic_access (topic, open) VALUES (?, ?) ON CONFLICT DO UPDATE SET open = excluded.open",
        (topic, int(is_open)),
    )


def forget_access(vault: Vault, topic: str) -> bool:
    """Drop what the owner said of a topic; whether they had said anything."""
    return vault.change("DELETE FROM topic_access WHERE topic = ?", (topic,)) > 0


def vectors(vault: Vault, fingerprint: str) -> dict[str, bytes]:
    """The vectors by their texts, as little-endian float32 bytes."""
    return dict(vault.rows("SELECT text, vector FROM text_vectors WHERE fingerprint = ?", (fingerprint,)))


def keep_vectors(
    vault: Vault, fingerprint: str, vectors: Mapping[str, bytes], *, own: Collection[str] = ()
) -> None:
    """Keep vectors by their texts, as little-endian float32 bytes.

    Of the texts in `own`, only those that a topic of the owner's still means: the topic may have been removed
    while its meaning was embedded.
    """
    vault.change_many(
        "INSERT INTO text_vectors SELECT ?1, ?2, ?3 WHERE NOT ?4"
        " OR EXISTS (SELECT 1 FROM topics WHERE meaning = ?2) ON CONFLICT DO NOTHING",
        [(fingerprint, text, vector, text in own) for text, vector in vectors.items()],
    )


def remove_vectors(vault: Vault, *, but: str) -> int:
    """Delete the vectors of every model except the one with the fingerprint `but`. Return how many."""
    return vault.change("DELETE FROM text_vectors WHERE fingerprint <> ?", (but,))
