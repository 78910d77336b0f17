"""Restoring a backup: into an empty folder, or in the place of the vault of the same wallet.

The wallet is made whole in a folder beside its place and its files are then moved there, wallet.json last. A
restore that is killed has restored nothing yet or all; started again, it begins anew. What it replaces is
never deleted but moved aside.

Where a keystore here remembers another state of this wallet than the backup's, what happened since is lost,
and the owner says of each of KINDS whether it is to be as it was in the backup. What they do not give counts
as taken back, as with `ipse log accept`.
"""

from __future__ import annotations

import contextlib
import shutil
from collections.abc import Callable, Collection
from dataclasses import dataclass, replace
from datetime import datetime
from pathlib import Path
from typing import Final

from ipse.errors import AlreadyExists, IpseError, KeystoreError, StorageError
from ipse.keys import derivation
from ipse.keys.keystore import Keystore
from ipse.storage import erasing, files, manifest, saved_vault, statements
from ipse.storage.manifest import Manifest
from ipse.storage.places import Places, check_private
from ipse.wallet import holder_keys, recovery, state
from ipse.wallet.backup import staging, verifying
from ipse.wallet.backup.archive import Backup
from ipse.wallet.backup.verifying import Contents
from ipse.wallet.profile import models
from ipse.wallet.state import Remembered
from ipse.wallet.wallet import Passphrase, Wallet, open_keystore

__all__ = ["FORGOTTEN", "KINDS", "Ask", "Question", "Restored", "restore"]

FORGOTTEN: Final = "forgotten"
"""The statements of the backup, those that were forgotten since among them."""
KINDS: Final = (recovery.SPENT, recovery.REVOKED, recovery.CLOSED, FORGOTTEN)
"""What the owner is asked for by name before it is given back."""
_NEW, _OVER = ".restore-new", ".restore-over"
_NO_STATE: Final = b"null"


@dataclass(frozen=True, slots=True)
class Question:
    """What the owner decides: `remembered` is the state that the keystore remembers, None for an unknown one.

    `state` is that of the backup, made at `created`. `forgotten` is the number of statements in it that the
    wallet no longer has, None where that can't be told.
    """

    remembered: int | None
    state: int
    created: str
    forgotten: int | None


Survivors = frozenset[tuple[int, str]]
"""Statements by number and text: the old text of one that was corrected since is forgotten."""
Ask = Callable[[Question], Collection[str]]
"""Returns those of KINDS that are to be as they were. Raises ConsentError to change nothing."""


@dataclass(frozen=True, slots=True)
class Restored:
    """What was restored, or would be.

    `over` is whether a wallet was there. `asked` is what the owner was asked, None where nothing newer is
    known; `given` are the kinds they gave back. `aside` are the files that were moved away. `changed` is
    False where the wallet was in the state of the backup already.
    """

    contents: Contents
    over: bool
    asked: Question | None
    given: tuple[str, ...] = ()
    aside: tuple[Path, ...] = ()
    changed: bool = True


def restore(
    places: Places,
    backup: Backup,
    *,
    keystore: str,
    passphrase: Passphrase,
    new_passphrase: Passphrase,
    ask: Ask,
    now: datetime,
    dry_run: bool = False,
) -> Restored:
    """Restore `backup` to `places`; a new wallet gets the keystore of kind `keystore`, "os" or "file".

    With `dry_run` nothing is asked and nothing written. Raises AlreadyExists where there is another wallet,
    ConsentError, CorruptData, VerificationFailed, KeystoreError, StorageError.
    """
    contents = verifying.verify(backup)
    check_private(places)
    over = places.manifest.exists()
    if over:
        return _Over(places, backup, contents, passphrase, now).run(ask, dry_run=dry_run)
    return _New(places, backup, contents, keystore, new_passphrase, now).run(ask, dry_run=dry_run)


