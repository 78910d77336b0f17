"""base64url without padding (RFC 7515 section 2), decoded strictly."""

from __future__ import annotations

import base64
import binascii
import re

from ipse.errors import MalformedInput

__all__ = ["decode", "encode"]

_ALPHABET = re.compile(r"[A-Za-z0-9_-]*")


def encode(data: bytes) -> str:
    """Base64url of `data`, no padding."""
    return base64.urlsafe_b64encode(data).rstrip(b"=").decode("ascii")


def decode(text: str) -> bytes:
    """The bytes that `text` encodes.

    Padding, white space, other alphabets and non-zero trailing bits are refused, so that every byte
    string has one spelling. Raises MalformedInput.
    """
    if not _ALPHABET.fullmatch(text):
        raise MalformedInput("not base64url: a character outside A-Z a-z 0-9 - _")
    try:
        data = base64.urlsafe_b64decode(text + "=" * (-len(text) % 4))
    except binascii.Error as error:
        raise MalformedInput(f"not base64url: {len(text)} characters is no possible length") from error
    if encode(data) != text:
        raise MalformedInput("not base64url: stray bits after the last byte")
    return data
