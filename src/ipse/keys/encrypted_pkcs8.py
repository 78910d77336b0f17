"""The work that an encrypted PKCS#8 key asks for, bounded before it is done.

The library does whatever the file asks: 2^31 rounds of PBKDF2 take minutes, scrypt takes gigabytes. Read
here: EncryptedPrivateKeyInfo (RFC 5958 section 3) up to the integers of its key derivation (RFC 8018
appendix A.2, RFC 7914 section 7).
"""

from __future__ import annotations

import base64
import binascii
from collections.abc import Iterator
from typing import Final

from ipse.errors import MalformedInput

__all__ = ["MAX_ROUNDS", "MAX_SCRYPT_BYTES", "der_of_bounded_work"]

MAX_ROUNDS: Final = 10_000_000
"""PBKDF2 iterations, about a second; 2048 is what OpenSSL writes, 600 000 what is advised."""
MAX_SCRYPT_BYTES: Final = 1024 * 1024 * 1024
"""128 N r p of scrypt; 16 MiB is what OpenSSL writes."""
_SCRYPT: Final = bytes.fromhex("2b06010401da47040b")
_SEQUENCE, _INTEGER, _OBJECT_IDENTIFIER = 0x30, 0x02, 0x06
_MAX_DEPTH: Final = 8


def der_of_bounded_work(pem: bytes) -> bytes:
    """The DER in an ENCRYPTED PRIVATE KEY block. Raises MalformedInput if it asks for too much work."""
    try:
        der = base64.b64decode(b"".join(pem.split(b"-----")[2].split()), validate=True)
        whole, _ = _element(der, _SEQUENCE)
        algorithm, _ = _element(whole, _SEQUENCE)
        items = list(_walk(algorithm, _MAX_DEPTH))
    except (binascii.Error, IndexError):
        raise MalformedInput("the encrypted private key is damaged: it is not DER in base64") from None
    numbers = [int.from_bytes(value, "big", signed=True) for tag, value in items if tag == _INTEGER]
    scrypt = (_OBJECT_IDENTIFIER, _SCRYPT) in items
    memory = 128
    for number in numbers:
        memory *= number
        if not 0 < number <= MAX_ROUNDS:
            raise _too_much()
    if scrypt and memory > MAX_SCRYPT_BYTES:
        raise _too_much()
    return der


def _walk(data: bytes, depth: int) -> Iterator[tuple[int, bytes]]:
    """Tag and content of every primitive element, in order. Raises IndexError for what is no DER."""
    if not depth:
        raise IndexError
    while data:
        tag = data[0]
        content, data = _element(data, tag)
        if tag & 0x20:
            yield from _walk(content, depth - 1)
        else:
            yield tag, content


def _element(data: bytes, tag: int) -> tuple[bytes, bytes]:
    """The content of the element that `data` starts with, and what follows it."""
    if data[0] != tag:
        raise IndexError
    length, start = data[1], 2
    if length & 0x80:
        start += length & 0x7F
        length = int.from_bytes(data[2:start], "big")
    if len(data) < start + length:
        raise IndexError
    return data[start : start + length], data[start + length :]


def _too_much() -> MalformedInput:
    return MalformedInput(
        "the encrypted private key asks for far more work than any program puts in one",
        hint="write it anew where it comes from: `openssl pkcs8 -topk8 -scrypt -in FILE`",
    )
