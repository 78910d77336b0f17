"""What lies on the pages of a vault, in clear: those in use and those that are free.

SQLCipher 4: AES-256-CBC per page of 4096 bytes, of which the last 80 are the nonce and an HMAC-SHA512; the
first page starts with the file's salt. A raw key is used as it is.
"""

from __future__ import annotations

from pathlib import Path

from cryptography.hazmat.primitives.ciphers import Cipher, algorithms, modes

_PAGE = 4096
_RESERVED = 80
_SALT = 16


def plain_pages(path: Path, key: bytes) -> list[bytes]:
    """The content of every page, without looking at what SQLite thinks of it."""
    whole = path.read_bytes()
    return [
        _decrypted(whole[start : start + _PAGE], key, skip=_SALT if start == 0 else 0)
        for start in range(0, len(whole), _PAGE)
    ]


def _decrypted(page: bytes, key: bytes, *, skip: int) -> bytes:
    nonce = page[_PAGE - _RESERVED :][:16]
    decryptor = Cipher(algorithms.AES(key), modes.CBC(nonce)).decryptor()
    return decryptor.update(page[skip : _PAGE - _RESERVED]) + decryptor.finalize()
