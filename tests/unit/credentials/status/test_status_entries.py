"""The entries of a credential: what is malformed is refused, what is unknown is never skipped."""

from __future__ import annotations

from typing import Any

import pytest

from ipse.credentials.status import StatusEntry, UnknownEntry, entries_of
from ipse.credentials.status.bitstring import build_entry
from ipse.credentials.status.entries import MAX_ENTRIES
from ipse.errors import MalformedInput, Undetermined

URL = "https://issuer.example/status/3"
CONTEXT = {"@context": ["https://www.w3.org/ns/credentials/v2"]}


def entry(**changes: Any) -> dict[str, Any]:
    made = build_entry(url=URL, index=94567, purpose="revocation") | changes
    return {name: value for name, value in made.items() if value != "absent"}


def w3c(*entries: Any) -> dict[str, Any]:
    return {**CONTEXT, "credentialStatus": list(entries) if len(entries) != 1 else entries[0]}


def token(**changes: Any) -> dict[str, Any]:
    return {"vct": "https://x.example/t", "status": {"status_list": {"idx": 7, "uri": URL} | changes}}


def messages(count: int) -> list[dict[str, str]]:
    return [{"status": hex(value), "message": f"message {value}"} for value in range(count)]


def test_a_credential_without_a_status_has_no_entries() -> None:
    assert entries_of({**CONTEXT, "id": "urn:x:1"}) == ()
    assert entries_of(w3c(*())) == ()


def test_an_entry_is_read() -> None:
    assert entries_of(w3c(entry())) == (StatusEntry("BitstringStatusListEntry", URL, 94567, "revocation"),)
    assert entries_of(w3c(entry(id="absent"))) == entries_of(w3c(entry()))
    assert entries_of(w3c(entry(type=["BitstringStatusListEntry", "Other"]))) == entries_of(w3c(entry()))


def test_the_entry_of_the_predecessor_is_read() -> None:
    assert entries_of(w3c(entry(type="StatusList2021Entry"))) == (
        StatusEntry("StatusList2021Entry", URL, 94567, "revocation"),
    )


def test_the_status_claim_of_a_token_is_read() -> None:
    assert entries_of(token()) == (StatusEntry("status_list", URL, 7),)


def test_all_entries_are_read_each_once() -> None:
    second = entry(statusListIndex="1", statusPurpose="suspension")
    found = entries_of(w3c(entry(), second, entry()))
    assert [(at.index, at.purpose) for at in found if isinstance(at, StatusEntry)] == [
        (94567, "revocation"),
        (1, "suspension"),
    ]
    assert len(found) == 2
    assert len(entries_of(w3c(entry()) | {"status": token()["status"]})) == 2


@pytest.mark.parametrize(
    "index",
    [
        "-1",
        "01",
        "+1",
        " 1",
        "1 ",
        "1.0",
        "1e3",
        "0x1",
        "",
        "१",
        "1" * 17,
        "1_0",
        -1,
        1,
        1.0,
        True,
        None,
        ["1"],
    ],
)
def test_an_index_is_a_number_written_as_a_string(index: Any) -> None:
    with pytest.raises(MalformedInput, match="statusListIndex"):
        entries_of(w3c(entry(statusListIndex=index)))


@pytest.mark.parametrize("index", ["0", "131071", str(2**40)])
def test_an_index_of_any_size_is_read(index: str) -> None:
    (found,) = entries_of(w3c(entry(statusListIndex=index)))
    assert isinstance(found, StatusEntry)
    assert found.index == int(index)


@pytest.mark.parametrize("index", [-1, 1.0, True, "7", None, [7], 10**17])
def test_an_idx_is_a_number(index: Any) -> None:
    with pytest.raises(MalformedInput, match="idx"):
        entries_of(token(idx=index))


@pytest.mark.parametrize(
    "url", [None, "", "status/3", "//x", 7, [URL], "https://x.example/a b", URL + "x" * 2048]
)
def test_a_list_is_named_by_a_url(url: Any) -> None:
    with pytest.raises(MalformedInput, match="statusListCredential"):
        entries_of(w3c(entry(statusListCredential=url)))
    with pytest.raises(MalformedInput, match="uri"):
        entries_of(token(uri=url))


