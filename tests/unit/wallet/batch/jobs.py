"""Small batches: a key, a template, rows, and what came out."""

from __future__ import annotations

import io
import json
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, Final

from ipse.credentials.issuer import IssueOptions, SigningKey
from ipse.dids import did_key
from ipse.keys import ed25519
from ipse.keys.key_types import PrivateKey
from ipse.wallet.batch import Job, Rows, Summary, issue
from ipse.wallet.batch.rows import Form

KEY: Final = ed25519.PrivateKey(bytes(range(32)))
DID: Final = did_key.from_public_key(KEY.public())
METHOD: Final = did_key.verification_method_id(DID)
NOW: Final = datetime(2026, 1, 31, 12, tzinfo=UTC)

TEMPLATE: Final[dict[str, Any]] = {
    "@context": ["https://www.w3.org/ns/credentials/v2"],
    "type": ["VerifiableCredential"],
    "credentialSubject": {"id": "did:example:{{n}}", "name": "{{name}}"},
}
CLAIMS: Final[dict[str, Any]] = {
    "vct": "https://example.org/person",
    "sub": "did:example:{{n}}",
    "name": "{{name}}",
}


def job(
    form: str = "w3c",
    template: dict[str, Any] | None = None,
    *,
    key: PrivateKey = KEY,
    did: str = DID,
    schema: dict[str, Any] | None = None,
    **options: Any,
) -> Job:
    """A job by KEY, or by another `key` under a DID and method that need not be its own."""
    default = CLAIMS if form == "sd-jwt" else TEMPLATE
    signing_key = SigningKey(did, METHOD if did == DID else f"{did}#key", key)
    return Job(signing_key, IssueOptions(form, **options), default if template is None else template, schema)


def people(count: int) -> list[dict[str, Any]]:
    return [{"n": str(number), "name": f"Ada {number}"} for number in range(1, count + 1)]


def ndjson(rows: list[Any]) -> bytes:
    return b"".join(json.dumps(row).encode() + b"\n" for row in rows)


def reading(data: bytes, form: Form = "ndjson") -> Rows:
    return Rows(io.BytesIO(data), form, what="the rows")


def run(
    data: bytes, output: Path, which: Job | None = None, *, form: Form = "ndjson", **options: Any
) -> Summary:
    options = {"now": NOW, "workers": 2, **options}
    return issue(which or job(), reading(data, form), output, **options)


def lines(output: Path) -> list[dict[str, Any]]:
    """What is in `output`, one whole line for each row and their numbers in order."""
    found = [json.loads(line) for line in output.read_text().splitlines()]
    assert [line["row"] for line in found] == list(range(1, len(found) + 1))
    return found


def one_row(tmp_path: Path, row: Any, which: Job | None = None, **options: Any) -> dict[str, Any]:
    """The line of a batch of one row: a JSON value, or the bytes of the input."""
    data = row if isinstance(row, bytes) else ndjson([row])
    output = tmp_path / "one.ndjson"
    output.unlink(missing_ok=True)
    run(data, output, which, workers=1, **options)
    (line,) = lines(output)
    return line
