"""Find, select and export the statements of a profile: as NDJSON or CSV, never with their vectors."""

from __future__ import annotations

import csv
import io
import json
from collections.abc import Collection, Sequence
from dataclasses import asdict, dataclass, fields
from datetime import datetime
from typing import Final

from ipse.encoding.safe_text import normalized, printable_json
from ipse.encoding.strict_json import JsonObject
from ipse.encoding.timestamps import format_timestamp
from ipse.errors import UsageError
from ipse.storage import statement_vectors, statements
from ipse.storage.statements import Statement
from ipse.wallet.profile.forgetting import Disclosed, disclosed
from ipse.wallet.wallet import Wallet

__all__ = [
    "FORMATS",
    "Detail",
    "Selection",
    "check_format",
    "count",
    "detail",
    "export",
    "find",
    "select",
    "with_earlier",
]


@dataclass(frozen=True, slots=True)
class Selection:
    """What is asked for; what is None, or no feeling at all, leaves everything in.

    `feelings` are of "liked", "disliked" and "fact"; `since` and `before` bound when a statement began to
    hold; `match` is a part of its text, in any case.
    """

    ended: bool = False
    feelings: frozenset[str] = frozenset()
    source: str | None = None
    sensitivity: str | None = None
    since: datetime | None = None
    before: datetime | None = None
    match: str | None = None

    def holds(self, statement: Statement) -> bool:
        """Whether a statement is among those asked for."""
        return (
            (not self.feelings or _feeling(statement) in self.feelings)
            and self.source in (None, statement.source)
            and self.sensitivity in (None, statement.sensitivity)
            and (self.since is None or statement.valid_from >= format_timestamp(self.since))
            and (self.before is None or statement.valid_from < format_timestamp(self.before))
            and (self.match is None or _folded(self.match) in _folded(statement.text))
        )


def select(wallet: Wallet, selection: Selection) -> list[Statement]:
    """The statements that hold now, with `ended` those that held once too, as far as they are asked for."""
    known = statements.every(wallet.vault) if selection.ended else statements.current(wallet.vault)
    return [statement for statement in known if selection.holds(statement)]


def count(wallet: Wallet) -> int:
    """Return how many statements hold now."""
    return statements.count(wallet.vault)


def find(wallet: Wallet, number: int) -> Statement:
    """Return one statement, ended or not. Raises NotFound."""
    return statements.find(wallet.vault, number)


def with_earlier(wallet: Wallet, numbers: Collection[int]) -> list[Statement]:
    """Return statements and all that they superseded, ordered by number; unknown numbers are left out."""
    return statements.with_earlier(wallet.vault, numbers)


@dataclass(frozen=True, slots=True)
class Detail:
    """A statement with its versions, the oldest first, and the fingerprints of models that embedded it."""

    statement: Statement
    versions: tuple[Statement, ...]
    models: tuple[str, ...]
    disclosed: tuple[Disclosed, ...]
    """To which applications it was disclosed."""


def detail(wallet: Wallet, number: int) -> Detail:
    """Return what the wallet knows of one statement. Raises NotFound."""
    statement = statements.find(wallet.vault, number)
    return Detail(
        statement,
        tuple(statements.chain(wallet.vault, number)),
        tuple(statement_vectors.fingerprints(wallet.vault, number)),
        disclosed(wallet.vault, [statement]),
    )


def _feeling(statement: Statement) -> str:
    if statement.kind == "fact":
        return "fact"
    return "liked" if statement.weight > 0 else "disliked" if statement.weight < 0 else "neutral"


def _folded(text: str) -> str:
    return normalized("NFKC", text).casefold()


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
