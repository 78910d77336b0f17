"""Search for the cheapest ways to meet demands, each part of a problem apart."""

from __future__ import annotations

import heapq
from collections.abc import Iterator, Sequence
from typing import Final

from ipse.protocols.dcql.best_first import cheapest_first
from ipse.protocols.dcql.problem import Budget, Candidate, Options, Problem, Solution

__all__ = ["MAX_WORK", "solutions"]

MAX_WORK: Final = 2_000_000
"""Steps of the search, each a look at a candidate or at something that an option needs: about a second."""


def solutions(problem: Problem, *, max_work: int = MAX_WORK) -> Iterator[Solution]:
    """All ways to meet the demands, the cheapest first.

    Raises TooMuchWork where the next one is not found within the work that is left.
    """
    budget = Budget(max_work)
    parts = [_Stream(cheapest_first(part, budget)) for part in _parts(problem)]
    if any(part.at(0) is None for part in parts):
        return
    heap = [(sum(part.items[0].cost for part in parts), (0,) * len(parts))]
    while heap:
        cost, indices = heapq.heappop(heap)
        found = [part.items[index] for part, index in zip(parts, indices, strict=True)]
        yield Solution(cost, {demand: pick for item in found for demand, pick in item.chosen.items()})
        # Each combination is reached once: only the last part that has moved, and those after it, move on.
        moved = max((number for number, index in enumerate(indices) if index), default=0)
        for number in range(moved, len(parts)):
            following = parts[number].at(indices[number] + 1)
            if following is not None:
                budget.spend(1)
                step = following.cost - found[number].cost
                heapq.heappush(
                    heap, (cost + step, (*indices[:number], indices[number] + 1, *indices[number + 1 :]))
                )


class _Stream:
    """The solutions of one part, which can be looked up by their position."""

    def __init__(self, source: Iterator[Solution]) -> None:
        self._source = source
        self.items: list[Solution] = []

    def at(self, position: int) -> Solution | None:
        """The solution at `position`, None behind the last."""
        while len(self.items) <= position:
            item = next(self._source, None)
            if item is None:
                return None
            self.items.append(item)
        return self.items[position]


def _parts(problem: Problem) -> list[Problem]:
    """Problems that share no demand and no copy: together they cost what they cost apart."""
    groups = _Groups()
    for demand, candidates in problem.candidates.items():
        for copy in {candidate.copy for candidate in candidates}:
            groups.join(("demand", demand), ("copy", copy))
    for number, options in enumerate(problem.sets):
        for _, option in options:
            for demand in option:
                groups.join(("set", number), ("demand", demand))
    sets: dict[object, list[Options]] = {}
    for number, options in enumerate(problem.sets):
        sets.setdefault(groups.of(("set", number)), []).append(options)
    candidates_of: dict[object, dict[int, Sequence[Candidate]]] = {}
    for demand, candidates in problem.candidates.items():
        candidates_of.setdefault(groups.of(("demand", demand)), {})[demand] = candidates
    return [Problem(part, candidates_of.get(group, {}), problem.copies) for group, part in sets.items()]


class _Groups:
    """Disjoint sets of names (union-find)."""

    def __init__(self) -> None:
        self._above: dict[object, object] = {}

    def of(self, name: object) -> object:
        """The name that stands for the group."""
        while (above := self._above.setdefault(name, name)) != name:
            self._above[name] = self._above[above]
            name = self._above[name]
        return name

    def join(self, one: object, other: object) -> None:
        self._above[self.of(one)] = self.of(other)
