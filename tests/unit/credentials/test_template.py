"""Templates: where a row's values go, and that nothing in them is ever read as anything but a value."""

from __future__ import annotations

import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ipse.credentials.template import compile_template
from ipse.errors import MalformedInput, UsageError

REFUSED = {"issuer": "the batch sets it", "proof": "the batch makes it"}


def fill(source: dict[str, Any], **row: Any) -> dict[str, Any]:
    return compile_template(source, refused=REFUSED).fill(row)


@pytest.mark.parametrize("value", ["Ada", 36, 1.5, True, None, [1, {"a": None}], {"b": []}, "", "\0"])
def test_a_string_that_is_one_place_takes_the_value_with_its_type(value: Any) -> None:
    filled = fill({"a": {"b": ["x", "{{v}}"]}}, v=value)
    assert filled == {"a": {"b": ["x", value]}}
    assert type(filled["a"]["b"][1]) is type(value)


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("Dear {{first}} {{last}}!", "Dear Ada Lovelace!"),
        ("{{first}}{{last}}", "AdaLovelace"),
        ("{{ first }}", "Ada"),
        ("{{{{", "{{"),
        ("{{{{first}}", "{{first}}"),
        ("{{{{{{first}}}}", "{{Ada}}"),
        ("a}}b{c}", "a}}b{c}"),
        ("{{a column: with / everything}}", "all"),
    ],
)
def test_places_in_a_text(text: str, expected: str) -> None:
    row = {"first": "Ada", "last": "Lovelace", "a column: with / everything": "all"}
    assert fill({"x": text}, **row) == {"x": expected}


@pytest.mark.parametrize("value", [36, 1.5, True, None, ["x"], {"a": "x"}])
def test_inside_a_longer_text_only_text_fits(value: Any) -> None:
    with pytest.raises(MalformedInput, match=r"'age' is a JSON .* only text fits"):
        fill({"x": "aged {{age}}"}, age=value)


@pytest.mark.parametrize(
    "cell",
    [
        '"},"issuer":"did:example:mallory',
        "{{other}}",
        "{{{{",
        '{"a": 1}',
        "\\u0022",
        "\x00",
        "\u2028</script>",
        "__proto__",
        "%s {0} ${x}",
    ],
)
def test_a_value_is_a_value_and_never_read_again(cell: str) -> None:
    source = {"whole": "{{cell}}", "part": "<{{cell}}>", "other": "{{other}}"}
    filled = fill(source, cell=cell, other="secret")
    assert filled == {"whole": cell, "part": f"<{cell}>", "other": "secret"}
    assert json.loads(json.dumps(filled)) == filled


@given(st.text(), st.text())
def test_no_cell_changes_anything_but_its_own_place(cell: str, other: str) -> None:
    source = {"id": "urn:{{a}}", "credentialSubject": {"x": "{{a}}", "y": ["{{b}}", "constant"]}}
    assert fill(source, a=cell, b=other) == {
        "id": "urn:" + cell,
        "credentialSubject": {"x": cell, "y": [other, "constant"]},
    }


@given(st.text(st.characters(codec="utf-8", exclude_characters="{}")))
def test_a_text_without_braces_is_itself(text: str) -> None:
    assert fill({"x": text}) == {"x": text}


def test_the_members_keep_their_order_and_the_template_its_content() -> None:
    source = {"b": "{{v}}", "a": {"d": "{{v}}", "c": 1}, "z": ["{{v}}"]}
    template = compile_template(source, refused={})
    assert list(template.fill({"v": 1})) == ["b", "a", "z"]
    assert list(template.fill({"v": 1})["a"]) == ["d", "c"]
    assert template.fill({"v": 2}) == {"b": 2, "a": {"d": 2, "c": 1}, "z": [2]}
    assert source == {"b": "{{v}}", "a": {"d": "{{v}}", "c": 1}, "z": ["{{v}}"]}


@pytest.mark.parametrize("name", ["issuer", "proof"])
@pytest.mark.parametrize("value", ["did:example:x", "{{column}}", None, {}])
def test_what_the_batch_sets_is_refused_in_the_template(name: str, value: Any) -> None:
    with pytest.raises(MalformedInput, match=f"the template has '{name}'"):
        fill({name: value})


@pytest.mark.parametrize(
    "source",
    [
        {"@context": ["{{v}}"]},
        {"@context": "https://example.org/{{v}}"},
        {"@context": {"a": {"@context": {"b": "{{v}}"}}}},
        {"credentialSubject": [{"@context": {"b": "{{v}}"}}]},
        {"@context": ["{{{{"]},
    ],
)
def test_the_context_is_the_same_for_all(source: dict[str, Any]) -> None:
    with pytest.raises(MalformedInput, match="has to be the same for all"):
        fill(source, v="x")


@pytest.mark.parametrize("source", [{"{{v}}": 1}, {"a": [{"x{{v}}": 1}]}, {"{{{{": 1}, {"{{": 1}])
def test_a_place_in_a_name_is_refused(source: dict[str, Any]) -> None:
    with pytest.raises(MalformedInput, match="in the name of a member"):
        fill(source, v="x")


@pytest.mark.parametrize("text", ["{{", "{{}}", "{{ }}", "{{a", "{{a}", "{{{a}}}", "{{a{b}}", "x {{ y"])
def test_braces_that_make_no_place_are_refused(text: str) -> None:
    with pytest.raises(MalformedInput, match="make no place"):
        fill({"x": [text]}, a="1")


def test_a_column_that_the_row_lacks_is_named() -> None:
    with pytest.raises(MalformedInput, match="the row has no 'name'"):
        fill({"x": "{{name}}"}, Name="Ada")


def test_a_column_that_no_row_can_have_is_refused_before_the_first() -> None:
    template = compile_template({"x": "{{name}} {{age}}"}, refused={})
    template.check_columns(["age", "name", "more"])
    with pytest.raises(UsageError, match="column 'name'") as caught:
        template.check_columns(["age", "Name"])
    assert caught.value.hint == "their columns are 'age', 'Name'"


def test_a_bottomless_template_is_refused() -> None:
    source: dict[str, Any] = {}
    source["a"] = source
    with pytest.raises(MalformedInput, match="nested deeper"):
        fill(source)
