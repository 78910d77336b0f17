"""An https URL is read strictly."""

from __future__ import annotations

import pytest

from ipse.network.errors import UrlRefused
from ipse.network.locations import Location, parse


@pytest.mark.parametrize(
    ("url", "location"),
    [
        ("https://example.com", Location("example.com", 443, "/")),
        ("HTTPS://Example.COM:8443/a/b?c=d#e", Location("example.com", 8443, "/a/b?c=d")),
        ("https://example.com?q", Location("example.com", 443, "/?q")),
        ("https://xn--bcher-kva.example/%C3%BC", Location("xn--bcher-kva.example", 443, "/%C3%BC")),
        ("https://[2606:4700::1111]:1/", Location("2606:4700::1111", 1, "/")),
        ("https://1.1.1.1:65535/", Location("1.1.1.1", 65535, "/")),
    ],
)
def test_a_url_is_taken_apart(url: str, location: Location) -> None:
    assert parse(url) == location
    assert parse(location.url) == location


@pytest.mark.parametrize(
    "url",
    [
        "", "https:", "https://", "https:///a", "//example.com", "example.com", "http://example.com",
        "ftp://example.com", "file:///etc/passwd", "https:/example.com", "https://a@example.com",
        "https://a:b@example.com", "https://example.com@evil.example", "https://example.com:", "https://a:0/",
        "https://a:65536/", "https://a:-1/", "https://a:8o/", "https://a..b/", "https://.a/", "https://a./",
        "https://-a/", "https://a b/", "https://a/b c", "https://a/\r\nHost: b", "https://a/\n", "https://a\n/",
        "https://b\u00fccher.example/", "https://a/\u00fc", "https://a\\@b/", "https://a/\\b", "https://a/<b>",
        "https://[::1", "https://[fe80::1%25eth0]/", "https://" + "a" * 64 + ".example/",
        "https://" + "a." * 127 + "aa/", "https://a/" + "b" * 5000, "https://a#b\x00", " https://a/",
    ],
)  # fmt: skip
def test_what_is_no_plain_https_url_is_refused(url: str) -> None:
    with pytest.raises(UrlRefused) as caught:
        parse(url)
    assert len(caught.value.message) < 250
    assert caught.value.message.isprintable()
