"""What the search for the least revealing way is given, and what it gives back.

A demand is met by one candidate: a copy, and the values that leave with it. Sets of demands say which have to
be met. Values of one copy that two demands share count once, and so does the copy.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import TypeAlias

from ipse.errors import TooMuchWork

__all__ = ["Budget", "Candidate", "Options", "Problem", "Solution"]

Options: TypeAlias = Sequence[tuple[int, frozenset[int]]]
"""The options of a set, each with its position in the query: demands that together satisfy the set."""


@dataclass(frozen=True, slots=True)
class Candidate:
    """One way to meet a demand.

    - `copy`: the position of the copy in the wallet
    - `values`: the values that leave, a bit each
    - `extra`: what it costs beside the copy and the values (`Cost.packed`)
    - `index`: its position among the ways of the demand, for the caller
    """

    copy: int
    values: int
    extra: int
    index: int


@dataclass(frozen=True, slots=True)
class Problem:
    """What has to be met: one option of each of `sets`; how: `candidates` of each demand.

    `copies` is what using each copy costs, without its values (`Cost.packed`).
    """

    sets: Sequence[Options]
    candidates: Mapping[int, Sequence[Candidate]]
    copies: Mapping[int, int] = field(repr=False)


@dataclass(frozen=True, slots=True)
class Solution:
    """The candidate for each demand that is met, and what all of them cost together (`Cost.packed`)."""

    cost: int
    chosen: Mapping[int, Candidate]


class Budget:
    """The steps of the search that are left."""

    def __init__(self, steps: int) -> None:
        self.left = steps

    def spend(self, steps: int) -> None:
        """Take steps away. Raises TooMuchWork where none are left."""
        self.left -= steps
        if self.left < 0:
            raise TooMuchWork(
                "finding the least revealing way to answer takes too long",
                hint="the request combines too many alternatives; ask the verifier for a simpler one",
            )
