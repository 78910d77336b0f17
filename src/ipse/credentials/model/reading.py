"""What a credential of VCDM 2.0 says of itself. The data model rules must hold."""

from __future__ import annotations

from ipse.credentials.content import Validity
from ipse.encoding.strict_json import JsonObject
from ipse.encoding.timestamps import parse_timestamp

__all__ = ["issuer_of", "subject_of", "subjects_of", "types_of", "validity"]


def issuer_of(credential: JsonObject) -> str:
    """The issuer's identifier, from either of its two forms."""
    issuer = credential["issuer"]
    return str(issuer["id"] if isinstance(issuer, dict) else issuer)


def subject_of(credential: JsonObject) -> str | None:
    """The subject's identifier where there is one subject and it has one."""
    subject = credential.get("credentialSubject")
    if isinstance(subject, list) and len(subject) == 1:
        subject = subject[0]
    identifier = subject.get("id") if isinstance(subject, dict) else None
    return identifier if isinstance(identifier, str) else None


def subjects_of(credential: JsonObject) -> tuple[str, ...]:
    """The identifiers of all subjects that have one, in order; empty for a bearer credential."""
    subject = credential.get("credentialSubject")
    subjects = subject if isinstance(subject, list) else [subject]
    identifiers = (entry.get("id") for entry in subjects if isinstance(entry, dict))
    return tuple(identifier for identifier in identifiers if isinstance(identifier, str))


def types_of(document: JsonObject) -> tuple[str, ...]:
    """The types, as a tuple also where a single one is a bare string."""
    types = document.get("type", [])
    return (types,) if isinstance(types, str) else tuple(types)


def validity(credential: JsonObject) -> Validity:
    """validFrom and validUntil. Raises MalformedInput."""
    moments = (credential.get("validFrom"), credential.get("validUntil"))
    start, end = (None if moment is None else parse_timestamp(moment) for moment in moments)
    return Validity(start, end)
