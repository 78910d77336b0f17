"""OpenID4VP against others: verifiers that ask our wallet, and a wallet that our verifier asks.

The first tests are of the peers among themselves, so that a refusal of ours is not a fault of the harness.
"""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from cryptography.hazmat.primitives.asymmetric import ec

from tests.interop.peer import Peer
from tests.interop.polaris import Polaris
from tests.network_peer.certificates import Authority
from tests.openid_peer.certificates import Signer, SigningAuthority, private_jwk, public_jwk
from tests.openid_peer.encryption import EncryptionKey
from tests.openid_peer.sd_jwt import PERSON, identity_credential, present
from tests.openid_peer.verifier import Verifier
from tests.openid_peer.wallet import Lie, Wallet, check_request

pytest.importorskip("polaris_oid4vp", reason="polaris-oid4vp is not installed")
openid4vp = pytest.importorskip("openvc.openid4vp", reason="openvc-core is not installed")
OpenvcError = pytest.importorskip("openvc.errors").OpenvcError

_REVEALED = {name: PERSON[name] for name in ("given_name", "family_name")}


@pytest.fixture(scope="module")
def tls(tmp_path_factory: pytest.TempPathFactory) -> Authority:
    return Authority(tmp_path_factory.mktemp("tls"))


@pytest.fixture(scope="module")
def issuers(tmp_path_factory: pytest.TempPathFactory) -> SigningAuthority:
    return SigningAuthority("Identity authority", tmp_path_factory.mktemp("issuers"))


@pytest.fixture(scope="module")
def verifiers(tmp_path_factory: pytest.TempPathFactory) -> SigningAuthority:
    return SigningAuthority("Access authority", tmp_path_factory.mktemp("verifiers"))


@pytest.fixture(scope="module")
def issuer(issuers: SigningAuthority) -> Signer:
    return issuers.signer("pid-issuer.example", uris=["https://pid-issuer.example"])


@pytest.fixture(scope="module")
def wallet(tls: Authority, verifiers: SigningAuthority, issuer: Signer) -> Wallet:
    """The wallet of the tests, which is no counterpart of anybody's but shows that the harness works."""
    key = ec.generate_private_key(ec.SECP256R1())
    return Wallet(key, identity_credential(issuer, public_jwk(key)), verifiers, tls.ca_file)


@pytest.fixture
def verifier(tls: Authority, verifiers: SigningAuthority, issuers: SigningAuthority) -> Verifier:
    return Verifier(tls, verifiers.signer("localhost"), issuers)


def _judged(verifier: Verifier, form: dict[str, str], issuers: SigningAuthority) -> Any:
    """What openvc-core makes of an answer. Raises its errors."""
    from openvc.keys import P256KeyAgreementKey

    return openid4vp.verify_encrypted_vp_response(
        form["response"],
        key=P256KeyAgreementKey.from_jwk(verifier.encryption.private, verifier.encryption.kid),
        dcql_query=verifier.asked["dcql_query"],
        nonce=verifier.asked["nonce"],
        client_id=verifier.asked["client_id"],
        x5c_trust_anchors=[issuers.certificate],
    )


@pytest.mark.parametrize(
    ("lie", "why"),
    [
        (Lie(), ""),
        (Lie(audience="x509_hash:another"), "aud"),
        (Lie(nonce="another"), "nonce"),
        (Lie(binding=lambda payload: payload.update(sd_hash="AAAA")), "sd_hash"),
    ],
    ids=["none", "audience", "nonce", "sd_hash"],
)
def test_openvc_takes_an_answer_that_is_fine_and_sees_through_lies(
    lie: Lie, why: str, verifier: Verifier, wallet: Wallet, issuers: SigningAuthority
) -> None:
    with verifier:
        wallet.send(wallet.fetch(verifier.link()), lie)
    if why:
        with pytest.raises(OpenvcError, match=why):
            _judged(verifier, verifier.forms[0], issuers)
        return
    (presented,) = _judged(verifier, verifier.forms[0], issuers).presentations
    assert {name: presented.credentials[0].claims[name] for name in _REVEALED} == _REVEALED


@pytest.mark.parametrize(
    ("lie", "verdict"),
    [(Lie(), (200, "authentic, claims ")), (Lie(audience="x509_hash:another"), (400, "refused: audience: "))],
    ids=["none", "audience"],
)
def test_polaris_takes_an_answer_that_is_fine_and_refuses_a_lie(
    lie: Lie, verdict: tuple[int, str], wallet: Wallet, issuers: SigningAuthority, tmp_path: Path
) -> None:
    with Polaris(tmp_path, "--issuer-trust-anchor", issuers.ca_file) as verifier:
        asking = SigningAuthority.of(verifier.anchor)
        theirs = Wallet(wallet.key, wallet.credential, asking, verifier.tls)
        theirs.send(theirs.fetch(verifier.links["openid4vp"]), lie)
        status, said = verifier.verdict()
    assert (status, said[: len(verdict[1])]) == verdict, said


def test_the_npm_wallet_answers_and_the_npm_verifier_reads_the_answer(
    peer: Peer, verifier: Verifier, wallet: Wallet
) -> None:
    with verifier:
        link = verifier.link()
        request = wallet.call(verifier.request_uri).body.decode()
        asked = peer.ask("resolveRequest", link=link, documents={verifier.request_uri: request})
        assert (asked["prefix"], asked["clientId"]) == ("x509_hash", verifier.client_id)
        presented = present(
            wallet.credential,
            wallet.key,
            audience=verifier.client_id,
            nonce=verifier.nonce,
            reveal=tuple(_REVEALED),
        )
        form = peer.ask("answerRequest", payload=asked["payload"], vpToken={"pid": [presented]})
        assert wallet.call(verifier.response_uri, form).status == 200
        assert verifier.presentation().claims == _REVEALED
    read = peer.ask("readAnswer", payload=verifier.asked, form=form, key=verifier.encryption.private)
    assert read == {"vpToken": {"pid": [presented]}, "state": verifier.state, "encrypted": "Encrypted"}
    other = EncryptionKey(verifier.encryption.kid)
    assert "refused" in peer.ask("readAnswer", payload=verifier.asked, form=form, key=other.private)


def test_the_npm_wallet_refuses_a_request_object_of_another(
    peer: Peer, verifier: Verifier, wallet: Wallet
) -> None:
    with verifier:
        link = verifier.link()
        request = wallet.call(verifier.request_uri).body.decode()
    spoilt = request[:-8] + ("A" * 8 if not request.endswith("A" * 8) else "B" * 8)
    for text in (spoilt, ""):
        assert "refused" in peer.ask("resolveRequest", link=link, documents={verifier.request_uri: text})


def test_a_request_of_the_npm_verifier_is_what_haip_asks_for(
    peer: Peer, verifier: Verifier, verifiers: SigningAuthority
) -> None:
    access = verifier.access
    with verifier:
        made = peer.ask(
            "createRequest",
            payload=verifier.payload("a-nonce-of-the-wallet"),
            requestUri=verifier.request_uri,
            key=private_jwk(access.key),
            x5c=access.x5c,
        )
    assert made["link"] == verifier.link()
    _, payload = check_request(made["jwt"], verifiers)
    assert payload["wallet_nonce"] == "a-nonce-of-the-wallet"
