"""The credentials that the owner holds: taken in, looked up, checked again, given up."""

from __future__ import annotations

import hashlib
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime

from ipse.credentials.challenge import NO_CHALLENGE
from ipse.credentials.report import Check, Outcome, Report
from ipse.credentials.verification import Covered, Policy, Verification, claimed
from ipse.encoding import strict_json
from ipse.encoding.timestamps import format_timestamp, parse_timestamp
from ipse.errors import UsageError
from ipse.storage import credential_store
from ipse.storage.credential_store import StoredCredential
from ipse.wallet import verifying
from ipse.wallet.verifying import Aids
from ipse.wallet.wallet import Wallet

__all__ = [
    "STANDINGS", "Filter", "StoredCredential", "add", "check", "credential_id", "find", "listed", "remove",
    "shelved", "standing",
]  # fmt: skip

STANDINGS = ("valid", "expired", "early", "unverified", "revoked", "suspended")
"""How a credential can stand, by its dates, how it came in, and what its status list last said."""

_TAKEN_IN = Policy(any_issuer=True, challenge=NO_CHALLENGE)


@dataclass(frozen=True, slots=True)
class Filter:
    """Which credentials are wanted; what is None does not matter. `standing` is one of STANDINGS."""

    type: str | None = None
    issuer: str | None = None
    expires_before: datetime | None = None
    standing: str | None = None


def add(
    wallet: Wallet, text: str, *, keep_unverified: bool = False, aids: Aids | None = None, now: datetime
) -> StoredCredential:
    """Verify a credential, whoever issued it, and put it on the shelf as it came.

    Raises VerificationFailed and Undetermined unless `keep_unverified`, AlreadyExists, MalformedInput,
    UsageError for a presentation.
    """
    seen = claimed(text)
    found = _look_at(wallet, text, aids, now)
    if not keep_unverified:
        found.report.raise_unless_passed("the credential")
    held = shelved(text, seen, verified=found.report.outcome is Outcome.PASSED, now=now)
    credential_store.add(wallet.vault, held)
    return held


def check(wallet: Wallet, identifier: str, *, aids: Aids | None = None, now: datetime) -> Report:
    """Verify a credential of the shelf again and note how it stands. Raises NotFound.

    What a status list once said against it stands until a status list says otherwise.
    """
    held = credential_store.find(wallet.vault, identifier)
    report = _look_at(wallet, held.document, aids, now).report
    asked = next(entry for entry in report.checks if entry.name == "status")
    credential_store.note(
        wallet.vault,
        held.id,
        standing=held.standing if asked.outcome is Outcome.UNDETERMINED else _standing_in(asked),
        verified=held.verified or report.outcome is Outcome.PASSED,
        checked=format_timestamp(now),
    )
    return report


def find(wallet: Wallet, identifier: str) -> StoredCredential:
    """Return a held credential by its id or the beginning of it. Raises NotFound, UsageError."""
    return credential_store.find(wallet.vault, identifier)


def remove(wallet: Wallet, identifier: str) -> None:
    """Delete a held credential by its whole id. Raises NotFound."""
    credential_store.remove(wallet.vault, identifier)


def listed(wallet: Wallet, wanted: Filter, *, now: datetime) -> list[tuple[StoredCredential, str]]:
    """The credentials that a filter lets through, oldest first, each with how it stands.

    Raises UsageError for a standing that there is not.
    """
    if wanted.standing is not None and wanted.standing not in STANDINGS:
        raise UsageError(f"{wanted.standing!r} is no standing", hint=f"--status takes {', '.join(STANDINGS)}")
    every = ((held, standing(held, now)) for held in credential_store.every(wallet.vault))
    return list(_filtered(every, wanted))


def standing(held: StoredCredential, now: datetime) -> str:
    """How a credential stands, one of STANDINGS; what its status list said goes before its dates."""
    if held.standing in ("revoked", "suspended"):
        return held.standing
    if held.valid_until is not None and parse_timestamp(held.valid_until) < now:
        return "expired"
    if held.valid_from is not None and parse_timestamp(held.valid_from) > now:
        return "early"
    return "valid" if held.verified else "unverified"


def credential_id(text: str) -> str:
    """The id on the shelf: the first 16 hex digits of the SHA-256 of its canonical JSON, or of its text."""
    stripped = text.strip()
    content = stripped.encode()
    if stripped.startswith("{"):
        content = strict_json.canonical(strict_json.parse_object(stripped))
    return hashlib.sha256(content).hexdigest()[:16]


def shelved(text: str, seen: Covered, *, verified: bool, now: datetime) -> StoredCredential:
    """A credential as the shelf keeps it."""
    start, end = seen.valid
    return StoredCredential(
        id=credential_id(text),
        document=text,
        format=seen.form,
        issuer=seen.issuer,
        subject=seen.subjects[0] if len(seen.subjects) == 1 else None,
        types=seen.types,
        valid_from=format_timestamp(start) if start else None,
        valid_until=format_timestamp(end) if end else None,
        verified=verified,
        added=format_timestamp(now),
    )


def _look_at(wallet: Wallet, text: str, aids: Aids | None, now: datetime) -> Verification:
    return verifying.verify_presented(text, _TAKEN_IN, now=now, aids=aids, vault=wallet.vault)


def _standing_in(asked: Check) -> str | None:
    """What a status list says of it, None where it says nothing against it or its entry is malformed."""
    if asked.outcome is not Outcome.FAILED:
        return None
    words = ("revoked", "suspended")
    return next((word for word in words if asked.reason.startswith(f"the issuer has {word} it")), None)


def _filtered(
    every: Iterable[tuple[StoredCredential, str]], wanted: Filter
) -> Iterable[tuple[StoredCredential, str]]:
    for held, stands in every:
        end = None if held.valid_until is None else parse_timestamp(held.valid_until)
        if (
            wanted.type in (None, *held.types)
            and wanted.issuer in (None, held.issuer)
            and wanted.standing in (None, stands)
            and (wanted.expires_before is None or (end is not None and end < wanted.expires_before))
        ):
            yield held, stands
