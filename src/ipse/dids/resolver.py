"""One way from a DID to its document, and from a DID URL to a key."""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import Final, TypeAlias

from ipse.dids import did_key
from ipse.encoding.strict_json import Json, JsonObject
from ipse.errors import MalformedInput, NotFound, Undetermined
from ipse.keys import multikey
from ipse.keys.ed25519 import PublicKey

__all__ = ["Resolve", "check_did", "find_method", "method_key", "method_of", "resolve"]

Resolve: TypeAlias = Callable[[str], JsonObject]
"""DID to DID document. Raises MalformedInput, Undetermined."""

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


def resolve(did: str) -> JsonObject:
    """The DID document of `did`, without network.

    Raises MalformedInput for what is no DID, Undetermined for a method that ipse does not resolve.
    """
    method = method_of(did)
    if method == "key":
        return did_key.document(did)
    raise Undetermined(f"the DID method did:{method} is not supported", hint="ipse resolves did:key")


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


def method_key(method: JsonObject) -> PublicKey:
    """The public key of a verification method. Raises MalformedInput, Undetermined."""
    if method.get("type") != "Multikey":
        raise Undetermined(f"verification method type {method.get('type')!r} is not supported")
    value = method.get("publicKeyMultibase")
    if not isinstance(value, str):
        raise MalformedInput(f"the verification method {method.get('id')!r} has no publicKeyMultibase")
    return multikey.decode(value)
