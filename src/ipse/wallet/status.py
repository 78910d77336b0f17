"""Status lists: those that the owner keeps for the credentials they issue, and those of other issuers."""

from __future__ import annotations

import contextlib
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Final, Literal, TypeAlias

from ipse.credentials import certified_issuance
from ipse.credentials.formats import data_integrity
from ipse.credentials.model.rules import URL
from ipse.credentials.status import IETF_LIST, W3C_LIST, Published, bitstring, token_status_list
from ipse.encoding import strict_json
from ipse.encoding.strict_json import JsonObject
from ipse.encoding.timestamps import format_timestamp, parse_timestamp
from ipse.errors import IpseError, NotFound, UsageError
from ipse.storage import status_lists
from ipse.storage.manifest import DidRecord, check_name
from ipse.storage.status_lists import CachedList, Kind, ListEntry, ListRecord
from ipse.storage.vault import Vault
from ipse.wallet import identities, state
from ipse.wallet.wallet import Wallet

__all__ = [
    "KINDS",
    "PURPOSES",
    "Allocation",
    "ListRecord",
    "Overview",
    "StatusSource",
    "allocate",
    "allocate_many",
    "attach",
    "create_list",
    "every",
    "publish",
    "reinstate",
    "revoke",
    "suspend",
]

KINDS: Final[tuple[Kind, ...]] = (W3C_LIST, IETF_LIST)
PURPOSES: Final = ("revocation", "suspension")

_Change: TypeAlias = Literal["revoke", "suspend", "reinstate"]
_Held: TypeAlias = tuple[ListRecord, ListEntry]
_SET: Final = 1
_KEPT: Final = 64
"""Lists that are kept without a vault."""
_MAX_URL: Final = 2000
"""Characters, so that the URL of an entry stays within what readers take."""


@dataclass(frozen=True, slots=True)
class Allocation:
    """What goes into a credential: `value` as its member `credentialStatus` (w3c) or `status` (token)."""

    member: str
    value: JsonObject


@dataclass(frozen=True, slots=True)
class Overview:
    """A list of the owner, and how many of its entries were given out."""

    record: ListRecord
    used: int


def create_list(
    wallet: Wallet,
    name: str,
    *,
    purpose: str,
    url: str | None = None,
    kind: str = W3C_LIST,
    size: int = status_lists.MIN_SIZE,
    issuer: str | None = None,
    now: datetime,
) -> ListRecord:
    """A new status list that will be published at `url`, signed by the owner's DID `issuer` or the default.

    A did:web has a place for it, status/NAME beside its document; any other DID takes a `url`.
    A credential has one entry in a token list, so that a token list for suspension takes both: its entries
    have two bits, and can be revoked too. Raises UsageError, AlreadyExists, NotFound.
    """
    check_name(name)
    if purpose not in PURPOSES:
        raise UsageError(f"{purpose!r} is no purpose", hint=f"--purpose takes {' or '.join(PURPOSES)}")
    if kind not in KINDS:
        raise UsageError(f"{kind!r} is no kind of status list", hint=f"--kind takes {' or '.join(KINDS)}")
    did = identities.default(wallet) if issuer is None else wallet.manifest.find(issuer)
    url = _place(did, name) if url is None else url
    if not (URL.fullmatch(url) and url.startswith("https://") and len(url) <= _MAX_URL) or "#" in url:
        raise UsageError(
            f"{url[:100]!r} is no place to publish a status list", hint="give an https URL without a fragment"
        )
    if kind == W3C_LIST and did.current.key_type not in data_integrity.KEY_TYPES:
        raise UsageError(
            f"a {did.current.key_type} key signs no W3C status list",
            hint=f"use a DID of {' or '.join(data_integrity.KEY_TYPES)}, or --kind token",
        )
    bits = 2 if kind == IETF_LIST and purpose == "suspension" else 1
    record = ListRecord(name, purpose, kind, url, size, bits, did.did, format_timestamp(now))
    status_lists.add(wallet.vault, record)
    return record


def allocate(wallet: Wallet, list_name: str, credential_id: str, *, now: datetime) -> Allocation:
    """A new entry for one credential. Like allocate_many."""
    return allocate_many(wallet, list_name, [credential_id], now=now)[0]


def allocate_many(
    wallet: Wallet, list_name: str, credential_ids: Sequence[str], *, now: datetime
) -> list[Allocation]:
    """New entries, at random places of the list, for credentials that the list's own DID must issue.

    All or none. What is given out and not used is lost, and harmless. Raises NotFound, UsageError where
    the list is full, AlreadyExists where a credential has an entry in it.
    """
    with wallet.vault.transaction():
        record = status_lists.find(wallet.vault, list_name)
        if record.kind == IETF_LIST:
            _refuse_second_token(wallet.vault, record, credential_ids)
        indexes = status_lists.allocate_many(
            wallet.vault, list_name, credential_ids, now=format_timestamp(now)
        )
    return [_allocation(record, index) for index in indexes]


