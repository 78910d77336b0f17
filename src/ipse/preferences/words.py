"""The words of a text in any script, and which of them carry no subject."""

from __future__ import annotations

import json
import re
import unicodedata
from functools import cache
from typing import Final

__all__ = ["fold", "is_han", "listed", "stem", "words"]

_MOST: Final = 1000
"""Characters of a text that are read."""
_LONGEST: Final = 40
"""Characters of a word; longer ones are digests."""

_MARKUP: Final = re.compile(
    r"<[^<>]{0,200}>|&#?\w{1,12};|\b(?:https?://|www\.)\S+|[^\s@]{1,64}@[^\s@]{1,255}"
)
_ELISION: Final = re.compile(
    r"(?<![\w'])(?i:(?:[cdjlmnst]|qu|jusqu|lorsqu|puisqu|dell|nell|sull|all|dall|un|quest))'(?=\w{2})"
)
_HAN: Final = re.compile("[\u3400-\u4dbf\u4e00-\u9fff\uf900-\ufaff\U00020000-\U0003ffff々]+")
_SCRIPTS: Final = re.compile(
    "[\u3400-\u4dbf\u4e00-\u9fff\uf900-\ufaff\U00020000-\U0003ffff々]+|[\u3040-\u309f]+|[\u30a0-\u30ff]+"
)
_HIRAGANA: Final = re.compile("[\u3040-\u309f]+")


@cache
def listed(kind: str) -> frozenset[str]:
    """The folded words of a kind in all languages: stop, opinion, not, without, against, for.

    `stop` words belong to no subject, `opinion` words say how much something is liked and not what; the
    others are what `ipse.preferences.negation` counts.
    """
    from importlib import resources

    lists = json.loads(resources.files(__package__).joinpath("word_lists.json").read_text(encoding="utf-8"))
    return frozenset(word for of_language in lists[kind].values() for word in of_language.split())


def words(text: str) -> list[str]:
    """The words of the first 1,000 characters as they are written, without markup, addresses and numbers.

    Where a script leaves no space between words, Han characters come in pairs and runs of katakana as
    one; hiragana, which mostly joins and ends words, is left out.
    """
    plain = text[:_MOST]
    if not plain.isascii():
        plain = unicodedata.normalize("NFC", plain).replace("\u2019", "'")
    if any(sign in plain for sign in "<&@/") or "www." in plain:
        plain = _MARKUP.sub(" ", plain)
    if "'" in plain:
        plain = _ELISION.sub("", plain)
    runs = plain.translate(_KEPT).split()
    found = [run.strip("'-\u200c") for run in runs]
    if not plain.isascii():
        found = [part for word in found for part in _split(word)]
    return [word for word in found if word and len(word) <= _LONGEST and not word.isdigit()]


def is_han(word: str) -> bool:
    """Whether a word is a pair out of a run of Han characters, or such a run."""
    return _HAN.match(word) is not None


def fold(word: str) -> str:
    """A word without regard to case."""
    return word.lower() if word.isascii() else unicodedata.normalize("NFC", word.casefold())


def stem(word: str) -> str:
    """A folded word without the commonest English endings, so that `hikes` and `hiking` are one."""
    for ending in ("ing", "ies", "es", "ed", "s", "e", "y"):
        if word.endswith(ending) and len(word) - len(ending) >= 3 and not word.endswith("ss"):
            word = word[: -len(ending)]
            break
    if len(word) > 3 and word[-1] == word[-2] and word[-1] not in "ls":
        return word[:-1]
    return word


class _Kept(dict[int, int]):
    """For `str.translate`: letters, their marks, digits and what joins them stay; all else is a space."""

    def __missing__(self, code: int) -> int:
        # Marks are part of words in many scripts, and no \\w to `re`.
        kept = unicodedata.category(chr(code))[0] in "LMN" or chr(code) in "'-\u200c"
        self[code] = code if kept else ord(" ")
        return self[code]


_KEPT: Final = _Kept()


def _split(word: str) -> list[str]:
    """A run without spaces, parted where its script has words side by side."""
    if not _SCRIPTS.search(word):
        return [word]
    found: list[str] = []
    for part in _SCRIPTS.findall(word):
        if _HIRAGANA.match(part):
            continue
        pairs = len(part) > 2 and _HAN.match(part)
        found += [part[start : start + 2] for start in range(len(part) - 1)] if pairs else [part]
    return found
