"""What the wallet proposes: the least revealing way first, why, and what the owner can choose instead."""

from __future__ import annotations

import random
import time
from dataclasses import replace
from typing import Any

import pytest

from ipse.errors import TooMuchWork, UsageError
from ipse.protocols.dcql.choosing import Option, options
from ipse.protocols.dcql.matching import HeldCredential, match
from ipse.protocols.dcql.query import Query
from tests.unit.protocols.dcql.material import VCT, credential_query, held, places, query_of


def chosen(query: Query, *copies: HeldCredential, **members: Any) -> tuple[Option, ...]:
    return options(match(query, copies), **members)


def answers(option: Option) -> dict[str, str]:
    """The key of the copy for each credential query."""
    return {pick.query_id: pick.credential for pick in option.picks}


def asked(*paths: Any, **members: Any) -> Query:
    return query_of(credential_query("q", *paths, **members))


class TestWhatIsDisclosed:
    NESTED = held(
        disclosable=places(
            ("name",), ("address",), ("address", "street"), ("address", "code"), ("degrees",), ("degrees", 0),
            ("degrees", 0, "by"), ("degrees", 1), ("nationalities", 0), ("nationalities", 1), ("age",),
            ("adult",), ("empty",), ("nothing",),
        )
    )  # fmt: skip

    def pick(self, *paths: Any) -> Any:
        (option,) = chosen(asked(*paths), self.NESTED)
        (pick,) = option.picks
        assert option.claims == len(pick.leaving)
        return pick

    def test_without_claims_nothing_is_disclosed(self) -> None:
        pick = self.pick()
        assert (pick.paths, pick.disclose, pick.leaving) == ((), (), ())

    def test_a_nested_claim_takes_its_parents_along_and_what_is_visible_in_them(self) -> None:
        pick = self.pick(["address", "street"])
        assert pick.disclose == (("address",), ("address", "street"))
        assert pick.leaving == (("address", "locality"), ("address", "street"))

    def test_a_claim_takes_all_that_is_in_it_along(self) -> None:
        pick = self.pick(["degrees", 0])
        assert pick.paths == (("degrees", 0),)
        assert pick.disclose == (("degrees",), ("degrees", 0), ("degrees", 0, "by"))
        assert pick.leaving == (("degrees", 0, "by"), ("degrees", 0, "type"))

    def test_of_an_array_only_the_selected_elements_are_disclosed(self) -> None:
        pick = self.pick({"path": ["nationalities", None], "values": ["Betelgeusian"]})
        assert pick.disclose == pick.leaving == (("nationalities", 1),)

    def test_what_cant_be_withheld_leaves_and_counts(self) -> None:
        visible = held(claims={"vct": VCT, "iss": "x", "name": "Ann", "age": 5}, disclosable=places(("age",)))
        (option,) = chosen(asked(["age"]), visible)
        assert (option.picks[0].leaving, option.claims) == ((("age",), ("name",)), 2)

    @pytest.mark.parametrize("form", ["jwt_vc_json", "ldp_vc"])
    def test_a_credential_without_selective_disclosure_leaves_whole(self, form: str) -> None:
        claims = {
            "@context": ["x"], "type": ["A"], "issuer": "did:x", "proof": {"a": 1}, "validFrom": "2026",
            "credentialSubject": {"id": "did:y", "name": "Ann", "age": 5},
        }  # fmt: skip
        copy = held(format=form, claims=claims, types=("A",), disclosable=frozenset())
        query = asked(["credentialSubject", "name"], format=form, meta={"type_values": [["A"]]})
        (option,) = chosen(query, copy)
        assert option.picks[0].disclose == ()
        assert option.picks[0].leaving == tuple(("credentialSubject", name) for name in ("age", "id", "name"))

    @pytest.mark.parametrize("prove", [True, False])
    def test_a_pick_says_whether_the_holder_is_to_be_proven(self, prove: bool) -> None:
        (option,) = chosen(asked(["name"], require_cryptographic_holder_binding=prove), held())
        assert option.picks[0].prove_holder is prove