@pytest.mark.parametrize(
    "changes",
    [
        {"statusPurpose": "absent"},
        {"statusPurpose": ""},
        {"statusPurpose": ["revocation"]},
        {"id": URL},
        {"statusSize": 0},
        {"statusSize": -1},
        {"statusSize": "1"},
        {"statusSize": 1.0},
        {"statusSize": True},
        {"statusSize": 2},
        {"statusSize": 2, "statusMessage": messages(3)},
        {"statusSize": 2, "statusMessage": messages(5)},
        {"statusSize": 2, "statusMessage": [*messages(3), messages(1)[0]]},
        {"statusSize": 2, "statusMessage": [*messages(3), {"status": "0x4", "message": "x"}]},
        {"statusSize": 2, "statusMessage": [*messages(3), {"status": "3", "message": "x"}]},
        {"statusSize": 2, "statusMessage": [*messages(3), {"status": "0x3"}]},
        {"statusSize": 2, "statusMessage": [*messages(3), {"status": 3, "message": "x"}]},
        {"statusSize": 2, "statusMessage": [*messages(3), "0x3"]},
        {"statusSize": 1, "statusMessage": messages(1)},
        {"statusMessage": "set"},
    ],
)
def test_a_malformed_entry_is_refused(changes: dict[str, Any]) -> None:
    with pytest.raises(MalformedInput):
        entries_of(w3c(entry(**changes)))


def test_the_messages_are_read_in_the_order_of_their_values() -> None:
    made = entry(statusPurpose="message", statusSize=2, statusMessage=messages(4)[::-1])
    assert entries_of(w3c(made)) == (
        StatusEntry(
            "BitstringStatusListEntry", URL, 94567, "message", 2, tuple(f"message {n}" for n in range(4))
        ),
    )


@pytest.mark.parametrize("status", [None, "revoked", 7, True, [1], [[]], [entry(), None]])
def test_a_status_that_is_no_object_is_refused(status: Any) -> None:
    with pytest.raises(MalformedInput, match="credentialStatus"):
        entries_of({**CONTEXT, "credentialStatus": status})


@pytest.mark.parametrize(
    "types",
    ["RevocationList2020Status", [], None, 7, "absent", ["BitstringStatusListEntry", "StatusList2021Entry"]],
)
def test_an_unknown_mechanism_is_an_entry_that_nobody_can_skip(types: Any) -> None:
    found = entries_of(w3c(entry(), entry(type=types)))
    assert isinstance(found[1], UnknownEntry)


@pytest.mark.parametrize("size", [9, 64, 2**53 - 1])
def test_an_entry_of_more_bits_than_are_read_is_not_skipped(size: int) -> None:
    found = entries_of(w3c(entry(statusSize=size, statusMessage=[])))
    assert found == (UnknownEntry(f"BitstringStatusListEntry with a statusSize of {size}"),)


@pytest.mark.parametrize(
    "claim", [{}, {"identifier_list": {"id": "1", "uri": URL}}, "active", None, [], 7, False]
)
def test_a_status_claim_of_an_unknown_mechanism_is_not_skipped_either(claim: Any) -> None:
    assert [type(found) for found in entries_of({"vct": "x", "status": claim})] == [UnknownEntry]


def test_a_mechanism_beside_the_status_list_is_not_skipped() -> None:
    claims = token()
    claims["status"]["identifier_list"] = {"id": "1", "uri": URL}
    assert [type(found) for found in entries_of(claims)] == [StatusEntry, UnknownEntry]


def test_in_a_w3c_credential_status_may_be_any_other_member() -> None:
    assert entries_of({**CONTEXT, "status": "active"}) == ()
    assert entries_of({**CONTEXT, "status": token()["status"]}) == (StatusEntry("status_list", URL, 7),)


@pytest.mark.parametrize("reference", [None, [], "x", 7])
def test_a_status_list_claim_is_an_object(reference: Any) -> None:
    with pytest.raises(MalformedInput, match="status_list"):
        entries_of({"status": {"status_list": reference}})


def test_the_number_of_entries_is_bounded() -> None:
    entries = [entry(statusListIndex=str(index)) for index in range(MAX_ENTRIES + 1)]
    assert len(entries_of(w3c(*entries[:-1]))) == MAX_ENTRIES
    with pytest.raises(Undetermined, match="17 status entries, at most 16"):
        entries_of(w3c(*entries))
    with pytest.raises(Undetermined, match="17 status entries"):
        entries_of(w3c(*[entry()] * 17))
