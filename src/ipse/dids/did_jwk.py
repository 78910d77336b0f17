"""did:jwk: a DID that is a public JWK in base64url (did:jwk Method Specification)."""

from __future__ import annotations

from typing import Final

from ipse.dids.method import Creation, Method
from ipse.dids.verification_methods import KEY_AGREEMENT, SIGNING, agrees_on_keys, refer, signs
from ipse.encoding import base64url, strict_json
from ipse.encoding.strict_json import Json, JsonObject
from ipse.errors import MalformedInput, Undetermined
from ipse.keys import key_types
from ipse.keys.key_types import AnyPublicKey

__all__ = ["METHOD", "PREFIX", "document", "from_public_key", "verification_method_id"]

PREFIX: Final = "did:jwk:"
_CONTEXT: Final = ("https://www.w3.org/ns/did/v1", "https://w3id.org/security/suites/jws-2020/v1")
_PRIVATE: Final = frozenset({"d", "p", "q", "dp", "dq", "qi", "oth", "k"})
"""Members that hold private or symmetric keys (RFC 7518 sections 6.2.2, 6.3.2, 6.4.1)."""


def from_public_key(key: AnyPublicKey) -> str:
    """The did:jwk of a public key, its JWK in RFC 8785 form.

    The JWK says `use` where the curve serves one purpose alone, as the specification asks: "sig" for
    Ed25519, "enc" for X25519.
    """
    content: JsonObject = {**key_types.public_to_jwk(key)}
    if not (signs(key.key_type) and agrees_on_keys(key.key_type)):
        content["use"] = "sig" if signs(key.key_type) else "enc"
    return PREFIX + base64url.encode(strict_json.canonical(content))


def verification_method_id(did: str) -> str:
    """The DID URL of the one verification method that a did:jwk has."""
    return f"{did}#0"


def document(did: str) -> JsonObject:
    """The DID document that `did` stands for.

    `use` decides the relationships; without it they are all that the curve can serve. Raises
    MalformedInput (a private key and a `use` that the curve can't serve included), and Undetermined for
    key types and uses that ipse does not know.
    """
    try:
        encoded = base64url.decode(did.removeprefix(PREFIX))
        content = strict_json.parse_object(encoded, what="the JWK")
        key = _public_key(content)
    except MalformedInput as error:
        raise MalformedInput(f"{did[:100]} is not a did:jwk: {error.message}") from error
    use = content.get("use")
    if use not in (None, "sig", "enc"):
        raise Undetermined(f"{did[:100]} has the use {strict_json.excerpt(use)}, which ipse does not know")
    relationships = [
        *(SIGNING if use != "enc" and signs(key.key_type) else ()),
        *([KEY_AGREEMENT] if use != "sig" and agrees_on_keys(key.key_type) else ()),
    ]
    if not relationships:
        raise MalformedInput(f'{did[:100]} is not a did:jwk: a {key.key_type} key has no use "{use}"')
    method = verification_method_id(did)
    described: JsonObject = {
        "@context": [*_CONTEXT],
        "id": did,
        "verificationMethod": [
            {"id": method, "type": "JsonWebKey2020", "controller": did, "publicKeyJwk": content}
        ],
    }
    refer(described, method, relationships)
    return described


def _public_key(content: dict[str, Json]) -> AnyPublicKey:
    private = sorted(_PRIVATE & content.keys())
    if private:
        raise MalformedInput(f"the JWK holds a private key (member {private[0]}) where a public one belongs")
    return key_types.public_from_jwk(content)


METHOD: Final = Method(
    document, creation=Creation(lambda key, _: from_public_key(key), verification_method_id)
)
