"""Empty vaults and wallets, made once and copied: making one takes twenty times as long as opening it."""

from __future__ import annotations

import tempfile
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from datetime import datetime
from functools import cache
from pathlib import Path
from typing import Any, Final, TypeAlias

import pytest

from ipse.keys.keystore import encrypted_file
from ipse.keys.keystore.encrypted_file import EncryptedFile
from ipse.storage import vault
from ipse.storage.places import Places
from ipse.storage.schema import MIGRATIONS
from ipse.storage.state_head import StateHeads
from ipse.storage.vault import Vault
from ipse.wallet.wallet import Wallet

__all__ = ["PASSPHRASE", "cheaply", "empty_vault", "empty_wallet", "schema", "tamper"]

Derive: TypeAlias = Callable[[EncryptedFile, dict[str, Any]], bytes]

PASSPHRASE: Final = b"correct horse battery staple"


@cache
def _vault(key: bytes) -> bytes:
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "vault.db"
        Vault.create(path, key).close()
        return path.read_bytes()


def empty_vault(path: Path, key: bytes) -> Vault:
    """What `Vault.create` gives."""
    _write(path, _vault(key))
    return Vault.open(path, key)


@contextmanager
def schema(version: int) -> Iterator[None]:
    """Make and open vaults as the program did when the schema had this version, without state heads."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(vault, "MIGRATIONS", MIGRATIONS[:version])
        patch.setattr(StateHeads, "begin", lambda _: None)
        patch.setattr(StateHeads, "watch", lambda _: None)
        yield


def tamper(vault: Vault, sql: str, rows: Iterable[tuple[object, ...]] = ((),)) -> None:
    """Change rows without the vault's knowing, as who splices pages does."""
    vault._connection.executemany(sql, rows)
    vault._heads.restart()


@contextmanager
def cheaply(derive: Derive = EncryptedFile._derive) -> Iterator[None]:
    """Make keystore files with the least that is read, 8 MiB and one pass, whatever a test has put there."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(encrypted_file, "_OPS_LIMIT", 1)
        patch.setattr(encrypted_file, "_MEMORY_LIMIT", 8 * 1024 * 1024)
        patch.setattr(EncryptedFile, "_derive", derive)
        yield


@cache
def _wallet(passphrase: bytes, now: datetime, derive: Derive) -> dict[str, bytes]:
    with cheaply(derive), tempfile.TemporaryDirectory() as folder:
        places = Places(data=Path(folder) / "wallet", cache=Path(folder) / "cache")
        Wallet.create(places, keystore="file", passphrase=lambda: passphrase, now=now).close()
        return {path.name: path.read_bytes() for path in places.data.iterdir()}


def empty_wallet(places: Places, *, passphrase: bytes = PASSPHRASE, now: datetime) -> Wallet:
    """What `Wallet.create` gives over an encrypted file, but that all of them have the same keys."""
    files = _wallet(passphrase, now, EncryptedFile._derive)
    places.data.mkdir(mode=0o700, parents=True)
    for name, content in files.items():
        _write(places.data / name, content)
    return Wallet(places, lambda: passphrase)


def _write(path: Path, content: bytes) -> None:
    path.touch(mode=0o600, exist_ok=False)
    path.write_bytes(content)
