"""Withdrawals and the replies to them: every way to forge one, to send it elsewhere or to send it again."""

from __future__ import annotations

import json
from dataclasses import replace
from datetime import timedelta
from typing import Any, Final

import pytest

from ipse.credentials import jws
from ipse.dids import did_jwk, did_key, did_web, resolver
from ipse.disclosure.answers import build_answer
from ipse.disclosure.methods import OWNER
from ipse.disclosure.questions import Question
from ipse.disclosure.receipts import ReceiptVerification, build_receipt, verify_receipt
from ipse.disclosure.terms import Terms
from ipse.disclosure.withdrawals import (
    MAX_REASON,
    REPLY,
    WITHDRAWAL,
    ReplyOutcome,
    ReplyVerification,
    WithdrawalVerification,
    build_reply,
    build_withdrawal,
    verify_reply,
    verify_withdrawal,
)
from ipse.encoding import base64url, strict_json
from ipse.encoding.strict_json import JsonObject
from ipse.errors import (
    InputTooLarge,
    IpseError,
    MalformedInput,
    NotFound,
    Undetermined,
    UsageError,
    VerificationFailed,
)
from ipse.keys import derivation, key_types
from ipse.keys.ed25519 import PrivateKey
from tests.unit.disclosure.material import (
    DAY,
    HOUR,
    KEY,
    NOW,
    ROOT,
    SAID,
    SHOP,
    SHOP_DID,
    SHOP_KEY,
    question,
    signer_of,
)

WEB: Final = "did:web:shop.example"
WEB_METHOD: Final = f"{WEB}#key-1"
EVIL_KEY: Final = PrivateKey(b"e" * 32)
EVIL_DID, EVIL_METHOD, _ = signer_of(EVIL_KEY)
WALLET_DID: Final = did_key.from_public_key(KEY.public())
WALLET_METHOD: Final = did_key.verification_method_id(WALLET_DID)
SECOND: Final = timedelta(seconds=1)
LATER: Final = NOW + 2 * DAY
REASON: Final = "the law has us keep orders for ten years"
WRONG: Final[list[Any]] = [..., None, [], {}, 1.5, "", "x\ny"]
DELETED, REFUSED = ReplyOutcome.DELETED, ReplyOutcome.REFUSED


def published(did: str) -> JsonObject:
    """The document of any did:web, with the shop's one key; other methods need no publishing."""
    if not did.startswith("did:web:"):
        return resolver.resolve(did)
    return did_web.document(did, {"key-1": SHOP_KEY.public()})


def receipt_for(asked: Question, *, terms: Terms | None = None, number: int = 1) -> ReceiptVerification:
    key = derivation.pairwise_key(ROOT, asked.party)
    answer = build_answer(asked, SAID[asked.level], key=key, now=NOW, method=OWNER)
    return verify_receipt(build_receipt(asked, answer, number=number, key=key, now=NOW, terms=terms))


RECEIPT: Final = receipt_for(question(), terms=Terms(deletion_on_demand=True))
OTHER_RECEIPT: Final = receipt_for(question(), terms=Terms(deletion_on_demand=True))
TEXT: Final = build_withdrawal(RECEIPT, key=KEY, now=LATER)
WITHDRAWN: Final = verify_withdrawal(TEXT, RECEIPT, now=LATER)


def replied(
    outcome: ReplyOutcome = REFUSED,
    withdrawal: WithdrawalVerification = WITHDRAWN,
    *,
    reason: str | None = None,
    did: str = WEB,
    method_id: str = WEB_METHOD,
    signer: Any = SHOP_KEY,
    now: Any = LATER,
) -> str:
    reason = (REASON if outcome is REFUSED else "") if reason is None else reason
    return build_reply(
        withdrawal, outcome, did=did, method_id=method_id, signer=signer, now=now, reason=reason
    )


def parts_of(text: str) -> tuple[dict[str, Any], dict[str, Any]]:
    header, payload, _ = text.split(".")
    return (
        strict_json.parse_object(base64url.decode(header)),
        strict_json.parse_object(base64url.decode(payload)),
    )


