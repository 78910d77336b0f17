"""Writing results to stdout and everything else to stderr."""

from __future__ import annotations

import json
import os
import shutil
import sys
import unicodedata
from collections.abc import Sequence

from ipse.encoding.safe_text import printable, printable_json, printable_lines
from ipse.encoding.strict_json import JsonObject
from ipse.errors import IpseError

__all__ = ["Output", "printable", "wrapped"]


class Output:
    """Writes results, messages and errors as text or as JSON."""

    def __init__(self) -> None:
        self.json = False
        self.quiet = False
        self.verbose = False

    @property
    def width(self) -> int | None:
        """Columns of the terminal that shows the results; None if stdout is not a terminal."""
        return shutil.get_terminal_size().columns if sys.stdout.isatty() else None

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
        self._write(printable_lines(text, keep="\x1b" if coloured else ""), value)

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
            sys.stdout.write("  ".join(padded).rstrip() + "\n")

    def message(self, text: str) -> None:
        """Write a message to stderr, unless -q is given."""
        if not self.quiet:
            sys.stderr.write(printable_lines(text) + "\n")

    def page(self, text: str, *, keep: str = "") -> None:
        """Write to stderr what the owner must read before deciding, even under -q.

        `keep` are unsafe characters that the page itself consists of.
        """
        sys.stderr.write(printable_lines(text, keep=keep) + "\n")
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
            sys.stderr.write(f"error: {message}\nhint: {hint}\n")


def _json(value: JsonObject) -> str:
    return printable_json(json.dumps(value, ensure_ascii=False))


def _cell(value: object) -> str:
    if isinstance(value, (list, tuple)):
        return ", ".join(printable(str(item)) for item in value)
    if isinstance(value, bool):
        return "yes" if value else "no"
    return "-" if value is None else printable(str(value))


def wrapped(text: str, width: int, *, first: str = "", rest: str = "") -> list[str]:
    """`text` in lines of at most `width` columns, broken at spaces; a word that is too long is cut.

    `first` and `rest` are put before the first line and before the others.
    """
    room = max(width, len(rest) + 10)
    lines, line = [], first
    for word in text.split(" "):
        joined = line + word if line in (first, rest) else f"{line} {word}"
        if _columns(joined) <= room:
            line = joined
            continue
        if line.strip():
            lines.append(line.rstrip())
            line = rest
        while _columns(line + word) > room:
            head = next(
                end for end in range(len(word), 0, -1) if end == 1 or _columns(line + word[:end]) <= room
            )
            lines.append(line + word[:head])
            line, word = rest, word[head:]
        line += word
    return [*lines, line.rstrip()]


def _columns(text: str) -> int:
    """The columns that `text` takes on a terminal (Unicode Standard Annex 11)."""
    return sum(
        0 if unicodedata.combining(character) else 1 + (unicodedata.east_asian_width(character) in "FW")
        for character in text
    )
