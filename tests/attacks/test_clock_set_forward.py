"""A clock that is set forward, to get the next private summary and a new day's answers.

The attacker can set the clock of the machine, or waits until somebody else does (a dead battery, a virtual
machine, a network that tells the time), and asks under a grant. They want one window after the other, so
that the noise of one summary averages out over many. It cannot come back: without the owner the clock counts
for 30 days after the owner has last confirmed the date, then no summary is drawn and nothing comes back to
the bounds of grants. That counts many small jumps like a large one, the time of the confirmation is bound to
the state of the vault, and what all summaries of a life cost has a limit of its own.
"""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime, timedelta
from pathlib import Path

import pytest

from ipse.cli.commands.dapp.page import page
from ipse.disclosure import reasons
from ipse.disclosure.methods.private import window_of
from ipse.disclosure.proposals import Decision, Proposal
from ipse.errors import VaultOutdated
from ipse.preferences.privacy.summary import EPSILON
from ipse.storage import summaries
from ipse.storage.places import Places
from ipse.wallet import disclosure, disclosure_log
from ipse.wallet.disclosure import dates
from ipse.wallet.disclosure.summaries import change_limits
from ipse.wallet.wallet import Wallet
from tests.attacks.old_vaults import GYM, apart, opened
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

_FIRST = window_of(NOW.date())


@pytest.fixture
def wallet(tmp_path: Path) -> Iterator[Wallet]:
    """A wallet with grants for two applications, which were both told from the summaries of this window."""
    pytest.importorskip("numpy", reason="the profile extra is not installed (numpy)")
    with empty_wallet(Places(tmp_path / "wallet", tmp_path / "cache"), now=NOW) as made:
        teach(made, *(f"novel {number}" for number in range(8)))
        for application in (SHOP, CLUB):
            for level in ("choose", "bands"):
                disclosure.grant(made, application.party, level=level, now=NOW, expires=NOW + 900 * DAY)
            assert granted(made, NOW, application, "first").answered.said
        yield made


def granted(wallet: Wallet, now: datetime, application: object = SHOP, text: str = "") -> Reply:
    """A new question under the grant, by a clock that says `now`."""
    return ask(wallet, application, apart(f"{now} {text}"), consent=never, now=now)  # type: ignore[arg-type]


def drawn(wallet: Wallet) -> tuple[str, int]:
    """The window of the newest summaries, and what all that were drawn cost."""
    newest = summaries.latest(wallet.vault)
    assert newest is not None
    return newest.window, summaries.cost(wallet.vault)


@pytest.mark.sampled(2)
@pytest.mark.parametrize("days", [31, 60, 181, 365, 890])
def test_one_jump_draws_no_summary(wallet: Wallet, days: int) -> None:
    """The old one goes on answering, from the same noise."""
    before = summaries.latest(wallet.vault)
    for application in (SHOP, CLUB):
        assert granted(wallet, NOW + days * DAY, application).answered.said
    assert summaries.latest(wallet.vault) == before
    assert drawn(wallet) == (_FIRST, EPSILON)


