"""OpenID4VP against others: verifiers that ask our wallet, and a wallet that our verifier asks.

The first tests are of the peers among themselves and of the wallet of the tests, so that a refusal of ours
is not a fault of the harness.
"""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any
from urllib.parse import parse_qsl, urlsplit

import pytest
from cryptography.hazmat.primitives.asymmetric import ec

from tests.cli.verifier_serving import Serving
from tests.conformance.fixtures import answered, open_link
from tests.conformance.holder import NO, Holder
from tests.conftest import Ipse
from tests.interop.peer import Peer
from tests.interop.polaris import Polaris
from tests.network_peer.certificates import Authority
from tests.openid_peer.certificates import Signer, SigningAuthority, private_jwk
from tests.openid_peer.encoding import loads
from tests.openid_peer.encryption import EncryptionKey, encrypted
from tests.openid_peer.sd_jwt import PERSON, identity_credential, present
from tests.openid_peer.verifier import Change, Verifier
from tests.openid_peer.wallet import Lie, Wallet, check_request

pytest.importorskip("polaris_oid4vp", reason="polaris-oid4vp is not installed")
openid4vp = pytest.importorskip("openvc.openid4vp", reason="openvc-core is not installed")
OpenvcError = pytest.importorskip("openvc.errors").OpenvcError

_REVEALED = {name: PERSON[name] for name in ("given_name", "family_name")}


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


_SCHEMES = ["openid4vp", "haip-vp", "eu-eaap"]


def _trusting(holder: Holder, verifier: Polaris) -> Holder:
    """The same wallet, which trusts a running verifier of polaris."""
    holder.ipse("trust", "add", "--ca", verifier.anchor, "--for", "verifier")
    return Holder(holder.ipse, verifier.tls)


@pytest.mark.parametrize("scheme", _SCHEMES)
def test_polaris_accepts_what_ipse_answers(
    scheme: str, holder: Holder, issuers: SigningAuthority, tmp_path: Path
) -> None:
    with Polaris(tmp_path, "--issuer-trust-anchor", issuers.ca_file) as verifier:
        run = _trusting(holder, verifier).answer(verifier.links[scheme])
        assert verifier.verdict() == (
            200,
            "authentic, claims ['cnf', 'exp', 'family_name', 'given_name', 'iat', 'iss', 'vct']",
        )
    assert "https://localhost" in run.out + run.err, "where they send the owner next"
    (entry,) = holder.log
    assert entry["released"]


@pytest.mark.parametrize(
    "claim", ["age_equal_or_over.18=true", "address.locality", "place_of_birth.locality"]
)
def test_polaris_accepts_nested_claims_and_values(
    claim: str, holder: Holder, issuers: SigningAuthority, tmp_path: Path
) -> None:
    with Polaris(tmp_path, "--issuer-trust-anchor", issuers.ca_file, "--claim", claim) as verifier:
        _trusting(holder, verifier).answer(verifier.links["haip-vp"])
        assert verifier.verdict()[0] == 200, verifier.said()


def test_polaris_accepts_the_transaction_data_that_ipse_binds(
    holder: Holder, issuers: SigningAuthority, tmp_path: Path
) -> None:
    entry = {"type": "urn:ipse:purpose:1", "credential_ids": ["pid"], "purpose": "to open your account"}
    data = tmp_path / "transaction.json"
    data.write_text(json.dumps([entry]))
    options: list[str | Path] = ["--issuer-trust-anchor", issuers.ca_file, "--transaction-data", data]
    with Polaris(tmp_path, *options) as verifier:
        run = _trusting(holder, verifier).answer(verifier.links["haip-vp"])
        assert verifier.verdict()[0] == 200, verifier.said()
    assert "to open your account" in run.err


def test_polaris_hears_of_transaction_data_that_ipse_does_not_know(
    holder: Holder, issuers: SigningAuthority, tmp_path: Path
) -> None:
    data = tmp_path / "transaction.json"
    data.write_text(json.dumps([{"type": "urn:example:payment", "credential_ids": ["pid"], "amount": "9"}]))
    options: list[str | Path] = ["--issuer-trust-anchor", issuers.ca_file, "--transaction-data", data]
    with Polaris(tmp_path, *options) as verifier:
        _trusting(holder, verifier).answer(verifier.links["haip-vp"], conversation=NO, code=9)
        assert "invalid_transaction_data" in verifier.verdict()[1]
    assert holder.log == []


def test_polaris_hears_of_a_no(holder: Holder, issuers: SigningAuthority, tmp_path: Path) -> None:
    with Polaris(tmp_path, "--issuer-trust-anchor", issuers.ca_file) as verifier:
        _trusting(holder, verifier).answer(verifier.links["haip-vp"], conversation=NO, code=7)
        assert "access_denied" in verifier.verdict()[1]


def _presented(holder: Holder, verifier: Polaris, issuers: SigningAuthority, audience: str = "") -> str:
    """What polaris makes of a presentation by `ipse vc present` that the harness sends."""
    wallet = Wallet(
        ec.generate_private_key(ec.SECP256R1()), "", SigningAuthority.of(verifier.anchor), verifier.tls
    )
    asked = wallet.fetch(verifier.links["haip-vp"])
    (kept,) = holder.ipse("vc", "list", "--json").json["credentials"]
    reveal = [word for name in _REVEALED for word in ("--disclose", name)]
    audience = audience or asked.payload["client_id"]
    bound = ["--audience", audience, "--nonce", asked.payload["nonce"]]
    made = holder.ipse("vc", "present", kept["id"], *bound, *reveal, "-q").out.strip()
    metadata = asked.payload["client_metadata"]
    answer = {"vp_token": {"pid": [made]}, "state": asked.payload["state"]}
    form = {"response": encrypted(answer, metadata["jwks"]["keys"][0], "A256GCM")}
    wallet.call(asked.payload["response_uri"], form)
    return verifier.verdict()[1]


