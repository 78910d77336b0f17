"""The W3C Verifiable Credentials Data Model 2.0: building credentials and the rules for them."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Final

from ipse.credentials.timestamps import format_timestamp, parse_timestamp
from ipse.credentials.urls import URL
from ipse.encoding.strict_json import Json, JsonObject
from ipse.errors import MalformedInput

__all__ = ["CONTEXT", "Violation", "build", "issuer_of", "subject_of", "types_of", "validity", "violations"]

CONTEXT: Final = "https://www.w3.org/ns/credentials/v2"


@dataclass(frozen=True, slots=True)
class Violation:
    """A rule that a document breaks: where (RFC 6901 JSON pointer) and what the rule is."""

    pointer: str
    rule: str

    def __str__(self) -> str:
        return f"{self.pointer or '/'} {self.rule}"


def build(
    *,
    issuer: str,
    subject: str | None,
    types: Sequence[str],
    claims: JsonObject,
    credential_id: str,
    valid_from: datetime | None,
    valid_until: datetime | None,
) -> JsonObject:
    """An unsigned credential; the claims are members of its `credentialSubject`.

    Raises MalformedInput where the claims bring an `id` of their own besides `subject`, and where the
    result breaks a rule of the data model.
    """
    if subject is not None and claims.get("id", subject) != subject:
        raise MalformedInput(
            f"the claims have the id {claims['id']!r}, which is not the subject {subject}",
            hint="leave `id` out of the claims; the subject is said with --subject",
        )
    credential: JsonObject = {
        "@context": [CONTEXT],
        "id": credential_id,
        "type": ["VerifiableCredential", *(name for name in types if name != "VerifiableCredential")],
        "issuer": issuer,
    }
    if valid_from is not None:
        credential["validFrom"] = format_timestamp(valid_from)
    if valid_until is not None:
        credential["validUntil"] = format_timestamp(valid_until)
    credential["credentialSubject"] = {**({} if subject is None else {"id": subject}), **claims}
    broken = violations(credential)
    if broken:
        raise MalformedInput(f"not a credential: {broken[0]}", hint="this is a rule of the VC data model 2.0")
    return credential


def issuer_of(credential: JsonObject) -> str:
    """The issuer's identifier, from either of its two forms. The data model rules must hold."""
    issuer = credential["issuer"]
    return str(issuer["id"] if isinstance(issuer, dict) else issuer)


def subject_of(credential: JsonObject) -> str | None:
    """The subject's identifier where there is one subject and it has one."""
    subject = credential.get("credentialSubject")
    if isinstance(subject, list) and len(subject) == 1:
        subject = subject[0]
    identifier = subject.get("id") if isinstance(subject, dict) else None
    return identifier if isinstance(identifier, str) else None


def types_of(credential: JsonObject) -> tuple[str, ...]:
    """The types, as a tuple also where a single one is a bare string."""
    types = credential.get("type", [])
    return (types,) if isinstance(types, str) else tuple(types)


def validity(credential: JsonObject) -> tuple[datetime | None, datetime | None]:
    """validFrom and validUntil. Raises MalformedInput."""
    moments = (credential.get("validFrom"), credential.get("validUntil"))
    start, end = (None if moment is None else parse_timestamp(moment) for moment in moments)
    return start, end


def violations(credential: JsonObject) -> list[Violation]:
    """The rules of VCDM 2.0 that a credential breaks; empty where it conforms.

    What takes JSON-LD processing (undefined or redefined terms) is not looked at here.
    """
    return [
        *_context(credential),
        *_types(credential),
        *_identifier(credential, "", required=False),
        *_issuer(credential),
        *_subject(credential),
        *_validity(credential),
        *_typed(credential, "credentialStatus", id_required=False),
        *_typed(credential, "credentialSchema", id_required=True),
        *_typed(credential, "refreshService", id_required=False),
        *_typed(credential, "termsOfUse", id_required=False),
        *_typed(credential, "evidence", id_required=False),
        *_related(credential),
        *_text(credential, "name"),
        *_text(credential, "description"),
    ]


