"""The verifier and the wallet of the tests understand each other, and the verifier sees through each lie."""

from __future__ import annotations

from typing import Any

import pytest
from cryptography.hazmat.primitives.asymmetric import ec

from tests.network_peer.certificates import Authority
from tests.openid_peer.certificates import Signer, SigningAuthority, public_jwk
from tests.openid_peer.encoding import JsonObject
from tests.openid_peer.sd_jwt import PERSON, Refused, identity_credential
from tests.openid_peer.verifier import Change, Verifier
from tests.openid_peer.wallet import Lie, Wallet


@pytest.fixture(scope="module")
def wallet(tls: Authority, verifiers: SigningAuthority, issuer: Signer) -> Wallet:
    key = ec.generate_private_key(ec.SECP256R1())
    return Wallet(key, identity_credential(issuer, public_jwk(key)), verifiers, tls.ca_file)


@pytest.fixture
def verifier(tls: Authority, access: Signer, issuers: SigningAuthority) -> Verifier:
    return Verifier(tls, access, issuers)


@pytest.mark.parametrize("method", ["get", "post"])
def test_an_answer_that_is_fine_is_taken(method: str, verifier: Verifier, wallet: Wallet) -> None:
    verifier.method = method
    with verifier:
        wallet.send(wallet.fetch(verifier.link()))
        presented = verifier.presentation()
    assert presented.claims == {name: PERSON[name] for name in wallet.reveal}
    assert verifier.endpoint.failed is None
    assert [each.method for each in verifier.endpoint.received] == [method.upper(), "POST"]


def _spoilt(jwt: str) -> str:
    return jwt[:-2] + ("AA" if jwt[-2:] != "AA" else "BA")


@pytest.mark.parametrize(
    ("lie", "why"),
    [
        (Lie(audience="x509_hash:another"), "aud"),
        (Lie(nonce="another"), "nonce"),
        (Lie(binding=lambda payload: payload.update(iat=payload["iat"] - 365 * 86400)), "s old"),
        (Lie(binding=lambda payload: payload.update(iat=payload["iat"] + 365 * 86400)), "s old"),
        (Lie(binding=lambda payload: payload.update(sd_hash="AAAA")), "sd_hash"),
        (Lie(binding=lambda payload: payload.update(more=1)), "claims of the key binding"),
        (Lie(credential=_spoilt), "the issuer's signature"),
        (Lie(bound=_spoilt), "the holder's signature"),
        (Lie(bound=lambda text: text.rpartition("~")[0] + "~"), "there is no key binding"),
    ],
    ids=["aud", "nonce", "past", "future", "sd_hash", "claims", "issuer", "holder", "unbound"],
)
def test_a_lie_is_seen_through(lie: Lie, why: str, verifier: Verifier, wallet: Wallet) -> None:
    with verifier:
        asked = wallet.fetch(verifier.link())
        wallet.send(asked, lie)
        with pytest.raises(Refused, match=why):
            verifier.presentation()


def test_a_credential_of_another_authority_is_refused(verifier: Verifier, wallet: Wallet) -> None:
    verifier.issuers = SigningAuthority("Another")
    with verifier:
        wallet.send(wallet.fetch(verifier.link()))
        with pytest.raises(Exception, match=r"."):
            verifier.presentation()


@pytest.mark.parametrize(
    "change",
    [
        lambda payload: payload.update(client_id="x509_hash:another"),
        lambda payload: payload.pop("nonce"),
        lambda payload: payload["client_metadata"].pop("encrypted_response_enc_values_supported"),
        lambda payload: payload.update(redirect_uri="https://verifier.example"),
        lambda payload: payload.update(aud="https://verifier.example"),
    ],
)
def test_the_wallet_refuses_a_request_that_breaks_a_rule(
    change: Any, tls: Authority, access: Signer, issuers: SigningAuthority, wallet: Wallet
) -> None:
    verifier = Verifier(tls, access, issuers, change=Change(payload=change))
    with verifier, pytest.raises((AssertionError, KeyError)):
        wallet.fetch(verifier.link())


def test_the_answer_carries_the_state_or_none(verifier: Verifier, wallet: Wallet) -> None:
    verifier.state = None
    with verifier:
        wallet.send(wallet.fetch(verifier.link()))
        verifier.presentation()
        answer: JsonObject = verifier.answer()
    assert set(answer) == {"vp_token"}
