"""Settings of the wallet, by name."""

from __future__ import annotations

from ipse.storage.vault import Vault

__all__ = ["get", "put", "remove"]


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
