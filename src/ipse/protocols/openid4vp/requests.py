"""OpenID4VP 1.0 authorization requests, as far as they do not depend on what is asked for.

An unsigned request is the JSON of a request object with the client identifier prefix `redirect_uri`:
nothing vouches for who sent it, but the answer is bound to that address. A signed one is a JWT (RFC 9101)
with the prefix `decentralized_identifier`: a key that the DID lists for authentication signed it (both
section 5.9.3). What is asked for is a query in DCQL, the Digital Credentials Query Language (section 6).
"""

from __future__ import annotations

import hashlib
import re
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from typing import Final, TypeAlias

from ipse.credentials import jws
from ipse.credentials.jws import Jws, Signer
from ipse.dids import did_web, resolver
from ipse.dids.resolver import Resolve, UsedMethod
from ipse.encoding import base64url, strict_json
from ipse.encoding.strict_json import Json, JsonObject, excerpt
from ipse.encoding.timestamps import from_numeric_date, to_numeric_date
from ipse.errors import (
    InputTooLarge,
    MalformedInput,
    RequestExpired,
    RequestTampered,
    Undetermined,
    UnusableKey,
    VerificationFailed,
    WrongAudience,
    WrongOrigin,
)
from ipse.keys.key_types import PublicKey
from ipse.protocols.dcql.query import CredentialQuery, Query, parse_query
from ipse.protocols.parties import origin_of, party_of

__all__ = [
    "LEEWAY",
    "TYPE",
    "WALLET",
    "AuthorizationRequest",
    "RequestSigner",
    "TransactionData",
    "build_request",
    "check_time",
    "origin_of",
    "parse_request",
    "party_of",
]

TYPE: Final = "oauth-authz-req+jwt"
"""The `typ` of a signed request (section 5)."""
WALLET: Final = "https://self-issued.me/v2"
"""The `aud` of a request to a wallet that is not known beforehand (section 5.8)."""
LEEWAY: Final = timedelta(seconds=60)
"""How far clocks may differ."""

RequestSigner: TypeAlias = tuple[str, str, Signer]
"""The DID of an application, the id of one of its verification methods, and the private half of that."""

_RELATIONSHIP: Final = "authentication"
_ADDRESSED: Final = "redirect_uri:"
_SIGNED: Final = "decentralized_identifier:"
_MAX_LENGTH: Final = 2 * 1024 * 1024
"""Characters of a signed request: 500 candidates of 300 characters in any script fit."""
_NONCE: Final = re.compile(r"[A-Za-z0-9._~-]{16,256}")
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
    """A request, and who asks.

    - `client_id`: the audience of the answer; `origin`: the web origin that the answer goes to
    - `party`: the web origin or the DID that everything about the one who asks is accounted under. Of an
      unsigned request it is a claim, and the answer is of use to that address alone
    - `did`: the DID whose signature was verified, None for an unsigned request
    - `signed_by`: the verification method that signed it, in its DID document; None for an unsigned request
    - `text`: the canonical JSON of an unsigned request, the JWT of a signed one
    - `digest`: SHA-256 over it, in hex
    """

    client_id: str
    origin: str
    party: str
    did: str | None
    nonce: str
    issued: datetime
    expires: datetime
    query: Query
    transaction_data: tuple[TransactionData, ...]
    digest: str
    text: str = field(default="", repr=False, compare=False)
    signed_by: UsedMethod | None = field(default=None, repr=False, compare=False)

    @property
    def credentials(self) -> tuple[CredentialQuery, ...]:
        """The credentials that are asked for."""
        return self.query.credentials

    @property
    def signed(self) -> bool:
        """Whether a signature was verified that shows who asks."""
        return self.did is not None


