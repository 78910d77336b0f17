"""Withdrawing an answer: made once, kept with the reply, and exported with all that was signed."""

from __future__ import annotations

import hashlib
from datetime import timedelta
from typing import Final

import pytest

from ipse.disclosure import receipts, withdrawals
from ipse.disclosure.questions import parse_question
from ipse.disclosure.terms import Terms
from ipse.disclosure.withdrawals import ReplyOutcome
from ipse.encoding import strict_json
from ipse.errors import IpseError, NotFound, UsageError, VerificationFailed
from ipse.storage import answers as kept
from ipse.storage import disclosure_log
from ipse.wallet import disclosure
from ipse.wallet.api.disclosure import Disclosure
from ipse.wallet.disclosure import withdrawing
from ipse.wallet.disclosure.withdrawing import Withdrawal
from ipse.wallet.resolution import resolve
from ipse.wallet.wallet import Wallet
from tests.unit.wallet.disclosure.material import (
    ASKED,
    CLUB,
    DAY,
    NOW,
    REACH,
    SHOP,
    SHOP_UNSIGNED,
    SHOP_WEB,
    Application,
    Reply,
    build,
    never,
    no,
    put,
)
from tests.unit.wallet.profile.conftest import HashEmbedder

DELETION: Final = Terms(deletion_on_demand=True)
LATER: Final = NOW + DAY
SECOND: Final = timedelta(seconds=1)
DELETED, REFUSED = ReplyOutcome.DELETED, ReplyOutcome.REFUSED
REASON: Final = {DELETED: "", REFUSED: "an order is open"}


def answered(
    wallet: Wallet, application: Application = SHOP, terms: Terms | None = DELETION, level: str = "topics"
) -> Reply:
    return put(wallet, build(application, ASKED[level], terms=terms))


def receipt_of(wallet: Wallet, number: int) -> receipts.ReceiptVerification:
    text = strict_json.canonical(disclosure.receipts.receipt(wallet, number)).decode()
    return receipts.verify_receipt(text, lambda did: resolve(did, REACH))


def countersigned(wallet: Wallet, number: int, application: Application = SHOP) -> None:
    """Let the application sign the receipt, and keep that."""
    assert application.signer is not None
    own = strict_json.canonical(disclosure.receipts.receipt(wallet, number)).decode()
    signed = strict_json.parse_object(receipts.countersign(own, *application.signer))
    disclosure.receipts.countersigned(wallet, number, signed, now=NOW, reach=REACH)


def reply_to(
    wallet: Wallet,
    number: int = 1,
    outcome: ReplyOutcome = DELETED,
    application: Application = SHOP,
    **changed: timedelta,
) -> str:
    """What the application replies to the withdrawal of an answer."""
    assert application.signer is not None
    did, method_id, signer = application.signer
    text = withdrawing.withdraw(wallet, number, now=LATER).text
    verified = withdrawals.verify_withdrawal(text, receipt_of(wallet, number), now=LATER)
    return withdrawals.build_reply(
        verified, outcome, did=did, method_id=method_id, signer=signer,
        now=LATER + changed.get("after", timedelta(0)), reason=REASON[outcome],
    )  # fmt: skip


def keep(wallet: Wallet, reply: str, number: int = 1) -> withdrawals.ReplyVerification:
    return withdrawing.keep_reply(wallet, number, reply, now=LATER + DAY, reach=REACH)


class TestTheTermsOfTheQuestion:
    @pytest.mark.parametrize("level", [*ASKED])
    @pytest.mark.parametrize("consent", ["yes", "no"])
    def test_are_those_of_the_receipt_whatever_was_said(
        self, wallet: Wallet, level: str, consent: str
    ) -> None:
        offered = Terms(no_resale=True, deletion_on_demand=True, in_return="free delivery")
        request = build(SHOP, ASKED[level], terms=offered)
        reply = put(wallet, request) if consent == "yes" else put(wallet, request, consent=no)
        found = receipt_of(wallet, reply.answered.entry)
        assert found.terms == offered
        assert reply.question.terms == offered
        receipts.check_terms(found, reply.question, reply.answered.text, terms=offered)

    def test_are_those_of_the_receipt_under_a_grant(self, wallet: Wallet) -> None:
        disclosure.grant(wallet, SHOP.party, level="choose", now=NOW, expires=LATER)
        put(wallet, build(SHOP, terms=DELETION), consent=never)
        assert receipt_of(wallet, 1).terms == DELETION


