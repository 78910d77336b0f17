"""The keystore in one encrypted file: what it keeps, and what it says of a file it can't open."""

from __future__ import annotations

import json
import os
import stat
from collections.abc import Callable
from pathlib import Path
from typing import Any, NoReturn

import pytest

from ipse.encoding import base64url
from ipse.errors import (
    AlreadyExists,
    CorruptData,
    DataError,
    KeystoreUnavailable,
    PassphraseNeeded,
    WrongPassphrase,
)
from ipse.keys.keystore.encrypted_file import EncryptedFile
from ipse.storage import files

PASSPHRASE = b"correct horse battery staple"
SECRET = b"a secret that nobody may ever read"


@pytest.fixture
def path(tmp_path: Path) -> Path:
    """Where a keystore may be made."""
    return tmp_path / "keystore.json"


@pytest.fixture
def store(path: Path) -> EncryptedFile:
    """A keystore with one item."""
    made = opened(path)
    made.create()
    made.add("root", SECRET)
    return made


def opened(path: Path, passphrase: bytes = PASSPHRASE) -> EncryptedFile:
    return EncryptedFile(path, lambda: passphrase)


def never_asked() -> NoReturn:
    raise AssertionError("a key was derived")


def read_document(path: Path) -> dict[str, Any]:
    return dict(json.loads(path.read_bytes()))


def test_an_item_is_given_back_to_whoever_has_the_passphrase(store: EncryptedFile) -> None:
    store.add("did", b"\0\xff")
    again = opened(store.path)
    assert again.get("root") == SECRET
    assert again.get("did") == b"\0\xff"
    assert str(store.path) in store.description


def test_an_item_is_never_overwritten(store: EncryptedFile) -> None:
    before = store.path.read_bytes()
    for again in (store, opened(store.path)):
        with pytest.raises(AlreadyExists, match="'root'"):
            again.add("root", b"another")
    assert store.path.read_bytes() == before


def test_a_removed_item_is_gone_and_its_name_is_free(store: EncryptedFile) -> None:
    store.remove("root")
    with pytest.raises(CorruptData, match="no longer holds the item 'root'"):
        opened(store.path).get("root")
    store.add("root", b"new")
    assert opened(store.path).get("root") == b"new"


def test_removing_what_is_not_there_changes_nothing(store: EncryptedFile) -> None:
    before = store.path.read_bytes()
    store.remove("no such item")
    assert store.path.read_bytes() == before


def test_a_keystore_is_never_made_over_another(store: EncryptedFile) -> None:
    before = store.path.read_bytes()
    with pytest.raises(AlreadyExists, match="already a keystore"):
        EncryptedFile(store.path, never_asked).create()
    assert store.path.read_bytes() == before


@pytest.mark.parametrize(
    "passphrase",
    [b"", b"Correct horse battery staple", PASSPHRASE + b"\n", PASSPHRASE + b"\0", PASSPHRASE[:-1]],
)
def test_a_wrong_passphrase_opens_and_changes_nothing(store: EncryptedFile, passphrase: bytes) -> None:
    before = store.path.read_bytes()
    actions: list[Callable[[EncryptedFile], object]] = [
        lambda wrong: wrong.get("root"),
        lambda wrong: wrong.add("new", b"secret"),
        lambda wrong: wrong.remove("root"),
    ]
    for act in actions:
        with pytest.raises(WrongPassphrase):
            act(opened(store.path, passphrase))
    assert store.path.read_bytes() == before


def test_the_passphrase_is_asked_for_once_and_only_when_it_is_needed(store: EncryptedFile) -> None:
    asked: list[bytes] = []

    def ask() -> bytes:
        asked.append(PASSPHRASE)
        return PASSPHRASE

    keystore = EncryptedFile(store.path, ask)
    assert keystore.description
    assert not asked
    keystore.get("root")
    keystore.add("new", b"secret")
    keystore.remove("new")
    assert len(asked) == 1


@pytest.fixture
def decryptions(monkeypatch: pytest.MonkeyPatch) -> list[bytes]:
    """The ciphertexts that were decrypted since."""
    import nacl.bindings

    name = "crypto_aead_xchacha20poly1305_ietf_decrypt"
    decrypt = getattr(nacl.bindings, name)
    seen: list[bytes] = []

    def counted(ciphertext: bytes, *rest: bytes) -> bytes:
        seen.append(ciphertext)
        return bytes(decrypt(ciphertext, *rest))

    monkeypatch.setattr(nacl.bindings, name, counted)
    return seen


def test_a_file_is_decrypted_once_whatever_is_read_and_written(
    store: EncryptedFile, decryptions: list[bytes]
) -> None:
    keystore = opened(store.path)
    keystore.get("root")
    keystore.add("new", b"secret")
    keystore.replace("new", b"another")
    keystore.remove("root")
    assert keystore.get("new") == b"another"
    assert keystore.find("root") is None
    assert len(decryptions) == 1
    assert opened(store.path).get("new") == b"another"


