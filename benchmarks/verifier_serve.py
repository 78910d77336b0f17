"""Presentations a second of `ipse verifier serve` on one core, and the share of that core for signatures.

A real server, pinned to one core, receives encrypted answers (direct_post.jwt) with one SD-JWT VC each: two
signatures to verify, the issuer's and the holder's. Wallets run on the other cores and have their answers
ready, so that nothing but the server is measured. Plain HTTP, as behind a reverse proxy; `--tls` for a
handshake with each request. One core of a shared virtual machine with two, Python 3.11: 256 answers a second
at 3.7 ms each, 8 % of that for signatures and 19 % for decryption. Run from the repository:
`.venv/bin/python -m benchmarks.verifier_serve --presentations 300`.
"""

from __future__ import annotations

import argparse
import http.client
import json
import os
import signal
import ssl
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any
from urllib.parse import parse_qs, urlencode, urlsplit

from tests.made import PASSPHRASE, cheaply
from tests.network_peer.certificates import Authority
from tests.openid_peer.wallet import Asked, Reply, Wallet, check_request
from tests.unit.servers.verifying import QUERY, Around, pem

MOST = 2000
"""Presentations of one run at most: with the defaults it takes half a minute."""
CLIENTS = 4
_TOKEN = "a-token-for-the-benchmark-alone-0123456789"
_TICKS = os.sysconf("SC_CLK_TCK")
_SERVER = """
import atexit, json, os, sys, time
os.sched_setaffinity(0, {int(sys.argv[2])})
from ipse.keys import ecdsa, encryption
spent = {}
def timed(owner, name, label):
    made = getattr(owner, name)
    def call(*given, **named):
        begun = time.thread_time()
        try:
            return made(*given, **named)
        finally:
            count, seconds = spent.get(label, (0, 0.0))
            spent[label] = count + 1, seconds + time.thread_time() - begun
    setattr(owner, name, call)
timed(ecdsa.PublicKey, "verify", "verify")
timed(ecdsa.PrivateKey, "sign", "sign")
timed(encryption, "decrypt", "decrypt")
from ipse.cli.main import run
code = run(sys.argv[3:])
open(sys.argv[1], "w").write(json.dumps(spent))
sys.exit(code)
"""


@dataclass(frozen=True)
class Place:
    """Where the server is: of its public door, of applications, and its process."""

    host: str
    port: int
    tls: ssl.SSLContext | None
    api: str
    process: subprocess.Popen[str]

    def processor(self) -> float:
        """Seconds of processor time that it has used."""
        fields = Path(f"/proc/{self.process.pid}/stat").read_text().rpartition(")")[2].split()
        return (int(fields[11]) + int(fields[12])) / _TICKS

    def call(self, method: str, url: str, form: dict[str, str] | None = None, peer: str = "") -> Reply:
        """What a wallet is told, whose address is `peer`."""
        connection = (
            http.client.HTTPConnection("127.0.0.1", self.port, timeout=60)
            if self.tls is None
            else http.client.HTTPSConnection("127.0.0.1", self.port, timeout=60, context=self.tls)
        )
        headers = {"Host": self.host, "X-Forwarded-For": peer}
        if form is not None:
            headers["Content-Type"] = "application/x-www-form-urlencoded"
        body = None if form is None else urlencode(form)
        connection.request(method, urlsplit(url).path, body=body, headers=headers)
        response = connection.getresponse()
        told = Reply(response.status, dict(response.getheaders()), response.read())
        connection.close()
        return told

    def ask(self) -> str:
        """A new session: its link."""
        parts = urlsplit(self.api)
        connection = http.client.HTTPConnection(parts.netloc, timeout=60)
        headers = {"Authorization": f"Bearer {_TOKEN}", "Content-Type": "application/json"}
        connection.request("POST", parts.path, body="{}", headers=headers)
        response = connection.getresponse()
        body = response.read()
        assert response.status == 201, body
        connection.close()
        return str(json.loads(body)["link"])


