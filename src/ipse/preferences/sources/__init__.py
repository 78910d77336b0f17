"""What other programs know of the owner's taste: their exports, read in memory and never trusted.

A format is known by its content, not by its name's ending. To add one, write a module with a `Source` and
register it in `_SOURCES`.
"""

from __future__ import annotations

from collections.abc import Sequence
from importlib import import_module
from typing import TYPE_CHECKING, Final

from ipse.errors import InputTooLarge, MalformedInput, UsageError
from ipse.preferences.sources.found import Found, Reading

if TYPE_CHECKING:
    from ipse.preferences.sources.file import File
    from ipse.preferences.sources.source import Source

__all__ = ["FORMATS", "MAX_BYTES", "Found", "Reading", "read"]

MAX_BYTES: Final = 64 * 1024 * 1024
"""Bytes of a file, packed or not."""


_SOURCES: Final = {
    "ipse": "own_export.SOURCE",
    "goodreads": "books.GOODREADS",
    "storygraph": "books.STORYGRAPH",
    "letterboxd": "letterboxd.SOURCE",
    "spotify": "spotify.SOURCE",
    "mastodon": "mastodon.SOURCE",
    "youtube": "youtube.SOURCE",
    "bookmarks": "bookmarks.SOURCE",
}
"""The exports that are known by their content: the module of each and the `Source` in it."""
FORMATS: Final = ("csv", "ndjson", *_SOURCES)
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
    from ipse.preferences.sources import archive
    from ipse.preferences.sources.file import File
    from ipse.preferences.sources.weights import SCALES

    if format is not None and format not in FORMATS:
        raise UsageError(f"{format!r} is no format", hint=f"--format takes {', '.join(FORMATS)}")
    if scale is not None and scale not in SCALES:
        raise UsageError(f"{scale!r} is no scale", hint=f"--scale takes {', '.join(map(repr, SCALES))}")
    if len(data) > MAX_BYTES:
        raise InputTooLarge(f"{name} is larger than {MAX_BYTES >> 20} MiB", hint="split it")
    packed = archive.is_archive(data)
    if format in ("csv", "ndjson") or (format is None and not packed and scale is not None):
        return _plain(File(name, data), format, scale)
    claimed = _claimed(_files(data, name, packed=packed), [format] if format else list(_SOURCES))
    if len(claimed) > 1:
        raise MalformedInput(f"{name} could be {' or '.join(claimed)}", hint="say which with --format")
    for form, files in claimed.items():
        return _source(form).read(files, name)
    if packed or format is not None:
        raise MalformedInput(f"{name} holds nothing that {format or 'an export'} has", hint=_HINT)
    return _plain(File(name, data), None, scale)


def _source(form: str) -> Source:
    module, name = _SOURCES[form].split(".")
    found: Source = getattr(import_module(f"{__name__}.{module}"), name)
    return found


def _files(data: bytes, name: str, *, packed: bool) -> list[File]:
    from ipse.preferences.sources import archive
    from ipse.preferences.sources.file import File

    if not packed:
        return [File(name, data)]
    return [File(inner, content, inside=name) for inner, content in archive.members(data, what=name)]


def _claimed(files: Sequence[File], forms: Sequence[str]) -> dict[str, list[File]]:
    """For each format, the files that are its own."""
    claimed: dict[str, list[File]] = {}
    for file in files:
        for form in forms:
            if _source(form).claims(file):
                claimed.setdefault(form, []).append(file)
                break
    return claimed


def _plain(file: File, form: str | None, scale: str | None) -> Reading:
    """A table or JSON objects that no service is known by."""
    from ipse.preferences.sources import rated_rows

    if file.is_markup:
        raise MalformedInput(f"{file.what} is an HTML page without bookmarks", hint=_HINT)
    if form == "ndjson" or (form is None and file.is_json):
        return rated_rows.read_lines(file, scale=scale)
    return rated_rows.read_table(file, scale=scale)
