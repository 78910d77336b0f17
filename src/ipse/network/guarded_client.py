"""The one HTTPS client: it fetches what a stranger's URL names, without becoming the stranger's tool.

Over the standard library's http.client rather than httpx: a request line and four headers are written
here, the response parser is the standard one, and there is no proxy, cookie, netrc, decoder or pool to
switch off; it also imports in a third of the time. No watchdog thread: every wait on the socket is
given what is left of one deadline, which bounds a slow drip as well and leaves nothing to race.
"""

from __future__ import annotations

import logging
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final, TypeVar, cast

from ipse.network.connection import Clock, Connection, Lookup, addresses_of, connect, system_lookup
from ipse.network.errors import (
    BadResponse,
    ClosedEarly,
    RedirectLoop,
    StatusRefused,
    TooLarge,
    TooManyRedirects,
)
from ipse.network.locations import Location, parse, redirected, shown

if TYPE_CHECKING:
    import http.client

__all__ = ["DEADLINE", "LIMIT", "MAX_REDIRECTS", "expected_length", "fetch", "follow"]

_log = logging.getLogger(__name__)

_Read = TypeVar("_Read")

DEADLINE: Final = 10.0
"""Seconds for everything: names, connections, redirects, headers, body."""
LIMIT: Final = 1024 * 1024
"""Bytes of a body."""
MAX_REDIRECTS: Final = 3

_OK: Final = 200
_REDIRECTS: Final = frozenset({301, 302, 303, 307, 308})
_CHUNK: Final = 64 * 1024


def fetch(
    url: str,
    *,
    allow_loopback: bool = False,
    ca_file: Path | None = None,
    deadline: float = DEADLINE,
    limit: int = LIMIT,
    lookup: Lookup = system_lookup,
    before_redirect: Callable[[], object] = lambda: None,
    received: Callable[[int], object] = lambda _: None,
) -> bytes:
    """The body that `url` serves with status 200, at most `limit` bytes, within `deadline` seconds.

    https alone; every address of every name on the way must be public, and the one that was checked is
    the one connected to; at most three redirects. What the server says of the content's type is not
    looked at: the reader of the bytes decides. `allow_loopback`, `ca_file` (PEM, in place of the system's
    authorities) and `lookup` exist for tests. `before_redirect` is called before each further request, and
    `received` with the number of bytes as they come; what they raise ends the fetch. Raises the errors of
    `ipse.network.errors`, all of them Undetermined.
    """
    body = follow(
        url,
        lambda location, response: _body(location, response, limit, received),
        clock=Clock(deadline),
        allow_loopback=allow_loopback,
        ca_file=ca_file,
        lookup=lookup,
        before_redirect=before_redirect,
    )
    _log.info("fetched %s: %d bytes", shown(url), len(body))
    return body


def follow(
    url: str,
    read: Callable[[Location, http.client.HTTPResponse], _Read],
    *,
    clock: Clock,
    allow_loopback: bool,
    ca_file: Path | None,
    lookup: Lookup,
    headers: tuple[str, ...] = (),
    before_redirect: Callable[[], object] = lambda: None,
) -> _Read:
    """What `read` makes of the first answer to `url` that is no redirect, under the rules of `fetch`.

    `headers` ("Range: bytes=5-") go along to every server on the way, so nothing in them may be secret.
    """
    location = parse(url)
    seen = {location}
    while True:
        addresses = addresses_of(location, lookup, clock, allow_loopback=allow_loopback)
        connection = connect(location, addresses, clock, ca_file=ca_file)
        answer = _exchange(location, connection, read, headers)
        if not isinstance(answer, _Redirect):
            return answer
        if answer.target in seen:
            raise RedirectLoop(f"{location.url} redirects in a circle, to {answer.target.url}")
        if len(seen) > MAX_REDIRECTS:
            raise TooManyRedirects(f"{shown(url)} redirects more than {MAX_REDIRECTS} times")
        _log.info("%s redirects to %s", location.url, answer.target.url)
        before_redirect()
        seen.add(answer.target)
        location = answer.target


@dataclass(frozen=True, slots=True)
class _Redirect:
    """An answer that sends on to `target`."""

    target: Location


def _exchange(
    location: Location,
    connection: Connection,
    read: Callable[[Location, http.client.HTTPResponse], _Read],
    headers: tuple[str, ...],
) -> _Read | _Redirect:
    """One request and what `read` makes of its answer, or where it redirects to."""
    import http.client

    try:
        connection.send(_request(location, headers))
        response = http.client.HTTPResponse(cast("Any", connection), method="GET")
        try:
            response.begin()
            if response.status in _REDIRECTS:
                return _Redirect(redirected(location, response.headers.get("Location")))
            return read(location, response)
        except http.client.RemoteDisconnected as error:
            raise ClosedEarly(f"{location.authority} closed the connection without an answer") from error
        except http.client.IncompleteRead as error:
            raise ClosedEarly(f"{location.authority} broke off in the middle of its answer") from error
        except (http.client.HTTPException, ValueError) as error:
            raise BadResponse(f"{location.authority} does not answer in HTTP: {shown(str(error))}") from error
        finally:
            response.close()
    finally:
        connection.close()


def _request(location: Location, headers: tuple[str, ...]) -> bytes:
    """A request that says as little as it can about who asks."""
    lines = (
        f"GET {location.target} HTTP/1.1",
        f"Host: {location.authority}",
        "Accept: */*",
        "Accept-Encoding: identity",
        "User-Agent: ipse",
        "Connection: close",
        *headers,
    )
    return "".join(f"{line}\r\n" for line in (*lines, "")).encode("ascii")


def _body(
    location: Location, response: http.client.HTTPResponse, limit: int, received: Callable[[int], object]
) -> bytes:
    if response.status != _OK:
        raise StatusRefused(
            f"{location.url} answers with status {response.status}, not {_OK}", status=response.status
        )
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
