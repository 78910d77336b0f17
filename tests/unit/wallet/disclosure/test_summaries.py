"""Private summaries: one drawing for a window, within limits, and whatever is asked is told from it."""

from __future__ import annotations

import random
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from typing import NoReturn

import pytest

from ipse.credentials.formats import sd_jwt
from ipse.disclosure import reasons
from ipse.disclosure.levels.bands import Bands
from ipse.disclosure.levels.candidates import Candidate
from ipse.disclosure.levels.choose import Choose
from ipse.disclosure.methods.private import Limits
from ipse.disclosure.offers import Profile
from ipse.disclosure.reasons import Reason
from ipse.errors import CorruptData, StorageError, UsageError
from ipse.preferences.privacy import discrete_laplace
from ipse.preferences.privacy.summary import EPSILON, VOTE
from ipse.preferences.purpose import EMPTY_PURPOSES
from ipse.preferences.topics import published
from ipse.storage import settings
from ipse.storage import summaries as stored
from ipse.storage.summaries import Drawing
from ipse.wallet import disclosure
from ipse.wallet.disclosure import dates, summaries
from ipse.wallet.disclosure.profile import read_profile
from ipse.wallet.profile.forgetting import forget
from ipse.wallet.profile.topics import add_topic, embed_topics, set_topic_access
from ipse.wallet.wallet import Wallet
from tests.unit.wallet.disclosure.material import (
    BANDS,
    CLUB,
    DAY,
    NOW,
    SENSITIVE,
    SHOP,
    SHOP_WEB,
    Application,
    Blending,
    Reply,
    about,
    ask,
    candidates,
    never,
    teach,
)

JAZZ, HORROR, HIKING = "jazz-and-blues", "horror", "hiking"
FIRST, SECOND, THIRD = "2026-09-04", "2027-03-03", "2027-08-30"
"""The first days of the window that NOW lies in, and of the next two."""
TOPICS = [topic.id for topic in published().topics]
CHOICE = candidates(about(JAZZ, "a record"), about(HORROR, "a film"), about(HIKING, "a map"))


@pytest.fixture(autouse=True)
def _noise_from_a_seed(monkeypatch: pytest.MonkeyPatch) -> None:
    """The same noise in every run."""
    draws, sample = random.Random(3), discrete_laplace.sample
    monkeypatch.setattr(discrete_laplace, "sample", lambda scale, *_: sample(scale, draws.randrange))


@pytest.fixture
def wallet(wallet: Wallet) -> Wallet:
    """A wallet whose owner clearly likes jazz and dislikes horror, and lets three applications ask."""
    teach(wallet, *(about(JAZZ, f"jazz {number}") for number in range(90)))
    teach(wallet, *(about(HORROR, f"horror {number}") for number in range(90)), weight=-1.0)
    for application in (SHOP, CLUB, SHOP_WEB):
        for level in ("choose", "bands"):
            disclosure.grant(
                wallet, application.party, level=level, now=NOW, expires=NOW + timedelta(days=9999)
            )
    return wallet


def told(
    wallet: Wallet,
    application: Application = SHOP,
    asked: Bands | Choose = BANDS,
    *,
    now: datetime = NOW,
    purpose: str = "to show what suits you first",
) -> Reply:
    """The answer without the owner, who has confirmed the date lately."""
    dates.confirm_date(wallet, now)
    return ask(wallet, application, asked, consent=never, now=now, purpose=purpose)


def day(text: str) -> datetime:
    return datetime.fromisoformat(text).replace(tzinfo=UTC)


def newest(wallet: Wallet) -> Drawing:
    found = stored.latest(wallet.vault)
    assert found is not None
    return found


def ever(wallet: Wallet) -> int:
    return stored.cost(wallet.vault)


def window_of(reply: Reply) -> str:
    """The window that the application reads in its answer."""
    window: str = sd_jwt.parse(reply.answered.text).jwt.payload["window"]
    return window


