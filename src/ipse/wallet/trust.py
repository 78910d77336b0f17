"""The trust list: whose credentials the owner accepts, and of which types."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime

from ipse.credentials.policy import check_issuer
from ipse.encoding.safe_text import is_printable
from ipse.encoding.timestamps import format_timestamp
from ipse.errors import UsageError
from ipse.storage import trusted_issuers
from ipse.storage.trusted_issuers import TrustedIssuer
from ipse.wallet import state
from ipse.wallet.wallet import Wallet

__all__ = ["TrustedIssuer", "add", "listed", "remove", "trusted"]

_MAX_TYPE = 500


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
