"""The work that an encrypted key file asks for, bounded before a passphrase is asked for.

Every such file says how its key is derived, and whoever made it chose that: 2^31 rounds of PBKDF2 take
minutes, 2^22 of scrypt 4 GiB. The libraries do whatever the file asks. Read here, and no further:

    EncryptedPrivateKeyInfo   RFC 5958 section 3, RFC 8018 appendix A.2, RFC 7914 section 7
    openssh-key-v1            PROTOCOL.key of OpenSSH: the rounds of bcrypt_pbkdf
    age-encryption.org/v1     its "scrypt recipient type": the logarithm of N, with r = 8 and p = 1

The keystore file bounds its own header (`keystore/encrypted_file.py`).
"""

from __future__ import annotations

import base64
import binascii
import re
from collections.abc import Iterator
from typing import Final

from ipse.errors import MalformedInput, TooMuchWork

__all__ = [
    "AGE_ARMOR",
    "AGE_HINT",
    "AGE_VERSION",
    "MAX_BCRYPT_ROUNDS",
    "MAX_ROUNDS",
    "MAX_SCRYPT_BYTES",
    "age_of_bounded_work",
    "check_openssh",
    "der_of_bounded_work",
]

MAX_ROUNDS: Final = 10_000_000
"""PBKDF2 iterations, two to five seconds; 2048 is what OpenSSL writes, 600 000 what is advised."""
MAX_SCRYPT_BYTES: Final = 1024 * 1024 * 1024
"""128 N r p of scrypt, about three seconds; OpenSSL writes 16 MiB, age 256 MiB, ipse up to this."""
MAX_BCRYPT_ROUNDS: Final = 1000
"""Rounds of bcrypt_pbkdf, a few seconds; ssh-keygen writes 16 or 24, and 100 is what is advised."""
AGE_ARMOR: Final = b"-----BEGIN AGE ENCRYPTED FILE-----"
AGE_VERSION: Final = b"age-encryption.org/v1\n"
AGE_HINT: Final = "if you trust its writer: `age -d FILE` opens it, and what comes out can be imported"
_AGE_ARMOR_END: Final = b"-----END AGE ENCRYPTED FILE-----"
_AGE_BYTES: Final = 128 * 8
"""Bytes of scrypt in an age file for each of N."""
_AGE_LARGEST: Final = (MAX_SCRYPT_BYTES // _AGE_BYTES).bit_length() - 1
_AGE_FACTOR: Final = re.compile(rb"[1-9][0-9]*")
_AGE_ARGUMENTS: Final = 2
_OPENSSH_MAGIC: Final = b"openssh-key-v1\0"
_SCRYPT: Final = bytes.fromhex("2b06010401da47040b")
_SEQUENCE, _INTEGER, _OBJECT_IDENTIFIER = 0x30, 0x02, 0x06
_MAX_DEPTH: Final = 8


def age_of_bounded_work(data: bytes) -> bytes:
    """An age file without its armor. Raises TooMuchWork, MalformedInput for a header that is damaged.

    Every scrypt stanza counts, whichever of them a reader would take.
    """
    binary = data if data.startswith(AGE_VERSION) else _without_armor(data)
    header, mac, _ = binary.partition(b"\n---")
    if not header.startswith(AGE_VERSION[:-1]) or not mac:
        raise _damaged_age()
    for line in header.split(b"\n"):
        kind, *arguments = line.removeprefix(b"->").split()[:4] or [b""]
        if line.startswith(b"->") and kind == b"scrypt":
            if len(arguments) != _AGE_ARGUMENTS or not _AGE_FACTOR.fullmatch(arguments[1]):
                raise _damaged_age()
            if len(arguments[1]) > 2 or int(arguments[1]) > _AGE_LARGEST:
                raise TooMuchWork(
                    f"the age file asks for 2^{arguments[1][:6].decode()} of scrypt; at most 2^{_AGE_LARGEST}"
                    f" ({MAX_SCRYPT_BYTES >> 30} GiB) is done",
                    hint=AGE_HINT,
                )
    return binary


def _without_armor(data: bytes) -> bytes:
    first, *lines = data.strip().splitlines() or [b""]
    if first != AGE_ARMOR or not lines or lines.pop() != _AGE_ARMOR_END:
        raise _damaged_age()
    try:
        return base64.b64decode(b"".join(lines), validate=True)
    except binascii.Error:
        raise _damaged_age() from None


def _damaged_age() -> MalformedInput:
    return MalformedInput("not an age file: its header or its armor is damaged")


def check_openssh(pem: bytes) -> None:
    """Refuse an OPENSSH PRIVATE KEY block that asks for too much work. Raises TooMuchWork, MalformedInput."""
    try:
        data = base64.b64decode(b"".join(pem.split(b"-----")[2].split()), validate=True)
        if not data.startswith(_OPENSSH_MAGIC):
            raise IndexError
        _, after_cipher = _string(data[len(_OPENSSH_MAGIC) :])
        name, after_name = _string(after_cipher)
        options, _ = _string(after_name)
        if name == b"none":
            return
        _, rounds = _string(options)
    except (binascii.Error, IndexError):
        raise MalformedInput("the OpenSSH private key is damaged") from None
    if int.from_bytes(rounds, "big") > MAX_BCRYPT_ROUNDS:
        raise _too_much("`ssh-keygen -p -a 100 -f FILE`")


def _string(data: bytes) -> tuple[bytes, bytes]:
    """The SSH string that `data` starts with (RFC 4251 section 5), and what follows it."""
    end = 4 + int.from_bytes(data[:4], "big")
    if len(data) < max(end, 4):
        raise IndexError
    return data[4:end], data[end:]


def der_of_bounded_work(pem: bytes) -> bytes:
    """The DER in an ENCRYPTED PRIVATE KEY block. Raises TooMuchWork, MalformedInput."""
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


def _too_much(command: str = "`openssl pkcs8 -topk8 -scrypt -in FILE`") -> TooMuchWork:
    return TooMuchWork(
        "the encrypted private key asks for far more work than any program puts in one",
        hint=f"write it anew where it comes from: {command}",
    )
