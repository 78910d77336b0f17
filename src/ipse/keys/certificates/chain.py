"""Checking a chain of certificates: steps in a fixed order, none of which can be left out.

Sources: RFC 5280 section 6.1; RFC 7515 section 4.1.6; HAIP 1.0, on `x5c` of requests and credentials.
Extended key usage and certificate policies do not narrow what a certificate is accepted for: neither HAIP
nor SD-JWT VC names any.
"""

from __future__ import annotations

import base64
import binascii
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import TYPE_CHECKING, Final

from ipse.encoding import base64url
from ipse.encoding.safe_text import one_line
from ipse.encoding.timestamps import format_timestamp
from ipse.errors import CertificateRejected, IpseError, MalformedInput, UntrustedCertificate
from ipse.keys.certificates.certificate import MAX_DER, Certificate, load, read

if TYPE_CHECKING:
    from cryptography import x509

__all__ = [
    "MAX_CHAIN",
    "Chain",
    "authority_key_ids",
    "check_authority",
    "check_chain",
    "read_chain",
    "without_trust",
]

MAX_CHAIN: Final = 6
"""Certificates in `x5c`: a signer's and up to five authorities'."""
_UNDERSTOOD: Final = {
    "2.5.29.15": "key usage",
    "2.5.29.17": "subject alternative name",
    "2.5.29.19": "basic constraints",
    "2.5.29.30": "name constraints",
    "2.5.29.32": "certificate policies",
    "2.5.29.37": "extended key usage",
}
"""Extensions that may be critical."""


@dataclass(frozen=True, slots=True)
class Chain:
    """Checked certificates, the signer's first, and the trusted authority that they lead to."""

    certificates: tuple[Certificate, ...]
    anchor: Certificate

    @property
    def leaf(self) -> Certificate:
        """The signer's own certificate."""
        return self.certificates[0]

    @property
    def authority_key_ids(self) -> tuple[str, ...]:
        """The authority key identifiers in the chain, base64url (OpenID4VP 1.0 section 6.1.1.1, `aki`)."""
        return _key_ids(self.certificates)


def read_chain(x5c: object) -> tuple[Certificate, ...]:
    """The certificates of an `x5c` header, the signer's first. Nothing is checked but their number and form.

    Raises CertificateRejected (`chain-malformed`, `chain-too-long`), Undetermined for a key that ipse does
    not read.
    """
    if not isinstance(x5c, (list, tuple)) or not x5c:
        raise CertificateRejected("x5c is not an array of certificates", code="chain-malformed")
    if len(x5c) > MAX_CHAIN:
        raise CertificateRejected(
            f"x5c has {len(x5c)} certificates, more than {MAX_CHAIN}", code="chain-too-long"
        )
    try:
        return tuple(read(_from_base64(entry)) for entry in x5c)
    except MalformedInput as error:
        raise CertificateRejected(f"x5c: {error.message}", code="chain-malformed") from error


def check_chain(x5c: object, anchors: Sequence[Certificate], *, now: datetime) -> Chain:
    """Check that `x5c` leads from a signer's certificate to one of `anchors` at `now` (aware).

    Raises CertificateRejected with a code for each fault, UntrustedCertificate where it leads to none of the
    anchors, Undetermined for an algorithm that ipse does not read.
    """
    certificates = read_chain(x5c)
    path = _Path(certificates, tuple(anchors), now)
    for step in _BEFORE_ANCHOR:
        step(path)
    chain = Chain(certificates, _anchor(path))
    complete = _Path((*certificates, chain.anchor), path.anchors, now)
    for step in _WITH_ANCHOR:
        step(complete)
    return chain


def check_authority(certificate: Certificate, *, now: datetime) -> None:
    """Check that a certificate can be a trust anchor at `now` (aware).

    It is an authority's, its key may sign certificates, it is valid, and ipse understands its critical
    extensions. Raises CertificateRejected.
    """
    path = _Path((certificate,), (), now)
    _check_may_sign(certificate, 0)
    _each_is_valid(path)
    _critical_extensions_are_known(path)


