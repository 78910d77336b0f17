"""Verified presentations, as a query is held against them."""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Final

from ipse.credentials import formats
from ipse.credentials.formats.format import Presentable
from ipse.credentials.verifier import Verification
from ipse.encoding.strict_json import Json, JsonObject, as_list
from ipse.errors import MalformedInput
from ipse.keys.certificates import authority_key_ids
from ipse.protocols.dcql.matching import HeldCredential

__all__ = ["credential"]

_ENVELOPED: Final = "EnvelopedVerifiableCredential"


def credential(key: str, sent: str | JsonObject, verification: Verification) -> HeldCredential:
    """What a verified presentation discloses, under the name `key`.

    `sent` is what was verified. Raises MalformedInput for a presentation of several credentials, since each
    has to answer the query on its own.
    """
    assert verification.content is not None
    text = sent if isinstance(sent, str) else json.dumps(sent)
    judged = verification
    if verification.is_presentation:
        text, judged = _only_credential(verification.content.document), verification.credentials[0]
    bound = bool(
        judged.report.check("holder-binding").value
    )  # empty for a credential that anyone may present
    if bound and not verification.is_presentation:
        text = text.rpartition("~")[0] + "~"  # the key binding is verified, and left out
    found = _presentable(text)
    return HeldCredential(
        key,
        found.format,
        found.claims,
        found.types,
        holder_bound=bound,
        authority_key_ids=authority_key_ids(found.certificates),
    )


def _only_credential(presentation: JsonObject) -> str:
    entries = as_list(presentation.get("verifiableCredential"))
    if len(entries) != 1:
        raise MalformedInput(f"the presentation has {len(entries)} credentials, one is expected in each")
    return _unwrapped(entries[0])


def _unwrapped(entry: Json) -> str:
    """A credential in a presentation as its issuer handed it out: JSON, or a token out of its envelope."""
    if isinstance(entry, Mapping) and _ENVELOPED in as_list(entry.get("type")):
        return str(entry.get("id", "")).partition(",")[2]
    return entry if isinstance(entry, str) else json.dumps(entry)


def _presentable(text: str) -> Presentable:
    return formats.read(text).format.presentable(text)
