"""The answer to a question: what it holds, whom it tells nothing, and every way to forge one."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from ipse.credentials import jws, sd_jwt
from ipse.credentials.report import Outcome
from ipse.dids import did_key
from ipse.encoding import base64url
from ipse.keys import derivation, jwk
from ipse.keys.ed25519 import PrivateKey
from ipse.protocols.preference_choice import (
    CHECKS,
    LEVEL,
    TYPE,
    ChoiceRequest,
    ChoiceVerification,
    build_answer,
    build_request,
    parse_request,
    verify_answer,
)

ISSUED = datetime(2026, 7, 1, 12, tzinfo=UTC)
NOW = ISSUED + timedelta(minutes=10)
HOUR = timedelta(hours=1)
ROOT = b"r" * 32
KEY, OTHER_KEY = derivation.pairwise_key(ROOT, "https://shop.example"), PrivateKey(b"o" * 32)
PASSED, FAILED, UNDETERMINED = Outcome.PASSED, Outcome.FAILED, Outcome.UNDETERMINED
CANDIDATES = ["Dune", "Emma", "Solaris", "Ulysses"]


def asked(address: str = "https://shop.example/answers", **changes: Any) -> ChoiceRequest:
    parts = {"candidates": CANDIDATES, "top": 2, "purpose": "Choose", "issued": ISSUED, "lifetime": HOUR}
    return parse_request(build_request(address=address, **{**parts, **changes}))


REQUEST = asked()
CHOSEN = (REQUEST.candidates[2], REQUEST.candidates[0])
ANSWER = build_answer(REQUEST, CHOSEN, KEY, NOW)


def credential(
    changes: Mapping[str, Any] | None = None,
    *,
    key: PrivateKey = KEY,
    typ: str = "dc+sd-jwt",
    kid: str | None = "",
    disclosable: Any = (),
) -> sd_jwt.SdJwt:
    """An answer without key binding whose claims were changed and signed; None leaves one out."""
    claims = {**sd_jwt.parse(ANSWER).jwt.payload, **(changes or {})}
    claims = {name: value for name, value in claims.items() if value is not None and name != "_sd_alg"}
    method = did_key.verification_method_id(did_key.from_public_key(KEY.public())) if kid == "" else kid
    return sd_jwt.parse(sd_jwt.issue(claims, disclosable=disclosable, signer=key, typ=typ, kid=method))


def bound(presentation: sd_jwt.SdJwt, *, key: PrivateKey = KEY, **changes: Any) -> str:
    """With a key binding whose payload was changed; None leaves a member out."""
    payload = {
        "iat": int(NOW.timestamp()),
        "aud": REQUEST.authorization.client_id,
        "nonce": REQUEST.authorization.nonce,
        "sd_hash": sd_jwt.sd_hash(presentation),
        "transaction_data_hashes": [REQUEST.question.digest],
        "transaction_data_hashes_alg": "sha-256",
        **changes,
    }
    payload = {name: value for name, value in payload.items() if value is not None}
    return replace(presentation, kb_jwt=jws.sign({"typ": "kb+jwt"}, payload, key).encoded).compact


def verify(answer: str, request: ChoiceRequest = REQUEST, now: datetime = NOW) -> ChoiceVerification:
    return verify_answer(answer, request, now)


def assert_stops_at(
    name: str,
    answer: str,
    request: ChoiceRequest = REQUEST,
    *,
    now: datetime = NOW,
    outcome: Outcome = FAILED,
) -> None:
    """`name` is the one check with a verdict other than passed, and nothing was chosen."""
    verification = verify(answer, request, now)
    position = CHECKS.index(name)
    assert [(check.name, check.outcome) for check in verification.report.checks] == [
        *((passed, PASSED) for passed in CHECKS[:position]),
        (name, outcome),
        *((open_, UNDETERMINED) for open_ in CHECKS[position + 1 :]),
    ], verification.report.decisive
    assert verification.report.outcome is outcome
    assert verification.chosen == ()


def decoded(answer: str) -> tuple[dict[str, Any], dict[str, Any], dict[str, Any], dict[str, Any]]:
    """Header and payload of the credential, header and payload of the key binding."""
    issuer_signed, *disclosures, binding = answer.split("~")
    assert disclosures == []
    parts = [*issuer_signed.split(".")[:2], *binding.split(".")[:2]]
    first, second, third, fourth = (json.loads(base64url.decode(part)) for part in parts)
    return first, second, third, fourth


class TestAGoodAnswer:
    def test_every_check_passes_and_the_chosen_come_back_in_order(self) -> None:
        verification = verify(ANSWER)
        assert [check.name for check in verification.report.checks] == list(CHECKS)
        assert {check.outcome for check in verification.report.checks} == {PASSED}
        assert verification.chosen == CHOSEN

    def test_the_forging_helpers_of_these_tests_make_good_answers_when_nothing_is_changed(self) -> None:
        assert verify(bound(credential())).report.outcome is PASSED

    @pytest.mark.parametrize("now", [ISSUED, NOW, ISSUED + HOUR + timedelta(hours=20)])
    def test_an_answer_made_in_time_can_be_verified_for_a_day(self, now: datetime) -> None:
        answer = build_answer(REQUEST, CHOSEN, KEY, ISSUED)
        assert verify(answer, now=now).report.outcome is PASSED

    def test_after_a_day_it_fails(self) -> None:
        assert_stops_at("time", ANSWER, now=NOW + timedelta(days=1, minutes=2))

    def test_the_json_serialization_of_the_same_answer_passes(self) -> None:
        parsed = sd_jwt.parse(ANSWER)
        flattened = {
            "payload": parsed.jwt.body,
            "protected": parsed.jwt.protected,
            "signature": parsed.jwt.signature,
            "header": {"disclosures": [], "kb_jwt": parsed.kb_jwt},
        }
        assert verify(json.dumps(flattened)).chosen == CHOSEN


class TestWhatLeaves:
    def test_an_answer_holds_exactly_these_members(self) -> None:
        header, claims, binding_header, binding = decoded(ANSWER)
        did = did_key.from_public_key(KEY.public())
        assert header == {"alg": "EdDSA", "typ": "dc+sd-jwt", "kid": did_key.verification_method_id(did)}
        assert claims == {
            "iss": did,
            "sub": did,
            "vct": TYPE,
            "iat": int(NOW.timestamp()),
            "exp": int((NOW + timedelta(days=1)).timestamp()),
            "cnf": {"jwk": jwk.public_to_jwk(KEY.public())},
            "level": LEVEL,
            "choices": ["3", "1"],
            "_sd_alg": "sha-256",
        }
        assert binding_header == {"alg": "EdDSA", "typ": "kb+jwt"}
        assert binding == {
            "iat": int(NOW.timestamp()),
            "aud": "redirect_uri:https://shop.example/answers",
            "nonce": REQUEST.authorization.nonce,
            "sd_hash": sd_jwt.sd_hash(sd_jwt.parse(ANSWER.rpartition("~")[0] + "~")),
            "transaction_data_hashes": [REQUEST.question.digest],
            "transaction_data_hashes_alg": "sha-256",
        }

    def test_an_answer_holds_no_score_no_vector_no_statement_and_no_text(self) -> None:
        def values(value: Any) -> list[Any]:
            if isinstance(value, dict):
                return [inner for member in value.values() for inner in values(member)]
            if isinstance(value, list):
                return [inner for member in value for inner in values(member)]
            return [value]

        found = [value for part in decoded(ANSWER) for value in values(part)]
        assert not [value for value in found if isinstance(value, float)]
        times = {int(NOW.timestamp()), int((NOW + timedelta(days=1)).timestamp())}
        assert {value for value in found if isinstance(value, int)} == times
        assert not [value for value in found if str(value) in {*CANDIDATES, "Choose"}]

    def test_those_not_chosen_are_not_in_the_answer(self) -> None:
        question = asked(candidates=[f"text {number}" for number in range(50)])
        answer = build_answer(question, question.candidates[7:9], KEY, NOW)
        assert decoded(answer)[1]["choices"] == ["8", "9"]

    def test_two_applications_get_unlinkable_keys_and_no_identifier_in_common(self) -> None:
        other = asked("https://other.example/answers", purpose="Choose something else")
        other_key = derivation.pairwise_key(ROOT, other.authorization.origin)
        later = NOW + timedelta(seconds=1)
        one, two = ANSWER, build_answer(other, other.candidates[:2], other_key, later)

        def strings(value: Any) -> set[str]:
            if isinstance(value, dict):
                return {inner for member in value.values() for inner in strings(member)}
            if isinstance(value, list):
                return {inner for member in value for inner in strings(member)}
            return {str(value)}

        constants = {"EdDSA", "dc+sd-jwt", "kb+jwt", TYPE, LEVEL, "sha-256", "OKP", "Ed25519", "1", "2", "3"}
        shared = {inner for part in decoded(one) for inner in strings(part)} & {
            inner for part in decoded(two) for inner in strings(part)
        }
        assert shared <= constants
        assert other_key.public() != KEY.public()

    def test_one_application_gets_the_same_key_at_each_of_its_addresses(self) -> None:
        origins = {
            asked(f"https://shop.example{path}").authorization.origin for path in ("/a", "/b?c", ":443/")
        }
        assert {derivation.pairwise_key(ROOT, origin) for origin in origins} == {KEY}

    @pytest.mark.parametrize(
        "address",
        ["https://shop.example:8443", "https://www.shop.example", "https://shop.example.evil.example"],
    )
    def test_another_origin_never_gets_the_key_of_this_one(self, address: str) -> None:
        assert derivation.pairwise_key(ROOT, asked(address).authorization.origin) != KEY

    def test_another_wallet_has_another_key_for_the_same_application(self) -> None:
        assert derivation.pairwise_key(b"s" * 32, "https://shop.example") != KEY


class TestReplay:
    """A good answer, shown to somebody or for something it was not made for."""

    def test_to_another_request_of_the_same_application_it_fails(self) -> None:
        assert_stops_at("holder-binding", ANSWER, asked())

    def test_with_another_nonce_it_fails(self) -> None:
        authorization = replace(REQUEST.authorization, nonce="0123456789abcdef0123456789abcdef")
        assert_stops_at("holder-binding", ANSWER, replace(REQUEST, authorization=authorization))

    @pytest.mark.parametrize(
        "address", ["https://evil.example/answers", "https://shop.example/answers/", "https://shop.example"]
    )
    def test_to_another_audience_it_fails(self, address: str) -> None:
        authorization = replace(REQUEST.authorization, client_id=f"redirect_uri:{address}")
        assert_stops_at("holder-binding", ANSWER, replace(REQUEST, authorization=authorization))

    @pytest.mark.parametrize(
        "changes",
        [
            {"candidates": ["Dune", "Emma", "Solaris", "Walden"]},
            {"candidates": CANDIDATES[::-1]},
            {"candidates": [*CANDIDATES, "Walden"]},
            {"top": 3},
            {"top": 1},
            {"purpose": "Something else"},
        ],
    )
    def test_to_another_question_under_the_same_nonce_it_fails(self, changes: dict[str, Any]) -> None:
        other = replace(asked(**changes), authorization=REQUEST.authorization)
        assert_stops_at("request", ANSWER, other)

    def test_before_it_was_made_it_fails(self) -> None:
        assert_stops_at("holder-binding", ANSWER, now=NOW - timedelta(seconds=61))


class TestBinding:
    """A holder who signs a key binding that is not the one this request asks for."""

    def test_without_key_binding_it_fails(self) -> None:
        assert_stops_at("holder-binding", ANSWER.rpartition("~")[0] + "~")

    def test_a_key_binding_by_another_key_than_the_one_in_cnf_fails(self) -> None:
        assert_stops_at("holder-binding", bound(credential(), key=OTHER_KEY))

    def test_cnf_of_another_key_fails_even_where_that_key_made_the_binding(self) -> None:
        stolen = credential({"cnf": {"jwk": jwk.public_to_jwk(OTHER_KEY.public())}})
        assert_stops_at("choice", bound(stolen, key=OTHER_KEY))

    @pytest.mark.parametrize("cnf", [{"kid": "x"}, {"jwk": {"kty": "EC", "crv": "P-521", "x": "", "y": ""}}])
    def test_a_holder_key_that_can_not_be_read_is_undetermined(self, cnf: dict[str, Any]) -> None:
        assert_stops_at("holder-binding", bound(credential({"cnf": cnf})), outcome=UNDETERMINED)

    def test_no_cnf_fails(self) -> None:
        assert_stops_at("holder-binding", bound(credential({"cnf": None})))

    def test_the_jwk_in_cnf_has_no_other_members(self) -> None:
        key = {**jwk.public_to_jwk(KEY.public()), "email": "me@example.org"}
        assert_stops_at("choice", bound(credential({"cnf": {"jwk": key}})))

    @pytest.mark.parametrize(
        "changes",
        [
            {"nonce": "another-nonce-of-the-shop"},
            {"nonce": None},
            {"nonce": [REQUEST.authorization.nonce]},
            {"aud": "redirect_uri:https://evil.example"},
            {"aud": "https://shop.example/answers"},
            {"aud": [REQUEST.authorization.client_id, "redirect_uri:https://evil.example"]},
            {"aud": None},
            {"sd_hash": base64url.encode(bytes(32))},
            {"sd_hash": None},
            {"iat": None},
            {"iat": str(int(NOW.timestamp()))},
            {"iat": True},
            {"exp": int(NOW.timestamp()) - 61},
            {"nbf": int(NOW.timestamp()) + 61},
        ],
    )
    def test_a_binding_to_anything_else_fails(self, changes: dict[str, Any]) -> None:
        assert_stops_at("holder-binding", bound(credential(), **changes))

    @pytest.mark.parametrize(
        "changes",
        [
            {"transaction_data_hashes": None},
            {"transaction_data_hashes": []},
            {"transaction_data_hashes": REQUEST.question.digest},
            {"transaction_data_hashes": [REQUEST.question.digest] * 2},
            {"transaction_data_hashes": [base64url.encode(bytes(32))]},
            {"transaction_data_hashes": [REQUEST.question.digest, base64url.encode(bytes(32))]},
            {"transaction_data_hashes_alg": "sha-512"},
            {"transaction_data_hashes_alg": ["sha-256"]},
            {"transaction_data_hashes_alg": 256},
        ],
    )
    def test_a_binding_to_another_question_fails(self, changes: dict[str, Any]) -> None:
        assert_stops_at("request", bound(credential(), **changes))

    def test_a_binding_from_before_the_request_was_made_fails(self) -> None:
        edge = int(ISSUED.timestamp()) - 60
        assert verify(bound(credential(), iat=edge)).report.outcome is PASSED
        assert_stops_at("holder-binding", bound(credential(), iat=edge - 1))

    def test_a_binding_from_after_the_request_had_expired_fails(self) -> None:
        later = ISSUED + HOUR + timedelta(minutes=5)
        edge = int((ISSUED + HOUR).timestamp()) + 60
        assert verify(bound(credential(), iat=edge), now=later).report.outcome is PASSED
        assert_stops_at("request", bound(credential(), iat=edge + 1), now=later)

    def test_a_binding_from_the_future_fails(self) -> None:
        assert_stops_at("holder-binding", bound(credential(), iat=int(NOW.timestamp()) + 61))

    def test_the_binding_of_another_answer_fails(self) -> None:
        other = build_answer(REQUEST, REQUEST.candidates[:2], KEY, NOW)
        assert_stops_at("holder-binding", ANSWER.rpartition("~")[0] + "~" + other.rpartition("~")[2])


class TestIssuer:
    def test_signed_by_another_key_than_that_of_iss_fails(self) -> None:
        assert_stops_at("proof", bound(credential(key=OTHER_KEY)))

    def test_somebody_elses_name_on_it_fails(self) -> None:
        other = did_key.from_public_key(OTHER_KEY.public())
        assert_stops_at("proof", bound(credential({"iss": other, "sub": other})))
        kid = did_key.verification_method_id(other)
        assert_stops_at("proof", bound(credential({"iss": other, "sub": other}, kid=kid)))
        assert_stops_at("proof", bound(credential(kid=kid)))

    def test_an_answer_about_somebody_else_fails(self) -> None:
        other = did_key.from_public_key(OTHER_KEY.public())
        assert_stops_at("choice", bound(credential({"sub": other})))
        assert_stops_at("choice", bound(credential({"sub": None})))

    @pytest.mark.parametrize("kid", [None, "key-1", "#z6Mk"])
    def test_a_key_id_that_the_issuer_does_not_list_fails(self, kid: str | None) -> None:
        assert_stops_at("proof", bound(credential(kid=kid)))

    @pytest.mark.parametrize("issuer", [None, "shop.example", "did:key:z", "https://shop.example"])
    def test_an_issuer_that_is_no_did_fails(self, issuer: str | None) -> None:
        assert_stops_at("proof", bound(credential({"iss": issuer})))

    def test_an_issuer_of_an_unknown_did_method_is_undetermined(self) -> None:
        answer = bound(credential({"iss": "did:web:shop.example"}))
        assert_stops_at("proof", answer, outcome=UNDETERMINED)

    def test_another_type_of_token_fails(self) -> None:
        assert_stops_at("type", bound(credential(typ="vc+sd-jwt")))
        assert_stops_at("type", bound(credential(typ="JWT")))

    @pytest.mark.parametrize("algorithm", ["none", "HS256", "ES256", "eddsa"])
    def test_another_algorithm_in_the_header_fails(self, algorithm: str) -> None:
        protected, rest = ANSWER.split(".", 1)
        header = {**json.loads(base64url.decode(protected)), "alg": algorithm}
        assert_stops_at("proof", base64url.encode(json.dumps(header).encode()) + "." + rest)


class TestContent:
    @pytest.mark.parametrize(
        "changes",
        [
            {"vct": "urn:ipse:preferences:choose:2"},
            {"vct": "urn:ipse:preferences:bands:1"},
            {"level": "topics"},
            {"level": "statements"},
            {"level": None},
            {"level": [LEVEL]},
        ],
    )
    def test_another_kind_of_credential_fails(self, changes: dict[str, Any]) -> None:
        assert_stops_at("choice", bound(credential(changes)))

    @pytest.mark.parametrize(
        "choices",
        [
            None,
            [],
            ["1"],
            ["1", "2", "3"],
            ["1", "1"],
            ["1", "5"],
            ["1", "Dune"],
            ["1", ""],
            ["1", " 2"],
            ["1", 2],
            [1, 2],
            ["1", None],
            ["1", ["2"]],
            [["1", "2"]],
            ["1", {"id": "2"}],
            "12",
            {"1": True, "2": True},
            5,
        ],
    )
    def test_choices_are_as_many_candidates_as_were_asked_for_each_once(self, choices: Any) -> None:
        assert_stops_at("choice", bound(credential({"choices": choices})))

    def test_no_vct_fails(self) -> None:
        unsigned = {**sd_jwt.parse(ANSWER).jwt.payload}
        del unsigned["vct"]
        header = sd_jwt.parse(ANSWER).jwt.header
        forged = sd_jwt.parse(jws.sign(header, unsigned, KEY).encoded + "~")
        assert_stops_at("claims", bound(forged))

    def test_an_expired_answer_fails(self) -> None:
        assert_stops_at("time", bound(credential({"exp": int(NOW.timestamp()) - 61})))
        assert_stops_at("time", bound(credential({"nbf": int(NOW.timestamp()) + 61})))

    def test_an_answer_for_another_audience_fails(self) -> None:
        assert_stops_at("claims", bound(credential({"aud": "https://evil.example"})))


class TestDisclosures:
    EXTRA = base64url.encode(json.dumps(["c2FsdHNhbHRzYWx0c2FsdA", "score", 0.93]).encode())

    def test_a_disclosure_appended_by_somebody_else_fails(self) -> None:
        credential_, _, binding = ANSWER.rpartition("~")
        assert_stops_at("disclosures", f"{credential_}~{self.EXTRA}~{binding}")

    def test_a_disclosure_appended_by_the_holder_fails(self) -> None:
        parsed = sd_jwt.parse(ANSWER)
        forged = replace(parsed, disclosures=(self.EXTRA,), kb_jwt=None)
        assert_stops_at("disclosures", bound(forged))

    def test_choices_hidden_in_a_disclosure_that_is_held_back_fail(self) -> None:
        hidden = credential(disclosable=[("choices",)])
        assert verify(bound(hidden)).chosen == CHOSEN
        assert_stops_at("choice", bound(replace(hidden, disclosures=())))


class TestHostileAnswers:
    @pytest.mark.parametrize(
        "answer",
        [
            "",
            "~",
            "~~",
            "..~",
            "{}",
            "[]",
            "null",
            '{"payload":"e30","protected":"e30","signature":"e30"}',
            "a.b.c~",
            "e30.e30.e30~",
            ANSWER + "~",
            ANSWER + "\n",
            " " + ANSWER,
            ANSWER[:-1],
            ANSWER.replace("~", "~~"),
            ANSWER.replace(".", ".."),
            ANSWER + "é",
            "\ud800",
            "~" * 5000,
            "x" * 2_000_000,
            base64url.encode(b"[" * 100_000) + ".e30.e30~",
            base64url.encode(b'{"a":' * 100_000) + ".e30.e30~",
        ],
        ids=lambda answer: repr(answer[:24]),
    )
    def test_text_of_any_kind_fails_and_never_raises(self, answer: str) -> None:
        verification = verify(answer)
        assert verification.report.outcome is FAILED
        assert verification.chosen == ()

    def test_no_character_of_an_answer_can_be_changed_added_or_removed(self) -> None:
        for position in range(0, len(ANSWER), 3):
            for spelling in ("A" if ANSWER[position] != "A" else "B", "", ANSWER[position] * 2):
                verification = verify(ANSWER[:position] + spelling + ANSWER[position + 1 :])
                assert verification.report.outcome is not PASSED
                assert verification.chosen == ()

    def test_the_report_on_a_forged_answer_stays_short(self) -> None:
        long = "did:key:" + "z" * 200_000
        for answer in (
            bound(credential({"iss": long, "sub": long})),
            bound(credential({"vct": long})),
            bound(credential({"choices": [long, "1"]})),
            bound(credential({"sub": long})),
            bound(credential(), transaction_data_hashes=[long]),
        ):
            checks = verify(answer).report.checks
            assert max(len(check.reason) for check in checks) < 500