@pytest.mark.sampled(1)
@pytest.mark.parametrize("step", [pytest.param(5, marks=pytest.mark.slow), 29, 30])
def test_many_jumps_that_are_each_short_enough(wallet: Wallet, step: int) -> None:
    for number in range(1, 200 // step + 2):
        granted(wallet, NOW + number * step * DAY)
    assert drawn(wallet) == (_FIRST, EPSILON)


def test_a_jump_into_the_next_window_that_is_short_enough_brings_one_at_the_most(wallet: Wallet) -> None:
    """The owner confirms the date on its last day: then the clock is believed for 30 days."""
    last = max(day for day in (NOW + days * DAY for days in range(181)) if window_of(day.date()) == _FIRST)
    dates.confirm_date(wallet, last)
    for days in range(1, 400, 23):
        granted(wallet, last + days * DAY)
    window, cost = drawn(wallet)
    assert (window > _FIRST, cost) == (True, 2 * EPSILON)


@pytest.mark.parametrize("days", [200, 900])
def test_a_party_that_the_first_window_had_no_place_for_gets_none_by_the_clock(
    wallet: Wallet, days: int
) -> None:
    disclosure.grant(wallet, GYM.party, level="bands", now=NOW, expires=NOW + 999 * DAY)
    reply = ask(wallet, GYM, BANDS, consent=never, now=NOW + days * DAY)
    assert reply.answered.reason == reasons.APPLICATIONS_TOLD


def test_another_level_and_another_application(wallet: Wallet) -> None:
    later = NOW + 245 * DAY
    ask(wallet, CLUB, BANDS, consent=never, now=later)
    ask(wallet, SHOP, BANDS, consent=never, now=later + DAY)
    assert drawn(wallet) == (_FIRST, EPSILON)


def test_the_limit_of_a_life_holds_by_any_clock(wallet: Wallet) -> None:
    """Even where the owner confirms each date, years apart."""
    for years in range(1, 12):
        later = NOW + years * 366 * DAY
        dates.confirm_date(wallet, later)
        disclosure.grant(wallet, SHOP.party, level="choose", now=later, expires=later + 9 * DAY)
        granted(wallet, later)
    assert drawn(wallet)[1] == 2 * EPSILON


def test_the_limit_of_a_year_is_not_over_by_the_clock(wallet: Wallet) -> None:
    change_limits(wallet, year=EPSILON)
    dates.confirm_date(wallet, NOW + 190 * DAY)
    for days in (190, 365, 400):
        granted(wallet, NOW + days * DAY)
    assert drawn(wallet) == (_FIRST, EPSILON)
    dates.confirm_date(wallet, NOW + 400 * DAY)
    granted(wallet, NOW + 400 * DAY)
    assert drawn(wallet)[1] == 2 * EPSILON


def test_the_bounds_of_a_grant(wallet: Wallet) -> None:
    """Its answers of a day don't come back by the clock alone."""
    disclosure.grant(wallet, SHOP.party, level="choose", now=NOW, expires=NOW + 90 * DAY, per_day=1)
    assert granted(wallet, NOW, text="in its day").answered.said
    for days in (31, 40):
        reply = granted(wallet, NOW + days * DAY)
        assert reply.answered.reason == reasons.DATE_UNCONFIRMED
        assert reply.answered.reason.code == "date-unconfirmed"


@pytest.mark.parametrize("cap", [2, 3])
def test_a_cap_never_comes_back(wallet: Wallet, cap: int) -> None:
    """What an exact answer counts, here 2 bits, is counted for good, whatever date the owner confirms."""
    until = NOW + 900 * DAY
    disclosure.grant(wallet, SHOP.party, level="choose", now=NOW, expires=until, exact=True, cap=cap)
    assert granted(wallet, NOW, text="within it").answered.said
    dates.confirm_date(wallet, NOW + 800 * DAY)
    for days in (800, 890):
        assert granted(wallet, NOW + days * DAY).answered.reason == reasons.cap_reached(cap)


def test_a_refusal_confirms_nothing(wallet: Wallet) -> None:
    later = NOW + 240 * DAY
    disclosure.revoke(wallet, CLUB.party, now=NOW)
    assert not ask(wallet, CLUB, candidates("a", "b"), consent=no, now=later).answered.said
    granted(wallet, later)
    granted(wallet, later + 31 * DAY)
    assert drawn(wallet) == (_FIRST, EPSILON)


def test_a_clock_that_is_set_back_again(wallet: Wallet) -> None:
    for days in (300, 1, 29, 2, -400):
        granted(wallet, NOW + days * DAY)
    assert drawn(wallet) == (_FIRST, EPSILON)


def test_a_clock_that_is_set_back_brings_no_earlier_window(wallet: Wallet) -> None:
    later = NOW + 200 * DAY
    dates.confirm_date(wallet, later)
    granted(wallet, later)
    second = drawn(wallet)
    assert second == (window_of(later.date()), 2 * EPSILON)
    for days in (0, -200, 100):
        granted(wallet, NOW + days * DAY)
    assert drawn(wallet) == second
    dates.confirm_date(wallet, NOW + 150 * DAY)
    granted(wallet, NOW + 150 * DAY)
    assert drawn(wallet) == second


def test_a_grant_still_ends_by_the_clock(wallet: Wallet) -> None:
    with pytest.raises(AssertionError, match="was shown to the owner"):
        granted(wallet, NOW + 901 * DAY)


def test_an_older_vault_with_another_confirmation(wallet: Wallet) -> None:
    """The confirmation is part of the state: it comes from no other copy."""
    dates.confirm_date(wallet, NOW + DAY)
    wallet.close()
    confirmed = wallet.places.vault.read_bytes()
    with opened(wallet.places) as again:
        disclosure.revoke(again, CLUB.party, now=NOW)
    wallet.places.vault.write_bytes(confirmed)
    with opened(wallet.places) as again, pytest.raises(VaultOutdated):
        granted(again, NOW + 31 * DAY)


class TestTheOwner:
    def test_confirms_the_date_and_the_next_window_comes(self, wallet: Wallet) -> None:
        later = NOW + 200 * DAY
        granted(wallet, later)
        dates.confirm_date(wallet, later)
        assert granted(wallet, later + timedelta(minutes=1)).answered.said
        assert drawn(wallet) == (window_of(later.date()), 2 * EPSILON)
        assert disclosure_log.verify(wallet).count == 4

    def test_sees_date_and_gap_on_the_page_and_confirms_them_with_yes(self, wallet: Wallet) -> None:
        later = NOW + 200 * DAY
        disclosure.revoke(wallet, CLUB.party, now=NOW)
        shown: list[Proposal] = []

        def decide(proposal: Proposal) -> Decision:
            shown.append(proposal)
            return yes(proposal)

        assert ask(wallet, CLUB, candidates("a", "b"), consent=decide, now=later).answered.said
        text = page(shown[0])
        assert "today is 2027-06-10: yes confirms that too" in text
        assert "it was last confirmed on 2026-11-22, 200 days ago" in text
        granted(wallet, later)
        assert drawn(wallet) == (window_of(later.date()), 2 * EPSILON)
        assert ask(wallet, CLUB, candidates("c", "d"), consent=decide, now=later).answered.said
        assert shown[1].date is None
        assert "yes confirms that too" not in page(shown[1])

    def test_is_not_asked_while_the_clock_alone_is_believed(self, wallet: Wallet) -> None:
        assert not dates.dates(wallet, NOW + 30 * DAY).in_doubt
        assert dates.dates(wallet, NOW + 30 * DAY + timedelta(seconds=1)).in_doubt
