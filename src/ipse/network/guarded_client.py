"""The one HTTPS client: it asks what a stranger's URL names, without becoming the stranger's tool.

Over the standard library's http.client rather than httpx or urllib3. Either would replace the request
line, the headers and the redirect loop, about 60 lines. Names, addresses, TLS and the deadline would
remain ours: httpx and urllib3 look names up themselves, wrap the socket without `suppress_ragged_eofs`,
and count their time limits anew for each read, so a server that drips bytes is bounded by neither.
Proxies, cookies, netrc, decoders and pools would have to be switched off. Importing either takes 49 ms
where http.client and ssl take 20.

No watchdog thread: every wait on the socket is given what is left of one deadline, which bounds a slow
drip as well and leaves nothing to race.
"""

from __future__ import annotations

import logging
from collections.abc import Callable, Collection, Mapping
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final, TypedDict, TypeVar, Unpack, cast

from ipse.network.connection import Clock, Connection, Lookup, addresses_of, connect, system_lookup
from ipse.network.errors import (
    BadResponse,
    ClosedEarly,
    RedirectLoop,
    RedirectNotFollowed,
    StatusRefused,
    TooManyRedirects,
)
from ipse.network.locations import Location, parse, redirected, shown
from ipse.network.messages import Request, Response, media_type, read_body, with_form, with_json

if TYPE_CHECKING:
    import http.client

__all__ = ["DEADLINE", "LIMIT", "MAX_REDIRECTS", "Guards", "Response", "fetch", "follow", "get", "post"]

_log = logging.getLogger(__name__)

_Read = TypeVar("_Read")

DEADLINE: Final = 10.0
"""Seconds for everything: names, connections, redirects, headers, body."""
LIMIT: Final = 1024 * 1024
"""Bytes of a body."""
MAX_REDIRECTS: Final = 3

_OK: Final = 200
_REDIRECTS: Final = frozenset({301, 302, 303, 307, 308})
_NEVER_FOLLOWED: Final = range(300, 400)


class Guards(TypedDict, total=False):
    """What bounds a request.

    - `deadline`: seconds for everything; DEADLINE if not given
    - `allow_loopback`, `ca_file` (PEM, in place of the system's authorities), `lookup`: for tests
    """

    deadline: float
    allow_loopback: bool
    ca_file: Path | None
    lookup: Lookup


def fetch(
    url: str,
    *,
    accept: str = "*/*",
    headers: Mapping[str, str] | None = None,
    limit: int = LIMIT,
    follow_redirects: bool = True,
    before_redirect: Callable[[], object] = lambda: None,
    received: Callable[[int], object] = lambda _: None,
    **guards: Unpack[Guards],
) -> bytes:
    """The body that `url` serves with status 200, at most `limit` bytes, within `deadline` seconds.

    https alone; every address of every name on the way must be public, and the one that was checked is
    the one connected to; at most three redirects, or none without `follow_redirects`. `headers` go to the
    origin of `url` alone, never to one that it redirects to. What the server says of the content's type
    is not looked at: the reader of the bytes decides. `before_redirect` is called before each further
    request, and `received` with the number of bytes as they come; what they raise ends the fetch. Raises
    the errors of `ipse.network.errors`, all of them Undetermined, and MalformedInput for a header that
    HTTP can't carry.
    """

    def read(location: Location, response: http.client.HTTPResponse) -> bytes:
        if response.status != _OK:
            raise StatusRefused(
                f"{location.url} answers with status {response.status}, not {_OK}", status=response.status
            )
        return read_body(location, response, limit, received)

    body = follow(
        url,
        read,
        Request(accept=accept, headers=tuple((headers or {}).items())),
        follow_redirects=follow_redirects,
        before_redirect=before_redirect,
        **guards,
    )
    _log.info("fetched %s: %d bytes", shown(url), len(body))
    return body


