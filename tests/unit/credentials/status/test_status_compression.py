"""Compressed lists are unpacked whole, within a bound, or not at all."""

from __future__ import annotations

import gzip
import zlib

import pytest

from ipse.credentials.status.compression import MAX_LENGTH, Form, compress, decompress
from ipse.errors import InputTooLarge, MalformedInput

FORMS: tuple[Form, ...] = ("gzip", "zlib")
DATA = b"what is compressed" * 100


def bomb(form: Form) -> bytes:
    """A stream that unpacks to 1 GiB of zeros: one flushed block of 1 MiB, 1024 times."""
    packer = zlib.compressobj(wbits=zlib.MAX_WBITS + (16 if form == "gzip" else 0))
    start = packer.compress(bytes(1024)) + packer.flush(zlib.Z_FULL_FLUSH)
    block = packer.compress(bytes(1024 * 1024)) + packer.flush(zlib.Z_FULL_FLUSH)
    return start + 1024 * block + packer.flush()


@pytest.mark.parametrize("form", FORMS)
@pytest.mark.parametrize("data", [b"", b"\0", DATA, bytes(16384)], ids=len)
def test_what_was_compressed_comes_back(form: Form, data: bytes) -> None:
    assert decompress(compress(data, form), form) == data


def test_the_streams_are_those_of_the_standard_library() -> None:
    assert decompress(gzip.compress(DATA), "gzip") == gzip.decompress(compress(DATA, "gzip")) == DATA
    assert decompress(zlib.compress(DATA), "zlib") == zlib.decompress(compress(DATA, "zlib")) == DATA


@pytest.mark.parametrize("form", FORMS)
def test_a_bomb_is_refused_at_the_bound(form: Form) -> None:
    stream = bomb(form)
    assert len(stream) < 2 * 1024 * 1024
    with pytest.raises(InputTooLarge, match="unpacks to more than 16 MiB"):
        decompress(stream, form)


@pytest.mark.parametrize("form", FORMS)
def test_the_bound_itself_is_read_and_one_byte_more_is_not(form: Form) -> None:
    assert len(decompress(compress(bytes(MAX_LENGTH), form), form)) == MAX_LENGTH
    with pytest.raises(InputTooLarge):
        decompress(compress(bytes(MAX_LENGTH + 1), form), form)


@pytest.mark.parametrize("form", FORMS)
def test_a_truncated_stream_is_refused_wherever_it_was_cut(form: Form) -> None:
    stream = compress(DATA, form)
    for length in range(len(stream)):
        with pytest.raises(MalformedInput, match="cut short"):
            decompress(stream[:length], form)


@pytest.mark.parametrize("form", FORMS)
@pytest.mark.parametrize("garbage", [b"\0", b"garbage", compress(b"another", "gzip"), compress(b"", "zlib")])
def test_bytes_after_the_stream_are_refused(form: Form, garbage: bytes) -> None:
    with pytest.raises(MalformedInput, match=f"{len(garbage)} bytes after its end"):
        decompress(compress(DATA, form) + garbage, form)


@pytest.mark.parametrize("form", FORMS)
def test_an_altered_checksum_is_noticed(form: Form) -> None:
    stream = bytearray(compress(DATA, form))
    stream[-5 if form == "gzip" else -1] ^= 1
    with pytest.raises(MalformedInput, match="not a"):
        decompress(bytes(stream), form)


@pytest.mark.parametrize("form", FORMS)
@pytest.mark.parametrize("data", [b"\0" * 20, b"not compressed at all", b"\x1f\x8b\xff"])
def test_what_is_no_stream_is_malformed(form: Form, data: bytes) -> None:
    with pytest.raises(MalformedInput):
        decompress(data, form)


def test_one_form_is_not_taken_for_the_other() -> None:
    for form, other in (FORMS, FORMS[::-1]):
        with pytest.raises(MalformedInput):
            decompress(compress(DATA, form), other)
