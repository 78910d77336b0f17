"""Issuing a credential for every row, from one template."""

from __future__ import annotations

import hashlib
import uuid
from collections.abc import Callable, Mapping, Sequence
from dataclasses import asdict, dataclass, field, replace
from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING, BinaryIO, Final, TypeAlias

from ipse.credentials import model
from ipse.credentials.formats import data_integrity
from ipse.credentials.template import Template, compile_template
from ipse.encoding import strict_json
from ipse.encoding.strict_json import Json, JsonObject
from ipse.encoding.timestamps import format_timestamp
from ipse.errors import MalformedInput, UsageError
from ipse.keys import key_types
from ipse.keys.key_types import PrivateKey
from ipse.wallet.batch import output as outputs
from ipse.wallet.batch.columns import RowReader
from ipse.wallet.batch.output import Begun, StreamOutput
from ipse.wallet.batch.rows import CHUNK_ROWS, Row, Rows
from ipse.wallet.batch.running import Progress, Summary, run
from ipse.wallet.batch.worker import Handle, Task, compact

if TYPE_CHECKING:
    from ipse.credentials.formats.sd_jwt import ClaimPath

__all__ = ["FORMATS", "Job", "StatusEntries", "issue", "prepare"]

StatusEntries: TypeAlias = Callable[[Sequence[str]], Sequence[Json]]
"""The ids of new credentials to what each has as `credentialStatus` (`status` for sd-jwt)."""

FORMATS: Final = ("w3c", "jwt", "sd-jwt")

_CHUNK_BYTES: Final = 4 * 1024 * 1024
"""About as much as the lines of one chunk may have."""

_SET: Final = "the batch sets it for every row"
_REFUSED: Final = {
    "w3c": {"issuer": _SET, "proof": "the batch makes it"},
    "jwt": {"issuer": _SET, "proof": "a JWT has its signature outside the credential"},
    "sd-jwt": {"iss": _SET, "iat": _SET},
}


@dataclass(frozen=True, slots=True)
class Job:
    """What is issued for each row.

    - `form`: one of FORMATS
    - `issuer`, `verification_method`: the DID, and the DID URL of its key
    - `template`: a credential without issuer and proof; for sd-jwt `vct` and the claims
    - `schema`: a JSON Schema of a row, which also gives CSV cells their types
    - `cryptosuite`: for w3c; None for the JCS suite of the key's type
    - `disclosable`, `decoys`: for sd-jwt, see `ipse.credentials.sd_jwt.issue`
    - `contexts`: JSON-LD contexts by URL, beside those that ipse carries
    """

    form: str
    issuer: str
    verification_method: str
    template: JsonObject
    schema: JsonObject | None = None
    cryptosuite: str | None = None
    disclosable: tuple[ClaimPath, ...] = ()
    decoys: int = 0
    contexts: Mapping[str, JsonObject] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Settings:
    """What a worker gets: the job, the columns of CSV, the batch's time and the key."""

    job: Job
    columns: tuple[str, ...] | None
    created: datetime
    key_type: str
    secret: bytes = field(repr=False)

    def key(self) -> PrivateKey:
        """The key to sign with."""
        return key_types.private_key(self.key_type, self.secret)


