"""Opening an address in the owner's browser, once, and only an address that is safe to open."""

from __future__ import annotations

from ipse.protocols.parties import origin_of

__all__ = ["open_once"]


def open_once(url: str) -> bool:
    """Open `url` in the browser; whether a browser took it.

    Only https, and http to this very machine, is opened. The browser is the desktop's, or what the variable
    BROWSER names. Raises MalformedInput for any other address.
    """
    import webbrowser

    origin_of(url)
    return webbrowser.open(url)
