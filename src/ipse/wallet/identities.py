"""The owner's DIDs: making them, naming them, signing with them, parting with them."""

from __future__ import annotations

import logging
import secrets
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Final

from ipse.dids import did_jwk, did_key, did_pkh, did_web, resolver
from ipse.encoding import base64url, strict_json
from ipse.encoding.strict_json import JsonObject
from ipse.encoding.timestamps import format_timestamp
from ipse.errors import CorruptData, MalformedInput, NotFound, UsageError
from ipse.keys import key_types, multikey
from ipse.keys.key_types import PrivateKey, PublicKey
from ipse.storage.manifest import DidRecord, KeyRecord, Manifest, check_name
from ipse.wallet.wallet import Wallet

__all__ = [
    "KEY_TYPES",
    "METHODS",
    "Kind",
    "adopt",
    "chain_of",
    "create",
    "default",
    "delete",
    "described",
    "document",
    "keep_key",
    "key_record",
    "moved",
    "rename",
    "set_default",
    "signing_key",
]

_log = logging.getLogger(__name__)

METHODS: Final = ("key", "jwk", "web", "pkh")
KEY_TYPES: Final = ("Ed25519", "P-256", "secp256k1")


@dataclass(frozen=True, slots=True)
class Kind:
    """What kind of DID: its method, and what did:web (`domain`) and did:pkh (`chain`, eip155) need."""

    method: str = "key"
    domain: str | None = None
    chain: int = 1

    def __post_init__(self) -> None:
        if self.method not in METHODS:
            raise UsageError(f"did:{self.method} can't be made", hint=f"--method takes {', '.join(METHODS)}")
        if (self.method == "web") != (self.domain is not None):
            raise UsageError("--domain is what did:web needs, and only did:web", hint="give both or neither")

    @property
    def key_type(self) -> str:
        """The key type where none is asked for."""
        return "secp256k1" if self.method == "pkh" else "Ed25519"


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
        keep_key(wallet, new, after, _read_key(wallet, old, before))

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
    return record, record.current, _read_key(wallet, record, record.current)


def document(record: DidRecord) -> JsonObject:
    """The DID document of one of the owner's DIDs, as its method has it, or for did:web as to publish."""
    if record.method == "web":
        return did_web.document(record.did, {key.id: multikey.decode(key.public) for key in record.keys})
    return resolver.resolve(record.did)


def described(name: str, key: PrivateKey, *, kind: Kind, now: datetime) -> DidRecord:
    """The record of the DID that `key` makes, not kept yet. Raises UsageError."""
    did = _identifier(kind, key.public())
    place = key_record(_method_id(did, kind.method), key.public(), now)
    return DidRecord(check_name(name), did, kind.method, format_timestamp(now), (place,))


def moved(record: DidRecord) -> DidRecord:
    """The record with a new item for each of its keys, not kept yet."""
    return replace(record, keys=tuple(replace(key, item=_new_item()) for key in record.keys))


def chain_of(record: DidRecord) -> int:
    """The chain of a did:pkh; 1 for any other."""
    return did_pkh.account(record.did)[0] if record.method == "pkh" else 1


def key_record(method_id: str, key: PublicKey, now: datetime) -> KeyRecord:
    """The record of a key that has no item yet but the name of one."""
    return KeyRecord(method_id, key.key_type, multikey.encode(key), _new_item(), format_timestamp(now))


def keep_key(wallet: Wallet, record: DidRecord, place: KeyRecord, key: PrivateKey) -> None:
    """Put a private key into the keystore, as the item that `place` names. Raises KeystoreError."""
    content = {"name": record.name, "key_type": place.key_type, "secret": base64url.encode(key.secret)}
    wallet.keystore.add(place.item, strict_json.canonical(content))


def _read_key(wallet: Wallet, record: DidRecord, place: KeyRecord) -> PrivateKey:
    try:
        content = strict_json.parse_object(wallet.keystore.get(place.item), what=f"the key of {record.name}")
        key = key_types.private_key(content["key_type"], base64url.decode(content["secret"]))
    except (MalformedInput, KeyError, TypeError) as error:
        raise CorruptData(f"the keystore's item for {record.name!r} is not a key") from error
    if (
        multikey.encode(key.public()) != place.public
        or content.get("name") != record.name
        or not _fits(record, place)
    ):
        raise CorruptData(
            f"wallet.json says that {record.name!r} is {record.did}, the keystore says otherwise",
            hint="wallet.json was altered: restore it from a backup",
        )
    return key


def _fits(record: DidRecord, place: KeyRecord) -> bool:
    """Whether the DID is that of the key, where the method ties the two."""
    key = multikey.decode(place.public)
    match record.method:
        case "key":
            return did_key.from_public_key(key) == record.did
        case "jwk":
            return did_jwk.from_public_key(key) == record.did
        case "pkh":
            return did_pkh.from_public_key(key, chain=chain_of(record)) == record.did
        case _:
            return record.method == "web" and place.id.startswith(f"{record.did}#")


def _identifier(kind: Kind, key: PublicKey) -> str:
    match kind.method:
        case "key":
            return did_key.from_public_key(key)
        case "jwk":
            return did_jwk.from_public_key(key)
        case "pkh":
            if key.key_type != "secp256k1":
                raise UsageError(f"did:pkh is made from a secp256k1 key, not {key.key_type}")
            return did_pkh.from_public_key(key, chain=kind.chain)
        case _:
            assert kind.domain is not None
            return _web_did(kind.domain)


def _web_did(address: str) -> str:
    """The did:web of `example.com`, `example.com:8443` or `example.com/path`. Raises MalformedInput."""
    host, *path = address.removesuffix("/").split("/")
    did = ":".join([did_web.PREFIX + host.lower().replace(":", "%3A"), *path])
    did_web.publish_url(did)
    return did


def _method_id(did: str, method: str) -> str:
    match method:
        case "key":
            return did_key.verification_method_id(did)
        case "jwk":
            return did_jwk.verification_method_id(did)
        case "pkh":
            return did_pkh.verification_method_id(did)
        case _:
            return f"{did}#key-1"


def _new_item() -> str:
    return f"did-{secrets.token_hex(8)}"
