"""W3C credentials and presentations of data model 2.0 as `vc+jwt` and `vp+jwt`, as a format.

Source: W3C Securing Verifiable Credentials using JOSE and COSE 1.0.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from datetime import datetime
from typing import Final

from ipse.credentials import model, signers, w3c_presentation
from ipse.credentials.content import Content, Validity
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
from ipse.credentials.formats.jose import vc_jwt
from ipse.credentials.formats.jose.vc_jwt import Token
from ipse.credentials.formats.vcdm2 import Vcdm2, credential_content, holder_named_in
from ipse.credentials.policy import Challenge, VerificationContext
from ipse.credentials.report import Rejected
from ipse.dids import resolver
from ipse.dids.resolver import UsedMethod
from ipse.encoding.strict_json import Json, JsonObject, as_list, excerpt
from ipse.errors import MalformedInput

__all__ = ["FORMAT"]


class _Jose(Vcdm2):
    name = "jwt"
    title = "W3C 2.0 as a JWT"
    media_types: Mapping[str, bool] = {"application/vc+jwt": False, "application/vp+jwt": True}
    options = frozenset({"contexts", "undefined_terms"})
    set_by_issuer: Mapping[str, str] = {
        **Vcdm2.set_by_issuer,
        "proof": "a JWT has its signature outside the credential",
    }

    # Reading

    def read(self, received: Received) -> Unverified:
        assert received.jws is not None
        token = vc_jwt.from_jws(received.jws, what="the JWT")
        presents = token.typ == vc_jwt.PRESENTATION_TYPE
        kind = "presentation" if presents else "credential"
        return Unverified(
            self,
            presents,
            f"a JWT that secures a W3C {kind}",
            token.typ,
            token.document,
            token,
            media_type=f"application/{token.typ}",
            answers_challenge=presents,
        )

    def claimed(self, unverified: Unverified) -> Content:
        document = unverified.document
        for violation in model.violations(document):
            raise MalformedInput(f"not a credential: {violation}")
        content = credential_content(self.name, document, model.issuer_of(document), model.validity(document))
        return _about(unverified.secured, content)

    # Verification

    def check_data_model(
        self, unverified: Unverified, context: VerificationContext
    ) -> tuple[tuple[str, ...], str, object]:
        token: Token = unverified.secured
        found = self.check_rules(token.document, context)
        if unverified.is_presentation:
            named = holder_named_in(token.document)
            if named not in (None, token.controller):
                raise Rejected("foreign-holder", "the holder it names is not who signed it", named)
        elif token.audience and not _is_meant_for(context, token):
            raise Rejected("wrong-audience", "it is meant for others (aud)", ", ".join(token.audience))
        vc_jwt.registered_period(token)
        warnings = () if unverified.is_presentation else found.warnings
        types = ", ".join(model.types_of(token.document))
        return tuple(str(warning) for warning in warnings), "conforms to VCDM 2.0", types

    def find_signer(
        self, unverified: Unverified, context: VerificationContext
    ) -> tuple[JsonObject, str, object]:
        token: Token = unverified.secured
        party = token.controller if unverified.is_presentation else model.issuer_of(token.document)
        return signers.resolve(party, context)

    def check_proof(
        self, unverified: Unverified, signer: JsonObject, context: VerificationContext
    ) -> tuple[Proven, str, object]:
        token: Token = unverified.secured
        method = signers.method_of(signer, token.kid)
        key = resolver.method_key(method)
        vc_jwt.verify_signature(token, key)
        issued = vc_jwt.numeric_date(token.claims, "iat")
        methods = (UsedMethod(signer, method, issued),)
        if unverified.is_presentation:
            proven = replace(_presentation(token), created=issued, methods=methods)
        else:
            proven = Proven(_credential(token, context), methods=methods)
        return proven, f"{key.algorithm} signature is right", token.kid

    def check_holder_binding(self, proven: Proven, context: VerificationContext) -> None:
        return None

    # Issuing

    def check_options(self, options: IssueOptions, key_type: str) -> None:
        """JWTs are made with every type of key."""

    def signer(self, signing_key: SigningKey, options: IssueOptions, *, created: datetime) -> Signer:
        def sign(unsigned: JsonObject) -> str:
            return vc_jwt.sign_credential(
                unsigned, signing_key.key, verification_method=signing_key.verification_method
            )

        return sign

    # Presenting

    binds_data = False

    def presentable(self, credential: str) -> Presentable:
        return w3c_presentation.presentable(credential)

    def select_paths(self, credential: str, paths: Sequence[tuple[str | int, ...]]) -> Selection:
        return self.select([credential], ())

    def select(self, credentials: Sequence[str], disclose: Sequence[str]) -> Selection:
        documents = w3c_presentation.whole(self, credentials, disclose)
        return Selection(documents, secured=[text.strip() for text in credentials])

    def present(
        self,
        selection: Selection,
        holder: SigningKey,
        challenge: Challenge,
        *,
        now: datetime,
        bound_data: Mapping[str, Json] | None = None,
    ) -> str:
        w3c_presentation.refuse_data(bound_data)
        return vc_jwt.sign_presentation(
            w3c_presentation.build(holder.did, selection.secured),
            holder.key,
            verification_method=holder.verification_method,
            audience=challenge.audience,
            nonce=challenge.nonce,
            issued_at=now,
        )

    def present_unbound(self, selection: Selection) -> JsonObject | str:
        return w3c_presentation.alone(selection)


def _is_meant_for(context: VerificationContext, token: Token) -> bool:
    challenge = context.policy.challenge
    return isinstance(challenge, Challenge) and challenge.audience in token.audience


def _credential(token: Token, context: VerificationContext) -> Content:
    """The credential in a token; it is valid where both the document and the JWT say so."""
    document, contexts = token.document, context.sources.known_contexts()
    validity = model.validity(document).within(_period(token))
    content = credential_content("jwt", document, model.issuer_of(document), validity, contexts=contexts)
    return _about(token, content)


def _about(token: Token, content: Content) -> Content:
    """The content with the subject that the claim `sub` names, where the document names none."""
    subject = token.claims.get("sub")
    if subject is None or subject in content.subjects:
        return content.in_token(token.document)
    if content.subjects or len(as_list(token.document["credentialSubject"])) > 1:
        raise MalformedInput(
            f"sub is {excerpt(subject)}, which is none of the subjects that the document names",
            code="ambiguous-subject",
        )
    return replace(content, subjects=(subject,), has_unnamed_subject=False)


def _presentation(token: Token) -> Proven:
    return Proven(
        Content("jwt", token.document, token.controller, (), model.types_of(token.document), _period(token)),
        is_presentation=True,
        audience=token.audience,
        nonce=token.claims.get("nonce"),
    )


def _period(token: Token) -> Validity:
    start, end = vc_jwt.registered_period(token)
    return Validity(start, end, end_is_exclusive=True)


FORMAT: Final[Format] = _Jose()
