"""Wallets that earlier versions made are backed up and restored, and a backup of an earlier version is."""

from __future__ import annotations

import gzip
import shutil
from pathlib import Path

import pytest

from ipse.storage import saved_vault
from ipse.storage.places import Places
from ipse.wallet import disclosure_log, identities
from ipse.wallet.backup import archive, making, verifying
from ipse.wallet.wallet import Wallet
from tests.conftest import PASSPHRASE, REPOSITORY
from tests.unit.wallet.backup.made import restore
from tests.unit.wallet.recorded import NOW, SECRET

_KEPT = REPOSITORY / "tests" / "kept_wallets"
_FOLDERS = sorted(path.parent for path in _KEPT.glob("*/expected.json"))
_ARCHIVES = sorted(_KEPT.glob("*.backup.tar.gz"))
_CHANGED = ("settings",)
"""A restore counts keys of credentials as given out, and forgets what was made on the other machine."""


@pytest.mark.parametrize("folder", _FOLDERS, ids=lambda folder: folder.name)
def test_a_kept_wallet_is_backed_up_and_restored(folder: Path, tmp_path: Path) -> None:
    home = tmp_path / "wallet"
    shutil.copytree(folder / "wallet", home)
    home.chmod(0o700)
    for file in list(home.iterdir()):
        if file.suffix == ".gz":
            file.with_suffix("").write_bytes(gzip.decompress(file.read_bytes()))
            file.unlink()
    for file in home.iterdir():
        file.chmod(0o600)
    with Wallet(Places.under(home), lambda: PASSPHRASE) as wallet:
        backup = archive.unpack(archive.pack(making.collect(wallet, program="1", now=NOW)))
        restore(backup, tmp_path / "new")
        with Wallet(Places.under(tmp_path / "new"), lambda: SECRET) as again:
            for table in set(saved_vault.TABLES).difference(_CHANGED):
                everything = f"SELECT * FROM {table}"
                assert again.vault.rows(everything) == wallet.vault.rows(everything), table
            assert disclosure_log.verify(again).count == disclosure_log.verify(wallet).count
            for record in wallet.manifest.dids:
                assert (
                    identities.signing_key(again, record.name)[2]
                    == (identities.signing_key(wallet, record.name)[2])
                )


def test_there_are_kept_archives() -> None:
    assert _FOLDERS
    assert _ARCHIVES


@pytest.mark.parametrize("file", _ARCHIVES, ids=lambda file: file.name)
def test_a_kept_archive_is_restored(file: Path, tmp_path: Path) -> None:
    backup = archive.unpack(gzip.decompress(file.read_bytes()))
    contents = verifying.verify(backup)
    assert contents.dids == ("me", "university", "shop", "site", "library")
    restore(backup, tmp_path / "new")
    with Wallet(Places.under(tmp_path / "new"), lambda: SECRET) as again:
        assert disclosure_log.verify(again).count == contents.rows["disclosures"]
        assert len(again.vault.rows("SELECT 1 FROM statements")) == contents.rows["statements"] > 0
        assert contents.rows["credentials"] == 4
