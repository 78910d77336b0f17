"""Writing results to stdout and everything else to stderr."""

from __future__ import annotations

import json
import os
import shutil
import sys
import unicodedata
from collections.abc import Iterator, Sequence
from contextlib import suppress
from typing import Final, TextIO

from ipse.encoding.safe_text import printable, printable_json, printable_lines
from ipse.encoding.strict_json import JsonObject
from ipse.errors import IpseError

__all__ = ["Output", "cells", "fitted", "printable", "wrapped"]

_NARROWEST: Final = 10
"""Columns that are left beside an indent, which gives way on a narrower terminal."""
_FURTHER_IN: Final = 4
_USUAL: Final = 80
_WIDENS: Final = "\ufe0f"


class Output:
    """Writes results, messages and errors as text or as JSON."""

    def __init__(self) -> None:
        self.json = False
        self.quiet = False
        self.verbose = False

    @property
    def width(self) -> int | None:
        """Columns of the terminal that shows the results; None if stdout is not a terminal."""
        return _columns(sys.stdout) if sys.stdout.isatty() else None

    @property
    def page_width(self) -> int:
        """Cells of a line of a page, which goes to stderr: at most 80, and at least 30."""
        return max(30, min(_columns(sys.stderr), 80)) if sys.stderr.isatty() else 80

    def coloured(self, text: str, colour: str) -> str:
        """Return `text` in a colour (SGR parameters) if stdout is a terminal with colours."""
        if not sys.stdout.isatty() or os.environ.get("NO_COLOR") or os.environ.get("TERM") == "dumb":
            return text
        return f"\x1b[{colour}m{text}\x1b[0m"

    def mark(self, mark: str, word: str) -> str:
        """Return `mark`, or `word` if stdout can't encode it."""
        try:
            mark.encode(sys.stdout.encoding or "ascii")
        except (LookupError, UnicodeEncodeError):
            return word
        return mark

    def result(self, text: str, value: JsonObject, *, coloured: bool = False) -> None:
        """Write the result of a command: `text` for a person, or the flat object `value` under --json.

        No character of `text` steers the terminal. With `coloured` it holds colours, and the caller has
        made everything printable that others wrote.
        """
        if coloured:  # the caller has broken its lines already
            self._write(printable_lines(text, keep="\x1b"), value)
        else:
            self._write(_at(sys.stdout, printable_lines(text), whole=True), value)

    def document(self, text: str, value: JsonObject) -> None:
        """Write JSON or a token, or `value` under --json. Unsafe characters become JSON escapes."""
        self._write(printable_json(text), value)

    def exact(self, text: str, value: JsonObject) -> None:
        """Write `text` byte for byte for a program, made printable where a terminal shows it."""
        self._write(printable_lines(text) if sys.stdout.isatty() else text, value)

    def _write(self, text: str, value: JsonObject) -> None:
        sys.stdout.write((_json(value) if self.json else text) + "\n")

    def facts(self, facts: JsonObject) -> None:
        """Write the members of one object, one line each."""
        width = max(map(len, facts)) + 3
        self.result("\n".join(f"{name + ':':<{width}}{_cell(value)}" for name, value in facts.items()), facts)

    def table(self, name: str, rows: Sequence[JsonObject], columns: Sequence[str], *, empty: str) -> None:
        """Write rows as aligned columns; under --json as an array `name` with all members."""
        if self.json:
            self.result("", {name: list(rows)})
            return
        if not rows:
            self.message(empty)
            return
        cells = [[_cell(row[column]) for column in columns] for row in rows]
        widths = [max(len(line[index]) for line in cells) for index in range(len(columns))]
        for line in cells:
            padded = [cell.ljust(width) for cell, width in zip(line, widths, strict=True)]
            sys.stdout.write(_at(sys.stdout, "  ".join(padded).rstrip()) + "\n")

    def message(self, text: str) -> None:
        """Write a message to stderr, unless -q is given."""
        if not self.quiet:
            sys.stderr.write(_at(sys.stderr, printable_lines(text)) + "\n")

    def page(self, text: str, *, keep: str = "", whole: bool = False) -> None:
        """Write to stderr what the owner must read before deciding, even under -q.

        `keep` are unsafe characters that the page itself consists of. With `whole`, a line of one word stays
        in one piece, to be copied.
        """
        sys.stderr.write(_at(sys.stderr, printable_lines(text, keep=keep), whole=whole) + "\n")
        sys.stderr.flush()

    @property
    def drawing_width(self) -> int:
        """Columns of the terminal that shows drawings, which go to stderr; 80 if it is not a terminal."""
        return _columns(sys.stderr) if sys.stderr.isatty() else _USUAL

    @property
    def colours_drawings(self) -> bool:
        """Whether drawings may have colours."""
        return sys.stderr.isatty() and not os.environ.get("NO_COLOR") and os.environ.get("TERM") != "dumb"

    def drawing(self, text: str) -> None:
        """Write lines to stderr that fit `drawing_width`, colours among them, unless -q is given."""
        if not self.quiet:
            sys.stderr.write(printable_lines(text, keep="\x1b") + "\n")
            sys.stderr.flush()

    def start_log(self) -> None:
        """Write what the modules of ipse log to stderr, one line a record, behind the module's name."""
        import logging

        class Lines(logging.Handler):
            def emit(self, record: logging.LogRecord) -> None:
                sys.stderr.write(f"{record.name}: {printable(record.getMessage())}\n")

        logger = logging.getLogger("ipse")
        logger.handlers = [Lines()]
        logger.setLevel(logging.INFO)

    def stop_log(self) -> None:
        """Undo `start_log`."""
        if self.verbose:
            import logging

            logger = logging.getLogger("ipse")
            logger.handlers = []
            logger.setLevel(logging.NOTSET)

    def error(self, error: IpseError) -> None:
        """Write one `error:` line and one `hint:` line, or one JSON object."""
        message, hint = printable(error.message), printable(error.hint)
        if self.json:
            body = {"error": {"code": error.code, "message": message, "hint": hint}}
            sys.stderr.write(_json(body) + "\n")
        else:
            sys.stderr.write(_at(sys.stderr, f"error: {message}\nhint: {hint}") + "\n")


