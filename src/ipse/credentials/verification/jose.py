"""Verifying vc+jwt and vp+jwt (W3C Securing Verifiable Credentials using JOSE and COSE 1.0)."""

from __future__ import annotations

from datetime import datetime

from ipse.credentials import model
from ipse.credentials.challenge import Challenge
from ipse.credentials.formats.jose import vc_jwt
from ipse.credentials.formats.jose.vc_jwt import Token
from ipse.credentials.model import lint
from ipse.credentials.model.lint import Lint
from ipse.credentials.report import Ledger, Rejected
from ipse.credentials.verification import methods, steps
from ipse.credentials.verification.outcome import CHECKS, Covered, Verification
from ipse.credentials.verification.parts import check_count, credentials_in, holder_of, verify_parts
from ipse.credentials.verification.policy import Terms
from ipse.dids import resolver
from ipse.encoding.strict_json import JsonObject

__all__ = ["verify_credential", "verify_presentation"]


def verify_credential(token: Token, terms: Terms) -> Verification:
    """The report on a vc+jwt, every check taken."""
    ledger = Ledger(CHECKS)
    ledger.take("parse", lambda: (None, "a JWT that secures a W3C credential", token.typ))
    looked_at = ledger.take("data-model", lambda: _credential_model(token, terms))
    signer = ledger.take("issuer", lambda: methods.resolve_issuer(model.issuer_of(token.document), terms))
    method = None
    if signer is not None:
        method = ledger.take("proof", lambda: _proof(token, signer))
    if method is None or signer is None or looked_at is None:
        return Verification(ledger.report(), None)
    ledger.take("purpose", lambda: _purpose(signer, method, "assertionMethod"))
    covered = Covered(
        form="jwt",
        document=token.document,
        issuer=model.issuer_of(token.document),
        subjects=model.subjects_of(token.document),
        types=model.types_of(token.document),
        valid=_validity(token),
    )
    steps.judge_credential(ledger, covered, terms)
    warnings = tuple(str(warning) for warning in looked_at.warnings)
    return Verification(ledger.report().with_warnings(warnings), covered)


def verify_presentation(token: Token, terms: Terms) -> Verification:
    """The report on a vp+jwt and on every credential in it."""
    steps.require_challenge(terms.policy)
    ledger = Ledger(CHECKS)
    ledger.take("parse", lambda: (None, "a JWT that secures a W3C presentation", token.typ))
    ledger.take("data-model", lambda: _presentation_model(token, terms))
    holder = token.controller
    signer = ledger.take("issuer", lambda: methods.resolve_issuer(holder, terms))
    method = None
    if signer is not None:
        method = ledger.take("proof", lambda: _proof(token, signer))
    if method is None or signer is None:
        return Verification(ledger.report(), None)
    ledger.take("purpose", lambda: _purpose(signer, method, "authentication"))
    issued_at, expires = vc_jwt.registered_period(token)
    steps.judge_presentation(
        ledger,
        terms,
        valid=(issued_at, expires),
        created=issued_at,
        answered=(token.audience, token.claims.get("nonce")),
        presented=len(credentials_in(token.document)),
    )
    covered = Covered("jwt", token.document, holder, (), model.types_of(token.document), (None, None))
    return verify_parts(ledger, covered, terms.inside(holder))


def _credential_model(token: Token, terms: Terms) -> tuple[Lint, str, object]:
    found = _linted(token, terms)
    asked = terms.policy.challenge
    if token.audience and not (isinstance(asked, Challenge) and asked.audience in token.audience):
        raise Rejected("it is meant for others (aud)", ", ".join(token.audience))
    vc_jwt.registered_period(token)
    return found, "conforms to VCDM 2.0", ", ".join(model.types_of(token.document))


def _linted(token: Token, terms: Terms) -> Lint:
    """What the rules of the data model say, and those of JSON-LD for the contexts."""
    found = lint.lint(token.document, terms.sources.known_contexts())
    for violation in found.violations:
        raise Rejected(f"breaks a rule of the data model: {violation}", violation.pointer)
    return found


def _presentation_model(token: Token, terms: Terms) -> tuple[None, str, object]:
    _linted(token, terms)
    check_count(token.document)
    named = holder_of(token.document)
    if named not in (None, token.controller):
        raise Rejected("the holder it names is not who signed it", named)
    vc_jwt.registered_period(token)
    return None, "conforms to VCDM 2.0", ", ".join(model.types_of(token.document))


def _proof(token: Token, signer: JsonObject) -> tuple[JsonObject, str, object]:
    method = methods.issuer_method(signer, token.kid)
    key = resolver.method_key(method)
    vc_jwt.verify_signature(token, key)
    return method, f"{key.algorithm} signature is right", token.kid


def _purpose(signer: JsonObject, method: JsonObject, expected: str) -> tuple[None, str, object]:
    """A JWT says what it is for by its typ."""
    return methods.check_purpose(signer, method, expected, expected=expected)


def _validity(token: Token) -> tuple[datetime | None, datetime | None]:
    """The narrower of what the credential and what the JWT says."""
    start, end = model.validity(token.document)
    not_before, expires = vc_jwt.registered_period(token)
    return (
        max((moment for moment in (start, not_before) if moment is not None), default=None),
        min((moment for moment in (end, expires) if moment is not None), default=None),
    )
