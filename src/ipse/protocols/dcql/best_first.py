"""Find the ways to meet demands, the cheapest first: best-first search with a lower bound, and bounded work.

A state is a decision on some sets and demands. Its bound is what it costs so far and the least that the rest
has to cost, so that the first complete state that is taken has the lowest cost of all.
"""

from __future__ import annotations

import functools
import heapq
import itertools
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Final, TypeAlias

from ipse.protocols.dcql.measure import Cost
from ipse.protocols.dcql.problem import Budget, Candidate, Problem, Solution

__all__ = ["cheapest_first"]

_VALUE: Final = Cost(values=1).packed()


def cheapest_first(problem: Problem, budget: Budget) -> Iterator[Solution]:
    """All ways to meet the demands, the cheapest first, each once. Raises TooMuchWork over the budget."""
    return _Search(problem, budget).run()


@dataclass(frozen=True, slots=True)
class _Option:
    """An option of a set: its position in the query, its demands as bits too, and the elements they need."""

    position: int
    members: frozenset[int]
    demands: int
    needs: tuple[int, ...]


@dataclass(frozen=True, slots=True)
class _State:
    """What is decided.

    - `demands`: those that are to be met, a bit each; `banned`: those that are not, for other states do it
    - `open`: the sets that no option of is among the demands yet
    - `chosen`: candidates for the first of the demands, once no set is open
    - `used`: the values that leave of each copy; `covered`: those of all copies together
    """

    cost: int = 0
    demands: int = 0
    banned: int = 0
    open: tuple[int, ...] = ()
    chosen: tuple[tuple[int, Candidate], ...] = ()
    used: Mapping[int, int] = field(default_factory=dict)
    covered: int = 0

    @property
    def pending(self) -> list[int]:
        """The demands for which nothing is chosen yet."""
        return _members(self.demands)[len(self.chosen) :]


_Entry: TypeAlias = tuple[int, int, int, _State, int]
"""Bound, depth (deeper first), a unique number, a state, and the next candidate to try or -1 to go on."""


