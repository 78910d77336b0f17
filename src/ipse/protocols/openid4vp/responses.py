"""Responses: an answer or a refusal as it is sent, and the verifier's reading of it.

OpenID4VP 1.0 sections 8.1 to 8.5. A response goes back in the fragment of the redirect_uri, or as a form to
the response_uri, encrypted where the request asks for that.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Final

from ipse.credentials import jws
from ipse.encoding import strict_json
from ipse.encoding.strict_json import Json, JsonObject, excerpt, kind_of
from ipse.errors import MalformedInput, UsageError, VerificationFailed
from ipse.keys import encryption
from ipse.protocols.openid4vp.authorization_request import AuthorizationRequest
from ipse.protocols.openid4vp.forms import encode_form
from ipse.protocols.openid4vp.refusals import ReplyAddress, ResponseMode

__all__ = ["Presentation", "Reply", "Response", "build_error", "build_response", "read_response"]

Presentation = str | JsonObject
"""A presentation as its format writes it: a text, or an object for ldp_vc."""

_MAX_PRESENTATIONS: Final = 100
_ERROR: Final = re.compile(r"[\x20\x21\x23-\x5b\x5d-\x7e]+")
"""What an error code and its description are made of (RFC 6749 section 4.1.2.1)."""


@dataclass(frozen=True, slots=True)
class Reply:
    """A response that is ready to be sent.

    - `mode`: fragment, direct_post or direct_post.jwt
    - `url`: where to; with mode fragment the whole URL that is to be opened
    - `fields`: the form to be posted; empty with mode fragment
    """

    mode: ResponseMode
    url: str
    fields: dict[str, str] = field(default_factory=dict, repr=False)

    @property
    def body(self) -> bytes:
        """The form as application/x-www-form-urlencoded."""
        return encode_form(self.fields).encode("ascii")


@dataclass(frozen=True, slots=True)
class Response:
    """What a wallet sent: presentations by the id of their credential query, or an `error`.

    Nothing in it is verified. `encrypted` says whether it came encrypted to the verifier.
    """

    vp_token: dict[str, tuple[Presentation, ...]]
    state: str | None = None
    error: str | None = None
    error_description: str | None = None
    encrypted: bool = False


def build_response(request: AuthorizationRequest, vp_token: Mapping[str, Sequence[Presentation]]) -> Reply:
    """The answer to `request` with the presentations `vp_token`, by the id of their credential query.

    Raises UsageError for presentations that were not asked for, for none, and for several where `multiple`
    was not asked for (section 8.1).
    """
    if not vp_token:
        raise UsageError("an answer without presentations is not one", hint="send an error instead")
    for identifier, presentations in vp_token.items():
        asked = request.query.credential(identifier)
        if asked is None:
            raise UsageError(f"a credential {excerpt(identifier)} is not asked for")
        if not presentations or (len(presentations) > 1 and not asked.multiple):
            count = len(presentations)
            raise UsageError(f"{count} presentations for {excerpt(identifier)}, one is asked for")
    token: JsonObject = {identifier: list(sent) for identifier, sent in vp_token.items()}
    return _reply(request.reply, {"vp_token": token})


def build_error(reply: ReplyAddress, error_code: str, description: str = "") -> Reply:
    """The refusal with `error_code` that goes to `reply` (section 8.5).

    A `description` is for the verifier's developers and may not tell anything about the owner. Raises
    UsageError for characters that a refusal can't have.
    """
    if not _ERROR.fullmatch(error_code) or (description and not _ERROR.fullmatch(description)):
        raise UsageError(f"{excerpt(description or error_code)} can't be sent as an error")
    described = {"error_description": description} if description else {}
    return _reply(reply, {"error": error_code, **described})


def _reply(address: ReplyAddress, parameters: JsonObject) -> Reply:
    """The reply with these parameters and the state."""
    said = {**parameters} if address.state is None else {**parameters, "state": address.state}
    if address.mode == "direct_post.jwt" and address.encryption is not None:
        payload = jws.encode_json(said)
        recipient, enc = address.encryption.recipient, address.encryption.enc
        encrypted = encryption.encrypt(payload, recipient, enc=enc, kid=recipient["kid"])
        return Reply(address.mode, address.url, {"response": encrypted})
    if address.mode == "direct_post.jwt" and "error" not in said:
        raise UsageError("the answer is to be encrypted, and there is no key for that")
    fields = {name: _text(value) for name, value in said.items()}
    if address.mode == "fragment":
        return Reply(address.mode, f"{address.url}#{encode_form(fields)}")
    return Reply(address.mode, address.url, fields)


def _text(value: Json) -> str:
    return value if isinstance(value, str) else jws.encode_json(value).decode()


def read_response(
    form: Mapping[str, str],
    *,
    mode: ResponseMode = "direct_post",
    keys: Sequence[JsonObject] = (),
    enc_values: Sequence[str] = encryption.ENCODINGS,
) -> Response:
    """What the `form` (or the parameters of a fragment) of a wallet says; unknown parameters are ignored.

    With the mode direct_post.jwt it has to be encrypted to one of the private JWKs `keys`, by one of
    `enc_values`; a refusal may be unencrypted (section 8.3.1). Raises MalformedInput, InputTooLarge,
    Undetermined for another encryption, and VerificationFailed where it does not open.
    """
    if mode != "direct_post.jwt":
        if "response" in form:
            raise MalformedInput(f"the response is encrypted, which was not asked for with {mode}")
        return _response({name: _parameter(name, value) for name, value in form.items()}, encrypted=False)
    if "response" in form:
        if {"vp_token", "error"} & form.keys():
            raise MalformedInput("the response has parameters beside the encrypted response")
        return _response(_opened(form["response"], keys, enc_values), encrypted=True)
    if "error" not in form:
        raise MalformedInput("the response is not encrypted, as direct_post.jwt asks for")
    return _response({name: value for name, value in form.items() if name != "vp_token"}, encrypted=False)


def _parameter(name: str, text: str) -> Json:
    return strict_json.parse_object(text, what="the vp_token") if name == "vp_token" else text


def _opened(text: str, keys: Sequence[JsonObject], enc_values: Sequence[str]) -> JsonObject:
    """The parameters in an encrypted response."""
    header = encryption.header_of(text)
    if header["enc"] not in enc_values:
        raise MalformedInput(f"the response is encrypted by {header['enc']}, which was not offered")
    key = next((key for key in keys if key.get("kid") == header.get("kid")), None)
    if key is None:
        raise VerificationFailed(f"the response is encrypted to another key, {excerpt(header.get('kid'))}")
    return strict_json.parse_object(encryption.decrypt(text, key)[1], what="the encrypted response")


def _response(parameters: JsonObject, *, encrypted: bool) -> Response:
    """The response with these parameters, of which `vp_token` is read. Raises MalformedInput."""
    said = {name: _optional_text(parameters, name) for name in ("state", "error", "error_description")}
    if said["error"] is not None:
        if "vp_token" in parameters:
            raise MalformedInput("the response has both a vp_token and an error")
        return Response({}, **said, encrypted=encrypted)
    if "vp_token" not in parameters:
        raise MalformedInput("the response has neither a vp_token nor an error")
    return Response(_vp_token(parameters["vp_token"]), state=said["state"], encrypted=encrypted)


def _optional_text(parameters: JsonObject, name: str) -> str | None:
    value = parameters.get(name)
    if value is not None and not isinstance(value, str):
        raise MalformedInput(f"the response has the {name} {excerpt(value)}, a text is expected")
    return value


def _vp_token(value: Json) -> dict[str, tuple[Presentation, ...]]:
    """The presentations by the id of their query (section 8.1)."""
    if not isinstance(value, dict):
        raise MalformedInput(f"the vp_token is a JSON {kind_of(value)}, an object is expected")
    if not value:
        raise MalformedInput("the vp_token is empty, which answers nothing")
    found: dict[str, tuple[Presentation, ...]] = {}
    for identifier, sent in value.items():
        if not isinstance(sent, list) or not sent:
            kind = "an empty array" if sent == [] else f"a JSON {kind_of(sent)}"
            raise MalformedInput(
                f"the vp_token has {kind} for {excerpt(identifier)}, presentations in an array are expected"
            )
        if not all(isinstance(one, (str, dict)) for one in sent):
            raise MalformedInput(f"a presentation for {excerpt(identifier)} is neither a text nor an object")
        found[identifier] = tuple(sent)
    if sum(len(sent) for sent in found.values()) > _MAX_PRESENTATIONS:
        raise MalformedInput(f"the vp_token has more than {_MAX_PRESENTATIONS} presentations")
    return found
