"""The folder of compiled models: one writer at a time, and a model is there whole or not at all.

cache/                    0700
 ├─ .lock                 held while compiling
 ├─ .building-*/          being compiled; what is left of a killed compile is swept by the next
 └─ all-MiniLM-L6-v2-*/   one compiled model, files 0600
"""

from __future__ import annotations

import os
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Final

from ipse.errors import StorageError

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from ipse.preferences.embedding.model_source import ModelSource

__all__ = ["exclusive", "folder_of", "fresh_folder", "publish", "reserve"]

_LOCK: Final = ".lock"
_BUILDING: Final = ".building-"
_PATIENCE: Final = 900.0
"""Seconds to wait for another process that compiles."""


def folder_of(cache: Path, source: ModelSource) -> Path:
    """Where in `cache` the compiled model of `source` belongs."""
    return cache / f"{source.name}-{source.digest[:12]}"


@contextmanager
def exclusive(cache: Path, *, waiting: Callable[[], None]) -> Iterator[None]:
    """Make `cache` where it is missing, and be its only writer inside the block.

    `waiting` is called once if another process has it. Raises StorageError.
    """
    from filelock import FileLock, Timeout

    with _storage_errors(cache):
        cache.mkdir(mode=0o700, parents=True, exist_ok=True)
        lock = FileLock(cache / _LOCK, mode=0o600)
        try:
            lock.acquire(timeout=0)
        except Timeout:
            waiting()
            try:
                lock.acquire(timeout=_PATIENCE)
            except Timeout as error:
                raise StorageError(
                    f"another process has been compiling in {cache} for {_PATIENCE / 60:.0f} minutes",
                    hint="end that process, then run the command again",
                ) from error
    try:
        yield
    finally:
        lock.release()


@contextmanager
def fresh_folder(cache: Path) -> Iterator[Path]:
    """An empty folder (0700) in `cache` to compile in; gone afterwards unless published.

    Only for the one who has `exclusive`: it sweeps what killed compiles left.
    """
    import shutil
    import tempfile

    with _storage_errors(cache):
        for leftover in cache.glob(f"{_BUILDING}*"):
            shutil.rmtree(leftover, ignore_errors=True)
        folder = Path(tempfile.mkdtemp(prefix=_BUILDING, dir=cache))
    try:
        yield folder
    finally:
        shutil.rmtree(folder, ignore_errors=True)


def publish(built: Path, folder: Path) -> None:
    """Rename `built` to `folder`; what was there before goes aside first."""
    import shutil
    import tempfile

    with _storage_errors(folder):
        if folder.exists():
            aside = tempfile.mkdtemp(prefix=_BUILDING, dir=folder.parent)
            folder.rename(Path(aside, "old"))
            built.rename(folder)
            shutil.rmtree(aside, ignore_errors=True)
        else:
            built.rename(folder)


def reserve(path: Path) -> Path:
    """Make the empty file `path`, 0600, for a library to write: it keeps the mode."""
    os.close(os.open(path, os.O_CREAT | os.O_EXCL | os.O_WRONLY, 0o600))
    return path


@contextmanager
def _storage_errors(path: Path) -> Iterator[None]:
    try:
        yield
    except OSError as error:
        raise StorageError(f"can't write in {path}: {error.strerror or error}") from error
