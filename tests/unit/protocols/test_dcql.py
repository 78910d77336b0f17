"""DCQL queries: what is read, what is refused and by what name."""

from __future__ import annotations

from typing import Any

import pytest

from ipse.errors import MalformedInput, Undetermined
from ipse.protocols.openid4vp import CredentialQuery, parse_query

QUERY: dict[str, Any] = {"id": "pid", "format": "dc+sd-jwt", "meta": {"vct_values": ["urn:a", "urn:b"]}}


def test_each_credential_is_read_in_order_with_its_id_format_and_meta() -> None:
    other = {"id": "mdl", "format": "mso_mdoc", "meta": {"doctype_value": "x"}, "claims": [{"path": ["a"]}]}
    assert parse_query({"credentials": [QUERY, other]}) == (
        CredentialQuery("pid", "dc+sd-jwt", {"vct_values": ["urn:a", "urn:b"]}),
        CredentialQuery("mdl", "mso_mdoc", {"doctype_value": "x"}),
    )


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
    ("query", "reason"),
    [
        (None, "a JSON null"),
        ([], "a JSON array"),
        ("pid", "a JSON string"),
        (5, "a JSON number"),
        ({}, "no credentials"),
        ({"credentials": []}, "no credentials"),
        ({"credentials": {}}, "no credentials"),
        ({"credentials": None}, "no credentials"),
        ({"credentials": [[]]}, "not an object"),
        ({"credentials": [QUERY, None]}, "not an object"),
        ({"credentials": [{**QUERY, "id": 5}]}, "the id 5"),
        ({"credentials": [{**QUERY, "id": ""}]}, "the id ''"),
        ({"credentials": [{**QUERY, "id": "a b"}]}, "the id 'a b'"),
        ({"credentials": [{**QUERY, "id": "pid\n"}]}, "the id"),
        ({"credentials": [{**QUERY, "id": "é"}]}, "the id"),
        ({"credentials": [{**QUERY, "id": "a" * 65}]}, "the id"),
        ({"credentials": [{**QUERY, "format": None}]}, "'pid' in dcql_query lacks its format or meta"),
        ({"credentials": [{**QUERY, "format": ["dc+sd-jwt"]}]}, "lacks its format"),
        ({"credentials": [{**QUERY, "meta": None}]}, "lacks its format or meta"),
        ({"credentials": [{**QUERY, "meta": []}]}, "lacks its format or meta"),
        ({"credentials": [QUERY, QUERY]}, "one id for two credentials"),
    ],
)
def test_a_malformed_query_is_refused_for_what_is_wrong_with_it(query: Any, reason: str) -> None:
    with pytest.raises(MalformedInput, match=reason):
        parse_query(query)


@pytest.mark.parametrize("sets", [[], [{"options": [["pid"]]}], None])
def test_credential_sets_are_undetermined(sets: Any) -> None:
    with pytest.raises(Undetermined, match="credential sets"):
        parse_query({"credentials": [QUERY], "credential_sets": sets})


def test_a_refused_id_is_quoted_on_one_short_line() -> None:
    with pytest.raises(MalformedInput) as caught:
        parse_query({"credentials": [{**QUERY, "id": "long\n" * 100_000}]})
    assert "\n" not in caught.value.message
    assert len(caught.value.message) < 500
