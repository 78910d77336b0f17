"""`ipse verifier serve` as a process of its own on loopback, and wallets that answer it."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from queue import Queue
from typing import Any

from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric import ec

from ipse.credentials.formats import sd_jwt
from ipse.dids import did_key
from ipse.keys import key_types
from tests.conftest import Ipse, Run
from tests.network_peer.certificates import Authority
from tests.openid_peer.certificates import Signer, SigningAuthority, public_jwk
from tests.openid_peer.wallet import Wallet
from tests.waiting import PATIENCE

TYPE = "urn:example:membership:1"


@dataclass(frozen=True)
class Pki:
    """The certificates around a server: for TLS on loopback, and for asking."""

    folder: Path
    tls: Authority
    verifiers: SigningAuthority
    access: Signer

    @classmethod
    def make(cls, folder: Path) -> Pki:
        verifiers = SigningAuthority("Access authority", folder)
        return cls(folder, Authority(folder), verifiers, verifiers.signer("127.0.0.1", "localhost"))

    def options(self) -> list[str]:
        """The options with which a server has a certificate for TLS and one for its requests."""
        pair = str(self.tls.issue("127.0.0.1", "localhost"))
        chain, key = self.folder / "access.pem", self.folder / "access.key"
        chain.write_bytes(self.access.chain[0].public_bytes(serialization.Encoding.PEM))
        key.write_bytes(
            self.access.key.private_bytes(
                serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
            )
        )
        asking = ["--certificate", str(chain), "--certificate-key", str(key)]
        return ["--tls-cert", pair, "--tls-key", pair, *asking]


class Holder:
    """A wallet with one credential, by an issuer that is known by its did:key."""

    def __init__(self, pki: Pki, **claims: Any) -> None:
        issuer = key_types.generate("P-256")
        self.issuer = did_key.from_public_key(issuer.public())
        key = ec.generate_private_key(ec.SECP256R1())
        now = int(time.time())
        content = {"given_name": "Ada", "family_name": "Lovelace", "age": 36} | claims
        credential = sd_jwt.issue(
            {
                "iss": self.issuer,
                "iat": now - 60,
                "exp": now + 3600,
                "vct": TYPE,
                "cnf": {"jwk": public_jwk(key)},
                **content,
            },
            disclosable=[(name,) for name in content],
            signer=issuer,
            typ="dc+sd-jwt",
            kid=did_key.verification_method_id(self.issuer),
        )
        self.wallet = Wallet(key, credential, pki.verifiers, pki.tls.ca_file, reveal=("given_name",))


class Serving:
    """A process; `link` waits for the next link that it shows."""

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
        self.shown: list[str] = []
        self._lines: Queue[str] = Queue()
        self.out: list[str] = []
        self._printed: Queue[str] = Queue()
        self._threads = [
            threading.Thread(target=self._follow, args=[self.process.stderr, self.shown, self._lines]),
            threading.Thread(target=self._follow, args=[self.process.stdout, self.out, self._printed]),
        ]
        for thread in self._threads:
            thread.start()

    @staticmethod
    def _follow(stream: Any, kept: list[str], lines: Queue[str]) -> None:
        for line in stream:
            kept.append(line)
            lines.put(line.rstrip("\n"))
        stream.close()
        lines.put("")

    def __enter__(self) -> Serving:
        return self

    def __exit__(self, *_: object) -> None:
        if self.process.poll() is None:
            self.process.kill()
        self.process.wait(PATIENCE)
        for thread in self._threads:
            thread.join(PATIENCE)

    def line(self, beginning: str) -> str:
        """The next line on stderr that begins so."""
        while True:
            line = self._lines.get(timeout=PATIENCE)
            if line.startswith(beginning):
                return line
            assert line or self.process.poll() is None, "".join(self.shown)

    def link(self) -> str:
        """The next link."""
        return self.line("openid4vp://")

    def printed(self) -> Any:
        """The next line on stdout, as JSON."""
        return json.loads(self._printed.get(timeout=PATIENCE))

    def ended(self) -> Run:
        """What the process left, once it has ended by itself."""
        code = self.process.wait(PATIENCE)
        for thread in self._threads:
            thread.join(PATIENCE)
        return Run(code, "".join(self.out), "".join(self.shown))

    def stop(self, number: int = signal.SIGTERM) -> Run:
        """End it by a signal."""
        os.kill(self.process.pid, number)
        return self.ended()


def claims(result: Any, name: str = "credential") -> Sequence[Any]:
    """The claims of the credentials that a result has for one query."""
    return [each["claims"] for each in result["credentials"][name]]
