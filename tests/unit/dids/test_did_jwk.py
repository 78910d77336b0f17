"""did:jwk: the JWK is the DID, and what its curve and its `use` allow decides the relationships."""

from __future__ import annotations

import json
from typing import Any

import pytest

from ipse.dids import did_jwk, resolver
from ipse.dids.verification_methods import RELATIONSHIPS, SIGNING
from ipse.encoding import base64url
from ipse.errors import MalformedInput, Undetermined
from ipse.keys import ecdsa, ed25519, key_types
from ipse.keys.ed25519 import PrivateKey
from ipse.keys.key_types import AnyPublicKey

ED25519 = PrivateKey(bytes(range(32))).public()
X25519 = ed25519.key_agreement_key(ED25519)
P256 = ecdsa.PrivateKey("P-256", bytes(range(32))).public()
SECP256K1 = ecdsa.PrivateKey("secp256k1", bytes(range(32))).public()

PUBLISHED_P256 = (
    "did:jwk:eyJjcnYiOiJQLTI1NiIsImt0eSI6IkVDIiwieCI6ImFjYklRaXVNczNpOF91c3pFakoydHBUdFJNNEVVM3l6OTFQSDZDZEgyVj"
    "AiLCJ5IjoiX0tjeUxqOXZXTXB0bm1LdG00NkdxRHo4d2Y3NEk1TEtncmwyR3pIM25TRSJ9"
)
PUBLISHED_X25519 = (
    "did:jwk:eyJrdHkiOiJPS1AiLCJjcnYiOiJYMjU1MTkiLCJ1c2UiOiJlbmMiLCJ4IjoiM3A3YmZYdDl3YlRUVzJIQzdPUTFOei1EUThoYm"
    "VHZE5yZngtRkctSUswOCJ9"
)


def did_of(content: Any) -> str:
    """The did:jwk of whatever JSON."""
    return "did:jwk:" + base64url.encode(json.dumps(content).encode())


def listed(document: dict[str, Any]) -> set[str]:
    return {name for name in RELATIONSHIPS if name in document}


def test_the_published_example_for_p256_resolves_and_is_made_again() -> None:
    document = resolver.resolve(PUBLISHED_P256)
    method = f"{PUBLISHED_P256}#0"
    assert document == {
        "@context": ["https://www.w3.org/ns/did/v1", "https://w3id.org/security/suites/jws-2020/v1"],
        "id": PUBLISHED_P256,
        "verificationMethod": [
            {
                "id": method,
                "type": "JsonWebKey2020",
                "controller": PUBLISHED_P256,
                "publicKeyJwk": {
                    "crv": "P-256",
                    "kty": "EC",
                    "x": "acbIQiuMs3i8_uszEjJ2tpTtRM4EU3yz91PH6CdH2V0",
                    "y": "_KcyLj9vWMptnmKtm46GqDz8wf74I5LKgrl2GzH3nSE",
                },
            }
        ],
        **{relationship: [method] for relationship in RELATIONSHIPS},
    }
    key = resolver.method_key(resolver.find_method(document, method, "assertionMethod"))
    assert did_jwk.from_public_key(key) == PUBLISHED_P256


def test_the_published_example_for_x25519_is_for_key_agreement_alone() -> None:
    document = resolver.resolve(PUBLISHED_X25519)
    assert listed(document) == {"keyAgreement"}
    assert document["keyAgreement"] == [f"{PUBLISHED_X25519}#0"]
    assert resolver.any_method_key(document["verificationMethod"][0]).key_type == "X25519"


@pytest.mark.parametrize(
    ("key", "use", "relationships"),
    [
        (ED25519, "sig", set(SIGNING)),
        (X25519, "enc", {"keyAgreement"}),
        (P256, None, set(RELATIONSHIPS)),
        (SECP256K1, None, set(RELATIONSHIPS)),
    ],
)
def test_a_did_says_the_use_of_a_curve_that_has_but_one(
    key: AnyPublicKey, use: str | None, relationships: set[str]
) -> None:
    did = did_jwk.from_public_key(key)
    document = resolver.resolve(did)
    assert document["verificationMethod"][0]["publicKeyJwk"].get("use") == use
    assert resolver.any_method_key(document["verificationMethod"][0]) == key
    assert listed(document) == relationships


@pytest.mark.parametrize(
    ("key", "use", "relationships"),
    [
        (P256, "sig", set(SIGNING)),
        (P256, "enc", {"keyAgreement"}),
        (ED25519, None, set(SIGNING)),
        (X25519, None, {"keyAgreement"}),
    ],
)
def test_the_use_and_the_curve_decide_the_relationships(
    key: AnyPublicKey, use: str | None, relationships: set[str]
) -> None:
    content = key_types.public_to_jwk(key) if use is None else {**key_types.public_to_jwk(key), "use": use}
    assert listed(resolver.resolve(did_of(content))) == relationships


@pytest.mark.parametrize(("key", "use"), [(ED25519, "enc"), (X25519, "sig")])
def test_a_use_that_the_curve_cannot_serve_is_refused(key: AnyPublicKey, use: str) -> None:
    with pytest.raises(MalformedInput, match=f'no use "{use}"'):
        resolver.resolve(did_of({**key_types.public_to_jwk(key), "use": use}))


@pytest.mark.parametrize("use", ["Sig", "", "tls", 1, ["sig"], {}])
def test_an_unknown_use_is_undetermined(use: Any) -> None:
    with pytest.raises(Undetermined, match="use"):
        resolver.resolve(did_of({**key_types.public_to_jwk(P256), "use": use}))


@pytest.mark.parametrize("member", ["d", "k", "p", "q", "dp", "dq", "qi", "oth"])
def test_a_private_member_is_refused_for_every_key_type(member: str) -> None:
    for content in (
        key_types.public_to_jwk(P256),
        key_types.public_to_jwk(ED25519),
        {"kty": "RSA", "n": "AQ", "e": "AQAB"},
    ):
        with pytest.raises(MalformedInput, match="private key"):
            resolver.resolve(did_of({**content, member: "AAAA"}))


@pytest.mark.parametrize(
    "did",
    [
        pytest.param(PUBLISHED_P256[:-1], id="cut off"),
        pytest.param(PUBLISHED_P256 + "%3D", id="padding"),
        pytest.param(did_of([]), id="an array"),
        pytest.param(did_of({**key_types.public_to_jwk(ED25519), "x": "AAAA"}), id="a short key"),
        pytest.param(did_of({**key_types.public_to_jwk(P256), "y": "A" * 43}), id="a point off the curve"),
        pytest.param("did:jwk:" + base64url.encode(b'{"kty":"OKP","kty":"OKP"}'), id="a member twice"),
        pytest.param("did:jwk:" + base64url.encode(b"\xff"), id="no UTF-8"),
        pytest.param("did:jwk:" + base64url.encode(b"[" * 1200), id="deep nesting"),
    ],
)
def test_what_is_no_public_jwk_is_refused(did: str) -> None:
    with pytest.raises(MalformedInput) as caught:
        resolver.resolve(did)
    assert len(caught.value.message) < 300


@pytest.mark.parametrize(
    "content", [{"kty": "RSA", "n": "AQ", "e": "AQAB"}, {"kty": "EC", "crv": "P-521", "x": "", "y": ""}, {}]
)
def test_another_key_type_is_undetermined(content: dict[str, str]) -> None:
    with pytest.raises(Undetermined, match="not supported"):
        resolver.resolve(did_of(content))
