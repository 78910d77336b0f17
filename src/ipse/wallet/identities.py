"""The owner's DIDs: making them, naming them, signing with them, parting with them."""

from __future__ import annotations

import logging
import secrets
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Final

from ipse.dids import CREATED, resolver
from ipse.dids.method import Creation, Details
from ipse.encoding import base64url, strict_json
from ipse.encoding.strict_json import JsonObject
from ipse.encoding.timestamps import format_timestamp
from ipse.errors import FROM_BACKUP, CorruptData, IpseError, MalformedInput, NotFound, UsageError
from ipse.keys import key_types
from ipse.keys.key_types import PrivateKey, PublicKey
from ipse.storage.manifest import DidRecord, KeyRecord, Manifest, check_name
from ipse.wallet.wallet import Wallet

__all__ = [
    "KEY_TYPES",
    "Kind",
    "adopt",
    "belongs",
    "create",
    "default",
    "delete",
    "described",
    "document",
    "item_of",
    "keep_key",
    "key_record",
    "kind_of",
    "moved",
    "publish_url",
    "read_key",
    "rename",
    "set_default",
    "signing_key",
]

_log = logging.getLogger(__name__)

KEY_TYPES: Final = ("Ed25519", "P-256", "secp256k1")


@dataclass(frozen=True, slots=True)
class Kind:
    """What kind of DID: its method, and what did:web (`domain`) and did:pkh (`chain`, eip155) need.

    Raises UsageError for a method that makes no DIDs, and for a domain without did:web or the reverse.
    """

    method: str = "key"
    domain: str | None = None
    chain: int = 1

    def __post_init__(self) -> None:
        _ = self.creation
        if self.is_published != (self.domain is not None):
            raise UsageError("--domain is what did:web needs, and only did:web", hint="give both or neither")

    @property
    def key_type(self) -> str:
        """The key type where none is asked for."""
        return self.creation.key_type

    @property
    def is_published(self) -> bool:
        """Whether the documents of such DIDs are published."""
        return resolver.method_called(self.method).publication is not None

    @property
    def creation(self) -> Creation:
        """How such DIDs are made."""
        found = resolver.method_called(self.method).creation if self.method in CREATED else None
        if found is None:
            made = ", ".join(CREATED)
            raise UsageError(f"did:{self.method} can't be made", hint=f"--method takes {made}")
        return found

    def did(self, key: PublicKey) -> str:
        """The DID that `key` makes. Raises UsageError, MalformedInput."""
        return self.creation.identify(key, Details(self.domain, self.chain))


def create(
    wallet: Wallet, name: str, *, kind: Kind = Kind(), key_type: str | None = None, now: datetime
) -> DidRecord:
    """A new DID under `name` with a new key: first the key in the keystore, then the manifest.

    Raises UsageError, AlreadyExists, KeystoreError, StorageError.
    """
    wanted = key_type or kind.key_type
    if wanted not in KEY_TYPES:
        raise UsageError(f"{wanted!r} is no key type", hint=f"--key-type takes {', '.join(KEY_TYPES)}")
    return adopt(wallet, name, key_types.generate(wanted), kind=kind, now=now)


def adopt(wallet: Wallet, name: str, key: PrivateKey, *, kind: Kind, now: datetime) -> DidRecord:
    """Like create, with a key that there is already."""
    record = described(name, key, kind=kind, now=now)
    wallet.manifest.with_did(record)  # refuses a taken name before anything is written
    wallet.sweep()
    keep_key(wallet, record, record.current, key)
    wallet.point_to([record.current.item], lambda manifest: manifest.with_did(record))
    _log.info("stored the key of %s", record.did)
    return record


def default(wallet: Wallet) -> DidRecord:
    """The DID that is used where none is named. Raises NotFound."""
    if not wallet.manifest.default:
        raise NotFound("no DID is the default", hint="`ipse did default NAME` chooses one")
    return wallet.manifest.find(wallet.manifest.default)


def set_default(wallet: Wallet, which: str) -> DidRecord:
    """Use this DID where none is named. Raises NotFound."""
    record = wallet.manifest.find(which)
    wallet.change_manifest(lambda manifest: replace(manifest, default=manifest.find(which).name))
    return record


def rename(wallet: Wallet, which: str, name: str) -> DidRecord:
    """Rename a DID. Its keys move to new items, because the name of an item says whose it is.

    Raises NotFound, AlreadyExists, UsageError, KeystoreError.
    """
    check_name(name)
    old = wallet.manifest.find(which)
    new = moved(replace(old, name=name))
    wallet.manifest.with_changed(old.name, new)
    if name == old.name:
        return old
    for before, after in zip(old.keys, new.keys, strict=True):
        keep_key(wallet, new, after, read_key(wallet, old, before))

    def point(manifest: Manifest) -> Manifest:
        return manifest.with_changed(old.name, new).dropping(*(key.item for key in old.keys))

    wallet.point_to([key.item for key in new.keys], point, replacing=old)
    wallet.sweep()
    return new