def test_what_another_process_wrote_is_decrypted_anew(store: EncryptedFile, decryptions: list[bytes]) -> None:
    keystore = opened(store.path)
    assert keystore.find("new") is None
    store.add("new", b"secret")
    assert keystore.get("new") == b"secret"
    store.replace("new", b"another")
    keystore.add("more", b"1")
    assert (keystore.get("new"), keystore.get("more")) == (b"another", b"1")
    store.remove("new")
    assert keystore.find("new") is None
    assert opened(store.path).get("more") == b"1"


def test_a_file_altered_after_it_was_opened_is_refused(store: EncryptedFile) -> None:
    document = read_document(store.path)
    document["ciphertext"] = base64url.encode(bytes(len(base64url.decode(document["ciphertext"]))))
    store.path.write_text(json.dumps(document))
    for act in (lambda: store.get("root"), lambda: store.add("new", b""), lambda: store.remove("root")):
        with pytest.raises(WrongPassphrase):
            act()


@pytest.mark.parametrize("act", ["create", "add", "remove"])
def test_nobody_waits_while_the_owner_types_the_passphrase(
    store: EncryptedFile, monkeypatch: pytest.MonkeyPatch, act: str
) -> None:
    """Another command would give up after ten seconds in front of the lock."""
    monkeypatch.setattr(files, "_LOCK_WAIT", 0.05)
    path = store.path.with_name("new.json") if act == "create" else store.path

    def type_slowly() -> bytes:
        with files.exclusive(path):
            return PASSPHRASE

    actions: dict[str, Callable[[EncryptedFile], object]] = {
        "create": lambda keystore: keystore.create(),
        "add": lambda keystore: keystore.add("new", b"secret"),
        "remove": lambda keystore: keystore.remove("root"),
    }
    actions[act](EncryptedFile(path, type_slowly))


def test_a_passphrase_that_nobody_gives_changes_nothing(store: EncryptedFile) -> None:
    def refuse() -> NoReturn:
        raise PassphraseNeeded("nobody to ask")

    before = store.path.read_bytes()
    with pytest.raises(PassphraseNeeded):
        EncryptedFile(store.path, refuse).add("new", b"secret")
    assert store.path.read_bytes() == before
    assert opened(store.path).get("root") == SECRET


def test_nothing_secret_is_in_the_file_in_plain(store: EncryptedFile) -> None:
    store.add("did-main", b"another secret")
    held = store.path.read_bytes()
    for secret in (SECRET, b"another secret", PASSPHRASE, b"did-main"):
        for written in (secret, base64url.encode(secret).encode(), secret.hex().encode()):
            assert written not in held


def test_every_write_has_a_nonce_of_its_own_and_the_same_salt(store: EncryptedFile) -> None:
    nonces, salts = set(), set()
    for number in range(20):
        store.add(f"item-{number}", b"secret")
        document = read_document(store.path)
        nonces.add(document["nonce"])
        salts.add(document["kdf"]["salt"])
    assert (len(nonces), len(salts)) == (20, 1)


def test_two_keystores_share_neither_salt_nor_nonce(tmp_path: Path, store: EncryptedFile) -> None:
    other = opened(tmp_path / "other.json")
    other.create()
    ours, theirs = read_document(store.path), read_document(other.path)
    assert ours["kdf"]["salt"] != theirs["kdf"]["salt"]
    assert ours["nonce"] != theirs["nonce"]


def test_the_file_is_its_owners_alone_whatever_the_umask(path: Path) -> None:
    before = os.umask(0)
    try:
        store = opened(path)
        store.create()
        store.add("root", SECRET)
    finally:
        os.umask(before)
    modes = {entry.name: stat.S_IMODE(entry.stat().st_mode) for entry in path.parent.iterdir()}
    assert modes[path.name] == 0o600
    assert set(modes.values()) == {0o600}


def test_a_link_in_the_files_place_is_never_written_through(store: EncryptedFile, tmp_path: Path) -> None:
    elsewhere = tmp_path / "elsewhere.json"
    store.path.rename(elsewhere)
    store.path.symlink_to(elsewhere)
    before = elsewhere.read_bytes()
    store.add("new", b"secret")
    assert elsewhere.read_bytes() == before
    assert not store.path.is_symlink()
    assert opened(store.path).get("root") == SECRET


def test_a_link_in_the_lock_files_place_is_never_followed(store: EncryptedFile, tmp_path: Path) -> None:
    precious = tmp_path / "precious"
    precious.write_bytes(b"precious")
    lock = store.path.with_name(f".{store.path.name}.lock")
    lock.unlink(missing_ok=True)
    lock.symlink_to(precious)
    with pytest.raises(DataError):
        store.add("new", b"secret")
    assert precious.read_bytes() == b"precious"


