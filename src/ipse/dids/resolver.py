"""One way from a DID to its document, and from a DID URL to a key."""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import Final, TypeAlias

from ipse.dids import did_jwk, did_key, did_peer, did_pkh, did_web
from ipse.dids.verification_methods import any_method_key, method_key
from ipse.encoding.strict_json import Json, JsonObject
from ipse.errors import MalformedInput, NotFound, Undetermined

__all__ = [
    "Fetch",
    "Resolve",
    "any_method_key",
    "check_did",
    "find_method",
    "method_key",
    "method_of",
    "publishes_keys",
    "resolve",
]

Resolve: TypeAlias = Callable[[str], JsonObject]
"""DID to DID document. Raises MalformedInput, Undetermined."""

Fetch: TypeAlias = Callable[[str], bytes]
"""https URL to what is published there. Raises Undetermined."""

_OFFLINE: Final[dict[str, Callable[[str], JsonObject]]] = {
    "jwk": did_jwk.document,
    "key": did_key.document,
    "peer": did_peer.document,
    "pkh": did_pkh.document,
}
_DID: Final = re.compile(
    r"did:[a-z0-9]+:(?:[A-Za-z0-9._-]|%[0-9A-Fa-f]{2}|:)*(?:[A-Za-z0-9._-]|%[0-9A-Fa-f]{2})"
)
_MAX_LENGTH: Final = 2048


def check_did(did: str) -> str:
    """`did` if it has the syntax of a DID (DID Core 3.1). Raises MalformedInput."""
    if len(did) > _MAX_LENGTH or not _DID.fullmatch(did):
        raise MalformedInput(
            f"{did[:100]!r} is not a DID", hint="a DID looks like did:key:z6Mk…; `ipse did list` shows yours"
        )
    return did


def method_of(did: str) -> str:
    """The method name of a DID: "key" of did:key:z6Mk…"""
    return check_did(did).split(":", 2)[1]


def publishes_keys(did: str) -> bool:
    """Whether signatures of the DID can be verified: a did:pkh holds the hash of a key alone."""
    return method_of(did) != "pkh"


def resolve(did: str, *, fetch: Fetch | None = None) -> JsonObject:
    """The DID document of `did`.

    Only did:web needs `fetch`; every other method is worked out from the DID alone. Raises MalformedInput
    for what is no DID, Undetermined for a method that ipse does not resolve, for a did:web without
    `fetch`, and (DocumentUnusable, DocumentMismatch) for what a server published instead of its document;
    and whatever `fetch` raises.
    """
    method = method_of(did)
    if method == "web":
        return _published(did, fetch)
    if method not in _OFFLINE:
        known = ", ".join(f"did:{name}" for name in sorted([*_OFFLINE, "web"]))
        raise Undetermined(f"the DID method did:{method} is not supported", hint=f"ipse resolves {known}")
    return _OFFLINE[method](did)


def _published(did: str, fetch: Fetch | None) -> JsonObject:
    url = did_web.publish_url(did)
    if fetch is None:
        raise Undetermined(
            f"{did[:100]} needs the network to be resolved", hint=f"its document is published at {url}"
        )
    return did_web.read(did, fetch(url))


def find_method(document: JsonObject, method_id: str, relationship: str) -> JsonObject:
    """The verification method `method_id` if `document` lists it under `relationship`. Raises NotFound."""
    entries = _entries(document, relationship)
    listed = method_id in entries
    for method in [*_entries(document, "verificationMethod"), *entries]:
        if isinstance(method, dict) and method.get("id") == method_id and (listed or method in entries):
            return method
    raise NotFound(f"{document.get('id')} lists no {relationship} {method_id}")


def _entries(document: JsonObject, name: str) -> list[Json]:
    entries = document.get(name, [])
    if not isinstance(entries, list):
        raise MalformedInput(f"{name} of the DID document is not an array")
    return entries
