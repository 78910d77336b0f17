"""DCQL, decided by ipse and by dcql (npm): same wallets, queries and answers, and the same decisions.

What the library decides otherwise than OpenID4VP 1.0 is left out of what is generated, and named here by a
test each.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from random import Random
from typing import Final

import pytest

from ipse.errors import MalformedInput
from ipse.protocols.dcql.choosing import Option, options
from ipse.protocols.dcql.matching import HeldCredential, Matches, match
from ipse.protocols.dcql.query import parse_query
from ipse.protocols.dcql.verifying import NOT_ASKED, check_answer
from tests.interop.dcql_material import Json, made_query, made_wallet, spelled, without
from tests.interop.peer import Peer
from tests.unit.protocols.dcql.test_query import MALFORMED

SEED: Final = 20_26
PAIRS: Final = 300


def made_pairs() -> list[tuple[dict[str, Json], list[HeldCredential]]]:
    random = Random(SEED)
    return [(made_query(random), made_wallet(random)) for _ in range(PAIRS)]


def decision(matches: Matches, held: Sequence[HeldCredential]) -> dict[str, Json]:
    """Our decision in the words of the peer."""
    position = {copy.key: str(number) for number, copy in enumerate(held)}
    return {
        "satisfiable": matches.satisfiable,
        "matches": {
            query_id: {
                position[fit.credential.key]: [way.claim_set for way in fit.ways] for fit in matched.fits
            }
            for query_id, matched in matches.queries.items()
        },
        "sets": [
            [list(option) for option in entry.options if matches.can_answer(option)]
            for entry in matches.query.sets
        ],
    }


def decided(
    peer: Peer, pairs: Sequence[tuple[dict[str, Json], Sequence[HeldCredential]]]
) -> list[dict[str, Json]]:
    told = [{"query": query, "credentials": [spelled(copy) for copy in held]} for query, held in pairs]
    answer: list[dict[str, Json]] = peer.ask("decideDcql", pairs=told)
    return answer


def test_three_hundred_queries_and_wallets_are_decided_alike(peer: Peer) -> None:
    pairs = made_pairs()
    ours = [decision(match(parse_query(query), held), held) for query, held in pairs]
    for number, (one, other) in enumerate(zip(ours, decided(peer, pairs), strict=True)):
        assert one == other, f"pair {number}: {pairs[number]}"
    # The decisions are not all the same one.
    assert 50 < sum(entry["satisfiable"] for entry in ours) < PAIRS - 50
    ways = [sets for entry in ours for copies in entry["matches"].values() for sets in copies.values()]
    assert any(len(sets) > 1 for sets in ways)
    assert any(sets[0] not in (None, 0) for sets in ways)


def presented(option: Option, held: Sequence[HeldCredential]) -> dict[str, list[HeldCredential]]:
    """The presentations of an option as a verifier gets them."""
    copies = {copy.key: copy for copy in held}
    answer: dict[str, list[HeldCredential]] = {}
    for pick in option.picks:
        copy = copies[pick.credential]
        disclosed = without(copy.claims, copy.disclosable - set(pick.disclose))
        answer.setdefault(pick.query_id, []).append(
            replace(copy, claims=disclosed, holder_bound=copy.holder_bound and pick.prove_holder)
        )
    return answer


def checked(
    peer: Peer, pairs: Sequence[tuple[dict[str, Json], dict[str, list[HeldCredential]]]]
) -> list[bool]:
    told = [
        {
            "query": query,
            "answer": {name: [spelled(copy) for copy in copies] for name, copies in answer.items()},
        }
        for query, answer in pairs
    ]
    return [entry["satisfied"] for entry in peer.ask("checkDcql", pairs=told)]


def test_every_answer_that_is_proposed_satisfies_the_query_by_both(peer: Peer) -> None:
    """An index into an empty array is left out for the library: it fails then, see below."""
    proposed = [
        (query, presented(option, held))
        for query, held in made_pairs()
        for option in options(match(parse_query(query), held))
    ]
    for query, answer in proposed:
        assert check_answer(parse_query(query), answer).satisfied is True, (query, answer)
    told = [
        (query, answer)
        for query, answer in proposed
        if not (has_index(query) and any(map(has_empty_array, claims_of(answer))))
    ]
    assert len(told) > 100
    for (query, answer), accepted in zip(told, checked(peer, told), strict=True):
        assert accepted, (query, answer)


def has_index(query: dict[str, Json]) -> bool:
    """Whether a claim of the query is an element of an array by its number."""
    claims = [claim for entry in query["credentials"] for claim in entry.get("claims", ())]
    return any(isinstance(step, int) for claim in claims for step in claim["path"])


def claims_of(answer: dict[str, list[HeldCredential]]) -> list[Json]:
    return [copy.claims for copies in answer.values() for copy in copies]


def has_empty_array(value: Json) -> bool:
    """Whether there is one somewhere in `value`."""
    inner = value.values() if isinstance(value, dict) else value if isinstance(value, list) else ()
    return value == [] or any(map(has_empty_array, inner))


def test_answers_of_any_kind_are_judged_alike(peer: Peer) -> None:
    """Two differences are left out: `discarded` and `not-asked`, each with a test below."""
    random = Random(SEED)
    pairs = [(query, any_answer(random, query, held)) for query, held in made_pairs() if held]
    agreed = 0
    for (query, answer), accepted in zip(pairs, checked(peer, pairs), strict=True):
        check = check_answer(parse_query(query), answer)
        if any(
            finding.code == NOT_ASKED and query_knows(query, finding.query_id) for finding in check.problems
        ):
            continue
        assert (check.satisfied is True and not check.discarded) == accepted, (query, answer, check)
        agreed += accepted
    assert 20 < agreed < len(pairs) - 20


def any_answer(
    random: Random, query: dict[str, Json], held: Sequence[HeldCredential]
) -> dict[str, list[HeldCredential]]:
    """Presentations of what fits or does not, now and then with a claim withheld, too many, or for nobody."""
    matches = match(parse_query(query), held)
    answer: dict[str, list[HeldCredential]] = {}
    for query_id, matched in matches.queries.items():
        if random.random() < 0.1:
            continue
        fitting = [fit.credential for fit in matched.fits]
        copies = fitting if fitting and random.random() < 0.9 else held
        count = random.choice((1, 1, 1, 1, 1, 1, 2)) if random.random() < 0.97 else 0
        answer[query_id] = [worn(random, random.choice(copies)) for _ in range(count)]
    return {**answer, **({"nobody": [held[0]]} if random.random() < 0.03 else {})}


def worn(random: Random, copy: HeldCredential) -> HeldCredential:
    """The copy, or a presentation of it that withholds a member of an object."""
    members = sorted((place for place in copy.disclosable if isinstance(place[-1], str)), key=str)
    if random.random() < 0.8 or not members:
        return copy
    return replace(copy, claims=without(copy.claims, frozenset({random.choice(members)})))


def query_knows(query: dict[str, Json], query_id: str) -> bool:
    return query_id in {entry["id"] for entry in query["credentials"]}


class TestWhereTheLibraryDiffers:
    """Each has what OpenID4VP 1.0 says, and what the library does. Where they agree one day, these fail."""

    @staticmethod
    def both(peer: Peer, claims: dict[str, Json], claim: dict[str, Json]) -> tuple[bool, bool]:
        """Whether we, and the library, find the claim in a credential with these claims."""
        query = {"credentials": [{"id": "q", "format": "dc+sd-jwt", "meta": {}, "claims": [claim]}]}
        held = [HeldCredential("copy", "dc+sd-jwt", claims, types=("urn:a",))]
        (theirs,) = decided(peer, [(query, held)])
        return match(parse_query(query), held).satisfiable, theirs["satisfiable"]

    def test_a_claim_that_is_null_is_there(self, peer: Peer) -> None:
        """Section 7.1.1 selects the element at a key that exists; the library takes null for absent."""
        assert self.both(peer, {"a": None}, {"path": ["a"]}) == (True, False)

    @pytest.mark.parametrize(
        ("claims", "path"),
        [
            ({"a": [{"b": 1}, "text"]}, ["a", None, "b"]),
            ({"a": [[1], {"b": 1}]}, ["a", None, 0]),
            ({"a": [[1], 2]}, ["a", None, None]),
        ],
    )
    def test_one_element_of_the_wrong_kind_ends_processing(
        self, peer: Peer, claims: dict[str, Json], path: list[Json]
    ) -> None:
        """Section 7.1.1 aborts if any selected element is of the wrong kind; the library passes over it."""
        assert self.both(peer, claims, {"path": path}) == (False, True)

    def test_all_elements_of_an_empty_array_are_nothing(self, peer: Peer) -> None:
        """Section 7.1.1 ends in an error if nothing is selected; the library takes it for a match."""
        assert self.both(peer, {"a": []}, {"path": ["a", None]}) == (False, True)
        assert self.both(peer, {"a": []}, {"path": ["a", None], "values": ["x"]}) == (False, True)

    def test_an_index_into_an_array_of_which_all_was_withheld_is_no_fault(self, peer: Peer) -> None:
        """The other claim set is there; the library fails with an error of its own."""
        claims = [{"id": "a", "path": ["a", 0]}, {"id": "b", "path": ["b"]}]
        entry = {"id": "q", "format": "dc+sd-jwt", "meta": {}, "claims": claims, "claim_sets": [["a"], ["b"]]}
        copy = HeldCredential("copy", "dc+sd-jwt", {"a": [], "b": 1}, types=("urn:a",))
        assert check_answer(parse_query({"credentials": [entry]}), {"q": [copy]}).satisfied is True
        told = [{"query": {"credentials": [entry]}, "answer": {"q": [spelled(copy)]}}]
        (theirs,) = peer.ask("checkDcql", pairs=told)
        assert not theirs["satisfied"]
        assert "Cannot read properties of undefined" in theirs["reason"]

    @pytest.mark.parametrize("name", ["length", "0"])
    def test_an_array_has_no_names(self, peer: Peer, name: str) -> None:
        """Section 7.1.1 aborts if a key is looked up in what is no object; the library looks in arrays."""
        assert self.both(peer, {"a": ["x"]}, {"path": ["a", name]}) == (False, True)

    def test_a_name_that_objects_of_the_language_have_is_no_claim(self, peer: Peer) -> None:
        """The library finds members that every JavaScript object inherits."""
        assert self.both(peer, {"a": "x"}, {"path": ["toString"]}) == (False, True)

    def test_a_second_claim_at_the_same_place_is_ignored(self, peer: Peer) -> None:
        """Section 6.1 has wallets ignore duplicate claim queries; the library wants both to hold."""
        claims = [{"path": ["a"], "values": [1]}, {"path": ["a"], "values": [2]}]
        query = {"credentials": [{"id": "q", "format": "dc+sd-jwt", "meta": {}, "claims": claims}]}
        held = [HeldCredential("copy", "dc+sd-jwt", {"a": 1}, types=("urn:a",))]
        (theirs,) = decided(peer, [(query, held)])
        assert (match(parse_query(query), held).satisfiable, theirs["satisfiable"]) == (True, False)

    def test_a_presentation_that_does_not_match_is_discarded(self, peer: Peer) -> None:
        """Section 8.6 discards the presentation; the library then rejects the whole answer."""
        entry = {"id": "q", "format": "dc+sd-jwt", "meta": {}, "multiple": True, "claims": [{"path": ["a"]}]}
        query = {"credentials": [entry]}
        answer = {"q": [HeldCredential(key, "dc+sd-jwt", {key: 1}, types=("urn:a",)) for key in ("a", "b")]}
        check = check_answer(parse_query(query), answer)
        assert (check.satisfied, [finding.presentation for finding in check.discarded]) == (True, [1])
        assert checked(peer, [(query, answer)]) == [False]

    def test_what_is_in_no_credential_set_was_not_asked_for(self, peer: Peer) -> None:
        """Section 6.4.2 asks for what satisfies the sets; the library takes answers to anything else."""
        query: dict[str, Json] = {
            "credentials": [{"id": name, "format": "dc+sd-jwt", "meta": {}} for name in ("a", "b")],
            "credential_sets": [{"options": [["a"]]}],
        }
        copy = HeldCredential("copy", "dc+sd-jwt", {}, types=("urn:a",))
        answer = {"a": [copy], "b": [copy]}
        assert check_answer(parse_query(query), answer).satisfied is False
        assert checked(peer, [(query, answer)]) == [True]


_READ_BY_THE_LIBRARY: Final = {
    "'pid' has no object meta",
    "vct_values of meta of the credential query 'pid' is an empty array",
    "values of entry 1 of claims .* is an empty array",
    "the id 'name' is used for two claims of the credential query 'pid'",
    "a claim without an id",
    "entry 1 of options .* is an empty array",
}
"""What section 6 and Appendix B.3.5 forbid and the library lets through."""


def test_what_the_library_refuses_to_read_we_refuse_and_the_other_way_around(peer: Peer) -> None:
    reads = peer.ask("readsDcql", queries=[query for query, _ in MALFORMED])
    let_through = {reason for (_, reason), read in zip(MALFORMED, reads, strict=True) if read}
    assert let_through == _READ_BY_THE_LIBRARY
    for query, _ in MALFORMED:
        with pytest.raises(MalformedInput):
            parse_query(query)
    assert peer.ask("readsDcql", queries=[query for query, _ in made_pairs()]) == [True] * PAIRS
