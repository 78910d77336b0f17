"""JSON files beyond what is read at once: taken apart at their top, each piece read strictly."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Final

from ipse.encoding import strict_json
from ipse.encoding.strict_json import Json
from ipse.errors import MalformedInput

__all__ = ["parse"]

_TOKEN: Final = re.compile(r'"(?:[^"\\]++|\\.)*+"|[\[\]{},]', re.DOTALL)
_NAME: Final = re.compile(r'\s*+("(?:[^"\\]++|\\.)*+")\s*+:', re.DOTALL)
_PIECE: Final = 4 * 1024 * 1024
_LEVELS: Final = 3
"""How far down a file is taken apart: an object, its array, its elements."""


def parse(text: str, *, what: str, levels: int = _LEVELS) -> Json:
    """Like strict_json.parse, without its bound on the size: the caller has one. Raises MalformedInput."""
    if len(text) <= strict_json.MAX_BYTES or levels == 0:
        return strict_json.parse(text, what=what)
    text = text.strip()
    match text[0], text[-1]:
        case "[", "]":
            return [item for piece in _grouped(text, what) for item in _elements(text, piece, what, levels)]
        case "{", "}":
            return _members(text, what, levels)
        case _:
            raise MalformedInput(f"{what} is not JSON: it does not end as it begins")


def _elements(text: str, piece: slice, what: str, levels: int) -> list[Json]:
    if piece.stop - piece.start > strict_json.MAX_BYTES:
        return [parse(text[piece], what=what, levels=levels - 1)]
    parsed: list[Json] = strict_json.parse(f"[{text[piece]}]", what=what)
    return parsed


def _members(text: str, what: str, levels: int) -> Json:
    members: dict[str, Json] = {}
    for piece in _pieces(text, what):
        match = _NAME.match(text, piece.start, piece.stop)
        if match is None:
            raise MalformedInput(f"{what} is not JSON: a member has no name")
        name = strict_json.parse(match[1], what=what)
        if name in members:
            raise MalformedInput(f"{what} is not acceptable JSON: member {name[:60]!r} appears twice")
        members[name] = parse(text[match.end() : piece.stop], what=what, levels=levels - 1)
    return members


def _grouped(text: str, what: str) -> Iterator[slice]:
    """Neighbouring pieces put together up to a size that is read in one go."""
    start = stop = None
    for piece in _pieces(text, what):
        if start is not None and stop is not None and piece.stop - start > _PIECE:
            yield slice(start, stop)
            start = None
        start = piece.start if start is None else start
        stop = piece.stop
    if start is not None and stop is not None:
        yield slice(start, stop)


def _pieces(text: str, what: str) -> Iterator[slice]:
    """What stands between the commas of the outermost brackets."""
    depth, start = 0, 1
    for token in _TOKEN.finditer(text):
        sign = token[0]
        if sign in ("[", "{"):
            depth += 1
        elif sign in ("]", "}"):
            depth -= 1
        if (sign == "," and depth == 1) or depth == 0:
            if text[start : token.start()].strip() == "":
                raise MalformedInput(f"{what} is not JSON: a comma has nothing beside it")
            yield slice(start, token.start())
            start = token.end()
        if depth == 0:
            break
    if depth != 0 or start != len(text):
        raise MalformedInput(f"{what} is not JSON: its brackets do not match")
