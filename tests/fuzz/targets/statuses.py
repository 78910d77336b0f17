"""Status: where a credential says it is published, and lists as they are published."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import timedelta
from typing import Any, Final

from ipse.credentials import model
from ipse.credentials.model import vcdm11
from ipse.credentials.report import Rejected
from ipse.credentials.status import (
    Authority,
    Listed,
    Published,
    StatusEntry,
    bitstring,
    check,
    entries_of,
    media_type_of,
    status_list_cwt,
    token_status_list,
)
from ipse.credentials.status.bitstring import ENTRY_TYPE
from ipse.credentials.status.entries import STATUS_LIST
from ipse.encoding import base64url, strict_json
from ipse.errors import IpseError, MalformedInput
from tests.corpus.building import ISSUER, NOW
from tests.fuzz.material import ALL_KEYS_FIT, good, good_objects, open_json, published_lists
from tests.fuzz.target import Target, as_bytes

__all__ = ["TARGETS"]

_W3C: Final = StatusEntry(ENTRY_TYPE, "https://issuer.example/status/w3c-good", 3, "revocation")
_TOKEN: Final = StatusEntry(STATUS_LIST, "https://issuer.example/status/token-good", 3)


def _entries(data: bytes) -> None:
    for entry in entries_of(strict_json.parse_object(data)):
        assert isinstance(entry.mechanism, str)
        assert not isinstance(entry, StatusEntry) or entry.place


def _bitstring(data: bytes) -> None:
    if not data.startswith(b"{"):
        bitstring.decode(data.decode("utf-8", "surrogateescape"))
        return
    read = bitstring.read(_conforming(strict_json.parse_object(data)))
    assert read.status(3, 1) in (0, 1)


def _list(data: bytes) -> None:
    """A list as it came from its URL, with keys that every signature fits."""
    authority = Authority(ISSUER.did, _listed, lambda *_: ALL_KEYS_FIT, NOW, timedelta(seconds=60))
    media_type_of(data)
    for entry in (_W3C, _TOKEN):
        try:
            check(entry, Published(entry.url, data, NOW), authority)
        except (IpseError, Rejected):
            continue


def _listed(secured: dict[str, Any] | str) -> Listed:
    document = open_json(secured.encode("utf-8")) if isinstance(secured, str) else secured
    return Listed(_conforming(document), ISSUER.did)


def _conforming(document: dict[str, Any]) -> dict[str, Any]:
    """`document`, after the rules that are checked before a list is read."""
    broken = vcdm11.check_data_model(document) if vcdm11.is_vcdm11(document) else model.violations(document)
    if broken:
        raise MalformedInput("breaks the data model")
    return document


def _token(data: bytes) -> None:
    if data.startswith(b"{"):
        read = token_status_list.from_claims(strict_json.parse_object(data))
    else:
        cwt = status_list_cwt.read(data)
        status_list_cwt.names_of(cwt.claims)
        read = status_list_cwt.from_claims(cwt.claims)
    assert read.status(0) < 256


def _cwts() -> Iterable[bytes]:
    import cbor2

    packed = token_status_list.pack(bytes([0, 1, 2, 3] * 8), 2)
    made = token_status_list.build_claims(
        uri=_TOKEN.url, packed=packed, bits=2, issued=NOW, issuer=ISSUER.did
    )
    lst = base64url.decode(made["status_list"]["lst"])
    claims = {
        1: ISSUER.did,
        2: _TOKEN.url,
        4: made["iat"] + 9,
        6: made["iat"],
        65533: {"bits": 2, "lst": lst},
        65534: 60,
    }
    protected = cbor2.dumps({1: -8, 16: status_list_cwt.CWT_TYPE})
    for prefix in (b"", b"\xd2", b"\xd8\x3d\xd2"):
        yield prefix + cbor2.dumps([protected, {4: ISSUER.method.encode()}, cbor2.dumps(claims), b"s" * 64])
    yield as_bytes(made)


def _bitstrings() -> Iterable[bytes]:
    yield bitstring.encode(bytes(16384)).encode()
    yield from published_lists("w3c")


def _lists() -> Iterable[bytes]:
    yield from published_lists("w3c")
    yield from published_lists("token")
    yield from list(_cwts())[:3]


TARGETS: Final = (
    Target(
        "status-entries",
        _entries,
        lambda: [
            *good_objects(),
            *(as_bytes(open_json(one.split(b"~")[0])) for one in good("sd-jwt-status")[:1]),
        ],
        5,
    ),
    Target("bitstring", _bitstring, _bitstrings, 2),
    Target("token-status-list", _token, _cwts, 4, 4096),
    Target("status-list", _list, _lists, 3),
)
