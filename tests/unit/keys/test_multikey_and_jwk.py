"""Keys as Multikey and as JWK."""

from __future__ import annotations

from typing import Any

import pytest

from ipse.encoding import base64url, multibase
from ipse.errors import MalformedInput, Undetermined
from ipse.keys import ecdsa, ed25519, key_types
from ipse.keys.ed25519 import PrivateKey, PublicKey
from ipse.keys.key_types import SIGNING_TYPES, AnyPrivateKey, AnyPublicKey
from tests.unit.keys.material import secret_multikey

# RFC 8037 appendix A.1 and A.2.
RFC_8037_SEED = "nWGxne_9WmC6hEr0kuwsxERJxWl7MmkZcDusAxyuf2A"
RFC_8037_PUBLIC = {"kty": "OKP", "crv": "Ed25519", "x": "11qYAYKxCrfVS_7TyWQHOg7hcvPapiMlrwIaaPcHURo"}

KEY = PrivateKey(bytes(range(32))).public()


def test_the_example_of_rfc_8037_is_written_and_read() -> None:
    key = PrivateKey(base64url.decode(RFC_8037_SEED))
    assert key_types.public_to_jwk(key.public()) == RFC_8037_PUBLIC
    assert key_types.private_to_jwk(key) == {**RFC_8037_PUBLIC, "d": RFC_8037_SEED}
    assert key_types.public_from_jwk(RFC_8037_PUBLIC) == key.public()


def test_members_that_do_not_describe_the_key_are_ignored() -> None:
    described = {**RFC_8037_PUBLIC, "kid": "1", "use": "sig", "alg": "EdDSA"}
    assert key_types.public_to_jwk(key_types.public_from_jwk(described)) == RFC_8037_PUBLIC


@pytest.mark.parametrize("value", [None, 1, "OKP", [], [RFC_8037_PUBLIC], True])
def test_a_jwk_is_an_object(value: Any) -> None:
    with pytest.raises(MalformedInput, match="a JWK is a JSON object"):
        key_types.public_from_jwk(value)


@pytest.mark.parametrize(
    "change",
    [
        {"kty": "EC", "crv": "P-521"},
        {"kty": "EC"},
        {"crv": "P-256"},
        {"kty": "RSA"},
        {"kty": "oct"},
        {"crv": "X448"},
        {"crv": "Ed448"},
        {"crv": ["Ed25519"]},
        {"crv": "ed25519"},
        {"crv": None},
        {"kty": ["OKP"]},
        {"kty": {}},
    ],
)
def test_another_key_type_is_undetermined_and_not_called_invalid(change: dict[str, Any]) -> None:
    with pytest.raises(Undetermined, match="is not supported"):
        key_types.public_from_jwk({**RFC_8037_PUBLIC, **change})


@pytest.mark.parametrize("d", [RFC_8037_SEED, "", None])
def test_a_private_key_where_a_public_one_belongs_is_refused_without_showing_it(d: str | None) -> None:
    with pytest.raises(MalformedInput) as caught:
        key_types.public_from_jwk({**RFC_8037_PUBLIC, "d": d})
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
        key_types.public_from_jwk({**RFC_8037_PUBLIC, "x": x})


def test_an_absent_x_is_refused() -> None:
    with pytest.raises(MalformedInput, match="no member x"):
        key_types.public_from_jwk({"kty": "OKP", "crv": "Ed25519"})


def test_a_multikey_of_ed25519_starts_with_z6mk() -> None:
    assert key_types.to_multikey(KEY).startswith("z6Mk")
    assert key_types.from_multikey(key_types.to_multikey(KEY)) == KEY


@pytest.mark.parametrize(
    ("codec", "name"),
    [
        (0x1202, "P-521"),
        (0x1203, "Ed448"),
        (0x1205, "RSA"),
        (0x1307, "P-384"),
        (0x99, "multicodec 0x99"),
        (0, "multicodec 0x0"),
    ],
)
def test_a_multikey_of_another_type_is_undetermined_by_name(codec: int, name: str) -> None:
    written = multibase.encode_base58btc(multibase.encode_varint(codec) + bytes(33))
    with pytest.raises(Undetermined, match=f"key type {name} is not supported"):
        key_types.from_multikey(written)


def test_the_codec_of_a_private_key_is_not_read_as_a_public_one() -> None:
    with pytest.raises(MalformedInput, match="private key where a public one belongs"):
        key_types.from_multikey(multibase.encode_base58btc(multibase.encode_varint(0x1300) + KEY.raw))


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
        key_types.from_multikey(multibase.encode_base58btc(written))


