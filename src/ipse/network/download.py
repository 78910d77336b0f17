"""Large files into the file system: bounded, hashed on the way, taken up where they broke off."""

from __future__ import annotations

import contextlib
import hashlib
import logging
import os
import re
import stat
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any, BinaryIO, Final

from ipse.errors import StorageError, VerificationFailed
from ipse.network.connection import Clock, Lookup, system_lookup
from ipse.network.errors import BadResponse, ClosedEarly, StatusRefused, TooLarge
from ipse.network.guarded_client import follow
from ipse.network.locations import Location, shown
from ipse.network.messages import Request, expected_length

if TYPE_CHECKING:
    import http.client

__all__ = ["STALL", "Expected", "download"]

_log = logging.getLogger(__name__)

STALL: Final = 30.0
"""Seconds that a server may take for its next bytes."""
_SLOWEST: Final = 16 * 1024
"""Bytes a second below which the whole takes too long, whatever the pauses."""
_CHUNK: Final = 256 * 1024
_OK: Final = 200
_PARTIAL: Final = 206
_NOT_SATISFIABLE: Final = 416
_CONTENT_RANGE: Final = re.compile(r"bytes (\d{1,18})-(\d{1,18})/(\d{1,18}|\*)", re.ASCII)


@dataclass(frozen=True, slots=True)
class Expected:
    """What a file must be: its size in bytes and its hash in hex.

    `algorithm` is "sha256", or "git-sha1" for the SHA-1 that git names a blob by.
    """

    size: int
    algorithm: str
    digest: str

    def hasher(self) -> Any:
        """An empty hash of this kind."""
        if self.algorithm == "sha256":
            return hashlib.sha256()
        return hashlib.sha1(b"blob %d\0" % self.size, usedforsecurity=False)


def download(
    url: str,
    target: Path,
    expected: Expected,
    *,
    progress: Callable[[int], None] = lambda _: None,
    allow_loopback: bool = False,
    ca_file: Path | None = None,
    stall: float = STALL,
    lookup: Lookup = system_lookup,
) -> None:
    """Put what `url` serves into the file `target` (0600), if it is the `expected`.

    Under the rules of `guarded_client.fetch`, but for the deadline: no wait is longer than `stall`
    seconds, nor the whole than its size allows. What `target` holds already, from a try that was cut
    short, is hashed and not fetched again; where it turns out wrong, all is fetched once more.
    `progress` is told how many bytes are there. After an error `target` holds the beginning of the
    file, or nothing where that is known to be wrong. Raises VerificationFailed for another hash,
    StorageError, and the errors of `ipse.network.errors`.
    """
    clock = _Pace(stall + expected.size / _SLOWEST, stall)
    with _opened(target) as file:
        sink = _Sink(file, expected, progress)
        sink.read_back()
        resumed = sink.length > 0
        while not sink.complete():
            begun = sink.length
            try:
                follow(
                    url,
                    sink.take,
                    Request(resume_at=begun),
                    clock=clock,
                    allow_loopback=allow_loopback,
                    ca_file=ca_file,
                    lookup=lookup,
                )
            except StatusRefused as error:
                if error.status != _NOT_SATISFIABLE or not begun:
                    raise
                sink.restart()
                continue
            if sink.complete():
                break
            sink.restart()
            if not resumed:
                raise VerificationFailed(
                    f"{shown(url)} is not what was announced: its {expected.algorithm} is not "
                    f"{expected.digest}",
                    hint="nothing of it was kept; try again, and if it stays so, do not trust this server",
                )
            resumed = False
        os.fsync(file.fileno())
        _log.info("fetched %s: %d bytes", shown(url), sink.length)


class _Pace(Clock):
    """A deadline for the whole, and a shorter one for each wait."""

    def __init__(self, seconds: float, stall: float) -> None:
        super().__init__(seconds)
        self._stall = stall

    def left(self, location: Location) -> float:
        return min(super().left(location), self._stall)


class _Sink:
    """A file as it grows, with its hash."""

    def __init__(self, file: BinaryIO, expected: Expected, progress: Callable[[int], None]) -> None:
        self._file = file
        self._expected = expected
        self._progress = progress
        self._hasher = expected.hasher()
        self.length = 0

    def complete(self) -> bool:
        """Whether all of it is there, and it is right."""
        whole = self.length == self._expected.size
        return whole and self._hasher.hexdigest() == self._expected.digest

    def restart(self) -> None:
        """Forget what is there."""
        self._file.seek(0)
        self._file.truncate()
        self._hasher = self._expected.hasher()
        self.length = 0

    def read_back(self) -> None:
        """Hash what is there from before; forget it where it can't be the beginning of the file."""
        self._file.seek(0)
        while part := self._file.read(_CHUNK):
            self._hasher.update(part)
            self.length += len(part)
            self._progress(min(self.length, self._expected.size))
        if self.length > self._expected.size or (self.length == self._expected.size and not self.complete()):
            self.restart()

    def take(self, location: Location, response: http.client.HTTPResponse) -> None:
        """Append the body of an answer. Raises the errors of a body that is not the one asked for."""
        if response.status == _PARTIAL and self.length:
            self._check_range(location, response)
        elif response.status == _OK:
            self.restart()
        else:
            raise StatusRefused(
                f"{location.authority} answers with status {response.status}, not {_OK}",
                status=response.status,
            )
        missing = self._expected.size - self.length
        stated = expected_length(location, response)
        if stated is not None and stated > missing:
            raise self._too_large(location)
        if stated is not None and stated < missing:
            raise BadResponse(f"{location.authority} serves {stated} bytes where {missing} were announced")
        while part := response.read(min(_CHUNK, missing + 1)):
            missing -= len(part)
            if missing < 0:
                self.restart()
                raise self._too_large(location)
            self._write(part)
            self._hasher.update(part)
            self.length += len(part)
            self._progress(self.length)
        if missing:
            raise ClosedEarly(f"{location.authority} broke off with {missing} bytes to go")

    def _write(self, part: bytes) -> None:
        rest = memoryview(part)
        while rest:
            rest = rest[self._file.write(rest) :]

    def _check_range(self, location: Location, response: http.client.HTTPResponse) -> None:
        text = response.headers.get("Content-Range", "")
        found = _CONTENT_RANGE.fullmatch(text.strip())
        size, begun = str(self._expected.size), self.length
        if (
            found is None
            or int(found[1]) != begun
            or int(found[2]) != self._expected.size - 1
            or found[3] not in (size, "*")
        ):
            self.restart()
            raise BadResponse(
                f"{location.authority} serves the range {shown(text)}, not bytes {begun}- of {size}"
            )

    def _too_large(self, location: Location) -> TooLarge:
        return TooLarge(
            f"{location.authority} answers with more than the {self._expected.size} bytes announced"
        )


@contextlib.contextmanager
def _opened(target: Path) -> Iterator[BinaryIO]:
    """`target` for reading and writing, made 0600 where it is missing; never through a link."""
    flags = os.O_RDWR | os.O_CREAT | getattr(os, "O_NOFOLLOW", 0) | getattr(os, "O_BINARY", 0)
    try:
        descriptor = os.open(target, flags | getattr(os, "O_NONBLOCK", 0), 0o600)
        with os.fdopen(descriptor, "r+b", buffering=0) as file:
            found = os.fstat(descriptor)
            if not stat.S_ISREG(found.st_mode) or found.st_nlink != 1:
                raise StorageError(f"{target} is no file of its own; nothing is written through it")
            yield file
    except OSError as error:
        raise StorageError(f"can't write {target}: {(error.strerror or str(error)).lower()}") from error
