"""DCQL queries: what is read, what is refused and by what name."""

from __future__ import annotations

import time
from typing import Any

import pytest

from ipse.errors import InputTooLarge, MalformedInput
from ipse.protocols.dcql import query as dcql
from ipse.protocols.dcql.query import (
    ClaimQuery,
    CredentialQuery,
    CredentialSet,
    Query,
    TrustedAuthority,
    parse_query,
)

QUERY: dict[str, Any] = {"id": "pid", "format": "dc+sd-jwt", "meta": {"vct_values": ["urn:a", "urn:b"]}}
CLAIM: dict[str, Any] = {"id": "name", "path": ["name"]}


def asked(**members: Any) -> dict[str, Any]:
    """A query for one credential with these members."""
    return {"credentials": [{**QUERY, **members}]}


def test_each_credential_is_read_in_order_with_its_id_format_and_meta() -> None:
    other = {"id": "mdl", "format": "mso_mdoc", "meta": {"doctype_value": "x"}, "claims": [{"path": ["a"]}]}
    assert parse_query({"credentials": [QUERY, other]}) == Query(
        (
            CredentialQuery("pid", "dc+sd-jwt", {"vct_values": ["urn:a", "urn:b"]}),
            CredentialQuery("mdl", "mso_mdoc", {"doctype_value": "x"}, (ClaimQuery(None, ("a",)),)),
        )
    )


def test_every_member_of_the_language_is_read() -> None:
    query = asked(
        claims=[
            {"id": "a", "path": ["degrees", None, "type"], "values": ["BSc", 5, True]},
            {"id": "b", "path": ["names", 1]},
        ],
        claim_sets=[["a"], ["b", "a"]],
        multiple=True,
        trusted_authorities=[{"type": "aki", "values": ["s9tIpPmhxdiuNkHMEWNpYim8S8Y"]}],
        require_cryptographic_holder_binding=False,
    )
    query["credential_sets"] = [{"options": [["pid"]]}, {"options": [["pid"], ["pid"]], "required": False}]
    parsed = parse_query(query)
    assert parsed.credential("pid") == CredentialQuery(
        id="pid",
        format="dc+sd-jwt",
        meta=QUERY["meta"],
        claims=(
            ClaimQuery("a", ("degrees", None, "type"), ("BSc", 5, True)),
            ClaimQuery("b", ("names", 1)),
        ),
        claim_sets=(("a",), ("b", "a")),
        multiple=True,
        trusted_authorities=(TrustedAuthority("aki", ("s9tIpPmhxdiuNkHMEWNpYim8S8Y",)),),
        require_holder_binding=False,
    )
    assert parsed.sets == (CredentialSet((("pid",),)), CredentialSet((("pid",), ("pid",)), required=False))
    assert parsed.credential("mdl") is None


def test_unknown_members_are_ignored_at_every_level() -> None:
    query = asked(
        claims=[{**CLAIM, "new": 1}], new=[], trusted_authorities=[{"type": "x", "values": ["y"], "z": 0}]
    )
    query |= {"credential_sets": [{"options": [["pid"]], "new": {}}], "new": None}
    parsed = parse_query(query)
    assert parsed.credentials[0].claims == (ClaimQuery("name", ("name",)),)
    assert parsed.sets == (CredentialSet((("pid",),)),)


def test_by_default_one_credential_with_holder_binding_is_asked_for() -> None:
    (query,) = parse_query(asked()).credentials
    assert (query.multiple, query.require_holder_binding) == (False, True)
    assert (query.claims, query.claim_sets, query.trusted_authorities) == ((), (), ())


@pytest.mark.parametrize(
    ("form", "supported"),
    [("dc+sd-jwt", True), ("jwt_vc_json", True), ("ldp_vc", True), ("mso_mdoc", False), ("new", False)],
)
def test_a_query_for_an_unsupported_format_is_read_and_says_so(form: str, supported: bool) -> None:
    assert parse_query(asked(format=form, meta={})).credentials[0].is_supported is supported


