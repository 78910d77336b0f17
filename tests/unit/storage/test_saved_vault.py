"""The rows of a vault are saved as JSON, whole, and a vault made of them is the same."""

from __future__ import annotations

import json
import re
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from ipse.errors import CorruptData, VaultAltered
from ipse.storage import (
    answers,
    credential_store,
    disclosure_log,
    grants,
    saved_vault,
    settings,
    statements,
    transcript,
    vault,
)
from ipse.storage.answers import AnswerRow
from ipse.storage.credential_store import StoredCredential
from ipse.storage.grants import Grant
from ipse.storage.saved_vault import LEFT_OUT, TABLES, SavedVault
from ipse.storage.schema import HEADS_SINCE, MIGRATIONS
from ipse.storage.state_head import TABLES as COVERED
from ipse.storage.statements import NewStatement
from ipse.storage.transcript import Line
from ipse.storage.vault import Vault
from tests.made import empty_vault

KEY = bytes(range(32))
NOW = "2026-01-31T12:00:00Z"


def fill(opened: Vault) -> None:
    said = [NewStatement(text, 0.25, "typed") for text in ("tea", "séa \0 air", "forgotten", "replaced")]
    statements.add(opened, said, now=NOW)
    statements.forget(opened, 3)
    statements.supersede(opened, 4, 1)
    statements.accept_contradiction(opened, 1, 2, now=NOW)
    grants.add(opened, Grant(0, "https://a.example", "choose", NOW, "2027-01-01T00:00:00Z", None))
    entry = disclosure_log.append(opened, {"released": "héllo"})
    answers.add(
        opened,
        AnswerRow(
            entry.number,
            "https://a.example",
            "n",
            bytes(32),
            "choose",
            "p",
            "owner",
            2.0,
            0,
            1,
            NOW,
            bytes(8),
        ),
    )
    transcript.add(opened, Line(1, "", "model", b"\xff" * 16, (1, 2), 3, 4, 2.0, False, True))
    transcript.keep_reading(opened, "", 0.5, 1.0)
    credential_store.add(
        opened, StoredCredential("urn:1", "{}", "jwt", "did:x", None, ("A",), None, None, True, NOW)
    )
    settings.put(opened, "a", "b")


@pytest.fixture
def saved(tmp_path: Path) -> SavedVault:
    """What is saved of a vault with something in many tables."""
    with empty_vault(tmp_path / "vault.db", KEY) as opened:
        fill(opened)
        return saved_vault.save(opened)


def rows(opened: Vault) -> dict[str, list[tuple[Any, ...]]]:
    return {table: opened.rows(f"SELECT * FROM {table}") for table in TABLES}


def test_every_table_is_saved_or_named_as_left_out() -> None:
    made = {name for script in MIGRATIONS for name in re.findall(r"CREATE TABLE (\w+)", script)}
    dropped = {name for script in MIGRATIONS for name in re.findall(r"DROP TABLE (\w+)", script)}
    renamed = dict(re.findall(r"ALTER TABLE (\w+) RENAME TO (\w+)", "".join(MIGRATIONS)))
    there = (made - dropped - renamed.keys()) | set(renamed.values())
    assert there == {*TABLES, *LEFT_OUT}
    assert len(TABLES) + len(LEFT_OUT) == len(there)
    assert set(COVERED) <= set(TABLES)


def test_the_tables_that_are_named_are_those_of_a_vault(saved: SavedVault, tmp_path: Path) -> None:
    with Vault.open(tmp_path / "vault.db", KEY) as opened:
        there = {row[0] for row in opened.rows("SELECT name FROM sqlite_schema WHERE type = 'table'")}
    assert there - {"sqlite_sequence"} == {*TABLES, *LEFT_OUT}


@pytest.mark.parametrize("in_memory", [True, False])
def test_a_vault_made_of_what_was_saved_is_the_same(
    saved: SavedVault, tmp_path: Path, in_memory: bool
) -> None:
    path = None if in_memory else tmp_path / "again.db"
    through_json = replace(saved, rows=json.loads(json.dumps(saved.rows)))
    with (
        Vault.open(tmp_path / "vault.db", KEY) as before,
        saved_vault.rebuild(through_json, path, KEY) as after,
    ):
        assert rows(after) == rows(before)
        assert after.rows("SELECT * FROM sqlite_sequence ORDER BY name") == before.rows(
            "SELECT * FROM sqlite_sequence ORDER BY name"
        )
        saved_head, head = after.heads()
        assert saved_head == before.heads()[-1]
        assert head.log == before.heads()[-1].log
        after.check(head, everything=True)
        assert statements.add(after, [NewStatement("new", 1, "typed")], now=NOW).numbers == (5,)
    if path is not None:
        assert path.stat().st_mode & 0o777 == 0o600
        with Vault.open(path, KEY) as opened:
            opened.check(opened.heads()[-1], everything=True)


