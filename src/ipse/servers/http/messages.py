"""Requests and responses, and the refusal that becomes a response.

Source: RFC 9110 (semantics), RFC 9112 (HTTP/1.1).
"""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Final

from ipse.encoding.strict_json import Json, JsonObject
from ipse.errors import MalformedInput
from ipse.protocols.openid4vp.forms import parse_form

__all__ = ["FORM", "JSON", "Refused", "Request", "Response", "read_form"]

FORM: Final = "application/x-www-form-urlencoded"
JSON: Final = "application/json"


class Refused(Exception):
    """A request that is not served: the status to answer with, and a sentence that quotes nothing of it.

    `error` is the OAuth error code of the body; `headers` go with the response.
    """

    def __init__(
        self,
        status: int,
        reason: str,
        *,
        error: str = "invalid_request",
        headers: Sequence[tuple[str, str]] = (),
    ) -> None:
        super().__init__(reason)
        self.status = status
        self.reason = reason
        self.error = error
        self.headers = tuple(headers)

    def response(self) -> Response:
        """The refusal as a response (RFC 6749 section 5.2)."""
        body: JsonObject = {"error": self.error, "error_description": self.reason}
        return Response.of_json(body, status=self.status, headers=self.headers)


@dataclass(frozen=True, slots=True)
class Request:
    """One request, all of it read.

    - `path`: as sent, without the query; not decoded
    - `headers`: by lower-case name; of a repeated one, the last
    - `peer`: the address that asks, which a trusted proxy may have told
    - `parameters`: the parts of the path that its route names
    """

    method: str
    path: str
    query: str = field(repr=False)
    headers: Mapping[str, str] = field(repr=False)
    body: bytes = field(repr=False)
    peer: str
    parameters: Mapping[str, str] = field(default_factory=dict)

    @property
    def content_type(self) -> str:
        """The media type of the body without its parameters, in lower case; empty where none is given."""
        return self.headers.get("content-type", "").partition(";")[0].strip().lower()


@dataclass(frozen=True, slots=True)
class Response:
    """What is answered. The server adds length, date, and the headers that all responses have."""

    status: int
    body: bytes = b""
    content_type: str = ""
    headers: tuple[tuple[str, str], ...] = ()

    @classmethod
    def of_json(cls, value: Json, *, status: int = 200, headers: Sequence[tuple[str, str]] = ()) -> Response:
        """A response with `value` as its body."""
        return cls(status, json.dumps(value, ensure_ascii=False).encode(), JSON, tuple(headers))


def read_form(request: Request) -> dict[str, str]:
    """The fields of a form that have a value. Raises Refused: 415 for another type, 400 for no such form."""
    if request.content_type != FORM:
        raise Refused(415, f"the body is not {FORM}")
    try:
        return parse_form(request.body.decode("ascii"))
    except (UnicodeDecodeError, MalformedInput) as error:
        raise Refused(400, "the body is not a form in UTF-8") from error
