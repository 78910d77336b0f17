"""The issuer's status lists, who has which entry of them, and the lists of others that were fetched.

An entry is given out once and never again, whether it came to be used or not: what is left unused says
nothing, what is used twice would revoke a stranger's credential.
"""

from __future__ import annotations

import json
import random
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final, Literal, TypeAlias, cast

from ipse.errors import AlreadyExists, NotFound, UsageError
from ipse.storage.vault import Vault

__all__ = [
    "MAX_SIZE",
    "MIN_SIZE",
    "CachedList",
    "Kind",
    "ListEntry",
    "ListRecord",
    "add",
    "allocate",
    "allocate_many",
    "cached",
    "count_used",
    "entries_of_credential",
    "every",
    "find",
    "forget_cached",
    "keep_cached",
    "set_status",
    "statuses",
]

Kind: TypeAlias = Literal["w3c", "token"]

MIN_SIZE: Final = 131_072
MAX_SIZE: Final = 4_194_304
"""Entries; more would not fit into what readers fetch."""

_FEW: Final = 16
"""Entries that are looked for one by one."""

_MAX_CACHED: Final = 64
"""Fetched lists that are kept at a time, each of at most 1 MiB."""

_random: Final = random.SystemRandom()


@dataclass(frozen=True, slots=True)
class ListRecord:
    """A list of the issuer. `size` is in entries, `bits` in bits of an entry; times are RFC 3339."""

    name: str
    purpose: str
    kind: Kind
    url: str
    size: int
    bits: int
    issuer: str
    created: str


@dataclass(frozen=True, slots=True)
class ListEntry:
    """Entry `index` of a list: whose it is, its status, and since when. Status 0 is valid."""

    list: str
    index: int
    credential_id: str
    status: int
    changed: str


@dataclass(frozen=True, slots=True)
class CachedList:
    """A list of somebody else as it was fetched; not verified. Times are RFC 3339."""

    url: str
    body: bytes
    media_type: str
    fetched: str
    fresh_until: str


def add(vault: Vault, record: ListRecord) -> None:
    """Keep a new list. Raises AlreadyExists for a taken name or URL, UsageError for its size."""
    if not MIN_SIZE <= record.size <= MAX_SIZE:
        raise UsageError(
            f"a status list of {record.size} entries can't be made",
            hint=f"--size takes {MIN_SIZE} to {MAX_SIZE}; credentials hide among the entries of their list",
        )
    with vault.transaction():
        for held in every(vault):
            if record.name == held.name or record.url == held.url:
                taken = held.name if record.name == held.name else held.url
                raise AlreadyExists(
                    f"there is already a status list {taken}", hint="choose another name and another URL"
                )
        vault.insert(
            "INSERT INTO status_lists VALUES (?, ?, ?, ?, ?, ?, ?, ?)",
            (
                record.name,
                record.purpose,
                record.kind,
                record.url,
                record.size,
                record.bits,
                record.issuer,
                record.created,
            ),
        )


def every(vault: Vault) -> list[ListRecord]:
    """All lists of the issuer, oldest first."""
    return [_record(row) for row in vault.rows("SELECT * FROM status_lists ORDER BY created, name")]


def find(vault: Vault, name: str) -> ListRecord:
    """The list of this name. Raises NotFound."""
    rows = vault.rows("SELECT * FROM status_lists WHERE name = ?", (name,))
    if not rows:
        raise NotFound(
            f"there is no status list {name[:60]!r}", hint="name one of those that were made in this wallet"
        )
    return _record(rows[0])


def allocate(vault: Vault, name: str, credential_id: str, *, now: str) -> int:
    """An entry for one credential: an index that was never given out, any of them as likely.

    Raises NotFound, UsageError where the list is full, AlreadyExists where the credential has one in it.
    """
    return allocate_many(vault, name, [credential_id], now=now)[0]


def allocate_many(vault: Vault, name: str, credential_ids: Sequence[str], *, now: str) -> list[int]:
    """An entry for each of the credentials, all or none. Like allocate."""
    with vault.transaction():
        record = find(vault, name)
        _refuse_held(vault, name, credential_ids)
        indexes = _unused(vault, record, len(credential_ids))
        # One statement for all, in the table's order: one by one, a hundred thousand take seconds.
        owners = dict(sorted(zip(indexes, credential_ids, strict=True)))
        vault.change(
            "INSERT INTO status_entries SELECT ?, CAST(key AS INTEGER), value, 0, ? FROM json_each(?)",
            (name, now, json.dumps(owners, ensure_ascii=False)),
        )
    return indexes


def count_used(vault: Vault, name: str) -> int:
    """How many entries of a list were given out."""
    return int(vault.rows("SELECT count(*) FROM status_entries WHERE list = ?", (name,))[0][0])


