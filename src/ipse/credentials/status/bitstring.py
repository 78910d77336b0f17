"""Bitstring status lists: the list, the credential that carries it, and the entry that points into it.

Source: W3C Bitstring Status List v1.0. Lists of its predecessor StatusList2021 are read too; they differ
in the names of the types and have no multibase prefix.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Final

from ipse.credentials import model
from ipse.credentials.model import vcdm11
from ipse.credentials.status import compression
from ipse.encoding import base64url
from ipse.encoding.strict_json import Json, JsonObject, excerpt
from ipse.encoding.timestamps import format_timestamp
from ipse.errors import MalformedInput

__all__ = [
    "ENTRY_2021_TYPE",
    "ENTRY_TYPE",
    "MAX_SIZE",
    "MIN_ENTRIES",
    "BitstringList",
    "build_credential",
    "build_entry",
    "decode",
    "encode",
    "pack",
    "read",
]

ENTRY_TYPE: Final = "BitstringStatusListEntry"
ENTRY_2021_TYPE: Final = "StatusList2021Entry"
MIN_ENTRIES: Final = 131_072
"""Entries that a list has at least, so that its readers hide in a crowd."""
MAX_SIZE: Final = 8
"""Bits of an entry that are read at most."""

_MULTIBASE_BASE64URL: Final = "u"
_MILLISECOND: Final = timedelta(milliseconds=1)
_LONGEST: Final = timedelta(days=36_500)

_TYPES: Final = {
    "BitstringStatusListCredential": "BitstringStatusList",
    "StatusList2021Credential": "StatusList2021",
}
"""Of the credential that carries a list, and of its subject."""


@dataclass(frozen=True, slots=True)
class BitstringList:
    """A list as its credential has it.

    - `url`: what the credential says it is published at, empty where it does not say
    - `bits`: the bitstring; entry 0 is at the most significant bit of the first byte
    - `ttl`: how long it may be kept before it is fetched again, None where it does not say
    """

    url: str
    issuer: str
    purposes: frozenset[str]
    bits: bytes = field(repr=False)
    valid_from: datetime | None
    valid_until: datetime | None
    ttl: timedelta | None

    def status(self, index: int, size: int = 1) -> int:
        """The value of entry `index`, of `size` bits. Raises MalformedInput.

        A list with fewer than MIN_ENTRIES entries of that size is refused.
        """
        entries = len(self.bits) * 8 // size
        if entries < MIN_ENTRIES:
            raise MalformedInput(f"it has {entries} entries, a status list has at least {MIN_ENTRIES}")
        if not 0 <= index < entries:
            raise MalformedInput(f"there is no entry {index}, the list has {entries}")
        start = index * size
        end = start + size
        window = int.from_bytes(self.bits[start // 8 : (end + 7) // 8], "big")
        return (window >> (-end % 8)) & ((1 << size) - 1)


def encode(bits: bytes) -> str:
    """The `encodedList` of a bitstring: GZIP, then multibase base64url."""
    return _MULTIBASE_BASE64URL + base64url.encode(compression.compress(bits, "gzip"))


def decode(text: str) -> bytes:
    """The bitstring of an `encodedList`. Raises MalformedInput."""
    if not text.startswith(_MULTIBASE_BASE64URL):
        raise MalformedInput(f"encodedList starts with {text[:1]!r}, multibase base64url starts with 'u'")
    return _decode_2021(text[1:])


def _decode_2021(text: str) -> bytes:
    try:
        return compression.decompress(base64url.decode(text), "gzip")
    except MalformedInput as error:
        raise MalformedInput(f"encodedList is {error.message}") from error


def pack(statuses: bytes) -> bytes:
    """The bitstring of `statuses`, one byte for each entry: 0, or anything else for a set bit.

    Raises MalformedInput for fewer than MIN_ENTRIES.
    """
    if len(statuses) < MIN_ENTRIES:
        raise MalformedInput(f"{len(statuses)} entries, a status list has at least {MIN_ENTRIES}")
    bits = bytearray((len(statuses) + 7) // 8)
    for index, status in enumerate(statuses):
        if status:
            bits[index // 8] |= 0x80 >> (index % 8)
    return bytes(bits)


def build_credential(
    *,
    url: str,
    issuer: str,
    purpose: str,
    bits: bytes,
    valid_from: datetime,
    valid_until: datetime | None = None,
    ttl: timedelta | None = None,
) -> JsonObject:
    """The unsigned credential that carries a list; `url` is where it will be published.

    Raises MalformedInput.
    """
    subject: JsonObject = {
        "id": f"{url}#list",
        "type": "BitstringStatusList",
        "statusPurpose": purpose,
        "encodedList": encode(bits),
    }
    if ttl is not None:
        subject["ttl"] = ttl // _MILLISECOND
    credential: JsonObject = {
        "@context": [model.CONTEXT],
        "id": url,
        "type": ["VerifiableCredential", "BitstringStatusListCredential"],
        "issuer": issuer,
        "validFrom": format_timestamp(valid_from),
    }
    if valid_until is not None:
        credential["validUntil"] = format_timestamp(valid_until)
    credential["credentialSubject"] = subject
    broken = model.violations(credential)
    if broken:
        raise MalformedInput(f"not a status list credential: {broken[0]}")
    return credential


def build_entry(*, url: str, index: int, purpose: str) -> JsonObject:
    """The `credentialStatus` of a credential whose status is entry `index` of the list at `url`."""
    return {
        "id": f"{url}#{index}",
        "type": ENTRY_TYPE,
        "statusPurpose": purpose,
        "statusListIndex": str(index),
        "statusListCredential": url,
    }


def read(credential: JsonObject) -> BitstringList:
    """The list that a credential carries, whose proof holds and whose data model rules were checked.

    Raises MalformedInput.
    """
    types = [name for name in _TYPES if name in model.types_of(credential)]
    if len(types) != 1:
        raise MalformedInput(f"its type is {excerpt(credential.get('type'))}, not {' or '.join(_TYPES)}")
    subject = _subject(credential, _TYPES[types[0]])
    encoded = subject.get("encodedList")
    if not isinstance(encoded, str):
        raise MalformedInput("it has no encodedList")
    rules = vcdm11 if vcdm11.is_vcdm11(credential) else model
    validity = rules.validity(credential)
    return BitstringList(
        url=_url(credential, subject),
        issuer=rules.issuer_of(credential),
        purposes=_purposes(subject.get("statusPurpose")),
        bits=decode(encoded) if types[0] == "BitstringStatusListCredential" else _decode_2021(encoded),
        valid_from=validity.start,
        valid_until=validity.end,
        ttl=_ttl(subject),
    )


def _subject(credential: JsonObject, wanted: str) -> JsonObject:
    subject = credential.get("credentialSubject")
    if isinstance(subject, list) and len(subject) == 1:
        subject = subject[0]
    if not isinstance(subject, dict):
        raise MalformedInput("its credentialSubject is not one object")
    types = subject.get("type")
    if wanted not in (types if isinstance(types, list) else [types]):
        raise MalformedInput(f"its subject is of type {excerpt(types)}, not {wanted}")
    return subject


def _url(credential: JsonObject, subject: JsonObject) -> str:
    """The credential's id is optional; where there is none, the list's own id tells which list it is."""
    identifier = credential.get("id")
    if identifier is None and isinstance(subject.get("id"), str):
        return str(subject["id"]).partition("#")[0]
    return identifier if isinstance(identifier, str) else ""


def _purposes(value: Json) -> frozenset[str]:
    purposes = value if isinstance(value, list) else [value]
    if not purposes or not all(isinstance(purpose, str) and purpose for purpose in purposes):
        raise MalformedInput(f"its statusPurpose is {excerpt(value)}, not one or more names")
    return frozenset(purposes)


def _ttl(subject: JsonObject) -> timedelta | None:
    if "ttl" not in subject:
        return None
    value = subject["ttl"]
    if isinstance(value, bool) or not isinstance(value, int) or value < 0:
        raise MalformedInput(f"its ttl is {excerpt(value)}, not a number of milliseconds")
    return min(value, _LONGEST // _MILLISECOND) * _MILLISECOND
