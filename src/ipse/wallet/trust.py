"""The trust list: whose credentials the owner accepts, and the authorities whose certificates count.

An issuer is trusted for types of credentials. An authority (CA) is trusted for a purpose: `verifier` for who
asks, `registrar` for who registers verifiers, `issuer` for who issues credentials of any type, `status` for
who publishes status lists.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import TYPE_CHECKING, Final

from ipse.credentials.policy import check_issuer
from ipse.encoding.safe_text import is_printable
from ipse.encoding.timestamps import format_timestamp
from ipse.errors import CertificateRejected, CorruptData, IpseError, NotFound, UsageError
from ipse.storage import trusted_authorities, trusted_issuers
from ipse.storage.trusted_authorities import PURPOSES
from ipse.storage.trusted_issuers import TrustedIssuer
from ipse.wallet import state
from ipse.wallet.wallet import Wallet

if TYPE_CHECKING:
    from ipse.keys.certificates import Certificate

__all__ = [
    "PURPOSES",
    "Authority",
    "Trust",
    "TrustedIssuer",
    "add",
    "add_authority",
    "anchors",
    "authorities",
    "listed",
    "remove",
    "remove_authority",
    "trust_of",
    "trusted",
]

_MAX_TYPE = 500
_LONGEST_FINGERPRINT: Final = 64


@dataclass(frozen=True, slots=True)
class Authority:
    """A trusted authority: its certificate, what it is trusted for, and since when (RFC 3339)."""

    certificate: Certificate
    purposes: tuple[str, ...]
    added: str

    @property
    def fingerprint(self) -> str:
        """The hex SHA-256 of the certificate."""
        return self.certificate.fingerprint.hex()


@dataclass(frozen=True, slots=True)
class Trust:
    """Whom the owner trusts: issuers with the types they may issue, and trust anchors by purpose."""

    issuers: Mapping[str, frozenset[str]] = field(default_factory=dict)
    authorities: tuple[Authority, ...] = ()

    def anchors(self, purpose: str) -> tuple[Certificate, ...]:
        """The certificates of the authorities that are trusted for `purpose`."""
        return tuple(entry.certificate for entry in self.authorities if purpose in entry.purposes)


def add(wallet: Wallet, issuer: str, types: Sequence[str], *, now: datetime) -> None:
    """Accept credentials of these types from a DID, or from an https issuer of SD-JWT VCs.

    `*` stands for every type. Raises UsageError for a type that is none, MalformedInput for what is no DID.
    """
    check_issuer(issuer)
    for name in types:
        if not (is_printable(name) and name.strip() == name and 0 < len(name) <= _MAX_TYPE):
            raise UsageError(f"{name[:60]!r} is no type of credentials")
    trusted_issuers.add(wallet.vault, issuer, list(types), now=format_timestamp(now))


def listed(wallet: Wallet) -> list[TrustedIssuer]:
    """Return the trust list: an entry for each issuer and type."""
    return trusted_issuers.every(wallet.vault)


def remove(wallet: Wallet, issuer: str, types: Sequence[str] | None = None) -> int:
    """Remove an issuer from the trust list, for these types or for all; return how many entries.

    Raises NotFound where there is none.
    """
    return trusted_issuers.remove(wallet.vault, issuer, None if types is None else list(types))


def trusted(wallet: Wallet) -> dict[str, frozenset[str]]:
    """The trust list: each issuer and the types it may issue, from the newest state of the vault.

    Raises KeystoreError, CorruptData, VaultAltered, VaultOutdated.
    """
    state.check(wallet)
    return trusted_issuers.by_issuer(wallet.vault)


def trust_of(wallet: Wallet) -> Trust:
    """Everyone the owner trusts, from the newest state of the vault. Raises as `trusted`."""
    state.check(wallet)
    return Trust(trusted_issuers.by_issuer(wallet.vault), tuple(authorities(wallet)))


def anchors(wallet: Wallet, purpose: str) -> tuple[Certificate, ...]:
    """The trust anchors for one of PURPOSES, from the newest state of the vault.

    Raises UsageError for another purpose, and as `trusted`.
    """
    _check_purposes([purpose])
    return trust_of(wallet).anchors(purpose)


def add_authority(
    wallet: Wallet, certificates: Sequence[Certificate], purposes: Sequence[str], *, now: datetime
) -> None:
    """Trust authorities for these purposes, beside those they are trusted for.

    Raises UsageError for a purpose that is none or no certificate, CertificateRejected for a certificate that
    can be no trust anchor now; nothing is added then.
    """
    from ipse.keys.certificates import check_authority

    _check_purposes(purposes)
    if not certificates:
        raise UsageError("there is no certificate to trust", hint="give the certificate of an authority")
    for certificate in certificates:
        try:
            check_authority(certificate, now=now)
        except CertificateRejected as error:
            hint = "give the certificate of an authority (CA) that is valid now"
            raise CertificateRejected(error.message, code=error.code, hint=hint) from error
    with wallet.vault.transaction():
        for certificate in certificates:
            trusted_authorities.add(
                wallet.vault,
                certificate.fingerprint.hex(),
                certificate.der,
                purposes,
                now=format_timestamp(now),
            )


def authorities(wallet: Wallet) -> list[Authority]:
    """Return the trusted authorities, by fingerprint. Raises CorruptData."""
    found: dict[str, Authority] = {}
    for entry in trusted_authorities.every(wallet.vault):
        known = found.get(entry.fingerprint)
        if known is None:
            found[entry.fingerprint] = Authority(_certificate(entry), (entry.purpose,), entry.added)
        else:
            purposes = (*known.purposes, entry.purpose)
            found[entry.fingerprint] = Authority(known.certificate, purposes, min(known.added, entry.added))
    return list(found.values())


def remove_authority(wallet: Wallet, fingerprint: str, purposes: Sequence[str] | None = None) -> int:
    """Remove an authority, for these purposes or for all; return how many entries.

    `fingerprint` is the hex SHA-256 of its certificate or the beginning of it, with or without colons. Raises
    NotFound where there is none, UsageError where several begin so.
    """
    beginning = fingerprint.replace(":", "").lower()
    if purposes:
        _check_purposes(purposes)
    held = {entry.fingerprint for entry in trusted_authorities.every(wallet.vault)}
    fitting = sorted(entry for entry in held if beginning and entry.startswith(beginning))
    if len(fitting) > 1:
        raise UsageError(
            f"{len(fitting)} fingerprints begin with {beginning}",
            hint="give more of it: `ipse trust list --json` prints them in full",
        )
    deleted = trusted_authorities.remove(wallet.vault, fitting[0], purposes) if fitting else 0
    if not deleted:
        raise NotFound(
            f"no authority with the fingerprint {fingerprint[:_LONGEST_FINGERPRINT]!r} is trusted for that",
            hint="`ipse trust list` shows who is",
        )
    return deleted


def _certificate(entry: trusted_authorities.TrustedAuthority) -> Certificate:
    from ipse.keys.certificates import read_certificates

    try:
        return read_certificates(entry.certificate)[0]
    except IpseError as error:
        raise CorruptData(
            f"the trusted certificate {entry.fingerprint[:16]} can't be read: {error.message}",
            hint=f"`ipse trust delete {entry.fingerprint[:16]}` deletes it",
        ) from error


def _check_purposes(purposes: Sequence[str]) -> None:
    for purpose in purposes:
        if purpose not in PURPOSES:
            raise UsageError(
                f"{purpose[:60]!r} is nothing that an authority is trusted for",
                hint=f"an authority is trusted for {', '.join(PURPOSES[:-1])} or {PURPOSES[-1]}",
            )
