"""Forgetting for good, and to whom it was disclosed before."""

from __future__ import annotations

import re
from collections.abc import Collection, Iterator, Sequence
from dataclasses import dataclass

from ipse.disclosure import levels
from ipse.encoding import base64url, strict_json
from ipse.encoding.strict_json import Json, JsonObject
from ipse.errors import MalformedInput, StorageError
from ipse.storage import disclosure_log, erasing, rankings, statements
from ipse.storage.statements import Statement
from ipse.storage.vault import Vault
from ipse.wallet.wallet import Wallet

__all__ = ["Disclosed", "Forgotten", "disclosed", "erase", "forget"]


@dataclass(frozen=True, slots=True)
class Disclosed:
    """What one application learned from statements.

    It was given them word for word at the times `verbatim` (RFC 3339 UTC), and they may have had a part in
    `answers` other answers.
    """

    origin: str
    verbatim: tuple[str, ...]
    answers: int

    def to_json(self) -> JsonObject:
        """As an object of a list."""
        return {"origin": self.origin, "verbatim": list(self.verbatim), "answers": self.answers}


@dataclass(frozen=True, slots=True)
class Forgotten:
    """What is gone, the earlier versions included, how many rankings with it, and who had heard of it."""

    statements: tuple[Statement, ...]
    rankings: int
    disclosed: tuple[Disclosed, ...]


def forget(wallet: Wallet, numbers: Collection[int]) -> Forgotten:
    """Delete statements, what they took the place of, and all that was made of them.

    That is their vectors of every model, the kept rankings, whose order they had a part in, the vectors of
    sentences that applications were told, accepted contradictions and the sums that a taste came to: in one
    transaction, all or nothing. `erase` then leaves no copy in the file. The disclosure log stays: it is the
    record of what left. So do private summaries, whose noise hides each statement. Raises NotFound where one
    of `numbers` is not there.
    """
    vault = wallet.vault
    with vault.transaction():
        for number in set(numbers) - set(statements.by_numbers(vault, numbers)):
            statements.find(vault, number)  # raises, for it is not there
        doomed = statements.with_earlier(vault, numbers)
        heard = disclosed(vault, doomed)
        statements.remove(vault, numbers)  # with them the vault drops the vectors of what was told
        ranked = rankings.clear(vault)
        erasing.make_due(vault)
    return Forgotten(tuple(doomed), ranked, heard)


def erase(wallet: Wallet) -> None:
    """Write the vault's file anew, so that no copy of what was deleted is left in it.

    Raises StorageError; the next command that forgets or learns makes up for it.
    """
    try:
        erasing.finish(wallet.vault)
    except StorageError as error:
        raise StorageError(
            f"what is forgotten is deleted, and free pages of the vault may still hold it: {error.message}",
            hint="make room and end other ipse commands; the next `ipse profile forget` or `like` cleans up",
        ) from error


def disclosed(vault: Vault, asked: Sequence[Statement]) -> tuple[Disclosed, ...]:
    """To whom statements were disclosed since they were entered, by origin.

    A fact has no vote, so it had no part in an answer, and neither had a statement since it is secret. An
    answer that says nothing discloses nothing.
    """
    if not asked:
        return ()
    secret = statements.secret_since(vault, [statement.number for statement in asked])
    open_between = [
        (statement.created, secret.get(statement.number))
        for statement in asked
        if statement.kind == "opinion"
    ]
    heard: dict[str, tuple[list[str], int]] = {}
    for entry in disclosure_log.every(vault):
        if entry.content.get("said") is False or entry.content.get("level") == "credentials":
            continue
        origin, time = str(entry.content.get("application")), str(entry.content.get("time"))
        verbatim, answers = heard.get(origin, ([], 0))
        if _is_verbatim(entry.content.get("level")):
            if _holds_one_of(entry.content.get("released"), asked, time):
                heard[origin] = ([*verbatim, time], answers)
        elif any(since <= time and (until is None or time <= until) for since, until in open_between):
            heard[origin] = (verbatim, answers + 1)
    return tuple(Disclosed(origin, tuple(times), count) for origin, (times, count) in sorted(heard.items()))


def _is_verbatim(level: Json) -> bool:
    """Whether answers at this level of the log hold the owner's sentences as they are."""
    return level in levels.NAMES and levels.named(level).verbatim


def _holds_one_of(released: Json, asked: Sequence[Statement], time: str) -> bool:
    texts = list(_texts(released))
    return any(
        statement.created <= time and any(statement.text in text for text in texts) for statement in asked
    )


def _texts(released: Json) -> Iterator[str]:
    """Every string in what left, those inside the parts of a token (RFC 7515, RFC 9901) too."""
    if isinstance(released, str):
        yield released
        for part in re.split(r"[.~]", released):
            yield from _inside(part)
    elif isinstance(released, dict):
        for value in released.values():
            yield from _texts(value)
    elif isinstance(released, list):
        for value in released:
            yield from _texts(value)


def _inside(part: str) -> Iterator[str]:
    try:
        value = strict_json.parse(base64url.decode(part))
    except MalformedInput:
        return
    if not isinstance(value, str):
        yield from _texts(value)
    else:
        yield value
