"""The values of a row: strict, typed by the schema alone, and never read a second time."""

from __future__ import annotations

from typing import Any

import pytest

from ipse.errors import InputTooLarge, MalformedInput, UsageError
from ipse.wallet.batch.columns import RowReader


def cell(text: str, kind: Any) -> Any:
    return RowReader(("v",), {"properties": {"v": {"type": kind}}}).read([text])["v"]


@pytest.mark.parametrize(
    "text", ["1", "true", "null", "", " 1 ", '{"a": 1}', "1e5", "{{v}}", '"},"issuer":"x']
)
def test_without_a_schema_every_cell_is_a_string(text: str) -> None:
    assert RowReader(("v",), None).read([text]) == {"v": text}
    assert RowReader(("v",), {"properties": {"w": {"type": "integer"}, "v": True}}).read([text]) == {
        "v": text
    }


@pytest.mark.parametrize(
    ("text", "kind", "value"),
    [
        ("36", "integer", 36),
        ("-1", "integer", -1),
        ("-0", "integer", 0),
        ("9007199254740991", "integer", 2**53 - 1),
        ("1.5", "number", 1.5),
        ("-2e3", "number", -2000.0),
        ("36", "number", 36),
        ("true", "boolean", True),
        ("false", "boolean", False),
        ("", "null", None),
        ("", ["integer", "null"], None),
        ("7", ["string", "integer"], 7),
        ("x", ["string", "integer"], "x"),
        ("", "string", ""),
        ("1", "string", "1"),
    ],
)
def test_a_schema_gives_cells_their_types(text: str, kind: Any, value: Any) -> None:
    read = cell(text, kind)
    assert read == value
    assert type(read) is type(value)


@pytest.mark.parametrize(
    ("text", "kind"),
    [
        *(
            (text, "integer")
            for text in ("", " 1", "1 ", "+1", "01", "1.0", "1e3", "0x1", "1_0", "٣", "x", "NaN")
        ),
        *((text, "integer") for text in ("9007199254740992", "-9007199254740992", "9" * 400)),
        *((text, "number") for text in ("", ".5", "1.", "1e999", "inf", "nan", "1,5", "--1", "0x1p3")),
        *((text, "boolean") for text in ("", "True", "TRUE", "1", "yes", " true")),
        *((text, "null") for text in ("null", "None", " ")),
        ("x", ["integer", "null"]),
    ],
)
def test_a_cell_of_another_type_is_the_row_s_error(text: str, kind: Any) -> None:
    with pytest.raises(MalformedInput, match=r"'v' is .*, not of type"):
        cell(text, kind)


@pytest.mark.parametrize("kind", ["array", "object", ["array", "object"]])
def test_a_cell_cannot_be_made_an_array_or_an_object(kind: Any) -> None:
    with pytest.raises(UsageError, match="which a CSV cell can't hold"):
        cell("[]", kind)


@pytest.mark.parametrize("row", [b'{"age": 36}', ["36"]])
def test_every_row_is_held_to_the_schema(row: Any) -> None:
    columns = ("age",) if isinstance(row, list) else None
    schema = {"properties": {"age": {"type": "integer", "maximum": 35}}}
    with pytest.raises(MalformedInput, match="the row breaks its schema at /age"):
        RowReader(columns, schema).read(row)


def test_a_schema_that_cannot_be_used_is_refused_before_any_row() -> None:
    with pytest.raises(MalformedInput, match="not a JSON Schema"):
        RowReader(None, {"$ref": "https://example.org/elsewhere"})


@pytest.mark.parametrize(("row", "count"), [([], 0), (["1"], 1), (["1", "2", "3"], 3)])
def test_a_row_has_as_many_cells_as_there_are_columns(row: list[str], count: int) -> None:
    with pytest.raises(MalformedInput, match=f"the row has {count} cells, there are 2 columns"):
        RowReader(("a", "b"), None).read(row)


@pytest.mark.parametrize("text", ["a\0b", "\udcff"])
def test_what_is_no_text_is_the_row_s_error(text: str) -> None:
    with pytest.raises(MalformedInput, match="'v' is no"):
        RowReader(("v",), None).read([text])


@pytest.mark.parametrize(
    "row", [b"", b"[]", b"1", b"{", b'{"a": 1, "a": 2}', b"\xff", b'{"a": "\\ud800"}', b'{"a": NaN}', b"{}{}"]
)
def test_a_row_of_ndjson_is_one_strict_object(row: bytes) -> None:
    with pytest.raises(MalformedInput, match="the row"):
        RowReader(None, None).read(row)


def test_a_row_that_was_too_long_is_an_error() -> None:
    with pytest.raises(InputTooLarge):
        RowReader(None, None).read(None)
