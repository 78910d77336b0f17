"""Files that the owner asks for: a DID document, an exported key, a credential, a page."""

from __future__ import annotations

import os
from pathlib import Path

from ipse.errors import MalformedInput, StorageError
from ipse.storage import files

__all__ = ["check_target", "write_text"]


def check_target(target: str) -> Path:
    """Return the path of a file that can be written; call it before the work whose result goes there.

    Raises MalformedInput for a folder, StorageError where nothing can be written.
    """
    path = Path(target)
    if path.is_dir():
        raise MalformedInput(f"{target} is a folder, a file is expected")
    if not path.parent.is_dir() or not os.access(path.parent, os.W_OK):
        raise StorageError(f"can't write {target}: {path.parent} is not a folder that can be written to")
    return path


def write_text(target: str, text: str) -> None:
    """Write `text` as UTF-8 to the file `target`, whole or not at all; only its owner can read it (0600).

    A device or a pipe is written to, not replaced. Raises MalformedInput, StorageError.
    """
    path = check_target(target)
    if path.exists() and not path.is_file():
        try:
            path.write_text(text, encoding="utf-8")
        except OSError as error:
            raise StorageError(f"can't write {target}: {os.strerror(error.errno or 0).lower()}") from error
        return
    files.write_private(path, text.encode())
