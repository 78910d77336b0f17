"""Texts from anywhere, made fit to be drawn: one line, bounded, nothing hidden in it, escaped."""

from __future__ import annotations

import unicodedata
from typing import Final

from ipse.encoding.safe_text import JOINERS, is_printable, printable, replace_unsafe

__all__ = ["escaped", "fitting", "legible"]

_DROPPED: Final = "\u00ad\ufeff"
"""Soft hyphen and byte order mark, which show as nothing in most texts that hold them."""
_ESCAPES: Final = {ord(character): f"&#{ord(character)};" for character in "&<>\"'"}
_WIDE: Final = 1.05
_NARROW: Final = 0.56
"""Width of a character in its own size: measured generously, since the reader's font is not known."""


def legible(text: str, *, limit: int) -> str:
    """`text` in one line of at most `limit` characters, cut with an ellipsis; hidden characters spelled out.

    What controls a terminal, a parser or the direction of a text is written as its escape (`\\u202e`), so
    the result holds only characters that XML allows.
    """
    head, tail = text[: 8 * limit], text[8 * limit :]
    shown = replace_unsafe(" ".join(head.split()), _replacement, joiners=JOINERS)
    if len(shown) <= limit and not tail.strip():
        return shown
    return _cut(shown, limit - 1) + "…"


def fitting(text: str, *, size: float, width: float) -> str:
    """A legible `text` cut to about `width` pixels at a font size of `size` pixels."""
    room = width / size
    for position, character in enumerate(text):
        room -= _WIDE if unicodedata.east_asian_width(character) in "WF" else _NARROW
        if room < 0:
            return _cut(text, max(position - 1, 0)) + "…"
    return text


def escaped(text: str) -> str:
    """`text` for an element or a quoted attribute, in HTML and in XML."""
    return text.translate(_ESCAPES)


def _replacement(character: str) -> str:
    """The escape of an unsafe character, or nothing for a mark above the fourth."""
    return "" if character in _DROPPED or is_printable(character) else printable(character)


def _cut(text: str, length: int) -> str:
    """The first `length` characters, less what would dangle: a joiner or a blank at the end."""
    return text[:length].rstrip(JOINERS + " ")
