"""Building presentations of VCDM 2.0: credentials with embedded proofs, and enveloped ones.

Source: W3C Verifiable Credentials Data Model 2.0, section 4.13.
"""

from __future__ import annotations

from collections.abc import Sequence

from ipse.credentials import model
from ipse.credentials.formats import sd_jwt
from ipse.credentials.formats.jose import vc_jwt
from ipse.encoding.strict_json import JsonObject, excerpt
from ipse.errors import MalformedInput

__all__ = ["build", "enveloped"]

_SD_JWT_TYPES = ("vc+sd-jwt", "dc+sd-jwt")


def build(
    holder: str, credentials: Sequence[JsonObject | str], *, presentation_id: str | None = None
) -> JsonObject:
    """An unsigned presentation of `credentials` by `holder`, in the order given.

    A credential is an object (with its embedded proof, or an envelope) or the text of a vc+jwt or SD-JWT,
    which is enveloped here. One without a proof goes in only where the holder issued it. Raises
    MalformedInput for what is no credential and for whatever else breaks a rule of the data model.
    """
    presentation: JsonObject = {"@context": [model.CONTEXT]}
    if presentation_id is not None:
        presentation["id"] = presentation_id
    presentation |= {"type": ["VerifiablePresentation"], "holder": holder}
    if credentials:
        presentation["verifiableCredential"] = [
            enveloped(credential) if isinstance(credential, str) else credential for credential in credentials
        ]
    broken = [
        *model.presentation_violations(presentation),
        *model.embedded_proof_violations(presentation),
    ]
    if broken:
        raise MalformedInput(
            f"not a presentation: {broken[0]}", hint="this is a rule of the VC data model 2.0"
        )
    for position, credential in enumerate(presentation.get("verifiableCredential", []), start=1):
        _refuse_unsecured(credential, holder, position)
    return presentation


def enveloped(text: str) -> JsonObject:
    """The EnvelopedVerifiableCredential that holds a vc+jwt, or an SD-JWT with its disclosures.

    Raises MalformedInput for a text that is none.
    """
    if "~" not in text:
        return vc_jwt.envelope(text)
    header = sd_jwt.parse_compact(text).jwt.header
    if header.get("typ") not in _SD_JWT_TYPES:
        raise MalformedInput(
            f"typ of the SD-JWT is {excerpt(header.get('typ'))}, which is no credential",
            hint=f"a credential says {' or '.join(_SD_JWT_TYPES)}",
        )
    return {
        "@context": model.CONTEXT,
        "id": f"data:application/{header['typ']},{text}",
        "type": "EnvelopedVerifiableCredential",
    }


def _refuse_unsecured(credential: JsonObject, holder: str, position: int) -> None:
    """Raise MalformedInput where nothing but the presentation's own proof would secure another's claims."""
    if "issuer" in credential and "proof" not in credential and model.issuer_of(credential) != holder:
        raise MalformedInput(
            f"credential {position} has no proof and was not issued by the holder",
            hint="present the credential as its issuer handed it out",
        )
