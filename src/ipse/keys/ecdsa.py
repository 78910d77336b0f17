"""ECDSA key pairs on P-256, secp256k1 and P-384 (public half only) over OpenSSL.

A public key's bytes are the compressed point (SEC 1 section 2.3.3), a signature's are r || s as in JOSE
(RFC 7518 section 3.4, RFC 8812 section 3.2).
"""

from __future__ import annotations

import os
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Final

from ipse.errors import MalformedInput, Undetermined, UsageError

if TYPE_CHECKING:
    from cryptography.hazmat.primitives.asymmetric import ec

__all__ = ["PRIVATE_TYPES", "PUBLIC_TYPES", "PrivateKey", "PublicKey", "generate", "order"]


@dataclass(frozen=True, slots=True)
class _Curve:
    openssl_name: str
    hash_name: str
    algorithm: str
    length: int
    """Bytes of a coordinate, and of r, s and the private key."""
    order: int


_CURVES: Final = {
    "P-256": _Curve(
        "SECP256R1", "SHA256", "ES256", 32, 0xFFFFFFFF00000000FFFFFFFFFFFFFFFFBCE6FAADA7179E84F3B9CAC2FC632551
    ),
    "secp256k1": _Curve(
        "SECP256K1",
        "SHA256",
        "ES256K",
        32,
        0xFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFEBAAEDCE6AF48A03BBFD25E8CD0364141,
    ),
    "P-384": _Curve(
        "SECP384R1",
        "SHA384",
        "ES384",
        48,
        0xFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFC7634D81F4372DDF581A0DB248B0A77AECEC196ACCC52973,
    ),
}

PUBLIC_TYPES: Final = ("P-256", "secp256k1", "P-384")
PRIVATE_TYPES: Final = ("P-256", "secp256k1")


@dataclass(frozen=True, slots=True)
class PublicKey:
    """An ECDSA public key: a compressed point of 33 bytes, of 49 on P-384.

    Raises MalformedInput for bytes that are no compressed point of the curve, Undetermined for a
    key type that is none of PUBLIC_TYPES.
    """

    key_type: str
    raw: bytes

    def __post_init__(self) -> None:
        length = 1 + _curve(self.key_type).length
        if len(self.raw) != length:
            raise MalformedInput(
                f"a compressed {self.key_type} public key has {length} bytes, this one {len(self.raw)}"
            )
        if self.raw[0] not in (2, 3):
            raise MalformedInput(
                f"not a compressed {self.key_type} public key: it starts with {self.raw[0]:#04x}"
            )
        self._openssl()

    @classmethod
    def from_coordinates(cls, key_type: str, x: bytes, y: bytes) -> PublicKey:
        """The key at the point (x, y), each of the curve's length, leading zeros kept.

        Raises MalformedInput where the point is not on the curve.
        """
        length = _curve(key_type).length
        for name, value in (("x", x), ("y", y)):
            if len(value) != length:
                raise MalformedInput(f"{name} of a {key_type} key has {length} bytes, this one {len(value)}")
        key = cls(key_type, bytes([2 + (y[-1] & 1)]) + x)
        if key.coordinates() != (x, y):
            raise MalformedInput(f"not a {key_type} public key: the point is not on the curve")
        return key

    @property
    def algorithm(self) -> str:
        """ES256, ES256K or ES384."""
        return _curve(self.key_type).algorithm

    def coordinates(self) -> tuple[bytes, bytes]:
        """x and y, big-endian, each of the curve's length."""
        from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat

        length = _curve(self.key_type).length
        point = self._openssl().public_bytes(Encoding.X962, PublicFormat.UncompressedPoint)
        return point[1 : 1 + length], point[1 + length :]

    def verify(self, message: bytes, signature: bytes) -> bool:
        """Whether `signature` (r || s, 64 or 96 bytes) over `message` is this key's.

        Both forms of s are accepted: RFC 7518 and RFC 8812 ask for neither.
        """
        from cryptography.exceptions import InvalidSignature
        from cryptography.hazmat.primitives.asymmetric.utils import encode_dss_signature

        curve = _curve(self.key_type)
        if len(signature) != 2 * curve.length:
            return False
        r = int.from_bytes(signature[: curve.length], "big")
        s = int.from_bytes(signature[curve.length :], "big")
        if not (0 < r < curve.order and 0 < s < curve.order):
            return False
        try:
            self._openssl().verify(encode_dss_signature(r, s), message, _ecdsa(curve))
        except InvalidSignature:
            return False
        return True

    def _openssl(self) -> ec.EllipticCurvePublicKey:
        from cryptography.hazmat.primitives.asymmetric import ec

        try:
            return ec.EllipticCurvePublicKey.from_encoded_point(_openssl_curve(self.key_type), self.raw)
        except ValueError as error:
            raise MalformedInput(
                f"not a {self.key_type} public key: the point is not on the curve"
            ) from error


