"""The vault: one encrypted file that only its key opens and that is never half changed."""

from __future__ import annotations

import os
import random
import stat
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import sqlcipher3

from ipse.errors import AlreadyExists, CorruptData, IpseError, StorageError
from ipse.storage import disclosure_log, statement_vectors, statements, vault
from ipse.storage.schema import MIGRATIONS
from ipse.storage.statements import NewStatement
from ipse.storage.vault import Vault
from tests.made import empty_vault

KEY = bytes(range(32))
SECRET = "I like the smell of rain on warm asphalt"
TABLES = ["credentials", "statements", "vectors", "grants", "disclosures"]


@pytest.fixture
def path(tmp_path: Path) -> Path:
    """A vault with something in each kind of page."""
    made = tmp_path / "vault.db"
    with empty_vault(made, KEY) as opened:
        said = [NewStatement(f"{SECRET} {number} " + "x" * 300, 0.5, "typed") for number in range(20)]
        numbers = statements.add(opened, said, now="2026-01-31T12:00:00Z").numbers
        statement_vectors.keep(opened, "model", [(number, bytes([number]) * 1536) for number in numbers])
        disclosure_log.append(opened, {"released": SECRET * 200})
    return made


def content(path: Path, key: bytes = KEY) -> list[Any]:
    """All that is in the vault."""
    with Vault.open(path, key) as opened:
        rows = [opened.rows(f"SELECT * FROM {table}") for table in TABLES]
        return [*rows, opened.rows("SELECT * FROM sqlite_schema"), opened.rows("PRAGMA integrity_check")]


def plain_connection(path: Path) -> Any:
    """A connection with the right key and none of the vault's care."""
    connection = sqlcipher3.connect(str(path), isolation_level=None)
    connection.execute(f"PRAGMA key = \"x'{KEY.hex()}'\"")
    return connection


def test_what_is_kept_is_there_when_the_vault_is_opened_again(path: Path) -> None:
    with Vault.open(path, KEY) as opened:
        assert opened.rows("SELECT count(*), min(text) LIKE ? FROM statements", (f"{SECRET}%",)) == [(20, 1)]


@pytest.mark.parametrize("key", [bytes(32), KEY[::-1], KEY[:-1] + b"\0", b"\xff" * 32])
def test_another_key_opens_nothing(path: Path, key: bytes) -> None:
    before = path.read_bytes()
    with pytest.raises(CorruptData, match="altered, or is not the vault of this wallet's keystore"):
        Vault.open(path, key)
    assert path.read_bytes() == before


def test_a_vault_is_never_made_over_another(path: Path) -> None:
    before = path.read_bytes()
    with pytest.raises(AlreadyExists):
        Vault.create(path, KEY)
    assert path.read_bytes() == before


def test_a_vault_that_is_gone_is_named_and_not_made_anew(tmp_path: Path) -> None:
    with pytest.raises(CorruptData, match=r"vault\.db is gone"):
        Vault.open(tmp_path / "vault.db", KEY)
    assert not list(tmp_path.iterdir())


@pytest.mark.parametrize(
    "length", [0, 1, 2, 15, 16, 100, 512, 1024, 4095, 4096, 4097, 8192, 12288, -4096, -1]
)
def test_a_truncated_vault_is_corrupt_and_never_taken_for_a_new_one(path: Path, length: int) -> None:
    whole = path.read_bytes()
    cut = whole[:length]
    path.write_bytes(cut)
    with pytest.raises(CorruptData):
        content(path)
    assert path.read_bytes() == cut


@pytest.mark.parametrize(
    "data", [b"SQLite format 3\0" + bytes(4080), b"\0" * 8192, random.Random(1).randbytes(8192), b"hello"]
)
def test_a_file_that_is_no_vault_is_corrupt(path: Path, data: bytes) -> None:
    path.write_bytes(data)
    with pytest.raises(CorruptData):
        content(path)


def test_a_plain_database_in_the_vaults_place_is_refused(path: Path) -> None:
    path.unlink()
    plain = sqlcipher3.connect(str(path))
    plain.execute("CREATE TABLE statements (text)")
    plain.commit()
    plain.close()
    with pytest.raises(CorruptData):
        Vault.open(path, KEY)


def test_nothing_that_was_said_is_in_plain_in_any_file_of_the_folder(path: Path) -> None:
    def plain() -> bytes:
        return b"".join(file.read_bytes() for file in path.parent.iterdir())

    words = [SECRET[:12].encode(), b"CREATE TABLE", b"released", b"SQLite format"]
    assert not [word for word in words if word in plain()]
    with Vault.open(path, KEY) as opened, opened.transaction():
        opened.change("UPDATE statements SET text = text || ?", (SECRET,))
        opened.change("DELETE FROM vectors")
        assert len(list(path.parent.iterdir())) == 2, "a journal holds the old pages"
        assert not [word for word in words if word in plain()]


def test_what_was_deleted_is_overwritten(path: Path) -> None:
    with Vault.open(path, KEY) as opened:
        opened.change("DELETE FROM disclosures")
        settings = [
            opened.rows(f"PRAGMA {name}") for name in ("secure_delete", "foreign_keys", "trusted_schema")
        ]
        assert settings == [[(1,)], [(1,)], [(0,)]]
        assert opened.rows("PRAGMA cipher_memory_security") in ([("1",)], [(1,)])


def test_sorting_what_is_in_the_vault_writes_no_plain_temporary_file(path: Path) -> None:
    with Vault.open(path, KEY) as opened:
        options = [option for (option,) in opened.rows("PRAGMA compile_options")]
        kept_in_memory = opened.rows("PRAGMA temp_store") == [(2,)]
        assert kept_in_memory or "TEMP_STORE=2" in options or "TEMP_STORE=3" in options


