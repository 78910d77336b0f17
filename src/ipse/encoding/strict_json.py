"""JSON read strictly and written in one way.

Signed data must have one meaning, so what parsers disagree on is refused: duplicate member names,
NaN and Infinity, lone surrogates, numbers that a double cannot hold (RFC 7493, I-JSON).
"""

from __future__ import annotations

import json
from typing import Any, Final, NoReturn, TypeAlias

from ipse.encoding.safe_text import printable, printable_json
from ipse.errors import InputTooLarge, MalformedInput

__all__ = [
    "MAX_BYTES",
    "MAX_DEPTH",
    "Json",
    "JsonObject",
    "as_list",
    "canonical",
    "check_value",
    "excerpt",
    "kind_of",
    "parse",
    "parse_object",
    "pretty",
]

Json: TypeAlias = Any
"""str, int, float, bool, None, list of Json, or dict of str to Json."""
JsonObject: TypeAlias = dict[str, Any]

MAX_BYTES: Final = 16 * 1024 * 1024
MAX_DEPTH: Final = 128
_MAX_INTEGER: Final = 2**53 - 1
_SORTED: Final = json.JSONEncoder(
    ensure_ascii=False, sort_keys=True, separators=(",", ":"), check_circular=False
)


def parse(data: bytes | str, *, what: str = "input") -> Json:
    """The value that `data` spells. `what` names it in the errors.

    Raises MalformedInput (with line and column where the parser knows them) and InputTooLarge.
    """
    if len(data) > MAX_BYTES:
        raise InputTooLarge(f"{what} is larger than {MAX_BYTES // 1024 // 1024} MiB")
    if isinstance(data, bytes):
        try:
            data = data.decode("utf-8")
        except UnicodeDecodeError as error:
            raise MalformedInput(f"{what} is not UTF-8 text: byte {error.start} is wrong") from error
    if not data.strip():
        raise MalformedInput(f"{what} is empty, JSON expected")
    try:
        value = _DECODER.decode(data)
    except json.JSONDecodeError as error:
        raise MalformedInput(
            f"{what} is not JSON: {_lower(error.msg)} at line {error.lineno}, column {error.colno}"
        ) from error
    except RecursionError as error:
        raise MalformedInput(f"{what} is nested deeper than {MAX_DEPTH} levels") from error
    except MalformedInput as error:
        raise MalformedInput(f"{what} is not acceptable JSON: {error.message}") from error
    # ASCII without escapes spells no surrogate, and nothing nests deeper than it has brackets.
    if not data.isascii() or "\\u" in data or data.count("{") + data.count("[") > MAX_DEPTH:
        check_value(value, what)
    return value


def parse_object(data: bytes | str, *, what: str = "input") -> JsonObject:
    """Like parse, and the value must be an object."""
    value = parse(data, what=what)
    if not isinstance(value, dict):
        raise MalformedInput(f"{what} is a JSON {kind_of(value)}, an object is expected")
    return value


def canonical(value: Json) -> bytes:
    """The RFC 8785 (JCS) form. Raises MalformedInput for what it cannot carry."""
    try:
        if _is_plain(value, MAX_DEPTH):
            return _SORTED.encode(value).encode()
        return _rfc8785_form(value)
    except UnicodeEncodeError as error:
        raise MalformedInput(f"no canonical JSON form: {_lower(str(error))}") from error
    except RecursionError as error:
        raise MalformedInput(f"no canonical JSON form: nested deeper than {MAX_DEPTH} levels") from error


def _rfc8785_form(value: Json) -> bytes:
    import rfc8785

    try:
        return rfc8785.dumps(value)
    except rfc8785.CanonicalizationError as error:
        raise MalformedInput(f"no canonical JSON form: {_lower(str(error))}") from error


def _is_plain(value: Json, depth: int) -> bool:
    """Whether the json module writes the JCS form of `value`, which it does several times as fast.

    It does where no float is to be written, no integer is too large, and names sort by their code points
    as they do by their UTF-16 units.
    """
    kind = type(value)
    if kind is dict:
        return depth > 0 and all(
            type(name) is str and name.isascii() and (type(item) is str or _is_plain(item, depth - 1))
            for name, item in value.items()
        )
    if kind is list:
        return depth > 0 and all(type(item) is str or _is_plain(item, depth - 1) for item in value)
    if kind is int:
        return bool(-_MAX_INTEGER <= value <= _MAX_INTEGER)
    return kind is str or kind is bool or value is None


def pretty(value: Json) -> str:
    """Indented JSON for files and terminals, in member order, unsafe characters escaped, no final newline."""
    return printable_json(json.dumps(value, indent=2, ensure_ascii=False))


def excerpt(value: Json) -> str:
    """`value` as an error quotes it: one line of at most 100 characters, however long or deep it is."""
    import reprlib

    short = reprlib.Repr()
    short.maxstring = short.maxother = 80
    return printable(short.repr(value))[:100]


def kind_of(value: Json) -> str:
    """What JSON calls the kind of `value`."""
    match value:
        case None:
            return "null"
        case bool():
            return "boolean"
        case int() | float():
            return "number"
        case str():
            return "string"
        case list():
            return "array"
        case _:
            return "object"


def _object(pairs: list[tuple[str, Json]]) -> JsonObject:
    members = dict(pairs)
    if len(members) != len(pairs):
        seen: set[str] = set()
        for name, _ in pairs:
            if name in seen:
                raise MalformedInput(f"member {name[:60]!r} appears twice in one object")
            seen.add(name)
    return members


def _constant(name: str) -> NoReturn:
    raise MalformedInput(f"{name} is not a JSON number")


def _integer(digits: str) -> int:
    number = int(digits) if len(digits) <= 17 else _MAX_INTEGER + 1
    if abs(number) > _MAX_INTEGER:
        raise MalformedInput(f"the integer {digits[:24]} is beyond 2^53, where readers disagree on its value")
    return number


def _float(digits: str) -> float:
    number = float(digits)
    if number in (float("inf"), float("-inf")):
        raise MalformedInput(f"the number {digits[:24]} is too large")
    return number


_DECODER: Final = json.JSONDecoder(
    object_pairs_hook=_object, parse_constant=_constant, parse_int=_integer, parse_float=_float
)


def as_list(value: Json) -> list[Json]:
    """A value that may stand alone or in an array, as a list."""
    return value if isinstance(value, list) else [value]


def check_value(value: Json, what: str) -> None:
    """Raise MalformedInput for lone surrogates and bottomless nesting, without recursion."""
    level: list[Json] = [[value]]
    depth = -1
    while level:
        depth += 1
        if depth > MAX_DEPTH:
            raise MalformedInput(f"{what} is nested deeper than {MAX_DEPTH} levels")
        below: list[Json] = []
        for container in level:
            items = [*container.keys(), *container.values()] if isinstance(container, dict) else container
            for item in items:
                if isinstance(item, (dict, list)):
                    below.append(item)
                elif isinstance(item, str) and not item.isascii() and _has_surrogate(item):
                    raise MalformedInput(f"{what} holds half of a surrogate pair, which is no character")
        level = below


def _has_surrogate(text: str) -> bool:
    return any("\ud800" <= character <= "\udfff" for character in text)


def _lower(message: str) -> str:
    return message[:1].lower() + message[1:]
