"""Status lists as CWT: CBOR is read narrowly, and the signature covers the header and the claims."""

from __future__ import annotations

import hashlib
import zlib
from typing import Any

import cbor2
import pytest

from ipse.credentials.status import status_list_cwt
from ipse.credentials.status.status_list_cwt import CWT_TYPE
from ipse.errors import IpseError, MalformedInput, Undetermined, VerificationFailed
from ipse.keys import ecdsa, ed25519
from ipse.keys.key_types import PrivateKey

URI = "https://issuer.example/statuslists/1"
P256 = ecdsa.PrivateKey("P-256", bytes(range(1, 33)))
ED25519 = ed25519.PrivateKey(bytes(range(32)))
LIST = {"bits": 1, "lst": zlib.compress(b"\xb9\xa3")}
CLAIMS: dict[Any, Any] = {2: URI, 6: 1686920170, 4: 2291720170, 65534: 43200, 65533: LIST}


def token(
    key: PrivateKey = P256,
    *,
    header: dict[Any, Any] | None = None,
    unprotected: dict[Any, Any] | None = None,
    claims: Any = None,
    tag: bytes = b"\xd2",
) -> bytes:
    """A COSE_Sign1 as an issuer makes it."""
    full = {1: -7 if key is P256 else -8, 16: CWT_TYPE} if header is None else header
    protected = cbor2.dumps(full) if full else b""
    payload = cbor2.dumps(CLAIMS if claims is None else claims)
    signature = key.sign(cbor2.dumps(["Signature1", protected, b"", payload]))
    outer = {4: b"12"} if unprotected is None else unprotected
    return tag + cbor2.dumps([protected, outer, payload, signature])


@pytest.mark.parametrize(("key", "name"), [(P256, "ES256"), (ED25519, "EdDSA")])
@pytest.mark.parametrize("tag", [b"", b"\xd2", b"\xd8\x3d\xd2", b"\xd8\x3d"])
def test_a_signed_list_is_read_with_and_without_its_tags(key: PrivateKey, name: str, tag: bytes) -> None:
    read = status_list_cwt.read(token(key, tag=tag))
    status_list_cwt.check_type(read)
    assert status_list_cwt.check_signature(read, key.public) == name
    assert read.key_id == "12"
    opened = status_list_cwt.from_claims(read.claims)
    assert (opened.uri, opened.bits, opened.status(0), opened.status(1)) == (URI, 1, 1, 0)


def test_a_list_of_many_pages_is_read_whole() -> None:
    statuses = hashlib.shake_128(b"what does not compress").digest(500_000)
    large = token(claims=CLAIMS | {65533: {"bits": 8, "lst": zlib.compress(statuses)}})
    read = status_list_cwt.read(large)
    assert status_list_cwt.check_signature(read, P256.public) == "ES256"
    assert status_list_cwt.from_claims(read.claims).statuses == statuses


def test_one_altered_bit_anywhere_is_noticed() -> None:
    whole = token()
    for place in range(len(whole)):
        altered = bytearray(whole)
        altered[place] ^= 1
        try:
            read = status_list_cwt.read(bytes(altered))
            status_list_cwt.check_signature(read, P256.public)
        except IpseError:
            continue
        # What is not signed: the tag in front, and the header that is called unprotected.
        assert read.claims == CLAIMS
        assert read.header == {1: -7, 16: CWT_TYPE}


def test_another_key_did_not_sign_it() -> None:
    other = ecdsa.PrivateKey("P-256", bytes(range(2, 34)))
    with pytest.raises(VerificationFailed, match="does not fit"):
        status_list_cwt.check_signature(status_list_cwt.read(token()), other.public)


def test_the_algorithm_is_that_of_the_key() -> None:
    with pytest.raises(VerificationFailed, match="the header says ES256, the key is for EdDSA"):
        status_list_cwt.check_signature(status_list_cwt.read(token()), ED25519.public)


@pytest.mark.parametrize("header", [{}, {1: "ES256"}, {1: True}, {1: None}, {16: CWT_TYPE}])
def test_the_algorithm_must_be_signed(header: dict[Any, Any]) -> None:
    read = status_list_cwt.read(token(header=header, unprotected={} if 1 in header else {1: -7}))
    with pytest.raises(VerificationFailed, match="no alg"):
        status_list_cwt.check_signature(read, P256.public)


@pytest.mark.parametrize("number", [5, -37, -257, -65535, 0])
def test_an_unknown_algorithm_is_undetermined(number: int) -> None:
    with pytest.raises(Undetermined, match=f"algorithm {number} is not supported"):
        status_list_cwt.check_signature(status_list_cwt.read(token(header={1: number})), P256.public)


def test_no_critical_header_is_understood() -> None:
    read = status_list_cwt.read(token(header={1: -7, 2: [16], 16: CWT_TYPE}))
    with pytest.raises(VerificationFailed, match="crit"):
        status_list_cwt.check_signature(read, P256.public)


