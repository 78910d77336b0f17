"""Request objects: requests as JWTs (RFC 9101), and the proof of who signed them.

How a signature proves who asks depends on the prefix of the client identifier (OpenID4VP 1.0 section 5.9.3).
A request object without a signature (`alg` none) is read for the prefix `redirect_uri` alone, which proves
nothing in any form.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Final, TypeAlias

from ipse.credentials import jws
from ipse.credentials.jws import Jws, VerificationKey
from ipse.dids import resolver
from ipse.dids.resolver import Resolve, UsedMethod
from ipse.encoding import base64url, strict_json
from ipse.encoding.strict_json import Json, JsonObject, excerpt
from ipse.encoding.timestamps import from_numeric_date
from ipse.errors import (
    InputTooLarge,
    MalformedInput,
    RequestTampered,
    Undetermined,
    UnusableKey,
    VerificationFailed,
)
from ipse.keys.certificates import Certificate, check_chain, read_chain
from ipse.keys.key_types import PublicKey
from ipse.protocols.openid4vp import client_identifiers
from ipse.protocols.openid4vp.addresses import response_mode
from ipse.protocols.openid4vp.attestations import Attesters, attested_by_authority, check_attestation
from ipse.protocols.openid4vp.authorization_request import (
    RELATIONSHIP,
    CertificateProof,
    Client,
    DidProof,
    NoProof,
    Proof,
)
from ipse.protocols.openid4vp.client_identifiers import ClientIdentifier, parse_client_id
from ipse.protocols.openid4vp.signatures import check_signature
from ipse.protocols.parties import party_of

__all__ = ["MAX_LENGTH", "TYPE", "Decrypt", "RequestObject", "Trust", "read_request_object", "verify"]

TYPE: Final = "oauth-authz-req+jwt"
"""The `typ` of a request object (section 5)."""
MAX_LENGTH: Final = 2 * 1024 * 1024
"""Characters of a request object: 500 candidates of 300 characters in any script fit."""

Decrypt: TypeAlias = Callable[[str], bytes]
"""A compact JWE to what it holds. Raises MalformedInput, VerificationFailed, Undetermined."""

_SIGNED_PARTS: Final = 3
_ENCRYPTED_PARTS: Final = 5


@dataclass(frozen=True, slots=True)
class Trust:
    """By what it is decided who signed.

    - `resolve`: finds the DID documents of signers
    - `anchors`: the certificates of authorities that may vouch for verifiers
    - `attesters`: finds the keys of those who may attest verifiers; None for the `anchors` alone
    - `now`: aware; without it nothing with an end is believed
    """

    resolve: Resolve
    anchors: Sequence[Certificate] = ()
    attesters: Attesters | None = None
    now: datetime | None = None

    def moment(self, what: str) -> datetime:
        """The time of judging `what`. Raises Undetermined where it is not known."""
        if self.now is None:
            raise Undetermined(f"{what} can only be judged as of a time, and none was given")
        return self.now


@dataclass(frozen=True, slots=True)
class RequestObject:
    """A request object before its signature is checked: its JWS, and who it says it is from."""

    token: Jws
    identifier: ClientIdentifier

    @property
    def claims(self) -> JsonObject:
        """The parameters of the request."""
        return self.token.payload


def read_request_object(text: str, decrypt: Decrypt | None = None) -> str:
    """The signed JWT that a request object is, decrypted if need be (RFC 9101 section 4).

    Raises MalformedInput, InputTooLarge; Undetermined for several signatures (Appendix A.3.2) and where
    it is encrypted and there is no `decrypt`; and what `decrypt` raises.
    """
    _check_length(text)
    if text.lstrip().startswith("{"):
        raise Undetermined(
            "the request object has a JSON serialization, as for several signatures",
            hint="only browsers hand such requests on; ask for one with a single signature",
        )
    if text.count(".") != _ENCRYPTED_PARTS - 1:
        return text
    if decrypt is None:
        raise Undetermined("the request object is encrypted, and this wallet offered no key for that")
    try:
        inner = decrypt(text).decode("ascii")
    except UnicodeDecodeError as error:
        raise MalformedInput("the encrypted request object does not hold a signed one") from error
    _check_length(inner)
    if inner.count(".") != _SIGNED_PARTS - 1:
        raise MalformedInput("the encrypted request object does not hold a signed one")
    return inner


def parse(text: str) -> RequestObject:
    """The request object that `text` serializes, its header checked and its signature not yet.

    Raises MalformedInput, RequestTampered, Undetermined.
    """
    token = _token(text)
    response_mode(token.payload)
    identifier = parse_client_id(token.payload.get("client_id"))
    if token.header.get("typ") != TYPE:
        raise RequestTampered(f"the request is signed as {excerpt(token.header.get('typ'))}, not as {TYPE}")
    if identifier.prefix == client_identifiers.REDIRECT_URI and token.signature:
        raise MalformedInput("the request is signed, and its client_id is an address, which signs nothing")
    if identifier.prefix != client_identifiers.REDIRECT_URI and not token.signature:
        raise RequestTampered(
            f"the request names {excerpt(identifier.text)} as its sender and is not signed: its alg is none"
        )
    return RequestObject(token, identifier)


def verify(request: RequestObject, trust: Trust) -> Client:
    """The client that signed `request`, known to be the one it says it is from.

    Raises RequestTampered, UnusableKey, CertificateRejected; UntrustedCertificate and other Undetermined;
    MalformedInput; and what resolving raises.
    """
    return Client(request.identifier, _PROOFS[request.identifier.prefix](request, trust))


def _check_length(text: str) -> None:
    if len(text) > MAX_LENGTH:
        raise InputTooLarge(f"the request has {len(text)} characters; at most {MAX_LENGTH} are read")


def _token(text: str) -> Jws:
    """The JWS, whose signature is empty if its alg is none (RFC 7518 section 3.6)."""
    protected, dot, rest = text.partition(".")
    body, ending, signature = rest.partition(".")
    if not (dot and ending) or signature:
        return jws.read(text, what="the request")
    header = strict_json.parse_object(_decoded(protected, "header"), what="the request header")
    if header.get("alg") != "none":
        raise MalformedInput("the request signature is empty")
    payload = strict_json.parse_object(_decoded(body, "payload"), what="the request payload")
    return Jws(protected, body, "", header, payload)


def _decoded(part: str, what: str) -> bytes:
    try:
        return base64url.decode(part)
    except MalformedInput as error:
        raise MalformedInput(f"the request {what} is {error.message}") from error


def _unproved(request: RequestObject, _: Trust) -> Proof:
    if "crit" in request.token.header:
        raise RequestTampered("the header has crit, and no critical extension is understood")
    return NoProof()


def _by_did(request: RequestObject, trust: Trust) -> Proof:
    """Proof by a key of the DID that the client identifier names."""
    did, kid = request.identifier.name, request.token.header.get("kid")
    party_of(did)
    if not isinstance(kid, str) or not kid.startswith(f"{did}#"):
        raise RequestTampered(f"the request's kid {excerpt(kid)} is no key of {did[:100]}")
    used: list[UsedMethod] = []

    def key() -> PublicKey:
        document = trust.resolve(did)
        try:
            method = resolver.listed_method(document, kid, RELATIONSHIP)
        except UnusableKey as error:
            raise RequestTampered(f"the request's key is none that {did[:100]} authenticates with") from error
        used.append(UsedMethod(document, method))
        return resolver.method_key(method)

    _check_signature(request.token, key)
    made = request.claims.get("iat")
    moment = None if made is None else from_numeric_date(made, "the request's iat")
    return DidProof(did, replace(used[0], made=moment))


def _by_certificate(request: RequestObject, trust: Trust) -> Proof:
    """Proof by the certificate in the header that the client identifier names, by its DNS name or hash."""
    x5c: Json = request.token.header.get("x5c")
    if x5c is None:
        raise RequestTampered("the request names a certificate as its sender, and its header has no x5c")
    leaf = read_chain(x5c)[0]
    name = request.identifier.name
    if request.identifier.prefix == client_identifiers.X509_HASH:
        if base64url.encode(leaf.fingerprint) != name:
            raise RequestTampered(f"the certificate of the request has not the hash {name} of its client_id")
    elif name.lower() not in (held.lower() for held in leaf.dns_names):
        held = ", ".join(leaf.dns_names) or "no DNS name"
        raise RequestTampered(f"the certificate of the request is for {excerpt(held)}, not for {name}")
    _check_signature(request.token, lambda: leaf.key)
    return CertificateProof(check_chain(x5c, trust.anchors, now=trust.moment("a certificate")))


def _by_attestation(request: RequestObject, trust: Trust) -> Proof:
    """Proof by a key that a verifier attestation in the header confirms (section 12)."""
    text = request.token.header.get("jwt")
    if not isinstance(text, str):
        raise RequestTampered("the request names an attested verifier, and its header has no attestation jwt")
    now = trust.moment("a verifier attestation")
    attesters = trust.attesters or attested_by_authority(trust.anchors, now=now)
    attestation, key = check_attestation(text, subject=request.identifier.name, attesters=attesters, now=now)
    _check_signature(request.token, lambda: key)
    return attestation


def _check_signature(token: Jws, key: Callable[[], VerificationKey]) -> None:
    """Raise RequestTampered unless `token` is signed by the key that `key` finds."""
    try:
        check_signature(token, key)
    except (RequestTampered, UnusableKey):
        raise
    except VerificationFailed as error:
        raise RequestTampered(f"the request's signature: {error.message}") from error


_PROOFS: Final[dict[str, Callable[[RequestObject, Trust], Proof]]] = {
    client_identifiers.REDIRECT_URI: _unproved,
    client_identifiers.DID: _by_did,
    client_identifiers.X509_SAN_DNS: _by_certificate,
    client_identifiers.X509_HASH: _by_certificate,
    client_identifiers.ATTESTATION: _by_attestation,
}
