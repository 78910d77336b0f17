"""SD-JWT VC, with or without a key binding, as a format.

Source: RFC 9901; SD-JWT VC (draft-ietf-oauth-sd-jwt-vc).
"""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from datetime import datetime
from typing import Final

from ipse.credentials import certified_issuance, jws, signers
from ipse.credentials.content import Content, Validity
from ipse.credentials.formats import sd_jwt
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
from ipse.credentials.formats.sd_jwt import (
    ClaimPath,
    SdJwt,
    SdJwtInvalid,
    SdJwtUndetermined,
    holder_keys,
    registered_claims,
)
from ipse.credentials.formats.sd_jwt.disclosable import REGISTERED, hidden
from ipse.credentials.formats.sd_jwt.issuance import MAX_DECOYS, check_path
from ipse.credentials.formats.sd_jwt.verification import (
    Opened,
    check_binding,
    check_claims,
    check_signature,
    check_type,
    open_disclosures,
)
from ipse.credentials.formats.vcdm2 import adopt
from ipse.credentials.policy import (
    NO_CHALLENGE,
    Challenge,
    NoChallenge,
    VerificationContext,
    require_challenge,
)
from ipse.credentials.report import NotApplicable, Rejected
from ipse.credentials.signers import SignerKey
from ipse.credentials.status import IETF_LIST
from ipse.dids.resolver import Resolve
from ipse.encoding.strict_json import Json, JsonObject, as_list
from ipse.encoding.timestamps import to_numeric_date
from ipse.errors import MalformedInput, Undetermined, UsageError

__all__ = ["FORMAT"]

_ABOUT: Final = frozenset({*REGISTERED, "vct#integrity", "aka_vcts"})
"""Claims about the credential rather than its subject."""
_OLD_TYPE: Final = sd_jwt.VC_TYPES[1]
_SET: Final = "it is set for every row"


