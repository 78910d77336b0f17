"""Attacks on the wallet that answers, each as an application or a neighbour would try it."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest

from ipse.credentials.formats import sd_jwt
from ipse.disclosure import reasons
from ipse.disclosure.levels.bands import Bands
from ipse.disclosure.levels.statements import Statements
from ipse.disclosure.proposals import Consent, Decision, Proposal
from ipse.preferences import topics as listing
from ipse.storage import answers
from ipse.wallet.disclosure import budgets
from ipse.wallet.profile.topics import set_topic_access
from ipse.wallet.wallet import Wallet
from tests.unit.wallet.disclosure.conftest import exact, wallet
from tests.unit.wallet.disclosure.material import (
    BANDS,
    COST,
    NOW,
    SENSITIVE,
    SHOP,
    Blending,
    Reply,
    about,
    ask,
    candidates,
    no,
    teach,
    yes,
)

__all__ = ["exact", "wallet"]

OPEN = "jazz-and-blues"


@pytest.fixture(autouse=True)
def _needs_the_profile_extra() -> None:
    for module in ("numpy", "opendp"):
        pytest.importorskip(module, reason=f"the profile extra is not installed ({module})")


HINT = " + ".join([about(SENSITIVE.id, "1"), *map(str, range(2, 18))])
"""A text that is faintly about a closed topic, and about much else."""


class TestAHintOfAClosedTopic:
    def test_is_less_than_being_about_it(self) -> None:
        embedder = Blending()
        every = listing.published().topics
        topics = embedder.embed([topic.means for topic in every])
        share = listing.shares(topics, topics, embedder.embed([HINT]))[0][every.index(SENSITIVE)]
        assert 0.2 < share < listing.ABOUT

    def test_keeps_a_statement_from_leaving(self, wallet: Wallet) -> None:
        teach(wallet, HINT, "7 + something else")
        assert ask(wallet, asked=Statements("7", 3)).said == ["7 + something else"]
        set_topic_access(wallet, SENSITIVE.id, open=True)
        assert HINT in ask(wallet, asked=Statements("7", 3)).said

    @pytest.mark.usefixtures("exact")
    def test_keeps_a_statement_from_voting(self, wallet: Wallet) -> None:
        teach(wallet, HINT)
        asked = candidates("coffee", "7")
        assert ask(wallet, asked=asked).texts == {"coffee"}, "the first of two that nobody votes for"
        set_topic_access(wallet, SENSITIVE.id, open=True)
        assert ask(wallet, asked=asked).texts == {"7"}

    @pytest.mark.usefixtures("exact")
    def test_keeps_a_candidate_from_being_chosen(self, wallet: Wallet) -> None:
        teach(wallet, "7", "8")
        asked = candidates("coffee", HINT)
        assert ask(wallet, asked=asked).texts == {"coffee"}
        set_topic_access(wallet, SENSITIVE.id, open=True)
        assert ask(wallet, asked=asked).texts == {HINT}


class TestAClockThatJumpsToTheEndOfTime:
    LAST = datetime(9999, 12, 20, tzinfo=UTC)

    def test_leaves_a_wallet_that_still_refuses_like_any_other(self, wallet: Wallet) -> None:
        for number in range(2):
            ask(wallet, asked=candidates(f"{number}", "x", "y"), now=self.LAST)
        for asked in (candidates("a", "b"), Bands((OPEN,))):
            reply = ask(wallet, asked=asked, now=NOW)
            assert (reply.answered.said, reply.answered.reason) == (False, reasons.budget_spent(None))
        assert budgets.left(wallet, SHOP.party, NOW) == (0, 2 * COST)


class TestThePriceInTheAnswer:
    def test_is_what_it_was_drawn_at_though_the_owner_changed_it_meanwhile(self, wallet: Wallet) -> None:
        def meanwhile(proposal: Proposal) -> Decision:
            budgets.change(wallet, answer=COST // 2)
            return yes(proposal)

        reply = ask(wallet, consent=meanwhile)
        assert reply.answered.said
        assert price(reply) == COST == answers.spent(wallet.vault, since="")

    @pytest.mark.parametrize("consent", [yes, no])
    def test_of_a_repeated_answer_is_that_of_the_first(self, wallet: Wallet, consent: Consent) -> None:
        ask(wallet)
        budgets.change(wallet, answer=COST // 2)
        assert price(ask(wallet, consent=consent)) == COST
        assert price(ask(wallet, asked=BANDS, consent=consent)) == COST // 2


def price(reply: Reply) -> int:
    """The epsilon that an answer tells, in thousandths."""
    told: float = sd_jwt.parse(reply.answered.text).jwt.payload["epsilon"]
    return round(told * 1000)
