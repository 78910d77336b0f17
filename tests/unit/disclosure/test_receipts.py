"""Receipts: signed by the wallet, countersigned by the one who asked, and every way to forge one."""

from __future__ import annotations

import hashlib
import json
from typing import Any

import pytest

from ipse.credentials import jws
from ipse.dids import did_jwk, did_key, did_web, resolver
from ipse.disclosure.answers import build_answer
from ipse.disclosure.levels import NAMES
from ipse.disclosure.methods import OWNER
from ipse.disclosure.questions import Question, parse_question
from ipse.disclosure.receipts import TYPE, build_receipt, check_terms, countersign, verify_receipt
from ipse.encoding import base64url, strict_json
from ipse.encoding.strict_json import JsonObject
from ipse.errors import IpseError, MalformedInput, NotFound, Undetermined, UsageError, VerificationFailed
from ipse.keys import derivation, key_types
from ipse.keys.ed25519 import PrivateKey
from tests.unit.disclosure.material import (
    ADDRESS,
    KEY,
    NOW,
    ROOT,
    SAID,
    SHOP,
    SHOP_DID,
    SHOP_KEY,
    built,
    question,
    signer_of,
)

WEB = "did:web:shop.example"
WEB_METHOD = f"{WEB}#key-1"
EVIL_KEY = PrivateKey(b"e" * 32)
EVIL_DID, EVIL_METHOD, _ = signer_of(EVIL_KEY)
WALLET_DID = did_key.from_public_key(KEY.public())
WALLET_METHOD = did_key.verification_method_id(WALLET_DID)

WRONG: list[Any] = [..., None, [], {}, 1.5, "", "x\ny", -1]

QUESTION = question()
ANSWER = build_answer(QUESTION, SAID["choose"], key=KEY, now=NOW, method=OWNER)
RECEIPT = build_receipt(QUESTION, ANSWER, number=3, key=KEY, now=NOW)


def published(did: str) -> JsonObject:
    """The document of any did:web, with the shop's one key; other methods need no publishing."""
    if not did.startswith("did:web:"):
        return resolver.resolve(did)
    return did_web.document(did, {"key-1": SHOP_KEY.public()})


def never(did: str) -> JsonObject:
    raise AssertionError(f"{did} was looked up")


BOTH = countersign(RECEIPT, WEB, WEB_METHOD, SHOP_KEY)


def receipt_for(asked: Question) -> str:
    key = derivation.pairwise_key(ROOT, asked.party)
    answer = build_answer(asked, SAID[asked.level], key=key, now=NOW, method=OWNER)
    return build_receipt(asked, answer, number=1, key=key, now=NOW)


def payload_of(receipt: str) -> dict[str, Any]:
    return strict_json.parse_object(base64url.decode(json.loads(receipt)["payload"]))


def signature(body: str, kid: Any, key: PrivateKey, **header: Any) -> dict[str, str]:
    members = {"alg": key.algorithm, "kid": kid, "typ": "ipse-receipt", **header}
    members = {name: value for name, value in members.items() if value is not ...}
    protected = base64url.encode(json.dumps(members).encode())
    return {"protected": protected, "signature": base64url.encode(key.sign(f"{protected}.{body}".encode()))}


def forged(*signers: tuple[Any, PrivateKey], header: dict[str, Any] | None = None, **changes: Any) -> str:
    """A receipt with changed claims, signed anew by `signers` (the wallet alone by default)."""
    payload = {name: value for name, value in {**payload_of(RECEIPT), **changes}.items() if value is not ...}
    body = base64url.encode(json.dumps(payload).encode())
    signers = signers or ((WALLET_METHOD, KEY),)
    entries = [signature(body, kid, key, **(header or {})) for kid, key in signers]
    return json.dumps({"payload": body, "signatures": entries})


def entries_of(receipt: str) -> list[dict[str, str]]:
    entries = json.loads(receipt)["signatures"]
    assert isinstance(entries, list)
    return entries


def with_entries(*entries: Any) -> str:
    return json.dumps({"payload": json.loads(RECEIPT)["payload"], "signatures": list(entries)})


def assert_refused(receipt: str, error: type[IpseError], reason: str = ".", resolve: Any = published) -> None:
    with pytest.raises(error, match=reason) as caught:
        verify_receipt(receipt, resolve)
    assert type(caught.value) is error
    assert "\n" not in caught.value.message
    assert len(caught.value.message) < 500


