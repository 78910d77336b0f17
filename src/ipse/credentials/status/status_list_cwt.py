"""CBOR Web Tokens as far as status lists need them: reading a COSE_Sign1 and checking its signature.

Source: RFC 9052 sections 3 and 4, RFC 8392, RFC 9596, and of the Token Status List draft the sections on
the CBOR format. CBOR is read narrowly: definite lengths, no member twice, no tag but those around a CWT.
"""

from __future__ import annotations

import base64
import io
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any, Final, NoReturn

from ipse.credentials.jws import VerificationKey
from ipse.credentials.status import token_status_list
from ipse.credentials.status.token_status_list import TokenStatusList
from ipse.encoding.strict_json import excerpt
from ipse.errors import MalformedInput, Undetermined, VerificationFailed

__all__ = ["CWT_TYPE", "Cwt", "check_signature", "check_type", "decode", "from_claims", "names_of", "read"]

CWT_TYPE: Final = "application/statuslist+cwt"

_SIGN1: Final = bytes.fromhex("d2")
_CWT: Final = bytes.fromhex("d83d")
"""The two tags that may stand around a token: 61 for a CWT, 18 for a COSE_Sign1."""

_ALG, _CRIT, _KEY_ID, _TYPE, _X5CHAIN = 1, 2, 4, 16, 33
_ALGORITHMS: Final = {
    -7: "ES256", -9: "ES256", -8: "EdDSA", -19: "EdDSA", -35: "ES384", -51: "ES384", -47: "ES256K",
}  # fmt: skip
_CLAIMS: Final = {
    1: "iss", 2: "sub", 4: "exp", 5: "nbf", 6: "iat", 65533: "status_list", 65534: "ttl", 65535: "status",
}  # fmt: skip

_MAX_DEPTH: Final = 16
_DECODED_TAGS: Final = (
    *range(6), 25, 28, 29, 30, 35, 36, 37, 52, 54, 100, 256, 258, 260, 261, 1004, 43000, 55799,
)  # fmt: skip
"""Tags that the library would turn into something, such as a compiled regular expression."""


@dataclass(frozen=True, slots=True)
class Cwt:
    """A COSE_Sign1 whose payload is a map of claims, unverified.

    `key_id` is its kid as text, None where there is none. `x5c` are its certificates as standard base64, the
    signer's first, None where it has none (x5chain, RFC 9360 section 2).
    """

    header: Mapping[Any, Any]
    key_id: str | None
    claims: Mapping[Any, Any] = field(repr=False)
    signing_input: bytes = field(repr=False)
    signature: bytes = field(repr=False)
    x5c: tuple[str, ...] | None = None


def read(data: bytes) -> Cwt:
    """The token in `data`, unverified. Raises MalformedInput."""
    body = data.removeprefix(_CWT).removeprefix(_SIGN1)
    parts = decode(body, "the CWT")
    if not isinstance(parts, list) or len(parts) != 4:
        raise MalformedInput("the CWT is not a COSE_Sign1, an array of four")
    protected, unprotected, payload, signature = parts
    if not all(isinstance(part, bytes) for part in (protected, payload, signature)):
        raise MalformedInput("a part of the CWT is not a byte string")
    header = _map(decode(protected, "the CWT's protected header") if protected else {}, "protected header")
    claims = _map(decode(payload, "the CWT's payload"), "payload")
    unprotected = _map(unprotected, "unprotected header")
    twice = header.keys() & unprotected.keys()
    if twice:
        raise MalformedInput(f"the CWT's two headers both have {excerpt(min(twice, key=str))}")
    both = {**unprotected, **header}
    key_id, x5c = _key_id(both.get(_KEY_ID)), _x5c(both.get(_X5CHAIN))
    return Cwt(header, key_id, claims, _signing_input(protected, payload), signature, x5c)


def check_type(cwt: Cwt) -> None:
    """The token is a status list (RFC 9596). Raises MalformedInput."""
    if cwt.header.get(_TYPE) != CWT_TYPE:
        raise MalformedInput(f"the type of the CWT is {excerpt(cwt.header.get(_TYPE))}, not {CWT_TYPE}")


