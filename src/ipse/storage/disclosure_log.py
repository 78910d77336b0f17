"""The disclosure log: what left, to whom, on whose word, chained by hashes.

Each entry is one canonical JSON object (RFC 8785) that holds its number, the digest of the entry before
it and exactly the bytes that left; its own digest is SHA-256 over those bytes. The chain shows every change
before its end; the state head of the vault shows the end.
"""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from typing import Final

from ipse.encoding import strict_json
from ipse.encoding.strict_json import JsonObject
from ipse.errors import CorruptData, MalformedInput, NotFound, VerificationFailed
from ipse.storage.vault import Vault

__all__ = [
    "GENESIS",
    "Entry",
    "append",
    "digest_of",
    "end",
    "every",
    "find",
    "verify",
]

GENESIS: Final = "0" * 64
"""What the first entry follows."""


@dataclass(frozen=True, slots=True)
class Entry:
    """One entry: its bytes as `stored`, what they say, and their hex SHA-256."""

    number: int
    stored: bytes
    content: JsonObject
    digest: str


def append(vault: Vault, content: JsonObject) -> Entry:
    """Add an entry with `content` to the end of the chain, in the caller's transaction if there is one."""
    with vault.transaction():
        count, previous = end(vault)
        number = count + 1
        entry = {**content, "number": number, "previous": previous}
        stored = strict_json.canonical(entry)
        strict_json.parse_object(stored, what="the log entry")  # what can't be read again is not kept
        digest = hashlib.sha256(stored).digest()
        vault.insert("INSERT INTO disclosures VALUES (?, ?, ?)", (number, stored, digest))
    return Entry(number, stored, entry, digest.hex())


def end(vault: Vault) -> tuple[int, str]:
    """The number and the hex digest of the last entry; 0 and GENESIS where there is none."""
    last = vault.rows("SELECT number, digest FROM disclosures ORDER BY number DESC LIMIT 1")
    return (last[0][0], _hex(last[0][1])) if last else (0, GENESIS)


def digest_of(vault: Vault, number: int) -> str | None:
    """The hex digest of an entry, GENESIS for number 0, None where there is no such entry."""
    if number == 0:
        return GENESIS
    rows = vault.rows("SELECT digest FROM disclosures WHERE number = ?", (number,))
    return _hex(rows[0][0]) if rows else None


def every(vault: Vault) -> list[Entry]:
    """All entries in order. Raises CorruptData where one can't be read."""
    rows = vault.rows("SELECT number, entry, digest FROM disclosures ORDER BY number")
    return [_read(*row) for row in rows]


def find(vault: Vault, number: int) -> Entry:
    """One entry. Raises NotFound."""
    rows = vault.rows("SELECT number, entry, digest FROM disclosures WHERE number = ?", (number,))
    if not rows:
        raise NotFound(f"the log has no entry {number}", hint="`ipse log list` shows the numbers")
    return _read(*rows[0])


def verify(vault: Vault) -> int:
    """Recompute the whole chain; how many entries it has. Raises VerificationFailed."""
    previous = GENESIS
    number = 0
    try:
        entries = every(vault)
    except CorruptData as error:
        raise _broken(error.message.removeprefix("the disclosure log is broken: ")) from error
    for number, entry in enumerate(entries, start=1):
        if entry.number != number or entry.content.get("number") != number:
            raise _broken(f"entry {number} is missing or out of order")
        if entry.content.get("previous") != previous:
            raise _broken(f"entry {number} does not follow the one before it")
        canonical = strict_json.canonical(entry.content)
        if canonical != entry.stored or hashlib.sha256(canonical).hexdigest() != entry.digest:
            raise _broken(f"entry {number} was altered")
        previous = entry.digest
    return number


def _broken(what: str) -> VerificationFailed:
    return VerificationFailed(
        f"the disclosure log is broken: {what}", hint="`ipse log list` shows what it says; do not rely on it"
    )


def _hex(digest: object) -> str:
    """A digest in hex. An old page of another table may lie where it was, with a text or a number in it."""
    if not isinstance(digest, bytes):
        raise CorruptData("the disclosure log is broken: a digest of it can't be read")
    return digest.hex()


def _read(number: int, stored: bytes, digest: object) -> Entry:
    try:
        content = strict_json.parse_object(stored, what=f"log entry {number}")
        return Entry(number, stored, content, _hex(digest))
    except MalformedInput as error:
        raise CorruptData(f"the disclosure log is broken: entry {number} can't be read") from error
