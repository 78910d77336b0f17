"""The checks that all formats share: issuer, purpose, time, status, schema, trust, holder binding."""

from __future__ import annotations

from collections.abc import Collection
from datetime import datetime, timedelta
from typing import TYPE_CHECKING, Final

from ipse.credentials.challenge import Challenge, NoChallenge
from ipse.credentials.report import Ledger, NotApplicable, Rejected
from ipse.credentials.verification import issuer_keys, methods
from ipse.credentials.verification.outcome import Covered
from ipse.credentials.verification.policy import ANY_TYPE, Policy, Terms
from ipse.encoding.strict_json import JsonObject
from ipse.encoding.timestamps import format_timestamp
from ipse.errors import Undetermined, UsageError
from ipse.keys.key_types import PublicKey

if TYPE_CHECKING:
    from ipse.credentials.status import Listed

__all__ = [
    "check_period",
    "judge_credential",
    "judge_presentation",
    "judge_standing",
    "presented_by_its_subject",
    "require_challenge",
]

_BASE_TYPE: Final = "VerifiableCredential"


def judge_credential(
    ledger: Ledger, covered: Covered, terms: Terms, *, proof_expires: datetime | None = None
) -> None:
    """The checks of what a proof covers: time, status, schema, trust, holder binding."""
    ledger.judge("time", lambda: check_period(covered.valid, proof_expires, terms))
    judge_standing(ledger, covered, terms)
    ledger.judge("holder-binding", lambda: presented_by_its_subject(covered, terms))


def judge_standing(ledger: Ledger, covered: Covered, terms: Terms) -> None:
    """The checks of what a proof covers that ask others: status, schema, trust."""
    ledger.judge("status", lambda: _status(covered, terms))
    ledger.judge("schema", lambda: _schema(covered, terms))
    ledger.judge("trust", lambda: _trust(covered, terms.policy))


def judge_presentation(
    ledger: Ledger,
    terms: Terms,
    *,
    valid: tuple[datetime | None, datetime | None],
    created: datetime | None,
    answered: tuple[Collection[str], str | None],
    presented: int,
) -> None:
    """The checks of a presentation of so many credentials.

    `answered` are the audience and the nonce that its proof names.
    """
    ledger.judge("time", lambda: check_period(valid, None, terms))
    ledger.judge("status", lambda: _none_of_a_presentation("status"))
    ledger.judge("schema", lambda: _none_of_a_presentation("schema"))
    ledger.judge("trust", lambda: _presents_something(presented, terms.policy))
    ledger.judge("holder-binding", lambda: _answers(terms, created, answered))


def check_period(
    valid: tuple[datetime | None, datetime | None], proof_expires: datetime | None, terms: Terms
) -> tuple[str, object]:
    """Whether now is within a validity, and before the proof expires: a step."""
    now, leeway = terms.now, terms.policy.leeway
    start, end = valid
    if start is not None and now + leeway < start:
        raise Rejected("not valid yet", f"valid from {format_timestamp(start)}, now {format_timestamp(now)}")
    if end is not None and now - leeway > end:
        raise Rejected("expired", f"valid until {format_timestamp(end)}, now {format_timestamp(now)}")
    if proof_expires is not None and now - leeway > proof_expires:
        raise Rejected("the proof has expired", format_timestamp(proof_expires))
    if valid == (None, None):
        return "it has no dates to keep", ""
    bounds = " until ".join(format_timestamp(moment) if moment else "open" for moment in valid)
    return "within its validity", bounds


def require_challenge(policy: Policy) -> Challenge | NoChallenge:
    """What a presentation must answer. Raises UsageError where the verifier has not said."""
    if policy.challenge is None:
        raise UsageError(
            "a presentation is verified against the challenge it answers, and none is given",
            hint="give --audience and --nonce, or --insecure-no-challenge",
        )
    return policy.challenge


def _status(covered: Covered, terms: Terms) -> tuple[str, object]:
    from ipse.credentials import status

    if terms.is_status_list:
        raise NotApplicable("the status of a status list is not looked up")
    return status.status_step(
        status.entries_of(covered.document),
        covered.issuer,
        fetch=terms.sources.fetch,
        verify_w3c_list=lambda secured: _verified_list(secured, covered.issuer, terms),
        resolve_key=lambda issuer, kid: _list_key(issuer, kid, terms),
        now=terms.now,
        leeway=terms.policy.leeway,
        keep=terms.sources.keep,
    )


