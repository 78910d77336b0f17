"""An address is opened in a browser that the owner can see, and only if it is safe to open."""

from __future__ import annotations

import webbrowser

import pytest

from ipse.cli import browser
from ipse.errors import MalformedInput


@pytest.fixture
def opened(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    found: list[str] = []

    def take(url: str) -> bool:
        found.append(url)
        return True

    monkeypatch.setattr(webbrowser, "open", take)
    monkeypatch.setattr("sys.platform", "linux")
    for name in ("DISPLAY", "WAYLAND_DISPLAY", "BROWSER"):
        monkeypatch.delenv(name, raising=False)
    return found


@pytest.mark.parametrize("name", ["DISPLAY", "WAYLAND_DISPLAY", "BROWSER"])
def test_a_desktop_or_a_named_browser_opens_it(
    opened: list[str], name: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv(name, ":0")
    assert browser.open_once("https://verifier.example/done#code=1")
    assert opened == ["https://verifier.example/done#code=1"]


def test_without_a_desktop_no_browser_takes_the_terminal(opened: list[str]) -> None:
    assert not browser.open_once("https://verifier.example/")
    assert opened == []


@pytest.mark.parametrize("platform", ["darwin", "win32"])
def test_other_desktops_need_no_variable(
    opened: list[str], platform: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("sys.platform", platform)
    assert browser.open_once("https://verifier.example/")


@pytest.mark.parametrize(
    "address",
    ["file:///etc/passwd", "javascript:alert(1)", "http://verifier.example/", "ms-settings:", "--x"],
)
def test_no_other_address_is_opened(opened: list[str], address: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("DISPLAY", ":0")
    with pytest.raises(MalformedInput):
        browser.open_once(address)
    assert opened == []
