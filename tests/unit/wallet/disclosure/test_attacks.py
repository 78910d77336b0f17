"""Attacks on the wallet that answers, each as an application or a neighbour would try it."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest

from ipse.credentials.formats import sd_jwt
from ipse.disclosure import reasons
from ipse.disclosure.levels.bands import Bands
from ipse.disclosure.levels.statements import Statements
from ipse.disclosure.proposals import Decision, Proposal
from ipse.preferences import topics as listing
from ipse.preferences.privacy.summary import EPSILON
from ipse.storage import answers, summaries
from ipse.wallet import disclosure
from ipse.wallet.disclosure import dates
from ipse.wallet.profile.topics import set_topic_access
from ipse.wallet.wallet import Wallet
from tests.unit.wallet.disclosure.conftest import noiseless, wallet
from tests.unit.wallet.disclosure.material import (
    BANDS,
    DAY,
    NOW,
    SENSITIVE,
    SHOP,
    Application,
    Blending,
    about,
    ask,
    candidates,
    never,
    signed_with,
    teach,
    ticking,
    yes,
)

__all__ = ["noiseless", "wallet"]

OPEN = "jazz-and-blues"


@pytest.fixture(autouse=True)
def _needs_the_profile_extra() -> None:
    pytest.importorskip("numpy", reason="the profile extra is not installed (numpy)")


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

    def test_keeps_a_statement_from_voting(self, wallet: Wallet) -> None:
        teach(wallet, HINT)
        asked = candidates("coffee", "7")
        assert ask(wallet, asked=asked).answered.reason == reasons.NOTHING_SAID
        set_topic_access(wallet, SENSITIVE.id, open=True)
        assert ask(wallet, asked=asked).texts == {"7"}

    @pytest.mark.usefixtures("noiseless")
    def test_keeps_a_statement_out_of_private_summaries(self, wallet: Wallet) -> None:
        disclosure.grant(wallet, SHOP.party, level="bands", now=NOW, expires=NOW + DAY)
        teach(wallet, HINT)
        ask(wallet, asked=BANDS, consent=never)
        kept = summaries.latest(wallet.vault)
        assert kept is not None
        assert {count for one in kept.counts for count in one} == {0}

    def test_keeps_a_candidate_from_being_chosen(self, wallet: Wallet) -> None:
        teach(wallet, "7", "8")
        asked = candidates("coffee", HINT)
        assert ask(wallet, asked=asked).texts == {"coffee"}
        set_topic_access(wallet, SENSITIVE.id, open=True)
        assert ask(wallet, asked=asked).texts == {HINT}


class TestAClockThatJumpsToTheEndOfTime:
    LAST = datetime(9999, 12, 20, tzinfo=UTC)

    def test_leaves_a_wallet_that_still_answers_its_owner(self, wallet: Wallet) -> None:
        teach(wallet, "7")
        for now in (self.LAST, NOW):
            assert ask(wallet, asked=candidates("coffee", "7"), now=now).texts == {"7"}
        assert dates.dates(wallet, NOW).clock == self.LAST

    def test_leaves_private_summaries_within_their_limits(self, wallet: Wallet) -> None:
        disclosure.grant(
            wallet, SHOP.party, level="bands", now=NOW, expires=datetime(9999, 12, 31, tzinfo=UTC)
        )
        for now in (NOW, self.LAST):
            ask(wallet, asked=BANDS, consent=never, now=now)
        moment = dates.dates(wallet, NOW).unattended
        assert moment == NOW, "nobody confirmed that date"
        assert disclosure.summaries.drawn(wallet, moment).ever == EPSILON
        dates.confirm_date(wallet, self.LAST)
        for now in (self.LAST, NOW):
            ask(wallet, asked=BANDS, consent=never, now=now)
        drawn = disclosure.summaries.drawn(wallet, dates.dates(wallet, NOW).unattended)
        assert (drawn.ever, drawn.this_year) == (2 * EPSILON, EPSILON)
        assert drawn.next_window > (drawn.window or "")


class TestManyNamesOfOneApplication:
    @pytest.mark.usefixtures("noiseless")
    def test_bring_two_private_summaries_and_no_more(self, wallet: Wallet) -> None:
        """Keys cost nothing: one application may come as many."""
        teach(wallet, *(about(OPEN, str(number)) for number in range(60)))
        names = [Application(SHOP.address, signed_with(bytes([number]) * 32)) for number in range(1, 6)]
        for name in names:
            disclosure.grant(wallet, name.party, level="bands", now=NOW, expires=NOW + DAY)
        replies = [ask(wallet, name, Bands((OPEN,)), consent=never) for name in names * 2]
        assert [reply.answered.said for reply in replies] == [True, True, False, False, False] * 2
        assert {reply.answered.reason for reply in replies[2:5]} == {reasons.APPLICATIONS_TOLD}
        assert disclosure.summaries.drawn(wallet, NOW).ever == EPSILON

    def test_are_counted_together_at_the_page(self, wallet: Wallet) -> None:
        teach(wallet, "candidate 1 + rain", "candidate 2")
        names = [Application(SHOP.address, signed_with(bytes([number]) * 32)) for number in range(1, 4)]
        shown: list[Proposal] = []

        def looks(proposal: Proposal) -> Decision:
            shown.append(proposal)
            return yes(proposal)

        for name in names:
            ask(wallet, name, consent=looks)
        bits = [proposal.exposed(()).shared.bits for proposal in shown]
        each = answers.history(wallet.vault, names[0].party)[0].bits
        assert bits == pytest.approx([3 * each] * 3), "read now, all of it was told"
        assert [proposal.exposed(()).own.bits for proposal in shown] == pytest.approx([each] * 3)


def test_an_answer_does_not_show_whether_the_owner_changed_it(wallet: Wallet) -> None:
    teach(wallet, "tea + rain", "tea + green")
    asked = candidates("tea", "coffee", "water")
    told, edited = (
        sd_jwt.parse(ask(wallet, asked=asked, consent=consent).answered.text)
        for consent in (yes, ticking("c2"))
    )
    assert (told.jwt.payload.pop("choices"), edited.jwt.payload.pop("choices")) == (["c0"], ["c2"])
    assert told.jwt.payload == edited.jwt.payload