class TestAWithdrawal:
    @pytest.mark.parametrize("application", [SHOP, SHOP_WEB, SHOP_UNSIGNED])
    def test_holds_against_the_receipt(self, wallet: Wallet, application: Application) -> None:
        answered(wallet, application)
        made = withdrawing.withdraw(wallet, 1, now=LATER)
        verified = withdrawals.verify_withdrawal(made.text, receipt_of(wallet, 1), now=LATER)
        assert verified.party == made.party == application.party
        assert made == Withdrawal(1, application.party, made.text, True, application is not SHOP_UNSIGNED)

    def test_is_made_once_and_the_same_from_then_on(self, wallet: Wallet) -> None:
        answered(wallet)
        first = withdrawing.withdraw(wallet, 1, now=LATER)
        assert withdrawing.withdraw(wallet, 1, now=LATER + DAY) == first
        countersigned(wallet, 1)
        assert withdrawing.withdraw(wallet, 1, now=LATER + DAY) == first

    def test_can_be_of_an_answer_that_nobody_promised_to_delete(self, wallet: Wallet) -> None:
        answered(wallet, terms=None)
        answered(wallet, terms=Terms(no_resale=True))
        assert not withdrawing.withdraw(wallet, 1, now=LATER).promised
        assert not withdrawing.withdraw(wallet, 2, now=LATER).promised

    def test_tells_whether_the_application_has_signed_its_promise(self, wallet: Wallet) -> None:
        answered(wallet, SHOP_UNSIGNED)
        assert not withdrawing.withdraw(wallet, 1, now=LATER).proven
        countersigned(wallet, 1, SHOP_WEB)
        assert withdrawing.withdraw(wallet, 1, now=LATER).proven

    def test_is_not_there_for_what_is_no_answer(self, wallet: Wallet) -> None:
        with pytest.raises(NotFound, match="no entry 1"):
            withdrawing.withdraw(wallet, 1, now=LATER)
        disclosure_log.append(wallet.vault, {"application": SHOP.party, "released": "x"})
        with pytest.raises(NotFound, match="log entry 1 has no receipt"):
            withdrawing.withdraw(wallet, 1, now=LATER)

    def test_before_the_answer_is_refused_and_not_kept(self, wallet: Wallet) -> None:
        answered(wallet)
        with pytest.raises(VerificationFailed) as caught:
            withdrawing.withdraw(wallet, 1, now=NOW - DAY)
        assert caught.value.code == "withdrawal-untimely"
        assert kept.receipts(wallet.vault)[0].withdrawal is None

    def test_leaves_answers_and_log_as_they_were(self, wallet: Wallet) -> None:
        answered(wallet, level="choose")
        before = wallet.vault.rows("SELECT * FROM answers"), disclosure_log.every(wallet.vault)
        withdrawing.withdraw(wallet, 1, now=LATER)
        assert (wallet.vault.rows("SELECT * FROM answers"), disclosure_log.every(wallet.vault)) == before


