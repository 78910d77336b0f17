"""SD-JWT VCs with selective disclosure and key binding, to and from @sd-jwt/sd-jwt-vc."""

from __future__ import annotations

import base64
import json
from pathlib import Path
from typing import Any, Final

import pytest

from ipse.keys import key_types
from tests.conftest import Ipse
from tests.interop import ours
from tests.interop.material import TOKEN_TAMPERING, payload_of, reworded
from tests.interop.peer import Peer

CURVES = ("Ed25519", "P-256")
VCT: Final = "https://credentials.example/degree"
AUDIENCE: Final = "https://verifier.example"
NONCE: Final = "0f3c8a5e-nonce"
CHALLENGE: Final = ("--audience", AUDIENCE, "--nonce", NONCE)
CLAIMS: Final[dict[str, Any]] = {
    "degree": "Bachelor \u20ac",
    "grade": 92.75,
    "born": {"year": 1999, "in": "X"},
    "courses": ["Tides", "Currents", {"name": "Waves"}],
}
FRAME: Final = {
    "_sd": ["degree", "grade", "born", "courses"],
    "born": {"_sd": ["year", "in"]},
    "courses": {"_sd": [0, 2]},
}


def _jwk_of(ipse: Ipse, name: str) -> dict[str, Any]:
    """The public JWK of our did:key called `name`."""
    return dict(
        key_types.public_to_jwk(key_types.from_multikey(ours.did_of(ipse, name).removeprefix("did:key:")))
    )


def _rewritten(disclosure: str) -> str:
    """`disclosure` with another value under the same salt and name."""
    *kept, _ = json.loads(base64.urlsafe_b64decode(disclosure + "=" * (-len(disclosure) % 4)))
    return base64.urlsafe_b64encode(json.dumps([*kept, "Master"]).encode()).rstrip(b"=").decode()


def _wrong(token: str, other_disclosure: str) -> dict[str, str]:
    """An SD-JWT with one thing changed, by what it is."""
    jwt, first, rest = token.split("~", 2)
    return {
        **{what: tamper(token) for what, tamper in TOKEN_TAMPERING.items()},
        "a changed disclosure": f"{jwt}~{_rewritten(first)}~{rest}",
        "a disclosure of another credential": f"{jwt}~{first}~{other_disclosure}~{rest}",
        "a disclosure twice": f"{jwt}~{first}~{first}~{rest}",
    }


def _presented_wrong(presented: str, undisclosed: str) -> dict[str, str]:
    """An SD-JWT with key binding with one thing changed, by what it is."""
    jwt, _, rest = presented.split("~", 2)
    return {
        **_wrong(presented, undisclosed),
        "a disclosure taken out": f"{jwt}~{rest}",
        "a changed binding": reworded(presented, len(presented) - 40),
        "no binding": presented[: presented.rindex("~") + 1],
    }


@pytest.mark.parametrize("curve", CURVES)
def test_theirs_is_accepted_here_with_its_binding_only(ipse: Ipse, peer: Peer, curve: str) -> None:
    issuer, holder = peer.key(curve), peer.key(curve)
    issued = peer.issue_sd_jwt(issuer, {"vct": VCT, **CLAIMS}, FRAME, holder.jwk)
    presented = peer.present_sd_jwt(issued, {"degree": True}, holder, audience=AUDIENCE, nonce=NONCE)
    accept = ("--issuer", issuer.did)
    ours.verify(ipse, presented, *accept, *CHALLENGE)
    ours.verify(ipse, presented, *accept, "--audience", AUDIENCE, "--nonce", "another", code=3)
    ours.verify(ipse, presented, *accept, "--audience", "https://eve.example", "--nonce", NONCE, code=3)
    undisclosed = next(part for part in issued.split("~")[1:-1] if part not in presented)
    for what, wrong in _presented_wrong(presented, undisclosed).items():
        ours.verify(ipse, wrong, *accept, *CHALLENGE, code=3)
        assert not peer.verify_sd_jwt(wrong, audience=AUDIENCE, nonce=NONCE).verified, what


