"""The answer to a question: what it holds, whom it tells nothing, and every way to forge one."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import replace
from datetime import datetime, timedelta
from typing import Any, Final

import pytest

from ipse.credentials import jws
from ipse.credentials.formats import sd_jwt
from ipse.credentials.report import Outcome
from ipse.dids import did_key
from ipse.disclosure.answers import (
    CHECKS,
    AnswerVerification,
    build_answer,
    nothing,
    verify_answer,
)
from ipse.disclosure.levels import NAMES
from ipse.disclosure.levels.candidates import numbered
from ipse.disclosure.levels.choose import Choose
from ipse.disclosure.levels.level import written_length
from ipse.disclosure.levels.order import Order
from ipse.disclosure.methods import OWNER, PRIVATE
from ipse.disclosure.offers import Content
from ipse.disclosure.questions import Question, type_of
from ipse.encoding import base64url
from ipse.errors import MalformedInput
from ipse.keys import key_types
from ipse.keys.ed25519 import PrivateKey
from ipse.protocols.openid4vp import Client, NoProof, parse_client_id
from tests.unit.disclosure.material import (
    ASKED,
    DAY,
    HOUR,
    ISSUED,
    KEY,
    NOW,
    SAID,
    WINDOW,
    question,
    signer_of,
)

OTHER_KEY = PrivateKey(b"o" * 32)
PASSED, FAILED, UNDETERMINED = Outcome.PASSED, Outcome.FAILED, Outcome.UNDETERMINED
QUESTIONS = {level: question(level) for level in NAMES}
REQUEST = QUESTIONS["choose"]
METHODS = pytest.mark.parametrize(
    ("method", "window"), [(OWNER, ""), (PRIVATE, WINDOW)], ids=[OWNER, PRIVATE]
)


def built(asked: Question = REQUEST, content: Content | None = None, **changes: Any) -> str:
    parts: dict[str, Any] = {"key": KEY, "now": NOW, "method": OWNER, **changes}
    return build_answer(asked, SAID[asked.level] if content is None else content, **parts)


ANSWER = built()


def credential(
    changes: Mapping[str, Any] | None = None,
    *,
    of: str = "",
    key: PrivateKey = KEY,
    typ: str = "dc+sd-jwt",
    kid: str | None = "",
    disclosable: Any = (),
) -> sd_jwt.SdJwt:
    """An answer without key binding whose claims were changed and signed; None leaves one out."""
    claims = {**sd_jwt.parse(of or ANSWER).jwt.payload, **(changes or {})}
    claims = {name: value for name, value in claims.items() if value is not None and name != "_sd_alg"}
    method = did_key.verification_method_id(did_key.from_public_key(KEY.public())) if kid == "" else kid
    return sd_jwt.parse(sd_jwt.issue(claims, disclosable=disclosable, signer=key, typ=typ, kid=method))


def bound(
    presentation: sd_jwt.SdJwt, asked: Question = REQUEST, *, key: PrivateKey = KEY, **changes: Any
) -> str:
    """With a key binding whose payload was changed; None leaves a member out."""
    payload = {
        "iat": int(NOW.timestamp()),
        "aud": asked.authorization.client_id,
        "nonce": asked.authorization.nonce,
        "sd_hash": sd_jwt.sd_hash(presentation),
        "transaction_data_hashes": [asked.transaction.digest],
        "transaction_data_hashes_alg": "sha-256",
        **changes,
    }
    payload = {name: value for name, value in payload.items() if value is not None}
    return replace(presentation, kb_jwt=jws.sign({"typ": "kb+jwt"}, payload, key).encoded).compact


def verify(answer: str, request: Question = REQUEST, now: datetime = NOW) -> AnswerVerification:
    return verify_answer(answer, request, now)


def assert_stops_at(
    name: str,
    answer: str,
    request: Question = REQUEST,
    *,
    now: datetime = NOW,
    outcome: Outcome = FAILED,
) -> None:
    """`name` is the one check with a verdict other than passed, and no content comes out."""
    verification = verify(answer, request, now)
    position = CHECKS.index(name)
    assert [(check.name, check.outcome) for check in verification.report.checks] == [
        *((passed, PASSED) for passed in CHECKS[:position]),
        (name, outcome),
        *((open_, UNDETERMINED) for open_ in CHECKS[position + 1 :]),
    ], verification.report.decisive
    assert verification.report.outcome is outcome
    assert verification.content is None


class TestAGoodAnswer:
    @pytest.mark.parametrize("level", NAMES)
    @pytest.mark.parametrize("signer", [None, signer_of()], ids=["unsigned", "signed"])
    @METHODS
    def test_every_check_passes_and_what_was_said_comes_back(
        self, level: str, signer: Any, method: str, window: str
    ) -> None:
        asked = question(level, signer=signer)
        verification = verify(built(asked, method=method, window=window), asked)
        assert [check.name for check in verification.report.checks] == list(CHECKS)
        assert {check.outcome for check in verification.report.checks} == {PASSED}
        assert verification.content == SAID[level]
        assert (verification.method, verification.window) == (method, window)

    @pytest.mark.parametrize("level", NAMES)
    @METHODS
    def test_an_answer_that_says_nothing_is_a_good_answer(self, level: str, method: str, window: str) -> None:
        asked = QUESTIONS[level]
        verification = verify(built(asked, nothing(asked), method=method, window=window), asked)
        assert verification.report.outcome is PASSED
        assert verification.content == nothing(asked)
        assert list(nothing(asked)) == list(SAID[level])
        assert not any(nothing(asked).values())
        assert (verification.method, verification.window) == (method, window)

    def test_the_forging_helpers_of_these_tests_make_good_answers_when_nothing_is_changed(self) -> None:
        assert verify(bound(credential())).report.outcome is PASSED

    @pytest.mark.parametrize("now", [ISSUED, NOW, ISSUED + HOUR + timedelta(hours=20)])
    def test_an_answer_made_in_time_can_be_verified_for_a_day(self, now: datetime) -> None:
        assert verify(built(now=ISSUED), now=now).report.outcome is PASSED

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
        assert verify(json.dumps(flattened)).content == SAID["choose"]


class TestOrder:
    """The order of what is named tells nothing: not the ranking, not the order of a table.

    Only an answer to the question for an order tells one.
    """

    def test_choices_are_in_the_order_of_the_request(self) -> None:
        assert built(content={"choices": ["3", "1"]}).partition("~")[0] == ANSWER.partition("~")[0]

    @pytest.mark.parametrize(
        ("level", "content"),
        [
            ("topics", {"topics": ["jazz", "cooking"]}),
            ("bands", {"bands": {"jazz": "high", "cooking": "low"}}),
            ("statements", {"statements": SAID["statements"]["statements"][::-1]}),
        ],
    )
    def test_the_bytes_do_not_depend_on_the_order_of_what_is_said(self, level: str, content: Content) -> None:
        asked = QUESTIONS[level]
        assert built(asked, content) == built(asked)

    def test_an_order_that_was_asked_for_comes_back_as_it_was_said(self) -> None:
        asked = QUESTIONS["order"]
        for said in (["3", "1", "4"], ["1", "3", "4"], ["4", "3", "2", "1"], ["2"]):
            assert verify(built(asked, {"order": said}), asked).content == {"order": said}


class TestWhatFits:
    @pytest.mark.parametrize(
        ("level", "content"),
        [
            *((level, {}) for level in NAMES),
            *((level, {"choices": [], "topics": []}) for level in NAMES),
            *((level, {"pad": ""}) for level in NAMES),
            ("choose", {"topics": []}),
            ("choose", {"order": []}),
            ("order", {"choices": []}),
            ("topics", {"choices": []}),
            ("bands", {"topics": []}),
            ("statements", {"bands": {}}),
            ("choose", {"choices": ["1", "2", "3"]}),
            ("choose", {"choices": ["1", "1"]}),
            ("choose", {"choices": ["1", "5"]}),
            ("choose", {"choices": ["1", "Dune"]}),
            ("choose", {"choices": {"1": 0.5, "2": 0.5}}),
            ("choose", {"choices": [["1", 0.9], ["2", 0.8]]}),
            ("order", {"order": ["1", "1"]}),
            ("order", {"order": ["1", "5"]}),
            ("order", {"order": ["Dune"]}),
            ("order", {"order": "1234"}),
            ("order", {"order": {"1": 0.5, "2": 0.5}}),
            ("order", {"order": [["1", 0.9], ["2", 0.8]]}),
            ("topics", {"topics": ["cooking", "cooking"]}),
            ("topics", {"topics": ["own:secret"]}),
            ("topics", {"topics": {"jazz": 0.9}}),
            ("bands", {"bands": {"jazz": 0.9}}),
            ("bands", {"bands": {"jazz": None}}),
            ("bands", {"bands": {"jazz": "HIGH"}}),
            ("bands", {"bands": {"opera": "high"}}),
            ("bands", {"bands": ["jazz"]}),
            ("bands", {"bands": []}),
            ("statements", {"statements": ["a", "b", "c", "d"]}),
            ("statements", {"statements": ["a", "a"]}),
            ("statements", {"statements": [""]}),
            ("statements", {"statements": [0.25]}),
            ("statements", {"statements": [["a", 0.9]]}),
            ("statements", {"statements": "abc"}),
            ("statements", {"statements": ["\ud800"]}),
        ],
    )  # fmt: skip
    def test_what_was_not_asked_never_leaves(self, level: str, content: Content) -> None:
        with pytest.raises(MalformedInput):
            built(QUESTIONS[level], content)

    @pytest.mark.parametrize("letter", ["x", "\u00e9", "\u4e09", "\U0001f680", '"', "\n", "\x01"])
    def test_the_longest_statement_has_a_thousand_bytes_as_it_is_written(self, letter: str) -> None:
        each = written_length(letter) - 2
        longest = letter * ((1000 - 2) // each)
        longest += "x" * (1000 - written_length(longest))
        assert written_length(longest) == len(json.dumps(longest, ensure_ascii=False).encode()) == 1000
        asked = QUESTIONS["statements"]
        assert verify(built(asked, {"statements": [longest]}), asked).content == {"statements": [longest]}
        with pytest.raises(MalformedInput, match="1001 bytes; at most 1000"):
            built(asked, {"statements": [longest + "x"]})

    @pytest.mark.parametrize("chosen", [["1"], ["4"], ["1", "4"]])
    def test_the_owner_may_say_fewer_than_were_asked_for(self, chosen: list[str]) -> None:
        assert verify(built(content={"choices": chosen})).content == {"choices": chosen}


class TestSize:
    """Of all answers to one request; tests/properties has the same for generated contents."""

    CONTENTS: tuple[tuple[str, Content], ...] = (
        *((level, SAID[level]) for level in NAMES),
        *((level, nothing(QUESTIONS[level])) for level in NAMES),
        ("choose", {"choices": ["3", "4"]}),
        ("choose", {"choices": ["2"]}),
        ("order", {"order": ["4", "3", "2", "1"]}),
        ("order", {"order": ["2"]}),
        ("topics", {"topics": ["world-history"]}),
        ("topics", {"topics": ["cooking", "jazz", "world-history"]}),
        ("bands", {"bands": dict.fromkeys(["cooking", "jazz", "world-history"], "medium")}),
        ("bands", {"bands": {"jazz": "low"}}),
        ("statements", {"statements": ["x" * 998, "y" * 998, "z" * 998]}),
        ("statements", {"statements": ["\u4e09" * 332, "\U0001f680" * 249, '"' * 499]}),
        ("statements", {"statements": ["a"]}),
    )

    @pytest.mark.parametrize("level", NAMES)
    @METHODS
    def test_no_content_or_moment_changes_it(self, level: str, method: str, window: str) -> None:
        asked = QUESTIONS[level]
        how: dict[str, Any] = {"method": method, "window": window}
        answers = [built(asked, content, **how) for of, content in self.CONTENTS if of == level]
        answers += [built(asked, now=now, **how) for now in (ISSUED, ISSUED + HOUR)]
        assert len({len(answer.encode()) for answer in answers}) == 1
        assert all(answer.isascii() for answer in answers)

    def test_long_ids_cost_as_much_where_they_are_not_chosen(self) -> None:
        ids = ["a", "\U0001f680" * 64, "\u00e9" * 60, '\\"' * 30]
        entries = numbered(["Dune", "Emma", "Solaris", "Ulysses"])
        candidates = tuple(replace(entry, id=name) for entry, name in zip(entries, ids, strict=True))
        asked = question(asked=Choose(candidates, 2))
        pairs = [[first, second] for first in ids for second in ids if first != second]
        answers = [built(asked, {"choices": chosen}) for chosen in ([], *([one] for one in ids), *pairs)]
        assert len({len(answer) for answer in answers}) == 1
        assert all(verify(answer, asked).report.outcome is PASSED for answer in answers)

    def test_the_longest_order_there_can_be_is_as_long_as_none(self) -> None:
        ids = [f"{number:03}" + "\U0001f680" * 61 for number in range(500)]
        entries = numbered(f"book {number}" for number in range(500))
        candidates = tuple(replace(entry, id=name) for entry, name in zip(entries, ids, strict=True))
        asked = question(asked=Order(candidates), signer=signer_of())
        answers = [built(asked, {"order": said}) for said in ([], ids[:1], ids, ids[::-1])]
        assert len({len(answer) for answer in answers}) == 1
        assert verify(answers[-1], asked).content == {"order": ids[::-1]}


class TestReplay:
    """A good answer, shown to somebody or for something it was not made for."""

    def test_to_another_request_of_the_same_application_it_fails(self) -> None:
        assert_stops_at("holder-binding", ANSWER, question())

    def test_with_another_nonce_it_fails(self) -> None:
        authorization = replace(REQUEST.authorization, nonce="0123456789abcdef0123456789abcdef")
        assert_stops_at("holder-binding", ANSWER, replace(REQUEST, authorization=authorization))

    @pytest.mark.parametrize(
        "address", ["https://evil.example/answers", "https://shop.example/answers/", "https://shop.example"]
    )
    def test_to_another_audience_it_fails(self, address: str) -> None:
        client = Client(parse_client_id(f"redirect_uri:{address}"), NoProof())
        authorization = replace(REQUEST.authorization, client=client)
        assert_stops_at("holder-binding", ANSWER, replace(REQUEST, authorization=authorization))

    @pytest.mark.parametrize(
        "changes",
        [
            {"asked": Choose(numbered(["Dune", "Emma", "Solaris", "Walden"]), 2)},
            {"asked": Choose(ASKED["choose"].candidates[::-1], 2)},  # type: ignore[attr-defined]
            {"asked": Choose(ASKED["choose"].candidates, 1)},  # type: ignore[attr-defined]
            {"asked": Order(ASKED["choose"].candidates)},  # type: ignore[attr-defined]
            {"asked": ASKED["topics"]},
            {"purpose": "Something else"},
            {"retention": 8 * DAY},
        ],
    )
    def test_to_another_question_under_the_same_nonce_it_fails(self, changes: dict[str, Any]) -> None:
        other = replace(question(**changes), authorization=REQUEST.authorization)
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
        stolen = credential({"cnf": {"jwk": key_types.public_to_jwk(OTHER_KEY.public())}})
        assert_stops_at("answer", bound(stolen, key=OTHER_KEY))

    @pytest.mark.parametrize("cnf", [{"kid": "x"}, {"jwk": {"kty": "EC", "crv": "P-521", "x": "", "y": ""}}])
    def test_a_holder_key_that_can_not_be_read_is_undetermined(self, cnf: dict[str, Any]) -> None:
        assert_stops_at("holder-binding", bound(credential({"cnf": cnf})), outcome=UNDETERMINED)

    def test_no_cnf_fails(self) -> None:
        assert_stops_at("holder-binding", bound(credential({"cnf": None})))

    def test_the_jwk_in_cnf_has_no_other_members(self) -> None:
        key = {**key_types.public_to_jwk(KEY.public()), "email": "me@example.org"}
        assert_stops_at("answer", bound(credential({"cnf": {"jwk": key}})))

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
            {"transaction_data_hashes": REQUEST.transaction.digest},
            {"transaction_data_hashes": [REQUEST.transaction.digest] * 2},
            {"transaction_data_hashes": [base64url.encode(bytes(32))]},
            {"transaction_data_hashes": [REQUEST.transaction.digest, base64url.encode(bytes(32))]},
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
        other = built(content={"choices": ["1", "2"]})
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
        assert_stops_at("answer", bound(credential({"sub": other})))
        assert_stops_at("answer", bound(credential({"sub": None})))

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
        assert_stops_at("data-model", bound(credential(typ="vc+sd-jwt")))
        assert_stops_at("data-model", bound(credential(typ="JWT")))

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
            {"vct": type_of("bands")},
            {"level": "topics"},
            {"level": "statements"},
            {"level": None},
            {"level": ["choose"]},
        ],
    )
    def test_another_kind_of_credential_fails(self, changes: dict[str, Any]) -> None:
        assert_stops_at("answer", bound(credential(changes)))

    UNASKED: Final[dict[str, list[Any]]] = {
        "choose": [
            None, ["1", "2", "3"], ["1", "1"], ["1", "5"], ["1", "Dune"], ["1", ""], ["1", " 2"],
            ["1", 2], [1, 2], ["1", None], ["1", ["2"]], [["1", "2"]], ["1", {"id": "2"}],
            "12", "", {"1": True, "2": True}, {}, 5, 0, False,
        ],
        "order": [
            None, ["1", "1"], ["1", "5"], ["1", "Dune"], ["1", 2], ["1", None], [["1", "2"]],
            [{"id": "2"}], "12", "", {"1": 1, "2": 2}, {}, 5, 0, False,
        ],
        "topics": [None, ["opera"], ["jazz", "jazz"], [1], "jazz", {"jazz": 1}, {}, 0, [["jazz"]]],
        "bands": [
            None, [], ["jazz"], {"opera": "low"}, {"jazz": 0.9}, {"jazz": 2}, {"jazz": None},
            {"jazz": "none"}, {"jazz": ["low"]}, {"jazz": True}, "jazz", 0,
        ],
        "statements": [
            None, ["a", "b", "c", "d"], ["a", "a"], [""], [1], "abc", {}, 0, [["a"]], ["x" * 999],
        ],
    }  # fmt: skip

    @pytest.mark.parametrize(
        ("level", "said"), [(level, said) for level, every in UNASKED.items() for said in every]
    )
    def test_an_answer_says_what_was_asked_or_fails(self, level: str, said: Any) -> None:
        asked = QUESTIONS[level]
        (member,) = SAID[level]
        forged = bound(credential({member: said}, of=built(asked)), asked)
        assert_stops_at("answer", forged, asked)

    @pytest.mark.parametrize("member", ["order", "topics", "bands", "statements"])
    def test_an_answer_says_nothing_at_another_level(self, member: str) -> None:
        assert_stops_at("answer", bound(credential({member: []})))

    @pytest.mark.parametrize(
        "changes",
        [
            {"method": None},
            {"method": ""},
            {"method": "Owner"},
            {"method": "drawn"},
            {"method": 1},
            {"method": True},
            {"method": ["owner"]},
            {"method": {"owner": True}},
            {"method": PRIVATE},
            {"method": PRIVATE, "window": ""},
            {"method": PRIVATE, "window": "2026"},
            {"method": PRIVATE, "window": "2026-03-08T00:00:00Z"},
            {"method": PRIVATE, "window": "2026-03-08\n"},
            {"method": PRIVATE, "window": "\u0662026-03-08"},
            {"method": PRIVATE, "window": "2026-02-30"},
            {"method": PRIVATE, "window": 20260308},
            {"method": PRIVATE, "window": ["2026-03-08"]},
            {"method": OWNER, "window": WINDOW},
            {"method": OWNER, "window": ""},
            {"method": None, "window": WINDOW},
        ],
    )
    def test_an_answer_says_how_it_came_about(self, changes: dict[str, Any]) -> None:
        assert_stops_at("answer", bound(credential(changes)))

    @pytest.mark.parametrize("epsilon", [0, 0.5, 1, 12.345, 100])
    def test_an_answer_of_an_older_version_says_what_it_cost_instead(self, epsilon: float) -> None:
        verification = verify(bound(credential({"method": None, "epsilon": epsilon})))
        assert verification.content == SAID["choose"]
        assert (verification.method, verification.window) == ("", "")

    @pytest.mark.parametrize("epsilon", [None, "1", True, -1, -0.001, 100.001, 1e300, [1], {"value": 1}])
    def test_it_says_it_in_a_number_that_there_was(self, epsilon: Any) -> None:
        assert_stops_at("answer", bound(credential({"method": None, "epsilon": epsilon})))

    @pytest.mark.parametrize(
        "changes",
        [
            {"method": "drawn", "epsilon": 1},
            {"method": PRIVATE, "epsilon": 1},
            {"method": None, "epsilon": 1, "window": WINDOW},
            {"method": None, "epsilon": 1, "window": ["2026-03-08"]},
        ],
    )
    def test_a_cost_does_not_stand_for_a_method_or_a_window(self, changes: dict[str, Any]) -> None:
        assert_stops_at("answer", bound(credential(changes)))

    @pytest.mark.parametrize(
        "terms",
        [
            None,
            {},
            [],
            {"purpose": REQUEST.purpose},
            {"purpose": "Sell it", "expires": int((NOW + DAY).timestamp()), "retention": 7 * 86400},
            {"purpose": REQUEST.purpose, "expires": int((NOW + DAY).timestamp()), "retention": 8 * 86400},
            {"purpose": REQUEST.purpose, "expires": int((NOW + 2 * DAY).timestamp()), "retention": 7 * 86400},
            {
                "purpose": REQUEST.purpose,
                "expires": int((NOW + DAY).timestamp()),
                "retention": 7 * 86400,
                "x": 1,
            },
        ],
    )
    def test_its_terms_are_those_of_the_request(self, terms: Any) -> None:
        assert_stops_at("answer", bound(credential({"terms": terms})))

    def test_an_answer_without_end_fails(self) -> None:
        assert_stops_at("answer", bound(credential({"exp": None})))

    def test_no_vct_fails(self) -> None:
        unsigned = {**sd_jwt.parse(ANSWER).jwt.payload}
        del unsigned["vct"]
        header = sd_jwt.parse(ANSWER).jwt.header
        forged = sd_jwt.parse(jws.sign(header, unsigned, KEY).encoded + "~")
        assert_stops_at("data-model", bound(forged))

    def test_an_expired_answer_fails(self) -> None:
        assert_stops_at("time", bound(credential({"exp": int(NOW.timestamp()) - 61})))
        assert_stops_at("time", bound(credential({"nbf": int(NOW.timestamp()) + 61})))

    def test_an_answer_for_another_audience_fails(self) -> None:
        assert_stops_at("data-model", bound(credential({"aud": "https://evil.example"})))


class TestDisclosures:
    EXTRA = base64url.encode(json.dumps(["c2FsdHNhbHRzYWx0c2FsdA", "score", 0.93]).encode())

    def test_a_disclosure_appended_by_somebody_else_fails(self) -> None:
        credential_, _, binding = ANSWER.rpartition("~")
        assert_stops_at("proof", f"{credential_}~{self.EXTRA}~{binding}")

    def test_a_disclosure_appended_by_the_holder_fails(self) -> None:
        parsed = sd_jwt.parse(ANSWER)
        forged = replace(parsed, disclosures=(self.EXTRA,), kb_jwt=None)
        assert_stops_at("proof", bound(forged))

    def test_choices_hidden_in_a_disclosure_that_is_held_back_fail(self) -> None:
        hidden = credential(disclosable=[("choices",)])
        assert verify(bound(hidden)).content == SAID["choose"]
        assert_stops_at("answer", bound(replace(hidden, disclosures=())))


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
        assert verification.content is None

    def test_no_character_of_an_answer_can_be_changed_added_or_removed(self) -> None:
        for position in range(0, len(ANSWER), 3):
            for spelling in ("A" if ANSWER[position] != "A" else "B", "", ANSWER[position] * 2):
                verification = verify(ANSWER[:position] + spelling + ANSWER[position + 1 :])
                assert verification.report.outcome is not PASSED
                assert verification.content is None

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