class _SdJwtVc:
    name = "sd-jwt"
    title = "SD-JWT VC"
    media_types: Mapping[str, bool] = {f"application/{typ}": False for typ in sd_jwt.VC_TYPES}
    options = frozenset({"disclosable", "decoys", "x5c"})
    status_kind: str | None = IETF_LIST
    status_member = "status"
    max_status_entries: int | None = 1
    identifier = "jti"
    is_always_identified = False
    set_by_issuer: Mapping[str, str] = {"iss": _SET, "iat": _SET}
    binds_data = True

    # Reading

    def read(self, received: Received) -> Unverified:
        presented = sd_jwt.parse(received.text)
        _refuse_w3c(presented)
        opened = open_disclosures(presented)
        bound = "a key binding" if presented.kb_jwt is not None else "no key binding"
        typ = str(presented.jwt.header.get("typ"))
        return Unverified(
            self,
            is_presentation=False,
            description=f"an SD-JWT with {len(presented.disclosures)} disclosures and {bound}",
            kind=typ,
            document=presented.jwt.payload if opened.unpacked is None else opened.unpacked.claims,
            secured=opened,
            media_type=f"application/{typ}",
            answers_challenge=presented.kb_jwt is not None,
            is_certified=signers.is_certified(presented.jwt.header, presented.jwt.payload),
        )

    def claimed(self, unverified: Unverified) -> Content:
        opened: Opened = unverified.secured
        if opened.fault is not None:
            raise MalformedInput(f"not a credential: {opened.fault.message}")
        issuer = unverified.document.get("iss")
        if issuer is None:
            issuer = certified_issuance.claimed_name(opened.sd_jwt.jwt.header.get("x5c"))
        return _content(opened, issuer if isinstance(issuer, str) else "")

    def claimed_issuer(self, unverified: Unverified) -> tuple[str, tuple[str, ...]]:
        issuer = unverified.document.get("iss")
        return issuer if isinstance(issuer, str) else "", _types(unverified.document)

    # Verification

    def require_available(self) -> None:
        """Nothing beyond what ipse installs."""

    def check_data_model(
        self, unverified: Unverified, context: VerificationContext
    ) -> tuple[tuple[str, ...], str, object]:
        challenge = context.policy.challenge
        audiences = [challenge.audience] if isinstance(challenge, Challenge) else []
        with _verdict("data-model"):
            typ = check_type(unverified.secured, sd_jwt.VC_TYPES)
            check_claims(unverified.secured, audiences)
        return (), f"{typ}, of the right types", unverified.document.get("vct", "")

    def find_signer(
        self, unverified: Unverified, context: VerificationContext
    ) -> tuple[SignerKey, str, object]:
        opened: Opened = unverified.secured
        return signers.find_key(opened.sd_jwt.jwt.header, opened.sd_jwt.jwt.payload, context)

    def check_proof(
        self,
        unverified: Unverified,
        signer: SignerKey,
        context: VerificationContext,
    ) -> tuple[Proven, str, object]:
        opened: Opened = unverified.secured
        with _verdict("signature"):
            _, reason = check_signature(opened, lambda _header, _payload: signer.key)
        content = _content(opened, signer.signer)
        methods = signer.used(registered_claims.moment(content.document.get("iat")))
        proven = Proven(content, methods=methods, secured=opened.sd_jwt, chain=signer.chain)
        return proven, reason, opened.sd_jwt.jwt.header.get("kid", "")

    def check_holder_binding(self, proven: Proven, context: VerificationContext) -> tuple[str, object] | None:
        """Where there is a key binding it must hold; where the credential asks for one it must be there."""
        presented: SdJwt = proven.secured
        claims, policy = proven.content.document, context.policy
        with _verdict("key-binding"):
            binding = check_binding(
                presented,
                claims,
                _challenge(presented, context),
                lambda cnf: holder_keys.named_by(cnf, presented, context),
                now=context.now.timestamp(),
                leeway=policy.leeway.total_seconds(),
            )
        if binding is not None and _decides(proven.content, context):
            return "answers the challenge", binding["aud"]
        if isinstance(policy.challenge, NoChallenge) and context.presenter is None:
            raise NotApplicable("no-challenge", "the verifier gave no challenge: anyone may have sent this")
        if presented.kb_jwt is None and "cnf" in claims:
            raise Rejected(
                "key-binding-missing",
                "it names a holder key (cnf) and the key binding is missing: its holder has not presented it",
            )
        # Its holder may have answered as well; the subject still has to be who presents it.
        return None

    # Issuing

    def check_options(self, options: IssueOptions, key_type: str) -> None:
        wanted = options.disclosable
        if set(wanted) & {"all", "none"} and len(wanted) > 1:
            raise UsageError("--disclosable all and none stand alone", hint="name paths, or one of the two")
        if not 0 <= options.decoys <= MAX_DECOYS:
            raise UsageError(f"{options.decoys} decoys; 0 to {MAX_DECOYS} can be added")

    def build(self, draft: Draft, issuer: str, *, now: datetime, resolve: Resolve) -> JsonObject:
        """The claims of an SD-JWT VC, bound to the subject's key where there is a subject."""
        if len(draft.types) != 1:
            raise UsageError("an SD-JWT VC has one type (vct)", hint="give --type once")
        taken = [name for name in REGISTERED if name in draft.claims]
        if taken:
            raise MalformedInput(f"the claim {taken[0]!r} is set by the options, not by the claims")
        claims: JsonObject = {"iss": issuer, "iat": to_numeric_date(now), "vct": draft.types[0]}
        if draft.credential_id is not None:
            claims["jti"] = draft.credential_id
        if draft.subject is not None:
            claims["sub"] = draft.subject
            claims["cnf"] = {"jwk": holder_keys.of_subject(draft.subject, resolve, now)}
        if draft.valid_from is not None:
            claims["nbf"] = to_numeric_date(draft.valid_from)
        if draft.valid_until is not None:
            claims["exp"] = to_numeric_date(draft.valid_until)
        return {**claims, **draft.claims}

    def adopt(self, document: JsonObject, issuer: str, *, now: datetime) -> JsonObject:
        return {"iat": to_numeric_date(now), **adopt(document, "iss", issuer)}

    def complete(self, template: JsonObject, issuer: str, *, created: datetime) -> JsonObject:
        return {"iss": issuer, "iat": to_numeric_date(created), **template}

    def violations(self, document: JsonObject) -> Sequence[tuple[str, str]]:
        """The signer itself refuses claims that break a rule."""
        return ()

    def prepare(self, document: JsonObject, options: IssueOptions) -> JsonObject:
        """With certificates, the issuer is an https URL that they name it by, or has no other name."""
        return certified_issuance.named_by(options.x5c, document) if options.x5c else document

    def warnings(self, document: JsonObject, options: IssueOptions) -> tuple[str, ...]:
        """None: every byte is signed. Raises UsageError for a path to nothing that can be withheld."""
        for path in hidden(document, options.disclosable):
            check_path(document, path)
        return ()

    def signer(self, signing_key: SigningKey, options: IssueOptions, *, created: datetime) -> Signer:
        if options.x5c:
            certified_issuance.check(options.x5c, signing_key.key.public(), now=created)

        def sign(unsigned: JsonObject) -> str:
            return sd_jwt.issue(
                unsigned,
                disclosable=hidden(unsigned, options.disclosable),
                signer=signing_key.key,
                typ=sd_jwt.VC_TYPE,
                kid=None if options.x5c else signing_key.verification_method,
                x5c=options.x5c,
                decoys=options.decoys,
            )

        return sign

    # Presenting

    def presentable(self, credential: str) -> Presentable:
        held = sd_jwt.parse(credential.strip())
        paths = sd_jwt.disclosable_paths(held)
        claims = sd_jwt.select(held, paths).claims
        chain = held.jwt.header.get("x5c")
        return Presentable(
            sd_jwt.VC_TYPE,
            claims,
            _types(claims),
            paths,
            {"sd_jwt_alg_values": str(held.jwt.header.get("alg"))},
            ("kb_jwt_alg_values",),
            tuple(entry for entry in as_list(chain) if isinstance(entry, str)),
        )

    def select(self, credentials: Sequence[str], disclose: Sequence[str]) -> Selection:
        if len(credentials) > 1:
            raise UsageError("an SD-JWT is presented on its own", hint="one at a time")
        if "all" in disclose and len(disclose) > 1:
            raise UsageError("--disclose all stands alone", hint="name paths, or all")
        credential = sd_jwt.parse(credentials[0].strip())
        every = sd_jwt.disclosable_paths(credential)
        whole = sd_jwt.select(credential, every)
        paths = every
        if tuple(disclose) != ("all",):
            paths = tuple(sd_jwt.read_path(path, whole.claims) for path in disclose)
        return _selection(sd_jwt.select(credential, paths), whole.claims)

    def select_paths(self, credential: str, paths: Sequence[ClaimPath]) -> Selection:
        held = sd_jwt.parse(credential.strip())
        whole = sd_jwt.select(held, sd_jwt.disclosable_paths(held))
        return _selection(sd_jwt.select(held, paths), whole.claims)

    def present(
        self,
        selection: Selection,
        holder: SigningKey,
        challenge: Challenge,
        *,
        now: datetime,
        bound_data: Mapping[str, Json] | None = None,
    ) -> str:
        return sd_jwt.bind(
            selection.secured,
            signer=holder.key,
            audience=challenge.audience,
            nonce=challenge.nonce,
            issued_at=to_numeric_date(now),
            claims=bound_data,
        ).compact

    def present_unbound(self, selection: Selection) -> str:
        presented: SdJwt = selection.secured
        return presented.compact