class _Search:
    """Best-first search in one part of a problem.

    What a demand needs whatever meets it are elements, each with its price. A demand that shares its copies
    with no other is an element itself (-1 and below), at the cost of its cheapest candidate. For the others
    the values that all their candidates show are elements, at one value each.
    """

    def __init__(self, problem: Problem, budget: Budget) -> None:
        self.problem, self.budget = problem, budget
        self.ranked: dict[int, list[tuple[int, Candidate]]] = {}
        self.by_copy: dict[int, dict[int, list[Candidate]]] = {}
        for demand, candidates in problem.candidates.items():
            self.ranked[demand] = sorted(
                ((self._cost_alone(candidate), candidate) for candidate in candidates),
                key=lambda pair: pair[0],
            )
            self.by_copy[demand] = {}
            for candidate in candidates:
                self.by_copy[demand].setdefault(candidate.copy, []).append(candidate)
        self.price: dict[int, int] = {}
        self.least_copy: dict[int, int] = {}
        self.needs = self._needs()
        self.sets = [[self._option(*option) for option in options] for options in problem.sets]
        self.heap: list[_Entry] = []
        self.count = itertools.count()

    def _cost_alone(self, candidate: Candidate) -> int:
        return candidate.values.bit_count() * _VALUE + self.problem.copies[candidate.copy] + candidate.extra

    def _needs(self) -> dict[int, tuple[int, ...]]:
        users: dict[int, int] = {}
        for candidates in self.by_copy.values():
            for copy in candidates:
                users[copy] = users.get(copy, 0) + 1
        needs: dict[int, tuple[int, ...]] = {}
        for demand, copies in self.by_copy.items():
            if all(users[copy] == 1 for copy in copies):
                self.price[-1 - demand] = self.ranked[demand][0][0]
                self.least_copy[demand] = 0
                needs[demand] = (-1 - demand,)
            else:
                values = functools.reduce(int.__and__, (way.values for _, way in self.ranked[demand]))
                needs[demand] = tuple(_members(values))
                self.price.update(dict.fromkeys(needs[demand], _VALUE))
                self.least_copy[demand] = min(self.problem.copies[copy] for copy in copies)
        return needs

    def _option(self, position: int, demands: frozenset[int]) -> _Option:
        needs = {element for demand in demands for element in self.needs[demand]}
        return _Option(position, demands, sum(1 << demand for demand in demands), tuple(needs))

    def run(self) -> Iterator[Solution]:
        """All solutions of this part, the cheapest first, each once."""
        selections: set[int] = set()
        self._push(_State(open=tuple(range(len(self.sets)))))
        while self.heap:
            bound, _, _, state, position = heapq.heappop(self.heap)
            self.budget.spend(1)
            if position >= 0:
                self._try(state, position, bound)
            elif state.open:
                self._decide_set(state, bound)
            elif len(state.chosen) < state.demands.bit_count():
                if not state.chosen:
                    if state.demands in selections or not self._is_minimal(state.demands):
                        continue
                    selections.add(state.demands)
                self._decide_demand(state, bound)
            else:
                yield Solution(state.cost, dict(state.chosen))

    def _push(self, state: _State, least: int = 0, position: int = -1) -> None:
        """Note a state, or that its candidates from `position` on are to be tried, with its bound."""
        bound = least if position >= 0 else self._bound(state)
        if bound is not None:
            depth = state.demands.bit_count() + len(state.chosen)
            heapq.heappush(self.heap, (max(bound, least), -depth, next(self.count), state, position))

    def _bound(self, state: _State) -> int | None:
        """A lower bound for every solution that goes on from a state; None where there is none.

        What the undecided demands need, and no copy shows yet, is to be paid. Each set that is open adds what
        its cheapest option needs; that is then taken off the price of what all its options need, so that no
        later set counts it again.
        """
        cost, prices = state.cost, _Prices(self.price, state.covered)
        pending = state.pending
        steps = 4 + len(pending)
        for demand in pending:
            steps += len(self.needs[demand])
            cost += sum(map(prices.take_all, self.needs[demand]))
        for number in state.open:
            needs = [option.needs for option in self._alive(number, state)]
            if not needs:
                return None
            steps += len(self.sets[number]) + sum(map(len, needs))
            least = min(sum(map(prices.of, need)) for need in needs)
            if least:
                cost += least
                prices.take(least, needs)
        self.budget.spend(steps)
        return cost

    def _alive(self, number: int, state: _State) -> list[_Option]:
        """The options of a set without those that are tried by other states."""
        return [option for option in self.sets[number] if not option.demands & state.banned]

    def _decide_set(self, state: _State, bound: int) -> None:
        """Try the options of the set that leaves the fewest, each without what the ones before have tried.

        Of several such sets it is the one whose demands are in the most open sets, and so is the option that
        is tried first: what is banned then decides the most.
        """
        alive = [
            [option for option in self.sets[number] if not option.demands & state.banned]
            for number in state.open
        ]
        shared: dict[int, int] = {}
        for options in alive:
            for demand in {demand for option in options for demand in option.members}:
                shared[demand] = shared.get(demand, 0) + 1

        def weight(option: _Option) -> int:
            return max(shared[demand] for demand in option.members)

        banned = state.banned
        chosen = min(alive, key=lambda options: (len(options), -max(map(weight, options))))
        for option in sorted(chosen, key=weight, reverse=True):
            added = option.demands & ~state.demands
            if option.demands & banned:
                continue
            self._push(self._with_option(state, option, banned), bound)
            if added & (added - 1) == 0:
                banned |= added

    def _with_option(self, state: _State, option: _Option, banned: int) -> _State:
        demands = state.demands | option.demands
        first = {
            number: next((way.position for way in self.sets[number] if not way.demands & ~demands), None)
            for number in state.open
        }
        self.budget.spend(sum(len(self.sets[number]) for number in state.open))
        order = sum(position for position in first.values() if position is not None)
        return _State(
            state.cost + Cost(set_order=order).packed(),
            demands,
            banned,
            tuple(number for number, position in first.items() if position is None),
        )

    def _is_minimal(self, demands: int) -> bool:
        """Whether no demand could be left out: each is in all options of a set that are satisfied."""
        needed = 0
        for options in self.sets:
            self.budget.spend(len(options))
            satisfied = (option.demands for option in options if not option.demands & ~demands)
            needed |= functools.reduce(int.__and__, satisfied)
        return needed == demands

    def _decide_demand(self, state: _State, bound: int) -> None:
        demand = state.pending[0]
        for copy in state.used:
            for candidate in self.by_copy[demand].get(copy, ()):
                self._push(self._with(state, demand, candidate), bound)
        self._push_from(state, demand, 0, bound + self.least_copy[demand])

    def _push_from(self, state: _State, demand: int, position: int, bound: int) -> None:
        """Note that the candidates from `position` on are to be tried, copies that are used apart."""
        ranked = self.ranked[demand]
        while position < len(ranked) and ranked[position][1].copy in state.used:
            self.budget.spend(1)
            position += 1
        if position < len(ranked):
            self._push(state, max(bound, state.cost + ranked[position][0]), position)

    def _try(self, state: _State, position: int, bound: int) -> None:
        demand = state.pending[0]
        self._push(self._with(state, demand, self.ranked[demand][position][1]), bound)
        self._push_from(state, demand, position + 1, bound)

    def _with(self, state: _State, demand: int, candidate: Candidate) -> _State:
        """The state in which a candidate meets the next demand."""
        before = state.used.get(candidate.copy)
        values = candidate.values | (before or 0)
        added = (values.bit_count() - (before or 0).bit_count()) * _VALUE + candidate.extra
        if before is None:
            added += self.problem.copies[candidate.copy]
        return replace(
            state,
            cost=state.cost + added,
            chosen=(*state.chosen, (demand, candidate)),
            used={**state.used, candidate.copy: values},
            covered=state.covered | candidate.values,
        )


def _members(bits: int) -> list[int]:
    """The positions of the bits that are set, ascending."""
    return [position for position, digit in enumerate(reversed(f"{bits:b}")) if digit == "1"]


class _Prices:
    """What is left to pay for each element; values that are covered are paid."""

    def __init__(self, full: Mapping[int, int], covered: int) -> None:
        self._full, self._covered = full, covered
        self._left: dict[int, int] = {}

    def of(self, element: int) -> int:
        left = self._left.get(element)
        if left is None:
            left = 0 if element >= 0 and self._covered >> element & 1 else self._full[element]
            self._left[element] = left
        return left

    def take_all(self, element: int) -> int:
        """Pay all that is left."""
        left = self.of(element)
        self._left[element] = 0
        return left

    def take(self, amount: int, needs: Sequence[Sequence[int]]) -> None:
        """Pay `amount` for each of these needs; what is paid for an element is paid for all of them."""
        paid: dict[int, int] = {}
        for need in needs:
            owed = amount - sum(paid.get(element, 0) for element in need)
            for element in need:
                if owed <= 0:
                    break
                part = min(owed, self.of(element))
                self._left[element] -= part
                paid[element] = paid.get(element, 0) + part
                owed -= part
