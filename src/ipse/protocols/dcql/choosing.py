"""Choose what to present: the ways to satisfy a DCQL query, the least revealing first.

The order of the options of a credential set and of claim sets is what the verifier prefers, and OpenID4VP 1.0
(sections 6.4.1 and 6.4.2) leaves the choice to the wallet. Here the owner comes first: the way that reveals
the least is proposed, and the order decides between ways that reveal the same. `docs/presentations.md` has
the measure.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from typing import Final

from ipse.encoding.strict_json import excerpt
from ipse.errors import TooMuchWork, UsageError
from ipse.protocols.dcql.matching import Fit, HeldCredential, Matches, SelectedClaims
from ipse.protocols.dcql.measure import Cost, copy_cost, disclosure, shape
from ipse.protocols.dcql.problem import Candidate, Options, Problem, Solution
from ipse.protocols.dcql.query import ConcretePath
from ipse.protocols.dcql.search import MAX_WORK, solutions

__all__ = ["MAX_OPTIONS", "Option", "Pick", "options"]

MAX_OPTIONS: Final = 16
"""How many options are listed, if the caller says no other number."""


@dataclass(frozen=True, slots=True)
class Pick:
    """One presentation of an option: a copy of a credential for one credential query.

    - `query_id`: the id of the credential query that it answers
    - `credential`: the key of the copy
    - `paths`: the places of the claims that are asked for
    - `disclose`: the places that have to be disclosed for them, parents before children: nothing else may be
    - `leaving`: the places of all values that leave, those that can't be withheld too, without the members
      that every credential of the format needs (`measure`)
    - `claim_set`: the position of the claim set in the query, None where it has none
    - `prove_holder`: whether a holder binding proof is asked for
    """

    query_id: str
    credential: str
    paths: tuple[ConcretePath, ...]
    disclose: tuple[ConcretePath, ...]
    leaving: tuple[ConcretePath, ...]
    claim_set: int | None
    prove_holder: bool


@dataclass(frozen=True, slots=True)
class Option:
    """One way to satisfy a query: its presentations in the order of the query, and what it reveals.

    `reason` says in one line why it comes where it does among the options.
    """

    picks: tuple[Pick, ...]
    cost: Cost
    reason: str

    @property
    def claims(self) -> int:
        """How many values leave."""
        return self.cost.values


@dataclass(frozen=True, slots=True)
class _Demand:
    """A presentation that may be needed, and the ways to make it."""

    fits: Sequence[Fit]
    query_id: str
    prove_holder: bool


def options(
    matches: Matches,
    *,
    with_sets: Collection[int] = (),
    using: Mapping[str, Sequence[str]] | None = None,
    limit: int = MAX_OPTIONS,
    max_work: int = MAX_WORK,
) -> tuple[Option, ...]:
    """Up to `limit` ways to satisfy the query, the least revealing first; none where it can't be satisfied.

    Credential sets that are not required are left out, but for those whose positions are in `with_sets`.
    `using` has, by the ids of credential queries, the keys of the copies that the owner has chosen: one, or
    several where the query says `multiple`. Credential queries that no set needs are never answered.

    The first one is proven to reveal the least. Raises UsageError for what can't be chosen so, and
    TooMuchWork where `max_work` steps do not suffice for that proof.
    """
    demands, of_query = _demands(matches, using or {})
    sets = _sets(matches, with_sets, of_query)
    if any(not entries for entries in sets):
        return ()
    needed = {demand for entries in sets for _, option in entries for demand in option}
    positions = {copy.key: position for position, copy in enumerate(matches.held)}
    problem, ways = _problem({number: demands[number] for number in sorted(needed)}, sets, positions)
    found: list[Solution] = []
    try:
        for solution in solutions(problem, max_work=max_work):
            found.append(solution)
            if len(found) > limit:
                break
    except TooMuchWork:
        if not found:
            raise
    return tuple(
        _option(solution, number, found, demands, ways) for number, solution in enumerate(found[:limit])
    )


def _demands(
    matches: Matches, using: Mapping[str, Sequence[str]]
) -> tuple[list[_Demand], dict[str, frozenset[int]]]:
    """All presentations that may be needed, and which of them each credential query needs."""
    for query_id in using:
        if query_id not in matches.queries:
            raise UsageError(f"{excerpt(query_id)} is the id of no credential query")
    demands: list[_Demand] = []
    of_query: dict[str, frozenset[int]] = {}
    for query_id, matched in matches.queries.items():
        first = len(demands)
        chosen = using.get(query_id)
        for fits in [matched.fits] if chosen is None else _chosen(query_id, matches, chosen):
            demands.append(_Demand(fits, query_id, matched.query.require_holder_binding))
        of_query[query_id] = frozenset(range(first, len(demands)))
    return demands, of_query


def _chosen(query_id: str, matches: Matches, keys: Sequence[str]) -> list[tuple[Fit, ...]]:
    """The fits of the copies that the owner has chosen for a credential query, each apart."""
    matched = matches.queries[query_id]
    if not keys or len(set(keys)) < len(keys) or (len(keys) > 1 and not matched.query.multiple):
        number = "one or more different credentials" if matched.query.multiple else "exactly one credential"
        raise UsageError(f"{query_id!r} is answered with {number}, {len(keys)} are chosen")
    by_key = {fit.credential.key: fit for fit in matched.fits}
    for key in keys:
        if key not in by_key:
            raise UsageError(f"the credential {excerpt(key)} does not fit {query_id!r}")
    return [(by_key[key],) for key in keys]


def _sets(
    matches: Matches, with_sets: Collection[int], of_query: Mapping[str, frozenset[int]]
) -> list[list[tuple[int, frozenset[int]]]]:
    """For each set that is to be satisfied, the options for which something is held, as demands."""
    for position in with_sets:
        if not 0 <= position < len(matches.query.sets):
            raise UsageError(
                f"there is no credential set {position}; the request has {len(matches.query.sets)}"
            )
    if not matches.query.sets:
        return [
            [(0, of_query[query_id])] if matches.can_answer([query_id]) else []
            for query_id in matches.queries
        ]
    wanted = [
        entry for position, entry in enumerate(matches.query.sets) if entry.required or position in with_sets
    ]
    sets = []
    for entry in wanted:
        answers: dict[frozenset[int], int] = {}
        for position, ids in enumerate(entry.options):
            if matches.can_answer(ids):
                answers.setdefault(frozenset().union(*(of_query[query_id] for query_id in ids)), position)
        # An option that has another one in it would send more than is needed.
        sets.append([(at, one) for one, at in answers.items() if not any(other < one for other in answers)])
    return sets


def _problem(
    demands: Mapping[int, _Demand],
    sets: Sequence[Options],
    positions: Mapping[str, int],
) -> tuple[Problem, Mapping[int, Sequence[tuple[HeldCredential, SelectedClaims]]]]:
    """The problem to search, and what the candidates of each demand stand for."""
    leaving = _Leaving()
    copies: dict[int, int] = {}
    candidates: dict[int, list[Candidate]] = {}
    ways: dict[int, list[tuple[HeldCredential, SelectedClaims]]] = {}
    for number, demand in demands.items():
        candidates[number], ways[number] = [], []
        for fit in demand.fits:
            copy = positions[fit.credential.key]
            if copy not in copies:
                copies[copy] = copy_cost(fit.credential, copy).packed()
            for way in fit.ways:
                values = leaving.bits(copy, fit.credential, way.paths)
                extra = Cost(claim_set_order=way.claim_set or 0).packed()
                candidates[number].append(Candidate(copy, values, extra, len(ways[number])))
                ways[number].append((fit.credential, way))
    return Problem(sets, candidates, copies), ways


class _Leaving:
    """The values that leave, a bit for each place; computed once for copies of the same shape."""

    def __init__(self) -> None:
        self._bit: dict[ConcretePath, int] = {}
        self._shape: dict[tuple[object, ...], int] = {}
        self._shape_of: dict[int, int] = {}
        self._known: dict[tuple[int, tuple[ConcretePath, ...]], int] = {}

    def bits(self, copy: int, credential: HeldCredential, paths: tuple[ConcretePath, ...]) -> int:
        """What leaves of the credential at position `copy` where the claims at `paths` are asked for."""
        if copy not in self._shape_of:
            self._shape_of[copy] = self._shape.setdefault(shape(credential), len(self._shape))
        key = self._shape_of[copy], paths
        if key not in self._known:
            places = disclosure(credential, paths).leaving
            self._known[key] = sum(1 << self._bit.setdefault(place, len(self._bit)) for place in places)
        return self._known[key]


def _option(
    solution: Solution,
    number: int,
    found: Sequence[Solution],
    demands: Sequence[_Demand],
    ways: Mapping[int, Sequence[tuple[HeldCredential, SelectedClaims]]],
) -> Option:
    return Option(
        tuple(
            _pick(demands[demand], *ways[demand][candidate.index])
            for demand, candidate in sorted(solution.chosen.items())
        ),
        Cost.unpacked(solution.cost),
        _reason(number, [Cost.unpacked(other.cost) for other in found]),
    )


def _pick(demand: _Demand, copy: HeldCredential, way: SelectedClaims) -> Pick:
    revealed = disclosure(copy, way.paths)
    return Pick(
        query_id=demand.query_id,
        credential=copy.key,
        paths=way.paths,
        disclose=revealed.disclose,
        leaving=revealed.leaving,
        claim_set=way.claim_set,
        prove_holder=demand.prove_holder,
    )


_BETTER: Final[Mapping[str, str]] = {
    "presented": "its credentials were presented less often before",
    "identifiers": "its credentials show fewer identifiers",
    "copies": "it needs fewer credentials",
    "set_order": "the verifier prefers it",
    "claim_set_order": "the verifier prefers its claims",
    "wallet_order": "its credentials come first in the wallet",
}
_WORSE: Final[Mapping[str, str]] = {
    "presented": "its credentials were presented more often before",
    "identifiers": "its credentials show more identifiers",
    "copies": "it needs more credentials",
    "set_order": "the verifier prefers another",
    "claim_set_order": "the verifier prefers other claims",
    "wallet_order": "its credentials come later in the wallet",
}


def _reason(number: int, costs: Sequence[Cost]) -> str:
    """Why the option at `number` comes where it does: compared with the next one, or with the first."""
    cost = costs[number]
    leave = f"{cost.values} value leaves" if cost.values == 1 else f"{cost.values} values leave"
    if number == 0 and len(costs) == 1:
        return f"{leave}; no other way to answer was found"
    other = costs[1] if number == 0 else costs[0]
    if cost.values != other.values:
        rest = f"the next way needs {other.values}" if number == 0 else f"the first way needs {other.values}"
        return f"{leave}, {rest}"
    differs = next((name for name, one, two in zip(Cost._fields, cost, other, strict=True) if one != two), "")
    if not differs:
        return f"{leave}, as in another way that reveals the same"
    same = "as in the next way" if number == 0 else "as in the first way"
    return f"{leave}, {same}, and {(_BETTER if number == 0 else _WORSE)[differs]}"
