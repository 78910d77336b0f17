"""A verification as a person reads it: the verdict, the verified claims, then every check."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

from ipse.cli.output import printable, wrapped
from ipse.credentials.content import VerifiedCredential, VerifiedPresentation
from ipse.credentials.report import Check, Outcome, Report
from ipse.encoding.safe_text import one_line, without_quotes
from ipse.encoding.strict_json import Json, JsonObject
from ipse.encoding.timestamps import format_timestamp

if TYPE_CHECKING:
    from ipse.cli.output import Output
    from ipse.credentials.verifier import Verification

__all__ = ["Reader", "named", "render"]

_VERDICTS: Final = {
    Outcome.PASSED: "VALID",
    Outcome.FAILED: "INVALID",
    Outcome.UNDETERMINED: "UNKNOWN",
}
_MARKS: Final = {
    Outcome.PASSED: "✓",
    Outcome.FAILED: "✗",
    Outcome.UNDETERMINED: "?",
    Outcome.NOT_APPLICABLE: "-",
}
_COLOURS: Final = {Outcome.PASSED: "32", Outcome.FAILED: "31", Outcome.UNDETERMINED: "33"}
"""SGR codes (ECMA-48 section 8.3.117): green, red, yellow."""
_BASE_TYPE: Final = "VerifiableCredential"
_MIDNIGHT: Final = re.compile(r"(\d{4}-\d\d-\d\d)T00:00:00(?:\.0+)?(?:Z|\+00:00)", re.ASCII)
_MOMENT: Final = re.compile(r"(\d{4}-\d\d-\d\d)T(\d\d:\d\d)(:\d\d)?(?:\.\d+)?(?:Z|\+00:00)", re.ASCII)
_MAX_TITLE: Final = 80
_PLAIN_TITLE: Final = re.compile("[A-Za-z0-9 .&/:+#?=%_-]+")
_SAYS: Final = re.compile(r"\b(?:(?:issued|until|valid|invalid|unknown)\b|did:)", re.IGNORECASE)
"""Words of the line itself, which a title has in quotes."""


@dataclass(frozen=True, slots=True)
class Reader:
    """Who reads: `names` are the names of the DIDs that the reader knows, by DID."""

    output: Output
    names: Mapping[str, str]

    def line(self, text: str, *, indent: int = 0, hanging: int = 0) -> Iterator[str]:
        """`text` in lines that fit the terminal, those after the first further in by `hanging`."""
        shown = self.short(text)
        width = self.output.width
        if width is None:
            yield " " * indent + shown
        else:
            yield from wrapped(shown, width, first=" " * indent, rest=" " * (indent + hanging))

    def short(self, text: str) -> str:
        """`text` with its DIDs shortened, on a terminal and without -v."""
        return self.output.short(text)

    def party(self, did: str) -> str:
        """A DID as the reader knows it: with its name before it."""
        name = self.names.get(did)
        return f"{printable(name)} ({printable(did)})" if name else printable(did)


def render(found: Verification, reader: Reader) -> Iterator[str]:
    """The lines of a verification. Claims are only shown where every check passed."""
    verified, report = found.verified, found.report
    verdict = _VERDICTS[report.outcome]
    first, *rest = reader.line(f"{verdict}  {_verdict(verified, report, reader)}", hanging=len(verdict) + 2)
    yield reader.output.coloured(verdict, _COLOURS[report.outcome]) + first[len(verdict) :]
    yield from rest
    yield ""
    if isinstance(verified, VerifiedCredential):
        yield from _claims(verified, reader)
    if isinstance(verified, VerifiedPresentation):
        for position, credential in enumerate(verified.credentials, start=1):
            yield from reader.line(f"credential {position}: {_told(credential, reader)}", hanging=2)
            yield from _claims(credential, reader)
    yield from _checks(report, reader)


def _verdict(
    verified: VerifiedCredential | VerifiedPresentation | None, report: Report, reader: Reader
) -> str:
    if isinstance(verified, VerifiedCredential):
        return _told(verified, reader)
    if isinstance(verified, VerifiedPresentation):
        count = len(verified.credentials)
        credentials = "1 credential" if count == 1 else f"{count} credentials"
        return f"presentation of {credentials} by {reader.party(verified.holder)}"
    for position, nested in enumerate(report.credentials, start=1):
        if report.decisive in nested.checks and report.decisive not in report.checks:
            return f"credential {position}: {printable(report.decisive.reason)}"
    return printable(report.decisive.reason)


def _told(credential: VerifiedCredential, reader: Reader) -> str:
    """What a credential is, in one line."""
    to = "".join(f" to {reader.party(subject)}" for subject in credential.subjects[:1])
    end = "open" if credential.valid_until is None else _end(format_timestamp(credential.valid_until), reader)
    return f"{_title(credential)}, issued by {reader.party(credential.issuer)}{to}, until {end}"


def _end(moment: str, reader: Reader) -> str:
    """When a credential ends: a terminal shows it in the reader's own zone."""
    return _readable(moment) if reader.output.width is None else reader.output.timed(moment)