def build_request(
    *,
    address: str,
    nonce: str,
    issued: datetime,
    expires: datetime,
    query: JsonObject,
    transaction_data: JsonObject,
    signer: RequestSigner | None = None,
) -> JsonObject | str:
    """The request of the application at `address`: a request object, or with a `signer` the JWT of one.

    Raises MalformedInput, Undetermined for a signer by another DID method than did:web, did:key and
    did:jwk, RequestTampered where its key is not of its DID, and WrongOrigin where it is a did:web of
    another origin than `address`.
    """
    origin_of(address)
    request: JsonObject = {
        "client_id": (_ADDRESSED + address) if signer is None else (_SIGNED + signer[0]),
        "response_type": "vp_token",
        "redirect_uri": address,
        "nonce": nonce,
        "iat": to_numeric_date(issued),
        "exp": to_numeric_date(expires),
        "dcql_query": query,
        "transaction_data": [base64url.encode(strict_json.canonical(transaction_data))],
    }
    if signer is None:
        parse_request(request)
        return request
    did, method_id, key = signer
    signed = jws.sign({"typ": TYPE, "kid": method_id}, {**request, "aud": WALLET}, key)
    _signer_of(signed)
    _read(signed.payload, did)
    return signed.encoded


def parse_request(
    request: JsonObject | str, *, resolve: Resolve | None = None, origin: str | None = None
) -> AuthorizationRequest:
    """The value of a request; everything in it is checked but the time.

    An object is read as an unsigned request, a text as the JWT of a signed one. `resolve` finds the DID
    documents of signers, by default those that need no network. `origin` is where the request came from,
    if the caller knows it from elsewhere.

    Raises MalformedInput; RequestTampered, WrongAudience, WrongOrigin; Undetermined for what OpenID4VP
    allows and ipse does not speak; and what `resolve` raises.
    """
    if isinstance(request, str):
        did, claims, method = _verified(request, resolve or resolver.resolve)
        parsed, message = _read(claims, did), request.encode()
        parsed = replace(parsed, signed_by=replace(method, made=parsed.issued))
    else:
        parsed, message = _read(request, None), strict_json.canonical(request)
    if origin is not None and _origin_or_none(origin) != parsed.origin:
        raise WrongOrigin(f"the request came from {excerpt(origin)}, its answer would go to {parsed.origin}")
    return replace(parsed, digest=hashlib.sha256(message).hexdigest(), text=message.decode())


def check_time(request: AuthorizationRequest, now: datetime) -> None:
    """Raise RequestExpired where the request has expired or comes from the future.

    UnusableKey or Undetermined where its signer's key is no longer in use.
    """
    if now - LEEWAY > request.expires:
        raise RequestExpired(f"the request expired at {request.expires:%Y-%m-%d %H:%M} UTC")
    if now + LEEWAY < request.issued:
        raise RequestExpired("the request was made in the future", hint="check this machine's clock")
    if request.signed_by is not None:
        request.signed_by.check(_RELATIONSHIP, now)


def _verified(text: str, resolve: Resolve) -> tuple[str, JsonObject, UsedMethod]:
    """The signer's DID, the payload of a signed request whose signature holds, and the method that signed."""
    if len(text) > _MAX_LENGTH:
        raise InputTooLarge(f"the request has {len(text)} characters; at most {_MAX_LENGTH} are read")
    token = jws.read(text, what="the request")
    did, method_id = _signer_of(token)

    used: list[UsedMethod] = []

    def key() -> PublicKey:
        document = resolve(did)
        try:
            method = resolver.listed_method(document, method_id, _RELATIONSHIP)
        except UnusableKey as error:
            raise RequestTampered(f"the request's key is none that {did[:100]} authenticates with") from error
        used.append(UsedMethod(document, method))
        return resolver.method_key(method)

    try:
        jws.check_signature(token, key)
    except (RequestTampered, UnusableKey):
        raise
    except VerificationFailed as error:
        raise RequestTampered(f"the request's signature: {error.message}") from error
    return did, token.payload, used[0]


