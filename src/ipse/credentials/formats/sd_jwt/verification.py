"""Verifying an SD-JWT or SD-JWT+KB (RFC 9901 section 7, SD-JWT VC).

Each step takes what the step before it gave, as a type of its own, so none can be left out or taken
early. The order is that of `CHECKS`.
"""

from __future__ import annotations

from collections.abc import Callable, Collection
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, NewType, TypeAlias

from ipse.credentials import jws
from ipse.credentials.challenge import Challenge, NoChallenge
from ipse.credentials.formats.sd_jwt import key_binding, registered_claims
from ipse.credentials.formats.sd_jwt.checks import CHECKS, SdJwtInvalid, reported_as
from ipse.credentials.formats.sd_jwt.serialization import SdJwt, parse
from ipse.credentials.formats.sd_jwt.unpack import Unpacked, unpack
from ipse.credentials.jws import VerificationKey
from ipse.credentials.report import Check, Outcome
from ipse.encoding.strict_json import JsonObject

if TYPE_CHECKING:
    from ipse.credentials.formats.sd_jwt.disclosures import ClaimPath

__all__ = ["HolderKeyResolver", "IssuerKeyResolver", "VerifiedSdJwt", "verify"]

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
class _Opened:
    """A signed SD-JWT with its processed payload. `details` grows by a line with each check."""

    sd_jwt: SdJwt
    unpacked: Unpacked
    details: tuple[str, ...]


_Typed = NewType("_Typed", SdJwt)
_Signed = NewType("_Signed", SdJwt)
_Ruled = NewType("_Ruled", _Opened)
_Timed = NewType("_Timed", _Opened)


def verify(
    presented: str | SdJwt,
    *,
    resolve_issuer_key: IssuerKeyResolver,
    types: str | Collection[str],
    challenge: Challenge | NoChallenge,
    now: float,
    leeway: float = 60,
    audiences: Collection[str] = (),
    resolve_holder_key: HolderKeyResolver = key_binding.holder_key,
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
    typed = _typed(_parsed(presented), types)
    signed, algorithm = _signed(typed, resolve_issuer_key)
    opened = _opened(signed, algorithm)
    if isinstance(challenge, Challenge):
        audiences = (*audiences, challenge.audience)
    timed = _timed(_ruled(opened, audiences), now, leeway)
    return _bound(timed, challenge, resolve_holder_key, now, leeway)


def _parsed(presented: str | SdJwt) -> SdJwt:
    # A value is read again from its text: the text is what was signed and hashed.
    with reported_as("parse"):
        return parse(presented.compact if isinstance(presented, SdJwt) else presented)


def _typed(sd_jwt: SdJwt, types: str | Collection[str]) -> _Typed:
    accepted = {types} if isinstance(types, str) else set(types)
    typ = sd_jwt.jwt.header.get("typ")
    if not isinstance(typ, str):
        raise SdJwtInvalid("type", "the header has no typ")
    if typ not in accepted:
        raise SdJwtInvalid("type", f"typ is {typ[:60]!r}, not {' or '.join(sorted(accepted))}")
    return _Typed(sd_jwt)


def _signed(sd_jwt: _Typed, resolve: IssuerKeyResolver) -> tuple[_Signed, str]:
    jwt = sd_jwt.jwt
    with reported_as("proof"):
        algorithm = jws.check_signature(jwt, lambda: resolve(jwt.header, jwt.payload))
    return _Signed(sd_jwt), algorithm


def _opened(sd_jwt: _Signed, algorithm: str) -> _Opened:
    unpacked = unpack(sd_jwt.jwt.payload, sd_jwt.disclosures)
    count = len(unpacked.placements)
    details = ("well-formed", str(sd_jwt.jwt.header["typ"]), f"signed with {algorithm}", f"{count} disclosed")
    return _Opened(sd_jwt, unpacked, details)


def _ruled(opened: _Opened, audiences: Collection[str]) -> _Ruled:
    claims = opened.unpacked.claims
    with reported_as("claims"):
        registered_claims.check_types(claims)
        registered_claims.check_audience(claims, audiences)
        if opened.sd_jwt.jwt.header["typ"] in registered_claims.VC_TYPES:
            registered_claims.check_vc(claims, opened.unpacked.selective)
    return _Ruled(_Opened(opened.sd_jwt, opened.unpacked, (*opened.details, "of the right types")))


def _timed(opened: _Ruled, now: float, leeway: float) -> _Timed:
    with reported_as("time"):
        detail = registered_claims.check_period(opened.unpacked.claims, now, leeway)
    return _Timed(_Opened(opened.sd_jwt, opened.unpacked, (*opened.details, detail)))


def _binding(
    opened: _Timed, challenge: Challenge | NoChallenge, resolve: HolderKeyResolver, now: float, leeway: float
) -> JsonObject | None:
    sd_jwt, cnf = opened.sd_jwt, opened.unpacked.claims.get("cnf")
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
    return key_binding.check_key_binding(sd_jwt, sd_jwt.kb_jwt, key, challenge, now=now, leeway=leeway)


def _bound(
    opened: _Timed, challenge: Challenge | NoChallenge, resolve: HolderKeyResolver, now: float, leeway: float
) -> VerifiedSdJwt:
    binding = _binding(opened, challenge, resolve, now, leeway)
    details = (*opened.details, "no challenge was made" if binding is None else f"for {binding['aud']}")
    outcomes = [Check(name, Outcome.PASSED, detail) for name, detail in zip(CHECKS, details, strict=True)]
    if binding is None:
        outcomes[-1] = Check("holder-binding", Outcome.NOT_APPLICABLE, details[-1])
    return VerifiedSdJwt(
        header=opened.sd_jwt.jwt.header,
        claims=opened.unpacked.claims,
        disclosed=tuple(placement.path for placement in opened.unpacked.placements),
        binding=binding,
        checks=tuple(outcomes),
    )
