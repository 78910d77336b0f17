"""Search the profile, and rank texts by the owner's taste. All of it at home."""

from __future__ import annotations

import contextlib
import logging
from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from typing import TYPE_CHECKING

from ipse.encoding.timestamps import format_timestamp
from ipse.errors import StorageError
from ipse.preferences import taste, vectors
from ipse.preferences.embedding import Embedder
from ipse.preferences.taste import Evidence, Taste, Texts
from ipse.storage import rankings, statement_vectors
from ipse.storage.statements import Statement
from ipse.wallet.profile.opinions import Opinions, no_opinions
from ipse.wallet.profile.remembering import embed_missing
from ipse.wallet.profile.tasting import learn_taste, learn_with_opinions
from ipse.wallet.wallet import Wallet

if TYPE_CHECKING:
    from ipse.preferences.vectors import Floats

__all__ = ["Explained", "Mover", "Placed", "explain_score", "keep_ranking", "rank", "search"]

_log = logging.getLogger(__name__)


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


@dataclass(frozen=True, slots=True)
class Explained:
    """A text that was scored, its vector, float32 (d,), and the opinions that the taste comes from."""

    placed: Placed
    vector: Floats
    opinions: Opinions


def search(wallet: Wallet, embedder: Embedder, query: str, *, limit: int) -> list[tuple[Statement, float]]:
    """The statements nearest in meaning to `query`, each with its cosine, nearest first."""
    embed_missing(wallet, embedder)
    rows = statement_vectors.every(wallet.vault, embedder.fingerprint)
    if not rows:
        raise no_opinions("the profile is empty")
    known = vectors.from_bytes([vector for _, vector in rows], embedder.dimension)
    found = vectors.nearest(known, embedder.embed([query])[0], limit=limit)
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
    """Return all candidates, the one that the owner would like best first; ties keep their order.

    The first `explain` places come with the statements that moved them most. `include_secret` is False for
    everything an application will learn of. Raises NotFound where the profile has no opinions.
    """
    known: tuple[Opinions, Evidence] | None = None
    if explain:
        learned, opinions, evidence = learn_with_opinions(wallet, embedder, include_secret=include_secret)
        known = opinions, evidence
    else:
        learned = learn_taste(wallet, embedder, include_secret=include_secret)
    texts = Texts.of(candidates, embedder.embed(candidates))
    _log.info("embedded %d candidates", len(candidates))
    ranked = learned.ranked(texts, taste.day(now))
    places = [Placed(row, candidates[row], score) for row, score in ranked]
    if known is None:
        return places
    movers = _movers(learned, *known, texts[[row for row, _ in ranked[:explain]]], now)
    explained = [replace(place, movers=moved) for place, moved in zip(places, movers, strict=False)]
    return explained + places[explain:]


def explain_score(wallet: Wallet, embedder: Embedder, text: str, *, now: datetime) -> Explained:
    """Return one text's score and what moved it. Raises NotFound for an empty profile, MalformedInput."""
    learned, opinions, evidence = learn_with_opinions(wallet, embedder)
    texts = Texts.of([text], embedder.embed([text]))
    ((position, score),) = learned.ranked(texts, taste.day(now))
    (movers,) = _movers(learned, opinions, evidence, texts, now)
    return Explained(Placed(position, text, score, movers), texts.vectors[0], opinions)


def keep_ranking(wallet: Wallet, places: Sequence[Placed], *, now: datetime) -> int | None:
    """Keep a ranking so that feedback can name its places; its number, None where the disk is full."""
    with contextlib.suppress(StorageError):
        number = rankings.add(wallet.vault, [place.text for place in places], now=format_timestamp(now))
        _log.info("kept as ranking %d, whose places `ipse profile feedback` can name", number)
        return number
    return None


def _movers(
    learned: Taste, opinions: Opinions, evidence: Evidence, texts: Texts, now: datetime
) -> list[tuple[Mover, ...]]:
    return [
        tuple(Mover(opinions.statements[row], amount) for row, amount in movers)
        for movers in learned.movers(texts, taste.day(now), evidence)
    ]
