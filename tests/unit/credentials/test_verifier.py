"""`Verifier`: it says what it verified, or raises with the report that says why not."""

from __future__ import annotations

import json
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any, Final

import pytest

import ipse
from ipse.credentials import verifier
from ipse.credentials.budget import Budget
from ipse.credentials.content import VerifiedCredential, VerifiedPresentation
from ipse.credentials.formats.vcdm11 import didkit_process
from ipse.credentials.policy import NO_CHALLENGE, Challenge, Policy
from ipse.credentials.report import CHECKS, Outcome
from ipse.errors import MalformedInput, Undetermined, UsageError, VerificationFailed
from ipse.wallet.verifier import Lookup, Verifier
from tests.corpus import old_faults, presentation_faults
from tests.corpus.building import (
    AUDIENCE,
    HOLDER,
    ISSUER,
    NONCE,
    NOW,
    STRANGER,
    Json,
    credential,
    edited,
    jwt,
    presentation,
    presented,
    w3c,
)
from tests.corpus.sd_jwt_building import CITY, NOW_SECONDS, bound, claims, key_binding, sd_jwt

FROM_ISSUER: Final = Policy(issuers=frozenset({ISSUER.did}), challenge=NO_CHALLENGE)
ANSWERED: Final = replace(FROM_ISSUER, challenge=Challenge(AUDIENCE, NONCE))
YEAR: Final = credential(validFrom="2026-01-01T00:00:00Z", validUntil="2027-01-01T00:00:00Z")
without_didkit: Final = pytest.mark.skipif(not didkit_process.available(), reason="didkit is not installed")
CREDENTIALS: Final[dict[str, Json | str]] = {
    "w3c": w3c(YEAR),
    "jwt": jwt(YEAR),
    "sd-jwt": sd_jwt(claims()),
    **{good.family: good.content for good in old_faults.good() if not good.is_answer},
}
every_credential = pytest.mark.parametrize(
    "document",
    [
        pytest.param(document, id=name, marks=without_didkit if "1.1" in name else ())
        for name, document in CREDENTIALS.items()
    ],
)


@pytest.fixture(autouse=True)
def _time_enough(monkeypatch: pytest.MonkeyPatch) -> None:
    """On a busy machine, starting didkit may take the seconds that a verification has."""
    monkeypatch.setattr("ipse.wallet.verifier.new_budget", Budget)


def verified(document: Json | str, policy: Policy = FROM_ISSUER, now: datetime = NOW) -> VerifiedCredential:
    return Verifier(policy).verify(document, now=now)


class TestWhatIsVerified:
    @pytest.mark.parametrize(("name", "types"), [("w3c", YEAR["type"]), ("jwt", YEAR["type"])])
    def test_a_w3c_credential_gives_its_issuer_subject_types_claims_and_validity(
        self, name: str, types: list[str]
    ) -> None:
        found = verified(CREDENTIALS[name])
        assert found.format == name
        assert (found.issuer, found.subject, found.subjects) == (ISSUER.did, HOLDER.did, (HOLDER.did,))
        assert list(found.types) == types
        assert found.claims == YEAR["credentialSubject"]
        assert (found.valid_from, found.valid_until) == (
            datetime(2026, 1, 1, tzinfo=UTC),
            datetime(2027, 1, 1, tzinfo=UTC),
        )
        assert found.disclosed == ()
        assert found.document == YEAR
        assert found.report.outcome is Outcome.PASSED

    def test_an_sd_jwt_gives_what_was_disclosed_and_nothing_about_the_credential_as_a_claim(self) -> None:
        found = verified(sd_jwt(claims(sub=HOLDER.did, nbf=NOW_SECONDS, exp=NOW_SECONDS + 60), CITY))
        assert (found.format, found.issuer, found.subject) == ("sd-jwt", ISSUER.did, HOLDER.did)
        assert found.types == (claims()["vct"],)
        assert found.disclosed == ("/address/city",)
        assert isinstance(found.claims, dict)
        assert found.claims["address"] == {"country": "DE", "city": "Kiel"}
        assert not found.claims.keys() & {"iss", "sub", "vct", "exp", "nbf", "iat", "cnf", "status", "_sd"}
        assert (found.valid_from, found.valid_until) == (NOW, NOW + timedelta(seconds=60))

    def test_several_subjects_are_no_one_subject_and_their_claims_are_a_list(self) -> None:
        family = [{"id": HOLDER.did, "degree": "a"}, {"id": STRANGER.did, "degree": "b"}]
        found = verified(w3c(credential(credentialSubject=family)))
        assert (found.subject, found.subjects) == (None, (HOLDER.did, STRANGER.did))
        assert found.claims == family

    def test_about_nobody_there_is_no_subject(self) -> None:
        found = verified(w3c(credential(credentialSubject={"degree": "a"})))
        assert (found.subject, found.subjects) == (None, ())

    def test_without_dates_it_is_open(self) -> None:
        found = verified(w3c(credential(validFrom=..., validUntil=...)))
        assert (found.valid_from, found.valid_until) == (None, None)

    @every_credential
    def test_text_and_json_give_the_same(self, document: Json | str) -> None:
        text = document if isinstance(document, str) else json.dumps(document)
        assert verified(text) == verified(document)

    @every_credential
    def test_json_has_what_was_verified_with_times_as_text(self, document: Json | str) -> None:
        found = verified(document)
        written = found.to_json()
        assert written.keys() == {
            *("format", "issuer", "subjects", "types", "claims", "valid_from", "valid_until", "disclosed")
        }
        assert written["claims"] == found.claims
        assert isinstance(written["valid_from"], str) == (found.valid_from is not None)

    def test_only_what_the_proof_covers_comes_back(self) -> None:
        document = w3c(credential())
        document["@context"] = [*document["@context"], "https://evil.example/v1"]
        assert verified(document).document == credential()

    @pytest.mark.parametrize("secret", ["Oceanography", HOLDER.did])
    def test_claims_are_not_in_a_repr(self, secret: str) -> None:
        found = verified(w3c(credential(credentialSubject={"id": "urn:x", "a": secret})))
        assert secret not in repr(found)