def _signer_of(token: Jws) -> tuple[str, str]:
    """The DID that a signed request names as its sender, and which of its keys is to have signed."""
    client_id, kid = token.payload.get("client_id"), token.header.get("kid")
    if isinstance(client_id, str) and client_id.startswith(_ADDRESSED):
        raise MalformedInput("the request is signed, and its client_id is an address, which signs nothing")
    if not isinstance(client_id, str) or not client_id.startswith(_SIGNED):
        raise Undetermined(f"the client_id {excerpt(client_id)} does not begin with {_SIGNED}")
    did = client_id.removeprefix(_SIGNED)
    party_of(resolver.check_did(did))
    if token.header.get("typ") != TYPE:
        raise RequestTampered(f"the request is signed as {excerpt(token.header.get('typ'))}, not as {TYPE}")
    if not isinstance(kid, str) or not kid.startswith(f"{did}#"):
        raise RequestTampered(f"the request's kid {excerpt(kid)} is no key of {did[:100]}")
    return did, kid


def _read(claims: JsonObject, did: str | None) -> AuthorizationRequest:
    """The value of the claims of a request, `did` being the one who signed them; without its digest."""
    if claims.get("response_type") != "vp_token":
        raise MalformedInput("the request is no OpenID4VP request: its response_type is not vp_token")
    client_id, address = _client(claims, did)
    if claims.get("response_mode", "fragment") != "fragment":
        raise Undetermined(f"the response_mode {excerpt(claims['response_mode'])} is not supported")
    if (did is not None or "aud" in claims) and claims.get("aud") not in (WALLET, [WALLET]):
        raise WrongAudience(f"the request is for {excerpt(claims.get('aud'))}, not for {WALLET}")
    origin = origin_of(address)
    party = origin if did is None else party_of(did)
    if did is not None and did.startswith(did_web.PREFIX):
        home = origin_of(did_web.publish_url(did))
        if origin != home:
            raise WrongOrigin(f"the request is signed by {home}, its answer would go to {origin}")
    issued, expires = _period(claims)
    return AuthorizationRequest(
        client_id=client_id,
        origin=origin,
        party=party,
        did=did,
        nonce=_nonce(claims.get("nonce")),
        issued=issued,
        expires=expires,
        query=parse_query(claims.get("dcql_query")),
        transaction_data=_transaction_data(claims),
        digest="",
    )


def _client(claims: JsonObject, did: str | None) -> tuple[str, str]:
    """The client_id, and the address that the answer goes to."""
    client_id = claims.get("client_id")
    if did is not None:
        address = claims.get("redirect_uri")
        if not isinstance(address, str):
            raise MalformedInput("the signed request has no redirect_uri that its answer could go to")
        return f"{_SIGNED}{did}", address
    if isinstance(client_id, str) and client_id.startswith(_SIGNED):
        raise RequestTampered(f"the request names {excerpt(client_id)} as its sender and is not signed")
    if not isinstance(client_id, str) or not client_id.startswith(_ADDRESSED):
        raise Undetermined(f"the client_id {excerpt(client_id)} does not begin with {_ADDRESSED}")
    address = client_id.removeprefix(_ADDRESSED)
    if claims.get("redirect_uri", address) != address:
        raise MalformedInput("the request's redirect_uri is not the one in its client_id")
    return client_id, address


def _origin_or_none(address: str) -> str | None:
    try:
        return origin_of(address)
    except MalformedInput:
        return None


def _nonce(nonce: Json) -> str:
    if not isinstance(nonce, str) or not _NONCE.fullmatch(nonce):
        raise MalformedInput("the request has no nonce of at least 16 URL-safe characters")
    return nonce


def _period(claims: JsonObject) -> tuple[datetime, datetime]:
    issued, expires = _moment(claims, "iat"), _moment(claims, "exp")
    if not 0 < (expires - issued).total_seconds() <= _MAX_LIFETIME:
        raise MalformedInput("the request does not expire within 31 days of its making")
    return issued, expires


def _moment(request: JsonObject, name: str) -> datetime:
    return from_numeric_date(request.get(name), f"the request's {name}", whole=True)


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
