"""A vault of an older version, brought up to the tables of answers, grants and summaries that there are."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest
import sqlcipher3

from ipse.storage import (
    answers,
    disclosure_log,
    grants,
    settings,
    statements,
    summaries,
    topic_store,
    transcript,
)
from ipse.storage.grants import Grant
from ipse.storage.schema import MIGRATIONS
from ipse.storage.vault import Vault
from tests.made import schema
from tests.unit.storage.test_answers import ROW
from tests.unit.storage.test_transcript import SENTENCES

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
        assert answers.newest(opened) == 0
        assert summaries.latest(opened) is None
        assert transcript.parties(opened) == []
        assert topic_store.access(opened) == {}
        assert answers.receipts(opened) == []
        assert opened.heads() == []
        answers.add(opened, replace(ROW, number=3))
        assert answers.history(opened, ROW.party) == [replace(ROW, number=3)]
        with pytest.raises(sqlcipher3.IntegrityError):
            opened.change("DELETE FROM answers")


def test_the_profile_of_an_older_vault_is_kept_and_guards_what_is_told_of_it(tmp_path: Path) -> None:
    path = tmp_path / "vault.db"
    older(path, 3)
    with schema(3), Vault.open(path, KEY) as old:
        said = [statements.NewStatement(text, 0.5, "said") for text in ("tea", "rain")]
        statements.add(old, said, now=MONDAY)
        topic_store.add(old, label="The abyss", meaning="strange fish", now=MONDAY)
        profile = (statements.every(old), topic_store.own(old))
    with Vault.open(path, KEY) as opened:
        assert (statements.every(opened), topic_store.own(opened)) == profile
        answers.add(opened, replace(ROW, number=SENTENCES.answer, party=SENTENCES.party))
        transcript.add(opened, SENTENCES)
        statements.forget(opened, 1)
        assert transcript.lines(opened, SENTENCES.fingerprint) == []


DRAWN = replace(ROW, method="", bits=0.0, epsilon=1000)
"""An answer of a version that drew each answer for itself, at a price."""


def drawing(path: Path, version: int, **budgets: str) -> None:
    """A vault of a version that drew each answer: with three answers, grants of two levels, and budgets."""
    with schema(version):
        Vault.create(path, KEY).close()
        with Vault.open(path, KEY) as old:
            for number, party, content in ((1, SHOP, '{"choices":["a"]}'), (2, CLUB, None), (3, SHOP, None)):
                old.insert(
                    "INSERT INTO answers (number, party, nonce, question, level, purpose, content, epsilon,"
                    " grant_number, time, candidates) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)",
                    (
                        number, party, f"n-{number}", DRAWN.question, DRAWN.level, DRAWN.purpose, content,
                        DRAWN.epsilon, DRAWN.grant_number, DRAWN.time, DRAWN.candidates,
                    ),
                )  # fmt: skip
            for level, epsilon in (("choose", 2500), ("topics", None), ("bands", 0)):
                old.insert(
                    "INSERT INTO grants (party, level, created, expires, topics, per_day, epsilon)"
                    " VALUES (?, ?, ?, ?, '[\"hiking\"]', 3, ?)",
                    (SHOP, level, MONDAY, WEDNESDAY, epsilon),
                )
            for name, value in budgets.items():
                settings.put(old, f"budget-{name}", value)


@pytest.mark.parametrize("version", [4, 5, 6])
def test_what_was_answered_at_a_price_stays_on_record_and_is_never_changed(
    tmp_path: Path, version: int
) -> None:
    path = tmp_path / "vault.db"
    drawing(path, version)
    expected = [
        replace(DRAWN, number=number, party=party, nonce=f"n-{number}")
        for number, party in ((1, SHOP), (2, CLUB), (3, SHOP))
    ]
    for _ in range(2):
        with Vault.open(path, KEY) as opened:
            assert answers.history(opened, SHOP) == [expected[2], expected[0]]
            assert answers.history(opened, CLUB) == [expected[1]]
            assert answers.moment(opened, "2020-01-01T00:00:00Z") == DRAWN.time
            assert opened.rows("PRAGMA user_version") == [(len(MIGRATIONS),)]
            assert opened.rows("PRAGMA integrity_check") == [("ok",)]
            assert opened.rows("PRAGMA foreign_key_check") == []
            for change in ("UPDATE answers SET epsilon = 0", "DELETE FROM answers"):
                with pytest.raises(sqlcipher3.IntegrityError, match="what was answered"):
                    opened.change(change)


def test_what_was_answered_at_a_price_was_not_told_exactly_and_no_summary(tmp_path: Path) -> None:
    drawing(tmp_path / "vault.db", 6)
    with Vault.open(tmp_path / "vault.db", KEY) as opened:
        assert transcript.parties(opened) == []
        assert summaries.cost(opened) == 0
        assert answers.told_bits(opened, grant=1) == 0


def test_grants_of_topics_become_exact_with_a_cap_and_the_others_private(tmp_path: Path) -> None:
    """What a grant told without noise, it goes on telling so; what it drew, it reads from a summary."""
    drawing(tmp_path / "vault.db", 6)
    terms = {"created": MONDAY, "expires": WEDNESDAY, "revoked": None, "topics": ("hiking",), "per_day": 3}
    with Vault.open(tmp_path / "vault.db", KEY) as opened:
        assert grants.every(opened) == [
            Grant(1, SHOP, "choose", **terms),  # type: ignore[arg-type]
            Grant(2, SHOP, "topics", **terms, exact=True, cap=260),  # type: ignore[arg-type]
            Grant(3, SHOP, "bands", **terms),  # type: ignore[arg-type]
        ]


@pytest.mark.parametrize(
    ("budgets", "year"),
    [
        ({}, None),
        ({"answer": "0", "application": "1000", "overall": "2000"}, None),
        ({"overall": "0"}, "0"),
        ({"application": "0", "overall": "2000"}, "0"),
        ({"application": "0", "overall": "0"}, "0"),
    ],
)
def test_who_let_nothing_be_spent_has_a_limit_that_lets_nothing_be_drawn(
    tmp_path: Path, budgets: dict[str, str], year: str | None
) -> None:
    drawing(tmp_path / "vault.db", 6, **budgets)
    with Vault.open(tmp_path / "vault.db", KEY) as opened:
        assert settings.get(opened, "limit-year") == year
        assert settings.get(opened, "limit-life") is None
        assert opened.rows("SELECT name FROM settings WHERE name LIKE 'budget-%'") == []


def test_who_went_on_after_a_loss_has_a_limit_that_lets_nothing_be_drawn(tmp_path: Path) -> None:
    """The older version charged a loss as an answer to the party `log`."""
    drawing(tmp_path / "vault.db", 6)
    with schema(6), Vault.open(tmp_path / "vault.db", KEY) as old:
        old.insert(
            "INSERT INTO answers SELECT 4, 'log', 'n-4', question, level, purpose, NULL, 1000000, NULL, ?,"
            " x'' FROM answers WHERE number = ?",
            (TUESDAY, 1),
        )
    with Vault.open(tmp_path / "vault.db", KEY) as opened:
        assert settings.get(opened, "limit-year") == "0"
        assert [one.epsilon for one in answers.history(opened, "log")] == [1_000_000]
