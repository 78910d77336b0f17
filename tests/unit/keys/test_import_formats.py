"""Private keys as other programs write them are read; nothing else is, and no error quotes one."""

from __future__ import annotations

import json
import shutil
import subprocess
import traceback
from collections.abc import Callable
from functools import partial
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ipse.encoding import base64url
from ipse.errors import (
    InputTooLarge,
    IpseError,
    MalformedInput,
    MissingFeature,
    PassphraseNeeded,
    Undetermined,
    WrongPassphrase,
)
from ipse.keys import ed25519, key_types
from ipse.keys.import_formats import MAX_BYTES, read_private_key
from ipse.keys.key_types import SIGNING_TYPES, PrivateKey
from tests.examples import examples
from tests.unit.keys.material import secret_multikey

SECRET = bytes(range(1, 33))
KEYS = {key_type: key_types.private_key(key_type, SECRET) for key_type in SIGNING_TYPES}
EC_TYPES = [key_type for key_type in SIGNING_TYPES if key_type != "Ed25519"]
PASSPHRASE = b"correct horse battery staple"

needs_openssl = pytest.mark.skipif(shutil.which("openssl") is None, reason="openssl is not installed")
needs_ssh_keygen = pytest.mark.skipif(
    shutil.which("ssh-keygen") is None, reason="ssh-keygen is not installed"
)


def never() -> bytes:
    raise AssertionError("nobody is asked for the passphrase of a key in clear")


def library_key(key: PrivateKey) -> Any:
    from cryptography.hazmat.primitives.asymmetric import ec
    from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

    if key.key_type == "Ed25519":
        return Ed25519PrivateKey.from_private_bytes(key.secret)
    curve = {"P-256": ec.SECP256R1(), "secp256k1": ec.SECP256K1()}[key.key_type]
    return ec.derive_private_key(int.from_bytes(key.secret, "big"), curve)


def pem(key: PrivateKey, form: str = "PKCS8", passphrase: bytes | None = None) -> bytes:
    from cryptography.hazmat.primitives import serialization

    locked = serialization.BestAvailableEncryption(passphrase) if passphrase else serialization.NoEncryption()
    return bytes(
        library_key(key).private_bytes(
            serialization.Encoding.PEM, getattr(serialization.PrivateFormat, form), locked
        )
    )


def public_pem(key: PrivateKey) -> bytes:
    from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat

    written = library_key(key).public_key().public_bytes(Encoding.PEM, PublicFormat.SubjectPublicKeyInfo)
    return bytes(written)


def openssl(*arguments: str, stdin: bytes = b"") -> bytes:
    return subprocess.run(["openssl", *arguments], input=stdin, capture_output=True, check=True).stdout


@pytest.mark.parametrize("key_type", SIGNING_TYPES)
def test_every_format_in_clear_is_read_without_a_passphrase(key_type: str) -> None:
    key = KEYS[key_type]
    written = [
        json.dumps(key_types.private_to_jwk(key)).encode(),
        b"\n  " + json.dumps({**key_types.private_to_jwk(key), "kid": "1"}, indent=2).encode() + b"\n",
        secret_multikey(key).encode(),
        secret_multikey(key).encode() + b"\r\n",
        json.dumps({"type": "Multikey", "secretKeyMultibase": secret_multikey(key)}).encode(),
        pem(key),
        pem(key).replace(b"\n", b"\r\n"),
        b"Bag Attributes\n  a line of text before it\n" + pem(key),
    ]
    if key_type != "Ed25519":
        written += [pem(key, "TraditionalOpenSSL"), public_pem(key) + pem(key)]
    for data in written:
        assert read_private_key(data, passphrase=never) == key
        assert read_private_key(data, passphrase=None) == key


def test_an_openssh_file_is_read() -> None:
    key = ed25519.PrivateKey(SECRET)
    assert read_private_key(pem(key, "OpenSSH"), passphrase=never) == key


