"""The current opinions with their vectors, read from the vault once for a command."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import TYPE_CHECKING

from ipse.encoding.timestamps import parse_timestamp
from ipse.errors import NotFound
from ipse.preferences import vectors
from ipse.preferences.embedding import Embedder
from ipse.preferences.taste import Evidence
from ipse.storage import statement_vectors
from ipse.storage.statements import Statement
from ipse.wallet.wallet import Wallet

if TYPE_CHECKING:
    from ipse.preferences.vectors import Floats

__all__ = ["Opinions", "no_opinions", "read_opinions"]


@dataclass(frozen=True, slots=True)
class Opinions:
    """n opinions in the order of their numbers; `vectors` is float32 (n, d), unit length."""

    statements: list[Statement]
    vectors: Floats

    @property
    def texts(self) -> list[str]:
        """What each says."""
        return [statement.text for statement in self.statements]

    @property
    def weights(self) -> list[float]:
        """How much each likes it, in [-1, 1]."""
        return [statement.weight for statement in self.statements]

    @property
    def times(self) -> list[datetime]:
        """Since when each holds."""
        return [parse_timestamp(statement.valid_from) for statement in self.statements]

    def evidence(self) -> Evidence:
        """What a taste is learned from."""
        return Evidence.of(self.texts, self.vectors, self.weights, self.times)


def read_opinions(
    wallet: Wallet, embedder: Embedder, *, include_secret: bool = True, after: int = 0
) -> Opinions:
    """The current opinions that the model has embedded, with `after` those with a higher number.

    Call `embed_missing` before, where all of them have to be there.
    """
    rows = [
        row
        for row in statement_vectors.every(wallet.vault, embedder.fingerprint, kind="opinion", after=after)
        if include_secret or row[0].sensitivity != "secret"
    ]
    return Opinions(
        [statement for statement, _ in rows],
        vectors.from_bytes([vector for _, vector in rows], embedder.dimension),
    )


def no_opinions(what: str = "the profile has no opinions") -> NotFound:
    """The error for a profile that knows nothing yet, with what to do about it."""
    return NotFound(what, hint='tell it something: `ipse profile like "quiet novels about the sea"`')
