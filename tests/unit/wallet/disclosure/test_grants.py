"""Standing consent: what a grant covers, how far, and until when."""

from __future__ import annotations

import math
from collections.abc import Callable
from datetime import datetime, timedelta
from typing import Any

import pytest

from ipse.disclosure import levels, reasons
from ipse.disclosure.levels.choose import Choose
from ipse.disclosure.levels.level import Asked
from ipse.disclosure.levels.topics import Topics
from ipse.disclosure.offers import Offer
from ipse.disclosure.proposals import Decision, Proposal
from ipse.disclosure.reasons import Reason
from ipse.errors import MalformedInput, NotFound, Undetermined, UsageError
from ipse.storage import answers, disclosure_log, grants
from ipse.storage.grants import Grant
from ipse.wallet import disclosure
from ipse.wallet.disclosure import dates
from ipse.wallet.profile.forgetting import forget
from ipse.wallet.profile.topics import set_topic_access
from ipse.wallet.wallet import Wallet
from tests.unit.wallet.disclosure.material import (
    ASKED,
    CLUB,
    DAY,
    NOW,
    SHOP,
    SHOP_UNSIGNED,
    SHOP_WEB,
    STATEMENTS,
    Application,
    about,
    ask,
    candidates,
    never,
    no,
    teach,
    yes,
)

JAZZ = "jazz-and-blues"
GRANTABLE = ("choose", "order", "bands", "topics")
GRANTED = Topics((JAZZ,))


def granted(wallet: Wallet, asker: Application = SHOP, level: str = "topics", **terms: Any) -> Grant:
    """A grant; of exact answers where a private summary has none."""
    terms.setdefault("expires", NOW + DAY)
    if level == "topics":
        terms.setdefault("topics", [JAZZ])
    if level in ("topics", "order"):
        terms.setdefault("exact", True)
    return disclosure.grant(wallet, asker.party, level=level, now=NOW, **terms)


def other(number: int) -> Choose:
    return candidates(*(f"{number}: {word}" for word in ("one", "two", "three")))


def asks_the_owner(
    wallet: Wallet, application: Application = SHOP, asked: Asked = GRANTED, *, now: datetime = NOW
) -> bool:
    shown: list[Proposal] = []

    def decide(proposal: Proposal) -> Decision:
        shown.append(proposal)
        return no(proposal)

    reply = ask(wallet, application, asked, consent=decide, now=now)
    entry = disclosure_log.find(wallet.vault, reply.answered.entry).content
    assert str(entry["consent"]).startswith("grant") is not bool(shown)
    return bool(shown)