class TestGoodReceipts:
    def test_it_holds_the_terms_and_nothing_else(self) -> None:
        verified = verify_receipt(RECEIPT, never)
        assert verified.payload == {
            "type": "urn:ipse:receipt:1",
            "number": 3,
            "party": SHOP,
            "audience": f"redirect_uri:{ADDRESS}",
            "level": "choose",
            "purpose": "Choose what to show first",
            "issued": "2026-07-01T12:10:00Z",
            "expires": "2026-07-02T12:10:00Z",
            "retention_until": "2026-07-08T12:10:00Z",
            "request": QUESTION.authorization.digest,
            "answer": hashlib.sha256(ANSWER.encode()).hexdigest(),
        }
        assert (verified.wallet_did, verified.countersigner) == (WALLET_DID, None)

    def test_it_is_a_jws_in_general_json_serialization(self) -> None:
        # RFC 7515 section 7.2.1
        whole = json.loads(BOTH)
        assert set(whole) == {"payload", "signatures"}
        assert [set(entry) for entry in whole["signatures"]] == [{"protected", "signature"}] * 2
        headers = [json.loads(base64url.decode(entry["protected"])) for entry in whole["signatures"]]
        assert headers == [
            {"alg": "EdDSA", "kid": WALLET_METHOD, "typ": "ipse-receipt"},
            {"alg": "EdDSA", "kid": WEB_METHOD, "typ": "ipse-receipt"},
        ]
        for entry, key in zip(whole["signatures"], (KEY, SHOP_KEY), strict=True):
            message = f"{entry['protected']}.{whole['payload']}".encode()
            assert key.public().verify(message, base64url.decode(entry["signature"]))

    @pytest.mark.parametrize(
        ("level", "digest"),
        [
            ("choose", "ddbaa5c6e5c3d6740fc6b2ef83fb0989378a205567ba99c90356d3d98f8bd573"),
            ("topics", "9578df26aa6c088b57bc87901e98a4e8ed4959bd2ae2aeebcd2d6dce5ef1664e"),
        ],
    )
    def test_the_same_receipt_has_the_same_bytes_in_every_version(self, level: str, digest: str) -> None:
        request = built(level)
        assert isinstance(request, dict)
        asked = parse_question({**request, "nonce": "n" * 43})
        receipt = build_receipt(asked, "an answer", number=3, key=KEY, now=NOW)
        both = countersign(receipt, WEB, WEB_METHOD, SHOP_KEY)
        assert hashlib.sha256(both.encode()).hexdigest() == digest

    def test_countersigning_changes_nothing_else(self) -> None:
        assert verify_receipt(BOTH, published).payload == verify_receipt(RECEIPT).payload
        assert json.loads(BOTH)["signatures"][0] == json.loads(RECEIPT)["signatures"][0]

    @pytest.mark.parametrize("level", NAMES)
    @pytest.mark.parametrize("key_type", key_types.SIGNING_TYPES)
    @pytest.mark.parametrize("method", ["key", "jwk"])
    def test_the_did_that_asked_countersigns(self, level: str, key_type: str, method: str) -> None:
        key = key_types.private_key(key_type, b"\x11" * 32)
        did = (did_key if method == "key" else did_jwk).from_public_key(key.public())
        kid = did_key.verification_method_id(did) if method == "key" else f"{did}#0"
        receipt = countersign(receipt_for(question(level, signer=(did, kid, key))), did, kid, key)
        assert verify_receipt(receipt).countersigner == did

    @pytest.mark.parametrize(
        ("address", "did"),
        [
            ("https://shop.example/x", WEB),
            ("https://shop.example:8443", "did:web:shop.example%3A8443"),
        ],
    )
    def test_a_did_web_of_the_origin_that_asked_countersigns(self, address: str, did: str) -> None:
        receipt = countersign(receipt_for(question(address=address)), did, f"{did}#key-1", SHOP_KEY)
        assert verify_receipt(receipt, published).countersigner == did