def entries_of_credential(vault: Vault, credential_id: str) -> list[tuple[ListRecord, ListEntry]]:
    """The entries of a credential, each with its list."""
    rows = vault.rows(
        "SELECT list, idx, credential_id, status, changed FROM status_entries"
        " WHERE credential_id = ? ORDER BY list",
        (credential_id,),
    )
    return [(find(vault, str(row[0])), ListEntry(*row)) for row in rows]


def set_status(vault: Vault, entry: ListEntry, status: int, *, now: str) -> None:
    """Give an entry another status. Raises NotFound where there is no such entry."""
    changed = vault.change(
        "UPDATE status_entries SET status = ?, changed = ? WHERE list = ? AND idx = ? AND credential_id = ?",
        (status, now, entry.list, entry.index, entry.credential_id),
    )
    if not changed:
        raise NotFound(f"entry {entry.index} of the status list {entry.list!r} is nobody's")


def statuses(vault: Vault, name: str) -> bytes:
    """The whole list, one byte for each entry; those that nobody has are 0. Raises NotFound."""
    whole = bytearray(find(vault, name).size)
    rows = vault.rows("SELECT idx, status FROM status_entries WHERE list = ? AND status != 0", (name,))
    for index, status in rows:
        whole[index] = status
    return bytes(whole)


def cached(vault: Vault, url: str, *, now: str) -> CachedList | None:
    """The list that was fetched from `url`, if it need not be fetched again at the time `now`."""
    rows = vault.rows(
        "SELECT * FROM status_cache WHERE url = ? AND fetched <= ? AND fresh_until > ?", (url, now, now)
    )
    return CachedList(*rows[0]) if rows else None


def keep_cached(vault: Vault, held: CachedList) -> None:
    """Keep a fetched list in place of the one from the same URL; drop those that went stale or are many."""
    with vault.transaction():
        vault.change("DELETE FROM status_cache WHERE url = ? OR fresh_until <= ?", (held.url, held.fetched))
        vault.change(
            "DELETE FROM status_cache WHERE url NOT IN"
            " (SELECT url FROM status_cache ORDER BY fetched DESC, url LIMIT ?)",
            (_MAX_CACHED - 1,),
        )
        vault.insert(
            "INSERT INTO status_cache VALUES (?, ?, ?, ?, ?)",
            (held.url, held.body, held.media_type, held.fetched, held.fresh_until),
        )


def forget_cached(vault: Vault, url: str) -> None:
    """Drop what was fetched from `url`."""
    vault.change("DELETE FROM status_cache WHERE url = ?", (url,))


def _refuse_held(vault: Vault, name: str, credential_ids: Sequence[str]) -> None:
    if len(set(credential_ids)) != len(credential_ids):
        raise UsageError("a credential is named twice", hint="each credential needs an id of its own")
    if len(credential_ids) > _FEW:
        rows = vault.rows("SELECT credential_id FROM status_entries WHERE list = ?", (name,))
    else:
        marks = ", ".join("?" * len(credential_ids))
        rows = vault.rows(
            f"SELECT credential_id FROM status_entries WHERE list = ? AND credential_id IN ({marks})",  # noqa: S608 - question marks
            (name, *credential_ids),
        )
    held = {str(row[0]) for row in rows}
    owner = next((owner for owner in credential_ids if owner in held), None)
    if owner is not None:
        raise AlreadyExists(
            f"the credential {owner[:100]} has an entry in the status list {name!r} already",
            hint="a credential has one entry in a list; give the new one an id of its own",
        )


def _unused(vault: Vault, record: ListRecord, count: int) -> list[int]:
    """`count` different indexes in random order, uniform among those that nobody has."""
    free = record.size - count_used(vault, record.name)
    if count > free:
        raise UsageError(
            f"the status list {record.name!r} has {free} of {record.size} entries left, {count} are needed",
            hint="make another status list for them",
        )
    if count <= _FEW and free > record.size // 4:
        return _drawn(vault, record, count)
    rows = vault.rows("SELECT idx FROM status_entries WHERE list = ?", (record.name,))
    used = {int(row[0]) for row in rows}
    return _random.sample([index for index in range(record.size) if index not in used], count)


def _drawn(vault: Vault, record: ListRecord, count: int) -> list[int]:
    """Drawn until they are unused, which spares reading a long list for a few of its entries."""
    drawn: list[int] = []
    while len(drawn) < count:
        index = _random.randrange(record.size)
        used = vault.rows("SELECT 1 FROM status_entries WHERE list = ? AND idx = ?", (record.name, index))
        if not used and index not in drawn:
            drawn.append(index)
    return drawn


def _record(row: tuple[object, ...]) -> ListRecord:
    name, purpose, kind, url, size, bits, issuer, created = row
    return ListRecord(
        str(name),
        str(purpose),
        cast("Kind", kind),
        str(url),
        int(cast("int", size)),
        int(cast("int", bits)),
        str(issuer),
        str(created),
    )
