"""DIDs, and documents that a server published for one."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any, Final

from ipse.dids import did_jwk, did_web, resolver
from ipse.encoding import base64url
from ipse.errors import IpseError
from tests.corpus.building import HOLDER, ISSUER, MINTER, PEER
from tests.fuzz.target import Target, as_bytes

__all__ = ["TARGETS"]

_WEB: Final = "did:web:issuer.example"


def _did(data: bytes) -> None:
    did = data.decode("utf-8", "surrogateescape")
    try:
        resolver.method_of(did)
    except IpseError:
        assert not did.startswith("did:key:z6Mk") or did != ISSUER.did
    _walked(resolver.resolve(did))


def _web(data: bytes) -> None:
    _walked(did_web.read(_WEB, data))


def _walked(document: dict[str, Any]) -> None:
    """Every way that a document is used in: each method found under each relationship, and its key read."""
    for relationship in ("assertionMethod", "authentication", "keyAgreement"):
        for entry in list(document.get(relationship, []))[:8]:
            try:
                method_id = entry["id"] if isinstance(entry, dict) else entry
                method = resolver.find_method(document, method_id, relationship)
                resolver.any_method_key(method)
                resolver.method_key(method)
            except IpseError:
                continue


def _dids() -> Iterable[bytes]:
    service = base64url.encode(b'{"t":"dm","s":{"uri":"https://a.example","a":["didcomm/v2"]}}')
    multikey = HOLDER.did.removeprefix("did:key:")
    dids = [
        ISSUER.did,
        MINTER.did,
        PEER.did,
        did_jwk.from_public_key(ISSUER.key.public()),
        did_jwk.from_public_key(MINTER.key.public()),
        f"did:peer:0{multikey}",
        f"{PEER.did}.S{service}",
        "did:pkh:eip155:1:0xb9c5714089478a327f09197987f16f9e5d936e8a",
        "did:web:issuer.example%3A8443:a",
    ]
    return [did.encode() for did in dids]


def _documents() -> Iterable[bytes]:
    documents = [did_web.document(_WEB, {"key-1": ISSUER.key.public(), "key-2": MINTER.key.public()})]
    methods = [
        {
            "id": "#a",
            "type": "JsonWebKey",
            "controller": _WEB,
            "publicKeyJwk": {"kty": "OKP", "crv": "Ed25519", "x": "A" * 43},
        },
        {
            "id": f"{_WEB}#b",
            "type": "Ed25519VerificationKey2018",
            "controller": _WEB,
            "publicKeyBase58": "1" * 32,
        },
    ]
    documents.append(
        {
            "@context": ["https://www.w3.org/ns/did/v1", {}],
            "id": _WEB,
            "verificationMethod": methods,
            "authentication": ["#a", methods[1]],
            "assertionMethod": ["#a"],
            "controller": [_WEB],
            "alsoKnownAs": ["did:web:b.example"],
            "service": [{"id": "#s", "type": ["A"], "serviceEndpoint": {"uri": "https://a.example"}}],
        }
    )
    return [as_bytes(document) for document in documents]


TARGETS: Final = (
    Target("dids", _did, _dids, 6, 2200),
    Target("did-web", _web, _documents, 4, 8192),
)
