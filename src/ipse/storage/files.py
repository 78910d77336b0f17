"""Files that are private from the moment they exist and never half written."""

from __future__ import annotations

import contextlib
import os
import re
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Final

from ipse.errors import CorruptData, NotFound, StorageError

__all__ = ["create_private_folder", "exclusive", "read_private", "sync_folder", "write_new", "write_private"]

_LOCK_WAIT: Final = 10.0
"""Seconds to wait for another ipse process that is writing."""
_MAX_BYTES: Final = 16 * 1024 * 1024


def create_private_folder(folder: Path) -> None:
    """Make `folder` and its parents; what is made is open to its owner alone (0700)."""
    try:
        if folder.is_dir():
            return
        create_private_folder(folder.parent)
        with contextlib.suppress(FileExistsError):
            folder.mkdir(mode=0o700)
    except OSError as error:
        raise StorageError(f"can't make the folder {folder}: {_reason(error)}") from error
    if not folder.is_dir():
        raise StorageError(f"{folder} is not a folder")


def read_private(path: Path) -> bytes:
    """What `path` holds. Raises NotFound, StorageError, CorruptData above 16 MiB."""
    try:
        with path.open("rb") as file:
            data = file.read(_MAX_BYTES + 1)
    except FileNotFoundError as error:
        raise NotFound(f"there is no {path}") from error
    except OSError as error:
        raise StorageError(f"can't read {path}: {_reason(error)}") from error
    if len(data) > _MAX_BYTES:
        raise CorruptData(f"{path} is larger than anything ipse writes there")
    return data


def write_private(path: Path, data: bytes) -> None:
    """Put `data` at `path`, whole or not at all: a new file (0600), synced, then renamed over the old.

    After a crash at any moment `path` holds either the old bytes or the new ones. Raises StorageError.
    """
    _put(path, data, lambda temporary: temporary.replace(path))


def write_new(path: Path, data: bytes) -> bool:
    """Put `data` at `path` like `write_private`, but only where nothing is there; whether it was put there.

    The system decides that in one step, so that of two processes one writes. Raises StorageError.
    """
    try:
        _put(path, data, lambda temporary: _give_free_name(temporary, path))
    except StorageError as error:
        if isinstance(error.__cause__, FileExistsError):
            return False
        raise
    return True


def _put(path: Path, data: bytes, place: Callable[[Path], object]) -> None:
    """Write `data` into a new file beside `path` and `place` it. Raises StorageError."""
    temporary = path.with_name(f".{path.name}.{os.urandom(8).hex()}")
    try:
        try:
            _write_synced(temporary, data)
            place(temporary)
        except BaseException:
            temporary.unlink(missing_ok=True)
            raise
        sync_folder(path.parent)
    except OSError as error:
        raise StorageError(f"can't write {path}: {_reason(error)}") from error


def _write_synced(path: Path, data: bytes) -> None:
    """Write a file that is not there yet (0600), down to the disk."""
    descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    with os.fdopen(descriptor, "wb") as file:
        file.write(data)
        file.flush()
        os.fsync(file.fileno())


def _give_free_name(temporary: Path, path: Path) -> None:
    """Rename a file to a name that nothing has. Raises FileExistsError."""
    if os.name == "nt":  # renaming replaces nothing there
        temporary.rename(path)
        return
    try:
        os.link(temporary, path)
    except FileExistsError:
        raise
    except OSError:  # a file system without links: the name is taken first, and filled then
        os.close(os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600))
        temporary.replace(path)
    else:
        temporary.unlink()


@contextlib.contextmanager
def exclusive(path: Path) -> Iterator[None]:
    """Hold the lock beside `path`: one process at a time reads, changes and writes it.

    What a killed process left half written beside it is removed. Raises StorageError.
    """
    import filelock

    if not path.parent.is_dir():  # the lock would make it, with whatever mode
        raise StorageError(f"there is no folder {path.parent}")
    lock = filelock.FileLock(path.with_name(f".{path.name}.lock"), mode=0o600, timeout=_LOCK_WAIT)
    try:
        lock.acquire()
    except filelock.Timeout as error:
        raise StorageError(
            f"another process has held {path} for {_LOCK_WAIT:.0f} seconds",
            hint="wait for the other ipse command to end, then run this one again",
        ) from error
    except OSError as error:
        raise StorageError(f"can't lock {path}: {_reason(error)}") from error
    try:
        _sweep(path)
        yield
    finally:
        lock.release()


def _sweep(path: Path) -> None:
    """Remove what a killed process left of a file it was writing; under the lock nobody else writes it."""
    left = re.compile(re.escape(f".{path.name}.") + r"[0-9a-f]{16}")
    with contextlib.suppress(OSError):
        for entry in path.parent.iterdir():
            if left.fullmatch(entry.name):
                entry.unlink(missing_ok=True)


def sync_folder(folder: Path) -> None:
    """Have what was renamed in `folder` down on the disk. Raises OSError."""
    if os.name == "nt":  # a folder can't be opened for syncing there
        return
    descriptor = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)


def _reason(error: OSError) -> str:
    return (error.strerror or str(error)).lower()
