"""The side of the holder: look, choose, see what leaves, and sign for one verifier; and the check of that.

Source: RFC 9901 sections 4.3, 7.2 and 7.3.
"""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, Final

from ipse.credentials import jws
from ipse.credentials.formats.sd_jwt import disclosures, registered_claims
from ipse.credentials.formats.sd_jwt.checks import SdJwtInvalid, reported_as
from ipse.credentials.formats.sd_jwt.disclosures import ClaimPath, Unpacked, holds, spelled, unpack
from ipse.credentials.policy import Challenge
from ipse.errors import NotFound, Undetermined, UsageError, VerificationFailed
from ipse.keys import key_types

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from ipse.credentials.formats.sd_jwt.serialization import SdJwt
    from ipse.credentials.jws import Jws, Signer, VerificationKey
    from ipse.encoding.strict_json import Json, JsonObject

__all__ = [
    "KB_TYPE",
    "Selection",
    "bind",
    "check_key_binding",
    "disclosable_paths",
    "holder_key",
    "sd_hash",
    "select",
]


@dataclass(frozen=True, slots=True)
class Selection:
    """A choice of disclosures and exactly what it reveals.

    - `presentation`: what is sent, still without a key binding
    - `claims`: what its reader sees, computed from `presentation` itself. Where an array element is
      withheld, those after it move up
    - `disclosed`, `withheld`: the selectively disclosable claims on either side, by their paths in the
      credential, parents before children. What a withheld claim contains is withheld with it
    """

    presentation: SdJwt
    claims: JsonObject = field(repr=False)
    disclosed: tuple[ClaimPath, ...]
    withheld: tuple[ClaimPath, ...]


def disclosable_paths(sd_jwt: SdJwt) -> tuple[ClaimPath, ...]:
    """The paths a holder of `sd_jwt` can reveal or withhold, parents before children.

    Raises SdJwtInvalid where the disclosures don't fit the JWT.
    """
    return tuple(placement.path for placement in _unpacked(sd_jwt).placements)


def select(sd_jwt: SdJwt, paths: Iterable[ClaimPath]) -> Selection:
    """A presentation that reveals the claims at `paths`, and nothing else that can be withheld.

    Disclosures that a path lies in are pulled in. Those inside a path are not: to reveal an object whose
    members are disclosable one by one, name the members (`disclosable_paths` has them).
    The issuer's signature is not checked here; that was done when the credential came in.

    Raises NotFound for a path that is not in the credential, UsageError where a key binding is attached
    already, SdJwtInvalid where the disclosures don't fit the JWT.
    """
    if sd_jwt.kb_jwt is not None:
        raise UsageError(
            "this is a presentation with a key binding, not a credential",
            hint="use the credential as it came from its issuer",
        )
    whole = _unpacked(sd_jwt)
    placed = {placement.path: placement.disclosure.encoded for placement in whole.placements}
    chosen: set[str] = set()
    for path in paths:
        if not holds(whole.claims, path):
            raise NotFound(f"there is no claim {spelled(path)!r} in this credential")
        steps = (path[: length + 1] for length in range(len(path)))
        chosen.update(placed[step] for step in steps if step in placed)
    kept = tuple(encoded for encoded in sd_jwt.disclosures if encoded in chosen)
    presentation = replace(sd_jwt, disclosures=kept)
    return Selection(
        presentation=presentation,
        claims=_unpacked(presentation).claims,
        disclosed=tuple(path for path, encoded in placed.items() if encoded in chosen),
        withheld=tuple(path for path, encoded in placed.items() if encoded not in chosen),
    )


def _unpacked(sd_jwt: SdJwt) -> Unpacked:
    return unpack(sd_jwt.jwt.payload, sd_jwt.disclosures)


KB_TYPE: Final = "kb+jwt"
_OWN_CLAIMS: Final = frozenset({"iat", "aud", "nonce", "sd_hash"})


def sd_hash(sd_jwt: SdJwt) -> str:
    """The base64url digest over `jwt~d1~d2~`, by the hash of `_sd_alg` (RFC 9901 section 4.3.1).

    Raises MalformedInput for an unsupported `_sd_alg`.
    """
    return disclosures.digest(sd_jwt.bare, disclosures.hash_name(sd_jwt.jwt.payload))


