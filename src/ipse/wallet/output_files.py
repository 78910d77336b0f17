"""Files that the owner asks for: a DID document, an exported key, a credential, a page."""

from __future__ import annotations

import os
from pathlib import Path

from ipse.errors import AlreadyExists, MalformedInput, StorageError
from ipse.storage import files

__all__ = ["check_target", "write_text"]


def check_target(target: str, *, replace: bool = False) -> Path:
    """Return the path of a file that can be written; call it before the work whose result goes there.

    Raises MalformedInput for a folder, AlreadyExists for a file that is there already and not to be
    replaced, StorageError where nothing can be written.
    """
    path = Path(target)
    if path.is_dir():
        raise MalformedInput(f"{target} is a folder, a file is expected")
    if not _is_stream(path) and os.path.lexists(path) and not replace:
        raise _taken(target)
    if not path.parent.is_dir() or not os.access(path.parent, os.W_OK):
        raise StorageError(f"can't write {target}: {path.parent} is not a folder that can be written to")
    return path


def write_text(target: str, text: str, *, replace: bool = False) -> None:
    """Write `text` as UTF-8 to the file `target`, whole or not at all; only its owner can read it (0600).

    A file that is there is replaced only with `replace`, also where it came there just now. A device or a
    pipe is written to. Raises MalformedInput, AlreadyExists, StorageError.
    """
    path = check_target(target, replace=replace)
    if _is_stream(path):
        try:
            path.write_text(text, encoding="utf-8")
        except OSError as error:
            raise StorageError(f"can't write {target}: {os.strerror(error.errno or 0).lower()}") from error
        return
    if replace:
        files.write_private(path, text.encode())
    elif not files.write_new(path, text.encode()):
        raise _taken(target)


def _is_stream(path: Path) -> bool:
    return path.exists() and not path.is_file()


def _taken(target: str) -> AlreadyExists:
    return AlreadyExists(
        f"there is a file {target} already",
        hint="give another file with -o, or move this one away; nothing was changed",
        code="file-exists",
    )