class TestAReply:
    @pytest.mark.parametrize("outcome", [DELETED, REFUSED])
    @pytest.mark.parametrize("application", [SHOP, SHOP_WEB])
    def test_is_verified_and_kept(
        self, wallet: Wallet, application: Application, outcome: ReplyOutcome
    ) -> None:
        answered(wallet, application)
        reply = reply_to(wallet, outcome=outcome, application=application)
        verified = keep(wallet, reply)
        assert (verified.outcome, verified.reason) == (
            outcome,
            REASON[outcome],
        )
        assert kept.receipts(wallet.vault)[0].reply == reply
        assert keep(wallet, reply) == verified, "once more does no harm"

    def test_to_another_withdrawal_or_by_another_application_is_refused(self, wallet: Wallet) -> None:
        for application in (SHOP, SHOP, CLUB):
            answered(wallet, application)
        withdrawing.withdraw(wallet, 1, now=LATER)
        for number, application in ((2, SHOP), (3, CLUB)):
            with pytest.raises(VerificationFailed):
                keep(wallet, reply_to(wallet, number, application=application))
        assert all(row.reply is None for row in kept.receipts(wallet.vault))

    def test_without_a_withdrawal_is_refused(self, wallet: Wallet) -> None:
        for _ in range(2):
            answered(wallet)
        reply = reply_to(wallet, 1)
        with pytest.raises(NotFound, match="log entry 2 was not withdrawn") as caught:
            keep(wallet, reply, 2)
        assert "ipse dapp withdraw 2" in caught.value.hint
        with pytest.raises(NotFound):
            keep(wallet, reply, 3)

    def test_takes_the_place_of_an_earlier_one_alone(self, wallet: Wallet) -> None:
        answered(wallet)
        early = reply_to(wallet, outcome=REFUSED)
        late = reply_to(wallet, after=SECOND)
        keep(wallet, early)
        keep(wallet, late)
        with pytest.raises(UsageError, match="a later reply"):
            keep(wallet, early)
        assert kept.receipts(wallet.vault)[0].reply == late

    @pytest.mark.parametrize("text", ["", "{}", "a.b.c", "nonsense"])
    def test_that_is_none_is_refused(self, wallet: Wallet, text: str) -> None:
        answered(wallet)
        withdrawing.withdraw(wallet, 1, now=LATER)
        with pytest.raises(IpseError):
            keep(wallet, text)


def test_answers_that_were_promised_to_be_deleted_are_found(wallet: Wallet) -> None:
    for application, terms in ((SHOP, DELETION), (SHOP, None), (CLUB, DELETION), (SHOP, DELETION)):
        answered(wallet, application, terms)
    assert withdrawing.deletable(wallet, SHOP.party) == [1, 4]
    keep(wallet, reply_to(wallet, 1, REFUSED), 1)
    assert withdrawing.deletable(wallet, SHOP.party) == [1, 4]
    keep(wallet, reply_to(wallet, 4), 4)
    assert withdrawing.deletable(wallet, SHOP.party) == [1]
    assert withdrawing.deletable(wallet, "https://other.example") == []


class TestTheEvidence:
    def test_fits_together_by_its_digests(self, wallet: Wallet) -> None:
        for application in (SHOP, SHOP_WEB, SHOP_UNSIGNED):
            reply = answered(wallet, application)
            (one,) = withdrawing.evidence(wallet, reply.answered.entry)["answers"]
            said = receipts.verify_receipt(strict_json.canonical(one["receipt"]).decode()).payload
            for member in ("request", "answer"):
                assert hashlib.sha256(one[member].encode()).hexdigest() == said[member]
            asked = one["request"]
            read = strict_json.parse_object(asked) if application is SHOP_UNSIGNED else asked
            assert parse_question(read, resolve=lambda did: resolve(did, REACH)).terms == DELETION

    def test_has_all_that_was_signed_and_nothing_of_other_answers(self, wallet: Wallet) -> None:
        for terms in (DELETION, None):
            answered(wallet, terms=terms)
        bare = withdrawing.evidence(wallet, 2)["answers"]
        assert [one["number"] for one in bare] == [2]
        assert [bare[0][name] for name in ("request", "countersigned", "withdrawal", "reply")] == [None] * 4
        countersigned(wallet, 1)
        reply = reply_to(wallet)
        keep(wallet, reply)
        whole = withdrawing.evidence(wallet)
        assert whole["type"] == withdrawing.EXPORT
        first = whole["answers"][0]
        assert first["withdrawal"] == withdrawing.withdraw(wallet, 1, now=LATER).text
        assert first["reply"] == reply
        assert len(first["receipt"]["signatures"]) == 1
        assert first["countersigned"] == disclosure.receipts.receipt(wallet, 1)
        assert whole["answers"][1] == bare[0]
        with pytest.raises(NotFound):
            withdrawing.evidence(wallet, 3)


def test_the_public_api_withdraws_and_keeps_the_reply(wallet: Wallet) -> None:
    def no_embedder() -> HashEmbedder:
        raise AssertionError("withdrawing embeds nothing")

    answered(wallet)
    api = Disclosure(wallet, no_embedder)
    assert api.withdraw(1, now=LATER) == withdrawing.withdraw(wallet, 1, now=LATER)
    reply = reply_to(wallet)
    assert api.keep_reply(1, f"{reply}\n", now=LATER).outcome is DELETED
    assert kept.receipts(wallet.vault)[0].reply == reply
