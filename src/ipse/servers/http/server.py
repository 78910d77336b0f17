"""Accepts connections within bounds, gives each request one deadline, and stops cleanly."""

from __future__ import annotations

import asyncio
import errno
import ipaddress
import logging
import time
from collections import Counter
from collections.abc import Awaitable, Callable, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from dataclasses import dataclass, field
from email.utils import formatdate
from typing import TYPE_CHECKING, Final

from ipse.servers.http import reading
from ipse.servers.http.messages import Refused, Request, Response
from ipse.servers.http.rates import Rate, RateLimiter
from ipse.servers.http.routing import Routes

if TYPE_CHECKING:
    import socket
    import ssl

__all__ = ["Limits", "Listener", "Server"]

_log = logging.getLogger(__name__)

_READ: Final = 16 * 1024
_HEAD: Final = b"HEAD "
"""How a request begins whose response has no body, whatever its length says (RFC 9110 section 9.3.2)."""
_LINGER_BYTES: Final = 256 * 1024
"""What a refused client may still send, so that it reads the refusal and is not cut off."""
_ALWAYS: Final = (
    ("Cache-Control", "no-store"),
    ("X-Content-Type-Options", "nosniff"),
    ("Referrer-Policy", "no-referrer"),
    ("Content-Security-Policy", "default-src 'none'; frame-ancestors 'none'"),
    ("Connection", "close"),
)
_OUT_OF_FILES: Final = frozenset({errno.EMFILE, errno.ENFILE, errno.ENOBUFS, errno.ENOMEM})


@dataclass(frozen=True, slots=True)
class Limits:
    """The bounds of a server.

    - `connections`, `connections_each`: open at once, in all and of one address
    - `seconds`: for a handshake, and again for a whole request to come in
    - `reply_seconds`: for a response to go out
    - `stop_seconds`: for requests under way when the server stops
    - `workers`: requests that are worked on at once
    - `each`, `together`: rates of one address, and of all, on each listener
    """

    connections: int = 200
    connections_each: int = 32
    seconds: float = 10.0
    reply_seconds: float = 10.0
    linger_seconds: float = 1.0
    stop_seconds: float = 5.0
    workers: int = 4
    each: Rate = field(default=Rate(50, 200))
    together: Rate = field(default=Rate(500, 1000))


@dataclass(frozen=True, slots=True)
class Listener:
    """A bound socket and what is served on it.

    - `hosts`: the Host headers that are accepted, in lower case
    - `tls`: None for plain HTTP
    - `forwarded`: take the address of whoever asks from the proxy's X-Forwarded-For
    - `each`: the rate of one address, None for the one of the limits
    """

    socket: socket.socket = field(repr=False)
    routes: Routes
    hosts: frozenset[str]
    tls: ssl.SSLContext | None = None
    forwarded: bool = False
    each: Rate | None = None


