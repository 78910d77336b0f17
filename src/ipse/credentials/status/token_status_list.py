"""Token status lists: the list, the claims that carry it, and the signed JWT that is published.

Source: IETF Token Status List (draft-ietf-oauth-status-list), sections 4 to 7. The CWT form of the same
is in `status_list_cwt`.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any, Final

from ipse.credentials import jws
from ipse.credentials.jws import Jws, Signer
from ipse.credentials.status import compression
from ipse.encoding import base64url
from ipse.encoding.strict_json import JsonObject, excerpt
from ipse.encoding.timestamps import from_numeric_date, to_numeric_date
from ipse.errors import MalformedInput

__all__ = [
    "BITS",
    "INVALID",
    "JWT_TYPE",
    "SUSPENDED",
    "VALID",
    "TokenStatusList",
    "build_claims",
    "build_reference",
    "from_claims",
    "from_members",
    "pack",
    "read_jwt",
    "sign",
    "unpack",
]

VALID: Final = 0
INVALID: Final = 1
SUSPENDED: Final = 2
BITS: Final = (1, 2, 4, 8)
JWT_TYPE: Final = "statuslist+jwt"

_LONGEST: Final = timedelta(days=36_500)


@dataclass(frozen=True, slots=True)
class TokenStatusList:
    """A list as its token has it.

    - `uri`: what it is published at; `issuer`: None where it does not say
    - `bits`: of one entry; `statuses`: the unpacked bytes, entry 0 in the least significant bits of the
      first one
    - `ttl`: how long it may be kept before it is fetched again, None where it does not say
    """

    uri: str
    issuer: str | None
    issued: datetime
    not_before: datetime | None
    expires: datetime | None
    ttl: timedelta | None
    bits: int
    statuses: bytes = field(repr=False)

    def status(self, index: int) -> int:
        """The value of entry `index`. Raises MalformedInput where there is none."""
        entries = len(self.statuses) * 8 // self.bits
        if not 0 <= index < entries:
            raise MalformedInput(f"there is no entry {index}, the list has {entries}")
        byte, place = divmod(index * self.bits, 8)
        return (self.statuses[byte] >> place) & ((1 << self.bits) - 1)


def pack(statuses: bytes, bits: int) -> bytes:
    """The uncompressed list of `statuses`, one byte for each entry. Raises MalformedInput.

    A status that does not fit into `bits` is refused.
    """
    _check_bits(bits)
    packed = bytearray((len(statuses) * bits + 7) // 8)
    for index, status in enumerate(statuses):
        if status >> bits:
            raise MalformedInput(f"the status {status} of entry {index} does not fit into {bits} bits")
        byte, place = divmod(index * bits, 8)
        packed[byte] |= status << place
    return bytes(packed)


def build_claims(
    *,
    uri: str,
    packed: bytes,
    bits: int,
    issued: datetime,
    expires: datetime | None = None,
    ttl: timedelta | None = None,
    issuer: str | None = None,
) -> JsonObject:
    """The claims of a status list token; `packed` is what `pack` gives. Times are rounded to seconds."""
    _check_bits(bits)
    claims: JsonObject = {} if issuer is None else {"iss": issuer}
    claims |= {"sub": uri, "iat": to_numeric_date(issued)}
    if expires is not None:
        claims["exp"] = to_numeric_date(expires)
    if ttl is not None:
        claims["ttl"] = int(ttl.total_seconds())
    lst = base64url.encode(compression.compress(packed, "zlib"))
    return {**claims, "status_list": {"bits": bits, "lst": lst}}


def build_reference(*, uri: str, index: int) -> JsonObject:
    """The `status` claim of a token whose status is entry `index` of the list at `uri`."""
    return {"status_list": {"idx": index, "uri": uri}}


def sign(claims: JsonObject, signer: Signer, *, key_id: str | None, x5c: Sequence[str] = ()) -> str:
    """The status list token with these claims, in compact serialization. Raises MalformedInput.

    Its header names the key by `key_id`, by certificates (`x5c`), or by both.
    """
    header: JsonObject = {"typ": JWT_TYPE}
    if key_id is not None:
        header["kid"] = key_id
    if x5c:
        header["x5c"] = list(x5c)
    return jws.sign(header, claims, signer).encoded


def read_jwt(text: str) -> Jws:
    """The status list token that `text` serializes, unverified. Raises MalformedInput."""
    token = jws.read(text, what="the status list token")
    typ = token.header.get("typ")
    if typ != JWT_TYPE:
        raise MalformedInput(f"the typ of the status list token is {excerpt(typ)}, not {JWT_TYPE}")
    return token


def from_claims(claims: JsonObject) -> TokenStatusList:
    """The list in the claims of a JWT whose signature holds. Raises MalformedInput."""
    status_list = claims.get("status_list")
    if not isinstance(status_list, dict):
        raise MalformedInput("the status list token has no status_list object")
    lst = status_list.get("lst")
    if not isinstance(lst, str):
        raise MalformedInput("status_list has no lst")
    try:
        compressed = base64url.decode(lst)
    except MalformedInput as error:
        raise MalformedInput(f"lst is {error.message}") from error
    return from_members(claims, bits=status_list.get("bits"), lst=compressed)


def issued(claims: Mapping[str, Any]) -> datetime:
    """When a token says to be issued, by its claims under their JWT names. Raises MalformedInput."""
    moment = _moment(claims, "iat")
    if moment is None:
        raise MalformedInput("the status list token has no iat")
    return moment


def from_members(claims: Mapping[str, Any], *, bits: object, lst: bytes) -> TokenStatusList:
    """The list of claims under their JWT names, with `lst` compressed. Raises MalformedInput."""
    if "status" in claims:
        raise MalformedInput("the status list token has a status of its own, which is not looked up")
    uri = claims.get("sub")
    if not (isinstance(uri, str) and uri):
        raise MalformedInput("the status list token has no sub")
    issuer = claims.get("iss")
    if issuer is not None and not isinstance(issuer, str):
        raise MalformedInput(f"iss of the status list token is {excerpt(issuer)}, not a string")
    size, statuses = unpack(bits=bits, lst=lst)
    return TokenStatusList(
        uri=uri,
        issuer=issuer,
        issued=issued(claims),
        not_before=_moment(claims, "nbf"),
        expires=_moment(claims, "exp"),
        ttl=_ttl(claims),
        bits=size,
        statuses=statuses,
    )


def unpack(*, bits: object, lst: bytes) -> tuple[int, bytes]:
    """The bits of an entry, and the bytes of the list that `lst` compresses. Raises MalformedInput."""
    size = _check_bits(bits)
    try:
        return size, compression.decompress(lst, "zlib")
    except MalformedInput as error:
        raise MalformedInput(f"lst is {error.message}") from error


def _check_bits(bits: object) -> int:
    if isinstance(bits, bool) or not isinstance(bits, int) or bits not in BITS:
        raise MalformedInput(f"bits is {excerpt(bits)}, not 1, 2, 4 or 8")
    return bits


def _moment(claims: Mapping[str, Any], name: str) -> datetime | None:
    if name not in claims:
        return None
    return from_numeric_date(claims[name], f"{name} of the status list token")


def _ttl(claims: Mapping[str, Any]) -> timedelta | None:
    if "ttl" not in claims:
        return None
    value = claims["ttl"]
    if isinstance(value, bool) or not isinstance(value, (int, float)) or not value > 0:
        raise MalformedInput(f"ttl of the status list token is {excerpt(value)}, not a number of seconds")
    return timedelta(seconds=min(value, _LONGEST.total_seconds()))
