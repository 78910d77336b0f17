"""One way from a DID to its document, and from a DID URL to a key that may be used.

What a verification method may be used for, and until when, is asked here of every key of a DID document. A
signature says itself when it was made, and whoever has the key can date it as they like. So the end of a
key's use decides for certain only against what is dated after it; what is dated before, and judged after it,
is undetermined. A verifier who knows when it was made judges it as of that time. Source: W3C Controlled
Identifiers 1.0 sections 2.2 (`expires`, `revoked`), 3.3 and the one on revocation semantics.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from importlib import import_module
from typing import Final, TypeAlias

from ipse.dids import METHODS
from ipse.dids.method import Fetch, Method
from ipse.dids.verification_methods import any_method_key, check_use, method_key
from ipse.encoding.strict_json import Json, JsonObject, excerpt
from ipse.encoding.timestamps import format_timestamp, parse_timestamp
from ipse.errors import MalformedInput, NotFound, Undetermined, UnusableKey
from ipse.keys.key_types import PublicKey

__all__ = [
    "NOT_LISTED",
    "Fetch",
    "Resolve",
    "UsedMethod",
    "any_method_key",
    "check_did",
    "check_period",
    "find_method",
    "listed_method",
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

NOT_LISTED: Final = "key-not-listed"
"""The code of a key that is not listed for what it was used for."""
_ENDS: Final = {"revoked": "key-revoked", "expires": "key-expired"}
"""The members that end the use of a verification method, and the code of each."""


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


@dataclass(frozen=True, slots=True)
class UsedMethod:
    """A verification method that signed, the DID document it is from, and when the signature says it did.

    `made` is aware, None where the signature does not say.
    """

    controller: JsonObject
    method: JsonObject
    made: datetime | None = None

    def check(self, relationship: str, now: datetime) -> None:
        """Raise UnusableKey or Undetermined unless it may serve as `relationship`, and may still."""
        if listed_method(self.controller, str(self.method["id"]), relationship) != self.method:
            raise UnusableKey(f"another key of this name is listed for {relationship}", code=NOT_LISTED)
        check_use(self.method)
        check_period(self.method, made=self.made, now=now)

    def key(self, relationship: str, now: datetime) -> PublicKey:
        """The key, checked. Raises MalformedInput too."""
        self.check(relationship, now)
        return method_key(self.method)


def listed_method(document: JsonObject, method_id: str, relationship: str) -> JsonObject:
    """The method that `document` lists for `relationship`, and that its DID itself controls.

    Raises UnusableKey (`key-not-listed`, `foreign-key`).
    """
    try:
        method = find_method(document, method_id, relationship)
    except NotFound as error:
        raise UnusableKey(
            f"its controller does not list this key for {relationship}", code=NOT_LISTED
        ) from error
    if method.get("controller") != document.get("id"):
        raise UnusableKey(
            f"the key is controlled by somebody else, {excerpt(method.get('controller'))}", code="foreign-key"
        )
    return method


def check_period(method: JsonObject, *, made: datetime | None, now: datetime | None) -> None:
    """Whether a key was in use when it signed, as far as that can be told.

    `made` is what the signature says of that, None where it says nothing; `now` is the time of which it is
    judged, and without one every end has come. Raises UnusableKey (`key-revoked`, `key-expired`) for what is
    dated at the end or after it, and Undetermined (the same codes) where the end has come by `now`, and
    (`key-dates-malformed`) where it can't be read.
    """
    unsettled: Undetermined | None = None
    for member, code in _ENDS.items():
        if member not in method:
            continue
        try:
            end = parse_timestamp(method[member])
        except MalformedInput as error:
            unsettled = Undetermined(
                f"{member} of the key {excerpt(method.get('id'))} can't be read: {error.message}",
                hint="who publishes this DID has to repair its document",
                code="key-dates-malformed",
            )
            continue
        word = "was revoked" if member == "revoked" else "expired"
        if made is not None and made >= end:
            raise UnusableKey(
                f"the key {word} at {format_timestamp(end)}, and was used at {format_timestamp(made)}",
                code=code,
            )
        if unsettled is None and (now is None or now >= end):
            unsettled = Undetermined(
                f"the key {word} at {format_timestamp(end)}; that it signed before is its own word",
                hint="if you know when you got it, judge it as of then with --at",
                code=code,
            )
    if unsettled is not None:
        raise unsettled
