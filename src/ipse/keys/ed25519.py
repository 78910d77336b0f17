"""Ed25519 key pairs (RFC 8032) over libsodium, and the X25519 keys (RFC 7748 section 5) that go with them.

X25519 keys are for key agreement only: they sign nothing and verify nothing. A did:key of type Ed25519
derives its key agreement key from the signing key by the birational map of RFC 7748 section 4.1.
"""

from __future__ import annotations

import os
from dataclasses import dataclass, field
from typing import ClassVar, Final

from ipse.errors import MalformedInput

__all__ = [
    "SIGNATURE_LENGTH",
    "PrivateKey",
    "PublicKey",
    "X25519PrivateKey",
    "X25519PublicKey",
    "generate",
    "key_agreement_key",
    "public_key_on_curve",
]

_LENGTH: Final = 32
SIGNATURE_LENGTH: Final = 64


@dataclass(frozen=True, slots=True)
class PublicKey:
    """An Ed25519 public key: 32 bytes."""

    raw: bytes

    key_type: ClassVar[str] = "Ed25519"
    algorithm: ClassVar[str] = "EdDSA"

    def __post_init__(self) -> None:
        if len(self.raw) != _LENGTH:
            raise MalformedInput(f"an Ed25519 public key has {_LENGTH} bytes, this one {len(self.raw)}")

    def verify(self, message: bytes, signature: bytes) -> bool:
        """Whether `signature` (64 bytes) over `message` is this key's.

        libsodium refuses small-order keys and non-canonical signatures.
        """
        from nacl.bindings import crypto_sign_open
        from nacl.exceptions import BadSignatureError

        if len(signature) != SIGNATURE_LENGTH:
            return False
        try:
            crypto_sign_open(signature + message, self.raw)
        except BadSignatureError:
            return False
        return True


@dataclass(frozen=True, slots=True)
class PrivateKey:
    """An Ed25519 private key: its 32-byte seed, never shown by repr."""

    seed: bytes = field(repr=False)
    _expanded: list[bytes] = field(init=False, repr=False, compare=False, hash=False, default_factory=list)
    """The form that libsodium signs with, once it was needed: deriving it takes as long as a signature."""

    key_type: ClassVar[str] = "Ed25519"
    algorithm: ClassVar[str] = "EdDSA"

    def __post_init__(self) -> None:
        if len(self.seed) != _LENGTH:
            raise MalformedInput(f"an Ed25519 seed has {_LENGTH} bytes, this one {len(self.seed)}")

    @property
    def secret(self) -> bytes:
        """The seed, under the name that every key type has for it."""
        return self.seed

    def public(self) -> PublicKey:
        """The public half."""
        from nacl.bindings import crypto_sign_seed_keypair

        return PublicKey(crypto_sign_seed_keypair(self.seed)[0])

    def sign(self, message: bytes) -> bytes:
        """The 64-byte signature over `message`."""
        from nacl.bindings import crypto_sign, crypto_sign_seed_keypair

        if not self._expanded:
            self._expanded.append(crypto_sign_seed_keypair(self.seed)[1])
        return crypto_sign(message, self._expanded[0])[:SIGNATURE_LENGTH]


def generate() -> PrivateKey:
    """A new key from the operating system's random numbers."""
    return PrivateKey(os.urandom(_LENGTH))


def public_key_on_curve(raw: bytes) -> PublicKey:
    """The public key that `raw` (32 bytes) encodes, from outside and so not to be trusted.

    Raises MalformedInput unless it is the canonical encoding of a point of the prime-order group, which
    every key pair's public half is (RFC 8032 section 5.1.3).
    """
    from nacl.bindings import crypto_core_ed25519_is_valid_point

    key = PublicKey(raw)
    if not crypto_core_ed25519_is_valid_point(raw):
        raise MalformedInput("not an Ed25519 public key: its bytes are no point of the curve's group")
    return key


@dataclass(frozen=True, slots=True)
class X25519PublicKey:
    """An X25519 public key: 32 bytes."""

    raw: bytes

    key_type: ClassVar[str] = "X25519"

    def __post_init__(self) -> None:
        if len(self.raw) != _LENGTH:
            raise MalformedInput(f"an X25519 public key has {_LENGTH} bytes, this one {len(self.raw)}")


@dataclass(frozen=True, slots=True)
class X25519PrivateKey:
    """An X25519 private key: 32 bytes, never shown by repr."""

    secret: bytes = field(repr=False)

    key_type: ClassVar[str] = "X25519"

    def __post_init__(self) -> None:
        if len(self.secret) != _LENGTH:
            raise MalformedInput(f"an X25519 private key has {_LENGTH} bytes, this one {len(self.secret)}")

    def public(self) -> X25519PublicKey:
        """The public half."""
        from nacl.bindings import crypto_scalarmult_base

        return X25519PublicKey(crypto_scalarmult_base(self.secret))


def key_agreement_key(key: PublicKey) -> X25519PublicKey:
    """The X25519 key of an Ed25519 key. Raises MalformedInput for bytes that are no point of its group."""
    from nacl.bindings import crypto_sign_ed25519_pk_to_curve25519
    from nacl.exceptions import CryptoError

    try:
        return X25519PublicKey(crypto_sign_ed25519_pk_to_curve25519(key.raw))
    except CryptoError as error:
        raise MalformedInput("no X25519 key follows: the Ed25519 key is no point of its group") from error