def signed(header: Any, payload: Any, key: PrivateKey) -> str:
    """A JWS with any header and payload; `...` leaves a member out."""
    parts = [{name: value for name, value in part.items() if value is not ...} for part in (header, payload)]
    message = ".".join(base64url.encode(json.dumps(part).encode()) for part in parts)
    return f"{message}.{base64url.encode(key.sign(message.encode()))}"


def forged(key: PrivateKey = KEY, header: dict[str, Any] | None = None, **changes: Any) -> str:
    """The withdrawal with other claims, signed anew."""
    own_header, own_payload = parts_of(TEXT)
    return signed({**own_header, **(header or {})}, {**own_payload, **changes}, key)


def forged_reply(
    made: ReplyOutcome = REFUSED,
    key: PrivateKey = SHOP_KEY,
    header: dict[str, Any] | None = None,
    **changes: Any,
) -> str:
    """A reply with other claims, signed anew."""
    own_header, own_payload = parts_of(replied(made))
    return signed({**own_header, **(header or {})}, {**own_payload, **changes}, key)


def refused(
    text: str, error: type[IpseError], code: str, *, receipt: ReceiptVerification = RECEIPT, now: Any = LATER
) -> None:
    with pytest.raises(IpseError) as caught:
        verify_withdrawal(text, receipt, now=now)
    _check(caught.value, error, code)


def reply_refused(
    text: str,
    error: type[IpseError],
    code: str,
    *,
    withdrawal: WithdrawalVerification = WITHDRAWN,
    resolve: Any = published,
    now: Any = LATER,
) -> None:
    with pytest.raises(IpseError) as caught:
        verify_reply(text, withdrawal, resolve, now=now)
    _check(caught.value, error, code)


def _check(found: IpseError, error: type[IpseError], code: str) -> None:
    assert (type(found), found.code) == (error, code), found.message
    assert "\n" not in found.message
    assert len(found.message) < 500
    assert found.hint


class TestGoodWithdrawals:
    def test_it_names_the_receipt_the_answer_the_party_and_the_time_and_asks_to_delete(self) -> None:
        header, payload = parts_of(TEXT)
        assert header == {"alg": "EdDSA", "kid": WALLET_METHOD, "typ": "ipse-withdrawal"}
        assert payload == {
            "type": "urn:ipse:withdrawal:1",
            "party": SHOP,
            "receipt": RECEIPT.digest,
            "answer": RECEIPT.payload["answer"],
            "action": "delete",
            "issued": "2026-07-03T12:10:00Z",
        }
        assert payload["type"] == WITHDRAWAL

    def test_what_is_built_is_verified_by_the_applications_side(self) -> None:
        assert WITHDRAWN.party == SHOP
        assert WITHDRAWN.wallet_did == WALLET_DID
        assert WITHDRAWN.receipt == RECEIPT.digest
        assert WITHDRAWN.issued == LATER
        assert WITHDRAWN.payload == parts_of(TEXT)[1]

    @pytest.mark.parametrize("terms", [None, Terms(no_resale=True), Terms(deletion_on_demand=True)])
    def test_any_receipt_can_be_withdrawn_whatever_was_promised(self, terms: Terms | None) -> None:
        receipt = receipt_for(question("topics", signer=signer_of()), terms=terms)
        key = derivation.pairwise_key(ROOT, SHOP_DID)
        text = build_withdrawal(receipt, key=key, now=NOW)
        assert verify_withdrawal(text, receipt, now=NOW).party == SHOP_DID

    def test_the_countersigned_receipt_is_the_same_receipt(self) -> None:
        both = replace(RECEIPT, countersigner=WEB)
        assert verify_withdrawal(TEXT, both, now=LATER) == WITHDRAWN

    def test_an_old_withdrawal_is_as_good_as_a_new_one(self) -> None:
        assert verify_withdrawal(TEXT, RECEIPT, now=LATER + 3000 * DAY) == WITHDRAWN

    @pytest.mark.parametrize("away", [-60 * SECOND, 60 * SECOND])
    def test_clocks_may_differ_by_a_minute(self, away: timedelta) -> None:
        assert verify_withdrawal(TEXT, RECEIPT, now=LATER + away) == WITHDRAWN
        early = build_withdrawal(RECEIPT, key=KEY, now=NOW - 60 * SECOND)
        assert verify_withdrawal(early, RECEIPT, now=NOW).issued == NOW - 60 * SECOND

    def test_two_withdrawals_of_one_answer_have_digests_of_their_own(self) -> None:
        again = build_withdrawal(RECEIPT, key=KEY, now=LATER + SECOND)
        assert verify_withdrawal(again, RECEIPT, now=LATER + HOUR).digest != WITHDRAWN.digest

    def test_the_digest_does_not_go_by_the_signature(self) -> None:
        """An ECDSA signature can be spelled anew by anybody, r and -s for r and s."""
        key = key_types.private_key("P-256", b"\x11" * 32)
        did = did_key.from_public_key(key.public())
        receipt = replace(RECEIPT, wallet_did=did)
        message = signed(
            {"alg": "ES256", "kid": did_key.verification_method_id(did), "typ": "ipse-withdrawal"},
            parts_of(TEXT)[1],
            KEY,
        ).rpartition(".")[0]
        order = 0xFFFFFFFF00000000FFFFFFFFFFFFFFFFBCE6FAADA7179E84F3B9CAC2FC632551
        signature = key.sign(message.encode())
        other = signature[:32] + (order - int.from_bytes(signature[32:], "big")).to_bytes(32, "big")
        digests = []
        for spelled in (signature, other):
            text = f"{message}.{base64url.encode(spelled)}"
            digests.append(verify_withdrawal(text, receipt, now=LATER).digest)
        assert digests[0] == digests[1]


