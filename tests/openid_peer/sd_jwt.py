"""SD-JWT VCs (RFC 9901): an issuer of identity credentials, a holder's presentation, a verifier's checks."""

from __future__ import annotations

import hashlib
import json
import secrets
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Final

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.asymmetric.utils import encode_dss_signature
from cryptography.x509 import Certificate, load_der_x509_certificate

from tests.openid_peer.certificates import Signer, SigningAuthority, es256
from tests.openid_peer.encoding import JsonObject, b64, compact, loads, same, unb64, unchanged

__all__ = [
    "PERSON",
    "PID",
    "Presentation",
    "Refused",
    "es256_verifies",
    "identity_credential",
    "key_of",
    "parse_presentation",
    "present",
]

PID: Final = "urn:eudi:pid:1"
"""The type of the identity credentials here."""

PERSON: Final[Mapping[str, Any]] = {
    "given_name": "Erika",
    "family_name": "Mustermann",
    "birthdate": "1964-08-12",
    "place_of_birth": {"locality": "Berlin"},
    "nationalities": ["DE", "AT"],
    "address": {
        "street_address": "Heidestrasse 17",
        "locality": "Koeln",
        "postal_code": "51147",
        "country": "DE",
    },
    "age_equal_or_over": {"16": True, "18": True, "65": False},
    "email": "erika@mustermann.example",
}
"""What an identity credential says; every claim, each member of an address and each nationality is hidden."""

_YEAR: Final = 365 * 24 * 3600
_MOST_SECONDS: Final = 300
"""How old a key binding may be."""


class Refused(Exception):
    """A presentation breaks a rule, which the message names."""


def _hidden(name: str | None, value: Any, disclosures: list[str]) -> str:
    content = (
        [b64(secrets.token_bytes(16)), value] if name is None else [b64(secrets.token_bytes(16)), name, value]
    )
    disclosure = b64(compact(content))
    disclosures.append(disclosure)
    return _digest(disclosure)


def _digest(text: str) -> str:
    return b64(hashlib.sha256(text.encode()).digest())


def identity_credential(
    issuer: Signer,
    holder: JsonObject,
    *,
    person: Mapping[str, Any] = PERSON,
    vct: str = PID,
    edit: Callable[[JsonObject], object] = unchanged,
) -> str:
    """An SD-JWT VC bound to the public JWK `holder`; `edit` changes the payload before it is signed."""
    disclosures: list[str] = []
    digests = []
    for name, value in person.items():
        if isinstance(value, dict):
            value = {"_sd": sorted(_hidden(key, each, disclosures) for key, each in value.items())}
        elif isinstance(value, list):
            value = [{"...": _hidden(None, each, disclosures)} for each in value]
        digests.append(_hidden(name, value, disclosures))
    now = int(time.time())
    payload: JsonObject = {
        "iss": "https://pid-issuer.example",
        "iat": now - 3600,
        "exp": now + _YEAR,
        "vct": vct,
        "cnf": {"jwk": dict(holder)},
        "_sd_alg": "sha-256",
        "_sd": sorted(digests),
    }
    edit(payload)
    return "~".join([issuer.sign(payload, typ="dc+sd-jwt"), *disclosures, ""])


@dataclass(frozen=True, slots=True)
class Presentation:
    """A presentation that holds: what it reveals, and how it is bound.

    `claims` has the disclosed claims alone, without what is always in the clear; `paths` their paths.
    """

    payload: JsonObject
    claims: JsonObject
    paths: frozenset[tuple[str | int, ...]]
    binding: JsonObject


def present(
    credential: str,
    key: ec.EllipticCurvePrivateKey,
    *,
    audience: str,
    nonce: str,
    reveal: Sequence[str],
    edit: Callable[[JsonObject], object] = unchanged,
    spoil: Callable[[str], str] = same,
) -> str:
    """`credential` with the disclosures of the top-level claims `reveal` and all below, and a key binding.

    `edit` changes the payload of the key binding before it is signed, `spoil` the credential's JWT after
    the hash over it was taken.
    """
    jwt, *disclosures = credential.rstrip("~").split("~")
    bare = "~".join([jwt, *_needed(disclosures, reveal), ""])
    binding: JsonObject = {
        "iat": int(time.time()),
        "aud": audience,
        "nonce": nonce,
        "sd_hash": _digest(bare),
    }
    edit(binding)
    bound = es256(key, {"alg": "ES256", "typ": "kb+jwt"}, binding)
    return spoil(jwt) + bare[len(jwt) :] + bound


def _needed(disclosures: Sequence[str], reveal: Sequence[str]) -> list[str]:
    contents = {_digest(each): (each, json.loads(unb64(each))) for each in disclosures}
    found: list[str] = []

    def add_below(value: Any) -> None:
        for digest in _references(value):
            text, content = contents[digest]
            found.append(text)
            add_below(content[-1])

    for text, content in contents.values():
        if len(content) == 3 and content[1] in reveal and not _is_below(text, contents):
            found.append(text)
            add_below(content[-1])
    return found


def _is_below(text: str, contents: Mapping[str, tuple[str, Any]]) -> bool:
    digest = _digest(text)
    return any(digest in _references(content[-1]) for _, content in contents.values())


def _references(value: Any) -> list[str]:
    if isinstance(value, dict):
        below = [digest for each in value.values() for digest in _references(each)]
        return [*value.get("_sd", []), *below] if "_sd" in value else below
    if isinstance(value, list):
        return [
            digest
            for each in value
            for digest in ([each["..."]] if isinstance(each, dict) and "..." in each else _references(each))
        ]
    return []


