"""What a large profile's taste came to, so that the next ranking needs no more than what is new.

The vault deletes it when a statement or a vector that it was made from changes or goes.
"""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import dataclass

from ipse.storage.vault import Vault

__all__ = ["KeptTaste", "find", "keep"]


@dataclass(frozen=True, slots=True)
class KeptTaste:
    """A taste learned from the opinions up to the number `last`, from `landmarks` and their `sums`."""

    last: int
    landmarks: tuple[int, ...]
    sums: bytes


def find(vault: Vault, fingerprint: str, *, secrets: bool) -> KeptTaste | None:
    """The taste over a model's vectors, of all opinions or of those that are not secret."""
    rows = vault.rows(
        "SELECT last, landmarks, sums FROM tastes WHERE fingerprint = ? AND secrets = ?",
        (fingerprint, int(secrets)),
    )
    return KeptTaste(rows[0][0], tuple(json.loads(rows[0][1])), rows[0][2]) if rows else None


def keep(
    vault: Vault, fingerprint: str, *, secrets: bool, last: int, landmarks: Sequence[int], sums: bytes
) -> None:
    """Keep what a taste came to, in the place of an earlier one."""
    vault.change(
        "INSERT OR REPLACE INTO tastes VALUES (?, ?, ?, ?, ?)",
        (fingerprint, int(secrets), last, json.dumps(list(landmarks)), sums),
    )
