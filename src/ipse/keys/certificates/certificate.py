"""One certificate as values: its key, names, validity and what it may do. Nothing is checked here.

Sources: RFC 5280 section 4, RFC 5480.
"""

from __future__ import annotations

import base64
import hashlib
from dataclasses import dataclass
from datetime import datetime
from typing import TYPE_CHECKING, Final, TypeVar

from ipse.errors import CertificateRejected, InputTooLarge, IpseError, MalformedInput, Undetermined
from ipse.keys import ecdsa
from ipse.keys.key_types import PublicKey

if TYPE_CHECKING:
    from cryptography import x509
    from cryptography.hazmat.primitives.asymmetric.types import CertificatePublicKeyTypes

_E = TypeVar("_E", bound="x509.ExtensionType")

__all__ = ["MAX_DER", "Certificate", "load", "read", "read_certificates"]

MAX_DER: Final = 16 * 1024
"""Bytes of one certificate; those of verifiers and issuers have about one thousand."""
_MAX_FILE: Final = 1024 * 1024
_MAX_BUNDLE: Final = 200
_CURVES: Final = {"secp256r1": "P-256", "secp384r1": "P-384"}
_HASHES: Final = ("sha256", "sha384", "sha512")
_BROKEN_HASHES: Final = ("md5", "sha1")
_ORGANIZATION_IDENTIFIER: Final = "2.5.4.97"
_COMMON_NAME: Final = "2.5.4.3"
_ORGANIZATION: Final = "2.5.4.10"


@dataclass(frozen=True, slots=True)
class Certificate:
    """A certificate, read and not checked.

    - `subject`, `issuer`: distinguished names as text (RFC 4514), as written by their maker: not safe to show
    - `attributes`: those of the subject in order, as object identifier and text
    - `dns_names`, `uris`: from the subject alternative name
    - `not_before`, `not_after`: aware, in UTC
    - `is_authority`: the CA flag of the basic constraints, `path_length` the authorities allowed below it
    - `key_id`, `authority_key_id`: the key identifiers of the subject and of the issuer, None where not given
    """

    der: bytes
    key: PublicKey
    subject: str
    issuer: str
    attributes: tuple[tuple[str, str], ...]
    dns_names: tuple[str, ...]
    uris: tuple[str, ...]
    not_before: datetime
    not_after: datetime
    serial: int
    is_authority: bool
    path_length: int | None
    key_id: bytes | None
    authority_key_id: bytes | None

    @property
    def fingerprint(self) -> bytes:
        """SHA-256 of the DER, 32 bytes."""
        return hashlib.sha256(self.der).digest()

    @property
    def x5c(self) -> str:
        """The certificate as an entry of `x5c`: base64 of its DER."""
        return base64.b64encode(self.der).decode()

    @property
    def name(self) -> str:
        """What its subject is called, never empty: the first of these that is there.

        The organisation, the common name, the whole subject, a DNS name, the hash of the certificate.
        """
        names = (self._attribute(_ORGANIZATION), self._attribute(_COMMON_NAME), self.subject, *self.dns_names)
        return next((name for name in names if name and name.strip()), f"SHA-256 {self.fingerprint.hex()}")

    @property
    def organization_identifier(self) -> str | None:
        """The registered identifier of its subject (organizationIdentifier, ETSI EN 319 412-1)."""
        return self._attribute(_ORGANIZATION_IDENTIFIER)

    def _attribute(self, identifier: str) -> str | None:
        return next((value for name, value in self.attributes if name == identifier), None)


def read_certificates(data: bytes) -> tuple[Certificate, ...]:
    """The certificates of a file: PEM with one or several, or DER with one. Nothing is checked.

    Raises MalformedInput, InputTooLarge, Undetermined for a key that ipse does not read.
    """
    from cryptography import x509

    if len(data) > _MAX_FILE:
        raise InputTooLarge(f"the certificates have {len(data)} bytes, more than {_MAX_FILE}")
    if b"-----BEGIN" not in data:
        return (read(data),)
    try:
        loaded = x509.load_pem_x509_certificates(data)
    except ValueError as error:
        raise MalformedInput("the PEM file has no readable certificate") from error
    if len(loaded) > _MAX_BUNDLE:
        raise InputTooLarge(f"the file has {len(loaded)} certificates, more than {_MAX_BUNDLE}")
    from cryptography.hazmat.primitives.serialization import Encoding

    return tuple(read(certificate.public_bytes(Encoding.DER)) for certificate in loaded)