@pytest.mark.parametrize("key_type", SIGNING_TYPES)
def test_an_encrypted_pkcs8_file_is_opened_by_its_passphrase_alone(key_type: str) -> None:
    data = pem(KEYS[key_type], passphrase=PASSPHRASE)
    assert read_private_key(data, passphrase=lambda: PASSPHRASE) == KEYS[key_type]
    with pytest.raises(PassphraseNeeded):
        read_private_key(data, passphrase=None)
    for wrong in (b"wrong", b"", PASSPHRASE + b"\n", b"\xff\xfe"):
        with pytest.raises(WrongPassphrase):
            read_private_key(data, passphrase=partial(bytes, wrong))


def test_the_passphrase_is_asked_for_once() -> None:
    asked = []

    def passphrase() -> bytes:
        asked.append(1)
        return b"wrong"

    with pytest.raises(WrongPassphrase):
        read_private_key(pem(KEYS["P-256"], passphrase=PASSPHRASE), passphrase=passphrase)
    assert asked == [1]


@needs_openssl
@pytest.mark.parametrize("options", [(), ("-scrypt",), ("-v2", "aes-256-cbc", "-iter", "100000")])
def test_what_openssl_encrypts_is_read(options: tuple[str, ...]) -> None:
    locked = openssl(
        "pkcs8", "-topk8", *options, "-passout", f"pass:{PASSPHRASE.decode()}", stdin=pem(KEYS["Ed25519"])
    )
    assert b"ENCRYPTED" in locked
    assert read_private_key(locked, passphrase=lambda: PASSPHRASE) == KEYS["Ed25519"]


@needs_openssl
@pytest.mark.parametrize(("curve", "key_type"), [("prime256v1", "P-256"), ("secp256k1", "secp256k1")])
def test_what_openssl_makes_is_read(curve: str, key_type: str) -> None:
    made = openssl("ecparam", "-name", curve, "-genkey")
    assert made.count(b"-----BEGIN ") == 2
    assert read_private_key(made, passphrase=never).key_type == key_type
    assert (
        read_private_key(openssl("genpkey", "-algorithm", "ed25519"), passphrase=never).key_type == "Ed25519"
    )


@needs_openssl
def test_an_encrypted_ec_private_key_of_openssl_is_read() -> None:
    locked = openssl(
        "ec",
        "-aes256",
        "-passout",
        f"pass:{PASSPHRASE.decode()}",
        stdin=pem(KEYS["P-256"], "TraditionalOpenSSL"),
    )
    assert b"Proc-Type: 4,ENCRYPTED" in locked
    assert read_private_key(locked, passphrase=lambda: PASSPHRASE) == KEYS["P-256"]
    with pytest.raises(WrongPassphrase):
        read_private_key(locked, passphrase=lambda: b"wrong")


@needs_openssl
@pytest.mark.parametrize(
    ("arguments", "name"),
    [
        (("-algorithm", "RSA", "-pkeyopt", "rsa_keygen_bits:2048"), "RSA"),
        (("-algorithm", "X25519"), "X25519"),
        (("-algorithm", "ED448"), "Ed448"),
        (("-algorithm", "EC", "-pkeyopt", "ec_paramgen_curve:P-384"), "P-384"),
        (("-algorithm", "EC", "-pkeyopt", "ec_paramgen_curve:P-521"), "secp521r1"),
    ],
)
def test_a_private_key_of_another_type_is_undetermined_by_name(arguments: tuple[str, ...], name: str) -> None:
    with pytest.raises(Undetermined, match=f"private key type {name} is not supported"):
        read_private_key(openssl("genpkey", *arguments), passphrase=never)


@needs_openssl
def test_a_curve_that_ipse_does_not_know_is_undetermined() -> None:
    for curve in ("brainpoolP256r1", "secp224r1"):
        with pytest.raises(Undetermined, match="is not supported"):
            read_private_key(openssl("ecparam", "-name", curve, "-genkey"), passphrase=never)


