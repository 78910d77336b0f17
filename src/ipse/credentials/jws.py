"""JSON Web Signatures over a JSON object, in compact serialization (RFC 7515)."""

from __future__ import annotations

import json
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Protocol

from ipse.encoding import base64url, strict_json
from ipse.errors import MalformedInput, VerificationFailed

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from ipse.encoding.strict_json import Json, JsonObject

__all__ = ["Jws", "Signer", "VerificationKey", "check_signature", "encode_json", "read", "read_parts", "sign"]


class Signer(Protocol):
    """A private key that signs with one JWS algorithm."""

    @property
    def algorithm(self) -> str:
        """The JWS `alg` name, such as `EdDSA` or `ES256`."""

    def sign(self, message: bytes) -> bytes:
        """The signature over `message`, in the form JWS wants (for ES256: r and s, 64 bytes)."""


class VerificationKey(Protocol):
    """A public key that verifies one JWS algorithm."""

    @property
    def algorithm(self) -> str:
        """The JWS `alg` name, such as `EdDSA` or `ES256`."""

    def verify(self, message: bytes, signature: bytes) -> bool:
        """Whether `signature` over `message` is this key's. Never raises for a wrong signature."""


@dataclass(frozen=True, slots=True)
class Jws:
    """A JWS whose payload is a JSON object: its three encoded parts, and what they hold."""

    protected: str = field(repr=False)
    body: str = field(repr=False)
    signature: str = field(repr=False)
    header: JsonObject
    payload: JsonObject = field(repr=False)

    @property
    def encoded(self) -> str:
        """The compact serialization."""
        return f"{self.protected}.{self.body}.{self.signature}"

    @property
    def signing_input(self) -> bytes:
        """The bytes that are signed (RFC 7515 section 5.1, step 5)."""
        return f"{self.protected}.{self.body}".encode("ascii")


def read(text: str, *, what: str) -> Jws:
    """The JWS that `text` serializes, unverified. `what` names it in errors. Raises MalformedInput."""
    dots = text.count(".")
    if dots != 2:
        raise MalformedInput(f"{what} has {dots + 1} parts between dots, a signed JWT has 3")
    return read_parts(*text.split("."), what=what)


def read_parts(protected: str, body: str, signature: str, *, what: str) -> Jws:
    """The JWS made of three base64url parts, unverified. Raises MalformedInput."""
    header = strict_json.parse_object(_decode(protected, f"{what} header"), what=f"{what} header")
    payload = strict_json.parse_object(_decode(body, f"{what} payload"), what=f"{what} payload")
    _decode(signature, f"{what} signature")
    return Jws(protected, body, signature, header, payload)


def sign(header: Mapping[str, Json], payload: Mapping[str, Json], signer: Signer) -> Jws:
    """A new JWS over `payload`. The `alg` header is the signer's. Raises MalformedInput."""
    full_header = {**header, "alg": signer.algorithm}
    protected = base64url.encode(encode_json(full_header))
    body = base64url.encode(encode_json(payload))
    signature = signer.sign(f"{protected}.{body}".encode("ascii"))
    return Jws(protected, body, base64url.encode(signature), full_header, dict(payload))


def check_signature(jws: Jws, resolve_key: Callable[[], VerificationKey]) -> str:
    """The name of the algorithm that `jws` is rightly signed with.

    The algorithm is the key's; the header only may not contradict it. `crit` is refused, since no
    extension is understood (RFC 7515 section 4.1.11), and `none` even before a key is looked for.
    Raises VerificationFailed, and whatever `resolve_key` raises.
    """
    if "crit" in jws.header:
        raise VerificationFailed("the header has crit, and no critical extension is understood")
    algorithm = jws.header.get("alg")
    if not isinstance(algorithm, str):
        raise VerificationFailed("the header has no alg")
    if algorithm.lower() == "none":
        raise VerificationFailed("alg is none: nothing is signed")
    key = resolve_key()
    if algorithm != key.algorithm:
        raise VerificationFailed(f"the header says alg {algorithm[:40]!r}, the key is for {key.algorithm}")
    if not key.verify(jws.signing_input, base64url.decode(jws.signature)):
        raise VerificationFailed("the signature does not fit the key and the content")
    return key.algorithm


def encode_json(value: Json) -> bytes:
    """`value` as compact UTF-8 JSON, member order kept. Raises MalformedInput for what JSON can't carry."""
    try:
        return json.dumps(value, ensure_ascii=False, allow_nan=False, separators=(",", ":")).encode()
    except (TypeError, ValueError, RecursionError) as error:
        raise MalformedInput(f"cannot be written as JSON: {str(error)[:80].lower()}") from error


def _decode(part: str, what: str) -> bytes:
    if not part:
        raise MalformedInput(f"{what} is empty")
    try:
        return base64url.decode(part)
    except MalformedInput as error:
        raise MalformedInput(f"{what} is {error.message}") from error
