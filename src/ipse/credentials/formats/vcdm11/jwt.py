"""W3C VCDM 1.1 credentials and presentations as JWTs (section 6.3.1), signed here and checked by didkit too.

didkit compares `exp` with the machine's own clock and then calls an expired JWT not applicable, without a
look at its signature; and it lets registered claims replace members of the credential that say otherwise. So
the JWT is written and read here, strictly; its signature is checked here, with the key of the signer's DID;
and didkit, in its child process, must agree wherever it has an opinion.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from datetime import datetime
from typing import Final

from ipse.credentials import jws
from ipse.credentials.budget import UNBOUNDED, Budget
from ipse.credentials.formats.jose import vc_jwt
from ipse.credentials.formats.vcdm11 import didkit_process, embedded_proofs, signing
from ipse.credentials.formats.vcdm11.didkit_child import NO_CLOCK
from ipse.credentials.formats.vcdm11.embedded_proofs import ProofResult
from ipse.credentials.formats.vcdm11.spelling import MAX_BYTES, check_method
from ipse.credentials.jws import Jws
from ipse.credentials.model import vcdm11
from ipse.dids import resolver
from ipse.encoding.strict_json import Json, JsonObject, excerpt
from ipse.encoding.timestamps import format_timestamp, to_numeric_date
from ipse.errors import (
    InputTooLarge,
    MalformedInput,
    Undetermined,
    UnusableKey,
    UsageError,
    VerificationFailed,
)
from ipse.keys.key_types import PrivateKey

__all__ = [
    "claims_beside",
    "credential_of",
    "issue_jwt",
    "issue_presentation_jwt",
    "presentation_of",
    "verify_jwt",
    "verify_presentation_jwt",
]

_MAX_LENGTH: Final = 2 * MAX_BYTES
_WHAT: Final = "the JWT"
_PURPOSES: Final = {"credential": "assertionMethod", "presentation": "authentication"}
_STATUS: Final = ("status", "credentialStatus")
"""Where a JWT says its status beside `vc`: the claim of the Token Status List, and what issuers write."""
_ADOPTED: Final = frozenset({"vc", "iss", "sub", "jti", "nbf", "exp", "iat", *_STATUS})
"""The claims that say what the credential says, or when the JWT was made."""
_NOT_APPLICABLE: Final = ["No applicable JWS or proof"]


def issue_jwt(credential: JsonObject, key: PrivateKey, verification_method: str) -> str:
    """The JWT of an unsigned VCDM 1.1 credential, by the issuer's `key`.

    Raises MalformedInput (the data model, a credential that the JWT would not say unchanged, a key that is
    not the issuer's), Undetermined (a DID that can't be read offline).
    """
    embedded_proofs.refuse_signed(credential)
    vcdm11.refuse_broken(credential)
    check_method(vcdm11.issuer_of(credential), verification_method)
    claims: JsonObject = {"vc": credential, "iss": vcdm11.issuer_of(credential)}
    subject = credential["credentialSubject"]
    if isinstance(subject, dict) and "id" in subject:
        claims["sub"] = subject["id"]
    if "id" in credential:
        claims["jti"] = credential["id"]
    claims["nbf"] = _numeric(credential, "issuanceDate")
    if "expirationDate" in credential:
        claims["exp"] = _numeric(credential, "expirationDate")
    return _signed("credential", claims, key, verification_method)


def issue_presentation_jwt(
    presentation: JsonObject,
    key: PrivateKey,
    verification_method: str,
    *,
    audience: str,
    nonce: str,
    created: datetime,
) -> str:
    """The JWT of an unsigned VCDM 1.1 presentation, by the holder's `key`, for one audience and nonce.

    `created`, aware, becomes its `iat`. Raises as `issue_jwt` does, and UsageError for an empty audience or
    nonce.
    """
    if not (audience and nonce):
        raise UsageError("a presentation needs an audience and a nonce, neither of them empty")
    embedded_proofs.refuse_signed(presentation)
    vcdm11.refuse_broken_presentation(presentation)
    check_method(vcdm11.holder_of(presentation), verification_method, party="holder")
    claims: JsonObject = {"vp": presentation, "iss": vcdm11.holder_of(presentation)}
    if "id" in presentation:
        claims["jti"] = presentation["id"]
    claims |= {"aud": audience, "nonce": nonce, "iat": to_numeric_date(created)}
    return _signed("presentation", claims, key, verification_method)


def credential_of(text: str) -> JsonObject:
    """The credential that a JWT claims, not verified: the `vc` claim, with the registered claims in it.

    `iss`, `sub`, `jti`, `nbf`, `exp` and a status beside `vc` become members where `vc` lacks them, and must
    say the same where it does not (dates: to the second). Raises MalformedInput.
    """
    return _credential(_read(text, "credential").payload)


def claims_beside(text: str) -> JsonObject:
    """What the JWT of a credential claims beside the credential, not verified. Raises MalformedInput."""
    payload = _read(text, "credential").payload
    return {name: value for name, value in payload.items() if name not in _ADOPTED}


def presentation_of(text: str) -> JsonObject:
    """The presentation that a JWT claims, not verified: the `vp` claim, with `iss` and `jti` in it.

    Raises MalformedInput.
    """
    return _presentation(_read(text, "presentation").payload)


def verify_jwt(text: str, *, budget: Budget = UNBOUNDED) -> tuple[ProofResult, JsonObject]:
    """Whether a key of the issuer signed the JWT, and the credential that it claims.

    Its dates, trust and status are the caller's: an expired credential verifies. Raises MalformedInput for
    what is no JWT of a credential, MissingFeature; the verdict on the signature is in the result.
    """
    didkit_process.require()
    token = _read(text, "credential")
    credential = _credential(token.payload)

    def check() -> None:
        check_method(vcdm11.issuer_of(credential), token.header["kid"])
        if "aud" in token.payload:
            raise Undetermined("the JWT is meant for somebody (aud), and a credential is checked for nobody")

    return _verified("credential", token, check, {}, budget), credential


def verify_presentation_jwt(
    text: str, *, audience: str, nonce: str, budget: Budget = UNBOUNDED
) -> tuple[ProofResult, JsonObject]:
    """Whether a key of the holder signed the JWT for this audience and nonce, and the presentation in it.

    The result's `created` is `iat`, `not_before` is `nbf` and `expires` is `exp`: the caller compares them
    with a clock. Raises as `verify_jwt` does.
    """
    didkit_process.require()
    token = _read(text, "presentation")
    presentation = _presentation(token.payload)

    def check() -> None:
        check_method(vcdm11.holder_of(presentation), token.header["kid"], party="holder")
        _check_challenge(token.payload, audience, nonce)

    expected = {"domain": audience, "challenge": nonce}
    return _verified("presentation", token, check, expected, budget), presentation


def _numeric(document: JsonObject, member: str) -> int:
    """A date as a NumericDate, to the second; the member itself is signed as it stands."""
    return int(_seconds(vcdm11.timestamp_of(document, member)).timestamp())


def _signed(kind: str, claims: JsonObject, key: PrivateKey, method: str) -> str:
    """The JWT with these claims, by a key that the signer's DID lists, and only if it reads as it was meant.

    The signer's document is in it whole, so that the claims beside it repeat what it says.
    """
    signing.check_key(key, method, _PURPOSES[kind])
    token = jws.sign({"kid": method}, claims, key)
    read, member = (credential_of, "vc") if kind == "credential" else (presentation_of, "vp")
    if read(token.encoded) != claims[member]:
        raise MalformedInput("its registered claims would change what it says")
    return token.encoded


def _read(text: str, kind: str) -> Jws:
    """The JWT, if it is one of a VCDM 1.1 credential or presentation. Raises MalformedInput."""
    if len(text) > _MAX_LENGTH:
        raise InputTooLarge(f"{_WHAT} has {len(text)} characters; at most {_MAX_LENGTH} are read")
    token = jws.read(text, what=_WHAT)
    typ = token.header.get("typ", "JWT")
    if typ != "JWT":
        raise MalformedInput(f"typ of {_WHAT} is {excerpt(typ)}; VCDM 1.1 has JWT or none")
    vc_jwt.check_header(token.header, _WHAT)
    wanted, other = ("vc", "vp") if kind == "credential" else ("vp", "vc")
    if not isinstance(token.payload.get(wanted), dict) or other in token.payload:
        raise MalformedInput(f"{_WHAT} is no {kind} of VCDM 1.1: it needs a {wanted} object, and no {other}")
    for name in ("iss", "sub", "jti"):
        if name in token.payload and not (isinstance(token.payload[name], str) and token.payload[name]):
            raise MalformedInput(f"{name} is not a string with something in it")
    for name in ("nbf", "exp", "iat"):
        vc_jwt.numeric_date(token.payload, name)
    if "proof" in token.payload[wanted]:
        raise MalformedInput(f"{wanted} has a proof of its own inside {_WHAT}")
    return token


def _credential(claims: JsonObject) -> JsonObject:
    document: JsonObject = dict(claims["vc"])
    _adopt(document, "id", claims.get("jti"), "jti")
    _adopt_date(document, "issuanceDate", claims, "nbf")
    _adopt_date(document, "expirationDate", claims, "exp")
    issuer = document.get("issuer")
    if isinstance(issuer, dict):
        document["issuer"] = issuer = dict(issuer)
        _adopt(issuer, "id", claims.get("iss"), "iss")
    else:
        _adopt(document, "issuer", claims.get("iss"), "iss")
    for name in _STATUS:
        _adopt(document, name, claims.get(name), name)
    if "sub" in claims:
        document["credentialSubject"] = _subject(document.get("credentialSubject"), claims["sub"])
    vcdm11.refuse_broken(document)
    return document


def _presentation(claims: JsonObject) -> JsonObject:
    document: JsonObject = dict(claims["vp"])
    if "holderBinding" in document:
        raise MalformedInput(
            "the presentation has a holderBinding, which would let others sign for the holder"
        )
    _adopt(document, "id", claims.get("jti"), "jti")
    _adopt(document, "holder", claims.get("iss"), "iss")
    vcdm11.refuse_broken_presentation(document)
    return document


def _subject(subject: Json, sub: str) -> Json:
    """`credentialSubject` with its id; of several subjects a `sub` can't be the one."""
    only = subject[0] if isinstance(subject, list) and len(subject) == 1 else subject
    if not isinstance(only, dict):
        raise MalformedInput("sub is there and credentialSubject is not one object")
    named = dict(only)
    _adopt(named, "id", sub, "sub")
    return [named] if isinstance(subject, list) else named


