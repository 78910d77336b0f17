"""Breaking and cutting text to the cells of a terminal."""

from __future__ import annotations

import unicodedata
from collections.abc import Iterator
from typing import Final

__all__ = ["cells", "cut", "fitted", "wrapped"]

_NARROWEST: Final = 10
"""Columns that are left beside an indent, which gives way on a narrower terminal."""
_FURTHER_IN: Final = 4
_WIDENS: Final = "\ufe0f"


def fitted(text: str, width: int, *, whole: bool = False) -> Iterator[str]:
    """The lines of `text`, those that are too long broken by us and not by the terminal.

    What follows a break is further in than the line's beginning, so that no part of another's text stands
    where a line of ipse's own begins. With `whole`, a line of one word stays in one piece, to be copied.
    """
    for line in text.split("\n"):
        if cells(line) <= width or (whole and line.isascii() and " " not in line):
            yield line
            continue
        indent = " " * (len(line) - len(line.lstrip(" ")))
        yield from wrapped(line[len(indent) :], width, first=indent, rest=indent + " " * _FURTHER_IN)


def wrapped(text: str, width: int, *, first: str = "", rest: str = "") -> list[str]:
    """`text` in lines of at most `width` columns, broken at spaces; a word that is too long is cut.

    `first` and `rest` are what stands before the first line and before the others. On a narrow terminal
    there is less of them, and at least one space before the others.
    """
    first, rest = first[: max(width - _NARROWEST, 0)], rest[: max(width - _NARROWEST, 1)]
    room = max(width, len(rest) + 1)
    lines, line = [], first
    for word in text.split(" "):
        joined = line + word if line in (first, rest) else f"{line} {word}"
        if cells(joined) <= room:
            line = joined
            continue
        if line.strip():
            lines.append(line.rstrip())
            line = rest
        while cells(line + word) > room and len(word) > 1:
            ends = range(len(word) - 1, 0, -1)
            head = next(end for end in ends if end == 1 or cells(line + word[:end]) <= room)
            lines.append(line + word[:head])
            line, word = rest, word[head:]
        line += word
    return [*lines, line.rstrip()]


def cut(text: str, width: int, *, ellipsis: str = "…") -> str:
    """The beginning of `text` in at most `width` cells, ended by `ellipsis` where there is more of it."""
    if cells(text) <= width:
        return text
    kept, room = 0, width - cells(ellipsis)
    for character in text:
        room -= _cells_of(character)
        if room < 0:
            break
        kept += 1
    return text[:kept].rstrip() + ellipsis


def cells(text: str) -> int:
    """How many cells of a terminal `text` takes (Unicode Standard Annex 11)."""
    return len(text) if text.isascii() else sum(map(_cells_of, text))


def _cells_of(character: str) -> int:
    if character.isascii() or character == _WIDENS:
        return 1
    if unicodedata.category(character) in ("Mn", "Me", "Cf"):
        return 0
    return 2 if unicodedata.east_asian_width(character) in "WF" else 1
