"""Reading an authorization request: from what anyone may have sent to a value, or an exact refusal.

The steps stand in one order that can't be skipped: the client identifier, the proof of who asks, the address
that the answer goes to, and what is asked. OpenID4VP 1.0 sections 5 and 8; RFC 9101 for request objects.
"""

from __future__ import annotations

import hashlib
import re
from collections.abc import Collection, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Final

from ipse.dids import resolver
from ipse.dids.resolver import Resolve
from ipse.encoding import strict_json
from ipse.encoding.strict_json import Json, JsonObject, excerpt
from ipse.encoding.timestamps import from_numeric_date
from ipse.errors import (
    CertificateRejected,
    InputTooLarge,
    IpseError,
    MalformedInput,
    RequestTampered,
    Undetermined,
    UntrustedCertificate,
    UnusableKey,
    WrongAudience,
    WrongOrigin,
)
from ipse.keys.certificates import Certificate
from ipse.protocols.dcql.query import Query, parse_query
from ipse.protocols.openid4vp import request_objects
from ipse.protocols.openid4vp.addresses import check_address, client_party, reply_to, response_mode
from ipse.protocols.openid4vp.attestations import Attesters
from ipse.protocols.openid4vp.authorization_request import (
    AuthorizationRequest,
    Client,
    NoProof,
    check_time,
)
from ipse.protocols.openid4vp.client_identifiers import REDIRECT_URI, parse_client_id
from ipse.protocols.openid4vp.client_metadata import ClientMetadata, parse_client_metadata
from ipse.protocols.openid4vp.links import Invitation
from ipse.protocols.openid4vp.refusals import (
    INVALID_CLIENT,
    INVALID_REQUEST,
    UNSUPPORTED_RESPONSE_TYPE,
    VP_FORMATS_NOT_SUPPORTED,
    Encryption,
    ReplyAddress,
    refused_with,
)
from ipse.protocols.openid4vp.request_objects import MAX_LENGTH, Decrypt, Trust
from ipse.protocols.openid4vp.transaction_data import check_types, parse_transaction_data
from ipse.protocols.parties import origin_of

__all__ = ["WALLET", "parse_request", "read_claims"]

WALLET: Final = "https://self-issued.me/v2"
"""The `aud` of a request to a wallet that is not known beforehand (section 5.8)."""

_MAX_TEXT: Final = 4096
_URL_SAFE: Final = re.compile(r"[A-Za-z0-9._~-]+")
_MAX_INFO: Final = 100


@dataclass(slots=True)
class _Reading:
    """How far the reading of a request has come, so that a refusal knows where it may be told."""

    fetched_from: str | None
    claims: JsonObject = field(default_factory=dict)
    client: Client | None = None
    """Who asks, once it is proved as far as its prefix asks for that."""


def parse_request(
    request: JsonObject | str,
    *,
    resolve: Resolve | None = None,
    anchors: Sequence[Certificate] = (),
    attesters: Attesters | None = None,
    now: datetime | None = None,
    invitation: Invitation | None = None,
    fetched_from: str | None = None,
    wallet_nonce: str | None = None,
    decrypt: Decrypt | None = None,
    origin: str | None = None,
    issuer: str | None = None,
    transaction_types: Collection[str] | None = None,
) -> AuthorizationRequest:
    """The value of a request, of which everything is checked.

    An object is read as an unsigned request, a text as a request object (JWT).

    - `resolve` finds the DID documents of signers, by default those that need no network
    - `anchors` are the authorities that may certify verifiers; `attesters` finds the keys of those that may
      attest them, by default the `anchors` themselves
    - `now` (aware): without it times are not checked (`check_time` does), and no certificate is believed
    - `invitation` is the link that led here, `fetched_from` the address the request object came from
    - `wallet_nonce` was sent when it was fetched and must come back; `decrypt` opens an encrypted one
    - `origin` is where the request came from, where the caller knows it from elsewhere
    - `issuer` is the `aud` of requests to this wallet in particular, beside WALLET for all wallets
    - `transaction_types` are the types of transaction data that the caller understands; None for any

    Raises MalformedInput, InputTooLarge; RequestTampered, RequestExpired, WrongAudience, WrongOrigin,
    UnusableKey, CertificateRejected; UntrustedCertificate, and Undetermined for what OpenID4VP allows and
    ipse does not speak; and what `resolve` and `decrypt` raise. Every error has its `error_code`, and
    `reply` where it may be told: only where the one who asks is proved, or gave its own address.
    """
    reading = _Reading(fetched_from)
    trust = Trust(resolve or resolver.resolve, anchors, attesters, now)
    try:
        if isinstance(request, str):
            text = request_objects.read_request_object(request, decrypt)
            client = _signed(text, trust, reading, invitation)
        else:
            text = _canonical(request)
            client = _unsigned(request, reading, invitation)
        reading.client = client
        _check_freshness(reading.claims, wallet_nonce)
        parsed = read_claims(reading.claims, client, text, issuer)
        if origin is not None and _origin_or_none(origin) != parsed.origin:
            raise WrongOrigin(
                f"the request came from {excerpt(origin)}, its answer would go to {parsed.origin}"
            )
        if transaction_types is not None:
            check_types(parsed.transaction_data, transaction_types)
        if now is not None:
            check_time(parsed, now)
        return parsed
    except IpseError as error:
        raise refused_with(error, _error_code(error), _reply(reading)) from error.__cause__


