"""Receipts: one for each answer, signed for its party alone, and kept with the party's signature."""

from __future__ import annotations

import hashlib
from collections.abc import Callable
from typing import Any

import pytest

from ipse.dids import did_key
from ipse.disclosure import receipts
from ipse.encoding import strict_json
from ipse.encoding.strict_json import JsonObject
from ipse.errors import IpseError, MalformedInput, NotFound, VerificationFailed
from ipse.keys import derivation
from ipse.storage import answers as kept
from ipse.storage import disclosure_log, transcript
from ipse.wallet import disclosure
from ipse.wallet.resolution import resolve
from ipse.wallet.wallet import Wallet
from tests.unit.wallet.disclosure.material import (
    ASKED,
    CLUB,
    NOW,
    REACH,
    SHOP,
    SHOP_UNSIGNED,
    SHOP_WEB,
    Application,
    Reply,
    ask,
    never,
    no,
    teach,
)


def text_of(wallet: Wallet, number: int) -> str:
    return strict_json.canonical(disclosure.receipts.receipt(wallet, number)).decode()


def signed_by(application: Application, wallet: Wallet, number: int) -> JsonObject:
    """The receipt with the signature of the one who asked."""
    assert application.signer is not None
    return strict_json.parse_object(receipts.countersign(text_of(wallet, number), *application.signer))


def take_back(wallet: Wallet, number: int, given: JsonObject) -> JsonObject:
    return disclosure.receipts.countersigned(wallet, number, given, now=NOW, reach=REACH)


class TestAReceipt:
    @pytest.mark.parametrize("application", [SHOP, SHOP_WEB, SHOP_UNSIGNED])
    @pytest.mark.parametrize("consent", ["yes", "no"])
    def test_holds_the_terms_of_its_answer_under_the_key_of_its_party(
        self, wallet: Wallet, application: Application, consent: str
    ) -> None:
        teach(wallet, "candidate 1")
        reply = ask(wallet, application) if consent == "yes" else ask(wallet, application, consent=no)
        assert reply.answered.said is (consent == "yes")
        found = receipts.verify_receipt(text_of(wallet, reply.answered.entry))
        receipts.check_terms(found, reply.question, reply.answered.text)
        assert found.countersigner is None
        key = derivation.pairwise_key(wallet.root, application.party)
        assert found.wallet_did == did_key.from_public_key(key.public())
        assert found.payload["answer"] == hashlib.sha256(reply.answered.text.encode()).hexdigest()

    def test_counts_the_answers_to_its_party_and_not_those_of_the_wallet(self, wallet: Wallet) -> None:
        entries = [ask(wallet, one, ASKED["topics"]).answered.entry for one in (CLUB, CLUB, SHOP, CLUB)]
        numbers = [receipts.verify_receipt(text_of(wallet, entry)).payload["number"] for entry in entries]
        assert (entries, numbers) == ([1, 2, 3, 4], [1, 2, 1, 3])

    def test_is_not_there_for_what_is_no_answer(self, wallet: Wallet) -> None:
        with pytest.raises(NotFound):
            disclosure.receipts.receipt(wallet, 1)
        disclosure_log.append(wallet.vault, {"application": SHOP.party, "released": "x"})
        with pytest.raises(NotFound, match="log entry 1 has no receipt"):
            disclosure.receipts.receipt(wallet, 1)


@pytest.fixture
def replies(wallet: Wallet) -> list[Reply]:
    """Three answers: to the shop, to the club, and to the shop again."""
    return [ask(wallet, one, ASKED["topics"]) for one in (SHOP, CLUB, SHOP)]


