"""The example of an application: its page on a server of this test alone, and the wallet of its reader."""

from __future__ import annotations

import contextlib
import functools
import http.client
import json
import shutil
import sys
import threading
from collections.abc import Iterator
from dataclasses import dataclass
from http.server import SimpleHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Final

import pexpect
import pytest

from tests.browser.webdriver import Browser
from tests.conftest import REPOSITORY, Ipse
from tests.waiting import PATIENCE, eventually

__all__ = ["DAPP", "Page", "Reader", "copied", "served"]

DAPP: Final = REPOSITORY / "examples" / "dapp"
_READY: Final = "return document.documentElement.dataset.ready === ''"


def copied(folder: Path, *issuers: str, verifier: str = "") -> Path:
    """A copy of the page, with the DIDs of those whose library cards count. Skips without its libraries.

    `verifier` is where the page finds one that asks for it.
    """
    if not (DAPP / "node_modules" / ".package-lock.json").is_file():
        pytest.skip("the libraries of the example are not installed: `make dapp`")
    shutil.copytree(DAPP, folder, ignore=shutil.ignore_patterns("node_modules"))
    (folder / "node_modules").symlink_to(DAPP / "node_modules")
    shop = json.loads((folder / "shop.json").read_text())
    shop["card"]["issuers"] = list(issuers)
    shop["verifier"] = verifier
    (folder / "shop.json").write_text(json.dumps(shop))
    return folder


class _Handler(SimpleHTTPRequestHandler):
    """Files, and below /verifier/ what the verifier answers, as a reverse proxy has it."""

    verifier = ("", "")

    def log_message(self, *_: object) -> None:
        pass

    def do_GET(self) -> None:
        self._passed_on() if self.path.startswith("/verifier/") else super().do_GET()

    def do_POST(self) -> None:
        self._passed_on() if self.path.startswith("/verifier/") else self.send_error(404)

    def do_DELETE(self) -> None:
        self._passed_on()

    def _passed_on(self) -> None:
        api, token = self.verifier
        content = self.rfile.read(int(self.headers.get("Content-Length", 0)))
        kind = {"Content-Type": self.headers["Content-Type"]} if content else {}
        connection = http.client.HTTPConnection(api, timeout=PATIENCE)
        path = self.path.removeprefix("/verifier")
        connection.request(self.command, path, content or None, {"Authorization": f"Bearer {token}", **kind})
        answer = connection.getresponse()
        body = answer.read()
        self.send_response(answer.status)
        self.send_header("Content-Type", answer.headers.get("Content-Type", ""))
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)


@contextlib.contextmanager
def served(folder: Path, verifier: tuple[str, str] = ("", "")) -> Iterator[str]:
    """Serve a folder as any static server does; the address of its page.

    `verifier` is the host and port of a verifier's API, and the token for it, which the page does not know.
    """
    handler = type("_Handler", (_Handler,), {"verifier": verifier})
    server = ThreadingHTTPServer(("127.0.0.1", 0), functools.partial(handler, directory=str(folder)))
    threading.Thread(target=server.serve_forever, args=(0.05,), daemon=True).start()
    try:
        yield f"http://localhost:{server.server_port}/"
    finally:
        server.shutdown()
        server.server_close()


@dataclass(frozen=True, slots=True)
class Page:
    """The page in a browser."""

    browser: Browser
    address: str

    def fresh(self) -> Iterator[Page]:
        """The page in a browser that knows nothing of it; nothing may have gone wrong by the end."""
        self.browser.open(self.address)
        self.browser.run("localStorage.clear()")
        self.browser.log("browser"), self.browser.log("performance")
        yield self.opened()
        assert self.browser.log("browser") == []

    def opened(self) -> Page:
        """Load it (anew)."""
        self.browser.open(self.address)
        self.browser.wait(_READY)
        return self

    def kept(self) -> Page:
        """Load it unless the browser has it already."""
        if self.browser.run("return location.href") != self.address:
            self.opened()
        return self

    def asks(self, what: str) -> str:
        """Press the button for the order or the card; the link that the page shows."""
        self.browser.run("document.getElementById(arguments[0]).click()", f"ask-{what}")
        self.browser.wait("return document.getElementById('dialog').open")
        return str(self.browser.run("return document.getElementById('dialog-link').href"))

    def hears(self, address: str) -> str:
        """Open an answer in a tab of its own, and come back; what the page says there."""
        asking = self.browser.open_tab(address)
        self.browser.wait(_READY)
        said = str(self.browser.run("return document.getElementById('status').innerText"))
        assert self.browser.run("return location.href") == self.address
        self.browser.close_tab(asking)
        return said

    @property
    def shelf(self) -> list[str]:
        """The ids of the books as they stand."""
        return list(
            self.browser.run("return [...document.querySelectorAll('.book')].map(book => book.dataset.id)")
        )

    def requested(self) -> list[str]:
        """What the browser asked any server for since it was last asked."""
        events = [json.loads(entry["message"])["message"] for entry in self.browser.log("performance")]
        return [
            event["params"]["request"]["url"]
            for event in events
            if event["method"] == "Network.requestWillBeSent"
            and not event["params"]["documentURL"].startswith("chrome://")  # the browser's own first page
        ]


class Reader:
    """A person at a terminal, whose browser writes down what it is to open."""

    def __init__(self, ipse: Ipse, folder: Path) -> None:
        self._ipse = ipse
        self._opened = folder / "opened"
        self._browser = folder / "browser"
        self._browser.write_text(
            f"#!{sys.executable}\nimport pathlib, sys\n"
            f"made = pathlib.Path({str(folder / 'made')!r})\n"
            f"made.write_text(sys.argv[1])\nmade.rename({str(self._opened)!r})\n"
        )
        self._browser.chmod(0o755)

    def answers(self, link: str, *typed: str) -> tuple[str, str]:
        """Answer a link as the desktop does, and close the window."""
        return self.runs("handler", "open", "--", link, typed=(*typed, ""))

    def runs(self, *command: str, typed: tuple[str, ...], opens: bool = True) -> tuple[str, str]:
        """What the terminal shows, and the address that the wallet opens, after these lines were typed."""
        self._opened.unlink(missing_ok=True)
        child = pexpect.spawn(
            sys.executable,
            ["-m", "ipse", *command],
            env={**self._ipse.variables, "BROWSER": str(self._browser)},
            encoding="utf-8",
            timeout=PATIENCE,
            dimensions=(50, 100),
        )
        shown = ""
        for line in typed:
            child.expect("(?:no refuses|yes or no): |close this window ")
            shown += child.before
            child.sendline(line)
        child.expect(pexpect.EOF)
        shown += child.before
        child.close()
        if not opens:
            return shown, ""
        assert eventually(self._opened.exists), shown
        return shown, self._opened.read_text()
