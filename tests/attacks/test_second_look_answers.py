"""A second look at exact answers and private summaries, with the attacker's eyes.

The attacker is an application, several that work together, or somebody who can write vault.db. They want more
than the owner agreed to: a cap or a limit that starts anew, the place of another application in a summary, a
second drawing over the same opinions, a closed topic, or to tell from the size, the window or the work of an
answer why it says nothing. Or they write texts that pass for lines of the consent page. It cannot come back
because all that is counted is part of the vault's state and looked at again under its lock, because an answer
that says nothing is worked out and padded like any other, and because each line of an application's words on
the page begins with a quotation mark.
"""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from ipse.cli.commands.dapp.page import checklist, page
from ipse.disclosure import exposure, methods, reasons
from ipse.disclosure import levels as all_levels
from ipse.disclosure.answers import build_answer, nothing
from ipse.disclosure.levels.bands import Bands
from ipse.disclosure.levels.candidates import numbered
from ipse.disclosure.levels.choose import Choose
from ipse.disclosure.levels.level import Asked
from ipse.disclosure.levels.order import Order
from ipse.disclosure.levels.topics import Topics
from ipse.disclosure.methods.private import window_of
from ipse.disclosure.offers import Item
from ipse.disclosure.proposals import Decision, Exposed, Proposal
from ipse.disclosure.questions import Question, build_request, parse_question
from ipse.encoding import base64url
from ipse.errors import VaultAltered
from ipse.keys.ed25519 import PrivateKey
from ipse.preferences.privacy import summary
from ipse.preferences.privacy.summary import EPSILON
from ipse.preferences.topics import published
from ipse.storage import answers, summaries, transcript
from ipse.storage.places import Places
from ipse.wallet import disclosure, disclosure_log, recovery
from ipse.wallet.disclosure import dates, metering
from ipse.wallet.disclosure.summaries import change_limits, limits
from ipse.wallet.profile.topics import set_topic_access
from ipse.wallet.wallet import Wallet
from tests.attacks.old_vaults import GYM, apart, opened, order
from tests.faults.processes import Report, needs_fork, together
from tests.made import PASSPHRASE, empty_wallet, tamper
from tests.unit.cli.proposals import proposal
from tests.unit.disclosure import material
from tests.unit.disclosure.material import signer_of
from tests.unit.wallet.disclosure.material import (
    ASKED,
    BANDS,
    CLUB,
    DAY,
    NOW,
    SHOP,
    Application,
    Blending,
    Reply,
    about,
    ask,
    candidates,
    never,
    no,
    teach,
    yes,
)

_UNTIL = NOW + 900 * DAY


@pytest.fixture
def wallet(tmp_path: Path) -> Iterator[Wallet]:
    """A wallet whose owner likes hiking much and jazz a little."""
    pytest.importorskip("numpy", reason="the profile extra is not installed (numpy)")
    with empty_wallet(Places(tmp_path / "wallet", tmp_path / "cache"), now=NOW) as made:
        dates.confirm_date(made, NOW)
        teach(made, *(about("hiking", f"walk {number}") for number in range(12)))
        teach(made, *(about("jazz-and-blues", f"tune {number}") for number in range(6)))
        yield made


@pytest.fixture
def quiet(monkeypatch: pytest.MonkeyPatch) -> None:
    """Summaries have no noise, so that what they are made of shows."""
    monkeypatch.setattr("ipse.preferences.privacy.discrete_laplace.sample", lambda *_: 0)


def grant(wallet: Wallet, application: Application = SHOP, level: str = "choose", **terms: Any) -> None:
    """Let an application ask without the owner."""
    disclosure.grant(wallet, application.party, level=level, now=NOW, expires=_UNTIL, **terms)


def another(number: int) -> Application:
    """The same application under another DID."""
    return Application(SHOP.address, signer_of(PrivateKey(bytes([number]) * 32)))


def payload(reply: Reply) -> dict[str, Any]:
    """The claims of an answer, as its application reads them."""
    claims: dict[str, Any] = json.loads(base64url.decode(reply.answered.text.split(".")[1]))
    return claims


