"""Envelopes: JSON objects that hold a token, so that it can stand in a presentation.

Source: VCDM 2.0, sections 4.13 and 4.14.
"""

from __future__ import annotations

import re
from typing import Final

from ipse.credentials import formats, model
from ipse.credentials.formats.format import Unverified
from ipse.encoding.strict_json import JsonObject, as_list, excerpt
from ipse.errors import MalformedInput

__all__ = ["MAX_LENGTH", "enveloped", "opened"]

MAX_LENGTH: Final = 4 * 1024 * 1024
"""Characters of an enveloped token; a presentation holds its credentials encoded twice."""
_KINDS: Final = {"EnvelopedVerifiableCredential": False, "EnvelopedVerifiablePresentation": True}
"""The types of envelopes, and whether each holds a presentation."""
_DATA_URL: Final = re.compile(r"data:([a-z]+/[a-z+-]+),([A-Za-z0-9_.~-]+)")


def enveloped(text: str) -> JsonObject:
    """The envelope of a token. Raises MalformedInput for a text that is not a token of a format."""
    unverified = formats.read(text)
    media_type = unverified.media_type
    if media_type not in unverified.format.media_types:
        raise MalformedInput(
            f"{media_type or 'JSON with an embedded proof'} has no place in an envelope",
            hint=f"these have: {', '.join(_media_types(is_presentation=False))}",
        )
    identifier = f"data:{media_type},{text.strip()}"
    if not _DATA_URL.fullmatch(identifier):
        raise MalformedInput("only a compact token has a place in an envelope", hint="not one that is JSON")
    kind = next(name for name, held in _KINDS.items() if held is unverified.is_presentation)
    return {"@context": model.CONTEXT, "id": identifier, "type": kind}


def opened(envelope: JsonObject) -> Unverified:
    """The token in an envelope, read and not verified.

    Members other than @context, id and type are refused: nothing protects them. Raises MalformedInput.
    """
    media_type, text = _token_of(envelope)
    unverified = formats.read(text) if not text.lstrip().startswith("{") else None
    if unverified is None or unverified.format.media_types.get(media_type) is not unverified.is_presentation:
        raise MalformedInput(f"the envelope says {media_type} and holds something else")
    return unverified


def _media_types(*, is_presentation: bool) -> list[str]:
    return [
        name
        for form in formats.every()
        for name, presents in form.media_types.items()
        if presents is is_presentation
    ]


def _token_of(envelope: JsonObject) -> tuple[str, str]:
    """The media type and the token in an envelope, neither of them looked into."""
    if envelope.keys() != {"@context", "id", "type"}:
        raise MalformedInput(f"an envelope has @context, id and type, not {excerpt(sorted(envelope))}")
    if as_list(envelope["@context"])[:1] != [model.CONTEXT]:
        raise MalformedInput(f"@context of the envelope does not begin with {model.CONTEXT}")
    types = as_list(envelope["type"])
    kind = types[0] if len(types) == 1 else None
    if not isinstance(kind, str) or kind not in _KINDS:
        raise MalformedInput(
            f"type of the envelope is {excerpt(envelope['type'])}, not {' or '.join(_KINDS)}"
        )
    identifier = envelope["id"]
    if not isinstance(identifier, str) or len(identifier) > MAX_LENGTH:
        raise MalformedInput(f"id of the envelope is not a text of at most {MAX_LENGTH} characters")
    match = _DATA_URL.fullmatch(identifier)
    if match is None:
        raise MalformedInput(
            f"id of the envelope is {excerpt(identifier)}, not a data: URL of a token",
            hint="it looks like data:application/vc+jwt,eyJ…, without parameters or escapes",
        )
    media_type, text = match.groups()
    if media_type not in _media_types(is_presentation=_KINDS[kind]):
        raise MalformedInput(f"an {kind} holds no {media_type[:60]}")
    return media_type, text
