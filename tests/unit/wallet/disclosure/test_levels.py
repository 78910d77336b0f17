"""What leaves at each level: of whose sentences, about which topics, and nothing beside it."""

from __future__ import annotations

from datetime import timedelta

import pytest

from ipse.credentials.formats import sd_jwt
from ipse.disclosure import reasons
from ipse.disclosure.levels.bands import Bands
from ipse.disclosure.levels.level import Asked
from ipse.disclosure.levels.statements import Statements
from ipse.disclosure.levels.topics import Topics
from ipse.disclosure.proposals import Decision, Proposal
from ipse.preferences import topics as listing
from ipse.storage import answers, disclosure_log
from ipse.wallet import disclosure
from ipse.wallet.profile.topics import add_topic, set_topic_access
from ipse.wallet.wallet import Wallet
from tests.unit.wallet.disclosure.material import (
    ASKED,
    BANDS,
    COST,
    DAY,
    NOW,
    SENSITIVE,
    SHOP,
    TOPICS,
    Reply,
    about,
    ask,
    candidates,
    teach,
    yes,
)

OPEN = "hiking"
JAZZ = "jazz-and-blues"


class Owner:
    """An owner who agrees to everything, and remembers what was shown."""

    def __init__(self) -> None:
        self.shown: list[Proposal] = []

    def __call__(self, proposal: Proposal) -> Decision:
        self.shown.append(proposal)
        return yes(proposal)


