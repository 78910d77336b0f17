"""base64url without padding: one spelling for each byte string."""

from __future__ import annotations

import pytest

from ipse.encoding import base64url
from ipse.errors import MalformedInput

# RFC 4648 section 10, without the padding, and the two characters in which base64url differs.
SPELLINGS = [
    (b"", ""),
    (b"f", "Zg"),
    (b"fo", "Zm8"),
    (b"foo", "Zm9v"),
    (b"foob", "Zm9vYg"),
    (b"fooba", "Zm9vYmE"),
    (b"foobar", "Zm9vYmFy"),
    (b"\xfb\xff\xfe", "-__-"),
]


@pytest.mark.parametrize(("data", "text"), SPELLINGS)
def test_the_published_examples_are_written_and_read(data: bytes, text: str) -> None:
    assert base64url.encode(data) == text
    assert base64url.decode(text) == data


@pytest.mark.parametrize(
    "text",
    [
        pytest.param("Zg==", id="padding"),
        pytest.param("Zm8=", id="one padding character"),
        pytest.param("=", id="padding alone"),
        pytest.param("+/+/", id="the alphabet of base64"),
        pytest.param("Zm9v\n", id="a newline at the end"),
        pytest.param("Zm9v\nYmFy", id="a newline inside"),
        pytest.param(" Zm9v", id="a space in front"),
        pytest.param("Zm9v\0", id="a NUL"),
        pytest.param("Zm9v.YmFy", id="a dot"),
        pytest.param("Zm9\u0475", id="a letter that only looks right"),
        pytest.param("Zm\uff19v", id="a full-width digit"),
        pytest.param("\udcff", id="half a surrogate pair"),
    ],
)
def test_a_character_outside_the_alphabet_is_refused(text: str) -> None:
    with pytest.raises(MalformedInput, match="character outside"):
        base64url.decode(text)


@pytest.mark.parametrize("text", ["A", "Zm9vA", "Zm9vYmFyA"])
def test_a_length_that_no_bytes_have_is_refused(text: str) -> None:
    with pytest.raises(MalformedInput, match="no possible length"):
        base64url.decode(text)


@pytest.mark.parametrize("text", ["Zh", "Zk", "Zv", "Zm9", "Zm-", "AB", "AAB"])
def test_bits_after_the_last_byte_are_refused(text: str) -> None:
    with pytest.raises(MalformedInput, match="stray bits"):
        base64url.decode(text)


def test_only_one_last_character_in_sixteen_is_a_spelling_of_one_byte() -> None:
    accepted = 0
    for last in "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_":
        try:
            base64url.decode("A" + last)
        except MalformedInput:
            continue
        accepted += 1
    assert accepted == 4
