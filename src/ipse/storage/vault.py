"""The vault: one SQLCipher file, opened with a raw 32-byte key.

Everything personal is in it. Page contents are authenticated by SQLCipher, so an altered file does not
open; deleted rows are overwritten (`secure_delete`) and key material in memory is wiped
(`cipher_memory_security`). That no page is older than the others, the state heads show.
"""

from __future__ import annotations

import contextlib
import logging
from collections.abc import Callable, Iterable, Iterator, Sequence
from pathlib import Path
from typing import Any, Final

from ipse.errors import CorruptData, IpseError, VaultAltered
from ipse.storage import vault_file
from ipse.storage.schema import HEADS_SINCE, MIGRATIONS
from ipse.storage.state_head import Head, StateHeads
from ipse.storage.statement_plan import identity

__all__ = ["Vault"]

_log = logging.getLogger(__name__)

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
        self._file = vault_file.identity_of(path)
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
        vault_file.make(path)
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
        vault_file.refuse_wal(path)
        return cls._open(path, key, fresh=False)

    @classmethod
    def rebuild(
        cls, path: Path | None, key: bytes, fill: Callable[[Any, StateHeads], object], version: int
    ) -> Vault:
        """A vault with the tables of schema `version`, rows from `fill`, then migrated; None is in memory.

        `fill` is given the connection, in a transaction, and the heads. It fills in the newest head as well,
        which another one then follows. Raises AlreadyExists, StorageError, CorruptData for rows that do not
        fit the tables.
        """
        if path is None:
            return cls._filled(vault_file.MEMORY, key, fill, version)
        vault_file.make(path)
        try:
            return cls._filled(path, key, fill, version)
        except BaseException:
            path.unlink(missing_ok=True)
            raise

    @classmethod
    def _filled(
        cls, path: Path, key: bytes, fill: Callable[[Any, StateHeads], object], version: int
    ) -> Vault:
        import sqlcipher3

        connection = vault_file.connected(path, key)
        try:
            heads = StateHeads(connection, key)
            with vault_file.translated(path):
                connection.execute("BEGIN IMMEDIATE")
                connection.execute("PRAGMA defer_foreign_keys = ON")
                _run(connection, MIGRATIONS[:version])
                fill(connection, heads)
                connection.execute(f"PRAGMA user_version = {version}")
                connection.execute("COMMIT")
                _migrate(connection, path, heads)
                connection.execute("BEGIN IMMEDIATE")
                heads.renew()
                connection.execute("COMMIT")
        except (sqlcipher3.IntegrityError, sqlcipher3.ProgrammingError, OverflowError) as error:
            connection.close()
            raise CorruptData(f"the rows do not fit the tables of the vault: {error}") from error
        except BaseException:
            connection.close()
            raise
        return cls(connection, path, heads)

    @classmethod
    def _open(cls, path: Path, key: bytes, *, fresh: bool) -> Vault:
        import sqlcipher3

        connection = vault_file.connected(path, key)
        try:
            with vault_file.translated(path):
                _check_whole(connection, path, fresh=fresh)
                heads = StateHeads(connection, key)
                _migrate(connection, path, heads)
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
            with vault_file.translated(self._path):
                self._check_in_place()
                self._heads.watch()
                self._connection.execute("BEGIN IMMEDIATE")
            self._heads.restart()
            self._above = 0
            yield
            with vault_file.translated(self._path):
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
            with vault_file.translated(self._path):
                self._check_beside()
                self._connection.execute("BEGIN")
            yield
        finally:
            if self._connection.in_transaction:
                self._connection.execute("ROLLBACK")

    def heads(self) -> list[Head]:
        """The chain of heads that are kept, oldest first. Raises VaultAltered."""
        with vault_file.translated(self._path):
            self._check_beside()
            return self._heads.chain()

    def check(self, head: Head, *, tables: Iterable[str] = (), everything: bool = False) -> None:
        """Hold the rows to `head`, with what the transaction in progress has changed. Raises VaultAltered.

        Of the large tables only those of `tables` are read, all with `everything`.
        """
        with self.reading(), vault_file.translated(self._path):
            self._heads.check(head, tables=tables, everything=everything)
        self._checked = True

    def begin_heads(self, *, above: int = 0) -> Head:
        """Make the first head of a vault of an older version, its counter above `above`.

        As the last step of the caller's transaction if there is one.
        """
        with self.transaction(), vault_file.translated(self._path):
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
            vault_file.refuse_wal(self._path)

    def _check_in_place(self) -> None:
        """What is written to a file that has lost its name is lost. Raises VaultAltered."""
        self._check_beside()
        if vault_file.identity_of(self._path) != self._file:
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
        with vault_file.translated(self._path):
            self._check_beside()
            return list(self._connection.execute(sql, parameters).fetchall())

    def change(self, sql: str, parameters: Sequence[object] = ()) -> int:
        """Run one statement that changes something, in a transaction; how many rows it changed."""
        with self.transaction(), vault_file.translated(self._path):
            return int(self._connection.execute(sql, parameters).rowcount)

    def change_many(self, sql: str, parameters: Iterable[Sequence[object]]) -> int:
        """Run one statement once for each of `parameters`, in a transaction; how many rows it changed."""
        with self.transaction(), vault_file.translated(self._path):
            return int(self._connection.executemany(sql, parameters).rowcount)

    def batches(self, sql: str, parameters: Sequence[object] = ()) -> Iterator[list[tuple[Any, ...]]]:
        """The rows of a query, some at a time, so that not all of them are in memory at once."""
        with vault_file.translated(self._path):
            self._check_beside()
            cursor = self._connection.execute(sql, parameters)
        while True:
            with vault_file.translated(self._path):
                rows = cursor.fetchmany(_BATCH)
            if not rows:
                return
            yield rows

    def rewrite(self) -> None:
        """Write the whole file anew, without what its free pages and gaps hold; not in a transaction."""
        with vault_file.translated(self._path):
            self._check_beside()
            self._connection.execute("VACUUM")

    def insert(self, sql: str, parameters: Sequence[object]) -> int:
        """Insert one row, in a transaction; its row number."""
        with self.transaction(), vault_file.translated(self._path):
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


def _migrate(connection: Any, path: Path, heads: StateHeads) -> None:
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
        _run(connection, MIGRATIONS[version:])
        connection.execute(f"PRAGMA user_version = {len(MIGRATIONS)}")
        if covered:
            heads.renew()
        connection.execute("COMMIT")
    except BaseException:
        if connection.in_transaction:
            connection.execute("ROLLBACK")
        raise
    _log.info("migrated the vault from schema version %d to %d", version, len(MIGRATIONS))


def _run(connection: Any, scripts: Iterable[str]) -> None:
    connection.create_function("text_identity", 1, identity, deterministic=True)
    for script in scripts:
        for statement in script.split(";\n"):  # a trigger has others inside it, on its line
            if statement.strip():
                connection.execute(statement)