@needs_ssh_keygen
def test_what_ssh_keygen_makes_is_read_and_its_encrypted_form_says_what_it_needs(tmp_path: Path) -> None:
    for name, words in (("clear", ""), ("locked", PASSPHRASE.decode())):
        subprocess.run(
            ["ssh-keygen", "-q", "-t", "ed25519", "-a", "1", "-N", words, "-f", tmp_path / name], check=True
        )
    key = read_private_key((tmp_path / "clear").read_bytes(), passphrase=never)
    assert key.key_type == "Ed25519"
    with pytest.raises(MalformedInput, match="public key where a private one belongs"):
        read_private_key((tmp_path / "clear.pub").read_bytes(), passphrase=never)
    locked = (tmp_path / "locked").read_bytes()
    try:
        import bcrypt  # type: ignore[import-not-found,unused-ignore]  # noqa: F401
    except ImportError:
        with pytest.raises(MissingFeature, match="bcrypt"):
            read_private_key(locked, passphrase=never)
    else:
        assert read_private_key(locked, passphrase=lambda: PASSPHRASE).key_type == "Ed25519"


@needs_ssh_keygen
def test_an_openssh_file_of_rsa_is_undetermined_by_name(tmp_path: Path) -> None:
    subprocess.run(
        ["ssh-keygen", "-q", "-t", "rsa", "-b", "2048", "-N", "", "-f", tmp_path / "key"], check=True
    )
    with pytest.raises(Undetermined, match="private key type RSA"):
        read_private_key((tmp_path / "key").read_bytes(), passphrase=never)


@pytest.mark.parametrize("key_type", SIGNING_TYPES)
def test_a_public_key_where_a_private_one_is_needed_is_named_as_such(key_type: str) -> None:
    public = KEYS[key_type].public()
    written = [
        json.dumps(key_types.public_to_jwk(public)).encode(),
        key_types.to_multikey(public).encode(),
        json.dumps({"type": "Multikey", "publicKeyMultibase": key_types.to_multikey(public)}).encode(),
        public_pem(KEYS[key_type]),
        b"did:key:" + key_types.to_multikey(public).encode(),
    ]
    for data in written:
        with pytest.raises(MalformedInput, match="public key where a private one belongs"):
            read_private_key(data, passphrase=never)


def test_a_key_agreement_key_is_refused() -> None:
    data = json.dumps(key_types.private_to_jwk(ed25519.X25519PrivateKey(SECRET))).encode()
    with pytest.raises(Undetermined, match="signs nothing"):
        read_private_key(data, passphrase=never)


@pytest.mark.parametrize("kind", ["RSA", "oct", "AKP"])
def test_a_jwk_of_another_type_is_undetermined_by_name(kind: str) -> None:
    with pytest.raises(Undetermined, match=f"key type '{kind}'"):
        read_private_key(json.dumps({"kty": kind, "d": "AA"}).encode(), passphrase=never)


@pytest.mark.parametrize(
    "data",
    [
        b"",
        b"\n",
        b"hello",
        b"-----BEGIN",
        b"\0" * 100,
        b"\x30\x2e\x02\x01\x00",
        SECRET,
        SECRET.hex().encode(),
        b"-----BEGIN PGP MESSAGE-----\n\n-----END PGP MESSAGE-----\n",
        b"{}",
        b'{"keys": []}',
        b"{",
        b"z y",
        b"-----BEGIN -----",
    ],
)
def test_what_is_no_private_key_is_refused_with_the_formats_that_are_read(data: bytes) -> None:
    with pytest.raises(MalformedInput) as caught:
        read_private_key(data, passphrase=never)
    assert "JWK, PEM (PKCS#8, EC PRIVATE KEY, OPENSSH PRIVATE KEY)" in caught.value.hint


def test_a_file_over_the_bound_is_refused() -> None:
    with pytest.raises(InputTooLarge):
        read_private_key(b" " * (MAX_BYTES + 1), passphrase=never)
    assert read_private_key(
        json.dumps(key_types.private_to_jwk(KEYS["P-256"])).encode().ljust(MAX_BYTES), passphrase=never
    )


def test_two_private_keys_in_one_file_are_refused() -> None:
    with pytest.raises(MalformedInput, match="holds 2 private keys"):
        read_private_key(pem(KEYS["P-256"]) + pem(KEYS["Ed25519"]), passphrase=never)


