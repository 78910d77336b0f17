"""JSON, base64url, base58, varints, times, URLs."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Final

from ipse.credentials import signers
from ipse.credentials.model.rules import URL
from ipse.dids import did_web
from ipse.encoding import base64url, multibase, strict_json
from ipse.encoding.timestamps import format_timestamp, parse_timestamp
from ipse.errors import IpseError, MalformedInput
from ipse.network import locations
from ipse.protocols import openid4vp
from tests.fuzz.material import good_objects
from tests.fuzz.target import Target

__all__ = ["TARGETS"]


def _json(data: bytes) -> None:
    value = strict_json.parse(data)
    strict_json.pretty(value).encode()
    assert len(strict_json.excerpt(value)) <= 100
    try:
        made = strict_json.canonical(value)
    except MalformedInput:
        made = None
    assert made == _canonical_of_the_library(value), "two forms of one value"
    if made is not None:
        _reads_back(made)


def _canonical_of_the_library(value: object) -> bytes | None:
    import rfc8785

    try:
        return rfc8785.dumps(value)  # type: ignore[arg-type]
    except rfc8785.CanonicalizationError:
        return None


def _reads_back(made: bytes) -> None:
    try:
        again = strict_json.parse(made)
    except MalformedInput as error:
        if "2^53" not in error.message:  # a whole double beyond that is written as an integer
            raise AssertionError(error.message) from error
    else:
        assert strict_json.canonical(again) == made


def _base64url(data: bytes) -> None:
    assert base64url.decode(base64url.encode(data)) == data
    text = _text(data)
    assert base64url.encode(base64url.decode(text)) == text


def _multibase(data: bytes) -> None:
    text = _text(data)
    raw = multibase.decode_base58btc(text)
    assert multibase.encode_base58btc(raw) == text
    number, rest = multibase.decode_varint(raw)
    assert multibase.encode_varint(number) + rest == raw


def _timestamp(data: bytes) -> None:
    moment = parse_timestamp(_text(data))
    assert parse_timestamp(format_timestamp(moment)) == moment.replace(microsecond=0)


def _url(data: bytes) -> None:
    text = _text(data)
    URL.fullmatch(text)
    for read in (openid4vp.origin_of, did_web.publish_url, signers.metadata_url, _location):
        try:
            read(text)
        except IpseError:
            continue


def _location(text: str) -> None:
    place = locations.parse(text)
    assert locations.parse(place.url) == place
    locations.redirected(place, text)
    locations.redirected(locations.parse("https://a.example/b"), text)


def _text(data: bytes) -> str:
    return data.decode("utf-8", "surrogateescape")


def _texts(*texts: str) -> Iterable[bytes]:
    return [text.encode() for text in texts]


_NUMBERS: Final = (
    b'{"a":[1,-1.5,1e20,0.0,-0,9007199254740991,1E-7,5e-324,1.7976931348623157e308],'
    b'"\xc3\xa9":"\xf0\x9f\x98\x80"}'
)

TARGETS: Final = (
    Target(
        "strict-json",
        _json,
        lambda: [*good_objects()[:1], _NUMBERS, b'{"\\ud83d\\ude00":"\\u0000"}'],
        10,
        2048,
    ),
    Target("base64url", _base64url, lambda: _texts("AAAA", "Zm9v-_8", "eyJhIjoxfQ"), 6, 512),
    Target(
        "multibase",
        _multibase,
        lambda: _texts("z6MkukYtiUsYk67JUPCHNrFe65jkXipRbCHk2krYn2fgf9Hq", "z111"),
        6,
        512,
    ),
    Target(
        "timestamps",
        _timestamp,
        lambda: _texts(
            "2026-01-31T12:00:00Z", "0001-01-01T00:00:00.123456789+14:00", "9999-12-31T23:59:59-13:59"
        ),
        5,
        128,
    ),
    Target(
        "urls",
        _url,
        lambda: _texts(
            "https://issuer.example:8443/a%20b/c?d=e#f",
            "https://[2001:db8::1]:443/",
            "did:web:issuer.example%3A8443:a:b",
            "http://127.0.0.1:80",
            "HTTPS://a.b:1/?",
        ),
        6,
        512,
    ),
)