@dataclass(frozen=True, slots=True)
class PrivateKey:
    """An ECDSA private key: 32 bytes, big-endian, never shown by repr.

    Raises MalformedInput unless it lies in 1 .. n-1 (SEC 1 section 3.2.1), Undetermined for a key type
    that is none of PRIVATE_TYPES.
    """

    key_type: str
    secret: bytes = field(repr=False)

    def __post_init__(self) -> None:
        if self.key_type not in PRIVATE_TYPES:
            raise Undetermined(
                f"private keys of type {self.key_type[:40]} are not supported",
                hint=f"ipse signs ECDSA with {' and '.join(PRIVATE_TYPES)}",
            )
        curve = _curve(self.key_type)
        if len(self.secret) != curve.length:
            raise MalformedInput(
                f"a {self.key_type} private key has {curve.length} bytes, this one {len(self.secret)}"
            )
        if not 0 < int.from_bytes(self.secret, "big") < curve.order:
            raise MalformedInput(f"not a {self.key_type} private key: its number is outside 1 to n-1")

    @property
    def algorithm(self) -> str:
        """ES256 or ES256K."""
        return _curve(self.key_type).algorithm

    def public(self) -> PublicKey:
        """The public half."""
        from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat

        public = self._openssl().public_key()
        return PublicKey(self.key_type, public.public_bytes(Encoding.X962, PublicFormat.CompressedPoint))

    def sign(self, message: bytes) -> bytes:
        """The 64-byte signature r || s over `message`; on secp256k1 with the lower of the two s.

        Deterministic (RFC 6979) where the OpenSSL at hand can (3.2 and later), else with a random nonce.
        """
        from cryptography.exceptions import UnsupportedAlgorithm
        from cryptography.hazmat.primitives.asymmetric.utils import decode_dss_signature

        curve = _curve(self.key_type)
        key = self._openssl()
        try:
            der = key.sign(message, _ecdsa(curve, deterministic=True))
        except UnsupportedAlgorithm:
            der = key.sign(message, _ecdsa(curve))
        r, s = decode_dss_signature(der)
        if self.key_type == "secp256k1":
            s = min(s, curve.order - s)
        return r.to_bytes(curve.length, "big") + s.to_bytes(curve.length, "big")

    def _openssl(self) -> ec.EllipticCurvePrivateKey:
        from cryptography.hazmat.primitives.asymmetric import ec

        return ec.derive_private_key(int.from_bytes(self.secret, "big"), _openssl_curve(self.key_type))


def generate(key_type: str) -> PrivateKey:
    """A new key of one of PRIVATE_TYPES from the operating system's random numbers. Raises UsageError."""
    if key_type not in PRIVATE_TYPES:
        raise UsageError(f"no ECDSA keys of type {key_type[:40]} are made", hint="use P-256 or secp256k1")
    curve = _curve(key_type)
    while True:
        secret = os.urandom(curve.length)
        if 0 < int.from_bytes(secret, "big") < curve.order:  # else about once in 2^32 on P-256
            return PrivateKey(key_type, secret)


def order(key_type: str) -> int:
    """The order n of the curve's base point (SP 800-186). Raises Undetermined for another key type."""
    return _curve(key_type).order


def _curve(key_type: str) -> _Curve:
    if key_type not in _CURVES:
        raise Undetermined(
            f"key type {key_type[:40]} is not supported", hint="ECDSA keys are P-256, secp256k1, P-384"
        )
    return _CURVES[key_type]


def _openssl_curve(key_type: str) -> ec.EllipticCurve:
    from cryptography.hazmat.primitives.asymmetric import ec

    curve: ec.EllipticCurve = getattr(ec, _curve(key_type).openssl_name)()
    return curve


def _ecdsa(curve: _Curve, *, deterministic: bool = False) -> ec.ECDSA:
    from cryptography.hazmat.primitives import hashes
    from cryptography.hazmat.primitives.asymmetric import ec

    return ec.ECDSA(getattr(hashes, curve.hash_name)(), deterministic_signing=deterministic)
