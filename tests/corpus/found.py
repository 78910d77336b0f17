"""What a verification found."""

from __future__ import annotations

from ipse.credentials.verifier import Verification
from ipse.encoding.strict_json import JsonObject

__all__ = ["document_of"]


def document_of(found: Verification) -> JsonObject | None:
    """The document that the proofs cover, None where none holds."""
    return None if found.content is None else found.content.document
