"""What the owner said, searched and turned into rankings. All of it at home."""

from __future__ import annotations

import contextlib
import logging
from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Final

from ipse.encoding.timestamps import format_timestamp
from ipse.errors import NotFound, StorageError
from ipse.preferences import taste
from ipse.preferences.embedding import Embedder
from ipse.preferences.taste import Taste, Texts
from ipse.storage import rankings, statement_vectors
from ipse.storage.statements import Statement
from ipse.wallet.profile.remembering import embed_missing
from ipse.wallet.profile.tasting import Opinions, day, learn_taste, learn_with_opinions
from ipse.wallet.wallet import Wallet

__all__ = ["Mover", "Placed", "keep_ranking", "rank", "search"]

_log = logging.getLogger(__name__)

_MOVERS: Final = 3


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
    movers: tuple[Mover, ...] = ()


def search(wallet: Wallet, embedder: Embedder, query: str, *, limit: int) -> list[tuple[Statement, float]]:
    """The statements nearest in meaning to `query`, each with its cosine, nearest first."""
    import numpy as np

    embed_missing(wallet, embedder)
    rows = statement_vectors.every(wallet.vault, embedder.fingerprint)
    if not rows:
        raise NotFound(
            "the profile is empty", hint='tell it something: `ipse profile like "quiet novels about the sea"`'
        )
    vectors = np.frombuffer(b"".join(vector for _, vector in rows), dtype=np.dtype("<f4"))
    vectors = vectors.reshape(len(rows), embedder.dimension)
    found = taste.nearest(vectors, embedder.embed([query])[0], limit=limit)
    return [(rows[row][0], cosine) for row, cosine in found]


def rank(
    wallet: Wallet,
    embedder: Embedder,
    candidates: Sequence[str],
    *,
    now: datetime,
    include_secret: bool = True,
    explain: int = 0,
) -> list[Placed]:
    """All candidates as the owner would like them, best first; ties keep their order.

    The first `explain` places come with the statements that moved them most. `include_secret` is False for
    everything an application will learn of. Raises NotFound where the profile has no opinions.
    """
    import numpy as np

    known: Opinions | None = None
    if explain:
        learned, known = learn_with_opinions(wallet, embedder, secrets=include_secret)
    else:
        learned = learn_taste(wallet, embedder, secrets=include_secret)
    texts = Texts.of(candidates, embedder.embed(candidates))
    _log.info("embedded %d candidates", len(candidates))
    scores = learned.scores(texts, day(now))
    order = np.argsort(-scores, kind="stable")
    places = [Placed(int(row), candidates[row], float(scores[row])) for row in order]
    if known is None:
        return places
    movers = _movers(learned, known, texts[order[:explain]], now)
    explained = [replace(place, movers=moved) for place, moved in zip(places, movers, strict=False)]
    return explained + places[explain:]


def keep_ranking(wallet: Wallet, places: Sequence[Placed], *, now: datetime) -> int | None:
    """Keep a ranking so that feedback can name its places; its number, None where the disk is full."""
    with contextlib.suppress(StorageError):
        number = rankings.add(wallet.vault, [place.text for place in places], now=format_timestamp(now))
        _log.info("kept as ranking %d, whose places `ipse profile feedback` can name", number)
        return number
    return None


def _movers(learned: Taste, known: Opinions, texts: Texts, now: datetime) -> list[tuple[Mover, ...]]:
    import numpy as np

    added = learned.influences(texts, day(now), known.evidence)
    strongest = np.argsort(-np.abs(added), axis=1, kind="stable")[:, :_MOVERS]
    return [
        tuple(Mover(known.statements[row], float(amounts[row])) for row in rows)
        for rows, amounts in zip(strongest, added, strict=True)
    ]
