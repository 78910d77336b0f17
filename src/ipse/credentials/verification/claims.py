"""What a credential says of itself, before anything is verified: to keep and list it, not to trust it."""

from __future__ import annotations

from ipse.credentials import sd_jwt, vcdm2, vcdm11
from ipse.credentials.sd_jwt.unpack import unpack
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
    broken = vcdm11.check_data_model(document) if old and not found.text else _broken(document, old)
    if broken:
        raise MalformedInput(f"not a credential: {broken[0]}")
    model = vcdm11 if old else vcdm2
    return Covered(
        form=found.form,
        document=document,
        issuer=model.issuer_of(document),
        subjects=vcdm2.subjects_of(document),
        types=vcdm2.types_of(document),
        valid=model.validity(document),
    )


def _presentation() -> UsageError:
    return UsageError(
        "this is a presentation, not a credential", hint="`ipse vc verify` judges presentations"
    )


def _document_of(found: Presented) -> JsonObject:
    if found.document is not None:
        return found.document
    from ipse.credentials import didkit_jwt

    return didkit_jwt.credential_of(found.text)


def _broken(document: JsonObject, old: bool) -> list[object]:
    return [] if old else list(vcdm2.violations(document))


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
