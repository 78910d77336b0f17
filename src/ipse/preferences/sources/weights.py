"""Ratings of any scale, and how often something was played or watched, as weights in [-1, 1]."""

from __future__ import annotations

import math
import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Final

__all__ = ["SCALES", "Scale", "Tallies", "Tally", "number", "scale_of", "stars", "word_weight"]

_NUMBER: Final = re.compile(r"[+-]?[0-9]{1,4}(?:\.[0-9]{0,18})?")
_WORDS: Final[Mapping[str, float]] = {
    "love": 1.0, "loved": 1.0,
    "like": 0.8, "liked": 0.8, "yes": 0.8, "true": 0.8, "up": 0.8, "+": 0.8, "👍": 0.8, "good": 0.8,
    "ok": 0.0, "meh": 0.0, "neutral": 0.0,
    "dislike": -0.8, "disliked": -0.8, "no": -0.8, "false": -0.8, "down": -0.8, "-": -0.8, "👎": -0.8,
    "bad": -0.8,
    "hate": -1.0, "hated": -1.0,
}  # fmt: skip


@dataclass(frozen=True, slots=True)
class Scale:
    """Ratings from `worst` to `best`, of which `middle` is neutral."""

    worst: float
    best: float
    middle: float

    def holds(self, value: float) -> bool:
        """Whether `value` can be a rating on this scale."""
        return self.worst <= value <= self.best

    def weight(self, value: float) -> float:
        """The weight of a rating: 1 for the best, 0 for the middle, never below -1."""
        return max(-1.0, (value - self.middle) / (self.best - self.middle))

    def __str__(self) -> str:
        return f"{self.worst:g} to {self.best:g}"


stars: Final = Scale(1, 5, 3)
"""One to five stars: three is neutral."""
_HALF_STARS: Final = Scale(0.5, 5, 3)
_SIGNED: Final = Scale(-1, 1, 0)
_UNSIGNED: Final = Scale(0, 1, 0.5)
_NARROWEST_FIRST: Final = (stars, _HALF_STARS, Scale(0, 5, 2.5), Scale(0, 10, 5), Scale(0, 100, 50))

SCALES: Final[Mapping[str, Scale]] = {
    str(scale): scale for scale in (_SIGNED, _UNSIGNED, *_NARROWEST_FIRST, Scale(1, 10, 5.5))
}
"""The scales by what they are called."""


def number(text: str, *, comma: bool = False) -> float | None:
    """The number that `text` spells in plain figures; `comma` also takes 4,5 for four and a half."""
    if comma and text.count(",") == 1 and "." not in text:
        text = text.replace(",", ".")
    return float(text) if _NUMBER.fullmatch(text) else None


def word_weight(text: str) -> float | None:
    """The weight of an opinion in one word."""
    return _WORDS.get(text.strip().lower())


def scale_of(values: Iterable[float], *, signed: bool = False, switch: bool = False) -> Scale | None:
    """The narrowest scale that holds all `values`; None where none does.

    `signed` says that the column is called a weight: from -1 to 1 where that can be. Of ratings, that
    scale is taken only where one is below zero: a file of single stars is not one of likes. `switch`
    says that 1 means liked and 0 not.
    """
    known = set(values)
    lowest, highest = min(known, default=3.0), max(known, default=3.0)
    if switch and lowest >= 0 and highest <= 1:
        return _UNSIGNED
    if signed and not known:
        return _SIGNED
    if (signed or lowest < 0) and _SIGNED.holds(lowest) and _SIGNED.holds(highest):
        return _SIGNED
    return next((scale for scale in _NARROWEST_FIRST if scale.holds(lowest) and scale.holds(highest)), None)


_STEP: Final = 0.15
"""Weight per doubling: 1 time .15, 3 times .3, 7 times .45, 63 times .9."""


class Tally:
    """What is known of one thing: how often, how often broken off, what it counts at least, when last."""

    __slots__ = ("at", "skips", "stated", "times")

    def __init__(self) -> None:
        self.times = 0
        self.skips = 0
        self.stated: float | None = None
        self.at: datetime | None = None

    def happened(self, at: datetime | None) -> None:
        """Once more."""
        self.times += 1
        self.seen(at)

    def seen(self, at: datetime | None) -> None:
        """The newest time counts."""
        if at is not None and (self.at is None or at > self.at):
            self.at = at

    def state(self, weight: float) -> None:
        """Said outright; a dislike said outright is not outweighed by anything."""
        if self.stated is None or self.stated > 0:
            self.stated = weight if self.stated is None or weight < 0 else max(self.stated, weight)

    def weight(self, most: float) -> float:
        """The weight, of which `most` can come from repetition."""
        counted = min(most, round(_STEP * math.log2(1 + self.times), 4))
        if self.stated is None:
            return counted
        return self.stated if self.stated < 0 else max(self.stated, counted)


class Tallies(dict[str, Tally]):
    """A tally for each text."""

    def __missing__(self, text: str) -> Tally:
        tally = self[text] = Tally()
        return tally