ALTERED = {
    "the place of another in a summary": ["UPDATE summaries SET parties = '[]'"],
    "a closed topic of a summary": ["UPDATE summaries SET closed = '[\"hiking\"]'"],
    "other noise": ["UPDATE summaries SET counts = replace(counts, '1', '2')"],
    "the cost of a summary": ["DROP TRIGGER summary_cost_stays", "UPDATE summaries SET cost = 0"],
    "a drawing": ["DROP TRIGGER summary_stays", "DELETE FROM summaries"],
    "a cap": ["UPDATE grants SET cap = 1000000"],
    "how a grant answers": ["UPDATE grants SET exact = 1, cap = 1000000"],
    "what a grant was told": ["DROP TRIGGER answer_is_fixed", "UPDATE answers SET bits = 0"],
    "what was told exactly": ["DELETE FROM transcript"],
    "the readings": ["UPDATE readings SET rho = 0, share = 0"],
    "a limit": ["DELETE FROM settings WHERE name = 'limit-year'"],
    "a closed topic": ["DELETE FROM topic_access"],
}


class TestRowsOfAnOlderVault:
    @pytest.fixture
    def told(self, wallet: Wallet) -> Places:
        """A wallet that has something in each of the tables."""
        grant(wallet)
        grant(wallet, level="order", exact=True, cap=5)
        ask(wallet, SHOP, apart("a walk"), consent=never)
        ask(wallet, SHOP, order("a", "b", "c", "d"), consent=never)
        set_topic_access(wallet, "horror", open=False)
        change_limits(wallet, year=EPSILON)
        wallet.close()
        return wallet.places

    @pytest.mark.parametrize("what", ALTERED)
    def test_are_not_answered_from(self, told: Places, what: str) -> None:
        with opened(told) as wallet:
            for statement in ALTERED[what]:
                tamper(wallet.vault, statement)
        with opened(told) as wallet:
            before = answers.newest(wallet.vault)
            for asked in (apart("a ride"), order("e", "f")):
                with pytest.raises(VaultAltered):
                    ask(wallet, SHOP, asked, consent=never)
            assert answers.newest(wallet.vault) == before

    @pytest.mark.parametrize("what", ["what was told exactly", "the readings", "what a grant was told"])
    def test_make_no_reading_lower(self, told: Places, what: str) -> None:
        """Neither on the consent page nor where the owner asks for the readings."""
        with opened(told) as wallet:
            for statement in ALTERED[what]:
                tamper(wallet.vault, statement)
        with opened(told) as wallet:
            with pytest.raises(VaultAltered):
                metering.table(wallet, Blending, NOW)
            with pytest.raises(VaultAltered):
                ask(wallet, CLUB, candidates("a", "b"), consent=never)


def _in_its_own(wallet: Wallet, work: Callable[[Wallet], Reply]) -> Callable[[Report], None]:
    """Work on the same vault in a process of its own, and report what an answer was."""
    places = wallet.places

    def begun(report: Report) -> None:
        with opened(places) as own:
            reply = work(own)
            code = None if reply.answered.reason is None else str(reply.answered.reason.code)
            report(json.dumps([code, reply.said]))

    return begun


