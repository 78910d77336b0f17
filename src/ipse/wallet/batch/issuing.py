"""Issuing a credential for every row, from one template."""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from pathlib import Path
from typing import BinaryIO, Final, TypeAlias

from ipse.credentials.formats.format import IssueOptions, SigningKey
from ipse.credentials.formats.vcdm2 import new_id
from ipse.credentials.issuer import Issuer, TemplateIssuer
from ipse.encoding import strict_json
from ipse.encoding.strict_json import Json, JsonObject
from ipse.errors import UsageError
from ipse.wallet.batch import running
from ipse.wallet.batch.columns import RowReader
from ipse.wallet.batch.output import Begun, Output, StreamOutput, opened
from ipse.wallet.batch.rows import CHUNK_ROWS, Row, Rows
from ipse.wallet.batch.running import Progress, Summary
from ipse.wallet.batch.worker import Handle, Task, compact

__all__ = ["Job", "StatusEntries", "issue", "prepare"]

StatusEntries: TypeAlias = Callable[[Sequence[str]], Sequence[Json]]
"""The ids of new credentials to what each has as `credentialStatus` (`status` for sd-jwt)."""

_CHUNK_BYTES: Final = 4 * 1024 * 1024
"""About as much as the lines of one chunk may have."""


@dataclass(frozen=True, slots=True)
class Job:
    """What is issued for each row.

    - `signing_key`, `options`: as for `ipse.credentials.issuer.Issuer`
    - `template`: a credential without issuer and proof, with `{{column}}` where rows differ
    - `schema`: a JSON Schema of a row, which also gives CSV cells their types
    """

    signing_key: SigningKey
    options: IssueOptions
    template: JsonObject
    schema: JsonObject | None = None


@dataclass(frozen=True, slots=True)
class Settings:
    """What a worker gets: the job, the columns of CSV, the batch's time (aware)."""

    job: Job
    columns: tuple[str, ...] | None
    created: datetime
    has_status: bool

    def issuer(self) -> TemplateIssuer:
        """What issues the credentials. Raises as `issue` does before the first row."""
        issuer = Issuer(self.job.signing_key, self.job.options, now=self.created)
        return issuer.template(self.job.template, has_status=self.has_status)


def issue(
    job: Job,
    rows: Rows,
    output: Path | BinaryIO,
    *,
    now: datetime,
    resume: bool = False,
    status: StatusEntries | None = None,
    progress: Callable[[Progress], None] | None = None,
    workers: int | None = None,
) -> Summary:
    """A line for every row, in their order: {"row", "credential"}, or {"row", "error": {"code", "message"}}.

    `output` is a new file, or an open stream. With `resume` a run that was stopped goes on in its file: no
    row is done twice, and the batch keeps the time at which it began. `status` gives the status entries of
    the next rows, whose credentials get the ids that it is asked for (`jti` for sd-jwt); it is not asked for
    rows that are there. What it gives to a row that fails, or that a kill undoes, is not used again.

    Raises UsageError for a job that makes no sense, MalformedInput for a template, schema or CSV that can't
    be used, all before the first row; then as `run` and `output.opened`.
    """
    settings = Settings(job, rows.columns, now, has_status=status is not None)
    issuer = settings.issuer()
    if rows.columns is not None:
        issuer.template.check_columns(rows.columns)
    RowReader(rows.columns, job.schema)

    def identified(count: int) -> list[tuple[str, Json]]:
        assert status is not None
        ids = [new_id() for _ in range(count)]
        return list(zip(ids, status(ids), strict=True))

    def begin(to: Output, begun: Begun, total: int | None) -> Summary:
        task = Task(f"{__name__}:prepare", replace(settings, created=begun.created))
        summary = running.run(
            task,
            rows,
            to,
            begun,
            total=total,
            additions=None if status is None else identified,
            progress=progress,
            count=workers,
            chunk_rows=max(1, min(CHUNK_ROWS, _CHUNK_BYTES // len(strict_json.canonical(job.template)))),
        )
        return replace(summary, warnings=issuer.warnings)

    survey = rows.survey()
    total = None if survey is None else survey.rows
    if not isinstance(output, Path):
        if resume:
            raise UsageError("only a file can be resumed, not a stream", hint="write to a file with -o FILE")
        return begin(StreamOutput(output), Begun(now), total)
    digest = _digest(job, has_status=status is not None)
    with opened(output, digest, None if survey is None else survey.digest, resume=resume, now=now) as (
        file,
        begun,
    ):
        return begin(file, begun, total)


def prepare(settings: Settings) -> Handle:
    """What a worker does with a row. Raises as `issue` does before the first row."""
    issuer = settings.issuer()
    reader = RowReader(settings.columns, settings.job.schema)

    def handle(row: Row, added: Json) -> tuple[str, str]:
        identifier, status = added or (None, None)
        return "credential", compact(issuer.issue(reader.read(row), identifier, status))

    return handle


def _digest(job: Job, *, has_status: bool) -> str:
    """What a resumed run compares: SHA-256, in hex, of all that the job is but the private key."""
    options = job.options
    identity: JsonObject = {
        "format": options.format,
        "issuer": job.signing_key.did,
        "verification_method": job.signing_key.verification_method,
        "template": job.template,
        "schema": job.schema,
        "suite": options.suite,
        "undefined_terms": options.undefined_terms,
        "disclosable": list(options.disclosable),
        "decoys": options.decoys,
        "x5c": list(options.x5c),
        "contexts": {} if options.contexts is None else dict(options.contexts.extra),
        "status": has_status,
    }
    return hashlib.sha256(strict_json.canonical(identity)).hexdigest()
