"""The taste that the vault keeps: what it is found by, and what makes it go."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest

from ipse.storage import statement_vectors, statements, tastes
from ipse.storage.statements import NewStatement
from ipse.storage.tastes import KeptTaste
from ipse.storage.vault import Vault
from tests.made import empty_vault

NOW = "2026-02-02T12:00:00Z"
KEY = bytes(range(32))
MODEL, OTHER = "1" * 16, "2" * 16
KEPT = KeptTaste(2, (1, 2), bytes(range(256)))
OPEN, FACT, SECRET, UNSEEN = 1, 2, 3, 4
"""The numbers of what is said: the last one has no vector yet."""


@pytest.fixture
def opened(tmp_path: Path) -> Iterator[Vault]:
    """A vault of four statements, with the tastes of two models up to the last one."""
    said = [
        NewStatement("tea", 0.8, "said"),
        NewStatement("Lisbon", 0.0, "said", kind="fact"),
        NewStatement("rain", 0.8, "said", sensitivity="secret"),
        NewStatement("owls", 0.8, "said"),
    ]
    with empty_vault(tmp_path / "vault.db", KEY) as made:
        statements.add(made, said, now=NOW)
        for model in (MODEL, OTHER):
            statement_vectors.keep(made, model, [(number, bytes(4)) for number in (OPEN, FACT, SECRET)])
            for secrets in (True, False):
                keep(made, model, replace(KEPT, last=UNSEEN), secrets=secrets)
        yield made


def keep(vault: Vault, model: str, kept: KeptTaste, *, secrets: bool = True) -> None:
    tastes.keep(vault, model, kept, secrets=secrets, read_at=tastes.version(vault))


def left(vault: Vault) -> set[tuple[str, bool]]:
    """Which tastes are kept: of a model, with or without what is secret."""
    return {
        (model, secrets)
        for model in (MODEL, OTHER)
        for secrets in (True, False)
        if tastes.find(vault, model, secrets=secrets) is not None
    }


ALL = {(MODEL, True), (MODEL, False), (OTHER, True), (OTHER, False)}
FOR_APPLICATIONS = {(MODEL, False), (OTHER, False)}


def test_the_last_taste_of_a_kind_is_found_as_it_was_kept(opened: Vault) -> None:
    for kept, secrets in ((KEPT, True), (replace(KEPT, last=9, sums=b""), True), (KEPT, False)):
        keep(opened, MODEL, kept, secrets=secrets)
        assert tastes.find(opened, MODEL, secrets=secrets) == kept
    assert tastes.find(opened, MODEL, secrets=True) == replace(KEPT, last=9, sums=b"")
    assert tastes.find(opened, "3" * 16, secrets=True) is None


def test_nothing_is_kept_of_a_vault_that_another_process_changed(opened: Vault, tmp_path: Path) -> None:
    before = tastes.version(opened)
    statements.add(opened, [NewStatement("bread", 0.8, "said")], now=NOW)
    assert tastes.version(opened) == before, "its own changes it knows"
    with Vault.open(tmp_path / "vault.db", KEY) as other:
        statements.forget(other, OPEN)
    tastes.keep(opened, MODEL, KEPT, secrets=True, read_at=before)
    assert left(opened) == set()
    keep(opened, MODEL, KEPT)
    assert left(opened) == {(MODEL, True)}


def test_what_is_new_leaves_the_tastes_and_what_is_late_does_not(opened: Vault) -> None:
    (number,) = statements.add(opened, [NewStatement("bread", 0.8, "said")], now=NOW).numbers
    statement_vectors.keep(opened, MODEL, [(number, bytes(4))])
    assert left(opened) == ALL
    statement_vectors.keep(opened, MODEL, [(UNSEEN, bytes(4))])
    assert left(opened) == {(OTHER, True), (OTHER, False)}


@pytest.mark.parametrize(
    "change",
    [
        "text = 'coffee'",
        "weight = 0.4",
        f"valid_to = '{NOW}'",
        f"valid_from = '{NOW}'",
        "sensitivity = 'secret'",
    ],
)
def test_no_taste_outlives_a_change_of_what_it_is_made_of(opened: Vault, change: str) -> None:
    opened.change(f"UPDATE statements SET {change} WHERE number = ?", (OPEN,))
    assert left(opened) == set()


def test_no_taste_outlives_a_statement_or_a_vector(opened: Vault) -> None:
    statement_vectors.keep(opened, OTHER, [(OPEN, bytes(range(4)))])
    assert left(opened) == {(MODEL, True), (MODEL, False)}
    statement_vectors.remove(opened, but=OTHER)
    assert left(opened) == set()
    keep(opened, OTHER, KEPT)
    statements.forget(opened, OPEN)
    assert left(opened) == set()


@pytest.mark.parametrize(
    "change",
    [
        "UPDATE statements SET weight = 0.4 WHERE number = ?",
        "UPDATE statements SET text = 'coffee' WHERE number = ?",
        f"UPDATE statements SET valid_to = '{NOW}' WHERE number = ?",
        "DELETE FROM statements WHERE number = ?",
        "DELETE FROM vectors WHERE statement = ?",
    ],
)
def test_the_taste_for_applications_is_not_touched_by_what_is_secret(opened: Vault, change: str) -> None:
    opened.change(change, (SECRET,))
    assert left(opened) == FOR_APPLICATIONS


def test_a_secret_vector_that_comes_late_touches_the_owners_taste_alone(opened: Vault) -> None:
    opened.change("DELETE FROM vectors WHERE statement = ?", (SECRET,))
    for model in (MODEL, OTHER):
        keep(opened, model, KEPT)
        keep(opened, model, replace(KEPT, last=UNSEEN))
    statement_vectors.keep(opened, MODEL, [(SECRET, bytes(4))])
    assert left(opened) == ALL - {(MODEL, True)}


@pytest.mark.parametrize("sensitivity", ["public", "private"])
def test_what_is_no_longer_secret_ends_the_taste_for_applications(opened: Vault, sensitivity: str) -> None:
    opened.change("UPDATE statements SET sensitivity = ? WHERE number = ?", (sensitivity, SECRET))
    assert left(opened) == set()
