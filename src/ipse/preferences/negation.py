"""What a statement says of its subject: its weight, and the negations in its words.

`like "no horror films"` is against horror films, and so is `dislike "horror films"`. Words are counted, not
understood: where they leave it open, the answer is that it is open.
"""

from __future__ import annotations

import re
from functools import cache
from typing import Final

from ipse.preferences.words import fold, listed, words

__all__ = ["begins_turned", "stance", "turning"]

_PORTUGUESE: Final = frozenset(("uma", "um", "dos", "das", "meu", "minha", "ao", "pela", "pelo", "em"))

_IDIOMS: Final = re.compile(
    r"(?i)\b(?:no\.? ?\d|not only|not just|not bad|not to (?:be )?miss(?:ed)?|no[- ]nonsense|no matter"
    r"|no doubt|without (?:a )?doubt|never (?:get|grow|tire|bore)\w*(?: (?:tired|bored|old|enough))?"
    r"|(?:can't|cannot|couldn't) (?:get enough|live without|wait|do without)"
    r"|nothing (?:better|nicer|beats|like|more)|not enough|why not|nicht nur"
    r"|nichts (?:besser|schöner|geht)\w*"
    r"|pas mal|rien de mieux|nada mejor|niente di meglio|non solo|no solo)\b"
)
_CLAUSES: Final = re.compile(
    r"(?i)[.;\n]|\b(?:but|although|though|except|unless|aber|sondern|außer|mais|sauf|pero|salvo|ma|però|mas|"
    r"maar|men|ale|но)\b"
)
_HAN_AGAINST: Final = re.compile("不喜[欢歡]|讨厌|討厭|不[爱愛]|嫌い|好き(?:では|じゃ)ない|苦手")
_HAN_NOT: Final = re.compile("不要|没有|沒有|なし|抜き")
_READ: Final = 400
_CLEAR: Final = 16
"""Words of a clause up to which its negations are taken to be about its subject."""


def stance(text: str, weight: float) -> int:
    """1 for what speaks for its subject, -1 for what speaks against, 0 where that is open.

    `weight` is in [-1, 1], from disliked to liked. Only the first clause counts: "great, but no parking"
    is for it.
    """
    sign = (weight > 0) - (weight < 0)
    if not _hinted(text):
        return sign
    clause = next(
        (part for part in _CLAUSES.split(_IDIOMS.sub(" ", text[:_READ])) if part and part.strip()), ""
    )
    found = [fold(word) for word in words(clause)]
    against = bool(listed("against").intersection(found) or _HAN_AGAINST.search(clause))
    negated = bool(_HAN_NOT.search(clause)) or any(_negates(word, found) for word in found)
    without = any(word in listed("without") or word.endswith("-free") for word in found)
    if not (against or negated or without):
        return sign
    if len(found) > _CLEAR:
        return 0
    if sign < 0 and not without:
        # `dislike "I hate mushrooms"` says it twice; `dislike "no mushrooms"` may mean either.
        restated = against or (negated and bool(listed("for").intersection(found)))
        return -1 if restated and not (against and negated) else 0
    return -sign if (against + negated + without) % 2 else sign


def begins_turned(text: str) -> bool:
    """Whether a text begins by saying no: "no horror films", "never again camping"."""
    first = words(text[:_READ])[:1]
    return bool(first) and fold(first[0]) in _turning() and not _IDIOMS.match(text.strip())


def turning(word: str) -> bool:
    """Whether a folded word turns a statement round, in one of the common European languages."""
    return word in _turning() or word.endswith("n't")


@cache
def _turning() -> frozenset[str]:
    return listed("not") | listed("without") | listed("against")


def _hinted(text: str) -> bool:
    """Whether anything in the text may turn it round; most have nothing."""
    if any(turning(word) or word.endswith("-free") for word in map(fold, words(text[:_READ]))):
        return True
    return not text.isascii() and bool(_HAN_AGAINST.search(text) or _HAN_NOT.search(text))


def _negates(word: str, found: list[str]) -> bool:
    if word == "no" and _PORTUGUESE.intersection(found):
        return False  # "in the"
    return word in listed("not") or word.endswith("n't")
