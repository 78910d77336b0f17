"""The rules of VCDM 2.0 for presentations, and for what is enveloped (section 4.13)."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Final

from ipse.credentials.model import credential_rules
from ipse.credentials.model.shapes import (
    CONTEXT,
    Violation,
    check_context,
    check_identifier,
    check_typed,
    check_types,
    entries,
    is_url,
    prefixed,
)
from ipse.encoding.strict_json import Json, JsonObject

__all__ = [
    "ENVELOPED_CREDENTIAL",
    "ENVELOPED_PRESENTATION",
    "embedded_proof_violations",
    "is_enveloped",
    "presentation_violations",
]

ENVELOPED_CREDENTIAL: Final = "EnvelopedVerifiableCredential"
ENVELOPED_PRESENTATION: Final = "EnvelopedVerifiablePresentation"

_ENVELOPE: Final = re.compile(
    r"data:application/(?:(?P<kind>[A-Za-z0-9.-]+)\+)?(?:jwt|sd-jwt|cose)(?:;[^,]*)?,.+", re.IGNORECASE
)
"""A data: URL (RFC 2397) of a media type that ends like those of VC-JOSE-COSE."""
_OF_PRESENTATIONS: Final = ("vp", "vp-ld")


def presentation_violations(presentation: JsonObject) -> list[Violation]:
    """The rules of VCDM 2.0 that a presentation, enveloped or not, breaks; empty where it conforms.

    Embedded credentials are judged by the rules for credentials. What takes JSON-LD processing is not
    looked at here, nor is `proof`: see `embedded_proof_violations`.
    """
    if is_enveloped(presentation, ENVELOPED_PRESENTATION):
        return list(_enveloped(presentation, ENVELOPED_PRESENTATION))
    return [
        *check_context(presentation),
        *check_types(presentation, "VerifiablePresentation"),
        *check_identifier(presentation, "", required=False),
        *_holder(presentation),
        *check_typed(presentation, "termsOfUse"),
        *check_typed(presentation, "refreshService"),
        *_credentials(presentation),
    ]


def embedded_proof_violations(presentation: JsonObject) -> list[Violation]:
    """The rules for the shape of the presentation's `proof` and those of the credentials in it."""
    broken = credential_rules.proof_violations(presentation)
    for pointer, entry in entries(presentation, "verifiableCredential"):
        if isinstance(entry, dict):
            broken += prefixed(pointer, credential_rules.proof_violations(entry))
    return broken


def is_enveloped(document: JsonObject, kind: str) -> bool:
    """Whether `document` says that it is an envelope of `kind`."""
    types = document.get("type")
    return kind in types if isinstance(types, list) else types == kind


def _holder(presentation: JsonObject) -> Iterator[Violation]:
    if "holder" not in presentation:
        return
    holder = presentation["holder"]
    if isinstance(holder, dict):
        yield from check_identifier(holder, "/holder", required=True)
    elif not is_url(holder):
        yield Violation("/holder", "must be a URL or an object with an id")


def _credentials(presentation: JsonObject) -> Iterator[Violation]:
    for pointer, entry in entries(presentation, "verifiableCredential"):
        if isinstance(entry, dict):
            yield from prefixed(pointer, _credential(entry))
        else:
            yield Violation(pointer, "must be a credential or an enveloped credential, each an object")


def _credential(entry: JsonObject) -> list[Violation]:
    if is_enveloped(entry, ENVELOPED_CREDENTIAL):
        return list(_enveloped(entry, ENVELOPED_CREDENTIAL))
    return credential_rules.violations(entry)


def _enveloped(document: JsonObject, kind: str) -> Iterator[Violation]:
    context = document.get("@context")
    contexts: list[Json] = context if isinstance(context, list) else [context]
    if CONTEXT not in contexts or not all(isinstance(entry, dict) or is_url(entry) for entry in contexts):
        yield Violation("/@context", f"must be URLs and objects, {CONTEXT} among them")
    if document["type"] not in (kind, [kind]):
        yield Violation("/type", f"must be {kind} alone")
    identifier = document.get("id")
    match = _ENVELOPE.fullmatch(identifier) if isinstance(identifier, str) and is_url(identifier) else None
    if match is None:
        yield Violation("/id", "must be a data: URL that holds a JWT, an SD-JWT or a COSE signature")
    elif match["kind"] and (match["kind"].lower() in _OF_PRESENTATIONS) != (kind == ENVELOPED_PRESENTATION):
        yield Violation("/id", f"must hold what an {kind} is for, by its media type")
