"""Making a wallet: all of it or nothing, and never over another one."""

from __future__ import annotations

import functools
from collections.abc import Callable
from itertools import count
from pathlib import Path
from typing import NoReturn

import pytest

from ipse.errors import (
    AlreadyExists,
    CorruptData,
    IpseError,
    KeystoreUnavailable,
    NotFound,
    PassphraseNeeded,
    StorageError,
    UsageError,
)
from ipse.keys.keystore.encrypted_file import EncryptedFile
from ipse.storage import files
from ipse.storage.places import Places
from ipse.wallet.wallet import Wallet
from tests.conftest import PASSPHRASE
from tests.faults.conftest import NOW, filled
from tests.faults.processes import Report, at_every, at_line, kill_at_line, needs_fork, together


class FolderKeystore:
    """Stands for the OS keyring: a keystore that all processes share, one file an item."""

    description = "a folder"

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        folder.mkdir(exist_ok=True)

    def add(self, item: str, secret: bytes) -> None:
        with (self.folder / item).open("xb") as file:
            file.write(secret)

    def get(self, item: str) -> bytes:
        try:
            return (self.folder / item).read_bytes()
        except FileNotFoundError as error:
            raise CorruptData(f"no item {item}") from error

    def find(self, item: str) -> bytes | None:
        path = self.folder / item
        return path.read_bytes() if path.exists() else None

    def remove(self, item: str) -> None:
        (self.folder / item).unlink(missing_ok=True)


