"""Verification of a credential as ordered steps, none of which can be left out.

data-model → issuer → proof → purpose → time → status → schema → trust. Each of the first four gives the
next one what it needs, so that none can be taken before the one before it held; the last four judge
what the proof covers, and nothing else.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Final

from ipse.credentials import data_integrity, vcdm2
from ipse.credentials.report import Ledger, NotApplicable, Rejected, Report
from ipse.credentials.timestamps import format_timestamp, parse_timestamp
from ipse.dids import resolver
from ipse.dids.resolver import Resolve
from ipse.encoding.strict_json import JsonObject
from ipse.errors import NotFound, Undetermined

__all__ = ["CHECKS", "Policy", "Verification", "verify_credential"]

CHECKS: Final = ("data-model", "issuer", "proof", "purpose", "time", "status", "schema", "trust")


@dataclass(frozen=True, slots=True)
class Policy:
    """What the verifier asks for beyond the signature.

    `issuers` are the DIDs whose credentials are accepted; `any_issuer` gives that check up, and is said
    out loud. `leeway` is how far clocks may differ.
    """

    issuers: frozenset[str] = frozenset()
    any_issuer: bool = False
    leeway: timedelta = field(default=timedelta(seconds=60))


@dataclass(frozen=True, slots=True)
class Verification:
    """The report, and the document that the proof covers where it holds."""

    report: Report
    document: JsonObject | None


def verify_credential(
    secured: JsonObject, *, policy: Policy, now: datetime, resolve: Resolve = resolver.resolve
) -> Verification:
    """Verify a W3C VCDM 2.0 credential with an embedded proof."""
    ledger = Ledger(CHECKS)
    ledger.take("data-model", lambda: _data_model(secured))
    issuer_document = ledger.take("issuer", lambda: _resolve_issuer(vcdm2.issuer_of(secured), resolve))
    proven = None
    if issuer_document is not None:
        proven = ledger.take("proof", lambda: _proof(secured, issuer_document))
    if proven is not None:
        document, proof = proven
        ledger.take("purpose", lambda: _purpose(proof, issuer_document or {}))
        judge_content(
            ledger,
            document,
            valid=vcdm2.validity(document),
            proof_expires=proof.get("expires"),
            issuer=vcdm2.issuer_of(document),
            policy=policy,
            now=now,
        )
    report = ledger.report()
    return Verification(report, proven[0] if proven is not None else None)


def judge_content(
    ledger: Ledger,
    document: JsonObject,
    *,
    valid: tuple[datetime | None, datetime | None],
    proof_expires: object,
    issuer: str,
    policy: Policy,
    now: datetime,
) -> None:
    """The checks of what a proof covers: time, status, schema, trust. Shared by all embedded proofs."""
    ledger.judge("time", lambda: _time(valid, proof_expires, now, policy.leeway))
    ledger.judge("status", lambda: _unsupported(document, "credentialStatus"))
    ledger.judge("schema", lambda: _unsupported(document, "credentialSchema"))
    ledger.judge("trust", lambda: _trust(issuer, policy))


def _data_model(secured: JsonObject) -> tuple[None, str, object]:
    broken = vcdm2.violations(secured)
    if broken:
        raise Rejected(f"breaks a rule of the data model: {broken[0]}", broken[0].pointer)
    return None, "conforms to VCDM 2.0", ", ".join(vcdm2.types_of(secured))


def _resolve_issuer(issuer: str, resolve: Resolve) -> tuple[JsonObject, str, object]:
    if not issuer.startswith("did:"):
        raise Undetermined(f"the issuer {issuer[:100]} is not a DID, so its keys can't be found")
    return resolve(issuer), "resolved", issuer


def _proof(
    secured: JsonObject, issuer_document: JsonObject
) -> tuple[tuple[JsonObject, JsonObject], str, object]:
    proof = data_integrity.proof_of(secured)
    method_id = proof["verificationMethod"]
    try:
        method = resolver.find_method(issuer_document, method_id, "verificationMethod")
    except NotFound as error:
        raise Rejected("the verification method is not one of the issuer's", method_id) from error
    document = data_integrity.verify_proof(secured, proof, resolver.method_key(method))
    return (document, proof), f"{proof['cryptosuite']} signature is right", method_id


def _purpose(proof: JsonObject, issuer_document: JsonObject) -> tuple[None, str, object]:
    purpose = proof["proofPurpose"]
    if purpose != "assertionMethod":
        raise Rejected("the proof was not made to assert credentials", purpose)
    try:
        method = resolver.find_method(issuer_document, proof["verificationMethod"], purpose)
    except NotFound as error:
        raise Rejected(
            "the issuer does not list this key for assertions", proof["verificationMethod"]
        ) from error
    if method.get("controller") != issuer_document.get("id"):
        raise Rejected("the key is controlled by somebody else", method.get("controller"))
    return None, "made to assert, by a key the issuer controls", purpose


def _time(
    valid: tuple[datetime | None, datetime | None], proof_expires: object, now: datetime, leeway: timedelta
) -> tuple[str, object]:
    start, end = valid
    if start is not None and now + leeway < start:
        raise Rejected("not valid yet", f"valid from {format_timestamp(start)}, now {format_timestamp(now)}")
    if end is not None and now - leeway > end:
        raise Rejected("expired", f"valid until {format_timestamp(end)}, now {format_timestamp(now)}")
    if proof_expires is not None and now - leeway > parse_timestamp(proof_expires):
        raise Rejected("the proof has expired", proof_expires)
    bounds = " until ".join(format_timestamp(moment) if moment else "open" for moment in valid)
    return "within its validity", bounds


def _unsupported(document: JsonObject, member: str) -> tuple[str, object]:
    if member not in document:
        raise NotApplicable(f"it has no {member}")
    raise Undetermined(f"ipse does not check {member} yet")


def _trust(issuer: str, policy: Policy) -> tuple[str, object]:
    if issuer in policy.issuers:
        return "the issuer is one of those asked for", issuer
    if policy.issuers:
        raise Rejected("the issuer is not one of those asked for", issuer)
    if policy.any_issuer:
        return "any issuer is accepted", issuer
    raise Undetermined("nobody said whose credentials to accept: give --issuer DID or --any-issuer")
