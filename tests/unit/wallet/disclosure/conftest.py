"""A wallet that is asked."""

from __future__ import annotations

import pytest

from ipse.wallet.disclosure import dates
from ipse.wallet.wallet import Wallet
from tests.unit.wallet.disclosure.material import NOW
from tests.unit.wallet.profile.conftest import wallet as made_earlier

__all__ = ["made_earlier", "wallet"]


@pytest.fixture
def wallet(made_earlier: Wallet) -> Wallet:
    """A wallet whose owner has confirmed the date."""
    dates.confirm_date(made_earlier, NOW)
    return made_earlier


@pytest.fixture(autouse=True)
def _needs_the_profile_extra() -> None:
    pytest.importorskip("numpy", reason="the profile extra is not installed (numpy)")
