"""Verifying a credential on every line."""

from __future__ import annotations

import hashlib
import re
from collections.abc import Callable
from dataclasses import dataclass, replace
from datetime import datetime
from functools import lru_cache
from importlib import import_module
from pathlib import Path
from typing import TYPE_CHECKING, Any, BinaryIO, Final, TypeAlias

from ipse.encoding import strict_json
from ipse.encoding.strict_json import Json, JsonObject
from ipse.errors import InputTooLarge, MalformedInput, UsageError
from ipse.wallet.batch import output as outputs
from ipse.wallet.batch.output import Begun, StreamOutput
from ipse.wallet.batch.rows import MAX_ROW_BYTES, Row, Rows
from ipse.wallet.batch.running import Progress, Summary, run
from ipse.wallet.batch.worker import Handle, Task, compact

if TYPE_CHECKING:
    from ipse.credentials.verification import Policy, Sources

__all__ = ["Job", "Verifier", "by_policy", "prepare", "verify"]

_DIDS_KEPT: Final = 4096

_ISSUED: Final = re.compile(rb'\{"row":[0-9]+,"credential":(.*)\}', re.DOTALL)
_NOT_ISSUED: Final = re.compile(rb'\{"row":[0-9]+,"error":')


Verifier: TypeAlias = Callable[[str], JsonObject]
"""A credential as text (JSON, JWT or SD-JWT) to its report as JSON, with the `outcome`. Raises IpseError."""


@dataclass(frozen=True, slots=True)
class Job:
    """How a credential is verified.

    - `verifier`: the `module:name` of a function from `settings` and the batch's time to a Verifier. It is
      called once in each worker, so that what it keeps (DID documents, schemas) serves all of its rows
    - `settings`: whatever it takes; goes to the workers by pickle
    - `identity`: what the settings ask for, as JSON: a run is resumed under the same or not at all
    """

    verifier: str
    settings: Any
    identity: JsonObject


def by_policy(settings: tuple[Policy, Sources], now: datetime) -> Verifier:
    """A verifier for any format, under a policy; each DID is resolved once in a worker."""
    from ipse.credentials import verification

    policy, sources = settings
    kept = replace(sources, resolve=lru_cache(maxsize=_DIDS_KEPT)(sources.resolve))
    return lambda text: verification.verify(text, policy=policy, now=now, sources=kept).report.to_json()


def verify(
    job: Job,
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

    def begin(to: outputs.Output, begun: Begun) -> Summary:
        task = Task(f"{__name__}:prepare", (job, begun.created))
        return run(task, rows, to, begun, total=total, progress=progress, count=workers)

    if not isinstance(output, Path):
        if resume:
            raise UsageError("only a file can be resumed, not a stream", hint="write to a file with -o FILE")
        return begin(StreamOutput(output), Begun(now))
    identity = {"verifier": job.verifier, "identity": job.identity}
    digest = hashlib.sha256(strict_json.canonical(identity)).hexdigest()
    with outputs.opened(
        output, digest, None if survey is None else survey.digest, resume=resume, now=now
    ) as (file, begun):
        return begin(file, begun)


def prepare(task: tuple[Job, datetime]) -> Handle:
    """What a worker does with a line."""
    job, now = task
    module, _, name = job.verifier.partition(":")
    verifier: Verifier = getattr(import_module(module), name)(job.settings, now)

    def handle(row: Row, _: Json) -> tuple[str, str]:
        report = verifier(_credential(row))
        return "report", compact({"outcome": str(report["outcome"]), **report})

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
