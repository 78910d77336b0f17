"""Verifying W3C VCDM 2.0 credentials and presentations with embedded Data Integrity proofs."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Final

from ipse.credentials import model
from ipse.credentials.formats import data_integrity
from ipse.credentials.formats.data_integrity import Proof
from ipse.credentials.model import lint
from ipse.credentials.report import Ledger, NotApplicable, Rejected
from ipse.credentials.verification import methods, steps
from ipse.credentials.verification.outcome import CHECKS, Covered, Verification
from ipse.credentials.verification.parts import check_count, credentials_in, holder_of, verify_parts
from ipse.credentials.verification.policy import Terms
from ipse.dids import resolver
from ipse.encoding.strict_json import JsonObject

__all__ = ["verify_credential", "verify_presentation"]

_ASSERTION: Final = "assertionMethod"
_AUTHENTICATION: Final = "authentication"


@dataclass(frozen=True, slots=True)
class _Signature:
    """A proof whose signature is right, with its verification method and that one's controller."""

    proof: Proof
    method: JsonObject
    controller: JsonObject


@dataclass(frozen=True, slots=True)
class _Proven:
    """What all proofs of a document cover, and the proofs, the issuer's (or holder's) first."""

    document: JsonObject
    signatures: tuple[_Signature, ...]

    @property
    def expires(self) -> datetime | None:
        """When the first of the proofs expires."""
        ends = [signature.proof.expires for signature in self.signatures]
        return min((end for end in ends if end is not None), default=None)


def verify_credential(secured: JsonObject, terms: Terms) -> Verification:
    """The report on a credential, every check taken."""
    ledger = Ledger(CHECKS)
    ledger.take("parse", lambda: (None, "a JSON document", "w3c"))
    looked_at = ledger.take("data-model", lambda: _data_model(secured, "credential", terms))
    signer = ledger.take("issuer", lambda: methods.resolve_issuer(model.issuer_of(secured), terms))
    proven = None
    if signer is not None:
        proven = ledger.take("proof", lambda: _proof(secured, signer, terms))
    if proven is None or looked_at is None:
        return Verification(ledger.report(), None)
    if proven.signatures:
        ledger.take("purpose", lambda: _purpose(proven, _ASSERTION))
    else:
        ledger.judge("purpose", _self_asserted)
    document = proven.document
    covered = Covered(
        form="w3c",
        document=document,
        issuer=model.issuer_of(document),
        subjects=model.subjects_of(document),
        types=model.types_of(document),
        valid=model.validity(document),
    )
    steps.judge_credential(ledger, covered, terms, proof_expires=proven.expires)
    return Verification(ledger.report().with_warnings(_warnings(looked_at, proven)), covered)


def verify_presentation(secured: JsonObject, terms: Terms) -> Verification:
    """The report on a presentation and on every credential in it.

    Raises UsageError where the policy has no challenge.
    """
    steps.require_challenge(terms.policy)
    ledger = Ledger(CHECKS)
    ledger.take("parse", lambda: (None, "a JSON document", "w3c"))
    ledger.take("data-model", lambda: _data_model(secured, "presentation", terms))
    signer = ledger.take("issuer", lambda: methods.resolve_issuer(_holder(secured), terms))
    proven = None
    if signer is not None:
        proven = ledger.take("proof", lambda: _proof(secured, signer, terms))
    if proven is None:
        return Verification(ledger.report(), None)
    ledger.take("purpose", lambda: _purpose(proven, _AUTHENTICATION))
    proof, holder = proven.signatures[0].proof, _holder(secured)
    steps.judge_presentation(
        ledger,
        terms,
        valid=(None, proven.expires),
        created=proof.created,
        answered=(proof.domain, proof.challenge),
        presented=len(credentials_in(proven.document)),
    )
    covered = Covered("w3c", proven.document, holder, (), model.types_of(proven.document), (None, None))
    return verify_parts(ledger, covered, terms.inside(holder))


