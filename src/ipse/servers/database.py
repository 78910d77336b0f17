"""A database of a server's own: one SQLCipher file with a key of its own, for the threads of one process.

It lies beside the vault and is never the vault: it holds what is gone within the hour. So it is kept for
speed: what was committed survives a killed process, not always a power cut (write-ahead log without a sync
at each commit), and it is whole after either.
"""

from __future__ import annotations

import contextlib
import os
import stat
import threading
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any, Final

from ipse.errors import CorruptData, StorageError

__all__ = ["Database"]

_BUSY_WAIT: Final = 10.0
"""Seconds to wait for another process's transaction."""
_SETTINGS: Final = (
    "cipher_memory_security = ON",
    "secure_delete = ON",
    "trusted_schema = OFF",
    "journal_mode = WAL",
    "synchronous = NORMAL",
)


class Database:
    """An open database. One thread at a time uses it; the others wait."""

    def __init__(self, connection: Any, path: Path) -> None:
        self._connection = connection
        self._path = path
        self._lock = threading.RLock()

    @classmethod
    def open(cls, path: Path, key: bytes, schema: Sequence[str]) -> Database:
        """Open the file at `path`, made first where there is none (0600), and make its tables.

        `key` has 32 bytes. The number of statements in `schema` is its version. Raises StorageError where
        somebody else can read the file, CorruptData where `key` does not open it or its version is another.
        """
        import sqlcipher3

        _claim(path)
        with _translated(path):
            connection = sqlcipher3.connect(
                f"{path.absolute().as_uri()}?mode=rw",
                uri=True,
                timeout=_BUSY_WAIT,
                isolation_level=None,
                check_same_thread=False,
            )
        try:
            with _translated(path):
                connection.execute("PRAGMA cipher_log_level = NONE")  # it would write to stderr
                connection.execute(f"PRAGMA key = \"x'{key.hex()}'\"")
                for setting in _SETTINGS:
                    connection.execute(f"PRAGMA {setting}")
                _make_tables(connection, path, schema)
        except BaseException:
            connection.close()
            raise
        return cls(connection, path)

    def close(self) -> None:
        """Close the file, once no thread uses it."""
        with self._lock:
            self._connection.close()

    def __enter__(self) -> Database:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    @contextlib.contextmanager
    def transaction(self) -> Iterator[None]:
        """All of it or nothing, one writer at a time. Nested use joins the outer transaction."""
        with self._lock:
            if self._connection.in_transaction:
                yield
                return
            with _translated(self._path):
                self._connection.execute("BEGIN IMMEDIATE")
            try:
                yield
                with _translated(self._path):
                    self._connection.execute("COMMIT")
            except BaseException:
                if self._connection.in_transaction:
                    self._connection.execute("ROLLBACK")
                raise

    def rows(self, sql: str, parameters: Sequence[object] = ()) -> list[tuple[Any, ...]]:
        """All rows of a query."""
        with self._lock, _translated(self._path):
            return list(self._connection.execute(sql, parameters).fetchall())

    def change(self, sql: str, parameters: Sequence[object] = ()) -> int:
        """Run one statement in a transaction; how many rows it changed."""
        with self.transaction(), _translated(self._path):
            return int(self._connection.execute(sql, parameters).rowcount)


def _claim(path: Path) -> None:
    """Make the file where there is none. Raises StorageError for one that others can read or replace."""
    try:
        descriptor = os.open(path, os.O_RDWR | os.O_CREAT | getattr(os, "O_NOFOLLOW", 0), 0o600)
        try:
            found = os.fstat(descriptor)
        finally:
            os.close(descriptor)
    except OSError as error:
        raise StorageError(f"can't open {path}: {(error.strerror or str(error)).lower()}") from error
    if os.name == "nt":
        return
    if not stat.S_ISREG(found.st_mode) or found.st_uid != os.geteuid() or found.st_mode & 0o077:
        raise StorageError(
            f"{path} is not a file that you alone can read", hint=f"see what it is, and move {path} away"
        )


def _make_tables(connection: Any, path: Path, schema: Sequence[str]) -> None:
    connection.execute("BEGIN IMMEDIATE")
    try:
        version = connection.execute("PRAGMA user_version").fetchone()[0]
        if version == 0:
            for statement in schema:
                connection.execute(statement)
            connection.execute(f"PRAGMA user_version = {len(schema)}")
        elif version != len(schema):
            raise CorruptData(f"{path} is of another version of ipse", hint=_REMOVABLE.format(path=path))
        connection.execute("COMMIT")
    except BaseException:
        if connection.in_transaction:
            connection.execute("ROLLBACK")
        raise


_REMOVABLE: Final = "it holds nothing but sessions: remove {path} while no server runs"


@contextlib.contextmanager
def _translated(path: Path) -> Iterator[None]:
    import sqlcipher3

    try:
        yield
    except (sqlcipher3.IntegrityError, sqlcipher3.ProgrammingError):
        raise
    except sqlcipher3.OperationalError as error:
        raise StorageError(f"can't use {path}: {error}") from error
    except sqlcipher3.DatabaseError as error:
        raise CorruptData(
            f"{path} was altered, or is of another wallet", hint=_REMOVABLE.format(path=path)
        ) from error
