"""Telling what was handed in: which format, credential or presentation. Nothing is verified here."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final, Literal, TypeAlias

from ipse.credentials import jws
from ipse.credentials.formats.jose import vc_jwt
from ipse.credentials.formats.jose.vc_jwt import Token
from ipse.credentials.formats.vcdm11 import data_model
from ipse.encoding import strict_json
from ipse.encoding.strict_json import JsonObject
from ipse.errors import InputTooLarge, MalformedInput

__all__ = ["FORMATS", "Form", "Presented", "read"]

Form: TypeAlias = Literal["w3c", "w3c-1.1", "jwt", "sd-jwt"]
FORMATS: Final[tuple[Form, ...]] = ("w3c", "w3c-1.1", "jwt", "sd-jwt")
_MAX_LENGTH: Final = strict_json.MAX_BYTES
_HELD: Final = {
    "application/vc+jwt": ("jwt", False),
    "application/vp+jwt": ("jwt", True),
    "application/vc+sd-jwt": ("sd-jwt", False),
    "application/dc+sd-jwt": ("sd-jwt", False),
}
_ENVELOPES: Final = ("EnvelopedVerifiableCredential", "EnvelopedVerifiablePresentation")


@dataclass(frozen=True, slots=True)
class Presented:
    """A credential or presentation as it came.

    `document` is the JSON of an embedded proof, or of a vc+jwt or vp+jwt, which has a `token` then; None for
    an SD-JWT and a JWT of VCDM 1.1, which have to be unpacked first. `text` is the token of the formats that
    have one.
    """

    form: Form
    is_presentation: bool
    document: JsonObject | None = None
    text: str = ""
    token: Token | None = None


def read(presented: str | JsonObject) -> Presented:
    """What `presented` is: JSON with an embedded proof, an enveloped or bare JWT, an SD-JWT.

    Raises MalformedInput for what is none of these.
    """
    if not isinstance(presented, str):
        return _read_document(presented)
    text = presented.strip()
    if len(text) > _MAX_LENGTH:
        raise InputTooLarge(f"{len(text)} characters; at most {_MAX_LENGTH} are read")
    if text.startswith("{"):
        return _read_json(text)
    if "~" in text:
        return Presented("sd-jwt", is_presentation=False, text=text)
    if text.count(".") == 2:
        return _read_token(text)
    raise MalformedInput(
        "neither JSON nor a JWT nor an SD-JWT", hint="give the credential as its issuer handed it out"
    )


def _read_json(text: str) -> Presented:
    document = strict_json.parse_object(text, what="the credential")
    if "payload" in document and document.keys() & {"signature", "signatures"}:
        return Presented("sd-jwt", is_presentation=False, text=text)
    return _read_document(document)


def _read_document(document: JsonObject) -> Presented:
    types = document.get("type")
    names = types if isinstance(types, list) else [types]
    if any(envelope in names for envelope in _ENVELOPES):
        return _read_envelope(document)
    is_presentation = "VerifiablePresentation" in names
    if is_presentation and "VerifiableCredential" in names:
        raise MalformedInput("it says to be a credential and a presentation at once")
    form: Form = "w3c-1.1" if data_model.is_vcdm11(document) else "w3c"
    return Presented(form, is_presentation, document)


def _read_envelope(document: JsonObject) -> Presented:
    media_type, text = vc_jwt.opened(document)
    inner = read(text) if not text.lstrip().startswith("{") else None
    if inner is None or _HELD[media_type] != (inner.form, inner.is_presentation):
        raise MalformedInput(f"the envelope says {media_type} and holds something else")
    return inner


def _read_token(text: str) -> Presented:
    unread = jws.read(text, what="the JWT")
    typ = unread.header.get("typ")
    if typ in (vc_jwt.CREDENTIAL_TYPE, vc_jwt.PRESENTATION_TYPE):
        token = vc_jwt.read(text, what="the JWT")
        return Presented("jwt", typ == vc_jwt.PRESENTATION_TYPE, token.document, text, token)
    if unread.payload.keys() & {"vc", "vp"}:
        return Presented("w3c-1.1", "vp" in unread.payload, text=text)
    raise MalformedInput(
        f"typ {strict_json.excerpt(typ)} of the JWT is not one of a credential",
        hint="vc+jwt and vp+jwt are read, dc+sd-jwt where it ends with ~",
    )
