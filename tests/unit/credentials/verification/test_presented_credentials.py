"""Presentations: what the verifier asked, who answers, and the credentials that are presented."""

from __future__ import annotations

from datetime import timedelta
from typing import Any, Final

import pytest

from ipse.credentials import verifier
from ipse.credentials.formats.vcdm11 import didkit_process
from ipse.credentials.policy import NO_CHALLENGE, Challenge, NoChallenge, Policy
from ipse.credentials.report import CHECKS, Outcome
from ipse.credentials.verifier import MAX_CREDENTIALS, Verification
from ipse.errors import MissingFeature, UsageError
from tests.corpus import old_faults, presentation_faults
from tests.corpus.building import (
    AUDIENCE,
    HOLDER,
    ISSUER,
    NONCE,
    NOW,
    STRANGER,
    Json,
    Party,
    credential,
    edited,
    jwt,
    presentation,
    presented,
    w3c,
)
from tests.corpus.found import document_of
from tests.corpus.jwt_faults import enveloped
from tests.corpus.sd_jwt_building import HOLDER_KEY, NOW_SECONDS, bound, claims, key_binding, sd_jwt

PASSED, FAILED = Outcome.PASSED, Outcome.FAILED
NOT_APPLICABLE, UNDETERMINED = Outcome.NOT_APPLICABLE, Outcome.UNDETERMINED
CHALLENGE: Final = Challenge(AUDIENCE, NONCE)
SECOND: Final = timedelta(seconds=1)

ANSWERS: Final[dict[str, Json | str]] = {
    good.family: good.content
    for module in (presentation_faults, old_faults)
    for good in module.good()
    if good.is_answer
} | {"sd-jwt-kb": key_binding(bound())}
ALONE: Final[dict[str, Json | str]] = {
    "w3c": w3c(credential()),
    "jwt": jwt(credential()),
    "sd-jwt": sd_jwt(claims()),
    "sd-jwt with a holder key": bound(),
    **{good.family: good.content for good in old_faults.good() if not good.is_answer},
}


def _params(documents: dict[str, Json | str]) -> list[Any]:
    without = pytest.mark.skipif(not didkit_process.available(), reason="didkit is not installed")
    return [
        pytest.param(document, id=name, marks=without if "1.1" in name else ())
        for name, document in documents.items()
    ]


BINDING: Final = ("vp-mixed", "sd-jwt-kb")
"""Those in which an SD-JWT answers a challenge itself."""
every_answer = pytest.mark.parametrize("answer", _params(ANSWERS))


def verify(document: Json | str, *, after: timedelta = timedelta(0), **policy: Any) -> Verification:
    asked = Policy(**{"issuers": frozenset({ISSUER.did}), "challenge": CHALLENGE, **policy})
    return verifier.verify(document, policy=asked, now=NOW + after)


def outcomes(found: Verification) -> dict[str, Outcome]:
    return {check.name: check.outcome for check in found.report.checks}


def outcome(found: Verification, name: str, part: int = 0) -> Outcome:
    report = found.report.credentials[part - 1] if part else found.report
    return next(check.outcome for check in report.checks if check.name == name)


def by_holder(*credentials: Any, by: Party = HOLDER) -> Json:
    return presented(presentation(*credentials, holder=by.did), by)


