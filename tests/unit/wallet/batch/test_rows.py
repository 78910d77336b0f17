"""Rows: each line or record is one, whatever is in it, and none is ever made of another's content."""

from __future__ import annotations

import hashlib
import io

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ipse.errors import MalformedInput, StorageError
from ipse.wallet.batch.rows import CHUNK_ROWS, MAX_ROW_BYTES, Row, Rows
from tests.unit.wallet.batch.jobs import reading


def rows_of(rows: Rows, **options: int) -> list[Row]:
    found: list[Row] = []
    for chunk in rows.chunks(**options):
        assert chunk.first == len(found) + 1 + options.get("skip", 0)
        found.extend(chunk.rows)
    return found


@pytest.mark.parametrize(
    ("data", "expected"),
    [
        (b"", []),
        (b"{}", [b"{}"]),
        (b"{}\n", [b"{}"]),
        (b"{}\r\n1\r\n", [b"{}", b"1"]),
        (b"{}\n\n1\n\n", [b"{}", b"", b"1", b""]),
        (b"\xef\xbb\xbf{}\n\xef\xbb\xbf{}\n", [b"{}", b"\xef\xbb\xbf{}"]),
        (b"\xff\n\0\n", [b"\xff", b"\0"]),
        (b"a\rb\x0bc\xe2\x80\xa8d\x85e\n", [b"a\rb\x0bc\xe2\x80\xa8d\x85e"]),
    ],
)
def test_each_line_is_a_row(data: bytes, expected: list[bytes]) -> None:
    assert rows_of(reading(data)) == expected


def test_a_line_over_the_bound_is_a_row_that_cannot_be_read_and_the_next_is_the_next() -> None:
    fits = b"a" * MAX_ROW_BYTES
    for long in (b"b" * (MAX_ROW_BYTES + 1), b"b" * (3 * MAX_ROW_BYTES + 7), b"b" * (2 * MAX_ROW_BYTES + 1)):
        assert rows_of(reading(fits + b"\n" + long + b"\n{}\n")) == [fits, None, b"{}"]
        assert rows_of(reading(long)) == [None]


@pytest.mark.parametrize(
    ("data", "expected"),
    [
        (b"a,b\n1,2\n", [["1", "2"]]),
        (b"\xef\xbb\xbfa,b\r\n1,2\r\n3,4", [["1", "2"], ["3", "4"]]),
        (b'a,b\n"x,""y""\nz",2\n3,4\n', [['x,"y"\nz', "2"], ["3", "4"]]),
        (b'a,b\n"1\n2\n3",""\n', [["1\n2\n3", ""]]),
        (b"a,b\n1\n1,2,3\n\n1,2\n", [["1"], ["1", "2", "3"], [], ["1", "2"]]),
        (b"a,b\n\xff,2\n", [["\udcff", "2"]]),
        (b"a,b\n", []),
    ],
)
def test_each_record_of_csv_is_a_row(data: bytes, expected: list[list[str]]) -> None:
    rows = reading(data, "csv")
    assert rows.columns == ("a", "b")
    assert rows_of(rows) == expected


@pytest.mark.parametrize(
    "data",
    [b"", b"\n", b",\na,b\n", b"a,a\n", b"a,,b\n", b"a,\x1b[31m\n", b"a,\0\n", b'"a\nb",c\n', b"a,\xff\n"],
)
def test_columns_have_names_of_their_own(data: bytes) -> None:
    with pytest.raises(MalformedInput, match="column"):
        reading(data, "csv")


@pytest.mark.parametrize("fault", [b'"a"b,2\n', b'1,"open\n2,3\n', b"1\r2\n", b'"' + b"x" * 200_000 + b'"\n'])
def test_csv_that_cannot_be_followed_is_refused_before_anything_is_done(fault: bytes) -> None:
    rows = reading(b"a,b\n1,2\n" + fault + b"5,6\n", "csv")
    with pytest.raises(MalformedInput, match="the rows is not CSV"):
        rows.survey()


def test_a_record_without_end_is_not_held_in_memory() -> None:
    rows = reading(b"a,b\n" + b'"x\ny",' * (MAX_ROW_BYTES // 4), "csv")
    with pytest.raises(MalformedInput, match="a record of more than"):
        rows.survey()


def test_a_survey_counts_the_rows_and_hashes_the_bytes_and_leaves_everything_to_be_read() -> None:
    for form, data, count in (
        ("ndjson", b"\xef\xbb\xbf{}\n\n1", 3),
        ("csv", b'\xef\xbb\xbfa,b\n"1\n2",2\n\n1', 3),
        ("csv", b"a,b\n", 0),
    ):
        rows = reading(data, form)  # type: ignore[arg-type]
        for _ in range(2):
            survey = rows.survey()
            assert survey is not None
            assert (survey.rows, survey.digest) == (count, hashlib.sha256(data).hexdigest())
        assert len(rows_of(rows)) == count


def test_a_pipe_is_not_surveyed() -> None:
    class Pipe(io.BytesIO):
        def seekable(self) -> bool:
            return False

    rows = Rows(Pipe(b"a\n1\n2\n"), "csv", what="-")
    assert rows.survey() is None
    assert rows_of(rows) == [["1"], ["2"]]


def test_chunks_are_bounded_in_rows_and_bytes() -> None:
    many = [len(chunk.rows) for chunk in reading(b"{}\n" * (2 * CHUNK_ROWS + 1)).chunks()]
    assert many == [CHUNK_ROWS, CHUNK_ROWS, 1]
    large = [len(chunk.rows) for chunk in reading((b"x" * (MAX_ROW_BYTES // 2) + b"\n") * 5).chunks()]
    assert large == [2, 2, 1]


@given(
    st.lists(st.binary(max_size=4).map(lambda line: line.replace(b"\n", b""))),
    st.integers(0, 12),
    st.integers(1, 5),
)
def test_rows_that_are_skipped_are_the_first_ones(content: list[bytes], skip: int, size: int) -> None:
    data = b"".join(line + b"\n" for line in content)
    assert rows_of(reading(data), skip=skip, size=size) == rows_of(reading(data))[skip:]


def test_a_file_that_cannot_be_read_is_a_storage_error() -> None:
    class Broken(io.BytesIO):
        def readline(self, _: int | None = -1) -> bytes:
            raise OSError(5, "Input/output error")

    with pytest.raises(StorageError, match="can't read the rows: input/output error"):
        list(Rows(Broken(), "ndjson", what="the rows").chunks())
