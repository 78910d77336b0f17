"""What the wallet says of itself to a verifier that asks for it (`wallet_metadata`).

OpenID4VP 1.0 sections 5.10 and 10. It says what every copy of this wallet can do, and nothing that would
tell one owner from another; the key for encrypted request objects is made for one request.
"""

from __future__ import annotations

from typing import Final

from ipse.encoding.strict_json import JsonObject
from ipse.keys import encryption
from ipse.protocols.openid4vp.client_identifiers import PREFIXES
from ipse.protocols.openid4vp.signatures import SIGNING_ALGORITHMS

__all__ = ["VP_FORMATS", "WALLET_METADATA", "wallet_metadata"]

_SIGNED_BY: Final = ["ES256", "ES384", "Ed25519"]
_HELD_BY: Final = ["ES256", "Ed25519"]
_PUBLIC: Final = ("kty", "crv", "x", "y", "kid", "use", "alg")

VP_FORMATS: Final[JsonObject] = {
    "dc+sd-jwt": {"sd-jwt_alg_values": _SIGNED_BY, "kb-jwt_alg_values": _HELD_BY},
    "jwt_vc_json": {"alg_values": ["ES256", "ES384", "EdDSA"]},
    "ldp_vc": {
        "proof_type_values": ["DataIntegrityProof"],
        "cryptosuite_values": ["eddsa-rdfc-2022", "eddsa-jcs-2022", "ecdsa-rdfc-2019", "ecdsa-jcs-2019"],
    },
}
"""The formats that are presented, and the algorithms of each (Appendix B)."""

WALLET_METADATA: Final[JsonObject] = {
    "response_types_supported": ["vp_token"],
    "response_modes_supported": ["fragment", "direct_post", "direct_post.jwt"],
    "vp_formats_supported": VP_FORMATS,
    "client_id_prefixes_supported": list(PREFIXES),
    "request_object_signing_alg_values_supported": list(SIGNING_ALGORITHMS),
    "authorization_encryption_alg_values_supported": [encryption.ALGORITHM],
    "authorization_encryption_enc_values_supported": list(encryption.ENCODINGS),
}
"""What is sent with each POST to a request_uri."""


def wallet_metadata(key: JsonObject | None = None) -> JsonObject:
    """WALLET_METADATA; with a JWK `key`, request objects may be encrypted to it (`keys.encryption.new_key`).

    Of the key, only the public members are taken.
    """
    if key is None:
        return {**WALLET_METADATA}
    return {
        **WALLET_METADATA,
        "jwks": {"keys": [{name: key[name] for name in _PUBLIC if name in key}]},
        "request_object_encryption_alg_values_supported": [encryption.ALGORITHM],
        "request_object_encryption_enc_values_supported": list(encryption.ENCODINGS),
    }
