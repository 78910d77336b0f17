"""Faults of vc+jwt credentials, and of the envelopes that hold one."""

from __future__ import annotations

import hashlib
import hmac
import json
from collections.abc import Iterator
from typing import Any, Final

from ipse.credentials import model
from ipse.encoding import base64url
from ipse.keys import key_types
from tests.corpus.building import (
    ISSUER,
    MINTER,
    PEER,
    STRANGER,
    Fault,
    Good,
    Json,
    compact,
    credential,
    jwt,
)

__all__ = ["enveloped", "faults", "good"]

FAMILY: Final = "jwt"
_SECOND: Final = 1_782_907_200
"""2026-07-01T12:00:00Z."""

_HEADERS: Final[dict[str, tuple[Json, str]]] = {
    "typ-missing": ({"typ": ...}, "parse"),
    "typ-jwt": ({"typ": "JWT"}, "parse"),
    "typ-of-a-presentation": ({"typ": "vp+jwt"}, "parse"),
    "typ-in-another-case": ({"typ": "VC+JWT"}, "parse"),
    "cty-of-a-presentation": ({"cty": "vp"}, "parse"),
    "kid-missing": ({"kid": ...}, "parse"),
    "kid-a-number": ({"kid": 5}, "parse"),
    "kid-without-did": ({"kid": "key-1"}, "parse"),
    "kid-without-fragment": ({"kid": ISSUER.did}, "parse"),
    "crit": ({"crit": ["exp"], "exp": 1}, "parse"),
    "b64-false": ({"b64": False}, "parse"),
    "zip": ({"zip": "DEF"}, "parse"),
    "key-in-the-header": ({"jwk": key_types.public_to_jwk(ISSUER.key.public())}, "parse"),
    "key-at-a-url": ({"jku": "https://issuer.example/keys"}, "parse"),
    "certificate-in-the-header": ({"x5c": ["MIIB"]}, "parse"),
    "certificate-at-a-url": ({"x5u": "https://issuer.example/cert"}, "parse"),
    "iss-of-another-in-the-header": ({"iss": STRANGER.did}, "parse"),
    "kid-not-listed": ({"kid": ISSUER.method + "x"}, "proof"),
    "alg-missing": ({"alg": ...}, "proof"),
    "alg-not-a-text": ({"alg": 5}, "proof"),
    "alg-of-another-key": ({"alg": "ES256"}, "proof"),
    "alg-in-another-case": ({"alg": "eddsa"}, "proof"),
}

_CLAIMS: Final[dict[str, tuple[Json, str]]] = {
    "iss-of-another": ({"iss": STRANGER.did}, "parse"),
    "iss-not-a-text": ({"iss": [ISSUER.did]}, "parse"),
    "sub-of-another": ({"sub": STRANGER.did}, "parse"),
    "jti-of-another": ({"jti": "urn:uuid:2"}, "parse"),
    "vc-claim": ({"vc": {}}, "parse"),
    "context-missing": ({"at_context": ...}, "parse"),
    "context-of-vcdm-1.1": ({"at_context": ["https://www.w3.org/2018/credentials/v1"]}, "parse"),
    "type-of-a-presentation-too": ({"type": ["VerifiableCredential", "VerifiablePresentation"]}, "parse"),
    "exp-not-a-number": ({"exp": "2027-01-01T00:00:00Z"}, "data-model"),
    "exp-negative": ({"exp": -1}, "data-model"),
    "nbf-beyond-all-time": ({"nbf": 1e18}, "data-model"),
    "iat-a-boolean": ({"iat": True}, "data-model"),
    "issuer-missing": ({"issuer": ...}, "data-model"),
    "subject-missing": ({"credentialSubject": ...}, "data-model"),
    "valid-from-without-zone": ({"validFrom": "2026-01-01T00:00:00"}, "data-model"),
    "type-named-twice": ({"type": ["VerifiableCredential", "VerifiableCredential"]}, "data-model"),
    "evidence-without-type": ({"evidence": {"id": "urn:uuid:4"}}, "data-model"),
    "meant-for-another-audience": ({"aud": "https://other.example"}, "data-model"),
    "exp-past": ({"exp": _SECOND - 61}, "time"),
    "nbf-future": ({"nbf": _SECOND + 61}, "time"),
    "iat-future": ({"iat": _SECOND + 61}, "time"),
    "expired": ({"validUntil": "2026-07-01T11:58:59Z"}, "time"),
    "not-valid-yet": ({"validFrom": "2026-07-01T12:01:01Z"}, "time"),
}


def good() -> Iterator[Good]:
    """The credentials that these would be."""
    yield Good(FAMILY, jwt(credential()))
    yield Good("jwt-es256", jwt(credential(MINTER), MINTER))
    yield Good("jwt-enveloped", enveloped(jwt(credential())))


def enveloped(text: str, **changes: Any) -> Json:
    """The EnvelopedVerifiableCredential that holds a token."""
    return {
        "@context": model.CONTEXT,
        "id": f"data:application/vc+jwt,{text}",
        "type": "EnvelopedVerifiableCredential",
        **changes,
    }


