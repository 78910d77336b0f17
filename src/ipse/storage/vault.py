"""The vault: one SQLCipher file, opened with a raw 32-byte key.

Everything personal is in it. Page contents are authenticated by SQLCipher, so an altered file does not
open; deleted rows are overwritten (`secure_delete`) and key material in memory is wiped
(`cipher_memory_security`). That no page is older than the others, the state heads show.
"""

from __future__ import annotations

import contextlib
import logging
import os
from collections.abc import Callable, Iterable, Iterator, Sequence
from pathlib import Path
from typing import Any, Final

from ipse.errors import AlreadyExists, CorruptData, IpseError, MalformedInput, StorageError, VaultAltered
from ipse.storage.schema import HEADS_SINCE, MIGRATIONS
from ipse.storage.state_head import Head, StateHeads
from ipse.storage.statement_plan import identity

__all__ = ["MEMORY", "Vault", "connected", "make", "migrate", "run", "translated"]

_log = logging.getLogger(__name__)

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
_BATCH: Final = 1024
"""Rows read at a time."""
_INTERRUPTED: Final = "user-defined function raised exception"
"""What SQLite says where Ctrl-C came while a state head was told of a row; nothing else is raised there."""


class Vault:
    """An open vault. Use it as a context manager; every change is inside `transaction()`."""

    def __init__(self, connection: Any, path: Path, heads: StateHeads) -> None:
        self._connection = connection
        self._path = path
        self._heads = heads
        self._file = identity_of(path)
        self._above = 0
        self._checked = False
        self.unsettled: Head | None = None
        """The newest state that was committed here and that the keystore does not hold yet."""
        self.settled = 0
        """The counter of a state that the keystore holds; what is older is dropped."""
        self.committed: Callable[[], object] = lambda: None
        """Called after each commit of another state."""
        self.before_change: Callable[[], object] = lambda: None
        """Called before the first commit of another state, in its transaction."""
        self.refusal: IpseError | None = None
        """Why no protected table may be changed; None where all may."""

    @classmethod
    def create(cls, path: Path, key: bytes) -> Vault:
        """A new vault. Raises AlreadyExists, StorageError."""
        make(path)
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
        refuse_wal(path)
        return cls._open(path, key, fresh=False)

    @classmethod
    def _open(cls, path: Path, key: bytes, *, fresh: bool) -> Vault:
        import sqlcipher3

        connection = connected(path, key)
        try:
            with translated(path):
                _check_whole(connection, path, fresh=fresh)
                heads = StateHeads(connection, key)
                migrate(connection, path, heads)
                if fresh:
                    connection.execute("BEGIN IMMEDIATE")
                    heads.begin()
                    connection.execute("COMMIT")
                    # The tables of older schemas left free pages; on a small disk they stay.
                    with contextlib.suppress(sqlcipher3.OperationalError):
                        connection.execute("VACUUM")
        except BaseException:
            connection.close()
            raise
        _log.info("opened the vault %s", path)
        return cls(connection, path, heads)

    def close(self) -> None:
        """Close the file."""
        self._connection.close()

    def __enter__(self) -> Vault:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    @contextlib.contextmanager
    def transaction(self) -> Iterator[None]:
        """All of it or nothing; one writer at a time. Nested use joins the outer transaction.

        One that changes a protected table is committed with the head of its new state.
        """
        if self._connection.in_transaction:
            yield
            return
        try:  # from here, so that no interrupt leaves it open, which later ones would join
            with translated(self._path):
                self._check_in_place()
                self._heads.watch()
                self._connection.execute("BEGIN IMMEDIATE")
            self._heads.restart()
            self._above = 0
            yield
            with translated(self._path):
                head = self._next_head() if self._heads.changed else None
                self._connection.execute("COMMIT")
        except BaseException as error:
            if self._connection.in_transaction:
                self._connection.execute("ROLLBACK")
            if _INTERRUPTED in str(error):
                raise KeyboardInterrupt from error
            raise
        finally:
            self._heads.restart()
        if head is not None:
            self.unsettled = head
            self.committed()

    @contextlib.contextmanager
    def reading(self) -> Iterator[None]:
        """One state of the vault for all that is read; joins a transaction in progress."""
        if self._connection.in_transaction:
            yield
            return
        try:
            with translated(self._path):
                self._check_beside()
                self._connection.execute("BEGIN")
            yield
        finally:
            if self._connection.in_transaction:
                self._connection.execute("ROLLBACK")

    def heads(self) -> list[Head]:
        """The chain of heads that are kept, oldest first. Raises VaultAltered."""
        with translated(self._path):
            self._check_beside()
            return self._heads.chain()

    def check(self, head: Head, *, tables: Iterable[str] = (), everything: bool = False) -> None:
        """Hold the rows to `head`, with what the transaction in progress has changed. Raises VaultAltered.

        Of the large tables only those of `tables` are read, all with `everything`.
        """
        with self.reading(), translated(self._path):
            self._heads.check(head, tables=tables, everything=everything)
        self._checked = True

    def begin_heads(self, *, above: int = 0) -> Head:
        """Make the first head of a vault of an older version, its counter above `above`.

        As the last step of the caller's transaction if there is one.
        """
        with self.transaction(), translated(self._path):
            head = self._heads.begin(above=above)
            self._heads.restart()
        self.unsettled = head
        return head

    def skip_to(self, counter: int) -> None:
        """Let the head of the transaction in progress have a counter above `counter`."""
        self._above = counter

    def _check_beside(self) -> None:
        """SQLite looks for a write-ahead log whenever it begins to read. Raises VaultAltered."""
        if not self._connection.in_transaction:
            refuse_wal(self._path)

    def _check_in_place(self) -> None:
        """What is written to a file that has lost its name is lost. Raises VaultAltered."""
        self._check_beside()
        if identity_of(self._path) != self._file:
            raise VaultAltered(
                f"{self._path} was replaced by another file meanwhile",
                hint="nothing was changed; see who did that, put the newest vault.db back and run it again",
            )

    def _next_head(self) -> Head | None:
        if self.refusal is not None:
            raise self.refusal
        if not self._checked:
            self.before_change()
        return self._heads.advance(keep_from=self.settled, above=self._above)

    def rows(self, sql: str, parameters: Sequence[object] = ()) -> list[tuple[Any, ...]]:
        """All rows of a query."""
        with translated(self._path):
            self._check_beside()
            return list(self._connection.execute(sql, parameters).fetchall())

    def change(self, sql: str, parameters: Sequence[object] = ()) -> int:
        """Run one statement that changes something, in a transaction; how many rows it changed."""
        with self.transaction(), translated(self._path):
            return int(self._connection.execute(sql, parameters).rowcount)

    def change_many(self, sql: str, parameters: Iterable[Sequence[object]]) -> int:
        """Run one statement once for each of `parameters`, in a transaction; how many rows it changed."""
        with self.transaction(), translated(self._path):
            return int(self._connection.executemany(sql, parameters).rowcount)

    def batches(self, sql: str, parameters: Sequence[object] = ()) -> Iterator[list[tuple[Any, ...]]]:
        """The rows of a query, some at a time, so that not all of them are in memory at once."""
        with translated(self._path):
            self._check_beside()
            cursor = self._connection.execute(sql, parameters)
        while True:
            with translated(self._path):
                rows = cursor.fetchmany(_BATCH)
            if not rows:
                return
            yield rows

    def rewrite(self) -> None:
        """Write the whole file anew, without what its free pages and gaps hold; not in a transaction."""
        with translated(self._path):
            self._check_beside()
            self._connection.execute("VACUUM")

    def insert(self, sql: str, parameters: Sequence[object]) -> int:
        """Insert one row, in a transaction; its row number."""
        with self.transaction(), translated(self._path):
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