@pytest.mark.parametrize(
    ("meta", "types"),
    [
        ({"vct_values": ["urn:a", "urn:b"]}, ("urn:a", "urn:b")),
        ({"vct_values": ["urn:a", 5, None]}, ("urn:a",)),
        ({"vct_values": "urn:a"}, ()),
        ({"vct_values": {"urn:a": True}}, ()),
        ({"vct_values": None}, ()),
        ({}, ()),
    ],
)
def test_the_types_are_the_strings_of_vct_values(meta: dict[str, Any], types: tuple[str, ...]) -> None:
    assert CredentialQuery("pid", "dc+sd-jwt", meta).types == types


@pytest.mark.parametrize(
    ("meta", "type_sets"),
    [
        ({"type_values": [["urn:a"], ["urn:b", "urn:c"]]}, (("urn:a",), ("urn:b", "urn:c"))),
        ({"type_values": "urn:a"}, ()),
        ({}, ()),
    ],
)
def test_the_type_sets_are_those_of_type_values(meta: dict[str, Any], type_sets: tuple[Any, ...]) -> None:
    assert CredentialQuery("degree", "ldp_vc", meta).type_sets == type_sets


def test_integers_are_read_in_any_spelling_and_kept_apart_from_booleans() -> None:
    (claim,) = parse_query(asked(claims=[{"path": ["a", 1.0], "values": [1.0, True]}])).credentials[0].claims
    assert [*map(repr, claim.path)] == ["'a'", "1"]
    assert [*map(repr, claim.values or ())] == ["1", "True"]


def test_a_key_identifier_is_read_with_and_without_padding() -> None:
    padded = [{"type": "aki", "values": ["AQ==", "AQI="]}]
    (authority,) = parse_query(asked(trusted_authorities=padded)).credentials[0].trusted_authorities
    assert authority.values == ("AQ", "AQI")


