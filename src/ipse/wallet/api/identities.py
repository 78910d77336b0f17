"""The owner's DIDs, as `ipse.Wallet.identities`."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime

from ipse.encoding.strict_json import JsonObject
from ipse.storage.manifest import DidRecord
from ipse.wallet import identities, key_files, resolution, rotation
from ipse.wallet.clock import time_or_now
from ipse.wallet.identities import Kind
from ipse.wallet.resolution import Reach
from ipse.wallet.rotation import Rotation
from ipse.wallet.wallet import Wallet

__all__ = ["Identities"]


class Identities:
    """The owner's DIDs. A DID is named by its name in the wallet or by the DID itself."""

    def __init__(self, wallet: Wallet) -> None:
        self._wallet = wallet

    def every(self) -> tuple[DidRecord, ...]:
        """All DIDs, the oldest first. Needs no keystore."""
        return self._wallet.manifest.dids

    def find(self, which: str) -> DidRecord:
        """One DID. Raises NotFound."""
        return self._wallet.manifest.find(which)

    def default(self) -> DidRecord:
        """The DID that is used where none is named. Raises NotFound."""
        return identities.default(self._wallet)

    def set_default(self, which: str) -> DidRecord:
        """Use this DID where none is named. Raises NotFound."""
        return identities.set_default(self._wallet, which)

    def create(
        self,
        name: str,
        *,
        method: str = "key",
        key_type: str | None = None,
        domain: str | None = None,
        chain: int = 1,
        now: datetime | None = None,
    ) -> DidRecord:
        """Make a DID with a new key.

        `method` is `key`, `jwk`, `web` (with its `domain`) or `pkh` (with the number of its EVM `chain`);
        `key_type` is Ed25519, P-256 or secp256k1, None for what the method takes by default. Raises
        UsageError, AlreadyExists, KeystoreError, StorageError.
        """
        kind = Kind(method, domain, chain)
        return identities.create(self._wallet, name, kind=kind, key_type=key_type, now=time_or_now(now))

    def import_key(
        self,
        name: str,
        data: bytes,
        *,
        method: str = "key",
        domain: str | None = None,
        chain: int = 1,
        passphrase: Callable[[], bytes] | None = None,
        now: datetime | None = None,
    ) -> DidRecord:
        """Make a DID from a private key: JWK, PEM, OpenSSH, Multikey, or one of them in an age file.

        `passphrase` is called where the key is encrypted. Raises MalformedInput, Undetermined for other types
        of keys, AlreadyExists, PassphraseNeeded, WrongPassphrase.
        """
        return key_files.import_key(
            self._wallet,
            data,
            name,
            kind=Kind(method, domain, chain),
            passphrase=passphrase,
            now=time_or_now(now),
        )

    def export_key(self, which: str, passphrase: Callable[[], bytes]) -> str:
        """The key that signs for a DID, in an age file under a passphrase. Raises NotFound, KeystoreError."""
        return key_files.export_encrypted(self._wallet, which, passphrase)

    def rename(self, which: str, name: str) -> DidRecord:
        """Rename a DID. Raises NotFound, AlreadyExists, UsageError, KeystoreError."""
        return identities.rename(self._wallet, which, name)

    def rotate(self, which: str, *, now: datetime | None = None) -> Rotation:
        """Make a new key: a did:web keeps its name, any other DID gets a successor that its key signs for.

        Raises NotFound, KeystoreError, UsageError where the DID has a successor already.
        """
        return rotation.rotate(self._wallet, which, now=time_or_now(now))

    def delete(self, which: str) -> DidRecord:
        """Delete a DID and its keys for good. Raises NotFound."""
        return identities.delete(self._wallet, which)

    def document(self, which: str) -> JsonObject:
        """The DID document of one of the owner's DIDs; of a did:web, the one to publish. Raises NotFound."""
        return identities.document(self.find(which))

    def resolve(self, did: str, *, reach: Reach | None = None) -> JsonObject:
        """The DID document of any DID; did:web goes over the network.

        Raises MalformedInput, Undetermined, and the errors of `ipse.network.errors`.
        """
        return resolution.resolve(did, reach or Reach())
