"""A certificate authority that is nobody's, and the certificates it issues, good and bad."""

from __future__ import annotations

import datetime
import ipaddress
from collections.abc import Sequence
from pathlib import Path

from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID

__all__ = ["Authority", "self_signed"]

_DAY = datetime.timedelta(days=1)


def _name(common_name: str) -> x509.Name:
    return x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, common_name)])


def _subject(name: str) -> x509.GeneralName:
    try:
        return x509.IPAddress(ipaddress.ip_address(name))
    except ValueError:
        return x509.DNSName(name)


def _built(
    key: ec.EllipticCurvePrivateKey,
    names: Sequence[str],
    issuer: x509.Name,
    issuer_key: ec.EllipticCurvePrivateKey,
    *,
    age: datetime.timedelta,
    authority: bool = False,
) -> x509.Certificate:
    now = datetime.datetime.now(datetime.UTC)
    builder = (
        x509.CertificateBuilder()
        .subject_name(_name(names[0]))
        .issuer_name(issuer)
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(now - age)
        .not_valid_after(now - age + 10 * _DAY)
        .add_extension(x509.BasicConstraints(ca=authority, path_length=None), critical=True)
        .add_extension(x509.SubjectKeyIdentifier.from_public_key(key.public_key()), critical=False)
        .add_extension(
            x509.AuthorityKeyIdentifier.from_issuer_public_key(issuer_key.public_key()), critical=False
        )
    )
    if authority:
        usage = x509.KeyUsage(False, False, False, False, False, True, True, False, False)
        builder = builder.add_extension(usage, critical=True)
    else:
        builder = builder.add_extension(
            x509.SubjectAlternativeName([_subject(name) for name in names]), critical=False
        )
    return builder.sign(issuer_key, hashes.SHA256())


def _pem(path: Path, key: ec.EllipticCurvePrivateKey, certificate: x509.Certificate) -> Path:
    path.write_bytes(
        key.private_bytes(
            serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
        )
        + certificate.public_bytes(serialization.Encoding.PEM)
    )
    return path


class Authority:
    """Issues certificates; `ca_file` (PEM) is what a client has to trust."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._count = 0
        self._key = ec.generate_private_key(ec.SECP256R1())
        certificate = _built(
            self._key, ["Test authority"], _name("Test authority"), self._key, age=_DAY, authority=True
        )
        self.ca_file = folder / "authority.pem"
        self.ca_file.write_bytes(certificate.public_bytes(serialization.Encoding.PEM))

    def issue(self, *names: str, expired: bool = False) -> Path:
        """Key and certificate for `names` in one PEM file."""
        self._count += 1
        key = ec.generate_private_key(ec.SECP256R1())
        certificate = _built(
            key, names, _name("Test authority"), self._key, age=20 * _DAY if expired else _DAY
        )
        return _pem(self._folder / f"certificate-{self._count}.pem", key, certificate)


def self_signed(folder: Path, *names: str) -> Path:
    """Key and certificate for `names`, vouched for by nobody else, in one PEM file."""
    key = ec.generate_private_key(ec.SECP256R1())
    certificate = _built(key, names, _name(names[0]), key, age=_DAY)
    return _pem(folder / "self-signed.pem", key, certificate)
