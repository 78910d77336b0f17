"""What every key type offers, the key types by name, and how keys are written: Multikey and JSON Web Key.

    name        signs   verifies   algorithm   source
    Ed25519     yes     yes        EdDSA       RFC 8032, RFC 8037
    P-256       yes     yes        ES256       RFC 7518
    secp256k1   yes     yes        ES256K      RFC 8812
    P-384       no      yes        ES384       RFC 7518
    X25519      no      no                     RFC 7748, key agreement

The names are the `crv` of the JSON Web Key. Sources: W3C Controlled Identifiers 1.0 section 2.2.2 for
Multikey; RFC 7518 section 6.2, RFC 8812 section 3.1 (EC) and RFC 8037 section 2 (OKP) for JSON Web Keys.
"""

from __future__ import annotations

import re
from functools import lru_cache
from typing import Final, Protocol, TypeAlias

from ipse.encoding import base64url, multibase
from ipse.encoding.strict_json import Json, JsonObject, excerpt
from ipse.errors import MalformedInput, Undetermined, UnusableKey, UsageError
from ipse.keys import ecdsa, ed25519

__all__ = [
    "PUBLIC_TYPES",
    "SIGNING_TYPES",
    "AnyPrivateKey",
    "AnyPublicKey",
    "PrivateKey",
    "PublicKey",
    "from_multikey",
    "generate",
    "private_from_jwk",
    "private_key",
    "private_to_jwk",
    "public_from_jwk",
    "public_key",
    "public_to_jwk",
    "secret_from_multikey",
    "signing",
    "to_multikey",
    "verifying",
    "verifying_from_jwk",
]

SIGNING_TYPES: Final = ("Ed25519", *ecdsa.PRIVATE_TYPES)
"""The types that ipse makes, holds and signs with; the first is the default."""
PUBLIC_TYPES: Final = ("Ed25519", *ecdsa.PUBLIC_TYPES, "X25519")
"""The types whose public keys ipse reads."""
_PUBLIC_CODECS: Final = {
    0xED: "Ed25519",
    0xEC: "X25519",
    0xE7: "secp256k1",
    0x1200: "P-256",
    0x1201: "P-384",
}
_SECRET_CODECS: Final = {
    0x1300: "Ed25519",
    0x1301: "secp256k1",
    0x1306: "P-256",
}
_KEYS_KEPT: Final = 256
"""Public keys that are kept, since a verifier meets the same issuers again and again."""
_CODEC_OF_PUBLIC: Final = {name: codec for codec, name in _PUBLIC_CODECS.items()}
_CODECS_NOT_READ: Final = {
    0x1202: "P-521",
    0x1203: "Ed448",
    0x1204: "X448",
    0x1205: "RSA",
    0x1302: "X25519",
    0x1305: "RSA",
    0x1307: "P-384",
    0x1308: "P-521",
}
_SEED_LENGTH: Final = 32
_OTHER_NAMES: Final = {"EdDSA": ("Ed25519",)}
"""Algorithms that have a second name, the fully-specified one (RFC 9864 section 2.2)."""
_CURVES: Final = {"OKP": ("Ed25519", "X25519"), "EC": ecdsa.PUBLIC_TYPES}


class PublicKey(Protocol):
    """A key that verifies signatures.

    `raw` is the form that Multikey carries: 32 bytes for Ed25519, the compressed point otherwise.
    """

    @property
    def key_type(self) -> str: ...
    @property
    def algorithm(self) -> str: ...
    @property
    def raw(self) -> bytes: ...

    def verify(self, message: bytes, signature: bytes) -> bool: ...


class PrivateKey(Protocol):
    """A key that signs. `secret` is 32 bytes and never shown by repr."""

    @property
    def key_type(self) -> str: ...
    @property
    def algorithm(self) -> str: ...
    @property
    def secret(self) -> bytes: ...

    def public(self) -> PublicKey: ...
    def sign(self, message: bytes) -> bytes: ...


AnyPublicKey: TypeAlias = PublicKey | ed25519.X25519PublicKey
AnyPrivateKey: TypeAlias = PrivateKey | ed25519.X25519PrivateKey


def generate(key_type: str = "Ed25519") -> PrivateKey:
    """A new key of one of SIGNING_TYPES. Raises UsageError for another name."""
    if key_type == "Ed25519":
        return ed25519.generate()
    if key_type in ecdsa.PRIVATE_TYPES:
        return ecdsa.generate(key_type)
    raise UsageError(
        f"no keys of type {key_type[:40]!r} are made", hint=f"choose one of {', '.join(SIGNING_TYPES)}"
    )


