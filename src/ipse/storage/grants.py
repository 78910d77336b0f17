"""Standing consent: which application may ask what, how often and for how much, until when."""

from __future__ import annotations

import json
from dataclasses import dataclass
from typing import Any, Final

from ipse.errors import CorruptData, UsageError
from ipse.storage.vault import Vault

__all__ = ["MOST", "Grant", "active", "add", "every", "revoke", "revoke_all"]

MOST: Final = 1_000_000
"""The largest bound of a grant, in answers a day and in bits."""
_SELECT: Final = (
    "SELECT number, party, level, created, expires, revoked, topics, per_day, unsigned, exact, cap"
    " FROM grants"
)


@dataclass(frozen=True, slots=True)
class Grant:
    """A grant of the owner to a party. Times are RFC 3339 UTC; `revoked` is None while it stands.

    `topics` are those it names, `per_day` the most answers in a day, None for no bound. With `unsigned` it
    holds for requests without a signature too. With `exact` its answers are what the owner would say, until
    they count `cap` bits in all; else they come from the private summary, and there is no cap.
    """

    number: int
    party: str
    level: str
    created: str
    expires: str
    revoked: str | None
    topics: tuple[str, ...] = ()
    per_day: int | None = None
    unsigned: bool = False
    exact: bool = False
    cap: int | None = None


def add(vault: Vault, grant: Grant) -> int:
    """Keep a grant; an earlier one of the same party and level ends with it. The number it gets.

    Its own `number` and `revoked` are not looked at. Raises UsageError for a bound that there can't be.
    """
    for what, bound, least in (("answers a day", grant.per_day, 0), ("bits", grant.cap, 1)):
        if bound is not None and not least <= bound <= MOST:
            raise UsageError(
                f"a grant can't be of {bound} {what}", hint=f"give a number from {least} to {MOST}"
            )
    with vault.transaction():
        revoke(vault, grant.party, level=grant.level, now=grant.created)
        return vault.insert(
            "INSERT INTO grants (party, level, created, expires, topics, per_day, unsigned, exact, cap)"
            " VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?)",
            (
                grant.party,
                grant.level,
                grant.created,
                grant.expires,
                json.dumps(grant.topics),
                grant.per_day,
                int(grant.unsigned),
                int(grant.exact),
                grant.cap,
            ),
        )


def active(vault: Vault, *, party: str, level: str, now: str) -> Grant | None:
    """The grant that lets `party` ask at `level` at the time `now`, if there is one."""
    rows = vault.rows(
        _SELECT + " WHERE party = ? AND level = ? AND revoked IS NULL"
        " AND created <= ? AND expires > ? ORDER BY number DESC LIMIT 1",
        (party, level, now, now),
    )
    return _read(rows[0]) if rows else None


def every(vault: Vault) -> list[Grant]:
    """All grants, ended ones too, oldest first."""
    return [_read(row) for row in vault.rows(_SELECT + " ORDER BY number")]


def revoke(vault: Vault, party: str, *, level: str | None = None, now: str) -> int:
    """End the standing grants of `party`, of one level or all; how many."""
    return vault.change(
        "UPDATE grants SET revoked = ? WHERE party = ? AND revoked IS NULL AND level = coalesce(?, level)",
        (now, party, level),
    )


def revoke_all(vault: Vault, *, now: str) -> int:
    """End all standing grants; how many."""
    return vault.change("UPDATE grants SET revoked = ? WHERE revoked IS NULL", (now,))


def _read(row: tuple[Any, ...]) -> Grant:
    number, party, level, created, expires, revoked, stored, per_day, unsigned, exact, cap = row
    try:
        topics = json.loads(stored)
    except (ValueError, RecursionError) as error:
        raise CorruptData(f"the topics of grant {number} can't be read") from error
    if not isinstance(topics, list) or not all(isinstance(topic, str) for topic in topics):
        raise CorruptData(f"the topics of grant {number} are not a list of names")
    return Grant(
        number, party, level, created, expires, revoked,
        tuple(topics), per_day, bool(unsigned), bool(exact), cap,
    )  # fmt: skip