class TestWhatIsNot:
    @every_credential
    def test_an_issuer_that_was_not_asked_for_fails_with_the_report(self, document: Json | str) -> None:
        with pytest.raises(VerificationFailed) as caught:
            verified(document, Policy(issuers=frozenset({STRANGER.did}), challenge=NO_CHALLENGE))
        report = caught.value.report
        assert report is not None
        assert report.outcome is Outcome.FAILED
        assert report.check("trust").code == "issuer-not-asked-for"
        assert [check.name for check in report.checks] == list(CHECKS)

    @every_credential
    def test_with_no_word_on_whom_to_trust_it_is_undetermined(self, document: Json | str) -> None:
        with pytest.raises(Undetermined) as caught:
            verified(document, Policy(challenge=NO_CHALLENGE))
        report = caught.value.report
        assert report is not None
        assert report.check("trust").code == "no-trust-policy"

    def test_a_status_list_out_of_reach_is_undetermined(self) -> None:
        entry = {
            "type": "BitstringStatusListEntry",
            "statusPurpose": "revocation",
            "statusListIndex": "1",
            "statusListCredential": "https://127.0.0.1:1/status",
        }
        with pytest.raises(Undetermined) as caught:
            verified(w3c(credential(credentialStatus=entry)))
        assert caught.value.report.check("status").outcome is Outcome.UNDETERMINED

    @pytest.mark.parametrize(
        ("document", "now", "name", "code"),
        [
            (edited(w3c(YEAR), "credentialSubject", "degree", to="x"), NOW, "proof", "verification-failed"),
            (w3c(YEAR, STRANGER), NOW, "proof", "no-issuer-proof"),
            (w3c(YEAR), NOW + timedelta(days=400), "time", "expired"),
            (w3c(YEAR), NOW - timedelta(days=400), "time", "not-yet-valid"),
            (w3c(credential(credentialSubject={})), NOW, "data-model", "data-model"),
            (sd_jwt(claims(vct=...)), NOW, "data-model", "data-model"),
        ],
    )
    def test_each_failure_has_a_code(self, document: Json | str, now: datetime, name: str, code: str) -> None:
        with pytest.raises(VerificationFailed) as caught:
            verified(document, now=now)
        decisive = caught.value.report.decisive
        assert (decisive.name, decisive.code) == (name, code)

    @pytest.mark.parametrize("text", ["", "x", "{", "[]", "a.b.c", "~", "null"])
    def test_what_can_not_be_read_is_malformed(self, text: str) -> None:
        with pytest.raises(MalformedInput):
            verified(text)

    @pytest.mark.parametrize(
        "document", [w3c(YEAR), jwt(YEAR), sd_jwt(claims()), w3c(YEAR, STRANGER), "nonsense"]
    )
    def test_there_is_nothing_verified_unless_every_check_passed(self, document: Json | str) -> None:
        for policy in (FROM_ISSUER, Policy(challenge=NO_CHALLENGE), Policy(issuers=frozenset({"did:x:y"}))):
            found = verifier.verify(document, policy=policy, now=NOW)
            passed = found.report.outcome is Outcome.PASSED
            assert (found.verified is not None) == passed
            assert ("verified" in found.to_json()) == passed

    def test_an_answer_to_a_challenge_is_missing_where_one_was_asked_for(self) -> None:
        with pytest.raises(VerificationFailed) as caught:
            verified(w3c(credential()), ANSWERED)
        assert caught.value.report.check("holder-binding").code == "no-holder-proof"


