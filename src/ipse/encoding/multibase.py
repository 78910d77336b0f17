"""base58btc multibase ("z…") and the unsigned varint that multicodec prefixes use.

Source: the Multibase and Multicodec sections of W3C Controlled Identifiers 1.0.
"""

from __future__ import annotations

from typing import Final

from ipse.errors import MalformedInput

__all__ = ["MAX_LENGTH", "decode_base58btc", "decode_varint", "encode_base58btc", "encode_varint"]

_ALPHABET: Final = "123456789ABCDEFGHJKLMNPQRSTUVWXYZabcdefghijkmnopqrstuvwxyz"
_VALUES: Final = {character: value for value, character in enumerate(_ALPHABET)}

MAX_LENGTH: Final = 4096
"""Characters; base 58 takes quadratic time, and no key or signature comes near this."""


def encode_base58btc(data: bytes) -> str:
    """Multibase base58btc of `data`, with its leading `z`."""
    number = int.from_bytes(data, "big")
    digits: list[str] = []
    while number:
        number, remainder = divmod(number, 58)
        digits.append(_ALPHABET[remainder])
    zeros = len(data) - len(data.lstrip(b"\0"))
    return "z" + "1" * zeros + "".join(reversed(digits))


def decode_base58btc(text: str) -> bytes:
    """The bytes of a multibase base58btc string. Raises MalformedInput."""
    if not text.startswith("z"):
        raise MalformedInput(f"not multibase base58btc: it starts with {text[:1]!r}, not 'z'")
    if len(text) > MAX_LENGTH:
        raise MalformedInput(f"multibase value of {len(text)} characters; at most {MAX_LENGTH} are read")
    number = 0
    for character in text[1:]:
        if character not in _VALUES:
            raise MalformedInput(f"not base58btc: {character!r} is not in its alphabet")
        number = number * 58 + _VALUES[character]
    zeros = len(text) - 1 - len(text[1:].lstrip("1"))
    return b"\0" * zeros + number.to_bytes((number.bit_length() + 7) // 8, "big")


def encode_varint(number: int) -> bytes:
    """Unsigned LEB128 of a non-negative number."""
    out = bytearray()
    while number > 0x7F:
        out.append(number & 0x7F | 0x80)
        number >>= 7
    out.append(number)
    return bytes(out)


def decode_varint(data: bytes) -> tuple[int, bytes]:
    """The number that `data` starts with, and the rest. Raises MalformedInput.

    At most nine bytes, shortest form only, as the unsigned-varint specification asks.
    """
    number = 0
    for position, byte in enumerate(data[:9]):
        number |= (byte & 0x7F) << (7 * position)
        if byte < 0x80:
            if byte == 0 and position:
                raise MalformedInput("varint is not in its shortest form")
            return number, data[position + 1 :]
    raise MalformedInput("varint does not end")
