"""The authorities whose certificates are trust anchors, and what each is trusted for."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Final

from ipse.storage.vault import Vault

__all__ = ["PURPOSES", "TrustedAuthority", "add", "every", "remove"]

PURPOSES: Final = ("verifier", "registrar", "issuer", "status")


@dataclass(frozen=True, slots=True)
class TrustedAuthority:
    """An authority's certificate (DER), one of PURPOSES, and since when (RFC 3339).

    `fingerprint` is the hex SHA-256 of the certificate.
    """

    fingerprint: str
    purpose: str
    certificate: bytes = field(repr=False)
    added: str


def add(vault: Vault, fingerprint: str, certificate: bytes, purposes: Sequence[str], *, now: str) -> None:
    """Trust a certificate for these purposes, beside those it is trusted for."""
    with vault.transaction():
        held = {(entry.fingerprint, entry.purpose) for entry in every(vault)}
        for purpose in dict.fromkeys(purposes):
            if (fingerprint, purpose) not in held:
                vault.insert(
                    "INSERT INTO trusted_authorities VALUES (?, ?, ?, ?)",
                    (fingerprint, purpose, certificate, now),
                )


def remove(vault: Vault, fingerprint: str, purposes: Sequence[str] | None = None) -> int:
    """Trust a certificate no longer, for these purposes or at all; how many entries were deleted."""
    with vault.transaction():
        held = [
            entry
            for entry in every(vault)
            if entry.fingerprint == fingerprint and (not purposes or entry.purpose in purposes)
        ]
        for entry in held:
            vault.change(
                "DELETE FROM trusted_authorities WHERE fingerprint = ? AND purpose = ?",
                (fingerprint, entry.purpose),
            )
    return len(held)


def every(vault: Vault) -> list[TrustedAuthority]:
    """All of them, by fingerprint and purpose."""
    rows = vault.rows(
        "SELECT fingerprint, purpose, certificate, added FROM trusted_authorities"
        " ORDER BY fingerprint, purpose"
    )
    return [TrustedAuthority(str(row[0]), str(row[1]), bytes(row[2]), str(row[3])) for row in rows]
