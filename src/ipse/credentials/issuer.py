"""Issuing: one credential or a million, in every format, through the same signer.

    issuer = Issuer(SigningKey(did, method, key), IssueOptions("w3c"), now=...)
    issuer.issue(draft)                        -> Issued
    issuer.template(document).issue(row)       -> the credential of a row

Whatever can be decided about the options is decided when the issuer is made, before the first credential.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Final

from ipse.credentials import formats
from ipse.credentials.formats.format import Draft, IssueOptions, SigningKey
from ipse.credentials.formats.vcdm2 import new_id
from ipse.credentials.template import compile_template
from ipse.dids import resolver
from ipse.dids.resolver import Resolve
from ipse.encoding import strict_json
from ipse.encoding.strict_json import Json, JsonObject, excerpt
from ipse.errors import MalformedInput, UsageError

__all__ = ["Draft", "IssueOptions", "Issued", "Issuer", "SigningKey", "TemplateIssuer"]

_OPTIONS: Final = {
    "suite": "--suite",
    "contexts": "--context",
    "undefined_terms": "--undefined-terms",
    "disclosable": "--disclosable",
    "decoys": "--decoys",
    "x5c": "--x5c",
}


@dataclass(frozen=True, slots=True)
class Issued:
    """A new credential: JSON with an embedded proof, or a token. `warnings` are for the issuer."""

    credential: JsonObject | str = field(repr=False)
    warnings: tuple[str, ...] = ()

    @property
    def text(self) -> str:
        """The credential as text: the token, or JSON on one line."""
        if isinstance(self.credential, str):
            return self.credential
        return strict_json.canonical(self.credential).decode()


class Issuer:
    """Issues credentials with one key under one set of options, dated `now` (aware).

    Raises UsageError for options that the format does not take, that can't go together or not with the type
    of key, and for a DID whose credentials nobody could verify; MissingFeature where a library is absent.
    """

    def __init__(self, signing_key: SigningKey, options: IssueOptions, *, now: datetime) -> None:
        self.format = formats.named(options.format)
        self.did = signing_key.did
        self.now = now
        self._options = options
        if not resolver.publishes_keys(signing_key.did):
            raise UsageError(
                f"{signing_key.did} publishes no key, so nobody can verify what it issues",
                hint="issue with a did:key, did:jwk or did:web",
            )
        for name, option in _OPTIONS.items():
            if name not in self.format.options and getattr(options, name):
                raise UsageError(
                    f"--format {options.format} does not take {option}", hint=f"leave {option} out"
                )
        self.format.check_options(options, signing_key.key.key_type)
        self._sign = self.format.signer(signing_key, options, created=now)

    def issue(self, content: Draft | JsonObject, *, resolve: Resolve = resolver.resolve) -> Issued:
        """The credential of a draft, or of a whole prepared document without a proof.

        `resolve` finds the key of the subject, where the format binds credentials to it. Raises
        MalformedInput (a rule of the data model, a term that would not be signed), UsageError, Undetermined.
        """
        return self.sign(self.unsigned(content, resolve=resolve))

    def unsigned(self, content: Draft | JsonObject, *, resolve: Resolve = resolver.resolve) -> JsonObject:
        """The credential before it is signed. Raises as `issue` does."""
        if isinstance(content, Draft):
            document = self.format.build(content, self.did, now=self.now, resolve=resolve)
        else:
            document = self.format.adopt(content, self.did, now=self.now)
        return self.format.prepare(document, self._options)

    def identified(self, unsigned: JsonObject) -> JsonObject:
        """The unsigned credential with an identifier, a new one where it has none. Raises MalformedInput."""
        name = self.format.identifier
        whole = unsigned if name in unsigned else {**unsigned, name: new_id()}
        if not (isinstance(whole[name], str) and whole[name]):
            raise MalformedInput(
                f"{name} is {excerpt(whole[name])}, not what a credential on a status list is known by",
                hint="give a text, or leave it out for a new one",
            )
        return whole

    def sign(self, unsigned: JsonObject) -> Issued:
        """The credential. Raises as `issue` does."""
        warnings = self.format.warnings(unsigned, self._options)
        made = self._sign(unsigned)
        if not isinstance(made, str):
            # A number such as 1e20 is an integer beyond 2^53 in canonical JSON, which readers refuse.
            strict_json.parse_object(strict_json.canonical(made), what="the credential as it would be issued")
        return Issued(made, warnings)

    def template(self, source: JsonObject, *, has_status: bool = False) -> TemplateIssuer:
        """An issuer of one credential for each row, each with status entries where `has_status`.

        Raises MalformedInput for a template that can give no credential, UsageError for one with members
        that are set for each row.
        """
        return TemplateIssuer(self, source, has_status=has_status)

    def sign_document(self, unsigned: JsonObject) -> JsonObject | str:
        """The credential, without a look for warnings."""
        return self._sign(unsigned)

    def prepared(self, source: JsonObject) -> JsonObject:
        """A template with what the issuer and its options add to it."""
        return self.format.prepare(self.format.complete(source, self.did, created=self.now), self._options)

    def warnings(self, document: JsonObject) -> tuple[str, ...]:
        """What the issuer should know about a document before it is signed. Raises as `issue` does."""
        return self.format.warnings(document, self._options)


class TemplateIssuer:
    """Issues the credentials of rows: a template with `{{column}}` places, filled and signed."""

    def __init__(self, issuer: Issuer, source: JsonObject, *, has_status: bool) -> None:
        form = issuer.format
        if has_status:
            _refuse_members(source, (form.status_member, form.identifier))
        self.template = compile_template(source, refused=form.set_by_issuer)
        document = issuer.prepared(source)
        self._issuer = issuer
        self._filled = compile_template(document, refused={})
        self._identifier = form.identifier
        self._needs_identifier = form.is_always_identified and form.identifier not in source
        self._status_member = form.status_member if has_status else None
        for pointer, rule in form.violations(document):
            if pointer.split("/")[1] not in {*self._filled.variable, form.identifier}:
                raise MalformedInput(
                    f"the template is not a credential: {pointer} {rule}",
                    hint="this is a rule of its data model",
                )
        self.warnings = issuer.warnings(_with_samples(document))

    def issue(
        self, row: Mapping[str, Json], identifier: str | None = None, status: Json = None
    ) -> JsonObject | str:
        """The credential of a row, which gets this identifier and status. Raises MalformedInput."""
        document = self._filled.fill(row)
        if self._needs_identifier or identifier is not None:
            document = {**document, self._identifier: identifier or new_id()}
        if self._status_member is not None:
            document = {**document, self._status_member: status}
        if any(isinstance(value, (dict, list)) for value in row.values()):
            strict_json.check_value(document, "the credential")
        return self._issuer.sign_document(document)


def _refuse_members(source: JsonObject, members: tuple[str, ...]) -> None:
    for member in members:
        if member in source:
            raise UsageError(
                f"the template has a {member} of its own, and the batch gives one to every credential",
                hint=f"leave {member} out of the template, or the status list out of the command",
            )


def _with_samples(value: Json) -> Json:
    """A template with something in its places that can stand for text and for an identifier."""
    if isinstance(value, dict):
        return {name: _with_samples(item) for name, item in value.items()}
    if isinstance(value, list):
        return [_with_samples(item) for item in value]
    return "urn:example:place" if isinstance(value, str) and "{{" in value else value
