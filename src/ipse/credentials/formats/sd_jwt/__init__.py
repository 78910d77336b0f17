"""SD-JWT (RFC 9901) and SD-JWT VC: issue, read, choose what to disclose, bind to a key, verify.

    issue(claims, disclosable=[...], signer=key, typ="dc+sd-jwt")   -> "jwt~d1~d2~"
    parse(text)                                                     -> SdJwt, not verified
    select(sd_jwt, paths)                                           -> Selection: what would leave
    bind(selection.presentation, signer=..., audience=..., ...)     -> SdJwt with its key binding
    verify(text, resolve_issuer_key=..., challenge=..., now=...)    -> VerifiedSdJwt, or SdJwtInvalid

Nothing here touches a disk, a clock or a network.
"""

from ipse.credentials.formats.sd_jwt.checks import CHECKS, SdJwtInvalid, SdJwtUndetermined
from ipse.credentials.formats.sd_jwt.disclosures import ClaimPath, Disclosure, read_path, spelled
from ipse.credentials.formats.sd_jwt.issuance import issue
from ipse.credentials.formats.sd_jwt.presentation import (
    Selection,
    bind,
    disclosable_paths,
    holder_key,
    sd_hash,
    select,
)
from ipse.credentials.formats.sd_jwt.registered_claims import VC_TYPE, VC_TYPES
from ipse.credentials.formats.sd_jwt.serialization import SdJwt, parse, parse_compact, parse_json
from ipse.credentials.formats.sd_jwt.verification import VerifiedSdJwt, verify
from ipse.credentials.jws import Jws, Signer, VerificationKey
from ipse.credentials.policy import NO_CHALLENGE, Challenge, NoChallenge

__all__ = [
    "CHECKS",
    "NO_CHALLENGE",
    "VC_TYPE",
    "VC_TYPES",
    "Challenge",
    "ClaimPath",
    "Disclosure",
    "Jws",
    "NoChallenge",
    "SdJwt",
    "SdJwtInvalid",
    "SdJwtUndetermined",
    "Selection",
    "Signer",
    "VerificationKey",
    "VerifiedSdJwt",
    "bind",
    "disclosable_paths",
    "holder_key",
    "issue",
    "parse",
    "parse_compact",
    "parse_json",
    "read_path",
    "sd_hash",
    "select",
    "spelled",
    "verify",
]
