"""Verification methods: what a key may be used for, how a method is written, and how its key is read.

Source: W3C DID Core 1.0 sections 5.2 and 5.3, W3C Controlled Identifiers 1.0 section 2.2.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import Final

from ipse.encoding import multibase
from ipse.encoding.strict_json import JsonObject, excerpt
from ipse.errors import MalformedInput, Undetermined
from ipse.keys import ed25519, key_types
from ipse.keys.key_types import AnyPublicKey, PublicKey

__all__ = [
    "CONTEXT",
    "KEY_AGREEMENT",
    "RELATIONSHIPS",
    "SIGNING",
    "agrees_on_keys",
    "any_method_key",
    "check_use",
    "method_key",
    "multikey_method",
    "refer",
    "signs",
]

CONTEXT: Final = ("https://www.w3.org/ns/did/v1", "https://w3id.org/security/multikey/v1")
SIGNING: Final = ("authentication", "assertionMethod", "capabilityInvocation", "capabilityDelegation")
KEY_AGREEMENT: Final = "keyAgreement"
RELATIONSHIPS: Final = (*SIGNING, KEY_AGREEMENT)

_FORMS: Final = {
    "Multikey": ("publicKeyMultibase", None),
    "JsonWebKey": ("publicKeyJwk", None),
    "JsonWebKey2020": ("publicKeyJwk", None),
    "Ed25519VerificationKey2020": ("publicKeyMultibase", "Ed25519"),
    "Ed25519VerificationKey2018": ("publicKeyBase58", "Ed25519"),
}
"""Method type: the member that holds the key, and the only key type it may hold."""
_WITH_JWK: Final = tuple(kind for kind, (member, _) in _FORMS.items() if member == "publicKeyJwk")


def signs(key_type: str) -> bool:
    """Whether keys of this type can sign."""
    return key_type != "X25519"


def agrees_on_keys(key_type: str) -> bool:
    """Whether keys of this type can agree on a shared secret."""
    return key_type != "Ed25519"


def multikey_method(method_id: str, controller: str, multibase_key: str) -> JsonObject:
    """A verification method of type Multikey."""
    return {
        "id": method_id,
        "type": "Multikey",
        "controller": controller,
        "publicKeyMultibase": multibase_key,
    }


def refer(document: JsonObject, method_id: str, relationships: Iterable[str]) -> None:
    """List `method_id` under each of `relationships` of `document`."""
    for relationship in relationships:
        document.setdefault(relationship, []).append(method_id)


def method_key(method: JsonObject) -> PublicKey:
    """The key of a verification method that verifies signatures.

    Raises MalformedInput, UnusableKey for a JWK that is for something else, and Undetermined for other types
    of methods and for X25519, which verifies nothing.
    """
    kind, value = _material(method)
    if isinstance(value, dict):
        return key_types.verifying_from_jwk(value)
    return key_types.verifying(_multibase_key(kind, value))


def check_use(method: JsonObject) -> None:
    """Raise UnusableKey where a method has a JWK that is for something else than verifying signatures.

    Other types of methods don't say. Raises what `method_key` does for those with a JWK.
    """
    if method.get("type") in _WITH_JWK:
        method_key(method)


def any_method_key(method: JsonObject) -> AnyPublicKey:
    """The public key of a verification method, for signatures or for key agreement.

    Reads Multikey, JsonWebKey, JsonWebKey2020, Ed25519VerificationKey2020 and Ed25519VerificationKey2018;
    the member that belongs to the type counts and no other. Raises MalformedInput, Undetermined.
    """
    kind, value = _material(method)
    return key_types.public_from_jwk(value) if isinstance(value, dict) else _multibase_key(kind, value)


def _material(method: JsonObject) -> tuple[str, JsonObject | str]:
    """The type of a method, and its key as it is written there: a JWK, or a text."""
    kind = method.get("type")
    if not isinstance(kind, str) or kind not in _FORMS:
        raise Undetermined(f"verification method type {excerpt(kind)} is not supported")
    member = _FORMS[kind][0]
    value = method.get(member)
    if not isinstance(value, dict if member == "publicKeyJwk" else str):
        raise MalformedInput(f"the verification method {excerpt(method.get('id'))} has no {member}")
    return kind, value


def _multibase_key(kind: str, text: str) -> AnyPublicKey:
    member, only = _FORMS[kind]
    if member == "publicKeyBase58":
        return ed25519.public_key_on_curve(multibase.decode_base58btc(f"z{text}"))
    key = key_types.from_multikey(text)
    if only is not None and key.key_type != only:
        raise MalformedInput(f"a verification method of type {kind} holds a {key.key_type} key")
    return key
