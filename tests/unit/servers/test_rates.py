"""Token buckets: a burst at once, a rate over time, bounded memory."""

from __future__ import annotations

from ipse.servers.http.rates import _MAX_PEERS, Rate, RateLimiter

PLENTY = Rate(1e9, 10**9)


class _Clock:
    now = 0.0

    def __call__(self) -> float:
        return self.now


def test_a_burst_then_the_rate() -> None:
    clock = _Clock()
    limiter = RateLimiter(Rate(2, 3), PLENTY, clock)
    assert [limiter.wait("192.0.2.1") for _ in range(4)] == [0, 0, 0, 1]
    clock.now += 0.5
    assert [limiter.wait("192.0.2.1") for _ in range(2)] == [0, 1]
    clock.now += 3600
    assert [limiter.wait("192.0.2.1") for _ in range(4)] == [0, 0, 0, 1]


def test_all_together_are_bounded_and_a_refused_one_takes_nothing() -> None:
    clock = _Clock()
    limiter = RateLimiter(Rate(1, 1), Rate(0.1, 2), clock)
    assert limiter.wait("192.0.2.1") == 0
    assert limiter.wait("192.0.2.2") == 0
    assert limiter.wait("192.0.2.3") >= 10


def test_an_ipv6_network_is_one_peer_and_a_mapped_address_its_ipv4() -> None:
    limiter = RateLimiter(Rate(0.1, 1), PLENTY, _Clock())
    assert limiter.wait("2001:db8::1") == 0
    assert limiter.wait("2001:db8::ffff:2") > 0
    assert limiter.wait("2001:db8:0:1::1") == 0
    assert limiter.wait("::ffff:192.0.2.1") == 0
    assert limiter.wait("192.0.2.1") > 0


def test_addresses_are_forgotten_in_the_order_in_which_they_asked() -> None:
    limiter = RateLimiter(Rate(0.001, 1), PLENTY, _Clock())
    for number in range(_MAX_PEERS + 1):
        limiter.wait(f"10.{number >> 16}.{number >> 8 & 255}.{number & 255}")
    assert len(limiter._peers) == _MAX_PEERS
    assert limiter.wait("10.0.0.0") == 0
    assert limiter.wait("10.0.0.9") > 0
