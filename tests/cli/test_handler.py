"""`ipse handler`: links of the desktop, registered under folders that are thrown away."""

from __future__ import annotations

import shutil
from dataclasses import replace

import pytest

from tests.conftest import Ipse

pytestmark = pytest.mark.skipif(
    shutil.which("xdg-mime") is None, reason="no xdg-mime (Debian: xdg-utils)"
)  # the desktops without it are in tests/unit/wallet/handler


@pytest.fixture
def desktop_of(no_wallet: Ipse) -> Ipse:
    """The program of a person with a home of their own; there need be no wallet."""
    folders = {"XDG_DATA_HOME": "data", "XDG_CONFIG_HOME": "config", "XDG_DATA_DIRS": "none"}
    places = {name: str(no_wallet.home / folder) for name, folder in folders.items()}
    return replace(no_wallet, environment={**no_wallet.environment, **places})


def test_links_are_registered_and_given_back(desktop_of: Ipse) -> None:
    entry = desktop_of.home / "data" / "applications" / "ipse-handler.desktop"
    for _ in range(2):
        assert desktop_of("handler", "install", "--json").json == {
            "installed": True,
            "schemes": ["openid4vp", "haip-vp", "eu-eaap", "haip"],
            "place": str(entry),
        }
    assert f"handler open --home {desktop_of.home} -- %u\n" in entry.read_text()
    assert desktop_of("handler", "remove", "--json").json == {"removed": True}
    assert not entry.exists()
    assert desktop_of("handler", "rm", "--json").json == {"removed": False}


def test_what_is_done_is_said_in_a_line(desktop_of: Ipse) -> None:
    said = desktop_of("handler", "install").out
    assert said.startswith("openid4vp:, haip-vp:, eu-eaap:, haip: links open with ipse now: ")
    assert desktop_of("handler", "remove").out == "links open as they did before\n"
    assert "nothing is changed" in desktop_of("handler", "remove").out


def test_a_desktop_without_the_tool_is_a_missing_feature(desktop_of: Ipse) -> None:
    without = replace(desktop_of, environment={**desktop_of.environment, "PATH": "/nowhere"})
    refused = without("handler", "install", "--json", code=8)
    assert refused.error["code"] == "missing-feature"
    assert "xdg-utils" in refused.error["hint"]


@pytest.mark.parametrize(
    "link", ["request.json", "-", "https://books.example/?client_id=a", "file:///etc/passwd"]
)
def test_only_a_link_of_these_schemes_is_opened(desktop_of: Ipse, link: str) -> None:
    refused = desktop_of("handler", "open", "--json", "--", link, code=2)
    assert "not a link that ipse is registered for" in refused.error["message"]


def test_words_behind_the_link_are_refused(desktop_of: Ipse) -> None:
    """A desktop that takes a link with a quotation mark apart gives nobody an option."""
    refused = desktop_of("handler", "open", "--", "openid4vp://?a=", "--home", "/evil", code=2)
    assert "unexpected extra argument" in refused.err
