"""A credential that only its presenter vouches for.

The attacker has a key that a DID lists for `authentication` alone: one that proves who logs in, on a machine
that may issue nothing. They want a credential that the DID's owner never asserted. A credential without a
proof of its own used to pass where issuer and presenter are one, whatever that key is for and whoever the
credential is about.

It cannot come back: such a credential is signed by the presentation's keys, and they go through the same
check for `assertionMethod` as those of any other signature. And it says something of its presenter alone:
whom else it is about, or that it names nobody, fails in a check of its own that no option lifts.
"""

from __future__ import annotations

from typing import Any, Final

import pytest

from ipse.credentials.formats.vcdm11 import didkit_process
from ipse.credentials.model import CONTEXT
from ipse.credentials.report import Outcome
from ipse.credentials.verifier import Verification
from ipse.keys import ed25519, key_types
from tests.attacks.presenting import check, in_1_1, in_1_1_jwt, in_data_integrity, in_rdfc, in_vp_jwt, verify
from tests.corpus.building import HOLDER, STRANGER, Json, Party, credential, presentation, presented, proof
from tests.corpus.old_faults import unsigned_credential

SUBJECT: Final = "https://www.w3.org/2018/credentials#credentialSubject"
PASSED, FAILED = Outcome.PASSED, Outcome.FAILED
KINDS: Final = {"data-integrity": in_data_integrity, "rdfc": in_rdfc, "vp-jwt": in_vp_jwt}
EVERY: Final = pytest.mark.parametrize("make", KINDS.values(), ids=KINDS)
WITH_DIDKIT: Final = pytest.mark.skipif(not didkit_process.available(), reason="didkit is not installed")


def _peer() -> tuple[Party, Party]:
    """A DID with two keys, as who asserts and as who authenticates with it."""
    keys = ed25519.PrivateKey(b"a" * 32), ed25519.PrivateKey(b"v" * 32)
    asserting, proving = (key_types.to_multikey(key.public()) for key in keys)
    did = f"did:peer:2.A{asserting}.V{proving}"
    return Party(keys[0], did, f"{did}#key-1"), Party(keys[1], did, f"{did}#key-2")


ASSERTING, PROVING = _peer()


def said(by: Party, subject: Any = ...) -> Json:
    """A credential by a presenter, of itself where nothing else is said, without a proof."""
    about = {"id": by.did, "degree": "PhD"} if subject is ... else subject
    return credential(by, id=..., credentialSubject=about)


def judged(answer: Json | str, by: Party, **policy: Any) -> Verification:
    return verify(answer, **{"issuers": frozenset({by.did}), **policy})


@EVERY
class TestTheKey:
    def test_that_only_authenticates_asserts_nothing(self, make: Any) -> None:
        found = judged(make(said(PROVING), by=PROVING), PROVING)
        assert check(found, "purpose") == (PASSED, "")
        assert check(found, "purpose", 1) == (FAILED, "key-not-listed")
        assert found.report.outcome is FAILED

    def test_that_is_listed_for_both_asserts(self, make: Any) -> None:
        found = judged(make(said(HOLDER)), HOLDER)
        assert check(found, "purpose", 1) == (PASSED, "")
        assert found.report.outcome is PASSED

    def test_that_only_authenticates_asserts_nothing_to_any_holder(self, make: Any) -> None:
        found = judged(make(said(PROVING), by=PROVING), PROVING, any_holder=True)
        assert check(found, "purpose", 1) == (FAILED, "key-not-listed")


@EVERY
@pytest.mark.parametrize("any_holder", [False, True])
class TestTheSubject:
    @pytest.mark.parametrize(
        "subject",
        [
            {"degree": "PhD"},
            {"id": STRANGER.did, "degree": "PhD"},
            [{"id": HOLDER.did, "degree": "PhD"}, {"id": STRANGER.did, "degree": "PhD"}],
            [{"id": HOLDER.did, "degree": "PhD"}, {"degree": "MSc"}],
        ],
        ids=["nobody", "another", "another-too", "somebody-unnamed-too"],
    )
    def test_that_is_not_the_presenter_fails(self, make: Any, any_holder: bool, subject: Any) -> None:
        found = judged(make(said(HOLDER, subject)), HOLDER, any_holder=any_holder)
        assert check(found, "holder-binding", 1) == (FAILED, "self-asserted")
        assert found.report.outcome is FAILED


@pytest.mark.parametrize("make", [in_data_integrity, in_vp_jwt])
@pytest.mark.parametrize("any_holder", [False, True])
def test_a_subject_under_another_name_of_its_id_is_another_too(make: Any, any_holder: bool) -> None:
    own = said(HOLDER, {"@id": STRANGER.did, "degree": "PhD"})
    found = judged(make(own), HOLDER, any_holder=any_holder)
    assert check(found, "holder-binding", 1) == (FAILED, "self-asserted")


def test_an_unknown_context_hides_nobody_whom_it_is_about_too() -> None:
    for more, name in ({"about": SUBJECT}, "about"), ({}, SUBJECT):
        contexts = [CONTEXT, "https://unknown.example/v1", more]
        own = {**said(HOLDER), "@context": contexts, name: {"id": STRANGER.did, "degree": "PhD"}}
        found = judged(in_vp_jwt(own), HOLDER)
        assert check(found, "holder-binding", 1) == (Outcome.UNDETERMINED, "subject-unclear")


def test_two_proofs_of_the_presenter_must_both_assert() -> None:
    document = presentation(said(ASSERTING), holder=ASSERTING.did)
    first, second = (presented(document, by)["proof"] for by in (ASSERTING, PROVING))
    found = judged({**document, "proof": [first, second]}, ASSERTING)
    assert check(found, "purpose", 1) == (FAILED, "key-not-listed")


def test_a_proof_of_its_own_by_the_key_that_authenticates_is_none_either() -> None:
    own = said(PROVING)
    for purpose, code in (("assertionMethod", "key-not-listed"), ("authentication", "wrong-purpose")):
        signed = {**own, "proof": proof(own, PROVING, proofPurpose=purpose)}
        found = judged(in_data_integrity(signed, by=PROVING), PROVING)
        assert check(found, "purpose", 1) == (FAILED, code)


@WITH_DIDKIT
class TestOldPresentations:
    @pytest.mark.parametrize("subject", [{"degree": "PhD"}, {"id": STRANGER.did, "degree": "PhD"}])
    def test_a_new_credential_without_a_proof_never_passes(self, subject: Json) -> None:
        found = judged(in_1_1_jwt(said(HOLDER, subject)), HOLDER, any_holder=True)
        assert found.report.outcome is not PASSED

    @pytest.mark.parametrize("make", [in_1_1, in_1_1_jwt, in_data_integrity, in_vp_jwt])
    def test_an_old_credential_without_a_proof_is_never_taken(self, make: Any) -> None:
        own = unsigned_credential(issuer=HOLDER.did)
        found = judged(make(own), HOLDER, any_holder=True)
        assert found.report.outcome is FAILED
