"""Standing consent: which application may ask what until when."""

from __future__ import annotations

from dataclasses import dataclass

from ipse.storage.vault import Vault

__all__ = ["Grant", "active", "add", "every", "revoke"]


@dataclass(frozen=True, slots=True)
class Grant:
    """A grant of the owner. Times are RFC 3339 UTC; `revoked` is None while it stands."""

    number: int
    origin: str
    level: str
    created: str
    expires: str
    revoked: str | None


def add(vault: Vault, *, origin: str, level: str, now: str, expires: str) -> int:
    """Keep a grant; an earlier one of the same origin and level ends with it. Its number."""
    with vault.transaction():
        revoke(vault, origin, level=level, now=now)
        return vault.insert(
            "INSERT INTO grants (origin, level, created, expires) VALUES (?, ?, ?, ?)",
            (origin, level, now, expires),
        )


def active(vault: Vault, *, origin: str, level: str, now: str) -> Grant | None:
    """The grant that lets `origin` ask at `level` at the time `now`, if there is one."""
    rows = vault.rows(
        "SELECT * FROM grants WHERE origin = ? AND level = ? AND revoked IS NULL"
        " AND created <= ? AND expires > ? ORDER BY number DESC LIMIT 1",
        (origin, level, now, now),
    )
    return Grant(*rows[0]) if rows else None


def every(vault: Vault) -> list[Grant]:
    """All grants, ended ones too, oldest first."""
    return [Grant(*row) for row in vault.rows("SELECT * FROM grants ORDER BY number")]


def revoke(vault: Vault, origin: str, *, level: str | None = None, now: str) -> int:
    """End the standing grants of `origin`, of one level or all; how many."""
    return vault.change(
        "UPDATE grants SET revoked = ? WHERE origin = ? AND revoked IS NULL AND level = coalesce(?, level)",
        (now, origin, level),
    )
