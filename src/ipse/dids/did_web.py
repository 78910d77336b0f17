"""did:web: a DID whose document a web server publishes (W3C CCG did:web Method Specification).

Nothing here talks to the network: the document's address goes out, its bytes come in.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Final

from ipse.dids.document_shape import DocumentUnusable, checked
from ipse.dids.method import Creation, Details, Method, Publication
from ipse.dids.verification_methods import CONTEXT, KEY_AGREEMENT, SIGNING, multikey_method, refer, signs
from ipse.encoding import strict_json
from ipse.encoding.safe_text import is_printable
from ipse.encoding.strict_json import JsonObject
from ipse.errors import MalformedInput
from ipse.keys import key_types
from ipse.keys.key_types import AnyPublicKey, PublicKey

__all__ = ["MAX_BYTES", "METHOD", "PREFIX", "document", "from_domain", "publish_url", "read"]

PREFIX: Final = "did:web:"
MAX_BYTES: Final = 1024 * 1024

_LABEL: Final = r"[A-Za-z0-9](?:[A-Za-z0-9-]{0,61}[A-Za-z0-9])?"
_AUTHORITY: Final = re.compile(rf"(?P<host>{_LABEL}(?:\.{_LABEL})*)(?:%3[Aa](?P<port>[1-9][0-9]{{0,4}}))?")
_SEGMENT: Final = re.compile(r"(?:[A-Za-z0-9._-]|%[0-9A-Fa-f]{2})+")
_UNSAFE: Final = frozenset("/\\?#%")
_FRAGMENT: Final = re.compile(r"(?:[A-Za-z0-9._~!$&'()*+,;=:@/?-]|%[0-9A-Fa-f]{2})+")
_MAX_PORT: Final = 65535


def publish_url(did: str) -> str:
    """The https URL at which the document of `did` is published and read.

    An IP address is no host of a did:web, and no path segment may climb, hide a separator or be empty.
    Raises MalformedInput.
    """
    authority, *path = did.removeprefix(PREFIX).split(":")
    found = _AUTHORITY.fullmatch(authority)
    if not did.startswith(PREFIX) or found is None or len(found["host"]) > 253:
        raise _malformed(did, f"{authority[:80]!r} is no domain name with or without %3A and a port")
    if _numeric(found["host"].rpartition(".")[2]):
        raise _malformed(did, f"{found['host']} is an IP address, a domain name belongs there")
    port = found["port"]
    if port is not None and int(port) > _MAX_PORT:
        raise _malformed(did, f"{port} is no port")
    for segment in path:
        _check_segment(did, segment)
    place = "/".join(path) if path else ".well-known"
    return f"https://{found['host'].lower()}{f':{port}' if port else ''}/{place}/did.json"


def read(did: str, data: bytes) -> JsonObject:
    """The document of `did` from the bytes of its did.json, checked, ids written as whole DID URLs.

    Raises DocumentMismatch where it is the document of another DID, DocumentUnusable for what is no DID
    document; both are Undetermined, because they say nothing about the keys of `did`.
    """
    if len(data) > MAX_BYTES:
        raise DocumentUnusable(f"the document of {did[:100]} is larger than {MAX_BYTES} bytes")
    try:
        content = strict_json.parse_object(data, what=f"the document of {did[:100]}")
    except MalformedInput as error:
        raise DocumentUnusable(error.message) from error
    return checked(content, did)


def document(did: str, keys: Mapping[str, AnyPublicKey]) -> JsonObject:
    """The did.json to publish for `did`.

    `keys` maps the id of each verification method, a fragment ("key-1") or the whole DID URL, to its key.
    A key serves one purpose: X25519 for key agreement, every other type for signing. Raises
    MalformedInput.
    """
    publish_url(did)
    content: JsonObject = {"@context": [*CONTEXT], "id": did, "verificationMethod": []}
    seen: set[str] = set()
    for name, key in keys.items():
        fragment = name.removeprefix(did).removeprefix("#")
        if not _FRAGMENT.fullmatch(fragment) or fragment in seen:
            raise MalformedInput(f"{name[:100]!r} can't name a key of {did[:100]}, or names two")
        seen.add(fragment)
        method = f"{did}#{fragment}"
        content["verificationMethod"].append(multikey_method(method, did, key_types.to_multikey(key)))
        refer(content, method, SIGNING if signs(key.key_type) else [KEY_AGREEMENT])
    return content


def from_domain(address: str) -> str:
    """The did:web of `example.com`, `example.com:8443` or `example.com/path`. Raises MalformedInput."""
    host, *path = address.removesuffix("/").split("/")
    did = ":".join([PREFIX + host.lower().replace(":", "%3A"), *path])
    publish_url(did)
    return did


def _identify(_key: PublicKey, details: Details) -> str:
    assert details.domain is not None
    return from_domain(details.domain)


def _check_segment(did: str, segment: str) -> None:
    from urllib.parse import unquote

    plain = unquote(segment, errors="replace")
    if not _SEGMENT.fullmatch(segment) or plain in (".", ".."):
        raise _malformed(did, f"{segment[:80]!r} is no path segment")
    if _UNSAFE & set(plain) or not is_printable(plain):
        raise _malformed(did, f"the path segment {segment[:80]!r} hides a separator or a control character")


def _numeric(label: str) -> bool:
    """Whether a URL parser takes a host that ends in this label for an IPv4 address (WHATWG URL 3.5)."""
    return label.isdigit() or re.fullmatch(r"0[xX][0-9A-Fa-f]*", label) is not None


def _malformed(did: str, reason: str) -> MalformedInput:
    return MalformedInput(
        f"{did[:100]} is not a did:web: {reason}",
        hint="a did:web looks like did:web:example.com or did:web:example.com%3A8443:path",
    )


METHOD: Final = Method(
    publication=Publication(publish_url, read, document),
    creation=Creation(_identify, lambda did: f"{did}#key-1"),
)
