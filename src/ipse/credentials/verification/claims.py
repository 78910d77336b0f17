"""What a credential says of itself, before anything is verified: to keep and list it, not to trust it."""

from __future__ import annotations

from ipse.credentials import model
from ipse.credentials.formats import sd_jwt
from ipse.credentials.formats.sd_jwt.unpack import unpack
from ipse.credentials.formats.vcdm11 import data_model
from ipse.credentials.verification import selective
from ipse.credentials.verification.outcome import Covered
from ipse.credentials.verification.reading import Presented, read
from ipse.encoding.strict_json import JsonObject
from ipse.errors import MalformedInput, UsageError, VerificationFailed

__all__ = ["claimed"]


def claimed(text: str) -> Covered:
    """What a credential says of itself. Raises MalformedInput, UsageError for a presentation."""
    found = read(text)
    if found.is_presentation:
        raise _presentation()
    if found.form == "sd-jwt":
        return _of_sd_jwt(found.text)
    document = _document_of(found)
    old = found.form == "w3c-1.1"
    broken = data_model.check_data_model(document) if old and not found.text else _broken(document, old)
    if broken:
        raise MalformedInput(f"not a credential: {broken[0]}")
    rules = data_model if old else model
    return Covered(
        form=found.form,
        document=document,
        issuer=rules.issuer_of(document),
        subjects=model.subjects_of(document),
        types=model.types_of(document),
        valid=rules.validity(document),
    )


def _presentation() -> UsageError:
    return UsageError(
        "this is a presentation, not a credential", hint="`ipse vc verify` judges presentations"
    )


def _document_of(found: Presented) -> JsonObject:
    if found.document is not None:
        return found.document
    from ipse.credentials.formats.vcdm11 import jwt

    return jwt.credential_of(found.text)


def _broken(document: JsonObject, old: bool) -> list[object]:
    return [] if old else list(model.violations(document))


def _of_sd_jwt(text: str) -> Covered:
    presented = sd_jwt.parse(text)
    if presented.kb_jwt is not None:
        raise _presentation()
    try:
        claims = unpack(presented.jwt.payload, presented.disclosures).claims
    except VerificationFailed as error:
        raise MalformedInput(f"not a credential: {error.message}") from error
    issuer = claims.get("iss")
    return selective.covered_by(claims, issuer if isinstance(issuer, str) else "")
