"""Settings of the wallet, by name."""

from __future__ import annotations

from typing import Final

from ipse.storage.vault import Vault

__all__ = ["DATE_CONFIRMED", "HOLDER_KEYS", "get", "put", "remove", "remove_all"]

DATE_CONFIRMED: Final = "date-confirmed"
"""When the owner last confirmed the date (RFC 3339 UTC)."""

HOLDER_KEYS: Final = "holder-keys"
"""How many keys were derived and given out for credentials to be bound to, in decimal."""


def get(vault: Vault, name: str) -> str | None:
    """The value of a setting, None where it was never put."""
    rows = vault.rows("SELECT value FROM settings WHERE name = ?", (name,))
    return str(rows[0][0]) if rows else None


def put(vault: Vault, name: str, value: str) -> None:
    """Keep `value` under `name`, in place of what was there."""
    vault.change(
        "INSERT INTO settings (name, value) VALUES (?, ?) ON CONFLICT DO UPDATE SET value = excluded.value",
        (name, value),
    )


def remove(vault: Vault, name: str) -> bool:
    """Go back to the default of a setting; whether there was anything else."""
    return vault.change("DELETE FROM settings WHERE name = ?", (name,)) > 0


def remove_all(vault: Vault, prefix: str) -> int:
    """Go back to the defaults of all settings whose names begin with `prefix`; how many were put."""
    return vault.change("DELETE FROM settings WHERE substr(name, 1, ?) = ?", (len(prefix), prefix))
