"""What the owner says, kept and embedded."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from datetime import datetime
from typing import Final

from ipse.credentials.timestamps import format_timestamp
from ipse.errors import MalformedInput
from ipse.preferences.embedding import Embedder
from ipse.storage import statements
from ipse.storage.statements import NewStatement
from ipse.wallet.wallet import Wallet

__all__ = ["MAX_TEXT", "Progress", "embed_missing", "remember"]

MAX_TEXT: Final = 4000
"""Characters of one statement."""
_BATCH: Final = 64

Progress = Callable[[int, int], None]
"""Told (done, of how many) while texts are embedded."""


def remember(
    wallet: Wallet,
    embedder: Embedder,
    new: Sequence[NewStatement],
    *,
    now: datetime,
    progress: Progress | None = None,
) -> list[int]:
    """Keep statements and embed them; the numbers of those that were new.

    The statements are committed first, so that an interrupted embedding is taken up by the next
    command. Raises MalformedInput for empty or overlong text, StorageError.
    """
    for statement in new:
        if not statement.text.strip():
            raise MalformedInput("a statement is empty")
        if len(statement.text) > MAX_TEXT:
            raise MalformedInput(
                f"a statement has {len(statement.text)} characters; at most {MAX_TEXT} are kept"
            )
    numbers = statements.add(wallet.vault, new, now=format_timestamp(now))
    embed_missing(wallet, embedder, progress=progress)
    return numbers


def embed_missing(wallet: Wallet, embedder: Embedder, *, progress: Progress | None = None) -> None:
    """Embed the current statements that this model has not embedded yet, some at a time."""
    import numpy as np

    missing = statements.without_vector(wallet.vault, embedder.fingerprint)
    for start in range(0, len(missing), _BATCH):
        batch = missing[start : start + _BATCH]
        vectors = embedder.embed([statement.text for statement in batch]).astype(np.dtype("<f4"))
        pairs = [
            (statement.number, vector.tobytes()) for statement, vector in zip(batch, vectors, strict=True)
        ]
        statements.keep_vectors(wallet.vault, embedder.fingerprint, pairs)
        if progress is not None:
            progress(min(start + _BATCH, len(missing)), len(missing))