@pytest.mark.parametrize("curve", CURVES)
def test_another_holders_binding_is_accepted_by_neither(ipse: Ipse, peer: Peer, curve: str) -> None:
    issuer, holder, thief = peer.key(curve), peer.key(curve), peer.key(curve)
    issued = peer.issue_sd_jwt(issuer, {"vct": VCT, **CLAIMS}, FRAME, holder.jwk)
    stolen = peer.present_sd_jwt(issued, {"degree": True}, thief, audience=AUDIENCE, nonce=NONCE)
    ours.verify(ipse, stolen, "--issuer", issuer.did, *CHALLENGE, code=3)
    assert not peer.verify_sd_jwt(stolen, audience=AUDIENCE, nonce=NONCE).verified


@pytest.mark.parametrize("curve", CURVES)
def test_ours_is_accepted_there_and_its_tampered_twins_by_neither(
    ipse: Ipse, peer: Peer, tmp_path: Path, curve: str
) -> None:
    name, holder = ours.issuer_on(ipse, curve), peer.key(curve)
    issuer = ours.did_of(ipse, name)
    claims = ours.write(tmp_path / "claims.json", CLAIMS)
    issued = ours.issue(
        ipse, "--issuer", name, "--subject", holder.did, "--format", "sd-jwt", "--type", VCT,
        "--claims", claims, "--disclosable", "all",
    )  # fmt: skip
    content = peer.verify_sd_jwt(issued).content
    assert content is not None
    assert {name: content[name] for name in CLAIMS} == CLAIMS
    assert (content["vct"], content["iss"]) == (VCT, issuer)
    assert set(CLAIMS).isdisjoint(payload_of(issued))

    presented = peer.present_sd_jwt(issued, {"degree": True}, holder, audience=AUDIENCE, nonce=NONCE)
    ours.verify(ipse, presented, "--issuer", issuer, *CHALLENGE)
    other = peer.issue_sd_jwt(peer.key(), {"vct": VCT, "grade": 100}, {"_sd": ["grade"]}).split("~")[1]
    for what, wrong in _presented_wrong(presented, other).items():
        ours.verify(ipse, wrong, "--issuer", issuer, *CHALLENGE, code=3)
        assert not peer.verify_sd_jwt(wrong, audience=AUDIENCE, nonce=NONCE).verified, what


def test_what_they_issued_we_present_with_what_was_chosen_and_no_more(ipse: Ipse, peer: Peer) -> None:
    issuer, holder_jwk = peer.key(), _jwk_of(ipse, "me")
    issued = peer.issue_sd_jwt(issuer, {"vct": VCT, **CLAIMS}, FRAME, holder_jwk)
    kept = ours.keep(ipse, issued)
    run = ipse("vc", "present", kept, "--holder", "me", "--disclose", "degree", *CHALLENGE)
    presented = run.out.strip()
    verdict = peer.verify_sd_jwt(presented, audience=AUDIENCE, nonce=NONCE)
    assert verdict.content == {
        "iss": issuer.did,
        "vct": VCT,
        "cnf": {"jwk": holder_jwk},
        "degree": CLAIMS["degree"],
    }
    assert not peer.verify_sd_jwt(presented, audience=AUDIENCE, nonce="another").verified
    assert not peer.verify_sd_jwt(presented, audience="https://eve.example", nonce=NONCE).verified
    undisclosed = next(part for part in issued.split("~")[1:-1] if part not in presented)
    for what, wrong in _presented_wrong(presented, undisclosed).items():
        ours.verify(ipse, wrong, "--issuer", issuer.did, *CHALLENGE, code=3)
        assert not peer.verify_sd_jwt(wrong, audience=AUDIENCE, nonce=NONCE).verified, what