def delete(wallet: Wallet, which: str) -> DidRecord:
    """Delete a DID and its keys for good. Raises NotFound."""
    record = wallet.manifest.find(which)

    def forget(manifest: Manifest) -> Manifest:
        items = (key.item for key in manifest.find(record.name).keys)
        return manifest.without_did(record.name).dropping(*items)

    wallet.change_manifest(forget)
    wallet.sweep()
    _log.info("deleted the keys of %s", record.did)
    return record


def signing_key(wallet: Wallet, which: str) -> tuple[DidRecord, KeyRecord, PrivateKey]:
    """The record of one of the owner's DIDs, the key that signs for it, and its private half.

    The keystore's word on whose key it is is held against the manifest's, which lies in clear. Raises
    NotFound, KeystoreError, CorruptData.
    """
    record = wallet.manifest.find(which)
    return record, record.current, read_key(wallet, record, record.current)


def document(record: DidRecord) -> JsonObject:
    """The DID document of one of the owner's DIDs, as its method has it, or as to publish for did:web."""
    publication = resolver.method_called(record.method).publication
    if publication is not None:
        return publication.build(
            record.did, {key.id: key_types.from_multikey(key.public) for key in record.keys}
        )
    return resolver.resolve(record.did)


def described(name: str, key: PrivateKey, *, kind: Kind, now: datetime) -> DidRecord:
    """The record of the DID that `key` makes, not kept yet. Raises UsageError."""
    did = kind.did(key.public())
    place = key_record(kind.creation.method_id(did), key.public(), now)
    return DidRecord(check_name(name), did, kind.method, format_timestamp(now), (place,))


def moved(record: DidRecord) -> DidRecord:
    """The record with a new item for each of its keys, not kept yet."""
    return replace(record, keys=tuple(replace(key, item=_new_item()) for key in record.keys))


def kind_of(record: DidRecord) -> Kind:
    """The kind of a DID that is its key, to make another one like it."""
    kind = Kind(record.method)
    return replace(kind, chain=kind.creation.details(record.did).chain)


def publish_url(record: DidRecord) -> str | None:
    """The https URL where the document is published of a DID that keeps its name when its keys change.

    None for a DID that is its key.
    """
    publication = resolver.method_called(record.method).publication
    return None if publication is None else publication.url(record.did)


def key_record(method_id: str, key: PublicKey, now: datetime) -> KeyRecord:
    """The record of a key that has no item yet but the name of one."""
    return KeyRecord(method_id, key.key_type, key_types.to_multikey(key), _new_item(), format_timestamp(now))


def keep_key(wallet: Wallet, record: DidRecord, place: KeyRecord, key: PrivateKey) -> None:
    """Put a private key into the keystore, as the item that `place` names. Raises KeystoreError."""
    wallet.keystore.add(place.item, item_of(record, place, key))


def item_of(record: DidRecord, place: KeyRecord, key: PrivateKey) -> bytes:
    """What the keystore's item of a key holds."""
    content = {"name": record.name, "key_type": place.key_type, "secret": base64url.encode(key.secret)}
    return strict_json.canonical(content)


def read_key(wallet: Wallet, record: DidRecord, place: KeyRecord) -> PrivateKey:
    """The private half of one key of a DID. Raises KeystoreError, CorruptData."""
    try:
        content = strict_json.parse_object(wallet.keystore.get(place.item), what=f"the key of {record.name}")
        key = key_types.private_key(content["key_type"], base64url.decode(content["secret"]))
    except (MalformedInput, KeyError, TypeError) as error:
        raise CorruptData(f"the keystore's item for {record.name!r} is not a key") from error
    if content.get("name") != record.name or not belongs(record, place, key):
        raise CorruptData(
            f"wallet.json says that {record.name!r} is {record.did}, the keystore says otherwise",
            hint=f"wallet.json was altered: {FROM_BACKUP}",
        )
    return key


def belongs(record: DidRecord, place: KeyRecord, key: PrivateKey) -> bool:
    """Whether `key` is the private half of `place`, and that a key of the DID."""
    return key_types.to_multikey(key.public()) == place.public and _fits(record, place)


def _fits(record: DidRecord, place: KeyRecord) -> bool:
    """Whether the DID is that of the key, where the method ties the two."""
    try:
        if publish_url(record) is not None:
            return place.id.startswith(f"{record.did}#")
        return kind_of(record).did(key_types.verifying(key_types.from_multikey(place.public))) == record.did
    except IpseError:
        return False


def _new_item() -> str:
    return f"did-{secrets.token_hex(8)}"
