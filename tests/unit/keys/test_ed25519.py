"""Ed25519 after RFC 8032."""

from __future__ import annotations

import copy
import dataclasses
import traceback

import pytest

from ipse.errors import MalformedInput
from ipse.keys import ed25519
from ipse.keys.ed25519 import SIGNATURE_LENGTH, PrivateKey, PublicKey

# RFC 8032 section 7.1: seed, public key, message, signature.
VECTORS = [
    pytest.param(
        "9d61b19deffd5a60ba844af492ec2cc44449c5697b326919703bac031cae7f60",
        "d75a980182b10ab7d54bfed3c964073a0ee172f3daa62325af021a68f707511a",
        "",
        "e5564300c360ac729086e2cc806e828a84877f1eb8e5d974d873e06522490155"
        "5fb8821590a33bacc61e39701cf9b46bd25bf5f0595bbe24655141438e7a100b",
        id="TEST 1",
    ),
    pytest.param(
        "4ccd089b28ff96da9db6c346ec114e0f5b8a319f35aba624da8cf6ed4fb8a6fb",
        "3d4017c3e843895a92b70aa74d1b7ebc9c982ccf2ec4968cc0cd55f12af4660c",
        "72",
        "92a009a9f0d4cab8720e820b5f642540a2b27b5416503f8fb3762223ebdb69da"
        "085ac1e43e15996e458f3613d0f11d8c387b2eaeb4302aeeb00d291612bb0c00",
        id="TEST 2",
    ),
    pytest.param(
        "c5aa8df43f9f837bedb7442f31dcb7b166d38535076f094b85ce3a2e0b4458f7",
        "fc51cd8e6218a1a38da47ed00230f0580816ed13ba3303ac5deb911548908025",
        "af82",
        "6291d657deec24024827e69c3abe01a30ce548a284743a445e3680d7db5ac3ac"
        "18ff9b538d16f290ae67f760984dc6594a7c15e9716ed28dc027beceea1ec40a",
        id="TEST 3",
    ),
    pytest.param(
        "833fe62409237b9d62ec77587520911e9a759cec1d19755b7da901b96dca3d42",
        "ec172b93ad5e563bf4932c70e1245034c35467ef2efd4d64ebf819683467e2bf",
        "ddaf35a193617abacc417349ae20413112e6fa4e89a97ea20a9eeee64b55d39a"
        "2192992a274fc1a836ba3c23a3feebbd454d4423643ce80e2a9ac94fa54ca49f",
        "dc2a4459e7369633a52b1bf277839a00201009a3efbf3ecb69bea2186c26b589"
        "09351fc9ac90b3ecfdfbc7c66431e0303dca179c138ac17ad9bef1177331a704",
        id="TEST SHA(abc)",
    ),
]

KEY = PrivateKey(bytes(range(32)))
GROUP_ORDER = 2**252 + 27742317777372353535851937790883648493

# The encodings of the eight points of small order; a signature under one of them binds nobody.
SMALL_ORDER = [
    "0100000000000000000000000000000000000000000000000000000000000000",
    "ecffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff7f",
    "0000000000000000000000000000000000000000000000000000000000000000",
    "0000000000000000000000000000000000000000000000000000000000000080",
    "26e8958fc2b227b045c3f489f2ef98f0d5dfac05d3c63339b13802886d53fc05",
    "26e8958fc2b227b045c3f489f2ef98f0d5dfac05d3c63339b13802886d53fc85",
    "c7176a703d4dd84fba3c0b760d10670f2a2053fa2c39ccc64ec7fd7792ac037a",
    "c7176a703d4dd84fba3c0b760d10670f2a2053fa2c39ccc64ec7fd7792ac03fa",
]


@pytest.mark.parametrize(("seed", "public", "message", "signature"), VECTORS)
def test_the_vectors_of_rfc_8032_are_signed_and_verified(
    seed: str, public: str, message: str, signature: str
) -> None:
    key = PrivateKey(bytes.fromhex(seed))
    assert key.public() == PublicKey(bytes.fromhex(public))
    assert key.sign(bytes.fromhex(message)).hex() == signature
    assert key.public().verify(bytes.fromhex(message), bytes.fromhex(signature))


def test_a_signature_holds_for_its_message_and_its_key_alone() -> None:
    signature = KEY.sign(b"message")
    assert KEY.public().verify(b"message", signature)
    assert not KEY.public().verify(b"massage", signature)
    assert not KEY.public().verify(b"", signature)
    assert not PrivateKey(b"k" * 32).public().verify(b"message", signature)


def test_every_flipped_bit_breaks_a_signature() -> None:
    public, signature = KEY.public(), KEY.sign(b"message")
    for position in range(SIGNATURE_LENGTH * 8):
        flipped = bytearray(signature)
        flipped[position // 8] ^= 1 << position % 8
        assert not public.verify(b"message", bytes(flipped))


@pytest.mark.parametrize("length", [0, 1, 32, 63, 65, 128])
def test_a_signature_of_another_length_is_invalid_and_no_failure(length: int) -> None:
    signature = (KEY.sign(b"message") * 2)[:length]
    assert not KEY.public().verify(b"message", signature)


def test_a_signature_cannot_be_given_a_second_form() -> None:
    signature = KEY.sign(b"message")
    scalar = int.from_bytes(signature[32:], "little") + GROUP_ORDER
    assert not KEY.public().verify(b"message", signature[:32] + scalar.to_bytes(32, "little"))


@pytest.mark.parametrize("point", SMALL_ORDER)
def test_a_key_of_small_order_verifies_nothing(point: str) -> None:
    key = PublicKey(bytes.fromhex(point))
    for commitment in SMALL_ORDER:
        for message in (b"", b"a", b"b", b"c"):
            assert not key.verify(message, bytes.fromhex(commitment) + bytes(32))


@pytest.mark.parametrize("length", [0, 31, 33, 64])
def test_a_key_of_another_length_is_refused(length: int) -> None:
    with pytest.raises(MalformedInput, match=f"32 bytes, this one {length}"):
        PublicKey(bytes(length))
    with pytest.raises(MalformedInput, match=f"32 bytes, this one {length}"):
        PrivateKey(bytes(length))


def test_the_seed_is_not_in_what_python_shows_of_a_key() -> None:
    seed = b"a seed that nobody may ever see."
    key = PrivateKey(seed)
    shown = [repr(key), str(key), f"{key}", repr([key]), repr({"key": key})]
    try:
        key.seed_of_another_name  # type: ignore[attr-defined]  # noqa: B018
    except AttributeError as error:
        shown += traceback.format_exception(error)
    assert "seed that" not in "".join(shown)
    assert seed.hex() not in "".join(shown)


def test_the_seed_is_not_in_the_error_for_one_of_the_wrong_length() -> None:
    with pytest.raises(MalformedInput) as caught:
        PrivateKey(b"a seed that nobody may ever see, and too long")
    assert "nobody" not in "".join(traceback.format_exception_only(caught.value))


def test_a_key_cannot_be_changed() -> None:
    with pytest.raises(dataclasses.FrozenInstanceError):
        KEY.seed = b"x" * 32  # type: ignore[misc]
    assert copy.copy(KEY) == KEY


def test_every_new_key_is_another_one() -> None:
    assert len({ed25519.generate().seed for _ in range(100)}) == 100
