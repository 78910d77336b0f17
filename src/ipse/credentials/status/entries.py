"""Where a credential says its status is published: `credentialStatus`, or the `status` claim of a token."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Final, TypeAlias

from ipse.credentials.model.rules import URL
from ipse.credentials.status.bitstring import ENTRY_2021_TYPE, ENTRY_TYPE, MAX_SIZE
from ipse.encoding.strict_json import Json, JsonObject, excerpt
from ipse.errors import MalformedInput, Undetermined

__all__ = ["MAX_ENTRIES", "STATUS_LIST", "Entry", "StatusEntry", "UnknownEntry", "entries_of"]

STATUS_LIST: Final = "status_list"
MAX_ENTRIES: Final = 16
"""Entries of one credential; each may be a list to fetch."""

_INDEX: Final = re.compile(r"0|[1-9][0-9]{0,15}", re.ASCII)
_HEXADECIMAL: Final = re.compile(r"0x[0-9A-Fa-f]{1,4}", re.ASCII)
_MAX_URL: Final = 2048
_MAX_INDEX: Final = 10**16 - 1


@dataclass(frozen=True, slots=True)
class StatusEntry:
    """One entry of a status list that a credential points to.

    - `mechanism`: ENTRY_TYPE, ENTRY_2021_TYPE or STATUS_LIST
    - `purpose`: what a set bit means, empty for a token status list, whose values say it themselves
    - `size`: bits of the entry, which a token status list says itself
    - `messages`: what each value means, where the credential says so
    """

    mechanism: str
    url: str
    index: int
    purpose: str = ""
    size: int = 1
    messages: tuple[str, ...] = ()

    @property
    def place(self) -> str:
        """The list and the entry, in one word."""
        return f"{self.url}#{self.index}"


@dataclass(frozen=True, slots=True)
class UnknownEntry:
    """A status mechanism that ipse does not know, by its name."""

    mechanism: str


Entry: TypeAlias = StatusEntry | UnknownEntry


def entries_of(document: JsonObject) -> tuple[Entry, ...]:
    """The entries of a W3C credential or of a token's claims, each once; empty where there is no status.

    Raises MalformedInput for an entry that breaks a rule of its mechanism, Undetermined for more than
    MAX_ENTRIES.
    """
    entries = [*_w3c_entries(document), *_token_entries(document)]
    if len(entries) > MAX_ENTRIES:
        raise Undetermined(f"it has {len(entries)} status entries, at most {MAX_ENTRIES} are looked up")
    return tuple(dict.fromkeys(entries))


def _w3c_entries(document: JsonObject) -> Iterator[Entry]:
    if "credentialStatus" not in document:
        return
    value = document["credentialStatus"]
    for entry in value if isinstance(value, list) else [value]:
        if not isinstance(entry, dict):
            raise MalformedInput(f"credentialStatus holds {excerpt(entry)}, not an object")
        yield _w3c_entry(entry)


def _w3c_entry(entry: JsonObject) -> Entry:
    types = entry.get("type")
    known = [name for name in (ENTRY_TYPE, ENTRY_2021_TYPE) if name == types or _holds(types, name)]
    if len(known) != 1:
        return UnknownEntry(excerpt(types))
    url = _url(entry.get("statusListCredential"), "statusListCredential")
    if entry.get("id") == url:
        raise MalformedInput("the id of credentialStatus is that of the list, it names an entry of it")
    purpose = entry.get("statusPurpose")
    if not (isinstance(purpose, str) and purpose):
        raise MalformedInput(f"statusPurpose is {excerpt(purpose)}, not a name")
    index = entry.get("statusListIndex")
    if not (isinstance(index, str) and _INDEX.fullmatch(index)):
        raise MalformedInput(f"statusListIndex is {excerpt(index)}, not a number written as a string")
    if known[0] == ENTRY_2021_TYPE:
        return StatusEntry(ENTRY_2021_TYPE, url, int(index), purpose)
    size = _size(entry)
    if size > MAX_SIZE:
        return UnknownEntry(f"{ENTRY_TYPE} with a statusSize of {size}")
    return StatusEntry(ENTRY_TYPE, url, int(index), purpose, size, _messages(entry, size))


def _size(entry: JsonObject) -> int:
    size = entry.get("statusSize", 1)
    if isinstance(size, bool) or not isinstance(size, int) or size < 1:
        raise MalformedInput(f"statusSize is {excerpt(size)}, not a number of bits")
    return size


def _messages(entry: JsonObject, size: int) -> tuple[str, ...]:
    """The messages in the order of their values; each value has one (section 2.1)."""
    listed = entry.get("statusMessage")
    if listed is None and size == 1:
        return ()
    if not isinstance(listed, list) or len(listed) != 2**size:
        raise MalformedInput(f"statusMessage is not an array of {2**size}, one for each value")
    messages: dict[int, str] = {}
    for message in listed:
        members = message if isinstance(message, dict) else {}
        status, text = members.get("status"), members.get("message")
        if not (isinstance(text, str) and isinstance(status, str) and _HEXADECIMAL.fullmatch(status)):
            raise MalformedInput(f"statusMessage holds {excerpt(message)}, not a status and its message")
        messages[int(status, 16)] = text
    if messages.keys() != set(range(2**size)):
        raise MalformedInput("statusMessage has no message for some value, or two for one")
    return tuple(messages[value] for value in range(2**size))


def _token_entries(document: JsonObject) -> Iterator[Entry]:
    """In a document with an @context, `status` is only a claim of this kind if it looks like one."""
    if "status" not in document:
        return
    claim = document["status"]
    if not isinstance(claim, dict) or STATUS_LIST not in claim:
        if "@context" not in document:
            yield UnknownEntry(excerpt(claim))
        return
    for name, reference in claim.items():
        yield _token_entry(reference) if name == STATUS_LIST else UnknownEntry(excerpt(name))


def _token_entry(reference: Json) -> StatusEntry:
    if not isinstance(reference, dict):
        raise MalformedInput(f"status_list is {excerpt(reference)}, not an object")
    index = reference.get("idx")
    if isinstance(index, bool) or not isinstance(index, int) or not 0 <= index <= _MAX_INDEX:
        raise MalformedInput(f"idx is {excerpt(index)}, not the number of an entry")
    return StatusEntry(STATUS_LIST, _url(reference.get("uri"), "uri"), index)


def _url(value: Json, name: str) -> str:
    if not isinstance(value, str) or len(value) > _MAX_URL or not URL.fullmatch(value):
        raise MalformedInput(f"{name} is {excerpt(value)}, not a URL")
    return value


def _holds(types: Json, name: str) -> bool:
    return isinstance(types, list) and name in types
