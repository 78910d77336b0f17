"""Where the lines of a batch go: a stream, or a file that a killed run can be resumed in.

Beside the file lies `<name>.resume` until the batch is complete: what the job and its input were, and when it
began. Lines are appended in order and synced, so that after a kill or a power cut the file holds the first
rows of the batch, whole but for its end; a resumed run cuts a torn end off and goes on behind it.
"""

from __future__ import annotations

import contextlib
import os
import re
import stat
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import datetime
from pathlib import Path
from typing import BinaryIO, Final, Protocol

from ipse.encoding import strict_json
from ipse.encoding.timestamps import format_timestamp, parse_timestamp
from ipse.errors import AlreadyExists, CorruptData, MalformedInput, NotFound, StorageError, UsageError
from ipse.storage import files

__all__ = ["Begun", "FileOutput", "Output", "StreamOutput", "opened", "tally"]

_LINE: Final = re.compile(rb'\{"row":([0-9]+),"(?:report":\{"outcome":"([a-z ]+)"|(credential|error)":)')
_TALLIES: Final = {b"credential": "issued", b"error": "error"}
_SYNC_BYTES: Final = 4 * 1024 * 1024
"""After how much the file is synced."""
_UNSYNCED: Final = 4 * _SYNC_BYTES
"""How much can be unsynced at any time: what is not synced yet, and the lines of one chunk."""
_VERSION: Final = 1


class Output(Protocol):
    """Takes the lines of a batch."""

    def write(self, lines: bytes) -> None:
        """Append whole lines. Raises StorageError."""


@dataclass(frozen=True, slots=True)
class Begun:
    """What was there when a run began: the rows that are done, their tally, and the batch's own time."""

    created: datetime
    rows: int = 0
    counts: Counter[str] = field(default_factory=Counter)


def tally(lines: bytes) -> Counter[str]:
    """How many lines hold which result: `issued`, `error`, or the outcome of a report."""
    found = (_LINE.match(line) for line in lines.split(b"\n") if line)
    return Counter(_tallied(match) for match in found if match is not None)


def _tallied(match: re.Match[bytes]) -> str:
    return match[2].decode() if match[2] is not None else _TALLIES[match[3]]


class StreamOutput:
    """Lines to a stream that is open already, such as stdout."""

    def __init__(self, stream: BinaryIO) -> None:
        self._stream = stream

    def write(self, lines: bytes) -> None:
        """Write and flush. Raises StorageError, and BrokenPipeError where nobody reads any more."""
        try:
            self._stream.write(lines)
            self._stream.flush()
        except BrokenPipeError:
            raise
        except OSError as error:
            raise StorageError(f"can't write the output: {_reason(error)}") from error


class FileOutput:
    """Lines to the end of a file, synced every few megabytes."""

    def __init__(self, path: Path, descriptor: int) -> None:
        self._path = path
        self._descriptor = descriptor
        self._unsynced = 0

    def write(self, lines: bytes) -> None:
        """Append `lines`. Raises StorageError; what was written of them is cut off by a resumed run."""
        try:
            rest = memoryview(lines)
            while rest:
                rest = rest[os.write(self._descriptor, rest) :]
            self._unsynced += len(lines)
            if self._unsynced >= _SYNC_BYTES:
                self.sync()
        except OSError as error:
            raise self._failed(error) from error

    def sync(self) -> None:
        """Until all of it is on the disk. Raises StorageError."""
        try:
            os.fsync(self._descriptor)
        except OSError as error:
            raise self._failed(error) from error
        self._unsynced = 0

    def _failed(self, error: OSError) -> StorageError:
        return StorageError(
            f"can't write {self._path}: {_reason(error)}", hint="make room and go on with --resume"
        )


