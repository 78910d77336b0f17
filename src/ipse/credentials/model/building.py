"""Building credentials of VCDM 2.0."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime

from ipse.credentials.model.credential_rules import violations
from ipse.credentials.model.shapes import CONTEXT
from ipse.encoding.strict_json import JsonObject
from ipse.encoding.timestamps import format_timestamp
from ipse.errors import MalformedInput

__all__ = ["build"]


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
