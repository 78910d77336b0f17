"""What leaves at each level: of whose sentences, about which topics, and nothing beside it."""

from __future__ import annotations

import sys
from collections.abc import Callable
from datetime import timedelta

import pytest

from ipse.credentials.formats import sd_jwt
from ipse.disclosure import reasons
from ipse.disclosure.levels.bands import Bands
from ipse.disclosure.levels.level import Asked
from ipse.disclosure.levels.order import Order
from ipse.disclosure.levels.statements import Statements
from ipse.disclosure.levels.topics import Topics
from ipse.disclosure.proposals import Decision, Proposal
from ipse.encoding.strict_json import JsonObject
from ipse.preferences import topics as listing
from ipse.storage import answers, disclosure_log
from ipse.wallet import disclosure
from ipse.wallet.profile.ranking import rank
from ipse.wallet.profile.topics import add_topic, set_topic_access
from ipse.wallet.wallet import Wallet
from tests.unit.wallet.disclosure.material import (
    ASKED,
    BANDS,
    CHOOSE,
    DAY,
    NOW,
    ORDER,
    SENSITIVE,
    SHOP,
    TOPICS,
    Blending,
    Reply,
    about,
    ask,
    candidates,
    never,
    teach,
    ticking,
    yes,
)

OPEN = "hiking"
JAZZ = "jazz-and-blues"


def like_tea(wallet: Wallet) -> None:
    teach(wallet, *(f"tea + {word}" for word in ("green", "black", "white")))
    teach(wallet, *(f"coffee + {word}" for word in ("green", "black", "white")), weight=-1.0)


def entry_of(wallet: Wallet, reply: Reply) -> JsonObject:
    return disclosure_log.find(wallet.vault, reply.answered.entry).content


class Owner:
    """An owner who agrees to everything, and remembers what was shown."""

    def __init__(self) -> None:
        self.shown: list[Proposal] = []

    def __call__(self, proposal: Proposal) -> Decision:
        self.shown.append(proposal)
        return yes(proposal)


def granted(wallet: Wallet, level: str, *topics: str) -> None:
    """Let the shop have exact answers about these topics."""
    disclosure.grant(
        wallet, SHOP.party, level=level, now=NOW, expires=NOW + DAY, topics=topics, exact=True, cap=1000
    )


def close_own_topic(wallet: Wallet, meaning: str) -> None:
    add_topic(wallet, "The abyss", meaning, now=NOW)
    set_topic_access(wallet, "The abyss", open=False)


