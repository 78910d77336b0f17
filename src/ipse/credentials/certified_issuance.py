"""Issuers that certificates name (`x5c`) instead of a DID.

Source: SD-JWT VC (draft-ietf-oauth-sd-jwt-vc), on X.509 certificates; HAIP 1.0, on `x5c` of credentials.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime

from ipse.credentials.signers import certified_name
from ipse.encoding.strict_json import JsonObject
from ipse.errors import IpseError, UsageError
from ipse.keys.key_types import PublicKey

__all__ = ["check", "claimed_name", "named_by"]


def check(x5c: Sequence[str], key: PublicKey, *, now: datetime) -> None:
    """Check that credentials can be signed with `key` under these certificates at `now` (aware).

    Raises UsageError for certificates of another key, CertificateRejected for those that no verifier accepts.
    """
    from ipse.keys.certificates import without_trust

    if without_trust(x5c, now=now)[0].key != key:
        raise UsageError(
            "the first certificate is not that of the key that signs",
            hint="give the certificate of the issuer's own key first, then those of its authorities",
        )


def named_by(x5c: Sequence[str], claims: JsonObject) -> JsonObject:
    """The claims, with the https URL of the first certificate as `iss`; without `iss` where it has none."""
    from ipse.keys.certificates import read_chain

    rest = {name: value for name, value in claims.items() if name != "iss"}
    urls = [uri for uri in read_chain(x5c)[0].uris if uri.startswith("https://")]
    return {"iss": urls[0], **rest} if urls else rest


def claimed_name(x5c: object) -> str:
    """What unchecked certificates call their subject; empty where they can't be read."""
    from ipse.keys.certificates import read_chain

    try:
        return certified_name(read_chain(x5c)[0])
    except IpseError:
        return ""