class TestOneCredential:
    def test_the_copy_that_shows_the_fewest_values_comes_first(self) -> None:
        open_copy = held("open", disclosable=places(("age",)))
        first, second = chosen(asked(["age"]), open_copy, held("closed"))
        assert (answers(first), first.claims) == ({"q": "closed"}, 1)
        assert (answers(second), second.claims) == ({"q": "open"}, 14)
        assert first.reason == "1 value leaves, the next way needs 14"
        assert second.reason == "14 values leave, the first way needs 1"

    def test_then_the_copy_that_was_presented_the_least(self) -> None:
        copies = [held("often", presented=3), held("once", presented=1), held("twice", presented=2)]
        found = chosen(asked(["age"]), *copies)
        assert [answers(option)["q"] for option in found] == ["once", "twice", "often"]
        assert "presented less often before" in found[0].reason
        assert "presented more often before" in found[1].reason

    def test_then_the_copy_that_shows_the_fewest_identifiers(self) -> None:
        claims = {"vct": VCT, "age": 5, "cnf": {"jwk": {"x": "y"}}}
        marked = held("marked", claims={**claims, "status": {"idx": 1}}, disclosable=places(("age",)))
        plain = held("plain", claims=claims, disclosable=places(("age",)))
        first, second = chosen(asked(["age"]), marked, plain)
        assert (answers(first)["q"], answers(second)["q"]) == ("plain", "marked")
        assert "show fewer identifiers" in first.reason

    def test_an_identifier_that_can_be_withheld_does_not_count(self) -> None:
        claims = {"vct": VCT, "age": 5, "sub": "did:x"}
        copies = [held(key, claims=claims, disclosable=places(("age",), ("sub",))) for key in ("a", "b")]
        plain = held("c", claims={"vct": VCT, "age": 5})
        first, *_ = chosen(asked(["age"]), *copies, plain)
        assert (answers(first)["q"], first.cost.identifiers) == ("a", 0)

    def test_then_the_first_one_in_the_wallet(self) -> None:
        found = chosen(asked(["age"]), held("b"), held("a"), held("c"))
        assert [answers(option)["q"] for option in found] == ["b", "a", "c"]
        assert "come first in the wallet" in found[0].reason

    CLAIMS = tuple({"id": name, "path": [name]} for name in ("name", "age", "adult"))

    def test_the_claim_set_with_the_fewest_values_comes_before_the_one_that_the_verifier_prefers(
        self,
    ) -> None:
        found = chosen(asked(*self.CLAIMS, claim_sets=[["name", "age"], ["adult"]]), held())
        assert [option.picks[0].claim_set for option in found] == [1, 0]

    def test_of_claim_sets_that_show_as_much_the_verifier_has_the_choice(self) -> None:
        found = chosen(asked(*self.CLAIMS, claim_sets=[["adult"], ["age"], ["name"]]), held())
        assert [option.picks[0].claim_set for option in found] == [0, 1, 2]
        assert "the verifier prefers its claims" in found[0].reason

    def test_nothing_is_proposed_where_nothing_fits(self) -> None:
        assert chosen(asked(["surname"]), held()) == ()
        assert chosen(asked(["name"])) == ()

    def test_the_only_way_says_that_there_is_no_other(self) -> None:
        assert chosen(asked(["age"]), held())[0].reason == "1 value leaves; no other way to answer was found"