class TestAtEachLevel:
    @pytest.mark.parametrize("level", ASKED)
    def test_what_was_shown_is_what_leaves_and_is_logged_under_the_same_number(
        self, wallet: Wallet, level: str
    ) -> None:
        teach(wallet, "novels", "long novels + sea", *(about(topic, "mine") for topic in ("horror", JAZZ)))
        owner = Owner()
        reply = ask(wallet, asked=ASKED[level], consent=owner)
        (proposal,) = owner.shown
        picked = proposal.offer.picked(proposal.offer.chosen)
        assert set(reply.said) == {item.text if level == "statements" else item.key for item in picked}
        entry = disclosure_log.find(wallet.vault, reply.answered.entry)
        assert entry.content["released"] == reply.answered.text
        (row,) = answers.history(wallet.vault, SHOP.party)
        assert (row.number, row.level, row.method) == (entry.number, level, "owner")
        assert (entry.content["method"], entry.content["window"]) == ("owner", None)
        assert entry.content["edited"] is False
        assert row.bits == proposal.exposed(picked).answer > 0
        assert entry.content["bits"] == round(row.bits, 1)

    @pytest.mark.parametrize("level", ASKED)
    def test_the_answer_has_no_claim_beside_its_terms_and_what_was_asked(
        self, wallet: Wallet, level: str
    ) -> None:
        teach(wallet, about(JAZZ, "a thing that nobody asked about"))
        reply = ask(wallet, asked=ASKED[level])
        (member,) = reply.content
        claims = sd_jwt.parse(reply.answered.text).jwt.payload
        common = {"iss", "sub", "vct", "iat", "exp", "cnf", "level", "method", "terms", "pad", "_sd_alg"}
        assert claims.keys() - {member} == common
        assert claims["method"] == "owner"
        assert set(claims["pad"]) <= {"0"}

    def test_liked_and_disliked_topics_are_high_and_low_and_the_unknown_is_not_told(
        self, wallet: Wallet
    ) -> None:
        teach(wallet, *(about(JAZZ, f"jazz {number}") for number in range(10)))
        teach(wallet, *(about("horror", f"horror {number}") for number in range(10)), weight=-1.0)
        assert ask(wallet, asked=BANDS).said == {JAZZ: "high", "horror": "low"}

    def test_a_topic_that_is_liked_as_much_as_disliked_is_medium(self, wallet: Wallet) -> None:
        teach(wallet, *(about(JAZZ, f"good {number}") for number in range(5)))
        teach(wallet, *(about(JAZZ, f"bad {number}") for number in range(5)), weight=-1.0)
        assert ask(wallet, asked=Bands((JAZZ,))).said == {JAZZ: "medium"}

    def test_the_candidates_that_are_liked_best_are_chosen(self, wallet: Wallet) -> None:
        like_tea(wallet)
        assert ask(wallet, asked=candidates("coffee", "tea", "water")).texts == {"tea"}

    @pytest.mark.parametrize("asked", [CHOOSE, ORDER])
    def test_candidates_are_shown_as_profile_rank_orders_them(self, wallet: Wallet, asked: Asked) -> None:
        for topic in listing.published().topics:
            set_topic_access(wallet, topic.id, open=True)  # what is about a closed one is shown last
        teach(wallet, *(f"candidate {number} + {number}" for number in (3, 5, 7)))
        teach(wallet, "candidate 1 + rain", weight=-1.0)
        owner = Owner()
        ask(wallet, asked=asked, consent=owner)
        (proposal,) = owner.shown
        ranked = rank(wallet, Blending(), [one.text for one in CHOOSE.candidates], now=NOW)
        items = proposal.offer.items
        assert [item.text for item in items] == [place.text for place in ranked]
        most = CHOOSE.top if asked is CHOOSE else len(items)
        assert proposal.preticked == tuple(item.key for item in items[:most])

    def test_each_shows_the_statement_that_speaks_for_it(self, wallet: Wallet) -> None:
        like_tea(wallet)
        teach(wallet, about(JAZZ, "x"))
        owner = Owner()
        ask(wallet, asked=candidates("coffee", "tea", "water"), consent=owner)
        ask(wallet, asked=Topics((JAZZ,)), consent=owner)
        first, second = (proposal.offer.items[0] for proposal in owner.shown)
        assert (first.text, first.why[:3]) == ("tea", "tea")
        assert second.why == about(JAZZ, "x")

    def test_what_the_owner_ticks_in_their_place_is_chosen_exactly(self, wallet: Wallet) -> None:
        like_tea(wallet)
        asked = candidates("coffee", "tea", "water", "milk", top=2)
        reply = ask(wallet, asked=asked, consent=ticking("c3", "c0"))
        assert reply.texts == {"coffee", "milk"}
        assert reply.said == ["c0", "c3"], "in an order that tells nothing"
        assert entry_of(wallet, reply)["edited"] is True

    def test_fewer_than_asked_for_may_be_ticked(self, wallet: Wallet) -> None:
        like_tea(wallet)
        reply = ask(wallet, asked=candidates("coffee", "tea", "water", top=2), consent=ticking("c1"))
        assert reply.texts == {"tea"}

    def test_an_order_is_told_as_the_owner_arranged_it(self, wallet: Wallet) -> None:
        like_tea(wallet)
        asked = Order(candidates("coffee", "tea", "water").candidates)
        reply = ask(wallet, asked=asked)
        assert reply.ordered[0] == "tea"
        assert reply.ordered[-1] == "coffee"
        assert entry_of(wallet, reply)["edited"] is False
        moved = ask(wallet, asked=asked, consent=ticking("c2", "c0", "c1"))
        assert moved.ordered == ["water", "coffee", "tea"]
        assert entry_of(wallet, moved)["edited"] is True
        assert ask(wallet, asked=asked, consent=ticking("c0", "c2")).ordered == ["coffee", "water"]

    def test_the_same_question_has_the_same_exact_answer(self, wallet: Wallet) -> None:
        like_tea(wallet)
        replies = [ask(wallet, asked=asked) for asked in (CHOOSE, CHOOSE, ORDER, ORDER)]
        assert replies[0].content == replies[1].content
        assert replies[2].content == replies[3].content

    def test_a_choice_of_one_who_said_nothing_says_nothing_unless_they_tick(self, wallet: Wallet) -> None:
        reply = ask(wallet)
        assert (reply.answered.said, reply.answered.reason) == (False, reasons.NOTHING_SAID)
        assert ask(wallet, consent=ticking("c4")).texts == {"candidate 4"}

    def test_topics_are_those_that_are_liked_and_ticked(self, wallet: Wallet) -> None:
        teach(wallet, about(JAZZ, "x"), about("hiking", "x"))
        teach(wallet, about("horror", "x"), weight=-1.0)
        asked = Topics(("horror", "opera-and-musicals", JAZZ, "hiking"))
        assert ask(wallet, asked=asked).said == [JAZZ, "hiking"]
        reply = ask(wallet, asked=asked, consent=ticking("hiking", "horror"))
        assert reply.said == ["hiking"]

    def test_statements_are_the_nearest_ones_that_are_ticked_word_for_word(self, wallet: Wallet) -> None:
        teach(wallet, "novels + the sea + rain", "novels", "novels + the sea", "fish")
        assert ask(wallet, asked=Statements("novels", 2)).said == ["novels", "novels + the sea"]
        reply = ask(wallet, asked=Statements("novels", 3), consent=ticking("2", "9"))
        assert reply.said == ["novels + the sea"]

    @pytest.mark.parametrize("level", ASKED)
    def test_what_is_not_ticked_stays_here(self, wallet: Wallet, level: str) -> None:
        teach(wallet, about(JAZZ, "x"), "novels")
        reply = ask(wallet, asked=ASKED[level], consent=ticking())
        assert not reply.answered.said
        assert reply.answered.reason == reasons.NOTHING_TICKED

    def test_a_statement_too_long_for_an_answer_does_not_leave(self, wallet: Wallet) -> None:
        teach(wallet, "novels + " + "x" * 1000, "novels + rain")
        assert ask(wallet, asked=Statements("novels", 3)).said == ["novels + rain"]

    def test_an_answer_that_says_nothing_says_why_to_the_owner_alone(self, wallet: Wallet) -> None:
        reply = ask(wallet, asked=TOPICS)
        assert reply.answered.reason == reasons.NO_TOPIC_LIKED
        told = str(sd_jwt.parse(reply.answered.text).jwt.payload)
        assert reasons.NO_TOPIC_LIKED.text not in told
        assert reasons.NO_TOPIC_LIKED.code not in told


