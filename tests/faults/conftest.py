"""A wallet over an encrypted file, and a small disk to fill."""

from __future__ import annotations

import contextlib
import os
import shutil
import subprocess
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path

import pytest

from ipse.keys.keystore.encrypted_file import EncryptedFile
from ipse.storage.places import Places
from ipse.wallet.wallet import Wallet
from tests.made import empty_wallet

NOW = datetime(2026, 1, 31, 12, tzinfo=UTC)


def _zeros(*_: object) -> bytes:
    return bytes(32)


@pytest.fixture
def no_derivation(monkeypatch: pytest.MonkeyPatch) -> None:
    """One key for every passphrase and salt, where hundreds of rounds are about something else."""
    monkeypatch.setattr(EncryptedFile, "_derive", _zeros)


@pytest.fixture
def open_umask() -> Iterator[None]:
    """The most careless umask there is."""
    before = os.umask(0)
    yield
    os.umask(before)


@pytest.fixture
def places(tmp_path: Path) -> Places:
    """Where the wallet of the test lies."""
    return Places(data=tmp_path / "wallet", cache=tmp_path / "cache")


@pytest.fixture
def wallet(places: Places) -> Iterator[Wallet]:
    """A wallet over an encrypted file."""
    with empty_wallet(places, now=NOW) as made:
        yield made


@pytest.fixture
def small_disk(tmp_path: Path, request: pytest.FixtureRequest) -> Iterator[Path]:
    """A file system of its own with 256 KiB, or as many as a test asks for."""
    folder = tmp_path / "disk"
    folder.mkdir()
    mount = shutil.which("mount")
    if mount is None or not hasattr(os, "geteuid") or os.geteuid() != 0:
        pytest.skip("only root can mount a small disk to fill")
    options = ["-t", "tmpfs", "-o", f"size={getattr(request, 'param', 256)}k,mode=700", "none", str(folder)]
    mounted = subprocess.run([mount, *options], capture_output=True, text=True, check=False)
    if mounted.returncode:
        pytest.skip(f"a small disk can't be mounted here: {mounted.stderr.strip()}")
    try:
        yield folder
    finally:
        subprocess.run(["umount", "-l", str(folder)], check=True)


@contextlib.contextmanager
def filled(disk: Path, *, but: int = 0) -> Iterator[None]:
    """The disk full to the last page, or with `but` bytes free."""
    filler = disk / "filler"
    try:
        with contextlib.suppress(OSError), filler.open("wb", buffering=0) as file:
            while True:
                file.write(b"x" * 4096)
        if but:
            os.truncate(filler, filler.stat().st_size - but)
        yield
    finally:
        filler.unlink()