def test_a_multikey_object_whose_halves_do_not_belong_together_is_refused() -> None:
    value = {
        "secretKeyMultibase": secret_multikey(KEYS["P-256"]),
        "publicKeyMultibase": key_types.to_multikey(KEYS["Ed25519"].public()),
    }
    with pytest.raises(MalformedInput, match="do not belong together"):
        read_private_key(json.dumps(value).encode(), passphrase=never)


def test_no_error_quotes_key_material() -> None:
    """The key's own spelling in every place of a file that does not read."""
    d, secret = base64url.encode(SECRET), secret_multikey(KEYS["Ed25519"])
    body = pem(KEYS["Ed25519"]).splitlines()[1].decode()
    number = int.from_bytes(SECRET, "big")
    files = [
        f'{{"kty": "{d}", "d": "{d}"}}', f'{{"kty": "OKP", "crv": "{d}"}}', f'{{"{d}": 1, "{d}": 2}}',
        f'{{"kty": "OKP", "crv": "Ed25519", "x": "{d}*", "d": "{d}"}}', f'{{"d": {number}}}', f'{{"d": {d}',
        f'{{"kty": "OKP", "crv": "Ed25519", "x": "{d}", "d": "{d}{d}"}}', f'{{"kty": {{"d": "{d}"}}}}',
        f'{{"kty": "EC", "crv": "P-256", "x": "{d}", "y": "{d}", "d": "{d}"}}',
        f'{{"secretKeyMultibase": "{secret}I"}}', f"{secret}0", f"{secret}{secret}", f"{secret[:-4]}", d,
        body,
        f"-----BEGIN PRIVATE KEY-----\n{body}*\n-----END PRIVATE KEY-----",
        f"-----BEGIN PRIVATE KEY-----\n{body[:-8]}\n-----END PRIVATE KEY-----",
        f"-----BEGIN EC PRIVATE KEY-----\n{body}\n-----END EC PRIVATE KEY-----",
        f"-----BEGIN OPENSSH PRIVATE KEY-----\n{body}\n-----END OPENSSH PRIVATE KEY-----",
        f"-----BEGIN PRIVATE KEY-----\n{body}\n", f"-----BEGIN {d.upper()}-----",
    ]  # fmt: skip
    for text in files:
        with pytest.raises(IpseError) as caught:
            read_private_key(text.encode(), passphrase=never)
        shown = "".join(traceback.format_exception(caught.value)) + caught.value.hint
        for own in (d, d.upper(), secret, body, str(number)):
            for part in (own[4:16], own[-16:-4]):
                assert part not in shown, (text, caught.value)


