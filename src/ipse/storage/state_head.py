"""The state head: one digest of all in the vault that protects its owner, chained and authenticated.

SQLCipher authenticates a page and its number, not its age: whoever can write the file can put a page of
an older copy in the place of the new one. So each transaction that changes a protected table ends with a
new head: a counter, the digest of the head before, and for each table the sum of keyed hashes of its rows
(a multiset hash: D. Clarke et al., Incremental Multiset Hash Functions, 2003, section 5). Triggers of the
connection, which lie in no file, tell each row that comes or goes; what a page says is never believed for
a sum, and a stale page can therefore not be taken into a new head.

A head says what the rows must be. That it is the newest one is for the keystore to say.
"""

from __future__ import annotations

import hashlib
import hmac
import itertools
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from hashlib import blake2b
from typing import Any, Final

from ipse.encoding import strict_json
from ipse.errors import MalformedInput, VaultAltered

__all__ = ["LARGE", "TABLES", "Head", "StateHeads"]

TABLES: Final = (
    "accepted_contradictions",
    "answers",
    "credentials",
    "disclosures",
    "grants",
    "readings",
    "receipts",
    "settings",
    "statements",
    "status_entries",
    "status_lists",
    "summaries",
    "topic_access",
    "topics",
    "transcript",
    "trusted_authorities",
    "trusted_issuers",
)
"""What a head covers. The others hold what can be made again, or what is bound to the rows of these."""
LARGE: Final = frozenset({"disclosures", "status_entries", "transcript"})
"""Tables whose rows are read only where they are asked for by name, or all are."""
_SEQUENCES: Final = ("grants", "statements")
_SIZE: Final = 32
_BATCH: Final = 1024
"""Rows read at a time."""
_MODULUS: Final = 1 << 8 * _SIZE
_AS_HASHED: Final = {"REAL": "CAST({{0}}{0} AS REAL)", "TEXT": "CAST({{0}}{0} AS BLOB)"}
"""How a column of a type is read: a text that holds a zero byte would reach a function without its rest."""
_TRIGGERS: Final = """
CREATE TEMP TRIGGER state_{table}_insert AFTER INSERT ON main.{table}
    BEGIN SELECT state_row('{table}', 1, {new}); END;
CREATE TEMP TRIGGER state_{table}_delete AFTER DELETE ON main.{table}
    BEGIN SELECT state_row('{table}', -1, {old}); END;
CREATE TEMP TRIGGER state_{table}_update AFTER UPDATE ON main.{table}
    BEGIN SELECT state_row('{table}', -1, {old}), state_row('{table}', 1, {new}); END;
"""


@dataclass(frozen=True, slots=True)
class Head:
    """One state of the vault.

    `counter` grows with each, `previous` is the hex digest of the one before, empty in the first. `sums` has
    64 hex digits for each table and for the schema, `sequences` the last number of tables whose numbers are
    never used again, `log` the number of log entries and the hex digest of the last.
    """

    counter: int
    previous: str
    sums: Mapping[str, str]
    sequences: Mapping[str, int]
    log: tuple[int, str]

    @property
    def stored(self) -> bytes:
        """Its canonical bytes (RFC 8785)."""
        return strict_json.canonical(
            {
                "counter": self.counter,
                "previous": self.previous,
                "sums": dict(self.sums),
                "sequences": dict(self.sequences),
                "log": list(self.log),
            }
        )

    @property
    def digest(self) -> str:
        """The hex SHA-256 of `stored`."""
        return hashlib.sha256(self.stored).hexdigest()


