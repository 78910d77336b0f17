"""What other programs know of the owner's taste: their exports, read in memory and never trusted.

A format is known by its content, not by its name's ending.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Final

from ipse.errors import InputTooLarge, MalformedInput, UsageError
from ipse.preferences.sources import (
    archive,
    bookmarks,
    books,
    letterboxd,
    mastodon,
    own_export,
    rated_rows,
    spotify,
    youtube,
)
from ipse.preferences.sources.file import File
from ipse.preferences.sources.found import MAX_FOUND, Found, Reading
from ipse.preferences.sources.weights import SCALES

__all__ = ["FORMATS", "MAX_BYTES", "MAX_FOUND", "SCALES", "Found", "Reading", "read"]

MAX_BYTES: Final = 64 * 1024 * 1024
"""Bytes of a file, packed or not."""


@dataclass(frozen=True, slots=True)
class _Service:
    claims: Callable[[File], bool]
    read: Callable[[Sequence[File], str], Reading]


def _alone(read_file: Callable[[File], Reading]) -> Callable[[Sequence[File], str], Reading]:
    """For a format whose exports are one file."""

    def read_one(files: Sequence[File], what: str) -> Reading:
        if len(files) > 1:
            names = ", ".join(file.name[:60] for file in files[:3])
            raise MalformedInput(f"{what} holds more than one such file: {names}", hint="import one of them")
        return read_file(files[0])

    return read_one


_SERVICES: Final[Mapping[str, _Service]] = {
    "ipse": _Service(own_export.claims, _alone(own_export.read)),
    "goodreads": _Service(books.claims_goodreads, _alone(books.read_goodreads)),
    "storygraph": _Service(books.claims_storygraph, _alone(books.read_storygraph)),
    "letterboxd": _Service(letterboxd.claims, letterboxd.read),
    "spotify": _Service(spotify.claims, spotify.read),
    "mastodon": _Service(mastodon.claims, mastodon.read),
    "youtube": _Service(youtube.claims, youtube.read),
    "bookmarks": _Service(bookmarks.claims, _alone(bookmarks.read)),
}
FORMATS: Final = ("csv", "ndjson", *_SERVICES)
_HINT: Final = f"it takes {', '.join(FORMATS)}; say which with --format"


def read(
    data: bytes,
    *,
    name: str,
    format: str | None = None,  # noqa: A002 - what the option is called
    scale: str | None = None,
) -> Reading:
    """What an export says. `name` is the file's, as errors and some exports need it.

    `format` is one of FORMATS, None for the one that the content tells. `scale`, one of SCALES, is for
    csv and ndjson. Raises MalformedInput, InputTooLarge, UsageError.
    """
    if format is not None and format not in FORMATS:
        raise UsageError(f"{format!r} is no format", hint=f"--format takes {', '.join(FORMATS)}")
    if scale is not None and scale not in SCALES:
        raise UsageError(f"{scale!r} is no scale", hint=f"--scale takes {', '.join(map(repr, SCALES))}")
    if len(data) > MAX_BYTES:
        raise InputTooLarge(f"{name} is larger than {MAX_BYTES >> 20} MiB", hint="split it")
    packed = archive.is_archive(data)
    if format in ("csv", "ndjson") or (format is None and not packed and scale is not None):
        return _plain(File(name, data), format, scale)
    claimed = _claimed(_files(data, name, packed=packed), [format] if format else list(_SERVICES))
    if len(claimed) > 1:
        raise MalformedInput(f"{name} could be {' or '.join(claimed)}", hint="say which with --format")
    for form, files in claimed.items():
        return _SERVICES[form].read(files, name)
    if packed or format is not None:
        raise MalformedInput(f"{name} holds nothing that {format or 'an export'} has", hint=_HINT)
    return _plain(File(name, data), None, scale)


def _files(data: bytes, name: str, *, packed: bool) -> list[File]:
    if not packed:
        return [File(name, data)]
    return [File(inner, content, inside=name) for inner, content in archive.members(data, what=name)]


def _claimed(files: Sequence[File], forms: Sequence[str]) -> dict[str, list[File]]:
    """For each format, the files that are its own."""
    claimed: dict[str, list[File]] = {}
    for file in files:
        for form in forms:
            if _SERVICES[form].claims(file):
                claimed.setdefault(form, []).append(file)
                break
    return claimed


def _plain(file: File, form: str | None, scale: str | None) -> Reading:
    """A table or JSON objects that no service is known by."""
    if file.is_markup:
        raise MalformedInput(f"{file.what} is an HTML page without bookmarks", hint=_HINT)
    if form == "ndjson" or (form is None and file.is_json):
        return rated_rows.read_lines(file, scale=scale)
    return rated_rows.read_table(file, scale=scale)
