"""base58btc multibase and the unsigned varint of multicodec prefixes."""

from __future__ import annotations

import pytest

from ipse.encoding.multibase import (
    MAX_LENGTH,
    decode_base58btc,
    decode_varint,
    encode_base58btc,
    encode_varint,
)
from ipse.errors import MalformedInput

# draft-msporny-base58 section 5, with the multibase prefix.
SPELLINGS = [
    (b"Hello World!", "z2NEpo7TZRRrLZSi2U"),
    (
        b"The quick brown fox jumps over the lazy dog.",
        "zUSm3fpXnKG5EUBx2ndxBDMPVciP5hGey2Jh4NDv6gmeo1LkMeiKrLJUUBk6Z",
    ),
    (b"\x00\x00\x28\x7f\xb4\xcd", "z11233QC4"),
    (b"", "z"),
    (b"\0", "z1"),
    (b"\0\0\0", "z111"),
]

# The examples of the unsigned-varint specification.
VARINTS = [
    (0, "00"),
    (1, "01"),
    (127, "7f"),
    (128, "8001"),
    (255, "ff01"),
    (300, "ac02"),
    (16384, "808001"),
    (0xED, "ed01"),
    (0x1200, "8024"),
    (2**63 - 1, "ffffffffffffffff7f"),
]


@pytest.mark.parametrize(("data", "text"), SPELLINGS)
def test_the_published_examples_are_written_and_read(data: bytes, text: str) -> None:
    assert encode_base58btc(data) == text
    assert decode_base58btc(text) == data


@pytest.mark.parametrize(
    "text", ["", "2NEpo7TZRRrLZSi2U", "Z2NEpo", "u2NEpo", "m2NEpo", " z2NEpo", "\u01362"]
)
def test_a_base_other_than_base58btc_is_refused(text: str) -> None:
    with pytest.raises(MalformedInput, match="not multibase base58btc"):
        decode_base58btc(text)


@pytest.mark.parametrize(
    "character", ["0", "O", "I", "l", " ", "\n", "=", "+", "-", "_", "\0", "ß", "\uff11"]
)
def test_a_character_outside_the_alphabet_is_refused(character: str) -> None:
    for text in (f"z{character}", f"z2NEpo{character}", f"z2N{character}Epo"):
        with pytest.raises(MalformedInput, match="not base58btc"):
            decode_base58btc(text)


def test_a_value_longer_than_any_key_is_refused_before_the_work_is_done() -> None:
    decode_base58btc("z" + "2" * (MAX_LENGTH - 1))
    with pytest.raises(MalformedInput, match="at most 4096"):
        decode_base58btc("z" + "2" * MAX_LENGTH)
    with pytest.raises(MalformedInput, match="at most 4096"):
        decode_base58btc("z" + "2" * 50_000_000)


@pytest.mark.parametrize(("number", "written"), VARINTS)
def test_varints_are_written_and_read_as_published(number: int, written: str) -> None:
    assert encode_varint(number) == bytes.fromhex(written)
    assert decode_varint(bytes.fromhex(written) + b"rest") == (number, b"rest")


@pytest.mark.parametrize("written", ["8000", "ed8100", "ff00", "808000", "ffffffffffffffff00"])
def test_a_varint_longer_than_it_need_be_is_refused(written: str) -> None:
    with pytest.raises(MalformedInput, match="shortest form"):
        decode_varint(bytes.fromhex(written))


@pytest.mark.parametrize("written", ["", "80", "ed", "ff" * 8, "ff" * 9, "80" * 9 + "01", "ff" * 1000])
def test_a_varint_that_does_not_end_in_nine_bytes_is_refused(written: str) -> None:
    with pytest.raises(MalformedInput, match="does not end"):
        decode_varint(bytes.fromhex(written))
