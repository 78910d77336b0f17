"""W3C credentials and presentations of data model 2.0 with embedded Data Integrity proofs, as a format.

Source: VCDM 2.0; W3C Verifiable Credential Data Integrity 1.0.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from datetime import datetime
from typing import Final

from ipse.credentials import model, signers, w3c_presentation
from ipse.credentials.content import Content
from ipse.credentials.formats import data_integrity
from ipse.credentials.formats.data_integrity import PreparedProof, Proof, Suite
from ipse.credentials.formats.data_integrity.cryptosuites import suite_for_signing
from ipse.credentials.formats.format import (
    Format,
    IssueOptions,
    Presentable,
    Proven,
    Received,
    Selection,
    Signer,
    SigningKey,
    Unverified,
)
from ipse.credentials.formats.vcdm2 import Vcdm2, credential_content, holder_named_in
from ipse.credentials.policy import Challenge, VerificationContext
from ipse.credentials.report import Rejected
from ipse.dids import resolver
from ipse.dids.resolver import UsedMethod
from ipse.encoding import strict_json
from ipse.encoding.strict_json import Json, JsonObject, as_list
from ipse.errors import MalformedInput, UsageError

__all__ = ["FORMAT"]


class _DataIntegrity(Vcdm2):
    name = "w3c"
    title = "W3C 2.0 with an embedded proof"
    media_types: Mapping[str, bool] = {}
    options = frozenset({"suite", "contexts", "undefined_terms"})
    set_by_issuer: Mapping[str, str] = {**Vcdm2.set_by_issuer, "proof": "it is made for every row"}

    # Reading

    def read(self, received: Received) -> Unverified:
        presents, document = received.is_presentation, received.document or {}
        return Unverified(self, presents, "a JSON document", self.name, document, answers_challenge=presents)

    def claimed(self, unverified: Unverified) -> Content:
        document = unverified.document
        for violation in model.violations(document):
            raise MalformedInput(f"not a credential: {violation}")
        return credential_content(self.name, document, model.issuer_of(document), model.validity(document))

    # Verification

    def check_data_model(
        self, unverified: Unverified, context: VerificationContext
    ) -> tuple[tuple[str, ...], str, object]:
        document = unverified.document
        kind = "presentation" if unverified.is_presentation else "credential"
        # Proofs over RDF refuse themselves whatever would be lost in it.
        signs_rdf = _all_sign_rdf(document)
        found = self.check_rules(document, context, json_ld=not signs_rdf)
        if found.kind != kind:
            raise Rejected("data-model", f"it is a {found.kind}, a {kind} is expected")
        warnings = tuple(str(warning) for warning in found.warnings)
        return warnings, "conforms to VCDM 2.0", ", ".join(model.types_of(document))

    def find_signer(
        self, unverified: Unverified, context: VerificationContext
    ) -> tuple[JsonObject, str, object]:
        document = unverified.document
        party = holder_named_in(document) if unverified.is_presentation else model.issuer_of(document)
        if party is None:
            party = signers.controller_of(data_integrity.proofs_of(document)[0].verification_method)
        return signers.resolve(party, context)

    def check_proof(
        self, unverified: Unverified, signer: JsonObject, context: VerificationContext
    ) -> tuple[Proven, str, object]:
        """All proofs hold, and one of them at least is by the issuer (or holder) itself.

        What the presenter claims of itself may go without a proof of its own: the presentation's covers it.
        """
        secured, party = unverified.document, signer.get("id")
        if "proof" not in secured and context.presenter is not None and context.presenter == party:
            if not context.presented_with:
                raise Rejected("no-issuer-proof", "it has no proof, and the presenter's keys are not known")
            content = _credential(secured, context)
            reason = "its issuer presents it, so the presentation's proof covers it"
            return Proven(content, methods=context.presented_with, self_asserted=True), reason, "none"
        proofs = data_integrity.proofs_of(secured)
        own = [proof for proof in proofs if signers.controller_of(proof.verification_method) == party]
        if not own:
            raise Rejected(
                "no-issuer-proof",
                "no proof is by a verification method of the issuer's",
                proofs[0].verification_method,
            )
        others = [proof for proof in proofs if proof not in own]
        methods, documents = [], []
        for proof in (*own, *others):
            controller = signer
            if proof in others:
                controller = context.sources.resolve(signers.controller_of(proof.verification_method))
            method = signers.method_of(controller, proof.verification_method)
            key = resolver.method_key(method)
            documents.append(
                data_integrity.verify_proof(
                    secured,
                    proof,
                    key,
                    contexts=context.sources.known_contexts(),
                    budget=context.sources.budget,
                )
            )
            methods.append(UsedMethod(controller, method, proof.created))
        # With several proofs, trust only the contexts that every proof covers.
        document = min(documents, key=lambda each: len(as_list(each.get("@context"))))
        if document.get("@context") != secured.get("@context"):
            _refuse_broken(document)
        names = ", ".join(proof.suite.name for proof in proofs)
        ends = [proof.expires for proof in proofs if proof.expires is not None]
        proven = Proven(
            _presentation(document, own[0]) if unverified.is_presentation else _credential(document, context),
            is_presentation=unverified.is_presentation,
            expires=min(ends, default=None),
            methods=tuple(methods),
            purposes=tuple(proof.purpose for proof in proofs),
        )
        if unverified.is_presentation:
            proven = replace(proven, created=own[0].created, audience=own[0].domain, nonce=own[0].challenge)
        return (
            proven,
            f"{names} {'signatures are' if len(proofs) > 1 else 'signature is'} right",
            ", ".join(proof.verification_method for proof in proofs),
        )

    def check_holder_binding(self, proven: Proven, context: VerificationContext) -> None:
        return None

    # Issuing

    def check_options(self, options: IssueOptions, key_type: str) -> None:
        suite_for_signing(key_type, options.suite)

    def signer(self, signing_key: SigningKey, options: IssueOptions, *, created: datetime) -> Signer:
        prepared: PreparedProof | None = None

        def sign(unsigned: JsonObject) -> JsonObject:
            nonlocal prepared
            self.refuse_broken(unsigned)
            if prepared is None or prepared.context != unsigned.get("@context"):
                prepared = data_integrity.prepare(
                    {"@context": unsigned.get("@context")},
                    signing_key.key.key_type,
                    verification_method=signing_key.verification_method,
                    created=created,
                    cryptosuite=options.suite,
                    contexts=options.contexts,
                )
            return data_integrity.sign(unsigned, signing_key.key, prepared, contexts=options.contexts)

        return sign

    def _signs_rdf(self, options: IssueOptions) -> bool:
        return options.suite is not None and data_integrity.SUITES[options.suite].signs_rdf

    # Presenting

    binds_data = False

    def presentable(self, credential: str) -> Presentable:
        return w3c_presentation.presentable(credential)

    def select_paths(self, credential: str, paths: Sequence[tuple[str | int, ...]]) -> Selection:
        return self.select([credential], ())

    def select(self, credentials: Sequence[str], disclose: Sequence[str]) -> Selection:
        documents = w3c_presentation.whole(self, credentials, disclose)
        return Selection(documents, secured=[strict_json.parse_object(text) for text in credentials])

    def present(
        self,
        selection: Selection,
        holder: SigningKey,
        challenge: Challenge,
        *,
        now: datetime,
        bound_data: Mapping[str, Json] | None = None,
    ) -> JsonObject:
        w3c_presentation.refuse_data(bound_data)
        documents: list[JsonObject] = selection.secured
        return data_integrity.add_proof(
            w3c_presentation.build(holder.did, documents),
            holder.key,
            verification_method=holder.verification_method,
            created=now,
            purpose=signers.AUTHENTICATION,
            cryptosuite=_suite_of(documents, holder.key.key_type),
            domain=challenge.audience,
            challenge=challenge.nonce,
        )

    def present_unbound(self, selection: Selection) -> JsonObject | str:
        return w3c_presentation.alone(selection)


def _credential(document: JsonObject, context: VerificationContext) -> Content:
    issuer, validity = model.issuer_of(document), model.validity(document)
    return credential_content("w3c", document, issuer, validity, contexts=context.sources.known_contexts())


def _presentation(document: JsonObject, proof: Proof) -> Content:
    named = holder_named_in(document)
    holder = signers.controller_of(proof.verification_method) if named is None else named
    return Content("w3c", document, holder, (), model.types_of(document))


def _all_sign_rdf(secured: JsonObject) -> bool:
    """Whether the document has proofs, and all of them sign RDF."""
    found: list[Suite | None] = []
    for entry in as_list(secured.get("proof")):
        name = entry.get("cryptosuite", entry.get("type")) if isinstance(entry, dict) else None
        found.append(data_integrity.SUITES.get(name) if isinstance(name, str) else None)
    return all(suite is not None and suite.signs_rdf for suite in found)


def _refuse_broken(document: JsonObject) -> None:
    """A context that was appended may have mended what was signed."""
    presentation = "VerifiablePresentation" in model.types_of(document)
    broken = (model.presentation_violations if presentation else model.violations)(document)
    for violation in broken:
        raise Rejected(
            "data-model", f"what was signed breaks a rule of the data model: {violation}", violation.pointer
        )


def _suite_of(documents: Sequence[JsonObject], key_type: str) -> str | None:
    """The RDF suite of the key where the proofs of all credentials sign RDF, else the default."""
    if not all("proof" in document and _all_sign_rdf(document) for document in documents):
        return None
    for suite in data_integrity.SUITES.values():
        if suite.signs_rdf and key_type in suite.key_types and not suite.has_own_type:
            return suite.name
    raise UsageError(f"there is no cryptosuite over RDF for {key_type} keys")


FORMAT: Final[Format] = _DataIntegrity()
