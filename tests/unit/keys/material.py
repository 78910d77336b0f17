"""What the tests of keys write and the program only reads."""

from __future__ import annotations

from typing import Final

from ipse.encoding import multibase
from ipse.keys.key_types import PrivateKey

_CODECS: Final = {"Ed25519": 0x1300, "secp256k1": 0x1301, "P-256": 0x1306}


def secret_multikey(key: PrivateKey) -> str:
    """The `secretKeyMultibase` of `key` (W3C Controlled Identifiers 1.0 section 2.2.2)."""
    return multibase.encode_base58btc(multibase.encode_varint(_CODECS[key.key_type]) + key.secret)
