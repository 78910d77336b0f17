"""W3C credentials and presentations of data model 2.0 as `vc+jwt` and `vp+jwt`, as a format.

Source: W3C Securing Verifiable Credentials using JOSE and COSE 1.0.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Final

from ipse.credentials import model, signers, w3c_presentation
from ipse.credentials.content import Content, Validity
from ipse.credentials.formats.format import (
    Format,
    IssueOptions,
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
from ipse.credentials.signers import SignerKey
from ipse.dids import resolver
from ipse.encoding.strict_json import JsonObject
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
        return credential_content(self.name, document, model.issuer_of(document), model.validity(document))

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
        found = SignerKey(token.controller, key, signer, method)
        proven = _presentation(token, found) if unverified.is_presentation else _credential(token, found)
        return proven, f"{key.algorithm} signature is right", token.kid

    def check_purpose(self, proven: Proven, expected: str) -> tuple[str, object]:
        """A JWT says by its `typ` what it is for, so that its key alone is looked at."""
        found: SignerKey = proven.secured
        return found.check_purpose(expected)

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

    def select(self, credentials: Sequence[str], disclose: Sequence[str]) -> Selection:
        documents = w3c_presentation.whole(self, credentials, disclose)
        return Selection(documents, secured=[text.strip() for text in credentials])

    def present(
        self, selection: Selection, holder: SigningKey, challenge: Challenge, *, now: datetime
    ) -> str:
        return vc_jwt.sign_presentation(
            w3c_presentation.build(holder.did, selection.secured),
            holder.key,
            verification_method=holder.verification_method,
            audience=challenge.audience,
            nonce=challenge.nonce,
            issued_at=now,
        )


def _is_meant_for(context: VerificationContext, token: Token) -> bool:
    challenge = context.policy.challenge
    return isinstance(challenge, Challenge) and challenge.audience in token.audience


def _credential(token: Token, found: SignerKey) -> Proven:
    """The credential in a token; it is valid where both the document and the JWT say so."""
    validity = model.validity(token.document).within(_period(token))
    content = credential_content("jwt", token.document, model.issuer_of(token.document), validity)
    return Proven(content, secured=found)


def _presentation(token: Token, found: SignerKey) -> Proven:
    period = _period(token)
    return Proven(
        Content("jwt", token.document, token.controller, (), model.types_of(token.document), period),
        is_presentation=True,
        created=period.start,
        audience=token.audience,
        nonce=token.claims.get("nonce"),
        secured=found,
    )


def _period(token: Token) -> Validity:
    start, end = vc_jwt.registered_period(token)
    return Validity(start, end, end_is_exclusive=True)


FORMAT: Final[Format] = _Jose()