@needs_fork
class TestSeveralAtOnce:
    @pytest.fixture(autouse=True)
    def _patient(self, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.setattr("ipse.storage.vault._BUSY_WAIT", 300.0)

    def _together(self, wallet: Wallet, *works: Callable[[Wallet], Reply]) -> list[tuple[str | None, Any]]:
        wallet.close()
        reported = together(*(_in_its_own(wallet, work) for work in works))
        return [tuple(json.loads(line)) for lines in reported for line in lines]

    def test_the_first_questions_of_a_window_draw_once(self, wallet: Wallet) -> None:
        for application in (SHOP, CLUB):
            grant(wallet, application)
        works = [
            lambda own, by=by: ask(own, by, apart("a walk", top=2), consent=never)
            for by in (SHOP, CLUB, SHOP, CLUB)
        ]
        said = self._together(wallet, *works)
        with opened(wallet.places) as again:
            assert summaries.cost(again.vault) == EPSILON
            newest = summaries.latest(again.vault)
            assert newest is not None
            assert sorted(newest.parties) == sorted([SHOP.party, CLUB.party])
            assert again.vault.rows("SELECT count(*) FROM summaries") == [(1,)]
            assert disclosure_log.verify(again).count == 4
        assert [code for code, _ in said] == [None] * 4
        assert said[0] == said[2]
        assert said[1] == said[3]

    def test_of_three_applications_two_are_told(self, wallet: Wallet) -> None:
        parties = (SHOP, CLUB, GYM)
        for application in parties:
            grant(wallet, application)
        works = [lambda own, by=by: ask(own, by, apart("a walk"), consent=never) for by in parties]
        codes = [code for code, _ in self._together(wallet, *works)]
        assert sorted(map(str, codes)) == ["None", "None", "applications-told"]

    def test_exact_answers_together_stay_within_the_cap(self, wallet: Wallet) -> None:
        """Each of them fits, and two do not."""
        grant(wallet, exact=True, cap=3)
        works = [
            lambda own, number=number: ask(own, SHOP, apart(f"{number}"), consent=never)
            for number in range(5)
        ]
        said = self._together(wallet, *works)
        assert sorted(str(code) for code, _ in said) == ["None", *["cap-reached"] * 4]
        with opened(wallet.places) as again:
            assert answers.told_bits(again.vault, grant=1) == 2
            assert len(transcript.lines(again.vault, Blending().fingerprint)) == 1
            assert disclosure_log.verify(again).count == 5


class TestAsManyParties:
    def test_what_all_know_together_is_counted_together(self, wallet: Wallet) -> None:
        """Each DID asks for the first time; what they share if they work together is on the page."""
        read: list[Exposed] = []

        def note(made: Proposal) -> Decision:
            read.append(made.exposed(made.offer.picked(made.offer.chosen)))
            return yes(made)

        for number in range(1, 9):
            ask(wallet, another(number), apart(f"item {number}"), consent=note)
        assert [one.own.bits for one in read] == [2] * 8
        assert [one.shared.bits for one in read] == [2 * number for number in range(1, 9)]
        assert [one.shared.rho for one in read] == sorted(one.shared.rho for one in read)
        *each, last = metering.table(wallet, Blending, NOW)
        assert (last.party, last.answers, last.reading.bits) == (transcript.ALL, 8, 16)
        assert all(last.reading.rho >= one.reading.rho for one in each)

    def test_two_of_them_are_told_from_the_summaries(self, wallet: Wallet) -> None:
        replies = []
        for number in range(1, 7):
            grant(wallet, another(number))
            replies.append(ask(wallet, another(number), apart("a walk"), consent=never).answered)
        assert [reply.reason for reply in replies] == [None, None, *[reasons.APPLICATIONS_TOLD] * 4]
        assert summaries.cost(wallet.vault) == EPSILON

    def test_a_grant_that_is_ended_and_given_again_brings_no_other_noise(self, wallet: Wallet) -> None:
        grant(wallet, SHOP)
        grant(wallet, CLUB)
        said = ask(wallet, SHOP, apart("a walk", top=2), consent=never).said
        before = summaries.latest(wallet.vault)
        for _ in range(3):
            disclosure.revoke(wallet, SHOP.party, now=NOW)
            grant(wallet, SHOP)
            assert ask(wallet, SHOP, apart("a walk", top=2), consent=never).said == said
        assert summaries.latest(wallet.vault) == before

    def test_the_same_question_in_other_words_and_orders_has_the_same_noise(self, wallet: Wallet) -> None:
        """Asking ten times averages nothing out."""
        grant(wallet, level="bands")
        told = {topic.id: ask(wallet, SHOP, Bands((topic.id,)), consent=never).said for topic in _some()}
        together_said = ask(wallet, SHOP, Bands(tuple(topic.id for topic in _some())), consent=never).said
        assert together_said == {topic: band for said in told.values() for topic, band in said.items()}
        assert summaries.cost(wallet.vault) == EPSILON


def _some() -> list[Any]:
    return list(published().topics[:10])


def _told_before(wallet: Wallet) -> None:
    for application in (CLUB, GYM):
        grant(wallet, application)
        ask(wallet, application, apart("a walk"), consent=never)


def _limited(wallet: Wallet) -> None:
    change_limits(wallet, year=0)


def _used_up(wallet: Wallet) -> None:
    for level in ("choose", "bands"):
        grant(wallet, level=level, per_day=0)


SILENT = {"the third": _told_before, "limits reached": _limited, "used up": _used_up}


class TestWhyAnAnswerSaysNothing:
    """An application that gets nothing reads no reason from what it gets."""

    @pytest.mark.parametrize("asked", [apart("a walk"), BANDS], ids=lambda asked: asked.level)
    @pytest.mark.parametrize("why", SILENT)
    def test_is_not_in_the_size_the_members_or_the_window(
        self, wallet: Wallet, why: str, asked: Asked
    ) -> None:
        grant(wallet, level=asked.level)
        SILENT[why](wallet)
        reply = ask(wallet, SHOP, asked, consent=never)
        assert not reply.answered.said
        longest = build_answer(
            reply.question, all_levels.of(asked).longest(asked), key=PrivateKey(b"k" * 32), now=NOW,
            method=methods.PRIVATE, window=window_of(NOW.date()),
        )  # fmt: skip
        claims = payload(reply)
        assert len(reply.answered.text) == len(longest)
        assert set(claims) == set(json.loads(base64url.decode(longest.split(".")[1])))
        assert claims["method"] == methods.PRIVATE
        assert claims["window"] == window_of(NOW.date())

    def test_limits_of_long_ago_show_in_no_window(self, wallet: Wallet) -> None:
        """The stand-in of a wallet without a summary is of no window."""
        grant(wallet)
        change_limits(wallet, year=0)
        for days in (0, 200, 400):
            later = NOW + days * DAY
            dates.confirm_date(wallet, later)
            claims = payload(ask(wallet, SHOP, apart(f"{days}"), consent=never, now=later))
            assert claims["window"] == window_of(later.date())

    @pytest.mark.parametrize("why", SILENT)
    def test_is_not_in_the_work_of_a_private_answer(
        self, wallet: Wallet, why: str, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        done: list[int] = []
        scores = summary.scores

        def counted(counts: Any, topics: Any, subjects: Any) -> Any:
            done.append(len(subjects))
            return scores(counts, topics, subjects)

        grant(wallet)
        SILENT[why](wallet)
        monkeypatch.setattr(summary, "scores", counted)
        ask(wallet, SHOP, apart("a walk"), consent=never)
        assert done == [4]

    @pytest.mark.parametrize("asked", [apart("a walk"), order("a", "b", "c"), BANDS], ids=lambda it: it.level)
    @pytest.mark.parametrize("why", ["said", "beyond the cap", "used up", "refused"])
    def test_is_not_in_the_work_of_an_exact_answer(
        self, wallet: Wallet, why: str, asked: Asked, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        """The meter reads as many answers of the same size where nothing leaves."""
        done: list[list[int]] = []
        reading = exposure.reading

        def counted(told: Any, *others: Any) -> Any:
            done.append([answer.offered for answer in told])
            return reading(told, *others)

        if why != "refused":
            grant(
                wallet, level=asked.level, exact=True,
                cap=1 if why == "beyond the cap" else 99, per_day=0 if why == "used up" else None,
            )  # fmt: skip
        monkeypatch.setattr(exposure, "reading", counted)
        reply = ask(wallet, SHOP, asked, consent=no if why == "refused" else never)
        assert reply.answered.said == (why == "said")
        size = len(all_levels.of(asked).subjects(asked))
        assert done == [[size], [size]]

    @pytest.mark.parametrize("level", sorted(ASKED))
    def test_is_not_in_the_size_of_what_the_owner_sends(self, wallet: Wallet, level: str) -> None:
        asked = Topics(("hiking", "horror")) if level == "topics" else ASKED[level]
        sizes = {len(ask(wallet, SHOP, asked, consent=consent).answered.text) for consent in (yes, no)}
        assert len(sizes) == 1

    @pytest.mark.parametrize("method", methods.NAMES)
    @pytest.mark.parametrize("level", [*sorted(material.ASKED), "order"])
    def test_is_not_in_the_size_at_any_level_and_method(self, level: str, method: str) -> None:
        asked: Asked = Order(numbered(["Dune", "E" * 90])) if level == "order" else material.ASKED[level]
        question = _question(asked, "to choose")
        contents = [nothing(question), {"order": ["2"]} if level == "order" else material.SAID[level]]
        if level == "statements":
            contents.append({"statements": ["one " * 40, "two", "\u201cthree\u201d"]})
        else:
            contents.append(all_levels.of(asked).longest(asked))
        window = "2026-11-01" if method == methods.PRIVATE else ""
        sizes = {
            len(build_answer(question, content, key=material.KEY, now=NOW, method=method, window=window))
            for content in contents
        }
        assert len(sizes) == 1


class TestGoingOnFromAnOlderVault:
    @pytest.mark.usefixtures("quiet")
    def test_brings_no_drawing_and_no_place_back(self, wallet: Wallet) -> None:
        """Summaries of the older vault, which nobody was told from in it, are not told to others now."""
        grant(wallet)
        ask(wallet, SHOP, apart("a walk"), consent=never)
        newest = summaries.latest(wallet.vault)
        assert newest is not None
        assert any(newest.counts[0])
        wallet.close()
        older = wallet.places.vault.read_bytes()
        with opened(wallet.places) as later:
            grant(later, CLUB)
            ask(later, CLUB, apart("a walk"), consent=never)
            change_limits(later, year=EPSILON, life=EPSILON)
        wallet.places.vault.write_bytes(older)
        with Wallet(wallet.places, lambda: PASSPHRASE, doubt=lambda _: None) as again:
            lost = recovery.loss(again)
            assert lost is not None
            recovery.accept(again, lost, now=NOW)
        with opened(wallet.places) as accepted:
            for topic in published().topics:
                set_topic_access(accepted, topic.id, open=True)
            grant(accepted, GYM, "bands")
            reply = ask(accepted, GYM, Bands(("hiking", "jazz-and-blues")), consent=never)
            assert reply.said == {}
            kept = summaries.latest(accepted.vault)
            assert kept is not None
            assert not any(count for one in kept.counts for count in one)
            assert summaries.cost(accepted.vault) == EPSILON
            limited = limits(accepted)
            assert (limited.year, limited.life) == (0, 0)


class TestCandidatesAboutAClosedTopic:
    @pytest.fixture
    def closed(self, wallet: Wallet) -> Wallet:
        """The owner has closed what they like most."""
        set_topic_access(wallet, "hiking", open=False)
        return wallet

    ALONE, HIDDEN = about("hiking", "a walk"), f"{about('jazz-and-blues', 'a song')} + {about('hiking', 'a')}"

    def test_are_named_by_no_exact_answer(self, closed: Wallet) -> None:
        texts = (self.ALONE, self.HIDDEN, about("jazz-and-blues", "a song"), about("theatre", "a play"))
        grant(closed, exact=True)
        grant(closed, level="order", exact=True)
        for top in (1, 2):
            reply = ask(closed, SHOP, candidates(*texts, top=top), consent=never)
            assert not reply.texts & {self.ALONE, self.HIDDEN}
        reply = ask(closed, SHOP, Order(numbered(texts)), consent=never)
        assert sorted(reply.said) == ["3", "4"]

    def test_leave_nothing_to_choose_where_too_few_are_open(self, closed: Wallet) -> None:
        grant(closed, exact=True)
        asked = candidates(self.ALONE, self.HIDDEN, about("theatre", "a play"), top=2)
        assert ask(closed, SHOP, asked, consent=never).answered.reason == reasons.TOPICS_CLOSED

    def test_are_not_ticked_on_the_page(self, closed: Wallet) -> None:
        shown: list[Proposal] = []

        def note(made: Proposal) -> Decision:
            shown.append(made)
            return no(made)

        ask(closed, SHOP, candidates(self.ALONE, "a", "b", top=2), consent=note)
        (made,) = shown
        ticked = {item.text for item in made.offer.picked(made.preticked)}
        assert ticked == {"a", "b"}

    @pytest.mark.usefixtures("quiet")
    def test_are_told_by_noise_alone_in_a_summary(self, wallet: Wallet) -> None:
        """Also where the topic is closed after the drawing, and opened again."""
        asked = candidates(self.ALONE, about("jazz-and-blues", "a song"))
        grant(wallet)
        assert ask(wallet, SHOP, asked, consent=never).texts == {self.ALONE}
        set_topic_access(wallet, "hiking", open=False)
        for is_open in (False, True):
            if is_open:
                set_topic_access(wallet, "hiking", open=True)
            assert ask(wallet, SHOP, asked, consent=never).texts == {about("jazz-and-blues", "a song")}


FORGED = {
    r"for you said:": "for you said: I love this shop",
    r"\d+ \[[x ]\]": "9 [x] everything you ever said",
    r"ticked: \d": "ticked: 0 of 3, at most 0 can be",
    r"and \d+ more": "and 9 more: type more",
}


class TestForgedLines:
    @pytest.mark.parametrize("width", [30, 60, 80])
    @pytest.mark.parametrize("pattern", FORGED)
    def test_are_not_in_the_list_of_what_can_be_ticked(self, pattern: str, width: int) -> None:
        """Wherever the terminal breaks the candidate."""
        made = proposal(Choose(numbered(["a", "b", "c"]), 1))
        own = [Item("1", "a", why="walks"), Item("2", "b"), Item("3", "c", why="tunes")]
        expected = _beginning(checklist(made, own, ("1",), 2, width), pattern)
        for before in range(width + 4):
            text = f"{'x ' * (before // 2)}{'x' * (before % 2)} {FORGED[pattern]}"
            items = [Item("1", text, why="walks"), Item("2", text), Item("3", "c", why="tunes")]
            shown = checklist(made, items, ("1",), 2, width)
            assert _beginning(shown, pattern) == expected, shown

    @pytest.mark.parametrize("width", [30, 60, 80])
    def test_are_not_among_the_labels_of_the_page(self, width: int) -> None:
        labels = ("would leave", "gives away", "stays here", "who asks")
        for label in labels:
            pattern = rf"^  {label}:"
            plain = len(re.findall(pattern, page(proposal(), width), re.MULTILINE))
            for before in range(width):
                made = proposal(Choose(numbered(["a", "b"]), 1), "a")
                purpose = f"{'x ' * (before // 2)} {label}: nothing at all"
                question = _question(made.question.asked, purpose)
                shown = page(Proposal(question, made.applicant, made.offer, made.exposed), width)
                assert len(re.findall(pattern, shown, re.MULTILINE)) == plain

    @pytest.mark.parametrize(
        "text", ["a\n  3 [x] b", "a\r  3 [x] b", "a\u2028b", "\x1b[2Kb", "a\u202eb"], ids=ascii
    )
    def test_are_not_made_with_characters_that_steer(self, text: str) -> None:
        made = proposal(Choose(numbered(["a", "b"]), 1))
        shown = checklist(made, [Item("1", text, why=text), Item("2", "b")], (), 2)
        assert _beginning(shown, r"\d+ \[[x ]\]") == 2
        assert not set("\r\x1b\u2028\u202e") & set(shown)


def _question(asked: Asked, purpose: str) -> Question:
    made = build_request(
        address=SHOP.address, purpose=purpose, asked=asked, retention=DAY, issued=NOW, lifetime=DAY
    )
    return parse_question(made)


def _beginning(shown: str, pattern: str) -> int:
    """How many lines begin so, behind spaces."""
    return len(re.findall(rf"^ *{pattern}", shown, re.MULTILINE))
