"""The encrypted keystore file: altered, killed, crowded, on a full disk, with little memory."""

from __future__ import annotations

import functools
import json
import stat
from collections.abc import Callable
from itertools import count
from pathlib import Path

import pytest

from ipse.encoding.strict_json import JsonObject
from ipse.errors import IpseError, KeystoreError, StorageError
from ipse.keys.keystore.encrypted_file import EncryptedFile
from tests.conftest import PASSPHRASE
from tests.faults.conftest import filled
from tests.faults.processes import (
    Report,
    at_every,
    at_line,
    kill_at_line,
    kill_at_random,
    needs_fork,
    together,
)

SECRETS = {"root": bytes(range(32)), "did-main": b'{"seed":"AAAA"}'}

STATM = Path("/proc/self/statm")


def opened(path: Path) -> EncryptedFile:
    return EncryptedFile(path, lambda: PASSPHRASE)


@pytest.fixture
def path(tmp_path: Path) -> Path:
    """A keystore with two items."""
    made = tmp_path / "keystore.json"
    keystore = opened(made)
    keystore.create()
    for item, secret in SECRETS.items():
        keystore.add(item, secret)
    return made


def remember_derivations(monkeypatch: pytest.MonkeyPatch) -> None:
    """Derive each key once, however many altered files ask for it."""
    derive: Callable[[EncryptedFile, JsonObject], bytes] = EncryptedFile._derive
    known: dict[str, bytes] = {}

    def remembered(self: EncryptedFile, kdf: JsonObject) -> bytes:
        asked = json.dumps(kdf)
        if asked not in known:
            known[asked] = derive(self, kdf)
        return known[asked]

    monkeypatch.setattr(EncryptedFile, "_derive", remembered)


