"""The rows of a batch, from NDJSON, CSV or credentials one a line: read in chunks, never all at once.

One line of output belongs to each row, so that a row that can't be read is still a row.
"""

from __future__ import annotations

import csv
import hashlib
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import BinaryIO, Final, Literal, TypeAlias

from ipse.encoding.safe_text import is_printable
from ipse.encoding.strict_json import excerpt
from ipse.errors import MalformedInput, StorageError

__all__ = ["CHUNK_ROWS", "MAX_ROW_BYTES", "Chunk", "Form", "Row", "Rows", "Survey"]

Form: TypeAlias = Literal["ndjson", "csv"]

Row: TypeAlias = bytes | list[str] | None
"""A line without its end, the cells of a CSV record, or None for a line over MAX_ROW_BYTES."""

MAX_ROW_BYTES: Final = 1024 * 1024
CHUNK_ROWS: Final = 250
_CHUNK_BYTES: Final = 1024 * 1024
_BLOCK: Final = 1024 * 1024
_BYTE_ORDER_MARK: Final = b"\xef\xbb\xbf"


@dataclass(frozen=True, slots=True)
class Chunk:
    """Consecutive rows; `first` is the number of the first of them, from 1."""

    first: int
    rows: Sequence[Row]


@dataclass(frozen=True, slots=True)
class Survey:
    """What one look at the whole input tells: how many rows, and the SHA-256 of its bytes in hex."""

    rows: int
    digest: str


class Rows:
    """The rows in `source`, a binary file. CSV follows RFC 4180 and begins with the names of its columns.

    Raises MalformedInput for CSV without usable columns, StorageError where reading fails.
    """

    def __init__(self, source: BinaryIO, form: Form, *, what: str) -> None:
        self._lines = _Lines(source, what)
        self._source = source
        self._form = form
        self._what = what
        self.columns: tuple[str, ...] | None = None
        self._begin()

    @property
    def can_be_read_again(self) -> bool:
        """Whether this is a file and no pipe."""
        return self._source.seekable()

    def chunks(self, size: int = CHUNK_ROWS, *, skip: int = 0) -> Iterator[Chunk]:
        """The rows after the first `skip`, in order and at most `size` at a time.

        Raises MalformedInput where CSV can't be followed.
        """
        number = 0
        first, rows, held = skip + 1, list[Row](), 0
        for row in self._rows:
            number += 1
            if number <= skip:
                continue
            rows.append(row)
            held += _size(row)
            if len(rows) == size or held >= _CHUNK_BYTES:
                yield Chunk(first, rows)
                first, rows, held = number + 1, [], 0
        if rows:
            yield Chunk(first, rows)

    def survey(self) -> Survey | None:
        """One look at all of it, from the first row to the last, and back; None for a pipe.

        Raises MalformedInput for CSV with a fault that would make its rows uncertain.
        """
        if not self.can_be_read_again:
            return None
        digest = hashlib.sha256()
        self._lines.digest = digest
        try:
            self._rewind()
            count = sum(1 for _ in self._rows)
        finally:
            self._lines.digest = None
        self._rewind()
        return Survey(count, digest.hexdigest())

    def _rewind(self) -> None:
        self._lines.rewind()
        self._begin()

    def _begin(self) -> None:
        self._rows: Iterator[Row] = iter(self._lines)
        if self._form == "csv":
            self._rows = _records(self._lines, self._what)
            header = next(self._rows, None)
            self.columns = _columns(header if isinstance(header, list) else [], self._what)


class _Lines:
    """The lines of a file without their ends; None for one that is too long."""

    def __init__(self, source: BinaryIO, what: str) -> None:
        self._source = source
        self._what = what
        self.digest: hashlib._Hash | None = None
        self.at_start = True

    def __iter__(self) -> Iterator[bytes | None]:
        while line := self.read():
            if len(line) > MAX_ROW_BYTES and not line.endswith(b"\n"):
                while (rest := self.read()) and not rest.endswith(b"\n"):
                    pass
                yield None
            else:
                yield line.rstrip(b"\r\n")

    def read(self) -> bytes:
        """The next line with its end, as much of it as a row may have and a byte more; empty at the end."""
        try:
            line = self._source.readline(MAX_ROW_BYTES + 1)
        except OSError as error:
            raise StorageError(
                f"can't read {self._what}: {(error.strerror or str(error)).lower()}"
            ) from error
        if self.digest is not None:
            self.digest.update(line)
        if self.at_start:
            self.at_start = False
            line = line.removeprefix(_BYTE_ORDER_MARK) or line
        return line

    def rewind(self) -> None:
        self._source.seek(0)
        self.at_start = True


def _records(lines: _Lines, what: str) -> Iterator[list[str]]:
    """CSV records. A fault in the quoting is the end: what follows could be taken for rows that are none."""
    size = number = 0

    def texts() -> Iterator[str]:
        nonlocal size, number
        while line := lines.read():
            size += len(line)
            number += 1
            if size > MAX_ROW_BYTES:
                raise MalformedInput(f"{what}, line {number}: a record of more than {MAX_ROW_BYTES} bytes")
            # What is no UTF-8 becomes half surrogates, which no cell may have.
            yield line.decode("utf-8", "surrogateescape")

    try:
        for cells in csv.reader(texts(), strict=True):
            yield cells
            size = 0
    except csv.Error as error:
        raise MalformedInput(
            f"{what} is not CSV: {error} at line {number}", hint="quotes inside a cell are doubled"
        ) from error


def _columns(names: list[str], what: str) -> tuple[str, ...]:
    if not any(names):
        raise MalformedInput(f"{what} does not begin with the names of its columns")
    for position, name in enumerate(names):
        if not name or not is_printable(name):
            raise MalformedInput(f"{what}: the name of column {position + 1} is {excerpt(name)}")
        if name in names[:position]:
            raise MalformedInput(f"{what} has two columns named {excerpt(name)}")
    return tuple(names)


def _size(row: Row) -> int:
    if isinstance(row, list):
        return sum(map(len, row))
    return len(row or b"")