def granted(wallet: Wallet, level: str, *topics: str) -> None:
    disclosure.grant(wallet, SHOP.party, level=level, now=NOW, expires=NOW + DAY, topics=topics)


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
        shown = {item.key for item in proposal.items}
        said = {item.text for item in proposal.items} if level == "statements" else shown
        assert set(reply.said) == said
        entry = disclosure_log.find(wallet.vault, reply.answered.entry)
        assert entry.content["released"] == reply.answered.text
        (row,) = answers.history(wallet.vault, SHOP.party)
        assert (row.number, row.level) == (entry.number, level)
        assert row.epsilon == entry.content["epsilon"] * 1000 == proposal.cost.epsilon
        assert row.epsilon == (COST if level in ("choose", "bands") else 0)

    @pytest.mark.parametrize("level", ASKED)
    def test_the_answer_has_no_claim_beside_its_terms_and_what_was_asked(
        self, wallet: Wallet, level: str
    ) -> None:
        teach(wallet, about(JAZZ, "a thing that nobody asked about"))
        reply = ask(wallet, asked=ASKED[level])
        (member,) = reply.content
        claims = sd_jwt.parse(reply.answered.text).jwt.payload
        common = {"iss", "sub", "vct", "iat", "exp", "cnf", "level", "epsilon", "terms", "pad", "_sd_alg"}
        assert claims.keys() - {member} <= common
        assert set(claims["pad"]) <= {"0"}

    @pytest.mark.usefixtures("exact")
    def test_liked_and_disliked_topics_are_high_and_low_and_the_unknown_is_not_told(
        self, wallet: Wallet
    ) -> None:
        teach(wallet, *(about(JAZZ, f"jazz {number}") for number in range(10)))
        teach(wallet, *(about("horror", f"horror {number}") for number in range(10)), weight=-1.0)
        assert ask(wallet, asked=BANDS).said == {JAZZ: "high", "horror": "low"}

    @pytest.mark.usefixtures("exact")
    def test_the_candidates_with_the_most_votes_are_chosen(self, wallet: Wallet) -> None:
        teach(wallet, *(f"tea + {word}" for word in ("green", "black", "white")))
        teach(wallet, *(f"coffee + {word}" for word in ("green", "black", "white")), weight=-1.0)
        assert ask(wallet, asked=candidates("coffee", "tea", "water")).texts == {"tea"}

    def test_topics_are_those_that_are_liked_and_ticked(self, wallet: Wallet) -> None:
        teach(wallet, about(JAZZ, "x"), about("hiking", "x"))
        teach(wallet, about("horror", "x"), weight=-1.0)
        asked = Topics(("horror", "opera-and-musicals", JAZZ, "hiking"))
        assert ask(wallet, asked=asked).said == [JAZZ, "hiking"]
        reply = ask(wallet, asked=asked, consent=lambda _: Decision(True, frozenset({"hiking", "horror"})))
        assert reply.said == ["hiking"]

    def test_statements_are_the_nearest_ones_that_are_ticked_word_for_word(self, wallet: Wallet) -> None:
        teach(wallet, "novels + the sea + rain", "novels", "novels + the sea", "fish")
        assert ask(wallet, asked=Statements("novels", 2)).said == ["novels", "novels + the sea"]
        reply = ask(
            wallet, asked=Statements("novels", 3), consent=lambda _: Decision(True, frozenset({"2", "9"}))
        )
        assert reply.said == ["novels + the sea"]

    @pytest.mark.parametrize("level", ["topics", "statements"])
    def test_what_is_not_ticked_stays_here(self, wallet: Wallet, level: str) -> None:
        teach(wallet, about(JAZZ, "x"), "novels")
        reply = ask(wallet, asked=ASKED[level], consent=lambda _: Decision(True))
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
    @pytest.mark.usefixtures("exact")
    @pytest.mark.parametrize(
        ("asked", "text"),
        [
            (candidates("coffee", "tea"), "tea + green"),
            (BANDS, about(JAZZ, "x")),
            (TOPICS, about(JAZZ, "x")),
            (Statements("novels", 3), "novels + rain"),
        ],
    )
    def test_have_no_part_in_any_answer(self, wallet: Wallet, asked: Asked, text: str) -> None:
        details = [f"{text} + {number}" for number in range(8)]
        teach(wallet, *details, sensitivity="secret")
        hidden = ask(wallet, asked=asked)
        assert hidden.said in ([], {}, ["c0"]), "the first of two that nobody votes for"
        teach(wallet, *(f"{text} + and {number}" for number in range(8)))
        told = ask(wallet, asked=asked, now=NOW + 31 * DAY)
        assert told.said not in ([], {}, ["c0"]), "it would have been told"
        assert not set(told.said) & set(details)

    @pytest.mark.usefixtures("exact")
    def test_facts_have_no_vote(self, wallet: Wallet) -> None:
        teach(wallet, *(f"tea + {number}" for number in range(8)), weight=0.0, kind="fact")
        assert ask(wallet, asked=candidates("coffee", "tea")).said == ["c0"]
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

    @pytest.mark.usefixtures("exact")
    def test_no_statement_about_them_votes(self, wallet: Wallet, closed: object) -> None:
        assert callable(closed)
        teach(wallet, closed(wallet), "tea + green")
        assert ask(wallet, asked=candidates("coffee", "x", "tea")).texts == {"tea"}
        wallet.vault.change("DELETE FROM statements WHERE text = 'tea + green'")
        assert ask(wallet, asked=candidates("coffee", "x", "water")).texts == {"coffee"}

    @pytest.mark.usefixtures("exact")
    def test_no_candidate_about_them_is_chosen(self, wallet: Wallet, closed: object) -> None:
        assert callable(closed)
        text = closed(wallet)
        teach(wallet, text)
        assert ask(wallet, asked=candidates(text, "coffee")).texts == {"coffee"}

    @pytest.mark.usefixtures("exact")
    def test_no_spelling_that_looks_the_same_gets_round_them(self, wallet: Wallet, closed: object) -> None:
        assert callable(closed)
        text = closed(wallet)
        disguised = text.replace("e", "\uff45").replace("a", "a\ufe0f", 1)
        assert ask(wallet, asked=candidates(disguised, "coffee")).texts == {"coffee"}

    def test_candidates_that_are_all_about_them_get_no_answer_and_cost_what_one_costs(
        self, wallet: Wallet, closed: object
    ) -> None:
        assert callable(closed)
        text = closed(wallet)
        owner = Owner()
        reply = ask(wallet, asked=candidates(text, f"{text} + y"), consent=owner)
        assert not reply.answered.said
        assert reply.answered.reason == reasons.TOPICS_CLOSED
        cost = owner.shown[0].cost  # else it could be tried for free which topics are closed
        assert (cost.epsilon, cost.application_left, cost.overall_left) == (COST, COST, 3 * COST)
        assert answers.spent(wallet.vault, since="") == COST


