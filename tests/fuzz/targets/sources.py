"""What other programs export: tables, JSON, HTML, archives."""

from __future__ import annotations

import io
import zipfile
from collections.abc import Callable, Iterable
from pathlib import Path
from typing import Final

from ipse.preferences import MAX_TEXT, sources
from tests.fuzz.target import Target

__all__ = ["TARGETS"]

_SAMPLES: Final = Path(__file__).parents[2] / "unit" / "preferences" / "sources" / "samples"


def _read(data: bytes) -> None:
    _check(data, None)


def _check(data: bytes, form: str | None) -> None:
    reading = sources.read(data, name="export", format=form)
    assert reading.format in sources.FORMATS
    for found in reading.found:
        assert found.text.strip()
        assert len(found.text) <= MAX_TEXT
        assert -1 <= found.weight <= 1
        assert found.kind in ("opinion", "fact")
        assert found.sensitivity in ("public", "private", "secret")
        assert found.at is None or 1899 < found.at.year < 2201
        found.text.encode()


def _forced(form: str) -> Callable[[bytes], None]:
    def read(data: bytes) -> None:
        _check(data, form)

    return read


def _samples(*endings: str) -> Callable[[], Iterable[bytes]]:
    def seeds() -> Iterable[bytes]:
        return [path.read_bytes() for path in sorted(_SAMPLES.rglob("*.*")) if path.name.endswith(endings)]

    return seeds


def _archives() -> Iterable[bytes]:
    for folder in ("letterboxd", "youtube"):
        packed = io.BytesIO()
        with zipfile.ZipFile(packed, "w") as archive:
            for path in sorted((_SAMPLES / folder).rglob("*.*")):
                archive.writestr(zipfile.ZipInfo(str(path.relative_to(_SAMPLES / folder))), path.read_bytes())
        yield packed.getvalue()


TARGETS: Final = (
    Target("export-tables", _read, _samples(".csv"), 4, 4096),
    Target("export-json", _read, _samples(".json", ".ndjson"), 4, 8192),
    Target("export-pages", _read, _samples(".html"), 4, 8192),
    Target("export-archives", _read, _archives, 3, 16 * 1024),
    Target("rated-tables", _forced("csv"), _samples("rated.csv", "goodreads.csv"), 3, 4096),
)
