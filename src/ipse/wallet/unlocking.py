"""The passphrase of a wallet whose keystore is a file: not needed for a while, or another one from now on."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime, timedelta

from ipse.errors import UsageError
from ipse.keys.keystore import unlock_service
from ipse.keys.keystore.encrypted_file import EncryptedFile
from ipse.storage.places import Places
from ipse.wallet.wallet import Wallet

__all__ = ["change_passphrase", "lock", "unlock"]


def unlock(wallet: Wallet, duration: timedelta, *, now: datetime) -> datetime | None:
    """Unlock the keystore file and return until when.

    Returns None where there is nothing to unlock: the OS keyring holds the keys. Raises KeystoreError,
    UsageError for a duration that is not allowed.
    """
    if wallet.manifest.keystore == "os":
        return None
    keystore = wallet.keystore
    assert isinstance(keystore, EncryptedFile)
    keystore.unlock(duration.total_seconds())
    return now + duration


def change_passphrase(wallet: Wallet, new: Callable[[], bytes]) -> str:
    """Put the keystore file under the passphrase that `new` returns; the keystore's description.

    Raises UsageError where the OS keyring holds the keys, KeystoreError, StorageError.
    """
    keystore = wallet.keystore
    if not isinstance(keystore, EncryptedFile):
        raise UsageError(
            f"the keys are in the {keystore.description}, which has no passphrase of the wallet's",
            hint="your desktop's settings change the passphrase of its keyring",
        )
    keystore.change_passphrase(new)
    return keystore.description


def lock(places: Places) -> bool:
    """End what `unlock` began. Returns whether the wallet was unlocked."""
    return unlock_service.stop(places.keystore)
