"""did:key (W3C CCG did:key method), with Multikey verification methods."""

from __future__ import annotations

from typing import Final

from ipse.dids.method import Creation, Method
from ipse.dids.verification_methods import (
    CONTEXT,
    KEY_AGREEMENT,
    SIGNING,
    agrees_on_keys,
    multikey_method,
    refer,
    signs,
)
from ipse.encoding.strict_json import JsonObject
from ipse.errors import MalformedInput
from ipse.keys import ed25519, key_types
from ipse.keys.key_types import AnyPublicKey

__all__ = ["METHOD", "PREFIX", "document", "document_of_key", "from_public_key", "verification_method_id"]

PREFIX: Final = "did:key:"


def from_public_key(key: AnyPublicKey) -> str:
    """The did:key of a public key."""
    return PREFIX + key_types.to_multikey(key)


def verification_method_id(did: str) -> str:
    """The DID URL of the verification method that is the key of a did:key itself."""
    return f"{did}#{did.removeprefix(PREFIX)}"


def document(did: str) -> JsonObject:
    """The DID document that `did` stands for. Raises MalformedInput, Undetermined for other key types."""
    return document_of_key(did, did.removeprefix(PREFIX))


def document_of_key(did: str, identifier: str) -> JsonObject:
    """The document of a DID that is nothing but the Multikey `identifier` behind its method's prefix.

    An Ed25519 key signs, and the X25519 key derived from it agrees on keys; an X25519 key only agrees on
    keys; a key on a NIST curve or secp256k1 does both. Raises MalformedInput, Undetermined.
    """
    try:
        key = key_types.from_multikey(identifier)
    except MalformedInput as error:
        raise MalformedInput(f"{did[:100]} is not a DID made of a key: {error.message}") from error
    prefix = did.removesuffix(identifier)
    if prefix == did or prefix.count(":") != 2 or key_types.to_multikey(key) != identifier:
        raise MalformedInput(f"{did[:100]} is not in the one spelling of a DID made of a key")
    method = f"{did}#{identifier}"
    content: JsonObject = {
        "@context": [*CONTEXT],
        "id": did,
        "verificationMethod": [multikey_method(method, did, identifier)],
    }
    if signs(key.key_type):
        refer(content, method, SIGNING)
    if agrees_on_keys(key.key_type):
        refer(content, method, [KEY_AGREEMENT])
    if isinstance(key, ed25519.PublicKey):
        derived = key_types.to_multikey(ed25519.key_agreement_key(key))
        content["verificationMethod"].append(multikey_method(f"{did}#{derived}", did, derived))
        refer(content, f"{did}#{derived}", [KEY_AGREEMENT])
    return content


METHOD: Final = Method(
    document, creation=Creation(lambda key, _: from_public_key(key), verification_method_id)
)