def profile_of(wallet: Wallet) -> Profile:
    model = Blending()
    return read_profile(wallet, model, embed_topics(wallet, model, EMPTY_PURPOSES), NOW)


class TestAWindow:
    def test_tells_high_and_low_of_what_is_clear_and_nothing_of_the_rest(self, wallet: Wallet) -> None:
        reply = told(wallet)
        assert reply.said == {JAZZ: "high", HORROR: "low"}
        assert (window_of(reply), newest(wallet).window) == (FIRST, FIRST)

    def test_chooses_what_is_about_what_is_liked(self, wallet: Wallet) -> None:
        assert told(wallet, asked=CHOICE).texts == {about(JAZZ, "a record")}

    def test_answers_any_number_of_questions_for_one_price(self, wallet: Wallet) -> None:
        assert ever(wallet) == 0
        for number in range(6):
            told(wallet, asked=Bands(tuple(TOPICS[number : number + 9])), now=NOW + number * DAY)
            told(wallet, asked=candidates(f"{number}", "tea", "rain"), now=NOW + number * DAY)
        assert ever(wallet) == EPSILON
        assert summaries.drawn(wallet, NOW).parties == (SHOP.party,)

    def test_says_the_same_to_a_question_that_is_repeated_or_reworded(self, wallet: Wallet) -> None:
        first = told(wallet, asked=CHOICE)
        reworded = Choose(
            tuple(
                Candidate(f"id {number}", f" {one.text}".replace(" ", "  "))
                for number, one in enumerate(reversed(CHOICE.candidates))
            ),
            CHOICE.top,
        )
        again = told(wallet, asked=reworded, purpose="anything else", now=NOW + DAY)
        assert {" ".join(text.split()) for text in again.texts} == first.texts
        everything = told(wallet, asked=Bands(tuple(TOPICS)))
        one_by_one: dict[str, str] = {}
        for topic in (*BANDS.topics, *TOPICS[:8]):
            one_by_one |= told(wallet, asked=Bands((topic,))).said
        assert one_by_one.items() <= everything.said.items()
        assert set(one_by_one) == {*BANDS.topics, *TOPICS[:8]} & set(everything.said)
        assert ever(wallet) == EPSILON

    def test_is_not_drawn_anew_where_the_profile_changes(self, wallet: Wallet) -> None:
        before = told(wallet)
        drawn = newest(wallet)
        numbers = teach(wallet, *(about(HIKING, f"{number}") for number in range(90)))
        forget(wallet, [1, 2, 3, *numbers[:3]])
        assert told(wallet).content == before.content
        assert newest(wallet) == drawn

    def test_ends_by_the_calendar_and_the_next_tells_of_the_profile_as_it_is_then(
        self, wallet: Wallet
    ) -> None:
        told(wallet)
        teach(wallet, *(about(HIKING, f"{number}") for number in range(90)))
        last = told(wallet, now=day(SECOND) - timedelta(seconds=1))
        assert (window_of(last), HIKING in last.said) == (FIRST, False)
        next_one = told(wallet, now=day(SECOND))
        assert (window_of(next_one), next_one.said[HIKING]) == (SECOND, "high")
        assert ever(wallet) == 2 * EPSILON

    def test_has_no_drawing_until_somebody_asks_in_it(self, wallet: Wallet) -> None:
        told(wallet, now=day(THIRD))
        assert ever(wallet) == EPSILON
        assert newest(wallet).window == THIRD

    def test_that_is_drawn_for_an_answer_that_cant_leave_is_kept_and_not_drawn_again(
        self, wallet: Wallet, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        """Else an answer that is interrupted again and again would average the noise away."""

        def full(*_: object, **__: object) -> NoReturn:
            raise StorageError("the disk is full")

        with monkeypatch.context() as patch:
            patch.setattr("ipse.wallet.disclosure.releasing.build_answer", full)
            for _ in range(3):
                with pytest.raises(StorageError):
                    told(wallet)
        drawn = newest(wallet)
        assert told(wallet).answered.said
        assert (newest(wallet), ever(wallet)) == (drawn, EPSILON)

    def test_does_not_tell_candidates_apart_that_topics_do_not(self, wallet: Wallet) -> None:
        alike = candidates(*(f"the same + the same + the same + {number}" for number in range(3)))
        reply = told(wallet, asked=alike)
        assert (reply.answered.said, reply.answered.reason) == (False, reasons.ALIKE)
        assert window_of(reply) == FIRST, "told whether or not it says anything"


class TestLimits:
    def test_of_a_year_and_of_a_life_let_the_last_summary_answer_on(self, wallet: Wallet) -> None:
        """0.8 in a year are two windows, 1.2 in a life three."""
        summaries.change_limits(wallet, life=3 * EPSILON)
        days = [
            NOW,
            day(SECOND),
            day(THIRD),
            NOW + 364 * DAY,
            NOW + 366 * DAY,
            *(NOW + n * 700 * DAY for n in (1, 2, 9)),
        ]
        replies = [told(wallet, now=now) for now in days]
        assert [window_of(reply) for reply in replies] == [FIRST, SECOND, SECOND, SECOND] + [THIRD] * 4
        assert all(reply.answered.said for reply in replies)
        assert [reply.content for reply in replies[1:4]] == [replies[1].content] * 3
        assert ever(wallet) == 3 * EPSILON

    def test_are_shown_with_what_is_spent_of_them(self, wallet: Wallet) -> None:
        before = summaries.drawn(wallet, NOW)
        assert (before.this_year, before.ever, before.window, before.parties) == (0, 0, None, ())
        told(wallet)
        told(wallet, CLUB)
        after = summaries.drawn(wallet, NOW)
        assert (after.limits, after.this_year, after.ever) == (Limits(), EPSILON, EPSILON)
        assert (after.window, after.next_window) == (FIRST, SECOND)
        assert after.parties == (SHOP.party, CLUB.party)
        later = summaries.drawn(wallet, NOW + 366 * DAY)
        assert (later.this_year, later.ever) == (0, EPSILON)

    @pytest.mark.parametrize("limits", [{"year": 0, "life": 0}, {"year": EPSILON - 1}])
    def test_that_have_no_room_let_nothing_be_told_until_they_are_raised(
        self, wallet: Wallet, limits: dict[str, int]
    ) -> None:
        summaries.change_limits(wallet, **limits)
        for asked in (BANDS, CHOICE, BANDS):
            reply = told(wallet, asked=asked)
            assert (reply.answered.said, reply.answered.reason) == (False, reasons.LIMIT_REACHED)
        assert ever(wallet) == 0
        assert summaries.drawn(wallet, NOW).parties == ()
        summaries.change_limits(wallet, year=EPSILON, life=EPSILON)
        assert told(wallet).said == {JAZZ: "high", HORROR: "low"}

    def test_that_are_lowered_take_nothing_back(self, wallet: Wallet) -> None:
        before = told(wallet)
        summaries.change_limits(wallet, year=0, life=0)
        assert told(wallet).content == before.content
        assert window_of(told(wallet, now=day(SECOND))) == FIRST

    @pytest.mark.parametrize(
        "given", [{"year": 1201}, {"life": 799}, {"year": -1}, {"life": 100_001}, {"year": 900, "life": 800}]
    )
    def test_beyond_their_bounds_change_nothing(self, wallet: Wallet, given: dict[str, int]) -> None:
        with pytest.raises(UsageError):
            summaries.change_limits(wallet, **given)
        assert summaries.limits(wallet) == Limits()

    def test_that_are_no_number_let_nothing_leave(self, wallet: Wallet) -> None:
        settings.put(wallet.vault, "limit-year", "lots")
        with pytest.raises(CorruptData):
            told(wallet)


class TestTwoApplications:
    def test_are_told_from_summaries_with_noise_of_their_own(self, wallet: Wallet) -> None:
        shop, club = told(wallet), told(wallet, CLUB)
        assert shop.said == club.said, "what is clear shows in both"
        mine, others = newest(wallet).counts
        assert sum(one != other for one, other in zip(mine, others, strict=True)) > len(TOPICS) / 2
        everything = Bands(tuple(TOPICS))
        assert told(wallet, asked=everything).said != told(wallet, CLUB, everything).said

    def test_keep_their_summaries_and_a_third_is_told_nothing_until_the_next(self, wallet: Wallet) -> None:
        choice = told(wallet, asked=CHOICE)
        shop, club, third = (told(wallet, one) for one in (SHOP, CLUB, SHOP_WEB))
        assert (third.answered.said, third.answered.reason) == (False, reasons.APPLICATIONS_TOLD)
        assert window_of(third) == FIRST
        assert len(third.answered.text) == len(
            ask(wallet, SHOP_WEB, consent=never, asked=BANDS).answered.text
        )
        assert told(wallet).content == shop.content
        assert told(wallet, CLUB).content == club.content
        assert told(wallet, asked=CHOICE).content == choice.content
        now = day(SECOND)
        replies = [told(wallet, one, now=now) for one in (SHOP_WEB, CLUB, SHOP)]
        assert [reply.answered.said for reply in replies] == [True, True, False]

    def test_are_counted_by_party_and_not_by_level(self, wallet: Wallet) -> None:
        for one in (SHOP, CLUB):
            assert told(wallet, one, BANDS).answered.said
            assert told(wallet, one, CHOICE).answered.said
        assert not told(wallet, SHOP_WEB, CHOICE).answered.said

    def test_that_ask_the_owner_take_no_place(self, wallet: Wallet) -> None:
        for one in (CLUB, SHOP_WEB):
            disclosure.revoke(wallet, one.party, now=NOW)
            ask(wallet, one, BANDS)
        told(wallet)
        assert newest(wallet).parties == (SHOP.party,)


def closed(wallet: Wallet, topic: str) -> tuple[int, ...]:
    """What the summaries have of a topic."""
    return tuple(counts[TOPICS.index(topic)] for counts in newest(wallet).counts)


class TestATopicThatIsClosed:
    def test_afterwards_has_fresh_noise_once_which_stays_when_it_is_opened_again(
        self, wallet: Wallet
    ) -> None:
        told(wallet)
        told(wallet, CLUB)
        before = newest(wallet)
        assert min(closed(wallet, JAZZ)) > 50 * VOTE
        set_topic_access(wallet, JAZZ, open=False)
        said = told(wallet).said
        noise = closed(wallet, JAZZ)
        assert said == {HORROR: "low"}
        assert max(map(abs, noise)) < 50 * VOTE
        assert len(set(noise)) == 2, "of its own for each application"
        for is_open in (False, True, False, True):
            set_topic_access(wallet, JAZZ, open=is_open)
            assert told(wallet).said == told(wallet, CLUB).said == {HORROR: "low"}
            assert closed(wallet, JAZZ) == noise
        others = [row for row, topic in enumerate(TOPICS) if topic != JAZZ]
        for old, new in zip(before.counts, newest(wallet).counts, strict=True):
            assert [new[row] for row in others] == [old[row] for row in others]
        assert ever(wallet) == EPSILON

    def test_and_opened_again_is_told_in_the_next_window(self, wallet: Wallet) -> None:
        told(wallet)
        for is_open in (False, True):
            set_topic_access(wallet, JAZZ, open=is_open)
            told(wallet)
        assert told(wallet, now=day(SECOND)).said == {JAZZ: "high", HORROR: "low"}

    def test_before_the_drawing_has_no_vote_in_it(self, wallet: Wallet) -> None:
        set_topic_access(wallet, JAZZ, open=False)
        assert told(wallet).said == {HORROR: "low"}
        assert max(map(abs, closed(wallet, JAZZ))) < 50 * VOTE

    def test_does_not_help_to_choose(self, wallet: Wallet) -> None:
        told(wallet, asked=CHOICE)
        set_topic_access(wallet, JAZZ, open=False)
        teach(wallet, "something else")
        counts = newest(wallet).counts[0]
        told(wallet, asked=CHOICE)
        assert abs(newest(wallet).counts[0][TOPICS.index(JAZZ)]) < counts[TOPICS.index(JAZZ)] / 2


@pytest.mark.usefixtures("noiseless")
class TestWhatIsCounted:
    def counts(self, wallet: Wallet) -> dict[str, int]:
        told(wallet)
        return {topic: count for topic, count in zip(TOPICS, newest(wallet).counts[0], strict=True) if count}

    def test_is_each_opinion_once_for_its_nearest_topic(self, wallet: Wallet) -> None:
        teach(wallet, about(HIKING, "a little"), weight=0.25)
        assert self.counts(wallet) == {JAZZ: 90 * VOTE, HORROR: -90 * VOTE, HIKING: VOTE // 2}

    @pytest.mark.parametrize(
        "changed", [{"sensitivity": "secret"}, {"kind": "fact", "weight": 0.0}], ids=["secret", "fact"]
    )
    def test_is_nothing_secret_and_no_fact(self, wallet: Wallet, changed: dict[str, object]) -> None:
        teach(wallet, *(about(HIKING, f"{number}") for number in range(9)), **changed)  # type: ignore[arg-type]
        assert HIKING not in self.counts(wallet)

    def test_is_nothing_about_a_topic_that_is_closed_by_default(self, wallet: Wallet) -> None:
        teach(wallet, *(about(SENSITIVE.id, f"{number}") for number in range(9)))
        assert SENSITIVE.id not in self.counts(wallet)

    def test_is_nothing_about_a_topic_of_ones_own_that_is_closed(self, wallet: Wallet) -> None:
        add_topic(wallet, "The abyss", "the deep sea", now=NOW)
        set_topic_access(wallet, "The abyss", open=False)
        teach(wallet, f"{about(HIKING, 'x')} + the deep sea")
        assert HIKING not in self.counts(wallet)


class TestTheTopicsOfAGrant:
    def test_narrow_what_is_told_and_what_chooses(self, wallet: Wallet) -> None:
        for level in ("bands", "choose"):
            disclosure.grant(
                wallet, SHOP.party, level=level, now=NOW, expires=NOW + DAY, topics=[HORROR, HIKING]
            )
        assert told(wallet).said == {HORROR: "low"}
        assert told(wallet, asked=CHOICE).texts != {about(HORROR, "a film")}
        asked = candidates(about(HORROR, "a film"), about(JAZZ, "a record"), top=1)
        assert told(wallet, asked=asked).texts == {about(JAZZ, "a record")}, "by not being horror"

    @pytest.mark.usefixtures("noiseless")
    def test_that_nobody_spoke_of_leave_a_choice_that_depends_on_the_candidates_alone(
        self, wallet: Wallet
    ) -> None:
        disclosure.grant(wallet, SHOP.party, level="choose", now=NOW, expires=NOW + DAY, topics=[HIKING])
        before = told(wallet, asked=CHOICE)
        summaries.renew(wallet, profile_of(wallet), NOW)
        forget(wallet, range(1, 91))
        summaries.change_limits(wallet, year=4 * EPSILON, life=4 * EPSILON)
        summaries.renew(wallet, profile_of(wallet), NOW)
        assert told(wallet, asked=CHOICE).texts == before.texts


class TestRenewing:
    def test_draws_from_the_profile_as_it_is_now_for_the_same_applications(self, wallet: Wallet) -> None:
        told(wallet)
        told(wallet, CLUB)
        old = newest(wallet)
        teach(wallet, *(about(HIKING, f"{number}") for number in range(90)))
        drawn = summaries.renew(wallet, profile_of(wallet), NOW)
        assert (drawn.ever, drawn.this_year, drawn.window) == (2 * EPSILON, 2 * EPSILON, FIRST)
        assert drawn.parties == (SHOP.party, CLUB.party)
        assert newest(wallet).counts != old.counts
        for one in (SHOP, CLUB):
            assert told(wallet, one).said[HIKING] == "high"
        assert not told(wallet, SHOP_WEB).answered.said
        assert ever(wallet) == 2 * EPSILON

    def test_beyond_the_limits_changes_nothing(self, wallet: Wallet) -> None:
        told(wallet)
        summaries.renew(wallet, profile_of(wallet), NOW)
        before = newest(wallet)
        with pytest.raises(UsageError, match="no room for another summary"):
            summaries.renew(wallet, profile_of(wallet), NOW)
        assert newest(wallet) == before

    def test_before_anybody_asked_is_the_drawing_of_the_window(self, wallet: Wallet) -> None:
        assert summaries.renew(wallet, profile_of(wallet), NOW).parties == ()
        assert told(wallet).answered.said
        assert ever(wallet) == EPSILON

    def test_takes_back_no_noise_that_stood_in_for_votes(self, wallet: Wallet) -> None:
        """A topic that is closed and opened again is in the next drawing, which the owner asked for."""
        told(wallet)
        set_topic_access(wallet, JAZZ, open=False)
        told(wallet)
        assert summaries.renew(wallet, profile_of(wallet), NOW).ever == 2 * EPSILON
        assert told(wallet).said == {HORROR: "low"}


class TestTheClock:
    @pytest.mark.parametrize("steps", [1, 10])
    def test_that_is_set_forward_brings_no_new_summary_until_the_owner_confirms_the_date(
        self, wallet: Wallet, steps: int
    ) -> None:
        first = told(wallet)
        forward = day(SECOND) - NOW + DAY
        for step in range(1, steps + 1):
            reply = ask(wallet, SHOP, BANDS, consent=never, now=NOW + forward * step / steps)
            assert reply.content == first.content
        assert (newest(wallet).window, ever(wallet)) == (FIRST, EPSILON)
        assert window_of(told(wallet, now=NOW + forward)) == SECOND

    def test_that_is_set_back_draws_nothing_and_gives_nothing_back(self, wallet: Wallet) -> None:
        told(wallet)
        second = told(wallet, now=day(SECOND))
        for back in (DAY, 200 * DAY, 4000 * DAY):
            reply = ask(wallet, SHOP, BANDS, consent=never, now=NOW - back)
            # The grant was given later than that; the clock of the wallet is that of its last answer.
            assert (reply.content, window_of(reply)) == (second.content, SECOND)
        assert ever(wallet) == 2 * EPSILON
        assert summaries.drawn(wallet, NOW - 4000 * DAY).this_year == 2 * EPSILON

    def test_does_not_bring_room_in_a_year_that_nobody_confirmed(self, wallet: Wallet) -> None:
        summaries.change_limits(wallet, life=3 * EPSILON)
        told(wallet)
        told(wallet, now=day(SECOND))
        late = day(SECOND) + 800 * DAY
        assert window_of(ask(wallet, SHOP, BANDS, consent=never, now=late)) == SECOND
        assert ever(wallet) == 2 * EPSILON
        assert window_of(told(wallet, now=late)) > SECOND
        assert ever(wallet) == 3 * EPSILON


@pytest.mark.parametrize(
    ("prepare", "reason"),
    [
        (lambda wallet: summaries.change_limits(wallet, year=0, life=0), reasons.LIMIT_REACHED),
        (lambda wallet: [told(wallet, one) for one in (CLUB, SHOP_WEB)], reasons.APPLICATIONS_TOLD),
        (lambda wallet: set_topic_access(wallet, JAZZ, open=False), reasons.TOO_LITTLE_SAID),
    ],
    ids=["limits", "third", "closed"],
)
def test_answers_that_say_nothing_are_alike_to_the_application(
    wallet: Wallet, prepare: Callable[[Wallet], object], reason: Reason
) -> None:
    asked = Bands((JAZZ,))
    prepare(wallet)
    reply = told(wallet, asked=asked)
    assert (reply.answered.said, reply.answered.reason) == (False, reason)
    assert (reply.content, window_of(reply)) == ({"bands": {}}, FIRST)