def check_signature(cwt: Cwt, resolve_key: Callable[[], VerificationKey]) -> str:
    """The name of the algorithm that `cwt` is rightly signed with; the algorithm is the key's.

    Raises VerificationFailed, Undetermined for an algorithm that ipse does not read, and whatever
    `resolve_key` raises.
    """
    if _CRIT in cwt.header:
        raise VerificationFailed("the header has crit, and no critical extension is understood")
    number = cwt.header.get(_ALG)
    if isinstance(number, bool) or not isinstance(number, int):
        raise VerificationFailed("the protected header has no alg")
    if number not in _ALGORITHMS:
        raise Undetermined(f"the COSE algorithm {number} is not supported")
    key = resolve_key()
    if _ALGORITHMS[number] != key.algorithm:
        raise VerificationFailed(f"the header says {_ALGORITHMS[number]}, the key is for {key.algorithm}")
    if not key.verify(cwt.signing_input, cwt.signature):
        raise VerificationFailed("the signature does not fit the key and the content")
    return key.algorithm


def from_claims(claims: Mapping[Any, Any]) -> TokenStatusList:
    """The list in the claims of a CWT whose signature holds. Raises MalformedInput."""
    named = names_of(claims)
    status_list = named.get("status_list")
    if not isinstance(status_list, dict) or not isinstance(status_list.get("lst"), bytes):
        raise MalformedInput("the status list token has no status_list map with an lst")
    return token_status_list.from_members(named, bits=status_list.get("bits"), lst=status_list["lst"])


def names_of(claims: Mapping[Any, Any]) -> dict[str, Any]:
    """The claims that ipse knows, under the names that a JWT gives them."""
    return {name: claims[number] for number, name in _CLAIMS.items() if number in claims}


def decode(data: bytes, what: str) -> Any:
    """The one value that `data` encodes: a map, array, text, bytes, number, boolean or null.

    The keys of maps are texts and integers. Raises MalformedInput.
    """
    import cbor2

    decoder = cbor2.CBORDecoder(
        io.BytesIO(data),
        tag_hook=_refuse_tag,
        semantic_decoders=dict.fromkeys(_DECODED_TAGS, _refuse_tag),
        max_depth=_MAX_DEPTH,
        allow_indefinite=False,
        allow_duplicate_keys=False,
    )
    try:
        value = decoder.decode()
    except (
        cbor2.CBORDecodeError,
        ValueError,
        TypeError,
        OverflowError,
        RecursionError,
        MemoryError,
    ) as error:
        raise MalformedInput(f"{what} is not CBOR that ipse reads: {str(error)[:80].lower()}") from error
    _check_kinds(value, what)
    try:
        decoder.read(1)
    except cbor2.CBORDecodeEOF:
        return value
    raise MalformedInput(f"{what} goes on after its end")


def _check_kinds(value: Any, what: str) -> None:
    """No simple values, and no key that is equal to another one of another type, as true is to 1."""
    if isinstance(value, dict):
        if not all(type(key) in (int, str) for key in value):
            raise MalformedInput(
                f"{what} is not CBOR that ipse reads: a key is neither a text nor an integer"
            )
        value = list(value.values())
    if isinstance(value, list):
        for item in value:
            _check_kinds(item, what)
    elif value is not None and not isinstance(value, (int, float, str, bytes)):
        raise MalformedInput(f"{what} is not CBOR that ipse reads: {excerpt(value)}")


def _signing_input(protected: bytes, payload: bytes) -> bytes:
    """The Sig_structure (RFC 9052 section 4.4)."""
    import cbor2

    return cbor2.dumps(["Signature1", protected, b"", payload])


def _refuse_tag(tag: object, _immutable: bool) -> NoReturn:
    raise ValueError(f"a tag in it ({excerpt(tag)})")


def _map(value: Any, what: str) -> dict[Any, Any]:
    if not isinstance(value, dict):
        raise MalformedInput(f"the CWT's {what} is not a map")
    return value


def _x5c(value: object) -> tuple[str, ...] | None:
    if value is None:
        return None
    chain = value if isinstance(value, list) else [value]
    found = tuple(base64.b64encode(entry).decode() for entry in chain if isinstance(entry, bytes))
    if not found or len(found) != len(chain):
        raise MalformedInput("x5chain of the CWT is neither a byte string nor an array of them")
    return found


def _key_id(value: object) -> str | None:
    if value is None:
        return None
    if not isinstance(value, bytes):
        raise MalformedInput("kid of the CWT is not a byte string")
    try:
        return value.decode()
    except UnicodeDecodeError as error:
        raise MalformedInput("kid of the CWT is not text") from error
