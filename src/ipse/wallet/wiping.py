"""Wiping a wallet: its keys, its vault, and all else that ipse keeps of it on this machine.

Only what ipse made is removed, by its name: IPSE_HOME may be a folder that holds other things too. The
keyring's items go first and wallet.json last, so that a wipe that is killed is finished by starting it again.
"""

from __future__ import annotations

import contextlib
import re
import shutil
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from ipse.errors import CorruptData, NotFound, StorageError
from ipse.keys.keystore import unlock_service
from ipse.preferences.embedding.compiled_model import MANIFEST
from ipse.storage import manifest
from ipse.storage.manifest import Manifest
from ipse.storage.places import Places, check_private
from ipse.wallet.wallet import open_keystore

__all__ = ["Found", "found", "wipe"]

_FILES: Final = re.compile(
    r"(vault\.db|keystore\.json|verifier\.db)(-journal|-wal|-shm)?"
    r"|(vault\.db|keystore\.json|wallet\.json)\.replaced-[0-9TZ]+-[0-9a-f]{4}(-journal)?"
    r"|\.(wallet\.json|vault\.db|keystore\.json|restore)(\.lock|\.[0-9a-f]{16})"
)
"""Files of the wallet beside wallet.json."""
_FOLDERS: Final = (".restore-new", ".restore-over", ".restore-keys")
_FETCHED: Final = ".ipse.json"
"""Lies in the folder of a model that was fetched."""


@dataclass(frozen=True, slots=True)
class Found:
    """What there is to be wiped.

    `wallet` is what wallet.json says, None where it can't be read: items in the OS keyring can't be found
    then. `paths` are files and folders, wallet.json last; `models` how many of them are models.
    """

    wallet: Manifest | None
    paths: tuple[Path, ...]
    models: int

    @property
    def word(self) -> str:
        """What confirms the wipe: the wallet's id, or `wipe` where there is none to read."""
        return "wipe" if self.wallet is None else self.wallet.wallet_id


def found(places: Places) -> Found:
    """What there is to be wiped in `places`. Raises NotFound where there is nothing, StorageError."""
    check_private(places)
    read = None
    with contextlib.suppress(NotFound, CorruptData):
        read = manifest.read(places.manifest)
    paths = [path for path in _entries(places.data) if _FILES.fullmatch(path.name) or path.name in _FOLDERS]
    models = [
        path
        for folder, mark in ((places.data / "models", _FETCHED), (places.models, MANIFEST))
        for path in _entries(folder)
        if path.is_dir() and not path.is_symlink() and (path / mark).is_file()
    ]
    if read is None and not places.manifest.exists() and not any(path.suffix == ".db" for path in paths):
        raise NotFound(f"there is no wallet in {places.data}", hint="nothing was removed")
    last = [places.manifest] if places.manifest.exists() else []
    return Found(read, (*models, *paths, *last), len(models))


def wipe(places: Places, what: Found) -> None:
    """Remove what was `found`, for good.

    Raises KeystoreError where the OS keyring does not answer, with nothing removed, StorageError.
    """
    if what.wallet is not None and _is_in_keyring(what.wallet):
        _remove_items(places, what.wallet)
    unlock_service.stop(places.keystore)
    for path in what.paths:
        _remove(path)
    for folder in (places.data / "models", places.models, places.cache, places.data):
        with contextlib.suppress(OSError):  # something else lies in it, or it is gone
            folder.rmdir()


def _is_in_keyring(wallet: Manifest) -> bool:
    return wallet.keystore == "os" or any(leftover.keystore == "os" for leftover in wallet.leftovers)


def _remove_items(places: Places, wallet: Manifest) -> None:
    store = open_keystore("os", places, wallet.wallet_id, bytes)
    items = {leftover.item for leftover in wallet.leftovers if leftover.keystore == "os"}
    if wallet.keystore == "os":
        items |= {*wallet.items(), wallet.state_item} - {wallet.root_item}
    for item in sorted(items):
        store.remove(item)
    if wallet.keystore == "os":
        store.remove(wallet.root_item)


def _entries(folder: Path) -> list[Path]:
    try:
        return sorted(folder.iterdir())
    except (FileNotFoundError, NotADirectoryError):
        return []
    except OSError as error:
        raise StorageError(f"can't read {folder}: {(error.strerror or str(error)).lower()}") from error


def _remove(path: Path) -> None:
    try:
        if path.is_dir() and not path.is_symlink():
            shutil.rmtree(path)
        else:
            path.unlink(missing_ok=True)
    except OSError as error:
        raise StorageError(f"can't remove {path}: {(error.strerror or str(error)).lower()}") from error
