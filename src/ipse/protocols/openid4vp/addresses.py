"""Where an answer goes: the response mode, the address, and whether that is an address of the one who asks.

OpenID4VP 1.0 sections 5.6, 5.9.3, 8.2 and 14.3.1. Where a wallet sends an answer is what an attacker wants
to choose, so the address is held to the proof of who asks.
"""

from __future__ import annotations

from typing import Final, get_args
from urllib.parse import quote, urlsplit

from ipse.dids import did_web
from ipse.encoding.strict_json import JsonObject, excerpt
from ipse.errors import MalformedInput, Undetermined, WrongOrigin
from ipse.protocols.openid4vp import client_identifiers
from ipse.protocols.openid4vp.authorization_request import (
    CertificateProof,
    Client,
    DidProof,
    NoProof,
    VerifierAttestation,
)
from ipse.protocols.openid4vp.refusals import ResponseMode
from ipse.protocols.parties import origin_of, party_of

__all__ = ["check_address", "client_party", "reply_to", "response_mode"]

_MODES: Final[dict[str, ResponseMode]] = {mode: mode for mode in get_args(ResponseMode)}
_BROWSER_MODES: Final = ("dc_api", "dc_api.jwt")
_MAX_LENGTH: Final = 4096


def response_mode(claims: JsonObject) -> ResponseMode:
    """How the answer is sent; fragment where the request does not say. Raises Undetermined."""
    mode = claims.get("response_mode", "fragment")
    if isinstance(mode, str) and mode in _MODES:
        return _MODES[mode]
    hint = (
        "only browsers hand such requests on"
        if mode in _BROWSER_MODES
        else f"ipse speaks {', '.join(_MODES)}"
    )
    raise Undetermined(f"the response_mode {excerpt(mode)} is not supported", hint=hint)


def reply_to(claims: JsonObject, mode: ResponseMode, client: Client, *, lenient: bool = False) -> str:
    """The address that the answer goes to by `mode`: response_uri, or redirect_uri for a fragment.

    With the prefix redirect_uri it may be left out, and then is the client identifier's (section 5.9.3).
    `lenient` takes no offence at the other address beside it, for telling that there are two. Raises
    MalformedInput.
    """
    name, other = ("redirect_uri", "response_uri") if mode == "fragment" else ("response_uri", "redirect_uri")
    if other in claims and not lenient:
        both = f" beside {name}" if name in claims else ""
        raise MalformedInput(f"the request has a {other}{both}, which does not go with response_mode {mode}")
    by_address = client.identifier.prefix == client_identifiers.REDIRECT_URI
    address = claims.get(name, client.identifier.name if by_address else None)
    if by_address and address != client.identifier.name:
        raise MalformedInput(f"the request's {name} is not the one in its client_id")
    if not isinstance(address, str):
        raise MalformedInput(f"the request has no {name} that its answer could go to")
    if len(address) > _MAX_LENGTH:
        raise MalformedInput(
            f"the request's {name} has {len(address)} characters; at most {_MAX_LENGTH} are read"
        )
    if "#" in address:
        raise MalformedInput(f"the request's {name} {excerpt(address)} has a fragment")
    if not origin_of(address).startswith("https:") and mode != "fragment":
        raise MalformedInput(
            f"the request's {name} {excerpt(address)} is not https, and nothing is sent there"
        )
    return address


def check_address(client: Client, address: str) -> None:
    """Raise WrongOrigin unless `client` may have answers sent to `address`."""
    proof, origin = client.proof, origin_of(address)
    if isinstance(proof, DidProof) and proof.did.startswith(did_web.PREFIX):
        home = origin_of(did_web.publish_url(proof.did))
        if origin != home:
            raise WrongOrigin(f"the request is signed by {home}, its answer would go to {origin}")
    if client.identifier.prefix == client_identifiers.X509_SAN_DNS:
        host = urlsplit(origin).hostname
        if host != client.identifier.name.lower():
            raise WrongOrigin(
                f"the request is signed by {client.identifier.name}, its answer would go to {origin}"
            )
    limited = proof.redirect_uris if isinstance(proof, VerifierAttestation) else None
    if limited is not None and address not in limited:
        raise WrongOrigin(
            f"the verifier attestation lists other addresses than {excerpt(address)} for answers"
        )


def client_party(client: Client, address: str) -> str:
    """The name that everything about `client` is accounted under, whose answer goes to `address`.

    - nothing proved, or a DID: what `parties.party_of` says of the address or the DID
    - a certificate with a DNS name that is the host of the address: the origin of the address
    - any other certificate: `x509:`, its subject, which stays when a certificate is renewed, `;` and the
      subject of the authority that is trusted, since another may certify the same name to somebody else
    - an attestation: the client identifier, `;` and its issuer, for the same reason
    """
    proof = client.proof
    if isinstance(proof, NoProof):
        return origin_of(address)
    if isinstance(proof, DidProof):
        return party_of(proof.did)
    if isinstance(proof, CertificateProof):
        leaf, origin = proof.chain.leaf, origin_of(address)
        if urlsplit(origin).hostname in [name.lower() for name in leaf.dns_names]:
            return origin
        return f"x509:{leaf.subject};{proof.chain.anchor.subject}" if leaf.subject else client.identifier.text
    return f"{client.identifier.text};{quote(proof.issuer, safe=':/')}"
