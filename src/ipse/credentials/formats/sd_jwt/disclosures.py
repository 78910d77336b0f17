"""Disclosures: making and reading one, and putting those of a JWT in place.

Source: RFC 9901 sections 4.2 and 7.1.
"""

from __future__ import annotations

import hashlib
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Final, TypeAlias

from ipse.credentials.formats.sd_jwt.checks import SdJwtInvalid, reported_as
from ipse.credentials.jws import encode_json
from ipse.encoding import base64url, strict_json
from ipse.encoding.safe_text import printable
from ipse.errors import MalformedInput, UsageError

if TYPE_CHECKING:
    from collections.abc import Sequence

    from ipse.encoding.strict_json import Json, JsonObject

__all__ = [
    "DEFAULT_HASH",
    "MAX_DEPTH",
    "RESERVED_NAMES",
    "ClaimPath",
    "Disclosure",
    "Placement",
    "Unpacked",
    "digest",
    "hash_name",
    "holds",
    "make",
    "read",
    "read_path",
    "spelled",
    "unpack",
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


MAX_DEPTH: Final = 64
"""Levels of objects and arrays in a processed payload."""


@dataclass(frozen=True, slots=True)
class Placement:
    """Where the value of a disclosure came to sit in the processed payload."""

    path: ClaimPath
    disclosure: Disclosure


@dataclass(frozen=True, slots=True)
class Unpacked:
    """A processed payload.

    `placements` has one entry for each disclosure, parents before children. `selective` names the
    top-level claims that came out of a disclosure or hold a digest at any depth. `withholds_claims` is
    whether the top level has a digest without its disclosure, which a decoy looks like too.
    """

    claims: JsonObject = field(repr=False)
    placements: tuple[Placement, ...]
    selective: frozenset[str]
    withholds_claims: bool = False


def unpack(payload: JsonObject, encoded_disclosures: Sequence[str]) -> Unpacked:
    """The claims that `payload` and the disclosures give together.

    All digests are sought, in the payload and in the disclosed values; those without a disclosure are
    left out, `_sd` and `_sd_alg` are removed. Nothing is taken on trust: a disclosure that no digest
    refers to, a digest met twice, a claim that is there already are faults. Raises SdJwtInvalid
    (`proof`). No signature is checked here.
    """
    with reported_as("proof"):
        algorithm = hash_name(payload)
    available: dict[str, Disclosure] = {}
    for position, encoded in enumerate(encoded_disclosures, start=1):
        try:
            disclosure = read(encoded)
        except MalformedInput as error:
            raise _fault(f"disclosure {position} is malformed: {error.message}") from error
        its_digest = digest(encoded, algorithm)
        if its_digest in available:
            raise _fault(f"disclosure {position} is there twice")
        available[its_digest] = disclosure
    walk = _Walk(available)
    claims = walk.claims_of(payload, ())
    for position, its_digest in enumerate(available, start=1):
        if its_digest not in walk.met:
            raise _fault(f"no digest refers to disclosure {position}")
    return Unpacked(claims, tuple(walk.placements), frozenset(walk.selective), walk.withholds_claims)


class _Walk:
    """One pass over a payload. `met` holds every digest seen so far."""

    def __init__(self, available: dict[str, Disclosure]) -> None:
        self._available = available
        self.met: set[str] = set()
        self.placements: list[Placement] = []
        self.selective: set[str] = set()
        self.withholds_claims = False

    def claims_of(self, members: JsonObject, path: ClaimPath) -> JsonObject:
        _check_depth(path)
        if "..." in members:
            raise _fault(f"'...' is used outside an array, at {_at(path)}")
        if path and "_sd_alg" in members:
            raise _fault(f"_sd_alg is below the top level, at {_at(path)}")
        claims = {
            name: self._value(value, (*path, name))
            for name, value in members.items()
            if name not in RESERVED_NAMES
        }
        for digest in _digests(members, path):
            disclosure = self._disclosure(digest, path)
            if disclosure is None:
                self.withholds_claims |= not path
                continue
            name = disclosure.name
            if name is None:
                raise _fault(f"a disclosure of 2 elements stands for a claim, at {_at(path)}; those have 3")
            if name in claims:
                raise _fault(f"a disclosure would overwrite the claim {spelled((*path, name))}")
            claims[name] = self._disclosed(disclosure, (*path, name))
        return claims

    def _values_of(self, elements: list[Json], path: ClaimPath) -> list[Json]:
        _check_depth(path)
        values: list[Json] = []
        for element in elements:
            place = (*path, len(values))
            if not (isinstance(element, dict) and "..." in element):
                values.append(self._value(element, place))
                continue
            digest = element["..."]
            if len(element) != 1 or not isinstance(digest, str):
                raise _fault(f"'...' is not the only member, or no string, in the array {spelled(path)}")
            disclosure = self._disclosure(digest, path)
            if disclosure is None:
                continue
            if disclosure.name is not None:
                raise _fault(
                    f"a disclosure of 3 elements stands for an element of {spelled(path)}; those have 2"
                )
            values.append(self._disclosed(disclosure, place))
        return values

    def _value(self, value: Json, path: ClaimPath) -> Json:
        if isinstance(value, dict):
            return self.claims_of(value, path)
        if isinstance(value, list):
            return self._values_of(value, path)
        return value

    def _disclosed(self, disclosure: Disclosure, path: ClaimPath) -> Json:
        self.placements.append(Placement(path, disclosure))
        self.selective.add(str(path[0]))
        return self._value(disclosure.value, path)

    def _disclosure(self, digest: str, path: ClaimPath) -> Disclosure | None:
        if digest in self.met:
            raise _fault(f"the digest {digest[:12]!r}... is there twice, again at {_at(path)}")
        self.met.add(digest)
        if path:
            self.selective.add(str(path[0]))
        return self._available.get(digest)


def _digests(members: JsonObject, path: ClaimPath) -> list[str]:
    digests = members.get("_sd", [])
    if not isinstance(digests, list) or not all(isinstance(digest, str) for digest in digests):
        raise _fault(f"_sd is not an array of strings, at {_at(path)}")
    return digests


def _check_depth(path: ClaimPath) -> None:
    if len(path) >= MAX_DEPTH:
        raise _fault(f"the claims are nested deeper than {MAX_DEPTH} levels")


def _at(path: ClaimPath) -> str:
    return spelled(path) if path else "the top level"


def _fault(reason: str) -> SdJwtInvalid:
    return SdJwtInvalid("proof", reason)
