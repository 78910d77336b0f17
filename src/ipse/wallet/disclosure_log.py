"""The disclosure log of a wallet: its signed head, and its count in the keystore, where no vault reaches.

The chain shows every change before its end. That its end was cut off, or that the whole vault of last week
was put back, shows in the keystore alone: an item there says how many entries there are and what the last
one's digest is. The item is made before the first head is committed and moved forward after each commit,
before anything is released; so the vault may be ahead of it, after a kill, and is never behind it.

Where the two disagree nothing more is recorded, and so nothing is released, until the newest vault is back
or the owner accepts what is lost. That is entered in the log, and takes all that any budget had.
"""

from __future__ import annotations

import hashlib
import logging
import secrets
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import asdict, dataclass
from datetime import datetime
from typing import Final

from ipse.credentials import jws
from ipse.dids import did_key
from ipse.encoding import strict_json
from ipse.encoding.strict_json import JsonObject
from ipse.encoding.timestamps import format_timestamp
from ipse.errors import CorruptData, MalformedInput, StorageError, VerificationFailed
from ipse.keys import derivation
from ipse.storage import answers, disclosure_log, grants, manifest
from ipse.storage.answers import AnswerRow
from ipse.storage.disclosure_log import Entry, LogHead
from ipse.wallet.wallet import Wallet

__all__ = [
    "EXPORT_TYPE",
    "HEAD_TYPE",
    "Entry",
    "Loss",
    "Verified",
    "accept",
    "entries",
    "export",
    "find",
    "loss",
    "record",
    "settle",
    "signer",
    "verify",
]

_log = logging.getLogger(__name__)

HEAD_TYPE: Final = "urn:ipse:log-head:1"
EXPORT_TYPE: Final = "urn:ipse:log-export:1"
_LEVEL: Final = "log"
"""The level of an entry that nothing left with: what was lost before it was accepted."""
_WHOLE: Final = 1_000_000
"""What a loss is charged, in thousandths of epsilon: the most a row holds, above every budget there can be.
What was spent by the entries that are lost is not known, nor what the budget was when they were made."""
_NEWEST: Final = "put the newest vault.db of this wallet back"
_STUCK: Final = f"{_NEWEST}; nothing is disclosed until then"
_ACCEPTABLE: Final = f"{_NEWEST}; only if there is none any more, `ipse log accept` goes on without it"
_DAMAGED: Final = (
    "restore the keystore from a backup; only if there is none, `ipse log accept` goes on without it"
)


@dataclass(frozen=True, slots=True)
class Verified:
    """A log that was found whole: how many entries it has, and its signed head.

    `head` is None where nothing was recorded since heads are signed.
    """

    count: int
    head: LogHead | None


@dataclass(frozen=True, slots=True)
class Loss:
    """What the keystore remembers and the vault does not hold.

    `remembered` is a number of entries, `digest` the hex digest of the last of them; both are None where the
    keystore's count is gone or damaged. `here` entries are in the vault, their chain whole.
    """

    remembered: int | None
    digest: str | None
    here: int


@dataclass(frozen=True, slots=True)
class _Kept:
    """What the keystore remembers: a number of entries, and the hex digest of the last of them.

    `signed` is whether a head was signed over them; it is not where the count only begins.
    """

    count: int
    digest: str
    signed: bool


def entries(wallet: Wallet) -> list[Entry]:
    """Return all entries, the oldest first. Raises CorruptData."""
    return disclosure_log.every(wallet.vault)


def find(wallet: Wallet, number: int) -> Entry:
    """Return one entry by its number. Raises NotFound, CorruptData."""
    return disclosure_log.find(wallet.vault, number)


def record(wallet: Wallet, content: JsonObject, *, now: datetime) -> Entry:
    """Enter what is about to be released, in the caller's transaction if there is one, under a new head.

    To `content` come its `time`, unless it has one, and `answer`, the hex SHA-256 of the text `released`.
    Once the transaction is committed, `settle` comes before the release. Raises VerificationFailed where
    the log is not what the keystore remembers, KeystoreError, StorageError.
    """
    with wallet.vault.transaction():
        _check_end(wallet)
        entry = _append(wallet, content, now)
    _log.info("entered in the disclosure log as %d", entry.number)
    return entry


def settle(wallet: Wallet) -> None:
    """Let the keystore remember the log as it was committed; never fewer entries than it remembers.

    Between the commit and the release, never inside the transaction. Raises VerificationFailed,
    KeystoreError, StorageError; nothing may be released then.
    """
    with _keys_in_place(wallet):
        kept = _kept(wallet)
        head = disclosure_log.head(wallet.vault)
        if kept is None or head is None:
            raise _broken("the keystore does not hold its count", acceptable=head is not None)
        _check_kept(wallet, kept, head)
        if kept.count < head.count:
            _keep(wallet, _Kept(head.count, head.digest, signed=True))


