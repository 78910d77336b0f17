"""What every key type offers, and the key types by name.

    name        signs   verifies   algorithm   source
    Ed25519     yes     yes        EdDSA       RFC 8032, RFC 8037
    P-256       yes     yes        ES256       RFC 7518
    secp256k1   yes     yes        ES256K      RFC 8812
    P-384       no      yes        ES384       RFC 7518
    X25519      no      no                     RFC 7748, key agreement

The names are the `crv` of the JSON Web Key.
"""

from __future__ import annotations

from typing import Final, Protocol, TypeAlias

from ipse.errors import Undetermined, UsageError
from ipse.keys import ecdsa, ed25519

__all__ = [
    "PUBLIC_TYPES",
    "SIGNING_TYPES",
    "AnyPrivateKey",
    "AnyPublicKey",
    "PrivateKey",
    "PublicKey",
    "generate",
    "private_key",
    "public_key",
    "signing",
    "verifying",
]

SIGNING_TYPES: Final = ("Ed25519", *ecdsa.PRIVATE_TYPES)
"""The types that ipse makes, holds and signs with; the first is the default."""
PUBLIC_TYPES: Final = ("Ed25519", *ecdsa.PUBLIC_TYPES, "X25519")
"""The types whose public keys ipse reads."""


class PublicKey(Protocol):
    """A key that verifies signatures.

    `raw` is the form that Multikey carries: 32 bytes for Ed25519, the compressed point otherwise.
    """

    @property
    def key_type(self) -> str: ...
    @property
    def algorithm(self) -> str: ...
    @property
    def raw(self) -> bytes: ...

    def verify(self, message: bytes, signature: bytes) -> bool: ...


class PrivateKey(Protocol):
    """A key that signs. `secret` is 32 bytes and never shown by repr."""

    @property
    def key_type(self) -> str: ...
    @property
    def algorithm(self) -> str: ...
    @property
    def secret(self) -> bytes: ...

    def public(self) -> PublicKey: ...
    def sign(self, message: bytes) -> bytes: ...


AnyPublicKey: TypeAlias = PublicKey | ed25519.X25519PublicKey
AnyPrivateKey: TypeAlias = PrivateKey | ed25519.X25519PrivateKey


def generate(key_type: str = "Ed25519") -> PrivateKey:
    """A new key of one of SIGNING_TYPES. Raises UsageError for another name."""
    if key_type == "Ed25519":
        return ed25519.generate()
    if key_type in ecdsa.PRIVATE_TYPES:
        return ecdsa.generate(key_type)
    raise UsageError(
        f"no keys of type {key_type[:40]!r} are made", hint=f"choose one of {', '.join(SIGNING_TYPES)}"
    )


def private_key(key_type: str, secret: bytes) -> PrivateKey:
    """The signing key of type `key_type` with these 32 secret bytes.

    Raises MalformedInput for bytes that are no such key, Undetermined for a type that ipse does not sign
    with.
    """
    if key_type == "Ed25519":
        return ed25519.PrivateKey(secret)
    if key_type in ecdsa.PRIVATE_TYPES:
        return ecdsa.PrivateKey(key_type, secret)
    raise Undetermined(
        f"private keys of type {key_type[:40]} are not supported",
        hint=f"ipse signs with {', '.join(SIGNING_TYPES)}",
    )


def public_key(key_type: str, raw: bytes) -> AnyPublicKey:
    """The public key of type `key_type` with these bytes, checked to be a point of its curve.

    Raises MalformedInput for bytes that are no such key, Undetermined for a type that ipse does not read.
    """
    if key_type == "Ed25519":
        return ed25519.public_key_on_curve(raw)
    if key_type == "X25519":
        return ed25519.X25519PublicKey(raw)
    if key_type in ecdsa.PUBLIC_TYPES:
        return ecdsa.PublicKey(key_type, raw)
    raise Undetermined(
        f"key type {key_type[:40]} is not supported", hint=f"ipse reads {', '.join(PUBLIC_TYPES)}"
    )


def verifying(key: AnyPublicKey) -> PublicKey:
    """`key`, known to verify signatures. Raises Undetermined for a key agreement key."""
    if isinstance(key, ed25519.X25519PublicKey):
        raise Undetermined(
            "an X25519 key verifies no signature: it is for key agreement", hint="name a signing key"
        )
    return key


def signing(key: AnyPrivateKey) -> PrivateKey:
    """`key`, known to sign. Raises Undetermined for a key agreement key."""
    if isinstance(key, ed25519.X25519PrivateKey):
        raise Undetermined("an X25519 key signs nothing: it is for key agreement", hint="give a signing key")
    return key
