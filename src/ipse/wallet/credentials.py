"""Issuing, verifying and keeping credentials."""

from __future__ import annotations

import hashlib
import uuid
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from ipse.credentials import data_integrity, didkit_proofs, vcdm2, vcdm11
from ipse.credentials.report import Outcome, Report
from ipse.credentials.timestamps import format_timestamp
from ipse.credentials.verification import Policy, verify_credential
from ipse.dids import resolver
from ipse.encoding import strict_json
from ipse.encoding.strict_json import JsonObject
from ipse.errors import MalformedInput, UsageError
from ipse.keys.key_types import PrivateKey
from ipse.storage import credential_shelf
from ipse.storage.credential_shelf import ShelvedCredential
from ipse.wallet import identities, resolution
from ipse.wallet.resolution import Reach
from ipse.wallet.wallet import Wallet

__all__ = ["FORMATS", "Draft", "add", "issue", "verify"]


@dataclass(frozen=True, slots=True)
class Draft:
    """What a credential is to say. `valid_from` None means from now on."""

    subject: str | None
    types: Sequence[str]
    claims: JsonObject
    credential_id: str | None = None
    valid_from: datetime | None = None
    valid_until: datetime | None = None


def issue(
    wallet: Wallet, issuer: str | None, draft: Draft, *, form: str = "w3c", now: datetime
) -> JsonObject:
    """The credential that `draft` describes, signed by the owner's DID `issuer`, or the default.

    Raises NotFound, MalformedInput, KeystoreError, MissingFeature (didkit for w3c-1.1).
    """
    if form not in FORMATS:
        raise UsageError(f"{form!r} is no credential format", hint=f"--format takes {' or '.join(FORMATS)}")
    if draft.subject is not None:
        resolver.check_did(draft.subject)
    which = issuer or identities.default(wallet).name
    record, place, key = identities.signing_key(wallet, which)
    return _MAKERS[form](record.did, key, place.id, draft, now)


def _make_vcdm2(issuer: str, key: PrivateKey, method: str, draft: Draft, now: datetime) -> JsonObject:
    unsigned = vcdm2.build(
        issuer=issuer,
        subject=draft.subject,
        types=draft.types,
        claims=draft.claims,
        credential_id=draft.credential_id or _new_id(),
        valid_from=draft.valid_from or now,
        valid_until=draft.valid_until,
    )
    return data_integrity.add_proof(unsigned, key, verification_method=method, created=now)


def _make_vcdm11(issuer: str, key: PrivateKey, method: str, draft: Draft, now: datetime) -> JsonObject:
    if key.key_type != "Ed25519":
        raise UsageError(
            f"VCDM 1.1 credentials are signed with Ed25519 keys, not {key.key_type}",
            hint="use another of your DIDs, or --format w3c",
        )
    unsigned = vcdm11.build(
        issuer=issuer,
        subject=draft.subject,
        types=draft.types,
        claims=draft.claims,
        credential_id=draft.credential_id or _new_id(),
        issuance_date=draft.valid_from or now,
        expiration_date=draft.valid_until,
    )
    return didkit_proofs.issue(unsigned, key, method, created=now)


_MAKERS = {"w3c": _make_vcdm2, "w3c-1.1": _make_vcdm11}
FORMATS = tuple(_MAKERS)


def _new_id() -> str:
    return f"urn:uuid:{uuid.uuid4()}"


def verify(secured: JsonObject, policy: Policy, *, now: datetime, reach: Reach | None = None) -> Report:
    """The report on a credential in any of the formats. Needs no wallet; did:web issuers are looked up."""
    return verify_credential(
        secured, policy=policy, now=now, resolve=lambda did: resolution.resolve(did, reach or Reach())
    ).report


def add(wallet: Wallet, text: str, *, keep_unverified: bool = False, now: datetime) -> ShelvedCredential:
    """Verify a credential (whoever issued it) and put it on the shelf as it came.

    Raises VerificationFailed and Undetermined unless `keep_unverified`, AlreadyExists, MalformedInput.
    """
    document = strict_json.parse_object(text, what="the credential")
    report = verify(document, Policy(any_issuer=True), now=now)
    if not keep_unverified:
        report.raise_unless_passed("the credential")
    held = _shelved(text, document, verified=report.outcome is Outcome.PASSED, now=now)
    credential_shelf.add(wallet.vault, held)
    return held


def _shelved(text: str, document: JsonObject, *, verified: bool, now: datetime) -> ShelvedCredential:
    old = vcdm11.is_vcdm11(document)
    broken = vcdm11.check_data_model(document) if old else vcdm2.violations(document)
    if broken:
        raise MalformedInput(f"not a credential: {broken[0]}")
    model = vcdm11 if old else vcdm2
    start, end = model.validity(document)
    return ShelvedCredential(
        id=hashlib.sha256(strict_json.canonical(document)).hexdigest()[:16],
        document=text,
        format="w3c-1.1" if old else "w3c",
        issuer=model.issuer_of(document),
        subject=vcdm2.subject_of(document),
        types=vcdm2.types_of(document),
        valid_from=format_timestamp(start) if start else None,
        valid_until=format_timestamp(end) if end else None,
        verified=verified,
        added=format_timestamp(now),
    )