ANSWERS: Final[dict[str, Any]] = {
    good.family: good.content for good in presentation_faults.good() if good.is_answer
}


class TestPresentations:
    @pytest.mark.parametrize("answer", ANSWERS.values(), ids=list(ANSWERS))
    def test_one_that_answers_gives_its_holder_and_credentials(self, answer: Json | str) -> None:
        found = Verifier(ANSWERED).verify_presentation(answer, now=NOW)
        assert found.holder == HOLDER.did
        assert found.credentials
        assert {each.issuer for each in found.credentials} == {ISSUER.did}
        assert found.report.outcome is Outcome.PASSED
        assert found.to_json() == {
            "holder": HOLDER.did,
            "credentials": [each.to_json() for each in found.credentials],
        }

    def test_a_key_binding_is_a_presentation_of_one_credential_by_its_subject(self) -> None:
        found = Verifier(ANSWERED).verify_presentation(key_binding(bound()), now=NOW)
        assert len(found.credentials) == 1
        assert found.holder == (found.credentials[0].subject or "")

    @pytest.mark.parametrize("answer", ANSWERS.values(), ids=list(ANSWERS))
    def test_without_a_challenge_in_the_policy_none_is_looked_at(self, answer: Json | str) -> None:
        with pytest.raises(UsageError, match="challenge"):
            Verifier(replace(FROM_ISSUER, challenge=None)).verify_presentation(answer, now=NOW)

    @pytest.mark.parametrize("answer", ANSWERS.values(), ids=list(ANSWERS))
    def test_an_answer_to_another_challenge_fails_with_its_code(self, answer: Json | str) -> None:
        for challenge, code in (
            (Challenge(AUDIENCE, "other"), {"wrong-nonce", "key-binding"}),
            (Challenge("https://other.example", NONCE), {"wrong-audience", "key-binding"}),
        ):
            with pytest.raises(VerificationFailed) as caught:
                Verifier(replace(ANSWERED, challenge=challenge)).verify_presentation(answer, now=NOW)
            assert caught.value.report.check("holder-binding").code in code

    def test_a_credential_is_no_presentation_and_a_presentation_no_credential(self) -> None:
        with pytest.raises(UsageError, match="not a presentation"):
            Verifier(FROM_ISSUER).verify_presentation(w3c(credential()), now=NOW)
        with pytest.raises(UsageError, match="this is a presentation"):
            Verifier(ANSWERED).verify(presented(presentation(w3c(credential()))), now=NOW)

    def test_one_bad_credential_spoils_it_and_nothing_is_verified(self) -> None:
        bad = edited(w3c(credential()), "credentialSubject", "degree", to="x")
        answer = presented(presentation(w3c(credential()), bad))
        with pytest.raises(VerificationFailed) as caught:
            Verifier(ANSWERED).verify_presentation(answer, now=NOW)
        outcomes = [each.outcome for each in caught.value.report.credentials]
        assert outcomes == [Outcome.PASSED, Outcome.FAILED]
        found = Verifier(ANSWERED).examine(answer, now=NOW)
        assert found.verified is None
        assert found.credentials[0].verified is not None

    def test_what_is_verified_of_it_is_a_presentation(self) -> None:
        found = Verifier(ANSWERED).examine(presented(presentation(w3c(credential()))), now=NOW)
        assert isinstance(found.verified, VerifiedPresentation)
        assert isinstance(found.credentials[0].verified, VerifiedCredential)


class TestIdentity:
    """What a batch that goes on compares: everything that can change a verdict."""

    def test_the_same_policy_has_the_same_identity(self) -> None:
        assert Verifier(FROM_ISSUER).identity() == Verifier(replace(FROM_ISSUER)).identity()

    @pytest.mark.parametrize(
        "other",
        [
            Verifier(replace(FROM_ISSUER, issuers=frozenset({STRANGER.did}))),
            Verifier(replace(FROM_ISSUER, trusted={ISSUER.did: frozenset("*")})),
            Verifier(replace(FROM_ISSUER, any_issuer=True)),
            Verifier(replace(FROM_ISSUER, any_holder=True)),
            Verifier(replace(FROM_ISSUER, leeway=timedelta(0))),
            Verifier(replace(FROM_ISSUER, challenge=None)),
            Verifier(ANSWERED),
            Verifier(FROM_ISSUER, Lookup(schemas={"https://x.example": b"{}"})),
        ],
    )
    def test_another_policy_has_another(self, other: Verifier) -> None:
        assert other.identity() != Verifier(FROM_ISSUER).identity()


def test_the_public_name_is_this_verifier() -> None:
    assert ipse.Verifier is Verifier