class TestTerms:
    def test_those_that_were_asked_are_found_to_be_so(self) -> None:
        for level in NAMES:
            asked = question(level)
            answer = build_answer(asked, SAID[level], key=KEY, now=NOW, method=OWNER)
            check_terms(
                verify_receipt(build_receipt(asked, answer, number=1, key=KEY, now=NOW)), asked, answer
            )

    @pytest.mark.parametrize(
        ("changes", "name"),
        [
            ({"purpose": "Sell it"}, "purpose"),
            ({"retention_until": "2036-07-01T12:10:00Z"}, "retention_until"),
            ({"retention_until": "9999-12-31T23:59:59Z", "issued": "9999-12-31T23:59:59Z"}, "issued"),
            ({"issued": "0001-01-01T00:00:00Z"}, "issued"),
            ({"issued": "2026-07-01T12:10:01Z"}, "issued"),
            ({"expires": "2026-07-02T12:10:01Z"}, "expires"),
            ({"party": "https://other.example"}, "party"),
            ({"audience": "redirect_uri:https://other.example"}, "audience"),
            ({"level": "statements"}, "level"),
            ({"request": "0" * 64}, "request"),
            ({"answer": "0" * 64}, "answer"),
        ],
    )
    def test_any_other_fails_by_its_name(self, changes: dict[str, Any], name: str) -> None:
        with pytest.raises(VerificationFailed, match=f"the receipt's {name}"):
            check_terms(verify_receipt(forged(**changes)), QUESTION, ANSWER)

    def test_another_question_or_answer_fails(self) -> None:
        with pytest.raises(VerificationFailed, match="request"):
            check_terms(verify_receipt(RECEIPT), question(), ANSWER)
        for answer in (ANSWER + "\n", "", "\ud800"):
            with pytest.raises(VerificationFailed, match="answer"):
                check_terms(verify_receipt(RECEIPT), QUESTION, answer)

    @pytest.mark.parametrize(
        "answer", ["", "x", "\ud800", jws.sign({}, {"iat": 10**12}, KEY).encoded + "~", RECEIPT]
    )
    def test_what_is_no_answer_is_malformed_even_where_the_receipt_is_about_it(self, answer: str) -> None:
        digest = hashlib.sha256(answer.encode("utf-8", "surrogatepass")).hexdigest()
        with pytest.raises(MalformedInput):
            check_terms(verify_receipt(forged(answer=digest)), QUESTION, answer)


class TestForgery:
    @pytest.mark.parametrize("receipt", [RECEIPT, BOTH], ids=["one signature", "both"])
    @pytest.mark.parametrize(
        ("name", "value"),
        [
            ("number", 4),
            ("party", "https://evil.example"),
            ("audience", "redirect_uri:https://evil.example"),
            ("level", "statements"),
            ("purpose", "Sell it"),
            ("issued", "2026-07-01T12:10:01Z"),
            ("expires", "2036-07-01T12:10:00Z"),
            ("retention_until", "2036-07-01T12:10:00Z"),
            ("request", "0" * 64),
            ("answer", "0" * 64),
        ],
    )
    def test_no_term_can_be_changed_after_signing(self, receipt: str, name: str, value: Any) -> None:
        body = base64url.encode(strict_json.canonical({**payload_of(receipt), name: value}))
        changed = json.dumps({**json.loads(receipt), "payload": body})
        assert_refused(changed, VerificationFailed, "signature does not fit")

    def test_no_character_can_be_changed_added_or_removed(self) -> None:
        for position in range(0, len(BOTH), 7):
            for spelling in ("A" if BOTH[position] != "A" else "B", "", BOTH[position] * 2):
                with pytest.raises(IpseError):
                    verify_receipt(BOTH[:position] + spelling + BOTH[position + 1 :], published)

    @pytest.mark.parametrize("signature_", ["", base64url.encode(bytes(64)), base64url.encode(b"x")])
    @pytest.mark.parametrize("position", [0, 1])
    def test_each_signature_must_hold(self, position: int, signature_: str) -> None:
        entries = entries_of(BOTH)
        entries[position]["signature"] = signature_
        error = VerificationFailed if signature_ else MalformedInput
        assert_refused(with_entries(*entries), error)

    def test_the_signature_of_another_receipt_does_not_hold(self) -> None:
        other = countersign(
            build_receipt(QUESTION, ANSWER, number=4, key=KEY, now=NOW), WEB, WEB_METHOD, SHOP_KEY
        )
        for position in (0, 1):
            entries = entries_of(BOTH)
            entries[position] = entries_of(other)[position]
            assert_refused(with_entries(*entries), VerificationFailed, "signature does not fit")

    @pytest.mark.parametrize("header", [{"alg": "none"}, {"alg": "HS256"}, {"alg": ...}, {"crit": ["x"]}])
    def test_the_header_can_not_weaken_the_signature(self, header: dict[str, Any]) -> None:
        assert_refused(forged(header=header), VerificationFailed)

    @pytest.mark.parametrize("typ", [..., None, "JWT", "kb+jwt", "dc+sd-jwt", "oauth-authz-req+jwt"])
    def test_what_was_signed_as_something_else_is_no_receipt(self, typ: Any) -> None:
        assert_refused(forged(header={"typ": typ}), VerificationFailed, "no receipt")

    @pytest.mark.parametrize("kid", [..., None, 5, "", WALLET_DID, "#z6Mk", "key-1", ["x"], "x\ny" * 5000])
    def test_a_signature_that_names_no_key_is_refused(self, kid: Any) -> None:
        assert_refused(forged((kid, KEY)), VerificationFailed)

    def test_the_wallet_signs_with_a_did_key(self) -> None:
        assert_refused(forged((WEB_METHOD, SHOP_KEY)), VerificationFailed, "not by a wallet's did:key")
        swapped = with_entries(*reversed(entries_of(BOTH)))
        assert_refused(swapped, VerificationFailed, "not by a wallet's did:key")

    def test_another_key_under_the_wallets_name_is_refused(self) -> None:
        assert_refused(forged((WALLET_METHOD, EVIL_KEY)), VerificationFailed, "does not fit the key")
        other = f"{WALLET_DID}#{EVIL_METHOD.partition('#')[2]}"
        assert_refused(forged((other, EVIL_KEY)), VerificationFailed, "does not sign with")

    def test_another_wallets_receipt_shows_as_another_wallets(self) -> None:
        assert verify_receipt(forged((EVIL_METHOD, EVIL_KEY))).wallet_did == EVIL_DID

    @pytest.mark.parametrize("did", ["did:key:z", "did:key:zzz", "did:key:" + "z" * 100_000])
    def test_a_wallet_whose_did_is_none_is_refused(self, did: str) -> None:
        with pytest.raises((MalformedInput, Undetermined)) as caught:
            verify_receipt(forged((f"{did}#x", KEY)))
        assert len(caught.value.message) < 500