def der(tag: int, *contents: bytes) -> bytes:
    content = b"".join(contents)
    length = len(content)
    size = length.to_bytes((length.bit_length() + 7) // 8, "big")
    head = bytes([length]) if length < 128 else bytes([0x80 | len(size)]) + size
    return bytes([tag]) + head + content


def integer(number: int) -> bytes:
    return der(2, number.to_bytes(number.bit_length() // 8 + 1, "big", signed=True))


def encrypted_pkcs8(derivation: str, *parameters: bytes) -> bytes:
    """An ENCRYPTED PRIVATE KEY that asks for this key derivation."""
    import base64

    kdf = der(0x30, der(6, bytes.fromhex(derivation)), der(0x30, der(4, bytes(8)), *parameters))
    cipher = der(0x30, der(6, bytes.fromhex("60864801650304012a")), der(4, bytes(16)))
    scheme = der(0x30, der(6, bytes.fromhex("2a864886f70d01050d")), der(0x30, kdf, cipher))
    body = base64.encodebytes(der(0x30, scheme, der(4, bytes(64))))
    return b"-----BEGIN ENCRYPTED PRIVATE KEY-----\n" + body + b"-----END ENCRYPTED PRIVATE KEY-----\n"


SCRYPT, PBKDF2 = "2b06010401da47040b", "2a864886f70d01050c"


@pytest.mark.parametrize(
    ("n", "r", "p"),
    [(2**24, 8, 1), (2**40, 8, 1), (2**60, 8, 1), (2**14, 8, 2**24), (2, 2**30, 1), (0, 8, 1)],
)
def test_an_encrypted_key_that_asks_scrypt_for_gigabytes_is_refused_unasked(n: int, r: int, p: int) -> None:
    with pytest.raises(MalformedInput, match="far more work"):
        read_private_key(encrypted_pkcs8(SCRYPT, integer(n), integer(r), integer(p)), passphrase=never)


@pytest.mark.parametrize("rounds", [10**7 + 1, 2**31 - 1, 2**40, 2**70, 0, -1])
def test_an_encrypted_key_that_asks_for_endless_rounds_is_refused_unasked(rounds: int) -> None:
    with pytest.raises(MalformedInput, match="far more work"):
        read_private_key(encrypted_pkcs8(PBKDF2, integer(rounds)), passphrase=never)


def test_a_key_derivation_within_the_bounds_is_done() -> None:
    sha256 = der(0x30, der(6, bytes.fromhex("2a864886f70d0209")), b"\5\0")
    for data in (
        encrypted_pkcs8(PBKDF2, integer(600_000), integer(32), sha256),
        encrypted_pkcs8(SCRYPT, integer(2**14), integer(8), integer(1)),
        encrypted_pkcs8(SCRYPT, integer(3), integer(8), integer(1)),
    ):
        with pytest.raises(WrongPassphrase):
            read_private_key(data, passphrase=lambda: b"wrong")


def _read_or_refused(data: bytes, passphrase: Callable[[], bytes] | None = lambda: b"words") -> None:
    try:
        key = read_private_key(data, passphrase=passphrase)
    except IpseError:
        return
    assert key.key_type in SIGNING_TYPES


@given(st.binary(max_size=300))
def test_any_bytes_are_read_or_refused(data: bytes) -> None:
    _read_or_refused(data)


_FILES = [
    *(pem(key) for key in KEYS.values()),
    *(pem(KEYS[key_type], "TraditionalOpenSSL") for key_type in EC_TYPES),
    pem(KEYS["Ed25519"], "OpenSSH"),
    pem(KEYS["P-256"], passphrase=b"words"),
    *(json.dumps(key_types.private_to_jwk(key)).encode() for key in KEYS.values()),
    *(secret_multikey(key).encode() for key in KEYS.values()),
]


@examples(400)
@given(st.sampled_from(_FILES), st.data())
def test_any_change_to_a_key_file_is_read_or_refused(file: bytes, data: st.DataObject) -> None:
    start = data.draw(st.integers(0, len(file)))
    end = data.draw(st.integers(start, min(len(file), start + 8)))
    _read_or_refused(file[:start] + data.draw(st.binary(max_size=8)) + file[end:])


_LABELS = ["PRIVATE KEY", "ENCRYPTED PRIVATE KEY", "EC PRIVATE KEY", "RSA PRIVATE KEY", "OPENSSH PRIVATE KEY"]


@examples(400)
@given(st.sampled_from(_LABELS), st.sampled_from(_FILES[:7]), st.data())
def test_any_der_in_a_pem_frame_is_read_or_refused(label: str, file: bytes, data: st.DataObject) -> None:
    import base64

    content = bytearray(base64.b64decode(b"".join(file.splitlines()[1:-1])))
    for _ in range(data.draw(st.integers(1, 3))):
        content[data.draw(st.integers(0, len(content) - 1))] = data.draw(st.integers(0, 255))
    body = base64.b64encode(bytes(content)).decode()
    _read_or_refused(f"-----BEGIN {label}-----\n{body}\n-----END {label}-----\n".encode())


_VALUES = st.one_of(
    st.none(), st.integers(), st.text(max_size=50), st.lists(st.integers(), max_size=2),
    st.sampled_from(["OKP", "EC", "Ed25519", "X25519", "P-256", "secp256k1", "P-384"]),
    st.just(base64url.encode(SECRET)),
)  # fmt: skip


@examples(300)
@given(st.dictionaries(st.sampled_from(["kty", "crv", "x", "y", "d", "secretKeyMultibase"]), _VALUES))
def test_any_json_object_is_read_or_refused(value: dict[str, Any]) -> None:
    _read_or_refused(json.dumps(value).encode())
