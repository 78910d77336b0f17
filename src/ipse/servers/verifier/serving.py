"""The verifier's server, put together from its parts."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import timedelta
from typing import TYPE_CHECKING, Final

from ipse.errors import UsageError
from ipse.servers.http.rates import Rate
from ipse.servers.http.routing import Routes
from ipse.servers.http.running import Ended, Runner
from ipse.servers.http.server import Limits, Listener
from ipse.servers.http.sockets import bound
from ipse.servers.verifier.addresses import Addresses
from ipse.servers.verifier.api import Api, Queries, link_of
from ipse.servers.verifier.outcomes import Outcome
from ipse.servers.verifier.requests import Asked, Requests
from ipse.servers.verifier.responses import Responses
from ipse.servers.verifier.service import Service
from ipse.servers.verifier.sessions import Session, Sessions

if TYPE_CHECKING:
    import socket
    import ssl

__all__ = ["ApiAccess", "Door", "VerifierServer", "public_addresses"]


_APPLICATIONS: Final = Rate(400, 800)
"""Requests a second of all applications together: they have one address, and they have the token."""


@dataclass(frozen=True, slots=True)
class Door:
    """Where wallets come in.

    - `tls`: None behind a reverse proxy that ends TLS
    - `forwarded`: take the address of whoever asks from the proxy's X-Forwarded-For
    """

    socket: socket.socket = field(repr=False)
    addresses: Addresses
    tls: ssl.SSLContext | None = None
    forwarded: bool = False

    @property
    def hosts(self) -> frozenset[str]:
        """The Host headers of wallets, and of a proxy that puts our own address there."""
        host, here = self.addresses.host, bound(self.socket)
        named = (
            {host, host.removesuffix(":443"), f"{host.removesuffix(':443')}:443"}
            if _is_default(host)
            else {host}
        )
        return frozenset(named | {here.authority})


@dataclass(frozen=True, slots=True)
class ApiAccess:
    """Where applications come in: with the `token`, and from a browser on pages of the `origins`."""

    socket: socket.socket = field(repr=False)
    token: str = field(repr=False)
    origins: frozenset[str] = frozenset()
    queries: Queries = field(default_factory=dict)


class VerifierServer:
    """Asks, receives and verifies.

    `done` is told each session that has ended, in some thread. `begun` is called once the server can be
    stopped, `chore` now and then; it expires sessions if none is given.
    """

    def __init__(
        self,
        door: Door,
        sessions: Sessions,
        requests: Requests,
        responses: Responses,
        *,
        done: Callable[[Session, Outcome], object],
        keep: timedelta,
        scheme: str,
        method: str,
        api: ApiAccess | None = None,
        limits: Limits | None = None,
        timeout: timedelta | None = None,
        begun: Callable[[], object] = lambda: None,
        chore: Callable[[], object] | None = None,
    ) -> None:
        self._sessions = sessions
        self._requests = requests
        self._scheme = scheme
        self._method = method
        service = Service(sessions, requests, responses, keep=keep.total_seconds(), done=done)
        listeners = [Listener(door.socket, Routes(service.routes()), door.hosts, door.tls, door.forwarded)]
        if api is not None:
            listeners.append(self._api(api))
        self._runner = Runner(
            listeners,
            limits,
            timeout=None if timeout is None else timeout.total_seconds(),
            begun=begun,
            chore=chore or sessions.expire,
        )

    def _api(self, access: ApiAccess) -> Listener:
        here = bound(access.socket)
        api = Api(
            self._sessions,
            self._requests,
            access.queries,
            access.token,
            access.origins,
            self._scheme,
            self._method,
        )
        hosts = {here.authority, f"localhost:{here.port}"}
        return Listener(access.socket, Routes(api.routes()), frozenset(hosts), each=_APPLICATIONS)

    def ask(self, asked: Asked) -> tuple[Session, str]:
        """A new session, and the link that opens a wallet with it. Raises TooManySessions, MalformedInput."""
        session = self._requests.session(asked)
        self._sessions.add(session)
        return session, link_of(self._requests, session, scheme=self._scheme, method=self._method)

    def run(self) -> Ended:
        """Serve until it is stopped; why it was."""
        return self._runner.run()

    def stop(self) -> None:
        """Stop, from any thread."""
        self._runner.stop()


def public_addresses(public_url: str | None, listening: socket.socket, *, tls: bool) -> Addresses:
    """Where wallets find the server: at `public_url`, or at the very address it listens at.

    Raises UsageError for plain HTTP without a public URL, since wallets speak TLS alone, and where it listens
    at every address of this machine, none of which is told.
    """
    here = bound(listening)
    if public_url is not None:
        return Addresses(public_url)
    if not tls:
        raise UsageError(
            "wallets connect over TLS alone, and this server has no certificate for that",
            hint="give --tls-cert and --tls-key, or behind a reverse proxy --public-url https://…",
        )
    if here.is_unspecified:
        raise UsageError(
            f"no wallet finds a server at {here.authority}", hint="give --public-url https://… as well"
        )
    return Addresses(f"https://{here.authority}")


def _is_default(host: str) -> bool:
    return host.endswith(":443") or not host.rpartition("]")[2].rpartition(":")[1]
