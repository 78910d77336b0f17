"""Verifying an SD-JWT or SD-JWT+KB (RFC 9901 section 7), in the order of `CHECKS`.

Credentials are verified by `ipse.credentials.verifier`, which makes the same steps among others.
"""

from __future__ import annotations

from collections.abc import Callable, Collection
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, TypeAlias

from ipse.credentials import jws
from ipse.credentials.formats.sd_jwt import presentation, registered_claims
from ipse.credentials.formats.sd_jwt.checks import CHECKS, SdJwtInvalid, reported_as
from ipse.credentials.formats.sd_jwt.disclosures import Unpacked, unpack
from ipse.credentials.formats.sd_jwt.serialization import SdJwt, parse
from ipse.credentials.jws import VerificationKey
from ipse.credentials.policy import Challenge, NoChallenge
from ipse.credentials.report import Check, Outcome
from ipse.encoding.strict_json import JsonObject

if TYPE_CHECKING:
    from ipse.credentials.formats.sd_jwt.disclosures import ClaimPath

__all__ = [
    "HolderKeyResolver",
    "IssuerKeyResolver",
    "Opened",
    "VerifiedSdJwt",
    "check_binding",
    "check_claims",
    "check_signature",
    "check_type",
    "open_disclosures",
    "verify",
]

IssuerKeyResolver: TypeAlias = Callable[[JsonObject, JsonObject], VerificationKey]
"""From the header and payload of the issuer-signed JWT, neither of them verified yet, to the key that
the issuer named in there signs with."""
HolderKeyResolver: TypeAlias = Callable[[JsonObject], VerificationKey]
"""From a verified `cnf` claim to the holder's key."""


@dataclass(frozen=True, slots=True)
class VerifiedSdJwt:
    """An SD-JWT for which every check held.

    - `claims`: the processed payload
    - `disclosed`: the paths in `claims` that came out of disclosures
    - `binding`: the payload of the key-binding JWT, None where no challenge was made
    - `checks`: one outcome for each of CHECKS; `holder-binding` is not applicable without a challenge
    """

    header: JsonObject
    claims: JsonObject = field(repr=False)
    disclosed: tuple[ClaimPath, ...]
    binding: JsonObject | None
    checks: tuple[Check, ...]


@dataclass(frozen=True, slots=True)
class Opened:
    """An SD-JWT whose disclosures were put in place; none of it is verified.

    Where the disclosures don't fit the JWT, `unpacked` is None and `fault` is why.
    """

    sd_jwt: SdJwt
    unpacked: Unpacked | None
    fault: SdJwtInvalid | None = None


def verify(
    presented: str | SdJwt,
    *,
    resolve_issuer_key: IssuerKeyResolver,
    types: str | Collection[str],
    challenge: Challenge | NoChallenge,
    now: float,
    leeway: float = 60,
    audiences: Collection[str] = (),
    resolve_holder_key: HolderKeyResolver = presentation.holder_key,
) -> VerifiedSdJwt:
    """What `presented` says, if every check of CHECKS holds.

    - `types`: the `typ` header, or those that are accepted. `dc+sd-jwt` brings the rules of SD-JWT VC
    - `challenge`: with a Challenge, the credential must name a holder key and a key binding must answer.
      With NO_CHALLENGE, there must be no key binding, since nothing could be said about it
    - `now`: seconds since 1970; `leeway`: seconds that clocks may differ
    - `audiences`: names of the verifier that an `aud` claim of the credential itself may hold, beside
      the audience of the challenge
    - the resolvers may raise Undetermined, or VerificationFailed and MalformedInput, which end up as the
      verdict on `proof` and `holder-binding`. What else they raise passes through

    Raises SdJwtInvalid and SdJwtUndetermined, which carry the check and the reason.
    """
    with reported_as("parse"):
        # A value is read again from its text: the text is what was signed and hashed.
        sd_jwt = parse(presented.compact if isinstance(presented, SdJwt) else presented)
    if isinstance(challenge, Challenge):
        audiences = (*audiences, challenge.audience)
    opened = open_disclosures(sd_jwt)
    typ = check_type(opened, types)
    unpacked, signed = check_signature(opened, resolve_issuer_key)
    check_claims(opened, audiences)
    with reported_as("time"):
        timed = registered_claims.check_period(unpacked.claims, now, leeway)
    binding = check_binding(sd_jwt, unpacked.claims, challenge, resolve_holder_key, now=now, leeway=leeway)
    bound = "no challenge was made" if binding is None else f"for {binding['aud']}"
    reasons = ("well-formed", f"{typ}, of the right types", signed, timed, bound)
    checks = [Check(name, Outcome.PASSED, reason) for name, reason in zip(CHECKS, reasons, strict=True)]
    if binding is None:
        checks[-1] = Check("holder-binding", Outcome.NOT_APPLICABLE, bound, code="no-challenge")
    return VerifiedSdJwt(
        header=sd_jwt.jwt.header,
        claims=unpacked.claims,
        disclosed=tuple(placement.path for placement in unpacked.placements),
        binding=binding,
        checks=tuple(checks),
    )


