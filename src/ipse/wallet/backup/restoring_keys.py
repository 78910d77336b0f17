"""Bringing back the keys of a wallet alone, where its vault is still there and newer than the backup.

A passphrase was forgotten, or the keyring did not survive a new system. The root in the backup opens the
vault that is here, so nothing in it is lost. Which of its states is the newest nobody remembers any more but
for that of the backup: where the vault is another one, the owner has to accept it (`ipse log accept`).
"""

from __future__ import annotations

import contextlib
import shutil
from dataclasses import dataclass, replace
from datetime import datetime
from pathlib import Path
from typing import Final

from ipse.errors import AlreadyExists, CorruptData, IpseError, NotFound
from ipse.keys import derivation
from ipse.storage import files, manifest
from ipse.storage.manifest import Manifest
from ipse.storage.places import Places, check_private
from ipse.storage.vault import Vault
from ipse.wallet.backup import staging, verifying
from ipse.wallet.backup.archive import Backup
from ipse.wallet.backup.verifying import Contents
from ipse.wallet.wallet import Passphrase, open_keystore

__all__ = ["RestoredKeys", "restore_keys"]

_FOLDER: Final = ".restore-keys"


@dataclass(frozen=True, slots=True)
class RestoredKeys:
    """What was restored, or would be.

    `lost` are the names of DIDs that were made after the backup, whose keys are gone. `newest` is whether the
    vault is in the very state of the backup; else it has to be accepted. `aside` are the files that were
    moved away.
    """

    contents: Contents
    lost: tuple[str, ...]
    newest: bool
    aside: tuple[Path, ...] = ()


def restore_keys(
    places: Places,
    backup: Backup,
    *,
    keystore: str,
    new_passphrase: Passphrase,
    now: datetime,
    dry_run: bool = False,
) -> RestoredKeys:
    """Put the keys of `backup` into a new keystore of the kind `keystore`, for the vault in `places`.

    A keystore file that is there is kept aside. Killed, it is finished by starting it again. Raises
    AlreadyExists where the OS keyring holds the keys, CorruptData where the vault is not that of the backup's
    root, KeystoreError, StorageError.
    """
    contents = verifying.verify(backup)
    check_private(places)
    newest, goes_on = _standing(places, backup)
    present = _present(places, backup)
    if present is not None and present.keystore == "os":
        _refuse_held(places, backup, present)
    wanted, lost = _wanted(backup.wallet, present)
    told = RestoredKeys(contents, lost, newest)
    if dry_run:
        return told
    staged = Places.under(places.data / _FOLDER)
    with files.exclusive(places.data / staging.LOCK):
        staging.clear(staged, places, new_passphrase)
        try:
            # A vault that goes on from the backup may be an older one of those that did. Nothing is
            # remembered then, so that the owner is asked.
            item = None if goes_on else staging.remembering(backup)
            staging.keep_keys(staged, backup, wanted, keystore, new_passphrase, state_item=item)
        except BaseException:
            with contextlib.suppress(IpseError, OSError):  # the first error is the one to tell
                staging.clear(staged, places, new_passphrase)
            raise
        aside = [staging.put_aside(path, now) for path in (places.keystore, places.manifest)]
        staging.move(staged.keystore, places.keystore)
        staging.move(staged.manifest, places.manifest)
        if keystore == "os":
            places.keystore.unlink(missing_ok=True)
        shutil.rmtree(staged.data, ignore_errors=True)
    return replace(told, aside=tuple(path for path in aside if path is not None))


def _standing(places: Places, backup: Backup) -> tuple[bool, bool]:
    """Whether the vault is in the state of the backup, and whether it goes on from it.

    It must be whole in itself. Raises CorruptData, VaultAltered.
    """
    with Vault.open(places.vault, derivation.vault_key(backup.root)) as vault:
        heads = vault.heads()
        if not heads:
            raise CorruptData(f"{places.vault} has no state", hint="restore the backup without --keys")
        vault.check(heads[-1], everything=True)
        states = [(head.counter, head.digest) for head in heads]
        return states[-1] == backup.state, backup.state in states[:-1]


def _present(places: Places, backup: Backup) -> Manifest | None:
    """What wallet.json says, None where it is gone, damaged, or that of another wallet."""
    with contextlib.suppress(NotFound, CorruptData):
        found = manifest.read(places.manifest)
        return found if found.wallet_id == backup.wallet.wallet_id else None
    return None


def _refuse_held(places: Places, backup: Backup, present: Manifest) -> None:
    try:
        held = open_keystore("os", places, present.wallet_id, bytes).find(present.root_item)
    except IpseError:
        return
    if held == backup.root:
        raise AlreadyExists(
            "the OS keyring holds the keys of this wallet",
            hint="nothing was restored; without --keys the vault comes back from the backup",
        )


def _wanted(saved: Manifest, present: Manifest | None) -> tuple[Manifest, tuple[str, ...]]:
    """The DIDs to bring back, and the names of those that can't be.

    What was deleted since does not come back.
    """
    if present is None:
        return saved, ()
    there = {record.did for record in present.dids}
    known = {record.did for record in saved.dids}
    kept = tuple(record for record in saved.dids if record.did in there)
    names = {record.name for record in kept}
    default = saved.default if saved.default in names else ""
    lost = tuple(record.name for record in present.dids if record.did not in known)
    return replace(saved, dids=kept, default=default), lost