def _title(credential: VerifiedCredential) -> str:
    """The name of the credential, or of the one thing that it is about, or its types."""
    for holder in (credential.document, *_objects(credential.claims)):
        name = holder.get("name")
        if isinstance(name, str) and name:
            return _quoted(one_line(name, _MAX_TITLE))
    types = [name for name in credential.types if name != _BASE_TYPE] or [_BASE_TYPE]
    return named(types)


def named(types: Sequence[str]) -> str:
    """The types of a credential in one line."""
    return ", ".join(_quoted(one_line(name, _MAX_TITLE)) for name in types)


def _quoted(title: str) -> str:
    """A name that its issuer chose; in quotes where it could be taken for what is said beside it.

    Only words in the letters of English, with or without accents, go without: other marks may look like a
    comma, other letters like these.
    """
    plain = "".join(one for one in unicodedata.normalize("NFKD", title) if not unicodedata.combining(one))
    if _PLAIN_TITLE.fullmatch(plain) and not _SAYS.search(plain):
        return title
    return f"“{without_quotes(title)}”"


def _objects(claims: Json) -> Iterator[JsonObject]:
    """The objects that are claimed, such as a degree or an achievement; not the subject itself."""
    if isinstance(claims, dict):
        yield from (value for value in claims.values() if isinstance(value, dict) and "type" in value)


def _claims(credential: VerifiedCredential, reader: Reader) -> Iterator[str]:
    rows = [(printable(path), printable(text)) for path, text in _flat(credential.claims, "")]
    rows = [row for row in rows if row[0] != "id"]
    width = max((len(path) for path, _ in rows), default=0)
    for path, text in rows:
        yield from reader.line(f"{path:<{width}}  {text}", indent=2, hanging=width + 2)
    if credential.disclosed:
        paths = printable(", ".join(credential.disclosed))
        yield from reader.line(f"the holder disclosed {paths}", indent=2, hanging=2)
    if rows:
        yield ""


def _flat(value: Json, path: str) -> Iterator[tuple[str, str]]:
    """Every claim with its path, a line each; an array of plain values is one."""
    if isinstance(value, dict):
        for name, item in value.items():
            yield from _flat(item, f"{path}.{name}" if path else name)
    elif isinstance(value, list) and any(isinstance(item, (dict, list)) for item in value):
        for position, item in enumerate(value):
            yield from _flat(item, f"{path}[{position}]")
    elif isinstance(value, list):
        yield path, ", ".join(map(_readable, value))
    else:
        yield path, _readable(value)


def _readable(value: Json) -> str:
    """A plain value: dates as dates, true and false as yes and no."""
    if isinstance(value, bool):
        return "yes" if value else "no"
    if value is None:
        return "-"
    text = str(value)
    midnight = _MIDNIGHT.fullmatch(text)
    if midnight is not None:
        return midnight[1]
    moment = _MOMENT.fullmatch(text)
    return text if moment is None else f"{moment[1]} {moment[2]}{moment[3] or ''} UTC"


def _checks(report: Report, reader: Reader, indent: int = 0) -> Iterator[str]:
    for check in report.checks:
        yield from _check(check, reader, indent)
    for warning in report.warnings:
        label = f"{'warning':<14}  {'json-ld':<14}  "
        if reader.output.width is not None:
            label = f"! {'json-ld':<14}  "
        yield from reader.line(f"{label}{printable(warning)}", indent=indent, hanging=len(label))
    for position, nested in enumerate(report.credentials, start=1):
        yield " " * indent + f"credential {position}:"
        yield from _checks(nested, reader, indent + 2)


def _check(check: Check, reader: Reader, indent: int) -> Iterator[str]:
    value = f" ({printable(check.value)})" if check.value else ""
    said = f"{check.name:<14}  {reader.output.timed(printable(check.reason) + value)}"
    if reader.output.width is None:
        yield f"{' ' * indent}{check.outcome:<14}  {said}"
        return
    mark = reader.output.mark(_MARKS[check.outcome], f"{check.outcome:<14}")
    first, *rest = reader.line(said, indent=indent + len(mark) + 1, hanging=16)
    coloured = reader.output.coloured(mark, _COLOURS.get(check.outcome, "2"))
    yield f"{' ' * indent}{coloured} {first.lstrip()}"
    yield from rest
