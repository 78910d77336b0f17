"""Encryption of a message to a public key: JWE in compact serialization (RFC 7516), by joserfc.

One way of key agreement is spoken, ECDH-ES on P-256 (RFC 7518 section 4.6), with A128GCM or A256GCM: what
OpenID4VC HAIP 1.0 asks for. Everything else in a header is refused before any of it is computed with.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from ipse.encoding import base64url, strict_json
from ipse.encoding.strict_json import Json, JsonObject, excerpt
from ipse.errors import InputTooLarge, MalformedInput, Undetermined, VerificationFailed
from ipse.keys import ecdsa, key_types

if TYPE_CHECKING:
    from joserfc.jwe import JWERegistry

__all__ = ["ALGORITHM", "CURVE", "ENCODINGS", "MAX_LENGTH", "decrypt", "encrypt", "header_of", "new_key"]

ALGORITHM: Final = "ECDH-ES"
CURVE: Final = "P-256"
ENCODINGS: Final = ("A256GCM", "A128GCM")
"""The `enc` values that are spoken, the stronger one first."""
MAX_LENGTH: Final = 4 * 1024 * 1024
"""Characters of an encrypted message that are read."""

_MAX_HEADER: Final = 8 * 1024
_PARTS: Final = 5
_IV_LENGTH: Final = 12
_TAG_LENGTH: Final = 16
_REFUSED: Final = ("zip", "crit", "b64", "jku", "x5u")
"""Header members that would have to be understood or followed, and none is."""


def new_key(kid: str) -> JsonObject:
    """A new private JWK for ECDH-ES on P-256, with `kid`, `use` and `alg`. Secret."""
    pair: JsonObject = {**key_types.private_to_jwk(ecdsa.generate(CURVE))}
    return {**pair, "kid": kid, "use": "enc", "alg": ALGORITHM}


def encrypt(
    payload: bytes,
    recipient: JsonObject,
    *,
    enc: str,
    kid: str | None = None,
    apu: bytes | None = None,
    apv: bytes | None = None,
    cty: str | None = None,
) -> str:
    """The compact JWE of `payload` for the public JWK `recipient`.

    `kid`, `apu`, `apv` (RFC 7518 section 4.6.1) and `cty` go into its header where they are given. Raises
    MalformedInput where `recipient` is not a public key, Undetermined for another curve or `enc`.
    """
    from joserfc import jwe

    _check_enc(enc)
    header: JsonObject = {"alg": ALGORITHM, "enc": enc}
    said = {
        "kid": kid,
        "cty": cty,
        "apu": None if apu is None else base64url.encode(apu),
        "apv": None if apv is None else base64url.encode(apv),
    }
    header |= {name: value for name, value in said.items() if value is not None}
    key = _imported(key_types.public_to_jwk(_on_curve(recipient, "the key to encrypt to")))
    return jwe.encrypt_compact(header, payload, key, registry=_registry())


def decrypt(text: str, key: JsonObject) -> tuple[JsonObject, bytes]:
    """The header and the payload of the compact JWE `text`, opened with the private JWK `key`.

    Raises MalformedInput and InputTooLarge for what is no such message, a point that is not on the curve
    included; Undetermined for another algorithm; VerificationFailed where it does not open with `key`.
    """
    from joserfc import jwe
    from joserfc.errors import JoseError

    header = header_of(text)
    private = key_types.private_from_jwk({name: key.get(name) for name in ("kty", "crv", "x", "y", "d")})
    if private.key_type != CURVE:
        raise Undetermined(f"the key to decrypt with is on {private.key_type}, not on {CURVE}")
    try:
        opened = jwe.decrypt_compact(text, _imported(key_types.private_to_jwk(private)), registry=_registry())
    except (JoseError, ValueError, TypeError, KeyError, AssertionError) as error:
        raise VerificationFailed("the encrypted message does not open with this key") from error
    return header, opened.plaintext or b""


def header_of(text: str) -> JsonObject:
    """The header of the compact JWE `text`, checked to be one that `decrypt` opens.

    Raises MalformedInput, InputTooLarge, Undetermined.
    """
    if len(text) > MAX_LENGTH:
        raise InputTooLarge(
            f"the encrypted message has {len(text)} characters; at most {MAX_LENGTH} are read"
        )
    parts = text.split(".", _PARTS)
    if len(parts) != _PARTS:
        raise MalformedInput(f"an encrypted message has {_PARTS} parts between dots, not {len(parts)}")
    if len(parts[0]) > _MAX_HEADER:
        raise InputTooLarge(f"the header of the encrypted message is over {_MAX_HEADER} characters")
    raw, wrapped, vector, _, tag = [_bytes(part) for part in parts]
    header = strict_json.parse_object(raw, what="the header of the encrypted message")
    _check_header(header)
    if wrapped or len(vector) != _IV_LENGTH or len(tag) != _TAG_LENGTH:
        raise MalformedInput("the parts of the encrypted message have not the lengths of its algorithm")
    return header


def _check_header(header: JsonObject) -> None:
    if header.get("alg") != ALGORITHM:
        raise Undetermined(f"the message is encrypted with alg {excerpt(header.get('alg'))}, not {ALGORITHM}")
    _check_enc(header.get("enc"))
    for name in _REFUSED:
        if name in header:
            raise MalformedInput(f"the header of the encrypted message has {name}, which is not understood")
    for name in ("kid", "apu", "apv", "typ", "cty"):
        if not isinstance(header.get(name, ""), str):
            raise MalformedInput(f"the {name} of the encrypted message is not a text")
    for name in ("apu", "apv"):
        _bytes(header.get(name, ""))
    _on_curve(header.get("epk"), "the epk of the encrypted message")


def _check_enc(enc: Json) -> None:
    if enc not in ENCODINGS:
        raise Undetermined(f"the content encryption {excerpt(enc)} is not supported: use A128GCM or A256GCM")


def _on_curve(jwk: Json, what: str) -> ecdsa.PublicKey:
    """The P-256 public key in `jwk`, known to be a point of the curve. `what` names it in errors."""
    try:
        key = key_types.public_from_jwk(jwk)
    except MalformedInput as error:
        raise MalformedInput(f"{what} is no public key: {error.message}") from error
    if not isinstance(key, ecdsa.PublicKey) or key.key_type != CURVE:
        raise Undetermined(f"{what} is on {key.key_type}, not on {CURVE}")
    return key


def _bytes(part: str) -> bytes:
    try:
        return base64url.decode(part)
    except MalformedInput as error:
        raise MalformedInput(f"a part of the encrypted message is {error.message}") from error


def _imported(jwk: dict[str, str]) -> Json:
    from joserfc.jwk import ECKey

    return ECKey.import_key({**jwk})


def _registry() -> JWERegistry:
    """The registry of joserfc with our algorithms and lengths alone."""
    from joserfc.jwe import JWERegistry

    registry = JWERegistry(algorithms=[ALGORITHM, *ENCODINGS], strict_check_header=False)
    registry.max_protected_header_length = _MAX_HEADER
    registry.max_ciphertext_length = MAX_LENGTH
    return registry
