"""Verifying an SD-JWT VC (RFC 9901, SD-JWT VC), with or without a key binding."""

from __future__ import annotations

import math
from collections.abc import Sequence
from datetime import UTC, datetime
from typing import Final

from ipse.credentials import jws
from ipse.credentials.challenge import NO_CHALLENGE, Challenge, NoChallenge
from ipse.credentials.formats import sd_jwt
from ipse.credentials.formats.sd_jwt import SdJwt, SdJwtInvalid, SdJwtUndetermined, VerifiedSdJwt
from ipse.credentials.report import Check, Ledger, NotApplicable, Outcome, Rejected
from ipse.credentials.verification import issuer_keys, methods, steps
from ipse.credentials.verification.issuer_keys import IssuerKey
from ipse.credentials.verification.outcome import CHECKS, Covered, Verification
from ipse.credentials.verification.policy import Terms
from ipse.encoding.strict_json import JsonObject
from ipse.errors import MalformedInput, Undetermined

__all__ = ["TYPES", "covered_by", "verify_credential"]

TYPES: Final = sd_jwt.VC_TYPES
_OLD_TYPE: Final = TYPES[1]
_STANDS_FOR: Final = {
    "data-model": ("type", "claims"),
    "proof": ("proof", "disclosures"),
    "time": ("time",),
    "holder-binding": ("holder-binding",),
}
"""The checks of a report and the checks of an SD-JWT that they stand for."""


def verify_credential(text: str, terms: Terms) -> Verification:
    """The report on an SD-JWT VC, every check taken.

    Where a challenge was given a key binding must answer it. Where none was, a key binding that is there
    raises UsageError, since nothing could be said about it, and one that is missing although the credential
    names a holder key is a fault; NO_CHALLENGE gives both up.
    """
    ledger = Ledger(CHECKS)
    sd = ledger.take("parse", lambda: _parsed(text))
    if sd is None:
        return Verification(ledger.report(), None)
    if sd.kb_jwt is not None:
        steps.require_challenge(terms.policy)
    key = ledger.take("issuer", lambda: issuer_keys.resolve(sd.jwt.header, sd.jwt.payload, terms))
    if key is None:
        return Verification(ledger.report(), None)
    checks, verified = _verified(sd, key, terms)
    if verified is None:
        ledger.adopt(checks)
        return Verification(ledger.report(), None)
    ledger.take("purpose", lambda: _purpose(key))
    covered = covered_by(verified.claims, key.issuer)
    if sd.kb_jwt is not None and _adopts_binding(covered, terms):
        ledger.adopt(checks)
    else:
        ledger.adopt(checks[:-1])
        ledger.judge("holder-binding", lambda: _holder_binding(sd, covered, terms))
    steps.judge_standing(ledger, covered, terms)
    return Verification(ledger.report(), covered)


def covered_by(claims: JsonObject, issuer: str) -> Covered:
    """What the claims of an SD-JWT VC say, in the terms that all formats share."""
    subject = claims.get("sub")
    vct = claims.get("vct")
    return Covered(
        form="sd-jwt",
        document=claims,
        issuer=issuer,
        subjects=(subject,) if isinstance(subject, str) else (),
        types=(vct,) if isinstance(vct, str) else (),
        valid=(_moment(claims.get("nbf")), _moment(claims.get("exp"))),
    )


def _parsed(text: str) -> tuple[SdJwt, str, object]:
    sd = sd_jwt.parse(text)
    _refuse_w3c(sd)
    bound = "a key binding" if sd.kb_jwt is not None else "no key binding"
    return sd, f"an SD-JWT with {len(sd.disclosures)} disclosures and {bound}", sd.jwt.header.get("typ")


def _refuse_w3c(sd: SdJwt) -> None:
    """Raise Undetermined for a W3C credential, whose issuer and times stand elsewhere.

    Their type was once that of SD-JWT VCs, which name a vct.
    """
    payload = sd.jwt.payload
    if sd.jwt.header.get("typ") == _OLD_TYPE and ("vct" not in payload or "@context" in payload):
        raise Undetermined(f"a W3C credential in an SD-JWT ({_OLD_TYPE} without vct) is not read")


