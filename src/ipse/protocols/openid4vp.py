"""OpenID4VP 1.0 authorization requests, as far as they do not depend on what is asked for.

A request here is the JSON of a request object, unsigned, with the client identifier prefix
`redirect_uri` (section 5.9.3): nothing vouches for who sent it, but the answer is bound to that address.
"""

from __future__ import annotations

import hashlib
import re
from dataclasses import dataclass
from datetime import UTC, datetime
from ipaddress import IPv6Address
from typing import Final

from ipse.encoding import base64url, strict_json
from ipse.encoding.strict_json import JsonObject, excerpt
from ipse.errors import MalformedInput, Undetermined
from ipse.protocols import dcql
from ipse.protocols.dcql import CredentialQuery

__all__ = ["AuthorizationRequest", "TransactionData", "build_request", "origin_of", "parse_request"]

_PREFIX: Final = "redirect_uri:"
_NONCE: Final = re.compile(r"[A-Za-z0-9._~-]{16,256}")
# Not urlsplit, which takes hosts that browsers refuse or read in another way: a backslash, %2e, text
# beside the brackets of an IPv6 address.
_LABEL: Final = r"[a-z0-9_-]{1,63}"
_ADDRESS: Final = re.compile(
    rf"(?P<scheme>https?)://(?P<host>\[[0-9a-f:.]+\]|{_LABEL}(?:\.{_LABEL})*\.?)"
    r"(?::(?P<port>[0-9]{0,5}))?(?:[/?#][\x21-\x7e]*)?",
    re.ASCII | re.IGNORECASE,
)
_PORTS: Final = {"https": 443, "http": 80}
_LOOPBACK: Final = frozenset({"localhost", "127.0.0.1", "[::1]"})
_MAX_LIFETIME: Final = 31 * 24 * 3600
"""Seconds that a request may live at the most."""


@dataclass(frozen=True, slots=True)
class TransactionData:
    """One entry of `transaction_data`: the object, and the string that it travels as and is hashed as."""

    content: JsonObject
    encoded: str

    @property
    def digest(self) -> str:
        """Base64url SHA-256 over the string, what the key binding repeats (Appendix B.3.3)."""
        return base64url.encode(hashlib.sha256(self.encoded.encode()).digest())


@dataclass(frozen=True, slots=True)
class AuthorizationRequest:
    """A request. `client_id` is the audience of the answer, `origin` the application's web origin."""

    client_id: str
    origin: str
    nonce: str
    issued: datetime
    expires: datetime
    credentials: tuple[CredentialQuery, ...]
    transaction_data: tuple[TransactionData, ...]
    digest: str


def origin_of(address: str) -> str:
    """The web origin of an application's address: https://shop.example, with a port where not 443.

    Plain http is taken for the machine's own loopback address alone. Raises MalformedInput.
    """
    match = _ADDRESS.fullmatch(address)
    scheme = match["scheme"].lower() if match else ""
    host = _host(match["host"].lower()) if match else ""
    port = int(match["port"] or _PORTS[scheme]) if match else 0
    if not host or not (scheme == "https" or host in _LOOPBACK) or not 0 < port < 65536:
        raise MalformedInput(
            f"{address[:100]!r} is not the address of an application",
            hint="write it like https://shop.example (http only for localhost)",
        )
    return f"{scheme}://{host}" + (f":{port}" if port != _PORTS[scheme] else "")


def _host(spelled: str) -> str:
    """The one spelling of a host, empty where there can't be such a host."""
    if not spelled.startswith("["):
        return spelled if len(spelled) <= 253 else ""
    try:
        return f"[{IPv6Address(spelled[1:-1])}]"
    except ValueError:
        return ""


def build_request(
    *,
    address: str,
    nonce: str,
    issued: datetime,
    expires: datetime,
    query: JsonObject,
    transaction_data: JsonObject,
) -> JsonObject:
    """The request object of the application at `address`. Raises MalformedInput."""
    origin_of(address)
    request = {
        "client_id": _PREFIX + address,
        "response_type": "vp_token",
        "redirect_uri": address,
        "nonce": nonce,
        "iat": int(issued.timestamp()),
        "exp": int(expires.timestamp()),
        "dcql_query": query,
        "transaction_data": [base64url.encode(strict_json.canonical(transaction_data))],
    }
    parse_request(request)
    return request


def parse_request(request: JsonObject) -> AuthorizationRequest:
    """The value of a request object; everything in it is checked but the time.

    Raises MalformedInput, Undetermined for what OpenID4VP allows and ipse does not speak.
    """
    client_id, nonce = request.get("client_id"), request.get("nonce")
    if request.get("response_type") != "vp_token":
        raise MalformedInput("the request is no OpenID4VP request: its response_type is not vp_token")
    if not isinstance(client_id, str) or not client_id.startswith(_PREFIX):
        raise Undetermined(f"the client_id {excerpt(client_id)} does not begin with {_PREFIX}")
    if request.get("response_mode", "fragment") != "fragment":
        raise Undetermined(f"the response_mode {excerpt(request['response_mode'])} is not supported")
    address = client_id.removeprefix(_PREFIX)
    if request.get("redirect_uri", address) != address:
        raise MalformedInput("the request's redirect_uri is not the one in its client_id")
    if not isinstance(nonce, str) or not _NONCE.fullmatch(nonce):
        raise MalformedInput("the request has no nonce of at least 16 URL-safe characters")
    issued, expires = _moment(request, "iat"), _moment(request, "exp")
    if not 0 < (expires - issued).total_seconds() <= _MAX_LIFETIME:
        raise MalformedInput("the request does not expire within 31 days of its making")
    return AuthorizationRequest(
        client_id=client_id,
        origin=origin_of(address),
        nonce=nonce,
        issued=issued,
        expires=expires,
        credentials=dcql.parse(request.get("dcql_query")),
        transaction_data=_transaction_data(request),
        digest=hashlib.sha256(strict_json.canonical(request)).hexdigest(),
    )


def _moment(request: JsonObject, name: str) -> datetime:
    seconds = request.get(name)
    if type(seconds) is not int or not 0 <= seconds < 253402300800:
        raise MalformedInput(f"the request's {name} is not a time in seconds")
    return datetime.fromtimestamp(seconds, UTC)


def _transaction_data(request: JsonObject) -> tuple[TransactionData, ...]:
    entries = request.get("transaction_data", [])
    if not isinstance(entries, list) or not all(isinstance(entry, str) for entry in entries):
        raise MalformedInput("the request's transaction_data is not an array of strings")
    return tuple(
        TransactionData(
            strict_json.parse_object(base64url.decode(entry), what="an entry of transaction_data"), entry
        )
        for entry in entries
    )
