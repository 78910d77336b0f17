"""Token status lists: entry 0 is in the least significant bits, and a token says which list it is."""

from __future__ import annotations

import zlib
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from ipse.credentials import jws
from ipse.credentials.status import token_status_list
from ipse.encoding import base64url
from ipse.errors import MalformedInput
from ipse.keys.ed25519 import PrivateKey

URI = "https://issuer.example/statuslists/1"
NOW = datetime(2026, 1, 31, 12, tzinfo=UTC)
KEY = PrivateKey(bytes(range(32)))


def claims(**changes: Any) -> dict[str, Any]:
    made = token_status_list.build_claims(uri=URI, packed=b"\xb9\xa3", bits=1, issued=NOW)
    return made | changes


def listed(**changes: Any) -> dict[str, Any]:
    made = claims()
    made["status_list"] |= changes
    return made


def compressed(data: bytes) -> str:
    return base64url.encode(zlib.compress(data))


@pytest.mark.parametrize("bits", [1, 2, 4, 8])
def test_what_is_packed_is_read_again(bits: int) -> None:
    statuses = bytes(number * 7 % 2**bits for number in range(1001))
    packed = token_status_list.pack(statuses, bits)
    assert len(packed) == (1001 * bits + 7) // 8
    made = token_status_list.build_claims(uri=URI, packed=packed, bits=bits, issued=NOW)
    read = token_status_list.from_claims(made)
    assert bytes(read.status(index) for index in range(1001)) == statuses


@pytest.mark.parametrize(("bits", "status"), [(1, 2), (2, 4), (4, 16)])
def test_a_status_that_does_not_fit_is_not_packed(bits: int, status: int) -> None:
    with pytest.raises(MalformedInput, match=f"the status {status} of entry 1 does not fit into {bits} bits"):
        token_status_list.pack(bytes([0, status]), bits)


@pytest.mark.parametrize("bits", [0, 3, 16, -1, True, 1.0, "1", None])
def test_an_entry_has_1_2_4_or_8_bits(bits: Any) -> None:
    with pytest.raises(MalformedInput, match="not 1, 2, 4 or 8"):
        token_status_list.from_claims(listed(bits=bits))
    with pytest.raises(MalformedInput, match="not 1, 2, 4 or 8"):
        token_status_list.pack(b"\0", bits)


@pytest.mark.parametrize("index", [-1, 16, 17, 2**40])
def test_an_index_outside_the_list_has_no_status(index: int) -> None:
    with pytest.raises(MalformedInput, match=f"there is no entry {index}, the list has 16"):
        token_status_list.from_claims(claims()).status(index)


def test_the_claims_are_those_of_the_specification() -> None:
    made = token_status_list.build_claims(
        uri=URI,
        packed=b"\xb9\xa3",
        bits=1,
        issued=NOW,
        expires=NOW + timedelta(days=1),
        ttl=timedelta(hours=12),
        issuer="did:example:1",
    )
    assert made == {
        "iss": "did:example:1",
        "sub": URI,
        "iat": 1769860800,
        "exp": 1769947200,
        "ttl": 43200,
        "status_list": {"bits": 1, "lst": "eNrbuRgAAhcBXQ"},
    }
    read = token_status_list.from_claims(made)
    assert (read.uri, read.issuer, read.issued) == (URI, "did:example:1", NOW)
    assert (read.expires, read.ttl, read.not_before) == (
        NOW + timedelta(days=1),
        timedelta(hours=12),
        None,
    )


def test_a_signed_list_has_its_type_and_its_key_in_the_header() -> None:
    text = token_status_list.sign(claims(), KEY, key_id="did:example:1#key-1")
    token = token_status_list.read_jwt(text)
    assert token.header == {"typ": "statuslist+jwt", "kid": "did:example:1#key-1", "alg": "EdDSA"}
    assert jws.check_signature(token, KEY.public) == "EdDSA"
    assert token.payload == claims()


@pytest.mark.parametrize("typ", [None, "JWT", "statuslist+cwt", "application/statuslist+jwt", "dc+sd-jwt", 1])
def test_another_type_of_token_is_no_list(typ: Any) -> None:
    header = {} if typ is None else {"typ": typ}
    with pytest.raises(MalformedInput, match="typ of the status list token"):
        token_status_list.read_jwt(jws.sign(header, claims(), KEY).encoded)


@pytest.mark.parametrize("name", ["sub", "iat", "status_list"])
def test_a_token_without_a_required_claim_is_no_list(name: str) -> None:
    made = claims()
    del made[name]
    with pytest.raises(MalformedInput, match=name):
        token_status_list.from_claims(made)


@pytest.mark.parametrize(
    "changes",
    [
        {"sub": ""},
        {"sub": 1},
        {"iss": 1},
        {"iss": [URI]},
        {"iat": "1769860800"},
        {"iat": True},
        {"iat": -1},
        {"iat": 10**15},
        {"exp": None},
        {"exp": 1e300},
        {"exp": float("nan")},
        {"nbf": "soon"},
        {"ttl": 0},
        {"ttl": -1},
        {"ttl": True},
        {"ttl": "60"},
        {"ttl": None},
        {"ttl": float("nan")},
        {"status": {"status_list": {"idx": 0, "uri": URI}}},
        {"status_list": []},
        {"status_list": None},
    ],
)
def test_a_token_with_a_malformed_claim_is_no_list(changes: dict[str, Any]) -> None:
    with pytest.raises(MalformedInput):
        token_status_list.from_claims(claims(**changes))


@pytest.mark.parametrize(
    "lst",
    [
        None,
        7,
        "",
        "eNrbuRgAAhcBXQ==",
        "eNrbuRgAAhcBXQ\n",
        "eNrbuRgAAhcBX",
        "eNrbuRgAAhcBXQAA",
        base64url.encode(b"\xb9\xa3"),
        base64url.encode(zlib.compress(b"\xb9\xa3", wbits=31)),
        base64url.encode(zlib.compress(b"\xb9\xa3", wbits=-15)),
        compressed(bytes(17 * 1024 * 1024)),
    ],
)
def test_a_list_that_does_not_unpack_is_refused(lst: Any) -> None:
    with pytest.raises(MalformedInput, match="lst"):
        token_status_list.from_claims(listed(lst=lst))


def test_a_huge_ttl_is_bounded() -> None:
    assert token_status_list.from_claims(claims(ttl=1e300)).ttl == timedelta(days=36_500)


def test_the_reference_of_a_token_is_an_index_and_a_uri() -> None:
    assert token_status_list.build_reference(uri=URI, index=7) == {"status_list": {"idx": 7, "uri": URI}}
