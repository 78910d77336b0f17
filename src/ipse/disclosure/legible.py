"""Text from others that an owner is to read: what shows must be what is there."""

from __future__ import annotations

import re
import unicodedata
from typing import Final

from ipse.encoding.strict_json import Json
from ipse.errors import MalformedInput

__all__ = ["as_seen", "plain_text"]

# Reordering and invisible characters.
_DECEPTIVE: Final = frozenset({"Cc", "Cf", "Cs", "Co", "Zl", "Zp"})
# Default_Ignorable_Code_Point outside Cf: letters and marks that show as nothing, and what Unicode keeps
# free for more of them. The variation selectors 1 to 16 stay, since emoji are written with them.
_INVISIBLE: Final = re.compile(
    "[\u034f\u115f\u1160\u17b4\u17b5\u180b-\u180f\u2065\u3164\uffa0\ufff0-\ufff8\U000e0000-\U000e0fff]"
)
# A joiner may stand between what it joins: emoji, Indic letters. Never at an end or beside ASCII.
_JOINER: Final = re.compile("(?<=[^\x00-\x7f\u200d])\u200d(?=[^\x00-\x7f\u200d])")
# Of what is legible, what shows as nothing (joiner, variation selectors) or as a space (Braille blank).
_UNSEEN: Final = {0x200D: None, 0x2800: " ", **dict.fromkeys(range(0xFE00, 0xFE10))}


def as_seen(text: str) -> str:
    """One spelling for texts that look the same: composed, single plain spaces, nothing unseen."""
    return " ".join(unicodedata.normalize("NFKC", text.translate(_UNSEEN)).split())


def plain_text(value: Json, what: str, limit: int) -> str:
    """`value` where it is one line of at most `limit` characters that shows as what it is.

    `what` names it in errors. Raises MalformedInput.
    """
    if not isinstance(value, str) or not value.strip():
        raise MalformedInput(f"{what} is missing or empty")
    if len(value) > limit:
        raise MalformedInput(f"{what} has {len(value)} characters; at most {limit} are read")
    for character in _JOINER.sub("", value):
        if unicodedata.category(character) in _DECEPTIVE or _INVISIBLE.match(character):
            raise MalformedInput(f"{what} holds the control character U+{ord(character):04X}")
    if not as_seen(value):
        raise MalformedInput(f"{what} shows as nothing")
    return value
