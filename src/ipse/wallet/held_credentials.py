"""The credentials that the owner holds: taken in, looked up, checked again, given up."""

from __future__ import annotations

import hashlib
from collections.abc import Iterable
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Final

from ipse.credentials import formats
from ipse.credentials.content import Content
from ipse.credentials.policy import NO_CHALLENGE, Policy
from ipse.credentials.report import Check, Outcome
from ipse.credentials.status import REVOKED, SUSPENDED
from ipse.credentials.verifier import Verification
from ipse.encoding import strict_json
from ipse.encoding.timestamps import format_timestamp, parse_timestamp
from ipse.errors import UsageError
from ipse.storage import credential_store, trusted_authorities
from ipse.storage.credential_store import StoredCredential
from ipse.wallet import trust
from ipse.wallet.verifier import Lookup, Verifier
from ipse.wallet.wallet import Wallet

__all__ = [
    "STATES",
    "Filter",
    "StoredCredential",
    "add",
    "check",
    "credential_id",
    "find",
    "listed",
    "remove",
    "state",
    "stored",
]

STATES: Final = ("valid", "expired", "early", "unverified", "revoked", "suspended")
"""The states of a credential, by its dates, how it came in, and what its status list last said."""

_TAKEN_IN = Policy(any_issuer=True, challenge=NO_CHALLENGE)


@dataclass(frozen=True, slots=True)
class Filter:
    """Which credentials are wanted; what is None does not matter. `state` is one of STATES."""

    type: str | None = None
    issuer: str | None = None
    expires_before: datetime | None = None
    state: str | None = None


def add(
    wallet: Wallet, text: str, *, keep_unverified: bool = False, lookup: Lookup | None = None, now: datetime
) -> StoredCredential:
    """Verify a credential, whoever issued it, and put it in the vault as it came.

    Raises VerificationFailed and Undetermined unless `keep_unverified`, AlreadyExists, MalformedInput,
    UsageError for a presentation.
    """
    seen = formats.claimed(text)
    found = _look_at(wallet, text, lookup, now)
    if not keep_unverified:
        found.report.raise_unless_passed("the credential")
    held = stored(text, seen, verified=found.report.outcome is Outcome.PASSED, now=now)
    credential_store.add(wallet.vault, held)
    return held


def check(wallet: Wallet, identifier: str, *, lookup: Lookup | None = None, now: datetime) -> Verification:
    """Verify a credential in the vault again and note its revocation. Raises NotFound.

    What a status list once said against it stands until a status list says otherwise.
    """
    held = credential_store.find(wallet.vault, identifier)
    found = _look_at(wallet, held.document, lookup, now)
    report = found.report
    asked = report.check("status")
    credential_store.note(
        wallet.vault,
        held.id,
        revocation=held.revocation if asked.outcome is Outcome.UNDETERMINED else _revocation_in(asked),
        verified=held.verified or report.outcome is Outcome.PASSED,
        checked=format_timestamp(now),
    )
    return found


def find(wallet: Wallet, identifier: str) -> StoredCredential:
    """Return a held credential by its id or the beginning of it. Raises NotFound, UsageError."""
    return credential_store.find(wallet.vault, identifier)


def remove(wallet: Wallet, identifier: str) -> None:
    """Delete a held credential by its whole id. Raises NotFound."""
    credential_store.remove(wallet.vault, identifier)


def listed(wallet: Wallet, wanted: Filter, *, now: datetime) -> list[tuple[StoredCredential, str]]:
    """The credentials that a filter lets through, oldest first, each with its state.

    Raises UsageError for an unknown state.
    """
    if wanted.state is not None and wanted.state not in STATES:
        raise UsageError(
            f"{wanted.state!r} is not a state of a credential", hint=f"--status takes {', '.join(STATES)}"
        )
    every = ((held, state(held, now)) for held in credential_store.every(wallet.vault))
    return list(_filtered(every, wanted))


def state(held: StoredCredential, now: datetime) -> str:
    """The state of a credential, one of STATES; what its status list said goes before its dates."""
    if held.revocation in ("revoked", "suspended"):
        return held.revocation
    if held.valid_until is not None and parse_timestamp(held.valid_until) < now:
        return "expired"
    if held.valid_from is not None and parse_timestamp(held.valid_from) > now:
        return "early"
    return "valid" if held.verified else "unverified"


def credential_id(text: str) -> str:
    """The id in the vault: the first 16 hex digits of the SHA-256 of its canonical JSON, or of its text."""
    stripped = text.strip()
    content = stripped.encode()
    if stripped.startswith("{"):
        content = strict_json.canonical(strict_json.parse_object(stripped))
    return hashlib.sha256(content).hexdigest()[:16]


def stored(text: str, seen: Content, *, verified: bool, now: datetime) -> StoredCredential:
    """A credential as the vault keeps it."""
    start, end = seen.validity.start, seen.validity.end
    return StoredCredential(
        id=credential_id(text),
        document=text,
        format=seen.format,
        issuer=seen.issuer,
        subject=seen.subjects[0] if len(seen.subjects) == 1 else None,
        types=seen.types,
        valid_from=format_timestamp(start) if start else None,
        valid_until=format_timestamp(end) if end else None,
        verified=verified,
        added=format_timestamp(now),
    )


def _look_at(wallet: Wallet, text: str, lookup: Lookup | None, now: datetime) -> Verification:
    policy = _TAKEN_IN
    if trusted_authorities.every(wallet.vault):
        known = trust.trust_of(wallet)
        policy = replace(
            policy, issuer_anchors=known.anchors("issuer"), status_anchors=known.anchors("status")
        )
    return Verifier(policy, lookup or Lookup()).examine(text, now=now, vault=wallet.vault)


def _revocation_in(asked: Check) -> str | None:
    """What a status list says of it, None where it says nothing against it or its entry is malformed."""
    return asked.code if asked.code in (REVOKED, SUSPENDED) else None


def _filtered(
    every: Iterable[tuple[StoredCredential, str]], wanted: Filter
) -> Iterable[tuple[StoredCredential, str]]:
    for held, stands in every:
        end = None if held.valid_until is None else parse_timestamp(held.valid_until)
        if (
            wanted.type in (None, *held.types)
            and wanted.issuer in (None, held.issuer)
            and wanted.state in (None, stands)
            and (wanted.expires_before is None or (end is not None and end < wanted.expires_before))
        ):
            yield held, stands
