"""Token buckets: how often each address, and all of them together, may ask.

A bucket holds `burst` tokens at most and gets `rate` new ones a second; a request takes one.
"""

from __future__ import annotations

import ipaddress
from collections import OrderedDict
from collections.abc import Callable
from dataclasses import dataclass
from typing import Final

__all__ = ["Rate", "RateLimiter"]

_MAX_PEERS: Final = 10_000
"""Addresses that are remembered; the one that asked least recently is forgotten first."""
_NETWORK_V6: Final = 64
"""Bits of an IPv6 address that count: the rest is chosen freely by whoever has the network."""


@dataclass(frozen=True, slots=True)
class Rate:
    """Requests a second over time, and how many may come at once."""

    per_second: float
    burst: int


class RateLimiter:
    """Counts the requests of each address and of all. `clock` gives seconds that never go back."""

    def __init__(self, each: Rate, together: Rate, clock: Callable[[], float]) -> None:
        self._each = each
        self._together = together
        self._clock = clock
        self._all = (float(together.burst), clock())
        self._peers: OrderedDict[str, tuple[float, float]] = OrderedDict()

    def wait(self, peer: str) -> int:
        """Count a request of `peer`. Returns 0 where it may go on, else the seconds to wait, at least 1."""
        now, key = self._clock(), _network(peer)
        each = _refilled(self._peers.get(key, (float(self._each.burst), now)), self._each, now)
        together = _refilled(self._all, self._together, now)
        missing = max(_missing(each, self._each), _missing(together, self._together))
        if not missing:
            each, together = (each[0] - 1, now), (together[0] - 1, now)
        self._all = together
        self._peers[key] = each
        self._peers.move_to_end(key)
        if len(self._peers) > _MAX_PEERS:
            self._peers.popitem(last=False)
        return missing


def _refilled(bucket: tuple[float, float], rate: Rate, now: float) -> tuple[float, float]:
    tokens, since = bucket
    return min(float(rate.burst), tokens + (now - since) * rate.per_second), now


def _missing(bucket: tuple[float, float], rate: Rate) -> int:
    """Whole seconds until the bucket holds a token, 0 where it does."""
    tokens, _ = bucket
    return 0 if tokens >= 1 else 1 + int((1 - tokens) / rate.per_second)


def _network(peer: str) -> str:
    try:
        address = ipaddress.ip_address(peer)
    except ValueError:
        return peer
    if isinstance(address, ipaddress.IPv6Address):
        if address.ipv4_mapped:
            return str(address.ipv4_mapped)
        return str(ipaddress.ip_network((int(address), _NETWORK_V6), strict=False))
    return str(address)
