"""X25519 keys (RFC 7748 section 5), for key agreement only: they sign nothing and verify nothing.

A did:key of type Ed25519 derives its key agreement key from the signing key by the birational map of
RFC 7748 section 4.1.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import ClassVar, Final

from ipse.errors import MalformedInput
from ipse.keys import ed25519

__all__ = ["PrivateKey", "PublicKey", "public_from_ed25519"]

_LENGTH: Final = 32


@dataclass(frozen=True, slots=True)
class PublicKey:
    """An X25519 public key: 32 bytes."""

    raw: bytes

    key_type: ClassVar[str] = "X25519"

    def __post_init__(self) -> None:
        if len(self.raw) != _LENGTH:
            raise MalformedInput(f"an X25519 public key has {_LENGTH} bytes, this one {len(self.raw)}")


@dataclass(frozen=True, slots=True)
class PrivateKey:
    """An X25519 private key: 32 bytes, never shown by repr."""

    secret: bytes = field(repr=False)

    key_type: ClassVar[str] = "X25519"

    def __post_init__(self) -> None:
        if len(self.secret) != _LENGTH:
            raise MalformedInput(f"an X25519 private key has {_LENGTH} bytes, this one {len(self.secret)}")

    def public(self) -> PublicKey:
        """The public half."""
        from nacl.bindings import crypto_scalarmult_base

        return PublicKey(crypto_scalarmult_base(self.secret))


def public_from_ed25519(key: ed25519.PublicKey) -> PublicKey:
    """The X25519 key of an Ed25519 key. Raises MalformedInput for bytes that are no point of its group."""
    from nacl.bindings import crypto_sign_ed25519_pk_to_curve25519
    from nacl.exceptions import CryptoError

    try:
        return PublicKey(crypto_sign_ed25519_pk_to_curve25519(key.raw))
    except CryptoError as error:
        raise MalformedInput("no X25519 key follows: the Ed25519 key is no point of its group") from error