def authority_key_ids(x5c: object) -> tuple[str, ...]:
    """The authority key identifiers that certificates name, base64url; unchecked, none of what can't be read.

    For a credential that its holder keeps (OpenID4VP 1.0 section 6.1.1.1, `aki`).
    """
    try:
        certificates = read_chain(x5c)
    except IpseError:
        return ()
    return _key_ids(certificates)


def without_trust(x5c: object, *, now: datetime) -> tuple[Certificate, ...]:
    """Check everything about `x5c` that needs no trust anchor, so that its signer can be named.

    What is returned proves nothing about who the signer is. Raises as `check_chain`, but for
    UntrustedCertificate.
    """
    path = _Path(read_chain(x5c), (), now)
    for step in (*_BEFORE_ANCHOR, *_EACH):
        step(path)
    return path.certificates


@dataclass(frozen=True, slots=True)
class _Path:
    """Certificates in order, each to be signed by the next; the anchor is last where it is known."""

    certificates: tuple[Certificate, ...]
    anchors: tuple[Certificate, ...]
    now: datetime

    def loaded(self) -> list[x509.Certificate]:
        return [load(certificate.der) for certificate in self.certificates]


def _leaf_is_no_authority(path: _Path) -> None:
    if path.certificates[0].is_authority:
        raise CertificateRejected(
            "the signer's certificate is that of an authority (CA)", code="leaf-is-authority"
        )


def _leaf_is_not_self_signed(path: _Path) -> None:
    leaf = path.certificates[0]
    if leaf.subject == leaf.issuer:
        raise CertificateRejected(f"{_named(leaf)} is signed by its own subject", code="leaf-self-signed")


def _no_anchor_inside(path: _Path) -> None:
    """HAIP 1.0 section 5: the certificate of the trust anchor is not in `x5c`."""
    for certificate in path.certificates[1:]:
        is_known = any(
            certificate.subject == anchor.subject and certificate.key == anchor.key for anchor in path.anchors
        )
        if is_known or _signed_by(certificate, certificate):
            raise CertificateRejected(
                f"{_named(certificate)} is a trust anchor, which x5c leaves out", code="anchor-in-chain"
            )


def _each_signed_by_next(path: _Path) -> None:
    for certificate, authority in zip(path.certificates, path.certificates[1:], strict=False):
        if certificate.issuer != authority.subject:
            raise CertificateRejected(
                f"{_named(certificate)} names another issuer than {_named(authority)}",
                code="chain-out-of-order",
            )
        if not _signed_by(certificate, authority):
            raise CertificateRejected(
                f"{_named(certificate)} is not signed by {_named(authority)}", code="certificate-signature"
            )


def _anchor(path: _Path) -> Certificate:
    """The anchor that signed the last certificate; of several the one that is valid."""
    last = path.certificates[-1]
    named = [anchor for anchor in path.anchors if anchor.subject == last.issuer]
    if not named:
        raise UntrustedCertificate(
            f"{_named(path.certificates[0])} leads to {one_line(last.issuer, 120)!r}, who is not trusted here"
        )
    signers = [anchor for anchor in named if _signed_by(last, anchor)]
    if not signers:
        raise CertificateRejected(
            f"{_named(last)} names a trusted authority that did not sign it", code="certificate-signature"
        )
    return next((anchor for anchor in signers if _is_valid(anchor, path.now)), signers[0])


def _authorities_may_sign(path: _Path) -> None:
    for below, certificate in enumerate(path.certificates[1:]):
        _check_may_sign(certificate, below)


def _check_may_sign(certificate: Certificate, below: int) -> None:
    """Check that an authority may sign a certificate with `below` authorities between them."""
    if not certificate.is_authority:
        raise CertificateRejected(
            f"{_named(certificate)} is not that of an authority (CA)", code="not-an-authority"
        )
    if certificate.path_length is not None and below > certificate.path_length:
        raise CertificateRejected(
            f"{_named(certificate)} allows {certificate.path_length} authorities below it, there are {below}",
            code="path-too-long",
        )
    usage = _key_usage(load(certificate.der))
    if usage is not None and not usage.key_cert_sign:
        raise CertificateRejected(
            f"the key of {_named(certificate)} is not for signing certificates", code="key-usage"
        )


