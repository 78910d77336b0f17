"""Which characters may be shown: the only module that decides it.

Text from others can steer a terminal (control characters), reorder what is read (bidirectional controls) or
hide in it (zero-width characters). Such characters are refused, escaped or replaced by the functions here.
Categories are those of the Unicode Character Database, version `unicodedata.unidata_version`.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Callable
from typing import Final, Literal

from ipse.errors import MalformedInput

__all__ = [
    "JOINERS",
    "as_seen",
    "is_printable",
    "is_visible_ascii",
    "normalized",
    "one_line",
    "plain_text",
    "printable",
    "printable_json",
    "printable_lines",
    "replace_unsafe",
    "without_controls",
    "without_quotes",
]

JOINERS: Final = "\u200c\u200d"
"""Format characters that Persian and Indic words and compound emoji are written with."""

_CONTROLS: Final = frozenset({"Cc", "Cf", "Cs", "Zl", "Zp"})
"""Categories that steer, reorder or hide."""
_UNSAFE: Final = _CONTROLS | {"Co", "Cn"}
"""Private use and unassigned characters look different to every reader."""
_INVISIBLE: Final = re.compile(
    "[\u034f\u115f\u1160\u17b4\u17b5\u180b-\u180f\u2065\u3164\uffa0\ufff0-\ufff8\U000e0000-\U000e0fff]"
)
"""Default_Ignorable_Code_Point outside Cf: letters and marks that show as nothing, and the code points that
Unicode reserves for more of them. The variation selectors 1 to 16 stay, since emoji are written with them."""
_MARKS: Final = ("Mn", "Me")
_MAX_MARKS: Final = 4
"""Combining marks on one character: enough for any script, too few to paint over the lines around it."""
_MAX_RUN: Final = 30
"""Combining marks in a row that are normalised: the Stream-Safe Text Format of UAX #15, section 13."""
_PERHAPS_MARKS: Final = re.compile(rf"[^\w\x00-\u02ff]{{{_MAX_RUN + 1},}}")
"""No combining mark is a letter or digit, and none is among the first 768 characters."""
_UNSEEN: Final = {0x200D: None, 0x2800: " ", **dict.fromkeys(range(0xFE00, 0xFE10))}
"""Safe characters that show as nothing (joiner, variation selectors) or as a space (Braille blank)."""
_QUOTES: Final = frozenset({"Pi", "Pf"})
"""Categories of opening and closing quotation marks."""
_LIKE_QUOTES: Final = re.compile(
    "[\"'`\u00b4"
    "\u02b9-\u02bf\u02c8\u02ca\u02cb\u02dd\u02ee\u02f4-\u02f6"  # modifier letters: primes, commas, accents
    "\u0374\u0384\u0559-\u055b\u055d\u05f3\u05f4\u07f4\u07f5\u1cd3"  # Greek, Armenian, Hebrew, N'Ko, Vedic
    "\u1fbd\u1fbf\u1fcd-\u1fcf\u1fdd-\u1fdf\u1fef\u1ffd\u1ffe"  # Greek breathings and accents
    "\u2018-\u201f\u2032-\u2037\u2039\u203a\u2057"  # quotation marks and primes
    "\u2329\u232a\u275b-\u2760\u276e\u276f\u27e8-\u27eb"  # angle brackets and ornaments
    "\u2e00-\u2e0d\u2e1c\u2e1d\u2e20\u2e21\u2e42"
    "\u3003\u3008-\u300f\u301d-\u301f\ua78b\ua78c"  # East Asian marks, saltillo
    "\ufe3d-\ufe44\uff02\uff07\uff40\uff62\uff63"  # vertical, full and half width forms
    "\U0001f676-\U0001f678]"
    "|(?<!\\S)[\u030b\u030d-\u030f\u0312-\u0315\u0348]"  # ticks and commas over or under nothing
)
"""What stands for a quotation mark, or can be taken for one, in categories other than these two.

Unicode Standard section 6.2 (quotation marks and angle brackets, apostrophes, primes), and the entries of
UTS 39 confusables.txt for U+0022 and U+0027 but the letters of living alphabets.
"""
_RUN_OF_MARKS: Final = re.compile("'{2,}")


def is_printable(text: str) -> bool:
    """Whether every character of `text` is safe to show, and every space the plain one."""
    return text.isprintable() and not _INVISIBLE.search(text)


def is_visible_ascii(text: str) -> bool:
    """Whether `text` has visible ASCII characters alone, as URLs and tokens do: no blanks."""
    return text.isascii() and text.isprintable() and " " not in text


def printable(text: str) -> str:
    """`text` for one line of a terminal: each unsafe character is written as its escape, like `\\x1b`.

    More than four combining marks on one character are escaped too.
    """
    return replace_unsafe(text, _escaped)


def printable_lines(text: str, *, keep: str = "") -> str:
    """`text` like `printable`, with its line feeds and the characters in `keep` as they are."""

    def shown(character: str) -> str:
        return character if character in keep else _escaped(character)

    return "\n".join(replace_unsafe(line, shown) for line in text.split("\n"))