def _json(value: JsonObject) -> str:
    return printable_json(json.dumps(value, ensure_ascii=False))


def _cell(value: object) -> str:
    """A value on one line; two spaces in a row would look like the next column."""
    if isinstance(value, (list, tuple)):
        return ", ".join(map(_cell, value))
    if isinstance(value, bool):
        return "yes" if value else "no"
    return "-" if value is None else " ".join(printable(str(value)).split())


def _at(stream: TextIO, text: str, *, whole: bool = False) -> str:
    """`text` as `stream` gets it: `fitted` to a terminal, as it is elsewhere."""
    if not stream.isatty():
        return text
    return "\n".join(fitted(text, _columns(stream), whole=whole))


def _columns(stream: TextIO) -> int:
    """The columns of the terminal behind `stream`, which need not be the one behind stdout."""
    if not os.environ.get("COLUMNS"):
        with suppress(OSError, ValueError):
            return os.get_terminal_size(stream.fileno()).columns or _USUAL
    return shutil.get_terminal_size().columns


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

    `first` and `rest` are the spaces before the first line and before the others. On a narrow terminal
    there are fewer of them, and at least one before the others.
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


def cells(text: str) -> int:
    """How many cells of a terminal `text` takes (Unicode Standard Annex 11)."""
    return len(text) if text.isascii() else sum(map(_cells_of, text))


def _cells_of(character: str) -> int:
    if character.isascii() or character == _WIDENS:
        return 1
    if unicodedata.category(character) in ("Mn", "Me", "Cf"):
        return 0
    return 2 if unicodedata.east_asian_width(character) in "WF" else 1
