"""The examples of the Token Status List draft: every list, both forms of the token, and what refers to it."""

from __future__ import annotations

import json
import re
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import cbor2
import pytest

from ipse.credentials import jws
from ipse.credentials.report import Rejected
from ipse.credentials.status import (
    Authority,
    Published,
    StatusEntry,
    check,
    entries_of,
    fresh_until,
    open_list,
    status_list_cwt,
    token_status_list,
)
from ipse.encoding import base64url
from ipse.errors import Undetermined
from ipse.keys import ecdsa

URI = "https://example.com/statuslists/1"
ISSUER = "https://example.com"
ISSUED, EXPIRES = (datetime.fromtimestamp(second, UTC) for second in (1686920170, 2291720170))
MILLION = 2**20

# The public half of the key that the draft's examples are signed with.
KEY = ecdsa.PublicKey.from_coordinates(
    "P-256",
    base64url.decode("I3HWm_0Ds1dPMI-IWmf4mBmH-YaeAVbPVu7vB27CxXo"),
    base64url.decode("6N_d5Elj9bs1htgV3okJKIdbHEpkgTmAluYKJemzn1M"),
)

LONG_1 = dict.fromkeys([0, 1993, 25460, 159495, 495669, 554353, 645645, 723232, 854545, 934534, 1000345], 1)
LONG_2 = LONG_1 | {1993: 2, 159495: 3, 645645: 2, 934534: 2, 1000345: 3}
LONG_4 = {
    0: 1, 1993: 2, 35460: 3, 459495: 4, 595669: 5, 754353: 6, 845645: 7, 923232: 8, 924445: 9, 934534: 10,
    1004534: 11, 1000345: 12, 1030203: 13, 1030204: 14, 1030205: 15,
}  # fmt: skip
SHORT_1 = dict.fromkeys([0, 3, 4, 5, 7, 8, 9, 13, 15], 1)
SHORT_2 = {0: 1, 1: 2, 3: 3, 5: 1, 7: 1, 8: 1, 9: 2, 10: 3, 11: 3}

LISTS: dict[str, tuple[int, int, dict[int, int]]] = {
    "status_list_encoding": (1, 16, SHORT_1),
    "status_list_encoding2": (2, 12, SHORT_2),
    "status_list_encoding1_long": (1, MILLION, LONG_1),
    "status_list_encoding2_long": (2, MILLION, LONG_2),
    "status_list_encoding4": (4, MILLION, LONG_4),
}
"""File, bits, number of entries, the entries that are not 0."""

COVERED = {
    *(f"{name}_{form}.md" for name in [*LISTS, "status_list_encoding8"] for form in ("json", "cbor")),
    "status_list_encoding_cbor_diag.md",
    "status_list_encoding2_cbor_diag.md",
    "status_list_jwt.md",
    "status_list_jwt_raw.md",
    "status_list_cwt.md",
    "status_list_cwt_diag.md",
    "referenced_token_cwt.md",
    "referenced_token_cwt_diag.md",
}


@pytest.fixture
def examples(shared: Path) -> Path:
    return shared / "vectors" / "token-status-list" / "examples"


def from_json(path: Path) -> tuple[int, bytes]:
    """The list of a file in JSON, whose long lines are folded; some tell the bytes first."""
    text = path.read_text()
    members = json.loads(re.sub(r"\n\s*", "", text[text.index("{") :]))
    return token_status_list.unpack(bits=members["bits"], lst=base64url.decode(members["lst"]))


def from_cbor(path: Path) -> tuple[int, bytes]:
    members = status_list_cwt.decode(from_hex(path), "the list")
    return token_status_list.unpack(bits=members["bits"], lst=members["lst"])


def from_hex(path: Path) -> bytes:
    """The lines that are nothing but hexadecimal digits."""
    return bytes.fromhex("".join(re.findall(r"^[0-9a-f]+$", path.read_text(), re.MULTILINE)))


def from_diagnostic(path: Path) -> bytes:
    """The hexadecimal column of an annotated dump."""
    return bytes.fromhex("".join(line.partition("#")[0] for line in path.read_text().splitlines()))


def as_list(bits: int, statuses: bytes) -> token_status_list.TokenStatusList:
    return token_status_list.TokenStatusList(URI, None, ISSUED, None, None, None, bits, statuses)


def test_every_example_is_covered_here(examples: Path) -> None:
    assert {path.name for path in examples.iterdir()} == COVERED


