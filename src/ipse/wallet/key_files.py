"""Taking a key out of the wallet, and bringing one in."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime

from ipse.keys import export_formats, import_formats
from ipse.storage.manifest import DidRecord
from ipse.wallet import identities
from ipse.wallet.identities import Kind
from ipse.wallet.wallet import Wallet

__all__ = ["export_encrypted", "export_plaintext", "import_key"]


def export_encrypted(wallet: Wallet, which: str, passphrase: Callable[[], bytes]) -> str:
    """The key that signs for a DID, in an age file under `passphrase`. Raises NotFound, KeystoreError."""
    _, _, key = identities.signing_key(wallet, which)
    return export_formats.to_age(key, passphrase())


def export_plaintext(wallet: Wallet, which: str) -> str:
    """The key that signs for a DID as a JWK that anybody who sees it can sign with."""
    _, _, key = identities.signing_key(wallet, which)
    return export_formats.to_plaintext_jwk(key)


def import_key(
    wallet: Wallet,
    data: bytes,
    name: str,
    *,
    kind: Kind,
    passphrase: Callable[[], bytes] | None,
    now: datetime,
) -> DidRecord:
    """A DID under `name` from the private key in `data`, in any of the forms that are read.

    Raises MalformedInput, Undetermined for other key types, AlreadyExists, WrongPassphrase.
    """
    key = import_formats.read_private_key(data, passphrase=passphrase)
    return identities.adopt(wallet, name, key, kind=kind, now=now)
