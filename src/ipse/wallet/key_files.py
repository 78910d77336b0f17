"""Taking a key out of the wallet, and bringing one in."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime

from ipse.encoding import strict_json
from ipse.keys import age_file, import_formats, key_types
from ipse.storage.manifest import DidRecord
from ipse.wallet import identities
from ipse.wallet.identities import Kind
from ipse.wallet.wallet import Wallet

__all__ = ["export_encrypted", "export_plaintext", "import_key"]


def export_encrypted(wallet: Wallet, which: str, passphrase: Callable[[], bytes]) -> str:
    """The key that signs for a DID as a JWK in an age file, which `age -d FILE` and `import_key` open.

    Raises NotFound, KeystoreError, UsageError for a passphrase that is empty or no UTF-8 text.
    """
    return age_file.encrypt(export_plaintext(wallet, which).encode(), passphrase())


def export_plaintext(wallet: Wallet, which: str) -> str:
    """The key that signs for a DID as a JWK in clear, and a line feed. Anybody who sees it can sign."""
    _, _, key = identities.signing_key(wallet, which)
    return strict_json.pretty(key_types.private_to_jwk(key)) + "\n"


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