class Server:
    """Serves its listeners until it is stopped. Handlers run in threads, `workers` of them at a time."""

    def __init__(
        self,
        listeners: Sequence[Listener],
        limits: Limits | None = None,
        *,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self._listeners = tuple(listeners)
        self._limits = limits or Limits()
        self._clock = clock
        self._peers: Counter[str] = Counter()
        self._tasks: set[asyncio.Task[None]] = set()

    async def run(self, stop: Awaitable[object]) -> None:
        """Serve until `stop` is done; then finish the requests under way, for a while."""
        pool = ThreadPoolExecutor(self._limits.workers, thread_name_prefix="request")
        room = asyncio.Semaphore(self._limits.connections)
        accepting = [asyncio.create_task(self._accept(each, room, pool)) for each in self._listeners]
        ended = asyncio.ensure_future(stop)
        try:
            await asyncio.wait([*accepting, ended], return_when=asyncio.FIRST_COMPLETED)
            for task in accepting:
                if task.done():
                    task.result()  # a listener that failed must not look like a stop
        finally:
            for task in accepting:
                task.cancel()
            for listener in self._listeners:
                listener.socket.close()
            await self._finish()
            pool.shutdown(wait=False, cancel_futures=True)

    async def _finish(self) -> None:
        if self._tasks:
            await asyncio.wait(self._tasks, timeout=self._limits.stop_seconds)
        for task in self._tasks:
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)

    async def _accept(self, listener: Listener, room: asyncio.Semaphore, pool: ThreadPoolExecutor) -> None:
        """Accept while there is room; without room, the system keeps or refuses what comes."""
        loop = asyncio.get_running_loop()
        rates = RateLimiter(listener.each or self._limits.each, self._limits.together, self._clock)
        listener.socket.setblocking(False)
        while True:
            await room.acquire()
            try:
                accepted, address = await loop.sock_accept(listener.socket)
            except OSError as error:
                room.release()
                if error.errno in _OUT_OF_FILES:
                    await asyncio.sleep(0.1)  # an open connection may end meanwhile and free a file
                continue
            except BaseException:
                room.release()
                raise
            peer = str(address[0]) if isinstance(address, tuple) else ""
            if not listener.forwarded and self._peers[peer] >= self._limits.connections_each:
                accepted.close()
                room.release()
                continue
            self._peers[peer] += 1
            task = asyncio.create_task(self._connection(listener, accepted, peer, pool, rates))
            self._tasks.add(task)

            def ended(task: asyncio.Task[None], peer: str = peer) -> None:
                room.release()
                self._tasks.discard(task)
                self._peers[peer] -= 1
                if not self._peers[peer]:
                    del self._peers[peer]
                if not task.cancelled() and (error := task.exception()) is not None:
                    _log.error("a connection failed: %s", _where(error))

            task.add_done_callback(ended)

    async def _connection(
        self,
        listener: Listener,
        accepted: socket.socket,
        peer: str,
        pool: ThreadPoolExecutor,
        rates: RateLimiter,
    ) -> None:
        loop = asyncio.get_running_loop()
        reader = asyncio.StreamReader(limit=_READ)
        protocol = asyncio.StreamReaderProtocol(reader)
        try:
            transport, _ = await loop.connect_accepted_socket(
                lambda: protocol,
                accepted,
                ssl=listener.tls,
                ssl_handshake_timeout=self._limits.seconds if listener.tls else None,
                ssl_shutdown_timeout=self._limits.linger_seconds if listener.tls else None,
            )
        except (OSError, TimeoutError):  # SSLError is an OSError
            accepted.close()
            return
        writer = asyncio.StreamWriter(transport, protocol, reader, loop)
        try:
            await _Exchange(self._limits, rates, listener, reader, writer, peer, pool).run()
        except (OSError, EOFError, TimeoutError):
            transport.abort()
        except BaseException:
            transport.abort()
            raise
        finally:
            writer.close()
            with suppress(OSError, TimeoutError):
                async with asyncio.timeout(self._limits.linger_seconds):
                    await writer.wait_closed()