def faults() -> Iterator[Fault]:
    """One token for each fault."""
    for name, (header, check) in _HEADERS.items():
        yield Fault(FAMILY, name, jwt(credential(), **header), check)
    for name, (claims, check) in _CLAIMS.items():
        yield Fault(FAMILY, name, jwt(credential(**claims)), check)
    for name, text in _unsigned().items():
        yield Fault(FAMILY, name, text, "proof")
    for name, text in _unreadable().items():
        yield Fault(FAMILY, name, text, "parse")
    for name, did in {
        "issuer-not-a-did": "https://issuer.example",
        "issuer-unknown": "did:example:i",
    }.items():
        yield Fault(FAMILY, name, jwt(credential(issuer=did)), "issuer", "undetermined")
    yield Fault(FAMILY, "issuer-not-trusted", jwt(credential(STRANGER), STRANGER), "trust")
    yield Fault(FAMILY, "key-listed-to-authenticate-alone", jwt(credential(PEER), PEER), "purpose")
    yield from _es256()
    yield from _envelopes()


def _unsigned() -> dict[str, str]:
    """Tokens that the issuer's key did not sign, or not these bytes."""
    header, body, signature = jwt(credential()).split(".")
    members: Json = {"typ": "vc+jwt", "kid": ISSUER.method}
    turned = base64url.encode(_json({**members, "alg": "EdDSA"}))
    payload = _json(credential())
    secret = ISSUER.key.public().raw
    hmac_header = base64url.encode(_json({"alg": "HS256", **members}))
    tag = hmac.new(secret, f"{hmac_header}.{body}".encode(), hashlib.sha256).digest()
    other = base64url.encode(_json(credential(id="urn:uuid:7")))
    return {
        "alg-none-signed": compact({"alg": "none", **members}, payload, ISSUER.key),
        "alg-none-in-another-case": compact({"alg": "nOnE", **members}, payload, ISSUER.key),
        "alg-hmac-with-the-public-key": f"{hmac_header}.{body}.{base64url.encode(tag)}",
        "signature-by-another-key": compact({"alg": "EdDSA", **members}, payload, STRANGER.key),
        "kid-of-another": jwt(credential(), STRANGER),
        "signature-of-zeros": f"{header}.{body}.{base64url.encode(bytes(64))}",
        "signature-too-short": f"{header}.{body}.{base64url.encode(base64url.decode(signature)[:-1])}",
        "payload-of-another-credential": f"{header}.{other}.{signature}",
        "header-written-differently": f"{turned}.{body}.{signature}",
    }


def _unreadable() -> dict[str, str]:
    header, body, signature = jwt(credential()).split(".")
    members = {"alg": "EdDSA", "typ": "vc+jwt", "kid": ISSUER.method}
    twice = _json(credential()).replace(b'"validFrom"', b'"validUntil":"2037-01-01T00:00:00Z","validFrom"')
    named_twice = _json(members).replace(b'"typ"', b'"alg":"none","typ"')
    deep = _json(credential()).replace(b'"grade":1.5', b'"grade":' + b"[" * 200 + b"]" * 200)
    return {
        "alg-none-and-no-signature": compact({**members, "alg": "none"}, credential(), None),
        "signature-empty": f"{header}.{body}.",
        "signature-missing": f"{header}.{body}",
        "four-parts": f"{header}.{body}.{signature}.{signature}",
        "padding": f"{header}=.{body}.{signature}",
        "line-break": f"{header}.\n{body}.{signature}",
        "base64-not-url": f"{header}.{body}.{signature[:-1]}+",
        "header-not-an-object": compact(b"[]", credential(), ISSUER.key),
        "payload-not-an-object": compact(members, b'"credential"', ISSUER.key),
        "payload-not-utf8": compact(members, b'{"a":"\xff"}', ISSUER.key),
        "payload-with-a-member-twice": compact(members, twice, ISSUER.key),
        "header-with-a-member-twice": compact(named_twice, credential(), ISSUER.key),
        "payload-not-a-number": compact(members, _json(credential()).replace(b"1.5", b"NaN"), ISSUER.key),
        "payload-nested-too-deep": compact(members, deep, ISSUER.key),
    }


def _es256() -> Iterator[Fault]:
    header, body, signature = jwt(credential(MINTER), MINTER).split(".")
    raw = base64url.decode(signature)
    for name, value in {
        "signature-with-zero-r": bytes(32) + raw[32:],
        "signature-too-long": raw + bytes(1),
        "signature-one-bit-flipped": raw[:-1] + bytes([raw[-1] ^ 1]),
    }.items():
        yield Fault("jwt-es256", name, f"{header}.{body}.{base64url.encode(value)}", "proof")
    yield Fault("jwt-es256", "alg-es256k", jwt(credential(MINTER), MINTER, alg="ES256K"), "proof")


def _envelopes() -> Iterator[Fault]:
    text = jwt(credential())
    envelopes = {
        "member-that-nothing-protects": enveloped(text, validUntil="2037-01-01T00:00:00Z"),
        "media-type-of-an-sd-jwt": enveloped(text, id=f"data:application/dc+sd-jwt,{text}"),
        "media-type-unknown": enveloped(text, id=f"data:application/jwt,{text}"),
        "base64-parameter": enveloped(text, id=f"data:application/vc+jwt;base64,{text}"),
        "at-a-url": enveloped(text, id="https://issuer.example/credential"),
        "type-of-two": enveloped(text, type=["EnvelopedVerifiableCredential", "DegreeCredential"]),
        "context-missing": {"id": enveloped(text)["id"], "type": "EnvelopedVerifiableCredential"},
        "presentation-inside": enveloped(jwt(credential(), typ="vp+jwt")),
    }
    for name, document in envelopes.items():
        yield Fault("jwt-enveloped", name, document, "parse")
    tampered = text[:-10] + ("A" if text[-10] != "A" else "B") + text[-9:]
    yield Fault("jwt-enveloped", "signature-changed", enveloped(tampered), "proof")


def _json(value: Json) -> bytes:
    return json.dumps(value, ensure_ascii=False, separators=(",", ":")).encode()