class _New:
    """A restore to where there is no wallet."""

    def __init__(
        self,
        places: Places,
        backup: Backup,
        contents: Contents,
        keystore: str,
        passphrase: Passphrase,
        now: datetime,
    ) -> None:
        self._places, self._backup, self._contents = places, backup, contents
        self._kind, self._passphrase, self._now = keystore, passphrase, now
        self._staged = Places.under(places.data / _NEW)

    def run(self, ask: Ask, *, dry_run: bool) -> Restored:
        self._refuse_others()
        kept = self._remembered()
        asked = _question(self._backup, kept, None)
        told = Restored(self._contents, over=False, asked=asked)
        if dry_run:
            return told
        given = tuple(ask(asked)) if asked is not None else ()
        files.create_private_folder(self._places.data)
        check_private(self._places)
        with files.exclusive(self._places.data / staging.LOCK):
            self._refuse_others()
            aside = self._clear()
            try:
                self._build(kept, given)
            except BaseException:
                with contextlib.suppress(IpseError, OSError):  # the first error is the one to tell
                    self._clear()
                raise
            staging.move(self._staged.vault, self._places.vault)
            staging.move(self._staged.keystore, self._places.keystore)
            staging.move(self._staged.manifest, self._places.manifest)
            shutil.rmtree(self._staged.data, ignore_errors=True)
        return replace(told, given=given, aside=aside)

    def _refuse_others(self) -> None:
        """Refuse what is there and no rest of a restore that was killed. Raises AlreadyExists."""
        if self._places.manifest.exists():
            raise _other_wallet(self._places)
        if self._staged.manifest.exists():
            return
        for path in (self._places.vault, self._places.keystore):
            if path.exists():
                raise AlreadyExists(
                    f"{path} is there without its wallet.json",
                    hint="--keys brings back its keys; else move it away first",
                )

    def _remembered(self) -> bytes | None:
        """What the OS keyring remembers of this wallet's state, where it was once kept there.

        A new wallet over a file asks it too, where it answers.
        """
        wallet = self._backup.wallet
        if wallet.keystore != "os":
            return None
        try:
            store = open_keystore("os", self._places, wallet.wallet_id, self._passphrase)
            if store.find(wallet.root_item) != self._backup.root:
                return None
            return store.find(wallet.state_item)
        except KeystoreError:
            if self._kind == "os":
                raise
            return None

    def _clear(self) -> tuple[Path, ...]:
        """Move aside and remove what a restore that was killed left."""
        if not self._staged.manifest.exists():
            shutil.rmtree(self._staged.data, ignore_errors=True)
            return ()
        aside = []
        for path in (self._places.vault, self._places.keystore):
            aside.append(staging.put_aside(path, self._now))
            path.unlink(missing_ok=True)
        staging.clear(self._staged, self._places, self._passphrase)
        return tuple(path for path in aside if path is not None)

    def _build(self, kept: bytes | None, given: Collection[str]) -> None:
        """Make the whole wallet in the folder beside."""
        backup, staged = self._backup, self._staged
        planned, store = staging.keep_keys(
            staged,
            backup,
            backup.wallet,
            self._kind,
            self._passphrase,
            state_item=kept or staging.remembering(backup),
        )
        _fill(staged, backup, store, planned, given, self._now, survivors=None)


