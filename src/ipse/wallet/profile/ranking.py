"""What the owner said, searched and turned into rankings. All of it at home."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import TYPE_CHECKING

from ipse.credentials.timestamps import parse_timestamp
from ipse.errors import NotFound
from ipse.preferences import scoring
from ipse.preferences.embedding import Embedder
from ipse.storage import statements
from ipse.storage.statements import Statement
from ipse.wallet.profile.remembering import embed_missing
from ipse.wallet.wallet import Wallet

if TYPE_CHECKING:
    from ipse.preferences.scoring import Floats

__all__ = ["Mover", "Placed", "rank", "search"]


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
