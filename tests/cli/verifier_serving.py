"""`ipse verifier serve` as a process of its own on loopback."""

from __future__ import annotations

import json
import os
import signal
import ssl
import subprocess
import sys
import threading
import urllib.error
import urllib.request
from dataclasses import dataclass
from pathlib import Path
from queue import Queue
from typing import Any

from tests.conftest import Ipse, Run
from tests.network_peer.certificates import Authority
from tests.openid_peer.wallet import Wallet
from tests.unit.servers.verifying import Around, pem
from tests.waiting import PATIENCE


@dataclass(frozen=True)
class Pki:
    """What is around a server on loopback: certificates for TLS and for asking, an issuer, a holder."""

    folder: Path
    tls: Authority
    around: Around

    @classmethod
    def make(cls, folder: Path) -> Pki:
        return cls(folder, Authority(folder), Around.make())

    def options(self) -> list[str]:
        """The options with which a server has a certificate for TLS and one for its requests."""
        pair = str(self.tls.issue("127.0.0.1", "localhost"))
        chain, key = self.folder / "access.pem", self.folder / "access.key"
        for path, data in zip((chain, key), pem(self.around.access), strict=True):
            path.write_bytes(data)
        asking = ["--certificate", str(chain), "--certificate-key", str(key)]
        return ["--tls-cert", pair, "--tls-key", pair, *asking]

    def wallet(self, **claims: Any) -> Wallet:
        """A wallet with a credential of the issuer, which reveals `given_name`."""
        holder = self.around.holder
        credential = self.around.issuer.issue(holder, **claims)
        return Wallet(holder, credential, self.around.verifiers, self.tls.ca_file, reveal=("given_name",))


class Serving:
    """A process. Its lines on stderr and on stdout are read as they come."""

    def __init__(self, ipse: Ipse, *arguments: str) -> None:
        self.process = subprocess.Popen(
            [sys.executable, "-m", "ipse", "verifier", "serve", "--listen", "127.0.0.1:0", *arguments],
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
            env=ipse.variables,
            start_new_session=True,
        )
        self._shown = _Lines(self.process.stderr)
        self._printed = _Lines(self.process.stdout)

    def __enter__(self) -> Serving:
        return self

    def __exit__(self, *_: object) -> None:
        if self.process.poll() is None:
            self.process.kill()
        self.process.wait(PATIENCE)
        self._shown.join()
        self._printed.join()

    def line(self, beginning: str) -> str:
        """The next line on stderr that begins so."""
        while (line := self._shown.next()) is not None:
            if line.startswith(beginning):
                return line
        raise AssertionError("".join(self._shown.every))

    def link(self) -> str:
        """The next link."""
        return self.line("openid4vp://")

    def printed(self) -> Any:
        """The next line on stdout, as JSON."""
        line = self._printed.next()
        assert line is not None, "".join(self._shown.every)
        return json.loads(line)

    def so_far(self) -> str:
        """What was printed on stdout until now."""
        return "".join(self._printed.every)

    def ended(self) -> Run:
        """What the process left, once it has ended by itself."""
        code = self.process.wait(PATIENCE)
        self._shown.join()
        self._printed.join()
        return Run(code, "".join(self._printed.every), "".join(self._shown.every))

    def stop(self, number: int = signal.SIGTERM) -> Run:
        """End it by a signal."""
        os.kill(self.process.pid, number)
        return self.ended()


class _Lines:
    """Reads a stream in a thread."""

    def __init__(self, stream: Any) -> None:
        self.every: list[str] = []
        self._new: Queue[str | None] = Queue()
        self._thread = threading.Thread(target=self._follow, args=[stream])
        self._thread.start()

    def _follow(self, stream: Any) -> None:
        for line in stream:
            self.every.append(line)
            self._new.put(line.rstrip("\n"))
        stream.close()
        self._new.put(None)

    def next(self) -> str | None:
        """The next line, None at the end."""
        return self._new.get(timeout=PATIENCE)

    def join(self) -> None:
        self._thread.join(PATIENCE)


def call(method: str, url: str, token: str, body: Any = None) -> tuple[int, Any]:
    """What an application is told: the status, and the JSON."""
    data = None if body is None else json.dumps(body).encode()
    headers = {"Authorization": f"Bearer {token}", "Content-Type": "application/json"}
    request = urllib.request.Request(url, data=data, headers=headers, method=method)
    try:
        with urllib.request.urlopen(request, timeout=PATIENCE) as response:
            return response.status, json.loads(response.read() or b"null")
    except urllib.error.HTTPError as error:
        with error:
            return error.code, json.loads(error.read() or b"null")


def raw(url: str, data: bytes, ca_file: Path) -> bytes:
    """What a server says to these bytes over TLS."""
    import socket
    from urllib.parse import urlsplit

    parts = urlsplit(url)
    context = ssl.create_default_context(cafile=str(ca_file))
    host, port = parts.hostname or "", parts.port or 443
    with (
        socket.create_connection((host, port), timeout=PATIENCE) as plain,
        context.wrap_socket(plain, server_hostname=host) as client,
    ):
        client.sendall(data)
        received = b""
        while part := client.recv(65536):
            received += part
        return received