def _verified_list(secured: JsonObject | str, issuer: str, terms: Terms) -> Listed:
    from ipse.credentials.status import Listed
    from ipse.credentials.verification import verify_one

    found = verify_one(secured, terms.for_status_list(issuer))
    found.report.raise_unless_passed("the status list")
    assert found.covered is not None
    return Listed(found.covered.document, found.covered.issuer)


def _list_key(issuer: str, kid: str | None, terms: Terms) -> PublicKey:
    """The key with which an issuer asserts, for a status list token."""
    found, _, _ = issuer_keys.resolve({} if kid is None else {"kid": kid}, {"iss": issuer}, terms)
    if found.controller is not None and found.method is not None:
        methods.check_purpose(found.controller, found.method, "assertionMethod", expected="assertionMethod")
    return found.key


def _schema(covered: Covered, terms: Terms) -> tuple[str, object]:
    from ipse.credentials import json_schema

    return json_schema.check_credential_schema(covered.document, terms.sources.schemas)


def _trust(covered: Covered, policy: Policy) -> tuple[str, object]:
    issuer = covered.issuer
    if issuer in policy.issuers:
        return "the issuer is one of those asked for", issuer
    if policy.issuers:
        raise Rejected("the issuer is not one of those asked for", issuer)
    if policy.any_issuer:
        return "any issuer is accepted", issuer
    if not policy.trusted:
        raise Undetermined(
            "nobody said whose credentials to accept: give --issuer DID or --any-issuer, or trust an issuer"
        )
    return _trusted_for(covered, policy)


def _trusted_for(covered: Covered, policy: Policy) -> tuple[str, object]:
    """Every type that the credential claims must be one that its issuer is trusted for."""
    allowed = policy.trusted.get(covered.issuer)
    if allowed is None:
        raise Rejected("the issuer is not in the trust list", covered.issuer)
    claimed = {name for name in covered.types if name != _BASE_TYPE} or {_BASE_TYPE}
    if ANY_TYPE not in allowed and not claimed <= allowed:
        raise Rejected("the issuer is not trusted for this type", ", ".join(sorted(claimed - allowed)))
    return "the issuer is in the trust list for this type", covered.issuer


def presented_by_its_subject(covered: Covered, terms: Terms) -> tuple[str, object]:
    """Whether who presents a credential is whom it is about: a step."""
    if terms.presenter is None:
        if isinstance(terms.policy.challenge, Challenge):
            raise Rejected("a credential on its own: nobody proves to hold it", covered.form)
        raise NotApplicable("a credential on its own, not a presentation")
    if not covered.subjects:
        raise NotApplicable("it names no subject, so anyone may present it")
    if terms.presenter in covered.subjects:
        return "presented by its subject", terms.presenter
    if terms.policy.any_holder:
        return "presented by another than its subject, which the verifier accepts", terms.presenter
    raise Rejected("presented by another than its subject", terms.presenter)


def _answers(
    terms: Terms, created: datetime | None, answered: tuple[Collection[str], str | None]
) -> tuple[str, object]:
    challenge = require_challenge(terms.policy)
    if not isinstance(challenge, Challenge):
        raise NotApplicable("the verifier gave no challenge: this may be a replay")
    audience, nonce = answered
    if tuple(audience) != (challenge.audience,):
        raise Rejected("it was not made for this audience alone", ", ".join(audience) or "for nobody")
    if nonce != challenge.nonce:
        raise Rejected("it does not answer the nonce", nonce or "none")
    if created is not None and created > terms.now + terms.policy.leeway:
        raise Rejected("it was made in the future", format_timestamp(created))
    limit = timedelta(seconds=challenge.max_age) + terms.policy.leeway
    if created is not None and created < terms.now - limit:
        raise Rejected("it was made too long ago", format_timestamp(created))
    return "answers the challenge", challenge.audience


def _presents_something(presented: int, policy: Policy) -> tuple[str, object]:
    """An empty presentation must not pass for one of a trusted issuer's credentials."""
    if presented or policy.any_issuer:
        return _none_of_a_presentation("issuer to be trusted")
    raise Rejected("it presents no credential, so nothing of a trusted issuer")


def _none_of_a_presentation(what: str) -> tuple[str, object]:
    raise NotApplicable(f"a presentation has no {what}; each credential in it is judged")
