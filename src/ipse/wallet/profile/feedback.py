"""Learn statements from what the owner did with a ranking."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass
from datetime import datetime
from typing import Final

from ipse.encoding.timestamps import format_timestamp
from ipse.errors import UsageError
from ipse.preferences.embedding import Embedder
from ipse.preferences.feedback import PASSED_OVER, weights_of
from ipse.storage import rankings, statements
from ipse.storage.rankings import Ranking
from ipse.storage.statements import SAID, NewStatement, Statement
from ipse.storage.vault import Vault
from ipse.wallet.profile.remembering import checked, embed_missing
from ipse.wallet.wallet import Wallet

__all__ = ["SOURCE", "Learned", "learn"]

SOURCE: Final = "feedback"


@dataclass(frozen=True, slots=True)
class Learned:
    """What feedback on a ranking taught: the statements written, and how many were known."""

    ranking: int
    statements: tuple[Statement, ...]
    known: int


def learn(
    wallet: Wallet,
    embedder: Embedder,
    *,
    ranking: int | None,
    taken: Collection[int],
    refused: Collection[int],
    none: bool,
    now: datetime,
) -> Learned:
    """Learn from places (1 is the best) in a ranking, the last one if it is None.

    What was taken is liked, what was refused disliked, and what stood above the last that was taken, or all
    where `none` is, mildly disliked. Telling it again teaches nothing new. Raises NotFound, UsageError.
    """
    vault = wallet.vault
    with vault.transaction():
        kept = rankings.latest(vault) if ranking is None else rankings.find(vault, ranking)
        _check_places(kept, taken, refused, none=none)
        weights = weights_of(kept.candidates, taken, refused, none=none)
        new = [
            checked(NewStatement(text, weight, SOURCE, valid_from=kept.time), now)
            for text, weight in weights.items()
            if weight != PASSED_OVER or not _says_more(vault, text)
        ]
        added = statements.add(vault, new, now=format_timestamp(now))
        written = statements.by_numbers(vault, added.numbers)
    embed_missing(wallet, embedder)
    return Learned(
        kept.number, tuple(written[number] for number in added.numbers), len(weights) - len(written)
    )


def _check_places(ranking: Ranking, taken: Collection[int], refused: Collection[int], *, none: bool) -> None:
    if none and taken:
        raise UsageError("a place was taken and none was", hint="give the places or --none")
    if not (none or taken or refused):
        raise UsageError("nothing is said of the ranking", hint="`ipse profile feedback 3` took the third")
    for place in (*taken, *refused):
        if not 1 <= place <= len(ranking.candidates):
            raise UsageError(
                f"ranking {ranking.number} has no place {place}",
                hint=f"its places are 1 to {len(ranking.candidates)}",
            )
    for place in taken:
        if place in refused:
            raise UsageError(f"place {place} can't be both taken and refused")


def _says_more(vault: Vault, text: str) -> bool:
    """Whether the owner said something of a text, or took or refused it: passing over it is less."""
    return any(
        statements.alike(vault, text=text, source=source, kind="opinion", weight=weight) is not None
        for source, weight in ((SAID, 1), (SAID, -1), (SOURCE, 1))
    ) or _was_refused(vault, text)


def _was_refused(vault: Vault, text: str) -> bool:
    number = statements.alike(vault, text=text, source=SOURCE, kind="opinion", weight=-1)
    return number is not None and statements.find(vault, number).weight < PASSED_OVER
