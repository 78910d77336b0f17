"""The vault: one SQLCipher file, opened with a raw 32-byte key.

Everything personal is in it. Page contents are authenticated by SQLCipher, so an altered file does not
open; deleted rows are overwritten (`secure_delete`) and key material in memory is wiped
(`cipher_memory_security`).
"""

from __future__ import annotations

import contextlib
import os
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any, Final

from ipse.errors import AlreadyExists, CorruptData, MalformedInput, StorageError

__all__ = ["Vault"]

_BUSY_WAIT: Final = 10.0
"""Seconds to wait for another process's transaction."""

_MIGRATIONS: Final[tuple[str, ...]] = (
    """
    CREATE TABLE credentials (
        id TEXT PRIMARY KEY,
        document BLOB NOT NULL,
        format TEXT NOT NULL,
        issuer TEXT NOT NULL,
        subject TEXT,
        types TEXT NOT NULL,
        valid_from TEXT,
        valid_until TEXT,
        verified INTEGER NOT NULL,
        added TEXT NOT NULL
    ) STRICT;
    CREATE TABLE statements (
        number INTEGER PRIMARY KEY AUTOINCREMENT,
        text TEXT NOT NULL,
        weight REAL NOT NULL CHECK (weight BETWEEN -1 AND 1),
        source TEXT NOT NULL,
        sensitivity TEXT NOT NULL CHECK (sensitivity IN ('public', 'private', 'secret')),
        created TEXT NOT NULL,
        valid_from TEXT NOT NULL,
        valid_to TEXT
    ) STRICT;
    CREATE UNIQUE INDEX statement_once ON statements (text, source) WHERE valid_to IS NULL;
    CREATE TABLE vectors (
        statement INTEGER NOT NULL REFERENCES statements (number) ON DELETE CASCADE,
        fingerprint TEXT NOT NULL,
        vector BLOB NOT NULL,
        PRIMARY KEY (statement, fingerprint)
    ) STRICT, WITHOUT ROWID;
    CREATE TABLE grants (
        number INTEGER PRIMARY KEY AUTOINCREMENT,
        origin TEXT NOT NULL,
        level TEXT NOT NULL,
        created TEXT NOT NULL,
        expires TEXT NOT NULL,
        revoked TEXT
    ) STRICT;
    CREATE TABLE disclosures (
        number INTEGER PRIMARY KEY,
        entry BLOB NOT NULL,
        digest BLOB NOT NULL
    ) STRICT;
    """,
    """
    ALTER TABLE credentials ADD COLUMN standing TEXT;
    ALTER TABLE credentials ADD COLUMN checked TEXT;
    CREATE TABLE status_lists (
        name TEXT PRIMARY KEY,
        purpose TEXT NOT NULL CHECK (purpose IN ('revocation', 'suspension')),
        kind TEXT NOT NULL CHECK (kind IN ('w3c', 'token')),
        url TEXT NOT NULL UNIQUE,
        size INTEGER NOT NULL CHECK (size >= 131072),
        bits INTEGER NOT NULL CHECK (bits IN (1, 2, 4, 8)),
        issuer TEXT NOT NULL,
        created TEXT NOT NULL
    ) STRICT;
    CREATE TABLE status_entries (
        list TEXT NOT NULL REFERENCES status_lists (name),
        idx INTEGER NOT NULL CHECK (idx >= 0),
        credential_id TEXT NOT NULL,
        status INTEGER NOT NULL CHECK (status BETWEEN 0 AND 255),
        changed TEXT NOT NULL,
        PRIMARY KEY (list, idx)
    ) STRICT, WITHOUT ROWID;
    CREATE UNIQUE INDEX status_entry_once ON status_entries (credential_id, list);
    CREATE TABLE status_cache (
        url TEXT PRIMARY KEY,
        body BLOB NOT NULL,
        media_type TEXT NOT NULL,
        fetched TEXT NOT NULL,
        fresh_until TEXT NOT NULL
    ) STRICT;
    CREATE TABLE trusted_issuers (
        did TEXT NOT NULL,
        type TEXT NOT NULL,
        added TEXT NOT NULL,
        PRIMARY KEY (did, type)
    ) STRICT, WITHOUT ROWID;
    """,
)


