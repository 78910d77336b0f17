"""Files that the owner asks for: a DID document, an exported key, a credential, a page."""

from __future__ import annotations

import os
import stat
from pathlib import Path

from ipse.errors import AlreadyExists, MalformedInput, StorageError
from ipse.storage import files

__all__ = ["check_target", "write_bytes", "write_text"]


def check_target(target: str, *, replace: bool = False) -> Path:
    """Return the path of a file that can be written; call it before the work whose result goes there.

    Raises MalformedInput for a folder, AlreadyExists for a file that is there already and not to be
    replaced, StorageError where nothing can be written or another user would read it.
    """
    path = Path(target)
    try:
        if path.is_dir():
            raise MalformedInput(f"{target} is a folder, a file is expected")
        if _is_stream(path):
            _check_reader(target, path.stat())
            return path
    except OSError as error:  # a name that is too long
        raise StorageError(f"can't write {target}: {os.strerror(error.errno or 0).lower()}") from error
    if os.path.lexists(path) and not replace:
        raise _taken(target)
    if not path.parent.is_dir() or not os.access(path.parent, os.W_OK):
        raise StorageError(f"can't write {target}: {path.parent} is not a folder that can be written to")
    return path


def write_text(target: str, text: str, *, replace: bool = False) -> None:
    """Write `text` as UTF-8 to the file `target`, whole or not at all; only its owner can read it (0600).

    A file that is there is replaced only with `replace`, also where it came there just now. A device or a
    pipe of the user's own is written to. Raises MalformedInput, AlreadyExists, StorageError.
    """
    write_bytes(target, text.encode(), replace=replace)


def write_bytes(target: str, data: bytes, *, replace: bool = False) -> None:
    """Like `write_text`, for bytes."""
    path = check_target(target, replace=replace)
    if _is_stream(path):
        _write_stream(path, data)
    elif replace:
        files.write_private(path, data)
    elif not files.write_new(path, data):
        raise _taken(target)


def _write_stream(path: Path, data: bytes) -> None:
    """Write to what is at `path` now, if it is still a device or a pipe, and not somebody else's."""
    try:
        with os.fdopen(os.open(path, os.O_WRONLY | getattr(os, "O_NOCTTY", 0)), "wb") as file:
            _check_reader(str(path), os.fstat(file.fileno()))
            file.write(data)
    except OSError as error:
        raise StorageError(f"can't write {path}: {os.strerror(error.errno or 0).lower()}") from error


def _check_reader(target: str, found: os.stat_result) -> None:
    """Raises AlreadyExists for a file, StorageError where another user reads what is written."""
    if stat.S_ISREG(found.st_mode):
        raise _taken(target)
    if os.name != "nt" and found.st_uid not in (0, os.geteuid()):
        raise StorageError(
            f"{target} is no file but a pipe or a device of another user, who would read what is written",
            hint="give another file with -o, in a folder where only you can write",
            code="stream-of-others",
        )


def _is_stream(path: Path) -> bool:
    return path.exists() and not path.is_file()


def _taken(target: str) -> AlreadyExists:
    return AlreadyExists(
        f"there is a file {target} already",
        hint="give another file with -o, or move this one away; nothing was changed",
        code="file-exists",
    )