def test_every_file_is_its_owners_alone_whatever_the_umask(tmp_path: Path) -> None:
    def modes() -> dict[str, int]:
        return {entry.name: stat.S_IMODE(entry.stat().st_mode) for entry in tmp_path.iterdir()}

    before = os.umask(0)
    try:
        with Vault.create(tmp_path / "vault.db", KEY) as made, made.transaction():
            made.insert("INSERT INTO disclosures VALUES (?, ?, ?)", (1, b"entry", b"digest"))
            assert modes() == {"vault.db": 0o600, "vault.db-journal": 0o600}
        assert modes() == {"vault.db": 0o600}
    finally:
        os.umask(before)


def test_sqlcipher_prints_nothing(path: Path, capfd: pytest.CaptureFixture[str]) -> None:
    whole = path.read_bytes()
    for damage in (
        whole[:-1],
        whole[:5000],
        b"x" * 4096,
        whole[:4200] + bytes([whole[4200] ^ 1]) + whole[4201:],
    ):
        path.write_bytes(damage)
        with pytest.raises(CorruptData):
            content(path)
    path.write_bytes(whole)
    with pytest.raises(CorruptData):
        Vault.open(path, bytes(32))
    content(path)
    assert capfd.readouterr() == ("", "")


def test_the_key_is_in_no_error(path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path.write_bytes(b"x" * 8192)
    with pytest.raises(CorruptData) as caught:
        Vault.open(path, KEY)
    shown = f"{caught.value!r} {caught.value.__cause__!r} {caught.value.__context__!r}"
    assert KEY.hex() not in shown


def test_a_vault_of_a_newer_ipse_is_left_alone(path: Path) -> None:
    connection = plain_connection(path)
    connection.execute("PRAGMA user_version = 99")
    connection.close()
    before = path.read_bytes()
    with pytest.raises(CorruptData, match="schema version 99") as caught:
        Vault.open(path, KEY)
    assert "upgrade" in caught.value.hint
    assert path.read_bytes() == before


def test_a_migration_that_fails_changes_nothing(path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    before = content(path)
    broken = (
        *MIGRATIONS,
        "CREATE TABLE added (a TEXT);\nDROP TABLE vectors;\nSELECT no_such_function()",
    )
    monkeypatch.setattr(vault, "MIGRATIONS", broken)
    with pytest.raises(IpseError):
        Vault.open(path, KEY)
    monkeypatch.undo()
    assert content(path) == before


def test_a_migration_runs_once(path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(vault, "MIGRATIONS", (*MIGRATIONS, "CREATE TABLE added (a TEXT)"))
    for _ in range(2):
        with Vault.open(path, KEY) as opened:
            assert opened.rows("SELECT * FROM added") == []
            assert opened.rows("SELECT count(*) FROM statements") == [(20,)]


@pytest.fixture
def opened(path: Path) -> Iterator[Vault]:
    """The vault, open."""
    with Vault.open(path, KEY) as opened:
        yield opened


def add_row(opened: Vault, number: int) -> None:
    opened.insert("INSERT INTO disclosures VALUES (?, ?, ?)", (number, b"entry", b"digest"))


def numbers(opened: Vault) -> list[int]:
    return [number for (number,) in opened.rows("SELECT number FROM disclosures ORDER BY number")]


@pytest.mark.parametrize("failure", [ValueError, KeyboardInterrupt, SystemExit, GeneratorExit])
def test_a_transaction_that_fails_changes_nothing(opened: Vault, failure: type[BaseException]) -> None:
    def fail_halfway() -> None:
        with opened.transaction():
            add_row(opened, 2)
            opened.change("DELETE FROM statements")
            raise failure

    with pytest.raises(failure):
        fail_halfway()
    assert numbers(opened) == [1]
    assert opened.rows("SELECT count(*) FROM statements") == [(20,)]
    add_row(opened, 3)
    assert numbers(opened) == [1, 3]


def test_a_transaction_inside_another_shares_its_fate(opened: Vault) -> None:
    def fail_outside() -> None:
        with opened.transaction():
            with opened.transaction():
                add_row(opened, 2)
            raise ValueError("outer")

    with pytest.raises(ValueError, match="outer"):
        fail_outside()
    assert numbers(opened) == [1]


def test_a_constraint_that_fails_undoes_its_transaction(opened: Vault) -> None:
    def add_twice() -> None:
        with opened.transaction():
            add_row(opened, 2)
            add_row(opened, 2)

    with pytest.raises(sqlcipher3.IntegrityError):
        add_twice()
    assert numbers(opened) == [1]


def test_a_vault_that_another_process_writes_is_waited_for_and_then_named(
    path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("ipse.storage.vault._BUSY_WAIT", 0.05)
    with Vault.open(path, KEY) as first, Vault.open(path, KEY) as second, first.transaction():
        add_row(first, 2)
        assert numbers(second) == [1]
        with pytest.raises(StorageError, match="another process has held"):
            add_row(second, 2)
    assert content(path)[4][1][0] == 2


def test_a_vault_that_was_closed_is_not_called_corrupt(path: Path) -> None:
    """The owner must not be sent to a backup by a mistake in the program."""
    with Vault.open(path, KEY) as closed:
        pass
    with pytest.raises(Exception, match=r".") as caught:
        closed.rows("SELECT 1")
    assert not isinstance(caught.value, CorruptData)


def test_sql_that_is_wrong_is_not_called_corrupt(opened: Vault) -> None:
    with pytest.raises(Exception, match=r".") as caught:
        opened.rows("SELECT ?", ())
    assert not isinstance(caught.value, CorruptData)
