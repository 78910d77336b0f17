"""One way from a DID to its document, and from a DID URL to a key."""

from __future__ import annotations

import re
from collections.abc import Callable
from importlib import import_module
from typing import Final, TypeAlias

from ipse.dids import METHODS
from ipse.dids.method import Fetch, Method
from ipse.dids.verification_methods import any_method_key, method_key
from ipse.encoding.strict_json import Json, JsonObject
from ipse.errors import MalformedInput, NotFound, Undetermined

__all__ = [
    "Fetch",
    "Resolve",
    "any_method_key",
    "check_did",
    "find_method",
    "method_called",
    "method_key",
    "method_of",
    "publishes_keys",
    "resolve",
]

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


def method_called(name: str) -> Method:
    """The DID method `name`. Raises Undetermined for one that ipse does not know."""
    if name not in METHODS:
        known = ", ".join(f"did:{known}" for known in sorted(METHODS))
        raise Undetermined(f"the DID method did:{name} is not supported", hint=f"ipse resolves {known}")
    found: Method = import_module(f"ipse.dids.did_{name}").METHOD
    return found


def publishes_keys(did: str) -> bool:
    """Whether the document of the DID holds keys, so that its signatures can be verified."""
    name = method_of(did)
    return name not in METHODS or method_called(name).publishes_keys


def resolve(did: str, *, fetch: Fetch | None = None) -> JsonObject:
    """The DID document of `did`.

    Only a published document (did:web) needs `fetch`; any other is worked out from the DID alone. Raises
    MalformedInput for what is no DID, Undetermined for a method that ipse does not resolve, for a published
    document without `fetch`, and (DocumentUnusable, DocumentMismatch) for what a server published in its
    place; and whatever `fetch` raises.
    """
    method = method_called(method_of(did))
    if method.document is not None:
        return method.document(did)
    assert method.publication is not None
    url = method.publication.url(did)
    if fetch is None:
        raise Undetermined(
            f"{did[:100]} needs the network to be resolved", hint=f"its document is published at {url}"
        )
    return method.publication.read(did, fetch(url))


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
