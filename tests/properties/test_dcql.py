"""DCQL: the wallet never reveals more than the least of all ways, and nothing that is not asked for.

Everything is compared with a brute force of its own: it tries every selection, copy and claim set, and builds
each presentation by leaving out what is withheld.
"""

from __future__ import annotations

import itertools
from collections.abc import Iterator
from dataclasses import replace
from typing import Any

from hypothesis import given
from hypothesis import strategies as st

from ipse.protocols.dcql.choosing import Option, options
from ipse.protocols.dcql.matching import HeldCredential, Matches, match
from ipse.protocols.dcql.measure import copy_cost
from ipse.protocols.dcql.paths import select
from ipse.protocols.dcql.query import parse_query
from ipse.protocols.dcql.verifying import check_answer
from tests.examples import examples

TYPES = ("urn:a", "urn:b")
TREES: tuple[dict[str, Any], ...] = (
    {"name": "Ann", "age": 5, "ok": True},
    {"name": "Ann", "age": 7, "place": {"city": "Oslo", "code": 5}},
    {"name": "Bea", "place": {"city": "Rome", "code": 7}, "list": ["x", "y"]},
    {"age": True, "list": [{"a": 1, "b": 2}, {"a": 1}, {"b": 3}], "sub": "did:x"},
    {"name": "Ann", "age": 5, "place": {"city": {"in": "No", "of": []}}},
)
PATHS: tuple[list[Any], ...] = (
    ["name"], ["age"], ["ok"], ["place"], ["place", "city"], ["place", "code"], ["list"], ["list", None],
    ["list", 0], ["list", None, "a"], ["list", 1, "a"], ["sub"],
)  # fmt: skip
VALUES: tuple[list[Any], ...] = (["Ann"], [5, True], [1], ["Oslo", "x"], [7, False])


def nodes(value: Any, place: tuple[Any, ...] = ()) -> Iterator[tuple[Any, ...]]:
    """All places below the root."""
    inner = value.items() if isinstance(value, dict) else enumerate(value) if isinstance(value, list) else ()
    for name, node in inner:
        yield (*place, name)
        yield from nodes(node, (*place, name))


@st.composite
def wallets(draw: st.DrawFn) -> list[HeldCredential]:
    held = []
    for number in range(draw(st.integers(0, 4))):
        claims = draw(st.sampled_from(TREES))
        disclosable = draw(st.sets(st.sampled_from(sorted(nodes(claims), key=str))))
        held.append(
            HeldCredential(
                f"copy-{number}",
                draw(st.sampled_from(("dc+sd-jwt", "dc+sd-jwt", "jwt_vc_json"))),
                claims,
                types=(draw(st.sampled_from(TYPES)),),
                disclosable=frozenset(disclosable),
                holder_bound=draw(st.sampled_from((True, True, False))),
                presented=draw(st.integers(0, 2)),
            )
        )
    return held


@st.composite
def queries(draw: st.DrawFn) -> dict[str, Any]:
    entries: list[dict[str, Any]] = []
    for number in range(draw(st.integers(1, 3))):
        entry: dict[str, Any] = {"id": f"q{number}", "format": "dc+sd-jwt", "meta": {}}
        entry["meta"] = draw(st.sampled_from(({}, {"vct_values": ["urn:a"]}, {"vct_values": [*TYPES]})))
        entry["require_cryptographic_holder_binding"] = draw(st.booleans())
        paths = draw(st.lists(st.sampled_from(PATHS), max_size=3, unique_by=str))
        if paths:
            entry["claims"] = [{"id": f"c{index}", "path": path} for index, path in enumerate(paths)]
            if draw(st.integers(0, 3)) == 0:
                entry["claims"][0]["values"] = draw(st.sampled_from(VALUES))
            ids = [claim["id"] for claim in entry["claims"]]
            if draw(st.booleans()):
                some = st.lists(st.sampled_from(ids), min_size=1, max_size=3, unique=True)
                entry["claim_sets"] = draw(st.lists(some, min_size=1, max_size=3))
        entries.append(entry)
    query: dict[str, Any] = {"credentials": entries}
    if draw(st.booleans()):
        some = st.lists(
            st.sampled_from([entry["id"] for entry in entries]), min_size=1, max_size=3, unique=True
        )
        one = st.fixed_dictionaries(
            {"options": st.lists(some, min_size=1, max_size=3)}, optional={"required": st.booleans()}
        )
        query["credential_sets"] = draw(st.lists(one, min_size=1, max_size=3))
    return query


def presented(claims: Any, hidden: frozenset[tuple[Any, ...]], place: tuple[Any, ...] = ()) -> Any:
    """The claims without what is withheld."""
    if isinstance(claims, dict):
        return {k: presented(v, hidden, (*place, k)) for k, v in claims.items() if (*place, k) not in hidden}
    if isinstance(claims, list):
        kept = [(n, v) for n, v in enumerate(claims) if (*place, n) not in hidden]
        return {n: presented(v, hidden, (*place, n)) for n, v in kept}
    return claims


