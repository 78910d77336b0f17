"""Making a backup, and opening one."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from datetime import datetime
from typing import Final

from ipse.encoding.timestamps import format_timestamp
from ipse.errors import PassphraseNeeded, StorageError
from ipse.keys import age_file
from ipse.storage import manifest, saved_vault
from ipse.wallet import identities, state
from ipse.wallet.backup import archive
from ipse.wallet.backup.archive import Backup
from ipse.wallet.wallet import Wallet

__all__ = ["MAX_BYTES", "collect", "open_encrypted", "sealed_for", "sealed_under"]

MAX_BYTES: Final = 1024 * 1024 * 1024
"""The largest backup that is read."""


def collect(wallet: Wallet, *, program: str, now: datetime) -> Backup:
    """All that is to be saved of a wallet, its vault held to the keystore first.

    `program` is the version of ipse. Raises VaultAltered, VaultOutdated, KeystoreError, StorageError,
    CorruptData.
    """
    with wallet.vault.transaction():
        state.check(wallet, everything=True)
        saved = saved_vault.save(wallet.vault)
    with manifest.changing(wallet.places.manifest) as (current, _):
        if current.root_item != wallet.manifest.root_item:
            raise StorageError(
                "the keys were moved by another process meanwhile", hint="run the command again"
            )
        keys = {
            place.item: identities.read_key(wallet, record, place)
            for record in current.dids
            for place in record.keys
        }
    return Backup(format_timestamp(now), program, current, wallet.root, keys, saved)


def sealed_under(backup: Backup, passphrase: bytes) -> bytes:
    """The backup as an age file that `passphrase` opens. Takes about a second. Raises UsageError."""
    return age_file.encrypt_binary(archive.pack(backup), passphrase)


def sealed_for(backup: Backup, recipients: Sequence[str]) -> bytes:
    """The backup as an age file that the private key of any of `recipients` opens. Raises UsageError."""
    return age_file.encrypt_to(archive.pack(backup), recipients)


def open_encrypted(
    data: bytes, *, passphrase: Callable[[], bytes], identity: Callable[[], bytes] | None = None
) -> Backup:
    """The backup in an age file, or in the archive that `age -d` made of one.

    `passphrase` is asked for where one opens the file, `identity`, an age identity file, for any other.
    Raises MalformedInput, CorruptData, WrongPassphrase, PassphraseNeeded, TooMuchWork.
    """
    if not age_file.is_age_file(data):
        return archive.unpack(data)
    if age_file.takes_passphrase(data):
        return archive.unpack(age_file.decrypt(data, passphrase()))
    if identity is None:
        raise PassphraseNeeded(
            "the backup is encrypted to the keys of its recipients",
            hint="give the file with the private key of one of them: --identity FILE",
        )
    return archive.unpack(age_file.decrypt_with(data, identity()))
