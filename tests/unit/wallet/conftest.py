"""A wallet over an encrypted file, copied for each test."""

from __future__ import annotations

import shutil
from collections.abc import Iterator
from pathlib import Path

import pytest

from ipse.storage.places import Places
from ipse.wallet.wallet import Wallet
from tests.unit.wallet.recorded import NOW, SECRET, opened
from tests.waiting import be_patient


@pytest.fixture(scope="package")
def empty_recorded(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The folder of an empty wallet."""
    folder = tmp_path_factory.mktemp("template") / "wallet"
    Wallet.create(Places(folder, folder), keystore="file", passphrase=lambda: SECRET, now=NOW).close()
    return folder


@pytest.fixture
def recorded(empty_recorded: Path, tmp_path: Path) -> Iterator[Wallet]:
    """A copy of it for one test."""
    places = Places(tmp_path / "wallet", tmp_path / "cache")
    shutil.copytree(empty_recorded, places.data)
    with opened(places) as wallet:
        yield wallet


@pytest.fixture
def patient(monkeypatch: pytest.MonkeyPatch) -> None:
    """Processes that work on one wallet at the same time wait for each other, however busy the machine is."""
    be_patient(monkeypatch)