class TestSeveralCredentials:
    def test_without_sets_every_credential_query_is_answered_in_the_order_of_the_query(self) -> None:
        query = query_of(credential_query("b", ["name"]), credential_query("a", ["age"]))
        (option,) = chosen(query, held())
        assert [pick.query_id for pick in option.picks] == ["b", "a"]
        assert option.claims == 2

    def test_a_value_that_two_presentations_of_one_copy_show_counts_once(self) -> None:
        query = query_of(credential_query("a", ["name"]), credential_query("b", ["name"], ["age"]))
        first, *others = chosen(query, held("one"), held("two"))
        assert (answers(first), first.claims) == ({"a": "one", "b": "one"}, 2)
        assert {option.claims for option in others if len(set(answers(option).values())) == 2} == {3}

    def test_one_copy_for_two_queries_may_be_better_than_the_best_of_each(self) -> None:
        lean = held("lean", claims={"vct": VCT, "a": 1, "x": 1}, disclosable=places(("a",)))
        full = held(
            "full", claims={"vct": VCT, "a": 1, "b": 2, "x": 1, "y": 2}, disclosable=places(("a",), ("b",))
        )
        query = query_of(credential_query("one", ["a"]), credential_query("two", ["b"]))
        first, second = chosen(query, lean, full)
        assert (answers(first), first.claims) == ({"one": "full", "two": "full"}, 4)
        assert (answers(second), second.claims) == ({"one": "lean", "two": "full"}, 5)

    PID = credential_query("pid", ["name"], ["age"])
    CARD = credential_query("card", ["adult"])
    MDL = credential_query("mdl", format="mso_mdoc", meta={})
    BONUS = credential_query("bonus", ["nothing"])

    def test_the_option_of_a_set_with_the_fewest_values_comes_first(self) -> None:
        query = query_of(self.PID, self.CARD, sets=[{"options": [["pid"], ["card"], ["pid", "card"]]}])
        found = chosen(query, held())
        assert [list(answers(option)) for option in found] == [["card"], ["pid"]]

    def test_an_option_with_an_unsupported_format_is_left_out(self) -> None:
        query = query_of(self.MDL, self.PID, sets=[{"options": [["mdl"], ["pid"]]}])
        assert [answers(option) for option in chosen(query, held())] == [{"pid": "card"}]
        assert chosen(query_of(self.MDL, self.PID), held()) == ()

    def test_one_credential_may_satisfy_several_sets(self) -> None:
        sets = [{"options": [["card"], ["pid"]]}, {"options": [["bonus"], ["pid"]]}, {"options": [["pid"]]}]
        query = query_of(self.PID, self.CARD, self.BONUS, sets=sets)
        found = chosen(query, held())
        assert list(answers(found[0])) == ["pid"]
        assert all("pid" in answers(option) and len(option.picks) == 1 for option in found)

    def sized(self, **sizes: int) -> list[dict[str, Any]]:
        """Credential queries that cost as many values as this, each of a type of its own."""
        return [
            credential_query(name, *[[f"c{number}"] for number in range(size)], meta={"vct_values": [name]})
            for name, size in sizes.items()
        ]

    def copies(self, *names: str, each: int = 1) -> list[HeldCredential]:
        claims = {f"c{number}": number for number in range(9)}
        return [held(f"{name}{n}", claims=claims, types=(name,)) for name in names for n in range(each)]

    def test_one_credential_of_an_option_may_be_better_than_the_whole_of_it(self) -> None:
        sets = [{"options": [["a", "b"], ["c"]]}, {"options": [["a"], ["d"]]}]
        query = query_of(*self.sized(a=1, b=9, c=1, d=9), sets=sets)
        first, *others = chosen(query, *self.copies("a", "b", "c", "d"))
        assert (set(answers(first)), first.claims) == ({"a", "c"}, 2)
        assert [set(answers(option)) for option in others] == [{"a", "b"}, {"c", "d"}]

    def test_nothing_is_sent_that_could_be_left_out(self) -> None:
        sets = [{"options": [["a"], ["b", "c"]]}, {"options": [["b", "c"], ["d"]]}]
        query = query_of(*self.sized(a=1, b=1, c=1, d=9), sets=sets)
        found = chosen(query, *self.copies("a", "b", "c", "d"))
        assert [set(answers(option)) for option in found] == [{"b", "c"}, {"a", "d"}]

    def test_every_combination_of_independent_choices_is_listed_once(self) -> None:
        query = query_of(*self.sized(a=1, b=1, c=1))
        found = chosen(query, *self.copies("a", "b", "c", each=3), limit=100)
        assert len({tuple(answers(option).values()) for option in found}) == len(found) == 27

    def test_an_optional_set_is_left_out_and_offered(self) -> None:
        sets: list[dict[str, Any]] = [{"options": [["card"]]}, {"options": [["bonus"]], "required": False}]
        query = query_of(
            self.CARD, self.BONUS, self.MDL, sets=[*sets, {"options": [["mdl"]], "required": False}]
        )
        matches = match(query, [held()])
        assert matches.optional_sets == (1,)
        assert [list(answers(option)) for option in options(matches)] == [["card"]]
        assert [list(answers(option)) for option in options(matches, with_sets=[1])] == [["card", "bonus"]]
        assert options(matches, with_sets=[2]) == ()

    def test_where_all_sets_are_optional_nothing_is_presented(self) -> None:
        query = query_of(self.CARD, sets=[{"options": [["card"]], "required": False}])
        (option,) = chosen(query, held())
        assert (option.picks, option.claims) == ((), 0)

    def test_what_is_in_no_set_is_not_answered(self) -> None:
        query = query_of(self.PID, self.CARD, sets=[{"options": [["card"]]}])
        assert [list(answers(option)) for option in chosen(query, held())] == [["card"]]


