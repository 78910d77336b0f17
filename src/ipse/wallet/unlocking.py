"""Unlocking a wallet whose keystore is a file, so that its passphrase is not needed for a while."""

from __future__ import annotations

from datetime import datetime, timedelta

from ipse.keys.keystore import unlock_service
from ipse.keys.keystore.encrypted_file import EncryptedFile
from ipse.storage.places import Places
from ipse.wallet.wallet import Wallet

__all__ = ["lock", "unlock"]


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


def lock(places: Places) -> bool:
    """End what `unlock` began. Returns whether the wallet was unlocked."""
    return unlock_service.stop(places.keystore)
