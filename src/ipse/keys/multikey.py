"""Keys as Multikey (W3C Controlled Identifiers 1.0, section 2.2.2): public keys, and secret ones to read."""

from __future__ import annotations

from functools import lru_cache
from typing import Final

from ipse.encoding import multibase
from ipse.errors import MalformedInput, Undetermined
from ipse.keys import key_types
from ipse.keys.key_types import AnyPublicKey, PrivateKey

__all__ = ["decode", "decode_secret", "encode"]

_PUBLIC: Final = {
    0xED: "Ed25519",
    0xEC: "X25519",
    0xE7: "secp256k1",
    0x1200: "P-256",
    0x1201: "P-384",
}
_SECRET: Final = {
    0x1300: "Ed25519",
    0x1301: "secp256k1",
    0x1306: "P-256",
}
_KEPT: Final = 256
"""Public keys that are kept, since a verifier meets the same issuers again and again."""
_PUBLIC_CODEC: Final = {name: codec for codec, name in _PUBLIC.items()}
_NOT_READ: Final = {
    0x1202: "P-521",
    0x1203: "Ed448",
    0x1204: "X448",
    0x1205: "RSA",
    0x1302: "X25519",
    0x1305: "RSA",
    0x1307: "P-384",
    0x1308: "P-521",
}
_SEED_LENGTH: Final = 32


def encode(key: AnyPublicKey) -> str:
    """`publicKeyMultibase` of `key`."""
    return multibase.encode_base58btc(multibase.encode_varint(_PUBLIC_CODEC[key.key_type]) + key.raw)


@lru_cache(maxsize=_KEPT)
def decode(text: str) -> AnyPublicKey:
    """The public key in a `publicKeyMultibase`: Ed25519, X25519, secp256k1, P-256 or P-384.

    Raises MalformedInput (a secret key among the rest), and Undetermined for a key type that ipse does
    not read. `key_types.verifying` refuses the one that verifies nothing.
    """
    codec, raw = multibase.decode_varint(multibase.decode_base58btc(text))
    if codec in _SECRET:
        raise MalformedInput("the Multikey holds a private key where a public one belongs")
    if codec not in _PUBLIC:
        raise Undetermined(
            f"key type {_named(codec)} is not supported",
            hint=f"ipse reads {', '.join(_PUBLIC.values())} keys",
        )
    return key_types.public_key(_PUBLIC[codec], raw)


def decode_secret(text: str) -> PrivateKey:
    """The private key in a `secretKeyMultibase`: Ed25519, secp256k1 or P-256.

    Of Ed25519 the older form, seed || public key (64 bytes), is read as well if the halves belong
    together. Raises MalformedInput, and Undetermined for a key type that ipse does not sign with.
    """
    codec, raw = multibase.decode_varint(multibase.decode_base58btc(text))
    if codec in _PUBLIC:
        raise MalformedInput("the Multikey holds a public key where a private one belongs")
    if codec not in _SECRET:
        raise Undetermined(
            f"private key type {_named(codec)} is not supported",
            hint=f"ipse signs with {', '.join(_SECRET.values())} keys",
        )
    if _SECRET[codec] == "Ed25519" and len(raw) == 2 * _SEED_LENGTH:
        key = key_types.private_key("Ed25519", raw[:_SEED_LENGTH])
        if key.public().raw != raw[_SEED_LENGTH:]:
            raise MalformedInput("the two halves of the Ed25519 private key do not belong together")
        return key
    return key_types.private_key(_SECRET[codec], raw)


def _named(codec: int) -> str:
    return _NOT_READ.get(codec, f"multicodec {codec:#x}")
