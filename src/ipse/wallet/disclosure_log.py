"""The disclosure log of a wallet: what left, chained, and held to the state that the keystore remembers.

The chain shows every change before its end. That its end was cut off, or that the whole vault of last week
was put back, shows in the state of the vault (`ipse.wallet.state`), which covers each entry.
"""

from __future__ import annotations

import hashlib
import logging
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime
from typing import Final

from ipse.credentials import jws
from ipse.dids import did_key
from ipse.encoding import strict_json
from ipse.encoding.strict_json import JsonObject
from ipse.encoding.timestamps import format_timestamp
from ipse.keys import derivation
from ipse.storage import disclosure_log
from ipse.storage.disclosure_log import Entry
from ipse.wallet import state
from ipse.wallet.wallet import Wallet

__all__ = [
    "EXPORT_TYPE",
    "HEAD_TYPE",
    "Entry",
    "Verified",
    "append",
    "entries",
    "export",
    "find",
    "record",
    "signer",
    "verify",
]

_log = logging.getLogger(__name__)

HEAD_TYPE: Final = "urn:ipse:log-head:1"
EXPORT_TYPE: Final = "urn:ipse:log-export:1"


@dataclass(frozen=True, slots=True)
class Verified:
    """A log that was found whole, in a vault that is the newest one.

    `count` is the number of its entries, `head` the hex digest of the last one, None where there is none;
    `state` is the number of the vault's state.
    """

    count: int
    head: str | None
    state: int


def entries(wallet: Wallet) -> list[Entry]:
    """Return all entries, the oldest first. Raises CorruptData."""
    return disclosure_log.every(wallet.vault)


def find(wallet: Wallet, number: int) -> Entry:
    """Return one entry by its number. Raises NotFound, CorruptData."""
    return disclosure_log.find(wallet.vault, number)


def record(wallet: Wallet, content: JsonObject, *, now: datetime) -> Entry:
    """Enter what is about to be released, in the caller's transaction if there is one.

    To `content` come its `time`, unless it has one, and `answer`, the hex SHA-256 of the text `released`.
    Once the transaction is committed, `state.settle` comes before the release. Raises VaultAltered or
    VaultOutdated where the vault is not what the keystore remembers, KeystoreError, StorageError.
    """
    with wallet.vault.transaction():
        state.check(wallet)
        entry = append(wallet, content, now)
    _log.info("entered in the disclosure log as %d", entry.number)
    return entry


def append(wallet: Wallet, content: JsonObject, now: datetime) -> Entry:
    """Like `record`, for what follows on a state that was checked, or that the owner goes on from."""
    answer = hashlib.sha256(content["released"].encode("utf-8", "surrogatepass")).hexdigest()
    stated = {"time": format_timestamp(now), **content, "answer": answer}
    return disclosure_log.append(wallet.vault, stated)


def verify(wallet: Wallet) -> Verified:
    """Recompute the chain, and hold the whole vault to what the keystore remembers.

    Raises VerificationFailed, KeystoreError.
    """
    # Nobody commits meanwhile, so what the keystore holds is no newer than what is read here.
    with wallet.vault.transaction():
        count = disclosure_log.verify(wallet.vault)
        head = state.check(wallet, everything=True)
        _, digest = disclosure_log.end(wallet.vault)
    _log.info("exports of this log are signed by %s", signer(wallet))
    return Verified(count, digest if count else None, head.counter)


def export(wallet: Wallet, *, now: datetime) -> Iterator[str]:
    """The lines of the export: each entry exactly as it was hashed, then the signed head and its key.

    Raises VerificationFailed, KeystoreError.
    """
    with wallet.vault.transaction():
        verified = verify(wallet)
        lines = [entry.stored.decode() for entry in disclosure_log.every(wallet.vault)]
        _, digest = disclosure_log.end(wallet.vault)
    head = _signed_head(wallet, verified.count, digest, now)
    end: JsonObject = {"type": EXPORT_TYPE, "head": head, "key": signer(wallet)}
    return iter([*lines, strict_json.canonical(end).decode()])


def signer(wallet: Wallet) -> str:
    """The did:key of the key that signs the exports of this wallet's log, and nothing else."""
    return did_key.from_public_key(derivation.log_key(wallet.root).public())


def _signed_head(wallet: Wallet, count: int, digest: str, now: datetime) -> str:
    """How many entries there are and what the last one's digest is, as a JWS in compact serialization."""
    key = derivation.log_key(wallet.root)
    method = did_key.verification_method_id(did_key.from_public_key(key.public()))
    payload = {"type": HEAD_TYPE, "count": count, "digest": digest, "time": format_timestamp(now)}
    return jws.sign({"kid": method}, payload, key).encoded
