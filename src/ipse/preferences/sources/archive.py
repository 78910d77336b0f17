"""The tables, JSON and HTML files in a zip or tar archive, read in memory within bounds."""

from __future__ import annotations

import gzip
import io
import zipfile
import zlib
from collections.abc import Iterator
from typing import Final

from ipse.errors import InputTooLarge, MalformedInput
from ipse.preferences.sources import tar

__all__ = ["is_archive", "members"]

_MAX_MEMBERS: Final = 20_000
_MAX_READ: Final = 256 * 1024 * 1024
_MAX_MEMBER: Final = 64 * 1024 * 1024
_MAX_EXTRA: Final = 4 * 1024 * 1024
"""Bytes of extra fields of a zip in all: zipfile copies the rest of a field for each part of it."""
_ENDINGS: Final = (".json", ".csv", ".html")
_ZIP: Final = b"PK\x03\x04"
_GZIP: Final = b"\x1f\x8b"
_DIRECTORY_ENTRY: Final = b"PK\x01\x02"
_HINT: Final = "unpack it and import the file that matters"
_BROKEN: Final = (
    zipfile.BadZipFile, zlib.error, EOFError, OSError, ValueError, NotImplementedError,
    OverflowError, RecursionError, RuntimeError, IndexError, KeyError,
)  # fmt: skip
"""What the standard library's readers raise for an archive that is none."""


def is_archive(data: bytes) -> bool:
    """Whether `data` is a zip, tar or tar.gz file by its first bytes."""
    return data.startswith((_ZIP, _GZIP)) or tar.is_tar(data)


def members(data: bytes, *, what: str) -> Iterator[tuple[str, bytes]]:
    """Name and content of each .json, .csv and .html file in an archive, one at a time.

    Nothing is written to a disk, so that a member's name can lead nowhere. Raises MalformedInput,
    InputTooLarge (too many members, or more than they are given once unpacked).
    """
    read = 0
    try:
        for name, content in _zipped(data, what) if data.startswith(_ZIP) else _tarred(data, what):
            read += len(content)
            if read > _MAX_READ:
                raise InputTooLarge(f"{what} unpacks to more than {_MAX_READ >> 20} MiB", hint=_HINT)
            yield name, content
    except _BROKEN as error:
        raise MalformedInput(f"{what} is a broken archive", hint="download or export it again") from error


def _wanted(name: str) -> bool:
    return name.lower().endswith(_ENDINGS) and not name.startswith("__MACOSX/")


def _zipped(data: bytes, what: str) -> Iterator[tuple[str, bytes]]:
    extra = 0
    for number, length in enumerate(_extra_lengths(data), 1):
        extra += length
        if number > _MAX_MEMBERS:
            raise InputTooLarge(f"{what} holds more than {_MAX_MEMBERS} files", hint=_HINT)
        if extra > _MAX_EXTRA:
            raise InputTooLarge(
                f"{what} has more than {_MAX_EXTRA >> 20} MiB of extra fields in its directory", hint=_HINT
            )
    with zipfile.ZipFile(io.BytesIO(data)) as archive:
        for info in archive.infolist():
            if info.is_dir() or not _wanted(info.filename):
                continue
            if info.flag_bits & 1:
                raise MalformedInput(f"{what} is locked with a passphrase", hint=_HINT)
            with archive.open(info) as file:
                yield info.filename, _bounded(file.read(_MAX_MEMBER + 1), info.filename, what)


def _extra_lengths(data: bytes) -> Iterator[int]:
    """The length of the extra field of whatever looks like an entry of a zip's directory, wherever it is."""
    start = -1
    while (start := data.find(_DIRECTORY_ENTRY, start + 1)) >= 0:
        yield int.from_bytes(data[start + 30 : start + 32], "little")


def _tarred(data: bytes, what: str) -> Iterator[tuple[str, bytes]]:
    packed = io.BytesIO(data)
    source: io.BufferedIOBase = gzip.GzipFile(fileobj=packed) if data.startswith(_GZIP) else packed
    for number, member in enumerate(tar.members(source, what=what)):
        if number >= _MAX_MEMBERS:
            raise InputTooLarge(f"{what} holds more than {_MAX_MEMBERS} files", hint=_HINT)
        if member.is_file and _wanted(member.name):
            yield member.name, _bounded(member.read(_MAX_MEMBER + 1), member.name, what)


def _bounded(content: bytes, name: str, what: str) -> bytes:
    if len(content) > _MAX_MEMBER:
        raise InputTooLarge(f"{name[:80]!r} in {what} is larger than {_MAX_MEMBER >> 20} MiB", hint=_HINT)
    return content
