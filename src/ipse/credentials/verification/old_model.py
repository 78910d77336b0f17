"""Verifying VCDM 1.1 credentials and presentations, whose proofs didkit checks."""

from __future__ import annotations

from ipse.credentials import jws, model
from ipse.credentials.formats.vcdm11 import data_model, didkit_process, embedded_proofs, jwt, presentations
from ipse.credentials.formats.vcdm11.embedded_proofs import ProofResult
from ipse.credentials.report import Ledger, Rejected
from ipse.credentials.verification import steps
from ipse.credentials.verification.outcome import CHECKS, Covered, Verification
from ipse.credentials.verification.parts import check_count, credentials_in, verify_parts
from ipse.credentials.verification.policy import Terms
from ipse.credentials.verification.reading import Presented
from ipse.dids import resolver
from ipse.encoding import strict_json
from ipse.encoding.strict_json import JsonObject, excerpt
from ipse.errors import Undetermined

__all__ = ["verify"]


def verify(presented: Presented, terms: Terms) -> Verification:
    """The report on a VCDM 1.1 credential or presentation. Raises MissingFeature where didkit is absent.

    didkit checks that a key in the issuer's own DID made the proof, and for the right purpose.
    """
    didkit_process.require()
    if presented.is_presentation:
        return _verify_presentation(presented, terms)
    return _verify_credential(presented, terms)


def _verify_credential(presented: Presented, terms: Terms) -> Verification:
    ledger = Ledger(CHECKS)
    document = ledger.take("parse", lambda: _parsed(presented))
    if document is None:
        return Verification(ledger.report(), None)
    ledger.take("data-model", lambda: _data_model(document))
    ledger.take("issuer", lambda: _issuer(data_model.issuer_of(document)))
    proven = ledger.take("proof", lambda: _proof(presented, document))
    if proven is None:
        return Verification(ledger.report(), None)
    ledger.take("purpose", lambda: (None, "made to assert, by a key of the issuer's DID", "assertionMethod"))
    covered = Covered(
        form="w3c-1.1",
        document=proven,
        issuer=data_model.issuer_of(proven),
        subjects=model.subjects_of(proven),
        types=model.types_of(proven),
        valid=data_model.validity(proven),
    )
    steps.judge_credential(ledger, covered, terms)
    return Verification(ledger.report(), covered)


def _verify_presentation(presented: Presented, terms: Terms) -> Verification:
    steps.require_challenge(terms.policy)
    ledger = Ledger(CHECKS)
    document = ledger.take("parse", lambda: _parsed_presentation(presented))
    if document is None:
        return Verification(ledger.report(), None)
    ledger.take("data-model", lambda: _presentation_model(document))
    holder = ledger.take("issuer", lambda: _issuer(data_model.holder_of(document)))
    answered = _answered(presented, document)
    result = ledger.take("proof", lambda: _presentation_proof(presented, document, answered))
    if result is None or holder is None:
        return Verification(ledger.report(), None)
    ledger.take("purpose", lambda: (None, "made to present, by a key of the holder's DID", "authentication"))
    steps.judge_presentation(
        ledger,
        terms,
        valid=(None, result.expires),
        created=result.created,
        answered=((answered[0],), answered[1]),
        presented=len(credentials_in(document)),
    )
    unsecured = {name: value for name, value in document.items() if name != "proof"}
    covered = Covered("w3c-1.1", unsecured, holder, (), model.types_of(document), (None, None))
    return verify_parts(ledger, covered, terms.inside(holder))


def _parsed_presentation(presented: Presented) -> tuple[JsonObject, str, object]:
    if presented.text:
        return jwt.presentation_of(presented.text), "a JWT that secures a W3C 1.1 presentation", "JWT"
    assert presented.document is not None
    return presented.document, "a W3C 1.1 presentation with an embedded proof", "JSON"


def _presentation_model(document: JsonObject) -> tuple[None, str, object]:
    strict_json.check_value(document, "the presentation")
    broken = data_model.presentation_violations(document)
    if broken:
        raise Rejected(f"breaks a rule of the data model: {broken[0]}")
    check_count(document)
    return None, "conforms to VCDM 1.1", ", ".join(model.types_of(document))


def _answered(presented: Presented, document: JsonObject) -> tuple[str, str]:
    """The audience and the nonce that the presentation itself names, empty where it names none."""
    said = jws.read(presented.text, what="the JWT").payload if presented.text else document.get("proof")
    names = ("aud", "nonce") if presented.text else ("domain", "challenge")
    audience, nonce = (said.get(name) if isinstance(said, dict) else None for name in names)
    return audience if isinstance(audience, str) else "", nonce if isinstance(nonce, str) else ""


def _presentation_proof(
    presented: Presented, document: JsonObject, answered: tuple[str, str]
) -> tuple[ProofResult, str, object]:
    """The signature covers the audience and the nonce; whether they are the right ones is asked later."""
    audience, nonce = answered
    if not (audience and nonce):
        raise Rejected("it names no audience or no nonce")
    if presented.text:
        result, _ = jwt.verify_presentation_jwt(presented.text, audience=audience, nonce=nonce)
    else:
        result = presentations.verify_presentation_proof(document, audience=audience, nonce=nonce)
    _hold(result)
    return result, f"{result.proof_type} signature is right", result.verification_method


def _parsed(presented: Presented) -> tuple[JsonObject, str, object]:
    if presented.text:
        return jwt.credential_of(presented.text), "a JWT that secures a W3C 1.1 credential", "JWT"
    assert presented.document is not None
    return presented.document, "a W3C 1.1 credential with an embedded proof", "JSON"


def _data_model(document: JsonObject) -> tuple[None, str, object]:
    strict_json.check_value(document, "the credential")
    broken = data_model.check_data_model(document) if "proof" in document else data_model.violations(document)
    if broken:
        raise Rejected(f"breaks a rule of the data model: {broken[0]}")
    return None, "conforms to VCDM 1.1", ", ".join(model.types_of(document))


def _issuer(issuer: str) -> tuple[str, str, object]:
    if not issuer.startswith("did:"):
        raise Undetermined(f"the issuer {excerpt(issuer)} is not a DID, so its keys can't be found")
    return resolver.check_did(issuer), "read from the DID itself", issuer


def _proof(presented: Presented, document: JsonObject) -> tuple[JsonObject, str, object]:
    if presented.text:
        result, document = jwt.verify_jwt(presented.text)
    else:
        result = embedded_proofs.verify_proof(document)
    _hold(result)
    unsecured = {name: value for name, value in document.items() if name != "proof"}
    return unsecured, f"{result.proof_type} signature is right", result.verification_method


def _hold(result: ProofResult) -> None:
    if result.verified is None:
        raise Undetermined(result.reason)
    if not result.verified:
        raise Rejected(result.reason, result.verification_method or "")