def load(der: bytes) -> x509.Certificate:
    from cryptography import x509

    return x509.load_der_x509_certificate(der)


def read(der: bytes) -> Certificate:
    """Raises MalformedInput, Undetermined for a key or a signature of another kind."""
    from cryptography import x509

    if len(der) > MAX_DER:
        raise MalformedInput(f"a certificate has {len(der)} bytes, more than {MAX_DER}")
    try:
        loaded = load(der)
        if loaded.version != x509.Version.v3:
            raise MalformedInput(f"a certificate is X.509 {loaded.version.name}, not v3")
        if not der.endswith(b"\0" + loaded.signature):  # no signature covers the number of its unused bits
            raise MalformedInput("the signature of a certificate does not end with a whole byte")
        return _values(der, loaded)
    except IpseError:
        raise
    except Exception as error:  # the library raises many kinds of errors for what is no certificate
        raise MalformedInput("a certificate can't be read: it is no DER of an X.509 certificate") from error


def _values(der: bytes, loaded: x509.Certificate) -> Certificate:
    from cryptography import x509

    key = _key(loaded)
    _check_signature_algorithm(loaded)
    basic = _extension(loaded, x509.BasicConstraints)
    alternative = _extension(loaded, x509.SubjectAlternativeName)
    key_id = _extension(loaded, x509.SubjectKeyIdentifier)
    authority = _extension(loaded, x509.AuthorityKeyIdentifier)
    return Certificate(
        der=der,
        key=key,
        subject=loaded.subject.rfc4514_string(),
        issuer=loaded.issuer.rfc4514_string(),
        attributes=tuple((entry.oid.dotted_string, _text(entry.value)) for entry in loaded.subject),
        dns_names=() if alternative is None else tuple(alternative.get_values_for_type(x509.DNSName)),
        uris=()
        if alternative is None
        else tuple(alternative.get_values_for_type(x509.UniformResourceIdentifier)),
        not_before=loaded.not_valid_before_utc,
        not_after=loaded.not_valid_after_utc,
        serial=loaded.serial_number,
        is_authority=basic is not None and basic.ca,
        path_length=None if basic is None else basic.path_length,
        key_id=None if key_id is None else key_id.digest,
        authority_key_id=None if authority is None else authority.key_identifier,
    )


def _extension(loaded: x509.Certificate, kind: type[_E]) -> _E | None:
    from cryptography import x509

    try:
        return loaded.extensions.get_extension_for_class(kind).value
    except x509.ExtensionNotFound:
        return None


def _text(value: str | bytes) -> str:
    return value if isinstance(value, str) else value.hex()


def _key(loaded: x509.Certificate) -> PublicKey:
    from cryptography.exceptions import UnsupportedAlgorithm
    from cryptography.hazmat.primitives.asymmetric import ec
    from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat

    try:
        key: CertificatePublicKeyTypes | None = loaded.public_key()
    except UnsupportedAlgorithm:
        key = None
    if isinstance(key, ec.EllipticCurvePublicKey) and key.curve.name in _CURVES:
        raw = key.public_bytes(Encoding.X962, PublicFormat.CompressedPoint)
        return ecdsa.PublicKey(_CURVES[key.curve.name], raw)
    curve = f" on {key.curve.name}" if isinstance(key, ec.EllipticCurvePublicKey) else ""
    raise Undetermined(
        f"the key of a certificate{curve} is not supported",
        hint="ipse reads certificates with keys on P-256 and P-384",
        code="certificate-algorithm",
    )


def _check_signature_algorithm(loaded: x509.Certificate) -> None:
    from cryptography.exceptions import UnsupportedAlgorithm
    from cryptography.hazmat.primitives.asymmetric import ec

    try:
        digest, parameters = loaded.signature_hash_algorithm, loaded.signature_algorithm_parameters
    except UnsupportedAlgorithm:
        digest, parameters = None, None
    name = "" if digest is None else digest.name
    if name in _BROKEN_HASHES:
        raise CertificateRejected(
            f"a certificate is signed over {name.upper()}, which is broken", code="weak-signature"
        )
    if not isinstance(parameters, ec.ECDSA) or name not in _HASHES:
        raise Undetermined(
            "the signature of a certificate is not supported",
            hint="ipse reads certificates signed with ECDSA over SHA-256, SHA-384 or SHA-512",
            code="certificate-algorithm",
        )