class TestTheChallenge:
    @every_answer
    def test_an_answer_to_it_passes_with_every_check_taken(self, answer: Json | str) -> None:
        found = verify(answer)
        assert found.report.outcome is PASSED
        assert outcome(found, "holder-binding") is PASSED
        assert [check.name for check in found.report.checks] == list(CHECKS)

    @every_answer
    def test_without_one_no_presentation_is_looked_at(self, answer: Json | str) -> None:
        with pytest.raises(UsageError, match="none is given"):
            verify(answer, challenge=None)

    @pytest.mark.sampled(14)
    @every_answer
    @pytest.mark.parametrize(
        "challenge",
        [
            Challenge("https://other.example", NONCE),
            Challenge(AUDIENCE + "/", NONCE),
            Challenge(AUDIENCE.upper(), NONCE),
            Challenge(AUDIENCE, "n-1"),
            Challenge(AUDIENCE, NONCE[:-1]),
            Challenge(NONCE, AUDIENCE),
        ],
        ids=["audience", "a slash", "upper case", "nonce", "a shorter nonce", "each for the other"],
    )
    def test_an_answer_to_another_one_fails(self, answer: Json | str, challenge: Challenge) -> None:
        found = verify(answer, challenge=challenge)
        assert outcome(found, "holder-binding") is FAILED
        assert found.report.outcome is FAILED
        assert found.report.decisive.name == "holder-binding"

    @pytest.mark.sampled(7)
    @every_answer
    @pytest.mark.parametrize(
        ("after", "expected"),
        [
            # Each answer was made at ten seconds before NOW; clocks may differ by a minute.
            (timedelta(seconds=-71), FAILED),
            (timedelta(seconds=-70), PASSED),
            (timedelta(seconds=350), PASSED),
            (timedelta(seconds=351), FAILED),
        ],
    )
    def test_an_answer_from_the_future_or_too_long_ago_fails(
        self, answer: Json | str, after: timedelta, expected: Outcome
    ) -> None:
        found = verify(answer, after=after)
        assert outcome(found, "holder-binding") is expected
        assert found.report.outcome is expected

    @every_answer
    def test_the_verifier_says_how_old_an_answer_may_be(self, answer: Json | str) -> None:
        brief = Challenge(AUDIENCE, NONCE, max_age=5)
        assert verify(answer, challenge=brief, leeway=timedelta(0)).report.outcome is FAILED
        assert verify(answer, challenge=brief, leeway=6 * SECOND).report.outcome is PASSED

    @pytest.mark.parametrize("answer", _params({n: d for n, d in ANSWERS.items() if n not in BINDING}))
    def test_given_up_out_loud_a_presentation_is_judged_without_its_answer(self, answer: Json | str) -> None:
        found = verify(answer, challenge=NO_CHALLENGE)
        assert found.report.outcome is PASSED
        assert outcome(found, "holder-binding") is NOT_APPLICABLE

    def test_given_up_a_key_binding_still_has_to_be_the_holders(self) -> None:
        good = key_binding(bound())
        found = verify(good, challenge=NO_CHALLENGE)
        assert found.report.outcome is PASSED
        assert outcome(found, "holder-binding") is NOT_APPLICABLE
        altered = good[:-2] + ("AA" if not good.endswith("AA") else "BB")
        found = verify(altered, challenge=NO_CHALLENGE)
        assert outcome(found, "holder-binding") is FAILED

    @pytest.mark.parametrize("document", _params(ALONE))
    def test_a_credential_on_its_own_is_no_answer_to_one(self, document: Json | str) -> None:
        found = verify(document)
        assert found.report.outcome is FAILED
        assert found.report.decisive.name == "holder-binding"

    @pytest.mark.parametrize("document", _params({n: d for n, d in ALONE.items() if "key" not in n}))
    @pytest.mark.parametrize("challenge", [None, NO_CHALLENGE])
    def test_a_credential_on_its_own_is_judged_where_nobody_is_asked_to_answer(
        self, document: Json | str, challenge: NoChallenge | None
    ) -> None:
        found = verify(document, challenge=challenge)
        assert found.report.outcome is PASSED
        assert outcome(found, "holder-binding") is NOT_APPLICABLE

    def test_a_holder_key_without_a_key_binding_is_refused_unless_that_is_given_up(self) -> None:
        assert outcome(verify(bound(), challenge=None), "holder-binding") is FAILED
        assert verify(bound(), challenge=NO_CHALLENGE).report.outcome is PASSED

    @pytest.mark.parametrize(("audience", "nonce"), [("", NONCE), (AUDIENCE, "")])
    def test_an_empty_challenge_is_none(self, audience: str, nonce: str) -> None:
        with pytest.raises(UsageError):
            Challenge(audience, nonce)


