"""Public keys as Multikey and as JWK."""

from __future__ import annotations

from typing import Any

import pytest

from ipse.encoding import base64url, multibase
from ipse.errors import MalformedInput, Undetermined
from ipse.keys import jwk, multikey
from ipse.keys.ed25519 import PrivateKey, PublicKey

# RFC 8037 appendix A.1 and A.2.
RFC_8037_SEED = "nWGxne_9WmC6hEr0kuwsxERJxWl7MmkZcDusAxyuf2A"
RFC_8037_PUBLIC = {"kty": "OKP", "crv": "Ed25519", "x": "11qYAYKxCrfVS_7TyWQHOg7hcvPapiMlrwIaaPcHURo"}

KEY = PrivateKey(bytes(range(32))).public()


def test_the_example_of_rfc_8037_is_written_and_read() -> None:
    key = PrivateKey(base64url.decode(RFC_8037_SEED))
    assert jwk.public_to_jwk(key.public()) == RFC_8037_PUBLIC
    assert jwk.private_to_jwk(key) == {**RFC_8037_PUBLIC, "d": RFC_8037_SEED}
    assert jwk.public_from_jwk(RFC_8037_PUBLIC) == key.public()


def test_members_that_do_not_describe_the_key_are_ignored() -> None:
    described = {**RFC_8037_PUBLIC, "kid": "1", "use": "sig", "alg": "EdDSA"}
    assert jwk.public_to_jwk(jwk.public_from_jwk(described)) == RFC_8037_PUBLIC


@pytest.mark.parametrize("value", [None, 1, "OKP", [], [RFC_8037_PUBLIC], True])
def test_a_jwk_is_an_object(value: Any) -> None:
    with pytest.raises(MalformedInput, match="a JWK is a JSON object"):
        jwk.public_from_jwk(value)


@pytest.mark.parametrize(
    "change",
    [
        {"kty": "EC", "crv": "P-256", "y": "AA"},
        {"kty": "RSA"},
        {"crv": "X25519"},
        {"crv": "ed25519"},
        {"crv": None},
        {"kty": ["OKP"]},
        {"kty": {}},
    ],
)
def test_another_key_type_is_undetermined_and_not_called_invalid(change: dict[str, Any]) -> None:
    with pytest.raises(Undetermined, match="is not supported"):
        jwk.public_from_jwk({**RFC_8037_PUBLIC, **change})


@pytest.mark.parametrize("d", [RFC_8037_SEED, "", None])
def test_a_private_key_where_a_public_one_belongs_is_refused_without_showing_it(d: str | None) -> None:
    with pytest.raises(MalformedInput) as caught:
        jwk.public_from_jwk({**RFC_8037_PUBLIC, "d": d})
    assert RFC_8037_SEED not in str(caught.value)


@pytest.mark.parametrize(
    "x",
    [
        None,
        1,
        [],
        "",
        "AA",
        RFC_8037_PUBLIC["x"] + "=",
        RFC_8037_PUBLIC["x"] + "AA",
        RFC_8037_PUBLIC["x"][:-1] + "p",
    ],
)
def test_an_x_that_is_not_32_bytes_in_their_one_spelling_is_refused(x: Any) -> None:
    with pytest.raises(MalformedInput):
        jwk.public_from_jwk({**RFC_8037_PUBLIC, "x": x})


def test_an_absent_x_is_refused() -> None:
    with pytest.raises(MalformedInput, match="no member x"):
        jwk.public_from_jwk({"kty": "OKP", "crv": "Ed25519"})


def test_a_multikey_of_ed25519_starts_with_z6mk() -> None:
    assert multikey.encode(KEY).startswith("z6Mk")
    assert multikey.decode(multikey.encode(KEY)) == KEY


@pytest.mark.parametrize(
    ("codec", "name"),
    [
        (0xE7, "secp256k1"),
        (0xEC, "X25519"),
        (0x1200, "P-256"),
        (0x1201, "P-384"),
        (0x1202, "P-521"),
        (0x1300, "multicodec 0x1300"),
        (0, "multicodec 0x0"),
    ],
)
def test_a_multikey_of_another_type_is_undetermined_by_name(codec: int, name: str) -> None:
    written = multibase.encode_base58btc(multibase.encode_varint(codec) + bytes(33))
    with pytest.raises(Undetermined, match=f"key type {name} is not supported"):
        multikey.decode(written)


def test_the_codec_of_a_private_key_is_not_read_as_a_public_one() -> None:
    with pytest.raises(Undetermined):
        multikey.decode(multibase.encode_base58btc(multibase.encode_varint(0x1300) + KEY.raw))


@pytest.mark.parametrize(
    "written",
    [
        pytest.param(b"", id="nothing"),
        pytest.param(b"\xed", id="half a codec"),
        pytest.param(b"\xed\x01", id="no key"),
        pytest.param(b"\xed\x01" + KEY.raw[:-1], id="a byte short"),
        pytest.param(b"\xed\x01" + KEY.raw + b"\0", id="a byte long"),
        pytest.param(b"\xed\x81\x00" + KEY.raw, id="a long varint"),
    ],
)
def test_a_malformed_multikey_is_refused(written: bytes) -> None:
    with pytest.raises(MalformedInput):
        multikey.decode(multibase.encode_base58btc(written))


def test_the_public_forms_hold_no_private_byte() -> None:
    key = PrivateKey(base64url.decode(RFC_8037_SEED))
    assert RFC_8037_SEED not in str(jwk.public_to_jwk(key.public()))
    assert multikey.decode(multikey.encode(key.public())) == PublicKey(key.public().raw)
