"""An export that takes hours to read: 669 kB of bookmarks took more than five minutes.

The attacker gives the owner a file to import, below every bound on its size, and wants the machine to be
busy with it. Each file made some work be done again for each of its parts: the names of all folders for each
page in them, all columns for each column, the names of all files for each file, all global headers of an
archive for each member, all marks of a character for each of its marks. That work is now done once, or for a
bounded length.
These tests count steps, never time: twice the file may take little more than twice the steps.
`benchmarks/importers.py` measures the exponent of every importer.
"""

from __future__ import annotations

import io
import sys
import unicodedata
import zipfile
from collections.abc import Callable
from typing import Any

import pytest

from ipse.encoding import safe_text
from ipse.errors import InputTooLarge, IpseError
from ipse.preferences import sources
from ipse.preferences.sources import bookmarks, plain_text
from tests.conftest import REPOSITORY
from tests.unit.preferences.sources.reading import read

sys.path.insert(0, str(REPOSITORY / "benchmarks"))
from export_shapes import SHAPES, tar

_ALL = [(importer, name) for importer, shapes in SHAPES.items() for name in shapes]
_SMALL = 64


def _steps(data: bytes) -> int:
    """Lines of Python that run while a file is read, refused or not."""
    count = 0

    def step(*_: object) -> Any:
        nonlocal count
        count += 1
        return step

    before = sys.gettrace()
    sys.settrace(step)
    try:
        sources.read(data, name="export")
    except IpseError:
        pass
    finally:
        sys.settrace(before)
    return count


@pytest.mark.parametrize(("importer", "name"), _ALL, ids=[" ".join(each) for each in _ALL])
def test_twice_the_file_takes_about_twice_the_steps(importer: str, name: str) -> None:
    shape = SHAPES[importer][name]
    _steps(shape(16))  # modules are imported, caches filled
    first, second, third = (_steps(shape(_SMALL * factor)) for factor in (1, 2, 4))
    assert third - second <= 2.8 * (second - first) + 200


class _Counted:
    """Counts the characters that a function is given."""

    def __init__(self, function: Callable[..., str]) -> None:
        self._function = function
        self.characters = 0

    def __call__(self, *arguments: str) -> str:
        self.characters += sum(map(len, arguments))
        return self._function(*arguments)


@pytest.mark.parametrize("shape", ["long folders", "backup with long folders"])
def test_the_name_of_a_folder_is_read_once_however_many_pages_are_in_it(
    shape: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    data = SHAPES["bookmarks"][shape](2_000)
    counted = _Counted(plain_text.clean)
    monkeypatch.setattr(bookmarks, "clean", counted)
    reading = sources.read(data, name="export")
    assert len(reading.found) == 2_000
    assert counted.characters <= len(data)
    assert sum(len(found.text) for found in reading.found) <= 2_000 * 500


def test_folders_are_told_by_their_names_as_before() -> None:
    page = (
        "<!DOCTYPE NETSCAPE-Bookmark-file-1><DL><H3>Sea</H3><DL><H3>Ships</H3><DL>"
        '<A HREF="http://a.example/">knots</A></DL><A HREF="http://a.example/">tides</A></DL></DL>'
    )
    assert [found.text for found in read(page).found] == [
        "knots (Sea, Ships, a.example)",
        "tides (Sea, a.example)",
    ]


def test_deep_folders_with_long_names_are_told_by_the_innermost() -> None:
    page = "<!DOCTYPE NETSCAPE-Bookmark-file-1>" + "".join(
        f"<DL><H3>{n} {'word ' * 30}</H3>" for n in range(9)
    )
    (found,) = read(page + '<DL><A HREF="http://a.example/">knots</A>').found
    assert found.text.startswith("knots (")
    assert "8 word" in found.text
    assert "0 word" not in found.text


@pytest.mark.parametrize(
    "marks", ["\u0301\u0323", "\u0323\u0301", "\u05b0\u0591", "\u0f72\u0f71", "\u302a\u0301"]
)
@pytest.mark.parametrize("form", ["NFC", "NFKC"])
def test_marks_in_a_row_are_normalised_up_to_a_length(form: str, marks: str) -> None:
    text = "a" + marks * 5_000 + " b" + marks * 5_000
    short = "a" + marks * 15 + " b" + marks * 15
    assert safe_text.normalized(form, text) == unicodedata.normalize(form, short)  # type: ignore[arg-type]


@pytest.mark.parametrize(
    "text", ["", "a", "é" * 100, "e\u0301" * 100, "!" * 100, "…\u0301" * 50, "漢字" * 100, "👍🏽" * 50]
)
def test_ordinary_text_is_normalised_as_ever(text: str) -> None:
    for form in ("NFC", "NFKC"):
        assert safe_text.normalized(form, text) == unicodedata.normalize(form, text)


def test_every_combining_mark_is_among_the_characters_that_are_looked_at() -> None:
    marks = [chr(code) for code in range(sys.maxunicode + 1) if unicodedata.combining(chr(code))]
    assert len(marks) > 800
    assert [mark for mark in marks if not safe_text._PERHAPS_MARKS.fullmatch(mark * 31)] == []


@pytest.mark.parametrize("name", ["tar figures", "tar long names"])
def test_a_header_of_an_archive_has_a_bound(name: str) -> None:
    assert read(SHAPES["archive"][name](60_000)).format == "spotify"


def test_a_longer_header_of_an_archive_is_refused() -> None:
    with pytest.raises(InputTooLarge, match="header of more than 64 KiB"):
        read(tar([("n" * 70_000, b""), ("p.json", b"[]")]))


def test_global_headers_of_an_archive_are_no_part_of_its_members(monkeypatch: pytest.MonkeyPatch) -> None:
    few, many = (SHAPES["archive"]["tar global headers"](size) for size in (800, 1_600))
    assert _steps(many) <= 2.2 * _steps(few)


def test_the_extra_fields_of_an_archive_have_a_bound() -> None:
    with pytest.raises(InputTooLarge, match="extra fields"):
        read(SHAPES["archive"]["zip extra fields"](300_000))


def test_no_entry_of_an_archive_hides_the_extra_field_of_the_next() -> None:
    """The comment of each entry ends with the start of another one, which reaches into the next."""
    packed = io.BytesIO()
    with zipfile.ZipFile(packed, "w") as archive:
        for number in range(80):
            info = zipfile.ZipInfo(f"{number}.json")
            info.extra = b"\x99\x99\0\0" * 16_000
            info.comment = b"PK\x01\x02" + bytes(4)
            archive.writestr(info, b"[]")
    with pytest.raises(InputTooLarge, match="extra fields"):
        read(packed.getvalue())


def test_the_names_of_many_files_are_told_in_short() -> None:
    reading = read(SHAPES["spotify"]["files with long names"](4_000))
    assert len(reading.fields["plays"]) < 3_000
    assert reading.fields["plays"].endswith(" and 480 more")