class TestAGrant:
    @pytest.mark.parametrize("level", GRANTABLE)
    def test_answers_without_the_owner_and_is_named_in_the_log(self, wallet: Wallet, level: str) -> None:
        teach(wallet, about(JAZZ, "x"))
        grant = granted(wallet, level=level)
        reply = ask(wallet, asked=ASKED[level], consent=never)
        entry = disclosure_log.find(wallet.vault, reply.answered.entry).content
        assert (entry["consent"], entry["grant"]) == (f"grant {grant.number}", grant.number)
        (row,) = answers.history(wallet.vault, SHOP.party)
        assert row.grant_number == grant.number
        method = "owner" if grant.exact else "private"
        assert row.method == entry["method"] == method
        assert (entry["window"] is None) is grant.exact

    @pytest.mark.parametrize("level", GRANTABLE)
    def test_of_exact_answers_tells_what_the_owner_would_say(self, wallet: Wallet, level: str) -> None:
        teach(wallet, about(JAZZ, "x"), "candidate 1", "candidate 8 + rain")
        granted(wallet, level=level, exact=True)
        told = ask(wallet, asked=ASKED[level], consent=never)
        assert told.content == ask(wallet, CLUB, ASKED[level], consent=yes).content
        assert told.answered.said

    @pytest.mark.parametrize("level", GRANTABLE)
    def test_is_of_one_level(self, wallet: Wallet, level: str) -> None:
        granted(wallet, level=level)
        asked = {one: asks_the_owner(wallet, asked=what) for one, what in ASKED.items()}
        assert asked == {one: one != level for one in ASKED}

    def test_is_of_one_party(self, wallet: Wallet) -> None:
        granted(wallet)
        assert asks_the_owner(wallet, CLUB)
        assert asks_the_owner(wallet, SHOP_WEB), "another DID at the same address is another party"
        assert not asks_the_owner(wallet, SHOP)

    def test_of_an_origin_is_for_signed_requests_alone(self, wallet: Wallet) -> None:
        granted(wallet, SHOP_WEB)
        assert not asks_the_owner(wallet, SHOP_WEB)
        assert asks_the_owner(wallet, SHOP_UNSIGNED)

    def test_is_for_unsigned_requests_where_the_owner_says_so(self, wallet: Wallet) -> None:
        granted(wallet, SHOP_UNSIGNED, unsigned=True)
        assert not asks_the_owner(wallet, SHOP_UNSIGNED)
        assert not asks_the_owner(wallet, SHOP_WEB)
        assert asks_the_owner(wallet, CLUB)

    def test_ends_when_it_expires(self, wallet: Wallet) -> None:
        granted(wallet, expires=NOW + timedelta(hours=1))
        assert not asks_the_owner(wallet, now=NOW + timedelta(minutes=59, seconds=59))
        assert asks_the_owner(wallet, now=NOW + timedelta(hours=1))

    def test_does_not_come_back_where_the_clock_is_set_back(self, wallet: Wallet) -> None:
        granted(wallet, expires=NOW + timedelta(hours=1))
        ask(wallet, CLUB, asked=GRANTED, now=NOW + timedelta(hours=1))
        assert asks_the_owner(wallet, now=NOW)

    def test_does_not_hold_before_it_was_given(self, wallet: Wallet) -> None:
        later = NOW + timedelta(hours=1)
        disclosure.grant(
            wallet, SHOP.party, level="topics", topics=[JAZZ], exact=True, now=later, expires=NOW + DAY
        )
        assert asks_the_owner(wallet, now=later - timedelta(seconds=1))
        assert not asks_the_owner(wallet, now=later)

    def test_ends_when_it_is_revoked_at_every_level(self, wallet: Wallet) -> None:
        granted(wallet)
        granted(wallet, level="bands")
        assert disclosure.revoke(wallet, SHOP.party, now=NOW) == 2
        assert asks_the_owner(wallet)
        assert asks_the_owner(wallet, asked=ASKED["bands"])
        with pytest.raises(NotFound):
            disclosure.revoke(wallet, SHOP.party, now=NOW)

    def test_stays_revoked_whatever_the_clock_says(self, wallet: Wallet) -> None:
        granted(wallet)
        disclosure.revoke(wallet, SHOP.party, now=NOW + timedelta(hours=2))
        for hours in (0, 1, 3):
            assert asks_the_owner(wallet, now=NOW + timedelta(hours=hours))

    def test_ends_with_the_next_one_of_the_same_party_and_level(self, wallet: Wallet) -> None:
        granted(wallet, topics=[JAZZ, "hiking"])
        granted(wallet, topics=["hiking"])
        teach(wallet, about(JAZZ, "x"), about("hiking", "x"))
        assert ask(wallet, asked=Topics((JAZZ, "hiking")), consent=never).said == ["hiking"]

    def test_of_another_party_is_not_revoked_with_it(self, wallet: Wallet) -> None:
        granted(wallet)
        granted(wallet, CLUB)
        disclosure.revoke(wallet, CLUB.party, now=NOW)
        assert not asks_the_owner(wallet)


