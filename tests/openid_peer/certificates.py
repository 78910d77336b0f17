"""Certificate authorities that sign for verifiers (access certificates) and for issuers.

authority = SigningAuthority("Access CA")
signer = authority.signer("verifier.example")
signer.sign({"a": 1}, typ="JWT")
"""

from __future__ import annotations

import datetime
import hashlib
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Final

from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.asymmetric.utils import decode_dss_signature
from cryptography.x509.oid import NameOID

from tests.openid_peer.encoding import JsonObject, b64, compact

__all__ = ["Signer", "SigningAuthority", "es256", "private_jwk", "public_jwk"]

_DAY: Final = datetime.timedelta(days=1)
_HASHES: Final = {"ES256": hashes.SHA256(), "ES384": hashes.SHA384()}


def public_jwk(key: ec.EllipticCurvePrivateKey | ec.EllipticCurvePublicKey) -> JsonObject:
    """The public key as a JWK with nothing but what RFC 7518 section 6.2.1 requires."""
    public = key.public_key() if isinstance(key, ec.EllipticCurvePrivateKey) else key
    numbers, size = public.public_numbers(), (public.curve.key_size + 7) // 8
    curve = {"secp256r1": "P-256", "secp384r1": "P-384"}[public.curve.name]
    return {
        "kty": "EC",
        "crv": curve,
        "x": b64(numbers.x.to_bytes(size, "big")),
        "y": b64(numbers.y.to_bytes(size, "big")),
    }


def private_jwk(key: ec.EllipticCurvePrivateKey) -> JsonObject:
    """The key as a JWK with its private half."""
    size = (key.curve.key_size + 7) // 8
    return {**public_jwk(key), "d": b64(key.private_numbers().private_value.to_bytes(size, "big"))}


def es256(key: ec.EllipticCurvePrivateKey, header: JsonObject, payload: JsonObject) -> str:
    """A compact JWS by `key` with `header` as it is (RFC 7515 section 7.1); ES256 or ES384 by the curve."""
    signed = f"{b64(compact(header))}.{b64(compact(payload))}"
    size = (key.curve.key_size + 7) // 8
    der = key.sign(signed.encode(), ec.ECDSA(_HASHES["ES256" if size == 32 else "ES384"]))
    r, s = decode_dss_signature(der)
    return f"{signed}.{b64(r.to_bytes(size, 'big') + s.to_bytes(size, 'big'))}"


@dataclass(frozen=True)
class Signer:
    """A key and the certificates that vouch for it, the leaf first."""

    key: ec.EllipticCurvePrivateKey
    chain: tuple[x509.Certificate, ...]

    @property
    def alg(self) -> str:
        """The JWS algorithm of the key."""
        return "ES256" if self.key.curve.key_size == 256 else "ES384"

    @cached_property
    def der(self) -> bytes:
        """The DER of the leaf."""
        return self.chain[0].public_bytes(serialization.Encoding.DER)

    @property
    def x5c(self) -> list[str]:
        """What the header `x5c` has: base64 (not base64url) of each DER (RFC 7515 section 4.1.6)."""
        from base64 import b64encode

        return [b64encode(one.public_bytes(serialization.Encoding.DER)).decode() for one in self.chain]

    @property
    def x509_hash(self) -> str:
        """The client identifier by the hash of the leaf (OpenID4VP section 5.9.3)."""
        return f"x509_hash:{b64(hashlib.sha256(self.der).digest())}"

    def write(self, folder: Path) -> tuple[Path, Path]:
        """The chain and the key as PEM files in `folder`."""
        chain, key = folder / "access.pem", folder / "access.key"
        chain.write_bytes(b"".join(one.public_bytes(serialization.Encoding.PEM) for one in self.chain))
        form, unencrypted = serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
        key.write_bytes(self.key.private_bytes(serialization.Encoding.PEM, form, unencrypted))
        return chain, key

    def header(self, typ: str) -> JsonObject:
        """The header of what this signs."""
        return {"alg": self.alg, "typ": typ, "x5c": self.x5c}

    def sign(self, payload: JsonObject, *, typ: str) -> str:
        """A compact JWS with the chain in its header."""
        return es256(self.key, self.header(typ), payload)