def main() -> None:
    """Measure and print; bounded by MOST."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--presentations", type=int, default=300, help=f"{MOST} at most")
    parser.add_argument("--tls", action="store_true", help="with TLS, a handshake a request")
    options = parser.parse_args()
    count = min(options.presentations, MOST)
    cores = sorted(os.sched_getaffinity(0))
    if len(cores) > 1:
        os.sched_setaffinity(0, set(cores[1:]))
    with tempfile.TemporaryDirectory() as folder:
        spent = _measure(Path(folder), count, cores[0], tls=options.tls)
    _tell_signatures(*spent)


def _measure(folder: Path, count: int, core: int, *, tls: bool) -> tuple[float, int, dict[str, list[float]]]:
    """Processor seconds of the answers, their number, and what was spent in cryptography."""
    around, authority = Around.make(), Authority(folder)
    wallet = Wallet(
        around.holder,
        around.issuer.issue(around.holder),
        around.verifiers,
        authority.ca_file,
        reveal=("given_name",),
    )
    with _serving(folder, around, authority, core, tls=tls) as place:
        links = _phase("ask", place, count, lambda _: place.ask())
        uris = [parse_qs(urlsplit(link).query)["request_uri"][0] for link in links]
        objects = _phase("fetch", place, count, lambda n: place.call("GET", uris[n], peer=_peer(n)))
        asked = [_read(reply, around) for reply in objects]
        forms = [wallet.answer(each) for each in asked]
        urls = [each.payload["response_uri"] for each in asked]
        before = place.processor()
        replies = _phase("answer", place, count, lambda n: place.call("POST", urls[n], forms[n], _peer(n)))
        used = place.processor() - before
        assert {reply.status for reply in replies} == {200}, replies[0].body
    return used, count, json.loads((folder / "spent.json").read_text())


def _tell_signatures(used: float, count: int, spent: dict[str, list[float]]) -> None:
    for label, what in (("verify", "signatures verified"), ("decrypt", "answers decrypted")):
        calls, seconds = spent[label]
        each = 1e3 * seconds / count
        each, share = 1e3 * seconds / count, 100 * seconds / used
        print(f"{what:20}  {calls / count:6.0f} each      {each:6.2f} ms: {share:.0f} % of an answer")


def _phase(name: str, place: Place, count: int, step: Callable[[int], object]) -> list[Any]:
    before, begun = place.processor(), time.perf_counter()
    with ThreadPoolExecutor(CLIENTS) as clients:
        results = list(clients.map(step, range(count)))
    seconds, used = time.perf_counter() - begun, place.processor() - before
    print(
        f"{name:20}  {count / seconds:6.0f} a second  {1e3 * used / count:6.2f} ms of the core each",
        flush=True,
    )
    return results


def _read(reply: Reply, around: Around) -> Asked:
    assert reply.status == 200, reply.body
    text = reply.body.decode()
    return Asked({}, *check_request(text, around.verifiers), text, reply)


def _peer(number: int) -> str:
    return f"10.{number >> 16 & 255}.{number >> 8 & 255}.{number & 255}"


@contextmanager
def _serving(folder: Path, around: Around, authority: Authority, core: int, *, tls: bool) -> Iterator[Place]:
    environment = _wallet(folder)
    arguments = _arguments(folder, around, authority, tls=tls)
    with subprocess.Popen(
        [sys.executable, "-c", _SERVER, str(folder / "spent.json"), str(core), *arguments],
        stderr=subprocess.PIPE,
        stdout=subprocess.DEVNULL,
        text=True,
        env=environment,
    ) as process:
        try:
            assert process.stderr is not None
            shown = iter(process.stderr.readline, "")
            api = _told(shown, "applications ask at ")
            public = _told(shown, "listening for ")
            port = int((folder / "port").read_text()) if not tls else urlsplit(public).port or 0
            context = ssl.create_default_context(cafile=str(authority.ca_file)) if tls else None
            yield Place(urlsplit(public).netloc, port, context, api, process)
        finally:
            process.send_signal(signal.SIGTERM)
            process.wait(60)


def _told(shown: Iterator[str], beginning: str) -> str:
    said = []
    for line in shown:
        said.append(line)
        if line.startswith(beginning):
            return line.rpartition(" ")[2].strip()
    raise AssertionError("".join(said))


def _wallet(folder: Path) -> dict[str, str]:
    """A wallet in `folder`, and the environment in which the program finds it."""
    from ipse.storage.places import Places
    from ipse.wallet.wallet import Wallet as Owned

    home, secret = folder / "wallet", folder / "passphrase"
    with (
        cheaply(),
        Owned.create(
            Places.under(home), keystore="file", passphrase=lambda: PASSPHRASE, now=datetime.now(UTC)
        ),
    ):
        pass
    secret.touch(mode=0o600)
    secret.write_bytes(PASSPHRASE)
    return {**os.environ, "IPSE_HOME": str(home), "IPSE_PASSPHRASE_FILE": str(secret)}


def _arguments(folder: Path, around: Around, authority: Authority, *, tls: bool) -> Sequence[str]:
    import socket

    names = ("access.pem", "access.key", "query.json", "token")
    files = {name: folder / name for name in names}
    content = (*pem(around.access), json.dumps(QUERY).encode(), _TOKEN.encode())
    for path, data in zip(files.values(), content, strict=True):
        path.touch(mode=0o600)
        path.write_bytes(data)
    with socket.create_server(("127.0.0.1", 0)) as free:
        port = free.getsockname()[1]
    (folder / "port").write_text(str(port))
    pair = str(authority.issue("127.0.0.1"))
    door = ["--tls-cert", pair, "--tls-key", pair] if tls else ["--public-url", "https://verifier.example"]
    asking = ["--certificate", str(files["access.pem"]), "--certificate-key", str(files["access.key"])]
    api = ["--api", "0", "--token-file", str(files["token"]), "--query", str(files["query.json"])]
    return [
        "verifier", "serve", "--listen", f"127.0.0.1:{port}", "--behind-proxy", *door, *asking, *api,
        "--issuer", around.issuer.did,
    ]  # fmt: skip


if __name__ == "__main__":
    main()