def private_key(key_type: str, secret: bytes) -> PrivateKey:
    """The signing key of type `key_type` with these 32 secret bytes.

    Raises MalformedInput for bytes that are no such key, Undetermined for a type that ipse does not sign
    with.
    """
    if key_type == "Ed25519":
        return ed25519.PrivateKey(secret)
    if key_type in ecdsa.PRIVATE_TYPES:
        return ecdsa.PrivateKey(key_type, secret)
    raise Undetermined(
        f"private keys of type {key_type[:40]} are not supported",
        hint=f"ipse signs with {', '.join(SIGNING_TYPES)}",
    )


def public_key(key_type: str, raw: bytes) -> AnyPublicKey:
    """The public key of type `key_type` with these bytes, checked to be a point of its curve.

    Raises MalformedInput for bytes that are no such key, Undetermined for a type that ipse does not read.
    """
    if key_type == "Ed25519":
        return ed25519.public_key_on_curve(raw)
    if key_type == "X25519":
        return ed25519.X25519PublicKey(raw)
    if key_type in ecdsa.PUBLIC_TYPES:
        return ecdsa.PublicKey(key_type, raw)
    raise Undetermined(
        f"key type {key_type[:40]} is not supported", hint=f"ipse reads {', '.join(PUBLIC_TYPES)}"
    )


def verifying(key: AnyPublicKey) -> PublicKey:
    """`key`, known to verify signatures. Raises Undetermined for a key agreement key."""
    if isinstance(key, ed25519.X25519PublicKey):
        raise Undetermined(
            "an X25519 key verifies no signature: it is for key agreement", hint="name a signing key"
        )
    return key


def signing(key: AnyPrivateKey) -> PrivateKey:
    """`key`, known to sign. Raises Undetermined for a key agreement key."""
    if isinstance(key, ed25519.X25519PrivateKey):
        raise Undetermined("an X25519 key signs nothing: it is for key agreement", hint="give a signing key")
    return key


def to_multikey(key: AnyPublicKey) -> str:
    """`publicKeyMultibase` of `key`."""
    return multibase.encode_base58btc(multibase.encode_varint(_CODEC_OF_PUBLIC[key.key_type]) + key.raw)


@lru_cache(maxsize=_KEYS_KEPT)
def from_multikey(text: str) -> AnyPublicKey:
    """The public key in a `publicKeyMultibase`: Ed25519, X25519, secp256k1, P-256 or P-384.

    Raises MalformedInput (a secret key among the rest), and Undetermined for a key type that ipse does
    not read. `verifying` refuses the one that verifies nothing.
    """
    codec, raw = multibase.decode_varint(multibase.decode_base58btc(text))
    if codec in _SECRET_CODECS:
        raise MalformedInput("the Multikey holds a private key where a public one belongs")
    if codec not in _PUBLIC_CODECS:
        raise Undetermined(
            f"key type {_codec_name(codec)} is not supported",
            hint=f"ipse reads {', '.join(_PUBLIC_CODECS.values())} keys",
        )
    return public_key(_PUBLIC_CODECS[codec], raw)


def secret_from_multikey(text: str) -> PrivateKey:
    """The private key in a `secretKeyMultibase`: Ed25519, secp256k1 or P-256.

    Of Ed25519 the older form, seed || public key (64 bytes), is read as well if the halves belong
    together. Raises MalformedInput, and Undetermined for a key type that ipse does not sign with.
    """
    codec, raw = multibase.decode_varint(multibase.decode_base58btc(text))
    if codec in _PUBLIC_CODECS:
        raise MalformedInput("the Multikey holds a public key where a private one belongs")
    if codec not in _SECRET_CODECS:
        raise Undetermined(
            f"private key type {_codec_name(codec)} is not supported",
            hint=f"ipse signs with {', '.join(_SECRET_CODECS.values())} keys",
        )
    if _SECRET_CODECS[codec] == "Ed25519" and len(raw) == 2 * _SEED_LENGTH:
        key = private_key("Ed25519", raw[:_SEED_LENGTH])
        if key.public().raw != raw[_SEED_LENGTH:]:
            raise MalformedInput("the two halves of the Ed25519 private key do not belong together")
        return key
    return private_key(_SECRET_CODECS[codec], raw)


def _codec_name(codec: int) -> str:
    return _CODECS_NOT_READ.get(codec, f"multicodec {codec:#x}")


