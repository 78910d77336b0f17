"""What commands are given: options that several of them share; files, standard input, times."""

from __future__ import annotations

import errno
import re
import sys
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from datetime import datetime, timedelta
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Final, TypeAlias

import typer

from ipse.cli.context import Context
from ipse.encoding import strict_json
from ipse.encoding.strict_json import JsonObject
from ipse.encoding.timestamps import parse_day, parse_timestamp
from ipse.errors import InputTooLarge, MalformedInput, NotFound, StorageError, UsageError
from ipse.wallet import output_files

if TYPE_CHECKING:
    from ipse.credentials.json_ld import Contexts
    from ipse.wallet.verifier import Lookup

__all__ = [
    "AllowLoopback",
    "CaFile",
    "ContextFiles",
    "File",
    "Force",
    "OutputFile",
    "SchemaFiles",
    "certificate_chain",
    "check_output",
    "contexts",
    "deliver",
    "lookup",
    "option",
    "read_bytes",
    "read_lines",
    "read_object",
    "read_text",
    "span",
    "text_of",
    "timestamp",
]

CaFile: TypeAlias = Annotated[
    str | None,
    typer.Option(metavar="FILE", help="Trust the certificate authorities in this file, not the system's."),
]
AllowLoopback: TypeAlias = Annotated[
    bool, typer.Option("--allow-loopback", help="Also connect to this machine; for tests.")
]

_SPAN: Final = re.compile(r"(\d{1,5})([smhd])", re.ASCII)
_UNITS: Final = {
    "s": timedelta(seconds=1),
    "m": timedelta(minutes=1),
    "h": timedelta(hours=1),
    "d": timedelta(days=1),
}


def read_bytes(source: str, *, limit: int = strict_json.MAX_BYTES) -> bytes:
    """Read the file `source`, or stdin for `-`; never more than `limit` bytes.

    Raises NotFound, StorageError, InputTooLarge.
    """
    try:
        if source == "-":
            data = sys.stdin.buffer.read(limit + 1)
        else:
            with Path(source).open("rb") as file:
                data = file.read(limit + 1)
    except FileNotFoundError as error:
        raise NotFound(
            f"there is no file {source}", hint="check the path; `-` reads standard input"
        ) from error
    except IsADirectoryError as error:
        raise MalformedInput(f"{source} is a folder, a file is expected") from error
    except OSError as error:
        reason = (error.strerror or str(error)).lower()
        if source == "-" and error.errno == errno.EBADF:
            reason = "it is closed"
        raise StorageError(f"can't read {_name(source)}: {reason}") from error
    except ValueError as error:
        raise UsageError(f"{source!r} can't be a file name") from error
    if len(data) > limit:
        raise InputTooLarge(f"{_name(source)} is larger than {limit // 1024 // 1024} MiB")
    return data


def read_text(source: str) -> str:
    """Read UTF-8 text like read_bytes; a byte order mark is dropped. Raises MalformedInput."""
    return text_of(read_bytes(source), source)


def text_of(data: bytes, source: str) -> str:
    """`data` that was read from `source`, as UTF-8 text without a byte order mark. Raises MalformedInput."""
    try:
        return data.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        raise MalformedInput(f"{_name(source)} is not UTF-8 text: byte {error.start} is wrong") from error


def read_object(source: str) -> JsonObject:
    """Read a JSON object from a file or stdin. Raises MalformedInput."""
    return strict_json.parse_object(read_bytes(source), what=_name(source))


def read_lines(source: str) -> list[str]:
    """Read the lines of a file or stdin, stripped, without empty ones. Raises MalformedInput."""
    lines = [line.strip() for line in read_text(source).splitlines()]
    filled = [line for line in lines if line]
    if not filled:
        raise MalformedInput(f"{_name(source)} has no lines")
    return filled


def timestamp(text: str) -> datetime:
    """Parse a time like 2026-01-31T12:00:00Z, or a day (its first second, UTC). Raises UsageError."""
    try:
        return parse_timestamp(text) if "T" in text else parse_day(text)
    except MalformedInput as error:
        raise UsageError(
            f"{text!r} is not a time", hint="write it like 2026-01-31 or 2026-01-31T12:00:00Z"
        ) from error


