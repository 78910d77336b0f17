"""The owner's word on topics, and vectors of topics and other texts that are not statements."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from ipse.storage import tastes, topic_store
from ipse.storage.tastes import KeptTaste
from ipse.storage.vault import Vault
from tests.made import empty_vault, schema

KEY = bytes(32)
NOW = "2026-02-02T12:00:00Z"


@pytest.fixture
def opened(tmp_path: Path) -> Iterator[Vault]:
    """A vault with one topic of the owner's."""
    with Vault.create(tmp_path / "vault.db", KEY) as made:
        topic_store.add(made, label="The abyss", meaning="diving", now=NOW)
        yield made


def test_vectors_of_one_model_are_never_those_of_another(opened: Vault) -> None:
    topic_store.keep_vectors(opened, "one", {"hiking": b"1"})
    topic_store.keep_vectors(opened, "other", {"hiking": b"2", "jazz": b"3"})
    assert topic_store.vectors(opened, "one") == {"hiking": b"1"}
    assert topic_store.vectors(opened, "none") == {}
    assert topic_store.remove_vectors(opened, but="other") == 1
    assert topic_store.vectors(opened, "other") == {"hiking": b"2", "jazz": b"3"}


def test_the_vector_of_a_topic_goes_with_the_topic(opened: Vault) -> None:
    topic_store.keep_vectors(opened, "model", {"hiking": b"1", "diving": b"2"}, own={"diving"})
    topic_store.remove(opened, "The abyss")
    assert topic_store.vectors(opened, "model") == {"hiking": b"1"}


def test_a_topic_that_was_removed_while_it_was_embedded_leaves_no_vector(opened: Vault) -> None:
    topic_store.remove(opened, "The abyss")
    topic_store.keep_vectors(opened, "model", {"hiking": b"1", "diving": b"2"}, own={"diving"})
    assert topic_store.vectors(opened, "model") == {"hiking": b"1"}


def test_a_taste_that_the_version_before_kept_can_be_read(tmp_path: Path) -> None:
    with schema(4), Vault.create(tmp_path / "vault.db", KEY) as old:
        old.change("INSERT INTO tastes VALUES ('model', 1, 7, '[1, 2]', ?)", (b"sums",))
    with Vault.open(tmp_path / "vault.db", KEY) as opened:
        assert tastes.find(opened, "model", secrets=True) == KeptTaste(7, (1, 2), b"sums")


def test_the_last_word_on_a_topic_counts_until_it_is_dropped(tmp_path: Path) -> None:
    with empty_vault(tmp_path / "vault.db", bytes(32)) as vault:
        assert topic_store.access(vault) == {}
        for is_open in (True, False):
            topic_store.set_access(vault, "own:The abyss", is_open)
        topic_store.set_access(vault, "dating", True)
        assert topic_store.access(vault) == {"dating": True, "own:The abyss": False}
        assert topic_store.forget_access(vault, "dating") is True
        assert topic_store.forget_access(vault, "dating") is False
        assert topic_store.access(vault) == {"own:The abyss": False}


def test_a_topic_is_open_or_closed_and_nothing_between(tmp_path: Path) -> None:
    with (
        empty_vault(tmp_path / "vault.db", bytes(32)) as vault,
        pytest.raises(Exception, match="constraint"),
    ):
        vault.insert("INSERT INTO topic_access VALUES (?, ?)", ("dating", 2))