class TestForgedWithdrawals:
    def test_the_wallet_makes_none_of_what_it_did_not_sign(self) -> None:
        for key in (EVIL_KEY, derivation.pairwise_key(ROOT, "https://other.example")):
            with pytest.raises(VerificationFailed) as caught:
                build_withdrawal(RECEIPT, key=key, now=LATER)
            assert caught.value.code == "withdrawal-foreign"

    def test_another_key_withdraws_nothing(self) -> None:
        refused(forged(EVIL_KEY, {"kid": EVIL_METHOD}), VerificationFailed, "withdrawal-foreign")
        refused(forged(SHOP_KEY, {"kid": WEB_METHOD}), VerificationFailed, "withdrawal-foreign")
        refused(forged(EVIL_KEY), VerificationFailed, "withdrawal-signature")
        other = f"{WALLET_DID}#{EVIL_METHOD.partition('#')[2]}"
        refused(forged(EVIL_KEY, {"kid": other}), VerificationFailed, "withdrawal-signature")

    def test_the_key_of_another_application_withdraws_nothing(self) -> None:
        key = derivation.pairwise_key(ROOT, "https://other.example")
        kid = did_key.verification_method_id(did_key.from_public_key(key.public()))
        refused(forged(key, {"kid": kid}), VerificationFailed, "withdrawal-foreign")

    def test_what_is_addressed_to_another_party_is_refused(self) -> None:
        text = forged(party="https://other.example")
        refused(text, VerificationFailed, "withdrawal-other-party")

    def test_a_withdrawal_sent_to_another_application_is_refused(self) -> None:
        other = receipt_for(question(address="https://other.example/x"))
        refused(TEXT, VerificationFailed, "withdrawal-foreign", receipt=other)
        # Even one that has been given the same key.
        same = replace(other, wallet_did=WALLET_DID)
        refused(TEXT, VerificationFailed, "withdrawal-other-party", receipt=same)

    def test_a_withdrawal_of_another_receipt_is_refused(self) -> None:
        refused(TEXT, VerificationFailed, "withdrawal-other-receipt", receipt=OTHER_RECEIPT)
        refused(forged(receipt=OTHER_RECEIPT.digest), VerificationFailed, "withdrawal-other-receipt")
        answer = OTHER_RECEIPT.payload["answer"]
        refused(forged(answer=answer), VerificationFailed, "withdrawal-other-receipt")

    def test_it_takes_back_no_answer_that_came_after_it(self) -> None:
        asked = question(issued=LATER)
        answer = build_answer(asked, SAID["choose"], key=KEY, now=LATER + HOUR / 2, method=OWNER)
        made = build_receipt(asked, answer, number=2, key=KEY, now=LATER + HOUR / 2)
        later = verify_receipt(made)
        refused(TEXT, VerificationFailed, "withdrawal-other-receipt", receipt=later, now=LATER + HOUR)
        early = forged(receipt=later.digest, answer=later.payload["answer"])
        refused(early, VerificationFailed, "withdrawal-untimely", receipt=later, now=LATER + HOUR)

    @pytest.mark.parametrize(
        "issued", ["2026-07-01T12:08:59Z", "2026-07-03T12:11:01Z", "9999-12-31T23:59:59Z"]
    )
    def test_one_from_before_the_receipt_or_from_the_future_is_refused(self, issued: str) -> None:
        refused(forged(issued=issued), VerificationFailed, "withdrawal-untimely")

    def test_the_wallet_makes_none_from_before_the_receipt(self) -> None:
        with pytest.raises(VerificationFailed) as caught:
            build_withdrawal(RECEIPT, key=KEY, now=NOW - 61 * SECOND)
        assert caught.value.code == "withdrawal-untimely"

    @pytest.mark.parametrize(
        "header",
        [
            {"alg": "none"},
            {"alg": "None"},
            {"alg": "HS256"},
            {"alg": "ES256"},
            {"alg": ...},
            {"alg": ["EdDSA"]},
        ],
    )
    def test_the_algorithm_is_that_of_the_key(self, header: dict[str, Any]) -> None:
        refused(forged(header=header), VerificationFailed, "withdrawal-signature")

    def test_nothing_unsigned_is_taken(self) -> None:
        header, payload = parts_of(TEXT)
        message = ".".join(
            base64url.encode(json.dumps(part).encode()) for part in ({**header, "alg": "none"}, payload)
        )
        refused(f"{message}.", MalformedInput, "withdrawal-malformed")
        refused(f"{message}.{'A' * 86}", VerificationFailed, "withdrawal-signature")

    @pytest.mark.parametrize(
        "header",
        [
            {"crit": ["x"]},
            {"jwk": key_types.public_to_jwk(EVIL_KEY.public())},
            {"jku": "https://evil.example/keys"},
            {"b64": False},
            {"iat": 1},
        ],
    )
    def test_a_header_with_more_in_it_is_malformed(self, header: dict[str, Any]) -> None:
        refused(forged(header=header), MalformedInput, "withdrawal-malformed")

    @pytest.mark.parametrize(
        "typ", [..., None, "JWT", "kb+jwt", "dc+sd-jwt", "ipse-receipt", "ipse-withdrawal-reply"]
    )
    def test_what_was_signed_as_something_else_is_none(self, typ: Any) -> None:
        refused(forged(header={"typ": typ}), VerificationFailed, "withdrawal-other-type")

    @pytest.mark.parametrize("kid", [..., None, 5, "", WALLET_DID, "key-1", ["x"], "x\ny" * 500])
    def test_a_signature_that_names_no_key_is_refused(self, kid: Any) -> None:
        refused(forged(header={"kid": kid}), VerificationFailed, "withdrawal-other-type")

    @pytest.mark.parametrize(
        ("name", "value"),
        [
            *((name, value) for name in parts_of(TEXT)[1] for value in WRONG),
            ("type", REPLY),
            ("action", "anonymize"),
            ("receipt", "0" * 63),
            ("answer", "A" * 64),
            ("issued", "2026-07-03"),
            ("issued", "2026-07-03T12:10:00+00:00"),
            ("issued", "2026-07-03T12:10:00.5Z"),
            ("reason", "x"),
            ("outcome", "deleted"),
            ("other", 1),
        ],
    )
    def test_a_payload_with_anything_else_in_it_is_refused(self, name: str, value: Any) -> None:
        party = name == "party" and value is not ...
        error = VerificationFailed if party else MalformedInput
        code = "withdrawal-other-party" if party else "withdrawal-malformed"
        refused(forged(**{name: value}), error, code)

    def test_no_character_can_be_changed_added_or_removed(self) -> None:
        for position in range(0, len(TEXT), 5):
            for spelling in ("A" if TEXT[position] != "A" else "B", "", TEXT[position] * 2):
                with pytest.raises(IpseError):
                    verify_withdrawal(TEXT[:position] + spelling + TEXT[position + 1 :], RECEIPT, now=LATER)

    @pytest.mark.parametrize(
        "text",
        [
            "",
            "x",
            "..",
            "a.b.c",
            "{}",
            "\ud800",
            f"{TEXT}.x",
            TEXT + "=",
            " " + TEXT,
            TEXT.replace(".", ".."),
        ],
        ids=lambda text: ascii(text[:12]),
    )
    def test_what_is_no_jws_is_malformed(self, text: str) -> None:
        refused(text, MalformedInput, "withdrawal-malformed")
        reply_refused(text, MalformedInput, "reply-malformed")

    def test_a_member_that_stands_there_twice_is_malformed(self) -> None:
        header, payload, _ = TEXT.split(".")
        twice = base64url.decode(payload).replace(b'{"type"', b'{"type":"x","type"')
        message = f"{header}.{base64url.encode(twice)}"
        text = f"{message}.{base64url.encode(KEY.sign(message.encode()))}"
        refused(text, MalformedInput, "withdrawal-malformed")

    def test_what_is_longer_than_16_kib_is_refused_unread(self) -> None:
        refused(TEXT + "A" * 16_384, InputTooLarge, "too-large")
        reply_refused(replied() + "A" * 16_384, InputTooLarge, "too-large")


