"""The keys that credentials are bound to: those of the owner's DIDs, and one derived for each credential.

A key of its own for each credential keeps verifiers from recognising the owner by it. Such keys are P-256
(HAIP 1.0 section 7) and come from the wallet's root and a number, so a wallet that has its root again has
them again. Which numbers were given out is a setting of the vault; where that is lost, the keys that stored
credentials are bound to tell it.
"""

from __future__ import annotations

from collections.abc import Iterable
from contextlib import suppress
from dataclasses import dataclass, field
from functools import cached_property
from typing import Final

from ipse.credentials import formats
from ipse.credentials.formats.format import SigningKey
from ipse.dids import did_jwk
from ipse.encoding.strict_json import JsonObject
from ipse.errors import IpseError
from ipse.keys import derivation, key_types
from ipse.keys.key_types import PublicKey
from ipse.storage import credential_store, settings
from ipse.storage.manifest import DidRecord
from ipse.wallet import identities, state
from ipse.wallet.wallet import Wallet

__all__ = ["GAP", "Holder", "HolderKey", "HolderKeys", "fresh", "of_name", "signing_key", "skip"]

GAP: Final = 100
"""How many keys after the last one known are looked at, where the vault has lost count."""


@dataclass(frozen=True, slots=True)
class HolderKey:
    """A derived key: its number, its public half, and the did:jwk that is this key."""

    number: int
    public: PublicKey = field(repr=False)
    did: str

    @property
    def method_id(self) -> str:
        """The DID URL of the one verification method of its DID."""
        return did_jwk.verification_method_id(self.did)

    @property
    def jwk(self) -> JsonObject:
        """The public key, as the member `jwk` of `cnf` holds it (RFC 7800 section 3.2)."""
        return {**key_types.public_to_jwk(self.public)}


@dataclass(frozen=True, slots=True)
class Holder:
    """Who presents: a DID of the owner's, or a derived key; exactly one of `record` and `key` is there."""

    record: DidRecord | None = None
    key: HolderKey | None = None

    @property
    def did(self) -> str:
        """The DID that presents."""
        if self.key is not None:
            return self.key.did
        assert self.record is not None
        return self.record.did

    @property
    def algorithm(self) -> str:
        """The JWS algorithm of its signatures."""
        if self.key is not None:
            return self.key.public.algorithm
        assert self.record is not None
        return key_types.verifying(key_types.from_multikey(self.record.current.public)).algorithm


class HolderKeys:
    """The keys of one wallet, to find the one that a credential is bound to. Derived where first needed."""

    def __init__(self, wallet: Wallet) -> None:
        self._wallet = wallet

    def bound(self, confirmation: JsonObject) -> Holder | None:
        """The holder whose key `cnf` names, by value (`jwk`) or as a verification method (`kid`); or None.

        Raises MalformedInput, Undetermined for a `jwk` that can't be read.
        """
        kid = confirmation.get("kid")
        wanted = None
        if "jwk" in confirmation:
            wanted = key_types.to_multikey(key_types.public_from_jwk(confirmation["jwk"]))
        for record in self._wallet.manifest.dids:
            if record.current.id == kid or record.current.public == wanted:
                return Holder(record)
        if wanted is not None:
            found = self._by_key.get(wanted)
        else:
            found = self._by_method.get(kid) if isinstance(kid, str) else None
        return None if found is None else Holder(key=found)

    def named(self, did: str) -> Holder | None:
        """The holder with this DID, or None."""
        for record in self._wallet.manifest.dids:
            if record.did == did:
                return Holder(record)
        found = self._by_method.get(did_jwk.verification_method_id(did))
        return None if found is None else Holder(key=found)

    @cached_property
    def _keys(self) -> tuple[HolderKey, ...]:
        root = self._wallet.root
        return tuple(_derived(root, number) for number in range(_given_out(self._wallet) + GAP))

    @cached_property
    def _by_key(self) -> dict[str, HolderKey]:
        return {key_types.to_multikey(key.public): key for key in self._keys}

    @cached_property
    def _by_method(self) -> dict[str, HolderKey]:
        return {key.method_id: key for key in self._keys}


def fresh(wallet: Wallet) -> HolderKey:
    """A key that was never given out, for one credential. Its number counts as given out from now on.

    Raises KeystoreError, StorageError, VaultAltered, VaultOutdated.
    """
    with wallet.vault.transaction():
        number = max(_given_out(wallet), 1 + max(_numbers_in_use(wallet), default=-1))
        settings.put(wallet.vault, settings.HOLDER_KEYS, str(number + 1))
    state.settle(wallet)
    return _derived(wallet.root, number)


def skip(wallet: Wallet) -> None:
    """Count as given out what may have been since the vault was saved, in the caller's transaction."""
    settings.put(wallet.vault, settings.HOLDER_KEYS, str(_given_out(wallet) + GAP))


def signing_key(wallet: Wallet, holder: Holder) -> SigningKey:
    """The private half of the holder's key. Raises NotFound, KeystoreError, CorruptData."""
    if holder.key is not None:
        private = derivation.holder_key(wallet.root, holder.key.number)
        return SigningKey(holder.key.did, holder.key.method_id, private)
    assert holder.record is not None
    record, place, key = identities.signing_key(wallet, holder.record.name)
    return SigningKey(record.did, place.id, key)


def of_name(wallet: Wallet, keys: HolderKeys, name: str) -> Holder:
    """The holder that the owner names: a DID's name, or the DID of a derived key. Raises NotFound."""
    found = keys.named(name) if name.startswith(did_jwk.PREFIX) else None
    return found or Holder(wallet.manifest.find(name))


def _derived(root: bytes, number: int) -> HolderKey:
    public = derivation.holder_key(root, number).public()
    return HolderKey(number, public, did_jwk.from_public_key(public))


def _given_out(wallet: Wallet) -> int:
    """How many numbers were given out, as far as the vault knows."""
    return int(settings.get(wallet.vault, settings.HOLDER_KEYS) or 0)


def _numbers_in_use(wallet: Wallet) -> Iterable[int]:
    """The numbers of the keys that stored credentials are bound to."""
    keys = HolderKeys(wallet)
    for stored in credential_store.every(wallet.vault):
        holder = None
        with suppress(IpseError):  # a credential that can't be read is bound to no key of ours
            selection = formats.named(stored.format).select([stored.document], ())
            if selection.confirmation is not None:
                holder = keys.bound(selection.confirmation)
            elif stored.subject is not None:
                holder = keys.named(stored.subject)
        if holder is not None and holder.key is not None:
            yield holder.key.number