class TestSecrets:
    @pytest.mark.parametrize(
        ("asked", "text"),
        [
            (candidates("coffee", "tea"), "tea + green"),
            (Order(candidates("coffee", "tea").candidates), "tea + green"),
            (BANDS, about(JAZZ, "x")),
            (TOPICS, about(JAZZ, "x")),
            (Statements("novels", 3), "novels + rain"),
        ],
    )
    def test_have_no_part_in_any_answer(self, wallet: Wallet, asked: Asked, text: str) -> None:
        details = [f"{text} + {number}" for number in range(8)]
        teach(wallet, *details, sensitivity="secret")
        owner = Owner()
        hidden = ask(wallet, asked=asked, consent=owner)
        assert not hidden.answered.said
        assert not [item.why for item in owner.shown[0].offer.items if item.why]
        teach(wallet, *(f"{text} + and {number}" for number in range(8)))
        told = ask(wallet, asked=asked, consent=owner)
        assert told.answered.said, "it would have been told"
        assert {item.why for item in owner.shown[1].offer.items}.isdisjoint(details)
        assert not set(told.said) & set(details)

    def test_facts_have_no_vote(self, wallet: Wallet) -> None:
        teach(wallet, *(f"tea + {number}" for number in range(8)), weight=0.0, kind="fact")
        assert ask(wallet, asked=candidates("coffee", "tea")).said == []
        assert ask(wallet, asked=Statements("tea", 3)).said == []


def closed_by_default(wallet: Wallet) -> str:
    return about(SENSITIVE.id, "x")


def closed_by_the_owner(wallet: Wallet) -> str:
    set_topic_access(wallet, OPEN, open=False)
    return about(OPEN, "x")


def closed_of_ones_own(wallet: Wallet) -> str:
    close_own_topic(wallet, "the deep sea")
    return "the deep sea + x"