class TestGoodReplies:
    def test_it_is_bound_to_the_withdrawal_and_says_what_was_done(self) -> None:
        header, payload = parts_of(replied())
        assert header == {"alg": "EdDSA", "kid": WEB_METHOD, "typ": "ipse-withdrawal-reply"}
        assert payload == {
            "type": "urn:ipse:withdrawal-reply:1",
            "party": SHOP,
            "withdrawal": WITHDRAWN.digest,
            "outcome": "refused",
            "reason": REASON,
            "issued": "2026-07-03T12:10:00Z",
        }
        assert payload.keys() - parts_of(replied(DELETED))[1].keys() == {"reason"}

    @pytest.mark.parametrize(("outcome", "reason"), [(DELETED, ""), (REFUSED, REASON)])
    def test_what_is_built_is_verified_by_the_wallets_side(self, outcome: ReplyOutcome, reason: str) -> None:
        text = replied(outcome)
        assert verify_reply(text, WITHDRAWN, published, now=LATER) == ReplyVerification(
            WEB, outcome, reason, LATER, parts_of(text)[1]
        )

    @pytest.mark.parametrize("key_type", key_types.SIGNING_TYPES)
    @pytest.mark.parametrize("method", ["key", "jwk"])
    def test_the_did_that_asked_replies(self, key_type: str, method: str) -> None:
        key = key_types.private_key(key_type, b"\x11" * 32)
        did = (did_key if method == "key" else did_jwk).from_public_key(key.public())
        kid = did_key.verification_method_id(did) if method == "key" else f"{did}#0"
        receipt = receipt_for(question(signer=(did, kid, key)))
        text = build_withdrawal(receipt, key=derivation.pairwise_key(ROOT, did), now=LATER)
        withdrawal = verify_withdrawal(text, receipt, now=LATER)
        reply = replied(DELETED, withdrawal, did=did, method_id=kid, signer=key)
        assert verify_reply(reply, withdrawal, now=LATER).party_did == did

    @pytest.mark.parametrize("days", [0, 1, 4000])
    def test_it_can_come_late(self, days: int) -> None:
        late = LATER + days * DAY
        assert verify_reply(replied(now=late), WITHDRAWN, published, now=late).issued == late


