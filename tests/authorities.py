"""Certificate authorities for tests, and the certificates that they issue, with one fault if asked for."""

from __future__ import annotations

import base64
from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from typing import Any

from cryptography import x509
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.serialization import Encoding
from cryptography.x509.oid import NameOID

from ipse.keys import ecdsa
from ipse.keys.certificates import Certificate, read_certificates

NOW = datetime(2026, 6, 1, 12, tzinfo=UTC)
DAY = timedelta(days=1)


def distinguished(common_name: str, organization_identifier: str | None = None, **more: str) -> x509.Name:
    """The name with this common name, and where given an organizationIdentifier, organization and country."""
    entries = [x509.NameAttribute(NameOID.COMMON_NAME, common_name)]
    if organization_identifier is not None:
        entries.append(x509.NameAttribute(NameOID.ORGANIZATION_IDENTIFIER, organization_identifier))
    for name, value in more.items():
        entries.append(x509.NameAttribute(getattr(NameOID, name.upper()), value))
    return x509.Name(entries)


def key_usage(**on: bool) -> x509.KeyUsage:
    """A key usage with these bits alone."""
    names = (
        "digital_signature", "content_commitment", "key_encipherment", "data_encipherment", "key_agreement",
        "key_cert_sign", "crl_sign", "encipher_only", "decipher_only",
    )  # fmt: skip
    return x509.KeyUsage(**{name: on.get(name, False) for name in names})


@dataclass(frozen=True)
class Plan:
    """What a certificate says. `None` leaves an extension out; the digest is SHA-256 where not given."""

    name: x509.Name
    not_before: datetime = NOW - DAY
    not_after: datetime = NOW + 30 * DAY
    is_authority: bool | None = None
    path_length: int | None = None
    usage: x509.KeyUsage | None = None
    dns_names: Sequence[str] = ()
    uris: Sequence[str] = ()
    extensions: Sequence[tuple[x509.ExtensionType, bool]] = ()
    digest: Any = None


@dataclass(frozen=True)
class Held:
    """A certificate with its private key, and those of the authorities above it but the anchor."""

    certificate: x509.Certificate
    key: Any
    above: tuple[x509.Certificate, ...] = ()

    @property
    def value(self) -> Certificate:
        return read_certificates(self.der)[0]

    @property
    def der(self) -> bytes:
        return self.certificate.public_bytes(Encoding.DER)

    @property
    def pem(self) -> bytes:
        return self.certificate.public_bytes(Encoding.PEM)

    @property
    def chain_pem(self) -> bytes:
        """The certificate and those above it but the anchor, as a PEM file."""
        return b"".join(entry.public_bytes(Encoding.PEM) for entry in (self.certificate, *self.above))

    @property
    def x5c(self) -> list[str]:
        """The certificate and those above it but the anchor."""
        return [x5c_entry(certificate) for certificate in (self.certificate, *self.above)]

    @property
    def signing_key(self) -> ecdsa.PrivateKey:
        """The private key, on P-256, as ipse signs with it."""
        return ecdsa.PrivateKey("P-256", self.key.private_numbers().private_value.to_bytes(32, "big"))

    def issue(self, plan: Plan, key: Any = None) -> Held:
        """A certificate as planned, signed by this one."""
        above = () if _is_root(self.certificate) else (self.certificate, *self.above)
        key = key or new_key()
        return Held(build(plan, key.public_key(), self.certificate.subject, self.key), key, above)

    def certify(self, public: ecdsa.PublicKey, name: str = "Example Issuer", **changes: Any) -> bytes:
        """The certificate of another's key and those above it but the anchor, as a PEM file."""
        x, y = (int.from_bytes(part, "big") for part in public.coordinates())
        key = ec.EllipticCurvePublicNumbers(x, y, ec.SECP256R1()).public_key()
        made = build(replace(leaf_plan(name), **changes), key, self.certificate.subject, self.key)
        above = () if _is_root(self.certificate) else (self.certificate, *self.above)
        return b"".join(entry.public_bytes(Encoding.PEM) for entry in (made, *above))

    def authority(self, name: str = "Example Issuing CA", **changes: Any) -> Held:
        """An authority below this one."""
        return self.issue(replace(authority_plan(name), **changes))

    def leaf(self, name: str = "Example Verifier", key: Any = None, **changes: Any) -> Held:
        """A certificate to sign with, for the host verifier.example unless `changes` say otherwise."""
        return self.issue(replace(leaf_plan(name), **changes), key)


def x5c_entry(certificate: x509.Certificate) -> str:
    return base64.b64encode(certificate.public_bytes(Encoding.DER)).decode()


def new_key(curve: ec.EllipticCurve | None = None) -> Any:
    return ec.generate_private_key(curve or ec.SECP256R1())


def leaf_plan(name: str | x509.Name = "Example Verifier") -> Plan:
    return Plan(
        distinguished(name) if isinstance(name, str) else name,
        usage=key_usage(digital_signature=True),
        dns_names=("verifier.example",),
    )


def authority_plan(name: str) -> Plan:
    return Plan(distinguished(name), is_authority=True, usage=key_usage(key_cert_sign=True, crl_sign=True))


def root(name: str = "Example Root CA", key: Any = None, **changes: Any) -> Held:
    """An authority that signs itself."""
    plan = replace(authority_plan(name), **changes)
    key = key or new_key()
    return Held(build(plan, key.public_key(), plan.name, key), key)


def build(plan: Plan, key: Any, issuer: x509.Name, issuer_key: Any) -> x509.Certificate:
    """The certificate of the public key `key`, signed with `issuer_key`."""
    builder = (
        x509.CertificateBuilder()
        .subject_name(plan.name)
        .issuer_name(issuer)
        .public_key(key)
        .serial_number(x509.random_serial_number())
        .not_valid_before(plan.not_before)
        .not_valid_after(plan.not_after)
        .add_extension(x509.SubjectKeyIdentifier.from_public_key(key), critical=False)
        .add_extension(
            x509.AuthorityKeyIdentifier.from_issuer_public_key(issuer_key.public_key()), critical=False
        )
    )
    if plan.is_authority is not None:
        builder = builder.add_extension(x509.BasicConstraints(plan.is_authority, plan.path_length), True)
    if plan.usage is not None:
        builder = builder.add_extension(plan.usage, critical=True)
    names: list[x509.GeneralName] = [x509.DNSName(name) for name in plan.dns_names]
    names += [x509.UniformResourceIdentifier(uri) for uri in plan.uris]
    if names:
        builder = builder.add_extension(x509.SubjectAlternativeName(names), critical=False)
    for extension, critical in plan.extensions:
        builder = builder.add_extension(extension, critical)
    return builder.sign(issuer_key, plan.digest or hashes.SHA256())


def _is_root(certificate: x509.Certificate) -> bool:
    return certificate.subject == certificate.issuer
