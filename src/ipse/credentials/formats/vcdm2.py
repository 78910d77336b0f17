"""What the formats of W3C data model 2.0 share, whatever secures the document.

Source: Verifiable Credentials Data Model 2.0.
"""

from __future__ import annotations

import uuid
from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import TYPE_CHECKING, Final

from ipse.credentials import model
from ipse.credentials.content import Content, Validity
from ipse.credentials.formats.format import Draft, IssueOptions, Unverified
from ipse.credentials.model import lint
from ipse.credentials.status import W3C_LIST
from ipse.dids.resolver import Resolve
from ipse.encoding.strict_json import JsonObject, as_list, excerpt
from ipse.encoding.timestamps import format_timestamp
from ipse.errors import MalformedInput, Undetermined, UsageError

if TYPE_CHECKING:
    from ipse.credentials.json_ld import Contexts
    from ipse.credentials.policy import VerificationContext

__all__ = [
    "Vcdm2",
    "adopt",
    "claimed_issuer",
    "contexts_of",
    "credential_content",
    "holder_named_in",
    "new_id",
    "refuse_misnamed",
]

_UNDEFINED_TERMS: Final = "https://www.w3.org/ns/credentials/undefined-terms/v2"


def new_id() -> str:
    """A new identifier for a credential."""
    return f"urn:uuid:{uuid.uuid4()}"


def contexts_of(options: IssueOptions) -> Contexts:
    """The JSON-LD contexts of the options, by default those that ipse carries."""
    from ipse.credentials import json_ld

    return options.contexts if options.contexts is not None else json_ld.known()


def holder_named_in(presentation: JsonObject) -> str | None:
    """The holder that a presentation names, in either of the two forms."""
    holder = presentation.get("holder")
    identifier = holder.get("id") if isinstance(holder, dict) else holder
    return identifier if isinstance(identifier, str) else None


def claimed_issuer(document: JsonObject) -> tuple[str, tuple[str, ...]]:
    """The issuer that a W3C document names, empty where it names none, and its types; nothing is checked."""
    issuer = document.get("issuer")
    identifier = issuer.get("id") if isinstance(issuer, dict) else issuer
    types = tuple(name for name in as_list(document.get("type")) if isinstance(name, str))
    return identifier if isinstance(identifier, str) else "", types


def credential_content(
    name: str, document: JsonObject, issuer: str, validity: Validity, *, contexts: Contexts | None = None
) -> Content:
    """What a W3C credential says, in the terms that all formats share.

    Its subjects are those that it names in JSON-LD, by `contexts` or those that ipse carries.
    """
    from ipse.credentials import json_ld

    named = json_ld.subjects(document, contexts or json_ld.known())
    return Content(
        format=name,
        document=document,
        issuer=issuer,
        subjects=named.identifiers,
        subjects_unclear=named.unclear,
        has_unnamed_subject=named.unnamed,
        types=model.types_of(document),
        validity=validity,
        claims=document.get("credentialSubject"),
    )


def refuse_misnamed(
    document: JsonObject, contexts: Contexts, error: type[Undetermined | MalformedInput] = Undetermined
) -> None:
    """Raise `error` where a member of the data model stands under another name, which not all read."""
    from ipse.credentials import json_ld

    found = json_ld.misnamed(document, contexts)
    if found is not None:
        name, member = found
        raise error(
            f"{excerpt(name)} can stand for {member}, which is read under its own name alone",
            hint=f"its issuer has to call it {member}",
            code="member-by-other-name",
        )


def adopt(document: JsonObject, member: str, issuer: str) -> JsonObject:
    """A prepared document whose `member` names the issuer. Raises MalformedInput where it names another."""
    if "proof" in document:
        raise MalformedInput("the document has a proof already", hint="sign the document without its proof")
    named = document.get(member, issuer)
    identifier = named.get("id", issuer) if isinstance(named, dict) else named
    if identifier != issuer:
        raise MalformedInput(
            f"the document's {member} is {excerpt(identifier)}, not {issuer}",
            hint="leave it out, or choose that DID with --issuer",
        )
    return {**document, member: {**named, "id": issuer} if isinstance(named, dict) else issuer}


