"""The owner's word on topics."""

from __future__ import annotations

from pathlib import Path

import pytest

from ipse.storage import topic_store
from tests.made import empty_vault


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
