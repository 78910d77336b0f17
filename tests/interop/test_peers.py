"""The peers among themselves: what they issue they accept, what is tampered with they refuse.

Without this, a refusal of something of ours could be a fault of the harness.
"""

from __future__ import annotations

import json

import pytest

from tests.interop.material import CURVES, TOKEN_TAMPERING, V2, document, reworded, tampering
from tests.interop.peer import PEERS, Peer, PeerFailed

STATUS_URL = "https://issuer.example/status/1"


def test_the_lockfile_pins_every_package_by_hash_and_names_no_registry() -> None:
    packages = json.loads((PEERS / "package-lock.json").read_text(encoding="utf-8"))["packages"]
    asked = packages.pop("")["dependencies"]
    assert asked == json.loads((PEERS / "package.json").read_text(encoding="utf-8"))["dependencies"]
    for name, package in packages.items():
        assert package["integrity"].startswith("sha512-"), name
        assert "resolved" not in package, name
    for name, version in asked.items():
        assert packages[f"node_modules/{name}"]["version"] == version


def test_a_fault_is_no_refusal(peer: Peer) -> None:
    with pytest.raises(PeerFailed, match="no such command"):
        peer.ask("bake")
    with pytest.raises(PeerFailed, match="no key of did:example:1"):
        peer.issue(document("eddsa-jcs-2022", "did:example:1", "did:example:2"), "eddsa-jcs-2022")


@pytest.mark.parametrize("suite", CURVES)
def test_a_credential_is_accepted_and_its_tampered_twins_are_not(peer: Peer, suite: str) -> None:
    credential = peer.issue(document(suite, peer.key(CURVES[suite]).did, peer.key().did), suite)
    assert credential["proof"]["cryptosuite"] == suite
    assert peer.verify(credential).verified
    for what, tampered in tampering(credential).items():
        verdict = peer.verify(tampered)
        assert not verdict.verified, what
        assert "Invalid signature" in verdict.reason, what


@pytest.mark.parametrize("suite", ["eddsa-jcs-2022", "ecdsa-jcs-2019"])
def test_the_peers_jcs_suites_cannot_read_a_context_by_value(peer: Peer, suite: str) -> None:
    """It compares the context of the proof and of the document by identity, not by content.

    So it refuses what it has issued. VC-DI-EDDSA 3.3.2 asks for the same values.
    """
    credential = document("rdfc", peer.key(CURVES[suite]).did, peer.key().did)
    verdict = peer.verify(peer.issue(credential, suite))
    assert not verdict.verified
    assert "does not start with proof.@context" in verdict.reason


@pytest.mark.parametrize("suite", ["eddsa-rdfc-2022", "ecdsa-rdfc-2019"])
def test_the_peers_rdfc_suites_sign_1e_7_as_zero(peer: Peer, suite: str) -> None:
    """It takes a number that JavaScript prints without a point for an integer, and cuts it off.

    So anyone may change it. JSON-LD 1.1 API section 8.6 makes a double of it, 1.0E-7.
    """
    credential = document(suite, peer.key(CURVES[suite]).did, peer.key().did)
    credential["credentialSubject"]["grade"] = 1e-7
    signed = peer.issue(credential, suite)
    signed["credentialSubject"]["grade"] = 9e-9
    assert peer.verify(signed).verified


@pytest.mark.parametrize("suite", ["eddsa-jcs-2022", "eddsa-rdfc-2022"])
def test_a_presentation_is_accepted_for_its_own_challenge_and_domain(peer: Peer, suite: str) -> None:
    holder = peer.key()
    credential = peer.issue(document(suite, peer.key().did, holder.did), suite)
    presentation = peer.present(
        [credential], holder, suite, challenge="n-1", domain="https://verifier.example"
    )
    assert peer.verify_presentation(presentation, challenge="n-1", domain="https://verifier.example").verified
    for challenge, domain in (("n-2", "https://verifier.example"), ("n-1", "https://other.example")):
        verdict = peer.verify_presentation(presentation, challenge=challenge, domain=domain)
        assert not verdict.verified
        assert "not as expected" in verdict.reason
    for what, tampered in tampering(credential).items():
        verdict = peer.verify_presentation(
            {**presentation, "verifiableCredential": [tampered]},
            challenge="n-1",
            domain="https://verifier.example",
        )
        assert not verdict.verified, what