class TestWhoPresents:
    def test_somebody_elses_credential_fails(self) -> None:
        found = verify(by_holder(w3c(credential()), by=STRANGER))
        assert outcome(found, "holder-binding") is PASSED
        assert outcome(found, "holder-binding", 1) is FAILED
        assert found.report.outcome is FAILED

    @pytest.mark.parametrize(
        "inside",
        [w3c(credential()), enveloped(jwt(credential())), presentation_faults._sd_jwt_in(sd_jwt(claims()))],
        ids=["w3c", "jwt", "sd-jwt"],
    )
    def test_any_holder_may_where_the_verifier_says_so(self, inside: Json) -> None:
        answer = by_holder(inside, by=STRANGER)
        assert verify(answer).report.outcome is FAILED
        assert verify(answer, any_holder=True).report.outcome is PASSED

    def test_a_credential_about_nobody_may_be_presented_by_anybody(self) -> None:
        bearer = w3c(credential(credentialSubject={"degree": "Oceanography"}))
        found = verify(by_holder(bearer, by=STRANGER))
        assert found.report.outcome is PASSED
        assert outcome(found, "holder-binding", 1) is NOT_APPLICABLE

    def test_one_of_several_subjects_may_present(self) -> None:
        family = w3c(credential(credentialSubject=[{"id": HOLDER.did}, {"id": STRANGER.did}]))
        for party, expected in ((HOLDER, PASSED), (STRANGER, PASSED), (ISSUER, FAILED)):
            assert verify(by_holder(family, by=party)).report.outcome is expected

    def test_the_holder_is_who_signed_not_who_is_named(self) -> None:
        document = presentation(w3c(credential()))
        found = verify(presented(document, STRANGER))
        assert outcome(found, "proof") is FAILED

    def test_a_presentation_that_names_no_holder_is_its_signers(self) -> None:
        document = presentation(w3c(credential()), holder=...)
        assert verify(presented(document)).report.outcome is PASSED
        stolen = verify(presented(document, STRANGER))
        assert outcome(stolen, "holder-binding", 1) is FAILED

    def test_a_second_proof_in_front_makes_nobody_else_the_holder(self) -> None:
        document = presentation(w3c(credential()), holder=...)
        old = presented(document, challenge="n-1", created="2026-06-01T00:00:00Z")["proof"]
        new = presented(document, STRANGER)["proof"]
        for proofs in ([new, old], [old, new]):
            assert verify({**document, "proof": proofs}).report.outcome is FAILED

    def test_a_key_binding_inside_is_of_who_presents(self) -> None:
        bound_to_other = key_binding(bound())
        inside = presentation_faults._sd_jwt_in(bound_to_other)
        assert verify(by_holder(inside)).report.outcome is PASSED
        assert outcome(verify(by_holder(inside, by=STRANGER)), "holder-binding", 1) is FAILED
        assert verify(by_holder(inside, by=STRANGER), any_holder=True).report.outcome is PASSED

    def test_a_holder_key_inside_needs_its_key_binding(self) -> None:
        inside = presentation_faults._sd_jwt_in(bound())
        for challenge in (CHALLENGE, NO_CHALLENGE):
            assert outcome(verify(by_holder(inside), challenge=challenge), "holder-binding", 1) is FAILED


class TestSelfAsserted:
    """What the presenter says itself needs no proof besides the presentation's."""

    def own(self, **changes: Any) -> Json:
        return credential(HOLDER, **{"id": ..., **changes})

    def test_it_is_covered_by_the_presentations_proof(self) -> None:
        found = verify(by_holder(self.own()), issuers=frozenset({HOLDER.did}))
        assert found.report.outcome is PASSED
        assert outcome(found, "purpose", 1) is PASSED

    def test_it_is_trusted_only_where_its_issuer_is(self) -> None:
        assert outcome(verify(by_holder(self.own())), "trust", 1) is FAILED

    def test_another_issuers_credential_is_not_covered_by_it(self) -> None:
        assert outcome(verify(by_holder(credential())), "proof", 1) is FAILED

    def test_on_its_own_it_is_unsigned(self) -> None:
        found = verify(self.own(), issuers=frozenset({HOLDER.did}), challenge=None)
        assert outcome(found, "proof") is FAILED

    @pytest.mark.parametrize("proof", [None, [], {}, "none"])
    def test_a_proof_that_is_none_is_not_the_same_as_no_proof(self, proof: Any) -> None:
        found = verify(by_holder({**self.own(), "proof": proof}), issuers=frozenset({HOLDER.did}))
        assert found.report.outcome is FAILED

    def test_time_is_judged_all_the_same(self) -> None:
        expired = self.own(validUntil="2026-07-01T11:58:59Z")
        found = verify(by_holder(expired), issuers=frozenset({HOLDER.did}))
        assert outcome(found, "time", 1) is FAILED

    def test_in_a_token_it_is_covered_too(self) -> None:
        answer = {**presentation(self.own()), "aud": AUDIENCE, "nonce": NONCE, "iat": NOW_SECONDS}
        signed = jwt(answer, HOLDER, typ="vp+jwt")
        assert verify(signed, issuers=frozenset({HOLDER.did})).report.outcome is PASSED
        other = {**answer, "verifiableCredential": [credential()]}
        assert outcome(verify(jwt(other, HOLDER, typ="vp+jwt")), "proof", 1) is FAILED


