"""A wipe that is killed is finished by starting it again; a passphrase that is changed opens always."""

from __future__ import annotations

import contextlib
import functools
import itertools
import shutil
from pathlib import Path

import pytest

from ipse.errors import NotFound, WrongPassphrase
from ipse.keys.keystore.encrypted_file import EncryptedFile
from ipse.storage.places import Places
from ipse.wallet import identities, keystore_move, wiping
from ipse.wallet.wallet import Wallet
from tests.conftest import PASSPHRASE
from tests.faults.conftest import NOW
from tests.faults.processes import Report, at_every, kill_at_line, needs_fork, together
from tests.faults.test_wallet_creation_under_fault import FolderKeystore

NEW = b"another passphrase"


def wipe(places: Places, _: Report) -> None:
    wiping.wipe(places, wiping.found(places))


def change(path: Path, _: Report) -> None:
    EncryptedFile(path, lambda: PASSPHRASE).change_passphrase(lambda: NEW)


@needs_fork
@at_every(2)
def test_a_wipe_that_is_killed_is_finished_by_starting_it_again(
    wallet: Wallet, tmp_path: Path, step: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    store = FolderKeystore(tmp_path / "keyring")
    monkeypatch.setattr("ipse.keys.keystore.os_keyring.open_os_keyring", lambda _: store)
    identities.create(wallet, "me", now=NOW)
    keystore_move.move(wallet, "os", new_passphrase=bytes)
    wallet.close()
    (store.folder / "another-wallets").write_bytes(b"")
    for line in itertools.count(1, step):
        places = Places.under(tmp_path / f"copy-{line}")
        shutil.copytree(wallet.places.data, places.data)
        shutil.copytree(store.folder, tmp_path / "kept", dirs_exist_ok=True)
        killed, _ = kill_at_line(line, functools.partial(wipe, places))
        with contextlib.suppress(NotFound):
            wipe(places, lambda _: None)
        assert not places.data.exists() or not list(places.data.iterdir())
        assert [entry.name for entry in store.folder.iterdir()] == ["another-wallets"]
        shutil.copytree(tmp_path / "kept", store.folder, dirs_exist_ok=True)
        if not killed:
            break


@needs_fork
@at_every(4)
def test_a_keystore_whose_passphrase_is_changed_opens_with_the_old_or_the_new_one(
    tmp_path: Path, step: int
) -> None:
    original = EncryptedFile(tmp_path / "original", lambda: PASSPHRASE)
    original.create()
    original.add("item", b"secret")
    for line in itertools.count(1, step):
        path = tmp_path / f"copy-{line}"
        shutil.copyfile(original.path, path)
        killed, _ = kill_at_line(line, functools.partial(change, path))
        try:
            assert EncryptedFile(path, lambda: PASSPHRASE).get("item") == b"secret"
            assert killed
        except WrongPassphrase:
            assert EncryptedFile(path, lambda: NEW).get("item") == b"secret"
        if not killed:
            break


@needs_fork
def test_what_is_added_while_the_passphrase_is_changed_is_there(tmp_path: Path) -> None:
    path = tmp_path / "keystore.json"
    EncryptedFile(path, lambda: PASSPHRASE).create()

    def add(report: Report) -> None:
        store = EncryptedFile(path, lambda: PASSPHRASE)
        for number in range(20):
            try:
                store.add(f"item-{number}", b"x")
            except WrongPassphrase:
                return
            report(f"item-{number}")

    added, _ = together(add, functools.partial(change, path))
    changed = EncryptedFile(path, lambda: NEW)
    for item in added:
        assert changed.get(item) == b"x"