def get(
    url: str,
    *,
    accept: str = "*/*",
    headers: Mapping[str, str] | None = None,
    limit: int = LIMIT,
    follow_redirects: bool = True,
    **guards: Unpack[Guards],
) -> Response:
    """The answer of `url`, whatever its status, under the rules of `fetch`."""
    return follow(
        url,
        lambda location, response: _response(location, response, limit),
        Request(accept=accept, headers=tuple((headers or {}).items())),
        follow_redirects=follow_redirects,
        **guards,
    )


def post(
    url: str,
    *,
    form: Mapping[str, str] | None = None,
    json: Any = None,
    accept: str = "*/*",
    headers: Mapping[str, str] | None = None,
    limit: int = LIMIT,
    **guards: Unpack[Guards],
) -> Response:
    """Send a `form` to `url`, or `json` where there is no form, and return the answer, whatever its status.

    Under the rules of `fetch`, but that no redirect is followed: it is an error that names where it leads.
    After an error the server may have got what was sent.
    """
    request = with_json(json) if form is None else with_form(form)
    answer = follow(
        url,
        lambda location, response: _response(location, response, limit),
        replace(request, accept=accept, headers=tuple((headers or {}).items())),
        follow_redirects=False,
        **guards,
    )
    _log.info("posted to %s: status %d, %d bytes", shown(url), answer.status, len(answer.body))
    return answer


def follow(
    url: str,
    read: Callable[[Location, http.client.HTTPResponse], _Read],
    request: Request,
    *,
    clock: Clock | None = None,
    deadline: float = DEADLINE,
    allow_loopback: bool = False,
    ca_file: Path | None = None,
    lookup: Lookup = system_lookup,
    follow_redirects: bool = True,
    before_redirect: Callable[[], object] = lambda: None,
) -> _Read:
    """What `read` makes of the first answer to `request` that is no redirect, under the rules of `fetch`.

    A `clock` takes the place of the `deadline`.
    """
    clock = clock or Clock(deadline)
    location = first = parse(url)
    seen = {location}
    same_origin = True
    redirects = _REDIRECTS if follow_redirects else _NEVER_FOLLOWED
    while True:
        message = request.written(location, same_origin=same_origin)
        addresses = addresses_of(location, lookup, clock, allow_loopback=allow_loopback)
        connection = connect(location, addresses, clock, ca_file=ca_file)
        answer = _exchange(location, connection, read, request.method, message, redirects)
        if not isinstance(answer, _Redirect):
            return answer
        if not follow_redirects:
            raise RedirectNotFollowed(
                f"{location.url} answers with status {answer.status}, a redirect to "
                f"{shown(answer.target or 'nowhere')}, which is not followed"
            )
        target = redirected(location, answer.target)
        if target in seen:
            raise RedirectLoop(f"{location.url} redirects in a circle, to {target.url}")
        if len(seen) > MAX_REDIRECTS:
            raise TooManyRedirects(f"{shown(url)} redirects more than {MAX_REDIRECTS} times")
        _log.info("%s redirects to %s", location.url, target.url)
        before_redirect()
        seen.add(target)
        location = target
        # Headers that were dropped at another origin stay dropped, even if a redirect leads back.
        same_origin = same_origin and target.authority == first.authority


@dataclass(frozen=True, slots=True)
class _Redirect:
    """An answer that sends on to `target`, the text of its Location header."""

    status: int
    target: str | None


def _exchange(
    location: Location,
    connection: Connection,
    read: Callable[[Location, http.client.HTTPResponse], _Read],
    method: str,
    message: bytes,
    redirects: Collection[int],
) -> _Read | _Redirect:
    """One request and what `read` makes of its answer, or where it redirects to with one of `redirects`."""
    import http.client

    try:
        connection.send(message)
        response = http.client.HTTPResponse(cast("Any", connection), method=method)
        try:
            response.begin()
            if response.status in redirects:
                return _Redirect(response.status, response.headers.get("Location"))
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


def _response(location: Location, response: http.client.HTTPResponse, limit: int) -> Response:
    if response.status < _OK or response.status in _NEVER_FOLLOWED:
        raise StatusRefused(
            f"{location.url} answers with status {response.status}, which is no answer",
            status=response.status,
        )
    body = read_body(location, response, limit)
    return Response(location.url, response.status, media_type(response), body)
