"""Receipts in the vault."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from ipse.errors import NotFound
from ipse.storage import receipts
from ipse.storage.receipts import Receipt
from ipse.storage.vault import Vault
from tests.made import empty_vault


@pytest.fixture
def vault(tmp_path: Path) -> Iterator[Vault]:
    """An empty vault."""
    with empty_vault(tmp_path / "vault.db", bytes(32)) as made:
        yield made


def test_receipts_are_found_by_the_number_of_their_entry(vault: Vault) -> None:
    receipts.keep(vault, 7, "seven")
    receipts.keep(vault, 3, "three")
    assert receipts.every(vault) == [Receipt(3, "three", None), Receipt(7, "seven", None)]
    assert receipts.find(vault, 7) == Receipt(7, "seven", None)
    assert receipts.find(vault, 4) is None


def test_a_receipt_is_never_overwritten(vault: Vault) -> None:
    receipts.keep(vault, 7, "seven")
    receipts.keep(vault, 7, "another")
    assert receipts.every(vault) == [Receipt(7, "seven", None)]


def test_the_applications_signature_comes_beside_the_receipt(vault: Vault) -> None:
    receipts.keep(vault, 7, "seven")
    receipts.keep(vault, 8, "eight")
    for signed in ("seven, signed", "seven, signed again"):
        receipts.countersigned(vault, 7, signed)
    assert receipts.every(vault) == [Receipt(7, "seven", "seven, signed again"), Receipt(8, "eight", None)]
    with pytest.raises(NotFound, match="log entry 9"):
        receipts.countersigned(vault, 9, "nine, signed")
