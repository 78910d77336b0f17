"""How statements and progress are shown."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from ipse.cli import terminal
from ipse.cli.console import Console
from ipse.encoding.strict_json import JsonObject
from ipse.storage.statements import Statement

__all__ = ["progress_bar", "statement_row"]


def statement_row(statement: Statement) -> JsonObject:
    """A statement as a row of a table."""
    return {
        "number": statement.number,
        "text": statement.text,
        "weight": round(statement.weight, 2),
        "sensitivity": statement.sensitivity,
        "source": statement.source,
        "created": statement.created,
    }


@contextmanager
def progress_bar(console: Console, what: str) -> Iterator[Any]:
    """A progress bar on stderr where somebody watches, else nothing."""
    if console.quiet or not terminal.present():
        yield None
        return
    from rich.console import Console as RichConsole
    from rich.progress import Progress

    with Progress(console=RichConsole(stderr=True), transient=True) as bar:
        task = bar.add_task(what, total=None)
        yield lambda done, total: bar.update(task, completed=done, total=total)