def values_of(copy: HeldCredential, asked: tuple[tuple[Any, ...], ...]) -> set[tuple[Any, ...]]:
    """The places of the values that leave where the claims at these places are asked for."""
    wanted = {
        place
        for place in copy.disclosable
        for path in asked
        if place == path[: len(place)] or path == place[: len(path)]
    }
    return set(single(copy.claims, presented(copy.claims, copy.disclosable - wanted)))


def single(whole: Any, part: Any, place: tuple[Any, ...] = ()) -> Iterator[tuple[Any, ...]]:
    if isinstance(whole, (dict, list)) and whole:
        for name in part:
            yield from single(whole[name], part[name], (*place, name))
    else:
        yield place


def every_way(matches: Matches) -> Iterator[tuple[int, int, int, int]]:
    """What each way costs: values, presentations before, identifiers and copies."""
    ids = list(matches.queries)
    for size in range(len(ids) + 1):
        for selection in itertools.combinations(ids, size):
            if not satisfies(matches, set(selection)):
                continue
            choices = [
                [(fit.credential, way.paths) for fit in matches.queries[name].fits for way in fit.ways]
                for name in selection
            ]
            for combination in itertools.product(*choices):
                used: dict[str, tuple[HeldCredential, set[Any]]] = {}
                for copy, paths in combination:
                    used.setdefault(copy.key, (copy, set()))[1].update(values_of(copy, paths))
                costs = [copy_cost(copy, 0) for copy, _ in used.values()]
                yield (
                    sum(len(values) for _, values in used.values()),
                    sum(cost.presented for cost in costs),
                    sum(cost.identifiers for cost in costs),
                    len(used),
                )


def satisfies(matches: Matches, selection: set[str]) -> bool:
    if not matches.query.sets:
        return selection == set(matches.queries)
    return all(
        any(set(option) <= selection for option in entry.options)
        for entry in matches.query.sets
        if entry.required
    )


@examples(1000)
@given(queries(), wallets())
def test_no_way_to_answer_reveals_less_than_the_first(
    query: dict[str, Any], held: list[HeldCredential]
) -> None:
    matches = match(parse_query(query), held)
    found = options(matches, limit=1)
    ways = list(every_way(matches))
    assert bool(found) == bool(ways) == matches.satisfiable
    if found:
        assert found[0].cost[:4] == min(ways)


@examples(200)
@given(queries(), wallets())
def test_options_are_all_different_and_come_in_order(
    query: dict[str, Any], held: list[HeldCredential]
) -> None:
    found = options(match(parse_query(query), held), limit=1000)
    assert [option.cost for option in found] == sorted(option.cost for option in found)
    answers = [
        tuple((pick.query_id, pick.credential, pick.claim_set) for pick in option.picks) for option in found
    ]
    assert len(set(answers)) == len(answers)
    assert all(option.reason for option in found)


@examples(200)
@given(queries(), wallets())
def test_nothing_is_disclosed_that_the_query_does_not_ask_for(
    query: dict[str, Any], held: list[HeldCredential]
) -> None:
    parsed = parse_query(query)
    copies = {copy.key: copy for copy in held}
    for option in options(match(parsed, held)):
        assert_only_asked(option, query, copies)


@examples(200)
@given(queries(), wallets())
def test_every_option_satisfies_the_query_for_the_verifier(
    query: dict[str, Any], held: list[HeldCredential]
) -> None:
    parsed = parse_query(query)
    copies = {copy.key: copy for copy in held}
    for option in options(match(parsed, held)):
        answer: dict[str, list[HeldCredential]] = {}
        for pick in option.picks:
            copy = copies[pick.credential]
            hidden = copy.disclosable - set(pick.disclose)
            claims = as_sent(presented(copy.claims, hidden))
            bound = copy.holder_bound and pick.prove_holder
            answer.setdefault(pick.query_id, []).append(replace(copy, claims=claims, holder_bound=bound))
        check = check_answer(parsed, answer)
        assert check.satisfied is True, check
        assert not check.discarded


def as_sent(claims: Any) -> Any:
    """What `presented` has built as JSON: elements behind one that is withheld move up."""
    if isinstance(claims, dict) and claims and all(isinstance(name, int) for name in claims):
        return [as_sent(value) for value in claims.values()]
    return {name: as_sent(value) for name, value in claims.items()} if isinstance(claims, dict) else claims


def assert_only_asked(option: Option, query: dict[str, Any], copies: dict[str, HeldCredential]) -> None:
    entries = {entry["id"]: entry for entry in query["credentials"]}
    for pick in option.picks:
        copy = copies[pick.credential]
        asked = set()
        for claim in entries[pick.query_id].get("claims", ()):
            selected = select(tuple(claim["path"]), copy.claims)
            asked |= set() if isinstance(selected, str) else {place for place, _ in selected}
        assert set(pick.paths) <= asked
        for place in pick.disclose:
            assert place in copy.disclosable
            assert any(place == path[: len(place)] or path == place[: len(path)] for path in pick.paths)
        hidden = copy.disclosable - set(pick.disclose)
        assert set(pick.leaving) == set(single(copy.claims, presented(copy.claims, hidden)))
        for path in pick.paths:
            assert not any(path[:length] in hidden for length in range(len(path) + 1))
