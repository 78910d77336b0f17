"""Receipts that hold terms and what was given for them, and every way to forge those."""

from __future__ import annotations

import hashlib
import json
import re
from dataclasses import replace
from typing import Any, Final

import pytest

from ipse.dids import did_key, did_web, resolver
from ipse.disclosure.answers import build_answer, nothing
from ipse.disclosure.levels import NAMES
from ipse.disclosure.levels.candidates import numbered
from ipse.disclosure.levels.choose import Choose
from ipse.disclosure.methods import OWNER, PRIVATE
from ipse.disclosure.receipts import (
    build_receipt,
    check_terms,
    countersign,
    verify_receipt,
    verify_wallet_signature,
)
from ipse.disclosure.terms import Subject, Terms, build_policy, named_information
from ipse.encoding import base64url
from ipse.encoding.strict_json import JsonObject
from ipse.errors import IpseError, MalformedInput, VerificationFailed
from ipse.keys import derivation
from tests.unit.disclosure.material import (
    DAY,
    HOUR,
    KEY,
    NOW,
    ROOT,
    SAID,
    SHOP,
    SHOP_KEY,
    WINDOW,
    question,
    signer_of,
)
from tests.unit.disclosure.test_receipts import EVIL_KEY, forged, payload_of

TERMS: Final = Terms(no_resale=True, deletion_on_demand=True, in_return="Free delivery")
OTHERS: Final = [
    None,
    replace(TERMS, no_resale=False),
    replace(TERMS, deletion_on_demand=False),
    replace(TERMS, in_return=None),
    replace(TERMS, in_return="Free delivery, once"),
]
QUESTION: Final = question()
ANSWER: Final = build_answer(QUESTION, SAID["choose"], key=KEY, now=NOW, method=OWNER)
PLAIN: Final = build_receipt(QUESTION, ANSWER, number=3, key=KEY, now=NOW)
RECEIPT: Final = build_receipt(QUESTION, ANSWER, number=3, key=KEY, now=NOW, terms=TERMS)
WALLET_DID: Final = did_key.from_public_key(KEY.public())
WEB: Final = "did:web:shop.example"
ANSWER_URI: Final = named_information(hashlib.sha256(ANSWER.encode()).digest())
SUBJECT: Final = Subject(SHOP, ANSWER_URI, QUESTION.purpose, QUESTION.retention, WALLET_DID)


def published(did: str) -> JsonObject:
    if not did.startswith("did:web:"):
        return resolver.resolve(did)
    return did_web.document(did, {"key-1": SHOP_KEY.public()})


BOTH: Final = countersign(RECEIPT, WEB, f"{WEB}#key-1", SHOP_KEY)


def with_terms(**changes: Any) -> str:
    """The receipt with terms, with other claims, signed anew by the wallet."""
    return forged(**{**payload_of(RECEIPT), **changes})


def refused(receipt: str, error: type[IpseError], code: str = "", reason: str = ".") -> None:
    with pytest.raises(error, match=reason) as caught:
        verify_receipt(receipt)
    assert type(caught.value) is error
    assert not code or caught.value.code == code
    assert len(caught.value.message) < 500


