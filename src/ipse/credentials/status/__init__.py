"""Credential status: W3C Bitstring Status List v1.0 and the IETF Token Status List.

`entries_of` finds where a credential's status is published, `check_status` checks it; `bitstring` and
`token_status_list` make the lists that an issuer publishes.
"""

from ipse.credentials.status.checking import (
    REVOKED,
    SUSPENDED,
    Authority,
    Fetch,
    Keep,
    Listed,
    ResolveKey,
    StatusList,
    StatusOutcome,
    VerifyCredential,
    check,
    check_status,
    fresh_until,
    open_list,
)
from ipse.credentials.status.entries import Entry, StatusEntry, UnknownEntry, entries_of
from ipse.credentials.status.published import Published, media_type_of

__all__ = [
    "REVOKED",
    "SUSPENDED",
    "Authority",
    "Entry",
    "Fetch",
    "Keep",
    "Listed",
    "Published",
    "ResolveKey",
    "StatusEntry",
    "StatusList",
    "StatusOutcome",
    "UnknownEntry",
    "VerifyCredential",
    "check",
    "check_status",
    "entries_of",
    "fresh_until",
    "media_type_of",
    "open_list",
]
