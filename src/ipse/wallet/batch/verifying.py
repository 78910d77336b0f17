"""Verifying a credential on every line."""

from __future__ import annotations

import hashlib
import re
from collections.abc import Callable
from dataclasses import replace
from datetime import datetime
from functools import lru_cache
from pathlib import Path
from typing import BinaryIO, Final

from ipse.credentials.verifier import verify as verify_one
from ipse.encoding import strict_json
from ipse.encoding.strict_json import Json
from ipse.errors import InputTooLarge, MalformedInput, UsageError
from ipse.wallet.batch.output import Begun, Output, StreamOutput, opened
from ipse.wallet.batch.rows import MAX_ROW_BYTES, Row, Rows
from ipse.wallet.batch.running import Progress, Summary, run
from ipse.wallet.batch.worker import Handle, Task, compact
from ipse.wallet.verifier import Verifier

__all__ = ["prepare", "verify"]

_DIDS_KEPT: Final = 4096

_ISSUED: Final = re.compile(rb'\{"row":[0-9]+,"credential":(.*)\}', re.DOTALL)
_NOT_ISSUED: Final = re.compile(rb'\{"row":[0-9]+,"error":')


def verify(
    verifier: Verifier,
    rows: Rows,
    output: Path | BinaryIO,
    *,
    now: datetime,
    resume: bool = False,
    progress: Callable[[Progress], None] | None = None,
    workers: int | None = None,
) -> Summary:
    """A line for every line, in their order: {"row", "report"}, or {"row", "error": {"code", "message"}}.

    A line of `rows` is a credential as JSON, a JWT or an SD-JWT (bare, or as a JSON string), or a line that
    `issuing.issue` wrote. `output` and `resume` are as there, and what is raised too.
    """
    survey = rows.survey()
    total = None if survey is None else survey.rows

    def begin(to: Output, begun: Begun) -> Summary:
        task = Task(f"{__name__}:prepare", (verifier, begun.created))
        return run(task, rows, to, begun, total=total, progress=progress, count=workers)

    if not isinstance(output, Path):
        if resume:
            raise UsageError("only a file can be resumed, not a stream", hint="write to a file with -o FILE")
        return begin(StreamOutput(output), Begun(now))
    digest = hashlib.sha256(strict_json.canonical(verifier.identity())).hexdigest()
    with opened(output, digest, None if survey is None else survey.digest, resume=resume, now=now) as (
        file,
        begun,
    ):
        return begin(file, begun)


def prepare(task: tuple[Verifier, datetime]) -> Handle:
    """What a worker does with a line: under a budget of its own.

    Each DID is resolved once, each status list fetched once.
    """
    verifier, now = task
    research = verifier.lookup.research()
    resolve = lru_cache(maxsize=_DIDS_KEPT)(research.resolve)

    def handle(row: Row, _: Json) -> tuple[str, str]:
        sources = replace(research.sources(), resolve=resolve)
        report = verify_one(_credential(row), policy=verifier.policy, now=now, sources=sources).report
        if report.is_unreadable:
            raise MalformedInput(report.decisive.reason)
        return "report", compact(report.to_json())

    return handle


def _credential(row: Row) -> str:
    """The credential on a line, as text. Raises MalformedInput."""
    if not isinstance(row, bytes):
        raise InputTooLarge(f"the line has more than {MAX_ROW_BYTES} bytes")
    if _NOT_ISSUED.match(row):
        raise MalformedInput("the line holds no credential: its row failed when it was issued")
    issued = _ISSUED.fullmatch(row)
    try:
        text = (issued[1] if issued else row).decode("utf-8").strip()
    except UnicodeDecodeError as error:
        raise MalformedInput(f"the line is not UTF-8 text: byte {error.start} is wrong") from error
    if not text:
        raise MalformedInput("the line is empty")
    if text.startswith('"'):
        credential = strict_json.parse(text, what="the line")
        assert isinstance(credential, str)
        return credential
    return text
