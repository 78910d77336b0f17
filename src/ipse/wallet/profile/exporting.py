"""The statements as a file: NDJSON or CSV, with the members named as in the vault. Never vectors."""

from __future__ import annotations

import csv
import io
import json
from collections.abc import Sequence
from dataclasses import asdict, fields
from typing import Final

from ipse.encoding.safe_text import printable_json
from ipse.encoding.strict_json import JsonObject
from ipse.errors import UsageError
from ipse.storage.statements import Statement

__all__ = ["FORMATS", "check_format", "export"]

FORMATS: Final = ("ndjson", "csv")
_MEMBERS: Final = tuple(field.name for field in fields(Statement))


def export(exported: Sequence[Statement], form: str) -> str:
    """Statements as text in one of FORMATS, a line or a row each. Raises UsageError."""
    check_format(form)
    return _table(exported) if form == "csv" else "".join(map(_line, exported))


def check_format(form: str) -> None:
    """Raises UsageError for what is not one of FORMATS."""
    if form not in FORMATS:
        raise UsageError(f"{form!r} is no format of an export", hint=f"--format takes {' or '.join(FORMATS)}")


def _line(statement: Statement) -> str:
    members: JsonObject = asdict(statement)
    return printable_json(json.dumps(members, ensure_ascii=False)) + "\n"


def _table(exported: Sequence[Statement]) -> str:
    """RFC 4180, every text in quotes and unchanged: one that starts like a formula is kept as it was said."""
    text = io.StringIO(newline="")
    writer = csv.writer(text, quoting=csv.QUOTE_NONNUMERIC, lineterminator="\n")
    writer.writerow(_MEMBERS)
    for statement in exported:
        writer.writerow(["" if value is None else value for value in asdict(statement).values()])
    return text.getvalue()