class Vault:
    """An open vault. Use it as a context manager; every change is inside `transaction()`."""

    def __init__(self, connection: Any, path: Path) -> None:
        self._connection = connection
        self._path = path

    @classmethod
    def create(cls, path: Path, key: bytes) -> Vault:
        """A new vault. Raises AlreadyExists, StorageError."""
        try:
            os.close(os.open(path, os.O_RDWR | os.O_CREAT | os.O_EXCL, 0o600))
        except FileExistsError as error:
            raise AlreadyExists(
                f"there is already a vault at {path}",
                hint="ipse never overwrites one: move it away if you are sure",
            ) from error
        except OSError as error:
            raise StorageError(f"can't make {path}: {error.strerror}") from error
        try:
            return cls._open(path, key, fresh=True)
        except BaseException:
            path.unlink(missing_ok=True)
            raise

    @classmethod
    def open(cls, path: Path, key: bytes) -> Vault:
        """The vault at `path`. Raises CorruptData where it is gone, altered or not opened by `key`."""
        if not path.is_file():
            raise CorruptData(f"the wallet's vault {path} is gone")
        return cls._open(path, key, fresh=False)

    @classmethod
    def _open(cls, path: Path, key: bytes, *, fresh: bool) -> Vault:
        import sqlcipher3

        with _translated(path):
            # mode=rw: a file that vanished meanwhile is not made anew, with whatever mode.
            address = f"{path.absolute().as_uri()}?mode=rw"
            connection = sqlcipher3.connect(address, uri=True, timeout=_BUSY_WAIT, isolation_level=None)
        try:
            with _translated(path):
                connection.execute("PRAGMA cipher_log_level = NONE")  # it would write to stderr
                connection.execute(f"PRAGMA key = \"x'{key.hex()}'\"")
                for setting in (
                    "cipher_memory_security = ON",
                    "secure_delete = ON",
                    "foreign_keys = ON",
                    "trusted_schema = OFF",
                    "synchronous = EXTRA",
                ):
                    connection.execute(f"PRAGMA {setting}")
                _check_whole(connection, path, fresh=fresh)
                _migrate(connection, path)
        except BaseException:
            connection.close()
            raise
        return cls(connection, path)

    def close(self) -> None:
        """Close the file."""
        self._connection.close()

    def __enter__(self) -> Vault:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    @contextlib.contextmanager
    def transaction(self) -> Iterator[None]:
        """All of it or nothing; one writer at a time. Nested use joins the outer transaction."""
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
        with _translated(self._path):
            return list(self._connection.execute(sql, parameters).fetchall())

    def change(self, sql: str, parameters: Sequence[object] = ()) -> int:
        """Run one statement that changes something, in a transaction; how many rows it changed."""
        with self.transaction(), _translated(self._path):
            return int(self._connection.execute(sql, parameters).rowcount)

    def insert(self, sql: str, parameters: Sequence[object]) -> int:
        """Insert one row, in a transaction; its row number."""
        with self.transaction(), _translated(self._path):
            return int(self._connection.execute(sql, parameters).lastrowid)


def _check_whole(connection: Any, path: Path, *, fresh: bool) -> None:
    """An emptied file would pass for a new vault, and one that lost its end for a smaller one."""
    connection.execute("BEGIN")
    try:
        version, pages, size = (
            int(connection.execute(f"PRAGMA {name}").fetchone()[0])
            for name in ("user_version", "page_count", "page_size")
        )
        if (version == 0 and not fresh) or path.stat().st_size < pages * size:
            raise CorruptData(f"{path} was cut short")
    finally:
        connection.execute("COMMIT")


def _migrate(connection: Any, path: Path) -> None:
    version = connection.execute("PRAGMA user_version").fetchone()[0]
    if version > len(_MIGRATIONS):
        raise CorruptData(
            f"{path} has schema version {version}, this ipse knows {len(_MIGRATIONS)}",
            hint="a newer ipse wrote it: upgrade",
        )
    if version == len(_MIGRATIONS):
        return
    connection.execute("BEGIN IMMEDIATE")
    try:
        version = connection.execute("PRAGMA user_version").fetchone()[0]
        for script in _MIGRATIONS[version:]:
            for statement in script.split(";"):
                if statement.strip():
                    connection.execute(statement)
        connection.execute(f"PRAGMA user_version = {len(_MIGRATIONS)}")
        connection.execute("COMMIT")
    except BaseException:
        if connection.in_transaction:
            connection.execute("ROLLBACK")
        raise


@contextlib.contextmanager
def _translated(path: Path) -> Iterator[None]:
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
