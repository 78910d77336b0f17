"""The head of the disclosure log: how many entries there are, the last one's digest, both signed."""

from __future__ import annotations

from dataclasses import dataclass

from ipse.storage.vault import Vault

__all__ = ["LogHead", "find", "put"]


@dataclass(frozen=True, slots=True)
class LogHead:
    """The head as it is stored: `digest` in hex, `signature` a JWS in compact serialization, as ASCII."""

    count: int
    digest: str
    signature: bytes


def put(vault: Vault, head: LogHead) -> None:
    """Put `head` in the place of the one before it, in the caller's transaction if there is one."""
    vault.change(
        "INSERT OR REPLACE INTO log_head (one, count, digest, signature) VALUES (1, ?, ?, ?)",
        (head.count, head.digest, head.signature),
    )


def find(vault: Vault) -> LogHead | None:
    """The head; None where no entry was made since heads are signed."""
    rows = vault.rows("SELECT count, digest, signature FROM log_head")
    return LogHead(*rows[0]) if rows else None
