"""The state of a wallet's vault, held to what the keystore remembers of it.

The vault ends each change with the head of its new state (`ipse.storage.state_head`). An item in the
keystore, where the vault's file does not reach, holds counter and digest of the newest head. It is moved
after the commit, before a command reports success and before anything is released. So the vault may be ahead
of it, after a kill: by heads that go on from the remembered one, which is taken over. It is never behind.

Where the two disagree nothing is released and nothing protected is changed, until the newest vault is back
or the owner goes on from the older one (`ipse.wallet.recovery`).
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from dataclasses import asdict, dataclass
from typing import TYPE_CHECKING, Final

from ipse.encoding import strict_json
from ipse.errors import CorruptData, MalformedInput, StorageError, VaultAltered, VaultOutdated
from ipse.storage import answers, disclosure_log, manifest, settings
from ipse.storage.state_head import Head

if TYPE_CHECKING:
    from ipse.wallet.wallet import Wallet

__all__ = [
    "LogCount",
    "Remembered",
    "Rows",
    "check",
    "check_place",
    "encoded",
    "follows",
    "is_known",
    "item_of",
    "keep",
    "keys_in_place",
    "opened",
    "outdated",
    "parsed",
    "remembered",
    "settle",
    "stored",
    "unknown",
]

_ACCEPTABLE: Final = (
    "put the newest vault.db of this wallet back; only if there is none any more, `ipse log accept` goes on"
    " without it"
)
_DAMAGED: Final = (
    "`ipse backup restore FILE` goes on from a backup, `ipse log accept` from the vault that is there"
)


@dataclass(frozen=True, slots=True)
class Remembered:
    """What the keystore remembers: the counter of the newest head, and its hex digest."""

    counter: int
    digest: str


@dataclass(frozen=True, slots=True)
class LogCount:
    """What the keystore of an older version remembers: the entries of the log, the last one's hex digest."""

    count: int
    digest: str
    signed: bool


@dataclass(frozen=True, slots=True)
class Rows:
    """Which rows are held to the newest head: those of all tables but the large ones, of these `tables`."""

    tables: tuple[str, ...] = ()
    everything: bool = False


def opened(wallet: Wallet) -> None:
    """Hold the heads of a vault that was just opened to the keystore; an older version's gets its first.

    The rows are held to the newest head where the vault is first changed, and by `check`. Raises
    VaultAltered, VaultOutdated, CorruptData, KeystoreError, StorageError.
    """
    kept = None if wallet.vault.heads() else remembered(wallet)
    if wallet.vault.heads() or isinstance(kept, Remembered):
        _checked(wallet, None)
    elif not wallet.reads:
        _begin(wallet)
    elif kept is not None:
        _check_log(wallet, kept)


def check(wallet: Wallet, *, tables: Iterable[str] = (), everything: bool = False) -> Head:
    """Hold the vault to the keystore; the head of its newest state.

    Of the large tables, the rows of those in `tables` are read, with `everything` of all. In a transaction,
    what it has changed so far counts as changed. Raises VaultAltered, VaultOutdated, CorruptData,
    KeystoreError.
    """
    return _checked(wallet, Rows(tuple(tables), everything))


def settle(wallet: Wallet) -> None:
    """Let the keystore remember the newest state that was committed here, if it does not yet.

    Never inside a transaction, and before anything is released or success is reported. Raises VaultAltered,
    VaultOutdated, KeystoreError, StorageError.
    """
    head = wallet.vault.unsettled
    if head is None:
        return
    with keys_in_place(wallet):
        kept = remembered(wallet)
        heads = wallet.vault.heads()
        if kept is None and heads[0].counter > 1:
            raise unknown()
        if isinstance(kept, Remembered) and not follows(heads, kept):
            raise outdated(kept, heads[-1])
        if not isinstance(kept, Remembered) or kept.counter < head.counter:
            keep(wallet, heads[-1])
    wallet.vault.unsettled = None
    wallet.vault.settled = head.counter


def remembered(wallet: Wallet) -> Remembered | LogCount | None:
    """What the keystore remembers, None where it holds nothing. Raises CorruptData, KeystoreError."""
    data = stored(wallet)
    if data is None:
        return None
    kept = parsed(data)
    if kept is None:
        raise CorruptData("what the keystore remembers of the vault is damaged", hint=_DAMAGED)
    return kept


def stored(wallet: Wallet) -> bytes | None:
    """The keystore's item as it is, None where there is none. Raises KeystoreError."""
    return wallet.keystore.find(wallet.manifest.state_item)


def parsed(data: bytes) -> Remembered | LogCount | None:
    """What the keystore's item says, None where it is damaged."""
    try:
        said = strict_json.parse_object(data, what="the state")
    except MalformedInput:
        return None
    match said:
        case {"counter": int(counter), "digest": str(digest), **rest} if counter > 0 and not rest:
            return Remembered(counter, digest)
        case {"count": int(count), "digest": str(digest), "signed": bool(signed)} if count >= 0:
            return LogCount(count, digest, signed)
    return None


