"""Settings, the owner's topics, rankings; and an older vault brought up to them."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
import sqlcipher3

from ipse.errors import AlreadyExists, CorruptData, NotFound
from ipse.storage import rankings, settings, statements, topic_store
from ipse.storage.rankings import KEPT, PLACES, Ranking
from ipse.storage.topic_store import OwnTopic
from ipse.storage.vault import Vault
from tests.made import empty_vault, schema

MONDAY, TUESDAY = "2026-02-02T12:00:00Z", "2026-02-03T12:00:00Z"
KEY = bytes(range(32))


@pytest.fixture
def opened(tmp_path: Path) -> Iterator[Vault]:
    """An empty vault."""
    with empty_vault(tmp_path / "vault.db", KEY) as made:
        yield made


def test_a_setting_is_what_was_put_last_until_it_is_removed(opened: Vault) -> None:
    assert settings.get(opened, "model") is None
    for value in ("one", "two"):
        settings.put(opened, "model", value)
    assert settings.get(opened, "model") == "two"
    assert settings.remove(opened, "model") is True
    assert settings.remove(opened, "model") is False
    assert settings.get(opened, "model") is None


def test_a_topic_is_kept_once_under_its_label(opened: Vault) -> None:
    topic_store.add(opened, label="tea", meaning="green and black tea", now=MONDAY)
    topic_store.add(opened, label="bread", meaning="baking", now=TUESDAY)
    with pytest.raises(AlreadyExists, match="'tea'"):
        topic_store.add(opened, label="tea", meaning="another", now=TUESDAY)
    assert topic_store.own(opened) == [
        OwnTopic("bread", "baking", TUESDAY),
        OwnTopic("tea", "green and black tea", MONDAY),
    ]
    topic_store.remove(opened, "tea")
    with pytest.raises(NotFound, match="'tea'"):
        topic_store.remove(opened, "tea")


def test_the_last_rankings_are_kept(opened: Vault) -> None:
    with pytest.raises(NotFound, match="nothing was ranked"):
        rankings.latest(opened)
    for place in range(KEPT + 3):
        assert rankings.add(opened, [f"a {place}", "ü\u2028\x00"], now=MONDAY) == place + 1
    assert rankings.latest(opened) == Ranking(KEPT + 3, MONDAY, (f"a {KEPT + 2}", "ü\u2028\x00"))
    assert rankings.find(opened, 4).candidates[0] == "a 3"
    with pytest.raises(NotFound, match="no ranking 3"):
        rankings.find(opened, 3)


def test_rankings_are_cleared(opened: Vault) -> None:
    for place in range(2):
        rankings.add(opened, [f"{place}"], now=MONDAY)
    assert rankings.clear(opened) == 2
    with pytest.raises(NotFound):
        rankings.latest(opened)


def test_the_best_candidates_of_a_long_ranking_are_kept(opened: Vault) -> None:
    candidates = [f"\x00 {place} " + "\x01" * 5000 for place in range(PLACES + 1)]
    rankings.add(opened, candidates, now=MONDAY)
    assert rankings.latest(opened).candidates == tuple(candidates[:-1])


@pytest.mark.parametrize("stored", ["", "{}", "[1]", '["a"', "null", "[" * 100_000])
def test_a_ranking_that_can_not_be_read_is_corrupt(opened: Vault, stored: str) -> None:
    opened.insert("INSERT INTO rankings (time, candidates) VALUES (?, ?)", (MONDAY, stored))
    with pytest.raises(CorruptData, match="ranking 1"):
        rankings.latest(opened)


def test_an_older_vault_is_brought_up_with_all_it_holds(tmp_path: Path) -> None:
    path = tmp_path / "vault.db"
    with schema(2):
        Vault.create(path, KEY).close()
    old = sqlcipher3.connect(str(path), isolation_level=None)
    old.execute(f"PRAGMA key = \"x'{KEY.hex()}'\"")
    rows = [
        (1, "Dune", 0.5, "import", "private", MONDAY, MONDAY, TUESDAY),
        (2, "Dune", 1.0, "import", "private", TUESDAY, TUESDAY, None),
        (3, "tea ", 0.8, "said", "secret", MONDAY, MONDAY, None),
        (4, "tea", -0.8, "said", "private", TUESDAY, TUESDAY, None),
        (9, "gone", 0.1, "said", "private", MONDAY, MONDAY, None),
    ]
    old.executemany("INSERT INTO statements VALUES (?, ?, ?, ?, ?, ?, ?, ?)", rows)
    old.executemany("INSERT INTO vectors VALUES (?, 'model', ?)", [(2, b"two"), (3, b"three"), (9, b"nine")])
    old.execute("PRAGMA foreign_keys = ON")
    old.execute("DELETE FROM statements WHERE number = 9")
    old.close()
    with Vault.open(path, KEY) as opened:
        kept = statements.every(opened)
        assert [(said.number, said.text, said.weight, said.valid_to) for said in kept] == [
            (1, "Dune", 0.5, TUESDAY),
            (2, "Dune", 1.0, None),
            (3, "tea ", 0.8, TUESDAY),
            (4, "tea", -0.8, None),
        ]
        assert kept[2].superseded_by == 4, "they say the same once white space is folded"
        assert {said.kind for said in kept} == {"opinion"}
        assert statements.secret_since(opened, [1, 2, 3, 4]) == {3: MONDAY}
        assert opened.rows("SELECT statement, vector FROM vectors ORDER BY statement") == [
            (2, b"two"),
            (3, b"three"),
        ]
        added = statements.add(opened, [statements.NewStatement("new", 0.1, "said")], now=TUESDAY)
        assert added.numbers == (10,), "the number of a forgotten statement is not given again"
        assert statements.add(opened, [statements.NewStatement("Dune", 1.0, "csv")], now=TUESDAY).known == 1
        assert opened.rows("PRAGMA foreign_key_check") == []
        assert opened.rows("PRAGMA integrity_check") == [("ok",)]
