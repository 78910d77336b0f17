"""Issuing an SD-JWT (RFC 9901 sections 4 and 6)."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING, Final

from ipse.credentials import jws
from ipse.credentials.formats.sd_jwt import disclosures, registered_claims
from ipse.credentials.formats.sd_jwt.disclosures import MAX_DEPTH, ClaimPath, spelled
from ipse.credentials.formats.sd_jwt.serialization import MAX_DISCLOSURES, MAX_LENGTH, SdJwt
from ipse.encoding import base64url, strict_json
from ipse.errors import InputTooLarge, MalformedInput, UsageError

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Mapping, Sequence

    from ipse.credentials.jws import Signer
    from ipse.encoding.strict_json import Json, JsonObject

__all__ = ["MAX_DECOYS", "SALT_BYTES", "check_path", "issue", "random_salt"]

SALT_BYTES: Final = 16
MAX_DECOYS: Final = 64


def random_salt() -> bytes:
    """128 bits from the operating system (RFC 9901 section 9.3)."""
    return os.urandom(SALT_BYTES)


def issue(
    claims: Mapping[str, Json],
    *,
    disclosable: Iterable[ClaimPath],
    signer: Signer,
    typ: str,
    kid: str | None = None,
    x5c: Sequence[str] = (),
    decoys: int = 0,
    salts: Callable[[], bytes] = random_salt,
) -> str:
    """The compact SD-JWT `jwt~d1~d2~` over `claims`, in which each path of `disclosable` is hidden.

    A path may lie inside another: the inner disclosure's digest is then inside the outer disclosure
    (RFC 9901 section 4.2.6). `decoys` digests without a disclosure go into every object and array that
    hides something. `salts` gives at least 16 fresh random bytes a call. The header is `alg` (the
    signer's), `typ`, and `kid` and `x5c` if given.

    Raises UsageError for a path that is not in the claims or may not be hidden, MalformedInput for
    claims that are no JSON, hold a reserved name or break SD-JWT VC where `typ` says it is one, and
    InputTooLarge for more than a verifier here would read.
    """
    content = _plain(claims)
    hidden = frozenset(disclosable)
    for path in hidden:
        check_path(content, path)
    if not 0 <= decoys <= MAX_DECOYS:
        raise UsageError(f"{decoys} decoys; 0 to {MAX_DECOYS} can be added")
    registered_claims.check_types(content)
    if typ == registered_claims.VC_TYPE:
        registered_claims.check_vc(content, ())
    concealer = _Concealer(hidden, decoys, salts)
    payload = {**concealer.concealed_object(content, ()), "_sd_alg": disclosures.DEFAULT_HASH}
    if len(concealer.encoded) > MAX_DISCLOSURES:
        raise InputTooLarge(f"{len(concealer.encoded)} claims to hide; at most {MAX_DISCLOSURES} can be")
    header: JsonObject = {"typ": typ} if kid is None else {"typ": typ, "kid": kid}
    if x5c:
        header["x5c"] = list(x5c)
    compact = SdJwt(jws.sign(header, payload, signer), tuple(concealer.encoded)).compact
    if len(compact) > MAX_LENGTH:
        raise InputTooLarge(f"the SD-JWT would have {len(compact)} characters; at most {MAX_LENGTH} are read")
    return compact


class _Concealer:
    """Replaces hidden claims by digests; `encoded` collects their disclosures, inner before outer."""

    def __init__(self, hidden: frozenset[ClaimPath], decoys: int, salts: Callable[[], bytes]) -> None:
        self._hidden = hidden
        self._decoys = decoys
        self._salts = salts
        self._used: set[bytes] = set()
        self.encoded: list[str] = []

    def concealed_object(self, members: JsonObject, path: ClaimPath) -> JsonObject:
        shown: JsonObject = {}
        digests: list[str] = []
        for name, value in members.items():
            concealed = self._concealed(value, (*path, name))
            if (*path, name) in self._hidden:
                digests.append(self._digest_of(concealed, name))
            else:
                shown[name] = concealed
        if not digests:
            return shown
        digests.extend(self._decoy() for _ in range(self._decoys))
        # Sorted, so that their order says nothing about the order of the claims.
        return {"_sd": sorted(digests), **shown}

    def _concealed_array(self, elements: list[Json], path: ClaimPath) -> list[Json]:
        out: list[Json] = []
        for position, value in enumerate(elements):
            concealed = self._concealed(value, (*path, position))
            if (*path, position) in self._hidden:
                concealed = {"...": self._digest_of(concealed, None)}
            out.append(concealed)
        if any((*path, position) in self._hidden for position in range(len(elements))):
            for _ in range(self._decoys):
                # Anywhere: decoys that are always last would be known for what they are.
                place = int.from_bytes(self._salt(), "big") % (len(out) + 1)
                out.insert(place, {"...": self._decoy()})
        return out

    def _concealed(self, value: Json, path: ClaimPath) -> Json:
        if isinstance(value, dict):
            return self.concealed_object(value, path)
        if isinstance(value, list):
            return self._concealed_array(value, path)
        return value

    def _digest_of(self, value: Json, name: str | None) -> str:
        disclosure = disclosures.make(self._salt(), value, name=name)
        self.encoded.append(disclosure.encoded)
        return disclosures.digest(disclosure.encoded)

    def _decoy(self) -> str:
        return disclosures.digest(base64url.encode(self._salt()))

    def _salt(self) -> bytes:
        salt = self._salts()
        if len(salt) < SALT_BYTES or salt in self._used:
            raise ValueError(f"the source of salts gave under {SALT_BYTES} bytes, or the same ones twice")
        self._used.add(salt)
        return salt


def _plain(claims: Mapping[str, Json]) -> JsonObject:
    """A copy of `claims` as their JSON reads back, so that what is signed is what a verifier will see."""
    members = dict(claims)
    _check_names(members, ())
    return strict_json.parse_object(jws.encode_json(members), what="claims")


def _check_names(value: Json, path: ClaimPath) -> None:
    children: Iterable[tuple[str | int, Json]] = ()
    if isinstance(value, (list, tuple)):
        children = enumerate(value)
    elif isinstance(value, dict):
        children = value.items()
    else:
        return
    if len(path) >= MAX_DEPTH:
        raise MalformedInput(f"the claims are nested deeper than {MAX_DEPTH} levels")
    for name, child in children:
        if isinstance(value, dict) and not isinstance(name, str):
            raise MalformedInput(f"the claim name {name!r} is not a string")
        if name in disclosures.RESERVED_NAMES:
            raise MalformedInput(f"the claim name {name!r} at {spelled((*path, name))} is reserved by SD-JWT")
        _check_names(child, (*path, name))


def check_path(claims: JsonObject, path: ClaimPath) -> None:
    """Raise UsageError where there is no such claim, or a verifier has to see it."""
    if not path or not disclosures.holds(claims, path):
        raise UsageError(f"there is no claim {spelled(path)!r} to hide", hint="paths start at the top level")
    if not registered_claims.may_be_selective(path):
        raise UsageError(
            f"{spelled(path)} can't be selectively disclosable",
            hint="verifiers need it to judge the credential; leave it visible",
        )
