"""A vault from before answers were accounted for, brought up to the tables that do."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest
import sqlcipher3

from ipse.storage import answers, disclosure_log, grants, statements, topic_store
from ipse.storage.grants import Grant
from ipse.storage.schema import MIGRATIONS
from ipse.storage.vault import Vault
from tests.made import schema
from tests.unit.storage.test_answers import ROW

KEY = bytes(range(32))
SHOP, CLUB = "https://shop.example", "https://club.example"
MONDAY, TUESDAY, WEDNESDAY = (f"2026-02-0{day}T12:00:00Z" for day in (2, 3, 4))
OLD = [
    Grant(2, SHOP, "choose", MONDAY, TUESDAY, TUESDAY, unsigned=True),
    Grant(5, CLUB, "choose", MONDAY, WEDNESDAY, None, unsigned=True),
]


def older(path: Path, version: int) -> None:
    """A vault of an earlier version of the schema, with grants and a log; the last grant is gone."""
    with schema(version):
        Vault.create(path, KEY).close()
        with Vault.open(path, KEY) as old:
            for number, origin, revoked in ((2, SHOP, TUESDAY), (5, CLUB, None), (9, CLUB, None)):
                until = TUESDAY if revoked else WEDNESDAY
                old.insert(
                    "INSERT INTO grants VALUES (?, ?, ?, ?, ?, ?)",
                    (number, origin, "choose", MONDAY, until, revoked),
                )
            old.change("DELETE FROM grants WHERE number = 9")
            for time in (MONDAY, TUESDAY):
                disclosure_log.append(old, {"time": time, "application": SHOP, "level": "choose"})


@pytest.mark.parametrize("version", [1, 2, 3])
def test_the_grants_and_the_log_of_an_older_vault_are_kept(tmp_path: Path, version: int) -> None:
    path = tmp_path / "vault.db"
    older(path, version)
    for _ in range(2):
        with Vault.open(path, KEY) as opened:
            assert grants.every(opened) == OLD, "requests could only be unsigned when these were granted"
            assert grants.active(opened, party=CLUB, level="choose", now=TUESDAY) == OLD[1]
            assert grants.active(opened, party=SHOP, level="choose", now=MONDAY) is None
            assert disclosure_log.verify(opened) == 2
            assert opened.rows("PRAGMA user_version") == [(len(MIGRATIONS),)]
            assert opened.rows("PRAGMA integrity_check") == [("ok",)]
            assert opened.rows("PRAGMA foreign_key_check") == []
    with Vault.open(path, KEY) as opened:
        new = Grant(0, CLUB, "choose", TUESDAY, WEDNESDAY, None)
        assert grants.add(opened, new) == 10, "a number is not given again"
        assert grants.every(opened)[1:] == [replace(OLD[1], revoked=TUESDAY), replace(new, number=10)]


def test_the_new_tables_of_an_older_vault_are_empty_and_at_work(tmp_path: Path) -> None:
    path = tmp_path / "vault.db"
    older(path, 3)
    with Vault.open(path, KEY) as opened:
        assert answers.moment(opened, MONDAY) == MONDAY
        assert answers.spent(opened, since="0001-01-01T00:00:00Z") == 0
        assert topic_store.access(opened) == {}
        assert answers.receipts(opened) == []
        assert opened.heads() == []
        answers.add(opened, replace(ROW, number=3))
        assert answers.spent(opened, since=MONDAY) == ROW.epsilon
        with pytest.raises(sqlcipher3.IntegrityError):
            opened.change("DELETE FROM answers")


def test_the_profile_of_an_older_vault_is_kept_and_guards_the_answers_made_of_it(tmp_path: Path) -> None:
    path = tmp_path / "vault.db"
    older(path, 3)
    with schema(3), Vault.open(path, KEY) as old:
        said = [statements.NewStatement(text, 0.5, "said") for text in ("tea", "rain")]
        statements.add(old, said, now=MONDAY)
        topic_store.add(old, label="The abyss", meaning="strange fish", now=MONDAY)
        profile = (statements.every(old), topic_store.own(old))
    with Vault.open(path, KEY) as opened:
        assert (statements.every(opened), topic_store.own(opened)) == profile
        answers.add(opened, ROW)
        statements.forget(opened, 1)
        assert answers.history(opened, ROW.party) == [replace(ROW, content=None)]