def test_the_public_forms_hold_no_private_byte() -> None:
    key = PrivateKey(base64url.decode(RFC_8037_SEED))
    assert RFC_8037_SEED not in str(key_types.public_to_jwk(key.public()))
    assert key_types.from_multikey(key_types.to_multikey(key.public())) == PublicKey(key.public().raw)


# Keys whose coordinates begin with a zero byte: the secret numbers of the first such.
ZERO_X = {"P-256": 379, "secp256k1": 153}
ZERO_Y = {"P-256": 43, "secp256k1": 122}
# RFC 6979 appendix A.2.6.
P384 = ecdsa.PublicKey.from_coordinates(
    "P-384",
    bytes.fromhex(
        "ec3a4e415b4e19a4568618029f427fa5da9a8bc4ae92e02e06aae5286b300c64def8f0ea9055866064a254515480bc13"
    ),
    bytes.fromhex(
        "8015d9b72d7d57244ea8ef9ac0c621896708a59367f9dfb9f54ca84b3f1c9db1288b231c3ae0d4fe7344fd2533264720"
    ),
)
SECRET = bytes(range(1, 33))
PRIVATE: dict[str, AnyPrivateKey] = {
    **{key_type: key_types.private_key(key_type, SECRET) for key_type in SIGNING_TYPES},
    "X25519": ed25519.X25519PrivateKey(SECRET),
}
PUBLIC: dict[str, AnyPublicKey] = {**{name: key.public() for name, key in PRIVATE.items()}, "P-384": P384}


def multikey_of(codec: int, raw: bytes) -> str:
    return multibase.encode_base58btc(multibase.encode_varint(codec) + raw)


@pytest.mark.parametrize(
    ("key_type", "start"),
    [("Ed25519", "z6Mk"), ("X25519", "z6LS"), ("secp256k1", "zQ3s"), ("P-256", "zDn"), ("P-384", "z82L")],
)
def test_every_public_type_has_its_prefix_and_reads_back(key_type: str, start: str) -> None:
    written = key_types.to_multikey(PUBLIC[key_type])
    assert written.startswith(start)
    assert key_types.from_multikey(written) == PUBLIC[key_type]


@pytest.mark.parametrize(
    ("codec", "raw"),
    [
        pytest.param(codec, raw, id=f"{codec:#x} {len(raw)} bytes from {raw[:1].hex()}")
        for codec, length in [(0xED, 32), (0xE7, 33), (0x1200, 33), (0x1201, 49)]
        for raw in [b"", bytes(length - 1), bytes(length + 1), b"\2" + b"\xff" * (length - 1), bytes(length)]
    ],
)
def test_a_multikey_that_is_no_point_of_its_curve_is_refused(codec: int, raw: bytes) -> None:
    with pytest.raises(MalformedInput):
        key_types.from_multikey(multikey_of(codec, raw))


@pytest.mark.parametrize("key_type", ["P-256", "secp256k1"])
def test_an_uncompressed_point_is_no_multikey(key_type: str) -> None:
    key = PUBLIC[key_type]
    assert isinstance(key, ecdsa.PublicKey)
    codec = {"P-256": 0x1200, "secp256k1": 0xE7}[key_type]
    with pytest.raises(MalformedInput):
        key_types.from_multikey(multikey_of(codec, b"\4" + b"".join(key.coordinates())))


@pytest.mark.parametrize("key_type", SIGNING_TYPES)
def test_a_secret_multikey_reads_back(key_type: str) -> None:
    key = key_types.private_key(key_type, SECRET)
    assert key_types.secret_from_multikey(secret_multikey(key)) == key


def test_a_secret_multikey_of_ed25519_starts_with_z3u2() -> None:
    assert secret_multikey(PrivateKey(SECRET)).startswith("z3u2")


def test_the_older_secret_multikey_with_both_halves_is_read_if_they_belong_together() -> None:
    key = PrivateKey(SECRET)
    assert key_types.secret_from_multikey(multikey_of(0x1300, SECRET + key.public().raw)) == key
    with pytest.raises(MalformedInput, match="do not belong together"):
        key_types.secret_from_multikey(multikey_of(0x1300, SECRET + KEY.raw))


@pytest.mark.parametrize("codec", [0x1300, 0x1301, 0x1306])
@pytest.mark.parametrize("raw", [b"", bytes(31), bytes(33), SECRET * 3])
def test_a_secret_multikey_of_another_length_is_refused(codec: int, raw: bytes) -> None:
    with pytest.raises(MalformedInput, match="32 bytes"):
        key_types.secret_from_multikey(multikey_of(codec, raw))


