"""One request from a connection, its sizes and forms checked before anything is done for it.

What two programs could read differently is refused, not interpreted (RFC 9112 section 11.2): a length
beside a transfer coding, a second Host, a target that is not a path of plain ASCII.
"""

from __future__ import annotations

import re
from collections.abc import Awaitable, Callable, Collection, Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final, TypeAlias

from ipse.servers.http.messages import Refused, Request
from ipse.servers.http.routing import Routes

if TYPE_CHECKING:
    import h11

__all__ = ["MAX_INCOMPLETE", "Head", "Receive", "read_body", "read_head"]

Receive: TypeAlias = Callable[[], Awaitable[bytes]]
"""Gives the next bytes of a connection, empty at its end."""

_TARGET: Final = re.compile(r"(/[A-Za-z0-9._~/-]*)(?:\?([!-~]*))?")
"""A path without percent-encoding, and a query. Clients encode what none of our paths holds."""
_MAX_TARGET: Final = 2048
_MAX_HEADERS: Final = 16 * 1024
MAX_INCOMPLETE: Final = _MAX_TARGET + _MAX_HEADERS
"""Bytes of a request line and headers, or of a chunk's head, that are kept before it is whole."""
_SINGLE: Final = frozenset({"content-length", "content-type", "authorization", "origin", "expect"})
"""Headers whose second occurrence would let two readers see different requests."""


@dataclass(frozen=True, slots=True)
class Head:
    """The request line and the headers of a request, and how long its body may be."""

    method: str
    path: str
    query: str
    headers: Mapping[str, str]
    max_body: int
    declared: int | None
    wants_continue: bool

    def request(self, body: bytes, peer: str) -> Request:
        """The request with its body."""
        return Request(self.method, self.path, self.query, self.headers, body, peer)


async def read_head(
    connection: h11.Connection,
    receive: Receive,
    routes: Routes,
    hosts: Collection[str],
    count: Callable[[Mapping[str, str]], object],
) -> Head:
    """Read the head of a request to one of `hosts` (as in a Host header, lower case).

    `count` is told the headers before anything else is looked at; it may refuse the request. Raises Refused,
    EOFError where the peer has closed, h11.RemoteProtocolError for what is not HTTP/1.1.
    """
    import h11

    event = await _next(connection, receive)
    if not isinstance(event, h11.Request):
        raise EOFError
    headers = _headers(event)
    count(headers)
    if event.http_version == b"1.0" and "transfer-encoding" in headers:
        raise Refused(400, "HTTP/1.0 has no transfer codings")
    declared = _declared_length(headers)
    path, query = _target(event.target)
    if headers.get("host", "").lower() not in hosts:
        raise Refused(421, "this host is not served here")
    route, _ = routes.find(event.method.decode("ascii"), path)
    if declared is not None and declared > route.max_body:
        raise Refused(413, f"the body is larger than {route.max_body} bytes")
    return Head(
        method=route.method,
        path=path,
        query=query,
        headers=headers,
        max_body=route.max_body,
        declared=declared,
        wants_continue=connection.they_are_waiting_for_100_continue,
    )


async def read_body(connection: h11.Connection, receive: Receive, limit: int) -> bytes:
    """Read the body, at most `limit` bytes. Raises as `read_head`."""
    import h11

    body = bytearray()
    while True:
        event = await _next(connection, receive)
        if isinstance(event, h11.EndOfMessage):
            return bytes(body)
        if not isinstance(event, h11.Data):
            raise EOFError
        body += event.data
        if len(body) > limit:
            raise Refused(413, f"the body is larger than {limit} bytes")


async def _next(connection: h11.Connection, receive: Receive) -> object:
    import h11

    while (event := connection.next_event()) is h11.NEED_DATA:
        connection.receive_data(await receive())
    return event


def _headers(event: h11.Request) -> dict[str, str]:
    if event.http_version not in (b"1.0", b"1.1"):
        raise Refused(505, "this version of HTTP is not spoken here")
    if sum(len(name) + len(value) + 4 for name, value in event.headers) > _MAX_HEADERS:
        raise Refused(431, f"the headers are larger than {_MAX_HEADERS} bytes")
    headers: dict[str, str] = {}
    for raw, value in event.headers:
        name = raw.decode("ascii")
        if name in headers and name in _SINGLE:
            raise Refused(400, f"the header {name} is there twice")
        headers[name] = value.decode("latin-1")
    return headers


def _declared_length(headers: Mapping[str, str]) -> int | None:
    """The length that the head declares, None for a chunked body. Raises Refused."""
    if "transfer-encoding" in headers:
        if "content-length" in headers:
            raise Refused(400, "the request has both a length and a transfer coding")
        if headers["transfer-encoding"].strip().lower() != "chunked":
            raise Refused(501, "the only transfer coding is chunked")
        return None
    if headers.get("content-encoding", "identity").strip().lower() != "identity":
        raise Refused(415, "no content coding is read")
    return int(headers.get("content-length", "0"))


def _target(target: bytes) -> tuple[str, str]:
    if len(target) > _MAX_TARGET:
        raise Refused(414, f"the target is longer than {_MAX_TARGET} bytes")
    found = _TARGET.fullmatch(target.decode("latin-1"))
    if found is None:
        raise Refused(404, "there is nothing at this path")
    return found[1], found[2] or ""