def _selection(chosen: sd_jwt.Selection, whole: JsonObject) -> Selection:
    cnf = whole.get("cnf")
    return Selection(
        (chosen.claims,),
        tuple(sd_jwt.spelled(path) for path in chosen.withheld),
        binds_key=True,
        confirmation=cnf if isinstance(cnf, dict) else None,
        secured=chosen.presentation,
    )


@contextmanager
def _verdict(code: str) -> Iterator[None]:
    """The errors of any SD-JWT, as those of a check of this report."""
    try:
        yield
    except SdJwtInvalid as error:
        raise Rejected(error.cause or code, error.reason) from error
    except SdJwtUndetermined as error:
        raise Undetermined(error.reason, hint=error.hint, code=error.cause) from error


def _refuse_w3c(presented: SdJwt) -> None:
    """Raise Undetermined for a W3C credential, whose issuer and times stand elsewhere.

    Their type was once that of SD-JWT VCs, which name a vct.
    """
    payload = presented.jwt.payload
    if presented.jwt.header.get("typ") == _OLD_TYPE and ("vct" not in payload or "@context" in payload):
        raise Undetermined(f"a W3C credential in an SD-JWT ({_OLD_TYPE} without vct) is not read")


def _content(opened: Opened, issuer: str) -> Content:
    """The claims of an SD-JWT VC, in the terms that all formats share."""
    assert opened.unpacked is not None
    claims = opened.unpacked.claims
    subject = claims.get("sub")
    hidden = subject is None and opened.unpacked.withholds_claims
    return Content(
        format="sd-jwt",
        document=claims,
        issuer=issuer,
        subjects=(subject,) if isinstance(subject, str) else (),
        types=_types(claims),
        validity=Validity(
            registered_claims.moment(claims.get("nbf")),
            registered_claims.moment(claims.get("exp")),
            end_is_exclusive=True,
        ),
        claims={name: value for name, value in claims.items() if name not in _ABOUT},
        disclosed=tuple(sd_jwt.spelled(placement.path) for placement in opened.unpacked.placements),
        subjects_unclear="its presenter withholds claims, and the subject (sub) may be one" if hidden else "",
    ).in_token(claims)


def _types(claims: JsonObject) -> tuple[str, ...]:
    """The type of the claims (vct), and the others that they say they are of as well (aka_vcts)."""
    others = claims.get("aka_vcts")
    named = [claims.get("vct"), *(others if isinstance(others, list) else [])]
    return tuple(name for name in named if isinstance(name, str))


def _challenge(presented: SdJwt, context: VerificationContext) -> Challenge | NoChallenge:
    """What the key binding must answer: where the verifier gave challenges up, whatever it says it does."""
    if presented.kb_jwt is None:
        return NO_CHALLENGE
    asked = require_challenge(context.policy)
    if isinstance(asked, Challenge):
        return asked
    try:
        said = jws.read(presented.kb_jwt, what="the key-binding JWT").payload
    except MalformedInput as error:
        raise Rejected("key-binding", error.message) from error
    audience, nonce = said.get("aud"), said.get("nonce")
    if not (isinstance(audience, str) and audience and isinstance(nonce, str) and nonce):
        raise Rejected("key-binding", "the key binding names no audience or no nonce")
    return Challenge(audience, nonce, max_age=math.inf)


def _decides(content: Content, context: VerificationContext) -> bool:
    """Whether a key binding that holds answers all that is asked of the holder."""
    if context.presenter is None:
        return isinstance(context.policy.challenge, Challenge)
    return context.presenter in content.subjects


FORMAT: Final[Format] = _SdJwtVc()
