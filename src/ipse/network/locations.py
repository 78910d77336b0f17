"""An https URL taken apart strictly, and where a redirect leads."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Final
from urllib.parse import urljoin

from ipse.network.errors import RedirectRefused, RedirectToHttp, UrlRefused

__all__ = ["Location", "parse", "redirected", "shown"]

_LABEL: Final = r"[A-Za-z0-9_](?:[A-Za-z0-9_-]{0,61}[A-Za-z0-9_])?"
_CHARACTER: Final = r"[A-Za-z0-9._~!$&'()*+,;=:@%/-]"
_URL: Final = re.compile(
    rf"[Hh][Tt][Tt][Pp][Ss]://"
    rf"(?P<host>{_LABEL}(?:\.{_LABEL})*|\[[0-9A-Fa-f:.]+\])"
    rf"(?::(?P<port>[0-9]{{1,5}}))?"
    rf"(?P<path>/{_CHARACTER}*)?"
    rf"(?P<query>\?(?:{_CHARACTER}|\?)*)?"
    rf"(?:\#(?:{_CHARACTER}|\?)*)?"
)
_ASCII: Final = re.compile(r"[ -~]+")
_DEFAULT_PORT: Final = 443
_MAX_LENGTH: Final = 4096
_MAX_PORT: Final = 65535
_MAX_HOST: Final = 253


@dataclass(frozen=True, slots=True)
class Location:
    """Where a request goes: `host` (lower case, an IPv6 address without brackets), `port`, `target`."""

    host: str
    port: int
    target: str

    @property
    def authority(self) -> str:
        """The host as a URL and the Host header write it, with the port unless it is 443."""
        host = f"[{self.host}]" if ":" in self.host else self.host
        return host if self.port == _DEFAULT_PORT else f"{host}:{self.port}"

    @property
    def url(self) -> str:
        """The https URL, without a fragment."""
        return f"https://{self.authority}{self.target}"


def shown(text: str) -> str:
    """`text` as an error quotes it: short, and nothing in it that a terminal would obey."""
    return ascii(text[:120])


def parse(url: str) -> Location:
    """Where `url` points; a fragment is dropped, as it never goes to a server.

    Raises UrlRefused: another scheme, a user name, an impossible port, a character that no URL holds.
    """
    found = _URL.fullmatch(url) if len(url) <= _MAX_LENGTH else None
    if found is None or len(found["host"]) > _MAX_HOST:
        raise UrlRefused(f"{shown(url)} is not an https URL that is fetched")
    port = int(found["port"]) if found["port"] else _DEFAULT_PORT
    if not 1 <= port <= _MAX_PORT:
        raise UrlRefused(f"{shown(url)} names the port {port}; ports are 1 to {_MAX_PORT}")
    host = found["host"].strip("[]").lower()
    return Location(host, port, (found["path"] or "/") + (found["query"] or ""))


def redirected(location: Location, target: str | None) -> Location:
    """Where the Location header `target` of an answer from `location` leads.

    Raises RedirectToHttp where it leaves https, RedirectRefused for what is no URL.
    """
    if not target or not _ASCII.fullmatch(target):
        raise RedirectRefused(f"{location.url} redirects to no URL: {shown(target or '')}")
    try:
        joined = urljoin(location.url, target)
    except ValueError as error:
        raise RedirectRefused(f"{location.url} redirects to no URL: {shown(target)}") from error
    if not joined.lower().startswith("https:"):
        raise RedirectToHttp(f"{location.url} redirects away from https, to {shown(target)}")
    try:
        return parse(joined)
    except UrlRefused as error:
        raise RedirectRefused(f"{location.url} redirects to {error.message}") from error
