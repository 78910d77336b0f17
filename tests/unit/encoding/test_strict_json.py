"""Strict JSON: what parsers disagree on is refused, and what is read has one canonical form."""

from __future__ import annotations

import math
from typing import Any

import pytest
import rfc8785
from hypothesis import given
from hypothesis import strategies as st

from ipse.encoding.strict_json import MAX_BYTES, MAX_DEPTH, canonical, kind_of, parse, parse_object, pretty
from ipse.errors import InputTooLarge, MalformedInput

SAFE = 2**53 - 1


@pytest.mark.parametrize(
    ("text", "value"),
    [
        ("null", None),
        ("true", True),
        ("0", 0),
        ("-0.0", -0.0),
        ("1.5e3", 1500.0),
        ('"\\u00e9\\ud83d\\ude00"', "é😀"),
        ('"é😀"', "é😀"),
        (" [1, 2] \r\n\t", [1, 2]),
        ('{"a": {"b": []}}', {"a": {"b": []}}),
        ('{"a": 1, "A": 2, "a ": 3}', {"a": 1, "A": 2, "a ": 3}),
        ('"\\u0000"', "\0"),
    ],
)
def test_json_is_read_as_text_and_as_bytes(text: str, value: Any) -> None:
    assert parse(text) == value
    assert parse(text.encode()) == value


@pytest.mark.parametrize(
    "text",
    [
        '{"a": 1, "a": 2}',
        '{"a": 1, "a": 1}',
        '{"a": 1, "\\u0061": 2}',
        '{"": 1, "": 2}',
        '{"é": 1, "\\u00e9": 2}',
        '[{"b": {"a": 1, "c": 2, "a": 3}}]',
        '{"__proto__": 1, "__proto__": 2}',
    ],
)
def test_a_member_name_that_appears_twice_is_refused_at_any_depth(text: str) -> None:
    with pytest.raises(MalformedInput, match="appears twice"):
        parse(text)


@pytest.mark.parametrize("text", ["NaN", "Infinity", "-Infinity", "[NaN]", '{"a": -Infinity}'])
def test_what_is_no_json_number_is_refused(text: str) -> None:
    with pytest.raises(MalformedInput, match="is not a JSON number"):
        parse(text)


@pytest.mark.parametrize(
    "text", ["nan", "+1", "01", "1.", ".5", "0x10", "1_000", "--1", "1e", "\u0661", "'a'", "[1,]", "{,}"]
)
def test_what_only_some_parsers_read_is_refused(text: str) -> None:
    with pytest.raises(MalformedInput, match="is not JSON"):
        parse(text)


@pytest.mark.parametrize("text", ["1 2", "{} {}", "[] x", "{}\0", "/* c */ 1", "1 // c", "\x0b1", "\u00a01"])
def test_anything_beside_the_one_value_is_refused(text: str) -> None:
    with pytest.raises(MalformedInput):
        parse(text)


@pytest.mark.parametrize("text", ['"\n"', '"\t"', '"\0"', '"\x1f"', '"\\x41"', '"\\u12"', '"\\uD83D', '"a'])
def test_a_string_with_a_bare_control_character_or_a_wrong_escape_is_refused(text: str) -> None:
    with pytest.raises(MalformedInput, match="is not JSON"):
        parse(text)


@pytest.mark.parametrize(
    "text",
    [
        '"\\ud800"',
        '"\\udfff"',
        '"\\ude00\\ud83d"',
        '["a", "x\\ud83d"]',
        '{"\\ud800": 1}',
        '{"a": {"b": "\\udc00"}}',
    ],
)
def test_half_of_a_surrogate_pair_is_refused_in_values_and_names(text: str) -> None:
    with pytest.raises(MalformedInput, match="surrogate"):
        parse(text)


def test_a_surrogate_in_the_text_itself_is_refused() -> None:
    with pytest.raises(MalformedInput, match="surrogate"):
        parse('"\udcff"')


@pytest.mark.parametrize("number", [SAFE, -SAFE, 0, -1])
def test_integers_that_every_reader_holds_are_read_and_written(number: int) -> None:
    assert parse(str(number)) == number
    assert canonical(number) == str(number).encode()


@pytest.mark.parametrize(
    "digits", [str(SAFE + 1), str(-SAFE - 1), str(2**64), "-" + "9" * 17, "1" + "0" * 17, "9" * 100_000]
)
def test_an_integer_beyond_two_to_the_53_is_refused_on_both_sides_of_zero(digits: str) -> None:
    with pytest.raises(MalformedInput, match="beyond 2\\^53"):
        parse(digits)


@pytest.mark.parametrize("number", [SAFE + 1, -SAFE - 1, 2**64])
def test_an_integer_beyond_two_to_the_53_has_no_canonical_form(number: int) -> None:
    with pytest.raises(MalformedInput, match="no canonical JSON form"):
        canonical(number)


