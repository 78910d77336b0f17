"""The trust list: which issuer may issue which types."""

from __future__ import annotations

from dataclasses import dataclass

from ipse.errors import NotFound
from ipse.storage.vault import Vault

__all__ = ["TrustedIssuer", "add", "by_issuer", "every", "remove"]


@dataclass(frozen=True, slots=True)
class TrustedIssuer:
    """An issuer, one type it is trusted for, and since when (RFC 3339)."""

    did: str
    type: str
    added: str


def add(vault: Vault, did: str, types: list[str], *, now: str) -> None:
    """Trust `did` for these types, beside those it is trusted for."""
    with vault.transaction():
        for name in types:
            if not vault.rows("SELECT 1 FROM trusted_issuers WHERE did = ? AND type = ?", (did, name)):
                vault.insert("INSERT INTO trusted_issuers VALUES (?, ?, ?)", (did, name, now))


def remove(vault: Vault, did: str, types: list[str] | None = None) -> int:
    """Trust `did` no longer, for these types or at all; how many were taken away. Raises NotFound."""
    with vault.transaction():
        held = [entry for entry in every(vault) if entry.did == did and (not types or entry.type in types)]
        for entry in held:
            vault.change("DELETE FROM trusted_issuers WHERE did = ? AND type = ?", (did, entry.type))
    if not held:
        raise NotFound(f"{did} is not trusted for that", hint="`ipse trust list` shows who is")
    return len(held)


def every(vault: Vault) -> list[TrustedIssuer]:
    """The whole list, by issuer and type."""
    rows = vault.rows("SELECT did, type, added FROM trusted_issuers ORDER BY did, type")
    return [TrustedIssuer(*map(str, row)) for row in rows]


def by_issuer(vault: Vault) -> dict[str, frozenset[str]]:
    """Each issuer with the types it is trusted for."""
    entries = every(vault)
    return {
        did: frozenset(entry.type for entry in entries if entry.did == did)
        for did in {entry.did for entry in entries}
    }
