"""Who asks: the web origin of an application's address, and the party that an address or a DID stands for."""

from __future__ import annotations

import re
from ipaddress import IPv6Address
from typing import Final

from ipse.dids import did_web, resolver
from ipse.errors import MalformedInput, Undetermined

__all__ = ["origin_of", "party_of"]

_PARTY_METHODS: Final = frozenset({"key", "jwk"})
# Not urlsplit, which takes hosts that browsers refuse or read in another way: a backslash, %2e, text
# beside the brackets of an IPv6 address.
_LABEL: Final = r"[a-z0-9_-]{1,63}"
_ADDRESS: Final = re.compile(
    rf"(?P<scheme>https?)://(?P<host>\[[0-9a-f:.]+\]|{_LABEL}(?:\.{_LABEL})*)"
    r"(?::(?P<port>[0-9]{0,5}))?(?:[/?#][\x21-\x7e]*)?",
    re.ASCII | re.IGNORECASE,
)
_PORTS: Final = {"https": 443, "http": 80}
_LOOPBACK: Final = frozenset({"localhost", "127.0.0.1", "[::1]"})


def origin_of(address: str) -> str:
    """The web origin of an application's address: https://shop.example, with a port where not 443.

    Plain http is taken for the machine's own loopback address alone. Raises MalformedInput.
    """
    match = _ADDRESS.fullmatch(address)
    scheme = match["scheme"].lower() if match else ""
    host = _host(match["host"].lower()) if match else ""
    port = int(match["port"] or _PORTS[scheme]) if match else 0
    if not host or not (scheme == "https" or host in _LOOPBACK) or not 0 < port < 65536:
        raise MalformedInput(
            f"{address[:100]!r} is not the address of an application",
            hint="write it like https://shop.example (http only for localhost)",
        )
    return f"{scheme}://{host}" + (f":{port}" if port != _PORTS[scheme] else "")


def _host(spelled: str) -> str:
    """The one spelling of a host, empty where there can't be such a host."""
    if not spelled.startswith("["):
        return spelled if len(spelled) <= 253 else ""
    try:
        return f"[{IPv6Address(spelled[1:-1])}]"
    except ValueError:
        return ""


def party_of(name: str) -> str:
    """The party that an application's address or DID stands for.

    For an address its web origin, for a did:web the origin of its domain, for a did:key or did:jwk that
    DID itself. Raises MalformedInput, Undetermined for the other DID methods.
    """
    if not name.startswith("did:"):
        return origin_of(name)
    method = resolver.method_of(name)
    if method == "web":
        origin = origin_of(did_web.publish_url(name))
        domain, _, path = name.removeprefix(did_web.PREFIX).partition(":")
        # Below a path may publish whom the origin lets: a tenant, who does not speak for all of it.
        return f"{did_web.PREFIX}{domain.lower()}:{path}" if path else origin
    if method not in _PARTY_METHODS:
        raise Undetermined(
            f"a did:{method[:40]} can't be an application",
            hint="applications sign with a did:web, did:key or did:jwk",
        )
    resolver.resolve(name)  # which checks that it is one, in its one spelling
    return name
