"""A real browser, driven by the W3C WebDriver protocol through its own driver program."""

from __future__ import annotations

import base64
import json
import os
import shutil
import signal
import subprocess
import time
import urllib.request
from pathlib import Path
from typing import Any
from urllib.error import HTTPError

from tests.waiting import PATIENCE

__all__ = ["Browser", "programs"]

_ELEMENT = "element-6066-11e4-a52e-4f735466cecf"
_FLAGS = (
    "--headless=new", "--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run",
    "--disable-background-networking", "--disable-component-update", "--disable-sync",
    "--disable-dev-shm-usage", "--hide-scrollbars",
)  # fmt: skip


def programs() -> tuple[str, str] | None:
    """The browser and its driver, where both are installed."""
    browser = shutil.which("chromium") or shutil.which("chromium-browser")
    driver = shutil.which("chromedriver")
    return (browser, driver) if browser and driver else None


class Browser:
    """One window. Use it as a context manager: the browser ends with it."""

    def __init__(self, browser: str, driver: str, folder: Path) -> None:
        environment = {**os.environ, "HOME": str(folder), "TMPDIR": str(folder)}
        self._process = subprocess.Popen(
            [driver, "--port=0"],
            stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL,
            env=environment,
            start_new_session=True,
        )
        self._url = f"http://127.0.0.1:{self._port()}/session"
        try:
            self._begin(browser, folder)
        except BaseException:
            self._end()
            raise

    def _begin(self, browser: str, folder: Path) -> None:
        options = {"binary": browser, "args": [*_FLAGS, f"--user-data-dir={folder / 'browser'}"]}
        wanted = {
            "browserName": "chrome",
            "goog:chromeOptions": options,
            "goog:loggingPrefs": {"browser": "ALL", "performance": "ALL"},
        }
        opened = self._ask("POST", "", {"capabilities": {"alwaysMatch": wanted}})
        self._url += f"/{opened['sessionId']}"

    def _port(self) -> int:
        assert self._process.stdout is not None
        for line in self._process.stdout:
            if b"started successfully on port" in line:
                return int(line.rstrip(b".\r\n").rsplit(b" ", 1)[1])
        raise AssertionError("the driver did not start")

    def __enter__(self) -> Browser:
        return self

    def __exit__(self, *_: object) -> None:
        try:
            self._ask("DELETE", "")
        finally:
            self._end()

    def _end(self) -> None:
        """End the driver and whatever it started."""
        os.killpg(self._process.pid, signal.SIGKILL)
        self._process.communicate(timeout=PATIENCE)

    def open(self, address: str) -> None:
        """Load a page and wait until it is there."""
        self._ask("POST", "/url", {"url": address})

    def open_tab(self, address: str) -> str:
        """Load a page in a new tab, as another program makes the browser do; the tab that was left."""
        left = str(self._ask("GET", "/window"))
        self.switch(str(self._ask("POST", "/window/new", {"type": "tab"})["handle"]))
        self.open(address)
        return left

    def close_tab(self, back: str) -> None:
        """Close this tab and go back to another."""
        self._ask("DELETE", "/window")
        self.switch(back)

    def switch(self, tab: str) -> None:
        """Go to another tab."""
        self._ask("POST", "/window", {"handle": tab})

    def run(self, script: str, *arguments: object) -> Any:
        """What the body of a function returns in the page."""
        return self._ask("POST", "/execute/sync", {"script": script, "args": arguments})

    def wait(self, script: str) -> None:
        """Until the body of a function returns true."""
        end = time.monotonic() + PATIENCE
        while not self.run(script):
            assert time.monotonic() < end, f"never true: {script}"

    def press(self, *keys: str) -> None:
        """Keys one after the other, as a person would."""
        strokes = [{"type": kind, "value": key} for key in keys for kind in ("keyDown", "keyUp")]
        self._ask("POST", "/actions", {"actions": [{"type": "key", "id": "keys", "actions": strokes}]})

    def hover(self, css: str) -> None:
        """Put the pointer over the first element that matches."""
        found = self._ask("POST", "/element", {"using": "css selector", "value": css})
        move = {"type": "pointerMove", "duration": 0, "x": 0, "y": 0, "origin": {_ELEMENT: found[_ELEMENT]}}
        self._ask("POST", "/actions", {"actions": [{"type": "pointer", "id": "mouse", "actions": [move]}]})

    def look(self, *, scheme: str, width: int, height: int = 900, medium: str = "") -> None:
        """Take on a colour scheme, the size of a window in pixels of the page, and a medium."""
        features = [{"name": "prefers-color-scheme", "value": scheme}]
        self._command("Emulation.setEmulatedMedia", {"media": medium, "features": features})
        size = {"width": width, "height": height, "deviceScaleFactor": 1, "mobile": False}
        self._command("Emulation.setDeviceMetricsOverride", size)

    def log(self, kind: str) -> list[Any]:
        """What the `browser` (its console) or `performance` (its network) has to say since last asked."""
        return list(self._ask("POST", "/se/log", {"type": kind}))

    def screenshot(self, path: Path) -> None:
        """The whole page, as a PNG."""
        picture = self._command("Page.captureScreenshot", {"captureBeyondViewport": True})
        path.write_bytes(base64.b64decode(picture["data"]))

    def _command(self, name: str, parameters: dict[str, Any]) -> Any:
        return self._ask("POST", "/goog/cdp/execute", {"cmd": name, "params": parameters})

    def _ask(self, method: str, path: str, body: object = None) -> Any:
        data = None if method in ("DELETE", "GET") else json.dumps(body or {}).encode()
        request = urllib.request.Request(self._url + path, data, method=method)
        try:
            with urllib.request.urlopen(request, timeout=PATIENCE) as answer:
                return json.load(answer)["value"]
        except HTTPError as error:
            raise AssertionError(f"{path}: {error.read().decode()}") from error
