"""Verification as ordered steps, none of which can be left out, for every format.

    parse → data-model → issuer → proof → purpose → time → status → schema → trust → holder-binding

Each of the first four gives the next one what it needs, so that none can be taken before the one before it
held; the others judge what the proof covers, and nothing else. A step that was not reached is undetermined.

    verify(presented, policy=Policy(...), now=..., sources=Sources(...))  -> Verification
"""

from __future__ import annotations

from datetime import datetime

from ipse.credentials.report import Ledger, Rejected
from ipse.credentials.verification import embedded, jose, old_model, selective
from ipse.credentials.verification.claims import claimed
from ipse.credentials.verification.outcome import CHECKS, Covered, Verification
from ipse.credentials.verification.policy import ANY_TYPE, Policy, Sources, Terms
from ipse.credentials.verification.reading import FORMATS, Presented, read
from ipse.encoding.strict_json import JsonObject, kind_of
from ipse.errors import DataError

__all__ = [
    "ANY_TYPE",
    "CHECKS",
    "FORMATS",
    "Covered",
    "Policy",
    "Presented",
    "Sources",
    "Terms",
    "Verification",
    "claimed",
    "read",
    "verify",
    "verify_one",
]


def verify(
    presented: str | JsonObject, *, policy: Policy, now: datetime, sources: Sources | None = None
) -> Verification:
    """Verify a credential or a presentation in any of the formats, as text or as a JSON object.

    Raises UsageError for a presentation where the policy has no challenge, MissingFeature for VCDM 1.1 where
    didkit is absent, and TooMuchWork for what is made to be costly; whatever else is wrong is in the report.
    """
    return verify_one(presented, Terms(policy, now, sources or Sources()))


def verify_one(presented: object, terms: Terms) -> Verification:
    """Like `verify`, under the terms of what is around it: a credential in a presentation, a status list."""
    try:
        if not isinstance(presented, (str, dict)):
            raise Rejected(f"a JSON {kind_of(presented)} is no credential")
        found = read(presented)
        if found.is_presentation and (terms.presenter is not None or terms.is_status_list):
            raise Rejected("a presentation stands where a credential belongs")
    except (DataError, Rejected) as error:
        return _unreadable(error)
    return _verify_found(found, terms)


def _verify_found(found: Presented, terms: Terms) -> Verification:
    if found.form == "sd-jwt":
        return selective.verify_credential(found.text, terms)
    if found.form == "w3c-1.1":
        return old_model.verify(found, terms)
    if found.form == "jwt":
        assert found.token is not None
        how = jose.verify_presentation if found.is_presentation else jose.verify_credential
        return how(found.token, terms)
    assert found.document is not None
    step = embedded.verify_presentation if found.is_presentation else embedded.verify_credential
    return step(found.document, terms)


def _unreadable(error: Exception) -> Verification:
    def fail() -> tuple[None, str, object]:
        raise error

    ledger = Ledger(CHECKS)
    ledger.take("parse", fail)
    return Verification(ledger.report(), None)