def _context(credential: JsonObject) -> Iterator[Violation]:
    context = credential.get("@context")
    if not isinstance(context, list) or not context or context[0] != CONTEXT:
        yield Violation("/@context", f"must be an array that begins with {CONTEXT}")
        return
    for position, entry in enumerate(context):
        if not isinstance(entry, dict) and not _is_url(entry):
            yield Violation(f"/@context/{position}", "must be a URL or an object")


def _types(credential: JsonObject) -> Iterator[Violation]:
    types = credential.get("type")
    names = [types] if isinstance(types, str) else types
    if not isinstance(names, list) or not all(isinstance(name, str) and name for name in names):
        yield Violation("/type", "must be a name or an array of names")
    elif "VerifiableCredential" not in names:
        yield Violation("/type", "must contain VerifiableCredential")
    elif len(set(names)) != len(names):
        yield Violation("/type", "must not name a type twice")


def _issuer(credential: JsonObject) -> Iterator[Violation]:
    issuer = credential.get("issuer")
    if isinstance(issuer, dict):
        yield from _identifier(issuer, "/issuer", required=True)
    elif not _is_url(issuer):
        yield Violation("/issuer", "must be a URL or an object with an id")


def _subject(credential: JsonObject) -> Iterator[Violation]:
    subject = credential.get("credentialSubject")
    for pointer, entry in _entries(subject, "/credentialSubject"):
        if not isinstance(entry, dict) or not entry:
            yield Violation(pointer, "must be an object with at least one member")
        else:
            yield from _identifier(entry, pointer, required=False)
    if subject is None or subject == []:
        yield Violation("/credentialSubject", "must be there")


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


def _typed(credential: JsonObject, name: str, *, id_required: bool) -> Iterator[Violation]:
    """An object, or array of them, each with a type."""
    for pointer, entry in _entries(credential.get(name, []), f"/{name}"):
        if not isinstance(entry, dict):
            yield Violation(pointer, "must be an object")
            continue
        types = entry.get("type")
        names = [types] if isinstance(types, str) else types
        if not isinstance(names, list) or not names or not all(isinstance(item, str) for item in names):
            yield Violation(f"{pointer}/type", "must be there")
        yield from _identifier(entry, pointer, required=id_required)


def _related(credential: JsonObject) -> Iterator[Violation]:
    """Objects with an id, each its own, and a digest (VCDM 2.0 section 5.3)."""
    seen: set[str] = set()
    for pointer, entry in _entries(credential.get("relatedResource", []), "/relatedResource"):
        if not isinstance(entry, dict):
            yield Violation(pointer, "must be an object")
            continue
        yield from _identifier(entry, pointer, required=True)
        if not any(isinstance(entry.get(name), str) for name in ("digestSRI", "digestMultibase")):
            yield Violation(pointer, "must have digestSRI or digestMultibase")
        identifier = entry.get("id")
        if isinstance(identifier, str) and identifier in seen:
            yield Violation(f"{pointer}/id", "must not be named twice")
        seen.add(str(identifier))


def _text(credential: JsonObject, name: str) -> Iterator[Violation]:
    """A string, or language value objects with @value (VCDM 2.0 section 11.1)."""
    for pointer, entry in _entries(credential.get(name, []), f"/{name}"):
        if not isinstance(entry, str) and not (
            isinstance(entry, dict)
            and isinstance(entry.get("@value"), str)
            and entry.keys() <= {"@value", "@language", "@direction"}
        ):
            yield Violation(pointer, "must be a string or a language value object")


def _identifier(entry: JsonObject, pointer: str, *, required: bool) -> Iterator[Violation]:
    if (required or "id" in entry) and not _is_url(entry.get("id")):
        yield Violation(f"{pointer}/id", "must be one URL")


def _entries(value: Json, pointer: str) -> Iterator[tuple[str, Json]]:
    if isinstance(value, list):
        for position, entry in enumerate(value):
            yield f"{pointer}/{position}", entry
    else:
        yield pointer, value


def _is_url(value: Json) -> bool:
    return isinstance(value, str) and URL.fullmatch(value) is not None
