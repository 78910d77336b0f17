"""The addresses of the server as wallets and browsers see them."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Final
from urllib.parse import quote, urlsplit

from ipse.encoding.safe_text import is_visible_ascii
from ipse.errors import UsageError

__all__ = ["DONE", "REQUEST", "RESPONSE", "SCHEMES", "Addresses", "check_origin", "page_of"]

REQUEST: Final = "/request/"
RESPONSE: Final = "/response/"
DONE: Final = "/done"
SCHEMES: Final = ("openid4vp", "haip-vp", "eu-eaap")
"""URL schemes that wallets listen to."""
_PATH: Final = re.compile(r"(/[A-Za-z0-9._~-]+)*")


@dataclass(frozen=True, slots=True)
class Addresses:
    """`public_url` is where wallets find the server: https, a host, perhaps a path, nothing else.

    Raises UsageError for anything else.
    """

    public_url: str

    def __post_init__(self) -> None:
        url = self.public_url.rstrip("/")
        object.__setattr__(self, "public_url", url)
        try:
            parts = urlsplit(url)
            host, _ = parts.hostname, parts.port
        except ValueError:
            host, parts = None, urlsplit("")
        plain = parts.scheme == "https" and host and not (parts.query or parts.fragment or parts.username)
        if not plain or not _PATH.fullmatch(parts.path) or "/.." in parts.path or "/./" in parts.path + "/":
            raise UsageError(
                f"{url[:100]!r} is not an https URL of a server",
                hint="--public-url https://verifier.example",
            )

    @property
    def host(self) -> str:
        """What a Host header says of it, in lower case."""
        return urlsplit(self.public_url).netloc.lower()

    @property
    def name(self) -> str:
        """Its DNS name or IP address, in lower case."""
        return urlsplit(self.public_url).hostname or ""

    @property
    def path(self) -> str:
        """What all paths of the server begin with, empty for a server of its own host."""
        return urlsplit(self.public_url).path

    def request_uri(self, request_id: str) -> str:
        """Where the wallet fetches a request object."""
        return f"{self.public_url}{REQUEST}{request_id}"

    def response_uri(self, request_id: str) -> str:
        """Where the wallet sends its answer."""
        return f"{self.public_url}{RESPONSE}{request_id}"

    @property
    def done(self) -> str:
        """The page that the owner's browser is sent to where the application has none."""
        return f"{self.public_url}{DONE}"

    def link(self, scheme: str, client_id: str, request_id: str, *, method: str) -> str:
        """The link that opens a wallet with a request by reference (OpenID4VP 1.0 section 5, RFC 9101)."""
        given = {"client_id": client_id, "request_uri": self.request_uri(request_id)}
        if method != "get":
            given["request_uri_method"] = method
        return f"{scheme}://?" + "&".join(f"{name}={quote(value, safe='')}" for name, value in given.items())


def page_of(url: str) -> str | None:
    """The origin of a page that a browser can be sent to with a fragment added; None for no such page."""
    if not is_visible_ascii(url) or "#" in url:
        return None
    try:
        parts = urlsplit(url)
        return check_origin(f"{parts.scheme}://{parts.netloc}")
    except (ValueError, UsageError):
        return None


def check_origin(text: str) -> str:
    """A web origin as browsers write it (RFC 6454 section 6.2). Raises UsageError."""
    try:
        parts = urlsplit(text)
        port = parts.port
    except ValueError:
        parts, port = urlsplit(""), None
    loopback = parts.hostname in ("localhost", "127.0.0.1", "::1")
    default = {"https": 443, "http": 80}.get(parts.scheme)
    host = f"[{parts.hostname}]" if ":" in (parts.hostname or "") else parts.hostname
    written = f"{parts.scheme}://{host}" + (f":{port}" if port not in (None, default) else "")
    if text != written or not (parts.scheme == "https" or (parts.scheme == "http" and loopback)):
        raise UsageError(
            f"{text[:100]!r} is not the origin of a page", hint="write it like https://shop.example"
        )
    return text
