"""Ed25519 keys as JSON Web Keys (RFC 8037 section 2)."""

from __future__ import annotations

from ipse.encoding import base64url
from ipse.encoding.strict_json import Json
from ipse.errors import MalformedInput, Undetermined
from ipse.keys.ed25519 import PrivateKey, PublicKey

__all__ = ["private_to_jwk", "public_from_jwk", "public_to_jwk"]


def public_to_jwk(key: PublicKey) -> dict[str, str]:
    """The public JWK of `key`: kty, crv, x."""
    return {"kty": "OKP", "crv": "Ed25519", "x": base64url.encode(key.raw)}


def private_to_jwk(key: PrivateKey) -> dict[str, str]:
    """The JWK with the private member `d`. Secret: it goes to a signer, never to a file or a terminal."""
    return {**public_to_jwk(key.public()), "d": base64url.encode(key.seed)}


def public_from_jwk(jwk: Json) -> PublicKey:
    """The public key that a JWK holds.

    Raises MalformedInput for what is no public Ed25519 JWK, Undetermined for another key type.
    """
    if not isinstance(jwk, dict):
        raise MalformedInput("a JWK is a JSON object")
    if jwk.get("kty") != "OKP" or jwk.get("crv") != "Ed25519":
        raise Undetermined(
            f"key type {jwk.get('kty')!r} {jwk.get('crv')!r} is not supported", hint="ipse reads Ed25519 keys"
        )
    if "d" in jwk:
        raise MalformedInput("the JWK holds a private key where a public one belongs")
    if not isinstance(jwk.get("x"), str):
        raise MalformedInput("the JWK has no member x")
    return PublicKey(base64url.decode(jwk["x"]))