def printable_json(text: str) -> str:
    """JSON `text` with each unsafe character written as `\\uXXXX`, which leaves its value as it is."""
    return text if is_printable(text) else text.translate(_IN_JSON)


def one_line(text: str, limit: int) -> str:
    """`text` escaped, with single spaces, in at most `limit` characters, cut with an ellipsis."""
    shown = printable(" ".join(text[: 8 * limit].split()))
    if len(shown) <= limit and not text[8 * limit :].strip():
        return shown
    return shown[: limit - 1].rstrip() + "…"


def without_quotes(text: str) -> str:
    """`text` with an apostrophe for each quotation mark and for what looks like one, never two in a row.

    What is shown between quotation marks can't seem to end before it does.
    """
    plain = _LIKE_QUOTES.sub("'", text)
    plain = "".join("'" if unicodedata.category(character) in _QUOTES else character for character in plain)
    return _RUN_OF_MARKS.sub("'", plain)


def replace_unsafe(text: str, replacement: Callable[[str], str], *, joiners: str = "") -> str:
    """`text` with each unsafe character, and each combining mark after the fourth, replaced.

    Of JOINERS, those in `joiners` stay between two characters that they can join.
    """
    if text.isascii() and text.isprintable():
        return text
    shown: list[str] = []
    marks = 0
    for position, character in enumerate(text):
        if character in joiners and _joins(text, position):
            shown.append(character)
            continue
        marks = marks + 1 if unicodedata.category(character) in _MARKS else 0
        shown.append(replacement(character) if marks > _MAX_MARKS or _is_unsafe(character) else character)
    return "".join(shown)


def without_controls(text: str) -> str:
    """`text` without characters that steer, reorder or hide, for text that is to be kept.

    Joiners stay. Private use and unassigned characters stay too: a later version of Unicode may assign them.
    """
    return text if is_printable(text) else text.translate(_WITHOUT_CONTROLS)


def plain_text(value: object, what: str, limit: int) -> str:
    """Return `value` if it is one line of at most `limit` characters in which every character is safe.

    A zero-width joiner is safe between two characters outside ASCII. `what` names the value in errors.
    Raises MalformedInput.
    """
    if not isinstance(value, str) or not value.strip():
        raise MalformedInput(f"{what} is missing or empty")
    if len(value) > limit:
        raise MalformedInput(f"{what} has {len(value)} characters; at most {limit} are read")
    for position, character in enumerate(value):
        if _is_unsafe(character) and not (character == "\u200d" and _joins(value, position)):
            raise MalformedInput(f"{what} holds the control character U+{ord(character):04X}")
    if not as_seen(value):
        raise MalformedInput(f"{what} shows as nothing")
    return value


def as_seen(text: str) -> str:
    """Return one spelling for all safe texts that look the same: NFKC, single spaces, nothing invisible."""
    return " ".join(normalized("NFKC", text.translate(_UNSEEN)).split())


def normalized(form: Literal["NFC", "NFKC"], text: str) -> str:
    """`text` in a normalisation form, without the combining marks after the thirtieth in a row.

    Takes time that grows with the length alone: the order of marks in a row is otherwise found by exchanging
    neighbours, which takes a minute for 100 kB of them.
    """
    return unicodedata.normalize(form, _PERHAPS_MARKS.sub(_with_fewer_marks, text))


def _with_fewer_marks(run: re.Match[str]) -> str:
    kept: list[str] = []
    marks = 0
    for character in run[0]:
        marks = marks + 1 if unicodedata.combining(character) else 0
        if marks <= _MAX_RUN:
            kept.append(character)
    return "".join(kept)


def _is_unsafe(character: str) -> bool:
    return unicodedata.category(character) in _UNSAFE or _INVISIBLE.match(character) is not None


def _joins(text: str, position: int) -> bool:
    """Whether the characters before and after `position` can be joined: outside ASCII, and no joiners."""
    around = text[max(position - 1, 0) : position] + text[position + 1 : position + 2]
    return len(around) == 2 and all(not side.isascii() and side not in JOINERS for side in around)


def _escaped(character: str) -> str:
    return character.encode("unicode_escape").decode("ascii")


class _InJson(dict[int, str]):
    """For `str.translate`: unsafe characters become JSON escapes, white space between values stays."""

    def __missing__(self, code: int) -> str:
        character = chr(code)
        if _is_unsafe(character) and character not in "\t\n\r":
            units = character.encode("utf-16-be", "surrogatepass")
            character = "".join(f"\\u{units[at : at + 2].hex()}" for at in range(0, len(units), 2))
        return self.setdefault(code, character)


class _WithoutControls(dict[int, str]):
    """For `str.translate`: characters that steer, reorder or hide are removed."""

    def __missing__(self, code: int) -> str:
        character = chr(code)
        hides = unicodedata.category(character) in _CONTROLS or _INVISIBLE.match(character)
        return self.setdefault(code, "" if hides and character not in JOINERS else character)


_IN_JSON: Final = _InJson()
_WITHOUT_CONTROLS: Final = _WithoutControls()
