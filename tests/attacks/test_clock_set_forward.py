"""A clock that is set forward, to get a spent budget back.

The attacker can set the clock of the machine, or waits until somebody else does (a dead battery, a virtual
machine, a network that tells the time), and asks under a grant. They want the 30 days to be over at once. It
cannot come back: without the owner the clock counts for 30 days after the owner has last confirmed the date,
then nothing comes back to budgets and to the bounds of grants. That counts many small jumps like a large
one, and the time of the confirmation is bound to the state of the vault.
"""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime, timedelta
from pathlib import Path

import pytest

from ipse.cli.commands.dapp.page import page
from ipse.disclosure import reasons
from ipse.disclosure.proposals import Decision, Proposal
from ipse.errors import VaultOutdated
from ipse.storage.places import Places
from ipse.wallet import disclosure, disclosure_log
from ipse.wallet.disclosure import budgets
from ipse.wallet.wallet import Wallet
from tests.attacks.old_vaults import opened
from tests.made import empty_wallet
from tests.unit.wallet.disclosure.material import (
    BANDS,
    CLUB,
    DAY,
    NOW,
    SHOP,
    Reply,
    ask,
    candidates,
    never,
    no,
    teach,
    yes,
)


@pytest.fixture
def wallet(tmp_path: Path) -> Iterator[Wallet]:
    """A wallet with grants for two applications, all of whose budget is spent."""
    for module in ("numpy", "opendp"):
        pytest.importorskip(module, reason=f"the profile extra is not installed ({module})")
    with empty_wallet(Places(tmp_path / "wallet", tmp_path / "cache"), now=NOW) as made:
        teach(made, *(f"novel {number}" for number in range(8)))
        for application in (SHOP, CLUB):
            for level, topics in (("choose", ()), ("bands", BANDS.topics)):
                disclosure.grant(
                    made, application.party, level=level, topics=topics, now=NOW, expires=NOW + 900 * DAY
                )
            for number in range(2):
                assert granted(made, NOW, application, f"first {number}").answered.said
        assert budgets.left(made, None, NOW) == (0, 0)
        yield made


def granted(wallet: Wallet, now: datetime, application: object = SHOP, text: str = "") -> Reply:
    """A new question under the grant, by a clock that says `now`."""
    asked = candidates(f"a {now} {text}", f"b {now} {text}")
    return ask(wallet, application, asked, consent=never, now=now)  # type: ignore[arg-type]


@pytest.mark.sampled(2)
@pytest.mark.parametrize("days", [31, 60, 365, 890])
def test_one_jump(wallet: Wallet, days: int) -> None:
    for application in (SHOP, CLUB):
        reply = granted(wallet, NOW + days * DAY, application)
        assert reply.answered.reason == reasons.DATE_UNCONFIRMED
        assert reply.answered.reason.code == "date-unconfirmed"


@pytest.mark.sampled(1)
@pytest.mark.parametrize("step", [pytest.param(1, marks=pytest.mark.slow), 7, 29, 30])
def test_many_jumps_that_are_each_short_enough(wallet: Wallet, step: int) -> None:
    for number in range(1, 70 // step + 2):
        assert not granted(wallet, NOW + number * step * DAY).answered.said


def test_another_level_and_another_application(wallet: Wallet) -> None:
    later = NOW + 45 * DAY
    assert not ask(wallet, CLUB, BANDS, consent=never, now=later).answered.said
    assert not ask(wallet, SHOP, BANDS, consent=never, now=later + DAY).answered.said


def test_the_bounds_of_a_grant(wallet: Wallet) -> None:
    """Neither its answers of a day nor its own epsilon come back by the clock alone."""
    budgets.change(wallet, application=50_000, overall=50_000)
    disclosure.grant(
        wallet, SHOP.party, level="choose", now=NOW, expires=NOW + 90 * DAY, per_day=1, epsilon=500
    )
    assert granted(wallet, NOW, text="in its day").answered.said
    assert granted(wallet, NOW + 31 * DAY).answered.reason == reasons.DATE_UNCONFIRMED
    assert granted(wallet, NOW + 40 * DAY).answered.reason == reasons.DATE_UNCONFIRMED


def test_a_refusal_confirms_nothing(wallet: Wallet) -> None:
    later = NOW + 40 * DAY
    disclosure.revoke(wallet, CLUB.party, now=NOW)
    assert not ask(wallet, CLUB, candidates("a", "b"), consent=no, now=later).answered.said
    assert granted(wallet, later).answered.reason == reasons.DATE_UNCONFIRMED
    assert granted(wallet, later + 31 * DAY).answered.reason == reasons.DATE_UNCONFIRMED


def test_a_clock_that_is_set_back_again(wallet: Wallet) -> None:
    assert not granted(wallet, NOW + 300 * DAY).answered.said
    assert not granted(wallet, NOW + DAY).answered.said
    assert not granted(wallet, NOW + 29 * DAY).answered.said
    assert not granted(wallet, NOW + 2 * DAY).answered.said


def test_a_grant_still_ends_by_the_clock(wallet: Wallet) -> None:
    with pytest.raises(AssertionError, match="was shown to the owner"):
        granted(wallet, NOW + 901 * DAY)


def test_an_older_vault_with_another_confirmation(wallet: Wallet) -> None:
    """The confirmation is part of the state: it comes from no other copy."""
    budgets.confirm_date(wallet, NOW + DAY)
    wallet.close()
    confirmed = wallet.places.vault.read_bytes()
    with opened(wallet.places) as again:
        disclosure.revoke(again, CLUB.party, now=NOW)
    wallet.places.vault.write_bytes(confirmed)
    with opened(wallet.places) as again, pytest.raises(VaultOutdated):
        granted(again, NOW + 31 * DAY)


class TestTheOwner:
    def test_confirms_the_date_and_what_was_spent_is_back(self, wallet: Wallet) -> None:
        later = NOW + 31 * DAY
        assert not granted(wallet, later).answered.said
        budgets.confirm_date(wallet, later)
        assert granted(wallet, later + timedelta(minutes=1)).answered.said
        assert disclosure_log.verify(wallet).count == 6

    def test_sees_date_and_gap_on_the_page_and_confirms_them_with_yes(self, wallet: Wallet) -> None:
        later = NOW + 40 * DAY
        disclosure.revoke(wallet, CLUB.party, now=NOW)
        shown: list[Proposal] = []

        def decide(proposal: Proposal) -> Decision:
            shown.append(proposal)
            return yes(proposal)

        assert ask(wallet, CLUB, candidates("a", "b"), consent=decide, now=later).answered.said
        text = page(shown[0])
        assert "today is 2027-01-01: yes confirms that too" in text
        assert "it was last confirmed on 2026-11-22, 40 days ago" in text
        assert granted(wallet, later).answered.said
        assert ask(wallet, CLUB, candidates("c", "d"), consent=decide, now=later).answered.said
        assert shown[1].date is None
        assert "yes confirms that too" not in page(shown[1])

    def test_is_not_asked_while_the_clock_alone_is_believed(self, wallet: Wallet) -> None:
        assert not budgets.dates(wallet, NOW + 30 * DAY).in_doubt
        assert budgets.dates(wallet, NOW + 30 * DAY + timedelta(seconds=1)).in_doubt
