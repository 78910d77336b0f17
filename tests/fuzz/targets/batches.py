"""Rows of a batch: CSV and NDJSON."""

from __future__ import annotations

import io
from collections.abc import Iterable
from typing import Final, Literal

from ipse.credentials.formats import read
from ipse.encoding import strict_json
from ipse.errors import IpseError
from ipse.wallet.batch import verifying
from ipse.wallet.batch.columns import RowReader
from ipse.wallet.batch.rows import Rows
from tests.fuzz.material import good
from tests.fuzz.target import Target, as_bytes

__all__ = ["TARGETS"]

_SCHEMA: Final = {
    "type": "object",
    "properties": {
        "did": {"type": "string"},
        "grade": {"type": ["number", "null"]},
        "passed": {"type": "boolean"},
        "year": {"type": "integer", "minimum": 1},
    },
}


def _csv(data: bytes) -> None:
    _rows(data, "csv")


def _ndjson(data: bytes) -> None:
    _rows(data, "ndjson")


def _rows(data: bytes, form: Literal["csv", "ndjson"]) -> None:
    rows = Rows(io.BytesIO(data), form, what="rows")
    survey = rows.survey()
    reader = RowReader(rows.columns, _SCHEMA)
    count = 0
    for chunk in rows.chunks(3):
        count += len(chunk.rows)
        for row in chunk.rows:
            try:
                reader.read(row)
            except IpseError:
                continue
    assert survey is not None
    assert survey.rows == count


def _schema(data: bytes) -> None:
    """A schema of rows that somebody else wrote."""
    RowReader(("did", "grade"), strict_json.parse_object(data)).read(["did:a", "1.5"])


def _line(data: bytes) -> None:
    """A line of a file of credentials, or of what a batch wrote."""
    read(verifying._credential(data.partition(b"\n")[0]))


def _tables() -> Iterable[bytes]:
    yield b'did,grade,passed,year\ndid:a,1.5,true,2026\n"did:""b""",,false,1\n'
    yield b'\xef\xbb\xbfdid,grade\r\n"a\nb",2\r\n'


def _lines() -> Iterable[bytes]:
    yield b'{"did":"did:a","grade":1.5,"passed":true}\n\n{"did":"b","year":2}\r\n{"did":\n'


def _credential_lines() -> Iterable[bytes]:
    token = good("jwt.txt")[0]
    yield token
    yield b'"' + token + b'"'
    yield b'{"row":1,"credential":"' + token + b'"}'
    yield b'{"row":2,"error":{"code":"malformed"}}'


TARGETS: Final = (
    Target("csv-rows", _csv, _tables, 5, 2048),
    Target("ndjson-rows", _ndjson, _lines, 4, 2048),
    Target("credential-lines", _line, _credential_lines, 3, 4096),
    Target("row-schema", _schema, lambda: [as_bytes(_SCHEMA)], 3, 4096),
)