def is_known(wallet: Wallet, data: bytes) -> bool:
    """Whether what the keystore remembers is no older than another such item. Raises KeystoreError."""
    own, held = stored(wallet), parsed(data)
    kept = None if own is None else parsed(own)
    match kept, held:
        case (Remembered(), None | LogCount()) | (LogCount(), None):
            return True
        case Remembered(), Remembered():
            return held == kept or held.counter < kept.counter
        case LogCount(), LogCount():
            return held == kept or held.count < kept.count
    return False


def encoded(head: Head) -> bytes:
    """The keystore's item that remembers `head`."""
    return item_of(Remembered(head.counter, head.digest))


def item_of(kept: Remembered) -> bytes:
    """The keystore's item that says `kept`."""
    return strict_json.canonical(asdict(kept))


def keep(wallet: Wallet, head: Head) -> None:
    """Let the keystore remember `head`."""
    wallet.keystore.replace(wallet.manifest.state_item, encoded(head))


def follows(heads: list[Head], kept: Remembered) -> bool:
    """Whether the chain of heads holds the one that the keystore remembers."""
    return any((head.counter, head.digest) == (kept.counter, kept.digest) for head in heads)


@contextmanager
def keys_in_place(wallet: Wallet) -> Iterator[None]:
    """Hold the manifest's lock: nobody moves the keys meanwhile, nor remembers another state."""
    with manifest.changing(wallet.places.manifest) as (current, _):
        if current.root_item != wallet.manifest.root_item:
            raise _moved()
        yield


def check_place(wallet: Wallet) -> None:
    """An item that is not there may have been moved away. Raises StorageError."""
    if manifest.read(wallet.places.manifest).root_item != wallet.manifest.root_item:
        raise _moved()


def unknown() -> VaultOutdated:
    """The error where the keystore no longer knows which state is the newest."""
    return VaultOutdated("the keystore no longer remembers the state of the vault", hint=_ACCEPTABLE)


def outdated(kept: Remembered, newest: Head) -> VaultOutdated:
    """The error where the vault's newest state is not the remembered one nor goes on from it."""
    if newest.counter >= kept.counter:
        return VaultOutdated(
            f"the vault has gone its own way: {_changes(kept)} is another one", hint=_ACCEPTABLE
        )
    return VaultOutdated(
        f"the vault is older than the wallet: the keystore remembers {_changes(kept)},"
        f" the vault ends with {newest.counter}",
        hint=_ACCEPTABLE,
    )


def _changes(kept: Remembered) -> str:
    return f"change {kept.counter}"


def _checked(wallet: Wallet, rows: Rows | None) -> Head:
    try:
        return _compared(wallet, rows)
    except (VaultAltered, VaultOutdated):
        # The keystore is read first, so what others commit meanwhile is no fault, unless they dropped the
        # head that it held. Nobody commits in a transaction.
        with wallet.vault.transaction():
            return _compared(wallet, rows)


def _compared(wallet: Wallet, rows: Rows | None) -> Head:
    kept = remembered(wallet)
    vault = wallet.vault
    with vault.reading():
        heads = vault.heads()
        if not heads:
            if isinstance(kept, Remembered):
                raise VaultAltered("the vault has no state: it is one of before the keystore remembered any")
            raise unknown()
        newest = heads[-1]
        if rows is not None:
            vault.check(newest, tables=rows.tables, everything=rows.everything)
        if isinstance(kept, Remembered):
            if not follows(heads, kept):
                raise outdated(kept, newest)
            vault.settled = kept.counter
            if newest.counter > kept.counter:
                vault.unsettled = newest
            return newest
    # A kill came between the first head and the keystore: nothing was dropped yet.
    if kept is None:
        check_place(wallet)
        if newest.counter > 1:
            raise unknown()
    else:
        _check_log(wallet, kept)
    vault.unsettled = newest
    return newest


def _begin(wallet: Wallet) -> None:
    """Make the first head of a vault of an older version, whose log the keystore may have counted."""
    kept = remembered(wallet)
    with wallet.vault.transaction():
        if wallet.vault.heads():  # another process was faster
            return
        disclosure_log.verify(wallet.vault)
        if isinstance(kept, LogCount):
            _check_log(wallet, kept)
        # The date of an older wallet counts as confirmed when it was last answered from, or was made if it
        # never was. wallet.json lies in clear: a later date there must not give back what was spent.
        date = answers.moment(wallet.vault, "") or wallet.manifest.created
        settings.put(wallet.vault, settings.DATE_CONFIRMED, date)
        wallet.vault.begin_heads()
    settle(wallet)


def _check_log(wallet: Wallet, kept: LogCount) -> None:
    count, _ = disclosure_log.end(wallet.vault)
    if count < kept.count or disclosure_log.digest_of(wallet.vault, kept.count) != kept.digest:
        raise VaultOutdated(
            f"the vault is older than the wallet: the keystore remembers {kept.count} entries of the log,"
            f" there are {count}",
            hint=_ACCEPTABLE,
        )
    if answers.newest(wallet.vault) > count:
        raise VaultAltered("there are answers after the last entry of the log")


def _moved() -> StorageError:
    return StorageError("the keys were moved by another process meanwhile", hint="run the command again")
