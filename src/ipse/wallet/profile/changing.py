"""Correcting a statement in its place, and changes of mind."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass, replace
from datetime import datetime

from ipse.encoding.timestamps import format_timestamp
from ipse.errors import UsageError
from ipse.preferences.embedding import Embedder
from ipse.storage import erasing, rankings, statements
from ipse.storage.statement_plan import stricter
from ipse.storage.statements import SAID, NewStatement, Statement
from ipse.wallet.profile.remembering import check_sensitivity, check_text, checked, embed_missing
from ipse.wallet.wallet import Wallet

__all__ = ["Correction", "correct", "set_sensitivity", "supersede", "supersede_with"]


@dataclass(frozen=True, slots=True)
class Correction:
    """What is to be other than it was; None leaves it. `since` is when the statement began to hold."""

    text: str | None = None
    weight: float | None = None
    sensitivity: str | None = None
    since: datetime | None = None


def correct(wallet: Wallet, number: int, correction: Correction, *, now: datetime) -> Statement:
    """Correct a statement in its place; how it reads then.

    Nothing of an old text is kept: its vectors go, and the rankings that hold it, and `erase` leaves no copy
    in the file; `embed_missing` embeds the new one. With an old text, and where the statement becomes secret,
    the vault drops the answers kept to be repeated. Raises NotFound, AlreadyExists, UsageError,
    MalformedInput.
    """
    vault = wallet.vault
    with vault.transaction():
        before = statements.find(vault, number)
        after = _corrected(before, correction, now)
        if after == before:
            return before
        statements.rewrite(vault, after, now=format_timestamp(now))
        if after.text != before.text:
            rankings.clear(vault)
            erasing.make_due(vault)
    return after


def set_sensitivity(
    wallet: Wallet, sensitivity: str, *, numbers: Collection[int] | None = None, now: datetime
) -> int:
    """Make statements public, private or secret: those of `numbers`, or all; how many were not so before.

    Raises NotFound, UsageError.
    """
    check_sensitivity(sensitivity)
    vault = wallet.vault
    with vault.transaction():
        for number in sorted(set(numbers or ()) - set(statements.by_numbers(vault, numbers or ()))):
            statements.find(vault, number)
        return statements.set_sensitivity(vault, sensitivity, numbers=numbers, now=format_timestamp(now))


def supersede(wallet: Wallet, old: int, new: int) -> None:
    """End a statement and let it point to the one that took its place.

    Raises NotFound; UsageError for one that ended, for itself, and for a fact by an opinion.
    """
    with wallet.vault.transaction():
        statements.supersede(wallet.vault, old, new)


def supersede_with(
    wallet: Wallet, embedder: Embedder, old: int, new: NewStatement, *, now: datetime
) -> tuple[int, bool]:
    """Like `supersede`, by what the owner says now: its number, and whether it is new.

    It is no less sensitive than the one it takes the place of. Raises MalformedInput too.
    """
    vault = wallet.vault
    with vault.transaction():
        ended = statements.find(vault, old)
        if ended.valid_to is not None:
            raise UsageError(
                f"statement {old} ended at {ended.valid_to}",
                hint=f"`ipse profile show {old}` shows what took its place",
            )
        said = checked(
            replace(new, source=SAID, sensitivity=stricter(new.sensitivity, ended.sensitivity)), now
        )
        added = statements.add(vault, [said], now=format_timestamp(now))
        number = statements.alike(vault, text=said.text, source=SAID, kind=said.kind, weight=said.weight)
        assert number is not None
        if statements.find(vault, old).superseded_by != number:
            statements.supersede(vault, old, number)
    embed_missing(wallet, embedder)
    return number, bool(added.numbers)


def _corrected(before: Statement, correction: Correction, now: datetime) -> Statement:
    text = before.text if correction.text is None else correction.text
    check_text(text)
    weight = before.weight if correction.weight is None else correction.weight
    if before.kind == "fact" and weight:
        raise UsageError(
            f"statement {before.number} is a fact, which is neither liked nor disliked",
            hint='`ipse profile like "…"` tells an opinion',
        )
    sensitivity = correction.sensitivity or before.sensitivity
    check_sensitivity(sensitivity)
    since = before.valid_from if correction.since is None else format_timestamp(correction.since)
    end = before.valid_to or format_timestamp(now)
    if since > end and since != before.valid_from:
        raise UsageError(f"statement {before.number} can't begin at {since}, after {end}")
    return replace(before, text=text, weight=weight, sensitivity=sensitivity, valid_from=since)