MALFORMED: list[tuple[Any, str]] = [
    (None, "a JSON null"),
    ([], "a JSON array"),
    ("pid", "a JSON string"),
    (5, "a JSON number"),
    ({}, "dcql_query has no credentials"),
    ({"credentials": []}, "credentials of dcql_query is an empty array"),
    ({"credentials": {}}, "credentials of dcql_query is a JSON object"),
    ({"credentials": None}, "credentials of dcql_query is a JSON null"),
    ({"credentials": [[]]}, "entry 1 of credentials of dcql_query is a JSON array, an object"),
    ({"credentials": [QUERY, None]}, "entry 2 of credentials of dcql_query is a JSON null"),
    (asked(id=5), "the id 5"),
    (asked(id=""), "the id ''"),
    (asked(id="a b"), "the id 'a b'"),
    (asked(id="pid\n"), "the id"),
    (asked(id="é"), "the id"),
    (asked(id="٣"), "the id"),
    (asked(format=None), "'pid' has the format None"),
    (asked(format=""), "'pid' has the format ''"),
    (asked(format=["dc+sd-jwt"]), "'pid' has the format"),
    (asked(meta=None), "'pid' has no object meta"),
    (asked(meta=[]), "'pid' has no object meta"),
    (asked(meta={"vct_values": []}), "vct_values of meta of the credential query 'pid' is an empty array"),
    (asked(meta={"vct_values": "urn:a"}), "vct_values .* is a JSON string"),
    (asked(meta={"vct_values": ["urn:a", 5]}), "entry 2 of vct_values .* is 5"),
    (asked(format="ldp_vc", meta={"type_values": []}), "type_values .* is an empty array"),
    (asked(format="ldp_vc", meta={"type_values": ["a"]}), "entry 1 of type_values .* is a JSON string"),
    (asked(format="jwt_vc_json", meta={"type_values": [[]]}), "entry 1 of type_values .* is an empty array"),
    (asked(format="jwt_vc_json", meta={"type_values": [[1]]}), "entry 1 of entry 1 of type_values .* is 1"),
    ({"credentials": [QUERY, QUERY]}, "the id 'pid' is used for two credentials"),
    (asked(multiple="yes"), "multiple of the credential query 'pid' is 'yes', true or false"),
    (asked(multiple=None), "multiple .* is None"),
    (asked(require_cryptographic_holder_binding=0), "require_cryptographic_holder_binding .* is 0"),
    (asked(claims=[]), "claims of the credential query 'pid' is an empty array"),
    (asked(claims=None), "claims .* is a JSON null"),
    (asked(claims=["name"]), "entry 1 of claims .* is a JSON string"),
    (asked(claims=[{}]), "entry 1 of claims .* has no path"),
    (asked(claims=[{"path": []}]), "path of entry 1 of claims .* is an empty array"),
    (asked(claims=[{"path": "name"}]), "path of entry 1 of claims .* is a JSON string"),
    (asked(claims=[{"path": ["a", -1]}]), "entry 2 of path .* is -1, not a string, null or an integer"),
    (asked(claims=[{"path": ["a", 1.5]}]), "entry 2 of path .* is 1.5"),
    (asked(claims=[{"path": ["a", True]}]), "entry 2 of path .* is True"),
    (asked(claims=[{"path": [["a"]]}]), "entry 1 of path"),
    (asked(claims=[{"path": ["a"], "values": []}]), "values of entry 1 of claims .* is an empty array"),
    (asked(claims=[{"path": ["a"], "values": "x"}]), "values of entry 1 .* is a JSON string"),
    (asked(claims=[{"path": ["a"], "values": [None]}]), "entry 1 of values .* is None"),
    (asked(claims=[{"path": ["a"], "values": [1.5]}]), "entry 1 of values .* is 1.5"),
    (asked(claims=[{"path": ["a"], "values": [{}]}]), "entry 1 of values"),
    (asked(claims=[{"id": "", "path": ["a"]}]), "the id ''"),
    (asked(claims=[{"id": None, "path": ["a"]}]), "the id None"),
    (asked(claims=[CLAIM, CLAIM]), "the id 'name' is used for two claims of the credential query 'pid'"),
    (asked(claim_sets=[["name"]]), "'pid' has claim_sets and no claims"),
    (asked(claims=[CLAIM], claim_sets=[]), "claim_sets of the credential query 'pid' is an empty array"),
    (asked(claims=[CLAIM], claim_sets=[[]]), "entry 1 of claim_sets .* is an empty array"),
    (asked(claims=[CLAIM], claim_sets=["name"]), "entry 1 of claim_sets .* is a JSON string"),
    (asked(claims=[CLAIM], claim_sets=[["age"]]), "is 'age', which is the id of no claim"),
    (asked(claims=[CLAIM], claim_sets=[[["name"]]]), "which is the id of no claim"),
    (asked(claims=[CLAIM, {"path": ["a"]}], claim_sets=[["name"]]), "a claim without an id"),
    (asked(trusted_authorities=[]), "trusted_authorities .* is an empty array"),
    (asked(trusted_authorities=["aki"]), "entry 1 of trusted_authorities .* is a JSON string"),
    (
        asked(trusted_authorities=[{"values": ["AQ"]}]),
        "the type of entry 1 of trusted_authorities .* is None",
    ),
    (asked(trusted_authorities=[{"type": "aki"}]), "entry 1 of trusted_authorities .* has no values"),
    (asked(trusted_authorities=[{"type": "aki", "values": [1]}]), "entry 1 of values .* is 1"),
    (
        asked(trusted_authorities=[{"type": "aki", "values": ["a+b"]}]),
        "the key identifier 'a.b': not base64url",
    ),
    ({**asked(), "credential_sets": []}, "credential_sets of dcql_query is an empty array"),
    ({**asked(), "credential_sets": None}, "credential_sets of dcql_query is a JSON null"),
    ({**asked(), "credential_sets": [[]]}, "entry 1 of credential_sets .* is a JSON array"),
    ({**asked(), "credential_sets": [{}]}, "entry 1 of credential_sets .* has no options"),
    ({**asked(), "credential_sets": [{"options": []}]}, "options of entry 1 .* is an empty array"),
    ({**asked(), "credential_sets": [{"options": [[]]}]}, "entry 1 of options .* is an empty array"),
    ({**asked(), "credential_sets": [{"options": [["mdl"]]}]}, "is 'mdl', which is the id of no credential"),
    ({**asked(), "credential_sets": [{"options": [["pid"]], "required": 1}]}, "required of entry 1 .* is 1"),
]


