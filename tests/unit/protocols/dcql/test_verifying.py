"""The verifier's side: which answers satisfy a query, and what is wrong with the others."""

from __future__ import annotations

from typing import Any

import pytest

from ipse.protocols.dcql.matching import HeldCredential
from ipse.protocols.dcql.query import Query
from ipse.protocols.dcql.verifying import AnswerCheck, check_answer
from tests.unit.protocols.dcql.material import PERSON, VCT, credential_query, held, query_of

NAME = credential_query("name", ["name"])
AGE = credential_query("age", ["age"], multiple=True)
GOOD = held(claims={"vct": VCT, "name": "Ann", "age": 5})
BAD = held(claims={"vct": VCT})


def codes(check: AnswerCheck) -> tuple[list[str], list[str], list[str]]:
    """Codes of problems, discarded presentations and what is undetermined."""
    return (
        [entry.code for entry in check.problems],
        [entry.code for entry in check.discarded],
        [entry.code for entry in check.undetermined],
    )


def check(query: Query, **presented: list[HeldCredential]) -> AnswerCheck:
    return check_answer(query, presented)


def test_one_presentation_for_each_credential_query_satisfies_it() -> None:
    found = check(query_of(NAME, AGE), name=[GOOD], age=[GOOD])
    assert found == AnswerCheck()
    assert found.satisfied is True


def test_a_presentation_may_disclose_more_than_was_asked_for() -> None:
    assert check(query_of(NAME), name=[held()]).satisfied is True
    assert check(query_of(credential_query("q")), q=[held()]).satisfied is True


@pytest.mark.parametrize(
    ("presented", "problems"),
    [
        ({}, ["missing"]),
        ({"name": []}, ["no-presentation", "missing"]),
        ({"name": [GOOD, GOOD]}, ["too-many"]),
        ({"name": [GOOD], "other": [GOOD]}, ["not-asked"]),
        ({"name": [GOOD], "other": []}, ["not-asked"]),
        ({"name": [GOOD], "": [GOOD]}, ["not-asked"]),
    ],
)
def test_an_answer_has_one_presentation_for_what_was_asked(presented: Any, problems: list[str]) -> None:
    found = check_answer(query_of(NAME), presented)
    assert codes(found) == (problems, [], [])
    assert found.satisfied is False


def test_several_presentations_are_accepted_where_they_were_asked_for() -> None:
    assert check(query_of(AGE), age=[GOOD, GOOD]).satisfied is True


@pytest.mark.parametrize(
    ("members", "presentation", "code"),
    [
        ({}, held(format="jwt_vc_json"), "format"),
        ({}, held(types=("urn:x",)), "type"),
        ({}, held(holder_bound=False), "holder-binding"),
        ({"trusted_authorities": [{"type": "aki", "values": ["AQ"]}]}, held(), "trusted-authority"),
        ({}, BAD, "claims"),
        ({"claims": [{"path": ["name"], "values": ["Zoe"]}]}, GOOD, "claims"),
        ({"claims": [{"path": ["age"], "values": ["5", True]}]}, GOOD, "claims"),
        ({"format": "mso_mdoc", "meta": {}}, held(), "unsupported-format"),
        ({"format": "mso_mdoc", "meta": {}}, held(format="mso_mdoc"), "unsupported-format"),
    ],
)
def test_a_presentation_that_does_not_meet_its_query_is_discarded(
    members: dict[str, Any], presentation: HeldCredential, code: str
) -> None:
    found = check(query_of({**NAME, **members}), name=[presentation])
    assert codes(found) == (["missing"], [code], [])
    assert (found.discarded[0].query_id, found.discarded[0].presentation) == ("name", 0)


def test_what_is_left_may_satisfy_the_query_when_a_presentation_is_discarded() -> None:
    found = check(query_of(AGE), age=[BAD, GOOD])
    assert codes(found) == ([], ["claims"], [])
    assert (found.satisfied, found.discarded[0].presentation) == (True, 0)


def test_without_holder_binding_a_presentation_satisfies_where_none_is_asked_for() -> None:
    query = query_of({**NAME, "require_cryptographic_holder_binding": False})
    assert check(query, name=[held(holder_bound=False)]).satisfied is True


@pytest.mark.parametrize("values", [[{"type": "etsi_tl", "values": ["https://lotl.example"]}]])
def test_an_authority_that_cant_be_looked_up_is_undetermined(values: list[Any]) -> None:
    query = query_of({**NAME, "trusted_authorities": values})
    found = check(query, name=[GOOD])
    assert (codes(found), found.satisfied) == (([], [], ["trusted-authority-undetermined"]), None)
    assert check(query, name=[BAD]).satisfied is False


def test_one_whole_claim_set_is_enough() -> None:
    claims = [{"id": name, "path": [name]} for name in ("name", "age", "size")]
    query = query_of(credential_query("q", *claims, claim_sets=[["name", "size"], ["age"]]))
    assert check(query, q=[held(claims={"age": 5})]).satisfied is True
    assert check(query, q=[held(claims={"name": "Ann"})]).satisfied is False


def test_an_element_is_found_where_those_before_it_were_withheld() -> None:
    query = query_of(credential_query("q", {"path": ["nationalities", 1], "values": ["Betelgeusian"]}))
    assert check(query, q=[held(claims={**PERSON, "nationalities": ["Betelgeusian"]})]).satisfied is True
    assert check(query, q=[held(claims={**PERSON, "nationalities": ["British"]})]).satisfied is False


class TestCredentialSets:
    EXTRA = credential_query("extra", ["name"])
    QUERY = query_of(
        NAME,
        AGE,
        EXTRA,
        sets=[{"options": [["name", "age"], ["extra"]]}, {"options": [["age"]], "required": False}],
    )

    @pytest.mark.parametrize(
        ("presented", "problems"),
        [
            ({"name": [GOOD], "age": [GOOD]}, []),
            ({"extra": [GOOD]}, []),
            ({"extra": [GOOD], "age": [GOOD]}, []),
            ({"extra": [GOOD], "age": [BAD]}, []),
            ({"name": [GOOD]}, ["set-unsatisfied"]),
            ({"name": [BAD], "age": [GOOD]}, ["set-unsatisfied"]),
            ({"age": [GOOD]}, ["set-unsatisfied"]),
            ({}, ["set-unsatisfied"]),
            ({"extra": []}, ["no-presentation", "set-unsatisfied"]),
        ],
    )
    def test_each_required_set_needs_one_whole_option(self, presented: Any, problems: list[str]) -> None:
        assert codes(check_answer(self.QUERY, presented))[0] == problems

    def test_what_is_in_no_set_was_not_asked_for(self) -> None:
        query = query_of(NAME, AGE, sets=[{"options": [["name"]]}])
        assert codes(check(query, name=[GOOD], age=[GOOD]))[0] == ["not-asked"]


def test_reasons_are_one_safe_short_line() -> None:
    hostile = "x\n\x1b[2J" * 1000
    query = query_of(credential_query("q", [hostile]))
    for presented in ({hostile: [GOOD]}, {"q": [held(types=(hostile,))]}, {"q": [GOOD]}):
        found = check_answer(query, presented)
        for finding in (*found.problems, *found.discarded):
            assert finding.reason.isprintable()
            assert len(finding.reason) < 600