def _adopt(document: JsonObject, member: str, value: Json, claim: str) -> None:
    """Set `member` to what `claim` says, unless nothing. Raises MalformedInput where both differ."""
    if value is None:
        return
    said = document.setdefault(member, value)
    if said != value:
        raise MalformedInput(f"{claim} is {excerpt(value)}, and {member} of the document {excerpt(said)}")


def _adopt_date(document: JsonObject, member: str, claims: JsonObject, claim: str) -> None:
    moment = vc_jwt.numeric_date(claims, claim)
    if moment is None:
        return
    if member not in document:
        document[member] = format_timestamp(moment)
    elif _seconds(vcdm11.timestamp_of(document, member)) != _seconds(moment):
        raise MalformedInput(
            f"{claim} is {format_timestamp(moment)}, and {member} of the document {excerpt(document[member])}"
        )


def _seconds(moment: datetime) -> datetime:
    return moment.replace(microsecond=0)


def _check_challenge(claims: JsonObject, audience: str, nonce: str) -> None:
    if not audience or claims.get("aud") not in (audience, [audience]):
        raise MalformedInput(f"aud is not {audience!r} alone: signed for someone else")
    if not nonce or claims.get("nonce") != nonce:
        raise MalformedInput("nonce is not the one of this challenge")


def _verified(
    kind: str, token: Jws, check: Callable[[], None], expected: JsonObject, budget: Budget
) -> ProofResult:
    created, expires, start = (vc_jwt.numeric_date(token.payload, name) for name in ("iat", "exp", "nbf"))
    result = ProofResult(False, "", token.header["kid"], "JWT", created, expires, start)
    try:
        check()
        _check_signature(token, _PURPOSES[kind])
        _consult_didkit(kind, token, expected, budget)
    except Undetermined as error:
        return replace(result, verified=None, reason=error.message)
    except UnusableKey as error:
        return replace(result, reason=error.message, code=error.code)
    except (MalformedInput, VerificationFailed) as error:
        return replace(result, reason=error.message)
    return replace(result, verified=True)