@pytest.mark.usefixtures("replies")
class TestTheCountersignedOne:
    def test_is_kept_and_shown_from_then_on(self, wallet: Wallet) -> None:
        given = signed_by(SHOP, wallet, 1)
        assert take_back(wallet, 1, given) == given
        assert disclosure.receipts.receipt(wallet, 1) == given
        found = receipts.verify_receipt(text_of(wallet, 1))
        assert SHOP.signer is not None
        assert found.countersigner == SHOP.signer[0]
        assert take_back(wallet, 1, given) == given, "once more does no harm"

    def test_of_an_origin_is_signed_by_its_did_web(self, wallet: Wallet) -> None:
        for application in (SHOP_WEB, SHOP_UNSIGNED):
            entry = ask(wallet, application, ASKED["topics"]).answered.entry
            given = signed_by(SHOP_WEB, wallet, entry)
            take_back(wallet, entry, given)
            found = receipts.verify_receipt(text_of(wallet, entry), lambda did: resolve(did, REACH))
            assert found.countersigner == "did:web:shop.example"

    @pytest.mark.parametrize("entry", [2, 3])
    def test_of_another_entry_is_refused(self, wallet: Wallet, entry: int) -> None:
        given = signed_by(SHOP, wallet, 1)
        with pytest.raises(VerificationFailed) as caught:
            take_back(wallet, entry, given)
        assert caught.value.code == ("receipt-not-logged" if entry == 3 else "receipt-foreign")
        assert all(one.countersigned is None for one in kept.receipts(wallet.vault))

    def test_of_another_wallet_is_refused(self, wallet: Wallet, replies: list[Reply]) -> None:
        """Its terms are the same to the letter; the key is not the wallet's."""
        other = derivation.pairwise_key(b"o" * 32, SHOP.party)
        question, answer = replies[0].question, replies[0].answered.text
        forged = receipts.build_receipt(question, answer, number=1, key=other, now=NOW)
        assert receipts.verify_receipt(forged).payload == receipts.verify_receipt(text_of(wallet, 1)).payload
        assert SHOP.signer is not None
        with pytest.raises(VerificationFailed, match="the receipt is by") as caught:
            take_back(wallet, 1, strict_json.parse_object(receipts.countersign(forged, *SHOP.signer)))
        assert caught.value.code == "receipt-foreign"

    def test_without_the_second_signature_is_refused(self, wallet: Wallet) -> None:
        with pytest.raises(VerificationFailed, match="has not signed"):
            take_back(wallet, 1, disclosure.receipts.receipt(wallet, 1))

    def test_does_not_lose_its_signature_to_the_one_without(self, wallet: Wallet) -> None:
        bare = disclosure.receipts.receipt(wallet, 1)
        given = signed_by(SHOP, wallet, 1)
        take_back(wallet, 1, given)
        with pytest.raises(VerificationFailed):
            take_back(wallet, 1, bare)
        assert disclosure.receipts.receipt(wallet, 1) == given

    @pytest.mark.parametrize(
        "forge",
        [
            lambda given, other: {**given, "signatures": [given["signatures"][0], other["signatures"][1]]},
            lambda given, _: {**given, "signatures": given["signatures"][::-1]},
            lambda given, other: {**given, "payload": other["payload"]},
            lambda given, other: {**given, "signatures": [*given["signatures"], other["signatures"][1]]},
            lambda given, _: {**given, "signatures": []},
            lambda given, _: {**given, "signatures": None},
            lambda *_: {},
            lambda given, _: {**given, "extra": 1},
        ],
    )
    def test_that_is_forged_in_any_part_is_refused_and_not_kept(
        self, wallet: Wallet, forge: Callable[[Any, Any], Any]
    ) -> None:
        given, other = signed_by(SHOP, wallet, 1), signed_by(CLUB, wallet, 2)
        with pytest.raises((VerificationFailed, MalformedInput)):
            take_back(wallet, 1, forge(given, other))
        assert all(one.countersigned is None for one in kept.receipts(wallet.vault))

    def test_of_no_entry_is_refused(self, wallet: Wallet) -> None:
        given = signed_by(SHOP, wallet, 1)
        for number in (0, 4, -1):
            with pytest.raises(NotFound):
                take_back(wallet, number, given)

    def test_leaves_nothing_else_changed(self, wallet: Wallet) -> None:
        before = wallet.vault.rows("SELECT * FROM answers"), disclosure_log.every(wallet.vault)
        take_back(wallet, 1, signed_by(SHOP, wallet, 1))
        assert (wallet.vault.rows("SELECT * FROM answers"), disclosure_log.every(wallet.vault)) == before


def test_a_receipt_that_cant_be_made_lets_nothing_leave(
    wallet: Wallet, monkeypatch: pytest.MonkeyPatch
) -> None:
    def full(*_: object, **__: object) -> None:
        raise MalformedInput("no")

    teach(wallet, "candidate 1")
    with monkeypatch.context() as patch:
        patch.setattr("ipse.wallet.disclosure.releasing.build_receipt", full)
        with pytest.raises(IpseError):
            ask(wallet)
    assert disclosure_log.end(wallet.vault)[0] == 0
    assert transcript.parties(wallet.vault) == []
    disclosure.grant(wallet, SHOP.party, level="choose", now=NOW, expires=NOW.replace(year=2027))
    assert ask(wallet, consent=never).answered.entry == 1
