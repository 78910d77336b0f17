"""Receipts in the vault."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from ipse.errors import NotFound
from ipse.storage import answers, state_head
from ipse.storage import vault as module
from ipse.storage.answers import Receipt
from ipse.storage.schema import MIGRATIONS
from ipse.storage.state_head import TABLES
from ipse.storage.vault import Vault
from tests.made import empty_vault


@pytest.fixture
def vault(tmp_path: Path) -> Iterator[Vault]:
    """An empty vault."""
    with empty_vault(tmp_path / "vault.db", bytes(32)) as made:
        yield made


def test_receipts_are_found_by_the_number_of_their_entry(vault: Vault) -> None:
    answers.keep_receipt(vault, 7, "seven")
    answers.keep_receipt(vault, 3, "three")
    assert answers.receipts(vault) == [Receipt(3, "three", None), Receipt(7, "seven", None)]
    assert answers.receipt(vault, 7) == Receipt(7, "seven", None)
    assert answers.receipt(vault, 4) is None


def test_a_receipt_is_never_overwritten(vault: Vault) -> None:
    answers.keep_receipt(vault, 7, "seven")
    answers.keep_receipt(vault, 7, "another")
    assert answers.receipts(vault) == [Receipt(7, "seven", None)]


def test_the_applications_signature_comes_beside_the_receipt(vault: Vault) -> None:
    answers.keep_receipt(vault, 7, "seven")
    answers.keep_receipt(vault, 8, "eight")
    for signed in ("seven, signed", "seven, signed again"):
        answers.countersign(vault, 7, signed)
    assert answers.receipts(vault) == [Receipt(7, "seven", "seven, signed again"), Receipt(8, "eight", None)]
    with pytest.raises(NotFound, match="log entry 9"):
        answers.countersign(vault, 9, "nine, signed")


def test_the_request_lies_beside_its_receipt(vault: Vault) -> None:
    answers.keep_receipt(vault, 7, "seven", "asked")
    answers.keep_receipt(vault, 7, "another", "asked otherwise")
    assert answers.receipt(vault, 7) == Receipt(7, "seven", None, "asked")


def test_the_first_withdrawal_and_the_last_reply_are_kept(vault: Vault) -> None:
    answers.keep_receipt(vault, 7, "seven")
    answers.keep_receipt(vault, 8, "eight")
    for text in ("first", "last"):
        answers.keep_withdrawal(vault, 7, text)
        answers.keep_reply(vault, 7, text)
    assert answers.receipts(vault) == [
        Receipt(7, "seven", None, withdrawal="first", reply="last"),
        Receipt(8, "eight", None),
    ]


@pytest.mark.parametrize("keep", [answers.keep_withdrawal, answers.keep_reply])
def test_nothing_is_kept_beside_a_receipt_that_is_not_there(
    vault: Vault, keep: Callable[[Vault, int, str], None]
) -> None:
    with pytest.raises(NotFound, match="log entry 9"):
        keep(vault, 9, "text")


def test_a_vault_from_before_withdrawals_keeps_its_receipts_under_a_new_head(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = tmp_path / "vault.db"
    with monkeypatch.context() as patch:
        patch.setattr(module, "MIGRATIONS", MIGRATIONS[:7])
        # The tables that heads were over then.
        patch.setattr(state_head, "TABLES", [name for name in TABLES if name != "trusted_authorities"])
        Vault.create(path, bytes(32)).close()
        with Vault.open(path, bytes(32)) as older:
            older.insert("INSERT INTO receipts (number, receipt) VALUES (?, ?)", (7, "seven"))
            before = older.heads()[-1]
    with Vault.open(path, bytes(32)) as opened:
        assert answers.receipts(opened) == [Receipt(7, "seven", None)]
        after = opened.heads()[-1]
        assert (after.counter, after.previous) == (before.counter + 1, before.digest)
        with opened.reading():
            opened.check(after, everything=True)
        answers.keep_withdrawal(opened, 7, "withdrawn")
        assert opened.heads()[-1].sums["receipts"] != after.sums["receipts"]