class TestItsBounds:
    def test_of_answers_a_day_lets_no_more_leave_and_asks_nobody(self, wallet: Wallet) -> None:
        teach(wallet, about(JAZZ, "x"))
        granted(wallet, per_day=2, expires=NOW + 9 * DAY)
        hour = timedelta(hours=1)
        said = [ask(wallet, asked=GRANTED, consent=never, now=NOW + n * hour).answered for n in range(3)]
        assert [one.said for one in said] == [True, True, False]
        assert said[2].reason == reasons.grant_used_up("2 answers a day")
        later = ask(wallet, asked=GRANTED, consent=never, now=NOW + DAY + 3 * hour)
        assert later.answered.said

    def test_of_bits_let_no_answer_leave_beyond_them_and_ask_nobody(self, wallet: Wallet) -> None:
        teach(wallet, "1: one", "2: one", "3: one")
        cap = math.ceil(2 * math.log2(3))
        granted(wallet, level="choose", exact=True, cap=cap)
        replies = [ask(wallet, asked=other(number), consent=never) for number in (1, 2, 3, 1)]
        assert [reply.answered.said for reply in replies] == [True, True, False, False]
        assert {reply.answered.reason for reply in replies[2:]} == {reasons.cap_reached(cap)}
        assert {len(reply.answered.text) for reply in replies} == {len(replies[0].answered.text)}
        assert answers.told_bits(wallet.vault, grant=1) == pytest.approx(2 * math.log2(3))
        assert not asks_the_owner(wallet, asked=other(4)), "it covers the question still"

    def test_of_bits_are_260_where_the_owner_names_none(self, wallet: Wallet) -> None:
        assert granted(wallet, level="choose", exact=True).cap == 260
        assert granted(wallet, level="bands").cap is None

    def test_of_bits_still_let_a_shorter_answer_leave(self, wallet: Wallet) -> None:
        teach(wallet, "candidate 1", about(JAZZ, "x"))
        granted(wallet, level="choose", exact=True, cap=3)
        assert not ask(wallet, consent=never).answered.said
        assert ask(wallet, asked=candidates("candidate 1", "x", "y", "z"), consent=never).answered.said

    def test_count_what_left_under_this_very_grant(self, wallet: Wallet) -> None:
        teach(wallet, "1: one", "2: one")
        for number in (1, 2):
            granted(wallet, level="choose", exact=True, cap=2)
            assert ask(wallet, asked=other(number), consent=never).answered.said
            assert not ask(wallet, asked=other(number), consent=never).answered.said

    def test_of_bits_do_not_count_what_the_owner_sent(self, wallet: Wallet) -> None:
        teach(wallet, "1: one", "2: one")
        ask(wallet, asked=other(1))
        granted(wallet, level="choose", exact=True, cap=2)
        assert ask(wallet, asked=other(2), consent=never).answered.said

    @pytest.mark.parametrize(
        "terms", [{"per_day": 0}, {"per_day": 0, "exact": True}, {"exact": True, "cap": 1}]
    )
    def test_may_allow_nothing_at_all(self, wallet: Wallet, terms: dict[str, Any]) -> None:
        teach(wallet, "candidate 1")
        granted(wallet, level="choose", **terms)
        assert not ask(wallet, consent=never).answered.said

    def test_are_not_beyond_what_can_be_counted(self, wallet: Wallet) -> None:
        beyond: list[dict[str, Any]] = [
            {"per_day": -1},
            {"per_day": grants.MOST + 1},
            {"cap": -1},
            {"cap": 0},
            {"cap": grants.MOST + 1},
        ]
        for terms in beyond:
            with pytest.raises(UsageError):
                granted(wallet, **terms)
        assert grants.every(wallet.vault) == []


class TestWhatCantBeGranted:
    def test_are_statements_even_where_the_vault_says_so(self, wallet: Wallet) -> None:
        teach(wallet, "novels + rain")
        with pytest.raises(UsageError, match="ticked one by one"):
            granted(wallet, level="statements")
        stored = granted(wallet)
        wallet.vault.change("UPDATE grants SET level = 'statements' WHERE number = ?", (stored.number,))
        assert asks_the_owner(wallet, asked=STATEMENTS)

    @pytest.mark.parametrize("level", ["topics", "order"])
    def test_are_private_answers_of_a_level_that_has_none_even_where_the_vault_says_so(
        self, wallet: Wallet, level: str
    ) -> None:
        teach(wallet, about(JAZZ, "x"))
        with pytest.raises(UsageError, match="private summary has no"):
            granted(wallet, level=level, exact=False)
        stored = granted(wallet, level=level)
        wallet.vault.change("UPDATE grants SET exact = 0, cap = NULL WHERE number = ?", (stored.number,))
        assert asks_the_owner(wallet, asked=ASKED[level])

    @pytest.mark.parametrize(
        ("asker", "terms", "error"),
        [
            (SHOP.party, {"level": "everything"}, UsageError),
            (SHOP.party, {"level": "topics"}, UsageError),
            (SHOP.party, {"level": "topics", "exact": True}, UsageError),
            (SHOP.party, {"level": "topics", "topics": [JAZZ]}, UsageError),
            (SHOP.party, {"level": "choose", "cap": 100}, UsageError),
            (SHOP.party, {"level": "topics", "topics": ["no such topic"], "exact": True}, NotFound),
            ("shop.example", {"level": "choose"}, MalformedInput),
            ("did:example:1", {"level": "choose"}, Undetermined),
        ],
    )
    def test_is_what_makes_no_sense(
        self, wallet: Wallet, asker: str, terms: dict[str, Any], error: type[Exception]
    ) -> None:
        with pytest.raises(error):
            disclosure.grant(wallet, asker, now=NOW, expires=NOW + DAY, **terms)
        assert grants.every(wallet.vault) == []

    def test_topics_are_named_by_id_or_label_once(self, wallet: Wallet) -> None:
        assert granted(wallet, topics=["Jazz and Blues", JAZZ, " hiking "]).topics == (JAZZ, "hiking")