@pytest.mark.parametrize("closed", [closed_by_default, closed_by_the_owner, closed_of_ones_own])
class TestClosedTopics:
    def test_no_statement_about_them_leaves(self, wallet: Wallet, closed: object) -> None:
        assert callable(closed)
        text = closed(wallet)
        teach(wallet, text, "x + something else")
        assert ask(wallet, asked=Statements("x", 3)).said == ["x + something else"]

    def test_no_statement_about_them_votes(self, wallet: Wallet, closed: object) -> None:
        assert callable(closed)
        teach(wallet, closed(wallet), "tea + green")
        assert ask(wallet, asked=candidates("coffee", "x", "tea")).texts == {"tea"}
        wallet.vault.change("DELETE FROM statements WHERE text = 'tea + green'")
        reply = ask(wallet, asked=candidates("coffee", "x", "water"))
        assert (reply.answered.said, reply.answered.reason) == (False, reasons.NOTHING_SAID)

    def test_no_candidate_about_them_is_chosen(self, wallet: Wallet, closed: object) -> None:
        assert callable(closed)
        text = closed(wallet)
        teach(wallet, text, "x", "x + rain")
        owner = Owner()
        assert ask(wallet, asked=candidates(text, "coffee"), consent=owner).texts == {"coffee"}
        assert [item.text for item in owner.shown[0].offer.items] == ["coffee", text]
        asked = Order(candidates(text, "coffee", "tea").candidates)
        assert set(ask(wallet, asked=asked).ordered) == {"coffee", "tea"}

    def test_no_spelling_that_looks_the_same_gets_round_them(self, wallet: Wallet, closed: object) -> None:
        assert callable(closed)
        text = closed(wallet)
        disguised = text.replace("e", "\uff45").replace("a", "a\ufe0f", 1)
        teach(wallet, "x", "x + rain")
        assert ask(wallet, asked=candidates(disguised, "coffee")).texts == {"coffee"}

    @pytest.mark.parametrize("level", ["choose", "order"])
    def test_candidates_that_are_all_about_them_get_no_answer_unless_they_are_ticked(
        self, wallet: Wallet, closed: object, level: str
    ) -> None:
        assert callable(closed)
        text = closed(wallet)
        teach(wallet, "x")
        choose = candidates(text, f"{text} + y")
        asked = choose if level == "choose" else Order(choose.candidates)
        owner = Owner()
        reply = ask(wallet, asked=asked, consent=owner)
        assert (reply.answered.said, reply.answered.reason) == (False, reasons.TOPICS_CLOSED)
        assert owner.shown[0].preticked == ()
        assert answers.history(wallet.vault, SHOP.party)[0].bits == 0
        assert ask(wallet, asked=asked, consent=ticking("c1")).ordered == [f"{text} + y"]
        granted(wallet, level)
        assert ask(wallet, asked=asked, consent=never).answered.reason == reasons.TOPICS_CLOSED

    def test_fewer_open_candidates_than_are_asked_for_get_no_answer(
        self, wallet: Wallet, closed: object
    ) -> None:
        assert callable(closed)
        text = closed(wallet)
        teach(wallet, "coffee")
        reply = ask(wallet, asked=candidates(text, f"{text} + y", "coffee", top=2))
        assert (reply.answered.said, reply.answered.reason) == (False, reasons.TOPICS_CLOSED)


class TestClosedPublishedTopics:
    @pytest.mark.parametrize("level", ["topics", "bands"])
    @pytest.mark.parametrize("topic", [OPEN, SENSITIVE.id])
    def test_are_not_told_until_the_owner_opens_them(self, wallet: Wallet, level: str, topic: str) -> None:
        set_topic_access(wallet, topic, open=False)
        teach(wallet, *(about(topic, f"{number}") for number in range(10)))
        asked: Asked = Topics((topic,)) if level == "topics" else Bands((topic,))
        closed = ask(wallet, asked=asked)
        assert not closed.answered.said
        assert closed.answered.reason == reasons.TOPICS_CLOSED
        assert answers.history(wallet.vault, SHOP.party)[0].bits == 0
        set_topic_access(wallet, topic, open=True)
        assert ask(wallet, asked=asked).said == ([topic] if level == "topics" else {topic: "high"})

    def test_all_sensitive_ones_are_closed_until_then(self, wallet: Wallet) -> None:
        ids = [topic.id for topic in listing.published().topics if topic.sensitive]
        teach(wallet, *(about(topic, "x") for topic in ids))
        assert ask(wallet, asked=Topics(tuple(ids))).said == []

    def test_a_statement_about_an_open_and_a_closed_one_counts_for_neither(self, wallet: Wallet) -> None:
        both = f"{about(JAZZ, '1')} + {listing.published().topics[0].means}"
        set_topic_access(wallet, listing.published().topics[0].id, open=False)
        teach(wallet, both)
        assert ask(wallet, asked=Topics((JAZZ,))).said == []


