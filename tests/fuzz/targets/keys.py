"""Keys as others write them: Multikey, JWK, PEM, OpenSSH, age."""

from __future__ import annotations

import base64
import hashlib
import hmac
import re
from collections.abc import Iterable
from contextlib import suppress
from typing import Final

from ipse.encoding import strict_json
from ipse.errors import IpseError
from ipse.keys import age_file, ecdsa, ed25519, import_formats, key_types
from tests.fuzz.target import Target, as_bytes
from tests.unit.keys.material import secret_multikey

__all__ = ["TARGETS"]

_PASSPHRASE: Final = b"fuzz"
_WORK: Final = re.compile(rb"-> scrypt \S+ ([0-9]+)")
_KEYS: Final = (
    ed25519.PrivateKey(b"i" * 32),
    ecdsa.PrivateKey("P-256", b"m" * 32),
    ecdsa.PrivateKey("secp256k1", b"k" * 32),
)


def _multikey(data: bytes) -> None:
    text = data.decode("utf-8", "surrogateescape")
    for decode in (key_types.from_multikey, key_types.secret_from_multikey):
        try:
            decode(text)
        except IpseError:
            continue


def _jwk(data: bytes) -> None:
    value = strict_json.parse(data)
    with suppress(IpseError):
        key_types.private_from_jwk(value)
    key = key_types.public_from_jwk(value)
    assert key_types.public_from_jwk({**key_types.public_to_jwk(key)}) == key


def _import(data: bytes) -> None:
    import_formats.read_private_key(data, passphrase=lambda: _PASSPHRASE)


def _age(data: bytes) -> None:
    work = _WORK.search(data)
    if work is not None and len(work[1]) > 1:
        return  # how much work a file may ask for is tested elsewhere; it takes seconds
    age_file.decrypt(data, _PASSPHRASE)


def _multikeys() -> Iterable[bytes]:
    keys = [*(key.public() for key in _KEYS), ed25519.key_agreement_key(_KEYS[0].public())]
    return [
        *(key_types.to_multikey(key).encode() for key in keys),
        *(secret_multikey(key).encode() for key in _KEYS),
    ]


def _jwks() -> Iterable[bytes]:
    made = [
        form
        for key in _KEYS
        for form in (key_types.public_to_jwk(key.public()), key_types.private_to_jwk(key))
    ]
    return [as_bytes({**form, "kid": "a", "use": "sig"}) for form in made]


def _key_files() -> Iterable[bytes]:
    from cryptography.hazmat.primitives.asymmetric import ec
    from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
    from cryptography.hazmat.primitives.serialization import (
        BestAvailableEncryption,
        Encoding,
        NoEncryption,
        PrivateFormat,
    )

    edwards = Ed25519PrivateKey.from_private_bytes(b"i" * 32)
    curved = ec.derive_private_key(7, ec.SECP256R1())
    yield from _jwks()
    yield from _multikeys()
    yield as_bytes({"secretKeyMultibase": secret_multikey(_KEYS[0]), "type": "Multikey"})
    for key in (edwards, curved):
        for form in (PrivateFormat.PKCS8, PrivateFormat.OpenSSH):
            yield key.private_bytes(Encoding.PEM, form, NoEncryption())
        yield key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, BestAvailableEncryption(_PASSPHRASE))
    yield curved.private_bytes(Encoding.PEM, PrivateFormat.TraditionalOpenSSL, NoEncryption())


def _age_files() -> Iterable[bytes]:
    """Age files whose scrypt takes no time; those that the library writes take a second."""
    from cryptography.hazmat.primitives.ciphers.aead import ChaCha20Poly1305
    from cryptography.hazmat.primitives.hashes import SHA256
    from cryptography.hazmat.primitives.kdf.hkdf import HKDF
    from cryptography.hazmat.primitives.kdf.scrypt import Scrypt

    file_key, salt, nonce = b"f" * 16, b"s" * 16, b"n" * 16
    wrapping = Scrypt(b"age-encryption.org/v1/scrypt" + salt, 32, 2**4, 8, 1).derive(_PASSPHRASE)
    wrapped = ChaCha20Poly1305(wrapping).encrypt(bytes(12), file_key, None)
    header = b"age-encryption.org/v1\n-> scrypt %s 4\n%s\n---" % (_unpadded(salt), _unpadded(wrapped))
    mac = hmac.new(HKDF(SHA256(), 32, b"", b"header").derive(file_key), header, hashlib.sha256).digest()
    stream = HKDF(SHA256(), 32, nonce, b"payload").derive(file_key)
    payload = ChaCha20Poly1305(stream).encrypt(bytes(11) + b"\x01", next(iter(_jwks())), None)
    whole = header + b" " + _unpadded(mac) + b"\n" + nonce + payload
    armored = base64.encodebytes(whole)
    lines = base64.b64encode(whole)
    wrapped_lines = b"\n".join(lines[start : start + 64] for start in range(0, len(lines), 64))
    yield whole
    yield b"-----BEGIN AGE ENCRYPTED FILE-----\n" + wrapped_lines + b"\n-----END AGE ENCRYPTED FILE-----\n"
    yield armored


def _unpadded(data: bytes) -> bytes:
    return base64.b64encode(data).rstrip(b"=")


TARGETS: Final = (
    Target("multikey", _multikey, _multikeys, 6, 512),
    Target("jwk", _jwk, _jwks, 6, 2048),
    Target("key-import", _import, _key_files, 3, 4096),
    Target("age", _age, _age_files, 2, 4096),
)