def _data_model(secured: JsonObject, kind: str, terms: Terms) -> tuple[lint.Lint, str, object]:
    found = lint.lint(secured, terms.sources.known_contexts(), json_ld=not _signs_rdf(secured))
    if kind == "presentation":
        check_count(secured)
    if found.kind != kind:
        raise Rejected(f"it is a {found.kind}, a {kind} is expected")
    if found.violations:
        first = found.violations[0]
        raise Rejected(f"breaks a rule of the data model: {first}", first.pointer)
    return found, "conforms to VCDM 2.0", ", ".join(model.types_of(secured))


def _signs_rdf(secured: JsonObject) -> bool:
    """Whether all its proofs sign RDF, and refuse themselves whatever would be lost in it."""
    proofs = secured.get("proof")
    entries = proofs if isinstance(proofs, list) else [proofs]
    names = [
        entry.get("cryptosuite", entry.get("type")) if isinstance(entry, dict) else None for entry in entries
    ]
    suites = [data_integrity.SUITES.get(name) if isinstance(name, str) else None for name in names]
    return bool(suites) and all(suite is not None and suite.canonicalisation == "rdfc" for suite in suites)


def _holder(presentation: JsonObject) -> str:
    """Whose the presentation is: the holder it names, or else who controls the key of its first proof."""
    named = holder_of(presentation)
    if named is not None:
        return named
    return methods.controller_of(data_integrity.proofs_of(presentation)[0].verification_method)


def _proof(secured: JsonObject, signer: JsonObject, terms: Terms) -> tuple[_Proven, str, object]:
    """All proofs hold, and one of them at least is by the issuer (or holder) itself.

    What the presenter says of itself may go without a proof of its own: the presentation's covers it.
    """
    if "proof" not in secured and terms.presenter is not None and terms.presenter == signer.get("id"):
        return _Proven(secured, ()), "its issuer presents it, so the presentation's proof covers it", "none"
    proofs = data_integrity.proofs_of(secured)
    party = signer.get("id")
    own = [proof for proof in proofs if methods.controller_of(proof.verification_method) == party]
    if not own:
        raise Rejected("no proof is by a verification method of the issuer's", proofs[0].verification_method)
    others = [proof for proof in proofs if proof not in own]
    signatures, documents = [], []
    for proof in (*own, *others):
        controller = signer
        if proof in others:
            controller = terms.sources.resolve(methods.controller_of(proof.verification_method))
        method = methods.issuer_method(controller, proof.verification_method)
        key = resolver.method_key(method)
        documents.append(
            data_integrity.verify_proof(secured, proof, key, contexts=terms.sources.known_contexts())
        )
        signatures.append(_Signature(proof, method, controller))
    document = min(documents, key=_length_of_context)
    if document.get("@context") != secured.get("@context"):
        _refuse_broken(document)
    names = ", ".join(proof.suite.name for proof in proofs)
    plural = "signatures are" if len(proofs) > 1 else "signature is"
    return (
        _Proven(document, tuple(signatures)),
        f"{names} {plural} right",
        ", ".join(proof.verification_method for proof in proofs),
    )


def _self_asserted() -> tuple[str, object]:
    raise NotApplicable("it has no proof of its own")


def _length_of_context(document: JsonObject) -> int:
    """Of several proofs, the one that covers the fewest contexts says what is covered by all."""
    context = document.get("@context")
    return len(context) if isinstance(context, list) else 1


def _refuse_broken(document: JsonObject) -> None:
    """A context that was appended may have mended what was signed."""
    presentation = "VerifiablePresentation" in model.types_of(document)
    broken = (model.presentation_violations if presentation else model.violations)(document)
    if broken:
        raise Rejected(f"what was signed breaks a rule of the data model: {broken[0]}", broken[0].pointer)


def _purpose(proven: _Proven, expected: str) -> tuple[None, str, object]:
    """Every proof was made for this, by a key that its controller lists for it."""
    taken = [
        methods.check_purpose(
            signature.controller, signature.method, signature.proof.purpose, expected=expected
        )
        for signature in proven.signatures
    ]
    return taken[0]


def _warnings(looked_at: lint.Lint, proven: _Proven) -> tuple[str, ...]:
    """What JSON-LD would lose matters to others where JCS signed every byte; elsewhere it was refused."""
    return tuple(str(warning) for warning in looked_at.warnings) if proven.document else ()
