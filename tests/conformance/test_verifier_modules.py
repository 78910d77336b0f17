"""The modules of the plan `oid4vp-1final-verifier-haip-test-plan`: our verifier, and a wallet of the tests.

Each function has the name of a module. Where a module has a fault, the answer without it is verified and the
one with it is not: the wallet is told no more than that, and what is printed has the exact reason and no
claims. One server answers all of them, one link after the other.
"""

from __future__ import annotations

import json
from typing import Any, Final

import pytest

from tests.cli.verifier_serving import Serving
from tests.conformance.fixtures import REVEALED, answered, open_link
from tests.openid_peer.certificates import Signer, public_jwk
from tests.openid_peer.encoding import b64, unb64
from tests.openid_peer.sd_jwt import PERSON, identity_credential
from tests.openid_peer.wallet import Asked, Lie, Reply, Wallet

_YEAR: Final = 365 * 24 * 3600
_FAULTS: Final = pytest.mark.parametrize("faulty", [False, True], ids=["without the fault", "with the fault"])


def _sent(serving: Serving, wallet: Wallet, asked: Asked, lie: Lie | None = None) -> tuple[Reply, Any]:
    """What the wallet is told after its answer, and what the server prints."""
    reply = wallet.send(asked, lie)
    printed = serving.printed()
    answered(serving)
    return reply, printed


def _accepted(serving: Serving, wallet: Wallet, asked: Asked) -> None:
    """A run that passes: both sides have what HAIP says they have afterwards."""
    reply, printed = _sent(serving, wallet, asked)
    assert (reply.status, reply.headers["content-type"]) == (200, "application/json"), printed
    assert set(reply.json) == {"redirect_uri"}, "HAIP 1.0 section 5.1"
    assert reply.json["redirect_uri"].startswith("https://")
    assert printed["status"] == "verified"
    ((found,),) = printed["credentials"].values()
    assert {name: found["claims"][name] for name in REVEALED} == {name: PERSON[name] for name in REVEALED}
    assert not set(PERSON) - set(REVEALED) & set(found["claims"])


def _judge(serving: Serving, wallet: Wallet, faulty: bool, lie: Lie, code: str, why: str) -> None:
    asked = wallet.fetch(open_link(serving))
    if not faulty:
        _accepted(serving, wallet, asked)
        return
    reply, printed = _sent(serving, wallet, asked, lie)
    assert 400 <= reply.status < 500
    assert set(reply.json) <= {"error", "error_description"}
    assert why not in json.dumps(reply.json), "the wallet is not told what gave it away"
    assert printed["status"] == "failed"
    assert (printed["error"]["code"], why in printed["error"]["message"]) == (code, True), printed["error"]
    assert "credentials" not in printed
    told = json.dumps({name: value for name, value in printed.items() if name != "session"})  # a random id
    assert not any(PERSON[name] in told for name in REVEALED)


def test_oid4vp_1final_verifier_happy_flow(serving: Serving, wallet: Wallet) -> None:
    """The wallet checks the request as HAIP has it; nonce, state and key are new each time."""
    seen: dict[str, set[str]] = {"nonce": set(), "state": set(), "key": set()}
    for _ in range(2):
        asked = wallet.fetch(open_link(serving))
        payload = asked.payload
        (key,) = payload["client_metadata"]["jwks"]["keys"]
        seen["nonce"].add(payload["nonce"])
        seen["state"].add(payload["state"])
        seen["key"].add(key["x"])
        assert asked.header["x5c"]
        _accepted(serving, wallet, asked)
    assert {name: len(values) for name, values in seen.items()} == {"nonce": 2, "state": 2, "key": 2}


def test_oid4vp_1final_verifier_minimal_cnf_jwk(serving: Serving, wallet: Wallet, issuer: Signer) -> None:
    """The key in `cnf` has its required members alone; a key with more of them is taken as well."""
    bare = public_jwk(wallet.key)
    assert set(bare) == {"kty", "crv", "x", "y"}
    for jwk in (bare, {**bare, "kid": "1", "use": "sig", "alg": "ES256", "key_ops": ["verify"]}):
        wallet.credential = identity_credential(issuer, jwk)
        _accepted(serving, wallet, wallet.fetch(open_link(serving)))


