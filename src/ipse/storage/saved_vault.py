"""The rows of a vault as JSON values, and a vault made of them.

A row is an object with a member for each column. Numbers, texts and null are what they are; bytes are an
object with one member: `utf8` where they are UTF-8 text, else `base64`. The newest state head goes along: it
is authenticated by a key derived from the wallet's root, so rows that fit it are those that the wallet left.
"""

from __future__ import annotations

import base64
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

from ipse.encoding.strict_json import JsonObject
from ipse.errors import CorruptData, VaultAltered
from ipse.storage import vault
from ipse.storage.schema import HEADS_SINCE, MIGRATIONS
from ipse.storage.state_head import StateHeads
from ipse.storage.vault import Vault

__all__ = ["LEFT_OUT", "TABLES", "Row", "SavedVault", "rebuild", "save"]

TABLES: Final = (
    "credentials",
    "statements",
    "accepted_contradictions",
    "topics",
    "topic_access",
    "grants",
    "answers",
    "receipts",
    "transcript",
    "readings",
    "summaries",
    "disclosures",
    "trusted_issuers",
    "trusted_authorities",
    "status_lists",
    "status_entries",
    "rankings",
    "settings",
)
"""The tables whose rows are saved."""
LEFT_OUT: Final[Mapping[str, str]] = {
    "vectors": "made again from the statements by the embedding model",
    "text_vectors": "made again from topics and purposes by the embedding model",
    "tastes": "learned again from the statements",
    "status_cache": "status lists of others, fetched again",
    "state_heads": "the newest one is in manifest.json; the ones before it are over",
}
"""The tables whose rows are not saved, each with the reason."""
_SEQUENCES: Final = "SELECT name, seq FROM sqlite_sequence ORDER BY name"
_UTF8, _BASE64 = "utf8", "base64"

Row = JsonObject


@dataclass(frozen=True, slots=True)
class SavedVault:
    """All that is saved of a vault.

    `schema` is the version of its tables, `rows` has the rows of each table in their order, `sequences` the
    last number of each table whose numbers are never used again. `head` is the newest state head in its
    canonical bytes, `mac` its authentication (32 bytes).
    """

    schema: int
    rows: Mapping[str, Sequence[Row]]
    sequences: Mapping[str, int]
    head: bytes
    mac: bytes


def save(opened: Vault) -> SavedVault:
    """All that is to be saved of a vault, as one state of it.

    Call it inside the transaction that checked the rows against their head. Raises VaultAltered where there
    is no head.
    """
    with opened.reading():
        head = opened.rows("SELECT head, mac FROM state_heads ORDER BY counter DESC LIMIT 1")
        if not head:
            raise VaultAltered("the vault has no state")
        return SavedVault(
            int(opened.rows("PRAGMA user_version")[0][0]),
            {table: list(_rows(opened, table)) for table in TABLES},
            {name: int(number) for name, number in opened.rows(_SEQUENCES)},
            *head[0],
        )


def rebuild(saved: SavedVault, path: Path | None, key: bytes) -> Vault:
    """The vault that was saved, at `path` or in memory; `key` is the 32 bytes it is encrypted under.

    The rows are checked against the head that was saved with them; the vault then gets a head of its own.
    Raises CorruptData for what is no vault, VaultAltered if the rows do not match their head or `key` belongs
    to another wallet, AlreadyExists, StorageError.
    """
    if not HEADS_SINCE <= saved.schema <= len(MIGRATIONS):
        raise CorruptData(
            f"the backup has schema version {saved.schema}, this ipse knows {len(MIGRATIONS)}",
            hint="a newer ipse wrote it: upgrade",
        )
    if path is None:
        return _filled(saved, vault.MEMORY, key)
    vault.make(path)
    try:
        return _filled(saved, path, key)
    except BaseException:
        path.unlink(missing_ok=True)
        raise


def _filled(saved: SavedVault, path: Path, key: bytes) -> Vault:
    import sqlcipher3

    connection = vault.connected(path, key)
    try:
        heads = StateHeads(connection, key)
        with vault.translated(path):
            connection.execute("BEGIN IMMEDIATE")
            connection.execute("PRAGMA defer_foreign_keys = ON")
            vault.run(connection, MIGRATIONS[: saved.schema])
            _fill(saved, connection, heads)
            connection.execute(f"PRAGMA user_version = {saved.schema}")
            connection.execute("COMMIT")
            vault.migrate(connection, path, heads)
            connection.execute("BEGIN IMMEDIATE")
            heads.renew()
            connection.execute("COMMIT")
    except (sqlcipher3.IntegrityError, sqlcipher3.ProgrammingError, OverflowError) as error:
        connection.close()
        raise CorruptData(f"the rows do not fit the tables of the vault: {error}") from error
    except BaseException:
        connection.close()
        raise
    return Vault(connection, path, heads)


def _fill(saved: SavedVault, connection: Any, heads: StateHeads) -> None:
    """Insert the rows, held to the head that was saved with them, and that head."""
    head = heads.authenticated(saved.head, saved.mac)
    for table in TABLES:
        _insert(connection, table, saved.rows.get(table, ()))
    connection.execute("DELETE FROM sqlite_sequence")
    connection.executemany(
        "INSERT INTO sqlite_sequence (name, seq) VALUES (?, ?)", list(saved.sequences.items())
    )
    try:
        heads.check_rows(head)
    except (TypeError, KeyError, AttributeError, ValueError) as error:
        raise VaultAltered("the state that was saved does not have the members of one") from error
    heads.put(head)


def _rows(opened: Vault, table: str) -> Iterator[Row]:
    columns = [row[1] for row in opened.rows(f"PRAGMA table_info({table})")]
    if not columns:
        return
    names = ", ".join(columns)
    for rows in opened.batches(f"SELECT {names} FROM {table} NOT INDEXED"):  # noqa: S608 - names of ours
        for row in rows:
            yield dict(zip(columns, map(_as_json, row), strict=True))


def _insert(connection: Any, table: str, rows: Sequence[Row]) -> None:
    columns = [row[1] for row in connection.execute(f"PRAGMA table_info({table})").fetchall()]
    values = []
    for row in rows:
        if row.keys() != set(columns):
            raise CorruptData(f"a row of {table} in the backup has other members than the table has columns")
        values.append([_from_json(row[column], table) for column in columns])
    if not columns and not rows:  # an older version had no such table
        return
    names, places = ", ".join(columns), ", ".join("?" * len(columns))
    into = f"INSERT INTO {table} ({names}) VALUES ({places})"  # noqa: S608 - names of ours
    connection.executemany(into, values)


def _as_json(value: object) -> object:
    if not isinstance(value, bytes):
        return value
    try:
        return {_UTF8: value.decode()}
    except UnicodeDecodeError:
        return {_BASE64: base64.b64encode(value).decode()}


def _from_json(value: object, table: str) -> object:
    if value is None or type(value) in (str, int, float):
        return value
    match value:
        case {"utf8": str(text), **others} if not others:
            return text.encode()
        case {"base64": str(text), **others} if not others:
            try:
                return base64.b64decode(text, validate=True)
            except ValueError:
                pass
    raise CorruptData(f"a value of {table} in the backup is neither number, text, bytes nor null")
