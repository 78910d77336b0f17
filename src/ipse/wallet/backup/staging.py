"""Making a wallet's files in a folder beside their place, and moving them there."""

from __future__ import annotations

import contextlib
import os
import secrets
import shutil
from dataclasses import replace
from datetime import datetime
from pathlib import Path
from typing import Final

from ipse.errors import IpseError, StorageError
from ipse.keys.keystore import Keystore
from ipse.storage import files, manifest
from ipse.storage.manifest import Leftover, Manifest
from ipse.storage.places import Places
from ipse.wallet import identities, state
from ipse.wallet.backup.archive import Backup
from ipse.wallet.state import Remembered
from ipse.wallet.wallet import Passphrase, open_keystore

__all__ = ["LOCK", "clear", "keep_keys", "move", "put_aside", "remembering"]

LOCK: Final = "restore"
"""Named after this in the wallet's folder is the lock that one restore at a time holds."""


def keep_keys(
    staged: Places,
    backup: Backup,
    wallet: Manifest,
    kind: str,
    passphrase: Passphrase,
    *,
    state_item: bytes | None,
) -> tuple[Manifest, Keystore]:
    """Make wallet.json and the keystore of kind `kind` in `staged`: every key is in a new item.

    `wallet` is what the backup says of the wallet, or some of its DIDs. The keystore remembers `state_item`,
    None for nothing. wallet.json comes first, so that `clear` finds the items in the OS keyring.
    """
    planned = _renamed(wallet, kind)
    files.create_private_folder(staged.data)
    files.write_private(staged.manifest, manifest.encoded(planned))
    store = open_keystore(kind, staged, planned.wallet_id, passphrase, create=kind == "file")
    store.add(planned.root_item, backup.root)
    for before, record in zip(wallet.dids, planned.dids, strict=True):
        for old, place in zip(before.keys, record.keys, strict=True):
            store.add(place.item, identities.item_of(record, place, backup.keys[old.item]))
    if state_item is not None:
        store.add(planned.state_item, state_item)
    return planned, store


def clear(staged: Places, places: Places, passphrase: Passphrase) -> None:
    """Remove what `keep_keys` made, of which no wallet.json in its place says that it is needed."""
    with contextlib.suppress(IpseError):
        planned = manifest.read(staged.manifest)
        if planned.keystore == "os":
            store = open_keystore("os", places, planned.wallet_id, passphrase)
            for item in (*planned.items(), planned.state_item):
                store.remove(item)
    shutil.rmtree(staged.data, ignore_errors=True)


def remembering(backup: Backup) -> bytes:
    """The keystore's item that remembers the state of the backup."""
    return state.item_of(Remembered(*backup.state))


def _renamed(wallet: Manifest, kind: str) -> Manifest:
    """The manifest of a restored wallet: in a keystore of `kind`, every key in a new item."""
    return replace(
        wallet,
        keystore=kind,
        root_item=f"root-{secrets.token_hex(8)}",
        dids=tuple(identities.moved(record) for record in wallet.dids),
        leftovers=tuple[Leftover, ...](),
    )


def put_aside(path: Path, now: datetime) -> Path | None:
    """Give the file at `path` a second name that says it was replaced, and its journal another name.

    A journal of the old vault must not lie beside the new one: SQLite would put it in there.
    """
    if not path.exists():
        return None
    aside = path
    while aside.exists():  # also another one of the same second
        aside = path.with_name(f"{path.name}.replaced-{now:%Y%m%dT%H%M%SZ}-{secrets.token_hex(2)}")
    try:
        shutil.copyfile(path, aside, follow_symlinks=False) if os.name == "nt" else os.link(path, aside)
        journal = path.with_name(f"{path.name}-journal")
        if journal.exists():
            journal.replace(aside.with_name(f"{aside.name}-journal"))
    except OSError as error:
        raise StorageError(f"can't keep {path} as {aside.name}: {(error.strerror or '').lower()}") from error
    return aside


def move(source: Path, target: Path) -> None:
    """Move a file into its place, in the place of what is there; nothing happens where it is not there."""
    if not source.exists():
        return
    try:
        source.replace(target)
    except OSError as error:
        raise StorageError(f"can't move {source} to {target}: {(error.strerror or '').lower()}") from error
    files.sync_folder(target.parent)