def verify(wallet: Wallet) -> Verified:
    """Recompute the chain and hold it against its signed head and what the keystore remembers.

    Raises VerificationFailed, KeystoreError.
    """
    # Nobody commits meanwhile, so what the keystore holds is no newer than what is read here.
    with wallet.vault.transaction():
        count = disclosure_log.verify(wallet.vault)
        head, kept = _head(wallet), _kept(wallet)
        if head is None and kept is None:
            _check_place(wallet)
        else:
            _compare(wallet, head, kept)
    if head is not None:
        _log.info("the head %s is signed by %s", head.digest, signer(wallet))
    return Verified(count, head)


def loss(wallet: Wallet) -> Loss | None:
    """What has to be accepted before anything is recorded again; None where nothing is broken.

    Raises VerificationFailed where the vault itself is broken: where its chain is not whole, or its head not
    that of its end. Such a log is not accepted.
    """
    with wallet.vault.transaction():
        here = disclosure_log.verify(wallet.vault)
        head = _head(wallet)
        if head is not None and not _fits(wallet, head):
            raise _broken("its head is not that of its last entry")
        if answers.newest(wallet.vault) > here:
            raise _broken("there are answers after its last entry")
        stored = _stored(wallet)
        kept = None if stored is None else _parsed(stored)
        if kept is not None and not _holds(wallet, kept):
            return Loss(kept.count, kept.digest, here)
        if kept is None and (head is not None or stored is not None):
            _check_place(wallet)
            return Loss(None, None, here)
        verify(wallet)
    return None


def accept(wallet: Wallet, lost: Loss, *, now: datetime) -> Entry:
    """Go on without what was lost, on the owner's word: the entry that says so.

    Nothing is left of any budget then for as long as budgets count, whatever the lost entries had spent, and
    all grants end, since those that were revoked are back in an older vault. A
    kill before the keystore remembers the entry leaves the log as broken as it was, to be accepted again.
    Raises StorageError where the log is no longer as `lost` says, VerificationFailed, KeystoreError.
    """
    with wallet.vault.transaction():
        if loss(wallet) != lost:
            raise StorageError(
                "the disclosure log was changed by another process meanwhile", hint="run the command again"
            )
        entry = _append(wallet, _said_of(lost), now)
        _charge(wallet, entry, now)
        grants.revoke_all(wallet.vault, now=format_timestamp(now))  # some may have been ended since
    with _keys_in_place(wallet):
        stored = _stored(wallet)
        kept = None if stored is None else _parsed(stored)
        if (kept.count, kept.digest) == (lost.remembered, lost.digest) if kept else lost.remembered is None:
            _keep(wallet, _Kept(entry.number, entry.digest, signed=True))
    settle(wallet)
    return entry


def export(wallet: Wallet, *, now: datetime) -> Iterator[str]:
    """The lines of the export: each entry exactly as it was hashed, then the signed head and its key.

    A log that has no head yet gets one for the export alone. Raises VerificationFailed, KeystoreError.
    """
    with wallet.vault.transaction():
        verified = verify(wallet)
        lines = [entry.stored.decode() for entry in disclosure_log.every(wallet.vault)]
        _, digest = disclosure_log.end(wallet.vault)
        head = verified.head or _sign(wallet, verified.count, digest, now)
    end: JsonObject = {"type": EXPORT_TYPE, "head": head.signature.decode(), "key": signer(wallet)}
    return iter([*lines, strict_json.canonical(end).decode()])


def signer(wallet: Wallet) -> str:
    """The did:key of the key that signs the heads of this wallet's log, and nothing else."""
    return did_key.from_public_key(derivation.log_key(wallet.root).public())


def _append(wallet: Wallet, content: JsonObject, now: datetime) -> Entry:
    answer = hashlib.sha256(content["released"].encode("utf-8", "surrogatepass")).hexdigest()
    stated = {"time": format_timestamp(now), **content, "answer": answer}
    entry = disclosure_log.append(wallet.vault, stated)
    disclosure_log.put_head(wallet.vault, _sign(wallet, entry.number, entry.digest, now))
    return entry


def _said_of(lost: Loss) -> JsonObject:
    """The entry of a loss. It discloses nothing, so nothing is released."""
    what = "the entries that the keystore remembers are not in this vault"
    if lost.remembered is None:
        what = "the keystore no longer knew how many entries there were"
    return {
        "level": _LEVEL,
        "application": "",
        "address": "",
        "purpose": f"the owner went on with an incomplete log: {what}",
        "consent": "owner",
        "epsilon": 0,
        "grant": None,
        "said": False,
        "released": "",
        "lost": asdict(lost),
    }


def _charge(wallet: Wallet, entry: Entry, now: datetime) -> None:
    """Charge a loss as if all that any budget had was spent just now."""
    row = AnswerRow(
        number=entry.number,
        party=answers.LOST,
        nonce=secrets.token_hex(16),
        question=b"",
        level="choose",  # the level of answers that cost
        purpose=str(entry.content["purpose"]),
        content=None,
        epsilon=_WHOLE,
        grant_number=None,
        time=format_timestamp(now),
    )
    answers.add(wallet.vault, row)