def public_to_jwk(key: AnyPublicKey) -> dict[str, str]:
    """The public JWK of `key`: kty, crv, x, and y on the EC curves."""
    if isinstance(key, ecdsa.PublicKey):
        x, y = key.coordinates()
        return {"kty": "EC", "crv": key.key_type, "x": base64url.encode(x), "y": base64url.encode(y)}
    return {"kty": "OKP", "crv": key.key_type, "x": base64url.encode(key.raw)}


def private_to_jwk(key: AnyPrivateKey) -> dict[str, str]:
    """The JWK with the private member `d`. Secret: it goes to a signer, never to a terminal."""
    return {**public_to_jwk(key.public()), "d": base64url.encode(key.secret)}


def public_from_jwk(jwk: Json) -> AnyPublicKey:
    """The public key that a JWK holds: Ed25519, X25519, P-256, secp256k1 or P-384.

    What it says of its use (use, key_ops, alg) is not looked at: `verifying_from_jwk` does. Raises
    MalformedInput for what is no public JWK, Undetermined for another key type.
    """
    jwk, curve = _curve_of(jwk)
    if "d" in jwk:
        raise MalformedInput("the JWK holds a private key where a public one belongs")
    return _public_of(jwk, curve)


def verifying_from_jwk(jwk: Json) -> PublicKey:
    """The public key that a JWK holds, if it is meant to verify signatures as far as it says.

    What it says are `use`, `key_ops` and `alg` (RFC 7517 sections 4.2 to 4.4). Raises UnusableKey
    (`key-not-for-signatures`) where any of them says otherwise or has no meaning, and what
    `public_from_jwk` and `verifying` raise.
    """
    key = verifying(public_from_jwk(jwk))
    said: JsonObject = jwk
    operations = said.get("key_ops", ["verify"])
    algorithms = [key.algorithm, *_OTHER_NAMES.get(key.algorithm, ())]
    fits = {
        "use": said.get("use", "sig") == "sig",
        "key_ops": isinstance(operations, list) and "verify" in operations,
        "alg": said.get("alg", key.algorithm) in algorithms,
    }
    for member, fitting in fits.items():
        if not fitting:
            raise UnusableKey(
                f"the key is not for {key.algorithm} signatures: its {member} is {excerpt(said[member])}",
                code="key-not-for-signatures",
            )
    return key


def private_from_jwk(jwk: Json) -> AnyPrivateKey:
    """The private key that a JWK holds: Ed25519, X25519, P-256 or secp256k1.

    Raises MalformedInput for what is no private JWK or has halves that do not belong together,
    Undetermined for another key type. `signing` refuses the one that signs nothing.
    """
    jwk, curve = _curve_of(jwk)
    if "d" not in jwk:
        raise MalformedInput("the JWK holds a public key where a private one belongs")
    public = _public_of(jwk, curve)
    secret = _bytes(jwk, "d")
    key: AnyPrivateKey = ed25519.X25519PrivateKey(secret) if curve == "X25519" else private_key(curve, secret)
    if key.public() != public:
        raise MalformedInput("the public and the private half of the JWK do not belong together")
    return key


def _curve_of(jwk: Json) -> tuple[JsonObject, str]:
    """The object, and the name of its curve."""
    if not isinstance(jwk, dict):
        raise MalformedInput("a JWK is a JSON object")
    kind, curve = jwk.get("kty"), jwk.get("crv")
    if not (isinstance(kind, str) and isinstance(curve, str) and curve in _CURVES.get(kind, ())):
        names = " ".join(_shown(name) for name in (kind, curve) if name is not None)
        raise Undetermined(
            f"key type {names or '(no name)'} is not supported",
            hint=f"ipse reads {', '.join(PUBLIC_TYPES)} keys",
        )
    return jwk, curve


def _shown(name: Json) -> str:
    """`name` as an error quotes it, if it can be the name of a key type or a curve at all."""
    return repr(name) if isinstance(name, str) and re.fullmatch(r"[A-Za-z0-9-]{1,20}", name) else "(no name)"


def _public_of(jwk: JsonObject, curve: str) -> AnyPublicKey:
    if jwk["kty"] == "EC":
        return ecdsa.PublicKey.from_coordinates(curve, _bytes(jwk, "x"), _bytes(jwk, "y"))
    return public_key(curve, _bytes(jwk, "x"))


def _bytes(jwk: JsonObject, member: str) -> bytes:
    value = jwk.get(member)
    if not isinstance(value, str):
        raise MalformedInput(f"the JWK has no member {member}")
    try:
        return base64url.decode(value)
    except MalformedInput as error:
        raise MalformedInput(f"member {member} of the JWK is {error.message}") from None
