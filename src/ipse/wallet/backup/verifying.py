"""Verifying a backup: restored into memory, and signed with every key."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Final

from ipse.errors import CorruptData, UsageError
from ipse.keys import derivation
from ipse.keys.key_types import PrivateKey
from ipse.storage import answers, disclosure_log, grants, saved_vault, settings
from ipse.storage.manifest import check_name
from ipse.storage.vault import Vault
from ipse.wallet import identities
from ipse.wallet.backup.archive import Backup

__all__ = ["MOST_KEYS", "Contents", "verify"]

MOST_KEYS: Final = 10_000
"""How many keys of credentials are tried; all of them come from the root in the same way."""
_DIGITS: Final = 9
_MESSAGE: Final = b"ipse backup verify"


@dataclass(frozen=True, slots=True)
class Contents:
    """What a backup was found to hold.

    `state` is the number of the wallet's state, `dids` the names, `keys` how many keys signed, `rows` how
    many rows there are of each table.
    """

    created: str
    program: str
    wallet_id: str
    keystore: str
    state: int
    dids: tuple[str, ...]
    keys: int
    rows: Mapping[str, int]


def verify(backup: Backup) -> Contents:
    """Restore `backup` into memory, follow its log, and sign with every key that it gives back.

    Raises CorruptData, VerificationFailed.
    """
    with saved_vault.rebuild(backup.vault, None, derivation.vault_key(backup.root)) as vault:
        disclosure_log.verify(vault)
        vault.check(vault.heads()[-1], everything=True)
        signed = sum(_signs(what, key) for what, key in _keys(backup, vault))
    counter, _ = backup.state
    return Contents(
        backup.created,
        backup.program,
        backup.wallet.wallet_id,
        backup.wallet.keystore,
        counter,
        tuple(record.name for record in backup.wallet.dids),
        signed,
        {table: len(rows) for table, rows in backup.vault.rows.items()},
    )


def _keys(backup: Backup, vault: Vault) -> Iterator[tuple[str, PrivateKey]]:
    """Each key with what it is called: those of DIDs, of the log, for applications and for credentials."""
    for record in backup.wallet.dids:
        _check_name(record.name)
        for place in record.keys:
            key = backup.keys[place.item]
            if not identities.belongs(record, place, key):
                raise CorruptData(f"the backup has another key for {record.name!r} than its DID is of")
            yield place.id, key
    root = backup.root
    yield "the log", derivation.log_key(root)
    for party in sorted({*answers.parties(vault), *(grant.party for grant in grants.every(vault))}):
        yield party, derivation.pairwise_key(root, party)
    for number in range(_given_out(vault)):
        yield f"credential key {number}", derivation.holder_key(root, number)


def _check_name(name: str) -> None:
    try:
        check_name(name)
    except UsageError as error:
        raise CorruptData(error.message, hint=error.hint) from error


def _given_out(vault: Vault) -> int:
    """How many keys were given to credentials, of which MOST_KEYS are tried."""
    given = settings.get(vault, settings.HOLDER_KEYS) or "0"
    if not (given.isascii() and given.isdecimal()):
        raise CorruptData(f"the setting {settings.HOLDER_KEYS} in the backup is not a number")
    return min(int(given[:_DIGITS]), MOST_KEYS)


def _signs(what: str, key: PrivateKey) -> bool:
    if not key.public().verify(_MESSAGE, key.sign(_MESSAGE)):
        raise CorruptData(f"the key of {what} in the backup does not sign")
    return True
