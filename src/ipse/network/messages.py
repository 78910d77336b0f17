"""HTTP messages: a request that says little about who asks, and a response whose body is bounded."""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final
from urllib.parse import urlencode

from ipse.errors import MalformedInput
from ipse.network.errors import BadResponse, ClosedEarly, TooLarge
from ipse.network.locations import Location, shown

if TYPE_CHECKING:
    import http.client

__all__ = [
    "FORM",
    "JSON",
    "Request",
    "Response",
    "expected_length",
    "media_type",
    "read_body",
    "with_form",
    "with_json",
]

FORM: Final = "application/x-www-form-urlencoded"
JSON: Final = "application/json"

_CHUNK: Final = 64 * 1024
_TOKEN: Final = re.compile(r"[A-Za-z0-9!#$%&'*+.^_`|~-]+")
_VALUE: Final = re.compile(r"[!-~](?:[ -~]*[!-~])?")
_MEDIA_TYPE: Final = re.compile(r"\s*([\w!#$&^.+-]{1,127}/[\w!#$&^.+-]{1,127})\s*(?:;.*)?", re.ASCII)
_OWN_HEADERS: Final = frozenset(
    {
        "host", "accept", "accept-encoding", "user-agent", "connection", "range", "content-type",
        "content-length", "content-encoding", "transfer-encoding", "expect", "te", "trailer", "upgrade",
    }
)  # fmt: skip
"""Headers that this module writes itself, and those that would change how a message is read."""


@dataclass(frozen=True, slots=True)
class Request:
    """What is sent to a server.

    `headers` are for the first origin alone (an Authorization, say). `resume_at` asks for the bytes from
    there on, from whichever server has them. `body` is None where the method has none.
    """

    method: str = "GET"
    accept: str = "*/*"
    headers: tuple[tuple[str, str], ...] = ()
    resume_at: int = 0
    content_type: str = ""
    body: bytes | None = None

    def written(self, location: Location, *, same_origin: bool = True) -> bytes:
        """The bytes to send to `location`. Raises MalformedInput for a header that HTTP can't carry."""
        own = [
            ("Host", location.authority),
            ("Accept", self.accept),
            ("Accept-Encoding", "identity"),
            ("User-Agent", "ipse"),
            ("Connection", "close"),
        ]
        if self.resume_at:
            own.append(("Range", f"bytes={self.resume_at}-"))
        if self.body is not None:
            own += [("Content-Type", self.content_type), ("Content-Length", str(len(self.body)))]
        given = self.headers if same_origin else ()
        for name, _ in given:
            if not _TOKEN.fullmatch(name) or name.lower() in _OWN_HEADERS:
                raise MalformedInput(f"{shown(name)} is not a header that can be added to a request")
        for name, value in (*own, *given):
            if not _VALUE.fullmatch(value):  # a line break here would start a header, or a request
                raise MalformedInput(f"the header {name} can't hold {shown(value)}")
        lines = [
            f"{self.method} {location.target} HTTP/1.1",
            *(f"{name}: {value}" for name, value in [*own, *given]),
        ]
        return "".join(f"{line}\r\n" for line in (*lines, "")).encode("ascii") + (self.body or b"")


def with_form(fields: Mapping[str, str]) -> Request:
    """A POST of a form in UTF-8. Raises MalformedInput for a lone surrogate, which no form can hold."""
    try:
        body = urlencode(dict(fields), encoding="utf-8", errors="strict").encode("ascii")
    except UnicodeEncodeError as error:
        raise MalformedInput(f"a form can't hold {shown(error.object)}: it is not Unicode text") from error
    return Request("POST", content_type=FORM, body=body)


def with_json(value: Any) -> Request:
    """A POST of a JSON value. Raises MalformedInput for what JSON can't hold, NaN among it."""
    try:
        body = json.dumps(value, allow_nan=False, separators=(",", ":")).encode("ascii")
    except (TypeError, ValueError) as error:
        raise MalformedInput(f"the body of a request is not JSON: {shown(str(error))}") from error
    return Request("POST", content_type=JSON, body=body)


@dataclass(frozen=True, slots=True)
class Response:
    """An answer that came in whole, whatever its status.

    - `url`: where it came from, after redirects
    - `status`: 200 to 599
    - `content_type`: the media type in lower case without parameters, or "" where none is stated
    - `body`: within the limit of the request
    """

    url: str
    status: int
    content_type: str
    body: bytes


def media_type(response: http.client.HTTPResponse) -> str:
    """The one media type that `response` states, in lower case without parameters; "" for none or two."""
    stated = response.headers.get_all("Content-Type", [])
    found = _MEDIA_TYPE.fullmatch(stated[0]) if len(stated) == 1 else None
    return found[1].lower() if found else ""


def read_body(
    location: Location,
    response: http.client.HTTPResponse,
    limit: int,
    received: Callable[[int], object] = lambda _: None,
) -> bytes:
    """The body of `response`. Raises TooLarge over `limit` bytes, ClosedEarly, BadResponse."""
    expected = expected_length(location, response)
    if expected is not None and expected > limit:
        raise _too_large(location, limit)
    parts: list[bytes] = []
    total = 0
    while part := response.read(min(_CHUNK, limit + 1 - total)):
        received(len(part))
        parts.append(part)
        total += len(part)
        if total > limit:
            raise _too_large(location, limit)
    if expected is not None and total != expected:
        raise ClosedEarly(f"{location.url} broke off after {total} of {expected} bytes")
    return b"".join(parts)


def expected_length(location: Location, response: http.client.HTTPResponse) -> int | None:
    """The Content-Length that counts. Raises BadResponse for a body in a form that was not asked for."""
    headers = response.headers
    encodings = [*headers.get_all("Content-Encoding", [])]
    transfers = [*headers.get_all("Transfer-Encoding", [])]
    lengths = {*headers.get_all("Content-Length", [])}
    if any(encoding.strip().lower() != "identity" for encoding in encodings):
        raise BadResponse(f"{location.url} answers in the encoding {shown(encodings[0])}, not asked for")
    if transfers and [transfer.strip().lower() for transfer in transfers] != ["chunked"]:
        raise BadResponse(f"{location.url} answers in the transfer encoding {shown(transfers[0])}")
    if transfers and not response.chunked:
        raise BadResponse(f"{location.url} answers in chunks that are not announced as such")
    if transfers or not lengths:
        return None
    text = lengths.pop().strip()
    if lengths or not (text.isascii() and text.isdigit() and len(text) <= 18):
        raise BadResponse(f"{location.url} states no usable Content-Length: {shown(text)}")
    return int(text)


def _too_large(location: Location, limit: int) -> TooLarge:
    return TooLarge(f"{location.url} answers with more than {limit} bytes")
