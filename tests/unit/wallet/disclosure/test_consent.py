"""Nothing is computed for a request that can't be trusted, and nothing leaves against the owner's word."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from datetime import timedelta
from typing import Any, NoReturn

import pytest

from ipse.credentials import jws
from ipse.disclosure import answers as written
from ipse.disclosure import reasons
from ipse.disclosure.levels.order import Order
from ipse.disclosure.offers import Offer
from ipse.disclosure.proposals import Decision, Proposal
from ipse.encoding import base64url
from ipse.encoding.strict_json import JsonObject
from ipse.errors import (
    ConsentNeeded,
    IpseError,
    RequestExpired,
    RequestReplayed,
    RequestTampered,
    StorageError,
    WrongAudience,
    WrongOrigin,
)
from ipse.protocols import openid4vp
from ipse.storage import answers, disclosure_log, statements, transcript
from ipse.wallet import disclosure, state
from ipse.wallet import disclosure_log as log
from ipse.wallet.profile.changing import Correction, correct
from ipse.wallet.profile.forgetting import forget
from ipse.wallet.profile.topics import add_topic, remove_topic, set_topic_access
from ipse.wallet.wallet import Wallet
from tests.unit.wallet.disclosure.material import (
    APPLICATIONS,
    ASKED,
    CLUB,
    DAY,
    NOW,
    REACH,
    SHOP,
    SHOP_UNSIGNED,
    SHOP_WEB,
    Application,
    Blending,
    about,
    ask,
    build,
    candidates,
    counted,
    never,
    no,
    put,
    teach,
    ticking,
    yes,
)

Request = JsonObject | str
JAZZ = "jazz-and-blues"
ROWS = ("answers", "disclosures", "receipts")


def uncalled() -> NoReturn:
    raise AssertionError("the model was opened")


def resigned(**changed: Any) -> str:
    """The shop's request with other claims, signed by the shop's key."""
    request = build()
    assert isinstance(request, str)
    assert SHOP.signer is not None
    _, method, key = SHOP.signer
    payload = {**jws.read(request, what="the request").payload, **changed}
    return jws.sign({"typ": openid4vp.TYPE, "kid": method}, payload, key).encoded


def other_purpose(request: Request) -> Request:
    """A signed request whose payload was changed afterwards."""
    assert isinstance(request, str)
    header, payload, signature = request.split(".")
    changed = base64url.decode(payload).replace(b'"exp":1', b'"exp":2', 1)
    assert changed != base64url.decode(payload)
    return ".".join((header, base64url.encode(changed), signature))


def unsigned(**changed: Any) -> JsonObject:
    request = build(SHOP_UNSIGNED)
    assert isinstance(request, dict)
    return {**request, **changed}


def stripped() -> Request:
    """A signed request that travels as one that is not."""
    request = build()
    assert isinstance(request, str)
    return jws.read(request, what="the request").payload


def signed_elsewhere() -> Request:
    """The did:web of one origin, the answer to another: signed, since nobody can be kept from that."""
    assert SHOP_WEB.signer is not None
    did, method, key = SHOP_WEB.signer
    claims = unsigned(redirect_uri=CLUB.address, client_id=f"decentralized_identifier:{did}")
    payload = {**claims, "aud": openid4vp.WALLET}
    return jws.sign({"typ": openid4vp.TYPE, "kid": method}, payload, key).encoded


REFUSED: list[tuple[str, Callable[[], Request], type[IpseError], str]] = [
    ("altered", lambda: other_purpose(build()), RequestTampered, "request-tampered"),
    ("stripped", stripped, RequestTampered, "request-tampered"),
    ("expired", lambda: build(now=NOW - DAY), RequestExpired, "request-expired"),
    ("future", lambda: build(now=NOW + DAY), RequestExpired, "request-expired"),
    ("audience", lambda: resigned(aud="https://wallet.example"), WrongAudience, "request-wrong-audience"),
    ("no audience", lambda: resigned(aud=None), WrongAudience, "request-wrong-audience"),
    ("audience, unsigned", lambda: unsigned(aud=CLUB.address), WrongAudience, "request-wrong-audience"),
    ("origin", signed_elsewhere, WrongOrigin, "request-wrong-origin"),
]


class TestARequestThatIsNotToBeTrusted:
    @pytest.mark.parametrize(
        ("make", "error", "code"), [row[1:] for row in REFUSED], ids=[row[0] for row in REFUSED]
    )
    def test_is_refused_with_its_own_code_before_anything_is_computed(
        self, wallet: Wallet, make: Callable[[], Request], error: type[IpseError], code: str
    ) -> None:
        before = counted(wallet)
        with pytest.raises(error) as caught:
            disclosure.ask(wallet, uncalled, make(), consent=never, now=NOW, reach=REACH)
        assert (caught.value.code, caught.value.exit_code) == (code, 3)
        assert counted(wallet) == before
        assert log.verify(wallet).head is None

    @pytest.mark.parametrize("application", APPLICATIONS)
    def test_is_one_that_came_from_elsewhere_than_its_answer_goes(
        self, wallet: Wallet, application: Application
    ) -> None:
        request = build(application)
        for origin in ("https://evil.example", "http://shop.example", "null", ""):
            with pytest.raises(WrongOrigin):
                disclosure.ask(wallet, uncalled, request, consent=never, now=NOW, reach=REACH, origin=origin)
        put(wallet, request)

    @pytest.mark.sampled(2)
    @pytest.mark.parametrize("application", APPLICATIONS)
    @pytest.mark.parametrize("consent", [yes, no])
    def test_is_one_that_had_an_answer_already_even_a_no(
        self, wallet: Wallet, application: Application, consent: Callable[[Proposal], Decision]
    ) -> None:
        request = build(application)
        entry = put(wallet, request, consent=consent).answered.entry
        before = counted(wallet)
        with pytest.raises(RequestReplayed, match=f"log entry {entry}") as caught:
            disclosure.ask(wallet, uncalled, request, consent=never, now=NOW, reach=REACH)
        assert caught.value.code == "request-replayed"
        assert counted(wallet) == before

    def test_is_one_with_the_nonce_of_another_by_the_same_party(self, wallet: Wallet) -> None:
        request = unsigned()
        put(wallet, request)
        with pytest.raises(RequestReplayed):
            disclosure.ask(
                wallet, uncalled, unsigned(nonce=request["nonce"]), consent=never, now=NOW, reach=REACH
            )

    def test_is_none_with_the_nonce_of_another_party(self, wallet: Wallet) -> None:
        request = unsigned()
        put(wallet, request)
        put(wallet, resigned(nonce=request["nonce"]))

    def test_is_found_out_in_time_when_the_clock_differs_a_little(self, wallet: Wallet) -> None:
        request = build(lifetime=timedelta(minutes=10))
        with pytest.raises(RequestExpired):
            disclosure.ask(wallet, uncalled, request, consent=never, now=NOW + timedelta(seconds=661))
        put(wallet, request, now=NOW + timedelta(seconds=660))


class TestANo:
    @pytest.mark.parametrize("level", ASKED)
    def test_is_an_answer_that_says_nothing_as_long_as_any_other(self, wallet: Wallet, level: str) -> None:
        teach(wallet, about(JAZZ, "x"), "novels + rain")
        refused = ask(wallet, asked=ASKED[level], consent=no)
        assert not refused.answered.said
        assert refused.content == written.nothing(refused.question)
        assert refused.answered.reason == reasons.REFUSED
        agreed = ask(wallet, asked=ASKED[level], consent=yes)
        assert len(agreed.answered.text) == len(refused.answered.text)

    @pytest.mark.parametrize("level", ASKED)
    def test_is_logged_as_one_and_counts_nothing(self, wallet: Wallet, level: str) -> None:
        teach(wallet, about(JAZZ, "x"), "novels + rain")
        reply = ask(wallet, asked=ASKED[level], consent=no)
        entry = disclosure_log.find(wallet.vault, reply.answered.entry).content
        assert (entry["consent"], entry["said"], entry["grant"]) == ("refused", False, None)
        assert (entry["method"], entry["bits"], entry["edited"]) == ("owner", 0, False)
        (row,) = answers.history(wallet.vault, SHOP.party)
        assert (row.method, row.bits, row.grant_number) == ("owner", 0, None)
        assert transcript.parties(wallet.vault) == []
        assert log.verify(wallet).count == 1

    @pytest.mark.parametrize("level", ASKED)
    def test_cant_be_told_from_an_empty_profile_or_nothing_ticked(self, wallet: Wallet, level: str) -> None:
        empty = ask(wallet, asked=ASKED[level])
        teach(wallet, about(JAZZ, "x"), "novels + rain")
        unticked = ask(wallet, asked=ASKED[level], consent=ticking())
        refused = ask(wallet, asked=ASKED[level], consent=no)
        seen = {
            (len(one.answered.text), repr(jws.read(one.answered.text.split("~")[0], what="it").payload))
            for one in (empty, unticked, refused)
        }
        assert len(seen) == 1
        assert len({one.answered.reason for one in (empty, unticked, refused)}) == 3, "to the owner alone"

    def test_to_a_repeated_question_tells_nothing_of_the_earlier_answer(self, wallet: Wallet) -> None:
        teach(wallet, "candidate 1")
        assert ask(wallet).answered.said
        assert ask(wallet, consent=no).said == []
        assert ask(wallet).answered.said


class TestNoDecision:
    @pytest.mark.sampled(3)
    @pytest.mark.parametrize("level", ASKED)
    @pytest.mark.parametrize("raised", [ConsentNeeded("nobody"), KeyboardInterrupt(), SystemExit(1)])
    def test_leaves_nothing_behind_and_the_request_unanswered(
        self, wallet: Wallet, level: str, raised: BaseException
    ) -> None:
        teach(wallet, about(JAZZ, "x"), "novels + rain")

        def undecided(_: Proposal) -> NoReturn:
            raise raised

        request, before = build(asked=ASKED[level]), counted(wallet)
        with pytest.raises(type(raised)):
            put(wallet, request, consent=undecided)
        assert counted(wallet) == before
        assert log.verify(wallet).count == 0
        put(wallet, request)

    def test_is_followed_by_the_owner_being_shown_the_same(self, wallet: Wallet) -> None:
        """However often the page is opened, it tells nothing more."""
        teach(wallet, "candidate 1")
        shown: list[Offer] = []

        def undecided(proposal: Proposal) -> NoReturn:
            shown.append(proposal.offer)
            raise KeyboardInterrupt

        for _ in range(3):
            with pytest.raises(KeyboardInterrupt):
                ask(wallet, consent=undecided)
        assert shown == [shown[0]] * 3
        assert transcript.parties(wallet.vault) == []


def forgets(wallet: Wallet, number: int) -> None:
    forget(wallet, [number])


def makes_secret(wallet: Wallet, number: int) -> None:
    correct(wallet, number, Correction(sensitivity="secret"), now=NOW)


def rewords(wallet: Wallet, number: int) -> None:
    correct(wallet, number, Correction(text="I never said that"), now=NOW)


def closes(wallet: Wallet, number: int) -> None:
    set_topic_access(wallet, JAZZ, open=False)


def closes_anew(wallet: Wallet, number: int) -> None:
    """The same label, closed as before, and now it means something else."""
    remove_topic(wallet, "Mine")
    add_topic(wallet, "Mine", "novels", now=NOW)
    set_topic_access(wallet, "Mine", open=False)


def says_more(wallet: Wallet, number: int) -> None:
    teach(wallet, "something else")


class TestWhileThePageWasOpen:
    @pytest.mark.sampled(4)
    @pytest.mark.parametrize("level", ASKED)
    @pytest.mark.parametrize("change", [forgets, makes_secret, rewords, closes, closes_anew, says_more])
    def test_a_changed_profile_lets_nothing_leave_and_counts_nothing(
        self, wallet: Wallet, level: str, change: Callable[[Wallet, int], None]
    ) -> None:
        add_topic(wallet, "Mine", "the deep sea", now=NOW)
        set_topic_access(wallet, "Mine", open=False)
        number, *_ = teach(wallet, about(JAZZ, "x"), *(f"novels + {word}" for word in "abcdefgh"))
        teach(wallet, *(about(JAZZ, word) for word in "abcdefghi"))

        def meanwhile(proposal: Proposal) -> Decision:
            assert proposal.offer.chosen
            change(wallet, number)
            return yes(proposal)

        reply = ask(wallet, asked=ASKED[level], consent=meanwhile)
        assert not reply.answered.said
        assert reply.answered.reason == reasons.PROFILE_CHANGED
        (row,) = answers.history(wallet.vault, SHOP.party)
        assert row.bits == 0
        entry = disclosure_log.find(wallet.vault, row.number).content
        assert (entry["bits"], entry["said"]) == (0, False)
        assert transcript.lines(wallet.vault, Blending().fingerprint) == []
        assert transcript.reading(wallet.vault, SHOP.party) == (0, 0)

    def test_an_answer_by_another_process_makes_it_a_replay(self, wallet: Wallet) -> None:
        teach(wallet, "candidate 1")
        request = build()

        def meanwhile(proposal: Proposal) -> Decision:
            with Wallet(wallet.places, wallet._passphrase) as other:
                put(other, request)
            return yes(proposal)

        with pytest.raises(RequestReplayed):
            put(wallet, request, consent=meanwhile)
        assert [counted(wallet)[table] for table in ROWS] == [1, 1, 1]
        assert len(transcript.lines(wallet.vault, Blending().fingerprint)) == 1
        assert log.verify(wallet).count == 1


STEPS = (
    "disclosure_log.record", "answers.add", "answers.keep_receipt", "build_answer", "transcript.add",
    "metering.keep",
)  # fmt: skip


class TestReleasing:
    @pytest.mark.sampled(2)
    @pytest.mark.parametrize("step", STEPS)
    def test_that_fails_anywhere_in_its_transaction_leaves_nothing_behind(
        self, wallet: Wallet, monkeypatch: pytest.MonkeyPatch, step: str
    ) -> None:
        teach(wallet, "candidate 1")
        request, before = build(), counted(wallet)
        with monkeypatch.context() as patch:

            def full(*_: object, **__: object) -> NoReturn:
                raise StorageError("the disk is full")

            patch.setattr(f"ipse.wallet.disclosure.releasing.{step}", full)
            with pytest.raises(StorageError):
                put(wallet, request)
        assert counted(wallet) == before
        assert log.verify(wallet).count == 0
        reply = put(wallet, request)
        assert (reply.answered.entry, reply.answered.said) == (1, True)

    def test_hands_nothing_out_where_the_keystore_cant_remember_it(
        self, wallet: Wallet, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        """It is in the log and is counted: a kill at that moment would not be any different."""

        teach(wallet, "candidate 1")

        def full(_: Wallet) -> NoReturn:
            raise StorageError("the disk is full")

        with monkeypatch.context() as patch:
            patch.setattr(state, "settle", full)
            with pytest.raises(StorageError):
                ask(wallet)
        ((party, count, bits),) = transcript.parties(wallet.vault)
        assert (party, count, bits > 0) == (SHOP.party, 1, True)
        assert log.verify(wallet).count == 1
        assert ask(wallet, CLUB).answered.entry == 2


class TestLearningFromThePage:
    def taught(self, wallet: Wallet) -> None:
        teach(wallet, "tea", "tea + rain")
        teach(wallet, "coffee", weight=-1.0)

    def learned(self, wallet: Wallet) -> dict[str, float]:
        return {one.text: one.weight for one in statements.current(wallet.vault) if one.source == "feedback"}

    def test_takes_what_was_ticked_as_liked_and_what_was_unticked_as_disliked(self, wallet: Wallet) -> None:
        self.taught(wallet)

        def keeps(proposal: Proposal) -> Decision:
            assert "c2" in proposal.offer.chosen
            return replace(ticking("c1")(proposal), keep=True)

        reply = ask(wallet, asked=candidates("coffee", "milk", "tea"), consent=keeps)
        assert reply.answered.said
        learned = self.learned(wallet)
        assert learned["milk"] > 0 > learned["tea"]
        assert "coffee" not in learned, "what was neither says nothing"

    def test_takes_nothing_from_an_order_which_says_not_what_is_liked(self, wallet: Wallet) -> None:
        self.taught(wallet)
        asked = Order(candidates("coffee", "milk", "tea").candidates)
        consent = ticking("c1", "c0")
        reply = ask(wallet, asked=asked, consent=lambda proposal: replace(consent(proposal), keep=True))
        assert reply.answered.said
        assert self.learned(wallet) == {}

    @pytest.mark.parametrize("decision", [Decision(True, ("c1",)), Decision(False)])
    def test_happens_where_the_owner_wants_it_alone(self, wallet: Wallet, decision: Decision) -> None:
        self.taught(wallet)
        before = statements.digest(wallet.vault)
        ask(wallet, asked=candidates("coffee", "milk", "tea"), consent=lambda _: decision)
        assert statements.digest(wallet.vault) == before

    @pytest.mark.parametrize(
        "decision",
        [Decision(True, (), keep=True), Decision(True, ("c9",), keep=True), Decision(False, keep=True)],
    )
    def test_of_nothing_teaches_nothing_and_keeps_no_answer_back(
        self, wallet: Wallet, decision: Decision
    ) -> None:
        before = statements.digest(wallet.vault)
        reply = ask(wallet, asked=candidates("coffee", "milk", "tea"), consent=lambda _: decision)
        assert not reply.answered.said
        assert statements.digest(wallet.vault) == before

    def test_is_of_candidates_alone(self, wallet: Wallet) -> None:
        teach(wallet, about(JAZZ, "x"), "novels + rain")
        before = statements.digest(wallet.vault)
        for level in ("bands", "topics", "statements"):
            ask(wallet, asked=ASKED[level], consent=lambda proposal: replace(yes(proposal), keep=True))
        assert statements.digest(wallet.vault) == before


def test_the_model_is_opened_once_for_an_answer(wallet: Wallet) -> None:
    opened: list[Blending] = []

    def open_model() -> Blending:
        opened.append(Blending())
        return opened[-1]

    put(wallet, build(), embedder=open_model)
    assert len(opened) == 1