def publish(monkeypatch: pytest.MonkeyPatch, topics: listing.TopicList) -> None:
    """Let this be the published list for all that reads one."""
    before: Callable[[], listing.TopicList] = listing.published
    for module in [module for name, module in sys.modules.items() if name.startswith("ipse.")]:
        for name in ("published", "published_topics"):
            if getattr(module, name, None) is before:
                monkeypatch.setattr(module, name, lambda: topics)


class TestTheTopicsOfAGrant:
    def test_narrow_who_votes(self, wallet: Wallet) -> None:
        teach(wallet, *(f"coffee + {number}" for number in range(9)), about(JAZZ, "tea"))
        asked = candidates("water", "coffee", "tea")
        assert ask(wallet, asked=asked).texts == {"coffee"}
        granted(wallet, "choose", JAZZ)
        granted(wallet, "order", JAZZ)
        assert ask(wallet, asked=asked, consent=never).texts == {"tea"}
        assert ask(wallet, asked=Order(asked.candidates), consent=never).ordered[0] == "tea"

    @pytest.mark.parametrize("level", ["topics", "bands"])
    def test_narrow_what_is_told(self, wallet: Wallet, level: str) -> None:
        for topic in (JAZZ, "hiking"):
            teach(wallet, *(about(topic, f"{number}") for number in range(10)))
        granted(wallet, level, JAZZ, "horror")
        topics = ("hiking", JAZZ)
        reply = ask(wallet, asked=Topics(topics) if level == "topics" else Bands(topics), consent=never)
        assert set(reply.said) == {JAZZ}

    def test_do_not_open_what_is_closed(self, wallet: Wallet) -> None:
        teach(wallet, *(about(SENSITIVE.id, f"tea + {number}") for number in range(9)))
        granted(wallet, "topics", SENSITIVE.id)
        granted(wallet, "choose", SENSITIVE.id)
        assert not ask(wallet, asked=Topics((SENSITIVE.id,)), consent=never).answered.said
        reply = ask(wallet, asked=candidates("coffee", "tea"), consent=never)
        assert (reply.answered.said, reply.answered.reason) == (False, reasons.NOTHING_SAID)

    def test_allow_nothing_once_they_are_on_no_list(
        self, wallet: Wallet, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        teach(wallet, *(about(JAZZ, f"{number}") for number in range(10)), "tea + green")
        for level in ("topics", "bands", "choose"):
            granted(wallet, level, "hiking")
        whole = listing.published()
        shorter = tuple(topic for topic in whole.topics if topic.id != "hiking")
        publish(monkeypatch, listing.TopicList(whole.version, shorter))
        assert ask(wallet, asked=Topics((JAZZ,)), consent=never).said == []
        assert ask(wallet, asked=Bands((JAZZ,)), consent=never).said == {}
        assert ask(wallet, asked=candidates("coffee", "tea"), consent=never).said == []


def test_opinions_fade_with_time_and_never_vanish(wallet: Wallet) -> None:
    teach(wallet, "tea + green", "tea + black", valid_from="1990-01-01T00:00:00Z")
    teach(wallet, "coffee + black")
    asked = candidates("water", "tea", "coffee")
    assert ask(wallet, asked=asked).texts == {"coffee"}
    assert ask(wallet, asked=candidates("water", "tea")).texts == {"tea"}


def test_a_statement_from_tomorrow_counts_no_more_than_one_of_today(wallet: Wallet) -> None:
    future = (NOW + timedelta(days=400)).strftime("%Y-%m-%dT%H:%M:%SZ")
    teach(wallet, "tea + green", valid_from=future)
    teach(wallet, "coffee + black")
    reply: Reply = ask(wallet, asked=candidates("water", "coffee", "tea", top=2))
    assert reply.texts == {"coffee", "tea"}
