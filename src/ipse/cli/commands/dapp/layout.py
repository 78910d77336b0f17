"""Other people's words on the consent page: legible, wrapped, and never on the place of the page's own."""

from __future__ import annotations

import unicodedata
from collections.abc import Callable, Iterator
from typing import Final, TypeAlias

from ipse.cli.output import cells
from ipse.encoding.safe_text import printable

__all__ = [
    "ISOLATES",
    "WIDTH",
    "cells",
    "cut",
    "labelled",
    "legible",
    "listed",
    "marked",
    "warning",
    "wrapped",
]

WIDTH: Final = 80
"""Cells of a line of the page where the terminal is not narrower."""

Wrap: TypeAlias = Callable[[str, int], list[str]]
"""From a text and a number of cells to its lines."""

_LABEL: Final = 16
_NARROW, _INDENT = 60, 4
"""Cells of a line below which labels stand on lines of their own, and how far what they label is indented."""
_RIGHT_TO_LEFT: Final = frozenset({"R", "AL"})
ISOLATES: Final = "\u2068\u2069"
"""What lines that run from right to left are put between; `legible` leaves none in another's text."""
_ISOLATE, _END_OF_ISOLATE = ISOLATES


def legible(text: str) -> str:
    """`text` on one line, with nothing in it that steers a terminal or paints over its surroundings."""
    return " ".join(printable(text).split())


def wrapped(text: str, width: int) -> list[str]:
    """The lines of `text`, made legible, none of more than `width` cells; at least one, perhaps empty.

    A line with letters that run from right to left is isolated (UAX 9), so that on a terminal that
    reorders them nothing beside it moves.
    """
    lines = [""]
    for word in legible(text).split(" "):
        joined = f"{lines[-1]} {word}" if lines[-1] else word
        if cells(joined) <= width:
            lines[-1] = joined
            continue
        pieces = list(_pieces(word, width))
        lines = lines + pieces if lines[-1] else pieces
    return [_isolated(line) for line in lines]


def cut(text: str, width: int) -> str:
    """The beginning of `text` on one line of at most `width` cells, with … where there is more of it."""
    clear = legible(text)
    return clear if cells(clear) <= width else next(_pieces(clear, width - 1)).rstrip() + "…"


def marked(text: str, width: int) -> list[str]:
    """The lines of `text` like `wrapped`, each that begins within quotation marks behind a mark of its own.

    So no line of another's words can pass for one of the page's. The marks in `text` are the page's own.
    """
    lines, inside = [], False
    for line in wrapped(text, width - 1):
        lines.append(f'"{line}' if inside else line)
        inside ^= bool(line.count('"') % 2)
    return lines


def labelled(label: str, text: str, *more: str, width: int = WIDTH, wrap: Wrap = wrapped) -> list[str]:
    """`text` behind its label, each of `more` on a line of its own under it; under it where it is narrow."""
    if width < _NARROW:
        indented = [listed(" " * _INDENT, part, width=width, wrap=wrap) for part in (text, *more)]
        return [f"  {label}:", *(line for lines in indented for line in lines)]
    lines = [line for part in (text, *more) for line in wrap(part, width - _LABEL)]
    heads = [f"  {label + ':':<{_LABEL - 2}}", *[" " * _LABEL] * (len(lines) - 1)]
    return [head + line for head, line in zip(heads, lines, strict=True)]


def listed(head: str, text: str, *, width: int = WIDTH, wrap: Wrap = wrapped) -> list[str]:
    """`text` behind `head`, its further lines under its first."""
    first, *others = wrap(text, width - len(head))
    return [head + first, *(" " * len(head) + line for line in others)]


def warning(text: str, *, width: int = WIDTH) -> list[str]:
    """A warning; its further lines begin where no label does, so that none of them reads like one."""
    first, *others = marked(text, width - 2 * _INDENT)
    return [f"! {first}", *(" " * 2 * _INDENT + line for line in others)]


def _pieces(word: str, width: int) -> Iterator[str]:
    """`word`, broken where it is wider than `width`; no letter is parted from its marks."""
    piece, used = "", 0
    for character in word:
        size = cells(character)
        if piece and used + size > width:
            yield piece
            piece, used = "", 0
        piece, used = piece + character, used + size
    yield piece


def _isolated(line: str) -> str:
    if any(unicodedata.bidirectional(character) in _RIGHT_TO_LEFT for character in line):
        return f"{_ISOLATE}{line}{_END_OF_ISOLATE}"
    return line
