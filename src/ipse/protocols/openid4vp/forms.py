"""Parameters as `application/x-www-form-urlencoded` carries them: in a link, a fragment and a POST body.

Each parameter is there once (RFC 6749 section 3.1), and its text has one reading: strict percent-encoding
of UTF-8.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Final
from urllib.parse import quote_plus, unquote_to_bytes

from ipse.encoding.safe_text import printable
from ipse.errors import InputTooLarge, MalformedInput

__all__ = ["MAX_LENGTH", "encode_form", "parse_form"]

MAX_LENGTH: Final = 4 * 1024 * 1024
"""Characters of a form that are read."""
_MAX_PARAMETERS: Final = 64
_STRANGE: Final = re.compile(r"[^\x21-\x7e]|[#<>]|%(?![0-9A-Fa-f]{2})")
"""What a form can't hold; other characters that browsers leave unescaped in a query are let through."""


def parse_form(text: str, *, what: str = "the form") -> dict[str, str]:
    """The parameters of a form by name; those without a value are left out (RFC 6749 section 3.1).

    `what` names the form in errors. Raises MalformedInput for a parameter that is there twice, for
    characters and percent-encoding that are not of a form, and for text that is not UTF-8; InputTooLarge.
    """
    if len(text) > MAX_LENGTH:
        raise InputTooLarge(f"{what} has {len(text)} characters; at most {MAX_LENGTH} are read")
    strange = _STRANGE.search(text)
    if strange is not None:
        excerpt = printable(text[strange.start() : strange.start() + 3])
        raise MalformedInput(f"{what} is not percent-encoded: {excerpt!r} can't stand in it")
    if text.count("&") >= _MAX_PARAMETERS:
        raise InputTooLarge(f"{what} has more than {_MAX_PARAMETERS} parameters")
    found: dict[str, str] = {}
    for piece in filter(None, text.split("&")):
        encoded, _, value = piece.partition("=")
        name = _decoded(encoded, what)
        if name in found:
            raise MalformedInput(f"{what} has the parameter {printable(name)[:60]!r} twice")
        found[name] = _decoded(value, what)
    return {name: value for name, value in found.items() if value}


def encode_form(fields: Mapping[str, str]) -> str:
    """The form that carries `fields`, in their order. Nothing in them can end a parameter or add one."""
    return "&".join(f"{quote_plus(name)}={quote_plus(value)}" for name, value in fields.items())


def _decoded(text: str, what: str) -> str:
    try:
        return unquote_to_bytes(text.replace("+", " ")).decode("utf-8")
    except UnicodeDecodeError as error:
        raise MalformedInput(f"{what} holds percent-encoded bytes that are not UTF-8") from error
