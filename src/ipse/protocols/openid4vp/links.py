"""Links that invite a wallet to answer: `openid4vp://…`, `haip-vp://…`, `eu-eaap://…` and https.

A link carries the request in one of three ways (OpenID4VP 1.0 section 5.4): as parameters, as the signed
object `request`, or as the address `request_uri` from which the object is fetched (RFC 9101 section 5).
"""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from typing import Final

from ipse.encoding import strict_json
from ipse.encoding.strict_json import Json, JsonObject, excerpt
from ipse.errors import InputTooLarge, IpseError, MalformedInput
from ipse.protocols.openid4vp.client_identifiers import parse_client_id
from ipse.protocols.openid4vp.forms import MAX_LENGTH, encode_form, parse_form
from ipse.protocols.openid4vp.refusals import (
    INVALID_REQUEST,
    INVALID_REQUEST_URI_METHOD,
    refused_with,
)
from ipse.protocols.parties import origin_of

__all__ = ["SCHEMES", "Invitation", "build_link", "is_link", "parse_link"]

SCHEMES: Final = ("openid4vp", "haip-vp", "eu-eaap", "haip")
"""The schemes of a wallet's own. `haip` is the name that drafts of HAIP gave to haip-vp."""
METHODS: Final = ("get", "post")

_SCHEME: Final = re.compile(r"([A-Za-z][A-Za-z0-9+.-]*):")
_OBJECTS: Final = ("dcql_query", "client_metadata")
_ARRAYS: Final = ("transaction_data", "verifier_info")
_TIMES: Final = ("iat", "exp", "nbf")
_DIGITS: Final = re.compile(r"[0-9]{1,12}")


@dataclass(frozen=True, slots=True)
class Invitation:
    """What a link says.

    - `client_id`: who asks, as the link has it; the request object must name the same
    - `parameters`: all parameters, those that hold JSON read
    - `request`: the signed request object (JWT) that the link carries, None where it carries none
    - `request_uri`: the https address to fetch the request object from, None where it is in the link
    - `request_uri_method`: "get" or "post", the way to fetch it
    """

    client_id: str
    parameters: JsonObject = field(repr=False)
    request: str | None = field(default=None, repr=False)
    request_uri: str | None = None
    request_uri_method: str = "get"

    @property
    def value(self) -> JsonObject | str | None:
        """The request that the link carries for `parse_request`; None where it has to be fetched."""
        if self.request_uri is not None:
            return None
        return self.parameters if self.request is None else self.request


def is_link(text: str) -> bool:
    """Whether `text` begins like a link that `parse_link` reads."""
    scheme = _SCHEME.match(text.lstrip())
    return scheme is not None and scheme[1].lower() in (*SCHEMES, "https")


def parse_link(text: str) -> Invitation:
    """What the link `text` says. White space around it is ignored, and so are unknown parameters.

    Raises MalformedInput and InputTooLarge with the OpenID4VP code that says the same; Undetermined for
    a client_id prefix that is not supported. An error can't be sent anywhere: nothing has shown yet that
    the link is from the one it names.
    """
    try:
        return _parse(text.strip())
    except IpseError as error:
        raise refused_with(error, INVALID_REQUEST) from error.__cause__


def build_link(
    client_id: str, *, scheme: str = "openid4vp", request: JsonObject | str | None = None, **parameters: str
) -> str:
    """The link that invites a wallet: with the `request` as parameters or as a JWT, or with `parameters`.

    `scheme` is one of SCHEMES, or an https address of a wallet that has no query. For a request by
    reference, give `request_uri` and if need be `request_uri_method`.
    """
    fields: dict[str, str] = {"client_id": client_id, **parameters}
    if isinstance(request, str):
        fields["request"] = request
    elif request is not None:
        fields |= {name: _written(value) for name, value in request.items()}
    start = f"{scheme}://" if scheme in SCHEMES else scheme
    return f"{start}?{encode_form(fields)}"


def _written(value: Json) -> str:
    return value if isinstance(value, str) else strict_json.canonical(value).decode()


def _parse(text: str) -> Invitation:
    if len(text) > MAX_LENGTH:
        raise InputTooLarge(f"the link has {len(text)} characters; at most {MAX_LENGTH} are read")
    scheme = _SCHEME.match(text)
    if scheme is None or scheme[1].lower() not in (*SCHEMES, "https"):
        raise MalformedInput(
            f"{excerpt(text)} is not a link that a wallet answers",
            hint="it begins with openid4vp://, haip-vp://, eu-eaap:// or https://",
        )
    if "#" in text:
        raise MalformedInput("the link has a fragment (#), which no parameter can be in")
    address, mark, query = text.partition("?")
    if not mark or not query:
        raise MalformedInput("the link has no parameters", hint="it must say who asks: ?client_id=…")
    if scheme[1].lower() == "https":
        origin_of(address)
    given = parse_form(query, what="the link")
    if "client_id" not in given:
        raise MalformedInput("the link does not say who asks: it has no client_id")
    parse_client_id(given["client_id"])
    return _invitation(given)


def _invitation(given: dict[str, str]) -> Invitation:
    if "request" in given and "request_uri" in given:
        raise MalformedInput("the link has both request and request_uri; only one of them may be there")
    method = given.get("request_uri_method", "get")
    if "request_uri_method" in given:
        if method not in METHODS:
            error = MalformedInput(f"the link's request_uri_method is {excerpt(method)}, not get or post")
            raise refused_with(error, INVALID_REQUEST_URI_METHOD)
        if "request_uri" not in given:
            raise MalformedInput("the link has a request_uri_method and no request_uri that it is for")
    if "request_uri" in given:
        _check_address(given["request_uri"])
    parameters = {name: _value(name, value) for name, value in given.items()}
    return Invitation(given["client_id"], parameters, given.get("request"), given.get("request_uri"), method)


def _check_address(request_uri: str) -> None:
    """Raise MalformedInput unless a request object may be fetched from there."""
    if "#" in request_uri:
        raise MalformedInput(f"the request_uri {excerpt(request_uri)} has a fragment")
    try:
        origin_of(request_uri)
    except MalformedInput as error:
        raise MalformedInput(
            f"the request_uri {excerpt(request_uri)} is not an https address", hint=error.hint
        ) from error


def _value(name: str, text: str) -> Json:
    """The value of a parameter: those that hold JSON are read, the times of our own requests are numbers."""
    if name in _OBJECTS:
        return strict_json.parse_object(text, what=f"the link's {name}")
    if name in _ARRAYS:
        value = strict_json.parse(text, what=f"the link's {name}")
        if not isinstance(value, list):
            raise MalformedInput(f"the link's {name} is a JSON {strict_json.kind_of(value)}, not an array")
        return value
    if name in _TIMES and _DIGITS.fullmatch(text):
        return int(text)
    return text