class SigningAuthority:
    """A root certificate; `ca_file` (PEM) is what has to be trusted."""

    def __init__(
        self, name: str, folder: Path | None = None, curve: type[ec.EllipticCurve] = ec.SECP256R1
    ) -> None:
        self._name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, name)])
        self.key = ec.generate_private_key(curve())
        self.certificate = _certificate(self._name, self.key.public_key(), self._name, self.key, ca=True)
        if folder is not None:
            self.ca_file = folder / f"{name.replace(' ', '-').lower()}.pem"
            self.ca_file.write_bytes(self.certificate.public_bytes(serialization.Encoding.PEM))

    @classmethod
    def of(cls, ca_file: Path) -> SigningAuthority:
        """An authority of which only the certificate is known: it issues nothing."""
        authority = cls.__new__(cls)
        authority.ca_file = ca_file
        authority.certificate = x509.load_pem_x509_certificate(ca_file.read_bytes())
        return authority

    @property
    def key_id(self) -> str:
        """The key identifier of the root in base64url, what a DCQL `aki` names (section 6.1.1.1)."""
        extension = self.certificate.extensions.get_extension_for_class(x509.SubjectKeyIdentifier)
        return b64(extension.value.digest)

    def signer(
        self,
        *names: str,
        uris: Sequence[str] = (),
        key: ec.EllipticCurvePrivateKey | None = None,
        expired: bool = False,
    ) -> Signer:
        """A new leaf for the DNS `names`."""
        key = key or ec.generate_private_key(ec.SECP256R1())
        subject = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, names[0])])
        leaf = _certificate(
            subject, key.public_key(), self._name, self.key, names=names, uris=uris, expired=expired
        )
        return Signer(key, (leaf,))

    def named_signer(self, common_name: str, *names: str) -> Signer:
        """A leaf whose subject is called whatever one likes."""
        key = ec.generate_private_key(ec.SECP256R1())
        subject = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, common_name)])
        return Signer(key, (_certificate(subject, key.public_key(), self._name, self.key, names=names),))

    @staticmethod
    def under(leaf: Signer, *names: str) -> Signer:
        """A leaf that another leaf signed, which may sign no certificates; both are in the chain."""
        key = ec.generate_private_key(ec.SECP256R1())
        subject = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "below a leaf")])
        signed = _certificate(subject, key.public_key(), leaf.chain[0].subject, leaf.key, names=names)
        return Signer(key, (signed, *leaf.chain))

    def self_signed(self, *names: str) -> Signer:
        """A leaf that vouches for itself, and that no authority signed."""
        key = ec.generate_private_key(ec.SECP256R1())
        subject = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, names[0])])
        return Signer(key, (_certificate(subject, key.public_key(), subject, key, names=names),))


def _certificate(
    subject: x509.Name,
    public: ec.EllipticCurvePublicKey,
    issuer: x509.Name,
    issuer_key: ec.EllipticCurvePrivateKey,
    *,
    names: Sequence[str] = (),
    uris: Sequence[str] = (),
    ca: bool = False,
    expired: bool = False,
) -> x509.Certificate:
    now = datetime.datetime.now(datetime.UTC).replace(microsecond=0)
    until = now - _DAY if expired else now + 30 * _DAY
    usage = x509.KeyUsage(not ca, False, False, False, False, ca, ca, False, False)
    builder = (
        x509.CertificateBuilder()
        .subject_name(subject)
        .issuer_name(issuer)
        .public_key(public)
        .serial_number(x509.random_serial_number())
        .not_valid_before(now - 60 * _DAY)
        .not_valid_after(until)
        .add_extension(x509.BasicConstraints(ca=ca, path_length=0 if ca else None), critical=True)
        .add_extension(usage, critical=True)
        .add_extension(x509.SubjectKeyIdentifier.from_public_key(public), critical=False)
        .add_extension(
            x509.AuthorityKeyIdentifier.from_issuer_public_key(issuer_key.public_key()), critical=False
        )
    )
    alternatives: list[x509.GeneralName] = [x509.DNSName(name) for name in names]
    alternatives += [x509.UniformResourceIdentifier(uri) for uri in uris]
    if alternatives:
        builder = builder.add_extension(x509.SubjectAlternativeName(alternatives), critical=False)
    digest = hashes.SHA384() if issuer_key.curve.key_size == 384 else hashes.SHA256()
    return builder.sign(issuer_key, digest)