@pytest.mark.parametrize("codec", [0x1301, 0x1306])
@pytest.mark.parametrize("raw", [bytes(32), b"\xff" * 32])
def test_a_secret_multikey_outside_the_order_is_refused(codec: int, raw: bytes) -> None:
    with pytest.raises(MalformedInput, match="outside 1 to n-1"):
        key_types.secret_from_multikey(multikey_of(codec, raw))


def test_a_public_multikey_where_a_private_one_belongs_is_refused() -> None:
    for key in PUBLIC.values():
        with pytest.raises(MalformedInput, match="public key where a private one belongs"):
            key_types.secret_from_multikey(key_types.to_multikey(key))


@pytest.mark.parametrize(
    ("codec", "name"), [(0x1307, "P-384"), (0x1305, "RSA"), (0x1399, "multicodec 0x1399")]
)
def test_a_secret_multikey_of_another_type_is_undetermined_by_name(codec: int, name: str) -> None:
    with pytest.raises(Undetermined, match=f"private key type {name} is not supported"):
        key_types.secret_from_multikey(multikey_of(codec, SECRET))


@pytest.mark.parametrize("key_type", PUBLIC)
def test_every_public_type_reads_back_from_its_jwk(key_type: str) -> None:
    written = key_types.public_to_jwk(PUBLIC[key_type])
    assert "d" not in written
    assert written["crv"] == key_type
    assert key_types.public_from_jwk(written) == PUBLIC[key_type]
    with pytest.raises(MalformedInput, match="public key where a private one belongs"):
        key_types.private_from_jwk(written)


@pytest.mark.parametrize("key_type", PRIVATE)
def test_every_private_type_reads_back_from_its_jwk(key_type: str) -> None:
    written = key_types.private_to_jwk(PRIVATE[key_type])
    assert key_types.private_from_jwk(written) == PRIVATE[key_type]
    with pytest.raises(MalformedInput, match="private key where a public one belongs"):
        key_types.public_from_jwk(written)


@pytest.mark.parametrize("key_type", ZERO_X)
def test_leading_zeros_of_coordinates_are_kept_and_asked_for(key_type: str) -> None:
    for member, numbers in (("x", ZERO_X), ("y", ZERO_Y)):
        key = key_types.private_key(key_type, numbers[key_type].to_bytes(32, "big"))
        written = key_types.private_to_jwk(key)
        assert [len(base64url.decode(written[name])) for name in "xyd"] == [32, 32, 32]
        assert base64url.decode(written[member])[0] == 0
        assert key_types.private_from_jwk(written) == key
        for name in (member, "d"):
            short = {**written, name: base64url.encode(base64url.decode(written[name])[1:])}
            with pytest.raises(MalformedInput, match="32 bytes, this one 31"):
                key_types.private_from_jwk(short)


@pytest.mark.parametrize("key_type", PRIVATE)
def test_the_halves_of_a_private_jwk_belong_together(key_type: str) -> None:
    written = key_types.private_to_jwk(PRIVATE[key_type])
    other = base64url.encode(bytes(range(2, 34)))
    with pytest.raises(MalformedInput, match="do not belong together") as caught:
        key_types.private_from_jwk({**written, "d": other})
    assert other not in str(caught.value)


@pytest.mark.parametrize(
    ("key_type", "member"),
    [
        (key_type, member)
        for key_type, key in PUBLIC.items()
        for member in "xy"
        if member in key_types.public_to_jwk(key)
    ],
)
@pytest.mark.parametrize("value", [None, 1, "", "AA", "****", "A" * 42, "A" * 44, "A" * 63])
def test_a_member_that_is_no_coordinate_of_the_curve_is_refused(
    key_type: str, member: str, value: Any
) -> None:
    written = key_types.public_to_jwk(PUBLIC[key_type])
    with pytest.raises(MalformedInput):
        key_types.public_from_jwk({**written, member: value})


def test_the_private_half_of_p384_is_undetermined() -> None:
    with pytest.raises(Undetermined, match="P-384"):
        key_types.private_from_jwk(
            {**key_types.public_to_jwk(P384), "d": base64url.encode(SECRET + bytes(16))}
        )


@pytest.mark.parametrize("member", ["kty", "crv"])
def test_what_stands_in_the_place_of_a_name_is_not_quoted(member: str) -> None:
    with pytest.raises(Undetermined) as caught:
        key_types.private_from_jwk({**RFC_8037_PUBLIC, member: RFC_8037_SEED})
    assert RFC_8037_SEED not in caught.value.message + caught.value.hint