def migrate(connection: Any, path: Path, heads: StateHeads) -> None:
    """Bring the tables up to the newest schema, in one transaction. Raises CorruptData for a newer one."""
    version = connection.execute("PRAGMA user_version").fetchone()[0]
    if version > len(MIGRATIONS):
        raise CorruptData(
            f"{path} has schema version {version}, this ipse knows {len(MIGRATIONS)}",
            hint="a newer ipse wrote it: upgrade",
        )
    if version == len(MIGRATIONS):
        return
    connection.execute("BEGIN IMMEDIATE")
    try:
        version = connection.execute("PRAGMA user_version").fetchone()[0]
        covered = version >= HEADS_SINCE
        if covered:
            heads.check_newest()
        run(connection, MIGRATIONS[version:])
        connection.execute(f"PRAGMA user_version = {len(MIGRATIONS)}")
        if covered:
            heads.renew()
        connection.execute("COMMIT")
    except BaseException:
        if connection.in_transaction:
            connection.execute("ROLLBACK")
        raise
    _log.info("migrated the vault from schema version %d to %d", version, len(MIGRATIONS))


def run(connection: Any, scripts: Iterable[str]) -> None:
    """Run scripts of the schema, in the transaction in progress."""
    connection.create_function("text_identity", 1, identity, deterministic=True)
    for script in scripts:
        for statement in script.split(";\n"):  # a trigger has others inside it, on its line
            if statement.strip():
                connection.execute(statement)


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
