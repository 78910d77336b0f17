"""Leaving no copy of what was deleted in the vault's file.

`secure_delete` zeroes a row where it lies, yet SQLite leaves stale copies in the gaps of pages that it
rebalanced before. Only writing the file anew (VACUUM) is sure to leave none. That it is due is kept in the
same transaction as the deletion, so that a process killed in between leaves it to the next one.
"""

from __future__ import annotations

from typing import Final

from ipse.storage import settings
from ipse.storage.vault import Vault

__all__ = ["finish", "is_due", "make_due"]

_NAME: Final = "erasing"


def make_due(vault: Vault) -> None:
    """Keep that the file has to be written anew, in the transaction that deletes."""
    settings.put(vault, _NAME, "due")


def is_due(vault: Vault) -> bool:
    """Whether something was deleted since the file was last written anew."""
    return settings.get(vault, _NAME) is not None


def finish(vault: Vault) -> None:
    """Write the file anew if that is due, outside any transaction. Raises StorageError."""
    if is_due(vault):
        vault.rewrite()
        settings.remove(vault, _NAME)