def attach(unsigned: JsonObject, allocations: Sequence[Allocation]) -> JsonObject:
    """The unsigned credential with these entries, beside those it has."""
    whole = dict(unsigned)
    for allocation in allocations:
        if allocation.member not in whole:
            whole[allocation.member] = allocation.value
        elif allocation.member == "status":
            raise UsageError("a token has one status", hint="give --status once")
        else:
            there = whole[allocation.member]
            whole[allocation.member] = [*(there if isinstance(there, list) else [there]), allocation.value]
    return whole


def revoke(wallet: Wallet, credential_id: str, *, now: datetime) -> tuple[ListRecord, ...]:
    """Revoke a credential for good; the lists to publish again. Done twice, it changes nothing more.

    Raises NotFound for a credential without an entry, UsageError where it has none that can be revoked.
    """
    return _change(wallet, credential_id, "revoke", now)


def suspend(wallet: Wallet, credential_id: str, *, now: datetime) -> tuple[ListRecord, ...]:
    """Suspend a credential until it is reinstated. Like revoke; a revoked one can't be suspended."""
    return _change(wallet, credential_id, "suspend", now)


def reinstate(wallet: Wallet, credential_id: str, *, now: datetime) -> tuple[ListRecord, ...]:
    """End the suspension of a credential. Raises UsageError where it is revoked, or not suspended."""
    return _change(wallet, credential_id, "reinstate", now)


def publish(
    wallet: Wallet,
    list_name: str,
    *,
    now: datetime,
    ttl: timedelta | None = None,
    valid_until: datetime | None = None,
    cryptosuite: str | None = None,
    x5c: Sequence[str] = (),
) -> str:
    """The signed list as it is now, as text to put at its URL: a W3C credential, or a statuslist+jwt.

    - `ttl`: how long readers may keep it before they fetch it again, in whole seconds
    - `valid_until`: when it ends unless it is published again; without it, whoever serves the list can go
      on serving this one for ever
    - `cryptosuite`: of the proof of a W3C list, by default the JCS one for its key
    - `x5c`: certificates that name who signs a statuslist+jwt, instead of the DID

    Raises NotFound, UsageError, KeystoreError, CertificateRejected.
    """
    if ttl is not None and ttl < timedelta(seconds=1):
        raise UsageError(f"a list that may be kept for {ttl.total_seconds():g} seconds is of no use")
    if valid_until is not None and valid_until <= now:
        raise UsageError(f"{format_timestamp(valid_until)} is over", hint="give a time that is yet to come")
    record = status_lists.find(wallet.vault, list_name)
    state.check(wallet, tables=["status_entries"])
    statuses = status_lists.statuses(wallet.vault, list_name)
    _, place, key = identities.signing_key(wallet, record.issuer)
    if x5c and record.kind != IETF_LIST:
        raise UsageError("a W3C status list names no certificates", hint="leave --x5c out")
    if record.kind == IETF_LIST:
        if x5c:
            certified_issuance.check(x5c, key.public(), now=now)
        claims = token_status_list.build_claims(
            uri=record.url,
            packed=token_status_list.pack(statuses, record.bits),
            bits=record.bits,
            issued=now,
            expires=valid_until,
            ttl=ttl,
            issuer=None if x5c else record.issuer,
        )
        return token_status_list.sign(claims, key, key_id=None if x5c else place.id, x5c=x5c)
    credential = bitstring.build_credential(
        url=record.url,
        issuer=record.issuer,
        purpose=record.purpose,
        bits=bitstring.pack(statuses),
        valid_from=now,
        valid_until=valid_until,
        ttl=ttl,
    )
    secured = data_integrity.add_proof(
        credential, key, verification_method=place.id, created=now, cryptosuite=cryptosuite
    )
    return strict_json.pretty(secured)


def every(wallet: Wallet) -> list[Overview]:
    """All lists of the owner, oldest first."""
    return [
        Overview(record, status_lists.count_used(wallet.vault, record.name))
        for record in status_lists.every(wallet.vault)
    ]


