"""The credentials in the wallet as a query sees them: what each says, and who here can prove to hold it."""

from __future__ import annotations

from collections import Counter
from contextlib import suppress
from dataclasses import dataclass, field
from datetime import datetime
from typing import Final

from ipse.credentials import formats
from ipse.credentials.formats.format import Presentable
from ipse.errors import IpseError
from ipse.keys import certificates
from ipse.protocols.dcql.matching import HeldCredential
from ipse.storage import credential_store
from ipse.storage.credential_store import StoredCredential
from ipse.wallet import held_credentials, presenting
from ipse.wallet.holder_keys import Holder, HolderKeys
from ipse.wallet.wallet import Wallet

__all__ = ["Holding", "holdings"]

_PRESENTED: Final = frozenset({"valid", "unverified"})
"""The states of a credential (`held_credentials.STATES`) in which a verifier might accept it."""


@dataclass(frozen=True, slots=True)
class Holding:
    """A credential that could be presented.

    - `copy`: what a query is matched with; its key is the id in the wallet
    - `holder`: who can prove to hold it, None where nobody here can
    - `binds_data`: whether its presentations can bind data of a transaction
    """

    stored: StoredCredential = field(repr=False)
    copy: HeldCredential = field(repr=False)
    presentable: Presentable = field(repr=False)
    holder: Holder | None
    binds_data: bool


def holdings(
    wallet: Wallet, keys: HolderKeys, presented: Counter[str], *, now: datetime
) -> dict[str, Holding]:
    """The credentials that could be presented now, by their ids, oldest first.

    Expired, revoked and suspended ones are left out, and those that can't be read. `presented` counts by id
    how often each was presented before.
    """
    found = {}
    for stored in credential_store.every(wallet.vault):
        if held_credentials.state(stored, now) in _PRESENTED:
            with suppress(IpseError):
                found[stored.id] = _holding(wallet, keys, stored, presented[stored.id])
    return found


def _holding(wallet: Wallet, keys: HolderKeys, stored: StoredCredential, presented: int) -> Holding:
    form = formats.named(stored.format)
    seen = form.presentable(stored.document)
    holder = _holder(wallet, keys, stored)
    copy = HeldCredential(
        key=stored.id,
        format=seen.format,
        claims=seen.claims,
        types=seen.types,
        disclosable=frozenset(seen.disclosable or ()),
        holder_bound=holder is not None,
        authority_key_ids=certificates.authority_key_ids(seen.certificates),
        presented=presented,
    )
    return Holding(stored, copy, seen, holder, form.binds_data)


def _holder(wallet: Wallet, keys: HolderKeys, stored: StoredCredential) -> Holder | None:
    """Who in this wallet can prove to hold the credential, if anybody can.

    A credential about nobody is bound to no key: signing for it would only show a DID of the owner's.
    """
    selection = formats.named(stored.format).select_paths(stored.document, ())
    if not selection.binds_key and stored.subject is None:
        return None
    with suppress(IpseError):
        return presenting.holder_of(wallet, keys, selection, [stored], None)
    return None
