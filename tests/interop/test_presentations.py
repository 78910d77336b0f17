"""W3C presentations with an authentication proof, to and from @digitalbazaar/vc."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from tests.conftest import Ipse
from tests.interop import ours
from tests.interop.material import CURVES, document, reworded, tampering
from tests.interop.peer import JsonObject, Peer, Verdict

AUDIENCE = "https://verifier.example"
NONCE = "0f3c8a5e-nonce"


def _verdict(peer: Peer, presentation: JsonObject) -> Verdict:
    return peer.verify_presentation(presentation, challenge=NONCE, domain=AUDIENCE)


def _wrong(presentation: JsonObject) -> dict[str, JsonObject]:
    """`presentation` with one thing changed, by what it is."""
    (credential,) = presentation["verifiableCredential"]
    proof = presentation["proof"]
    value = proof["proofValue"]
    inside = {
        f"{what} inside": {**presentation, "verifiableCredential": [tampered]}
        for what, tampered in tampering(credential).items()
    }
    return {
        **inside,
        "no credential": {**presentation, "verifiableCredential": []},
        "a changed signature": {
            **presentation,
            "proof": {**proof, "proofValue": reworded(value, len(value) // 2)},
        },
        "another date": {**presentation, "proof": {**proof, "created": "2024-07-01T00:00:00Z"}},
        "no proof": {name: value for name, value in presentation.items() if name != "proof"},
    }


def _refused_by_both(ipse: Ipse, peer: Peer, presentation: JsonObject, issuer: str) -> None:
    accept = ("--issuer", issuer)
    challenge = ("--audience", AUDIENCE, "--nonce", NONCE)
    for what, wrong in _wrong(presentation).items():
        ours.verify(ipse, wrong, *accept, *challenge, code=3)
        assert not _verdict(peer, wrong).verified, what


@pytest.mark.parametrize("outer", ["eddsa-jcs-2022", "eddsa-rdfc-2022"])
@pytest.mark.parametrize("inner", ["eddsa-rdfc-2022", "ecdsa-rdfc-2019"])
def test_theirs_is_accepted_here_and_its_tampered_twins_by_neither(
    ipse: Ipse, peer: Peer, inner: str, outer: str
) -> None:
    issuer, holder = peer.key(CURVES[inner]).did, peer.key(CURVES[outer])
    credential = peer.issue(document(inner, issuer, holder.did), inner)
    presentation = peer.present([credential], holder, outer, challenge=NONCE, domain=AUDIENCE)
    assert _verdict(peer, presentation).verified
    accept = ("--issuer", issuer)
    ours.verify(ipse, presentation, *accept, "--audience", AUDIENCE, "--nonce", NONCE)
    ours.verify(ipse, presentation, *accept, "--audience", AUDIENCE, "--nonce", "another", code=3)
    ours.verify(ipse, presentation, *accept, "--audience", "https://eve.example", "--nonce", NONCE, code=3)
    _refused_by_both(ipse, peer, presentation, issuer)


@pytest.mark.parametrize("suite", CURVES)
def test_ours_is_accepted_there_and_its_tampered_twins_by_neither(ipse: Ipse, peer: Peer, suite: str) -> None:
    issuer = peer.key(CURVES[suite]).did
    kept = ours.keep(ipse, peer.issue(document(suite, issuer, ours.did_of(ipse, "me")), suite))
    run = ipse("vc", "present", kept, "--holder", "me", "--audience", AUDIENCE, "--nonce", NONCE)
    presentation = json.loads(run.out)
    assert presentation["proof"]["proofPurpose"] == "authentication"
    assert _verdict(peer, presentation).verified
    for challenge, domain in (("another", AUDIENCE), (NONCE, "https://eve.example")):
        verdict = peer.verify_presentation(presentation, challenge=challenge, domain=domain)
        assert not verdict.verified
        assert "not as expected" in verdict.reason
    ours.verify(ipse, presentation, "--issuer", issuer, "--audience", AUDIENCE, "--nonce", NONCE)
    _refused_by_both(ipse, peer, presentation, issuer)


def test_what_we_issued_they_present(ipse: Ipse, peer: Peer, tmp_path: Path) -> None:
    holder, issuer = peer.key(), ours.did_of(ipse, "university")
    draft = ours.write(tmp_path / "draft.json", document("eddsa-rdfc-2022", issuer, holder.did))
    credential = json.loads(
        ours.issue(ipse, "--credential", draft, "--issuer", "university", "--suite", "eddsa-rdfc-2022")
    )
    presentation = peer.present([credential], holder, "eddsa-rdfc-2022", challenge=NONCE, domain=AUDIENCE)
    ours.verify(ipse, presentation, "--issuer", issuer, "--audience", AUDIENCE, "--nonce", NONCE)


def test_presenting_what_is_about_another_is_not_accepted_here(ipse: Ipse, peer: Peer) -> None:
    """The peer leaves it to its caller whether the presenter is whom the credential is about."""
    issuer, holder, thief = peer.key(), peer.key(), peer.key()
    credential = peer.issue(document("eddsa-jcs-2022", issuer.did, holder.did), "eddsa-jcs-2022")
    stolen = peer.present([credential], thief, "eddsa-jcs-2022", challenge=NONCE, domain=AUDIENCE)
    assert _verdict(peer, stolen).verified
    challenge = ("--audience", AUDIENCE, "--nonce", NONCE)
    ours.verify(ipse, stolen, "--issuer", issuer.did, *challenge, code=3)
