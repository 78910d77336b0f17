"""Keccak-256: the published digests, and the standard library's SHA-3 as a witness of the permutation."""

from __future__ import annotations

import hashlib

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ipse.dids.keccak import keccak256, sponge256


@pytest.mark.parametrize(
    ("message", "digest"),
    [
        (b"", "c5d2460186f7233c927e7db2dcc703c0e500b653ca82273b7bfad8045d85a470"),
        (b"abc", "4e03657aea45a94fc7d47ba826c8d667c0d1e6e33a64a036ec44f58fa12d6c45"),
        (
            b"The quick brown fox jumps over the lazy dog",
            "4d741b6f1eb29cb2a9b9911c82f56fa8d73b04959d3d9d222895df6c0b28aa15",
        ),
    ],
)
def test_the_published_digests_come_out(message: bytes, digest: str) -> None:
    assert keccak256(message).hex() == digest


@pytest.mark.parametrize("length", [0, 1, 135, 136, 137, 271, 272, 273, 1000])
def test_with_the_padding_of_sha3_it_is_sha3(length: int) -> None:
    message = bytes(index * 7 % 256 for index in range(length))
    assert sponge256(message, 0x06) == hashlib.sha3_256(message).digest()


@given(st.binary(max_size=300))
def test_with_the_padding_of_sha3_it_is_sha3_for_any_message(message: bytes) -> None:
    assert sponge256(message, 0x06) == hashlib.sha3_256(message).digest()