class TestWhatIsPresented:
    def test_one_report_for_each_credential_in_its_order(self) -> None:
        second = w3c(credential(id="urn:uuid:2"))
        found = verify(by_holder(w3c(credential()), second))
        assert [document_of(part) for part in found.credentials] == [
            credential(),
            credential(id="urn:uuid:2"),
        ]
        assert [part.report for part in found.credentials] == list(found.report.credentials)

    def test_formats_may_be_mixed(self) -> None:
        found = verify(ANSWERS["vp-mixed"])
        forms = [part.content.format for part in found.credentials if part.content is not None]
        assert forms == ["w3c", "jwt", "sd-jwt", "sd-jwt"]

    def test_an_enveloped_presentation_is_the_token_in_it(self) -> None:
        token = str(ANSWERS["vp-jwt"])
        envelope = enveloped(
            "", id=f"data:application/vp+jwt,{token}", type="EnvelopedVerifiablePresentation"
        )
        assert verify(envelope).report == verify(token).report

    def test_one_bad_credential_spoils_the_presentation(self) -> None:
        bad = edited(w3c(credential()), "credentialSubject", "degree", to="Medicine")
        found = verify(by_holder(w3c(credential()), bad))
        assert [part.report.outcome for part in found.credentials] == [PASSED, FAILED]
        assert found.report.outcome is FAILED

    def test_one_undetermined_credential_leaves_it_undetermined(self) -> None:
        unknown = credential(credentialStatus={"type": "X"})
        found = verify(by_holder(w3c(credential()), w3c(unknown)))
        assert found.report.outcome is UNDETERMINED

    @pytest.mark.parametrize("family", ["vp-w3c-jcs", "vp-jwt"])
    def test_a_presentation_inside_a_presentation_is_refused(self, family: str) -> None:
        inner = ANSWERS[family]
        inside = inner if isinstance(inner, dict) else enveloped("", id=f"data:application/vp+jwt,{inner}")
        assert verify(by_holder(inside)).report.outcome is FAILED
        disguised = {**inside, "type": ["VerifiableCredential", "VerifiablePresentation"]}
        assert verify(by_holder(disguised)).report.outcome is FAILED

    @pytest.mark.parametrize("entry", [None, 5, "x", [], {}, [[]], "eyJ.eyJ.x", True])
    def test_what_is_no_credential_is_reported_not_raised(self, entry: Any) -> None:
        assert verify(by_holder(entry)).report.outcome is FAILED
        answer = {**presentation(entry), "aud": AUDIENCE, "nonce": NONCE, "iat": NOW_SECONDS}
        assert verify(jwt(answer, HOLDER, typ="vp+jwt")).report.outcome is FAILED

    def test_no_more_credentials_than_anyone_shows_are_looked_at(self) -> None:
        one = w3c(credential())
        assert verify(by_holder(*[one] * MAX_CREDENTIALS)).report.outcome is PASSED
        answer = {"aud": AUDIENCE, "nonce": NONCE, "iat": NOW_SECONDS}
        many = presentation(*[one] * (MAX_CREDENTIALS + 1))
        for document in (presented(many), jwt({**many, **answer}, HOLDER, typ="vp+jwt")):
            found = verify(document)
            assert outcome(found, "data-model") is FAILED
            assert f"{MAX_CREDENTIALS + 1} credentials" in found.report.decisive.reason
            assert found.credentials == ()

    @pytest.mark.parametrize("credentials", [..., []])
    @pytest.mark.parametrize(
        "policy", [{}, {"issuers": frozenset(), "trusted": {ISSUER.did: frozenset("*")}}]
    )
    def test_no_credential_is_none_of_an_issuer_that_was_asked_for(
        self, credentials: Any, policy: dict[str, Any]
    ) -> None:
        empty = presentation(verifiableCredential=credentials)
        answer = {**empty, "aud": AUDIENCE, "nonce": NONCE, "iat": NOW_SECONDS}
        for document in (presented(empty), jwt(answer, HOLDER, typ="vp+jwt")):
            assert verify(document, **policy).report.outcome is FAILED

    def test_to_whom_any_issuer_will_do_control_of_the_did_alone_is_proved(self) -> None:
        answer = presented(presentation(verifiableCredential=...))
        found = verify(answer, issuers=frozenset(), any_issuer=True)
        assert found.report.outcome is PASSED
        assert found.credentials == ()


@pytest.mark.skipif(didkit_process.available(), reason="didkit is installed")
@pytest.mark.parametrize("family", ["vp-w3c-1.1", "vp-w3c-1.1-jwt"])
def test_without_didkit_nothing_is_said_of_vcdm_11(family: str) -> None:
    with pytest.raises(MissingFeature):
        verify(ANSWERS[family])


@pytest.mark.parametrize("cnf", [None, 5, "x", [], {}, {"jwk": None}, {"kid": "did:key:z"}, {"x5c": []}])
def test_a_holder_key_of_any_shape_is_reported_not_raised(cnf: Any) -> None:
    assert verify(key_binding(sd_jwt(claims(cnf=cnf)))).report.outcome is not PASSED


def test_the_holder_key_may_be_one_of_a_did() -> None:
    cnf = {"kid": HOLDER.method}
    assert verify(key_binding(sd_jwt(claims(cnf=cnf)))).report.outcome is PASSED
    other = {"kid": STRANGER.method}
    assert outcome(verify(key_binding(sd_jwt(claims(cnf=other)))), "holder-binding") is FAILED
    assert HOLDER_KEY["jwk"]["kty"] == "OKP"
