"""Receipts in the vault."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from ipse.errors import NotFound
from ipse.storage import answers
from ipse.storage.answers import Receipt
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
