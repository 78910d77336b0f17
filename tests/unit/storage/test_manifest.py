"""The manifest: in clear, so every word of it is checked."""

from __future__ import annotations

import json
from dataclasses import asdict, replace
from pathlib import Path
from typing import Any

import pytest

from ipse.errors import AlreadyExists, CorruptData, NotFound, UsageError
from ipse.storage import manifest
from ipse.storage.manifest import DidRecord, KeyRecord, Manifest

RECORD = DidRecord(
    name="main",
    did="did:key:z6MkiTBz1ymuepAQ4HEHYSF1H8quG5GLVVQR3djdX3mDooWp",
    method="key",
    created="2026-01-31T12:00:00Z",
    keys=(
        KeyRecord(
            id="did:key:z6MkiTBz1ymuepAQ4HEHYSF1H8quG5GLVVQR3djdX3mDooWp#z6MkiTBz1ymuepAQ4HEHYSF1H8quG5GLVVQR3djdX3mDooWp",
            key_type="Ed25519",
            public="z6MkiTBz1ymuepAQ4HEHYSF1H8quG5GLVVQR3djdX3mDooWp",
            item="did-0011223344556677",
            created="2026-01-31T12:00:00Z",
        ),
    ),
)
MANIFEST = Manifest(
    wallet_id="0011223344556677",
    keystore="file",
    root_item="root-00112233",
    created="2026-01-31T12:00:00Z",
    dids=(RECORD,),
)
DOCUMENT: dict[str, Any] = {"version": 1, **asdict(MANIFEST)}


@pytest.fixture
def path(tmp_path: Path) -> Path:
    """Where the manifest of the test lies; there is none yet."""
    return tmp_path / "wallet.json"


def test_what_is_written_is_read(path: Path) -> None:
    manifest.create(path, MANIFEST)
    assert manifest.read(path) == MANIFEST
    assert json.loads(path.read_bytes()) == json.loads(json.dumps(DOCUMENT))


def test_a_manifest_is_never_made_over_another(path: Path) -> None:
    manifest.create(path, MANIFEST)
    before = path.read_bytes()
    with pytest.raises(AlreadyExists, match="already a wallet"):
        manifest.create(path, replace(MANIFEST, wallet_id="another"))
    assert path.read_bytes() == before


def test_where_there_is_none_the_way_to_one_is_named(path: Path) -> None:
    with pytest.raises(NotFound, match="there is no wallet in") as caught:
        manifest.read(path)
    assert "ipse init" in caught.value.hint


def test_every_truncated_manifest_is_corrupt(path: Path) -> None:
    manifest.create(path, MANIFEST)
    whole = path.read_bytes().rstrip()
    for length in range(len(whole)):
        path.write_bytes(whole[:length])
        with pytest.raises(CorruptData, match=r"wallet\.json"):
            manifest.read(path)


@pytest.mark.parametrize(
    "content",
    [
        b"",
        b"null",
        b"[]",
        b'"wallet"',
        b"\xff",
        b"{",
        b'{"version": 1, "version": 1}',
        b"[" * 10_000,
        b"{}",
        b"\0" * 99,
    ],
)
def test_what_is_no_manifest_is_corrupt_and_named(path: Path, content: bytes) -> None:
    path.write_bytes(content)
    with pytest.raises(CorruptData, match=r"wallet\.json"):
        manifest.read(path)


@pytest.mark.parametrize("version", [0, 2, 99, -1, "1", None, [1], True, {}])
def test_another_version_is_refused_by_its_number(path: Path, version: Any) -> None:
    path.write_text(json.dumps({**DOCUMENT, "version": version}))
    with pytest.raises(CorruptData, match="has version") as caught:
        manifest.read(path)
    assert "upgrade" in caught.value.hint


NO_TEXT: list[Any] = [None, 1, 1.5, True, {}, [], {"a": "b"}]
NO_LIST: list[Any] = [None, 1, True, {}, "", "main", {"name": "main"}, [1], [None], [[]], [{}], ["main"]]


@pytest.mark.parametrize(
    ("member", "value"),
    [
        (member, value)
        for member in ("wallet_id", "keystore", "root_item", "created", "default")
        for value in NO_TEXT
    ]
    + [(member, value) for member in ("dids", "leftovers") for value in NO_LIST],
)
def test_a_member_of_the_wrong_type_is_refused(path: Path, member: str, value: Any) -> None:
    path.write_text(json.dumps({**DOCUMENT, member: value}))
    with pytest.raises(CorruptData, match="does not have the members of a manifest"):
        manifest.read(path)


