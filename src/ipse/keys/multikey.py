"""Public keys as Multikey (W3C Controlled Identifiers 1.0, section 2.2.2)."""

from __future__ import annotations

from typing import Final

from ipse.encoding import multibase
from ipse.errors import Undetermined
from ipse.keys.ed25519 import PublicKey

__all__ = ["decode", "encode"]

_ED25519: Final = 0xED
_OTHER_CODECS: Final = {
    0xE7: "secp256k1",
    0xEC: "X25519",
    0x1200: "P-256",
    0x1201: "P-384",
    0x1202: "P-521",
}


def encode(key: PublicKey) -> str:
    """`publicKeyMultibase` of `key`."""
    return multibase.encode_base58btc(multibase.encode_varint(_ED25519) + key.raw)


def decode(text: str) -> PublicKey:
    """The public key in a `publicKeyMultibase`.

    Raises MalformedInput, and Undetermined for a key type that ipse does not read.
    """
    codec, raw = multibase.decode_varint(multibase.decode_base58btc(text))
    if codec != _ED25519:
        name = _OTHER_CODECS.get(codec, f"multicodec {codec:#x}")
        raise Undetermined(f"key type {name} is not supported", hint="ipse reads Ed25519 keys")
    return PublicKey(raw)
