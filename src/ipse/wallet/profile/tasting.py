"""The owner's taste, learned from the vault: from scratch, or from where the last ranking left it."""

from __future__ import annotations

import contextlib
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import TYPE_CHECKING, Final

from ipse.encoding.timestamps import parse_timestamp
from ipse.errors import NotFound, StorageError
from ipse.preferences import taste
from ipse.preferences.embedding import Embedder
from ipse.preferences.taste import Evidence, Taste, Texts
from ipse.storage import statement_vectors, tastes
from ipse.storage.statements import Statement
from ipse.storage.tastes import KeptTaste
from ipse.wallet.profile.remembering import embed_missing
from ipse.wallet.wallet import Wallet

if TYPE_CHECKING:
    from ipse.preferences.taste import Sums

__all__ = ["Opinions", "day", "learn_taste", "learn_with_opinions"]

_DAY: Final = 86400.0


@dataclass(frozen=True, slots=True)
class Opinions:
    """Current opinions, as statements and as evidence, as they were at the `version` of the vault."""

    statements: list[Statement]
    evidence: Evidence
    version: int


@dataclass(frozen=True, slots=True)
class _Start:
    """What is kept of the last time, and what was said since."""

    kept: KeptTaste
    sums: Sums
    inducing_points: Evidence
    new: Opinions


def learn_taste(wallet: Wallet, embedder: Embedder, *, secrets: bool = True) -> Taste:
    """The taste that the current opinions show; without the secret ones where `secrets` is False.

    It is the same whether it is learned anew or from what the last one came to. Raises NotFound where
    there are no opinions.
    """
    embed_missing(wallet, embedder)
    with wallet.vault.transaction():  # what is read must belong together
        start = _start(wallet, embedder, secrets=secrets)
    found = _continued(wallet, embedder, start, secrets=secrets)
    return found or _anew(wallet, embedder, _opinions(wallet, embedder, secrets=secrets), secrets=secrets)


def learn_with_opinions(
    wallet: Wallet, embedder: Embedder, *, secrets: bool = True
) -> tuple[Taste, Opinions]:
    """Like learn_taste, with all that the taste was learned from."""
    embed_missing(wallet, embedder)
    with wallet.vault.transaction():
        start = _start(wallet, embedder, secrets=secrets)
        known = _opinions(wallet, embedder, secrets=secrets)
    found = _continued(wallet, embedder, start, secrets=secrets)
    return found or _anew(wallet, embedder, known, secrets=secrets), known


def day(moment: datetime) -> float:
    """Days since 1970-01-01."""
    return moment.timestamp() / _DAY


def _opinions(wallet: Wallet, embedder: Embedder, *, secrets: bool, after: int = 0) -> Opinions:
    """The current opinions with a number above `after`."""
    version = tastes.version(
        wallet.vault
    )  # first: what another process says from here on is not kept as seen
    rows = statement_vectors.every(wallet.vault, embedder.fingerprint, kind="opinion", after=after)
    rows = [row for row in rows if secrets or row[0].sensitivity != "secret"]
    return Opinions([statement for statement, _ in rows], _evidence(rows, embedder), version)


def _start(wallet: Wallet, embedder: Embedder, *, secrets: bool) -> _Start | None:
    """Where to go on from; None where nothing is kept, or another version of ipse kept it."""
    kept = tastes.find(wallet.vault, embedder.fingerprint, secrets=secrets)
    if kept is None:
        return None
    carried = statement_vectors.of(wallet.vault, embedder.fingerprint, kept.inducing_points)
    sums = taste.Sums.from_bytes(kept.sums, len(carried))
    if sums is None or len(carried) != len(kept.inducing_points):
        return None
    new = _opinions(wallet, embedder, secrets=secrets, after=kept.last)
    return _Start(kept, sums, _evidence(carried, embedder), new)


def _continued(wallet: Wallet, embedder: Embedder, start: _Start | None, *, secrets: bool) -> Taste | None:
    """The kept taste and what is new since; None if it has to be learned anew."""
    if start is None:
        return None
    found = Taste(taste.InducingPoints(start.inducing_points), start.sums)
    if not start.new.statements:
        return found
    extended = found.extended(start.new.evidence)
    if extended is not None:
        _keep(
            wallet, embedder, extended, start.new, inducing_points=start.kept.inducing_points, secrets=secrets
        )
    return extended


def _anew(wallet: Wallet, embedder: Embedder, known: Opinions, *, secrets: bool) -> Taste:
    if not known.statements:
        raise NotFound(
            "the profile has no opinions",
            hint='tell it something: `ipse profile like "quiet novels about the sea"`',
        )
    found = taste.fit(known.evidence)
    inducing_points = [known.statements[row].number for row in taste.inducing_rows(known.evidence)]
    _keep(wallet, embedder, found, known, inducing_points=inducing_points, secrets=secrets)
    return found


def _keep(
    wallet: Wallet,
    embedder: Embedder,
    found: Taste,
    last_seen: Opinions,
    *,
    inducing_points: Sequence[int],
    secrets: bool,
) -> None:
    """Few opinions are learned faster than read; of more, what they came to is kept.

    On a disk that is too full for it, the next ranking does this one's work again.
    """
    if found.sums is None:
        return
    kept = KeptTaste(last_seen.statements[-1].number, tuple(inducing_points), found.sums.to_bytes())
    with contextlib.suppress(StorageError):
        tastes.keep(wallet.vault, embedder.fingerprint, kept, secrets=secrets, read_at=last_seen.version)


def _evidence(rows: Sequence[tuple[Statement, bytes]], embedder: Embedder) -> Evidence:
    import numpy as np

    said = [statement for statement, _ in rows]
    vectors = np.frombuffer(b"".join(vector for _, vector in rows), dtype=np.dtype("<f4"))
    return Evidence(
        Texts.of([statement.text for statement in said], vectors.reshape(len(rows), embedder.dimension)),
        np.array([statement.weight for statement in said], np.float64),
        np.array([day(parse_timestamp(statement.valid_from)) for statement in said], np.float64),
        np.array([taste.text_key(statement.text) for statement in said], np.uint64),
    )