def test_every_flipped_bit_is_refused(path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    remember_derivations(monkeypatch)
    whole = path.read_bytes().rstrip(b"\n")
    for position in range(len(whole) * 8):
        flipped = bytearray(whole)
        flipped[position // 8] ^= 1 << position % 8
        path.write_bytes(flipped)
        with pytest.raises(IpseError):
            opened(path).get("root")


def test_every_overwritten_byte_is_refused_or_means_the_same(
    path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    remember_derivations(monkeypatch)
    whole = path.read_bytes()
    for position in range(len(whole)):
        for value in (0x00, 0x20, 0x22, 0x30, 0x41):
            path.write_bytes(whole[:position] + bytes([value]) + whole[position + 1 :])
            try:
                secret = opened(path).get("root")
            except IpseError:
                continue
            assert secret == SECRETS["root"]
            assert json.loads(path.read_bytes()) == json.loads(whole)


def test_every_truncated_file_is_refused(path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    remember_derivations(monkeypatch)
    whole = path.read_bytes().rstrip()
    for length in range(len(whole)):
        path.write_bytes(whole[:length])
        with pytest.raises(IpseError):
            opened(path).get("root")


def test_every_shortened_ciphertext_is_refused(path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    remember_derivations(monkeypatch)
    document = json.loads(path.read_bytes())
    for length in range(len(document["ciphertext"])):
        path.write_text(json.dumps({**document, "ciphertext": document["ciphertext"][:length]}))
        with pytest.raises(IpseError):
            opened(path).get("root")


@needs_fork
def test_processes_that_add_at_the_same_time_lose_nothing(path: Path) -> None:
    def add(worker: int, report: Report) -> None:
        keystore = opened(path)
        for number in range(5):
            keystore.add(f"item-{worker}-{number}", f"{worker} {number}".encode())

    together(*[functools.partial(add, worker) for worker in range(6)])
    keystore = opened(path)
    for worker in range(6):
        for number in range(5):
            assert keystore.get(f"item-{worker}-{number}") == f"{worker} {number}".encode()


@needs_fork
def test_of_processes_that_add_the_same_item_one_succeeds(path: Path) -> None:
    def add(worker: int, report: Report) -> None:
        try:
            opened(path).add("shared", f"{worker}".encode())
        except IpseError:
            return
        report(f"{worker}")

    reported = together(*[functools.partial(add, worker) for worker in range(6)])
    (winner,) = [line for lines in reported for line in lines]
    assert opened(path).get("shared") == winner.encode()


@pytest.mark.slow
@needs_fork
def test_a_process_killed_at_any_moment_leaves_every_item_it_reported(path: Path) -> None:
    names = count()

    def add_on(report: Report) -> None:
        keystore = opened(path)
        for number in names:
            keystore.add(f"item-{number}", f"secret {number}".encode())
            report(f"{number}")

    for _ in range(30):
        reported = [int(line) for line in kill_at_random(add_on)]
        keystore = opened(path)
        for number in reported:
            assert keystore.get(f"item-{number}") == f"secret {number}".encode()
        names = count(reported[-1] + 2)  # the one after the last may have been written too
    assert opened(path).get("root") == SECRETS["root"]


@needs_fork
@at_every(1)
def test_a_process_killed_at_any_line_of_an_addition_leaves_every_item(path: Path, step: int) -> None:
    held = opened(path)
    held.get("root")  # the children have the key already
    for line in count(1, step):
        item = f"item-{line}"
        killed, reported = kill_at_line(line, lambda report, item=item: _add(held, item, report))  # type: ignore[misc]
        reader = opened(path)
        assert reader.get("root") == SECRETS["root"]
        assert reader.get("did-main") == SECRETS["did-main"]
        if reported:
            assert reader.get(item) == b"secret"
        if not killed:
            break
    assert line > 50


def _add(keystore: EncryptedFile, item: str, report: Report) -> None:
    keystore.add(item, b"secret")
    report(item)


def test_the_file_is_its_owners_alone_at_every_moment(tmp_path: Path, open_umask: None) -> None:
    modes: set[int] = set()

    def look() -> None:
        modes.update(stat.S_IMODE(entry.stat().st_mode) for entry in tmp_path.iterdir())

    keystore = opened(tmp_path / "keystore.json")
    for line in range(1, 400, 3):
        with at_line(line, look):
            if line == 1:
                keystore.create()
            keystore.add(f"item-{line}", b"secret")
    assert modes == {0o600}


def test_a_full_disk_leaves_every_item_and_no_file_beside_them(small_disk: Path) -> None:
    keystore = opened(small_disk / "keystore.json")
    keystore.create()
    keystore.add("root", SECRETS["root"])
    with filled(small_disk):
        before = sorted(entry.name for entry in small_disk.iterdir())
        with pytest.raises(StorageError, match="no space left on device"):
            keystore.add("new", b"secret" * 1000)
        with pytest.raises(StorageError, match="no space left on device"):
            keystore.remove("root")
        assert sorted(entry.name for entry in small_disk.iterdir()) == before
        assert opened(keystore.path).get("root") == SECRETS["root"]
    keystore.add("new", b"secret")
    assert opened(keystore.path).get("new") == b"secret"


def test_a_keystore_that_a_full_disk_refuses_is_not_half_made(small_disk: Path) -> None:
    path = small_disk / "keystore.json"
    with filled(small_disk), pytest.raises(StorageError):
        opened(path).create()
    assert not path.exists()
    opened(path).create()
    opened(path).add("root", SECRETS["root"])


@needs_fork
@pytest.mark.skipif(not STATM.exists(), reason="how much memory a process holds is not in /proc")
def test_too_little_memory_for_the_derivation_is_a_keystore_error(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("ipse.keys.keystore.encrypted_file._MEMORY_LIMIT", 256 * 1024 * 1024)
    path = tmp_path / "large.json"
    opened(path).create()

    def starve(report: Report) -> None:
        import resource

        pages = int(STATM.read_text().split()[0])
        bound = pages * resource.getpagesize() + 64 * 1024 * 1024
        resource.setrlimit(resource.RLIMIT_AS, (bound, bound))
        try:
            opened(path).get("root")
        except KeystoreError as error:
            report(error.message)

    ((reported,),) = together(starve)
    assert "memory" in reported
