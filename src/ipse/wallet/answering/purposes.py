"""The transaction data that credentials are presented with: a purpose, which the holder's signature covers.

Its type is `urn:ipse:purpose:1`. Beside the members of OpenID4VP it has `purpose`, a text of at most 300
characters, and may have `retention`, for how many seconds the answer is kept. So a verifier can show later
what it said it asked for.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import timedelta
from typing import Final

from ipse.disclosure.questions import MAX_PURPOSE, MAX_RETENTION
from ipse.encoding.safe_text import plain_text
from ipse.encoding.strict_json import Json, JsonObject, excerpt
from ipse.errors import MalformedInput
from ipse.protocols.openid4vp.refusals import INVALID_TRANSACTION_DATA, refused_with
from ipse.protocols.openid4vp.transaction_data import TransactionData

__all__ = ["TYPE", "Stated", "build", "stated"]

TYPE: Final = "urn:ipse:purpose:1"
_MEMBERS: Final = frozenset({"type", "credential_ids", "transaction_data_hashes_alg", "purpose", "retention"})


@dataclass(frozen=True, slots=True)
class Stated:
    """The purpose that a verifier states, empty where it states none, and how long it keeps the answer."""

    purpose: str = ""
    retention: timedelta | None = None


def stated(entries: Sequence[TransactionData]) -> Stated:
    """What the entries of transaction data state; at most one may.

    Raises MalformedInput, which is told as invalid_transaction_data.
    """
    try:
        if len(entries) > 1:
            raise MalformedInput(f"the request states {len(entries)} purposes; one is read")
        return _read(entries[0]) if entries else Stated()
    except MalformedInput as error:
        raise refused_with(error, INVALID_TRANSACTION_DATA) from error.__cause__


def build(purpose: Json, retention: Json, credential_ids: Sequence[str]) -> JsonObject:
    """The transaction data with which a verifier states its purpose; a `retention` of None is not stated.

    Raises MalformedInput for a purpose or a retention that no wallet reads.
    """
    content: JsonObject = {"type": TYPE, "credential_ids": [*credential_ids], "purpose": purpose}
    if retention is not None:
        content["retention"] = retention
    _content(content)
    return content


def _read(entry: TransactionData) -> Stated:
    return _content(entry.content)


def _content(content: JsonObject) -> Stated:
    unknown = content.keys() - _MEMBERS
    if unknown:
        raise MalformedInput(f"the purpose has the unknown member {excerpt(min(unknown))}")
    purpose = plain_text(content.get("purpose"), "the purpose", MAX_PURPOSE)
    if "retention" not in content:
        return Stated(purpose)
    seconds, most = content["retention"], int(MAX_RETENTION.total_seconds())
    if type(seconds) is not int or not 0 <= seconds <= most:
        raise MalformedInput(f"the retention {excerpt(seconds)} is not 0 to {most} seconds")
    return Stated(purpose, timedelta(seconds=seconds))