class TestADateThatTheOwnerDidNotConfirm:
    def test_does_not_bring_a_new_days_answers(self, wallet: Wallet) -> None:
        teach(wallet, about(JAZZ, "x"))
        granted(wallet, per_day=1, expires=NOW + 99 * DAY)
        assert ask(wallet, asked=GRANTED, consent=never).answered.said
        late = ask(wallet, asked=GRANTED, consent=never, now=NOW + 31 * DAY)
        assert (late.answered.said, late.answered.reason) == (False, reasons.DATE_UNCONFIRMED)
        dates.confirm_date(wallet, NOW + 31 * DAY)
        now = NOW + 32 * DAY + timedelta(seconds=1)
        assert ask(wallet, asked=GRANTED, consent=never, now=now).answered.said

    def test_does_not_lengthen_a_grant(self, wallet: Wallet) -> None:
        granted(wallet, expires=NOW + 40 * DAY)
        assert asks_the_owner(wallet, now=NOW + 40 * DAY)


def while_worked_out(
    monkeypatch: pytest.MonkeyPatch, wallet: Wallet, happens: Callable[[Wallet], object]
) -> None:
    """Something happens in another process after the answer was worked out and before it is released."""
    level = type(levels.of(GRANTED))
    compute = level.offer

    def offer(*given: Any, **more: Any) -> Offer:
        computed = compute(*given, **more)
        with monkeypatch.context() as patch:
            patch.setattr(level, "offer", compute)
            with Wallet(wallet.places, wallet._passphrase) as elsewhere:
                happens(elsewhere)
        return computed

    monkeypatch.setattr(level, "offer", offer)


@pytest.mark.parametrize(
    ("happens", "reason"),
    [
        (lambda other: disclosure.revoke(other, SHOP.party, now=NOW), reasons.GRANT_ENDED),
        (lambda other: granted(other), reasons.GRANT_ENDED),
        (lambda other: ask(other, asked=GRANTED, consent=never), reasons.grant_used_up("1 answer a day")),
        (lambda other: ask(other, CLUB, now=NOW + 2 * DAY), reasons.GRANT_ENDED),
        (lambda other: forget(other, [1]), reasons.PROFILE_CHANGED),
        (lambda other: set_topic_access(other, "hiking", open=False), reasons.PROFILE_CHANGED),
    ],
    ids=["revoked", "replaced", "used up", "expired", "forgotten", "closed"],
)
def test_nothing_leaves_that_is_no_longer_allowed_when_it_would(
    wallet: Wallet,
    monkeypatch: pytest.MonkeyPatch,
    happens: Callable[[Wallet], object],
    reason: Reason,
) -> None:
    teach(wallet, about(JAZZ, "x"))
    granted(wallet, per_day=1)
    while_worked_out(monkeypatch, wallet, happens)
    reply = ask(wallet, asked=GRANTED, consent=never)
    assert (reply.answered.said, reply.answered.reason) == (False, reason)
    assert answers.history(wallet.vault, SHOP.party)[0].bits == 0


def test_two_answers_worked_out_at_the_same_time_do_not_exceed_a_cap_together(
    wallet: Wallet, monkeypatch: pytest.MonkeyPatch
) -> None:
    teach(wallet, about(JAZZ, "x"))
    granted(wallet, cap=1)
    while_worked_out(monkeypatch, wallet, lambda other: ask(other, asked=GRANTED, consent=never))
    reply = ask(wallet, asked=GRANTED, consent=never)
    assert (reply.answered.said, reply.answered.reason) == (False, reasons.cap_reached(1))
    assert answers.told_bits(wallet.vault, grant=1) == 1
