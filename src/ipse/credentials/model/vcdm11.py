"""The W3C Verifiable Credentials Data Model 1.1: building credentials and presentations, and their rules."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from datetime import datetime
from typing import Final

from ipse.credentials.content import Validity
from ipse.credentials.model.rules import URL, Violation
from ipse.encoding.strict_json import Json, JsonObject, as_list
from ipse.encoding.timestamps import format_timestamp, parse_timestamp
from ipse.errors import MalformedInput

__all__ = [
    "CONTEXT",
    "NAME",
    "SUITE_CONTEXT",
    "UNDEFINED_TERM",
    "build",
    "build_presentation",
    "check_data_model",
    "context_for_undefined_terms",
    "holder_of",
    "is_vcdm11",
    "issuer_of",
    "presentation_violations",
    "refuse_broken",
    "refuse_broken_presentation",
    "timestamp_of",
    "uri_faults",
    "uri_of",
    "validity",
    "violations",
]

CONTEXT: Final = "https://www.w3.org/2018/credentials/v1"
SUITE_CONTEXT: Final = "https://w3id.org/security/suites/ed25519-2020/v1"
UNDEFINED_TERM: Final = "https://www.w3.org/ns/credentials/undefined-term#"
"""Where VCDM 2.0 section 5.2 puts the terms that no context defines."""
NAME: Final = re.compile(r"[^\W\d_][\w-]*")


def build(
    *,
    issuer: str,
    types: Sequence[str],
    claims: JsonObject,
    issuance_date: datetime,
    subject: str | None = None,
    credential_id: str | None = None,
    expiration_date: datetime | None = None,
) -> JsonObject:
    """An unsigned VCDM 1.1 credential, with a context that makes its own types and claims signable.

    Raises MalformedInput where the claims bring an `id`, a type or member name is no plain word, or the
    result breaks a rule of the data model.
    """
    own_types = [name for name in types if name != "VerifiableCredential"]
    if "id" in claims:
        raise MalformedInput(
            "the claims have an id", hint="leave it out; the subject is said apart from them"
        )
    for name in (*own_types, *(name for name, _ in _members(claims))):
        if not NAME.fullmatch(name):
            raise MalformedInput(
                f"{name[:60]!r} is no plain word", hint="name it with letters, digits, _ and -"
            )
    subject_id = {} if subject is None else {"id": subject}
    credential: JsonObject = {
        "@context": [CONTEXT, SUITE_CONTEXT, context_for_undefined_terms(claims)],
        "id": credential_id,
        "type": ["VerifiableCredential", *own_types],
        "issuer": issuer,
        "issuanceDate": format_timestamp(issuance_date),
        "expirationDate": expiration_date and format_timestamp(expiration_date),
        "credentialSubject": {**subject_id, **claims},
    }
    credential = {name: value for name, value in credential.items() if value is not None}
    refuse_broken(credential)
    return credential


def build_presentation(
    *, holder: str, credentials: Sequence[Json], presentation_id: str | None = None
) -> JsonObject:
    """An unsigned VCDM 1.1 presentation of signed credentials: JSON objects, or the text of JWTs.

    Raises MalformedInput where the result breaks a rule of the data model.
    """
    presentation: JsonObject = {
        "@context": [CONTEXT],
        **({} if presentation_id is None else {"id": presentation_id}),
        "type": ["VerifiablePresentation"],
        "holder": holder,
        **({"verifiableCredential": list(credentials)} if credentials else {}),
    }
    refuse_broken_presentation(presentation)
    return presentation


def context_for_undefined_terms(claims: JsonObject) -> JsonObject:
    """An inline context under which every type and claim is signed, and the order of arrays too.

    A default vocabulary, as VCDM 2.0 has it, and not a definition per term: it catches nested names and
    types as well. Arrays become lists, since plain JSON-LD arrays are sets.
    """
    arrays = {name for name, value in _members(claims) if isinstance(value, list)} - {"type"}
    lists = {name: {"@id": UNDEFINED_TERM + name, "@container": "@list"} for name in sorted(arrays)}
    return {"@vocab": UNDEFINED_TERM, **lists}


def is_vcdm11(document: JsonObject) -> bool:
    """Whether the document's @context says that it follows this data model."""
    return as_list(document.get("@context"))[:1] == [CONTEXT]


def issuer_of(credential: JsonObject) -> str:
    """The issuer's URI, from either of its two forms. Raises MalformedInput."""
    issuer = credential.get("issuer")
    return uri_of(issuer.get("id") if isinstance(issuer, dict) else issuer, "issuer")


def holder_of(presentation: JsonObject) -> str:
    """The holder's URI. Raises MalformedInput where there is none or it is more than a URI."""
    return uri_of(presentation.get("holder"), "holder")


def validity(credential: JsonObject) -> Validity:
    """`issuanceDate` and `expirationDate`. Raises MalformedInput."""
    start = timestamp_of(credential, "issuanceDate")
    return Validity(
        start, timestamp_of(credential, "expirationDate") if "expirationDate" in credential else None
    )


