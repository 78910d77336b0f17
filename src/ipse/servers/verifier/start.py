"""What the server takes from the wallet before the wallet is closed again: no more than it needs.

A running server holds the key of its own database, the key that signs its requests, and whom the owner
trusts. It holds neither the vault nor the wallet's root, from which other keys could be derived.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from pathlib import Path
from typing import Final

from ipse.keys import derivation
from ipse.keys.key_types import PrivateKey
from ipse.protocols.openid4vp import building
from ipse.protocols.openid4vp.building import RequestingClient
from ipse.wallet import identities, trust
from ipse.wallet.trust import Trust
from ipse.wallet.wallet import Wallet

__all__ = ["Material", "take"]

_DATABASE: Final = "verifier.db"
_NAME: Final = "verifier"


@dataclass(frozen=True, slots=True)
class Material:
    """What was taken.

    - `database`, `database_key`: the server's own database, beside the vault
    - `key`, `client`: the key of one of the owner's DIDs, and the client that it makes; None where no DID
      signs
    """

    database: Path
    database_key: bytes = field(repr=False)
    trust: Trust
    key: PrivateKey | None = field(default=None, repr=False)
    client: RequestingClient | None = None


def take(wallet: Wallet, did: str | None) -> Material:
    """Take what a server needs; `did` is the name or DID that signs its requests, None for none.

    Raises NotFound, KeystoreError, CorruptData, VaultAltered, VaultOutdated, Undetermined for a DID that
    wallets can't resolve.
    """
    key: PrivateKey | None = None
    client = None
    if did is not None:
        record, place, key = identities.signing_key(wallet, did)
        client = building.by_did(record.did, place.id, key)
    return Material(
        database=wallet.places.data / _DATABASE,
        database_key=derivation.server_key(wallet.root, _NAME),
        trust=trust.trust_of(wallet),
        key=key,
        client=client,
    )