def _signed(text: str, trust: Trust, reading: _Reading, invitation: Invitation | None) -> Client:
    """The client that a request object is proved to come from."""
    request = request_objects.parse(text)
    reading.claims = request.claims
    _check_invitation(request.claims, invitation)
    return request_objects.verify(request, trust)


def _unsigned(claims: JsonObject, reading: _Reading, invitation: Invitation | None) -> Client:
    """The client that an unsigned request names, which has to be an address."""
    reading.claims = claims
    response_mode(claims)
    identifier = parse_client_id(claims.get("client_id"))
    _check_invitation(claims, invitation)
    if identifier.prefix != REDIRECT_URI:
        raise RequestTampered(f"the request names {excerpt(identifier.text)} as its sender and is not signed")
    return Client(identifier, NoProof())


def _check_invitation(claims: JsonObject, invitation: Invitation | None) -> None:
    """Raise RequestTampered unless the link and the request name the same client (section 5.10.1)."""
    if invitation is not None and claims.get("client_id") != invitation.client_id:
        raise RequestTampered(
            f"the link is from {excerpt(invitation.client_id)}, "
            f"the request from {excerpt(claims.get('client_id'))}"
        )


def _check_freshness(claims: JsonObject, wallet_nonce: str | None) -> None:
    """Raise RequestTampered unless the request repeats the wallet's nonce (section 5.10.1)."""
    if wallet_nonce is not None and claims.get("wallet_nonce") != wallet_nonce:
        raise RequestTampered(
            "the request does not repeat the wallet_nonce that it was fetched with; it may be a replayed one"
        )


def read_claims(
    claims: JsonObject, client: Client, text: str, issuer: str | None = None
) -> AuthorizationRequest:
    """The value of the `claims` of a request by `client`, whose proof held; `text` is what it came as.

    Raises what `parse_request` does for claims that are wrong.
    """
    if claims.get("response_type") != "vp_token":
        raise refused_with(
            MalformedInput("the request is no OpenID4VP request: its response_type is not vp_token"),
            UNSUPPORTED_RESPONSE_TYPE,
        )
    mode = response_mode(claims)
    address = reply_to(claims, mode, client)
    check_address(client, address)
    _check_audience(claims, client, issuer)
    query = _query(claims)
    state = _state(claims, query)
    metadata = parse_client_metadata(claims.get("client_metadata"))
    if mode == "direct_post.jwt":
        _check_encryption(metadata)
    return AuthorizationRequest(
        client=client,
        party=client_party(client, address),
        nonce=_nonce(claims.get("nonce")),
        state=state,
        response_mode=mode,
        reply_to=address,
        origin=origin_of(address),
        query=query,
        transaction_data=parse_transaction_data(claims.get("transaction_data"), query),
        client_metadata=metadata,
        verifier_info=_verifier_info(claims, query),
        issued=_moment(claims, "iat"),
        not_before=_moment(claims, "nbf"),
        expires=_moment(claims, "exp"),
        digest=hashlib.sha256(text.encode()).hexdigest(),
        text=text,
    )


def _check_audience(claims: JsonObject, client: Client, issuer: str | None) -> None:
    """Raise WrongAudience where the request is for somebody else (section 5.8)."""
    if isinstance(client.proof, NoProof) and "aud" not in claims:
        return
    audience = claims.get("aud")
    accepted = [WALLET] if issuer is None else [WALLET, issuer]
    if audience not in accepted and audience not in [[name] for name in accepted]:
        raise WrongAudience(f"the request is for {excerpt(audience)}, not for {' or '.join(accepted)}")


def _query(claims: JsonObject) -> Query:
    """What is asked for. Raises MalformedInput, Undetermined (sections 5.1, 5.5 and 8.5)."""
    if "dcql_query" in claims and "scope" in claims:
        raise MalformedInput("the request has both dcql_query and scope; only one of them may be there")
    if "dcql_query" not in claims and "scope" in claims:
        raise Undetermined(
            f"the request asks by the scope {excerpt(claims['scope'])}, which stands for no query here",
            hint="ask the application for a request with dcql_query",
        )
    if (
        "dcql_query" not in claims
        and {"presentation_definition", "presentation_definition_uri"} & claims.keys()
    ):
        raise Undetermined(
            "the request has a presentation_definition, as drafts of OpenID4VP had, and no dcql_query",
            hint="ask the application for a request of OpenID4VP 1.0",
        )
    query = parse_query(claims.get("dcql_query"))
    if not any(asked.is_supported for asked in query.credentials):
        formats = ", ".join(dict.fromkeys(asked.format for asked in query.credentials))
        raise refused_with(
            Undetermined(f"credentials in the format {excerpt(formats)} can't be presented"),
            VP_FORMATS_NOT_SUPPORTED,
        )
    return query