class TestForgedReplies:
    @pytest.mark.parametrize(
        ("method", "key"),
        [
            (EVIL_METHOD, EVIL_KEY),
            (WALLET_METHOD, KEY),
            ("did:web:evil.example#key-1", SHOP_KEY),
            ("did:web:www.shop.example#key-1", SHOP_KEY),
            ("did:web:shop.example%3A8443#key-1", SHOP_KEY),
            (signer_of()[1], SHOP_KEY),
            ("https://shop.example#key-1", SHOP_KEY),
            ("did:example:123#key-1", SHOP_KEY),
        ],
    )
    def test_nobody_but_the_party_replies(self, method: str, key: PrivateKey) -> None:
        for outcome in ReplyOutcome:
            text = forged_reply(outcome, key, {"kid": method})
            reply_refused(text, VerificationFailed, "reply-foreign")
            with pytest.raises(UsageError, match="who got the answer"):
                replied(outcome, did=method.partition("#")[0], method_id=method, signer=key)

    @pytest.mark.parametrize("method", ["#key-1", "did:web:evil.example#key-1", WEB, ""])
    def test_the_key_is_one_of_the_did_that_signs(self, method: str) -> None:
        with pytest.raises(UsageError):
            replied(method_id=method)

    def test_another_key_under_the_partys_name_is_refused(self) -> None:
        reply_refused(forged_reply(key=EVIL_KEY), VerificationFailed, "reply-signature")
        other = forged_reply(header={"kid": f"{WEB}#key-2"})
        reply_refused(other, VerificationFailed, "reply-signature")

    def test_a_key_that_is_for_authentication_alone_does_not_sign_replies(self) -> None:
        document = {**published(WEB), "assertionMethod": []}
        reply_refused(replied(), VerificationFailed, "reply-signature", resolve=lambda _: document)

    @pytest.mark.parametrize("name", ["revoked", "expires"])
    def test_a_key_whose_use_has_ended_signs_none(self, name: str) -> None:
        def ended(when: str) -> Any:
            document = published(WEB)
            document["verificationMethod"] = [
                {**method, name: when} for method in document["verificationMethod"]
            ]
            return lambda _: document

        code = "key-revoked" if name == "revoked" else "key-expired"
        with pytest.raises(VerificationFailed) as caught:
            verify_reply(replied(), WITHDRAWN, ended("2026-07-03T12:10:00Z"), now=LATER)
        assert caught.value.code == code
        reply_refused(replied(), Undetermined, code, resolve=ended("2026-07-04T00:00:00Z"), now=LATER + DAY)
        assert verify_reply(replied(), WITHDRAWN, ended("2026-07-04T00:00:00Z"), now=LATER).reason == REASON

    @pytest.mark.parametrize("error", [Undetermined("out of reach"), NotFound("gone")])
    def test_where_the_partys_document_is_out_of_reach_nothing_is_said(self, error: IpseError) -> None:
        def resolve(_: str) -> JsonObject:
            raise error

        reply_refused(replied(), type(error), error.code, resolve=resolve)

    def test_a_reply_to_another_withdrawal_is_refused(self) -> None:
        again_text = build_withdrawal(RECEIPT, key=KEY, now=LATER + SECOND)
        other_text = build_withdrawal(OTHER_RECEIPT, key=KEY, now=LATER)
        again = verify_withdrawal(again_text, RECEIPT, now=LATER)
        other = verify_withdrawal(other_text, OTHER_RECEIPT, now=LATER)
        for outcome in ReplyOutcome:
            for withdrawal in (again, other):
                reply_refused(
                    replied(outcome),
                    VerificationFailed,
                    "reply-other-withdrawal",
                    withdrawal=withdrawal,
                )

    def test_a_reply_to_another_party_is_refused(self) -> None:
        text = forged_reply(party="https://other.example")
        reply_refused(text, VerificationFailed, "reply-other-party")

    @pytest.mark.parametrize(
        "receipt_payload",
        [RECEIPT.payload["answer"], RECEIPT.digest, "0" * 64],
        ids=["of the answer", "of the receipt", "of nothing"],
    )
    def test_the_digest_of_something_else_is_no_withdrawal(self, receipt_payload: str) -> None:
        text = forged_reply(withdrawal=receipt_payload)
        reply_refused(text, VerificationFailed, "reply-other-withdrawal")

    @pytest.mark.parametrize(
        "changes",
        [{"reason": "none"}, {"outcome": "deleted", "reason": ...}, {"issued": "2026-07-03T12:10:01Z"}],
        ids=str,
    )
    def test_nothing_can_be_changed_after_signing(self, changes: dict[str, Any]) -> None:
        header, _, signature = replied().split(".")
        payload = {**parts_of(replied())[1], **changes}
        body = strict_json.canonical({name: value for name, value in payload.items() if value is not ...})
        text = f"{header}.{base64url.encode(body)}.{signature}"
        reply_refused(text, VerificationFailed, "reply-signature")

    @pytest.mark.parametrize(
        "issued", ["2026-07-03T12:08:59Z", "2026-07-03T12:11:01Z", "2025-07-03T12:10:00Z"]
    )
    def test_one_from_before_the_withdrawal_or_from_the_future_is_refused(self, issued: str) -> None:
        reply_refused(forged_reply(issued=issued), VerificationFailed, "reply-untimely")

    @pytest.mark.parametrize("header", [{"alg": "none"}, {"alg": "HS256"}, {"alg": "ES256K"}, {"alg": ...}])
    def test_the_algorithm_is_that_of_the_key(self, header: dict[str, Any]) -> None:
        reply_refused(forged_reply(header=header), VerificationFailed, "reply-signature")

    @pytest.mark.parametrize("header", [{"crit": ["x"]}, {"x5c": []}, {"jwk": {}}])
    def test_a_header_with_more_in_it_is_malformed(self, header: dict[str, Any]) -> None:
        reply_refused(forged_reply(header=header), MalformedInput, "reply-malformed")

    @pytest.mark.parametrize("typ", [..., "JWT", "ipse-receipt", "ipse-withdrawal"])
    def test_what_was_signed_as_something_else_is_none(self, typ: Any) -> None:
        reply_refused(forged_reply(header={"typ": typ}), VerificationFailed, "reply-other-type")

    def test_a_withdrawal_is_no_reply_and_a_reply_no_withdrawal(self) -> None:
        reply_refused(TEXT, VerificationFailed, "reply-other-type")
        refused(replied(), VerificationFailed, "withdrawal-other-type")

    @pytest.mark.parametrize(
        ("name", "value"),
        [
            *((name, value) for name in parts_of(replied())[1] for value in WRONG if name != "party"),
            ("party", ...),
            ("type", WITHDRAWAL),
            ("outcome", "deleted"),
            ("outcome", "Refused"),
            ("outcome", "done"),
            ("reason", "x" * (MAX_REASON + 1)),
            ("reason", "a\u202eb"),
            ("withdrawal", "0" * 63),
            ("issued", "2026-07-03T14:10:00+02:00"),
            pytest.param("receipt", RECEIPT.digest, id="receipt"),
            ("other", 1),
        ],
    )
    def test_a_payload_with_anything_else_in_it_is_malformed(self, name: str, value: Any) -> None:
        reply_refused(forged_reply(**{name: value}), MalformedInput, "reply-malformed")

    def test_deletion_with_a_reason_is_malformed(self) -> None:
        reply_refused(forged_reply(DELETED, reason="x"), MalformedInput, "reply-malformed")

    @pytest.mark.parametrize(
        ("outcome", "reason", "error"),
        [
            (DELETED, "x", UsageError),
            (REFUSED, "", UsageError),
            (REFUSED, " ", MalformedInput),
            (REFUSED, "a\nb", MalformedInput),
            (REFUSED, "x" * (MAX_REASON + 1), MalformedInput),
        ],
    )
    def test_a_refusal_and_nothing_else_has_a_reason(
        self, outcome: ReplyOutcome, reason: str, error: type[IpseError]
    ) -> None:
        with pytest.raises(error, match="reason"):
            replied(outcome, reason=reason)

    def test_no_character_can_be_changed_added_or_removed(self) -> None:
        text = replied()
        for position in range(0, len(text), 5):
            for spelling in ("A" if text[position] != "A" else "B", "", text[position] * 2):
                with pytest.raises(IpseError):
                    verify_reply(
                        text[:position] + spelling + text[position + 1 :], WITHDRAWN, published, now=LATER
                    )

    def test_what_jws_says_besides_is_not_taken_for_a_reply(self) -> None:
        text = jws.sign({"typ": "ipse-withdrawal-reply", "kid": WEB_METHOD}, {}, SHOP_KEY).encoded
        reply_refused(text, MalformedInput, "reply-malformed")
