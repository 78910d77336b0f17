"""Where secrets are kept: the operating system's keyring, or an encrypted file.

A key is written once and never overwritten: a new item, then the pointer to it, then the old one goes. What
is replaced is the state of the vault, which nothing may point to that could be put back with it.
"""

from __future__ import annotations

from typing import Protocol

__all__ = ["Keystore"]


class Keystore(Protocol):
    """A keystore holds a few small secrets, each under an item name that it is told."""

    @property
    def description(self) -> str:
        """What it is, for the owner: a backend's name or a file's path."""

    def add(self, item: str, secret: bytes) -> None:
        """Keep `secret` as the new `item` and read it back. Raises KeystoreError, AlreadyExists."""

    def get(self, item: str) -> bytes:
        """The secret kept as `item`. Raises KeystoreError, CorruptData where it is gone."""

    def find(self, item: str) -> bytes | None:
        """Like get; None where there is no such item. Raises KeystoreError, CorruptData."""

    def replace(self, item: str, secret: bytes) -> None:
        """Keep `secret` as `item`, whatever that held, and read it back; one writer of an item at a time.

        Killed at any moment, the item holds what it held before or `secret`. Raises KeystoreError.
        """

    def remove(self, item: str) -> None:
        """Forget `item`; nothing happens where it is gone already. Raises KeystoreError."""
