"""A certified verifier under HAIP (polaris-oid4vp) as a process of its own on loopback.

with Polaris(folder, "--issuer-trust-anchor", ca_file) as verifier:
    ...  # a wallet answers verifier.link
    verifier.verdict()
"""

from __future__ import annotations

import re
import socket
import subprocess
import sys
from pathlib import Path
from types import TracebackType
from typing import Self

from tests.waiting import eventually

__all__ = ["Polaris"]

_START = [sys.executable, "-u", "-c", "from polaris_oid4vp.cli import main; raise SystemExit(main())"]


class Polaris:
    """A running verifier that asks one wallet once."""

    def __init__(self, folder: Path, *options: str | Path) -> None:
        """Make its certificates in `folder` and start it; `options` go to `serve`."""
        self.pki = folder / "pki"
        keygen = [*_START, "keygen", "--out", str(self.pki), "--host", "localhost"]
        subprocess.run(keygen, check=True, capture_output=True)
        self._out = folder / "out"
        with socket.create_server(("127.0.0.1", 0)) as free:
            port = free.getsockname()[1]
        command = [*_START, "serve", "--pki", str(self.pki), "--host", "localhost", "--bind", "127.0.0.1"]
        command += ["--port", str(port), "--once", *map(str, options)]
        with self._out.open("wb") as out:
            self._process = subprocess.Popen(command, stdout=out, stderr=subprocess.STDOUT)

    def __enter__(self) -> Self:
        assert eventually(lambda: "eu-eaap://" in self.said() or self._process.poll() is not None)
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._process.terminate()
        self._process.wait()

    @property
    def anchor(self) -> Path:
        """The authority of its access certificate."""
        return self.pki / "anchor.pem"

    @property
    def tls(self) -> Path:
        """What its TLS connection has to be trusted by."""
        return self.pki / "tls.pem"

    @property
    def links(self) -> dict[str, str]:
        """The link by each scheme."""
        found = re.findall(r"^ +((?:openid4vp|haip-vp|eu-eaap)://\S+)$", self.said(), re.MULTILINE)
        return {link.partition(":")[0]: link for link in found}

    def said(self) -> str:
        """All that it printed."""
        return self._out.read_text(encoding="utf-8")

    def verdict(self) -> tuple[int, str]:
        """The status that it answered with and what it made of the answer."""
        pattern = re.compile(r"^ +<- (\d{3}) (.*)$", re.MULTILINE)
        assert eventually(lambda: pattern.search(self.said())), self.said()
        (found,) = pattern.findall(self.said())
        return int(found[0]), found[1]