class StateHeads:
    """The heads of an open vault, and what its transaction in progress has changed of the last one."""

    def __init__(self, connection: Any, vault_key: bytes) -> None:
        self._connection = connection
        self._row_key = _derived(vault_key, b"state-row")
        self._head_key = _derived(vault_key, b"state-head")
        self._changed: dict[str, int] = {}
        self._columns: dict[str, tuple[str, ...]] = {}
        self._watching = False

    def watch(self) -> None:
        """Be told of each changed row of a protected table from now on; outside a transaction."""
        if self._watching:
            return
        self._watching = True
        self._connection.create_function("state_row", -1, self._row)
        for table in TABLES:
            columns = self._columns_of(table)
            script = _TRIGGERS.format(
                table=table,
                new=", ".join(column.format("new.") for column in columns),
                old=", ".join(column.format("old.") for column in columns),
            )
            for statement in script.strip().split(";\n"):
                if statement.strip():
                    self._connection.execute(statement)

    def restart(self) -> None:
        """Forget the changes of a transaction that was rolled back, or whatever came before this one."""
        self._changed.clear()

    @property
    def changed(self) -> bool:
        """Whether this transaction has changed anything that a head covers, be it there and back."""
        return bool(self._changed)

    def newest(self) -> Head | None:
        """The newest head, None where there is none yet. Raises VaultAltered for one of another key."""
        rows = self._all("SELECT head, mac FROM state_heads ORDER BY counter DESC LIMIT 1")
        return self._read(*rows[0]) if rows else None

    def chain(self) -> list[Head]:
        """All heads that are kept, oldest first. Raises VaultAltered where one does not follow the last."""
        heads = [self._read(*row) for row in self._all("SELECT head, mac FROM state_heads ORDER BY counter")]
        for before, after in itertools.pairwise(heads):
            if after.previous != before.digest or after.counter <= before.counter:
                raise VaultAltered(f"state {after.counter} of the vault does not follow the one before it")
        return heads

    def begin(self, *, above: int = 0) -> Head:
        """Make the first head, of the rows as they are, its counter above `above`; in a transaction."""
        head = Head(above + 1, "", self._sums(TABLES), self._sequences(), self._log())
        self._add(head)
        return head

    def check_newest(self) -> None:
        """Hold everything to the newest head, before a change that no head follows. Raises VaultAltered."""
        newest = self.newest()
        if newest is not None:
            self.check(newest, everything=True)

    def renew(self) -> None:
        """Add a head of the rows as they are, after a change of the tables themselves; in a transaction."""
        self._columns.clear()
        before = self.newest()
        if before is not None:
            sums = self._sums(TABLES)
            self._add(Head(before.counter + 1, before.digest, sums, self._sequences(), self._log()))

    def advance(self, *, keep_from: int, above: int = 0) -> Head | None:
        """Add the head of what this transaction changed, at its end; None where there is none to follow.

        Its counter is above `above`. Heads before number `keep_from` are dropped.
        """
        before = self.newest()
        if before is None:
            return None
        sums = dict(before.sums)
        for table, change in self._changed.items():
            sums[table] = _hex(int(sums[table], 16) + change)
        sequences = self._sequences()
        if any(sequences[name] < number for name, number in before.sequences.items()):
            raise VaultAltered("numbers that were used in the vault would be used again")
        head = Head(max(before.counter, above) + 1, before.digest, sums, sequences, self._log())
        self._connection.execute("DELETE FROM state_heads WHERE counter < ?", (keep_from,))
        self._add(head)
        return head

    def check(self, head: Head, *, tables: Iterable[str] = (), everything: bool = False) -> None:
        """Hold the rows, the schema and the indexes to `head`; in a transaction of any kind.

        Of the LARGE tables, those that `tables` names, or all with `everything`. Rows are read from the
        table itself, and each index is held to them. What this transaction has changed counts as changed.
        Before a migration, the tables are those that the older version had. Raises VaultAltered.
        """
        known = [name for name in TABLES if name in head.sums]
        wanted = [name for name in known if everything or name not in LARGE or name in tables]
        for found in self._sums(wanted).items():
            expected = (int(head.sums[found[0]], 16) + self._changed.get(found[0], 0)) % _MODULUS
            if found[1] != _hex(expected):
                raise VaultAltered(f"the vault's {_named(found[0])} are not as they were left")
        changed = self._changed.keys()
        sequences, log = self._sequences(), self._log()
        if ("disclosures" not in changed and log != head.log) or any(
            name not in changed and number != head.sequences[name] for name, number in sequences.items()
        ):
            raise VaultAltered("the vault's last numbers are not as they were left")
        for name in [""] if everything else [*wanted, "state_heads"]:
            argument = f"({name})" if name else ""
            if self._all(f"PRAGMA main.integrity_check{argument}") != [("ok",)]:
                raise VaultAltered(f"an index of the vault does not fit its {_named(name or 'tables')}")
        self._check_partial_indexes(wanted)

    def check_rows(self, head: Head) -> None:
        """Hold all rows and the last numbers to `head`, but not the schema. Raises VaultAltered.

        For rows that were put into tables made anew: another version of SQLite may word the same table
        otherwise.
        """
        known = [name for name in TABLES if name in head.sums]
        for table, total in self._sums(known).items():
            if table in known and total != head.sums[table]:
                raise VaultAltered(f"the {_named(table)} are not those of the state they were saved with")
        if (self._sequences(), self._log()) != (dict(head.sequences), head.log):
            raise VaultAltered("the last numbers are not those of the state they were saved with")

    def authenticated(self, stored: bytes, mac: bytes) -> Head:
        """The head with these canonical bytes. Raises VaultAltered where `mac` is not this vault's of it."""
        return self._read(stored, mac)

    def put(self, head: Head) -> None:
        """Keep `head` as the newest one; in a transaction."""
        self._add(head)

    def _check_partial_indexes(self, tables: Iterable[str]) -> None:
        """Hold partial indexes to their tables: SQLite looks for entries that lack, not for too many."""
        rows = self._all("SELECT tbl_name, name, sql FROM main.sqlite_schema WHERE type = 'index'")
        for table, name, sql in rows:
            condition = (sql or "").partition(" WHERE ")[2]
            if condition and table in tables:
                counted = f"SELECT count(*) FROM main.{table}"  # noqa: S608 - names of the program's own
                counts = {
                    self._all(f"{counted} {by} WHERE {condition}")[0][0]
                    for by in ("NOT INDEXED", f"INDEXED BY {name}")
                }
                if len(counts) > 1:
                    raise VaultAltered(f"an index of the vault does not fit its {_named(table)}")

    def _row(self, table: str, sign: int, *values: object) -> None:
        self._changed[table] = (self._changed.get(table, 0) + sign * self._hash(table, values)) % _MODULUS

    def _hash(self, table: str, values: tuple[object, ...]) -> int:
        """A keyed hash of one row. `ascii` is injective on what SQLite gives, in every version of Python."""
        row = ascii((table, values)).encode()
        return int.from_bytes(blake2b(row, key=self._row_key, digest_size=_SIZE).digest())

    def _sums(self, tables: Iterable[str]) -> dict[str, str]:
        sums = {}
        for table in tables:
            columns = ", ".join(column.format("") for column in self._columns_of(table))
            total, hashed = 0, self._hash
            cursor = self._connection.execute(
                f"SELECT {columns} FROM main.{table} NOT INDEXED"  # noqa: S608 - names of the program's own
            )
            while rows := cursor.fetchmany(_BATCH):
                total += sum(hashed(table, row) for row in rows)
            sums[table] = _hex(total)
        schema = self._all("SELECT type, name, tbl_name, sql FROM main.sqlite_schema")
        version = self._all("PRAGMA main.user_version")
        sums["schema"] = _hex(sum(self._hash("schema", row) for row in [*schema, *version]))
        return sums

    def _columns_of(self, table: str) -> tuple[str, ...]:
        """The table's columns as templates of expressions, with a place for `new.` or `old.`."""
        if table not in self._columns:
            rows = self._all(f"PRAGMA main.table_info({table})")
            self._columns[table] = tuple(_AS_HASHED.get(row[2], "{{0}}{0}").format(row[1]) for row in rows)
        return self._columns[table]

    def _sequences(self) -> dict[str, int]:
        rows = self._all("SELECT name, seq FROM main.sqlite_sequence")
        known = {name: number for name, number in rows if isinstance(number, int)}
        return {name: known.get(name, 0) for name in _SEQUENCES}

    def _log(self) -> tuple[int, str]:
        count = self._all("SELECT count(*) FROM main.disclosures NOT INDEXED")[0][0]
        last = self._all("SELECT digest FROM main.disclosures ORDER BY number DESC LIMIT 1")
        digest = last[0][0] if last else b""
        return int(count), digest.hex() if isinstance(digest, bytes) else ""

    def _add(self, head: Head) -> None:
        self._connection.execute(
            "INSERT INTO state_heads (counter, head, mac) VALUES (?, ?, ?)",
            (head.counter, head.stored, self._mac(head.stored)),
        )

    def _mac(self, stored: bytes) -> bytes:
        return hmac.digest(self._head_key, stored, "sha256")

    def _read(self, stored: object, mac: object) -> Head:
        """The head of a row. An old page of another table may lie here, with texts and numbers in it."""
        if not (isinstance(stored, bytes) and isinstance(mac, bytes)) or not hmac.compare_digest(
            self._mac(stored), mac
        ):
            raise VaultAltered("a state of the vault is not authenticated by this wallet")
        try:
            said = strict_json.parse_object(stored, what="the state of the vault")
            return Head(
                said["counter"],
                said["previous"],
                said["sums"],
                said["sequences"],
                (said["log"][0], said["log"][1]),
            )
        except (MalformedInput, KeyError, IndexError, TypeError) as error:
            raise VaultAltered("a state of the vault can't be read") from error

    def _all(self, sql: str) -> list[Any]:
        return list(self._connection.execute(sql).fetchall())


def _derived(vault_key: bytes, label: bytes) -> bytes:
    """A key of its own for each label, from the vault's, which is derived from the root."""
    return hmac.digest(vault_key, b"ipse/1/" + label, "sha256")


def _hex(total: int) -> str:
    return f"{total % _MODULUS:064x}"


def _named(table: str) -> str:
    return table.replace("_", " ")
