"""W3C credentials and presentations of data model 1.1, embedded proofs and JWTs, as a format.

ipse makes the proofs; didkit checks them, and that a key of the issuer's own DID made them. Source:
Verifiable Credentials Data Model 1.1.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Final

from ipse.credentials import model, signers, w3c_presentation
from ipse.credentials.budget import Budget
from ipse.credentials.content import Content, Validity
from ipse.credentials.formats.format import (
    Draft,
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
from ipse.credentials.formats.vcdm2 import (
    adopt,
    claimed_issuer,
    contexts_of,
    credential_content,
    new_id,
    refuse_misnamed,
)
from ipse.credentials.formats.vcdm11 import didkit_process, embedded_proofs, jwt, presentations
from ipse.credentials.formats.vcdm11.embedded_proofs import ProofResult
from ipse.credentials.formats.vcdm11.spelling import check_names
from ipse.credentials.model import vcdm11
from ipse.credentials.policy import Challenge, VerificationContext
from ipse.credentials.report import Rejected
from ipse.dids import resolver
from ipse.dids.resolver import Resolve, UsedMethod
from ipse.encoding import strict_json
from ipse.encoding.strict_json import Json, JsonObject, excerpt
from ipse.encoding.timestamps import format_timestamp
from ipse.errors import MalformedInput, Undetermined, UsageError

__all__ = ["FORMAT"]

_JWT: Final = "JWT"
_SET: Final = "it is set for every row"


@dataclass(frozen=True, slots=True)
class _Token:
    """The JWT that secures a document, and its claims."""

    text: str
    payload: JsonObject


_BESIDE: Final = "beside vc"
"""Under this name, which no JSON-LD term has, stands what a JWT claims beside its credential."""


class _Vcdm11:
    name = "w3c-1.1"
    title = "W3C 1.1"
    media_types: Mapping[str, bool] = {}
    options = frozenset({"suite"})
    status_kind: str | None = None
    status_member = "credentialStatus"
    max_status_entries: int | None = 0
    identifier = "id"
    is_always_identified = True
    set_by_issuer: Mapping[str, str] = {"issuer": _SET, "proof": "it is made for every row"}

    # Reading

    def read(self, received: Received) -> Unverified:
        if received.jws is not None:
            return self._read_token(received.text, received.jws.payload)
        document = received.document or {}
        presents = received.is_presentation
        kind = "presentation" if presents else "credential"
        description = f"a W3C 1.1 {kind} with an embedded proof"
        return Unverified(self, presents, description, "JSON", document, answers_challenge=presents)

    def _read_token(self, text: str, payload: JsonObject) -> Unverified:
        presents = "vp" in payload
        document = jwt.presentation_of(text) if presents else jwt.credential_of(text)
        return Unverified(
            self,
            presents,
            f"a JWT that secures a W3C 1.1 {'presentation' if presents else 'credential'}",
            _JWT,
            document,
            _Token(text, payload),
            answers_challenge=presents,
        )

    def claimed(self, unverified: Unverified) -> Content:
        document = unverified.document
        if unverified.secured is None:
            for violation in vcdm11.check_data_model(document):
                raise MalformedInput(f"not a credential: {violation}")
        return _content(document)

    def claimed_issuer(self, unverified: Unverified) -> tuple[str, tuple[str, ...]]:
        return claimed_issuer(unverified.document)

    # Verification

    def require_available(self) -> None:
        didkit_process.require()

    def check_data_model(
        self,
        unverified: Unverified,
        context: VerificationContext,
    ) -> tuple[tuple[str, ...], str, object]:
        document = unverified.document
        strict_json.check_value(document, "the document")
        if unverified.is_presentation:
            broken = vcdm11.presentation_violations(document)
        elif "proof" in document:
            broken = vcdm11.check_data_model(document)
        else:
            broken = vcdm11.violations(document)
        for violation in broken:
            raise Rejected("data-model", f"breaks a rule of the data model: {violation}", violation.pointer)
        if unverified.secured is not None:
            refuse_misnamed(document, context.sources.known_contexts())
        return (), "conforms to VCDM 1.1", ", ".join(model.types_of(document))

    def find_signer(
        self,
        unverified: Unverified,
        context: VerificationContext,
    ) -> tuple[str, str, object]:
        """The DID alone: didkit finds the key, in DIDs that hold their own."""
        document = unverified.document
        party = vcdm11.holder_of(document) if unverified.is_presentation else vcdm11.issuer_of(document)
        if not party.startswith("did:"):
            raise Undetermined(
                f"the issuer {excerpt(party)} is not a DID, so its keys can't be found",
                code="issuer-not-a-did",
            )
        return resolver.check_did(party), "read from the DID itself", party

    def check_proof(
        self,
        unverified: Unverified,
        signer: str,
        context: VerificationContext,
    ) -> tuple[Proven, str, object]:
        if unverified.is_presentation:
            proven, result = _presentation(unverified, signer, context.sources.budget)
        else:
            proven, result = _credential(unverified, context.sources.budget)
        proven = replace(proven, methods=_methods(result, signer, context))
        return proven, f"{result.proof_type} signature is right", result.verification_method

    def check_holder_binding(self, proven: Proven, context: VerificationContext) -> None:
        return None

    # Issuing

    def check_options(self, options: IssueOptions, key_type: str) -> None:
        if options.suite != _JWT:
            embedded_proofs.type_of_proof(key_type, options.suite)

    def build(self, draft: Draft, issuer: str, *, now: datetime, resolve: Resolve) -> JsonObject:
        return vcdm11.build(
            issuer=issuer,
            subject=draft.subject,
            types=draft.types,
            claims=draft.claims,
            credential_id=draft.credential_id or new_id(),
            issuance_date=draft.valid_from or now,
            expiration_date=draft.valid_until,
        )

    def adopt(self, document: JsonObject, issuer: str, *, now: datetime) -> JsonObject:
        return adopt(document, "issuer", issuer)

    def complete(self, template: JsonObject, issuer: str, *, created: datetime) -> JsonObject:
        return {"issuer": issuer, "issuanceDate": format_timestamp(created), **template}

    def violations(self, document: JsonObject) -> Sequence[tuple[str, str]]:
        return [(violation.pointer, violation.rule) for violation in vcdm11.violations(document)]

    def prepare(self, document: JsonObject, options: IssueOptions) -> JsonObject:
        return document

    def warnings(self, document: JsonObject, options: IssueOptions) -> tuple[str, ...]:
        """None: what the signature would not cover is refused, names with a second one before the first."""
        if options.suite != _JWT:
            check_names(document)
        else:
            refuse_misnamed(document, contexts_of(options), MalformedInput)
        return ()

    def signer(self, signing_key: SigningKey, options: IssueOptions, *, created: datetime) -> Signer:
        key, method = signing_key.key, signing_key.verification_method

        def sign(unsigned: JsonObject) -> JsonObject | str:
            if options.suite == _JWT:
                return jwt.issue_jwt(unsigned, key, method)
            return embedded_proofs.issue(unsigned, key, method, created=created, proof_type=options.suite)

        return sign

    # Presenting

    binds_data = False

    def presentable(self, credential: str) -> Presentable:
        found = w3c_presentation.presentable(credential)
        return replace(found, claims=_said(credential, found.claims))

    def select_paths(self, credential: str, paths: Sequence[tuple[str | int, ...]]) -> Selection:
        return self.select([credential], ())

    def select(self, credentials: Sequence[str], disclose: Sequence[str]) -> Selection:
        documents = map(_said, credentials, w3c_presentation.whole(self, credentials, disclose))
        texts = [text.strip() for text in credentials]
        if len({text.startswith("{") for text in texts}) > 1:
            raise UsageError("JWTs and JSON of VCDM 1.1 can't go into one presentation")
        return Selection(tuple(documents), secured=texts)

    def present(
        self,
        selection: Selection,
        holder: SigningKey,
        challenge: Challenge,
        *,
        now: datetime,
        bound_data: Mapping[str, Json] | None = None,
    ) -> JsonObject | str:
        w3c_presentation.refuse_data(bound_data)
        texts: list[str] = selection.secured
        documents = [strict_json.parse_object(text) if text.startswith("{") else text for text in texts]
        # A JWT signs several JSON credentials byte for byte; didkit labels their graphs in its own order.
        if len(texts) > 1 or not texts[0].startswith("{"):
            return jwt.issue_presentation_jwt(
                vcdm11.build_presentation(holder=holder.did, credentials=documents),
                holder.key,
                holder.verification_method,
                audience=challenge.audience,
                nonce=challenge.nonce,
                created=now,
            )
        return presentations.issue_presentation(
            vcdm11.build_presentation(holder=holder.did, credentials=documents),
            holder.key,
            holder.verification_method,
            audience=challenge.audience,
            nonce=challenge.nonce,
            created=now,
        )

    def present_unbound(self, selection: Selection) -> JsonObject | str:
        return w3c_presentation.alone(selection)


def _said(credential: str, document: JsonObject) -> JsonObject:
    """All that who gets the credential can read: its document, and what a JWT claims beside that."""
    beside = {} if credential.lstrip().startswith("{") else jwt.claims_beside(credential.strip())
    return {**document, _BESIDE: beside} if beside else document


def _content(document: JsonObject) -> Content:
    return credential_content("w3c-1.1", document, vcdm11.issuer_of(document), vcdm11.validity(document))


def _credential(unverified: Unverified, budget: Budget) -> tuple[Proven, ProofResult]:
    token: _Token | None = unverified.secured
    if token is None:
        document = unverified.document
        result = embedded_proofs.verify_proof(document, budget=budget)
    else:
        result, document = jwt.verify_jwt(token.text, budget=budget)
    _hold(result)
    content = _content(_without_proof(document))
    return Proven(content if token is None else content.in_token(token.payload)), result


def _presentation(unverified: Unverified, holder: str, budget: Budget) -> tuple[Proven, ProofResult]:
    """The signature covers the audience and the nonce; whether they are the right ones is asked later."""
    token: _Token | None = unverified.secured
    document = unverified.document
    audience, nonce = _answered(document, token)
    if not (audience and nonce):
        raise Rejected("no-challenge", "it names no audience or no nonce")
    if token is None:
        result = presentations.verify_presentation_proof(
            document, audience=audience, nonce=nonce, budget=budget
        )
    else:
        result, _ = jwt.verify_presentation_jwt(token.text, audience=audience, nonce=nonce, budget=budget)
    _hold(result)
    validity = Validity(result.not_before)
    content = Content("w3c-1.1", _without_proof(document), holder, (), model.types_of(document), validity)
    proven = Proven(
        content,
        is_presentation=True,
        expires=result.expires,
        created=result.created,
        audience=(audience,),
        nonce=nonce,
    )
    return proven, result


def _methods(result: ProofResult, signer: str, context: VerificationContext) -> tuple[UsedMethod, ...]:
    """The verification method that signed, as it stands in the signer's document."""
    controller, method_id = context.sources.resolve(signer), result.verification_method or ""
    return (UsedMethod(controller, signers.method_of(controller, method_id), result.created),)


def _answered(document: JsonObject, token: _Token | None) -> tuple[str, str]:
    """The audience and the nonce that the presentation itself names, empty where it names none."""
    said = document.get("proof") if token is None else token.payload
    names = ("domain", "challenge") if token is None else ("aud", "nonce")
    audience, nonce = (said.get(name) if isinstance(said, dict) else None for name in names)
    return audience if isinstance(audience, str) else "", nonce if isinstance(nonce, str) else ""


def _without_proof(document: JsonObject) -> JsonObject:
    return {name: value for name, value in document.items() if name != "proof"}


def _hold(result: ProofResult) -> None:
    if result.verified is None:
        raise Undetermined(result.reason, code=result.code)
    if not result.verified:
        raise Rejected(result.code or "signature", result.reason, result.verification_method or "")


FORMAT: Final[Format] = _Vcdm11()
