"""Which addresses are on the public internet."""

from __future__ import annotations

import pytest

from ipse.network.addresses import is_loopback, is_public


@pytest.mark.parametrize(
    "address",
    [
        "1.1.1.1",
        "8.8.8.8",
        "172.32.0.1",
        "100.128.0.1",
        "2606:4700:4700::1111",
        "2a00::1",
        "64:ff9b::808:808",
    ],
)
def test_an_address_of_the_public_internet_is_public(address: str) -> None:
    assert is_public(address)


@pytest.mark.parametrize(
    "address",
    [
        "0.0.0.0", "0.1.2.3", "10.0.0.1", "100.64.0.1", "100.127.255.255", "127.0.0.1", "127.255.255.254",
        "169.254.169.254", "172.16.0.1", "172.31.255.255", "192.0.0.8", "192.0.0.9", "192.0.2.1",
        "192.88.99.1", "192.168.1.1", "198.18.0.1", "198.51.100.1", "203.0.113.1", "224.0.0.1",
        "239.255.255.255", "240.0.0.1", "255.255.255.255",
    ],
)  # fmt: skip
def test_a_special_ipv4_address_is_not_public_in_any_disguise(address: str) -> None:
    a, b, c, d = (int(part) for part in address.split("."))
    words = f"{a << 8 | b:x}:{c << 8 | d:x}"
    assert not is_public(address)
    for disguise in (f"::ffff:{address}", f"::{address}", f"64:ff9b::{words}", f"2002:{words}::1"):
        assert not is_public(disguise), disguise


@pytest.mark.parametrize(
    "address",
    [
        "::", "::1", "::2", "::ffff:8.8.8.8", "::8.8.8.8", "64:ff9b:1::808:808", "100::1", "2001::1",
        "2001:0:4136:e378:8000:63bf:3fff:fdd2", "2001:db8::1", "2001:20::1", "2002:808:808::1", "3fff::1",
        "5f00::1", "fc00::1", "fd12:3456::1", "fe80::1", "fe80::1%eth0", "fec0::1", "ff02::1", "ff0e::1",
        "2606:4700::1%eth0",
    ],
)  # fmt: skip
def test_a_special_ipv6_address_is_not_public(address: str) -> None:
    assert not is_public(address)


@pytest.mark.parametrize(
    "text", ["", "localhost", "1.2.3", "1.2.3.4.5", "01.1.1.1", "0x1.1.1.1", "1", "::g", " ::1"]
)
def test_what_is_no_address_is_not_public(text: str) -> None:
    assert not is_public(text)
    assert not is_loopback(text)


def test_loopback_is_this_machine_by_its_plain_names() -> None:
    assert is_loopback("127.0.0.1")
    assert is_loopback("127.9.9.9")
    assert is_loopback("::1")
    for other in ("::ffff:127.0.0.1", "0.0.0.0", "::", "10.0.0.1", "169.254.0.1", "64:ff9b::7f00:1"):
        assert not is_loopback(other)
