"""One browser for all tests of this folder, and the wallet of one who reads books."""

from __future__ import annotations

import shutil
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.browser.webdriver import Browser, programs
from tests.cli.test_vc import did_of, in_process
from tests.conftest import Ipse, at


@pytest.fixture(scope="session")
def browser(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Browser]:
    """A headless Chromium. Skips where it or its driver is not installed."""
    found = programs()
    if found is None:
        pytest.skip("no browser: needs chromium and chromedriver (Debian: chromium, chromium-driver)")
    with Browser(*found, tmp_path_factory.mktemp("browser")) as opened:
        yield opened


@pytest.fixture(scope="session")
def owner(_template: Path, profile_extra: None, tmp_path_factory: pytest.TempPathFactory) -> Ipse:
    """The wallet of a reader who likes the sea and Japan, and has a library card."""
    home = tmp_path_factory.mktemp("reader") / "wallet"
    shutil.copytree(_template, home)
    ipse = in_process(at(home))
    for liked in ("books about the sea and whales", "novels set in Japan", "snow and high mountains"):
        ipse("profile", "like", liked)
    ipse("profile", "dislike", "cookbooks and recipes")
    ipse("did", "create", "--method", "jwk", "--name", "library")
    claims = home.parent / "claims.json"
    claims.write_text('{"member": true, "name": "Ada Quayle", "number": "0042", "born": "1990-02-03"}')
    card = home.parent / "card.txt"
    ipse(
        "vc", "issue", "--issuer", "library", "--subject", did_of(ipse, "me"), "--format", "sd-jwt",
        "--type", "https://library.example/card", "--claims", claims, "--disclosable", "all", "-o", card,
    )  # fmt: skip
    ipse("vc", "add", card)
    return at(home)
