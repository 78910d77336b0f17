"""The file of the vault and a connection to it: how it is made, keyed, set up, and how its errors read."""

from __future__ import annotations

import contextlib
import os
from collections.abc import Iterator
from pathlib import Path
from typing import Any, Final

from ipse.errors import AlreadyExists, CorruptData, MalformedInput, StorageError, VaultAltered

__all__ = ["MEMORY", "connected", "identity_of", "make", "refuse_wal", "translated"]

MEMORY: Final = Path(":memory:")
"""Stands for a vault that lies in no file."""
_BUSY_WAIT: Final = 10.0
"""Seconds to wait for another process's transaction."""
_PREPARED: Final = 8
"""Prepared statements kept: more would leave SQLite's own fast memory to none of them, and every other
allocation is locked into memory and wiped, at five times the cost of inserting a row."""
_SETTINGS: Final = (
    "cipher_memory_security = ON",
    "secure_delete = ON",
    "foreign_keys = ON",
    "recursive_triggers = ON",  # else what REPLACE deletes is told to no trigger
    "trusted_schema = OFF",
    "synchronous = EXTRA",
)


def make(path: Path) -> None:
    """Make the empty file (0600). Raises AlreadyExists, StorageError."""
    try:
        os.close(os.open(path, os.O_RDWR | os.O_CREAT | os.O_EXCL, 0o600))
    except FileExistsError as error:
        raise AlreadyExists(
            f"there is already a vault at {path}",
            hint="ipse never overwrites one: move it away if you are sure",
        ) from error
    except OSError as error:
        raise StorageError(f"can't make {path}: {error.strerror}") from error


def connected(path: Path, key: bytes) -> Any:
    """A connection to the file at `path` with its key and settings."""
    import sqlcipher3

    # mode=rw: a file that vanished meanwhile is not made anew, with whatever mode.
    address = "file::memory:" if path == MEMORY else f"{path.absolute().as_uri()}?mode=rw"
    with translated(path):
        connection = sqlcipher3.connect(
            address,
            uri=True,
            timeout=_BUSY_WAIT,
            isolation_level=None,
            cached_statements=_PREPARED,
        )
    try:
        with translated(path):
            connection.execute("PRAGMA cipher_log_level = NONE")  # it would write to stderr
            connection.execute(f"PRAGMA key = \"x'{key.hex()}'\"")
            for setting in _SETTINGS:
                connection.execute(f"PRAGMA {setting}")
    except BaseException:
        connection.close()
        raise
    return connection


def identity_of(path: Path) -> tuple[int, int] | None:
    """Which file is at `path`, None where there is none."""
    try:
        found = path.stat()
    except OSError:
        return None
    return found.st_dev, found.st_ino


def refuse_wal(path: Path) -> None:
    """SQLite would put what a write-ahead log holds into the vault, which never has one.

    Raises VaultAltered.
    """
    log = path.with_name(f"{path.name}-wal")
    if os.path.lexists(log):
        raise VaultAltered(
            f"{log} is none of ipse's: it would put other pages into the vault",
            hint=f"see who put it there, and move {log} away",
        )


@contextlib.contextmanager
def translated(path: Path) -> Iterator[None]:
    import sqlcipher3

    try:
        yield
    except UnicodeEncodeError as error:
        raise MalformedInput("what is to be kept is not text: it holds half of a character") from error
    except (sqlcipher3.IntegrityError, sqlcipher3.ProgrammingError):
        raise
    except sqlcipher3.OperationalError as error:
        reason = str(error)
        if "locked" in reason:
            raise StorageError(
                f"another process has held {path} for {_BUSY_WAIT:.0f} seconds",
                hint="wait for the other ipse command to end, then run this one again",
            ) from error
        raise StorageError(f"can't use {path}: {reason}") from error
    except sqlcipher3.DatabaseError as error:
        raise CorruptData(f"{path} was altered, or is not the vault of this wallet's keystore") from error
