"""W3C credentials with Data Integrity proofs, to and from @digitalbazaar/vc."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from tests.conftest import EXAMPLES, Ipse
from tests.interop import ours
from tests.interop.material import CURVES, document, names_by_value, tampering
from tests.interop.peer import JsonObject, Peer


def _refused_by_both(ipse: Ipse, peer: Peer, credential: JsonObject, issuer: str) -> None:
    for what, tampered in tampering(credential).items():
        run = ours.verify(ipse, tampered, "--issuer", issuer, code=3)
        assert ours.outcome(run, "proof") == "failed", what
        verdict = peer.verify(tampered)
        assert not verdict.verified, what
        assert "Invalid signature" in verdict.reason, what


@pytest.mark.parametrize("suite", CURVES)
def test_theirs_is_accepted_here_and_its_tampered_twins_by_neither(
    ipse: Ipse, peer: Peer, suite: str
) -> None:
    issuer = peer.key(CURVES[suite]).did
    credential = peer.issue(document(suite, issuer, ours.did_of(ipse, "me")), suite)
    run = ours.verify(ipse, credential, "--issuer", issuer)
    assert ours.outcome(run, "proof") == "passed"
    assert peer.verify(credential).verified
    _refused_by_both(ipse, peer, credential, issuer)


@pytest.mark.parametrize("suite", CURVES)
def test_ours_is_accepted_there_and_its_tampered_twins_by_neither(
    ipse: Ipse, peer: Peer, tmp_path: Path, suite: str
) -> None:
    name = ours.issuer_on(ipse, CURVES[suite])
    issuer = ours.did_of(ipse, name)
    unsigned = document(suite, issuer, peer.key().did)
    draft = ours.write(tmp_path / "draft.json", unsigned)
    credential = json.loads(ours.issue(ipse, "--credential", draft, "--issuer", name, "--suite", suite))
    assert credential["proof"]["cryptosuite"] == suite
    assert {**credential, "proof": None} == {**unsigned, "proof": None}
    assert peer.verify(credential).verified
    ours.verify(ipse, credential, "--issuer", issuer)
    _refused_by_both(ipse, peer, credential, issuer)


def test_a_credential_made_of_claims_alone_is_accepted_there(ipse: Ipse, peer: Peer) -> None:
    issued = ours.issue(
        ipse, "--issuer", "university", "--subject", peer.key().did, "--type", "DegreeCredential",
        "--claims", EXAMPLES / "claims.json", "--valid-until", "2999-01-01",
    )  # fmt: skip
    credential = json.loads(issued)
    assert peer.verify(credential).verified
    credential["credentialSubject"]["awardedOn"] = "2025-06-21"
    assert "Invalid signature" in peer.verify(credential).reason
    ours.verify(ipse, credential, "--any-issuer", code=3)


@pytest.mark.parametrize("suite", ["eddsa-jcs-2022", "ecdsa-jcs-2019"])
def test_a_context_by_value_under_jcs_is_accepted_here(ipse: Ipse, peer: Peer, suite: str) -> None:
    issuer = peer.key(CURVES[suite]).did
    credential = peer.issue(names_by_value(issuer, ours.did_of(ipse, "me")), suite)
    ours.verify(ipse, credential, "--issuer", issuer)
    credential["@context"][1]["degree"] = "https://example.org/terms#grade"
    run = ours.verify(ipse, credential, "--issuer", issuer, code=3)
    assert ours.outcome(run, "proof") == "failed"


@pytest.mark.parametrize("suite", ["eddsa-rdfc-2022", "ecdsa-rdfc-2019"])
def test_a_term_that_no_context_defines_is_accepted_by_neither(ipse: Ipse, peer: Peer, suite: str) -> None:
    """RDF drops it, so the signature still fits: anyone could have put it in."""
    issuer = peer.key(CURVES[suite]).did
    credential = peer.issue(document(suite, issuer, ours.did_of(ipse, "me")), suite)
    credential["credentialSubject"]["doctorate"] = "Oceanography"
    ours.verify(ipse, credential, "--issuer", issuer, code=3)
    verdict = peer.verify(credential)
    assert not verdict.verified
    assert "Safe mode validation error" in verdict.reason


@pytest.mark.parametrize("suite", ["eddsa-rdfc-2022", "ecdsa-rdfc-2019"])
@pytest.mark.parametrize("number", [1e-7, 0.30000000000000004])
def test_a_number_that_their_rdf_loses_is_not_accepted_here(
    ipse: Ipse, peer: Peer, suite: str, number: float
) -> None:
    """They sign the first as 0 and the second as 0.3: whatever else rounds to that fits the signature."""
    issuer = peer.key(CURVES[suite]).did
    unsigned = document(suite, issuer, ours.did_of(ipse, "me"))
    unsigned["credentialSubject"]["grade"] = number
    run = ours.verify(ipse, peer.issue(unsigned, suite), "--issuer", issuer, code=3)
    assert ours.outcome(run, "proof") == "failed"


def test_a_proof_for_presenting_makes_no_credential(ipse: Ipse, peer: Peer) -> None:
    issuer = peer.key()
    unsigned = document("eddsa-jcs-2022", issuer.did, ours.did_of(ipse, "me"))
    credential = peer.issue(unsigned, "eddsa-jcs-2022")
    credential["proof"]["proofPurpose"] = "authentication"
    ours.verify(ipse, credential, "--issuer", issuer.did, code=3)
    assert not peer.verify(credential).verified


def test_another_issuers_key_makes_no_credential(ipse: Ipse, peer: Peer) -> None:
    issuer, other = peer.key(), peer.key()
    credential = peer.issue(document("eddsa-jcs-2022", other.did, issuer.did), "eddsa-jcs-2022")
    credential["issuer"] = issuer.did
    ours.verify(ipse, credential, "--issuer", issuer.did, code=3)
    assert not peer.verify(credential).verified
