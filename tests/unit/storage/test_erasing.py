"""What was deleted is on no page of the vault's file, in use or free."""

from __future__ import annotations

import random
from dataclasses import replace
from pathlib import Path

import pytest

from ipse.storage import erasing, statement_vectors, statements
from ipse.storage.statements import NewStatement
from ipse.storage.vault import Vault
from tests.made import empty_vault
from tests.unit.storage.pages import plain_pages

KEY = bytes(range(32))
NOW = "2026-02-02T12:00:00Z"


@pytest.fixture
def path(tmp_path: Path) -> Path:
    """An empty vault's file."""
    empty_vault(tmp_path / "vault.db", KEY).close()
    return tmp_path / "vault.db"


def test_the_pages_of_a_vault_can_be_read_with_its_key(path: Path) -> None:
    """Else the tests below would find nothing whatever is there."""
    with Vault.open(path, KEY) as vault:
        (number,) = statements.add(
            vault, [NewStatement("phosphorescent anglerfish", 1, "said")], now=NOW
        ).numbers
        statement_vectors.keep(vault, "model", [(number, b"a vector of some length")])
    pages = b"".join(plain_pages(path, KEY))
    assert b"CREATE TABLE credentials" in pages
    assert b"phosphorescent anglerfish" in pages
    assert b"a vector of some length" in pages


# Seed 10 leaves a stale copy behind with `secure_delete` alone.
@pytest.mark.sampled(1)
@pytest.mark.parametrize("seed", [2, 10])
def test_no_copy_of_what_was_deleted_or_corrected_is_left_anywhere(path: Path, seed: int) -> None:
    chance = random.Random(seed)
    written = 0
    live: dict[int, str] = {}
    gone: set[str] = set()

    def new_text() -> str:
        nonlocal written
        written += 1
        return f"MARK{written:06}:" + "z" * chance.randrange(1500)

    with Vault.open(path, KEY) as vault:
        for _ in range(60):
            chosen = chance.random()
            if chosen < 0.5 or len(live) < 20:
                new = [NewStatement(new_text(), 0.5, "csv") for _ in range(chance.randrange(1, 40))]
                numbers = statements.add(vault, new, now=NOW).numbers
                live |= {number: said.text[:11] for number, said in zip(numbers, new, strict=True)}
                vectors = [(number, (live[number] + "V").encode() * 100) for number in numbers]
                chance.shuffle(vectors)
                statement_vectors.keep(vault, chance.choice(["a" * 16, "b" * 16]), vectors)
            elif chosen < 0.75:
                doomed = chance.sample(sorted(live), chance.randrange(1, 15))
                statements.remove(vault, doomed)
                gone |= {live.pop(number) for number in doomed}
            else:
                for number in chance.sample(sorted(live), 5):
                    gone.add(live[number])
                    said = replace(statements.find(vault, number), text=new_text())
                    statements.rewrite(vault, said, now=NOW)
                    live[number] = said.text[:11]
        erasing.make_due(vault)
        erasing.finish(vault)
        assert not erasing.is_due(vault)
        assert vault.rows("PRAGMA integrity_check") == [("ok",)]
    pages = b"".join(plain_pages(path, KEY))
    assert gone
    assert [mark for mark in gone if mark.encode() in pages] == []
    assert [mark for mark in live.values() if mark.encode() not in pages] == []
    assert [entry.name for entry in path.parent.iterdir()] == ["vault.db"]


def test_the_file_is_written_anew_only_where_that_is_due(path: Path) -> None:
    with Vault.open(path, KEY) as vault:
        before = path.read_bytes()
        erasing.finish(vault)
        assert path.read_bytes() == before


def test_what_is_due_stays_so_until_it_is_done(path: Path) -> None:
    with Vault.open(path, KEY) as vault:
        erasing.make_due(vault)
    with Vault.open(path, KEY) as vault:
        assert erasing.is_due(vault)
        erasing.finish(vault)
    with Vault.open(path, KEY) as vault:
        assert not erasing.is_due(vault)