class TestGoodReceipts:
    def test_it_holds_what_one_without_terms_does_and_three_members_more(self) -> None:
        payload = verify_receipt(RECEIPT).payload
        assert {name: payload[name] for name in payload_of(PLAIN)} == payload_of(PLAIN)
        assert payload.keys() - payload_of(PLAIN).keys() == {"terms", "given", "pad"}
        assert payload["terms"] == build_policy(TERMS, SUBJECT)
        assert payload["given"] == {"choices": ["1", "3"]}
        assert re.fullmatch("0+", payload["pad"])

    def test_the_terms_are_an_agreement_of_wallet_and_party_about_this_answer(self) -> None:
        agreement = payload_of(RECEIPT)["terms"]
        assert agreement["@type"] == "Agreement"
        assert (agreement["assigner"], agreement["assignee"]) == (WALLET_DID, SHOP)
        assert agreement["target"] == ANSWER_URI

    @pytest.mark.parametrize("level", NAMES)
    @pytest.mark.parametrize("terms", [TERMS, *OTHERS], ids=str)
    def test_what_was_agreed_reads_back(self, level: str, terms: Terms | None) -> None:
        asked = question(level, signer=signer_of())
        key = derivation.pairwise_key(ROOT, asked.party)
        for content in (SAID[level], nothing(asked)):
            answer = build_answer(asked, content, key=key, now=NOW, method=OWNER)
            receipt = build_receipt(asked, answer, number=1, key=key, now=NOW, terms=terms)
            verified = verify_receipt(countersign(receipt, *signer_of()))
            assert verified.terms == terms
            assert verified.payload.get("given", content) == content
            check_terms(verified, asked, answer, terms)

    @pytest.mark.parametrize("level", NAMES)
    @pytest.mark.parametrize(("method", "window"), [(OWNER, ""), (PRIVATE, WINDOW)], ids=[OWNER, PRIVATE])
    def test_a_receipt_has_one_length_whatever_was_given(self, level: str, method: str, window: str) -> None:
        asked = question(level)
        lengths = set()
        for content in (SAID[level], nothing(asked)):
            answer = build_answer(asked, content, key=KEY, now=NOW, method=method, window=window)
            made = build_receipt(asked, answer, number=1, key=KEY, now=NOW, terms=TERMS)
            lengths.add(len(made))
        assert len(lengths) == 1

    def test_the_longest_ids_in_any_script_fit(self) -> None:
        texts = [f"book {number}" for number in range(20)]
        ids = ["\U00010400" * 62 + f"{number:02}" for number in range(20)]
        candidates = (replace(one, id=name) for one, name in zip(numbered(texts), ids, strict=True))
        asked = question(asked=Choose(tuple(candidates), 5), signer=signer_of())
        key = derivation.pairwise_key(ROOT, asked.party)
        answer = build_answer(asked, {"choices": ids[:5]}, key=key, now=NOW, method=OWNER)
        verified = verify_receipt(build_receipt(asked, answer, number=1, key=key, now=NOW, terms=TERMS))
        check_terms(verified, asked, answer, TERMS)

    def test_the_digest_is_over_what_both_sign(self) -> None:
        payload = base64url.decode(json.loads(RECEIPT)["payload"])
        for receipt in (RECEIPT, BOTH):
            assert verify_receipt(receipt, published).digest == hashlib.sha256(payload).hexdigest()
        assert verify_receipt(PLAIN).digest != verify_receipt(RECEIPT).digest

    def test_the_wallets_signature_alone_is_verified_without_looking_anything_up(self) -> None:
        for receipt in (PLAIN, RECEIPT, BOTH):
            verified = verify_wallet_signature(receipt)
            assert verified.countersigner is None
            assert replace(verify_receipt(receipt, published), countersigner=None) == verified

    def test_two_parties_find_nothing_in_common_but_the_words(self) -> None:
        got = []
        for address in ("https://shop.example/a", "https://other.example/b"):
            asked = question(address=address, purpose=f"for {address}")
            key = derivation.pairwise_key(ROOT, asked.party)
            answer = build_answer(asked, SAID["choose"], key=key, now=NOW, method=OWNER)
            receipt = build_receipt(asked, answer, number=1, key=key, now=NOW, terms=TERMS)
            agreement = payload_of(receipt)["terms"]
            got.append({agreement[name] for name in ("uid", "target", "assigner", "assignee")})
        assert got[0].isdisjoint(got[1])


class TestWhatWasOffered:
    @pytest.mark.parametrize("offered", OTHERS, ids=str)
    def test_other_terms_than_those_of_the_request_are_not_signed(self, offered: Terms | None) -> None:
        for made, asked in ((TERMS, offered), (offered, TERMS)):
            receipt = build_receipt(QUESTION, ANSWER, number=3, key=KEY, now=NOW, terms=made)
            with pytest.raises(VerificationFailed) as caught:
                check_terms(verify_receipt(receipt), QUESTION, ANSWER, asked)
            assert caught.value.code == "receipt-other-terms"
            assert len(caught.value.message) < 500

    @pytest.mark.parametrize(
        "given",
        [{"choices": []}, {"choices": ["1"]}, {"choices": ["3", "1"]}, {"topics": ["1", "3"]}, {"x": {}}],
    )
    def test_another_content_than_that_of_the_answer_is_not_signed(self, given: Any) -> None:
        with pytest.raises(VerificationFailed) as caught:
            check_terms(verify_receipt(with_terms(given=given)), QUESTION, ANSWER, TERMS)
        assert caught.value.code == "receipt-other-answer"

    def test_another_key_than_that_of_the_answer_has_agreed_to_nothing(self) -> None:
        made = build_receipt(QUESTION, ANSWER, number=3, key=EVIL_KEY, now=NOW, terms=TERMS)
        with pytest.raises(VerificationFailed) as caught:
            check_terms(verify_receipt(made), QUESTION, ANSWER, TERMS)
        assert caught.value.code == "receipt-foreign"

    def test_no_receipt_with_terms_is_built_for_what_is_no_answer(self) -> None:
        other = build_answer(question(), SAID["choose"], key=KEY, now=NOW, method=OWNER)
        for answer in (other, ANSWER + "x"):
            with pytest.raises(IpseError):
                build_receipt(QUESTION, answer, number=3, key=KEY, now=NOW, terms=TERMS)
        with pytest.raises(MalformedInput) as caught:
            build_receipt(QUESTION, ANSWER, number=3, key=KEY, now=NOW, terms=Terms())
        assert caught.value.code == "terms-empty"


