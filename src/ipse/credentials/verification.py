"""Verification of a credential with an embedded proof as ordered steps, none of which can be left out.

data-model → issuer → proof → purpose → time → status → schema → trust. Each of the first four gives the
next one what it needs, so that none can be taken before the one before it held; the last four judge
what the proof covers, and nothing else.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Final

from ipse.credentials import data_integrity, didkit_process, didkit_proofs, vcdm2, vcdm11
from ipse.credentials.report import Ledger, NotApplicable, Rejected, Report
from ipse.credentials.timestamps import format_timestamp, parse_timestamp
from ipse.dids import resolver
from ipse.dids.resolver import Resolve
from ipse.encoding import strict_json
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
    """Verify a W3C credential with an embedded proof, of whichever data model its @context names.

    Raises MissingFeature for VCDM 1.1 where didkit is absent; whatever else is wrong is in the report.
    """
    if vcdm11.is_vcdm11(secured):
        return _verify_vcdm11(secured, policy, now)
    return _verify_vcdm2(secured, policy, now, resolve)


def _verify_vcdm2(secured: JsonObject, policy: Policy, now: datetime, resolve: Resolve) -> Verification:
    ledger = Ledger(CHECKS)
    ledger.take("data-model", lambda: _data_model(secured))
    issuer_document = ledger.take("issuer", lambda: _resolve_issuer(vcdm2.issuer_of(secured), resolve))
    proven = None
    if issuer_document is not None:
        proven = ledger.take("proof", lambda: _proof(secured, issuer_document))
    if proven is not None:
        document, proof, method = proven
        ledger.take("purpose", lambda: _purpose(proof, method, issuer_document or {}))
        _judge(
            ledger,
            document,
            valid=vcdm2.validity(document),
            proof_expires=proof.get("expires"),
            issuer=vcdm2.issuer_of(document),
            policy=policy,
            now=now,
        )
    return Verification(ledger.report(), proven[0] if proven is not None else None)


def _verify_vcdm11(secured: JsonObject, policy: Policy, now: datetime) -> Verification:
    """didkit checks that a key in the issuer's own DID made the proof, and for assertions."""
    didkit_process.require()
    ledger = Ledger(CHECKS)
    ledger.take("data-model", lambda: _data_model_vcdm11(secured))
    ledger.take("issuer", lambda: _resolve_issuer(vcdm11.issuer_of(secured), lambda did: {"id": did}))
    proven = ledger.take("proof", lambda: _proof_vcdm11(secured))
    if proven is not None:
        ledger.take(
            "purpose", lambda: (None, "made to assert, by a key of the issuer's DID", "assertionMethod")
        )
        _judge(
            ledger,
            proven,
            valid=vcdm11.validity(proven),
            proof_expires=None,
            issuer=vcdm11.issuer_of(proven),
            policy=policy,
            now=now,
        )
    return Verification(ledger.report(), proven)


def _judge(
    ledger: Ledger,
    document: JsonObject,
    *,
    valid: tuple[datetime | None, datetime | None],
    proof_expires: object,
    issuer: str,
    policy: Policy,
    now: datetime,
) -> None:
    """The checks of what a proof covers: time, status, schema, trust."""
    ledger.judge("time", lambda: _time(valid, proof_expires, now, policy.leeway))
    ledger.judge("status", lambda: _unsupported(document, "credentialStatus"))
    ledger.judge("schema", lambda: _unsupported(document, "credentialSchema"))
    ledger.judge("trust", lambda: _trust(issuer, policy))


def _data_model(secured: JsonObject) -> tuple[None, str, object]:
    strict_json.check_value(secured, "the credential")
    broken = vcdm2.violations(secured)
    if broken:
        raise Rejected(f"breaks a rule of the data model: {broken[0]}", broken[0].pointer)
    return None, "conforms to VCDM 2.0", ", ".join(vcdm2.types_of(secured))


def _data_model_vcdm11(secured: JsonObject) -> tuple[None, str, object]:
    broken = vcdm11.check_data_model(secured)
    if broken:
        raise Rejected(f"breaks a rule of the data model: {broken[0]}")
    return None, "conforms to VCDM 1.1", ", ".join(vcdm2.types_of(secured))


def _resolve_issuer(issuer: str, resolve: Resolve) -> tuple[JsonObject, str, object]:
    if not issuer.startswith("did:"):
        raise Undetermined(f"the issuer {issuer[:100]} is not a DID, so its keys can't be found")
    return resolve(issuer), "resolved", issuer


def _proof(
    secured: JsonObject, issuer_document: JsonObject
) -> tuple[tuple[JsonObject, JsonObject, JsonObject], str, object]:
    proof = data_integrity.proof_of(secured)
    method_id = proof["verificationMethod"]
    method = _issuer_method(issuer_document, method_id)
    document = data_integrity.verify_proof(secured, proof, resolver.method_key(method))
    broken = vcdm2.violations(document)  # a context that was appended may have mended what was signed
    if broken:
        raise Rejected(f"what was signed breaks a rule of the data model: {broken[0]}", broken[0].pointer)
    return (document, proof, method), f"{proof['cryptosuite']} signature is right", method_id


def _issuer_method(issuer_document: JsonObject, method_id: str) -> JsonObject:
    """The issuer's verification method, also where it stands under a relationship alone (DID Core 5.3.1)."""
    for relationship in ("verificationMethod", "assertionMethod", "authentication"):
        try:
            return resolver.find_method(issuer_document, method_id, relationship)
        except NotFound:
            continue
    raise Rejected("the verification method is not one of the issuer's", method_id)


def _proof_vcdm11(secured: JsonObject) -> tuple[JsonObject, str, object]:
    result = didkit_proofs.verify_proof(secured)
    if result.verified is None:
        raise Undetermined(result.reason)
    if not result.verified:
        raise Rejected(result.reason, result.verification_method or "")
    document = {name: value for name, value in secured.items() if name != "proof"}
    return document, f"{result.proof_type} signature is right", result.verification_method


def _purpose(proof: JsonObject, method: JsonObject, issuer_document: JsonObject) -> tuple[None, str, object]:
    purpose = proof["proofPurpose"]
    if purpose != "assertionMethod":
        raise Rejected("the proof was not made to assert credentials", purpose)
    try:
        listed = resolver.find_method(issuer_document, proof["verificationMethod"], purpose)
    except NotFound as error:
        raise Rejected(
            "the issuer does not list this key for assertions", proof["verificationMethod"]
        ) from error
    if listed != method:
        raise Rejected("the issuer lists another key of this name for assertions", method["id"])
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