@pytest.mark.parametrize("digits", ["1e309", "-1e309", "1e999999999", "1" * 400 + ".0"])
def test_a_number_too_large_for_a_double_is_refused(digits: str) -> None:
    with pytest.raises(MalformedInput, match="too large"):
        parse(digits)


@pytest.mark.parametrize("text", ["1e16", "9007199254740992.0", "-1.5e20"])
def test_a_number_in_the_form_of_a_double_is_read_as_every_reader_reads_it(text: str) -> None:
    """Unlike an integer of that size, which some readers keep exact and some round."""
    assert parse(text) == float(text)


@pytest.mark.parametrize(
    "text", ["1e21", "-1.7976931348623157e308", "5e-324", "0.1", "9007199254740991.0", "-0.0"]
)
def test_a_number_that_is_read_can_be_written_canonically_and_read_again(text: str) -> None:
    assert parse(canonical(parse(text))) == parse(text)


@pytest.mark.parametrize("data", [b"", b" ", b"\n\t \r\n", "", "  "])
def test_an_empty_input_is_named_so(data: bytes | str) -> None:
    with pytest.raises(MalformedInput, match="the claims is empty"):
        parse(data, what="the claims")


@pytest.mark.parametrize(
    "data",
    [
        pytest.param(b'"\xff"', id="a stray byte"),
        pytest.param(b'"\xc0\xaf"', id="an overlong form"),
        pytest.param(b'"\xed\xa0\x80"', id="a surrogate in UTF-8"),
        pytest.param(b'"\xf4\x90\x80\x80"', id="beyond Unicode"),
        pytest.param(b'"\xe9"', id="Latin-1"),
        pytest.param('{"a": 1}'.encode("utf-16"), id="UTF-16 with a mark"),
        pytest.param(b"\xe2\x82", id="cut in a character"),
    ],
)
def test_what_is_not_utf8_is_refused(data: bytes) -> None:
    with pytest.raises(MalformedInput, match="is not UTF-8"):
        parse(data)


@pytest.mark.parametrize("encoding", ["utf-8-sig", "utf-16-le", "utf-16-be", "utf-32"])
def test_a_byte_order_mark_and_wider_encodings_are_refused(encoding: str) -> None:
    with pytest.raises(MalformedInput):
        parse('{"a": 1}'.encode(encoding))


def test_an_input_over_the_bound_is_refused_unread() -> None:
    padded = b" " * (MAX_BYTES - 2) + b"{}"
    assert parse(padded) == {}
    with pytest.raises(InputTooLarge, match="larger than 16 MiB"):
        parse(b" " + padded)
    with pytest.raises(InputTooLarge):
        parse(" " + padded.decode())


def nested(opening: str, closing: str, depth: int, inner: str) -> str:
    return opening * depth + inner + closing * depth


@pytest.mark.parametrize("inner", ["", "1", "1.5", "null", "true", '"a"', '"é"'])
def test_arrays_nest_to_the_bound_and_no_deeper_whatever_is_inside(inner: str) -> None:
    parse(nested("[", "]", MAX_DEPTH, inner))
    with pytest.raises(MalformedInput, match="nested deeper"):
        parse(nested("[", "]", MAX_DEPTH + 1, inner))


@pytest.mark.parametrize("inner", ["1", "null", '"a"', '"é"'])
def test_objects_nest_to_the_bound_and_no_deeper_whatever_is_inside(inner: str) -> None:
    parse(nested('{"a":', "}", MAX_DEPTH, inner))
    with pytest.raises(MalformedInput, match="nested deeper"):
        parse(nested('{"a":', "}", MAX_DEPTH + 1, inner))


@pytest.mark.parametrize(
    "bomb",
    [
        pytest.param("[" * (MAX_BYTES - 1), id="open arrays"),
        pytest.param('{"a":' * 1_000_000, id="open objects"),
        pytest.param('[{"a":' * 1_000_000, id="both"),
        pytest.param(nested("[", "]", 100_000, ""), id="closed arrays"),
        pytest.param(nested('{"a":', "}", 100_000, "1"), id="closed objects"),
    ],
)
def test_a_nesting_bomb_is_refused(bomb: str) -> None:
    with pytest.raises(MalformedInput, match="nested deeper"):
        parse(bomb)


def test_a_surrogate_below_the_bound_is_found_before_the_value_is_used() -> None:
    with pytest.raises(MalformedInput, match="surrogate"):
        parse(nested("[", "]", MAX_DEPTH - 1, '"\\ud800"'))


@pytest.mark.parametrize("text", ["[]", '"a"', "1", "null", "true"])
def test_where_an_object_is_expected_another_kind_is_named(text: str) -> None:
    with pytest.raises(MalformedInput, match=f"a JSON {kind_of(parse(text))}, an object is expected"):
        parse_object(text)


def test_a_syntax_error_is_located() -> None:
    with pytest.raises(MalformedInput, match=r"^claims\.json is not JSON: .* at line 2, column 8$"):
        parse('{\n  "a": x\n}', what="claims.json")


