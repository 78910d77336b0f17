"""An HTTPS server on 127.0.0.1 that reads whole requests and answers what a function returns for them.

with Endpoint(authority.issue("localhost"), lambda received: body(b"{}")) as endpoint:
    endpoint.url("/x")
"""

from __future__ import annotations

import contextlib
import re
import socket
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Final, TypeAlias
from urllib.parse import parse_qs

from tests.network_peer.server import Answer, HttpsPeer, status

__all__ = ["Endpoint", "Handler", "Received", "json_answer"]

_MOST_BYTES: Final = 8 * 1024 * 1024


@dataclass(frozen=True, slots=True)
class Received:
    """One request as it came in; header names in lower case."""

    method: str
    path: str
    headers: Mapping[str, str]
    body: bytes

    @property
    def form(self) -> dict[str, str]:
        """The fields of an `application/x-www-form-urlencoded` body. No field may occur twice."""
        assert self.headers.get("content-type", "").partition(";")[0] == "application/x-www-form-urlencoded"
        fields = parse_qs(self.body.decode("ascii"), keep_blank_values=True, strict_parsing=True)
        assert all(len(values) == 1 for values in fields.values()), fields
        return {name: values[0] for name, values in fields.items()}


Handler: TypeAlias = Callable[[Received], Answer]


def json_answer(content: bytes, line: str = "200 OK") -> Answer:
    """`content` as application/json under the status line."""

    def answer(connection: socket.socket, stopped: object) -> None:
        head = f"HTTP/1.1 {line}\r\nContent-Type: application/json\r\nContent-Length: {len(content)}\r\n\r\n"
        connection.sendall(head.encode() + content)

    return answer


class Endpoint(HttpsPeer):
    """Serves until the with block ends; `received` holds what came in."""

    def __init__(self, certificate: Path, handler: Handler) -> None:
        super().__init__(certificate, {})
        self.received: list[Received] = []
        self.handler = handler

    def _serve(self, connection: socket.socket) -> None:
        connection.settimeout(20)
        with connection, contextlib.suppress(OSError):
            secured = self._context.wrap_socket(connection, server_side=True)
            with secured:
                if received := _read(secured):
                    self.received.append(received)
                    self._answer(received)(secured, self._stopped)
                secured.unwrap()

    def _answer(self, received: Received) -> Answer:
        try:
            return self.handler(received)
        except Exception as error:
            self.failed = error
            return status("500 Internal Server Error")

    failed: Exception | None = None
    """What a handler raised."""


def _read(connection: socket.socket) -> Received | None:
    data = b""
    while b"\r\n\r\n" not in data:
        piece = connection.recv(65536)
        if not piece:
            return None
        data += piece
    head, _, content = data.partition(b"\r\n\r\n")
    line, *fields = head.decode("latin-1").split("\r\n")
    headers = {name.strip().lower(): value.strip() for name, _, value in (f.partition(":") for f in fields)}
    length = int(headers.get("content-length", "0"))
    assert length <= _MOST_BYTES
    assert "transfer-encoding" not in headers
    while len(content) < length:
        piece = connection.recv(65536)
        if not piece:
            return None
        content += piece
    method, path, _ = re.fullmatch(r"(\S+) (\S+) (HTTP/1\.[01])", line).groups()  # type: ignore[union-attr]
    return Received(method, path, headers, content)