def test_oid4vp_1final_verifier_request_uri_method_post(serving: Serving, wallet: Wallet) -> None:
    link = open_link(serving)
    asked = wallet.fetch(link)
    assert asked.link["request_uri_method"] == "post"
    assert asked.payload["wallet_nonce"], "which the wallet has compared with its own"
    _accepted(serving, wallet, asked)


def test_oid4vp_1final_verifier_request_uri_fetched_twice(serving: Serving, wallet: Wallet) -> None:
    link = open_link(serving)
    first, second = wallet.fetch(link), wallet.fetch(link)
    for name in ("nonce", "state", "client_metadata", "response_uri", "dcql_query"):
        assert first.payload[name] == second.payload[name], name
    _accepted(serving, wallet, second)
    assert 400 <= wallet.send(first).status < 500, "a request is answered once"


def test_oid4vp_1final_verifier_invalid_session_transcript(serving: Serving, wallet: Wallet) -> None:
    """Of an mdoc, which the verifier does not say it reads; an answer with one is not accepted."""
    asked = wallet.fetch(open_link(serving))
    assert "mso_mdoc" not in asked.payload["client_metadata"]["vp_formats_supported"]
    (query,) = asked.payload["dcql_query"]["credentials"]
    document = b64(b"\xa3gversionc1.0idocuments\x80fstatus\x00")
    lie = Lie(answer=lambda answer: answer.update(vp_token={query["id"]: [document]}))
    reply, printed = _sent(serving, wallet, asked, lie)
    assert 400 <= reply.status < 500
    assert printed["status"] in ("failed", "undetermined")
    assert "credentials" not in printed


def _flipped(jws: str) -> str:
    signed, _, signature = jws.rpartition(".")
    return f"{signed}.{b64(bytes(byte ^ 0x5A for byte in unb64(signature)))}"


def _changed(**members: Any) -> Lie:
    return Lie(binding=lambda payload: payload.update(members))


def _aged(seconds: int) -> Lie:
    return Lie(binding=lambda payload: payload.update(iat=payload["iat"] + seconds))


@_FAULTS
def test_oid4vp_1final_verifier_invalid_kb_jwt_signature(
    faulty: bool, serving: Serving, wallet: Wallet
) -> None:
    _judge(
        serving,
        wallet,
        faulty,
        Lie(bound=_flipped),
        "key-binding",
        "the signature does not fit the key and the content",
    )


@_FAULTS
def test_oid4vp_1final_verifier_invalid_credential_signature(
    faulty: bool, serving: Serving, wallet: Wallet
) -> None:
    _judge(
        serving,
        wallet,
        faulty,
        Lie(credential=_flipped),
        "signature",
        "the signature does not fit the key and the content",
    )


@_FAULTS
def test_oid4vp_1final_verifier_invalid_sd_hash(faulty: bool, serving: Serving, wallet: Wallet) -> None:
    _judge(
        serving,
        wallet,
        faulty,
        _changed(sd_hash=b64(bytes(32))),
        "key-binding",
        "sd_hash is missing or over another set of disclosures",
    )


@_FAULTS
def test_oid4vp_1final_verifier_invalid_kb_jwt_nonce(faulty: bool, serving: Serving, wallet: Wallet) -> None:
    _judge(
        serving,
        wallet,
        faulty,
        Lie(nonce="a-nonce-of-another-request"),
        "key-binding",
        "nonce is not the one of this challenge",
    )


@_FAULTS
def test_oid4vp_1final_verifier_invalid_kb_jwt_aud(faulty: bool, serving: Serving, wallet: Wallet) -> None:
    _judge(
        serving,
        wallet,
        faulty,
        Lie(audience=f"x509_hash:{b64(bytes(32))}"),
        "key-binding",
        "signed for someone else",
    )


@_FAULTS
def test_oid4vp_1final_verifier_kb_jwt_iat_in_past(faulty: bool, serving: Serving, wallet: Wallet) -> None:
    _judge(serving, wallet, faulty, _aged(-_YEAR), "key-binding", "more than 300 seconds ago")


@_FAULTS
def test_oid4vp_1final_verifier_kb_jwt_iat_in_future(faulty: bool, serving: Serving, wallet: Wallet) -> None:
    _judge(serving, wallet, faulty, _aged(_YEAR), "key-binding", "is in the future")