def _check_signature(token: Jws, purpose: str) -> None:
    """Raise VerificationFailed unless the key that `kid` names in its own DID signed the JWT.

    UnusableKey where the DID does not list that key for `purpose`, Undetermined for a key that is not read.
    """
    kid: str = token.header["kid"]
    method = resolver.listed_method(resolver.resolve(kid.partition("#")[0]), kid, purpose)
    key = resolver.method_key(method)
    jws.check_signature(token, lambda: key)


def _consult_didkit(kind: str, token: Jws, expected: JsonObject, budget: Budget) -> None:
    """Raise VerificationFailed where didkit finds the signature wrong, Undetermined where it can't say.

    Of a JWT with `exp` it may say that it is not applicable, since the machine's clock is past that.
    """
    options = {"proofFormat": "jwt", "proofPurpose": _PURPOSES[kind], "created": NO_CLOCK, **expected}
    answer = didkit_process.run({"kind": kind, "jwt": token.encoded, "expected": options}, budget=budget)
    errors: list[str] = answer["errors"]
    if errors == _NOT_APPLICABLE and "exp" in token.payload:
        return
    if any("signature error" in error for error in errors):
        raise VerificationFailed("didkit finds that the signature does not fit")
    if errors or answer["checks"] != ["JWS"]:
        raise Undetermined(
            f"didkit could not check it: {embedded_proofs.one_line(errors) or 'no check was made'}"
        )