class TestTheOwnersChoice:
    def test_another_copy_is_used_for_the_query(self) -> None:
        (option,) = chosen(asked(["age"]), held("a"), held("b"), using={"q": ["b"]})
        assert answers(option) == {"q": "b"}

    def test_several_copies_are_presented_where_the_query_allows_it(self) -> None:
        query = asked(["age"], multiple=True)
        (option,) = chosen(query, held("a"), held("b"), held("c"), using={"q": ["c", "a"]})
        assert [(pick.query_id, pick.credential) for pick in option.picks] == [("q", "c"), ("q", "a")]
        assert option.claims == 2
        assert len(chosen(query, held("a"), held("b"))[0].picks) == 1

    @pytest.mark.parametrize(
        ("using", "reason"),
        [
            ({"x": ["a"]}, "'x' is the id of no credential query"),
            ({"q": ["x"]}, "the credential 'x' does not fit 'q'"),
            ({"q": []}, "'q' is answered with exactly one credential, 0 are chosen"),
            ({"q": ["a", "b"]}, "'q' is answered with exactly one credential, 2 are chosen"),
            ({"many": ["a", "a"]}, "'many' is answered with one or more different credentials"),
        ],
    )
    def test_a_choice_that_does_not_fit_is_refused(self, using: dict[str, list[str]], reason: str) -> None:
        query = query_of(credential_query("q", ["age"]), credential_query("many", ["age"], multiple=True))
        with pytest.raises(UsageError, match=reason):
            chosen(query, held("a"), held("b"), using=using)

    @pytest.mark.parametrize("position", [-1, 1])
    def test_a_set_that_is_not_there_is_refused(self, position: int) -> None:
        query = query_of(credential_query("q", ["age"]), sets=[{"options": [["q"]]}])
        with pytest.raises(UsageError, match=f"no credential set {position}"):
            chosen(query, held(), with_sets=[position])

    def test_no_more_options_are_listed_than_were_asked_for(self) -> None:
        copies = [held(f"copy-{number}") for number in range(30)]
        assert len(chosen(asked(["age"]), *copies)) == 16
        assert [answers(option)["q"] for option in chosen(asked(["age"]), *copies, limit=2)] == [
            "copy-0",
            "copy-1",
        ]
        assert len(chosen(asked(["age"]), *copies, limit=100)) == 30