def key_of(jwk: Mapping[str, Any]) -> ec.EllipticCurvePublicKey:
    """The P-256 public key of a JWK."""
    if jwk.get("kty") != "EC" or jwk.get("crv") != "P-256":
        raise Refused(f"not a P-256 key: {jwk.get('kty')} {jwk.get('crv')}")
    x, y = (int.from_bytes(unb64(jwk[part]), "big") for part in ("x", "y"))
    return ec.EllipticCurvePublicNumbers(x, y, ec.SECP256R1()).public_key()


def es256_verifies(key: ec.EllipticCurvePublicKey, jwt: str) -> bool:
    """Whether `key` made the signature of a compact JWS with ES256."""
    signed, _, signature = jwt.rpartition(".")
    raw = unb64(signature)
    if len(raw) != 64:
        return False
    der = encode_dss_signature(int.from_bytes(raw[:32], "big"), int.from_bytes(raw[32:], "big"))
    try:
        key.verify(der, signed.encode(), ec.ECDSA(hashes.SHA256()))
    except InvalidSignature:
        return False
    return True


@dataclass
class _Opening:
    """The disclosures of a presentation, put back where they belong."""

    contents: dict[str, Any]
    used: set[str] = field(default_factory=set)
    paths: set[tuple[str | int, ...]] = field(default_factory=set)

    def opened(self, value: Any, path: tuple[str | int, ...] = ()) -> Any:
        if isinstance(value, dict):
            found = {
                name: self.opened(each, (*path, name))
                for name, each in value.items()
                if name not in ("_sd", "_sd_alg")
            }
            for digest in value.get("_sd", []):
                if digest in self.contents:
                    content = self._take(digest)
                    _, name, each = content
                    self.paths.add((*path, name))
                    found[name] = self.opened(each, (*path, name))
            return found
        if isinstance(value, list):
            items: list[Any] = []
            for each in value:
                if isinstance(each, dict) and set(each) == {"..."}:
                    if each["..."] not in self.contents:
                        continue
                    _, each = self._take(each["..."])
                    self.paths.add((*path, len(items)))
                items.append(self.opened(each, (*path, len(items))))
            return items
        return value

    def _take(self, digest: str) -> Any:
        if digest in self.used:
            raise Refused("a digest occurs twice")
        self.used.add(digest)
        return self.contents[digest]


def parse_presentation(
    text: str, *, issuer: SigningAuthority, audience: str, nonce: str, transaction_data: Sequence[str] = ()
) -> Presentation:
    """Check a presentation fully (RFC 9901 section 7.3, OpenID4VP Appendix B.3.6). Raises Refused."""
    jwt, *disclosures, bound = text.split("~")
    header, payload = (loads(part) for part in jwt.split(".")[:2])
    _require(header.get("typ") == "dc+sd-jwt", f"typ of the credential: {header.get('typ')}")
    _require(header.get("alg") == "ES256", f"alg of the credential: {header.get('alg')}")
    leaf = _leaf(header, issuer)
    issuer_key = leaf.public_key()
    assert isinstance(issuer_key, ec.EllipticCurvePublicKey)
    _require(es256_verifies(issuer_key, jwt), "the issuer's signature")
    opening = _Opening({_digest(each): json.loads(unb64(each)) for each in disclosures})
    _require(len(opening.contents) == len(disclosures), "a disclosure occurs twice")
    whole = opening.opened(payload)
    _require(len(opening.used) == len(disclosures), "a disclosure that nothing refers to")
    hidden = {path[0] for path in opening.paths}
    binding = _binding(bound, payload, text[: len(text) - len(bound)], transaction_data)
    _require(binding["aud"] == audience, f"aud {binding['aud']!r}, expected {audience!r}")
    _require(binding["nonce"] == nonce, f"nonce {binding['nonce']!r}, expected {nonce!r}")
    claims = {name: value for name, value in whole.items() if name in hidden}
    return Presentation(payload, claims, frozenset(opening.paths), binding)


def _leaf(header: JsonObject, issuer: SigningAuthority) -> Certificate:
    from base64 import b64decode

    (only,) = header["x5c"]
    leaf = load_der_x509_certificate(b64decode(only))
    leaf.verify_directly_issued_by(issuer.certificate)
    return leaf


def _binding(bound: str, payload: JsonObject, bare: str, transaction_data: Sequence[str]) -> JsonObject:
    _require(bound != "", "there is no key binding")
    header, binding = (loads(part) for part in bound.split(".")[:2])
    _require(header == {"alg": "ES256", "typ": "kb+jwt"}, f"header of the key binding: {header}")
    _require(es256_verifies(key_of(payload["cnf"]["jwk"]), bound), "the holder's signature")
    expected = {"iat", "aud", "nonce", "sd_hash"}
    if transaction_data:
        expected |= {"transaction_data_hashes", "transaction_data_hashes_alg"}
        _require(
            binding.get("transaction_data_hashes") == [_digest(each) for each in transaction_data],
            "the hashes of the transaction data",
        )
    _require(set(binding) <= expected, f"claims of the key binding: {sorted(binding)}")
    _require(binding["sd_hash"] == _digest(bare), "sd_hash")
    age = time.time() - binding["iat"]
    _require(-5 <= age <= _MOST_SECONDS, f"the key binding is {age:.0f} s old")
    return binding


def _require(holds: bool, rule: str) -> None:
    if not holds:
        raise Refused(rule)
