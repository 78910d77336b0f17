"""Which copies of credentials match a query, with which claims, and why the others do not."""

from __future__ import annotations

import time
from dataclasses import replace
from typing import Any, ClassVar

import pytest

from ipse.errors import TooMuchWork
from ipse.protocols.dcql.matching import HeldCredential, Misfit, SelectedClaims, match
from ipse.protocols.dcql.query import Query
from tests.unit.protocols.dcql.material import VCT, credential_query, held, query_of


def ways(query: Query, copy: HeldCredential) -> list[SelectedClaims]:
    """The ways in which a copy fits the only credential query."""
    (matched,) = match(query, [copy]).queries.values()
    return [way for fit in matched.fits for way in fit.ways]


def misfit(query: Query, copy: HeldCredential) -> Misfit:
    (matched,) = match(query, [copy]).queries.values()
    assert matched.fits == ()
    (found,) = matched.misfits
    assert found.credential is copy
    return found


def asked(*paths: Any, **members: Any) -> Query:
    return query_of(credential_query("q", *paths, **members))


class TestMetadata:
    def test_a_copy_of_another_format_does_not_fit(self) -> None:
        found = misfit(asked(), held(format="jwt_vc_json"))
        assert (found.code, found.reason) == (
            "format", "it is of the format 'jwt_vc_json', 'dc+sd-jwt' is asked for",
        )  # fmt: skip

    @pytest.mark.parametrize("form", ["mso_mdoc", "vc+sd-jwt", "new"])
    def test_no_copy_fits_a_query_for_an_unsupported_format(self, form: str) -> None:
        query = asked(format=form, meta={})
        found = misfit(query, held(format=form))
        assert (found.code, found.reason) == (
            "unsupported-format", f"credentials of the format '{form}' are not supported",
        )  # fmt: skip
        assert match(query, []).queries["q"].unanswerable == found.reason

    def test_the_type_is_one_of_the_values_exactly(self) -> None:
        query = asked(meta={"vct_values": [VCT, "urn:other"]})
        assert ways(query, held()) == [SelectedClaims(None)]
        found = misfit(query, held(types=(VCT + ":1",)))
        assert (found.code, found.reason) == (
            "type", f"it is of the type {VCT}:1, {VCT} or urn:other is asked for",
        )  # fmt: skip

    def test_a_type_that_the_credential_itself_declares_counts(self) -> None:
        assert ways(asked(), held(types=("urn:special", VCT)))

    @pytest.mark.parametrize("form", ["dc+sd-jwt", "jwt_vc_json", "ldp_vc"])
    def test_empty_meta_accepts_any_type(self, form: str) -> None:
        assert ways(asked(format=form, meta={}), held(format=form, types=("urn:any",)))

    @pytest.mark.parametrize("form", ["jwt_vc_json", "ldp_vc"])
    def test_a_w3c_credential_has_all_types_of_one_alternative(self, form: str) -> None:
        query = asked(format=form, meta={"type_values": [["urn:a", "urn:b"], ["C"]]})
        assert ways(query, held(format=form, types=("urn:b", "urn:x", "urn:a")))
        assert ways(query, held(format=form, types=("C",)))
        found = misfit(query, held(format=form, types=("urn:a", "urn:c")))
        assert (found.code, found.reason) == (
            "type", "it is of the type urn:a and urn:c, urn:a with urn:b or C is asked for",
        )  # fmt: skip

    def test_a_proof_of_the_holder_needs_a_copy_that_is_bound_to_one(self) -> None:
        bearer = held(holder_bound=False)
        assert misfit(asked(), bearer).code == "holder-binding"
        assert ways(asked(require_cryptographic_holder_binding=False), bearer)
        assert ways(asked(require_cryptographic_holder_binding=False), held())


class TestTrustedAuthorities:
    AKI: ClassVar[dict[str, Any]] = {"type": "aki", "values": ["AQ", "AQI="]}
    LIST: ClassVar[dict[str, Any]] = {"type": "etsi_tl", "values": ["https://lotl.example"]}

    def test_one_key_identifier_of_the_chain_is_enough(self) -> None:
        query = asked(trusted_authorities=[self.LIST, self.AKI])
        assert ways(query, held(authority_key_ids=("Aw", "AQI")))

    @pytest.mark.parametrize("ids", [(), ("Aw",)])
    def test_another_authority_does_not_match(self, ids: tuple[str, ...]) -> None:
        found = misfit(asked(trusted_authorities=[self.AKI]), held(authority_key_ids=ids))
        assert found.code == "trusted-authority"

    @pytest.mark.parametrize("kind", ["etsi_tl", "openid_federation", "new"])
    @pytest.mark.parametrize("others", [[], [AKI]])
    def test_other_kinds_of_authority_are_undetermined(self, kind: str, others: list[Any]) -> None:
        query = asked(trusted_authorities=[{"type": kind, "values": ["https://lotl.example"]}, *others])
        found = misfit(query, held(authority_key_ids=("Aw",)))
        assert (found.code, found.reason) == (
            "trusted-authority-undetermined", f"whether its issuer is trusted by {kind} can't be found out",
        )  # fmt: skip


