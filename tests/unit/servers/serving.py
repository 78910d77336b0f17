"""An HTTP server in a thread of the test, and a client that sends exactly the bytes it is told."""

from __future__ import annotations

import asyncio
import contextlib
import socket
import ssl
import threading
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from ipse.servers.http.routing import Route, Routes
from ipse.servers.http.server import Limits, Listener, Server
from tests.waiting import PATIENCE


@dataclass(frozen=True)
class Reply:
    """What came back: status, headers by lower-case name, body."""

    status: int
    headers: dict[str, str]
    body: bytes


@contextlib.contextmanager
def serving(
    routes: Sequence[Route],
    limits: Limits | None = None,
    *,
    tls: ssl.SSLContext | None = None,
    forwarded: bool = False,
) -> Iterator[tuple[str, int]]:
    """A server on loopback; yields its address."""
    bound = socket.create_server(("127.0.0.1", 0))
    address = bound.getsockname()
    hosts = frozenset({f"127.0.0.1:{address[1]}"})
    server = Server([Listener(bound, Routes(routes), hosts, tls, forwarded)], limits)
    loop, stop = asyncio.new_event_loop(), asyncio.Event()
    thread = threading.Thread(target=lambda: loop.run_until_complete(server.run(stop.wait())), daemon=True)
    thread.start()
    try:
        yield address
    finally:
        loop.call_soon_threadsafe(stop.set)
        thread.join(PATIENCE)
        assert not thread.is_alive(), "the server does not stop"
        loop.close()


def connected(address: tuple[str, int]) -> socket.socket:
    """A connection whose reads end when the test would be hung."""
    return socket.create_connection(address, timeout=PATIENCE)


def send(address: tuple[str, int], data: bytes) -> Reply:
    """Send these bytes on a new connection and read the reply to its end."""
    with connected(address) as client:
        client.sendall(data)
        return received(client)


def received(client: socket.socket) -> Reply:
    """Read to the end of the connection, which must hold exactly one response."""
    data = bytearray()
    with contextlib.suppress(ConnectionResetError):
        while part := client.recv(65536):
            data += part
    assert data, "closed without a response"
    head, _, body = bytes(data).partition(b"\r\n\r\n")
    first, *lines = head.decode("ascii").split("\r\n")
    headers = {name.lower(): value for name, _, value in (line.partition(": ") for line in lines)}
    assert int(headers["content-length"]) == len(body), "more than one response, or half of one"
    return Reply(int(first.split(" ")[1]), headers, body)


def request(
    address: tuple[str, int], method: str = "GET", path: str = "/", body: bytes = b"", **headers: str
) -> Reply:
    """Send a well-formed request."""
    fields = {"host": f"{address[0]}:{address[1]}", "content-length": str(len(body))} | {
        name.replace("_", "-"): value for name, value in headers.items()
    }
    lines = [f"{method} {path} HTTP/1.1", *(f"{name}: {value}" for name, value in fields.items()), "", ""]
    return send(address, "\r\n".join(lines).encode("latin-1") + body)