@pytest.mark.parametrize("typ", [None, "statuslist+cwt", "application/statuslist+jwt", 1, b"x"])
def test_the_type_must_be_that_of_a_status_list(typ: Any) -> None:
    header = {1: -7} if typ is None else {1: -7, 16: typ}
    with pytest.raises(MalformedInput, match="the type of the CWT"):
        status_list_cwt.check_type(
            status_list_cwt.read(token(header=header, unprotected={16: CWT_TYPE}))
            if typ is None
            else status_list_cwt.read(token(header=header))
        )


def test_a_header_stands_in_one_of_the_two_places() -> None:
    with pytest.raises(MalformedInput, match="two headers both have"):
        status_list_cwt.read(token(unprotected={1: -8}))


@pytest.mark.parametrize("kid", ["12", 12, b"\xff"])
def test_a_kid_is_the_bytes_of_a_text(kid: Any) -> None:
    with pytest.raises(MalformedInput, match="kid of the CWT"):
        status_list_cwt.read(token(unprotected={4: kid}))


def test_a_token_without_a_kid_has_none() -> None:
    assert status_list_cwt.read(token(unprotected={})).key_id is None


@pytest.mark.parametrize(
    "changes",
    [
        {2: None},
        {2: b"uri"},
        {6: "now"},
        {6: float("inf")},
        {6: float("nan")},
        {4: True},
        {65534: 0},
        {65534: -1},
        {65535: {"status_list": {"idx": 0, "uri": URI}}},
        {65533: None},
        {65533: {"bits": 1}},
        {65533: {"bits": 1, "lst": "eNrbuRgAAhcBXQ"}},
        {65533: {"bits": 3, "lst": LIST["lst"]}},
        {65533: {"bits": True, "lst": LIST["lst"]}},
        {65533: {"bits": 1, "lst": b"not zlib"}},
        {65533: {"bits": 1, "lst": zlib.compress(bytes(17 * 1024 * 1024))}},
    ],
)
def test_malformed_claims_are_no_list(changes: dict[Any, Any]) -> None:
    with pytest.raises(MalformedInput):
        status_list_cwt.from_claims(CLAIMS | changes)


@pytest.mark.parametrize(
    "data",
    [
        b"",
        b"\xd2",
        b"\xd2\xd2\x80",
        b"not cbor",
        cbor2.dumps([]),
        cbor2.dumps([b"", {}, b""]),
        cbor2.dumps([b"", {}, b"", b"", b""]),
        cbor2.dumps([b"", [], cbor2.dumps(CLAIMS), b""]),
        cbor2.dumps(["", {}, cbor2.dumps(CLAIMS), b""]),
        cbor2.dumps([b"", {}, None, b""]),
        cbor2.dumps([b"\x80", {}, cbor2.dumps(CLAIMS), b""]),
        cbor2.dumps([b"", {}, cbor2.dumps([1]), b""]),
        cbor2.dumps({1: 2}),
        token() + b"\0",
        token()[:-1],
        token(tag=b"\xd1"),
        token(tag=b"\xd8\x62"),
        token(tag=b"\xd2\xd8\x3d"),
    ],
)
def test_what_is_no_cose_sign1_is_malformed(data: bytes) -> None:
    with pytest.raises(MalformedInput):
        status_list_cwt.read(data)


@pytest.mark.parametrize(
    "data",
    [
        "a201010102",
        "9f01ff",
        "5f4101ff",
        "bf0101ff",
        "81" * 17 + "00",
        "81" * 100_000 + "00",
        "9b7fffffffffffffff",
        "5b7fffffffffffffff",
        "bb7fffffffffffffff",
        "61ff",
        "0000",
        "ff",
        "1c",
        "f7",
        "e0",
        "81f7",
        "a1f500",
        "a1f60000",
        "a1fb3ff000000000000000",
        "a14101f6",
        "a18000",
    ],
    ids=lambda text: text[:24],
)
def test_cbor_with_more_than_one_reading_or_no_end_is_refused(data: str) -> None:
    with pytest.raises(MalformedInput, match=r"is not CBOR that ipse reads|goes on after its end"):
        status_list_cwt.decode(bytes.fromhex(data), "it")


@pytest.mark.parametrize("tag", [*range(300), 1004, 43000, 55799, 2**63])
def test_no_tag_is_read_inside(tag: int) -> None:
    for inner in (b"\x00", b"\x61(", b"\x41a", b"\x80", b"\x82\x01\x01"):
        data = cbor2.dumps(cbor2.CBORTag(tag, 0))[:-1] + inner
        with pytest.raises(MalformedInput, match="is not CBOR that ipse reads"):
            status_list_cwt.decode(data, "it")