def span(text: str) -> timedelta:
    """Parse a length of time like 90s, 30m, 12h or 7d. Raises UsageError."""
    match = _SPAN.fullmatch(text)
    if match is None or int(match[1]) == 0:
        raise UsageError(f"{text!r} is not a length of time", hint="write it like 90s, 30m, 12h or 7d")
    return int(match[1]) * _UNITS[match[2]]


@contextmanager
def option(name: str) -> Iterator[None]:
    """Make what is malformed in the value of the option `name` a UsageError."""
    try:
        yield
    except MalformedInput as error:
        raise UsageError(f"invalid value for {name}: {error.message}", hint=error.hint) from error


def _name(source: str) -> str:
    return "standard input" if source == "-" else source


File: TypeAlias = Annotated[
    str, typer.Argument(metavar="FILE|-", help="A credential, or `-` for standard input.")
]
ContextFiles: TypeAlias = Annotated[
    list[str] | None,
    typer.Option("--context", metavar="URL=FILE", help="A JSON-LD context at hand; may be repeated."),
]
SchemaFiles: TypeAlias = Annotated[
    list[str] | None,
    typer.Option("--schema", metavar="URL=FILE", help="A JSON Schema at hand; may be repeated."),
]

OutputFile: TypeAlias = Annotated[
    str, typer.Option("-o", "--output", metavar="FILE|-", help="Where to write it.")
]
Force: TypeAlias = Annotated[bool, typer.Option("--force", help="Replace the file if it is there already.")]


def check_output(output: str, *, force: bool) -> None:
    """Refuse a file that can't be written, before any work is done. Raises DataError, AlreadyExists."""
    if output != "-":
        output_files.check_target(output, replace=force)


def deliver(
    context: Context, output: str, text: str, value: JsonObject, *, force: bool, exact: bool = False
) -> None:
    """Print JSON or a token, or write it into a file and print the file's name.

    With `exact` it is printed byte for byte where a program reads it.
    """
    if output == "-":
        (context.output.exact if exact else context.output.document)(text, value)
        return
    output_files.write_text(output, text.rstrip("\n") + "\n", replace=force)
    context.output.result(output, {"file": output})


def contexts(given: Sequence[str] | None) -> Contexts | None:
    """Return the built-in contexts and those in files, None without files. Raises UsageError."""
    if not given:
        return None
    from ipse.credentials import json_ld

    documents = {url: read_object(file) for url, file in _files(given, "--context")}
    return json_ld.known().with_extra(documents)


def certificate_chain(file: str | None) -> tuple[str, ...]:
    """Return the certificates in a file as `x5c` has them; none where there is no file."""
    if file is None:
        return ()
    from ipse.keys.certificates import read_certificates

    return tuple(certificate.x5c for certificate in read_certificates(read_bytes(file)))


def lookup(
    *,
    context_files: Sequence[str] | None = None,
    schema_files: Sequence[str] | None = None,
    ca_file: str | None = None,
    allow_loopback: bool = False,
) -> Lookup:
    """Return what verification may use: contexts, schemas, and how far it may look things up."""
    from ipse.wallet.resolution import Reach
    from ipse.wallet.verifier import Lookup

    schemas = {url: read_bytes(file) for url, file in _files(schema_files or (), "--schema")}
    return Lookup(Reach(ca_file, allow_loopback), contexts(context_files), schemas)


def _files(given: Sequence[str], option: str) -> Iterator[tuple[str, str]]:
    """Yield URL and file of each URL=FILE. Raises UsageError."""
    seen: set[str] = set()
    for entry in given:
        url, separator, file = entry.partition("=")
        if not (separator and url and file):
            raise UsageError(
                f"invalid value for {option}: {entry[:100]!r}, expected URL=FILE",
                hint=f"{option} https://example.org/x=x.json",
            )
        if url in seen:
            raise UsageError(f"{option} names {url} twice", hint="name each URL once")
        seen.add(url)
        yield url, file
