"""Writing results to stdout and everything else to stderr."""

from __future__ import annotations

import errno
import json
import os
import shutil
import sys
from collections.abc import Sequence
from contextlib import suppress
from typing import Final, TextIO

from ipse.cli import readable, tables
from ipse.cli.lines import cells, cut, fitted, wrapped
from ipse.encoding.safe_text import printable, printable_json, printable_lines
from ipse.encoding.strict_json import JsonObject
from ipse.errors import IpseError, StorageError

__all__ = [
    "Output",
    "cells",
    "cut",
    "fitted",
    "flush",
    "is_of_stdout",
    "not_written",
    "printable",
    "wrapped",
]

_USUAL: Final = 80
_WRITING_FAILED: Final = frozenset({errno.ENOSPC, errno.EIO, errno.EBADF, errno.EDQUOT, errno.EFBIG})
"""What a stream says that can't be written; of files that ipse opens itself, others tell."""
_TEXTS: Final = frozenset({"text", "purpose"})
"""Members that hold what people wrote, in which nothing is read as a time."""


class Output:
    """Writes results, messages and errors as text or as JSON."""

    def __init__(self) -> None:
        self.json = False
        self.quiet = False
        self.verbose = False
        self.plain = False
        """No colours, and no characters beyond the words: --plain, or a terminal that says it is dumb."""

    @property
    def is_plain(self) -> bool:
        """Whether marks are words, and nothing is coloured."""
        return self.plain or os.environ.get("TERM") == "dumb"

    @property
    def ellipsis(self) -> str:
        """What ends a text that is cut."""
        return self.mark("…", "...")

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
        return f"\x1b[{colour}m{text}\x1b[0m" if self._colours(sys.stdout) else text

    def mark(self, mark: str, word: str) -> str:
        """Return `mark`, or `word` if stdout can't encode it or the output is plain."""
        if self.is_plain:
            return word
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
        """Write the members of one object, one line each.

        On a terminal times are the reader's, and long values are wrapped under themselves.
        """
        shown = {name: self._cell(name, value, short=False) for name, value in facts.items()}
        self._write(printable_lines("\n".join(tables.facts(shown, self.width))), facts)

    def table(
        self,
        name: str,
        rows: Sequence[JsonObject],
        columns: Sequence[str],
        *,
        empty: str,
        cuts: Sequence[str] = (),
    ) -> None:
        """Write rows as aligned columns; under --json as an array `name` with all members.

        A terminal gets headings, times of its own zone and, without -v, short DIDs; and where it is narrow
        the texts of the columns `cuts` are cut, or each row is a block of lines.
        """
        if self.json:
            self.result("", {name: list(rows)})
            return
        if not rows:
            self.message(empty)
            return
        width = self.width
        lines = [[self._cell(column, row[column], short=True) for column in columns] for row in rows]
        if width is None:
            drawn = tables.aligned(lines)
        else:
            drawn = tables.table(
                columns,
                lines,
                width,
                cuts=() if self.verbose else cuts,
                ellipsis=self.ellipsis,
                heading=lambda text: self.coloured(text, "1"),
            )
        for line in drawn:
            sys.stdout.write(line + "\n")

    def _cell(self, name: str, value: object, *, short: bool) -> str:
        """A value of a table or of one thing as its reader gets it."""
        text = _cell(value)
        if self.width is None:
            return text
        if name not in _TEXTS:
            text = readable.with_local_times(text)
        return self.short(text) if short else text

    def short(self, text: str) -> str:
        """`text` with its DIDs shortened, on a terminal and without -v."""
        if self.width is None or self.verbose:
            return text
        return readable.with_short_dids(text, ellipsis=self.ellipsis)

    def timed(self, text: str) -> str:
        """`text` with its times in the reader's zone, on a terminal."""
        return text if self.width is None else readable.with_local_times(text)

    def listed(self, head: str, text: str) -> str:
        """A line of a list: `text` behind `head`, on a terminal cut to the line unless -v is given."""
        width = self.width
        if width is None or self.verbose:
            return head + text
        return head + cut(text, max(width - cells(head), 1), ellipsis=self.ellipsis)

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
        return self._colours(sys.stderr)

    def _colours(self, stream: TextIO) -> bool:
        return stream.isatty() and not os.environ.get("NO_COLOR") and not self.is_plain

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


def flush() -> None:
    """Write what stdout still holds. Raises StorageError, BrokenPipeError."""
    try:
        sys.stdout.flush()
    except BrokenPipeError:
        raise
    except OSError as error:
        sys.stdout = open(os.devnull, "w")  # noqa: PTH123, SIM115 - the interpreter flushes once more
        raise not_written(error) from error


def is_of_stdout(error: OSError) -> bool:
    """Whether an error is of a stream, and not of a file that ipse opened by its name."""
    return error.errno in _WRITING_FAILED and error.filename is None


def not_written(error: OSError) -> StorageError:
    """What to say of stdout that can't be written."""
    with suppress(OSError, ValueError):
        sys.stdout.flush()
    if error.errno == errno.EBADF:
        return StorageError(
            "can't write to standard output: it is closed", hint="write `>/dev/null` where nobody reads it"
        )
    return StorageError(
        f"can't write to standard output: {os.strerror(error.errno or 0).lower()}",
        hint="what the command did stands; free some space, or write elsewhere",
    )