@pytest.fixture
def keyring(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> FolderKeystore:
    """What `--keystore os` opens in this test."""
    store = FolderKeystore(tmp_path / "keyring")
    monkeypatch.setattr("ipse.keys.keystore.os_keyring.open_os_keyring", lambda _: store)
    return store


def create(places: Places, keystore: str = "file") -> Wallet:
    return Wallet.create(places, keystore=keystore, passphrase=lambda: PASSPHRASE, now=NOW)


def opened(places: Places) -> Wallet:
    return Wallet(places, lambda: PASSPHRASE)


def left(places: Places) -> list[str]:
    """What lies in the wallet's folder but for the locks, which are empty and may stay."""
    if not places.data.exists():
        return []
    return sorted(entry.name for entry in places.data.iterdir() if not entry.name.endswith(".lock"))


def assert_whole(places: Places) -> None:
    with opened(places) as wallet:
        assert wallet.vault.rows("SELECT count(*) FROM statements") == [(0,)]


def fail(*_: object, **__: object) -> NoReturn:
    raise StorageError("the disk broke")


def no_passphrase() -> NoReturn:
    raise PassphraseNeeded("nobody to ask")


STEPS = {
    "ipse.storage.files.create_private_folder": "the folder",
    "ipse.keys.keystore.encrypted_file.EncryptedFile.create": "the keystore",
    "ipse.keys.keystore.encrypted_file.EncryptedFile._write": "the first write of the keystore",
    "ipse.keys.keystore.encrypted_file.EncryptedFile.add": "the root",
    "ipse.storage.vault.Vault.create": "the vault",
    "ipse.storage.vault.migrate": "the tables of the vault",
    "ipse.storage.manifest.create": "the manifest",
    "ipse.storage.manifest._write": "the write of the manifest",
}


@pytest.mark.sampled(3)
@pytest.mark.parametrize("step", STEPS, ids=STEPS.get)
def test_a_failure_at_any_step_leaves_nothing_behind(
    places: Places, monkeypatch: pytest.MonkeyPatch, step: str
) -> None:
    with monkeypatch.context() as broken:
        broken.setattr(step, fail)
        with pytest.raises(StorageError, match="the disk broke"):
            create(places)
    assert left(places) == []
    with pytest.raises(NotFound):
        opened(places)
    create(places).close()
    assert_whole(places)


@pytest.mark.parametrize("step", [step for step in STEPS if "encrypted_file" not in step], ids=STEPS.get)
def test_a_failure_at_any_step_leaves_nothing_in_the_keyring(
    places: Places, keyring: FolderKeystore, monkeypatch: pytest.MonkeyPatch, step: str
) -> None:
    monkeypatch.setattr(step, fail)
    with pytest.raises(StorageError, match="the disk broke"):
        create(places, "os")
    assert left(places) == []
    assert not list(keyring.folder.iterdir())


@pytest.mark.parametrize("call", [1, 2, 3])
def test_a_folder_that_can_not_be_synced_leaves_a_whole_wallet_or_nothing(
    places: Places, monkeypatch: pytest.MonkeyPatch, call: int
) -> None:
    """The file is in its place by then, whatever the error says."""
    calls = count(1)

    def fail_once(_: Path) -> None:
        if next(calls) == call:
            raise OSError(5, "Input/output error")

    with monkeypatch.context() as broken:
        broken.setattr(files, "sync_folder", fail_once)
        try:
            create(places).close()
        except StorageError:
            assert left(places) in ([], ["keystore.json", "vault.db", "wallet.json"])
    if not places.manifest.exists():
        create(places).close()
    assert_whole(places)


def test_a_passphrase_that_nobody_gives_leaves_nothing_behind(places: Places) -> None:
    with pytest.raises(PassphraseNeeded):
        Wallet.create(places, keystore="file", passphrase=no_passphrase, now=NOW)
    assert left(places) == []


def test_a_kind_of_keystore_that_nobody_knows_leaves_nothing_behind(places: Places) -> None:
    for kind in ("", "plain", "OS"):
        with pytest.raises(UsageError):
            create(places, kind)
    assert left(places) == []


def test_taking_back_goes_on_where_a_step_of_it_fails(
    places: Places, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A keyring that dies halfway must not keep the vault and the keystore file where they are."""

    def dead(*_: object) -> NoReturn:
        raise KeystoreUnavailable("the keyring died")

    monkeypatch.setattr("ipse.storage.manifest.create", fail)
    monkeypatch.setattr(EncryptedFile, "remove", dead)
    with pytest.raises(IpseError):
        create(places)
    assert left(places) == []


def test_a_second_wallet_is_never_made_over_the_first(places: Places, keyring: FolderKeystore) -> None:
    create(places).close()
    before = {entry.name: entry.read_bytes() for entry in places.data.iterdir()}
    for kind in ("file", "os"):
        with pytest.raises(AlreadyExists, match="already a wallet"):
            Wallet.create(places, keystore=kind, passphrase=no_passphrase, now=NOW)
    assert {entry.name: entry.read_bytes() for entry in places.data.iterdir()} == before
    assert not list(keyring.folder.iterdir())


@pytest.mark.parametrize("kind", ["file", "os"])
@pytest.mark.parametrize("survivor", ["vault", "keystore"])
def test_what_a_lost_manifest_left_is_never_overwritten(
    places: Places, keyring: FolderKeystore, kind: str, survivor: str
) -> None:
    precious: Path = getattr(places, survivor)
    places.data.mkdir()
    precious.write_bytes(b"precious")
    if (kind, survivor) == ("os", "keystore"):
        create(places, kind).close()  # it has no use for that file
    else:
        with pytest.raises(AlreadyExists):
            create(places, kind)
        assert left(places) == [precious.name]
    assert precious.read_bytes() == b"precious"


def test_a_vault_that_another_process_makes_meanwhile_is_left_alone(
    places: Places, keyring: FolderKeystore, monkeypatch: pytest.MonkeyPatch
) -> None:
    add = keyring.add

    def add_late(item: str, secret: bytes) -> None:
        add(item, secret)
        places.vault.write_bytes(b"the other one's vault")

    monkeypatch.setattr(keyring, "add", add_late)
    with pytest.raises(AlreadyExists):
        create(places, "os")
    assert places.vault.read_bytes() == b"the other one's vault"
    assert not list(keyring.folder.iterdir())


def test_a_manifest_that_another_process_writes_meanwhile_is_left_alone(
    places: Places, keyring: FolderKeystore, monkeypatch: pytest.MonkeyPatch
) -> None:
    add = keyring.add

    def add_late(item: str, secret: bytes) -> None:
        add(item, secret)
        places.manifest.write_bytes(b"the other one's manifest")

    monkeypatch.setattr(keyring, "add", add_late)
    with pytest.raises(AlreadyExists):
        create(places, "os")
    assert left(places) == ["wallet.json"]
    assert places.manifest.read_bytes() == b"the other one's manifest"


@needs_fork
@pytest.mark.parametrize("kind", ["file", "os"])
def test_of_processes_that_make_the_wallet_at_the_same_time_one_does(
    places: Places, keyring: FolderKeystore, kind: str
) -> None:
    def make(report: Report) -> None:
        try:
            create(places, kind).close()
        except AlreadyExists:
            return
        report("made")

    assert sorted(together(*[make] * 5)) == [[], [], [], [], ["made"]]
    assert_whole(places)
    if kind == "os":
        assert len(list(keyring.folder.iterdir())) == 2, "the root and the state"


@pytest.mark.slow
def test_a_disk_that_is_too_full_leaves_nothing_behind(small_disk: Path, no_derivation: None) -> None:
    places = Places(data=small_disk / "wallet", cache=small_disk / "cache")
    places.data.mkdir()
    for free in count(0, 4096):
        with filled(small_disk, but=free):
            try:
                create(places).close()
            except StorageError:
                assert left(places) == []
                continue
        break
    assert free > 16384
    assert_whole(places)


@pytest.mark.slow
@needs_fork
@at_every(2)
def test_a_wallet_killed_at_any_line_is_whole_or_not_there(
    tmp_path: Path, no_derivation: None, step: int
) -> None:
    for line in count(1, step):
        places = Places(data=tmp_path / str(line), cache=tmp_path / "cache")
        killed, reported = kill_at_line(line, functools.partial(_make, places))
        if reported or places.manifest.exists():
            assert_whole(places)
        if not killed:
            break
    assert line > 100


def _make(places: Places, report: Report) -> None:
    create(places).close()
    report("made")


@pytest.mark.slow
@at_every(2)
def test_a_wallet_interrupted_at_any_line_is_whole_or_not_there(
    tmp_path: Path, no_derivation: None, monkeypatch: pytest.MonkeyPatch, step: int
) -> None:
    monkeypatch.setattr(files, "_LOCK_WAIT", 0.05)
    for line in count(2, step):
        places = Places(data=tmp_path / str(line), cache=tmp_path / "cache")
        if not interrupted(line, lambda places=places: create(places).close()):  # type: ignore[misc]
            break
        if places.manifest.exists():
            assert_whole(places)
    assert line > 100


def interrupted(line: int, act: Callable[[], object]) -> bool:
    """Press Ctrl-C at this line of `act`; whether it came so far."""

    def press() -> NoReturn:
        raise KeyboardInterrupt

    try:
        with at_line(line, press):
            act()
    except (KeyboardInterrupt, StorageError):  # the second: it hit the release of a lock
        return True
    return False
