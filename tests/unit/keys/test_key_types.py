"""What every key type offers, whichever it is."""

from __future__ import annotations

import traceback

import pytest
from nacl.bindings import crypto_sign_ed25519_sk_to_curve25519

from ipse.errors import MalformedInput, Undetermined, UsageError
from ipse.keys import ed25519, key_types
from ipse.keys.key_types import PUBLIC_TYPES, SIGNING_TYPES

SECRET = b"a number that nobody may ever see"[:32]


@pytest.mark.parametrize("key_type", SIGNING_TYPES)
def test_a_new_key_signs_what_its_public_half_verifies(key_type: str) -> None:
    key = key_types.generate(key_type)
    public = key.public()
    signature = key.sign(b"message")
    assert key.key_type == public.key_type == key_type
    assert key.algorithm == public.algorithm
    assert len(key.secret) == 32
    assert len(signature) == 64
    assert public.verify(b"message", signature)
    assert not public.verify(b"massage", signature)
    assert not key_types.generate(key_type).public().verify(b"message", signature)


@pytest.mark.parametrize("key_type", SIGNING_TYPES)
def test_a_key_is_made_again_from_its_secret(key_type: str) -> None:
    key = key_types.generate(key_type)
    assert key_types.private_key(key_type, key.secret) == key
    assert key_types.public_key(key_type, key.public().raw) == key.public()


@pytest.mark.parametrize(
    ("key_type", "algorithm"), [("Ed25519", "EdDSA"), ("P-256", "ES256"), ("secp256k1", "ES256K")]
)
def test_each_type_names_its_jose_algorithm(key_type: str, algorithm: str) -> None:
    assert key_types.generate(key_type).algorithm == algorithm


def test_ed25519_is_what_is_made_where_nothing_is_named() -> None:
    assert isinstance(key_types.generate(), ed25519.PrivateKey)


@pytest.mark.parametrize("key_type", SIGNING_TYPES)
def test_two_new_keys_are_never_the_same(key_type: str) -> None:
    assert len({key_types.generate(key_type).secret for _ in range(20)}) == 20


@pytest.mark.parametrize("key_type", SIGNING_TYPES)
def test_a_signature_of_one_type_is_none_of_another(key_type: str) -> None:
    signature = key_types.private_key(key_type, SECRET).sign(b"message")
    for other in SIGNING_TYPES:
        public = key_types.private_key(other, SECRET).public()
        assert public.verify(b"message", signature) == (other == key_type)


@pytest.mark.parametrize("key_type", [*SIGNING_TYPES, "X25519"])
def test_no_secret_is_in_what_python_shows_of_a_key(key_type: str) -> None:
    key = (
        ed25519.X25519PrivateKey(SECRET) if key_type == "X25519" else key_types.private_key(key_type, SECRET)
    )
    shown = [repr(key), str(key), f"{key}", repr([key])]
    assert "nobody" not in "".join(shown)
    assert SECRET.hex() not in "".join(shown)
    assert str(int.from_bytes(SECRET, "big")) not in "".join(shown)


@pytest.mark.parametrize("key_type", SIGNING_TYPES)
@pytest.mark.parametrize("length", [0, 31, 33, 64])
def test_a_secret_of_another_length_is_refused_without_showing_it(key_type: str, length: int) -> None:
    with pytest.raises(MalformedInput, match=f"this one {length}") as caught:
        key_types.private_key(key_type, (SECRET * 2)[:length])
    assert "nobody" not in "".join(traceback.format_exception_only(caught.value))


@pytest.mark.parametrize("key_type", SIGNING_TYPES)
def test_a_key_cannot_be_changed(key_type: str) -> None:
    key = key_types.generate(key_type)
    with pytest.raises((AttributeError, TypeError)):
        key.secret = b"x" * 32  # type: ignore[misc]


@pytest.mark.parametrize("key_type", ["P-384", "X25519", "RSA", "", "ed25519"])
def test_no_key_is_made_of_a_type_that_does_not_sign(key_type: str) -> None:
    with pytest.raises(UsageError, match="are made"):
        key_types.generate(key_type)
    with pytest.raises(Undetermined, match="not supported"):
        key_types.private_key(key_type, SECRET)


@pytest.mark.parametrize("key_type", ["P-521", "RSA", "", "p-256"])
def test_a_public_key_of_an_unknown_type_is_undetermined(key_type: str) -> None:
    with pytest.raises(Undetermined, match="not supported"):
        key_types.public_key(key_type, bytes(32))


@pytest.mark.parametrize("key_type", PUBLIC_TYPES)
@pytest.mark.parametrize(
    "raw", [b"", bytes(31), bytes(34), b"\2" + b"\xff" * 32, bytes(49), b"\5" + bytes(32)]
)
def test_bytes_that_are_no_public_key_of_the_type_are_refused(key_type: str, raw: bytes) -> None:
    with pytest.raises(MalformedInput):
        key_types.public_key(key_type, raw)


@pytest.mark.parametrize(
    "raw",
    [
        pytest.param(bytes(32), id="small order"),
        pytest.param(b"\1" + bytes(31), id="the neutral element"),
        pytest.param(b"\2" + bytes(31), id="not on the curve"),
        pytest.param(b"\xff" * 32, id="not reduced"),
    ],
)
def test_an_ed25519_key_from_outside_is_a_point_of_the_group(raw: bytes) -> None:
    with pytest.raises(MalformedInput, match="no point"):
        key_types.public_key("Ed25519", raw)


def test_a_key_agreement_key_is_never_taken_for_one_that_signs() -> None:
    private = ed25519.X25519PrivateKey(SECRET)
    with pytest.raises(Undetermined, match="verifies no signature"):
        key_types.verifying(private.public())
    with pytest.raises(Undetermined, match="signs nothing"):
        key_types.signing(private)
    key = key_types.generate()
    assert key_types.signing(key) is key
    assert key_types.verifying(key.public()) == key.public()


def test_an_x25519_pair_derived_from_an_ed25519_pair_belongs_together() -> None:
    key = ed25519.generate()
    private = ed25519.X25519PrivateKey(crypto_sign_ed25519_sk_to_curve25519(key.seed + key.public().raw))
    assert private.public() == ed25519.key_agreement_key(key.public())


@pytest.mark.parametrize("raw", [bytes(32), b"\1" + bytes(31), b"\2" + bytes(31)])
def test_no_x25519_key_is_derived_from_what_is_no_point_of_the_group(raw: bytes) -> None:
    with pytest.raises(MalformedInput, match="no point"):
        ed25519.key_agreement_key(ed25519.PublicKey(raw))


@pytest.mark.parametrize("length", [0, 31, 33])
def test_an_x25519_key_has_32_bytes(length: int) -> None:
    with pytest.raises(MalformedInput, match=f"this one {length}"):
        ed25519.X25519PublicKey(bytes(length))
    with pytest.raises(MalformedInput, match=f"this one {length}"):
        ed25519.X25519PrivateKey(bytes(length))