class _Over:
    """A restore in the place of the vault of the same wallet. Its keystore and its DIDs stay as they are."""

    def __init__(
        self, places: Places, backup: Backup, contents: Contents, passphrase: Passphrase, now: datetime
    ) -> None:
        self._places, self._backup, self._contents = places, backup, contents
        self._passphrase, self._now = passphrase, now
        self._staged = Places.under(places.data / _OVER)

    def run(self, ask: Ask, *, dry_run: bool) -> Restored:
        present = Wallet(self._places, self._passphrase, doubt=lambda _: None)
        if present.manifest.wallet_id != self._backup.wallet.wallet_id or present.root != self._backup.root:
            raise _other_wallet(self._places)
        survivors, whole = _survivors(present)
        kept = state.stored(present)  # read last: closing the vault may have settled its newest state
        same = kept == staging.remembering(self._backup)
        if same and whole:
            return Restored(self._contents, over=True, asked=None, changed=False)
        asked = None if same else _question(self._backup, kept or _NO_STATE, survivors)
        told = Restored(self._contents, over=True, asked=asked)
        if dry_run:
            return told
        given = tuple(ask(asked)) if asked is not None else ()
        with files.exclusive(self._places.data / staging.LOCK):
            shutil.rmtree(self._staged.data, ignore_errors=True)
            if state.stored(present) != kept:
                raise StorageError(
                    "the wallet was changed by another process meanwhile", hint="run the command again"
                )
            files.create_private_folder(self._staged.data)
            planned = replace(present.manifest, leftovers=())
            files.write_private(self._staged.manifest, manifest.encoded(planned))
            _fill(
                self._staged, self._backup, present.keystore, planned, given, self._now, survivors=survivors
            )
            aside = staging.put_aside(self._places.vault, self._now)
            staging.move(self._staged.vault, self._places.vault)
            shutil.rmtree(self._staged.data, ignore_errors=True)
        return replace(told, given=given, aside=() if aside is None else (aside,))


def _fill(
    staged: Places,
    backup: Backup,
    store: Keystore,
    planned: Manifest,
    given: Collection[str],
    now: datetime,
    *,
    survivors: Survivors | None,
) -> None:
    """Make the vault of a staged wallet, and go on from what its keystore remembers.

    `survivors` are the statements that the wallet still has, None where that is not known.
    """
    saved_vault.rebuild(backup.vault, staged.vault, derivation.vault_key(backup.root)).close()
    with Wallet(staged, lambda: b"", doubt=lambda _: None) as wallet:
        wallet.switch_to(store, planned)
        lost = recovery.loss(wallet)
        if lost is not None:
            recovery.accept(wallet, lost, now=now, given=set(given) - {FORGOTTEN})
            if FORGOTTEN not in given:
                _forget(wallet, survivors)
        with wallet.vault.transaction():
            models.forget_made(wallet)
            if lost is None:  # else it was done
                holder_keys.skip(wallet)
        state.settle(wallet)


def _forget(wallet: Wallet, survivors: Survivors | None) -> None:
    """Forget the statements that the owner may have forgotten since."""
    with wallet.vault.transaction():
        there = statements.every(wallet.vault)
        gone = [said.number for said in there if (said.number, said.text) not in (survivors or ())]
        statements.remove(wallet.vault, gone)
        erasing.make_due(wallet.vault)
    erasing.finish(wallet.vault)


def _survivors(present: Wallet) -> tuple[Survivors | None, bool]:
    """The statements that a wallet has, and whether its vault is the newest one and whole."""
    try:
        there = frozenset((said.number, said.text) for said in statements.every(present.vault))
        if present.vault.refusal is not None:
            return None, False
        state.check(present, everything=True)
    except IpseError:
        return None, False
    finally:
        with contextlib.suppress(IpseError):
            present.close()
    return there, True


def _question(backup: Backup, kept: bytes | None, survivors: Survivors | None) -> Question | None:
    """What the owner has to decide, None where the keystore remembers nothing newer."""
    if kept is None or kept == staging.remembering(backup):
        return None
    found = state.parsed(kept)
    remembered = found.counter if isinstance(found, Remembered) else None
    saved = {(row["number"], row["text"]) for row in backup.vault.rows.get("statements", ())}
    forgotten = None if survivors is None else len(saved - survivors)
    return Question(remembered, backup.state[0], backup.created, forgotten)


def _other_wallet(places: Places) -> AlreadyExists:
    return AlreadyExists(
        f"there is another wallet in {places.data}",
        hint="set IPSE_HOME to an empty folder, and restore the backup there",
    )