def bind(
    presentation: SdJwt,
    *,
    signer: Signer,
    audience: str,
    nonce: str,
    issued_at: int,
    claims: Mapping[str, Json] | None = None,
) -> SdJwt:
    """`presentation` with a key-binding JWT for `audience` and `nonce`.

    `signer` is the private half of the key in `cnf`; `issued_at` is in seconds since 1970. `claims` go
    in beside the four of RFC 9901, as `transaction_data_hashes` does in OpenID4VP.

    Raises UsageError where the credential is bound to no key, a binding is attached already, or `claims`
    would replace one of the four, or where `signer` is not the key in `cnf` (for keys that can be read
    here): its signature would tell the verifier of another key of the same person. SdJwtInvalid where
    the disclosures don't fit the JWT, MalformedInput for a malformed `cnf`.
    """
    extra = dict(claims or {})
    if presentation.kb_jwt is not None:
        raise UsageError("this presentation has a key binding already", hint="bind a new selection")
    if not _OWN_CLAIMS.isdisjoint(extra):
        raise UsageError(f"{min(_OWN_CLAIMS.intersection(extra))} of a key binding can't be set by hand")
    credential = unpack(presentation.jwt.payload, presentation.disclosures).claims
    registered_claims.check_types(credential)
    if "cnf" not in credential:
        raise UsageError(
            "the credential names no holder key (cnf), so there is nothing to prove",
            hint="present it without a key binding",
        )
    Challenge(audience, nonce)  # refuses an empty one
    payload = {"iat": issued_at, "aud": audience, "nonce": nonce, "sd_hash": sd_hash(presentation), **extra}
    binding = jws.sign({"typ": KB_TYPE}, payload, signer)
    if not _fits(binding, credential["cnf"]):
        raise UsageError(
            "the signing key is not the one this credential is bound to (cnf)",
            hint="sign with the key that the credential was issued to",
        )
    return replace(presentation, kb_jwt=binding.encoded)


def holder_key(cnf: JsonObject) -> VerificationKey:
    """The key that a `cnf` claim holds by value, as `jwk` (RFC 7800 section 3.2).

    Raises MalformedInput, and Undetermined for other ways to name a key and for unsupported key types.
    """
    if "jwk" not in cnf:
        methods = ", ".join(sorted(cnf))[:80]
        raise Undetermined(f"the holder's key is given by {methods!r}, only jwk is read")
    return key_types.verifying_from_jwk(cnf["jwk"])


def check_key_binding(
    sd_jwt: SdJwt, kb_jwt: str, key: VerificationKey, challenge: Challenge, *, now: float, leeway: float
) -> JsonObject:
    """The payload of `kb_jwt`, if it binds exactly `sd_jwt` to `key` and answers `challenge`.

    `now` is in seconds since 1970, `leeway` in seconds. RFC 9901 section 7.3, step 5. Raises
    SdJwtInvalid (`holder-binding`).
    """
    with reported_as("holder-binding"):
        binding = jws.read(kb_jwt, what="key-binding JWT")
    if binding.header.get("typ") != KB_TYPE:
        raise _fault(f"typ of the key binding is not {KB_TYPE}")
    with reported_as("holder-binding"):
        jws.check_signature(binding, lambda: key)
    payload = binding.payload
    if payload.get("sd_hash") != sd_hash(sd_jwt):
        raise _fault("sd_hash is missing or over another set of disclosures")
    if payload.get("aud") != challenge.audience:
        raise _fault(f"aud is not {challenge.audience!r}: signed for someone else")
    if payload.get("nonce") != challenge.nonce:
        raise _fault("nonce is not the one of this challenge")
    with reported_as("holder-binding"):
        issued_at = registered_claims.numeric_date(payload, "iat")
        registered_claims.check_period(payload, now, leeway)
    if issued_at is None:
        raise SdJwtInvalid("holder-binding", "iat is missing: it would never get old", cause="undated")
    # Each condition is the one that must hold, so that a NaN fails it.
    if not issued_at <= now + leeway:
        raise _fault(f"iat {issued_at:.0f} is in the future, it is {now:.0f}")
    if not issued_at >= now - leeway - challenge.max_age:
        raise _fault(f"iat {issued_at:.0f} is more than {challenge.max_age:.0f} seconds ago, it is {now:.0f}")
    return payload


def _fits(binding: Jws, cnf: JsonObject) -> bool:
    try:
        key = holder_key(cnf)
    except Undetermined:
        return True
    try:
        jws.check_signature(binding, lambda: key)
    except VerificationFailed:
        return False
    return True


def _fault(reason: str) -> SdJwtInvalid:
    return SdJwtInvalid("holder-binding", reason)
