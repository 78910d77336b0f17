"""What a verifier says of itself in `client_metadata`: keys to encrypt to, and formats it reads.

OpenID4VP 1.0 sections 5.1, 8.3 and 11. Members that are not defined there are ignored, as section 5.1
demands; so are keys that can't be used (RFC 7517 section 5).
"""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass, field
from typing import Final

from ipse.encoding.strict_json import Json, JsonObject, excerpt, kind_of
from ipse.errors import IpseError, MalformedInput
from ipse.keys import encryption, key_types
from ipse.protocols.openid4vp.refusals import Encryption

__all__ = ["DEFAULT_ENC", "ClientMetadata", "parse_client_metadata"]

DEFAULT_ENC: Final = "A128GCM"
"""The content encryption where the verifier lists none (section 5.1)."""

_MAX_KEYS: Final = 100
_MAX_KID: Final = 512
_PRIVATE: Final = frozenset({"d", "p", "q", "dp", "dq", "qi", "oth", "k"})
_AGREEMENT: Final = ("deriveKey", "deriveBits")
_FULL_NAMES: Final = {"Ed25519": "EdDSA"}
"""Fully-specified names of algorithms (RFC 9864), and the names that ipse's keys have."""


@dataclass(frozen=True, slots=True)
class ClientMetadata:
    """The metadata of a verifier.

    - `keys`: public JWKs that a response can be encrypted to, in the verifier's order
    - `enc_values`: the content encryptions it reads
    - `vp_formats`: `vp_formats_supported`, None where the verifier does not say
    """

    keys: tuple[JsonObject, ...] = ()
    enc_values: tuple[str, ...] = (DEFAULT_ENC,)
    vp_formats: JsonObject | None = field(default=None, repr=False)

    @property
    def encryption(self) -> Encryption | None:
        """How a response is encrypted, A256GCM preferred; None where there is no way for both."""
        enc = next((name for name in encryption.ENCODINGS if name in self.enc_values), None)
        return Encryption(self.keys[0], enc) if self.keys and enc else None

    def reads(self, form: str) -> bool:
        """Whether the verifier reads credentials in the format `form`, as far as it says."""
        return self.vp_formats is None or form in self.vp_formats

    def accepts(self, form: str, **values: str) -> bool:
        """Whether the verifier accepts these values in the format `form`, as far as it says.

        A value is named by the member of `vp_formats_supported` that lists what is accepted, in Python's
        spelling: sd_jwt_alg_values and kb_jwt_alg_values, alg_values, proof_type_values and
        cryptosuite_values (Appendices B.1 and B.3). Algorithms are named as in JOSE headers.
        """
        if not self.reads(form):
            return False
        listed: JsonObject = (self.vp_formats or {}).get(form, {})
        return all(_among(value, listed.get(_MEMBERS[name])) for name, value in values.items())


_MEMBERS: Final = {
    "sd_jwt_alg_values": "sd-jwt_alg_values",
    "kb_jwt_alg_values": "kb-jwt_alg_values",
    "alg_values": "alg_values",
    "proof_type_values": "proof_type_values",
    "cryptosuite_values": "cryptosuite_values",
}


def parse_client_metadata(value: Json) -> ClientMetadata:
    """The metadata that `client_metadata` holds. Raises MalformedInput."""
    if value is None:
        return ClientMetadata()
    if not isinstance(value, dict):
        raise MalformedInput(f"client_metadata is a JSON {kind_of(value)}, an object is expected")
    return ClientMetadata(_keys(value), _enc_values(value), _formats(value))


def _keys(metadata: JsonObject) -> tuple[JsonObject, ...]:
    """The keys that a response can be encrypted to. Raises MalformedInput where there is no key set."""
    if "jwks" not in metadata:
        return ()
    jwks = metadata["jwks"]
    entries = jwks.get("keys") if isinstance(jwks, dict) else None
    if not isinstance(entries, list):
        raise MalformedInput("jwks in client_metadata is not a JSON Web Key Set: it has no array keys")
    if len(entries) > _MAX_KEYS:
        raise MalformedInput(
            f"jwks in client_metadata holds {len(entries)} keys; at most {_MAX_KEYS} are read"
        )
    named = Counter(entry["kid"] for entry in entries if isinstance(entry, dict) and _has_kid(entry))
    return tuple(entry for entry in entries if _is_usable(entry) and named[entry["kid"]] == 1)


def _is_usable(jwk: Json) -> bool:
    """Whether a response can be encrypted to `jwk` (section 8.3)."""
    if not isinstance(jwk, dict) or not _has_kid(jwk) or _PRIVATE & jwk.keys():
        return False
    if jwk.get("alg") != encryption.ALGORITHM or jwk.get("use", "enc") != "enc":
        return False
    operations = jwk.get("key_ops", [*_AGREEMENT])
    if not isinstance(operations, list) or not any(name in operations for name in _AGREEMENT):
        return False
    try:
        return key_types.public_from_jwk(jwk).key_type == encryption.CURVE
    except IpseError:
        return False


def _has_kid(jwk: JsonObject) -> bool:
    kid = jwk.get("kid")
    return isinstance(kid, str) and 0 < len(kid) <= _MAX_KID


def _enc_values(metadata: JsonObject) -> tuple[str, ...]:
    name = "encrypted_response_enc_values_supported"
    return _texts(metadata[name], name) if name in metadata else (DEFAULT_ENC,)


def _formats(metadata: JsonObject) -> JsonObject | None:
    if "vp_formats_supported" not in metadata:
        return None
    formats = metadata["vp_formats_supported"]
    if not isinstance(formats, dict) or not all(isinstance(entry, dict) for entry in formats.values()):
        raise MalformedInput("vp_formats_supported in client_metadata is not an object of objects")
    for name, entry in formats.items():
        for member in _MEMBERS.values():
            if member in entry:
                _texts(entry[member], f"{member} of {excerpt(name)}")
    return formats


def _texts(value: Json, what: str) -> tuple[str, ...]:
    if not isinstance(value, list) or not value or not all(isinstance(entry, str) for entry in value):
        raise MalformedInput(f"{what} in client_metadata is not an array of texts")
    return tuple(value)


def _among(value: str, listed: Json) -> bool:
    return listed is None or value in {_FULL_NAMES.get(name, name) for name in listed} | set(listed)