class TestForgery:
    @pytest.mark.parametrize("receipt", [RECEIPT, BOTH], ids=["one signature", "both"])
    @pytest.mark.parametrize("name", ["terms", "given", "pad"])
    def test_none_of_it_can_be_changed_or_taken_away_after_signing(self, receipt: str, name: str) -> None:
        payload = payload_of(receipt)
        others = {
            "terms": build_policy(Terms(no_resale=True), SUBJECT),
            "given": {"choices": ["1", "4"]},
            "pad": "",
        }
        for changed in ({**payload, name: others[name]}, {**payload_of(PLAIN)}):
            body = base64url.encode(json.dumps(changed).encode())
            refused(json.dumps({**json.loads(receipt), "payload": body}), VerificationFailed)

    @pytest.mark.parametrize("names", [["terms"], ["given"], ["pad"], ["terms", "given"], ["given", "pad"]])
    def test_the_three_members_come_together(self, names: list[str]) -> None:
        refused(with_terms(**dict.fromkeys(names, ...)), MalformedInput, reason="members of")
        refused(forged(**{name: payload_of(RECEIPT)[name] for name in names}), MalformedInput)

    @pytest.mark.parametrize(
        ("changes", "reason"),
        [
            ({"purpose": "Sell it"}, "rightOperand of constraint of permission"),
            ({"retention_until": "2026-07-09T12:10:00Z"}, "rightOperand of constraint of obligation"),
            ({"party": "https://evil.example"}, "assignee"),
            ({"answer": "0" * 64}, "target"),
        ],
    )
    def test_the_terms_may_not_contradict_the_rest(self, changes: dict[str, Any], reason: str) -> None:
        refused(with_terms(**changes), MalformedInput, "terms-contradict", reason)

    @pytest.mark.parametrize(
        ("changes", "reason"),
        [
            ({"party": "https://evil.example"}, "assignee"),
            ({"target": named_information(b"x" * 32)}, "target"),
            ({"purpose": "Sell it"}, "rightOperand"),
            ({"retention": 8 * DAY}, "rightOperand"),
            ({"assigner": did_key.from_public_key(EVIL_KEY.public())}, "assigner"),
            ({"assigner": None}, "assigner|@type"),
        ],
    )
    def test_terms_about_something_else_are_refused(self, changes: dict[str, Any], reason: str) -> None:
        policy = build_policy(TERMS, replace(SUBJECT, **changes))
        refused(with_terms(terms=policy), MalformedInput, "terms-contradict", reason)

    @pytest.mark.parametrize("terms", [None, {}, [], "x", 5, {"@type": "Agreement"}, {"x": 1}])
    def test_terms_that_are_none_are_refused(self, terms: Any) -> None:
        refused(with_terms(terms=terms), MalformedInput)

    @pytest.mark.parametrize(
        "given",
        [
            None, [], {}, "x", 5, {"choices": "1"}, {"choices": [1]}, {"choices": [["1"]]},
            {"bands": {"a": 1}}, {"choices": ["1"], "topics": []}, {"choices": None},
        ],
    )  # fmt: skip
    def test_what_was_given_is_one_member_with_texts(self, given: Any) -> None:
        refused(with_terms(given=given), MalformedInput, reason="given")

    @pytest.mark.parametrize("pad", [None, 0, "1", "0 0", "x", ["0"]])
    def test_padding_is_zeros(self, pad: Any) -> None:
        refused(with_terms(pad=pad), MalformedInput, reason="pad")

    def test_what_contradicts_itself_is_not_countersigned(self) -> None:
        for receipt in (with_terms(purpose="Sell it"), with_terms(pad="x"), with_terms(terms={})):
            with pytest.raises(MalformedInput):
                countersign(receipt, WEB, f"{WEB}#key-1", SHOP_KEY)

    def test_the_terms_of_another_receipt_do_not_fit(self) -> None:
        later = build_answer(QUESTION, SAID["choose"], key=KEY, now=NOW + HOUR / 4, method=OWNER)
        made = build_receipt(QUESTION, later, number=4, key=KEY, now=NOW + HOUR / 4, terms=TERMS)
        refused(with_terms(terms=payload_of(made)["terms"]), MalformedInput, "terms-contradict", "target")
