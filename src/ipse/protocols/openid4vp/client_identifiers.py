"""Client identifiers: the name of the one who asks, and the prefix that says how the name is proved.

A wallet reads the text before the first colon as the prefix (OpenID4VP 1.0 section 5.9.1). Where there is
none, or one that is not supported, the client would have to be registered with the wallet beforehand
(section 5.9.2). This wallet registers nobody, so it refuses them.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Final

from ipse.dids import resolver
from ipse.encoding import base64url
from ipse.encoding.strict_json import Json, excerpt
from ipse.errors import MalformedInput, Undetermined
from ipse.protocols.parties import origin_of

__all__ = [
    "CERTIFICATE_PREFIXES",
    "PREFIXES",
    "SIGNED_PREFIXES",
    "ClientIdentifier",
    "parse_client_id",
]

REDIRECT_URI: Final = "redirect_uri"
DID: Final = "decentralized_identifier"
X509_SAN_DNS: Final = "x509_san_dns"
X509_HASH: Final = "x509_hash"
ATTESTATION: Final = "verifier_attestation"
ATTESTATION_HEADER: Final = "jwt"
"""The header member of a request that holds the verifier attestation (section 12)."""

CERTIFICATE_PREFIXES: Final = (X509_SAN_DNS, X509_HASH)
SIGNED_PREFIXES: Final = (DID, *CERTIFICATE_PREFIXES, ATTESTATION)
"""With these, only a signed request is accepted (section 5.9.3)."""
PREFIXES: Final = (REDIRECT_URI, *SIGNED_PREFIXES)
"""The prefixes that the wallet supports."""

_MAX_LENGTH: Final = 2048
_SHA256_LENGTH: Final = 32
_VISIBLE: Final = re.compile(r"[\x21-\x7e]+")
_DNS_NAME: Final = re.compile(
    r"(?:[a-z0-9](?:[a-z0-9-]{0,61}[a-z0-9])?\.)*[a-z0-9](?:[a-z0-9-]{0,61}[a-z0-9])?"
)


@dataclass(frozen=True, slots=True)
class ClientIdentifier:
    """A client identifier: `text` is all of it, `name` what follows the `prefix` and its colon.

    The `text` names the client everywhere, the audience of an answer included (section 14.8).
    """

    text: str
    prefix: str
    name: str


def parse_client_id(text: Json) -> ClientIdentifier:
    """The client identifier that `text` spells, with one of PREFIXES.

    Raises MalformedInput where the name does not fit its prefix and for the reserved prefix `origin`, and
    Undetermined for a client identifier without a prefix or with one that is not supported.
    """
    if not isinstance(text, str) or not text:
        raise MalformedInput(f"the client_id is {excerpt(text)}, a text is expected")
    if len(text) > _MAX_LENGTH or not _VISIBLE.fullmatch(text):
        raise MalformedInput(
            f"the client_id {excerpt(text)} is not at most {_MAX_LENGTH} visible ASCII characters"
        )
    prefix, colon, name = text.partition(":")
    if not colon:
        raise Undetermined(
            f"the client_id {excerpt(text)} has no prefix: it names a client that is registered beforehand",
            hint="no verifier is registered with this wallet; ask for a client_id with a prefix: "
            + ", ".join(PREFIXES),
        )
    if prefix == "origin":
        raise MalformedInput("the client_id prefix origin is reserved, and no request may have it")
    if prefix not in PREFIXES:
        raise Undetermined(
            f"the client_id prefix {excerpt(prefix)} is not supported",
            hint=f"ipse reads {', '.join(PREFIXES)}",
        )
    _check_name(prefix, name)
    return ClientIdentifier(text, prefix, name)


def _check_name(prefix: str, name: str) -> None:
    """Raise MalformedInput unless `name` is what its prefix asks for (section 5.9.3)."""
    if prefix == REDIRECT_URI:
        origin_of(name)
    elif prefix == DID:
        resolver.check_did(name)
    elif prefix == X509_SAN_DNS and (len(name) > 253 or not _DNS_NAME.fullmatch(name.lower())):
        raise MalformedInput(f"the client_id names {excerpt(name)}, which is not a DNS name")
    elif prefix == X509_HASH and not _is_sha256(name):
        raise MalformedInput(f"the client_id names {excerpt(name)}, which is not a SHA-256 hash in base64url")
    elif not name:
        raise MalformedInput("the client_id names nobody after its prefix")


def _is_sha256(name: str) -> bool:
    try:
        return len(base64url.decode(name)) == _SHA256_LENGTH
    except MalformedInput:
        return False
