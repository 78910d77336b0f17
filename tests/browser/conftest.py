"""One browser for all tests of this folder."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from tests.browser.webdriver import Browser, programs


@pytest.fixture(scope="session")
def browser(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Browser]:
    """A headless Chromium. Skips where it or its driver is not installed."""
    found = programs()
    if found is None:
        pytest.skip("no browser: needs chromium and chromedriver (Debian: chromium, chromium-driver)")
    with Browser(*found, tmp_path_factory.mktemp("browser")) as opened:
        yield opened