@pytest.mark.parametrize(("query", "reason"), MALFORMED)
def test_a_malformed_query_is_refused_for_what_is_wrong_with_it(query: Any, reason: str) -> None:
    with pytest.raises(MalformedInput, match=reason):
        parse_query(query)


def test_a_refused_id_is_quoted_on_one_short_line() -> None:
    with pytest.raises(MalformedInput) as caught:
        parse_query(asked(id="long\n" * 100_000))
    assert "\n" not in caught.value.message
    assert len(caught.value.message) < 500


def nested(levels: int) -> list[Any]:
    value: list[Any] = []
    for _ in range(levels):
        value = [value]
    return value


MANY = [{**QUERY, "id": f"q{number}"} for number in range(10_000)]
CLAIMS = [{"id": f"c{number}", "path": [f"c{number}"]} for number in range(dcql.MAX_ENTRIES)]
TOO_LARGE: dict[str, tuple[Any, str]] = {
    "credentials": ({"credentials": MANY}, "more than 20000 values"),
    "a few credentials too many": ({"credentials": MANY[:101]}, "101 entries; at most 100"),
    "the same credential": ({"credentials": [QUERY] * 10_000}, "more than 20000 values"),
    "sets": ({**asked(), "credential_sets": [{"options": [["pid"]]}] * 101}, "101 entries"),
    "options": ({**asked(), "credential_sets": [{"options": [["pid"]] * 101}]}, "101 entries"),
    "claims": (asked(claims=[{"path": ["a"]}] * 101), "101 entries"),
    "claim sets": (asked(claims=[CLAIM], claim_sets=[["name"]] * 101), "101 entries"),
    "ids in claim sets": (
        asked(claims=CLAIMS, claim_sets=[[claim["id"] for claim in CLAIMS]] * 200),
        "more than 20000 values",
    ),
    "components": (asked(claims=[{"path": ["a"] * 17}]), "17 entries; at most 16"),
    "values": (asked(claims=[{"path": ["a"], "values": [1] * 1001}]), "1001 entries; at most 1000"),
    "the id": (asked(id="a" * 257), "an id of 257 characters; at most 256"),
    "ignored members": (asked(new=[0] * 1_000_000), "more than 20000 values"),
    "deep members": (asked(new=nested(100_000)), "nested deeper than 32"),
    "deep paths": (asked(claims=[{"path": nested(100)}]), "nested deeper than 32"),
}


@pytest.mark.parametrize(("query", "reason"), TOO_LARGE.values(), ids=list(TOO_LARGE))
def test_a_query_larger_than_any_needs_to_be_is_refused_quickly(query: Any, reason: str) -> None:
    started = time.process_time()
    with pytest.raises(InputTooLarge, match=reason):
        parse_query(query)
    assert time.process_time() - started < 2


def test_a_query_at_its_limits_is_read() -> None:
    queries = MANY[: dcql.MAX_ENTRIES]
    options = [[entry["id"]] for entry in queries]
    last = {"id": "last", "path": ["a"] * dcql.MAX_PATH, "values": [0] * dcql.MAX_VALUES}
    claims = [*CLAIMS[:-1], last]
    query = {"credentials": [{**queries[0], "claims": claims}, *queries[1:]]}
    parsed = parse_query({**query, "credential_sets": [{"options": options}] * 50})
    assert len(parsed.credentials) == len(parsed.sets[0].options) == dcql.MAX_ENTRIES