@contextlib.contextmanager
def opened(
    path: Path, job: str, input_digest: str | None, *, resume: bool, now: datetime
) -> Iterator[tuple[FileOutput, Begun]]:
    """The file `path` (0600), locked, for a batch whose job and input have these digests.

    Without `resume` there must be no such file. With it, a batch that was begun there goes on, and one that
    was not is begun. `input_digest` is None for input that can't be read again, which can't be resumed.

    Raises AlreadyExists; UsageError for another job or input than the one that was begun, or none to resume;
    CorruptData where the file holds something else than its rows; StorageError, also where another process
    writes there.
    """
    note = path.with_name(f"{path.name}.resume")
    identity = {"version": _VERSION, "job": job, "input": input_digest}
    with files.exclusive(note):
        try:
            if os.path.lexists(path):
                begun = _found(path, note, identity, resume)
            else:
                begun = Begun(now)
                members = {**identity, "created": format_timestamp(now)}
                files.write_private(note, strict_json.pretty(members).encode())
            descriptor = _open(path)
            try:
                output = FileOutput(path, descriptor)
                yield output, begun
                output.sync()
            finally:
                os.close(descriptor)
            note.unlink(missing_ok=True)
        finally:
            with contextlib.suppress(OSError):
                note.with_name(f".{note.name}.lock").unlink(missing_ok=True)


def _found(path: Path, note: Path, identity: dict[str, object], resume: bool) -> Begun:
    """What an earlier run left, its torn end cut off."""
    if not resume:
        if note.exists():
            raise AlreadyExists(
                f"{path} was begun by a batch that did not finish", hint="--resume goes on with it"
            )
        raise AlreadyExists(f"there is a file {path} already", hint="give another file")
    try:
        members = strict_json.parse_object(files.read_private(note), what=str(note))
        created = parse_timestamp(members.pop("created", None))
    except NotFound as error:
        raise UsageError(
            f"there is nothing to resume in {path}: it is complete, or was not begun by a batch",
            hint="give another file to begin a batch",
        ) from error
    except MalformedInput as error:
        raise CorruptData(f"{note} is not what a batch leaves there: {error.message}") from error
    if identity["input"] is None:
        raise UsageError(
            "only rows from a file can be resumed, not from a pipe", hint="put the rows in a file"
        )
    for name, what in (("version", "version of ipse"), ("job", "job"), ("input", "input")):
        if members.get(name) != identity[name]:
            raise UsageError(
                f"{path} was begun with another {what}",
                hint="resume with the same template, options and rows, or give another file",
            )
    rows, counts, end = _scanned(path)
    try:
        os.truncate(path, end)
    except OSError as error:
        raise StorageError(f"can't write {path}: {_reason(error)}") from error
    return Begun(created, rows, counts)


def _scanned(path: Path) -> tuple[int, Counter[str], int]:
    """How many rows are in `path` from the first on, their tally, and where the last of them ends."""
    rows, end = 0, 0
    counts: Counter[str] = Counter()
    try:
        if not stat.S_ISREG(path.stat().st_mode):
            raise UsageError(f"{path} is not a file that can be resumed", hint="give a plain file")
        size = path.stat().st_size
        with path.open("rb") as file:
            for line in file:
                match = _LINE.match(line)
                # A line without its end, or with pages that never reached the disk, was not finished.
                if not line.endswith(b"}\n") or b"\0" in line:
                    if size - end > _UNSYNCED or (line.endswith(b"\n") and b"\0" not in line):
                        raise CorruptData(f"{path}, line {rows + 1} is not a line of a batch")
                    break
                if match is None or int(match[1]) != rows + 1:
                    raise CorruptData(f"{path}, line {rows + 1} is not row {rows + 1} of the batch")
                rows += 1
                end += len(line)
                counts[_tallied(match)] += 1
    except OSError as error:
        raise StorageError(f"can't read {path}: {_reason(error)}") from error
    return rows, counts, end


def _open(path: Path) -> int:
    flags = os.O_WRONLY | os.O_CREAT | os.O_APPEND
    try:
        return os.open(path, flags | getattr(os, "O_NOFOLLOW", 0) | getattr(os, "O_BINARY", 0), 0o600)
    except OSError as error:
        raise StorageError(f"can't write {path}: {_reason(error)}") from error


def _reason(error: OSError) -> str:
    return (error.strerror or str(error)).lower()