class Vcdm2:
    """Reading and building documents of data model 2.0. The format's name comes from the subclass."""

    name: str
    status_kind: str | None = W3C_LIST
    status_member = "credentialStatus"
    max_status_entries: int | None = None
    identifier = "id"
    is_always_identified = True
    set_by_issuer: Mapping[str, str] = {"issuer": "it is set for every row"}

    def claimed_issuer(self, unverified: Unverified) -> tuple[str, tuple[str, ...]]:
        """The issuer that the document names, and its types."""
        return claimed_issuer(unverified.document)

    def require_available(self) -> None:
        """Nothing beyond what ipse installs."""

    def check_rules(
        self, document: JsonObject, context: VerificationContext, *, json_ld: bool = True
    ) -> lint.Lint:
        """The rules of the data model and of its contexts. Raises Rejected for the first broken one."""
        from ipse.credentials.report import Rejected

        sources = context.sources
        found = lint.lint_vcdm2(document, sources.known_contexts(), json_ld=json_ld, budget=sources.budget)
        for violation in found.violations:
            raise Rejected("data-model", f"breaks a rule of the data model: {violation}", violation.pointer)
        if json_ld:
            refuse_misnamed(document, sources.known_contexts())
        return found

    def build(self, draft: Draft, issuer: str, *, now: datetime, resolve: Resolve) -> JsonObject:
        """The unsigned credential of a draft."""
        return model.build(
            issuer=issuer,
            subject=draft.subject,
            types=draft.types,
            claims=draft.claims,
            credential_id=draft.credential_id or new_id(),
            valid_from=draft.valid_from or now,
            valid_until=draft.valid_until,
        )

    def adopt(self, document: JsonObject, issuer: str, *, now: datetime) -> JsonObject:
        """A prepared document with the issuer filled in."""
        return adopt(document, "issuer", issuer)

    def complete(self, template: JsonObject, issuer: str, *, created: datetime) -> JsonObject:
        """A template with issuer and validFrom, in the usual order of members."""
        members = {"issuer": issuer, "validFrom": format_timestamp(created), **template}
        first = [name for name in ("@context", "id", "type", "issuer", "validFrom") if name in members]
        return {name: members[name] for name in (*first, *(name for name in members if name not in first))}

    def violations(self, document: JsonObject) -> Sequence[tuple[str, str]]:
        """The rules of the data model that an unsigned credential breaks."""
        return [(violation.pointer, violation.rule) for violation in model.violations(document)]

    def prepare(self, document: JsonObject, options: IssueOptions) -> JsonObject:
        """The document, with the context for undefined terms where the options ask for it."""
        context = as_list(document.get("@context"))
        if not options.undefined_terms or _UNDEFINED_TERMS in context or "@context" not in document:
            return document
        return {**document, "@context": [*context, _UNDEFINED_TERMS]}

    def warnings(self, document: JsonObject, options: IssueOptions) -> tuple[str, ...]:
        """What JSON-LD processors would lose of a document whose every byte is signed: one line or none."""
        from ipse.credentials import json_ld

        signs_rdf = self._signs_rdf(options)
        try:
            findings = json_ld.findings(document, contexts_of(options), signs_rdf=signs_rdf)
        except Undetermined as error:
            if signs_rdf:
                raise
            return (f"the JSON-LD contexts were not checked: {error.message}",)
        for finding in findings:
            if lint.is_fault_of_context(finding):
                raise MalformedInput(f"not a credential: {finding}")
        if signs_rdf:
            # Other findings may come from what stands in the places of a template.
            certain = tuple(finding for finding in findings if finding.code != json_ld.LOST)
            if certain:
                raise json_ld.UnsafeDocument(certain)
            return ()
        refuse_misnamed(document, contexts_of(options), MalformedInput)
        if not findings:
            return ()
        places = [finding.pointer for finding in findings]
        shown = ", ".join(places[:3]) + (f" and {len(places) - 3} more" if len(places) > 3 else "")
        why = findings[0].reason
        return (f"JSON-LD would lose {shown} ({why}); --undefined-terms gives undefined terms a meaning",)

    def _signs_rdf(self, options: IssueOptions) -> bool:
        return False

    def refuse_broken(self, unsigned: JsonObject) -> None:
        """Raise MalformedInput where an unsigned credential breaks a rule of the data model."""
        for violation in model.violations(unsigned):
            raise MalformedInput(
                f"not a credential: {violation}", hint="this is a rule of the VC data model 2.0"
            )


def refuse_suite(name: str, options: IssueOptions) -> None:
    """Raise UsageError where a format without cryptosuites is given one."""
    if options.suite is not None:
        raise UsageError(f"--format {name} has no cryptosuites", hint="leave --suite out")
