"""Building requests, on the side of a verifier: who asks, what for, and the signature that proves it.

What is built is read back before it leaves, so that no request is made that this wallet would refuse.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Final, TypeAlias

from ipse.credentials import jws
from ipse.credentials.jws import Signer
from ipse.dids.resolver import UsedMethod, check_did
from ipse.encoding import base64url, strict_json
from ipse.encoding.strict_json import JsonObject
from ipse.encoding.timestamps import to_numeric_date
from ipse.errors import MalformedInput, RequestTampered
from ipse.keys.certificates import Certificate
from ipse.keys.encryption import ENCODINGS
from ipse.protocols.openid4vp import client_identifiers
from ipse.protocols.openid4vp.authorization_request import Client, DidProof, NoProof, Proof
from ipse.protocols.openid4vp.client_identifiers import parse_client_id
from ipse.protocols.openid4vp.refusals import ResponseMode
from ipse.protocols.openid4vp.request_objects import TYPE
from ipse.protocols.openid4vp.requests import WALLET, read_claims
from ipse.protocols.parties import origin_of, party_of

__all__ = [
    "RequestSigner",
    "RequestingClient",
    "build_client_metadata",
    "build_request",
    "by_address",
    "by_attestation",
    "by_certificate",
    "by_did",
]

RequestSigner: TypeAlias = tuple[str, str, Signer]
"""The DID of an application, the id of one of its verification methods, and the private half of that."""

_MIN_NONCE: Final = 16
"""Characters of a nonce that a verifier makes; 22 hold 128 bits (section 5.2)."""
_PUBLIC: Final = ("kty", "crv", "x", "y", "kid", "use", "alg")


@dataclass(frozen=True, slots=True)
class RequestingClient:
    """A verifier that makes requests: its client identifier, and how it signs.

    - `header`: what its signed requests have in their header, beside typ and alg
    - `signer`: the private key, None where its requests are not signed
    """

    client_id: str
    header: JsonObject = field(default_factory=dict)
    signer: Signer | None = field(default=None, repr=False)
    proof: Proof = field(default=NoProof(), repr=False)


def by_address(address: str) -> RequestingClient:
    """The client that is nothing but its `address`: requests are not signed. Raises MalformedInput."""
    origin_of(address)
    return RequestingClient(f"{client_identifiers.REDIRECT_URI}:{address}")


def by_did(did: str, method_id: str, signer: Signer) -> RequestingClient:
    """The client that signs with the verification method `method_id` of its `did`.

    Raises MalformedInput, Undetermined for a DID of a method that applications can't have, RequestTampered
    where the verification method is not of the DID.
    """
    party_of(check_did(did))
    if not method_id.startswith(f"{did}#"):
        raise RequestTampered(f"the verification method {method_id[:100]} is no key of {did[:100]}")
    client_id = f"{client_identifiers.DID}:{did}"
    return RequestingClient(client_id, {"kid": method_id}, signer, DidProof(did, UsedMethod({}, {})))


def by_certificate(
    chain: Sequence[Certificate], signer: Signer, *, prefix: str = client_identifiers.X509_HASH, dns: str = ""
) -> RequestingClient:
    """The client that signs with the key of the first certificate of `chain`, the trust anchor left out.

    With the prefix x509_san_dns it is called by the name `dns`, or else by the first DNS name of its
    certificate. Raises MalformedInput.
    """
    leaf = chain[0]
    if prefix == client_identifiers.X509_HASH:
        name = base64url.encode(leaf.fingerprint)
    elif not leaf.dns_names or (dns and dns not in leaf.dns_names):
        raise MalformedInput(f"the certificate has not the DNS name {dns or 'that x509_san_dns needs'}")
    else:
        name = dns or leaf.dns_names[0]
    header: JsonObject = {"x5c": [certificate.x5c for certificate in chain]}
    return RequestingClient(parse_client_id(f"{prefix}:{name}").text, header, signer)


def by_attestation(attestation: str, signer: Signer) -> RequestingClient:
    """The client that signs with the key that a verifier `attestation` (a JWT) confirms.

    Raises MalformedInput.
    """
    subject = jws.read(attestation, what="the verifier attestation").payload.get("sub")
    client_id = parse_client_id(f"{client_identifiers.ATTESTATION}:{subject}").text
    return RequestingClient(client_id, {client_identifiers.ATTESTATION_HEADER: attestation}, signer)


def build_request(
    client: RequestingClient,
    *,
    query: JsonObject,
    nonce: str,
    reply_to: str,
    response_mode: ResponseMode = "direct_post.jwt",
    state: str | None = None,
    client_metadata: JsonObject | None = None,
    transaction_data: Sequence[JsonObject] = (),
    verifier_info: Sequence[JsonObject] = (),
    wallet_nonce: str | None = None,
    audience: str = WALLET,
    issued: datetime | None = None,
    expires: datetime | None = None,
) -> JsonObject | str:
    """A request by `client` with the DCQL `query`: a request object, signed (a JWT) where the client signs.

    - `reply_to`: the response_uri, or the redirect_uri for the response mode fragment
    - `nonce`: at least 16 URL-safe characters, fresh for each request
    - `client_metadata`: what `build_client_metadata` makes
    - `wallet_nonce`: what came with the POST that fetches the request, to be repeated

    Raises MalformedInput, WrongOrigin and Undetermined for what no wallet here would answer.
    """
    if len(nonce) < _MIN_NONCE:
        raise MalformedInput(f"the nonce has {len(nonce)} characters, at least {_MIN_NONCE} are needed")
    address = "redirect_uri" if response_mode == "fragment" else "response_uri"
    given: JsonObject = {
        "client_id": client.client_id,
        "response_type": "vp_token",
        "response_mode": None if response_mode == "fragment" else response_mode,
        address: reply_to,
        "nonce": nonce,
        "state": state,
        "iat": None if issued is None else to_numeric_date(issued),
        "exp": None if expires is None else to_numeric_date(expires),
        "dcql_query": query,
        "client_metadata": client_metadata,
        "transaction_data": [base64url.encode(strict_json.canonical(entry)) for entry in transaction_data]
        or None,
        "verifier_info": list(verifier_info) or None,
        "wallet_nonce": wallet_nonce,
        "aud": audience if client.signer is not None else None,
    }
    claims = {name: value for name, value in given.items() if value is not None}
    strict_json.canonical(claims)
    read_claims(claims, Client(parse_client_id(client.client_id), client.proof), "", audience)
    if client.signer is None:
        return claims
    return jws.sign({"typ": TYPE, **client.header}, claims, client.signer).encoded


def build_client_metadata(
    *, keys: Sequence[JsonObject] = (), vp_formats: JsonObject | None = None
) -> JsonObject:
    """The `client_metadata` of a verifier that decrypts with `keys` and reads `vp_formats`.

    Of `keys`, private or public JWKs with a kid (`keys.encryption.new_key`), the public members alone are
    taken. Both content encryptions that ipse speaks are offered with them.
    """
    metadata: JsonObject = {"vp_formats_supported": vp_formats or {}}
    if keys:
        public = [{name: key[name] for name in _PUBLIC if name in key} for key in keys]
        metadata["jwks"] = {"keys": public}
        metadata["encrypted_response_enc_values_supported"] = list(ENCODINGS)
    return metadata