def issue(
    job: Job,
    key: PrivateKey,
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
    settings = Settings(job, rows.columns, now, key.key_type, key.secret)
    template = _check(settings, has_status=status is not None)
    if rows.columns is not None:
        template.check_columns(rows.columns)

    def identified(count: int) -> list[tuple[str, Json]]:
        assert status is not None
        ids = [_new_id() for _ in range(count)]
        return list(zip(ids, status(ids), strict=True))

    def begin(to: outputs.Output, begun: Begun, total: int | None) -> Summary:
        task = Task(f"{__name__}:prepare", replace(settings, created=begun.created))
        return run(
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

    survey = rows.survey()
    total = None if survey is None else survey.rows
    if not isinstance(output, Path):
        if resume:
            raise UsageError("only a file can be resumed, not a stream", hint="write to a file with -o FILE")
        return begin(StreamOutput(output), Begun(now), total)
    digest = _digest(job, has_status=status is not None)
    with outputs.opened(
        output, digest, None if survey is None else survey.digest, resume=resume, now=now
    ) as (file, begun):
        return begin(file, begun, total)


def prepare(settings: Settings) -> Handle:
    """What a worker does with a row. Raises as `issue` does before the first row."""
    maker = _MAKERS[settings.job.form](settings)
    reader = RowReader(settings.columns, settings.job.schema)

    def handle(row: Row, added: Json) -> tuple[str, str]:
        identifier, status = added or (None, None)
        return "credential", maker(reader.read(row), identifier, status)

    return handle


_Maker: TypeAlias = Callable[[Mapping[str, Json], str | None, Json], str]
"""(values of a row, the id that it gets if not a new one, its status or None) to compact JSON."""


def _w3c(settings: Settings) -> _Maker:
    job, key, draft = settings.job, settings.key(), _Draft(settings)
    contexts = None
    if job.contexts:
        from ipse.credentials import json_ld

        contexts = json_ld.known().with_extra(job.contexts)
    prepared = data_integrity.prepare(
        {"@context": job.template.get("@context")},
        key.key_type,
        verification_method=job.verification_method,
        created=settings.created,
        cryptosuite=job.cryptosuite,
        contexts=contexts,
    )

    def make(row: Mapping[str, Json], identifier: str | None, status: Json) -> str:
        document = draft.document(row, identifier, status)
        return compact(data_integrity.sign(document, key, prepared, contexts=contexts))

    return make


def _jwt(settings: Settings) -> _Maker:
    from ipse.credentials.formats.jose import vc_jwt

    method, key, draft = settings.job.verification_method, settings.key(), _Draft(settings)

    def make(row: Mapping[str, Json], identifier: str | None, status: Json) -> str:
        document = draft.document(row, identifier, status)
        return compact(vc_jwt.sign_credential(document, key, verification_method=method))

    return make


def _sd_jwt(settings: Settings) -> _Maker:
    from ipse.credentials.formats import sd_jwt

    job, key = settings.job, settings.key()
    template = compile_template(job.template, refused=_REFUSED["sd-jwt"])
    fixed = {"iss": job.issuer, "iat": int(settings.created.timestamp())}

    def make(row: Mapping[str, Json], identifier: str | None, status: Json) -> str:
        claims = {**fixed, **template.fill(row)}
        if identifier is not None:
            claims["jti"] = identifier
        if status is not None:
            claims["status"] = status
        return compact(
            sd_jwt.issue(
                claims,
                disclosable=job.disclosable,
                signer=key,
                typ=sd_jwt.VC_TYPE,
                kid=job.verification_method,
                decoys=job.decoys,
            )
        )

    return make


_MAKERS: Final = {"w3c": _w3c, "jwt": _jwt, "sd-jwt": _sd_jwt}


class _Draft:
    """Unsigned credentials of VCDM 2.0. Raises MalformedInput for a template that can give none."""

    def __init__(self, settings: Settings) -> None:
        job = settings.job
        source = job.template
        self._template = compile_template(
            # Where the batch sets members, they stand where they stand in other credentials.
            {"@context": None, "id": None, "type": None, "issuer": None, "validFrom": None, **source},
            refused={},
        )
        self._fixed: JsonObject = {"issuer": job.issuer}
        if "validFrom" not in source:
            self._fixed["validFrom"] = format_timestamp(settings.created)
        self._needs_id = "id" not in source
        self._check_constant_members({**source, **self._fixed})

    def document(self, row: Mapping[str, Json], identifier: str | None, status: Json) -> JsonObject:
        """The credential for `row`. Raises MalformedInput where it breaks a rule of the data model."""
        document = {**self._template.fill(row), **self._fixed}
        if self._needs_id:
            document["id"] = identifier or _new_id()
        if status is not None:
            document["credentialStatus"] = status
        if any(isinstance(value, (dict, list)) for value in row.values()):
            strict_json.check_value(document, "the credential")
        broken = model.violations(document)
        if broken:
            raise MalformedInput(f"not a credential: {broken[0]}")
        return document

    def _check_constant_members(self, document: JsonObject) -> None:
        for violation in model.violations(document):
            if violation.pointer.split("/")[1] not in self._template.variable:
                raise MalformedInput(
                    f"the template is no credential: {violation}",
                    hint="this is a rule of the VC data model 2.0",
                )


def _check(settings: Settings, *, has_status: bool) -> Template:
    """The template, of a job that can be done. Raises as `issue` does before the first row."""
    job = settings.job
    if job.form not in FORMATS:
        hint = "one at a time works" if job.form == "w3c-1.1" else ""
        raise UsageError(
            f"batches are not issued in the format {job.form[:40]!r}",
            hint=f"--format takes {' or '.join(FORMATS)}{'; ' + hint if hint else ''}",
        )
    if job.cryptosuite is not None and job.form != "w3c":
        raise UsageError(f"the format {job.form} has no cryptosuites", hint="leave --suite out")
    if (job.disclosable or job.decoys) and job.form != "sd-jwt":
        raise UsageError(f"nothing is selectively disclosable in the format {job.form}", hint="use sd-jwt")
    for member in ("status", "jti") if job.form == "sd-jwt" else ("credentialStatus", "id"):
        if has_status and member in job.template:
            raise UsageError(
                f"the template has a {member} of its own, and the batch gives one to every credential",
                hint=f"leave {member} out of the template, or the status list out of the command",
            )
    template = compile_template(job.template, refused=_REFUSED[job.form])
    prepare(settings)
    return template


def _new_id() -> str:
    return f"urn:uuid:{uuid.uuid4()}"


def _digest(job: Job, *, has_status: bool) -> str:
    """What a resumed run compares: SHA-256, in hex, of all that the job is."""
    return hashlib.sha256(strict_json.canonical({**asdict(job), "status": has_status})).hexdigest()