def open_disclosures(sd_jwt: SdJwt) -> Opened:
    """The SD-JWT with its disclosures in place. Nothing is verified."""
    try:
        return Opened(sd_jwt, unpack(sd_jwt.jwt.payload, sd_jwt.disclosures))
    except SdJwtInvalid as error:
        return Opened(sd_jwt, None, error)


def check_type(opened: Opened, types: str | Collection[str]) -> str:
    """The `typ` of the header, if it is one of `types`. Raises SdJwtInvalid."""
    accepted = {types} if isinstance(types, str) else set(types)
    typ = opened.sd_jwt.jwt.header.get("typ")
    if not isinstance(typ, str):
        raise SdJwtInvalid("data-model", "the header has no typ")
    if typ not in accepted:
        raise SdJwtInvalid("data-model", f"typ is {typ[:60]!r}, not {' or '.join(sorted(accepted))}")
    return typ


def check_claims(opened: Opened, audiences: Collection[str]) -> None:
    """Raise SdJwtInvalid unless the claims keep their rules, as far as they can be read.

    Where the disclosures don't fit, nothing is: the proof fails, since what they say is not signed.
    """
    if opened.unpacked is None:
        return
    claims = opened.unpacked.claims
    with reported_as("data-model"):
        registered_claims.check_types(claims)
        registered_claims.check_audience(claims, audiences)
        if opened.sd_jwt.jwt.header["typ"] in registered_claims.VC_TYPES:
            registered_claims.check_vc(claims, opened.unpacked.selective)


def check_signature(opened: Opened, resolve: IssuerKeyResolver) -> tuple[Unpacked, str]:
    """The claims that the issuer signed, and in words how. Raises SdJwtInvalid, SdJwtUndetermined."""
    jwt = opened.sd_jwt.jwt
    with reported_as("proof"):
        algorithm = jws.check_signature(jwt, lambda: resolve(jwt.header, jwt.payload))
    if opened.unpacked is None:
        assert opened.fault is not None
        raise opened.fault
    return opened.unpacked, f"signed with {algorithm}, {len(opened.unpacked.placements)} disclosed"


def check_binding(
    sd_jwt: SdJwt,
    claims: JsonObject,
    challenge: Challenge | NoChallenge,
    resolve: HolderKeyResolver,
    *,
    now: float,
    leeway: float,
) -> JsonObject | None:
    """The payload of the key binding that answers the challenge, None where no challenge was made.

    Raises SdJwtInvalid, SdJwtUndetermined.
    """
    cnf = claims.get("cnf")
    if sd_jwt.kb_jwt is not None and cnf is None:
        raise SdJwtInvalid("holder-binding", "a key binding without cnf: the credential names no holder key")
    if not isinstance(challenge, Challenge):
        if sd_jwt.kb_jwt is not None:
            raise SdJwtInvalid("holder-binding", "a key binding, and no challenge to check it against")
        return None
    if cnf is None:
        raise SdJwtInvalid("holder-binding", "cnf is missing: the credential is bound to nobody")
    if sd_jwt.kb_jwt is None:
        raise SdJwtInvalid("holder-binding", "the key binding is missing: anyone could have sent this")
    with reported_as("holder-binding"):
        key = resolve(cnf)
    return presentation.check_key_binding(sd_jwt, sd_jwt.kb_jwt, key, challenge, now=now, leeway=leeway)
