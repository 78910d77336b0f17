"""ECDSA on P-256, secp256k1 and P-384, with signatures as in JOSE."""

from __future__ import annotations

import pytest

from ipse.encoding import base64url
from ipse.errors import MalformedInput, Undetermined
from ipse.keys.ecdsa import PRIVATE_TYPES, PUBLIC_TYPES, PrivateKey, PublicKey

ORDER = {
    "P-256": 0xFFFFFFFF00000000FFFFFFFFFFFFFFFFBCE6FAADA7179E84F3B9CAC2FC632551,
    "secp256k1": 0xFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFEBAAEDCE6AF48A03BBFD25E8CD0364141,
}
# RFC 6979 appendix A.2.5 with SHA-256; for secp256k1 the vector that Bitcoin implementations share.
RFC_6979 = [
    pytest.param(
        "P-256",
        "c9afa9d845ba75166b5c215767b1d6934e50c3db36e89b127b8a622b120f6721",
        b"sample",
        "efd48b2aacb6a8fd1140dd9cd45e81d69d2c877b56aaf991c34d0ea84eaf3716"
        "f7cb1c942d657c41d436c7a1b6e29f65f3e900dbb9aff4064dc4ab2f843acda8",
        id="P-256 sample",
    ),
    pytest.param(
        "P-256",
        "c9afa9d845ba75166b5c215767b1d6934e50c3db36e89b127b8a622b120f6721",
        b"test",
        "f1abb023518351cd71d881567b1ea663ed3efcf6c5132b354f28d3b0b7d38367"
        "019f4113742a2b14bd25926b49c649155f267e60d3814b4c0cc84250e46f0083",
        id="P-256 test",
    ),
    pytest.param(
        "secp256k1",
        f"{1:064x}",
        b"Satoshi Nakamoto",
        "934b1ea10a4b3c1757e2b0c017d0b6143ce3c9a7e6a4a49860d7a6ab210ee3d8"
        "2442ce9d2b916064108014783e923ec36b49743e2ffa1c4496f01a512aafd9e5",
        id="secp256k1",
    ),
]
# RFC 6979 appendix A.2.6, SHA-384, "sample".
P384_X = "ec3a4e415b4e19a4568618029f427fa5da9a8bc4ae92e02e06aae5286b300c64def8f0ea9055866064a254515480bc13"
P384_Y = "8015d9b72d7d57244ea8ef9ac0c621896708a59367f9dfb9f54ca84b3f1c9db1288b231c3ae0d4fe7344fd2533264720"
P384_SIGNATURE = (
    "94edbb92a5ecb8aad4736e56c691916b3f88140666ce9fa73d64c4ea95ad133c81a648152e44acf96e36dd1e80fabe46"
    "99ef4aeb15f178cea1fe40db2603138f130e740a19624526203b6351d0a3a94fa329c145786e679e7b82c71a38628ac8"
)
KEYS = {key_type: PrivateKey(key_type, bytes(range(1, 33))) for key_type in PRIVATE_TYPES}


def deterministic() -> bool:
    key = KEYS["P-256"]
    return key.sign(b"message") == key.sign(b"message")


@pytest.mark.parametrize(("key_type", "secret", "message", "signature"), RFC_6979)
def test_the_vectors_of_rfc_6979_are_verified_and_signed_where_openssl_is_deterministic(
    key_type: str, secret: str, message: bytes, signature: str
) -> None:
    key = PrivateKey(key_type, bytes.fromhex(secret))
    assert key.public().verify(message, bytes.fromhex(signature))
    if not deterministic():
        pytest.skip("this OpenSSL has no deterministic ECDSA")
    assert key.sign(message).hex() == signature


def test_the_p384_vector_of_rfc_6979_is_verified() -> None:
    key = PublicKey.from_coordinates("P-384", bytes.fromhex(P384_X), bytes.fromhex(P384_Y))
    assert key.algorithm == "ES384"
    assert key.verify(b"sample", bytes.fromhex(P384_SIGNATURE))
    assert not key.verify(b"simple", bytes.fromhex(P384_SIGNATURE))
    assert not key.verify(b"sample", bytes.fromhex(P384_SIGNATURE)[:64])


def test_the_es256_example_of_rfc_7515_is_verified() -> None:
    key = PublicKey.from_coordinates(
        "P-256",
        base64url.decode("f83OJ3D2xF1Bg8vub9tLe1gHMzV76e8Tus9uPHvRVEU"),
        base64url.decode("x_FEzRu9m36HLN_tue659LNpXW6pCyStikYjKIWI5a0"),
    )
    signed = (
        b"eyJhbGciOiJFUzI1NiJ9.eyJpc3MiOiJqb2UiLA0KICJleHAiOjEzMDA4MTkzODAsDQogImh0dHA6Ly9leGFtc"
        b"GxlLmNvbS9pc19yb290Ijp0cnVlfQ"
    )
    signature = "DtEhU3ljbEg8L38VWAfUAqOyKAM6-Xx-F4GawxaepmXFCgfTjDxw5djxLa8ISlSApmWQxfKTUJqPP3-Kg6NU1Q"
    assert key.verify(signed, base64url.decode(signature))