@pytest.mark.sampled(5)
@pytest.mark.parametrize("name", LISTS)
@pytest.mark.parametrize("form", ["json", "cbor"])
def test_a_list_has_the_statuses_that_the_draft_gives_it(examples: Path, name: str, form: str) -> None:
    bits, entries, expected = LISTS[name]
    read = from_json if form == "json" else from_cbor
    found, statuses = read(examples / f"{name}_{form}.md")
    assert (found, len(statuses)) == (bits, entries * bits // 8)
    opened = as_list(found, statuses)
    assert {index: opened.status(index) for index in range(entries) if opened.status(index)} == expected


@pytest.mark.parametrize("form", ["json", "cbor"])
def test_the_list_of_8_bits_has_every_status_once(examples: Path, form: str) -> None:
    read = from_json if form == "json" else from_cbor
    bits, statuses = read(examples / f"status_list_encoding8_{form}.md")
    assert (bits, len(statuses)) == (8, MILLION)
    opened = as_list(bits, statuses)
    found = [status for status in map(opened.status, range(MILLION)) if status]
    assert sorted(found) == list(range(1, 256))
    assert opened.status(statuses.index(0xFF)) == 0xFF


@pytest.mark.parametrize("name", [*LISTS, "status_list_encoding8"])
def test_both_forms_hold_the_same_list(examples: Path, name: str) -> None:
    assert from_json(examples / f"{name}_json.md") == from_cbor(examples / f"{name}_cbor.md")


@pytest.mark.sampled(3)
@pytest.mark.parametrize("name", [*LISTS, "status_list_encoding8"])
def test_our_own_list_of_the_same_statuses_is_the_same_list(examples: Path, name: str) -> None:
    bits, statuses = from_json(examples / f"{name}_json.md")
    entries = len(statuses) * 8 // bits
    opened = as_list(bits, statuses)
    packed = token_status_list.pack(bytes(map(opened.status, range(entries))), bits)
    claims = token_status_list.build_claims(uri=URI, packed=packed, bits=bits, issued=ISSUED)
    assert packed == token_status_list.from_claims(claims).statuses == statuses


@pytest.mark.parametrize(
    ("name", "plain"), [("status_list_encoding", b"\xb9\xa3"), ("status_list_encoding2", b"\xc9\x44\xf9")]
)
def test_the_short_lists_unpack_to_the_bytes_in_the_draft(examples: Path, name: str, plain: bytes) -> None:
    written = (examples / f"{name}_cbor.md").read_text().splitlines()[0]
    assert written.strip() == f"byte_array = [{', '.join(map(hex, plain))}]"
    assert from_cbor(examples / f"{name}_cbor.md")[1] == plain


@pytest.mark.parametrize(
    "name",
    ["status_list_encoding_cbor", "status_list_encoding2_cbor", "status_list_cwt", "referenced_token_cwt"],
)
def test_the_annotated_dumps_are_the_same_bytes(examples: Path, name: str) -> None:
    assert from_diagnostic(examples / f"{name}_diag.md") == from_hex(examples / f"{name}.md")


def published(examples: Path, form: str) -> Published:
    text = (examples / "status_list_jwt_raw.md").read_text()
    body = from_hex(examples / "status_list_cwt.md") if form == "cwt" else "".join(text.split()).encode()
    return Published(URI, body, ISSUED)


def authority(issuer: str = ISSUER, now: datetime = ISSUED, key: ecdsa.PublicKey = KEY) -> Authority:
    def resolve(asked: str, key_id: str | None, issued: datetime | None) -> ecdsa.PublicKey:
        assert (asked, key_id) == (issuer, "12")
        return key

    def never(_: object) -> Any:
        raise AssertionError("it is no W3C list")

    return Authority(issuer, never, resolve, now, timedelta(0))


@pytest.mark.parametrize("form", ["jwt", "cwt"])
def test_a_signed_list_is_verified_and_read(examples: Path, form: str) -> None:
    entry = StatusEntry("status_list", URI, 1)
    opened = open_list(entry, published(examples, form), authority())
    assert isinstance(opened, token_status_list.TokenStatusList)
    assert (opened.uri, opened.bits, opened.statuses) == (URI, 1, b"\xb9\xa3")
    assert (opened.issued, opened.expires, opened.ttl) == (ISSUED, EXPIRES, timedelta(hours=12))
    assert fresh_until(opened, ISSUED) == ISSUED + timedelta(hours=12)


@pytest.mark.parametrize("form", ["jwt", "cwt"])
def test_each_status_of_a_signed_list_is_judged(examples: Path, form: str) -> None:
    for index in range(16):
        entry = StatusEntry("status_list", URI, index)
        if index in SHORT_1:
            with pytest.raises(Rejected, match="revoked"):
                check(entry, published(examples, form), authority())
        else:
            assert check(entry, published(examples, form), authority()).value == 0


@pytest.mark.parametrize("form", ["jwt", "cwt"])
def test_a_signed_list_is_not_taken_under_another_key_or_after_its_end(examples: Path, form: str) -> None:
    entry = StatusEntry("status_list", URI, 1)
    other = ecdsa.PrivateKey("P-256", bytes(range(1, 33))).public()
    with pytest.raises(Undetermined, match="does not fit"):
        check(entry, published(examples, form), authority(key=other))
    with pytest.raises(Undetermined, match="expired"):
        check(entry, published(examples, form), authority(now=EXPIRES + timedelta(seconds=1)))
    assert check(entry, published(examples, form), authority(now=EXPIRES)).value == 0


def test_the_signed_list_says_what_the_draft_prints_of_it(examples: Path) -> None:
    header, claims = (
        json.loads(part) for part in (examples / "status_list_jwt.md").read_text().split("\n.\n")
    )
    token = token_status_list.read_jwt(published(examples, "jwt").body.decode())
    assert token.header == header
    assert token.payload == claims | {"iss": ISSUER}
    assert jws.check_signature(token, lambda: KEY) == "ES256"


def test_a_cwt_that_refers_to_a_list_is_verified_and_leads_to_its_entry(examples: Path) -> None:
    read = status_list_cwt.read(from_hex(examples / "referenced_token_cwt.md"))
    assert status_list_cwt.check_signature(read, lambda: KEY) == "ES256"
    claims = status_list_cwt.names_of(read.claims)
    assert (claims["iss"], claims["sub"]) == (ISSUER, "12345")
    (entry,) = entries_of(claims)
    assert entry == StatusEntry("status_list", URI, 0)
    for form in ("jwt", "cwt"):
        with pytest.raises(Rejected, match="revoked"):
            check(entry, published(examples, form), authority())


def test_a_cwt_that_refers_to_a_list_is_not_itself_a_list(examples: Path) -> None:
    body = from_hex(examples / "referenced_token_cwt.md")
    with pytest.raises(Undetermined, match="the type of the CWT"):
        check(StatusEntry("status_list", URI, 0), Published(URI, body, ISSUED), authority())
    assert cbor2.loads(body).tag == 18
