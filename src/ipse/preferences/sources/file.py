"""One file of an export: text, JSON or a table, looked at before it is read."""

from __future__ import annotations

import codecs
import csv
import io
import re
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Final

from ipse.encoding import strict_json
from ipse.encoding.safe_text import replace_unsafe
from ipse.encoding.strict_json import Json, JsonObject
from ipse.errors import InputTooLarge, MalformedInput
from ipse.preferences.sources import large_json

__all__ = ["MAX_RECORDS", "File", "Row", "Table"]

_DELIMITERS: Final = ",;\t"
_SEPARATOR_LINE: Final = re.compile(r"sep=([,;\t])\r?\n")
MAX_RECORDS: Final = 500_000
"""Rows or lines of one file."""
_MAX_VALUES: Final = 6_000_000
_MAX_HEAD: Final = 1024 * 1024
"""Characters in which a table's head must be found."""
_MAX_COLUMNS: Final = 10_000
_MARKUP: Final = re.compile(r"\s*+<(?:!doctype|html|head|body|meta|title|dl|div|!--)", re.IGNORECASE)


@dataclass(frozen=True, slots=True)
class Row:
    """A row of a table: the line it ends on, and a cell for each column."""

    line: int
    cells: Mapping[str, str]

    def get(self, column: str | None) -> str:
        """The cell in a column, stripped; nothing where the column is not there."""
        return self.cells.get(column, "").strip() if column is not None else ""


@dataclass(frozen=True, slots=True)
class Table:
    """A table's text without the line that names its delimiter, and its columns as they are written."""

    text: str
    delimiter: str
    columns: tuple[str, ...]


class File:
    """A file by its name inside the export. `name` names it in errors and in what is shown."""

    def __init__(self, name: str, data: bytes, *, inside: str = "") -> None:
        self.name = name
        self.what = _one_line(f"{name[:80]} in {inside}" if inside else name)
        self._data = data

    @property
    def base(self) -> str:
        """The name without folders, in lower case."""
        return re.split(r"[/\\]", self.name)[-1].lower()

    @property
    def folders(self) -> frozenset[str]:
        """The folders that the name tells of, in lower case."""
        return frozenset(re.split(r"[/\\]", self.name.lower())[:-1])

    @cached_property
    def text(self) -> str:
        """The content as text: UTF-8, or UTF-16 where a byte order mark says so. Raises MalformedInput."""
        wide = self._data.startswith((codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE))
        try:
            return self._data.decode("utf-16" if wide else "utf-8-sig")
        except UnicodeDecodeError as error:
            raise MalformedInput(
                f"{self.what} is not UTF-8 text: byte {error.start} is wrong", hint="save it as UTF-8"
            ) from error

    @property
    def is_json(self) -> bool:
        """Whether it begins as JSON does."""
        return self._start in ("{", "[")

    @property
    def is_object(self) -> bool:
        """Whether it begins as a JSON object does."""
        return self._start == "{"

    @property
    def is_markup(self) -> bool:
        """Whether it begins as HTML does."""
        return _MARKUP.match(self.text) is not None

    def has(self, *members: str) -> bool:
        """Whether all of these JSON member names stand somewhere in it."""
        return all(f'"{member}"' in self.text for member in members)

    def json(self) -> Json:
        """The JSON value. Raises MalformedInput, InputTooLarge."""
        if sum(map(self.text.count, "{[,")) > _MAX_VALUES:
            raise InputTooLarge(f"{self.what} has more than {_MAX_VALUES} JSON values", hint="split it")
        return large_json.parse(self.text, what=self.what)

    def objects(self, value: Json | None = None) -> list[JsonObject]:
        """The objects of a JSON array. Raises MalformedInput where it is something else."""
        items = self.json() if value is None else value
        if not isinstance(items, list):
            raise MalformedInput(f"{self.what} is a JSON {strict_json.kind_of(items)}, an array is expected")
        for number, item in enumerate(items, 1):
            if not isinstance(item, dict):
                raise MalformedInput(
                    f"{self.what}, entry {number}: a JSON {strict_json.kind_of(item)}, an object is expected"
                )
        return items

    @cached_property
    def table(self) -> Table | None:
        """The table's head, None where this can't be a table. Raises MalformedInput for a broken head."""
        if self.is_json or self.is_markup or "\0" in self.text[:4096]:
            return None
        named = _SEPARATOR_LINE.match(self.text)
        text = self.text[named.end() :] if named else self.text
        heads: dict[str, list[str]] = {}
        broken: list[MalformedInput] = []
        for sign in [named[1]] if named else _DELIMITERS:
            try:
                heads[sign] = self._head(text, sign)
            except MalformedInput as error:  # a quoted cell ends where only the right delimiter follows
                broken.append(error)
        if not heads:
            raise broken[0]
        delimiter = max(heads, key=lambda sign: len(heads[sign]))
        if len(heads[delimiter]) > _MAX_COLUMNS:
            raise MalformedInput(f"{self.what} has more than {_MAX_COLUMNS} columns")
        return Table(text, delimiter, tuple(heads[delimiter])) if heads[delimiter] else None

    @cached_property
    def columns(self) -> tuple[str, ...]:
        """The table's columns in lower case; none where it is no table."""
        return tuple(name.strip().lower() for name in self.table.columns) if self.table else ()

    def rows(self, *, only: Sequence[str] = ()) -> Iterator[Row]:
        """The rows below the head, by lower-case column name, empty ones left out. Raises MalformedInput.

        A column named in `only`, or any where that is empty, must not be there twice.
        """
        table = self.table
        if table is None:
            return
        if "\0" in table.text:
            raise MalformedInput(f"{self.what} is no text: it holds a NUL")
        names = self.columns
        counts = Counter(names)
        for name in only or names:
            if name and counts[name] > 1:
                raise MalformedInput(
                    f"{self.what} has two columns named {name[:60]!r}", hint="leave one of them out"
                )
        reader = csv.reader(io.StringIO(table.text, newline=""), strict=True, delimiter=table.delimiter)
        try:
            head = True
            for number, cells in enumerate(reader):
                if number > MAX_RECORDS:
                    raise InputTooLarge(f"{self.what} has more than {MAX_RECORDS} rows", hint="split it")
                if not cells:
                    continue
                if len(cells) > len(names):
                    raise MalformedInput(f"{self.what}, line {reader.line_num}: more cells than columns")
                if not head:
                    yield Row(reader.line_num, dict(zip(names, cells, strict=False)))
                head = False
        except csv.Error as error:
            raise self._not_csv(error, reader.line_num) from error

    @cached_property
    def _start(self) -> str:
        return self.text[:4096].lstrip()[:1]

    def _head(self, text: str, delimiter: str) -> list[str]:
        reader = csv.reader(io.StringIO(text[:_MAX_HEAD], newline=""), strict=True, delimiter=delimiter)
        try:
            return next((cells for cells in reader if cells), [])
        except csv.Error as error:
            raise self._not_csv(error, reader.line_num) from error

    def _not_csv(self, error: csv.Error, line: int) -> MalformedInput:
        return MalformedInput(f"{self.what} is not CSV: {error} at line {line}")


def _one_line(name: str) -> str:
    return replace_unsafe(name, lambda _: "?")
