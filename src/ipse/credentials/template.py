"""Credential templates: one JSON document with places, many credentials.

A place is `{{column}}` in a string. A string that is one place and nothing else takes the value of the
column as it is, with its type; a place inside a longer text takes text only. `{{{{` stands for `{{`. What
comes out of a column is never read again: neither JSON nor a place in it means anything.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass
from typing import Final, TypeAlias

from ipse.encoding import strict_json
from ipse.encoding.strict_json import Json, JsonObject, excerpt, kind_of
from ipse.errors import MalformedInput, UsageError

__all__ = ["Template", "compile_template"]

Row: TypeAlias = Mapping[str, Json]
"""The values of one row by column."""

_Filler: TypeAlias = Callable[[Row], Json]
_PIECE: Final = re.compile(r"(?P<escape>\{\{\{\{)|\{\{(?P<column>[^{}]*)\}\}|(?P<stray>\{\{)")


@dataclass(frozen=True, slots=True)
class Template:
    """A compiled template.

    `columns` are the ones that it takes values from, `variable` the members at the top that have places.
    """

    columns: frozenset[str]
    variable: frozenset[str]
    _fill: _Filler

    def fill(self, row: Row) -> JsonObject:
        """The document with the values of `row`. Its constant parts are shared: do not change them.

        Raises MalformedInput for a column that the row lacks, and for a value that is no text where only
        text fits.
        """
        filled: JsonObject = self._fill(row)
        return filled

    def check_columns(self, given: Iterable[str]) -> None:
        """Raise UsageError if the template asks for a column that is not among `given`."""
        known = list(given)
        unknown = sorted(self.columns - set(known))
        if unknown:
            raise UsageError(
                f"the template asks for the column {excerpt(unknown[0])}, which the rows do not have",
                hint=f"their columns are {', '.join(excerpt(name) for name in known[:20])}",
            )


def compile_template(source: JsonObject, *, refused: Mapping[str, str]) -> Template:
    """The template that `source` is.

    `refused` are members that may not stand at the top, each with the reason. Raises MalformedInput for
    those, for a place in a member's name or in an `@context`, and for braces that make no place.
    """
    strict_json.check_value(source, "the template")
    for name, reason in refused.items():
        if name in source:
            raise MalformedInput(f"the template has {name!r}: {reason}", hint="leave it out of the template")
    columns: set[str] = set()
    filler = _compiled(source, "", columns)
    variable = frozenset(name for name, child in source.items() if _compiled(child, f"/{name}", set()))
    return Template(frozenset(columns), variable, filler or (lambda _: source))


def _compiled(value: Json, pointer: str, columns: set[str]) -> _Filler | None:
    """What fills `value`; None where it is constant."""
    match value:
        case str():
            return _text(value, pointer, columns)
        case dict():
            for name, child in value.items():
                if "{{" in name:
                    raise MalformedInput(f"the template has a place in the name of a member: {excerpt(name)}")
                if name == "@context":
                    _check_constant(child, f"{pointer}/@context")
            return _container(value, list(_holes(value.items(), pointer, columns)))
        case list():
            return _container(value, list(_holes(enumerate(value), pointer, columns)))
        case _:
            return None


def _holes(
    children: Iterable[tuple[str | int, Json]], pointer: str, columns: set[str]
) -> Iterator[tuple[str | int, _Filler]]:
    for step, child in children:
        filler = _compiled(child, f"{pointer}/{step}", columns)
        if filler is not None:
            yield step, filler


def _container(source: Json, holes: list[tuple[str | int, _Filler]]) -> _Filler | None:
    """What fills an object or array of which `holes` are not constant; member order is kept."""
    if not holes:
        return None

    def fill(row: Row) -> Json:
        filled = source.copy()
        for step, filler in holes:
            filled[step] = filler(row)
        return filled

    return fill


def _text(source: str, pointer: str, columns: set[str]) -> _Filler | None:
    pieces = _pieces(source, pointer)
    named = [column for column, _ in pieces if column is not None]
    columns.update(named)
    if not named:
        text = "".join(text for _, text in pieces)
        return None if text == source else lambda _: text
    if len(pieces) == 1:
        column = named[0]
        return lambda row: _value(row, column)
    return lambda row: "".join(text if column is None else _word(row, column) for column, text in pieces)


def _pieces(source: str, pointer: str) -> list[tuple[str | None, str]]:
    """The parts of a text: (None, constant text) or (column, "")."""
    pieces: list[tuple[str | None, str]] = []
    end = 0
    for match in _PIECE.finditer(source):
        column = None if match["column"] is None else match["column"].strip()
        if match["stray"] or column == "":
            raise MalformedInput(
                f"the template has braces at {excerpt(pointer)} that make no place",
                hint="a place is {{column}}; write {{{{ for two braces that are meant as such",
            )
        pieces.append((None, source[end : match.start()] + ("{{" if match["escape"] else "")))
        if column is not None:
            pieces.append((column, ""))
        end = match.end()
    pieces.append((None, source[end:]))
    return [piece for piece in pieces if piece != (None, "")]


def _value(row: Row, column: str) -> Json:
    try:
        return row[column]
    except KeyError:
        raise MalformedInput(f"the row has no {excerpt(column)}") from None


def _word(row: Row, column: str) -> str:
    value = _value(row, column)
    if not isinstance(value, str):
        raise MalformedInput(
            f"{excerpt(column)} is a JSON {kind_of(value)}, and inside a longer text only text fits"
        )
    return value


def _check_constant(value: Json, pointer: str) -> None:
    columns: set[str] = set()
    if _compiled(value, pointer, columns) is not None:
        raise MalformedInput(
            f"the template has a place in {excerpt(pointer)}, which has to be the same for all credentials"
        )
