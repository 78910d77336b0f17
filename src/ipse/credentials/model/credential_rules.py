"""The rules of VCDM 2.0 for credentials (sections 4.3 to 4.12, 5.3 to 5.6, 11.1)."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime

from ipse.credentials.model.shapes import (
    Violation,
    check_context,
    check_digests,
    check_identifier,
    check_text,
    check_typed,
    check_types,
    entries,
    is_url,
    type_names,
)
from ipse.encoding.strict_json import JsonObject
from ipse.encoding.timestamps import parse_timestamp
from ipse.errors import MalformedInput

__all__ = ["proof_violations", "violations"]


def violations(credential: JsonObject) -> list[Violation]:
    """The rules of VCDM 2.0 that a credential breaks; empty where it conforms.

    What takes JSON-LD processing (undefined or redefined terms) is not looked at here, nor is `proof`:
    see `proof_violations`.
    """
    return [
        *check_context(credential),
        *check_types(credential, "VerifiableCredential"),
        *check_identifier(credential, "", required=False),
        *_issuer(credential),
        *_subject(credential),
        *_validity(credential),
        *check_typed(credential, "credentialStatus"),
        *check_typed(credential, "credentialSchema", id_required=True),
        *check_typed(credential, "refreshService"),
        *check_typed(credential, "termsOfUse"),
        *check_typed(credential, "evidence"),
        *check_typed(credential, "confidenceMethod"),
        *check_typed(credential, "renderMethod"),
        *_related(credential),
        *check_text(credential, "name"),
        *check_text(credential, "description"),
    ]


def proof_violations(document: JsonObject) -> list[Violation]:
    """The rules for the shape of `proof`, where there is one (VC Data Integrity 1.0, section 2.1)."""
    broken: list[Violation] = []
    for pointer, entry in entries(document, "proof"):
        if not isinstance(entry, dict):
            broken.append(Violation(pointer, "must be an object, or an array of objects"))
        elif not isinstance(entry.get("type"), str) or type_names(entry["type"]) is None:
            broken.append(Violation(f"{pointer}/type", "must be there, one term or absolute URL"))
    return broken


def _issuer(credential: JsonObject) -> Iterator[Violation]:
    issuer = credential.get("issuer")
    if isinstance(issuer, dict):
        yield from check_identifier(issuer, "/issuer", required=True)
        yield from check_text(issuer, "name", inside="/issuer")
        yield from check_text(issuer, "description", inside="/issuer")
    elif not is_url(issuer):
        yield Violation("/issuer", "must be a URL or an object with an id")


def _subject(credential: JsonObject) -> Iterator[Violation]:
    if credential.get("credentialSubject") in (None, []):
        yield Violation("/credentialSubject", "must be there")
        return
    for pointer, entry in entries(credential, "credentialSubject"):
        if not isinstance(entry, dict) or not entry:
            yield Violation(pointer, "must be an object with at least one member")
        else:
            yield from check_identifier(entry, pointer, required=False)


def _validity(credential: JsonObject) -> Iterator[Violation]:
    moments: dict[str, datetime] = {}
    for name in ("validFrom", "validUntil"):
        if name in credential:
            try:
                moments[name] = parse_timestamp(credential[name])
            except MalformedInput as error:
                yield Violation(f"/{name}", f"must be a dateTimeStamp: {error.message}")
    if len(moments) == 2 and moments["validUntil"] < moments["validFrom"]:
        yield Violation("/validUntil", "must not be before validFrom")


def _related(credential: JsonObject) -> Iterator[Violation]:
    """Objects with an id, each its own, and a digest (section 5.3)."""
    seen: set[str] = set()
    for pointer, entry in entries(credential, "relatedResource"):
        if not isinstance(entry, dict):
            yield Violation(pointer, "must be an object")
            continue
        yield from check_identifier(entry, pointer, required=True)
        if not entry.keys() & {"digestSRI", "digestMultibase"}:
            yield Violation(pointer, "must have digestSRI or digestMultibase")
        yield from check_digests(entry, pointer)
        identifier = entry.get("id")
        if isinstance(identifier, str):
            if identifier in seen:
                yield Violation(f"{pointer}/id", "must not be named twice")
            seen.add(identifier)