@pytest.mark.parametrize(
    "text", ['{"a\\nb": 1, "a\\nb": 2}', '{"\\u001b[31m": 1, "\\u001b[31m": 2}', "{" + '"x":1,' * 2 + "}"]
)
def test_an_error_stays_one_line_without_control_characters(text: str) -> None:
    with pytest.raises(MalformedInput) as caught:
        parse(text)
    assert caught.value.message.isprintable()


def test_an_error_does_not_repeat_a_long_input() -> None:
    name = "x" * 1_000_000
    for text in (f'{{"{name}": 1, "{name}": 2}}', "9" * 1_000_000, "[" + "x" * 1_000_000):
        with pytest.raises(MalformedInput) as caught:
            parse(text)
        assert len(caught.value.message) < 300


@pytest.mark.parametrize(
    "value",
    [
        pytest.param(math.nan, id="NaN"),
        pytest.param(math.inf, id="Infinity"),
        pytest.param([-math.inf], id="-Infinity inside"),
        pytest.param("\ud800", id="half a surrogate pair"),
        pytest.param({"\ud800": 1}, id="half a surrogate pair as a name"),
        pytest.param(b"bytes", id="bytes"),
        pytest.param({1: 2}, id="a name that is no string"),
        pytest.param({"a": 1, 1: 2}, id="names of two kinds"),
        pytest.param({"a"}, id="a set"),
        pytest.param(object(), id="any object"),
    ],
)
def test_what_json_cannot_carry_has_no_canonical_form(value: Any) -> None:
    with pytest.raises(MalformedInput, match="no canonical JSON form"):
        canonical(value)


def test_a_value_that_holds_itself_has_no_canonical_form() -> None:
    loop: list[Any] = []
    loop.append(loop)
    with pytest.raises(MalformedInput, match="nested deeper"):
        canonical(loop)


def test_the_canonical_form_sorts_names_by_their_utf16_units() -> None:
    written = canonical({"\ufb33": 1, "😀": 2, "€": 3, "1": 4, "": 5})
    assert written == '{"":5,"1":4,"€":3,"😀":2,"\ufb33":1}'.encode()


_SCALARS = (
    st.none()
    | st.booleans()
    | st.integers(-SAFE - 2, SAFE + 2)
    | st.floats()
    | st.text(st.characters(codec=None, exclude_categories=()), max_size=20)
    | st.text('"\\\b\f\n\r\t\x00\x1f\x7f\x80\u2028\u2029/', max_size=8)
)
_NAMES = st.text(max_size=6) | st.text(
    "aAz\x00\x7f\x80\ud7ff\ud800\ue000\uffff\U00010000\U0010ffff", max_size=3
)
_VALUES = st.recursive(
    _SCALARS, lambda inner: st.lists(inner) | st.dictionaries(_NAMES, inner) | st.tuples(inner), max_leaves=20
)


@given(_VALUES)
def test_the_canonical_form_is_byte_for_byte_that_of_the_rfc8785_package(value: Any) -> None:
    try:
        expected = rfc8785.dumps(value)
    except (rfc8785.CanonicalizationError, UnicodeEncodeError):
        with pytest.raises(MalformedInput, match="no canonical JSON form"):
            canonical(value)
    else:
        assert canonical(value) == expected


@pytest.mark.parametrize("code", [*range(0x100), 0xD7FF, 0xE000, 0xFFFF, 0x10000, 0x10FFFF])
def test_every_character_is_written_as_the_rfc8785_package_writes_it(code: int) -> None:
    character = chr(code)
    for value in (
        character,
        {character: 1},
        {character: 1, "a": 2, "z": 3, "\ufb33": 4, "😀": 5},
        [character],
    ):
        assert canonical(value) == rfc8785.dumps(value)


@pytest.mark.parametrize("depth", [1, MAX_DEPTH - 1, MAX_DEPTH, MAX_DEPTH + 1])
def test_the_canonical_form_does_not_depend_on_how_deep_a_value_lies(depth: int) -> None:
    value: Any = "x"
    for _ in range(depth):
        value = [value]
    assert canonical(value) == rfc8785.dumps(value)


@pytest.mark.parametrize(
    "value",
    [
        pytest.param({True: 1}, id="a boolean"),
        pytest.param({None: 1}, id="null"),
        pytest.param({1.5: 1}, id="a float"),
        pytest.param([{"a": {"b": SAFE + 1}}], id="no name but an integer"),
    ],
)
def test_what_the_json_module_would_coerce_is_refused(value: Any) -> None:
    with pytest.raises(MalformedInput, match="no canonical JSON form"):
        canonical(value)


def test_the_pretty_form_keeps_the_order_and_the_characters() -> None:
    value = {"b": ["é", 1], "a": {}}
    assert list(parse(pretty(value))) == ["b", "a"]
    assert "é" in pretty(value)
    assert not pretty(value).endswith("\n")
