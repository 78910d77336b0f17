"""From a row as it was read to its values by column, with the types of a schema."""

from __future__ import annotations

import math
import re
from collections.abc import Callable, Mapping
from typing import Final, TypeAlias

from ipse.credentials import json_schema
from ipse.encoding import strict_json
from ipse.encoding.strict_json import Json, JsonObject, excerpt
from ipse.errors import InputTooLarge, MalformedInput, UsageError
from ipse.wallet.batch.rows import MAX_ROW_BYTES, Row

__all__ = ["RowReader"]

_Cell: TypeAlias = Callable[[str], Json]
_INTEGER: Final = re.compile(r"-?(?:0|[1-9][0-9]{0,15})")
_NUMBER: Final = re.compile(r"-?(?:0|[1-9][0-9]{0,15})(?:\.[0-9]{1,30})?(?:[eE][+-]?[0-9]{1,3})?")
_MAX_INTEGER: Final = 2**53 - 1


class RowReader:
    """Reads rows: JSON objects, or CSV cells under `columns`.

    With a `schema` (a JSON Schema of one row) CSV cells take the type that its `properties` give them, and
    each row has to conform. Without one every cell is a string. Raises MalformedInput for a schema that
    can't be used, UsageError for one that asks a cell to be an array or an object.
    """

    def __init__(self, columns: tuple[str, ...] | None, schema: JsonObject | None) -> None:
        self._columns = columns
        self._validator = None if schema is None else json_schema.compile_schema(schema)
        properties = (schema or {}).get("properties", {})
        self._cells: dict[str, _Cell] = {}
        for name in columns or ():
            cell = _cell(name, properties.get(name))
            if cell is not None:
                self._cells[name] = cell

    def read(self, row: Row) -> Mapping[str, Json]:
        """The values of `row` by column. Raises MalformedInput."""
        values = self._values(row)
        if self._validator is not None:
            for pointer, message in self._validator.violations(values):
                raise MalformedInput(f"the row breaks its schema at {pointer or '/'}: {message}")
        return values

    def _values(self, row: Row) -> JsonObject:
        if row is None:
            raise InputTooLarge(f"the row has more than {MAX_ROW_BYTES} bytes")
        if isinstance(row, bytes):
            return strict_json.parse_object(row, what="the row")
        columns = self._columns or ()
        if len(row) != len(columns):
            raise MalformedInput(f"the row has {len(row)} cells, there are {len(columns)} columns")
        values: JsonObject = {}
        for name, text in zip(columns, row, strict=True):
            _check_text(name, text)
            values[name] = text if name not in self._cells else self._cells[name](text)
        return values


def _check_text(name: str, text: str) -> None:
    if "\0" in text:
        raise MalformedInput(f"{excerpt(name)} is no text: it holds a NUL")
    if not text.isascii() and any("\ud800" <= character <= "\udfff" for character in text):
        raise MalformedInput(f"{excerpt(name)} is not UTF-8 text")


def _cell(name: str, described: Json) -> _Cell | None:
    """What reads the cells of a column; None where they are strings."""
    kinds = described.get("type") if isinstance(described, dict) else None
    listed = [kind for kind in (kinds if isinstance(kinds, list) else [kinds]) if isinstance(kind, str)]
    if not listed or listed == ["string"]:
        return None
    readers = [_READERS[kind] for kind in _ORDER if kind in listed]
    if not readers:
        raise UsageError(
            f"the schema wants {excerpt(name)} to be of type {listed[0][:20]}, which a CSV cell can't hold",
            hint="give such rows as NDJSON",
        )

    def read(text: str) -> Json:
        for reader in readers:
            try:
                return reader(text)
            except ValueError:
                continue
        raise MalformedInput(f"{excerpt(name)} is {excerpt(text)}, not of type {' or '.join(listed)[:60]}")

    return read


def _integer(text: str) -> int:
    if not _INTEGER.fullmatch(text) or abs(number := int(text)) > _MAX_INTEGER:
        raise ValueError
    return int(text) if number else 0


def _number(text: str) -> int | float:
    if _INTEGER.fullmatch(text):
        return _integer(text)
    if not _NUMBER.fullmatch(text) or not math.isfinite(number := float(text)):
        raise ValueError
    return number


def _word(words: Mapping[str, Json]) -> _Cell:
    def read(text: str) -> Json:
        if text not in words:
            raise ValueError
        return words[text]

    return read


_READERS: Final[dict[str, _Cell]] = {
    "null": _word({"": None}),
    "boolean": _word({"true": True, "false": False}),
    "integer": _integer,
    "number": _number,
    "string": str,
}
_ORDER: Final = ("null", "boolean", "integer", "number", "string")
"""In which they are tried where a schema allows several."""
