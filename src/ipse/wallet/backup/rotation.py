"""Writing a backup over the last one, which is kept under another name."""

from __future__ import annotations

import contextlib
import os
import shutil
from pathlib import Path
from typing import Final

from ipse.errors import StorageError
from ipse.storage import files
from ipse.wallet import output_files

__all__ = ["write"]

_LOOKED_AT: Final = 1000
"""Numbers after the last one kept that are removed."""


def write(target: str, data: bytes, *, keep: int) -> None:
    """Write `data` to the file `target`; what was there is `target`.1 afterwards, that `target`.2 and so on.

    `keep` files are kept in all. At each moment `target` is there and whole, the old one or the new one: it
    is replaced last. Killed in between, a number may be missing, and the next run fills it. Raises
    StorageError, MalformedInput.
    """
    path = output_files.check_target(target, replace=True)
    with files.exclusive(path):
        try:
            _shift(path, keep)
        except OSError as error:
            raise StorageError(f"can't keep {path}: {(error.strerror or str(error)).lower()}") from error
        output_files.write_bytes(target, data, replace=True)
        for number in range(keep, keep + _LOOKED_AT):
            _numbered(path, number).unlink(missing_ok=True)


def _shift(path: Path, keep: int) -> None:
    if keep == 1 or not path.is_file():
        return
    free = 1
    while free < keep - 1 and _numbered(path, free).exists():
        free += 1
    for number in range(free, 1, -1):
        _numbered(path, number - 1).replace(_numbered(path, number))
    second = path.with_name(f".{path.name}.{os.urandom(8).hex()}")
    try:
        _second_name(path, second)
        second.replace(_numbered(path, 1))
    finally:
        with contextlib.suppress(OSError):
            second.unlink(missing_ok=True)


def _second_name(path: Path, name: Path) -> None:
    """Give a file a second name, or where the file system has no links copy it (0600)."""
    try:
        os.link(path, name)
    except OSError:
        os.close(os.open(name, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600))
        shutil.copyfile(path, name)


def _numbered(path: Path, number: int) -> Path:
    return path.with_name(f"{path.name}.{number}")
