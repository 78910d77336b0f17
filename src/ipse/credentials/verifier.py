"""Verification: ten checks in a fixed order, none of which can be left out, for every format.

Each of the first four gives the next one what it needs, so that none can be made before the one before it
held. The others judge what the proof covers, and nothing else.

Trust comes before cost: a credential that claims to be of somebody who is not trusted fails whatever its
proof says, so nothing is fetched, resolved or canonicalised for it, nor for a presentation that it is in.
All of it happens within one budget.

    verify(presented, policy=Policy(...), now=..., sources=Sources(...))  -> Verification
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import TYPE_CHECKING, Final

from ipse.credentials import formats, issuer_trust, signers
from ipse.credentials.content import Content, VerifiedCredential, VerifiedPresentation
from ipse.credentials.formats.format import Proven, Unverified
from ipse.credentials.policy import (
    Challenge,
    Policy,
    Sources,
    VerificationContext,
    require_challenge,
)
from ipse.credentials.report import (
    NotApplicable,
    Outcome,
    Rejected,
    Report,
    ReportBuilder,
    Stopped,
    with_credentials,
)
from ipse.encoding.strict_json import Json, JsonObject, as_list, kind_of
from ipse.encoding.timestamps import format_timestamp
from ipse.errors import IpseError, Undetermined

if TYPE_CHECKING:
    from ipse.credentials.status import Listed

__all__ = ["MAX_CREDENTIALS", "Verification", "verify", "verify_one"]

MAX_CREDENTIALS: Final = 64
"""Credentials of one presentation that are looked at."""
_STATUS_MEMBERS: Final = frozenset({"credentialStatus", "status"})


@dataclass(frozen=True, slots=True)
class Verification:
    """The report and, where the proof holds, what it covers.

    `credentials` are the verifications of the credentials in a presentation, in its order.
    """

    report: Report
    content: Content | None
    credentials: tuple[Verification, ...] = ()
    is_presentation: bool = False

    @property
    def verified(self) -> VerifiedCredential | VerifiedPresentation | None:
        """What was verified; None unless every check passed."""
        if self.report.outcome is not Outcome.PASSED or self.content is None:
            return None
        if not self.is_presentation:
            return VerifiedCredential.of(self.content, self.report)
        credentials = [each.verified for each in self.credentials]
        return VerifiedPresentation(
            self.content.issuer,
            tuple(each for each in credentials if isinstance(each, VerifiedCredential)),
            self.report,
        )

    def to_json(self) -> JsonObject:
        """The report, and `verified` beside it where every check passed."""
        verified = self.verified
        return self.report.to_json() | ({} if verified is None else {"verified": verified.to_json()})


def verify(
    presented: str | JsonObject, *, policy: Policy, now: datetime, sources: Sources | None = None
) -> Verification:
    """Verify a credential or a presentation in any of the formats, as text or as a JSON object.

    Raises UsageError for a presentation where the policy has no challenge, MissingFeature where a library is
    absent that its format needs, and TooMuchWork for what is made to be costly or uses up the budget of
    `sources`; whatever else is wrong is in the report.
    """
    sources = sources or Sources()
    if policy.names_nobody:
        sources = sources.without_fetching()
    return verify_one(presented, VerificationContext(policy, now, sources))


def verify_one(presented: object, context: VerificationContext) -> Verification:
    """Like `verify`, under the terms of what is around it: a credential in a presentation, a status list."""
    builder = ReportBuilder(ask=context.sources.budget.check)
    try:
        return _verify(presented, context, builder)
    except Stopped:
        return Verification(builder.report(), None)


def _verify(presented: object, context: VerificationContext, builder: ReportBuilder) -> Verification:
    """The ten checks. Raises Stopped after the first of the chain that does not pass."""
    unverified = builder.require("parse", lambda: _parse(presented, context))
    form = unverified.format
    form.require_available()
    if unverified.answers_challenge:
        require_challenge(context.policy)
    expected = signers.AUTHENTICATION if unverified.is_presentation else signers.ASSERTION
    warnings = builder.require("data-model", lambda: _check_data_model(unverified, context))
    if reason := _ruled_out(unverified, context, builder):
        builder.leave_out(f"not made: {reason}")
        return _left_out(unverified, context, builder.report(warnings))
    signer = builder.require("issuer", lambda: form.find_signer(unverified, context))
    proven = builder.require("proof", lambda: form.check_proof(unverified, signer, context))
    builder.judge("purpose", lambda: _check_purpose(proven, expected, context))
    builder.judge("time", lambda: _check_time(proven, context))
    builder.judge("trust", lambda: _check_trust(proven, context.policy))
    builder.judge("status", lambda: _check_status(proven, context))
    builder.judge("schema", lambda: _check_schema(proven, context))
    builder.judge("holder-binding", lambda: _check_holder_binding(unverified, proven, context))
    report = builder.report(warnings)
    if not unverified.is_presentation:
        return Verification(report, proven.content)
    inside = context.inside(proven.content.issuer, proven.methods)
    credentials = tuple(verify_one(each, inside) for each in _credentials_in(proven.content.document))
    report = with_credentials(report, [each.report for each in credentials])
    return Verification(report, proven.content, credentials, is_presentation=True)


def _ruled_out(unverified: Unverified, context: VerificationContext, builder: ReportBuilder) -> str:
    """Why trust decides already, by what it claims and whatever the proof says; empty where it does not."""
    policy = context.policy
    if unverified.is_presentation:
        inside = _credentials_in(unverified.document)
        strange = any(_is_of_a_stranger(each, context) for each in inside)
        return "one of its credentials is not trusted" if strange else ""
    if builder.rule_out("trust", lambda: issuer_trust.may_be_trusted(unverified, policy)):
        return "the issuer is not trusted"
    return "another credential of the presentation is not trusted" if context.is_ruled_out else ""


def _is_of_a_stranger(presented: object, context: VerificationContext) -> bool:
    """Whether a credential in a presentation claims to be of somebody who is not trusted."""
    context.sources.budget.check()
    try:
        unverified, _, _ = _parse(presented, context.inside("", ()))
        issuer_trust.may_be_trusted(unverified, context.policy)
    except Rejected as rejection:
        return rejection.code in issuer_trust.NOT_TRUSTED
    except IpseError:
        return False
    return False


def _left_out(unverified: Unverified, context: VerificationContext, report: Report) -> Verification:
    """The verification of what is ruled out; what is in a presentation is read, and nothing more."""
    if not unverified.is_presentation:
        return Verification(report, None)
    inside = context.ruled_out()
    credentials = tuple(verify_one(each, inside) for each in _credentials_in(unverified.document))
    report = with_credentials(report, [each.report for each in credentials])
    return Verification(report, None, credentials, is_presentation=True)


def _parse(presented: object, context: VerificationContext) -> tuple[Unverified, str, object]:
    if not isinstance(presented, (str, dict)):
        raise Rejected("malformed", f"a JSON {kind_of(presented)} is not a credential")
    unverified = formats.read(presented)
    if unverified.is_presentation and (context.presenter is not None or context.is_status_list):
        raise Rejected("malformed", "a presentation stands where a credential belongs")
    return unverified, unverified.description, unverified.kind


def _check_data_model(
    unverified: Unverified, context: VerificationContext
) -> tuple[tuple[str, ...], str, object]:
    count = len(as_list(unverified.document.get("verifiableCredential", [])))
    if unverified.is_presentation and count > MAX_CREDENTIALS:
        raise Rejected(
            "too-large", f"it presents {count} credentials; at most {MAX_CREDENTIALS} are looked at", count
        )
    return unverified.format.check_data_model(unverified, context)


def _check_purpose(proven: Proven, expected: str, context: VerificationContext) -> tuple[str, object]:
    """Whether every proof was made for `expected`, by a key that may be used for it, and could be then."""
    for purpose in proven.purposes:
        if purpose != expected:
            wanted = "assert credentials" if expected == signers.ASSERTION else "prove who presents them"
            raise Rejected("wrong-purpose", f"the proof was not made to {wanted}", purpose)
    if proven.chain is not None:
        raise NotApplicable("certified-key", "it is the key in the issuer's certificate")
    if not proven.methods:
        raise NotApplicable("published-key", "the issuer publishes this key for its credentials")
    for used in proven.methods:
        used.check(expected, context.now)
    return f"made for {expected}, by a key its controller lists", expected


def _check_time(proven: Proven, context: VerificationContext) -> tuple[str, object]:
    """Whether now is within the validity, and before the proof expires."""
    now, leeway, valid = context.now, context.policy.leeway, proven.content.validity
    if valid.start is not None and now + leeway < valid.start:
        raise Rejected(
            "not-yet-valid",
            "not valid yet",
            f"valid from {format_timestamp(valid.start)}, now {format_timestamp(now)}",
        )
    if valid.end is not None and (
        now - leeway > valid.end or (valid.end_is_exclusive and now - leeway == valid.end)
    ):
        raise Rejected(
            "expired", "expired", f"valid until {format_timestamp(valid.end)}, now {format_timestamp(now)}"
        )
    if proven.expires is not None and now - leeway > proven.expires:
        raise Rejected("proof-expired", "the proof has expired", format_timestamp(proven.expires))
    if valid.start is None and valid.end is None:
        return "it has no dates to keep", ""
    bounds = " until ".join(
        format_timestamp(moment) if moment else "open" for moment in (valid.start, valid.end)
    )
    return "within its validity", bounds


def _check_status(proven: Proven, context: VerificationContext) -> tuple[str, object]:
    _leave_presentations(proven, "status")
    if context.is_status_list:
        raise NotApplicable("status-list", "the status of a status list is not looked up")
    content = proven.content
    if not content.document.keys() & _STATUS_MEMBERS:
        raise NotApplicable("no-status", "it has no status")
    from ipse.credentials import status

    return status.check_status(
        status.entries_of(content.document),
        content.issuer,
        fetch=context.sources.fetch,
        verify_credential=lambda secured: _verified_list(secured, content.issuer, context),
        resolve_key=lambda issuer, kid, issued: signers.asserting_key(issuer, kid, issued, context),
        now=context.now,
        leeway=context.policy.leeway,
        keep=context.sources.keep,
        certified_key=lambda x5c: issuer_trust.list_signer(x5c, proven, context),
    )


def _verified_list(secured: JsonObject | str, issuer: str, context: VerificationContext) -> Listed:
    from ipse.credentials.status import Listed

    found = verify_one(secured, context.for_status_list(issuer))
    found.report.raise_unless_passed("the status list")
    assert found.content is not None
    return Listed(found.content.document, found.content.issuer)


def _check_schema(proven: Proven, context: VerificationContext) -> tuple[str, object]:
    _leave_presentations(proven, "schema")
    if "credentialSchema" not in proven.content.document:
        raise NotApplicable("no-schema", "it has no credentialSchema")
    from ipse.credentials import json_schema

    sources = context.sources
    return json_schema.check_credential_schema(
        proven.content.document, sources.schemas, budget=sources.budget
    )


def _check_trust(proven: Proven, policy: Policy) -> tuple[str, object]:
    if proven.is_presentation:
        # An empty presentation must not pass for one of a trusted issuer's credentials.
        if policy.any_issuer or _credentials_in(proven.content.document):
            _leave_presentations(proven, "issuer to be trusted")
        raise Rejected("empty", "it presents no credential, so nothing of a trusted issuer")
    return issuer_trust.check(proven.content.issuer, proven.content.types, policy, proven.chain)


def _check_holder_binding(
    unverified: Unverified, proven: Proven, context: VerificationContext
) -> tuple[str, object]:
    if proven.is_presentation:
        return _answers_challenge(proven, context)
    if proven.self_asserted:
        return _about_its_presenter(proven.content, context)
    decided = unverified.format.check_holder_binding(proven, context)
    return presented_by_subject(proven.content, context) if decided is None else decided


def presented_by_subject(content: Content, context: VerificationContext) -> tuple[str, object]:
    """Whether the subject of a credential presents it: a step."""
    if context.presenter is None:
        if isinstance(context.policy.challenge, Challenge):
            raise Rejected(
                "no-holder-proof", "a credential on its own: nobody proves to hold it", content.format
            )
        raise NotApplicable("not-presented", "a credential on its own, not a presentation")
    clear = not content.subjects_unclear
    if clear and not content.subjects:
        raise NotApplicable("no-subject", "it names no subject, so anyone may present it")
    if clear and context.presenter in content.subjects:
        return "presented by its subject", context.presenter
    if context.policy.any_holder:
        return "presented by another than its subject, which the verifier accepts", context.presenter
    if not clear:
        raise Undetermined(
            f"whom it is about can't be told: {content.subjects_unclear}",
            hint="a context that is not known is given with --context URL=FILE",
            code="subject-unclear",
        )
    raise Rejected("foreign-holder", "presented by another than its subject", context.presenter)


def _about_its_presenter(content: Content, context: VerificationContext) -> tuple[str, object]:
    """Whether what only its presenter vouches for is about nobody else: a step that no option lifts."""
    presenter = context.presenter or ""
    if content.subjects_unclear:
        raise Undetermined(
            f"whom it is about can't be told: {content.subjects_unclear}", code="subject-unclear"
        )
    if content.subjects == (presenter,) and not content.has_unnamed_subject:
        return "its presenter says it of itself", presenter
    about = ", ".join(content.subjects) or "nobody who is named"
    raise Rejected("self-asserted", "its presenter alone vouches for it, and it is about others", about)


def _answers_challenge(proven: Proven, context: VerificationContext) -> tuple[str, object]:
    challenge = require_challenge(context.policy)
    if not isinstance(challenge, Challenge):
        raise NotApplicable("no-challenge", "the verifier gave no challenge: this may be a replay")
    if proven.audience != (challenge.audience,):
        audience = ", ".join(proven.audience) or "for nobody"
        raise Rejected("wrong-audience", "it was not made for this audience alone", audience)
    if proven.nonce != challenge.nonce:
        raise Rejected("wrong-nonce", "it does not answer the nonce", proven.nonce or "none")
    leeway, made = context.policy.leeway, proven.created
    if made is None:
        raise Rejected("undated", "it does not say when it was made, so it would never get old")
    if made > context.now + leeway:
        raise Rejected("from-the-future", "it was made in the future", format_timestamp(made))
    if made < context.now - timedelta(seconds=challenge.max_age) - leeway:
        raise Rejected("too-old", "it was made too long ago", format_timestamp(made))
    return "answers the challenge", challenge.audience


def _credentials_in(presentation: JsonObject) -> list[Json]:
    return as_list(presentation.get("verifiableCredential", []))


def _leave_presentations(proven: Proven, what: str) -> None:
    """Raise NotApplicable for a presentation."""
    if proven.is_presentation:
        raise NotApplicable("presentation", f"a presentation has no {what}; each credential in it is judged")
