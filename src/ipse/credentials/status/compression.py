"""GZIP and zlib streams, unpacked within a bound: what a stranger compressed never fills the memory."""

from __future__ import annotations

import zlib
from typing import Final, Literal, TypeAlias

from ipse.errors import InputTooLarge, MalformedInput

__all__ = ["MAX_LENGTH", "Form", "compress", "decompress"]

Form: TypeAlias = Literal["gzip", "zlib"]
"""RFC 1952, RFC 1950."""

MAX_LENGTH: Final = 16 * 1024 * 1024
"""Bytes of a status list; 134,217,728 entries of one bit."""

_WINDOW: Final[dict[Form, int]] = {"gzip": 16 + zlib.MAX_WBITS, "zlib": zlib.MAX_WBITS}


def compress(data: bytes, form: Form) -> bytes:
    """One stream with `data`, as small as it gets."""
    packer = zlib.compressobj(level=9, wbits=_WINDOW[form])
    return packer.compress(data) + packer.flush()


def decompress(data: bytes, form: Form) -> bytes:
    """What the one stream in `data` holds, at most MAX_LENGTH bytes.

    Raises InputTooLarge for more, MalformedInput for a broken or truncated stream and for bytes after it.
    """
    unpacker = zlib.decompressobj(wbits=_WINDOW[form])
    try:
        unpacked = unpacker.decompress(data, MAX_LENGTH + 1)
    except zlib.error as error:
        raise MalformedInput(f"not a {form} stream: {str(error)[:80].lower()}") from error
    if len(unpacked) > MAX_LENGTH:
        raise InputTooLarge(f"a {form} stream that unpacks to more than {MAX_LENGTH // 1024 // 1024} MiB")
    if not unpacker.eof:
        raise MalformedInput(f"a {form} stream that was cut short")
    if unpacker.unused_data:
        raise MalformedInput(f"a {form} stream with {len(unpacker.unused_data)} bytes after its end")
    return unpacked
