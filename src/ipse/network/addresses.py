"""Which IP addresses are on the public internet, and so may be connected to.

An allow-list for IPv6 (global unicast, and NAT64 of public IPv4), because more and more special ranges
are carved out of the rest. Source: the IANA special-purpose address registries (RFC 6890).
"""

from __future__ import annotations

import ipaddress
from typing import Final

__all__ = ["is_loopback", "is_public"]

_IPV6_GLOBAL_UNICAST: Final = ipaddress.IPv6Network("2000::/3")
_LOOPBACK_IPV6: Final = ipaddress.IPv6Address("::1")
_NAT64: Final = ipaddress.IPv6Network("64:ff9b::/96")
_NOT_PUBLIC_IPV4: Final = tuple(
    ipaddress.IPv4Network(network)
    for network in (
        "0.0.0.0/8",  # this network
        "100.64.0.0/10",  # carrier-grade NAT
        "192.0.0.0/24",  # IETF protocol assignments
        "192.88.99.0/24",  # 6to4 relays, RFC 7526
        "198.18.0.0/15",  # benchmarks
        "240.0.0.0/4",  # reserved, broadcast
    )
)
_NOT_PUBLIC_IPV6: Final = tuple(
    ipaddress.IPv6Network(network)
    for network in (
        "2001::/23",  # IETF protocol assignments, Teredo among them
        "2001:db8::/32",  # documentation
        "2002::/16",  # 6to4, which hides an IPv4 address
        "3fff::/20",  # documentation
    )
)


def is_public(address: str) -> bool:
    """Whether `address` is an IP address of the public internet; False for what is no address at all."""
    try:
        parsed = ipaddress.ip_address(address)
    except ValueError:
        return False
    if isinstance(parsed, ipaddress.IPv4Address):
        return _is_public_ipv4(parsed)
    if parsed in _NAT64:
        return _is_public_ipv4(ipaddress.IPv4Address(int(parsed) & 0xFFFFFFFF))
    return (
        parsed.scope_id is None
        and parsed in _IPV6_GLOBAL_UNICAST
        and parsed.is_global
        and not any(parsed in network for network in _NOT_PUBLIC_IPV6)
    )


def is_loopback(address: str) -> bool:
    """Whether `address` is one of this machine's own: 127.0.0.0/8 or ::1, in no disguise."""
    try:
        parsed = ipaddress.ip_address(address)
    except ValueError:
        return False
    return parsed.is_loopback if isinstance(parsed, ipaddress.IPv4Address) else parsed == _LOOPBACK_IPV6


def _is_public_ipv4(address: ipaddress.IPv4Address) -> bool:
    return (
        address.is_global
        and not address.is_multicast
        and not any(address in network for network in _NOT_PUBLIC_IPV4)
    )