@pytest.mark.parametrize("curve", ["Ed25519", "P-256"])
def test_a_jwt_is_accepted_and_its_tampered_twins_are_not(peer: Peer, curve: str) -> None:
    issuer = peer.key(curve)
    credential = document("jcs", issuer.did, peer.key().did)
    token = peer.sign_jwt(credential, issuer)
    assert peer.verify_jwt(token).content == credential
    for what, tamper in TOKEN_TAMPERING.items():
        verdict = peer.verify_jwt(tamper(token))
        assert (verdict.verified, verdict.reason) == (False, "signature verification failed"), what
    assert not peer.verify_jwt(peer.sign_jwt(credential, issuer, "JWT")).verified
    assert not peer.verify_jwt(peer.sign_jwt(credential, peer.key(curve))).verified


@pytest.mark.parametrize("curve", ["Ed25519", "P-256"])
def test_an_sd_jwt_discloses_what_was_chosen_under_its_key_binding(peer: Peer, curve: str) -> None:
    issuer, holder = peer.key(curve), peer.key(curve)
    claims = {"vct": "https://example.org/degree", "degree": "Bachelor", "grade": 1, "born": {"year": 1999}}
    issued = peer.issue_sd_jwt(issuer, claims, {"_sd": ["degree", "grade"]}, holder.jwk)
    everything = {"iss": issuer.did, "cnf": {"jwk": holder.jwk}, **claims}
    assert peer.verify_sd_jwt(issued).content == everything

    presented = peer.present_sd_jwt(issued, {"degree": True}, holder, audience="aud-1", nonce="n-1")
    del everything["grade"]
    assert peer.verify_sd_jwt(presented, audience="aud-1", nonce="n-1").content == everything
    reasons = {
        "another audience": peer.verify_sd_jwt(presented, audience="aud-2", nonce="n-1"),
        "another nonce": peer.verify_sd_jwt(presented, audience="aud-1", nonce="n-2"),
        "no binding": peer.verify_sd_jwt(
            presented[: presented.rindex("~") + 1], audience="aud-1", nonce="n-1"
        ),
        "another disclosure": peer.verify_sd_jwt(
            presented.replace("~", "~" + issued.split("~")[2] + "~", 1), audience="aud-1", nonce="n-1"
        ),
        "another holder": peer.verify_sd_jwt(
            peer.present_sd_jwt(issued, {}, peer.key(curve), audience="aud-1", nonce="n-1"),
            audience="aud-1",
            nonce="n-1",
        ),
        "a changed signature": peer.verify_sd_jwt(TOKEN_TAMPERING["a changed signature"](issued)),
        "a changed binding": peer.verify_sd_jwt(
            reworded(presented, len(presented) - 40), audience="aud-1", nonce="n-1"
        ),
    }
    assert {what for what, verdict in reasons.items() if not verdict.verified} == set(reasons)


@pytest.mark.parametrize("suite", CURVES)
def test_a_status_list_says_what_is_revoked(peer: Peer, suite: str) -> None:
    issuer = peer.key(CURVES[suite])
    listed = peer.status_list(
        issuer, STATUS_URL, suite=suite, length=131072, indices=[94567, 131071], purpose="revocation"
    )
    assert listed["@context"] == [V2]
    assert peer.read_status_list(listed) == (131072, [94567, 131071])
    for index, revoked in (("94567", True), ("94568", False)):
        credential = document(suite, issuer.did, peer.key().did)
        credential["credentialStatus"] = {
            "id": f"{STATUS_URL}#{index}",
            "type": "BitstringStatusListEntry",
            "statusPurpose": "revocation",
            "statusListIndex": index,
            "statusListCredential": STATUS_URL,
        }
        signed = peer.issue(credential, suite)
        verdict = peer.verify(signed, {STATUS_URL: listed})
        assert (verdict.verified, verdict.statuses) == (True, (revoked,))
        forged = {**listed, "validUntil": "3999-01-01T00:00:00Z"}
        assert not peer.verify(signed, {STATUS_URL: forged}).verified
        assert not peer.verify(signed, {}).verified


@pytest.mark.parametrize("bits", [1, 2, 4, 8])
def test_a_token_status_list_says_what_is_revoked(peer: Peer, bits: int) -> None:
    issuer = peer.key()
    token = peer.token_status_list(issuer, STATUS_URL, bits=bits, length=1000, statuses={3: 1})
    for index, revoked in ((3, True), (4, False)):
        claims = {
            "vct": "https://example.org/degree",
            "status": {"status_list": {"idx": index, "uri": STATUS_URL}},
        }
        verdict = peer.verify_sd_jwt(peer.issue_sd_jwt(issuer, claims, {}), documents={STATUS_URL: token})
        assert (verdict.verified, verdict.reason) == (not revoked, "Status is not valid" if revoked else "")
