"""Keys as JSON Web Keys: EC (RFC 7518 section 6.2, RFC 8812 section 3.1) and OKP (RFC 8037 section 2)."""

from __future__ import annotations

import re
from typing import Final

from ipse.encoding import base64url
from ipse.encoding.strict_json import Json, JsonObject
from ipse.errors import MalformedInput, Undetermined
from ipse.keys import ecdsa, ed25519, key_types
from ipse.keys.key_types import AnyPrivateKey, AnyPublicKey

__all__ = ["private_from_jwk", "private_to_jwk", "public_from_jwk", "public_to_jwk"]

_CURVES: Final = {"OKP": ("Ed25519", "X25519"), "EC": ecdsa.PUBLIC_TYPES}


def public_to_jwk(key: AnyPublicKey) -> dict[str, str]:
    """The public JWK of `key`: kty, crv, x, and y on the EC curves."""
    if isinstance(key, ecdsa.PublicKey):
        x, y = key.coordinates()
        return {"kty": "EC", "crv": key.key_type, "x": base64url.encode(x), "y": base64url.encode(y)}
    return {"kty": "OKP", "crv": key.key_type, "x": base64url.encode(key.raw)}


def private_to_jwk(key: AnyPrivateKey) -> dict[str, str]:
    """The JWK with the private member `d`. Secret: it goes to a signer, never to a terminal."""
    return {**public_to_jwk(key.public()), "d": base64url.encode(key.secret)}


def public_from_jwk(jwk: Json) -> AnyPublicKey:
    """The public key that a JWK holds: Ed25519, X25519, P-256, secp256k1 or P-384.

    Members that do not describe the key (kid, use, alg) are ignored. Raises MalformedInput for what is
    no public JWK, Undetermined for another key type. `key_types.verifying` refuses the one that verifies
    nothing.
    """
    jwk, curve = _curve_of(jwk)
    if "d" in jwk:
        raise MalformedInput("the JWK holds a private key where a public one belongs")
    return _public(jwk, curve)


def private_from_jwk(jwk: Json) -> AnyPrivateKey:
    """The private key that a JWK holds: Ed25519, X25519, P-256 or secp256k1.

    Raises MalformedInput for what is no private JWK or has halves that do not belong together,
    Undetermined for another key type. `key_types.signing` refuses the one that signs nothing.
    """
    jwk, curve = _curve_of(jwk)
    if "d" not in jwk:
        raise MalformedInput("the JWK holds a public key where a private one belongs")
    public = _public(jwk, curve)
    secret = _bytes(jwk, "d")
    key: AnyPrivateKey = (
        ed25519.X25519PrivateKey(secret) if curve == "X25519" else key_types.private_key(curve, secret)
    )
    if key.public() != public:
        raise MalformedInput("the public and the private half of the JWK do not belong together")
    return key


def _curve_of(jwk: Json) -> tuple[JsonObject, str]:
    """The object, and the name of its curve."""
    if not isinstance(jwk, dict):
        raise MalformedInput("a JWK is a JSON object")
    kind, curve = jwk.get("kty"), jwk.get("crv")
    if not (isinstance(kind, str) and isinstance(curve, str) and curve in _CURVES.get(kind, ())):
        names = " ".join(_shown(name) for name in (kind, curve) if name is not None)
        raise Undetermined(
            f"key type {names or '(no name)'} is not supported",
            hint=f"ipse reads {', '.join(key_types.PUBLIC_TYPES)} keys",
        )
    return jwk, curve


def _shown(name: Json) -> str:
    """`name` as an error quotes it, if it can be the name of a key type or a curve at all."""
    return repr(name) if isinstance(name, str) and re.fullmatch(r"[A-Za-z0-9-]{1,20}", name) else "(no name)"


def _public(jwk: JsonObject, curve: str) -> AnyPublicKey:
    if jwk["kty"] == "EC":
        return ecdsa.PublicKey.from_coordinates(curve, _bytes(jwk, "x"), _bytes(jwk, "y"))
    return key_types.public_key(curve, _bytes(jwk, "x"))


def _bytes(jwk: JsonObject, member: str) -> bytes:
    value = jwk.get(member)
    if not isinstance(value, str):
        raise MalformedInput(f"the JWK has no member {member}")
    try:
        return base64url.decode(value)
    except MalformedInput as error:
        raise MalformedInput(f"member {member} of the JWK is {error.message}") from None
