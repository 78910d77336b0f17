"""Streams that every machine packs alike; the bytes that zlib makes are its own affair.

Source: RFC 1951 section 3.2.6 (fixed Huffman codes), RFC 1950, RFC 1952.
"""

from __future__ import annotations

import zlib
from collections.abc import Iterator

__all__ = ["gzipped", "zlibbed"]

_LONGEST = 258


def gzipped(data: bytes) -> bytes:
    """`data` as a GZIP stream without a date."""
    tail = zlib.crc32(data).to_bytes(4, "little") + len(data).to_bytes(4, "little")
    return b"\x1f\x8b\x08\x00\x00\x00\x00\x00\x00\xff" + _deflated(data) + tail


def zlibbed(data: bytes) -> bytes:
    """`data` as a zlib stream."""
    return b"\x78\x01" + _deflated(data) + zlib.adler32(data).to_bytes(4, "big")


def _deflated(data: bytes) -> bytes:
    """One block of literals, and of runs of the byte before as long as there can be."""
    bits = "11" + "0" + "".join(_codes(data)) + "0000000"
    bits += "0" * (-len(bits) % 8)
    return bytes(int(bits[place : place + 8][::-1], 2) for place in range(0, len(bits), 8))


def _codes(data: bytes) -> Iterator[str]:
    place = 0
    while place < len(data):
        run = data[place - 1 : place] * _LONGEST
        if place and data.startswith(run, place):
            yield "11000101" + "00000"  # length 258, distance 1
            place += _LONGEST
        else:
            yield _literal(data[place])
            place += 1


def _literal(byte: int) -> str:
    return f"{0b00110000 + byte:08b}" if byte < 144 else f"{0b110010000 + byte - 144:09b}"
