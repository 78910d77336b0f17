"""Who asks: the web origin of an application's address, and the party that an address or a DID stands for.

Budgets, grants, pairwise DIDs and the log go by the party, so one host must be one party. Browsers read an
IPv4 address in many spellings (WHATWG URL, host parsing); here a host has one, and the others are refused.
"""

from __future__ import annotations

import re
from ipaddress import IPv4Address, IPv6Address, IPv6Network
from typing import Final
from urllib.parse import quote, unquote

from ipse.dids import did_web, resolver
from ipse.errors import MalformedInput, Undetermined

__all__ = ["origin_of", "party_of"]

_PARTY_METHODS: Final = frozenset({"key", "jwk"})
_CERTIFIED: Final = ("x509:", "x509_hash:", "verifier_attestation:")
"""How the names of parties begin that a certificate or an attestation proves (openid4vp.addresses)."""
_CERTIFIED_NAME: Final = re.compile(r"[^\x00-\x1f\x7f-\x9f]{1,2048}")
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
_NUMBER: Final = re.compile(r"[0-9]+|0x[0-9a-f]*", re.ASCII)
"""A last label with which a host is an IPv4 address or nothing (WHATWG URL, ends-in-a-number checker)."""
_HOLD_IPV4: Final = tuple(
    IPv6Network(network)
    for network in (
        "::/96",  # IPv4-compatible, with :: and ::1
        "::ffff:0:0/96",  # IPv4-mapped
        "::ffff:0:0:0/96",  # IPv4-translated, RFC 2765
        "64:ff9b::/96",  # NAT64, RFC 6052
        "64:ff9b:1::/48",  # NAT64 in a network of one's own, RFC 8215
        "2001::/32",  # Teredo
        "2002::/16",  # 6to4
    )
)
"""IPv6 addresses that lead to an IPv4 host, which has an address of its own."""
_LOOPBACK_IPV6: Final = IPv6Address("::1")
_A_LABEL: Final = "xn--"


def origin_of(address: str) -> str:
    """The web origin of an application's address: https://shop.example, with a port where not 443.

    Plain http is taken for the machine's own loopback address alone. Raises MalformedInput, with the code
    `host-spelling` for another spelling of a host than its one.
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
    """The one spelling of a host, empty where there can't be such a host. Raises MalformedInput."""
    if spelled.startswith("["):
        return _ipv6(spelled)
    labels = spelled.split(".")
    if _NUMBER.fullmatch(labels[-1]):
        try:
            return str(IPv4Address(spelled))  # four decimal numbers without leading zeros
        except ValueError as error:
            raise _misspelled(spelled, "an IPv4 address is four decimal numbers, like 192.0.2.1") from error
    for label in labels:
        if label.startswith(_A_LABEL) and not _is_a_label(label):
            raise _misspelled(spelled, f"{label} is not what a name in another script is written as")
    return spelled if len(spelled) <= 253 else ""


def _ipv6(spelled: str) -> str:
    try:
        address = IPv6Address(spelled[1:-1])
    except ValueError:
        return ""
    if address != _LOOPBACK_IPV6 and any(address in network for network in _HOLD_IPV4):
        raise _misspelled(spelled, "it stands for an IPv4 address, which has a spelling of its own")
    return f"[{address}]"


def _is_a_label(label: str) -> bool:
    """Whether `label` is the one ASCII form of a label in another script (RFC 5890, section 2.3.2.1)."""
    import unicodedata

    try:
        text = label.removeprefix(_A_LABEL).encode("ascii").decode("punycode")
        again = text.encode("punycode").decode("ascii")
    except (UnicodeError, OverflowError):
        return False
    return (
        not text.isascii()
        and _A_LABEL + again == label
        and unicodedata.normalize("NFKC", text).lower() == text
    )


def _misspelled(host: str, reason: str) -> MalformedInput:
    return MalformedInput(
        f"{host[:100]!r} is not the one spelling of a host: {reason}",
        hint="write the address like https://shop.example or https://192.0.2.1",
        code="host-spelling",
    )


def party_of(name: str) -> str:
    """The party that an application's address or DID stands for.

    For an address its web origin, for a did:web the origin of its domain, for a did:key or did:jwk that
    DID itself; the name of a party that a certificate or an attestation proves stands for itself. Raises
    MalformedInput, Undetermined for the other DID methods.
    """
    if name.startswith(_CERTIFIED) and _CERTIFIED_NAME.fullmatch(name.partition(":")[2]):
        return name
    if not name.startswith("did:"):
        return origin_of(name)
    method = resolver.method_of(name)
    if method == "web":
        origin = origin_of(did_web.publish_url(name))
        _, _, path = name.removeprefix(did_web.PREFIX).partition(":")
        if not path:
            return origin
        if path != ":".join(quote(unquote(segment), safe="") for segment in path.split(":")):
            raise _misspelled(name, "its path escapes what needs no escape")
        # Below a path may publish whom the origin lets: a tenant, who does not speak for all of it.
        return f"{did_web.PREFIX}{origin.removeprefix('https://').replace(':', '%3a')}:{path}"
    if method not in _PARTY_METHODS:
        raise Undetermined(
            f"a did:{method[:40]} can't be an application",
            hint="applications sign with a did:web, did:key or did:jwk",
        )
    resolver.resolve(name)  # which checks that it is one, in its one spelling
    return name