class TestCountersignature:
    @pytest.mark.parametrize(
        ("method", "key"),
        [
            (EVIL_METHOD, EVIL_KEY),
            (WALLET_METHOD, KEY),
            ("did:web:evil.example#key-1", SHOP_KEY),
            ("did:web:shop.example.evil.example#key-1", SHOP_KEY),
            ("did:web:www.shop.example#key-1", SHOP_KEY),
            ("did:web:shop.example%3A8443#key-1", SHOP_KEY),
            (f"{SHOP_DID}#{SHOP_DID.removeprefix('did:key:')}", SHOP_KEY),
            ("https://shop.example#key-1", SHOP_KEY),
            ("shop.example#key-1", SHOP_KEY),
            ("#key-1", SHOP_KEY),
            ("did:example:123#key-1", SHOP_KEY),
            ("did:web:#key-1", SHOP_KEY),
            ("did:web:" + "x\n" * 5000 + "#key-1", SHOP_KEY),
        ],
    )
    def test_nobody_but_the_party_can_make_it(self, method: str, key: PrivateKey) -> None:
        assert_refused(forged((WALLET_METHOD, KEY), (method, key)), VerificationFailed, "did not ask", never)
        with pytest.raises(UsageError, match="who asked"):
            countersign(RECEIPT, method.partition("#")[0], method, key)

    def test_another_key_under_the_partys_name_is_refused(self) -> None:
        both = forged((WALLET_METHOD, KEY), (WEB_METHOD, EVIL_KEY))
        assert_refused(both, VerificationFailed, "does not fit the key")
        both = forged((WALLET_METHOD, KEY), (f"{WEB}#key-2", SHOP_KEY))
        assert_refused(both, VerificationFailed, "does not sign with")

    def test_a_key_that_is_for_authentication_alone_does_not_sign_receipts(self) -> None:
        document = {**published(WEB), "assertionMethod": []}
        assert_refused(BOTH, VerificationFailed, "does not sign with", lambda _: document)

    @pytest.mark.parametrize("error", [Undetermined("out of reach"), NotFound("gone")])
    def test_where_the_partys_document_is_out_of_reach_nothing_is_said(self, error: IpseError) -> None:
        def resolve(_: str) -> JsonObject:
            raise error

        assert_refused(BOTH, type(error), error.message, resolve)

    def test_a_third_signature_and_none_are_refused(self) -> None:
        first, second = entries_of(BOTH)
        for entries in ((), (first, second, second), (first, second, first)):
            assert_refused(with_entries(*entries), MalformedInput, "one or two signatures")

    def test_it_is_made_once(self) -> None:
        with pytest.raises(UsageError, match="both signatures"):
            countersign(BOTH, WEB, WEB_METHOD, SHOP_KEY)

    def test_what_the_wallet_did_not_sign_is_never_countersigned(self) -> None:
        for receipt in (forged((WALLET_METHOD, EVIL_KEY)), forged(header={"alg": "none"})):
            with pytest.raises(VerificationFailed):
                countersign(receipt, WEB, WEB_METHOD, SHOP_KEY)

    @pytest.mark.parametrize("method", ["#key-1", "did:web:evil.example#key-1", WEB, ""])
    def test_the_key_is_one_of_the_did_that_signs(self, method: str) -> None:
        with pytest.raises(UsageError):
            countersign(RECEIPT, WEB, method, SHOP_KEY)


