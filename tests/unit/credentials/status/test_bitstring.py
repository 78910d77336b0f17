"""Bitstring status lists: entry 0 is the leftmost bit, and a list has at least 131,072 entries."""

from __future__ import annotations

import gzip
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from ipse.credentials import model
from ipse.credentials.status import bitstring
from ipse.credentials.status.bitstring import MIN_ENTRIES, BitstringList
from ipse.encoding import base64url
from ipse.errors import InputTooLarge, IpseError, MalformedInput

URL = "https://issuer.example/status/3"
ISSUER = "did:key:z6MkpTHR8VNsBxYAAWHut2Geadd9jSwuBV8xRoAnwWsdvktH"
NOW = datetime(2026, 1, 31, 12, tzinfo=UTC)
BYTES = MIN_ENTRIES // 8


def a_list(bits: bytes) -> BitstringList:
    return BitstringList(URL, ISSUER, frozenset({"revocation"}), bits, None, None, None)


def with_set(*indexes: int) -> bytes:
    """One byte for each entry."""
    statuses = bytearray(MIN_ENTRIES)
    for index in indexes:
        statuses[index] = 1
    return bytes(statuses)


def credential(**subject: Any) -> dict[str, Any]:
    made = bitstring.build_credential(
        url=URL, issuer=ISSUER, purpose="revocation", bits=bytes(BYTES), valid_from=NOW
    )
    made["credentialSubject"] |= subject
    return made


@pytest.mark.parametrize("index", [0, 1, 7, 8, 94567, MIN_ENTRIES - 1])
def test_a_set_entry_is_set_and_no_other(index: int) -> None:
    read = a_list(bitstring.decode(bitstring.encode(bitstring.pack(with_set(index)))))
    assert [at for at in range(MIN_ENTRIES) if read.status(at)] == [index]


@pytest.mark.parametrize(
    ("index", "byte", "value"), [(0, 0, 0x80), (1, 0, 0x40), (7, 0, 0x01), (8, 1, 0x80), (15, 1, 0x01)]
)
def test_entry_0_is_the_most_significant_bit_of_the_first_byte(index: int, byte: int, value: int) -> None:
    assert bitstring.pack(with_set(index))[byte] == value


