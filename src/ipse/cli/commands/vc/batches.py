"""The `--batch` of `ipse vc issue` and `ipse vc verify`: one line of output for each row."""

from __future__ import annotations

import sys
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING, BinaryIO, Final, cast

from ipse.cli import params
from ipse.cli.context import Context
from ipse.cli.output import cut, printable
from ipse.encoding.safe_text import printable_json
from ipse.errors import MalformedInput, NotFound, StorageError, Undetermined, UsageError, VerificationFailed

if TYPE_CHECKING:
    from ipse.credentials.issuer import IssueOptions
    from ipse.wallet.batch import Progress, Rows, Summary
    from ipse.wallet.verifier import Verifier

__all__ = ["issue", "verify"]

_EVERY_ON_TERMINAL: Final = 0.5
_EVERY_IN_LOG: Final = 10.0
"""Seconds between two reports of progress."""


def issue(
    context: Context,
    *,
    source: str,
    template: str | None,
    schema: str | None,
    output: str,
    resume: bool,
    issuer: str | None,
    options: IssueOptions,
    lists: Sequence[str],
) -> None:
    """Issue a credential for every row of `source`. Raises MalformedInput at the end if a row failed."""
    from ipse.wallet import issuing

    if template is None:
        raise UsageError(
            "a batch takes a template",
            hint="--template FILE: a credential with {{column}} where a row differs",
        )
    if source == template == "-":
        raise UsageError(
            "standard input can't be both the template and the rows", hint="put one of them into a file"
        )
    document = params.read_object(template)
    row_schema = params.read_object(schema) if schema is not None else None
    with _rows(source) as rows, _target(output) as target, context.wallet() as wallet:
        _say_how_to_go_on(context, rows, output)
        summary = issuing.issue_batch(
            wallet,
            issuer,
            document,
            options,
            rows,
            target,
            lists=lists,
            row_schema=row_schema,
            now=context.now,
            resume=resume,
            progress=_progress(context),
        )
    for warning in summary.warnings:
        context.output.message(f"warning: {printable(str(warning))}")
    _conclude(context, output, summary)
    errors = summary.counts["error"]
    if errors:
        raise MalformedInput(
            f"{errors} of {summary.rows} rows were not issued", hint="their lines in the output say why"
        )


def verify(
    context: Context, *, source: str, output: str, resume: bool, verifier: Verifier, now: datetime
) -> None:
    """Verify every line of `source`. Raises at the end if a line did not pass."""
    from ipse.wallet import batch

    with _rows(source) as rows, _target(output) as target:
        _say_how_to_go_on(context, rows, output)
        summary = batch.verify(verifier, rows, target, now=now, resume=resume, progress=_progress(context))
    _conclude(context, output, summary)
    counts = summary.counts
    said = ", ".join(f"{counts[name]} {name}" for name in counts if counts[name])
    if counts["failed"]:
        raise VerificationFailed(f"{counts['failed']} of {summary.rows} credentials failed: {said}")
    if counts["error"]:
        raise MalformedInput(f"{counts['error']} of {summary.rows} lines could not be read: {said}")
    if counts["undetermined"]:
        raise Undetermined(f"{counts['undetermined']} of {summary.rows} could not be determined: {said}")


@contextmanager
def _rows(source: str) -> Iterator[Rows]:
    """Open the rows of a file, or of standard input as NDJSON."""
    from ipse.wallet.batch import Rows

    if source == "-":
        yield Rows(sys.stdin.buffer, "ndjson", what="standard input")
        return
    path = Path(source)
    try:
        with path.open("rb") as file:
            yield Rows(file, "csv" if path.suffix.lower() == ".csv" else "ndjson", what=source)
    except FileNotFoundError as error:
        if error.filename != source:
            raise
        raise NotFound(f"there is no file {source}", hint="check the path") from error
    except IsADirectoryError as error:
        raise MalformedInput(f"{source} is a folder, a file is expected") from error
    except PermissionError as error:
        raise StorageError(f"can't read {source}: permission denied") from error


@contextmanager
def _target(output: str) -> Iterator[Path | BinaryIO]:
    if output == "-":
        sys.stdout.flush()
        yield cast("BinaryIO", _Screen()) if sys.stdout.isatty() else sys.stdout.buffer
        sys.stdout.flush()
    else:
        yield Path(output)


class _Screen:
    """Shows whole lines of JSON on the terminal, with nothing in them that steers it."""

    def write(self, lines: bytes) -> None:
        sys.stdout.write(printable_json(lines.decode("utf-8", "backslashreplace")))

    def flush(self) -> None:
        sys.stdout.flush()


def _say_how_to_go_on(context: Context, rows: Rows, output: str) -> None:
    """Set the hint for an interrupt: a batch from a file into a file can be resumed."""
    if output != "-" and rows.can_be_read_again:
        context.when_interrupted = "what is done is kept; the same command with --resume goes on with it"


def _conclude(context: Context, output: str, summary: Summary) -> None:
    counts = ", ".join(f"{number} {name}" for name, number in summary.counts.items() if number)
    rows = "1 row" if summary.rows == 1 else f"{summary.rows} rows"
    message = f"{rows}: {counts or 'nothing to do'}"
    if output == "-":
        context.output.message(message)
        return
    context.output.result(message, {"file": output, "rows": summary.rows, "counts": dict(summary.counts)})


def _progress(context: Context) -> Callable[[Progress], None]:
    """Return a function that shows progress on stderr: a line rewritten on a terminal, else some lines."""
    on_terminal = sys.stderr.isatty()
    begun = last = time.monotonic()
    first: int | None = None

    def show(progress: Progress) -> None:
        nonlocal last, first
        now = time.monotonic()
        first = progress.rows if first is None else first
        is_last = progress.rows == progress.total
        if now - last < (_EVERY_ON_TERMINAL if on_terminal else _EVERY_IN_LOG) and not (
            is_last and on_terminal
        ):
            return
        last = now
        rate = (progress.rows - first) / max(now - begun, 1e-9)
        of = "" if progress.total is None else f" of {progress.total:,}"
        line = f"{progress.rows:,}{of} rows, {rate:,.0f} a second"
        if context.output.quiet:
            return
        if on_terminal:
            room = context.output.drawing_width - 1  # a line that is full would not be written over
            sys.stderr.write(f"\r{cut(line, room):<{min(60, room)}}" + ("\n" if is_last else ""))
        else:
            sys.stderr.write(f"{line}\n")
        sys.stderr.flush()

    return show