class _Exchange:
    """One request and its response on a connection."""

    def __init__(
        self,
        limits: Limits,
        rates: RateLimiter,
        listener: Listener,
        reader: asyncio.StreamReader,
        writer: asyncio.StreamWriter,
        peer: str,
        pool: ThreadPoolExecutor,
    ) -> None:
        import h11

        self._limits = limits
        self._rates = rates
        self._listener = listener
        self._reader = reader
        self._writer = writer
        self._peer = peer
        self._pool = pool
        self._connection = h11.Connection(h11.SERVER, max_incomplete_event_size=reading.MAX_INCOMPLETE)
        self._begins = b""
        """The first bytes of the request."""
        self._whole = False
        """Whether all of the request was read."""

    async def run(self) -> None:
        """Read the request, have it worked on, and send the response."""
        response = await self._response()
        async with asyncio.timeout(self._limits.reply_seconds):
            await self._send(response)
        if not self._whole or self._connection.trailing_data[0]:
            await self._linger()

    async def _response(self) -> Response:
        import h11

        try:
            async with asyncio.timeout(self._limits.seconds):
                request = await self._read()
        except TimeoutError:
            return Refused(408, "the request did not come in time").response()
        except Refused as refused:
            return refused.response()
        except h11.RemoteProtocolError as error:
            return Refused(error.error_status_hint, "this is not a request in HTTP/1.1").response()
        self._whole = True
        loop = asyncio.get_running_loop()
        try:
            response = await loop.run_in_executor(self._pool, self._listener.routes.serve, request)
        except Refused as refused:
            response = refused.response()
        except Exception as error:
            _log.error("a request failed: %s", _where(error))
            response = Refused(500, "the server failed", error="server_error").response()
        _log.info("%s %s: %d", request.method, self._listener.routes.name(request), response.status)
        return response

    async def _read(self) -> Request:
        head = await reading.read_head(
            self._connection, self._receive, self._listener.routes, self._listener.hosts, self._count
        )
        if head.wants_continue:
            await self._continue()
        body = await reading.read_body(self._connection, self._receive, head.max_body)
        return head.request(body, self._peer)

    def _count(self, headers: Mapping[str, str]) -> None:
        """Count the request for its address. Raises Refused, 429."""
        if self._listener.forwarded:
            self._peer = _forwarded(headers, self._peer)
        if seconds := self._rates.wait(self._peer):
            raise Refused(
                429, "too many requests", error="slow_down", headers=[("Retry-After", str(seconds))]
            )

    async def _receive(self) -> bytes:
        data = await self._reader.read(_READ)
        if len(self._begins) < len(_HEAD):
            self._begins += data[: len(_HEAD)]
        return data

    async def _continue(self) -> None:
        import h11

        data = self._connection.send(h11.InformationalResponse(status_code=100, headers=[]))
        self._writer.write(data or b"")
        await self._writer.drain()

    async def _send(self, response: Response) -> None:
        """Write the response by hand: after an error in the request, h11 sends some of them no more."""
        headers = [
            ("Date", formatdate(usegmt=True)),
            ("Content-Length", str(len(response.body))),
            *([("Content-Type", response.content_type)] if response.content_type else []),
            *response.headers,
        ]
        given = {name.lower() for name, _ in response.headers}
        headers += [(name, value) for name, value in _ALWAYS if name.lower() not in given]
        lines = [f"HTTP/1.1 {response.status} {_reason(response.status)}"]
        lines += [f"{name}: {value}" for name, value in headers]
        assert not any("\r" in line or "\n" in line for line in lines), "a header of ours has a line break"
        body = b"" if self._begins.startswith(_HEAD) else response.body
        self._writer.write("\r\n".join([*lines, "", ""]).encode("ascii") + body)
        await self._writer.drain()

    async def _linger(self) -> None:
        """Read on for a moment, so that a client that is still sending sees why it was refused."""
        if self._writer.can_write_eof():
            with suppress(OSError):
                self._writer.write_eof()
        left = _LINGER_BYTES
        with suppress(TimeoutError, OSError):
            async with asyncio.timeout(self._limits.linger_seconds):
                while left > 0 and (data := await self._reader.read(_READ)):
                    left -= len(data)


def _where(error: BaseException) -> str:
    """What failed and where: never the message, which may quote what a stranger sent."""
    import traceback

    last = traceback.extract_tb(error.__traceback__)[-1:]
    return " ".join([type(error).__name__, *(f"at {frame.filename}:{frame.lineno}" for frame in last)])


def _reason(status: int) -> str:
    from http import HTTPStatus

    try:
        return HTTPStatus(status).phrase
    except ValueError:
        return ""


def _forwarded(headers: Mapping[str, str], peer: str) -> str:
    """The address that the proxy says it serves: the last of its header, which the proxy itself wrote."""
    last = headers.get("x-forwarded-for", "").rpartition(",")[2].strip()
    try:
        return str(ipaddress.ip_address(last))
    except ValueError:
        return peer
