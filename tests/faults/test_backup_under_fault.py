"""Backups killed at any line: what was there is there, what was begun is done by starting it again."""

from __future__ import annotations

import functools
import itertools
import shutil
from collections.abc import Collection
from pathlib import Path

import pytest

from ipse.errors import IpseError, StorageError
from ipse.storage import statements
from ipse.storage.places import Places
from ipse.storage.statements import NewStatement
from ipse.wallet import disclosure_log, identities, state
from ipse.wallet.backup import archive, making, restoring, rotation
from ipse.wallet.backup.archive import Backup
from ipse.wallet.backup.restoring import KINDS, Question
from ipse.wallet.backup.restoring_keys import restore_keys
from ipse.wallet.wallet import Wallet
from tests.conftest import PASSPHRASE
from tests.faults.conftest import NOW, filled
from tests.faults.processes import Report, at_every, kill_at_line, needs_fork, together
from tests.faults.test_wallet_creation_under_fault import FolderKeystore

pytestmark = pytest.mark.usefixtures("no_derivation")

TIME = "2026-01-31T12:00:00Z"


@pytest.fixture
def backup(wallet: Wallet) -> Backup:
    """The backup of a wallet with a DID and a statement."""
    identities.create(wallet, "me", now=NOW)
    statements.add(wallet.vault, [NewStatement("tea", 1, "typed")], now=TIME)
    state.settle(wallet)
    return making.collect(wallet, program="1", now=NOW)


def restore(places: Places, backup: Backup, *, keystore: str = "file", words: Collection[str] = ()) -> None:
    def ask(_: Question) -> Collection[str]:
        return words

    restoring.restore(
        places,
        backup,
        keystore=keystore,
        passphrase=lambda: PASSPHRASE,
        new_passphrase=lambda: PASSPHRASE,
        ask=ask,
        now=NOW,
    )


def restoring_work(places: Places, backup: Backup, keystore: str, words: Collection[str], _: Report) -> None:
    restore(places, backup, keystore=keystore, words=words)


def rotating_work(target: Path, contents: Collection[bytes], keep: int, _: Report) -> None:
    for content in contents:
        rotation.write(str(target), content, keep=keep)


def assert_whole(places: Places, texts: Collection[str] = ("tea",)) -> None:
    with Wallet(places, lambda: PASSPHRASE) as wallet:
        disclosure_log.verify(wallet)
        assert [said.text for said in statements.every(wallet.vault)] == list(texts)
        identities.signing_key(wallet, "me")
        assert wallet.manifest.leftovers == ()


def left(places: Places) -> set[str]:
    return {entry.name for entry in places.data.iterdir() if not entry.name.endswith(".lock")}


