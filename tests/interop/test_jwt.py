"""Credentials and presentations secured with JOSE (VC-JOSE-COSE), to and from jose."""

from __future__ import annotations

import time
from pathlib import Path
from typing import Any, Final

import pytest

from tests.conftest import Ipse
from tests.interop import ours
from tests.interop.material import TOKEN_TAMPERING, V2, document
from tests.interop.peer import Peer, PeerKey

CURVES = ("Ed25519", "P-256")
AUDIENCE: Final = "https://verifier.example"
NONCE: Final = "0f3c8a5e-nonce"
CHALLENGE: Final = ("--audience", AUDIENCE, "--nonce", NONCE)


def _refused_by_both(ipse: Ipse, peer: Peer, token: str, issuer: str) -> None:
    for what, tamper in TOKEN_TAMPERING.items():
        run = ours.verify(ipse, tamper(token), "--issuer", issuer, code=3)
        assert ours.outcome(run, "proof") == "failed", what
        verdict = peer.verify_jwt(tamper(token))
        assert (verdict.verified, verdict.reason) == (False, "signature verification failed"), what


@pytest.mark.parametrize("curve", CURVES)
def test_theirs_is_accepted_here_and_its_tampered_twins_by_neither(
    ipse: Ipse, peer: Peer, curve: str
) -> None:
    issuer = peer.key(curve)
    token = peer.sign_jwt(document("jcs", issuer.did, ours.did_of(ipse, "me")), issuer)
    run = ours.verify(ipse, token, "--issuer", issuer.did)
    assert ours.outcome(run, "proof") == "passed"
    assert peer.verify_jwt(token).verified
    _refused_by_both(ipse, peer, token, issuer.did)


@pytest.mark.parametrize("curve", CURVES)
def test_ours_is_accepted_there_and_its_tampered_twins_by_neither(
    ipse: Ipse, peer: Peer, tmp_path: Path, curve: str
) -> None:
    name = ours.issuer_on(ipse, curve)
    issuer = ours.did_of(ipse, name)
    unsigned = document("jcs", issuer, peer.key().did)
    draft = ours.write(tmp_path / "draft.json", unsigned)
    token = ours.issue(ipse, "--credential", draft, "--issuer", name, "--format", "jwt")
    content = peer.verify_jwt(token).content
    assert content is not None
    assert {name: content[name] for name in unsigned} == unsigned
    ours.verify(ipse, token, "--issuer", issuer)
    _refused_by_both(ipse, peer, token, issuer)


def test_another_type_of_token_is_accepted_by_neither(ipse: Ipse, peer: Peer) -> None:
    issuer = peer.key()
    for typ in ("JWT", "dc+sd-jwt"):
        token = peer.sign_jwt(document("jcs", issuer.did, ours.did_of(ipse, "me")), issuer, typ)
        ours.verify(ipse, token, "--issuer", issuer.did, code=6)
        assert not peer.verify_jwt(token).verified, typ


def test_another_issuers_key_is_accepted_by_neither(ipse: Ipse, peer: Peer) -> None:
    issuer, other = peer.key(), peer.key()
    token = peer.sign_jwt(document("jcs", issuer.did, ours.did_of(ipse, "me")), other)
    ours.verify(ipse, token, "--issuer", issuer.did, code=3)
    assert not peer.verify_jwt(token).verified


def _presentation(peer: Peer, holder: PeerKey, *tokens: str, **changed: Any) -> str:
    enveloped = [
        {"@context": V2, "id": f"data:application/vc+jwt,{token}", "type": "EnvelopedVerifiableCredential"}
        for token in tokens
    ]
    payload = {
        "@context": [V2],
        "type": ["VerifiablePresentation"],
        "holder": holder.did,
        "verifiableCredential": enveloped,
        "aud": AUDIENCE,
        "nonce": NONCE,
        "iat": int(time.time()),
    }
    return peer.sign_jwt({**payload, **changed}, holder, "vp+jwt")


@pytest.mark.parametrize("curve", CURVES)
def test_their_presentation_is_accepted_here_and_its_tampered_twins_by_neither(
    ipse: Ipse, peer: Peer, curve: str
) -> None:
    issuer, holder = peer.key(curve), peer.key(curve)
    token = peer.sign_jwt(document("jcs", issuer.did, holder.did), issuer)
    presented = _presentation(peer, holder, token)
    accept = ("--issuer", issuer.did, *CHALLENGE)
    ours.verify(ipse, presented, *accept)
    assert peer.verify_jwt(presented, "vp+jwt", audience=AUDIENCE).verified
    for changed in ({"nonce": "another"}, {"aud": "https://eve.example"}, {"iat": int(time.time()) - 86400}):
        ours.verify(ipse, _presentation(peer, holder, token, **changed), *accept, code=3)
    for what, tamper in TOKEN_TAMPERING.items():
        ours.verify(ipse, _presentation(peer, holder, tamper(token)), *accept, code=3)
        assert not peer.verify_jwt(tamper(token)).verified, what
    broken = TOKEN_TAMPERING["a changed signature"](presented)
    ours.verify(ipse, broken, *accept, code=3)
    assert not peer.verify_jwt(broken, "vp+jwt", audience=AUDIENCE).verified


def test_our_presentation_is_accepted_there(ipse: Ipse, peer: Peer) -> None:
    issuer, me = peer.key(), ours.did_of(ipse, "me")
    token = peer.sign_jwt(document("jcs", issuer.did, me), issuer)
    run = ipse("vc", "present", ours.keep(ipse, token), "--holder", "me", *CHALLENGE)
    presented = run.out.strip()
    content = peer.verify_jwt(presented, "vp+jwt", audience=AUDIENCE).content
    assert content is not None
    assert (content["nonce"], content["holder"]) == (NONCE, me)
    (enveloped,) = content["verifiableCredential"]
    assert enveloped["id"] == f"data:application/vc+jwt,{token}"
    assert not peer.verify_jwt(presented, "vp+jwt", audience="https://eve.example").verified
    broken = TOKEN_TAMPERING["a changed signature"](presented)
    assert not peer.verify_jwt(broken, "vp+jwt", audience=AUDIENCE).verified
    ours.verify(ipse, presented, "--issuer", issuer.did, *CHALLENGE)
    ours.verify(ipse, broken, "--issuer", issuer.did, *CHALLENGE, code=3)
