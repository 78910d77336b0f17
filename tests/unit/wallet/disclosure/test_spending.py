"""Budgets: what answers cost, what they may cost in all, and what a question gets that was asked before."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from datetime import timedelta

import pytest

from ipse.disclosure import answers as written
from ipse.disclosure import reasons
from ipse.disclosure.budgets import Budgets, Cost
from ipse.disclosure.levels import choose
from ipse.disclosure.levels.bands import Bands
from ipse.disclosure.levels.choose import Candidate, Choose
from ipse.disclosure.levels.level import Asked
from ipse.disclosure.proposals import Decision, Proposal
from ipse.errors import CorruptData, UsageError
from ipse.storage import answers, disclosure_log, settings
from ipse.wallet import disclosure
from ipse.wallet.disclosure import budgets
from ipse.wallet.profile.changing import Correction, correct
from ipse.wallet.profile.forgetting import forget
from ipse.wallet.profile.topics import set_topic_access
from ipse.wallet.wallet import Wallet
from tests.unit.disclosure.material import signer_of
from tests.unit.wallet.disclosure.material import (
    ASKED,
    BANDS,
    CHOOSE,
    CLUB,
    COST,
    DAY,
    NOW,
    SHOP,
    SHOP_UNSIGNED,
    SHOP_WEB,
    Application,
    about,
    ask,
    candidates,
    never,
    no,
    teach,
    yes,
)

WINDOW = 30 * DAY


class Owner:
    """An owner who agrees to everything, and remembers what it was to cost."""

    def __init__(self) -> None:
        self.costs: list[Cost] = []

    def __call__(self, proposal: Proposal) -> Decision:
        self.costs.append(proposal.cost)
        return yes(proposal)


def spent(wallet: Wallet) -> int:
    return answers.spent(wallet.vault, since="")


def other(number: int) -> Choose:
    """A question that nobody asked before."""
    return candidates(*(f"{number}: {word}" for word in ("one", "two", "three")))


def application(number: int) -> Application:
    return Application(f"https://app{number}.example")


class TestTheBudget:
    def test_of_an_application_is_spent_answer_by_answer_and_then_nothing_is_said(
        self, wallet: Wallet
    ) -> None:
        owner = Owner()
        replies = [ask(wallet, asked=other(number), consent=owner) for number in range(3)]
        assert [reply.answered.said for reply in replies] == [True, True, False]
        assert [cost.epsilon for cost in owner.costs] == [COST, COST, 0]
        assert [cost.application_left for cost in owner.costs] == [COST, 0, 0]
        assert [cost.overall_left for cost in owner.costs] == [3 * COST, 2 * COST, 2 * COST]
        assert [cost.spent for cost in owner.costs] == [False, False, True]
        assert replies[2].answered.reason == reasons.budget_spent("2026-12-22")
        assert replies[2].content == written.nothing(replies[2].question)
        assert len(replies[2].answered.text) == len(replies[1].answered.text)
        assert spent(wallet) == 2 * COST == Budgets().application

    def test_of_all_is_spent_by_many_applications(self, wallet: Wallet) -> None:
        said = [ask(wallet, application(number)).answered.said for number in range(6)]
        assert said == [True] * 4 + [False] * 2
        assert spent(wallet) == Budgets().overall

    def test_is_one_for_an_origin_whether_its_requests_are_signed_or_not(self, wallet: Wallet) -> None:
        applications = (SHOP_WEB, SHOP_UNSIGNED, replace(SHOP_UNSIGNED, address="https://SHOP.example:443/x"))
        said = [ask(wallet, one, other(number)).answered.said for number, one in enumerate(applications)]
        assert said == [True, True, False]

    def test_of_one_is_no_business_of_another(self, wallet: Wallet) -> None:
        for number in range(3):
            ask(wallet, SHOP, other(number))
        assert ask(wallet, CLUB).answered.said

    def test_is_not_asked_for_what_is_told_by_tick(self, wallet: Wallet) -> None:
        budgets.change(wallet, application=0, overall=0)
        teach(wallet, about("jazz-and-blues", "x"), "novels")
        for level in ("topics", "statements"):
            assert ask(wallet, asked=ASKED[level]).answered.said
        for level in ("choose", "bands"):
            reply = ask(wallet, asked=ASKED[level])
            assert (reply.answered.said, reply.answered.reason) == (False, reasons.budget_spent(None))
        assert spent(wallet) == 0

    @pytest.mark.usefixtures("exact")
    def test_pays_for_what_was_drawn_even_if_it_says_nothing(self, wallet: Wallet) -> None:
        owner = Owner()
        reply = ask(wallet, asked=BANDS, consent=owner)
        assert reply.answered.reason == reasons.TOO_LITTLE_SAID
        assert (owner.costs[0].epsilon, spent(wallet)) == (COST, COST)
        again = ask(wallet, asked=BANDS, consent=owner)
        assert (owner.costs[1].epsilon, owner.costs[1].repeated is not None, spent(wallet)) == (0, True, COST)
        assert again.content == reply.content

    def test_slides_so_that_each_answer_comes_back_after_thirty_days(self, wallet: Wallet) -> None:
        times = [NOW, NOW + 10 * DAY]
        for number, time in enumerate(times):
            ask(wallet, asked=other(number), now=time)
        for number, (when, said) in enumerate(
            [
                (times[1], False),
                (NOW + WINDOW, False),
                (NOW + WINDOW + timedelta(seconds=1), True),
                (times[1] + WINDOW, False),
                (times[1] + WINDOW + timedelta(seconds=1), True),
            ]
        ):
            assert ask(wallet, asked=other(number + 2), now=when).answered.said is said, when

    def test_says_when_there_is_room_again(self, wallet: Wallet) -> None:
        owner = Owner()
        for number in range(3):
            ask(wallet, asked=other(number), now=NOW + number * timedelta(hours=1), consent=owner)
        assert owner.costs[2].returns == "2026-12-22T12:00:01Z"
        at = NOW + WINDOW + timedelta(seconds=1)
        assert ask(wallet, asked=other(9), now=at).answered.said

    def test_gives_nothing_back_where_the_clock_is_set_back(self, wallet: Wallet) -> None:
        for number in range(2):
            ask(wallet, asked=other(number))
        for days in (-1, -31, -400):
            assert not ask(wallet, asked=other(9), now=NOW + days * DAY).answered.said
        ask(wallet, application(1), now=NOW + 29 * DAY)
        ask(wallet, application(2), now=NOW - 400 * DAY)
        times = [row.time for row in answers.charged(wallet.vault, since="")]
        assert times == ["2026-11-22T12:00:00Z"] * 2 + ["2026-12-21T12:00:00Z"] * 2

    def test_is_charged_in_the_transaction_of_the_log_entry(self, wallet: Wallet) -> None:
        for number in range(3):
            ask(wallet, asked=other(number))
        rows = wallet.vault.rows("SELECT number, epsilon FROM answers ORDER BY number")
        logged = [
            (entry.number, int(entry.content["epsilon"] * 1000))
            for entry in disclosure_log.every(wallet.vault)
        ]
        assert rows == logged == [(1, COST), (2, COST), (3, 0)]

    def test_lowered_while_the_page_was_open_lets_nothing_leave(self, wallet: Wallet) -> None:
        def meanwhile(proposal: Proposal) -> Decision:
            budgets.change(wallet, application=COST - 1)
            return yes(proposal)

        reply = ask(wallet, consent=meanwhile)
        assert (reply.answered.said, spent(wallet)) == (False, 0)

    def test_left_counts_what_is_spent_of_it(self, wallet: Wallet) -> None:
        assert budgets.left(wallet, None, NOW) == (2 * COST, 4 * COST)
        ask(wallet)
        assert budgets.left(wallet, SHOP.party, NOW) == (COST, 3 * COST)
        assert budgets.left(wallet, CLUB.party, NOW) == (2 * COST, 3 * COST)
        assert budgets.left(wallet, SHOP.party, NOW + WINDOW + DAY) == (2 * COST, 4 * COST)


class TestChangingBudgets:
    def test_changes_what_may_be_told_from_then_on(self, wallet: Wallet) -> None:
        assert budgets.change(wallet, application=3 * COST) == Budgets(application=3 * COST)
        assert budgets.change(wallet, overall=5 * COST) == budgets.read(wallet)
        said = [ask(wallet, asked=other(number)).answered.said for number in range(4)]
        assert said == [True, True, True, False]

    @pytest.mark.parametrize(
        "given", [{"application": 2001}, {"overall": 999}, {"application": -1}, {"overall": 100_001}]
    )
    def test_beyond_their_bounds_changes_nothing(self, wallet: Wallet, given: dict[str, int]) -> None:
        with pytest.raises(UsageError):
            budgets.change(wallet, **given)
        assert budgets.read(wallet) == Budgets()

    def test_that_is_not_a_number_lets_nothing_leave(self, wallet: Wallet) -> None:
        settings.put(wallet.vault, "budget-overall", "lots")
        with pytest.raises(CorruptData):
            ask(wallet, consent=never)


def shuffled(asked: Asked) -> Asked:
    """The same question in other words: ids, order, and spellings that look the same."""
    if isinstance(asked, Choose):
        texts = [f" {one.text}".replace(" ", "  ") for one in reversed(asked.candidates)]
        return Choose(tuple(Candidate(f"id {number}", text) for number, text in enumerate(texts)), asked.top)
    assert isinstance(asked, Bands)
    return Bands(tuple(reversed(asked.topics)))


def seen(texts: set[str]) -> set[str]:
    return {" ".join(text.split()) for text in texts}


class TestTheSameQuestion:
    def test_gets_the_same_choice_at_no_cost_whatever_its_ids_order_and_purpose(self, wallet: Wallet) -> None:
        owner = Owner()
        first = ask(wallet, asked=CHOOSE)
        again = ask(wallet, asked=shuffled(CHOOSE), purpose="anything else", consent=owner, now=NOW + WINDOW)
        assert seen(again.texts) == first.texts
        assert again.answered.text != first.answered.text
        (cost,) = owner.costs
        assert (cost.epsilon, cost.repeated) == (0, "2026-11-22T12:00:00Z")
        assert [row.epsilon for row in answers.history(wallet.vault, SHOP.party)] == [0, COST]

    def test_gets_the_same_bands_at_no_cost(self, wallet: Wallet, monkeypatch: pytest.MonkeyPatch) -> None:
        told = iter([["high", None, "low"], [None, "medium", None]])
        monkeypatch.setattr("ipse.preferences.privacy.bands.bands", lambda *_: next(told))
        first = ask(wallet, asked=BANDS)
        again = ask(wallet, asked=shuffled(BANDS))
        assert first.content == again.content
        assert len(first.said) == 2
        assert spent(wallet) == COST

    def test_is_repeated_even_where_the_budget_is_spent(self, wallet: Wallet) -> None:
        first = ask(wallet)
        ask(wallet, asked=other(1))
        assert not ask(wallet, asked=other(2)).answered.said
        assert ask(wallet).content == first.content

    def test_is_paid_for_anew_after_thirty_days_from_the_answer_that_was_paid(self, wallet: Wallet) -> None:
        ask(wallet)
        for days in (10, 20, 30):
            ask(wallet, now=NOW + days * DAY)
        assert spent(wallet) == COST
        after = NOW + WINDOW + timedelta(seconds=1)
        ask(wallet, now=after)
        assert spent(wallet) == 2 * COST
        assert budgets.left(wallet, SHOP.party, after) == (COST, 3 * COST)

    def test_with_another_top_or_another_candidate_is_another_question(self, wallet: Wallet) -> None:
        ask(wallet, asked=candidates("a", "b", "c"))
        ask(wallet, asked=candidates("a", "b", "c", top=2))
        assert spent(wallet) == 2 * COST
        assert not ask(wallet, asked=candidates("a", "b", "d")).answered.said

    @pytest.mark.sampled(1)
    @pytest.mark.parametrize(
        "withdraw",
        [
            lambda wallet, number: forget(wallet, [number]),
            lambda wallet, number: correct(wallet, number, Correction(sensitivity="secret"), now=NOW),
            lambda wallet, number: correct(wallet, number, Correction(text="I never said so"), now=NOW),
            lambda wallet, _: set_topic_access(wallet, "hiking", open=False),
        ],
        ids=["forgotten", "secret", "corrected", "closed"],
    )
    def test_is_drawn_and_paid_for_anew_once_something_was_withdrawn(
        self, wallet: Wallet, withdraw: Callable[[Wallet, int], object]
    ) -> None:
        (number,) = teach(wallet, "tea")
        owner = Owner()
        ask(wallet)
        withdraw(wallet, number)
        ask(wallet, consent=owner)
        assert (owner.costs[0].repeated, owner.costs[0].epsilon) == (None, COST)
        assert spent(wallet) == 2 * COST

    def test_by_another_party_gets_a_draw_of_its_own(self, wallet: Wallet) -> None:
        """All four the same: once in more than 10**12 runs."""
        replies = [ask(wallet, application(number)) for number in range(4)]
        assert len({frozenset(reply.texts) for reply in replies}) > 1
        assert spent(wallet) == 4 * COST

    def test_that_was_refused_left_nothing_to_repeat(self, wallet: Wallet) -> None:
        ask(wallet, consent=no)
        owner = Owner()
        ask(wallet, consent=owner)
        assert (owner.costs[0].repeated, spent(wallet)) == (None, COST)

    def test_is_not_mistaken_where_candidates_have_the_first_bytes_of_their_digests_in_common(
        self, wallet: Wallet, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        """Two such texts take an application some 2**32 tries; here their digests are made for it."""
        alike = {"a": "0" * 16 + "a" * 48, "b": "0" * 16 + "b" * 48, "c": "c" * 64}
        monkeypatch.setattr(choose, "_digest", alike.__getitem__)
        first = ask(wallet, asked=candidates(*alike))
        assert ask(wallet, asked=candidates(*alike)).content == first.content

    def test_keeps_no_text_of_its_candidates_in_the_vault(self, wallet: Wallet) -> None:
        ask(wallet)
        rows = repr(wallet.vault.rows("SELECT content, candidates FROM answers"))
        assert "candidate" not in rows
        assert len(answers.history(wallet.vault, SHOP.party)[0].candidates) == 8 * 20

    def test_of_many_parties_in_one_name_still_runs_into_the_overall_budget(self, wallet: Wallet) -> None:
        """Keys cost nothing: one application may come as many."""
        from ipse.keys.ed25519 import PrivateKey

        signers = [signer_of(PrivateKey(bytes([number]) * 32)) for number in range(1, 7)]
        said = [ask(wallet, Application(SHOP.address, signer)).answered.said for signer in signers]
        assert said == [True] * 4 + [False] * 2


def test_a_grant_is_no_way_round_a_budget(wallet: Wallet) -> None:
    disclosure.grant(wallet, SHOP.party, level="choose", now=NOW, expires=NOW + DAY)
    said = [ask(wallet, asked=other(number), consent=never).answered.said for number in range(3)]
    assert said == [True, True, False]