FORGED_DERIVATIONS: list[tuple[str, Any]] = [
    ("memory", 100_000_000_000),
    ("memory", 2**53 - 1),
    ("memory", 1024**3 + 1),
    ("memory", 8 * 1024**2 - 1),
    ("memory", 0),
    ("memory", -1),
    ("memory", "8388608"),
    ("memory", 8388608.0),
    ("memory", 1e300),
    ("memory", True),
    ("memory", None),
    ("memory", [8388608]),
    ("memory", {}),
    ("passes", 10**9),
    ("passes", 17),
    ("passes", 0),
    ("passes", -1),
    ("passes", "1"),
    ("passes", 1.0),
    ("passes", True),
    ("passes", None),
    ("name", "argon2i"),
    ("name", "scrypt"),
    ("name", None),
    ("name", ["argon2id"]),
    ("salt", ""),
    ("salt", "AAAA"),
    ("salt", "A" * 43),
    ("salt", "A" * 22 + "=="),
    ("salt", 1),
    ("salt", None),
]


@pytest.mark.parametrize(("member", "value"), FORGED_DERIVATIONS)
def test_a_forged_derivation_is_refused_before_anything_is_derived(
    store: EncryptedFile, member: str, value: Any
) -> None:
    document = read_document(store.path)
    document["kdf"][member] = value
    store.path.write_text(json.dumps(document))
    with pytest.raises(CorruptData):
        EncryptedFile(store.path, never_asked).get("root")


FORGED_HEADERS: list[tuple[str, Any]] = [
    ("format", "ipse-vault"),
    ("format", None),
    ("version", 2),
    ("version", 0),
    ("version", "1"),
    ("version", True),
    ("version", None),
    ("kdf", None),
    ("kdf", "argon2id"),
    ("kdf", []),
    ("kdf", {}),
    ("nonce", ""),
    ("nonce", "A" * 16),
    ("nonce", 1),
    ("nonce", None),
    ("ciphertext", None),
    ("ciphertext", 1),
    ("ciphertext", ["AA"]),
    ("ciphertext", "not base64url!"),
    ("ciphertext", "AB"),
]


@pytest.mark.parametrize(("member", "value"), FORGED_HEADERS)
def test_a_forged_header_is_refused_before_anything_is_derived(
    store: EncryptedFile, member: str, value: Any
) -> None:
    store.path.write_text(json.dumps({**read_document(store.path), member: value}))
    with pytest.raises(CorruptData):
        EncryptedFile(store.path, never_asked).get("root")


@pytest.mark.parametrize("member", ["format", "version", "kdf", "nonce", "ciphertext"])
def test_a_missing_member_is_refused_before_anything_is_derived(store: EncryptedFile, member: str) -> None:
    document = read_document(store.path)
    del document[member]
    store.path.write_text(json.dumps(document))
    with pytest.raises(CorruptData):
        EncryptedFile(store.path, never_asked).get("root")


@pytest.mark.parametrize("length", [0, 1, 15])
def test_a_ciphertext_shorter_than_its_own_seal_is_refused(store: EncryptedFile, length: int) -> None:
    document = {**read_document(store.path), "ciphertext": base64url.encode(bytes(length))}
    store.path.write_text(json.dumps(document))
    with pytest.raises((CorruptData, WrongPassphrase)):
        opened(store.path).get("root")


def test_a_member_added_to_the_header_is_found(store: EncryptedFile) -> None:
    store.path.write_text(json.dumps({**read_document(store.path), "comment": "harmless"}))
    with pytest.raises((CorruptData, WrongPassphrase)):
        opened(store.path).get("root")


def test_the_content_of_one_keystore_does_not_open_under_the_header_of_another(
    store: EncryptedFile, tmp_path: Path
) -> None:
    other = opened(tmp_path / "other.json")
    other.create()
    mixed = {**read_document(store.path), "ciphertext": read_document(other.path)["ciphertext"]}
    store.path.write_text(json.dumps(mixed))
    with pytest.raises(WrongPassphrase):
        opened(store.path).get("root")


@pytest.mark.parametrize(
    "content", [b"", b"{", b"[]", b"null", b"\xff\xfe", b"not a keystore", b"[" * 100_000, b'{"format": NaN}']
)
def test_a_file_that_is_no_keystore_is_called_so(path: Path, content: bytes) -> None:
    path.write_bytes(content)
    with pytest.raises(CorruptData, match="is not a keystore file"):
        EncryptedFile(path, never_asked).get("root")


def test_a_file_larger_than_any_keystore_is_refused(path: Path) -> None:
    with path.open("wb") as file:
        file.truncate(100 * 1024**3)
    with pytest.raises(CorruptData, match="larger than"):
        EncryptedFile(path, never_asked).get("root")


def test_a_file_that_is_gone_is_a_keystore_that_is_unavailable(path: Path) -> None:
    with pytest.raises(KeystoreUnavailable, match="is gone"):
        EncryptedFile(path, never_asked).get("root")


def test_a_folder_in_the_files_place_is_an_error_with_a_reason(path: Path) -> None:
    path.mkdir()
    with pytest.raises(DataError, match="is a directory"):
        EncryptedFile(path, never_asked).get("root")