class TestLargeProblems:
    """What would take a brute force longer than the universe is old takes a moment, or is refused in one."""

    @staticmethod
    def quick(query: Query, copies: list[HeldCredential], **members: Any) -> tuple[Option, ...]:
        started = time.process_time()
        found = chosen(query, *copies, **members)
        assert time.process_time() - started < 20
        return found

    def test_ten_thousand_copies(self) -> None:
        one = held()
        copies = [
            replace(one, key=f"copy-{n}", presented=n % 7 + 1 if n != 4_321 else 0) for n in range(10_000)
        ]
        query = query_of(credential_query("a", ["age"], ["name"]), credential_query("b", ["age"], ["adult"]))
        first = self.quick(query, copies)[0]
        assert answers(first) == {"a": "copy-4321", "b": "copy-4321"}
        assert first.cost[:4] == (3, 0, 0, 1)

    @staticmethod
    def hundred(sets: list[list[list[int]]]) -> tuple[Query, list[HeldCredential]]:
        """A query for 100 types, the one at `n` with 1 to 4 values, of which there are two copies each."""
        entries = [
            credential_query(
                f"q{n}", *[[f"c{i}"] for i in range(n % 4 + 1)], meta={"vct_values": [f"urn:{n}"]}
            )
            for n in range(100)
        ]
        claims = {f"c{i}": i for i in range(4)}
        copies = [held(f"{n}-{i}", claims=claims, types=(f"urn:{n}",)) for n in range(100) for i in range(2)]
        options = [{"options": [[f"q{n}" for n in option] for option in entry]} for entry in sets]
        return query_of(*entries, sets=options), copies

    def test_fifty_sets_that_share_nothing(self) -> None:
        query, copies = self.hundred([[[n], [n + 1]] for n in range(0, 100, 2)])
        assert self.quick(query, copies)[0].claims == sum(
            min(n % 4, (n + 1) % 4) + 1 for n in range(0, 100, 2)
        )

    def test_a_chain_of_sets_that_share_one_credential_each(self) -> None:
        query, copies = self.hundred([[[n], [n + 1]] for n in range(99)])
        # By dynamic programming: what the first sets cost at least, with the last credential taken or not.
        taken, left = 1, 0
        for n in range(1, 100):
            taken, left = min(taken, left) + n % 4 + 1, taken
        assert self.quick(query, copies)[0].claims == min(taken, left)

    def test_a_hundred_queries_for_one_credential(self) -> None:
        entries = [credential_query(f"q{n}", [f"c{n % 25}"]) for n in range(100)]
        copies = [held(f"copy-{n}", claims={f"c{i}": i for i in range(25)}) for n in range(20)]
        first = self.quick(query_of(*entries), copies)[0]
        assert (first.claims, first.cost.copies) == (25, 1)

    def test_what_cant_be_proven_in_time_is_refused(self) -> None:
        shuffled = random.Random(5)
        query, copies = self.hundred([[[n] for n in shuffled.sample(range(100), 8)] for _ in range(100)])
        with pytest.raises(TooMuchWork, match="least revealing way to answer takes too long"):
            self.quick(query, copies, max_work=500_000)

    def test_options_end_where_the_work_does_and_the_first_is_still_proven(self) -> None:
        copies = [held(f"copy-{number}") for number in range(60)]
        query = query_of(
            *(credential_query(f"q{n}", [name]) for n, name in enumerate(("age", "name", "adult")))
        )
        found = chosen(query, *copies, limit=100_000, max_work=10_000)
        assert 0 < len(found) < 100_000
        assert (found[0].claims, found[0].cost.copies) == (3, 1)


def test_no_number_of_presentations_outweighs_a_value() -> None:
    worn = held("worn", claims={"vct": VCT, "age": 5}, presented=10**40)
    full = held("full", claims={"vct": VCT, "age": 5, "size": 1}, disclosable=places(("age",)))
    first, _ = chosen(asked(["age"]), full, worn)
    assert (answers(first), first.claims) == ({"q": "worn"}, 1)
