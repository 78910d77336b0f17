"""A wallet: its manifest, its keystore and its vault, opened no sooner than needed."""

from __future__ import annotations

import contextlib
import logging
import os
import secrets
from collections.abc import Callable, Sequence
from dataclasses import replace
from datetime import datetime

from ipse.encoding.timestamps import format_timestamp
from ipse.errors import (
    FROM_BACKUP,
    AlreadyExists,
    CorruptData,
    IpseError,
    KeystoreError,
    StorageError,
    UsageError,
    VerificationFailed,
)
from ipse.keys import derivation
from ipse.keys.keystore import Keystore
from ipse.storage import files, manifest, settings
from ipse.storage.manifest import DidRecord, Edit, Leftover, Manifest
from ipse.storage.places import Places, check_private
from ipse.storage.vault import Vault
from ipse.wallet import state

__all__ = ["Passphrase", "Wallet", "open_keystore"]

_log = logging.getLogger(__name__)

Passphrase = Callable[[], bytes]


class Wallet:
    """An existing wallet. Use it as a context manager; it closes the vault."""

    def __init__(
        self,
        places: Places,
        passphrase: Passphrase,
        *,
        doubt: Callable[[IpseError], object] | None = None,
        settles: bool = False,
    ) -> None:
        """Read the manifest. Raises NotFound where there is no wallet, CorruptData, StorageError.

        With `doubt`, a vault whose state is not the one that the keystore remembers can be read: `doubt` is
        told the error. Without, it is refused. The keystore follows when the wallet is closed; with
        `settles`, after each change.
        """
        check_private(places)
        self.places = places
        self._doubt = doubt
        self._settles = settles
        self.manifest: Manifest = manifest.read(places.manifest)
        self._passphrase = passphrase
        self._keystore: Keystore | None = None
        self._vault: Vault | None = None
        self._root: bytes | None = None

    @classmethod
    def create(
        cls, places: Places, *, keystore: str, passphrase: Passphrase, now: datetime, settles: bool = False
    ) -> Wallet:
        """A new wallet over the keystore of kind "os" or "file".

        The manifest is written last: until then there is no wallet, and what was made is taken back
        if anything fails. Raises AlreadyExists, KeystoreError, StorageError.
        """
        check_private(places)
        if places.manifest.exists():
            raise AlreadyExists(
                f"there is already a wallet in {places.data}",
                hint="use it as it is, or set IPSE_HOME to another folder for a second one",
            )
        if places.vault.exists():
            raise AlreadyExists(
                f"{places.data} holds a vault without its wallet.json",
                hint="`ipse backup restore FILE --keys` brings back what belongs to it; else move it away",
            )
        files.create_private_folder(places.data)
        check_private(places)  # somebody else may have made it just now
        wallet_id = secrets.token_hex(8)
        root_item = f"root-{secrets.token_hex(4)}"
        root = os.urandom(derivation.ROOT_LENGTH)
        undo: list[Callable[[], object]] = []
        try:
            store = open_keystore(keystore, places, wallet_id, passphrase, create=True)
            if keystore == "file":
                undo.append(lambda: places.keystore.unlink(missing_ok=True))
            else:
                undo.append(lambda: store.remove(root_item))
            store.add(root_item, root)
            made = Manifest(wallet_id, keystore, root_item, format_timestamp(now))
            with Vault.create(places.vault, derivation.vault_key(root)) as vault:
                undo.append(lambda: places.vault.unlink(missing_ok=True))
                if keystore == "os":
                    undo.append(lambda: store.remove(made.state_item))
                settings.put(vault, settings.DATE_CONFIRMED, format_timestamp(now))
                store.add(made.state_item, state.encoded(vault.heads()[-1]))
            manifest.create(places.manifest, made)
        except BaseException:
            if not _is_made(places, wallet_id):
                for step in reversed(undo):
                    with contextlib.suppress(IpseError, OSError):  # the first error is the one to tell
                        step()
            raise
        wallet = cls(places, passphrase, settles=settles)
        wallet._keystore, wallet._root = store, root
        return wallet

    def __enter__(self) -> Wallet:
        return self

    def __exit__(self, kind: type[BaseException] | None, *_: object) -> None:
        if kind is None and not self.reads:
            self.close()
            return
        # What went wrong first is what the owner must hear; what was only read needs nothing to be kept.
        with contextlib.suppress(IpseError):
            self.close()

    def close(self) -> None:
        """Let the keystore remember the vault's newest state, and close the vault, if it was opened.

        Raises KeystoreError, StorageError.
        """
        if self._vault is None:
            return
        try:
            if self._vault.refusal is None:
                state.settle(self)
        finally:
            self._vault.close()
            self._vault = None

    @property
    def reads(self) -> bool:
        """Whether it was opened to be read, whatever its state."""
        return self._doubt is not None

    @property
    def keystore(self) -> Keystore:
        """The keystore. Raises KeystoreError."""
        if self._keystore is None:
            kind, wallet_id = self.manifest.keystore, self.manifest.wallet_id
            self._keystore = open_keystore(kind, self.places, wallet_id, self._passphrase)
            _log.info("keystore: %s", self._keystore.description)
        return self._keystore

    @property
    def root(self) -> bytes:
        """The 32 bytes that the vault's key and the pairwise keys are derived from. Raises KeystoreError."""
        if self._root is None:
            root = self.keystore.get(self.manifest.root_item)
            if len(root) != derivation.ROOT_LENGTH:
                raise CorruptData(
                    f"the item {self.manifest.root_item!r} is not the root of a wallet",
                    hint=f"wallet.json was altered: {FROM_BACKUP}",
                )
            self._root = root
        return self._root

    @property
    def vault(self) -> Vault:
        """The open vault, its newest state held to the keystore when it is opened.

        Raises KeystoreError, CorruptData, VaultAltered, VaultOutdated.
        """
        if self._vault is None:
            self._vault = Vault.open(self.places.vault, derivation.vault_key(self.root))
            try:
                state.opened(self)
            except (VerificationFailed, CorruptData) as error:
                if self._doubt is None:
                    self._vault.close()
                    self._vault = None
                    raise
                self._vault.refusal = error
                self._doubt(error)
            except BaseException:
                self._vault.close()
                self._vault = None
                raise
            self._vault.before_change = lambda: state.check(self)
            if self._settles:
                self._vault.committed = lambda: state.settle(self)
        return self._vault

    def point_to(self, items: Sequence[str], edit: Edit, *, replacing: DidRecord | None = None) -> None:
        """Apply `edit`, which points to the new keystore `items`; they are taken back if it fails.

        `replacing` is the record that the edit was made from. Raises StorageError where another process
        changed it, or moved the keys, since this wallet was opened; nothing is changed then.
        """

        def checked(current: Manifest) -> Manifest:
            known = {record.name: record for record in current.dids}
            if replacing is not None and known.get(replacing.name) != replacing:
                raise _meanwhile(f"{replacing.name!r} was changed")
            return edit(current)

        try:
            self.change_manifest(checked)
        except BaseException:
            for item in items:
                if not self._points_to(item):
                    with contextlib.suppress(IpseError):  # what went wrong first is what the owner must hear
                        self.keystore.remove(item)
            raise

    def _points_to(self, item: str) -> bool:
        """Whether the manifest on disk points to a keystore item; where it can't be read, it might."""
        try:
            records = manifest.read(self.places.manifest).dids
        except IpseError:
            return True
        return any(key.item == item for record in records for key in record.keys)

    def sweep(self) -> None:
        """Remove the keystore items that nothing points to any more; those out of reach wait for later."""
        if not self.manifest.leftovers:
            return
        with manifest.changing(self.places.manifest) as (current, write):
            if self._was_moved(current):
                return
            kept = tuple(leftover for leftover in current.leftovers if not self._removed(leftover, current))
            self.manifest = replace(current, leftovers=kept)
            write(self.manifest)

    def _removed(self, leftover: Leftover, current: Manifest) -> bool:
        try:
            if leftover.keystore == current.keystore:
                store = self.keystore
            elif leftover.keystore == "file":
                self.places.keystore.unlink(missing_ok=True)
                return True
            else:
                store = open_keystore("os", self.places, current.wallet_id, self._passphrase)
            if not self._is_spare(store.find(leftover.item), leftover.item):
                return False
            store.remove(leftover.item)
        except (KeystoreError, CorruptData, OSError):
            return False
        return True

    def _is_spare(self, held: bytes | None, item: str) -> bool:
        """Whether an item that wallet.json calls left over can go: of a root or a state, only a copy can.

        The manifest lies in clear: on its word alone the wallet would be lost, or its past be believed.
        """
        kind, _, _ = item.partition("-")
        if held is None or kind == "did":
            return True
        if kind == "root":
            return held == self.root
        return kind == "log" and state.is_known(self, held)

    def switch_to(self, keystore: Keystore, current: Manifest) -> None:
        """Go on with another keystore, which the manifest on disk points to already."""
        self._keystore, self.manifest = keystore, current

    def change_manifest(self, edit: Edit) -> None:
        """Apply `edit` to the manifest as it is on disk now, under its lock.

        Raises StorageError where the keys were moved since this wallet was opened.
        """

        def checked(current: Manifest) -> Manifest:
            if self._was_moved(current):
                raise _meanwhile("the keys were moved")
            return edit(current)

        self.manifest = manifest.change(self.places.manifest, checked)

    def _was_moved(self, current: Manifest) -> bool:
        """Whether the keystore in use is no longer the wallet's: a move renames every item."""
        return current.root_item != self.manifest.root_item


def _meanwhile(what: str) -> StorageError:
    return StorageError(f"{what} by another process meanwhile", hint="run the command again")


def _is_made(places: Places, wallet_id: str) -> bool:
    """Whether the manifest of this very wallet is in place, whatever happened after it was."""
    try:
        return manifest.read(places.manifest).wallet_id == wallet_id
    except IpseError:
        return False


def open_keystore(
    kind: str, places: Places, wallet_id: str, passphrase: Passphrase, *, create: bool = False
) -> Keystore:
    """The keystore of kind "os" or "file" of a wallet; a file is made first where `create` says so.

    Raises KeystoreError, UsageError, AlreadyExists.
    """
    if kind == "os":
        from ipse.keys.keystore.os_keyring import open_os_keyring

        return open_os_keyring(wallet_id)
    if kind == "file":
        from ipse.keys.keystore.encrypted_file import EncryptedFile

        store = EncryptedFile(places.keystore, passphrase)
        if create:
            store.create()
        return store
    raise UsageError(f"{kind!r} is no kind of keystore", hint="--keystore takes os or file")