def _nonce(nonce: Json) -> str:
    if not isinstance(nonce, str) or len(nonce) > _MAX_TEXT or not _URL_SAFE.fullmatch(nonce):
        raise MalformedInput(f"the request has the nonce {excerpt(nonce)}, URL-safe characters are expected")
    return nonce


def _state(claims: JsonObject, query: Query) -> str | None:
    """The state. Raises MalformedInput where it is needed and missing (section 5.3)."""
    state = claims.get("state")
    if state is None:
        if not all(asked.require_holder_binding for asked in query.credentials):
            raise MalformedInput("the request asks for a credential without holder binding, and has no state")
        return None
    if not _is_state(state):
        raise MalformedInput(f"the request has the state {excerpt(state)}, URL-safe characters are expected")
    return str(state)


def _is_state(state: Json) -> bool:
    return isinstance(state, str) and len(state) <= _MAX_TEXT and bool(_URL_SAFE.fullmatch(state))


def _check_encryption(metadata: ClientMetadata) -> None:
    """Raise MalformedInput where the answer is to be encrypted and can't be (section 8.3)."""
    if not metadata.keys:
        raise MalformedInput(
            "the answer is to be encrypted, and client_metadata has no key that it can be encrypted to",
            hint="a usable key is on P-256 and has a kid and the alg ECDH-ES",
        )
    if metadata.encryption is None:
        listed = ", ".join(metadata.enc_values)
        raise Undetermined(f"the answer is to be encrypted by {excerpt(listed)}, none of which is supported")


def _verifier_info(claims: JsonObject, query: Query) -> tuple[JsonObject, ...]:
    """The entries of `verifier_info`, well formed and not checked otherwise (section 5.1)."""
    if "verifier_info" not in claims:
        return ()
    entries = claims["verifier_info"]
    if not isinstance(entries, list) or not 0 < len(entries) <= _MAX_INFO:
        raise MalformedInput(f"verifier_info is not an array of 1 to {_MAX_INFO} objects")
    for entry in entries:
        if not isinstance(entry, dict) or not isinstance(entry.get("format"), str):
            raise MalformedInput("an entry of verifier_info is not an object with a format")
        if not isinstance(entry.get("data"), (str, dict)):
            raise MalformedInput("an entry of verifier_info has no data, a text or an object")
        ids = entry.get("credential_ids", [asked.id for asked in query.credentials])
        named = isinstance(ids, list) and ids and all(isinstance(name, str) for name in ids)
        if not named or any(query.credential(name) is None for name in ids):
            raise MalformedInput("credential_ids in verifier_info name no credentials that are asked for")
    return tuple(entries)


def _moment(claims: JsonObject, name: str) -> datetime | None:
    return from_numeric_date(claims[name], f"the request's {name}") if name in claims else None


def _canonical(request: JsonObject) -> str:
    text = strict_json.canonical(request).decode()
    if len(text) > MAX_LENGTH:
        raise InputTooLarge(f"the request has {len(text)} characters; at most {MAX_LENGTH} are read")
    return text


def _error_code(error: IpseError) -> str:
    """What an error is told as, where the place that raised it did not say (section 8.5)."""
    client = (UnusableKey, CertificateRejected, UntrustedCertificate)
    return INVALID_CLIENT if isinstance(error, client) else INVALID_REQUEST


def _reply(reading: _Reading) -> ReplyAddress | None:
    """Where a refusal may be told: at an address that the client may use, or on the server that it came from.

    Nothing may be wrong with the address itself.
    """
    claims = reading.claims
    try:
        client = reading.client or Client(parse_client_id(claims.get("client_id")), NoProof())
        mode = response_mode(claims)
        address = reply_to(claims, mode, client, lenient=True)
        if not _may_tell(reading, client, address):
            return None
    except IpseError:
        return None
    state = claims.get("state")
    return ReplyAddress(mode, address, state if _is_state(state) else None, _encryption(claims, mode))


def _may_tell(reading: _Reading, client: Client, address: str) -> bool:
    """Whether `client` is known to be behind `address`. Raises what `check_address` does."""
    if reading.fetched_from is not None and origin_of(address) == origin_of(reading.fetched_from):
        return True
    check_address(client, address)
    return reading.client is not None


def _encryption(claims: JsonObject, mode: str) -> Encryption | None:
    """How a refusal is encrypted, None where it is not to be or can't be (section 8.3.1)."""
    if mode != "direct_post.jwt":
        return None
    try:
        return parse_client_metadata(claims.get("client_metadata")).encryption
    except IpseError:
        return None


def _origin_or_none(address: str) -> str | None:
    try:
        return origin_of(address)
    except MalformedInput:
        return None