class StatusSource:
    """The lists of other issuers: fetched, or out of the vault while they are fresh.

    What comes out of the vault is as little trusted as what was just fetched: who asks verifies it anew.
    Hand `fetch` and `keep` to `ipse.credentials.status.check_status`. `get` brings the bytes at a URL.
    Without a vault, lists are kept as long
    as this object, so that a batch fetches each once.
    """

    def __init__(
        self, vault: Vault | None, get: Callable[[str], bytes], clock: Callable[[], datetime]
    ) -> None:
        self._vault = vault
        self._get = get
        self._clock = clock
        self._from_vault: set[Published] = set()
        self._at_hand: dict[str, tuple[Published, datetime]] = {}

    def fetch(self, url: str) -> Published:
        """What is published at `url`. Raises what the guarded client and the vault raise."""
        if self._vault is not None:
            held = status_lists.cached(self._vault, url, now=format_timestamp(self._clock()))
            if held is not None:
                published = Published(url, held.body, parse_timestamp(held.fetched))
                self._from_vault.add(published)
                return published
        elif url in self._at_hand and self._clock() < self._at_hand[url][1]:
            return self._at_hand[url][0]
        return Published(url, self._get(url), self._clock())

    def keep(self, published: Published, until: datetime | None) -> None:
        """Keep what was fetched until then; None for a list that can't be relied on, which is dropped."""
        if self._vault is None:
            self._keep_at_hand(published, until)
            return
        if until is not None and published in self._from_vault:
            return
        with contextlib.suppress(IpseError):  # a check does not fail because its cache can't be written
            if until is None or until <= published.fetched:
                status_lists.forget_cached(self._vault, published.url)
                return
            fetched, end = format_timestamp(published.fetched), format_timestamp(until)
            held = CachedList(published.url, published.body, published.media_type, fetched, end)
            status_lists.keep_cached(self._vault, held)

    def _keep_at_hand(self, published: Published, until: datetime | None) -> None:
        self._at_hand.pop(published.url, None)
        if until is not None and len(self._at_hand) < _KEPT:
            self._at_hand[published.url] = (published, until)


def _place(record: DidRecord, name: str) -> str:
    """Where a did:web publishes a status list. Raises UsageError for a DID that is its key."""
    published = identities.publish_url(record)
    if published is None:
        raise UsageError(
            f"{record.name!r} is a did:{record.method}, which says nothing of where its list will be",
            hint="give --url, the https URL where you will publish it",
        )
    beside = published.removesuffix("/did.json").removesuffix("/.well-known")
    return f"{beside}/status/{name}"


def _refuse_second_token(vault: Vault, record: ListRecord, credential_ids: Sequence[str]) -> None:
    """A token has one status_list claim."""
    if all(other.kind != IETF_LIST or other.name == record.name for other in status_lists.every(vault)):
        return
    for credential_id in credential_ids:
        for other, _ in status_lists.entries_of_credential(vault, credential_id):
            if other.kind == IETF_LIST and other.name != record.name:
                raise UsageError(
                    f"the credential {credential_id[:100]} has an entry in the token list {other.name!r}",
                    hint="a token has one status; a list for suspension can revoke as well",
                )


def _allocation(record: ListRecord, index: int) -> Allocation:
    if record.kind == IETF_LIST:
        return Allocation("status", token_status_list.build_reference(uri=record.url, index=index))
    entry = bitstring.build_entry(url=record.url, index=index, purpose=record.purpose)
    return Allocation("credentialStatus", entry)


def _change(wallet: Wallet, credential_id: str, change: _Change, now: datetime) -> tuple[ListRecord, ...]:
    vault = wallet.vault
    with vault.transaction():
        held = status_lists.entries_of_credential(vault, credential_id)
        if not held:
            raise NotFound(
                f"no status list has an entry for {credential_id[:100]!r}",
                hint="name a credential by its id; one that was issued without a status can't be changed",
            )
        touched = _touched(credential_id, held, change)
        for record, entry in touched:
            status = _value(record, change)
            if entry.status != status:
                status_lists.set_status(vault, entry, status, now=format_timestamp(now))
    return tuple(record for record, _ in touched)


def _touched(credential_id: str, held: Sequence[_Held], change: _Change) -> list[_Held]:
    """The entries that a change is made in. Raises UsageError where it can't be made."""
    named = f"the credential {credential_id[:100]}"
    if change == "revoke":
        touched = [(record, entry) for record, entry in held if _revokes(record)]
        if not touched:
            raise UsageError(
                f"{named} has an entry for suspension alone",
                hint="suspend it; only one that was issued with an entry for revocation can be revoked",
            )
        return touched
    if any(_is_revoked(record, entry) for record, entry in held):
        raise UsageError(f"{named} is revoked", hint="that is final: issue a new one")
    touched = [(record, entry) for record, entry in held if record.purpose == "suspension"]
    if not touched:
        raise UsageError(
            f"{named} has an entry for revocation alone",
            hint="only one that was issued with an entry for suspension can be suspended",
        )
    if change == "reinstate" and not any(entry.status for _, entry in touched):
        raise UsageError(f"{named} is not suspended")
    return touched


def _revokes(record: ListRecord) -> bool:
    return record.purpose == "revocation" or record.kind == IETF_LIST


def _is_revoked(record: ListRecord, entry: ListEntry) -> bool:
    return _revokes(record) and entry.status == token_status_list.INVALID


def _value(record: ListRecord, change: _Change) -> int:
    if change == "reinstate":
        return token_status_list.VALID
    if record.kind == W3C_LIST:
        return _SET
    return token_status_list.INVALID if change == "revoke" else token_status_list.SUSPENDED
