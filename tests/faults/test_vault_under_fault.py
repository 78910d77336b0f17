"""The vault: altered anywhere, killed at any moment, written by several at once, on a full disk."""

from __future__ import annotations

import os
import stat
from itertools import count
from pathlib import Path
from typing import Any

import pytest

from ipse.errors import CorruptData, StorageError
from ipse.storage import disclosure_log, statement_vectors, statements
from ipse.storage.schema import MIGRATIONS
from ipse.storage.statements import NewStatement
from ipse.storage.vault import Vault
from tests.faults.conftest import filled
from tests.faults.processes import Report, kill_at_random, needs_fork, together
from tests.made import empty_vault

KEY = bytes(range(32))
PAGE = 4096
TABLES = ["credentials", "statements", "vectors", "grants", "disclosures", "sqlite_schema"]
# The salt or the first bytes, the middle, the last of the content, the nonce and the seal of a page.
OFFSETS = [0, 15, 16, 100, 2000, 4015, 4016, 4031, 4032, 4095]


@pytest.fixture
def path(tmp_path: Path) -> Path:
    """A vault of some twenty pages."""
    made = tmp_path / "vault.db"
    with empty_vault(made, KEY) as vault:
        said = [NewStatement(f"I like {number} " + "x" * 500, 0.5, "typed") for number in range(20)]
        numbers = statements.add(vault, said, now="2026-01-31T12:00:00Z").numbers
        statement_vectors.keep(vault, "model", [(number, bytes(1536)) for number in numbers[:5]])
        disclosure_log.append(vault, {"released": "x" * 9000})
    return made


def content(path: Path) -> list[Any]:
    """All rows of all tables, and what SQLite thinks of the indexes."""
    with Vault.open(path, KEY) as vault:
        return [vault.rows(f"SELECT * FROM {table}") for table in TABLES] + vault.rows(
            "PRAGMA integrity_check"
        )


@pytest.mark.slow
def test_every_page_that_was_altered_is_refused(path: Path) -> None:
    before = content(path)
    whole = path.read_bytes()
    assert before[-1] == ("ok",)
    assert len(whole) // PAGE > 15
    for page in range(len(whole) // PAGE):
        for offset in OFFSETS:
            at = page * PAGE + offset
            path.write_bytes(whole[:at] + bytes([whole[at] ^ 1]) + whole[at + 1 :])
            with pytest.raises(CorruptData):
                content(path)


def test_pages_that_changed_places_are_refused(path: Path) -> None:
    whole = path.read_bytes()
    pages = [whole[start : start + PAGE] for start in range(0, len(whole), PAGE)]
    for place in range(1, len(pages) - 1):
        swapped = [*pages[:place], pages[place + 1], pages[place], *pages[place + 2 :]]
        path.write_bytes(b"".join(swapped))
        with pytest.raises(CorruptData):
            content(path)


def test_every_vault_cut_at_a_page_is_refused(path: Path) -> None:
    whole = path.read_bytes()
    for length in range(0, len(whole), PAGE):
        path.write_bytes(whole[:length])
        with pytest.raises(CorruptData):
            content(path)


@pytest.mark.slow
@needs_fork
def test_a_process_killed_at_any_moment_leaves_every_entry_it_reported(path: Path) -> None:
    def append_on(report: Report) -> None:
        with Vault.open(path, KEY) as vault:
            while True:
                with vault.transaction():
                    entry = disclosure_log.append(vault, {"released": os.urandom(3000).hex()})
                    disclosure_log.append(vault, {"released": "its other half"})
                report(f"{entry.number} {entry.digest}")

    entries = 1
    for _ in range(30):
        reported = [line.split() for line in kill_at_random(append_on)]
        with Vault.open(path, KEY) as vault:
            entries = disclosure_log.verify(vault)
            assert entries % 2 == 1, "half a transaction was kept"
            for number, digest in reported:
                assert disclosure_log.find(vault, int(number)).digest == digest
    assert entries > 60
    assert {stat.S_IMODE(entry.stat().st_mode) for entry in path.parent.iterdir()} == {0o600}


@needs_fork
def test_processes_that_write_at_the_same_time_lose_nothing(path: Path) -> None:
    def append(report: Report) -> None:
        with Vault.open(path, KEY) as vault:
            for _ in range(15):
                report(str(disclosure_log.append(vault, {"released": str(os.getpid())}).number))

    reported = together(*[append] * 4)
    numbers = sorted(int(line) for lines in reported for line in lines)
    assert numbers == list(range(2, 62))
    with Vault.open(path, KEY) as vault:
        assert disclosure_log.verify(vault) == 61


@needs_fork
def test_processes_that_open_a_new_vault_at_the_same_time_migrate_it_once(
    path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    from ipse.storage import vault as module

    monkeypatch.setattr(module, "MIGRATIONS", (*MIGRATIONS, "CREATE TABLE added (number INTEGER)"))

    def open_it(report: Report) -> None:
        with Vault.open(path, KEY) as vault:
            vault.insert("INSERT INTO added VALUES (?)", (os.getpid(),))

    together(*[open_it] * 4)
    with Vault.open(path, KEY) as vault:
        assert vault.rows("SELECT count(*) FROM added") == [(4,)]


@pytest.mark.parametrize("small_disk", [384], indirect=True)
def test_a_full_disk_is_an_error_and_the_vault_stays_usable(small_disk: Path) -> None:
    path = small_disk / "vault.db"
    reserve = small_disk / "reserve"
    reserve.write_bytes(bytes(32 * 1024))
    with Vault.create(path, KEY) as vault:

        def write_on() -> None:
            for number in count():
                statements.add(vault, [NewStatement(f"{number} " + "x" * 3000, 0.5, "typed")], now="now")

        with pytest.raises(StorageError, match="disk is full"):
            write_on()
        written = len(statements.current(vault))
        assert written > 3
        reserve.unlink()  # deleting takes some room too, for the journal
        statements.forget(vault, 1)
        assert len(statements.current(vault)) == written - 1
        assert disclosure_log.append(vault, {"released": "small"}).number == 1
    with Vault.open(path, KEY) as vault:
        assert len(statements.current(vault)) == written - 1
        assert vault.rows("PRAGMA integrity_check") == [("ok",)]


def test_a_disk_without_a_free_page_lets_the_vault_be_read(small_disk: Path) -> None:
    path = small_disk / "vault.db"
    with Vault.create(path, KEY) as vault:
        disclosure_log.append(vault, {"released": "x"})
    with filled(small_disk), Vault.open(path, KEY) as vault:
        for _ in range(2):
            with pytest.raises(StorageError, match="disk is full"):
                disclosure_log.append(vault, {"released": "y" * 10_000})
            assert disclosure_log.verify(vault) == 1
    with Vault.open(path, KEY) as vault:
        assert disclosure_log.append(vault, {"released": "y" * 10_000}).number == 2


def test_a_vault_that_a_full_disk_refuses_is_not_half_made(small_disk: Path) -> None:
    path = small_disk / "vault.db"
    for free in (0, 8192):
        with filled(small_disk, but=free):
            with pytest.raises(StorageError):
                Vault.create(path, KEY)
            assert [entry.name for entry in small_disk.iterdir()] == ["filler"]
    Vault.create(path, KEY).close()
