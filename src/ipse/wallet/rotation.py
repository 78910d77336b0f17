"""New keys for old: did:web keeps its name, a DID that is its key gets a successor."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Final

from ipse.credentials import formats
from ipse.credentials.formats import data_integrity, sd_jwt
from ipse.credentials.issuer import Draft, IssueOptions, Issuer, SigningKey
from ipse.encoding import strict_json
from ipse.encoding.timestamps import format_timestamp, to_numeric_date
from ipse.errors import UsageError
from ipse.keys import key_types
from ipse.keys.key_types import PrivateKey
from ipse.storage import credential_store
from ipse.storage.credential_store import StoredCredential
from ipse.storage.manifest import DidRecord, KeyRecord, Manifest
from ipse.wallet import identities
from ipse.wallet.wallet import Wallet

__all__ = ["SUCCESSION", "Rotation", "retire", "rotate"]

SUCCESSION: Final = "DidSuccessionCredential"
_SUCCESSION_TYPE: Final = "urn:ipse:did:succession:1"


@dataclass(frozen=True, slots=True)
class Rotation:
    """What came of a rotation: the DID that signs from now on, and for a successor the credential, by the
    old key, that says so (a W3C credential, or an SD-JWT VC where no W3C proof knows the key type)."""

    record: DidRecord
    succession: str | None


def rotate(wallet: Wallet, which: str, *, now: datetime) -> Rotation:
    """A new key for a DID.

    did:web keeps its name and, until `retire`, its old verification methods. Any other DID is its key:
    a successor takes over its name, and the old one is kept as NAME.1, NAME.2 and so on.

    Raises NotFound, KeystoreError, UsageError where the DID has a successor already.
    """
    record, place, old_key = identities.signing_key(wallet, which)
    new_key = key_types.generate(place.key_type)
    if identities.publish_url(record) is not None:
        return Rotation(_add_method(wallet, record, new_key, now), None)
    if record.successor:
        raise UsageError(f"{record.name!r} was followed by {record.successor}", hint="rotate that one")
    return _succeed(wallet, record, place, old_key, new_key, now)


def retire(wallet: Wallet, which: str) -> DidRecord:
    """Part with all keys of a did:web but the newest. Raises NotFound, UsageError for other methods."""
    record = wallet.manifest.find(which)
    if identities.publish_url(record) is None:
        raise UsageError(
            f"{record.name!r} is a did:{record.method}, whose key can't be retired",
            hint=f"`ipse did rotate {record.name}` gives it a successor, and keeps it",
        )

    def drop(manifest: Manifest) -> Manifest:
        held = manifest.find(record.name)
        kept = replace(held, keys=held.keys[-1:])
        return manifest.with_changed(held.name, kept).dropping(*(key.item for key in held.keys[:-1]))

    wallet.change_manifest(drop)
    wallet.sweep()
    return wallet.manifest.find(record.name)


def _add_method(wallet: Wallet, record: DidRecord, key: PrivateKey, now: datetime) -> DidRecord:
    number = 1 + max(int(known.id.rpartition("-")[2]) for known in record.keys)
    place = identities.key_record(f"{record.did}#key-{number}", key.public(), now)
    identities.keep_key(wallet, record, place, key)

    def add(manifest: Manifest) -> Manifest:
        held = manifest.find(record.name)
        return manifest.with_changed(held.name, replace(held, keys=(*held.keys, place)))

    wallet.point_to([place.item], add, replacing=record)
    return wallet.manifest.find(record.name)


def _succeed(
    wallet: Wallet,
    record: DidRecord,
    place: KeyRecord,
    old_key: PrivateKey,
    new_key: PrivateKey,
    now: datetime,
) -> Rotation:
    wallet.sweep()
    heir = identities.described(record.name, new_key, kind=identities.kind_of(record), now=now)
    taken = {known.name for known in wallet.manifest.dids}
    aside = next(name for number in range(1, 10_000) if (name := f"{record.name}.{number}") not in taken)
    retired = identities.moved(replace(record, name=aside, successor=heir.did))
    succession = _succession(record, place, old_key, heir.did, now)
    identities.keep_key(wallet, heir, heir.current, new_key)
    identities.keep_key(wallet, retired, retired.current, old_key)

    def point(manifest: Manifest) -> Manifest:
        was_default = manifest.default == record.name
        changed = manifest.with_changed(record.name, retired).dropping(place.item).with_did(heir)
        return replace(changed, default=heir.name) if was_default else changed

    wallet.point_to([heir.current.item, retired.current.item], point, replacing=record)
    wallet.sweep()
    _shelve(wallet, record, succession, now)
    return Rotation(heir, succession)


def _shelve(wallet: Wallet, record: DidRecord, succession: str, now: datetime) -> None:
    """Keep the credential, so that the link can be shown whenever somebody asks."""
    credential_store.add(
        wallet.vault,
        StoredCredential(
            id=hashlib.sha256(succession.encode()).hexdigest()[:16],
            document=succession,
            format=formats.read(succession).format.name,
            issuer=record.did,
            subject=record.did,
            types=(SUCCESSION,),
            valid_from=format_timestamp(now),
            valid_until=None,
            verified=True,
            added=format_timestamp(now),
        ),
    )


def _succession(record: DidRecord, place: KeyRecord, key: PrivateKey, successor: str, now: datetime) -> str:
    if key.key_type not in data_integrity.KEY_TYPES:
        claims = {
            "iss": record.did,
            "sub": record.did,
            "vct": _SUCCESSION_TYPE,
            "iat": to_numeric_date(now),
            "successor": successor,
        }
        return sd_jwt.issue(claims, disclosable=(), signer=key, typ=sd_jwt.VC_TYPE, kid=place.id)
    issuer = Issuer(
        SigningKey(record.did, place.id, key), IssueOptions(formats.DEFAULT, undefined_terms=True), now=now
    )
    draft = Draft(record.did, [SUCCESSION], {"successor": successor})
    return strict_json.pretty(issuer.issue(draft).credential)
