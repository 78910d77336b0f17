"""What commands are given: options that several of them share; files, standard input, times."""

from __future__ import annotations

import re
import sys
from datetime import datetime, timedelta
from pathlib import Path
from typing import Annotated, Final, TypeAlias

import typer

from ipse.encoding import strict_json
from ipse.encoding.strict_json import JsonObject
from ipse.encoding.timestamps import parse_day, parse_timestamp
from ipse.errors import InputTooLarge, MalformedInput, NotFound, StorageError, UsageError

__all__ = [
    "AllowLoopback",
    "CaFile",
    "read_bytes",
    "read_lines",
    "read_object",
    "read_text",
    "span",
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
        raise StorageError(f"can't read {source}: {(error.strerror or str(error)).lower()}") from error
    except ValueError as error:
        raise UsageError(f"{source!r} can't be a file name") from error
    if len(data) > limit:
        raise InputTooLarge(f"{_name(source)} is larger than {limit // 1024 // 1024} MiB")
    return data


def read_text(source: str) -> str:
    """Read UTF-8 text like read_bytes; a byte order mark is dropped. Raises MalformedInput."""
    data = read_bytes(source)
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


def _name(source: str) -> str:
    return "standard input" if source == "-" else source