class TestClaims:
    def test_without_claims_nothing_is_selected(self) -> None:
        assert ways(asked(), held()) == [SelectedClaims(None)]

    def test_without_claim_sets_all_claims_are_needed(self) -> None:
        assert ways(asked(["name"], ["degrees", None, "type"]), held()) == [
            SelectedClaims(None, (("name",), ("degrees", 0, "type"), ("degrees", 1, "type")))
        ]
        found = misfit(asked(["surname"], ["name"], ["size"]), held())
        assert (found.code, found.reason) == (
            "claims", "it has no surname, and 1 more of its claims do not match",
        )  # fmt: skip

    def test_each_claim_set_that_is_there_is_a_way_in_the_order_of_the_query(self) -> None:
        claims = [{"id": name, "path": [name]} for name in ("name", "surname", "age", "adult")]
        sets = [["surname"], ["age", "name"], ["adult"], ["name", "surname"]]
        assert ways(asked(*claims, claim_sets=sets), held()) == [
            SelectedClaims(1, (("age",), ("name",))), SelectedClaims(2, (("adult",),)),
        ]  # fmt: skip

    def test_without_a_claim_set_the_reason_is_of_the_one_that_lacks_the_fewest(self) -> None:
        claims = [{"id": name, "path": [name]} for name in ("surname", "size", "name")]
        found = misfit(asked(*claims, claim_sets=[["surname", "size"], ["name", "size"]]), held())
        assert found.reason == "it has no size"

    def test_a_claim_with_another_value_is_as_good_as_absent(self) -> None:
        assert ways(asked({"path": ["age"], "values": [18, 42]}), held())
        found = misfit(asked({"path": ["age"], "values": ["42", True]}), held())
        assert (found.code, found.reason) == ("claims", "its age has none of the values that are asked for")

    def test_of_all_elements_those_with_an_expected_value_are_selected(self) -> None:
        query = asked({"path": ["nationalities", None], "values": ["Betelgeusian", "French"]})
        assert ways(query, held()) == [SelectedClaims(None, (("nationalities", 1),))]

    def test_a_second_claim_at_the_same_place_is_ignored(self) -> None:
        query = asked({"path": ["age"], "values": [42]}, {"path": ["age"], "values": [True, 7]}, ["name"])
        assert ways(query, held()) == [SelectedClaims(None, (("age",), ("name",)))]

    def test_two_claims_of_claim_sets_at_the_same_place_are_alternatives(self) -> None:
        claims = [
            {"id": "a", "path": ["age"], "values": [True]},
            {"id": "b", "path": ["age"], "values": [42]},
        ]
        assert ways(asked(*claims, claim_sets=[["a"], ["b"]]), held()) == [SelectedClaims(1, (("age",),))]

    @pytest.mark.parametrize("values", [[[1], [True]], [[True], [1]]])
    def test_one_and_true_are_two_claims(self, values: list[Any]) -> None:
        claims = [{"id": f"c{n}", "path": ["n"], "values": entry} for n, entry in enumerate(values)]
        (way,) = ways(asked(*claims, claim_sets=[["c0"], ["c1"]]), held(claims={"vct": VCT, "n": 1}))
        assert values[way.claim_set or 0] == [1]


class TestSatisfiable:
    PID = credential_query("pid", ["name"])
    OTHER = credential_query("other", ["surname"])
    MDL = credential_query("mdl", format="mso_mdoc", meta={})

    @pytest.mark.parametrize(
        ("entries", "sets", "satisfiable"),
        [
            ([PID], None, True),
            ([PID, OTHER], None, False),
            ([PID, MDL], None, False),
            ([PID, MDL], [[["mdl"], ["pid"]]], True),
            ([PID, MDL], [[["mdl", "pid"]]], False),
            ([PID, OTHER], [[["pid"]], [["other"]]], False),
            ([PID, OTHER], [[["other"], ["other", "pid"], ["pid"]]], True),
        ],
    )
    def test_sets_need_one_option_each_and_without_sets_all_are_needed(
        self, entries: list[Any], sets: list[Any] | None, satisfiable: bool
    ) -> None:
        query = query_of(*entries, sets=sets and [{"options": options} for options in sets])
        assert match(query, [held()]).satisfiable is satisfiable

    def test_an_optional_set_is_not_needed(self) -> None:
        query = query_of(self.OTHER, sets=[{"options": [["other"]], "required": False}])
        assert match(query, [held()]).satisfiable
        assert match(query, []).satisfiable

    def test_nothing_held_is_nothing_matched(self) -> None:
        assert not match(query_of(self.PID), []).satisfiable


class TestLargeWallets:
    def test_a_request_that_compares_too_much_is_refused_before_it_is_compared(self) -> None:
        copies = [held(f"copy-{number}") for number in range(1_000)]
        claims = [{"id": f"c{number}", "path": ["name"]} for number in range(100)]
        query = query_of(*(credential_query(f"q{number}", *claims) for number in range(11)))
        started = time.process_time()
        with pytest.raises(TooMuchWork, match="more than 1000000 claims"):
            match(query, copies)
        assert time.process_time() - started < 20

    def test_copies_of_other_types_cost_next_to_nothing(self) -> None:
        one = held(types=("urn:other",))
        copies = [replace(one, key=f"copy-{number}") for number in range(10_000)]
        query = query_of(*(credential_query(f"q{number}", ["name"]) for number in range(20)))
        started = time.process_time()
        matches = match(query, copies)
        assert time.process_time() - started < 12
        assert all(len(found.misfits) == 10_000 for found in matches.queries.values())
