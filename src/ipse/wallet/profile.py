"""The profile: what the owner says they like, searched and turned into rankings. All of it at home."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import TYPE_CHECKING, Final

from ipse.credentials.timestamps import format_timestamp, parse_timestamp
from ipse.errors import MalformedInput, NotFound
from ipse.preferences import scoring
from ipse.preferences.embedding import Embedder
from ipse.storage import statements
from ipse.storage.statements import NewStatement, Statement
from ipse.wallet.wallet import Wallet

if TYPE_CHECKING:
    from ipse.preferences.scoring import Floats

__all__ = ["MAX_TEXT", "Mover", "Placed", "embed_missing", "rank", "remember", "search"]

MAX_TEXT: Final = 4000
"""Characters of one statement."""
_BATCH: Final = 64

Progress = Callable[[int, int], None]
"""Told (done, of how many) while texts are embedded."""


@dataclass(frozen=True, slots=True)
class Mover:
    """A statement that moved a candidate up (amount > 0) or down."""

    statement: Statement
    amount: float


@dataclass(frozen=True, slots=True)
class Placed:
    """A candidate in a ranking: its position in what was asked, its text, its score, what moved it."""

    position: int
    text: str
    score: float
    movers: tuple[Mover, ...]


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


def search(wallet: Wallet, embedder: Embedder, query: str, *, limit: int) -> list[tuple[Statement, float]]:
    """The statements nearest in meaning to `query`, each with its cosine, nearest first."""
    known, vectors = _load(wallet, embedder)
    found = scoring.nearest(vectors, embedder.embed([query])[0], limit=limit)
    return [(known[row], cosine) for row, cosine in found]


def rank(
    wallet: Wallet,
    embedder: Embedder,
    candidates: Sequence[str],
    *,
    now: datetime,
    include_secret: bool = True,
) -> list[Placed]:
    """All candidates as the owner would like them, best first, with the statements that moved each.

    `include_secret` is False for everything an application will learn of. Raises NotFound where the
    profile is empty.
    """
    known, vectors = _load(wallet, embedder, include_secret=include_secret)
    ages = [(now - parse_timestamp(statement.created)).total_seconds() / 86400 for statement in known]
    model = scoring.fit(vectors, [statement.weight for statement in known], ages)
    return [
        Placed(
            position=place.candidate,
            text=candidates[place.candidate],
            score=place.score,
            movers=tuple(Mover(known[part.statement], part.amount) for part in place.influences),
        )
        for place in scoring.rank(model, embedder.embed(candidates))
    ]


def _load(
    wallet: Wallet, embedder: Embedder, *, include_secret: bool = True
) -> tuple[list[Statement], Floats]:
    """The current statements and their vectors, float32 (n, d)."""
    import numpy as np

    embed_missing(wallet, embedder)
    rows = [
        (statement, vector)
        for statement, vector in statements.vectors(wallet.vault, embedder.fingerprint)
        if include_secret or statement.sensitivity != "secret"
    ]
    if not rows:
        raise NotFound(
            "the profile is empty", hint='tell it something: `ipse profile like "quiet novels about the sea"`'
        )
    vectors = np.frombuffer(b"".join(vector for _, vector in rows), dtype=np.dtype("<f4"))
    return [statement for statement, _ in rows], vectors.reshape(len(rows), embedder.dimension)
