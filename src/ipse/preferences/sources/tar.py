"""Tar archives, read as a stream: regular files alone, in time and memory that grow with the size alone.

The standard library's tarfile applies every global header to every member, looks for a number in a header
once from each of its digits, and joins the map of a sparse file block by block; each lets a small archive
take hours. Source: POSIX.1-2008, pax (ustar and pax interchange formats), and GNU tar's long names.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from io import BufferedIOBase
from typing import Final

from ipse.errors import InputTooLarge, MalformedInput

__all__ = ["MAX_UNPACKED", "Member", "is_tar", "members"]

MAX_UNPACKED: Final = 512 * 1024 * 1024
"""What an archive may hold in all: it is read through from its beginning."""
_BLOCK: Final = 512
_CHUNK: Final = 1024 * 1024
_MAX_EXTENSION: Final = 64 * 1024
"""Bytes of a header that says more of the member after it: a long name, times."""
_REGULAR: Final = (b"0", b"\0", b"7")
_WITHOUT_DATA: Final = (b"1", b"2", b"3", b"4", b"5", b"6")
_LONG_NAME, _LONG_LINK, _PAX, _GLOBAL, _SPARSE = b"L", b"K", b"x", b"g", b"S"
_OCTAL: Final = re.compile(rb"[ \0]*([0-7]{1,12})[ \0]*")
_RECORD: Final = re.compile(rb"([1-9][0-9]{0,5}) ")
_FIGURES: Final = re.compile(rb"[0-9]{1,12}")


@dataclass(slots=True)
class Member:
    """A member's name and size in bytes, and whether it is a regular file that is stored as it is."""

    name: str
    size: int
    is_file: bool
    archive: _Stream
    _left: int = 0

    def __post_init__(self) -> None:
        self._left = self.size if self.is_file else 0

    def read(self, most: int) -> bytes:
        """The content, at most so many bytes of it. Once, before the next member is asked for."""
        content = self.archive.exactly(min(most, self._left))
        self._left -= len(content)
        return content


def is_tar(data: bytes) -> bool:
    """Whether `data` starts as a tar archive does."""
    return data[257:262] == b"ustar"


def members(source: BufferedIOBase, *, what: str) -> Iterator[Member]:
    """The members of an archive in order. Raises EOFError and ValueError for a broken one, InputTooLarge."""
    stream = _Stream(source, what)
    told: dict[str, bytes] = {}
    while (header := stream.header()) is not None:
        kind = header[156:157]
        size = _number(header[124:136])
        if kind in (_LONG_NAME, _LONG_LINK, _PAX, _GLOBAL):
            content = stream.extension(size)
            if kind == _LONG_NAME:
                told["path"] = content.rstrip(b"\0")
            elif kind == _PAX:
                told |= _records(content)
            continue
        if "size" in told:
            size = _figures(told["size"])
        sparse = kind == _SPARSE or any(name.startswith("GNU.sparse.") for name in told)
        if sparse:
            raise MalformedInput(f"{what} holds a file that is stored in parts", hint="unpack it first")
        stored = 0 if kind in _WITHOUT_DATA else size
        member = Member(_name(header, told), stored, kind in _REGULAR, stream)
        told = {}
        end = stream.position + stored + -stored % _BLOCK
        yield member
        stream.skip_to(end)


class _Stream:
    """Reads on until too much was unpacked."""

    def __init__(self, source: BufferedIOBase, what: str) -> None:
        self._source = source
        self._what = what
        self.position = 0

    def header(self) -> bytes | None:
        """The next header, None at the end."""
        header = self._source.read(_BLOCK)
        self._count(header)
        if not header or not header.strip(b"\0"):
            return None
        if len(header) < _BLOCK:
            raise EOFError
        if _number(header[148:156]) != sum(header) - sum(header[148:156]) + 8 * ord(" "):
            raise ValueError("the checksum of a header is wrong")
        return header

    def extension(self, size: int) -> bytes:
        """What a header says of the next member."""
        if size > _MAX_EXTENSION:
            raise InputTooLarge(
                f"{self._what} has a header of more than {_MAX_EXTENSION >> 10} KiB", hint="unpack it first"
            )
        return self.exactly(size + -size % _BLOCK)[:size]

    def exactly(self, size: int) -> bytes:
        """So many bytes. Raises EOFError, InputTooLarge."""
        pieces = []
        while size > 0:
            piece = self._source.read(min(size, _CHUNK))
            if not piece:
                raise EOFError
            self._count(piece)
            pieces.append(piece)
            size -= len(piece)
        return b"".join(pieces)

    def skip_to(self, position: int) -> None:
        """Read over what nobody wants."""
        while self.position < position:
            self.exactly(min(position - self.position, _CHUNK))

    def _count(self, piece: bytes) -> None:
        self.position += len(piece)
        if self.position > MAX_UNPACKED:
            raise InputTooLarge(
                f"{self._what} unpacks to more than {MAX_UNPACKED >> 20} MiB",
                hint="unpack it and import the file that matters",
            )


def _number(field: bytes) -> int:
    """A number of a header: octal, or binary where GNU tar found octal too short."""
    if field[0] & 0x80:
        return int.from_bytes(field, "big") & ~(0x80 << 8 * (len(field) - 1))
    match = _OCTAL.fullmatch(field)
    if match is None:
        raise ValueError("a header holds no number where one belongs")
    return int(match[1], 8)


def _figures(text: bytes) -> int:
    if _FIGURES.fullmatch(text) is None:
        raise ValueError("a header holds no number where one belongs")
    return int(text)


def _records(content: bytes) -> dict[str, bytes]:
    """The records of a pax header, each `LENGTH KEYWORD=VALUE` and a line feed."""
    found: dict[str, bytes] = {}
    start = 0
    while start < len(content):
        match = _RECORD.match(content, start)
        end = start + int(match[1]) if match else 0
        if match is None or not match.end() < end <= len(content) or content[end - 1 : end] != b"\n":
            raise ValueError("a pax header is broken")
        keyword, sign, value = content[match.end() : end - 1].partition(b"=")
        if not sign:
            raise ValueError("a pax header is broken")
        found[keyword.decode("utf-8", "replace")] = value
        start = end
    return found


def _name(header: bytes, told: dict[str, bytes]) -> str:
    name = told.get("path")
    if name is None:
        name = header[:100].split(b"\0", 1)[0]
        prefix = header[345:500].split(b"\0", 1)[0] if header[257:263] == b"ustar\0" else b""
        name = prefix + b"/" + name if prefix else name
    return name.decode("utf-8", "replace")