def test_bytes_are_text_where_they_are_text(saved: SavedVault) -> None:
    assert saved.rows["credentials"][0]["document"] == {"utf8": "{}"}
    assert saved.rows["transcript"][0]["vectors"] == {"base64": "/////////////////////w=="}


def altered(saved: SavedVault, table: str, change: Callable[[list[Any]], object]) -> SavedVault:
    copy = json.loads(json.dumps(saved.rows))
    change(copy[table])
    return replace(saved, rows=copy)


CHANGES: dict[str, tuple[str, Callable[[list[Any]], object]]] = {
    "a text": ("statements", lambda rows: rows[0].update(text="coffee")),
    "a weight": ("statements", lambda rows: rows[0].update(weight=0.5)),
    "a row less": ("grants", list.clear),
    "a row twice": ("credentials", lambda rows: rows.append({**rows[0], "id": "urn:2"})),
    "a setting": ("settings", lambda rows: rows[0].update(value="9")),
    "an end of the log": ("disclosures", list.clear),
}


@pytest.mark.parametrize("name", CHANGES)
def test_rows_that_are_not_those_of_the_state_are_refused(saved: SavedVault, name: str) -> None:
    with pytest.raises(VaultAltered, match="not those of the state they were saved with"):
        saved_vault.rebuild(altered(saved, *CHANGES[name]), None, KEY)


MALFORMED: dict[str, tuple[str, Callable[[list[Any]], object]]] = {
    "a member too many": ("statements", lambda rows: rows[0].update(more=1)),
    "a member less": ("statements", lambda rows: rows[0].pop("text")),
    "a type of another column": ("statements", lambda rows: rows[0].update(text=1.5, number="x")),
    "a boolean": ("statements", lambda rows: rows[0].update(weight=True)),
    "a list": ("statements", lambda rows: rows[0].update(text=[])),
    "no base64": ("credentials", lambda rows: rows[0].update(document={"base64": "?"})),
    "two kinds of bytes": ("credentials", lambda rows: rows[0].update(document={"base64": "", "utf8": ""})),
    "a weight that there can't be": ("statements", lambda rows: rows[0].update(weight=2.0)),
    "a number that is too large": ("statements", lambda rows: rows[0].update(number=2**70)),
    "a row that points nowhere": ("transcript", lambda rows: rows[0].update(answer=7)),
    "the same number twice": ("statements", lambda rows: rows.append(rows[0])),
}


@pytest.mark.parametrize("name", MALFORMED)
def test_rows_that_no_table_takes_are_corrupt(saved: SavedVault, tmp_path: Path, name: str) -> None:
    with pytest.raises((CorruptData, VaultAltered)):
        saved_vault.rebuild(altered(saved, *MALFORMED[name]), tmp_path / "again.db", KEY)
    assert not (tmp_path / "again.db").exists()


def test_what_another_wallet_saved_is_refused(saved: SavedVault) -> None:
    with pytest.raises(VaultAltered, match="not authenticated by this wallet"):
        saved_vault.rebuild(saved, None, bytes(32))
    with pytest.raises(VaultAltered, match="not authenticated by this wallet"):
        saved_vault.rebuild(replace(saved, mac=bytes(32)), None, KEY)


@pytest.mark.parametrize("version", [0, HEADS_SINCE - 1, len(MIGRATIONS) + 1])
def test_a_schema_of_another_time_is_named(saved: SavedVault, version: int) -> None:
    with pytest.raises(CorruptData, match=f"schema version {version}"):
        saved_vault.rebuild(replace(saved, schema=version), None, KEY)


@pytest.mark.parametrize("version", range(HEADS_SINCE + 1, len(MIGRATIONS)))
def test_what_an_older_version_saved_is_migrated(
    tmp_path: Path, version: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(vault, "MIGRATIONS", MIGRATIONS[:version])
    there = set(COVERED) - ({"trusted_authorities"} if version < 9 else set())
    monkeypatch.setattr("ipse.storage.state_head.TABLES", tuple(sorted(there)))
    monkeypatch.setattr(saved_vault, "TABLES", TABLES)
    with Vault.create(tmp_path / "vault.db", KEY) as opened:
        statements.add(opened, [NewStatement("tea", 1, "typed")], now=NOW)
        disclosure_log.append(opened, {"released": ""})
        saved = saved_vault.save(opened)
    monkeypatch.undo()
    assert saved.schema == version
    with saved_vault.rebuild(saved, None, KEY) as after:
        after.check(after.heads()[-1], everything=True)
        assert statements.find(after, 1).text == "tea"
