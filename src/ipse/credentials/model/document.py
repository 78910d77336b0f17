"""Building credentials of VCDM 2.0, and reading what one says.

For reading, the data model rules must hold.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime

from ipse.credentials.content import Validity
from ipse.credentials.model.rules import CONTEXT, violations
from ipse.encoding.strict_json import JsonObject
from ipse.encoding.timestamps import format_timestamp, parse_timestamp
from ipse.errors import MalformedInput

__all__ = ["build", "issuer_of", "subject_of", "types_of", "validity"]


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


def types_of(document: JsonObject) -> tuple[str, ...]:
    """The types, as a tuple also where a single one is a bare string."""
    types = document.get("type", [])
    return (types,) if isinstance(types, str) else tuple(types)


def validity(credential: JsonObject) -> Validity:
    """validFrom and validUntil. Raises MalformedInput."""
    moments = (credential.get("validFrom"), credential.get("validUntil"))
    start, end = (None if moment is None else parse_timestamp(moment) for moment in moments)
    return Validity(start, end)


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
