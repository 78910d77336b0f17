"""An HTTPS server on 127.0.0.1 that answers byte for byte what a test wants, at the pace it wants.

with HttpsPeer(authority.issue("localhost"), {"/did.json": body(b"{}")}) as peer:
    fetch(peer.url("/did.json"), allow_loopback=True, ca_file=authority.ca_file)
"""

from __future__ import annotations

import contextlib
import socket
import ssl
import threading
from collections.abc import Callable, Iterable, Mapping
from pathlib import Path
from types import TracebackType
from typing import Self, TypeAlias

__all__ = ["Answer", "HttpsPeer", "SlowRelay", "body", "drip", "raw", "redirect", "status"]

Answer: TypeAlias = Callable[[socket.socket, threading.Event], None]
"""Writes an answer to the connection; gives up when the event is set."""


def raw(*parts: bytes) -> Answer:
    """The bytes of an answer, whatever they are."""

    def answer(connection: socket.socket, stopped: threading.Event) -> None:
        for part in parts:
            connection.sendall(part)

    return answer


def body(content: bytes, *headers: str) -> Answer:
    """Status 200 with an honest Content-Length."""
    return raw(_head("200 OK", f"Content-Length: {len(content)}", *headers), content)


def status(line: str, *headers: str) -> Answer:
    """Another status ("404 Not Found") with an empty body."""
    return raw(_head(line, "Content-Length: 0", *headers))


def redirect(target: str, code: int = 302) -> Answer:
    """A redirect to `target`."""
    return status(f"{code} Moved", f"Location: {target}")


def drip(head: bytes, pieces: Iterable[bytes], pause: float = 0.05) -> Answer:
    """`head` at once, then one piece after the other with a pause (seconds) before each."""

    def answer(connection: socket.socket, stopped: threading.Event) -> None:
        connection.sendall(head)
        for piece in pieces:
            if stopped.wait(pause):
                return
            connection.sendall(piece)

    return answer


def _head(line: str, *headers: str) -> bytes:
    return "\r\n".join([f"HTTP/1.1 {line}", *headers, "", ""]).encode("latin-1")


class HttpsPeer:
    """Serves `routes` (path to answer) until the with block ends; `requests` holds what came in."""

    def __init__(self, certificate: Path, routes: Mapping[str, Answer], *, polite: bool = True) -> None:
        self.requests: list[bytes] = []
        self.routes = dict(routes)
        self._polite = polite
        self._context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        self._context.load_cert_chain(certificate)
        self._stopped = threading.Event()
        self._listener = socket.create_server(("127.0.0.1", 0))
        self.port: int = self._listener.getsockname()[1]

    def url(self, path: str, host: str = "localhost") -> str:
        """The URL of `path` on this server under the name `host`."""
        return f"https://{host}:{self.port}{path}"

    def __enter__(self) -> Self:
        threading.Thread(target=self._accept, daemon=True).start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._stopped.set()
        with contextlib.suppress(OSError):
            self._listener.shutdown(socket.SHUT_RDWR)
        self._listener.close()

    def _accept(self) -> None:
        while not self._stopped.is_set():
            try:
                connection, _ = self._listener.accept()
            except OSError:
                return
            threading.Thread(target=self._serve, args=(connection,), daemon=True).start()

    def _serve(self, connection: socket.socket) -> None:
        connection.settimeout(20)
        with connection, contextlib.suppress(OSError):
            secured = self._context.wrap_socket(connection, server_side=True)
            with secured:
                request = self._request(secured)
                if request:  # a client that connects and leaves has asked for nothing
                    self.requests.append(request)
                path = request.split(b" ", 2)[1].decode("ascii") if b" " in request else ""
                self.routes.get(path, status("404 Not Found"))(secured, self._stopped)
                if self._polite:
                    secured.unwrap()

    def _request(self, connection: socket.socket) -> bytes:
        received = b""
        while b"\r\n\r\n" not in received:
            piece = connection.recv(4096)
            if not piece:
                break
            received += piece
        head, _, content = received.partition(b"\r\n\r\n")
        length = next(
            (int(line[15:]) for line in head.lower().split(b"\r\n") if line.startswith(b"content-length:")), 0
        )
        while len(content) < length and (piece := connection.recv(4096)):
            content += piece
            received += piece
        return received


class SlowRelay:
    """Passes TCP on to a port of this machine, and from there back one byte at a time.

    The first `fast` pieces that the client sends are answered at full speed, so that with 0 the TLS
    handshake drips, and with 2 what comes after it.
    """

    def __init__(self, target: int, *, fast: int, pause: float = 0.01) -> None:
        self._target = target
        self._fast = fast
        self._pause = pause
        self._sent = 0
        self._stopped = threading.Event()
        self._listener = socket.create_server(("127.0.0.1", 0))
        self.port: int = self._listener.getsockname()[1]

    def __enter__(self) -> Self:
        threading.Thread(target=self._relay, daemon=True).start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._stopped.set()
        self._listener.close()

    def _relay(self) -> None:
        with contextlib.suppress(OSError):
            client, _ = self._listener.accept()
            with client, socket.create_connection(("127.0.0.1", self._target)) as server:
                threading.Thread(target=self._outward, args=(client, server), daemon=True).start()
                while received := server.recv(4096):
                    if self._sent < self._fast:
                        client.sendall(received)
                        continue
                    for byte in received:
                        if self._stopped.wait(self._pause):
                            return
                        client.sendall(bytes([byte]))

    def _outward(self, client: socket.socket, server: socket.socket) -> None:
        with contextlib.suppress(OSError):
            while sent := client.recv(4096):
                self._sent += 1
                server.sendall(sent)
