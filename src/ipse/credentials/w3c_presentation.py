"""Building presentations of VCDM 2.0: credentials with embedded proofs, and enveloped ones.

Source: W3C Verifiable Credentials Data Model 2.0, section 4.13.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import TYPE_CHECKING

from ipse.credentials import formats, model
from ipse.credentials.formats import envelope
from ipse.credentials.formats.format import Presentable, Selection
from ipse.encoding import base64url, strict_json
from ipse.encoding.strict_json import Json, JsonObject, as_list
from ipse.errors import MalformedInput, UsageError

if TYPE_CHECKING:
    from ipse.credentials.formats.format import Format

__all__ = ["alone", "build", "presentable", "refuse_data", "whole"]


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


def presentable(credential: str) -> Presentable:
    """What a query finds a W3C credential by, a token or JSON (OpenID4VP 1.0, appendix B.1).

    Raises MalformedInput.
    """
    from ipse.credentials import json_ld

    document = formats.read(credential).document
    types = json_ld.expanded_types(document, json_ld.known())
    if credential.lstrip().startswith("{"):
        return Presentable("ldp_vc", document, types, None, dict(_proof_of(document)))
    header = strict_json.parse_object(
        base64url.decode(credential.strip().partition(".")[0]), what="the header of the JWT"
    )
    signed = {"alg_values": str(header.get("alg"))}
    return Presentable("jwt_vc_json", document, types, None, signed, ("alg_values",))


def alone(selection: Selection) -> JsonObject | str:
    """The one credential of a selection, as its issuer handed it out. Raises UsageError for several."""
    if len(selection.secured) != 1:
        raise UsageError("credentials without a presentation are sent one by one", hint="choose one")
    credential: JsonObject | str = selection.secured[0]
    if isinstance(credential, str) and credential.startswith("{"):
        return strict_json.parse_object(credential)
    return credential


def refuse_data(bound_data: Mapping[str, Json] | None) -> None:
    """Raise UsageError where a presentation is to bind data of a transaction, which no W3C format defines."""
    if bound_data:
        raise UsageError(
            "a presentation of W3C credentials binds no data of a transaction",
            hint="only an SD-JWT VC with a key binding does",
        )


def _proof_of(document: JsonObject) -> Iterator[tuple[str, str]]:
    """The type and the cryptosuite of the first proof, as lists of a verifier's metadata name them."""
    proof = as_list(document.get("proof"))[0]
    members = {"proof_type_values": "type", "cryptosuite_values": "cryptosuite"}
    for name, member in members.items():
        value = proof.get(member) if isinstance(proof, dict) else None
        if isinstance(value, str):
            yield name, value


def _refuse_unsecured(credential: JsonObject, holder: str, position: int) -> None:
    """Raise MalformedInput where nothing but the presentation's own proof would secure another's claims."""
    if "issuer" in credential and "proof" not in credential and model.issuer_of(credential) != holder:
        raise MalformedInput(
            f"credential {position} has no proof and was not issued by the holder",
            hint="present the credential as its issuer handed it out",
        )
