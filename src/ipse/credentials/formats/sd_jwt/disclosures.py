"""Disclosures: salted claims, apart from the signed JWT that holds their digests (RFC 9901 section 4.2)."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Final, TypeAlias

from ipse.credentials.jws import encode_json
from ipse.encoding import base64url, strict_json
from ipse.encoding.safe_text import printable
from ipse.errors import MalformedInput, UsageError

if TYPE_CHECKING:
    from ipse.encoding.strict_json import Json, JsonObject

__all__ = [
    "DEFAULT_HASH",
    "RESERVED_NAMES",
    "ClaimPath",
    "Disclosure",
    "digest",
    "hash_name",
    "holds",
    "make",
    "read",
    "read_path",
    "spelled",
]

ClaimPath: TypeAlias = tuple[str | int, ...]
"""Where a claim sits: member names and array positions from the top, `("nationalities", 0)`."""

RESERVED_NAMES: Final = frozenset({"_sd", "...", "_sd_alg"})
"""Names that carry digests and therefore name no claim (RFC 9901 sections 4.1 and 4.1.1)."""

DEFAULT_HASH: Final = "sha-256"
_HASHES: Final = {"sha-256": hashlib.sha256, "sha-384": hashlib.sha384, "sha-512": hashlib.sha512}


@dataclass(frozen=True, slots=True)
class Disclosure:
    """One disclosure. `name` is None for an array element; `encoded` is what travels and is hashed."""

    encoded: str = field(repr=False)
    salt: str = field(repr=False)
    name: str | None
    value: Json = field(repr=False)


def make(salt: bytes, value: Json, *, name: str | None = None) -> Disclosure:
    """A new disclosure of an object property, or of an array element where there is no `name`.

    `salt` is random and used once, at least 16 bytes (RFC 9901 section 9.3). Raises MalformedInput for
    a reserved name or a value that is not JSON.
    """
    if name in RESERVED_NAMES:
        raise MalformedInput(f"{name!r} is reserved and can't be the name of a claim")
    text = base64url.encode(salt)
    content = [text, value] if name is None else [text, name, value]
    return Disclosure(base64url.encode(encode_json(content)), text, name, value)


def read(encoded: str) -> Disclosure:
    """The disclosure that `encoded` spells: 3 elements for a property, 2 for an array element.

    Raises MalformedInput for other shapes, reserved names, base64url or JSON that is not strict.
    """
    content = strict_json.parse(base64url.decode(encoded), what="its content")
    if not isinstance(content, list) or len(content) not in (2, 3):
        raise MalformedInput("neither [salt, name, value] nor [salt, value]")
    salt, value = content[0], content[-1]
    if not isinstance(salt, str):
        raise MalformedInput("the salt is not a string")
    if len(content) == 2:
        return Disclosure(encoded, salt, None, value)
    name = content[1]
    if not isinstance(name, str):
        raise MalformedInput("the claim name is not a string")
    if name in RESERVED_NAMES:
        raise MalformedInput(f"{name!r} is reserved and can't be the name of a claim")
    return Disclosure(encoded, salt, name, value)


def hash_name(payload: JsonObject) -> str:
    """The hash that the `_sd_alg` of a JWT payload names, sha-256 where it names none.

    Raises MalformedInput for any but sha-256, sha-384 and sha-512 (RFC 9901 section 4.1.1).
    """
    name = payload.get("_sd_alg", DEFAULT_HASH)
    if not isinstance(name, str) or name not in _HASHES:
        raise MalformedInput(f"_sd_alg {str(name)[:40]!r} is not supported ({', '.join(_HASHES)} are)")
    return name


def digest(encoded: str, hash_name: str = DEFAULT_HASH) -> str:
    """The base64url digest over the ASCII text `encoded` (RFC 9901 section 4.2.3)."""
    return base64url.encode(_HASHES[hash_name](encoded.encode("ascii")).digest())


def holds(claims: JsonObject, path: ClaimPath) -> bool:
    """Whether there is a value at `path` in `claims`."""
    value: Json = claims
    for part in path:
        if isinstance(value, dict):
            found = part in value
        else:
            found = isinstance(value, list) and type(part) is int and 0 <= part < len(value)
        if not found:
            return False
        value = value[part]
    return True


def spelled(path: ClaimPath) -> str:
    """`path` as a JSON pointer (RFC 6901) for a person to read: one line, control characters escaped."""
    parts = (printable(str(part)) for part in path)
    return "".join("/" + part.replace("~", "~0").replace("/", "~1") for part in parts)[:120]


def read_path(text: str, claims: JsonObject) -> ClaimPath:
    """The path in `claims` that a person writes as `address.street`, `nationalities.0` or `/address/street`.

    A JSON pointer (RFC 6901) also names members with dots in them. Raises UsageError where nothing is there.
    """
    parts = text.split(".")
    if text.startswith("/"):
        parts = [part.replace("~1", "/").replace("~0", "~") for part in text[1:].split("/")]
    path: list[str | int] = []
    value: Json = claims
    for part in parts:
        is_position = isinstance(value, list) and part.isascii() and part.isdigit() and len(part) < 6
        path.append(int(part) if is_position else part)
        if not holds(claims, tuple(path)):
            raise UsageError(f"there is no claim {text[:60]!r}", hint="write it like address.street")
        value = value[path[-1]]
    return tuple(path)