def test_polaris_refuses_what_ipse_presented_to_another(
    holder: Holder, issuers: SigningAuthority, tmp_path: Path
) -> None:
    with Polaris(tmp_path, "--issuer-trust-anchor", issuers.ca_file) as verifier:
        assert _presented(holder, verifier, issuers).startswith("authentic")
    with Polaris(tmp_path, "--issuer-trust-anchor", issuers.ca_file) as verifier:
        assert _presented(holder, verifier, issuers, "x509_hash:another").startswith("refused: audience")


def test_polaris_refuses_an_ed25519_holder_and_ipse_does_not_offer_it_one(
    ipse: Ipse, issuer: Signer, issuers: SigningAuthority, tmp_path: Path
) -> None:
    did = ipse("did", "create", "--name", "edwards", "--method", "jwk", "--json").json["did"]
    key = loads(did.removeprefix("did:jwk:"))
    assert key["crv"] == "Ed25519"
    ipse("trust", "add", "--ca", issuers.ca_file, "--for", "issuer")
    ipse("vc", "add", "-", stdin=identity_credential(issuer, key))
    with Polaris(tmp_path, "--issuer-trust-anchor", issuers.ca_file) as verifier:
        holder = _trusting(Holder(ipse, verifier.tls), verifier)
        assert _presented(holder, verifier, issuers).startswith("refused: ")
    with Polaris(tmp_path, "--issuer-trust-anchor", issuers.ca_file) as verifier:
        run = _trusting(holder, verifier).answer(verifier.links["haip-vp"], conversation=NO, code=7)
        assert "access_denied" in verifier.verdict()[1]
    assert "type yes or no" not in run.err


def test_openvc_accepts_what_ipse_answers(
    verifier: Verifier, holder: Holder, issuers: SigningAuthority
) -> None:
    with verifier:
        holder.answer(verifier.link())
        assert verifier.presentation().claims == _REVEALED
    (presented,) = _judged(verifier, verifier.forms[0], issuers).presentations
    found = presented.credentials[0].claims
    assert {name: found[name] for name in set(found) & set(PERSON)} == _REVEALED
    verifier.asked["nonce"] = "a-nonce-of-another-request"
    with pytest.raises(OpenvcError, match="nonce"):
        _judged(verifier, verifier.forms[0], issuers)


def test_openvc_takes_the_query_of_ipse_and_an_answer_to_it(
    serving: Serving, wallet: Wallet, issuers: SigningAuthority
) -> None:
    fetched = wallet.fetch(open_link(serving))
    asked = fetched.payload
    presented = present(
        wallet.credential,
        wallet.key,
        audience=asked["client_id"],
        nonce=asked["nonce"],
        reveal=tuple(_REVEALED),
    )
    (query,) = asked["dcql_query"]["credentials"]
    judged = openid4vp.verify_vp_token(
        {query["id"]: [presented]},
        dcql_query=asked["dcql_query"],
        nonce=asked["nonce"],
        client_id=asked["client_id"],
        x5c_trust_anchors=[issuers.certificate],
    )
    assert [each.query_id for each in judged.presentations] == [query["id"]]
    assert wallet.send(fetched).status == 200
    assert serving.printed()["status"] == "verified"
    answered(serving)


@pytest.mark.parametrize("method", ["get", "post"])
def test_ipse_answers_the_npm_verifier_which_reads_the_answer(
    method: str, peer: Peer, verifier: Verifier, holder: Holder
) -> None:
    access = verifier.access

    def made(_: str) -> str:
        given = {"requestUri": verifier.request_uri, "key": private_jwk(access.key), "x5c": access.x5c}
        return str(peer.ask("createRequest", payload=verifier.asked, **given)["jwt"])

    verifier.method, verifier.change = method, Change(jws=made)
    with verifier:
        holder.answer(verifier.link())
        assert verifier.presentation().claims == _REVEALED
        ((presented,),) = verifier.answer()["vp_token"].values()
    read = peer.ask(
        "readAnswer", payload=verifier.asked, form=verifier.forms[0], key=verifier.encryption.private
    )
    assert read == {"vpToken": {"pid": [presented]}, "state": verifier.state, "encrypted": "Encrypted"}


def test_an_npm_wallet_answers_the_verifier_of_ipse(
    peer: Peer, serving: Serving, wallet: Wallet, issuer: Signer
) -> None:
    """The key, the presentation, its binding and the encryption are all of npm libraries."""
    key = peer.key("P-256")
    credential = identity_credential(issuer, key.jwk)
    link = open_link(serving)
    uri = dict(parse_qsl(urlsplit(link).query))["request_uri"]
    request = wallet.call(uri, {}, accept="application/oauth-authz-req+jwt").body.decode()
    asked = peer.ask("resolveRequest", link=link, documents={uri: request})
    assert asked["prefix"] == "x509_hash"
    payload = asked["payload"]
    presented = peer.present_sd_jwt(
        credential,
        dict.fromkeys(_REVEALED, True),
        key,
        audience=asked["clientId"],
        nonce=payload["nonce"],
    )
    (query,) = payload["dcql_query"]["credentials"]
    form = peer.ask("answerRequest", payload=payload, vpToken={query["id"]: [presented]})
    reply = wallet.call(payload["response_uri"], form)
    assert reply.status == 200, reply.body
    printed = serving.printed()
    answered(serving)
    assert printed["status"] == "verified"
    ((found,),) = printed["credentials"].values()
    assert {name: found["claims"][name] for name in _REVEALED} == _REVEALED