class TestHostileReceipts:
    @pytest.mark.parametrize(
        ("name", "value"),
        [
            *(
                (name, value)
                for name in payload_of(RECEIPT)
                for value in WRONG
            ),
            ("type", TYPE + "x"),
            ("number", 0),
            ("number", True),
            ("number", "3"),
            ("number", 1.0),
            ("party", "https://sh\u043ep.example"),
            ("purpose", "x" * 301),
            ("purpose", "a\u202eb"),
            ("level", "vectors"),
            ("issued", "2026-07-01"),
            ("issued", "2026-07-01T12:10:00+00:00"),
            ("expires", "2026-07-02T12:10:00.5Z"),
            ("retention_until", "2026-13-01T00:00:00Z"),
            ("request", "0" * 63),
            ("answer", "A" * 64),
            ("other", "x"),
        ],
    )  # fmt: skip
    def test_a_payload_with_anything_else_in_it_is_malformed(self, name: str, value: Any) -> None:
        assert_refused(forged(**{name: value}), MalformedInput)

    @pytest.mark.parametrize(
        "receipt",
        [
            "",
            "{}",
            "[]",
            "null",
            "x",
            "\ud800",
            jws.sign({}, {}, KEY).encoded,
            json.dumps({**json.loads(RECEIPT), "extra": 1}),
            json.dumps({**json.loads(RECEIPT), "payload": 5}),
            json.dumps({**json.loads(RECEIPT), "payload": ""}),
            json.dumps({**json.loads(RECEIPT), "payload": base64url.encode(b"[]")}),
            json.dumps({**json.loads(RECEIPT), "payload": base64url.encode(b'{"a":1,"a":2}')}),
            json.dumps({**json.loads(RECEIPT), "payload": base64url.encode(b"[" * 20_000)}),
            json.dumps({**json.loads(RECEIPT), "signatures": {}}),
            json.dumps({**json.loads(RECEIPT), "signatures": None}),
            with_entries(5),
            with_entries([]),
            with_entries({}),
            with_entries({"protected": 1, "signature": 2}),
            with_entries({"protected": "", "signature": ""}),
            with_entries({"protected": "e30"}),
            with_entries({**entries_of(RECEIPT)[0], "header": {"kid": "x"}}),
            RECEIPT.replace('"payload"', '"payload":"e30","payload"'),
            RECEIPT + "x",
            RECEIPT * 2,
        ],
        ids=lambda receipt: ascii(receipt[:24]),
    )
    def test_text_of_any_kind_is_malformed(self, receipt: str) -> None:
        assert_refused(receipt, MalformedInput)
        with pytest.raises(MalformedInput):
            countersign(receipt, WEB, WEB_METHOD, SHOP_KEY)

    def test_a_receipt_of_more_than_256_kib_is_refused_unread(self) -> None:
        with pytest.raises(MalformedInput, match="at most 262144"):
            verify_receipt(RECEIPT + " " * 262_144)

    @pytest.mark.parametrize("number", [0, -1, 2**53, True, 1.0, "1"])
    def test_no_receipt_is_built_that_could_not_be_read(self, number: Any) -> None:
        with pytest.raises(MalformedInput, match="number"):
            build_receipt(QUESTION, ANSWER, number=number, key=KEY, now=NOW)
