"""Credential status: W3C Bitstring Status List v1.0 and the IETF Token Status List.

`entries_of` finds where a credential's status is published, `check_status` checks it; `bitstring` and
`token_status_list` make the lists that an issuer publishes.
"""

from typing import Final

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

W3C_LIST: Final = "w3c"
IETF_LIST: Final = "token"
"""The kinds of status lists, as options and the vault name them."""

__all__ = [
    "IETF_LIST",
    "REVOKED",
    "SUSPENDED",
    "W3C_LIST",
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
