"""What `ipse profile export` wrote, taken back letter for letter."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Final

from ipse.encoding.safe_text import is_printable
from ipse.encoding.strict_json import Json, JsonObject, excerpt
from ipse.errors import MalformedInput
from ipse.preferences.sources.file import File
from ipse.preferences.sources.found import Found, Gathering, Reading
from ipse.preferences.sources.moments import moment
from ipse.preferences.sources.rated_rows import records
from ipse.preferences.sources.source import Source, one_file

__all__ = ["SOURCE", "claims", "read"]

_MEMBERS: Final = ("text", "weight", "kind", "sensitivity", "source")
_KINDS: Final = ("opinion", "fact")
_SENSITIVITIES: Final = ("public", "private", "secret")
_LONGEST_SOURCE: Final = 64
_NUMBER: Final = re.compile(r"-?[0-9]{1,2}(?:\.[0-9]{1,30})?(?:e-?[0-9]{1,3})?")


def claims(file: File) -> bool:
    """Whether the first statement has the members that ipse writes."""
    if not file.is_json:
        return set(_MEMBERS) <= set(file.columns)
    first = file.text.lstrip()[:20_000].split("\n{", 1)[0]
    return all(f'"{member}"' in first for member in _MEMBERS)


def read(file: File) -> Reading:
    """The statements that held when they were exported. Raises MalformedInput naming the line."""
    gathering = Gathering(file.what)
    statements = records(file) if file.is_json else _rows(file)
    for where, record in statements:
        if not isinstance(record, dict):
            raise MalformedInput(f"{where}: no JSON object")
        if record.get("valid_to") is not None:
            gathering.skip("no longer held")
            continue
        gathering.keep(_statement(record, where))
    return gathering.reading("ipse", {member: member for member in (*_MEMBERS, "valid_from")})


def _rows(file: File) -> Iterator[tuple[str, Json]]:
    """The rows of the CSV form, where nothing is written for what there is not."""
    for row in file.rows():
        record: JsonObject = {name: cell or None for name, cell in row.cells.items()}
        weight = record.get("weight")
        record["weight"] = float(weight) if weight and _NUMBER.fullmatch(weight) else weight
        yield f"{file.what}, line {row.line}", record


def _statement(record: JsonObject, where: str) -> Found:
    text, weight, since = record.get("text"), record.get("weight"), record.get("valid_from")
    if not isinstance(text, str) or not text.strip() or "\0" in text:
        raise _wrong(where, "text", text)
    if isinstance(weight, bool) or not isinstance(weight, (int, float)) or not -1 <= weight <= 1:
        raise _wrong(where, "weight", weight)
    if record.get("kind") == "fact" and weight:
        raise MalformedInput(f"{where}: a fact has a weight", hint="facts are neutral: their weight is 0")
    at = moment(since) if isinstance(since, str) else None
    if since is not None and at is None:
        raise _wrong(where, "valid_from", since)
    return Found(
        text,
        float(weight),
        at,
        kind=_one_of(record, "kind", _KINDS, where),
        sensitivity=_one_of(record, "sensitivity", _SENSITIVITIES, where),
        source=_source(record.get("source"), where),
    )


def _one_of(record: JsonObject, member: str, allowed: tuple[str, ...], where: str) -> str:
    value = record.get(member)
    if value not in allowed:
        raise _wrong(where, member, value)
    return str(value)


def _source(value: Json, where: str) -> str:
    if not isinstance(value, str) or not is_printable(value) or not 0 < len(value) <= _LONGEST_SOURCE:
        raise _wrong(where, "source", value)
    return value


def _wrong(where: str, member: str, value: Json) -> MalformedInput:
    return MalformedInput(f"{where}: the {member} {excerpt(value)} can't be")


SOURCE: Final = Source(claims, one_file(read))