@pytest.mark.parametrize("member", asdict(RECORD))
@pytest.mark.parametrize("value", [None, 1, True, [], {}])
def test_a_member_of_a_did_of_the_wrong_type_is_refused(path: Path, member: str, value: Any) -> None:
    path.write_text(json.dumps({**DOCUMENT, "dids": [{**asdict(RECORD), member: value}]}))
    with pytest.raises(CorruptData, match="does not have the members of a manifest"):
        manifest.read(path)


@pytest.mark.parametrize("member", [name for name in DOCUMENT if name != "version"])
def test_a_missing_member_is_refused(path: Path, member: str) -> None:
    path.write_text(json.dumps({name: value for name, value in DOCUMENT.items() if name != member}))
    with pytest.raises(CorruptData, match="does not have the members of a manifest"):
        manifest.read(path)


def test_a_member_that_nobody_knows_is_refused(path: Path) -> None:
    for document in (
        {**DOCUMENT, "note": "x"},
        {**DOCUMENT, "dids": [{**asdict(RECORD), "note": "x"}]},
    ):
        path.write_text(json.dumps(document))
        with pytest.raises(CorruptData, match="does not have the members of a manifest"):
            manifest.read(path)


@pytest.mark.parametrize("kind", ["", "OS", "plain", "null", "file "])
def test_a_keystore_of_another_kind_is_refused(path: Path, kind: str) -> None:
    path.write_text(json.dumps({**DOCUMENT, "keystore": kind}))
    with pytest.raises(CorruptData):
        manifest.read(path)


def test_a_name_that_two_dids_have_is_refused(path: Path) -> None:
    path.write_text(
        json.dumps({**DOCUMENT, "dids": [asdict(RECORD), {**asdict(RECORD), "did": "did:key:z6Mk2"}]})
    )
    with pytest.raises(CorruptData):
        manifest.read(path)


@pytest.mark.parametrize("name", ["a", "A", "0", "main", "my-did_2.old", "x" * 64])
def test_a_name_is_letters_digits_dots_dashes_and_underscores(name: str) -> None:
    assert manifest.check_name(name) == name


@pytest.mark.parametrize(
    "name",
    [
        "",
        " ",
        "-a",
        ".a",
        "_a",
        "a b",
        "a/b",
        "a\\b",
        "a:b",
        "a\n",
        "a\0",
        "a\x1b[31m",
        "é",
        "\u0661",
        "\uff41",
        "x" * 65,
        "x" * 1_000_000,
        "did:key:z6Mk",
        "\udcff",
    ],
)
def test_any_other_name_is_refused(name: str) -> None:
    with pytest.raises(UsageError, match="can't be a name") as caught:
        manifest.check_name(name)
    assert caught.value.message.isprintable()


def test_a_taken_name_is_refused_and_nothing_changes() -> None:
    with pytest.raises(AlreadyExists, match="'main'"):
        MANIFEST.with_did(replace(RECORD, did="did:key:z6Mk2"))
    second = MANIFEST.with_did(replace(RECORD, name="second", did="did:key:z6Mk2"))
    assert [record.name for record in second.dids] == ["main", "second"]
    assert [record.name for record in MANIFEST.dids] == ["main"]


def test_a_did_is_found_by_its_name_and_by_itself() -> None:
    assert MANIFEST.find("main") == MANIFEST.find(RECORD.did) == RECORD
    for unknown in ("", "Main", "main ", "did:key:z6Mk", RECORD.current.item):
        with pytest.raises(NotFound):
            MANIFEST.find(unknown)


def test_a_change_is_made_to_what_is_on_disk_now(path: Path) -> None:
    manifest.create(path, MANIFEST)
    manifest.change(path, lambda held: held.with_did(replace(RECORD, name="second", did="did:key:z6Mk2")))
    changed = manifest.change(
        path, lambda held: held.with_did(replace(RECORD, name="third", did="did:key:z6Mk3"))
    )
    assert [record.name for record in changed.dids] == ["main", "second", "third"]
    assert manifest.read(path) == changed


def test_a_change_that_fails_changes_nothing(path: Path) -> None:
    manifest.create(path, MANIFEST)
    before = path.read_bytes()
    with pytest.raises(AlreadyExists):
        manifest.change(path, lambda held: held.with_did(RECORD))
    assert path.read_bytes() == before


def test_nothing_secret_has_a_place_in_the_manifest() -> None:
    assert set(DOCUMENT) == {
        "version", "wallet_id", "keystore", "root_item", "created", "dids", "default", "leftovers",
    }  # fmt: skip
    assert set(asdict(RECORD)) == {"name", "did", "method", "created", "keys", "successor"}
    assert set(asdict(RECORD.current)) == {"id", "key_type", "public", "item", "created"}
