"""Cache of the fitted preference model, so that a ranking only processes new statements.

The vault deletes it when a statement or a vector that it was made from changes or goes.
"""

from __future__ import annotations

import json
from dataclasses import dataclass

from ipse.storage.vault import Vault

__all__ = ["KeptTaste", "find", "keep", "version"]


@dataclass(frozen=True, slots=True)
class KeptTaste:
    """A taste learned from the opinions up to the number `last`, from `inducing_points` and their `sums`."""

    last: int
    inducing_points: tuple[int, ...]
    sums: bytes


def find(vault: Vault, fingerprint: str, *, secrets: bool) -> KeptTaste | None:
    """The taste over a model's vectors, of all opinions or of those that are not secret."""
    rows = vault.rows(
        "SELECT last, inducing_points, sums FROM tastes WHERE fingerprint = ? AND secrets = ?",
        (fingerprint, int(secrets)),
    )
    return KeptTaste(rows[0][0], tuple(json.loads(rows[0][1])), rows[0][2]) if rows else None


def version(vault: Vault) -> int:
    """A number that is another one after another process has changed the vault."""
    return int(vault.rows("PRAGMA data_version")[0][0])


def keep(vault: Vault, fingerprint: str, kept: KeptTaste, *, secrets: bool, read_at: int) -> None:
    """Keep what a taste came to, in the place of an earlier one.

    Not where the vault is at another version than `read_at`: who changed it may have changed what the taste
    is made of, and found nothing kept that had to go.
    """
    with vault.transaction():
        if version(vault) == read_at:
            vault.change(
                "INSERT OR REPLACE INTO tastes VALUES (?, ?, ?, ?, ?)",
                (fingerprint, int(secrets), kept.last, json.dumps(kept.inducing_points), kept.sums),
            )
