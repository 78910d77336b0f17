"""What the owner says, kept and embedded."""

from __future__ import annotations

import contextlib
import logging
import unicodedata
from collections.abc import Callable, Sequence
from dataclasses import replace
from datetime import datetime
from typing import Final

from ipse.encoding.timestamps import format_timestamp, parse_timestamp
from ipse.errors import MalformedInput, StorageError, UsageError
from ipse.preferences import MAX_TEXT, vectors
from ipse.preferences.embedding import Embedder
from ipse.storage import erasing, statement_plan, statement_vectors, statements
from ipse.storage.statement_plan import Known
from ipse.storage.statements import Added, NewStatement, Statement
from ipse.wallet.wallet import Wallet

__all__ = [
    "SENSITIVITIES",
    "Progress",
    "check_sensitivity",
    "check_text",
    "checked",
    "embed_missing",
    "foresee",
    "remember",
    "repeated",
]

_log = logging.getLogger(__name__)

SENSITIVITIES: Final = ("public", "private", "secret")
_BATCH: Final = 512
"""Statements embedded and kept at a time: enough to find many of equal length, which are fastest."""

Progress = Callable[[int, int], None]
"""Told (done, of how many) while texts are embedded."""


def remember(
    wallet: Wallet,
    embedder: Embedder,
    new: Sequence[NewStatement],
    *,
    now: datetime,
    progress: Progress | None = None,
) -> Added:
    """Keep statements and embed them; which were new, changed and known.

    The statements are committed first, so that an interrupted embedding is taken up by the next
    command. Raises MalformedInput for empty or overlong text, weights out of bounds and what is no time,
    UsageError for what is no sensitivity or kind, StorageError.
    """
    with contextlib.suppress(StorageError):  # on a disk that is too full for it, it stays due
        erasing.finish(wallet.vault)
    added = statements.add(
        wallet.vault, [checked(statement, now) for statement in new], now=format_timestamp(now)
    )
    embed_missing(wallet, embedder, progress=progress)
    return added


def foresee(wallet: Wallet, new: Sequence[NewStatement], *, now: datetime) -> Added:
    """Return what `remember` would come to, and keep nothing. Raises what `remember` raises."""
    known = [
        Known(
            entry.number,
            statement_plan.identity(entry.text),
            entry.source,
            entry.kind,
            entry.weight,
            entry.sensitivity,
            entry.valid_from,
        )
        for entry in statements.current(wallet.vault)
    ]
    plan = statement_plan.plan(
        [checked(entry, now) for entry in new],
        [statement_plan.identity(entry.text) for entry in new],
        known,
        now=format_timestamp(now),
        next_number=1 + max((entry.number for entry in known), default=0),
    )
    return Added(tuple(entry.number for entry in plan.inserted), plan.changed, plan.known)


def repeated(wallet: Wallet, new: NewStatement) -> Statement | None:
    """Return the current statement that says the same as `new`, None if there is none."""
    number = statements.alike(
        wallet.vault, text=new.text, source=new.source, kind=new.kind, weight=new.weight
    )
    return None if number is None else statements.find(wallet.vault, number)


def checked(statement: NewStatement, now: datetime) -> NewStatement:
    """A statement that the vault can keep: bounds are held to, and none begins after `now`.

    Raises MalformedInput, UsageError.
    """
    check_text(statement.text)
    if not -1 <= statement.weight <= 1:
        raise MalformedInput(f"a statement has the weight {statement.weight}, which is not in [-1, 1]")
    if statement.kind not in ("opinion", "fact"):
        raise UsageError(f"{statement.kind!r} is no kind of statement", hint="it is an opinion or a fact")
    if statement.kind == "fact" and statement.weight:
        raise MalformedInput(f"a fact has the weight {statement.weight}, and facts are neutral")
    check_sensitivity(statement.sensitivity)
    if statement.valid_from is None:
        return statement
    since = min(parse_timestamp(statement.valid_from), now)
    return replace(statement, valid_from=format_timestamp(since))


def check_text(text: str) -> None:
    """Raises MalformedInput for what is empty or too long to be a statement."""
    if not text.strip():
        raise MalformedInput("a statement is empty")
    if not any(_is_read(character) for character in text):
        raise MalformedInput("a statement has nothing in it that can be read")
    if len(text) > MAX_TEXT:
        raise MalformedInput(f"a statement has {len(text)} characters; at most {MAX_TEXT} are kept")


def _is_read(character: str) -> bool:
    """Whether a model can make something of a character: letters, digits, signs; not what is unseen."""
    return unicodedata.category(character)[0] in "LNPS" and character != "\ufffd"


def check_sensitivity(name: str) -> None:
    """Raises UsageError for what is no sensitivity."""
    if name not in SENSITIVITIES:
        raise UsageError(f"{name!r} is no sensitivity", hint="--sensitivity takes public, private or secret")


def embed_missing(wallet: Wallet, embedder: Embedder, *, progress: Progress | None = None) -> None:
    """Embed the current statements that this model has not embedded yet, some at a time.

    One in which the model finds nothing to read is left without a vector.
    """
    missing = statement_vectors.missing(wallet.vault, embedder.fingerprint)
    for start in range(0, len(missing), _BATCH):
        batch = missing[start : start + _BATCH]
        embedded = _vectors(embedder, batch)
        with wallet.vault.transaction():
            there = statements.by_numbers(wallet.vault, list(embedded))
            # Forgotten or corrected by another process meanwhile: that vector must not be kept.
            pairs = [
                (said.number, embedded[said.number])
                for said in batch
                if said.number in embedded and said.number in there and there[said.number].text == said.text
            ]
            statement_vectors.keep(wallet.vault, embedder.fingerprint, pairs)
        _log.info("embedded %d statements", len(embedded))
        if progress is not None:
            progress(min(start + _BATCH, len(missing)), len(missing))


def _vectors(embedder: Embedder, batch: Sequence[Statement]) -> dict[int, bytes]:
    """Little-endian float32 bytes by statement number, without those that the model can't read."""
    try:
        rows = vectors.to_bytes(embedder.embed([said.text for said in batch]))
    except MalformedInput:
        if len(batch) == 1:
            return {}
        return {number: vector for said in batch for number, vector in _vectors(embedder, [said]).items()}
    return {said.number: row for said, row in zip(batch, rows, strict=True)}