def check_data_model(credential: JsonObject) -> list[Violation]:
    """The rules of VCDM 1.1 sections 4.1 to 5.5 that a signed credential breaks; empty where it conforms."""
    proof = credential.get("proof")
    broken = violations(credential)
    if not isinstance(proof, dict) or not isinstance(proof.get("type"), str):
        broken.append(Violation("/proof", "must be one object with a type"))
    return broken


def violations(credential: JsonObject) -> list[Violation]:
    """The rules of VCDM 1.1 sections 4.1 to 5.5 that a credential breaks, whatever secures it."""
    return list(_broken_rules(credential))


def presentation_violations(presentation: JsonObject) -> list[Violation]:
    """The rules of VCDM 1.1 section 4.10 that a presentation breaks, whatever secures it.

    A holder is required, since a presentation is proved by the holder's key. What is in
    `verifiableCredential` is only looked at for its JSON type.
    """
    return list(_broken_presentation_rules(presentation))


def _broken_presentation_rules(presentation: JsonObject) -> Iterator[Violation]:
    yield from _nulls(presentation)
    if not is_vcdm11(presentation):
        yield Violation("/@context", f"must begin with {CONTEXT}")
    types = as_list(presentation.get("type"))
    if "VerifiablePresentation" not in types or not all(isinstance(name, str) and name for name in types):
        yield Violation("/type", "must be names, VerifiablePresentation among them")
    if "VerifiableCredential" in types:
        yield Violation("/type", "must not be that of a credential too")
    for entry in as_list(presentation.get("verifiableCredential", [])):
        if not entry or not isinstance(entry, (dict, str)):
            yield Violation("/verifiableCredential", "must be credentials, as objects or as the text of JWTs")
            break
    yield from uri_faults("/holder", presentation.get("holder"))
    if "id" in presentation:
        yield from uri_faults("/id", presentation["id"])


def _broken_rules(credential: JsonObject) -> Iterator[Violation]:
    yield from _nulls(credential)
    if not is_vcdm11(credential):
        yield Violation("/@context", f"must begin with {CONTEXT}")
    types = as_list(credential.get("type"))
    if "VerifiableCredential" not in types or not all(isinstance(name, str) and name for name in types):
        yield Violation("/type", "must be names, VerifiableCredential among them")
    subjects = as_list(credential.get("credentialSubject"))
    if not subjects or not all(
        isinstance(subject, dict) and _says_something(subject) for subject in subjects
    ):
        yield Violation("/credentialSubject", "must be an object with members, or an array of them")
    status = credential.get("credentialStatus", {"id": CONTEXT, "type": ""})
    if not isinstance(status, dict) or not status.keys() >= {"id", "type"}:
        yield Violation("/credentialStatus", "must be one object with an id and a type")
    issuer = credential.get("issuer")
    yield from uri_faults("/issuer", issuer.get("id") if isinstance(issuer, dict) else issuer)
    for member in ("issuanceDate", *(["expirationDate"] if "expirationDate" in credential else [])):
        try:
            parse_timestamp(credential.get(member))
        except MalformedInput as error:
            yield Violation(f"/{member}", error.message[:100])
    named = {"/id": credential, "/credentialStatus/id": status}
    named |= {f"/credentialSubject/{position}/id": subject for position, subject in enumerate(subjects)}
    for pointer, entry in named.items():
        if isinstance(entry, dict) and "id" in entry:
            yield from uri_faults(pointer, entry["id"])


def _nulls(document: JsonObject) -> Iterator[Violation]:
    return (Violation(f"/{name}", "must not be null") for name, value in document.items() if value is None)


def uri_faults(pointer: str, value: Json) -> Iterator[Violation]:
    """A violation at `pointer` where `value` is not a URI."""
    if not isinstance(value, str) or not URL.fullmatch(value):
        yield Violation(pointer, f"must be a URI, not {str(value)[:60]!r}")


def _says_something(subject: JsonObject) -> bool:
    return any(value not in (None, [], {}) for value in subject.values())


def refuse_broken(credential: JsonObject) -> None:
    """Raise MalformedInput for the first rule that an unsigned credential breaks."""
    for rule in _broken_rules(credential):
        raise MalformedInput(f"not a credential: {rule}", hint="this is a rule of the VC data model 1.1")


def refuse_broken_presentation(presentation: JsonObject) -> None:
    """Raise MalformedInput for the first rule that an unsigned presentation breaks."""
    for rule in _broken_presentation_rules(presentation):
        raise MalformedInput(f"not a presentation: {rule}", hint="this is a rule of the VC data model 1.1")


def _members(value: Json) -> Iterator[tuple[str, Json]]:
    """Every member in `value`, at any depth."""
    if isinstance(value, dict):
        yield from value.items()
    for item in value.values() if isinstance(value, dict) else value if isinstance(value, list) else ():
        yield from _members(item)


def uri_of(value: Json, name: str) -> str:
    """`value` if it is a URI; `name` is what it is called where it stands. Raises MalformedInput."""
    for violation in uri_faults(name, value):
        raise MalformedInput(f"{name}: {violation.rule}")
    return str(value)


def timestamp_of(value: JsonObject, name: str) -> datetime:
    """The time in the member `name`. Raises MalformedInput."""
    try:
        return parse_timestamp(value.get(name))
    except MalformedInput as error:
        raise MalformedInput(f"{name}: {error.message[:100]}", hint=error.hint) from error
