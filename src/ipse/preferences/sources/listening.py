"""How often something was played or watched, as a weight."""

from __future__ import annotations

import math
from datetime import datetime
from typing import Final

__all__ = ["Tallies", "Tally"]

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
