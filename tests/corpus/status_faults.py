"""Credentials that are right, on status lists that say otherwise or can't be relied on."""

from __future__ import annotations

import zlib
from collections.abc import Iterator
from typing import Any, Final

from ipse.credentials import model
from ipse.encoding import base64url
from tests.corpus.building import (
    CREATED,
    ISSUER,
    STRANGER,
    Fault,
    Good,
    Json,
    changed,
    credential,
    edited,
    jwt,
    w3c,
)
from tests.corpus.deflate import gzipped, zlibbed
from tests.corpus.sd_jwt_building import NOW_SECONDS, claims, sd_jwt

__all__ = ["BOMBS", "faults", "good", "published"]

_W3C: Final = "w3c-status"
_TOKEN: Final = "sd-jwt-status"
_SITE: Final = "https://issuer.example/status/"
_INDEX: Final = 94_567
_ENTRIES: Final = 131_072
_LONG: Final = 16 * 1024 * 1024 + 1
BOMBS: Final = ("w3c-bomb", "token-bomb")
"""Lists whose bytes hang on the zlib at hand."""


def _bits(*indices: int, entries: int = _ENTRIES) -> bytes:
    bits = bytearray(entries // 8)
    for index in indices:
        bits[index // 8] |= 0x80 >> index % 8
    return bytes(bits)


def _list(name: str, *, compressed: bytes | None = None, purpose: str = "revocation", **changes: Any) -> Json:
    """The unsigned credential of the W3C list called `name`."""
    url = f"{_SITE}{name}"
    packed = gzipped(_bits()) if compressed is None else compressed
    document: Json = {
        "@context": [model.CONTEXT],
        "id": url,
        "type": ["VerifiableCredential", "BitstringStatusListCredential"],
        "issuer": ISSUER.did,
        "validFrom": CREATED,
        "credentialSubject": {
            "id": f"{url}#list",
            "type": "BitstringStatusList",
            "statusPurpose": purpose,
            "encodedList": "u" + base64url.encode(packed),
        },
    }
    return changed(document, **changes)


def _w3c_lists() -> dict[str, Json | str]:
    """What is published, by the name of the fault."""
    good = _list("w3c-good")
    short = gzipped(_bits(entries=1024))
    bomb = zlib.compressobj(9, wbits=16 + zlib.MAX_WBITS)
    cut = gzipped(_bits())[:-9]
    return {
        "w3c-good": w3c(good),
        "w3c-revoked": w3c(_list("w3c-revoked", compressed=gzipped(_bits(_INDEX)))),
        "w3c-suspended": w3c(_list("w3c-suspended", compressed=gzipped(_bits(_INDEX)), purpose="suspension")),
        "w3c-of-another-issuer": w3c(_list("w3c-of-another-issuer", issuer=STRANGER.did), STRANGER),
        "w3c-signed-by-another": w3c(_list("w3c-signed-by-another"), STRANGER),
        "w3c-unsigned": _list("w3c-unsigned"),
        "w3c-signature-changed": edited(
            w3c(_list("w3c-signature-changed")), "proof", "created", to="2026-01-02T00:00:00Z"
        ),
        "w3c-made-to-authenticate": w3c(_list("w3c-made-to-authenticate"), proofPurpose="authentication"),
        "w3c-expired": w3c(_list("w3c-expired", validUntil="2026-07-01T11:58:59Z")),
        "w3c-not-valid-yet": w3c(_list("w3c-not-valid-yet", validFrom="2026-07-01T12:01:01Z")),
        "w3c-of-another-url": w3c(_list("w3c-good")),
        "w3c-of-another-purpose": w3c(_list("w3c-of-another-purpose", purpose="suspension")),
        "w3c-of-no-list": w3c(credential(id=f"{_SITE}w3c-of-no-list")),
        "w3c-with-a-status-of-its-own": w3c(
            _list("w3c-with-a-status-of-its-own", credentialStatus=_entry("w3c-good"))
        ),
        "w3c-too-short": w3c(_list("w3c-too-short", compressed=short)),
        "w3c-not-compressed": w3c(_list("w3c-not-compressed", compressed=_bits(entries=1024))),
        "w3c-cut-short": w3c(_list("w3c-cut-short", compressed=cut)),
        "w3c-bomb": w3c(_list("w3c-bomb", compressed=bomb.compress(bytes(_LONG)) + bomb.flush())),
        "w3c-not-json": "status: good",
    }


def _token_list(
    name: str,
    *,
    lst: bytes | None = None,
    bits: Any = 2,
    by: Any = ISSUER,
    header: Any = None,
    **changes: Any,
) -> str:
    """The status list token called `name`; the entry of the credential is 0."""
    packed = zlibbed(bytes(64)) if lst is None else lst
    payload = changed(
        {
            "sub": f"{_SITE}{name}",
            "iat": NOW_SECONDS - 60,
            "exp": NOW_SECONDS + 3600,
            "status_list": {"bits": bits, "lst": base64url.encode(packed)},
        },
        **changes,
    )
    return jwt(payload, by, **{"typ": "statuslist+jwt", **(header or {})})


def _token_lists() -> dict[str, Json | str]:
    def holding(value: int) -> bytes:
        return zlibbed(bytes([value]) + bytes(63))

    return {
        "token-good": _token_list("token-good"),
        "token-revoked": _token_list("token-revoked", lst=holding(1)),
        "token-suspended": _token_list("token-suspended", lst=holding(2)),
        "token-of-an-application": _token_list("token-of-an-application", lst=holding(3)),
        "token-signed-by-another": _token_list(
            "token-signed-by-another", by=STRANGER, header={"kid": ISSUER.method}
        ),
        "token-of-another-issuer": _token_list("token-of-another-issuer", by=STRANGER),
        "token-expired": _token_list("token-expired", exp=NOW_SECONDS - 61),
        "token-of-another-url": _token_list("token-good"),
        "token-typ-jwt": _token_list("token-typ-jwt", header={"typ": "JWT"}),
        "token-without-date": _token_list("token-without-date", iat=...),
        "token-bits-of-three": _token_list("token-bits-of-three", bits=3),
        "token-with-a-status-of-its-own": _token_list(
            "token-with-a-status-of-its-own", status={"status_list": {"idx": 0, "uri": _SITE}}
        ),
        "token-not-compressed": _token_list("token-not-compressed", lst=bytes(64)),
        "token-bomb": _token_list("token-bomb", lst=zlib.compress(bytes(_LONG), 9)),
    }


def published() -> dict[str, Json | str]:
    """What is published, by URL."""
    return {f"{_SITE}{name}": content for name, content in {**_w3c_lists(), **_token_lists()}.items()}


def _entry(name: str, **changes: Any) -> Json:
    members: Json = {
        "id": f"{_SITE}{name}#{_INDEX}",
        "type": "BitstringStatusListEntry",
        "statusPurpose": "revocation",
        "statusListIndex": str(_INDEX),
        "statusListCredential": f"{_SITE}{name}",
    }
    return changed(members, **changes)


def _with_status(*entries: Json) -> Json:
    return w3c(credential(credentialStatus=list(entries) if len(entries) > 1 else entries[0]))


def _with_token(name: str, **changes: Any) -> str:
    reference = changed({"idx": 0, "uri": f"{_SITE}{name}"}, **changes)
    return sd_jwt(claims(status={"status_list": reference}))


def good() -> Iterator[Good]:
    """Credentials that are neither revoked nor suspended."""
    yield Good(_W3C, _with_status(_entry("w3c-good")))
    yield Good(_TOKEN, _with_token("token-good"))


def faults() -> Iterator[Fault]:
    """One credential for each fault of a list, or of the entry that points there."""
    for name in _w3c_lists():
        fault = name.removeprefix("w3c-")
        if fault != "good":
            purpose = "suspension" if fault == "suspended" else "revocation"
            document = _with_status(_entry(name, statusPurpose=purpose))
            outcome = "failed" if fault in ("revoked", "suspended") else "undetermined"
            yield Fault(
                _W3C, f"list-{fault}" if outcome == "undetermined" else fault, document, "status", outcome
            )
    entries: dict[str, tuple[Json, str]] = {
        "index-out-of-range": ({"statusListIndex": str(_ENTRIES)}, "undetermined"),
        "index-negative": ({"statusListIndex": "-1"}, "failed"),
        "index-a-number": ({"statusListIndex": _INDEX}, "failed"),
        "purpose-missing": ({"statusPurpose": ...}, "failed"),
        "list-missing": ({"statusListCredential": ...}, "failed"),
        "size-too-large": ({"statusSize": 64}, "undetermined"),
        "id-of-the-list": ({"id": f"{_SITE}w3c-good"}, "failed"),
        "mechanism-unknown": ({"type": "RevocationList2020Status"}, "undetermined"),
    }
    for name, (changes, outcome) in entries.items():
        yield Fault(_W3C, name, _with_status(_entry("w3c-good", **changes)), "status", outcome)
    yield Fault(_W3C, "list-out-of-reach", _with_status(_entry("nowhere")), "status", "undetermined")
    both = _with_status(_entry("w3c-good"), _entry("w3c-suspended", statusPurpose="suspension"))
    yield Fault(_W3C, "second-status-suspended", both, "status")
    yield from _tokens()


def _tokens() -> Iterator[Fault]:
    for name in _token_lists():
        fault = name.removeprefix("token-")
        if fault != "good":
            outcome = "failed" if fault in ("revoked", "suspended") else "undetermined"
            yield Fault(
                _TOKEN,
                f"list-{fault}" if outcome == "undetermined" else fault,
                _with_token(name),
                "status",
                outcome,
            )
    references: dict[str, tuple[Json, str]] = {
        "index-out-of-range": ({"idx": 256}, "undetermined"),
        "index-negative": ({"idx": -1}, "failed"),
        "index-missing": ({"idx": ...}, "failed"),
        "uri-not-a-url": ({"uri": "list"}, "failed"),
    }
    for name, (changes, outcome) in references.items():
        yield Fault(_TOKEN, name, _with_token("token-good", **changes), "status", outcome)
    unknown = sd_jwt(claims(status={"identifier_list": {"id": "x"}}))
    yield Fault(_TOKEN, "mechanism-unknown", unknown, "status", "undetermined")
