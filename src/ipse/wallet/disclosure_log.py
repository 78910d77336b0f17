"""The disclosure log of a wallet: its signed head, and its count in the keystore, where no vault reaches.

The chain shows every change before its end. That its end was cut off, or that the whole vault of last week
was put back, shows in the keystore alone: an item there says how many entries there are and what the last
one's digest is. The item is made before the first head is committed and moved forward after each commit,
before anything is released; so the vault may be ahead of it, after a kill, and is never behind it.

Where the two disagree nothing more is recorded, and so nothing is released.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import asdict, dataclass
from datetime import datetime
from typing import Final

from ipse.credentials import jws
from ipse.credentials.timestamps import format_timestamp
from ipse.dids import did_key
from ipse.encoding import strict_json
from ipse.encoding.strict_json import JsonObject
from ipse.errors import CorruptData, MalformedInput, StorageError, VerificationFailed
from ipse.keys import derivation
from ipse.storage import disclosure_log, log_head, manifest
from ipse.storage.disclosure_log import Entry
from ipse.storage.log_head import LogHead
from ipse.wallet.wallet import Wallet

__all__ = ["EXPORT_TYPE", "HEAD_TYPE", "Verified", "export", "record", "settle", "signer", "verify"]

HEAD_TYPE: Final = "urn:ipse:log-head:1"
EXPORT_TYPE: Final = "urn:ipse:log-export:1"


@dataclass(frozen=True, slots=True)
class Verified:
    """A log that was found whole: how many entries it has, and its signed head.

    `head` is None where nothing was recorded since heads are signed.
    """

    count: int
    head: LogHead | None


@dataclass(frozen=True, slots=True)
class _Kept:
    """What the keystore remembers: a number of entries, and the hex digest of the last of them.

    `signed` is whether a head was signed over them; it is not where the count only begins.
    """

    count: int
    digest: str
    signed: bool


def record(wallet: Wallet, content: JsonObject, *, now: datetime) -> Entry:
    """Enter what is about to be released, in the caller's transaction if there is one, under a new head.

    To `content` come its `time`, unless it has one, and `answer`, the hex SHA-256 of the text `released`.
    Once the transaction is committed, `settle` comes before the release. Raises VerificationFailed where
    the log is not what the keystore remembers, KeystoreError, StorageError.
    """
    vault = wallet.vault
    with vault.transaction():
        _check_end(wallet)
        answer = hashlib.sha256(content["released"].encode("utf-8", "surrogatepass")).hexdigest()
        entry = disclosure_log.append(vault, {"time": format_timestamp(now), **content, "answer": answer})
        log_head.put(vault, _sign(wallet, entry.number, entry.digest, now))
    return entry


def settle(wallet: Wallet) -> None:
    """Let the keystore remember the log as it was committed; never fewer entries than it remembers.

    Between the commit and the release, never inside the transaction. Raises VerificationFailed,
    KeystoreError, StorageError; nothing may be released then.
    """
    with _keys_in_place(wallet):
        kept = _kept(wallet)
        head = log_head.find(wallet.vault)
        if kept is None or head is None:
            raise _broken("the keystore does not hold its count")
        _check_kept(wallet, kept)
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
    return Verified(count, head)


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


def _sign(wallet: Wallet, count: int, digest: str, now: datetime) -> LogHead:
    key = derivation.log_key(wallet.root)
    method = did_key.verification_method_id(did_key.from_public_key(key.public()))
    payload = {"type": HEAD_TYPE, "count": count, "digest": digest, "time": format_timestamp(now)}
    return LogHead(count, digest, jws.sign({"kid": method}, payload, key).encoded.encode())


def _head(wallet: Wallet) -> LogHead | None:
    """The head, its signature checked. Raises VerificationFailed."""
    head = log_head.find(wallet.vault)
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
        raise _broken("the keystore no longer holds its count")
    _check_kept(wallet, kept)
    if head is None and kept.signed:
        raise _broken("its signed head is gone")
    # Without a head nothing was recorded since the count began: that was made first, then came a kill.
    expected = (kept.count, kept.digest) if head is None else (head.count, head.digest)
    if disclosure_log.end(wallet.vault) != expected:
        raise _broken("its head is not that of its last entry")


def _check_kept(wallet: Wallet, kept: _Kept) -> None:
    count, _ = disclosure_log.end(wallet.vault)
    if count < kept.count:
        raise _broken(f"entries were cut off: the keystore remembers {kept.count}, there are {count}")
    if disclosure_log.digest_of(wallet.vault, kept.count) != kept.digest:
        raise _broken(f"entries were cut off: entry {kept.count} is not the one that the keystore remembers")


def _kept(wallet: Wallet) -> _Kept | None:
    """What the keystore remembers. Raises CorruptData, KeystoreError."""
    stored = wallet.keystore.find(wallet.manifest.log_item)
    if stored is None:
        return None
    try:
        kept = strict_json.parse_object(stored, what="the count")
    except MalformedInput as error:
        raise CorruptData("the keystore's count of the disclosure log is damaged") from error
    match kept:
        case {"count": int(count), "digest": str(digest), "signed": bool(signed)} if count >= 0:
            return _Kept(count, digest, signed)
    raise CorruptData("the keystore's count of the disclosure log is damaged")


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


def _broken(what: str) -> VerificationFailed:
    return VerificationFailed(
        f"the disclosure log is broken: {what}",
        hint="put the newest vault.db of this wallet back; nothing is disclosed until then",
    )