class TestClosedPublishedTopics:
    @pytest.mark.usefixtures("exact")
    @pytest.mark.parametrize("level", ["topics", "bands"])
    @pytest.mark.parametrize("topic", [OPEN, SENSITIVE.id])
    def test_are_not_told_until_the_owner_opens_them(self, wallet: Wallet, level: str, topic: str) -> None:
        set_topic_access(wallet, topic, open=False)
        teach(wallet, *(about(topic, f"{number}") for number in range(10)))
        asked: Asked = Topics((topic,)) if level == "topics" else Bands((topic,))
        closed = ask(wallet, asked=asked)
        assert not closed.answered.said
        assert closed.answered.reason == reasons.TOPICS_CLOSED
        assert answers.spent(wallet.vault, since="") == (0 if level == "topics" else COST)
        set_topic_access(wallet, topic, open=True)
        assert ask(wallet, asked=asked).said == ([topic] if level == "topics" else {topic: "high"})

    def test_all_sensitive_ones_are_closed_until_then(self, wallet: Wallet) -> None:
        ids = [topic.id for topic in listing.published().topics if topic.sensitive]
        teach(wallet, *(about(topic, "x") for topic in ids))
        assert ask(wallet, asked=Topics(tuple(ids))).said == []

    @pytest.mark.usefixtures("exact")
    def test_a_statement_about_an_open_and_a_closed_one_counts_for_neither(self, wallet: Wallet) -> None:
        both = f"{about(JAZZ, '1')} + {listing.published().topics[0].means}"
        set_topic_access(wallet, listing.published().topics[0].id, open=False)
        teach(wallet, both)
        assert ask(wallet, asked=Topics((JAZZ,))).said == []


class TestTheTopicsOfAGrant:
    @pytest.mark.usefixtures("exact")
    def test_narrow_who_votes(self, wallet: Wallet) -> None:
        teach(wallet, *(f"coffee + {number}" for number in range(9)), about(JAZZ, "tea"))
        asked = candidates("water", "coffee", "tea")
        granted(wallet, "choose", JAZZ)
        assert ask(wallet, asked=asked).texts == {"tea"}

    @pytest.mark.usefixtures("exact")
    @pytest.mark.parametrize("level", ["topics", "bands"])
    def test_narrow_what_is_told(self, wallet: Wallet, level: str) -> None:
        for topic in (JAZZ, "hiking"):
            teach(wallet, *(about(topic, f"{number}") for number in range(10)))
        granted(wallet, level, JAZZ, "horror")
        topics = ("hiking", JAZZ)
        reply = ask(wallet, asked=Topics(topics) if level == "topics" else Bands(topics))
        assert set(reply.said) == {JAZZ}

    @pytest.mark.usefixtures("exact")
    def test_do_not_open_what_is_closed(self, wallet: Wallet) -> None:
        teach(wallet, *(about(SENSITIVE.id, f"tea + {number}") for number in range(9)))
        granted(wallet, "topics", SENSITIVE.id)
        granted(wallet, "choose", SENSITIVE.id)
        assert not ask(wallet, asked=Topics((SENSITIVE.id,))).answered.said
        assert ask(wallet, asked=candidates("coffee", "tea")).texts == {"coffee"}

    @pytest.mark.usefixtures("exact")
    def test_allow_nothing_once_they_are_on_no_list(
        self, wallet: Wallet, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        teach(wallet, *(about(JAZZ, f"{number}") for number in range(10)), "tea + green")
        for level in ("topics", "bands", "choose"):
            granted(wallet, level, "hiking")
        whole = listing.published()
        shorter = tuple(topic for topic in whole.topics if topic.id != "hiking")
        monkeypatch.setattr(listing, "published", lambda: listing.TopicList(whole.version, shorter))
        assert ask(wallet, asked=Topics((JAZZ,))).said == []
        assert ask(wallet, asked=Bands((JAZZ,))).said == {}
        assert ask(wallet, asked=candidates("coffee", "tea")).texts == {"coffee"}


def test_opinions_fade_with_time_and_never_vanish(wallet: Wallet, exact: None) -> None:
    teach(wallet, "tea + green", "tea + black", valid_from="1990-01-01T00:00:00Z")
    teach(wallet, "coffee + black")
    asked = candidates("water", "tea", "coffee")
    assert ask(wallet, asked=asked).texts == {"coffee"}
    assert ask(wallet, asked=candidates("water", "tea")).texts == {"tea"}


def test_a_statement_from_tomorrow_counts_no_more_than_one_of_today(wallet: Wallet, exact: None) -> None:
    future = (NOW + timedelta(days=400)).strftime("%Y-%m-%dT%H:%M:%SZ")
    teach(wallet, "tea + green", valid_from=future)
    teach(wallet, "coffee + black")
    reply: Reply = ask(wallet, asked=candidates("water", "coffee", "tea", top=2))
    assert reply.texts == {"coffee", "tea"}
