"""did:key (W3C CCG did:key method), with Multikey verification methods."""

from __future__ import annotations

from typing import Final

from ipse.encoding.strict_json import JsonObject
from ipse.errors import MalformedInput
from ipse.keys import multikey
from ipse.keys.ed25519 import PublicKey

__all__ = ["PREFIX", "document", "from_public_key", "verification_method_id"]

PREFIX: Final = "did:key:"


def from_public_key(key: PublicKey) -> str:
    """The did:key of a public key."""
    return PREFIX + multikey.encode(key)


def verification_method_id(did: str) -> str:
    """The DID URL of the one verification method that a did:key has."""
    return f"{did}#{did.removeprefix(PREFIX)}"


def document(did: str) -> JsonObject:
    """The DID document that `did` stands for. Raises MalformedInput, Undetermined for other key types."""
    identifier = did.removeprefix(PREFIX)
    try:
        key = multikey.decode(identifier)
    except MalformedInput as error:
        raise MalformedInput(f"{did[:100]} is not a did:key: {error.message}") from error
    if from_public_key(key) != did:
        raise MalformedInput(f"{did[:100]} is not a did:key in its one spelling")
    method = verification_method_id(did)
    return {
        "@context": ["https://www.w3.org/ns/did/v1", "https://w3id.org/security/multikey/v1"],
        "id": did,
        "verificationMethod": [
            {"id": method, "type": "Multikey", "controller": did, "publicKeyMultibase": identifier}
        ],
        "authentication": [method],
        "assertionMethod": [method],
        "capabilityInvocation": [method],
        "capabilityDelegation": [method],
    }
