"""The owner's DIDs: making them, finding them, signing with them."""

from __future__ import annotations

import contextlib
import secrets
from datetime import datetime

from ipse.credentials.timestamps import format_timestamp
from ipse.dids import did_key
from ipse.encoding import base64url, strict_json
from ipse.errors import CorruptData, IpseError, MalformedInput
from ipse.keys import ed25519
from ipse.keys.ed25519 import PrivateKey
from ipse.storage.manifest import DidRecord, Manifest, check_name
from ipse.wallet.wallet import Wallet

__all__ = ["create", "signing_key"]


def create(wallet: Wallet, name: str, *, now: datetime) -> DidRecord:
    """A new did:key under `name`: first the key in the keystore, then the manifest that points to it.

    Raises UsageError, AlreadyExists, KeystoreError, StorageError.
    """
    key = ed25519.generate()
    record = DidRecord(
        name=check_name(name),
        did=did_key.from_public_key(key.public()),
        method="key",
        key_type=key.key_type,
        item=f"did-{secrets.token_hex(8)}",
        created=format_timestamp(now),
    )
    wallet.manifest.with_did(record)  # refuses a taken name before anything is written

    def point(manifest: Manifest) -> Manifest:
        return manifest.with_did(record)

    wallet.keystore.add(record.item, _secret(record, key))
    try:
        wallet.change_manifest(point)
    except BaseException:
        if not wallet.points_to(record.item):
            with contextlib.suppress(IpseError):  # what went wrong first is what the owner must hear
                wallet.keystore.remove(record.item)
        raise
    return record


def signing_key(wallet: Wallet, name_or_did: str) -> tuple[DidRecord, PrivateKey]:
    """The record and the private key of one of the owner's DIDs.

    The keystore's word on which DID a key belongs to is held against the manifest's, which lies in
    clear. Raises NotFound, KeystoreError, CorruptData.
    """
    record = wallet.manifest.find(name_or_did)
    try:
        content = strict_json.parse_object(wallet.keystore.get(record.item), what=f"the key of {record.name}")
        key = PrivateKey(base64url.decode(content["seed"]))
    except (MalformedInput, KeyError, TypeError) as error:
        raise CorruptData(f"the keystore's item for {record.name!r} is not a key") from error
    if did_key.from_public_key(key.public()) != record.did or content.get("name") != record.name:
        raise CorruptData(
            f"wallet.json says that {record.name!r} is {record.did}, the keystore says otherwise",
            hint="wallet.json was altered: restore it from a backup",
        )
    return record, key


def _secret(record: DidRecord, key: PrivateKey) -> bytes:
    return strict_json.canonical(
        {"name": record.name, "key_type": record.key_type, "seed": base64url.encode(key.seed)}
    )
