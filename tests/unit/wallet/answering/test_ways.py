"""The ways that the owner may choose among: what is required, and what may be added to that."""

from __future__ import annotations

from typing import Any

from ipse.protocols.dcql import matching
from ipse.protocols.dcql.matching import HeldCredential, Matches
from ipse.protocols.dcql.query import parse_query
from ipse.wallet.answering.ways import ways


def copy(key: str, kind: str) -> HeldCredential:
    return HeldCredential(
        key, "dc+sd-jwt", {"vct": kind, "name": "Ada"}, types=(kind,), disclosable=frozenset({("name",)})
    )


def wanted(query_id: str, **more: Any) -> dict[str, Any]:
    return {
        "id": query_id,
        "format": "dc+sd-jwt",
        "meta": {"vct_values": [query_id]},
        "claims": [{"path": ["name"]}],
        **more,
    }


def matches(query: dict[str, Any], *held: tuple[str, str]) -> Matches:
    return matching.match(parse_query(query), [copy(key, kind) for key, kind in held])


def sent(found: Any) -> list[list[str]]:
    return [[pick.credential for pick in way.picks] for way in found]


def test_a_set_that_is_not_required_is_left_out_and_offered() -> None:
    asked = {
        "credentials": [wanted("pass"), wanted("photo"), wanted("card")],
        "credential_sets": [
            {"options": [["pass"]]},
            {"options": [["photo"]], "required": False},
            {"options": [["card"]], "required": False},
        ],
    }
    found = ways(matches(asked, ("1", "pass"), ("2", "photo"), ("3", "card")), lambda _: True)
    assert sent(found) == [["1"], ["1", "2"], ["1", "3"], ["1", "2", "3"]]
    assert found[1].reason == "adds what they ask for and do not need"
    assert sent(ways(matches(asked, ("1", "pass")), lambda _: True)) == [["1"]]
    assert sent(ways(matches(asked, ("2", "photo")), lambda _: True)) == []


def test_where_several_are_taken_one_is_proposed_and_all_are_offered() -> None:
    held = [("1", "card"), ("2", "card"), ("3", "card")]
    several = ways(matches({"credentials": [wanted("card", multiple=True)]}, *held), lambda _: True)
    assert sent(several) == [["1"], ["2"], ["3"], ["1", "2", "3"]]
    single = ways(matches({"credentials": [wanted("card")]}, *held), lambda _: True)
    assert sent(single) == [["1"], ["2"], ["3"]]


def test_an_addition_is_among_the_nine_however_many_ways_there_are() -> None:
    held = [(str(number), "card") for number in range(30)]
    found = ways(matches({"credentials": [wanted("card", multiple=True)]}, *held), lambda _: True)
    assert len(found) == 9
    assert len(found[-1].picks) == 20


def test_a_way_that_does_not_do_is_not_offered_though_it_reveals_least() -> None:
    held = [(str(number), "card") for number in range(30)]
    found = ways(
        matches({"credentials": [wanted("card")]}, *held), lambda way: way.picks[0].credential == "29"
    )
    assert sent(found) == [["29"]]
