"""A wallet with something of everything, copied for each test, and its backup."""

from __future__ import annotations

import shutil
from collections.abc import Iterator
from pathlib import Path

import pytest

from ipse.storage.places import Places
from ipse.wallet.backup.archive import Backup
from ipse.wallet.wallet import Wallet
from tests.unit.wallet.backup.made import backup_of, fill
from tests.unit.wallet.recorded import opened


@pytest.fixture(scope="package")
def _template(empty_recorded: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("filled") / "wallet"
    shutil.copytree(empty_recorded, folder)
    with opened(Places.under(folder)) as made:
        fill(made)
    return folder


@pytest.fixture
def wallet(_template: Path, tmp_path: Path) -> Iterator[Wallet]:
    """The wallet of this test."""
    shutil.copytree(_template, tmp_path / "wallet")
    with opened(Places.under(tmp_path / "wallet")) as made:
        yield made


@pytest.fixture
def backup(wallet: Wallet) -> Backup:
    """Its backup."""
    return backup_of(wallet)