@pytest.mark.parametrize("key_type", PRIVATE_TYPES)
def test_every_flipped_bit_breaks_a_signature(key_type: str) -> None:
    public, signature = KEYS[key_type].public(), KEYS[key_type].sign(b"message")
    for position in range(len(signature) * 8):
        flipped = bytearray(signature)
        flipped[position // 8] ^= 1 << position % 8
        assert not public.verify(b"message", bytes(flipped))


@pytest.mark.parametrize("key_type", PRIVATE_TYPES)
@pytest.mark.parametrize("length", [0, 1, 63, 65, 70, 96, 128])
def test_a_signature_of_another_length_is_invalid_and_no_failure(key_type: str, length: int) -> None:
    signature = (KEYS[key_type].sign(b"message") * 2)[:length]
    assert not KEYS[key_type].public().verify(b"message", signature)


@pytest.mark.parametrize("key_type", PRIVATE_TYPES)
def test_a_signature_in_der_is_not_read(key_type: str) -> None:
    from cryptography.hazmat.primitives.asymmetric.utils import encode_dss_signature

    signature = KEYS[key_type].sign(b"message")
    der = encode_dss_signature(int.from_bytes(signature[:32], "big"), int.from_bytes(signature[32:], "big"))
    assert not KEYS[key_type].public().verify(b"message", der)


@pytest.mark.parametrize("key_type", PRIVATE_TYPES)
def test_r_and_s_lie_between_one_and_the_order(key_type: str) -> None:
    key, order = KEYS[key_type], ORDER[key_type]
    signature = key.sign(b"message")
    r, s = int.from_bytes(signature[:32], "big"), int.from_bytes(signature[32:], "big")
    top = 2**256 - 1
    for bad_r, bad_s in [
        (0, 0), (0, s), (r, 0), (order, s), (r, order), (order, order), (0, 1), (1, 0), (top, s), (r, top),
        (order, 0), (0, order), (order + 1, 1),
    ]:  # fmt: skip
        assert not key.public().verify(b"message", bad_r.to_bytes(32, "big") + bad_s.to_bytes(32, "big"))


@pytest.mark.parametrize("key_type", PRIVATE_TYPES)
def test_trivial_signatures_are_of_no_message(key_type: str) -> None:
    for r, s in [(1, 1), (1, ORDER[key_type] - 1), (ORDER[key_type] - 1, 1)]:
        assert not KEYS[key_type].public().verify(b"", r.to_bytes(32, "big") + s.to_bytes(32, "big"))


def test_on_secp256k1_the_lower_s_is_written_and_both_are_read() -> None:
    order = ORDER["secp256k1"]
    key = KEYS["secp256k1"]
    for message in (bytes([number]) for number in range(40)):
        signature = key.sign(message)
        s = int.from_bytes(signature[32:], "big")
        assert s <= order // 2
        assert key.public().verify(message, signature[:32] + (order - s).to_bytes(32, "big"))


@pytest.mark.parametrize("key_type", PRIVATE_TYPES)
def test_a_private_key_lies_between_one_and_the_order(key_type: str) -> None:
    order = ORDER[key_type]
    for number in (0, order, order + 1, 2**256 - 1):
        with pytest.raises(MalformedInput, match="outside 1 to n-1"):
            PrivateKey(key_type, number.to_bytes(32, "big"))
    for number in (1, order - 1):
        key = PrivateKey(key_type, number.to_bytes(32, "big"))
        assert key.public().verify(b"message", key.sign(b"message"))


@pytest.mark.parametrize("key_type", PRIVATE_TYPES)
def test_only_the_compressed_form_of_a_point_is_a_key(key_type: str) -> None:
    public = KEYS[key_type].public()
    x, y = public.coordinates()
    hybrid = bytes([6 + (y[-1] & 1)])
    for raw in (b"\4" + x + y, hybrid + x + y, hybrid + x, b"\4" + x, b"\0" + x, b"\0", x, x + y, b"\5" + x):
        with pytest.raises(MalformedInput):
            PublicKey(key_type, raw)


@pytest.mark.parametrize(
    ("key_type", "x"), [("P-256", b"\xff" * 32), ("secp256k1", bytes(32)), ("P-384", b"\xff" * 48)]
)
def test_a_point_that_is_not_on_the_curve_is_refused(key_type: str, x: bytes) -> None:
    with pytest.raises(MalformedInput, match="not on the curve"):
        PublicKey(key_type, b"\2" + x)


@pytest.mark.parametrize("key_type", PRIVATE_TYPES)
def test_coordinates_belong_to_one_point_of_the_curve(key_type: str) -> None:
    public = KEYS[key_type].public()
    x, y = public.coordinates()
    assert PublicKey.from_coordinates(key_type, x, y) == public
    for bad in (bytes([y[0] ^ 1]) + y[1:], bytes(32), x):
        with pytest.raises(MalformedInput, match="not on the curve"):
            PublicKey.from_coordinates(key_type, x, bad)
    for bad_x, bad_y in [(x[1:], y), (x, y[1:]), (b"\0" + x, y), (x, b"\0" + y), (b"", b"")]:
        with pytest.raises(MalformedInput, match="bytes, this one"):
            PublicKey.from_coordinates(key_type, bad_x, bad_y)


@pytest.mark.parametrize("curve", PRIVATE_TYPES)
@pytest.mark.parametrize("other", PUBLIC_TYPES)
def test_a_point_of_one_curve_is_none_of_another(curve: str, other: str) -> None:
    x, y = KEYS[curve].public().coordinates()
    if curve == other:
        assert PublicKey.from_coordinates(other, x, y).key_type == other
    else:
        with pytest.raises(MalformedInput):
            PublicKey.from_coordinates(other, x, y)


def test_an_unknown_curve_is_undetermined() -> None:
    with pytest.raises(Undetermined):
        PublicKey("P-521", bytes(67))
    with pytest.raises(Undetermined):
        PrivateKey("P-384", bytes(48))