def _leaf_may_sign(path: _Path) -> None:
    usage = _key_usage(path.loaded()[0])
    if usage is not None and not usage.digital_signature:
        raise CertificateRejected(
            f"the key of {_named(path.certificates[0])} is not for digital signatures", code="key-usage"
        )


def _each_is_valid(path: _Path) -> None:
    for certificate in path.certificates:
        if path.now < certificate.not_before:
            raise CertificateRejected(
                f"{_named(certificate)} is not valid before {format_timestamp(certificate.not_before)}",
                code="certificate-not-yet-valid",
            )
        if not _is_valid(certificate, path.now):
            raise CertificateRejected(
                f"{_named(certificate)} expired at {format_timestamp(certificate.not_after)}",
                code="certificate-expired",
            )


def _critical_extensions_are_known(path: _Path) -> None:
    for certificate, loaded in zip(path.certificates, path.loaded(), strict=True):
        for extension in loaded.extensions:
            if extension.critical and extension.oid.dotted_string not in _UNDERSTOOD:
                raise CertificateRejected(
                    f"{_named(certificate)} has the critical extension {extension.oid.dotted_string},"
                    " which ipse does not know",
                    code="critical-extension",
                )


def _library_agrees(path: _Path) -> None:
    """Have `cryptography` validate the same path: it honours name constraints and the rules of encoding."""
    from cryptography import x509
    from cryptography.x509 import verification

    *sent, anchor = path.loaded()
    everything = verification.ExtensionPolicy.permit_all()
    authorities = everything.require_present(x509.BasicConstraints, verification.Criticality.AGNOSTIC, None)
    builder = verification.PolicyBuilder().store(verification.Store([anchor])).time(path.now)
    builder = builder.extension_policies(ca_policy=authorities, ee_policy=everything)
    try:
        builder.max_chain_depth(MAX_CHAIN).build_client_verifier().verify(sent[0], sent[1:])
    except (verification.VerificationError, ValueError) as error:
        raise CertificateRejected(
            f"the certificates are no valid path: {one_line(str(error), 200)}", code="certificate-path"
        ) from error


_Step = Callable[[_Path], None]
_EACH: Final[tuple[_Step, ...]] = (
    _authorities_may_sign,
    _leaf_may_sign,
    _each_is_valid,
    _critical_extensions_are_known,
)
_BEFORE_ANCHOR: Final[tuple[_Step, ...]] = (
    _leaf_is_not_self_signed,
    _leaf_is_no_authority,
    _no_anchor_inside,
    _each_signed_by_next,
)
_WITH_ANCHOR: Final[tuple[_Step, ...]] = (*_EACH, _library_agrees)


def _is_valid(certificate: Certificate, now: datetime) -> bool:
    return certificate.not_before <= now <= certificate.not_after


def _signed_by(certificate: Certificate, authority: Certificate) -> bool:
    """Whether the key of `authority` signed `certificate`, and `certificate` names it as its issuer."""
    from cryptography.exceptions import InvalidSignature

    try:
        load(certificate.der).verify_directly_issued_by(load(authority.der))
    except (InvalidSignature, ValueError, TypeError):
        return False
    return True


def _key_usage(loaded: x509.Certificate) -> x509.KeyUsage | None:
    from cryptography import x509

    try:
        return loaded.extensions.get_extension_for_class(x509.KeyUsage).value
    except x509.ExtensionNotFound:
        return None


def _key_ids(certificates: Sequence[Certificate]) -> tuple[str, ...]:
    held = (certificate.authority_key_id for certificate in certificates)
    return tuple(base64url.encode(identifier) for identifier in held if identifier is not None)


def _named(certificate: Certificate) -> str:
    return f"the certificate of {one_line(certificate.subject, 120) or '(no name)'!r}"


def _from_base64(entry: object) -> bytes:
    if not isinstance(entry, str):
        raise MalformedInput("a certificate is not a string")
    if len(entry) > 2 * MAX_DER:
        raise MalformedInput(f"a certificate has {len(entry)} characters, more than {2 * MAX_DER}")
    try:
        der = base64.b64decode(entry, validate=True)
    except (binascii.Error, ValueError) as error:
        raise MalformedInput("a certificate is not standard base64") from error
    if base64.b64encode(der).decode() != entry:
        raise MalformedInput("a certificate is not standard base64")
    return der
