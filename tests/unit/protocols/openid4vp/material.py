"""Requests for tests: good ones by each proof, and ways to change one thing in them."""

from __future__ import annotations

import json
from datetime import timedelta
from typing import Any

import pytest

from ipse.dids import did_key, did_web, resolver
from ipse.encoding import base64url
from ipse.encoding.strict_json import JsonObject
from ipse.keys import ecdsa, key_types
from ipse.keys.encryption import new_key
from ipse.keys.key_types import PrivateKey
from ipse.protocols.openid4vp import AuthorizationRequest, parse_request
from ipse.protocols.openid4vp.building import build_client_metadata
from tests import authorities

NOW = authorities.NOW
HOST = "verifier.example"
RESPONSE_URI = f"https://{HOST}/response"
NONCE = "n-0S6_WzA2Mj"
QUERY: JsonObject = {
    "credentials": [
        {"id": "pid", "format": "dc+sd-jwt", "meta": {"vct_values": ["urn:eudi:pid:1"]}},
        {"id": "card", "format": "jwt_vc_json", "meta": {"type_values": [["Card"]]}, "multiple": True},
    ]
}
DECRYPTION_KEY = new_key("k1")
METADATA = build_client_metadata(keys=[DECRYPTION_KEY])

ROOT = authorities.root()
ISSUING = ROOT.authority()
LEAF = ISSUING.leaf()
ANCHORS = (ROOT.value,)
KEY: PrivateKey = LEAF.signing_key
OTHER: PrivateKey = ecdsa.generate("P-256")
WEB = f"did:web:{HOST}"
DID = did_key.from_public_key(KEY.public())
ATTESTER: PrivateKey = ecdsa.generate("P-256")
X509_HASH = f"x509_hash:{base64url.encode(LEAF.value.fingerprint)}"
X509_DNS = f"x509_san_dns:{HOST}"
ATTESTED = "verifier_attestation:shop"
BY_ADDRESS = f"redirect_uri:{RESPONSE_URI}"


def claims(client_id: str = X509_HASH, **changes: Any) -> JsonObject:
    """The claims of a good request for an encrypted answer; `...` leaves one out."""
    whole: JsonObject = {
        "client_id": client_id,
        "response_type": "vp_token",
        "response_mode": "direct_post.jwt",
        "response_uri": RESPONSE_URI,
        "nonce": NONCE,
        "state": "s1",
        "dcql_query": QUERY,
        "client_metadata": METADATA,
        "aud": "https://self-issued.me/v2",
        **changes,
    }
    return {name: value for name, value in whole.items() if value is not ...}


def jwt(payload: JsonObject, header: JsonObject, key: PrivateKey) -> str:
    """A JWT with this header, in which `...` leaves a member out."""
    members = {"alg": key.algorithm, **header}
    kept = {name: value for name, value in members.items() if value is not ...}
    protected, body = (base64url.encode(json.dumps(part).encode()) for part in (kept, payload))
    return f"{protected}.{body}.{base64url.encode(key.sign(f'{protected}.{body}'.encode()))}"


def attestation(header: JsonObject | None = None, key: PrivateKey = ATTESTER, **changes: Any) -> str:
    """A verifier attestation for the verifier shop and KEY, by https://attester.example."""
    whole: JsonObject = {
        "iss": "https://attester.example",
        "sub": "shop",
        "iat": int((NOW - timedelta(days=1)).timestamp()),
        "exp": int((NOW + timedelta(days=1)).timestamp()),
        "cnf": {"jwk": key_types.public_to_jwk(KEY.public())},
        **changes,
    }
    payload = {name: value for name, value in whole.items() if value is not ...}
    return jwt(payload, {"typ": "verifier-attestation+jwt", **(header or {})}, key)


def headers() -> dict[str, JsonObject]:
    """What a signed request has in its header, by the client identifier that it proves."""
    return {
        X509_HASH: {"x5c": LEAF.x5c},
        X509_DNS: {"x5c": LEAF.x5c},
        f"decentralized_identifier:{WEB}": {"kid": f"{WEB}#key-1"},
        f"decentralized_identifier:{DID}": {"kid": did_key.verification_method_id(DID)},
        ATTESTED: {"jwt": attestation()},
    }


SIGNED_BY = tuple(headers())
by_each = pytest.mark.parametrize("client_id", SIGNED_BY, ids=["hash", "dns", "web", "key", "attested"])
"""With each client identifier that a signed request can have."""


def signed(
    client_id: str = X509_HASH, header: JsonObject | None = None, key: PrivateKey = KEY, **changes: Any
) -> str:
    """A good signed request by the client `client_id`, with `changes` of its claims and `header`."""
    members = {"typ": "oauth-authz-req+jwt", **headers().get(client_id, {}), **(header or {})}
    return jwt(claims(client_id, **changes), members, key)


def unsecured(payload: JsonObject, **header: Any) -> str:
    """A request object whose alg is none."""
    members = {"typ": "oauth-authz-req+jwt", "alg": "none", **header}
    return ".".join(base64url.encode(json.dumps(part).encode()) for part in (members, payload)) + "."


def resolve(did: str) -> JsonObject:
    """The document of any did:web, with the one key KEY."""
    if not did.startswith("did:web:"):
        return resolver.resolve(did)
    return did_web.document(did, {"key-1": KEY.public()})


def attesters(issuer: str, _: JsonObject) -> Any:
    assert issuer.startswith(("https://attester.example", "https://other.example"))
    return ATTESTER.public()


def parse(request: JsonObject | str, **options: Any) -> AuthorizationRequest:
    """The request as a wallet reads it that trusts ROOT and ATTESTER."""
    trusted = {"resolve": resolve, "anchors": ANCHORS, "attesters": attesters, "now": NOW}
    return parse_request(request, **{**trusted, **options})
