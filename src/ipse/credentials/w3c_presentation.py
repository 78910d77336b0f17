"""Building presentations of VCDM 2.0: credentials with embedded proofs, and enveloped ones.

Source: W3C Verifiable Credentials Data Model 2.0, section 4.13.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

from ipse.credentials import formats, model
from ipse.credentials.formats import envelope
from ipse.encoding.strict_json import JsonObject
from ipse.errors import MalformedInput, UsageError

if TYPE_CHECKING:
    from ipse.credentials.formats.format import Format

__all__ = ["build", "whole"]


def build(
    holder: str, credentials: Sequence[JsonObject | str], *, presentation_id: str | None = None
) -> JsonObject:
    """An unsigned presentation of `credentials` by `holder`, in the order given.

    A credential is an object (with its embedded proof, or an envelope) or the text of a token, which is
    enveloped here. One without a proof goes in only where the holder issued it. Raises MalformedInput for
    what is not a credential and for whatever else breaks a rule of the data model.
    """
    presentation: JsonObject = {"@context": [model.CONTEXT]}
    if presentation_id is not None:
        presentation["id"] = presentation_id
    presentation |= {"type": ["VerifiablePresentation"], "holder": holder}
    if credentials:
        presentation["verifiableCredential"] = [
            envelope.enveloped(credential) if isinstance(credential, str) else credential
            for credential in credentials
        ]
    broken = [
        *model.presentation_violations(presentation),
        *model.embedded_proof_violations(presentation),
    ]
    for violation in broken:
        raise MalformedInput(
            f"not a presentation: {violation}", hint="this is a rule of the VC data model 2.0"
        )
    for position, credential in enumerate(presentation.get("verifiableCredential", []), start=1):
        _refuse_unsecured(credential, holder, position)
    return presentation


def whole(form: Format, credentials: Sequence[str], disclose: Sequence[str]) -> tuple[JsonObject, ...]:
    """The documents of credentials that are shown whole or not at all. Raises UsageError for a choice."""
    if disclose:
        raise UsageError(
            f"a {form.name} credential is shown whole or not at all",
            hint="only formats with selective disclosure take --disclose",
        )
    return tuple(formats.claimed(text).document for text in credentials)


def _refuse_unsecured(credential: JsonObject, holder: str, position: int) -> None:
    """Raise MalformedInput where nothing but the presentation's own proof would secure another's claims."""
    if "issuer" in credential and "proof" not in credential and model.issuer_of(credential) != holder:
        raise MalformedInput(
            f"credential {position} has no proof and was not issued by the holder",
            hint="present the credential as its issuer handed it out",
        )
