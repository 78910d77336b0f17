"""The owner's taste, learned from the vault: from scratch, or from where the last ranking left it."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import TYPE_CHECKING, Final

from ipse.credentials.timestamps import parse_timestamp
from ipse.errors import NotFound
from ipse.preferences import taste
from ipse.preferences.embedding import Embedder
from ipse.preferences.taste import Evidence, Taste, Texts
from ipse.storage import statement_vectors, tastes
from ipse.storage.statements import Statement
from ipse.wallet.profile.remembering import embed_missing
from ipse.wallet.wallet import Wallet

if TYPE_CHECKING:
    from ipse.storage.tastes import KeptTaste

__all__ = ["day", "learn_taste", "opinions"]

_DAY: Final = 86400.0


def learn_taste(wallet: Wallet, embedder: Embedder, *, secrets: bool = True) -> Taste:
    """The taste that the current opinions show; without the secret ones where `secrets` is False.

    It is the same whether it is learned anew or from what the last one came to. Raises NotFound where
    there are no opinions.
    """
    embed_missing(wallet, embedder)
    with wallet.vault.transaction():  # what is read must belong together
        kept = tastes.find(wallet.vault, embedder.fingerprint, secrets=secrets)
        found = _continued(wallet, embedder, kept, secrets=secrets) if kept else None
        return found or _anew(wallet, embedder, secrets=secrets)


def opinions(
    wallet: Wallet, embedder: Embedder, *, secrets: bool = True, after: int = 0
) -> tuple[list[Statement], Evidence]:
    """The current opinions with a number above `after`, as statements and as evidence."""
    rows = statement_vectors.every(wallet.vault, embedder.fingerprint, kind="opinion", after=after)
    rows = [row for row in rows if secrets or row[0].sensitivity != "secret"]
    return [statement for statement, _ in rows], _evidence(rows, embedder)


def day(moment: datetime) -> float:
    """Days since 1970-01-01."""
    return moment.timestamp() / _DAY


def _continued(wallet: Wallet, embedder: Embedder, kept: KeptTaste, *, secrets: bool) -> Taste | None:
    """The kept taste and what is new since; None if it has to be learned anew."""
    carried = statement_vectors.of(wallet.vault, embedder.fingerprint, kept.landmarks)
    sums = taste.Sums.from_bytes(kept.sums, len(carried))
    if sums is None or len(carried) != len(kept.landmarks):
        return None
    found: Taste | None = Taste(taste.Landmarks(_evidence(carried, embedder)), sums)
    new, evidence = opinions(wallet, embedder, secrets=secrets, after=kept.last)
    if new and found is not None:
        found = found.extended(evidence)
        if found is not None:
            _keep(wallet, embedder, found, last=new[-1].number, landmarks=kept.landmarks, secrets=secrets)
    return found


def _anew(wallet: Wallet, embedder: Embedder, *, secrets: bool) -> Taste:
    known, evidence = opinions(wallet, embedder, secrets=secrets)
    if not known:
        raise NotFound(
            "the profile has no opinions",
            hint='tell it something: `ipse profile like "quiet novels about the sea"`',
        )
    found = taste.fit(evidence)
    landmarks = [known[row].number for row in taste.landmark_rows(evidence)]
    _keep(wallet, embedder, found, last=known[-1].number, landmarks=landmarks, secrets=secrets)
    return found


def _keep(
    wallet: Wallet, embedder: Embedder, found: Taste, *, last: int, landmarks: Sequence[int], secrets: bool
) -> None:
    """Few opinions are learned faster than read; of more, what they came to is kept."""
    if found.sums is not None:
        tastes.keep(
            wallet.vault,
            embedder.fingerprint,
            secrets=secrets,
            last=last,
            landmarks=landmarks,
            sums=found.sums.to_bytes(),
        )


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
