"""The statements of the profile and their vectors."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass
from typing import Final

from ipse.errors import AlreadyExists, NotFound, UsageError
from ipse.storage import statement_plan
from ipse.storage.statement_plan import SAID, Known, NewStatement, identity
from ipse.storage.vault import Vault

__all__ = [
    "SAID",
    "Added",
    "NewStatement",
    "Statement",
    "accept_contradiction",
    "accepted_contradictions",
    "add",
    "alike",
    "by_numbers",
    "chain",
    "count",
    "current",
    "digest",
    "every",
    "find",
    "forget",
    "listed",
    "remove",
    "rewrite",
    "secret_since",
    "set_sensitivity",
    "supersede",
    "with_earlier",
]

_SELECT: Final = (
    "SELECT number, text, weight, source, sensitivity, kind, created, valid_from, valid_to, superseded_by"
    " FROM statements"
)


@dataclass(frozen=True, slots=True)
class Statement:
    """A statement as kept. Times are RFC 3339 UTC.

    It was entered at `created` and holds from `valid_from` until `valid_to`, None while it does;
    `superseded_by` is the number of the one that took its place.
    """

    number: int
    text: str
    weight: float
    source: str
    sensitivity: str
    kind: str
    created: str
    valid_from: str
    valid_to: str | None
    superseded_by: int | None


@dataclass(frozen=True, slots=True)
class Added:
    """What came of adding statements.

    `numbers` are those written, of which `changed` took the place of an earlier one; `known` is how many
    changed nothing.
    """

    numbers: tuple[int, ...]
    changed: int
    known: int


def add(vault: Vault, statements: Sequence[NewStatement], *, now: str) -> Added:
    """Keep what is new, all of it or nothing; `statement_plan` says what becomes of what is known.

    Raises MalformedInput for what is no text.
    """
    identities = [identity(statement.text) for statement in statements]
    with vault.transaction():
        plan = statement_plan.plan(
            statements,
            identities,
            _known(vault, set(identities)),
            now=now,
            next_number=_next_number(vault),
        )
        for sensitivity, number in plan.hardened:
            set_sensitivity(vault, sensitivity, numbers=[number], now=now)
        vault.change_many("UPDATE statements SET valid_to = max(?, valid_from) WHERE number = ?", plan.ended)
        vault.change_many(
            "INSERT INTO statements (number, identity, text, weight, source, sensitivity, kind, created,"
            " valid_from, valid_to, secret_since) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)",
            [
                (
                    entry.number,
                    entry.identity,
                    entry.new.text,
                    entry.new.weight,
                    entry.new.source,
                    entry.sensitivity,
                    entry.new.kind,
                    now,
                    entry.valid_from,
                    entry.valid_to,
                    now if entry.sensitivity == "secret" else None,
                )
                for entry in plan.inserted
            ],
        )
        vault.change_many("UPDATE statements SET superseded_by = ? WHERE number = ?", plan.replaced)
    return Added(tuple(entry.number for entry in plan.inserted), plan.changed, plan.known)


def current(vault: Vault) -> list[Statement]:
    """What holds now, in the order it was entered."""
    rows = vault.rows(_SELECT + " WHERE valid_to IS NULL ORDER BY number")
    return [Statement(*row) for row in rows]


def every(vault: Vault) -> list[Statement]:
    """What holds and what held once, in the order it was entered."""
    return [Statement(*row) for row in vault.rows(_SELECT + " ORDER BY number")]


def count(vault: Vault) -> int:
    """How many statements hold now."""
    return int(vault.rows("SELECT count(*) FROM statements WHERE valid_to IS NULL")[0][0])


def find(vault: Vault, number: int) -> Statement:
    """One statement, ended or not. Raises NotFound."""
    found = by_numbers(vault, [number])
    if not found:
        raise NotFound(f"there is no statement {number}", hint="`ipse profile list` shows the numbers")
    return found[number]


def by_numbers(vault: Vault, numbers: Collection[int]) -> dict[int, Statement]:
    """Those of `numbers` that there are, by number."""
    rows = vault.rows(_SELECT + " JOIN json_each(?) ON number = value", (listed(numbers),))
    return {row[0]: Statement(*row) for row in rows}


def chain(vault: Vault, number: int) -> list[Statement]:
    """A statement with all that it took the place of and all that took its, oldest first."""
    rows = vault.rows(
        "WITH RECURSIVE earlier (number) AS (VALUES (?1) UNION SELECT statements.number FROM statements"
        " JOIN earlier ON superseded_by = earlier.number),"
        " later (number) AS (VALUES (?1) UNION SELECT superseded_by FROM statements"
        " JOIN later ON statements.number = later.number WHERE superseded_by IS NOT NULL)"
        " SELECT number FROM earlier UNION SELECT number FROM later",
        (number,),
    )
    found = by_numbers(vault, [row[0] for row in rows]).values()
    return sorted(found, key=lambda statement: (statement.valid_from, statement.number))


def with_earlier(vault: Vault, numbers: Collection[int]) -> list[Statement]:
    """Those of `numbers` that there are, and all that they took the place of, ordered by number."""
    found: set[int] = set()
    wanted = set(numbers)
    while wanted:
        found |= wanted
        rows = vault.rows(
            "SELECT number FROM statements JOIN json_each(?) ON superseded_by = value", (listed(wanted),)
        )
        wanted = {row[0] for row in rows} - found
    there = by_numbers(vault, found)
    return [there[number] for number in sorted(there)]


def remove(vault: Vault, numbers: Collection[int]) -> list[Statement]:
    """Delete `with_earlier` and the vectors of all of them, what was deleted; the pages are overwritten."""
    with vault.transaction():
        removed = with_earlier(vault, numbers)
        vault.change(
            "DELETE FROM statements WHERE number IN (SELECT value FROM json_each(?))",
            (listed(statement.number for statement in removed),),
        )
    return removed


def forget(vault: Vault, number: int) -> None:
    """Like remove, for one statement. Raises NotFound."""
    if not remove(vault, [number]):
        raise NotFound(f"there is no statement {number}", hint="`ipse profile list` shows the numbers")


def alike(vault: Vault, *, text: str, source: str, kind: str, weight: float) -> int | None:
    """The number of the current statement of the same text, source, kind and sign, if there is one."""
    rows = vault.rows(
        "SELECT number FROM statements WHERE valid_to IS NULL AND identity = ? AND source = ? AND kind = ?"
        " AND (weight > 0) - (weight < 0) = ?",
        (identity(text), source, kind, (weight > 0) - (weight < 0)),
    )
    return int(rows[0][0]) if rows else None


def rewrite(vault: Vault, changed: Statement, *, now: str) -> None:
    """Correct a statement in its place: its text, weight, sensitivity and beginning.

    With the text its vectors go, and with the text or the weight what was accepted of its contradictions.
    Raises NotFound, AlreadyExists where another current statement says the same, MalformedInput.
    """
    with vault.transaction():
        before = find(vault, changed.number)
        same = alike(vault, text=changed.text, source=before.source, kind=before.kind, weight=changed.weight)
        if before.valid_to is None and same not in (None, changed.number):
            raise AlreadyExists(
                f"statement {same} says that already", hint=f"forget one of {changed.number} and {same}"
            )
        if changed.text != before.text:
            vault.change("DELETE FROM vectors WHERE statement = ?", (changed.number,))
        if (changed.text, changed.weight) != (before.text, before.weight):
            vault.change("DELETE FROM accepted_contradictions WHERE ? IN (a, b)", (changed.number,))
        vault.change(
            "UPDATE statements SET text = ?, identity = ?, weight = ?, valid_from = ? WHERE number = ?",
            (changed.text, identity(changed.text), changed.weight, changed.valid_from, changed.number),
        )
        set_sensitivity(vault, changed.sensitivity, numbers=[changed.number], now=now)


def supersede(vault: Vault, old: int, new: int) -> None:
    """End a current statement and let it point to the one that took its place.

    Raises NotFound; UsageError for one that ended already, for itself, and for a fact by an opinion.
    """
    with vault.transaction():
        ended, standing = find(vault, old), find(vault, new)
        if old == new:
            raise UsageError(f"statement {old} can't supersede itself", hint="give another one's number")
        for statement in (ended, standing):
            if statement.valid_to is not None:
                raise UsageError(
                    f"statement {statement.number} ended at {statement.valid_to}",
                    hint=f"`ipse profile show {statement.number}` shows what took its place",
                )
        if ended.kind != standing.kind:
            raise UsageError(
                f"statement {old} is {_named(ended.kind)} and {new} is {_named(standing.kind)}",
                hint="both can hold; `ipse profile contradictions` lists those that can't",
            )
        vault.change(
            "UPDATE statements SET valid_to = max(?, valid_from), superseded_by = ? WHERE number = ?",
            (standing.valid_from, new, old),
        )


def secret_since(vault: Vault, numbers: Collection[int]) -> dict[int, str]:
    """Since when (RFC 3339 UTC) those of `numbers` that are secret are so."""
    rows = vault.rows(
        "SELECT number, secret_since FROM statements JOIN json_each(?) ON number = value"
        " WHERE secret_since IS NOT NULL",
        (listed(numbers),),
    )
    return dict(rows)


def digest(vault: Vault) -> bytes:
    """32 bytes that change when a statement comes, goes or changes; secret ones have no part in them."""
    found = hashlib.sha256()
    for rows in vault.batches(
        "SELECT number, text, weight FROM statements"
        " WHERE valid_to IS NULL AND sensitivity <> 'secret' ORDER BY number"
    ):
        found.update(repr(rows).encode())
    return found.digest()


def accept_contradiction(vault: Vault, a: int, b: int, *, now: str) -> None:
    """Keep that the owner says both of two statements hold. Raises NotFound, UsageError."""
    if a == b:
        raise UsageError(f"statement {a} can't contradict itself", hint="give the numbers of two statements")
    with vault.transaction():
        for number in (a, b):
            find(vault, number)
        vault.change(
            "INSERT INTO accepted_contradictions VALUES (?, ?, ?) ON CONFLICT DO NOTHING",
            (min(a, b), max(a, b), now),
        )


def accepted_contradictions(vault: Vault) -> set[tuple[int, int]]:
    """The pairs that the owner says both hold, the lower number first."""
    return {(a, b) for a, b in vault.rows("SELECT a, b FROM accepted_contradictions")}


def set_sensitivity(
    vault: Vault, sensitivity: str, *, numbers: Collection[int] | None = None, now: str
) -> int:
    """Make statements `sensitivity`, those of `numbers` or all, ended too; how many were not so before."""
    return vault.change(
        "UPDATE statements SET sensitivity = ?1,"
        " secret_since = CASE ?1 WHEN 'secret' THEN coalesce(secret_since, ?2) END"
        " WHERE sensitivity <> ?1 AND (?3 IS NULL OR number IN (SELECT value FROM json_each(?3)))",
        (sensitivity, now, None if numbers is None else listed(numbers)),
    )


def _named(kind: str) -> str:
    return "a fact" if kind == "fact" else "an opinion"


def _known(vault: Vault, identities: Collection[bytes]) -> list[Known]:
    rows = vault.rows(
        "SELECT number, identity, source, kind, weight, sensitivity, valid_from FROM statements"
        " WHERE valid_to IS NULL AND identity IN (SELECT unhex(value) FROM json_each(?))",
        (json.dumps([identity.hex() for identity in identities]),),
    )
    return [Known(*row) for row in rows]


def _next_number(vault: Vault) -> int:
    """A number that no statement ever had."""
    rows = vault.rows("SELECT seq FROM sqlite_sequence WHERE name = 'statements'")
    return int(rows[0][0]) + 1 if rows else 1


def listed(numbers: Iterable[int]) -> str:
    """Numbers as one value: many values in one statement would take SQLite's fast memory from the others."""
    return json.dumps(list(numbers))
