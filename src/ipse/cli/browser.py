"""Opening an address in the owner's browser, once, and only an address that is safe to open."""

from __future__ import annotations

import os
import sys

from ipse.protocols.parties import origin_of

__all__ = ["open_once"]


def open_once(url: str) -> bool:
    """Open `url` in the browser; whether a browser took it.

    Only https, and http to this very machine, is opened. The browser is the desktop's, or what the variable
    BROWSER names; where there is no desktop, none in the terminal is started in its place. Raises
    MalformedInput for any other address.
    """
    origin_of(url)
    if not _has_desktop() and not os.environ.get("BROWSER"):
        return False
    import webbrowser

    return webbrowser.open(url)


def _has_desktop() -> bool:
    """Whether a window can be shown; macOS and Windows always say so."""
    if sys.platform in ("darwin", "win32"):
        return True
    return bool(os.environ.get("DISPLAY") or os.environ.get("WAYLAND_DISPLAY"))
