"""Learn the owner's taste from the vault: from scratch, or from what the last ranking kept."""

from __future__ import annotations

import contextlib
from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

from ipse.errors import StorageError
from ipse.preferences import taste, vectors
from ipse.preferences.embedding import Embedder
from ipse.preferences.taste import Evidence, Taste
from ipse.storage import statement_vectors, tastes
from ipse.storage.tastes import KeptTaste
from ipse.wallet.profile.opinions import Opinions, no_opinions, read_opinions
from ipse.wallet.profile.remembering import embed_missing
from ipse.wallet.wallet import Wallet

if TYPE_CHECKING:
    from ipse.preferences.taste import Sums

__all__ = ["learn_taste", "learn_with_opinions"]


@dataclass(frozen=True, slots=True)
class _Read:
    """Opinions, as statements and as evidence, and the version of the vault that they were read at."""

    opinions: Opinions
    evidence: Evidence
    version: int


@dataclass(frozen=True, slots=True)
class _Start:
    """What is kept of the last time, and what was said since."""

    kept: KeptTaste
    sums: Sums
    points: Evidence
    new: _Read


def learn_taste(wallet: Wallet, embedder: Embedder, *, include_secret: bool = True) -> Taste:
    """The taste that the current opinions show; without the secret ones where `include_secret` is False.

    It is the same whether it is learned anew or from what the last one came to. Raises NotFound where
    there are no opinions.
    """
    embed_missing(wallet, embedder)
    with wallet.vault.transaction():  # what is read must belong together
        start = _start(wallet, embedder, include_secret=include_secret)
    found = _continued(wallet, embedder, start, include_secret=include_secret)
    if found is not None:
        return found
    known = _read(wallet, embedder, include_secret=include_secret)
    return _anew(wallet, embedder, known, include_secret=include_secret)


def learn_with_opinions(
    wallet: Wallet, embedder: Embedder, *, include_secret: bool = True
) -> tuple[Taste, Opinions, Evidence]:
    """Like learn_taste, with all that the taste was learned from, as statements and as evidence."""
    embed_missing(wallet, embedder)
    with wallet.vault.transaction():
        start = _start(wallet, embedder, include_secret=include_secret)
        known = _read(wallet, embedder, include_secret=include_secret)
    found = _continued(wallet, embedder, start, include_secret=include_secret)
    found = found or _anew(wallet, embedder, known, include_secret=include_secret)
    return found, known.opinions, known.evidence


def _read(wallet: Wallet, embedder: Embedder, *, include_secret: bool, after: int = 0) -> _Read:
    """The current opinions with a number above `after`."""
    version = tastes.version(wallet.vault)  # first: a change by another process from here on is noticed
    opinions = read_opinions(wallet, embedder, include_secret=include_secret, after=after)
    return _Read(opinions, opinions.evidence(), version)


def _start(wallet: Wallet, embedder: Embedder, *, include_secret: bool) -> _Start | None:
    """Where to go on from; None where nothing is kept, or another version of ipse kept it."""
    kept = tastes.find(wallet.vault, embedder.fingerprint, secrets=include_secret)
    if kept is None:
        return None
    rows = statement_vectors.of(wallet.vault, embedder.fingerprint, kept.inducing_points)
    sums = taste.Sums.from_bytes(kept.sums, len(rows))
    if sums is None or len(rows) != len(kept.inducing_points):
        return None
    points = Opinions(
        [statement for statement, _ in rows],
        vectors.from_bytes([vector for _, vector in rows], embedder.dimension),
    )
    new = _read(wallet, embedder, include_secret=include_secret, after=kept.last)
    return _Start(kept, sums, points.evidence(), new)


def _continued(
    wallet: Wallet, embedder: Embedder, start: _Start | None, *, include_secret: bool
) -> Taste | None:
    """Return the kept taste extended by new opinions; None if it has to be learned anew."""
    if start is None:
        return None
    found = Taste(taste.InducingPoints(start.points), start.sums)
    if not start.new.opinions.statements:
        return found
    extended = found.extended(start.new.evidence)
    if extended is not None:
        _keep(
            wallet, embedder, extended, start.new, start.kept.inducing_points, include_secret=include_secret
        )
    return extended


def _anew(wallet: Wallet, embedder: Embedder, known: _Read, *, include_secret: bool) -> Taste:
    if not known.opinions.statements:
        raise no_opinions()
    found = taste.fit(known.evidence)
    points = [known.opinions.statements[row].number for row in taste.inducing_rows(known.evidence)]
    _keep(wallet, embedder, found, known, points, include_secret=include_secret)
    return found


def _keep(
    wallet: Wallet,
    embedder: Embedder,
    found: Taste,
    last_seen: _Read,
    points: Sequence[int],
    *,
    include_secret: bool,
) -> None:
    """Keep the fitted taste in the vault, unless there are so few opinions that fitting is faster.

    On a full disk nothing is kept, and the next ranking learns it again.
    """
    if found.sums is None:
        return
    last = last_seen.opinions.statements[-1].number
    with contextlib.suppress(StorageError):
        tastes.keep(
            wallet.vault,
            embedder.fingerprint,
            KeptTaste(last, tuple(points), found.sums.to_bytes()),
            secrets=include_secret,
            read_at=last_seen.version,
        )
