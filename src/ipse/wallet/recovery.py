"""Going on from an older vault, or without what the keystore remembered, on the owner's word.

Nobody knows what was changed after that vault was saved. So all that may have been taken back since counts as
taken back: grants end, topics close, statements are secret, issuers are trusted no more. What was drawn for
private summaries is not known either, so none is drawn until the owner sets limits anew.
"""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import asdict, dataclass
from datetime import datetime
from typing import Final

from ipse.encoding.strict_json import JsonObject
from ipse.encoding.timestamps import format_timestamp
from ipse.errors import StorageError, VaultAltered
from ipse.storage import (
    answers,
    disclosure_log,
    grants,
    statements,
    topic_store,
    trusted_authorities,
    trusted_issuers,
)
from ipse.storage.disclosure_log import Entry
from ipse.storage.state_head import Head
from ipse.wallet import holder_keys, state
from ipse.wallet.disclosure import dates, summaries
from ipse.wallet.disclosure_log import append
from ipse.wallet.profile.topics import access_by_topic
from ipse.wallet.state import LogCount, Remembered
from ipse.wallet.wallet import Wallet

__all__ = ["CLOSED", "REVOKED", "SPENT", "Loss", "accept", "loss"]

SPENT: Final = "spent"
"""The limits of private summaries, as if nothing had been drawn since."""
REVOKED: Final = "revoked"
"""The grants that stood, those that were revoked since among them."""
CLOSED: Final = "closed"
"""The topics that were open, those that were closed since among them."""
_LEVEL: Final = "log"
"""The level of an entry that nothing left with: what was lost before it was accepted."""


@dataclass(frozen=True, slots=True)
class Loss:
    """What the keystore remembers and the vault does not hold.

    `remembered` is the number of a state, `digest` the hex digest of its head; both are None where what the
    keystore remembered is gone or damaged. `here` is the number of the vault's own newest state. Where the
    keystore remembers only the log, as older versions did, both are numbers of its entries.
    """

    remembered: int | None
    digest: str | None
    here: int


def loss(wallet: Wallet) -> Loss | None:
    """What has to be accepted before anything is released again; None where nothing is lost.

    Raises VerificationFailed where the vault is no state that this wallet ever left. Such a vault is not
    accepted.
    """
    with wallet.vault.transaction():
        entries = disclosure_log.verify(wallet.vault)
        heads = wallet.vault.heads()
        data = state.stored(wallet)
        kept = None if data is None else state.parsed(data)
        if not heads:
            return _loss_of_older(wallet, data, kept, entries)
        newest = heads[-1]
        wallet.vault.check(newest, everything=True)
        if isinstance(kept, Remembered):
            if state.follows(heads, kept):
                return None
            return Loss(kept.counter, kept.digest, newest.counter)
        if isinstance(kept, LogCount):  # a kill came between the first head and the keystore
            return _loss_of_older(wallet, data, kept, entries)
        if data is None and newest.counter == 1:
            return None
        state.check_place(wallet)
        return Loss(None, None, newest.counter)


def accept(wallet: Wallet, lost: Loss, *, now: datetime, given: Collection[str] = ()) -> Entry:
    """Go on without what was lost, on the owner's word: the log entry that says so.

    Of SPENT, REVOKED and CLOSED, those in `given` stay as they are in the vault. It confirms the date as
    well, which the owner was shown.
    A kill before the keystore remembers the new state leaves all as lost as it was, to be accepted again.
    Raises StorageError where the vault is no longer as `lost` says, VerificationFailed, KeystoreError.
    """
    vault = wallet.vault
    refusal, vault.refusal = vault.refusal, None
    before_change, vault.before_change = vault.before_change, lambda: None
    try:
        with vault.transaction():
            if loss(wallet) != lost:
                raise _meanwhile()
            vault.skip_to(lost.remembered or 0)
            entry = append(wallet, _said_of(lost, given), now)
            dates.confirm_date(wallet, now)
            _take_back(wallet, format_timestamp(now), given)
            if not vault.heads():
                vault.begin_heads(above=lost.remembered or 0)
        with state.keys_in_place(wallet):
            _keep(wallet, lost, vault.heads()[-1])
    except BaseException:
        vault.refusal = refusal
        raise
    finally:
        vault.before_change = before_change
    return entry


def _loss_of_older(wallet: Wallet, data: bytes | None, kept: object, entries: int) -> Loss | None:
    """The loss of a vault of an older version, which has no head: what its log has lost."""
    if answers.newest(wallet.vault) > entries:
        raise VaultAltered("there are answers after the last entry of the log")
    if isinstance(kept, Remembered):
        return Loss(kept.counter, kept.digest, 0)
    if isinstance(kept, LogCount):
        if disclosure_log.digest_of(wallet.vault, kept.count) == kept.digest:
            return None
        return Loss(kept.count, kept.digest, entries)
    return None if data is None else Loss(None, None, entries)


def _keep(wallet: Wallet, lost: Loss, head: Head) -> None:
    """Let the keystore remember the state that was accepted, in the place of the one that is lost."""
    data = state.stored(wallet)
    kept = None if data is None else state.parsed(data)
    found: tuple[int | None, str | None] = (None, None)
    if isinstance(kept, Remembered):
        found = kept.counter, kept.digest
    elif kept is not None:
        found = kept.count, kept.digest
    if found != (lost.remembered, lost.digest):
        raise _meanwhile()
    state.keep(wallet, head)
    wallet.vault.unsettled = None
    wallet.vault.settled = head.counter


def _take_back(wallet: Wallet, now: str, given: Collection[str]) -> None:
    """Take back all that may have been taken back after the vault was saved, but for what is `given`."""
    vault = wallet.vault
    if REVOKED not in given:
        grants.revoke_all(vault, now=now)
    if CLOSED not in given:
        for topic in access_by_topic(wallet):
            topic_store.set_access(vault, topic, False)
    # Who was told from the summaries of the vault is not known: nobody is told the same noise as another.
    summaries.blank_closed(wallet)
    statements.set_sensitivity(vault, "secret", now=now)
    for did in trusted_issuers.by_issuer(vault):
        trusted_issuers.remove(vault, did)
    for authority in trusted_authorities.every(vault):
        trusted_authorities.remove(vault, authority.fingerprint)
    if SPENT not in given:
        summaries.change_limits(wallet, year=0, life=0)
    # Nor is it known which keys were given to issuers meanwhile: no two credentials may share one.
    holder_keys.skip(wallet)


def _said_of(lost: Loss, given: Collection[str]) -> JsonObject:
    """The entry of a loss. It discloses nothing, so nothing is released."""
    what = "what the keystore remembers is not in this vault"
    if lost.remembered is None:
        what = "the keystore no longer remembered the state of the vault"
    return {
        "level": _LEVEL,
        "application": "",
        "address": "",
        "purpose": f"the owner went on from an older vault: {what}",
        "consent": "owner",
        "grant": None,
        "said": False,
        "released": "",
        "lost": asdict(lost),
        **({"kept": sorted(given)} if given else {}),
    }


def _meanwhile() -> StorageError:
    return StorageError("the vault was changed by another process meanwhile", hint="run the command again")
