"""A wallet that is asked, and the private mechanisms without their noise."""

from __future__ import annotations

from collections.abc import Sequence
from functools import partial

import pytest

from ipse.preferences.privacy import bands, choice, randomness
from ipse.wallet.disclosure import budgets
from ipse.wallet.wallet import Wallet
from tests.unit.wallet.disclosure.material import NOW
from tests.unit.wallet.profile.conftest import wallet as made_earlier

__all__ = ["exact", "made_earlier", "wallet"]


@pytest.fixture
def wallet(made_earlier: Wallet) -> Wallet:
    """A wallet whose owner has confirmed the date."""
    budgets.confirm_date(made_earlier, NOW)
    return made_earlier


@pytest.fixture(autouse=True)
def _needs_the_profile_extra() -> None:
    for module in ("numpy", "opendp"):
        pytest.importorskip(module, reason=f"the profile extra is not installed ({module})")


@pytest.fixture
def exact(monkeypatch: pytest.MonkeyPatch) -> None:
    """Every statement votes and the counts are told as they are, so that each vote can be seen."""
    import numpy as np

    def most(votes: Sequence[int], size: int, epsilon: int) -> tuple[int, ...]:
        return tuple(sorted(sorted(range(len(votes)), key=lambda place: -votes[place])[:size]))

    monkeypatch.setattr(randomness, "voters", lambda statements, *_: np.ones(statements, np.bool_))
    monkeypatch.setattr(choice, "choose", most)
    monkeypatch.setattr(bands, "bands", partial(bands.bands, release=lambda sums, _: sums))
