"""Vectors of texts that are not statements, each under the fingerprint of the model that made it.

They are the meanings of topics, published or the owner's own, and the purposes that say nothing. Kept here,
they are embedded once for each model. The vault deletes that of a topic with the topic.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping

from ipse.storage.vault import Vault

__all__ = ["every", "keep", "remove"]


def every(vault: Vault, fingerprint: str) -> dict[str, bytes]:
    """The vectors by their texts, as little-endian float32 bytes."""
    return dict(vault.rows("SELECT text, vector FROM text_vectors WHERE fingerprint = ?", (fingerprint,)))


def keep(vault: Vault, fingerprint: str, vectors: Mapping[str, bytes], *, own: Collection[str] = ()) -> None:
    """Keep vectors by their texts, as little-endian float32 bytes.

    Of the texts in `own`, only those that a topic of the owner's still means: the topic may have been removed
    while its meaning was embedded.
    """
    vault.change_many(
        "INSERT INTO text_vectors SELECT ?1, ?2, ?3 WHERE NOT ?4"
        " OR EXISTS (SELECT 1 FROM topics WHERE meaning = ?2) ON CONFLICT DO NOTHING",
        [(fingerprint, text, vector, text in own) for text, vector in vectors.items()],
    )


def remove(vault: Vault, *, but: str) -> int:
    """Delete the vectors of every model except the one with the fingerprint `but`. Return how many."""
    return vault.change("DELETE FROM text_vectors WHERE fingerprint <> ?", (but,))
