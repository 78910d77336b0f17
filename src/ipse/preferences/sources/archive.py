"""The tables, JSON and HTML files in a zip or tar archive, read in memory within bounds."""

from __future__ import annotations

import gzip
import io
import tarfile
import zipfile
import zlib
from collections.abc import Iterator
from typing import Final

from ipse.errors import InputTooLarge, MalformedInput

__all__ = ["is_archive", "members"]

_MAX_MEMBERS: Final = 20_000
_MAX_READ: Final = 256 * 1024 * 1024
_MAX_MEMBER: Final = 64 * 1024 * 1024
_MAX_UNPACKED: Final = 512 * 1024 * 1024
"""What a tar archive may hold in all: it is read through from its beginning."""
_ENDINGS: Final = (".json", ".csv", ".html")
_ZIP: Final = b"PK\x03\x04"
_GZIP: Final = b"\x1f\x8b"
_DIRECTORY_ENTRY: Final = b"PK\x01\x02"
_HINT: Final = "unpack it and import the file that matters"
_BROKEN: Final = (
    zipfile.BadZipFile, tarfile.TarError, zlib.error, EOFError, OSError, ValueError, NotImplementedError,
    OverflowError, RecursionError, RuntimeError, IndexError, KeyError,
)  # fmt: skip
"""What the standard library's readers raise for an archive that is none."""


def is_archive(data: bytes) -> bool:
    """Whether `data` is a zip, tar or tar.gz file by its first bytes."""
    return data.startswith((_ZIP, _GZIP)) or data[257:262] == b"ustar"


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
    if data.count(_DIRECTORY_ENTRY) > _MAX_MEMBERS:
        raise InputTooLarge(f"{what} holds more than {_MAX_MEMBERS} files", hint=_HINT)
    with zipfile.ZipFile(io.BytesIO(data)) as archive:
        for info in archive.infolist():
            if info.is_dir() or not _wanted(info.filename):
                continue
            if info.flag_bits & 1:
                raise MalformedInput(f"{what} is locked with a passphrase", hint=_HINT)
            with archive.open(info) as file:
                yield info.filename, _bounded(file.read(_MAX_MEMBER + 1), info.filename, what)


def _tarred(data: bytes, what: str) -> Iterator[tuple[str, bytes]]:
    packed = io.BytesIO(data)
    source = gzip.GzipFile(fileobj=packed) if data.startswith(_GZIP) else packed
    with tarfile.open(fileobj=_Limited(source, what), mode="r|") as archive:
        for number, info in enumerate(archive):
            if number >= _MAX_MEMBERS:
                raise InputTooLarge(f"{what} holds more than {_MAX_MEMBERS} files", hint=_HINT)
            file = archive.extractfile(info) if info.isreg() and _wanted(info.name) else None
            if file is not None:
                yield info.name, _bounded(file.read(_MAX_MEMBER + 1), info.name, what)


def _bounded(content: bytes, name: str, what: str) -> bytes:
    if len(content) > _MAX_MEMBER:
        raise InputTooLarge(f"{name[:80]!r} in {what} is larger than {_MAX_MEMBER >> 20} MiB", hint=_HINT)
    return content


class _Limited(io.RawIOBase):
    """Reads on until too much was unpacked."""

    def __init__(self, source: io.BytesIO | gzip.GzipFile, what: str) -> None:
        super().__init__()
        self._source = source
        self._what = what
        self._left = _MAX_UNPACKED

    def read(self, size: int = -1) -> bytes:
        """The next bytes, at most 1 MiB. Raises InputTooLarge."""
        content = self._source.read(min(size, 1 << 20) if size >= 0 else 1 << 20)
        self._left -= len(content)
        if self._left < 0:
            raise InputTooLarge(f"{self._what} unpacks to more than {_MAX_UNPACKED >> 20} MiB", hint=_HINT)
        return content
