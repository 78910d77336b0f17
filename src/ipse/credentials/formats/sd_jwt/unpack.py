"""From a JWT payload and its disclosures to the processed payload (RFC 9901 section 7.1, steps 3 to 5)."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Final

from ipse.credentials.formats.sd_jwt import disclosures
from ipse.credentials.formats.sd_jwt.checks import SdJwtInvalid, reported_as
from ipse.credentials.formats.sd_jwt.disclosures import ClaimPath, Disclosure, spelled
from ipse.errors import MalformedInput

if TYPE_CHECKING:
    from collections.abc import Sequence

    from ipse.encoding.strict_json import Json, JsonObject

__all__ = ["MAX_DEPTH", "Placement", "Unpacked", "unpack"]

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
    top-level claims that came out of a disclosure or hold a digest at any depth.
    """

    claims: JsonObject = field(repr=False)
    placements: tuple[Placement, ...]
    selective: frozenset[str]


def unpack(payload: JsonObject, encoded_disclosures: Sequence[str]) -> Unpacked:
    """The claims that `payload` and the disclosures give together.

    All digests are sought, in the payload and in the disclosed values; those without a disclosure are
    left out, `_sd` and `_sd_alg` are removed. Nothing is taken on trust: a disclosure that no digest
    refers to, a digest met twice, a claim that is there already are faults. Raises SdJwtInvalid
    (`proof`). No signature is checked here.
    """
    with reported_as("proof"):
        algorithm = disclosures.hash_name(payload)
    available: dict[str, Disclosure] = {}
    for position, encoded in enumerate(encoded_disclosures, start=1):
        try:
            disclosure = disclosures.read(encoded)
        except MalformedInput as error:
            raise _fault(f"disclosure {position} is malformed: {error.message}") from error
        digest = disclosures.digest(encoded, algorithm)
        if digest in available:
            raise _fault(f"disclosure {position} is there twice")
        available[digest] = disclosure
    walk = _Walk(available)
    claims = walk.claims_of(payload, ())
    for position, digest in enumerate(available, start=1):
        if digest not in walk.met:
            raise _fault(f"no digest refers to disclosure {position}")
    return Unpacked(claims, tuple(walk.placements), frozenset(walk.selective))


class _Walk:
    """One pass over a payload. `met` holds every digest seen so far."""

    def __init__(self, available: dict[str, Disclosure]) -> None:
        self._available = available
        self.met: set[str] = set()
        self.placements: list[Placement] = []
        self.selective: set[str] = set()

    def claims_of(self, members: JsonObject, path: ClaimPath) -> JsonObject:
        _check_depth(path)
        if "..." in members:
            raise _fault(f"'...' is used outside an array, at {_at(path)}")
        if path and "_sd_alg" in members:
            raise _fault(f"_sd_alg is below the top level, at {_at(path)}")
        claims = {
            name: self._value(value, (*path, name))
            for name, value in members.items()
            if name not in disclosures.RESERVED_NAMES
        }
        for digest in _digests(members, path):
            disclosure = self._disclosure(digest, path)
            if disclosure is None:
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