def _sign(wallet: Wallet, count: int, digest: str, now: datetime) -> LogHead:
    key = derivation.log_key(wallet.root)
    method = did_key.verification_method_id(did_key.from_public_key(key.public()))
    payload = {"type": HEAD_TYPE, "count": count, "digest": digest, "time": format_timestamp(now)}
    return LogHead(count, digest, jws.sign({"kid": method}, payload, key).encoded.encode())


def _head(wallet: Wallet) -> LogHead | None:
    """The head, its signature checked. Raises VerificationFailed."""
    head = disclosure_log.head(wallet.vault)
    if head is None:
        return None
    try:
        signed = jws.read(head.signature.decode("ascii"), what="the head")
        jws.check_signature(signed, derivation.log_key(wallet.root).public)
    except (MalformedInput, UnicodeDecodeError, VerificationFailed) as error:
        raise _broken("its head is not signed by this wallet") from error
    said = {name: signed.payload.get(name) for name in ("type", "count", "digest")}
    if said != {"type": HEAD_TYPE, "count": head.count, "digest": head.digest}:
        raise _broken("its head says something else than what was signed")
    return head


def _check_end(wallet: Wallet) -> None:
    """Hold the end of the log against its head and the keystore; begin to count where neither exists.

    In the transaction that is about to append. Raises VerificationFailed.
    """
    head, kept = _head(wallet), _kept(wallet)
    if head is not None or kept is not None:
        _compare(wallet, head, kept)
        return
    disclosure_log.verify(wallet.vault)
    with _keys_in_place(wallet):
        _keep(wallet, _Kept(*disclosure_log.end(wallet.vault), signed=False))


def _compare(wallet: Wallet, head: LogHead | None, kept: _Kept | None) -> None:
    if kept is None:
        _check_place(wallet)
        raise _broken("the keystore no longer holds its count", acceptable=_fits(wallet, head))
    _check_kept(wallet, kept, head)
    if head is None and kept.signed:
        raise _broken("its signed head is gone")
    # Without a head nothing was recorded since the count began: that was made first, then came a kill.
    expected = (kept.count, kept.digest) if head is None else (head.count, head.digest)
    if disclosure_log.end(wallet.vault) != expected:
        raise _broken("its head is not that of its last entry")


def _fits(wallet: Wallet, head: LogHead | None) -> bool:
    """Whether the head is that of the last entry; a vault of an older version has none."""
    return head is None or disclosure_log.end(wallet.vault) == (head.count, head.digest)


def _check_kept(wallet: Wallet, kept: _Kept, head: LogHead | None) -> None:
    if _holds(wallet, kept):
        return
    count, _ = disclosure_log.end(wallet.vault)
    found = f"entry {kept.count} is not the one that the keystore remembers"
    if count < kept.count:
        found = f"the keystore remembers {kept.count}, there are {count}"
    raise _broken(f"entries were cut off: {found}", acceptable=_fits(wallet, head))


def _holds(wallet: Wallet, kept: _Kept) -> bool:
    """Whether the vault holds all that the keystore remembers."""
    count, _ = disclosure_log.end(wallet.vault)
    return count >= kept.count and disclosure_log.digest_of(wallet.vault, kept.count) == kept.digest


def _kept(wallet: Wallet) -> _Kept | None:
    """What the keystore remembers. Raises CorruptData, KeystoreError."""
    stored = _stored(wallet)
    if stored is None:
        return None
    kept = _parsed(stored)
    if kept is None:
        raise CorruptData("the keystore's count of the disclosure log is damaged", hint=_DAMAGED)
    return kept


def _stored(wallet: Wallet) -> bytes | None:
    return wallet.keystore.find(wallet.manifest.log_item)


def _parsed(stored: bytes) -> _Kept | None:
    """What the keystore's item says, None where it is damaged."""
    try:
        kept = strict_json.parse_object(stored, what="the count")
    except MalformedInput:
        return None
    match kept:
        case {"count": int(count), "digest": str(digest), "signed": bool(signed)} if count >= 0:
            return _Kept(count, digest, signed)
    return None


def _keep(wallet: Wallet, kept: _Kept) -> None:
    wallet.keystore.replace(wallet.manifest.log_item, strict_json.canonical(asdict(kept)))


@contextmanager
def _keys_in_place(wallet: Wallet) -> Iterator[None]:
    """Hold the manifest's lock: nobody moves the keys meanwhile, nor remembers another count."""
    with manifest.changing(wallet.places.manifest) as (current, _):
        if current.root_item != wallet.manifest.root_item:
            raise _moved()
        yield


def _check_place(wallet: Wallet) -> None:
    """An item that is not there may have been moved away. Raises StorageError."""
    if manifest.read(wallet.places.manifest).root_item != wallet.manifest.root_item:
        raise _moved()


def _moved() -> StorageError:
    return StorageError("the keys were moved by another process meanwhile", hint="run the command again")


def _broken(what: str, *, acceptable: bool = False) -> VerificationFailed:
    hint = _ACCEPTABLE if acceptable else _STUCK
    return VerificationFailed(f"the disclosure log is broken: {what}", hint=hint)