@needs_fork
@pytest.mark.parametrize("keystore", ["file", "os"])
@at_every(150)
def test_a_restore_that_is_killed_is_done_by_starting_it_again(
    backup: Backup, tmp_path: Path, step: int, keystore: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    store = FolderKeystore(tmp_path / "keyring")
    store.replace = lambda item, secret: (store.folder / item).write_bytes(secret)  # type: ignore[attr-defined]
    monkeypatch.setattr("ipse.keys.keystore.os_keyring.open_os_keyring", lambda _: store)
    for line in itertools.count(1, step):
        places = Places.under(tmp_path / f"new-{line}")
        killed, _ = kill_at_line(line, functools.partial(restoring_work, places, backup, keystore, ()))
        if places.manifest.exists():
            assert_whole(places)
        else:
            restore(places, backup, keystore=keystore)
            assert_whole(places)
            assert not (places.data / ".restore-new").exists()
        shutil.rmtree(places.data)
        for item in store.folder.iterdir():
            item.unlink()
        if not killed:
            break


@needs_fork
@at_every(150)
def test_a_restore_over_a_wallet_that_is_killed_leaves_the_old_vault_or_is_done_by_starting_it_again(
    backup: Backup, wallet: Wallet, tmp_path: Path, step: int
) -> None:
    statements.add(wallet.vault, [NewStatement("rain", 1, "typed")], now=TIME)
    state.settle(wallet)
    wallet.close()
    for line in itertools.count(1, step):
        places = Places.under(tmp_path / f"copy-{line}")
        shutil.copytree(wallet.places.data, places.data)
        killed, _ = kill_at_line(line, functools.partial(restoring_work, places, backup, "file", KINDS))
        try:
            assert_whole(places, ("tea", "rain"))
        except (IpseError, AssertionError):
            restore(places, backup, words=KINDS)
            assert_whole(places)
        kept = {name.read_bytes() for name in places.data.iterdir() if name.name.startswith("vault.db")}
        assert wallet.places.vault.read_bytes() in kept
        shutil.rmtree(places.data)
        if not killed:
            break


@needs_fork
@at_every(20)
def test_a_backup_that_is_killed_leaves_the_last_one_whole(backup: Backup, tmp_path: Path, step: int) -> None:
    target = tmp_path / "backups" / "wallet.age"
    target.parent.mkdir()
    packed = archive.pack(backup)
    for number in range(3):
        rotation.write(str(target), b"%d" % number, keep=3)
    for line in itertools.count(1, step):
        copy = tmp_path / f"copy-{line}"
        shutil.copytree(target.parent, copy)
        file = copy / "wallet.age"
        killed, _ = kill_at_line(line, functools.partial(rotating_work, file, [packed], 3))
        assert file.read_bytes() in (b"2", packed)
        assert {b"1", b"2"} <= {one.read_bytes() for one in copy.iterdir()}
        rotation.write(str(file), packed, keep=3)
        assert file.read_bytes() == packed
        names = {one.name for one in copy.iterdir() if not one.name.endswith(".lock")}
        assert names <= {"wallet.age", "wallet.age.1", "wallet.age.2"}
        if not killed:
            break


def test_rotation_shifts_and_drops_what_is_too_much(tmp_path: Path) -> None:
    target = tmp_path / "b"
    for number in range(5):
        rotation.write(str(target), b"%d" % number, keep=3)
    assert [(tmp_path / name).read_bytes() for name in ("b", "b.1", "b.2")] == [b"4", b"3", b"2"]
    assert not (tmp_path / "b.3").exists()
    assert (tmp_path / "b.1").stat().st_mode & 0o777 == 0o600
    (tmp_path / "b.1").unlink()
    rotation.write(str(target), b"5", keep=3)
    assert [(tmp_path / name).read_bytes() for name in ("b", "b.1", "b.2")] == [b"5", b"4", b"2"]
    rotation.write(str(target), b"6", keep=1)
    assert [entry.name for entry in tmp_path.iterdir() if entry.name != ".b.lock"] == ["b"]
    (tmp_path / "folder").mkdir()
    with pytest.raises(IpseError):
        rotation.write(str(tmp_path / "folder"), b"", keep=2)


@needs_fork
def test_two_backups_at_once_are_both_whole_and_none_is_lost(tmp_path: Path) -> None:
    target = tmp_path / "b"

    written = [[mark + b"%d" % number for number in range(4)] for mark in (b"x", b"y")]
    together(*(functools.partial(rotating_work, target, contents, 9) for contents in written))
    found = {entry.read_bytes() for entry in tmp_path.iterdir() if not entry.name.endswith(".lock")}
    assert found == {*written[0], *written[1]}


@needs_fork
def test_of_two_restores_at_once_one_makes_the_wallet(backup: Backup, tmp_path: Path) -> None:
    places = Places.under(tmp_path / "new")

    def work(report: Report) -> None:
        try:
            restore(places, backup)
        except IpseError as error:
            report(error.code)
        else:
            report("restored")

    # The second finds the wallet that the first made, in the state of the backup or after it.
    found = sorted(reported[0] for reported in together(work, work))
    assert "restored" in found
    assert set(found) <= {"restored", "already-exists"}
    assert_whole(places)


def test_a_full_disk_leaves_no_half_wallet(backup: Backup, small_disk: Path) -> None:
    places = Places.under(small_disk / "new")
    with filled(small_disk, but=40960), pytest.raises(StorageError):
        restore(places, backup)
    assert not places.manifest.exists()
    assert not places.vault.exists()


@pytest.mark.parametrize("small_disk", [2048], indirect=True)
def test_what_a_full_disk_stopped_is_restored_when_there_is_room(backup: Backup, small_disk: Path) -> None:
    places = Places.under(small_disk / "new")
    with filled(small_disk, but=65536), pytest.raises(StorageError):
        restore(places, backup)
    restore(places, backup)
    assert_whole(places)
    assert left(places) == {"vault.db", "keystore.json", "wallet.json"}


@needs_fork
@at_every(60)
def test_keys_whose_restoring_is_killed_come_back_by_starting_it_again(
    backup: Backup, wallet: Wallet, tmp_path: Path, step: int
) -> None:
    wallet.close()
    for line in itertools.count(1, step):
        places = Places.under(tmp_path / f"copy-{line}")
        shutil.copytree(wallet.places.data, places.data)
        killed, _ = kill_at_line(line, functools.partial(restoring_keys_work, places, backup))
        assert places.vault.read_bytes() == wallet.places.vault.read_bytes()
        try:
            assert_whole(places)
        except IpseError:
            restoring_keys_work(places, backup, lambda _: None)
            assert_whole(places)
        shutil.rmtree(places.data)
        if not killed:
            break


def restoring_keys_work(places: Places, backup: Backup, _: Report) -> None:
    restore_keys(places, backup, keystore="file", new_passphrase=lambda: PASSPHRASE, now=NOW)