@pytest.mark.parametrize("size", range(1, 9))
def test_entries_of_several_bits_are_read_from_the_left(size: int) -> None:
    values = [number * 5 % 2**size for number in range(MIN_ENTRIES)]
    digits = "".join(f"{value:0{size}b}" for value in values)
    read = a_list(int(digits, 2).to_bytes(len(digits) // 8, "big"))
    for index in [0, 1, 2, 3, 5, 7, 8, 9, 1000, 1001, MIN_ENTRIES - 1]:
        assert read.status(index, size) == values[index]


@pytest.mark.parametrize("index", [-1, MIN_ENTRIES, MIN_ENTRIES + 1, 2**40])
def test_an_index_outside_the_list_has_no_status(index: int) -> None:
    with pytest.raises(MalformedInput, match=f"there is no entry {index}, the list has {MIN_ENTRIES}"):
        a_list(bytes(BYTES)).status(index)


@pytest.mark.parametrize(("length", "size"), [(0, 1), (BYTES - 1, 1), (BYTES, 2), (BYTES * 2 - 1, 2)])
def test_a_list_that_hides_nobody_in_a_crowd_has_no_status(length: int, size: int) -> None:
    with pytest.raises(MalformedInput, match="at least 131072"):
        a_list(bytes(length)).status(0, size)


def test_a_list_that_is_too_short_is_not_made() -> None:
    with pytest.raises(MalformedInput, match="at least 131072"):
        bitstring.pack(bytes(MIN_ENTRIES - 1))


def test_the_example_of_the_specification_is_read_as_a_list_of_zeros() -> None:
    encoded = "uH4sIAAAAAAAAA-3BMQEAAADCoPVPbQwfoAAAAAAAAAAAAAAAAAAAAIC3AYbSVKsAQAAA"
    assert bitstring.decode(encoded) == bytes(BYTES)


@pytest.mark.parametrize(
    "encoded",
    [
        "",
        "u",
        "H4sI",
        "z" + base64url.encode(gzip.compress(bytes(BYTES), mtime=0)),
        "m" + base64url.encode(gzip.compress(bytes(BYTES), mtime=0)),
        "U" + base64url.encode(gzip.compress(bytes(BYTES), mtime=0)) + "==",
        "u" + base64url.encode(gzip.compress(bytes(BYTES), mtime=0)) + "=",
        "u" + base64url.encode(bytes(BYTES)),
        "u" + base64url.encode(gzip.compress(bytes(BYTES), mtime=0)[:-1]),
        "u" + base64url.encode(gzip.compress(bytes(BYTES), mtime=0) * 2),
        " u" + base64url.encode(gzip.compress(bytes(BYTES), mtime=0)),
    ],
)
def test_another_multibase_or_a_broken_stream_is_no_list(encoded: str) -> None:
    with pytest.raises(MalformedInput, match="encodedList"):
        bitstring.decode(encoded)


def test_a_list_that_unpacks_to_too_much_is_refused() -> None:
    with pytest.raises(MalformedInput, match="more than 16 MiB"):
        bitstring.decode("u" + base64url.encode(gzip.compress(bytes(17 * 1024 * 1024))))
    assert issubclass(InputTooLarge, MalformedInput)


def test_the_credential_that_carries_a_list_conforms_to_the_data_model() -> None:
    end = NOW + timedelta(days=7)
    made = bitstring.build_credential(
        url=URL,
        issuer=ISSUER,
        purpose="suspension",
        bits=bitstring.pack(with_set(5)),
        valid_from=NOW,
        valid_until=end,
        ttl=timedelta(minutes=5),
    )
    assert model.violations(made) == []
    assert made["type"] == ["VerifiableCredential", "BitstringStatusListCredential"]
    assert {**made["credentialSubject"], "encodedList": ""} == {
        "id": f"{URL}#list",
        "type": "BitstringStatusList",
        "statusPurpose": "suspension",
        "encodedList": "",
        "ttl": 300_000,
    }
    assert bitstring.read(made) == BitstringList(
        URL, ISSUER, frozenset({"suspension"}), bitstring.pack(with_set(5)), NOW, end, timedelta(minutes=5)
    )


def test_the_entry_of_a_credential_names_the_list_and_the_index_as_a_string() -> None:
    assert bitstring.build_entry(url=URL, index=94567, purpose="revocation") == {
        "id": f"{URL}#94567",
        "type": "BitstringStatusListEntry",
        "statusPurpose": "revocation",
        "statusListIndex": "94567",
        "statusListCredential": URL,
    }


def test_a_list_may_serve_several_purposes() -> None:
    read = bitstring.read(credential(statusPurpose=["revocation", "suspension"]))
    assert read.purposes == {"revocation", "suspension"}


def test_a_credential_without_an_id_is_the_list_that_its_subject_says() -> None:
    made = credential()
    del made["id"]
    assert bitstring.read(made).url == URL
    del made["credentialSubject"]["id"]
    assert bitstring.read(made).url == ""


def test_a_list_of_the_predecessor_has_no_multibase_prefix() -> None:
    made = {
        "@context": ["https://www.w3.org/2018/credentials/v1", "https://w3id.org/vc/status-list/2021/v1"],
        "id": URL,
        "type": ["VerifiableCredential", "StatusList2021Credential"],
        "issuer": ISSUER,
        "issuanceDate": "2026-01-31T12:00:00Z",
        "expirationDate": "2026-02-28T12:00:00Z",
        "credentialSubject": {
            "id": f"{URL}#list",
            "type": "StatusList2021",
            "statusPurpose": "revocation",
            "encodedList": bitstring.encode(bitstring.pack(with_set(3)))[1:],
        },
    }
    read = bitstring.read(made)
    assert (read.status(3), read.status(4)) == (1, 0)
    assert (read.valid_from, read.valid_until) == (NOW, NOW + timedelta(days=28))


@pytest.mark.parametrize(
    "subject",
    [
        {"type": "StatusList2021"},
        {"type": None},
        {"statusPurpose": ""},
        {"statusPurpose": []},
        {"statusPurpose": [1]},
        {"statusPurpose": None},
        {"encodedList": None},
        {"encodedList": ["u"]},
        {"ttl": -1},
        {"ttl": 1.5},
        {"ttl": True},
        {"ttl": "300000"},
        {"ttl": None},
    ],
)
def test_a_malformed_list_is_refused(subject: dict[str, Any]) -> None:
    with pytest.raises(MalformedInput):
        bitstring.read(credential(**subject))


@pytest.mark.parametrize(
    "change",
    [
        {"type": ["VerifiableCredential"]},
        {"type": ["VerifiableCredential", "BitstringStatusListCredential", "StatusList2021Credential"]},
        {"credentialSubject": []},
        {"credentialSubject": "list"},
        {"credentialSubject": [{"type": "BitstringStatusList"}, {"type": "BitstringStatusList"}]},
    ],
)
def test_a_credential_that_carries_no_one_list_is_refused(change: dict[str, Any]) -> None:
    with pytest.raises(IpseError):
        bitstring.read(credential() | change)


@pytest.mark.parametrize(("ttl", "read"), [(0, timedelta(0)), (2**53 - 1, timedelta(days=36_500))])
def test_a_ttl_is_in_milliseconds_and_bounded(ttl: int, read: timedelta) -> None:
    assert bitstring.read(credential(ttl=ttl)).ttl == read