def _verified(sd: SdJwt, key: IssuerKey, terms: Terms) -> tuple[Sequence[Check], VerifiedSdJwt | None]:
    try:
        verified = sd_jwt.verify(
            sd,
            resolve_issuer_key=lambda _header, _payload: key.key,
            resolve_holder_key=lambda cnf: issuer_keys.holder_key(cnf, terms),
            types=TYPES,
            challenge=_challenge(sd, terms),
            now=terms.now.timestamp(),
            leeway=terms.policy.leeway.total_seconds(),
        )
    except (SdJwtInvalid, SdJwtUndetermined) as error:
        return _translated(error.checks), None
    return _translated(verified.checks), verified


def _adopts_binding(covered: Covered, terms: Terms) -> bool:
    """Whether the key binding, which holds, answers all that is asked of the holder."""
    if terms.presenter is None:
        return isinstance(terms.policy.challenge, Challenge)
    return terms.presenter in covered.subjects


def _holder_binding(sd: SdJwt, covered: Covered, terms: Terms) -> tuple[str, object]:
    """Where no key binding decides: refused where the credential asks for one, or the verifier did."""
    if isinstance(terms.policy.challenge, NoChallenge) and terms.presenter is None:
        raise NotApplicable("the verifier gave no challenge: anyone may have sent this")
    if sd.kb_jwt is None and "cnf" in covered.document:
        raise Rejected(
            "it names a holder key (cnf) and the key binding is missing; "
            "what nobody presents is judged with --insecure-no-challenge"
        )
    # Its holder may have answered as well; whom it is about still has to be who presents it.
    return steps.presented_by_its_subject(covered, terms)


def _challenge(sd: SdJwt, terms: Terms) -> Challenge | NoChallenge:
    """What the key binding must answer: where the verifier gave challenges up, whatever it says it does."""
    if sd.kb_jwt is None:
        return NO_CHALLENGE
    asked = steps.require_challenge(terms.policy)
    if isinstance(asked, Challenge):
        return asked
    try:
        said = jws.read(sd.kb_jwt, what="the key-binding JWT").payload
    except MalformedInput as error:
        raise SdJwtInvalid("holder-binding", error.message) from error
    audience, nonce = said.get("aud"), said.get("nonce")
    if not (isinstance(audience, str) and audience and isinstance(nonce, str) and nonce):
        raise SdJwtInvalid("holder-binding", "the key binding names no audience or no nonce")
    return Challenge(audience, nonce, max_age=math.inf)


def _translated(checks: Sequence[Check]) -> list[Check]:
    """The checks of an SD-JWT under the names that all formats share, each the worst that it stands for."""
    by_name = {check.name: check for check in checks}
    translated = []
    for name, parts in _STANDS_FOR.items():
        taken = [by_name[part] for part in parts]
        decisive = next((check for bad in _BAD for check in taken if check.outcome is bad), None)
        outcome = taken[-1].outcome if decisive is None else decisive.outcome
        reason = ", ".join(check.reason for check in ([decisive] if decisive else taken) if check.reason)
        translated.append(Check(name, outcome, reason or "holds"))
    return translated


_BAD: Final = (Outcome.FAILED, Outcome.UNDETERMINED)


def _purpose(key: IssuerKey) -> tuple[None, str, object]:
    if key.method is None or key.controller is None:
        raise NotApplicable("the issuer publishes this key for its credentials")
    return methods.check_purpose(key.controller, key.method, "assertionMethod", expected="assertionMethod")


def _moment(seconds: object) -> datetime | None:
    """A NumericDate; None where there is none, the last moment there is where it lies beyond."""
    if isinstance(seconds, bool) or not isinstance(seconds, (int, float)):
        return None
    try:
        return datetime.fromtimestamp(seconds, UTC)
    except (OverflowError, ValueError, OSError):
        return datetime.max.replace(tzinfo=UTC) if seconds > 0 else datetime.min.replace(tzinfo=UTC)
