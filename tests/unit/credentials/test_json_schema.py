"""JSON Schema: what conforms, what is refused, and that nothing is fetched and nothing hangs."""

from __future__ import annotations

import base64
import hashlib
import json
from typing import Any

import pytest

from ipse.credentials.json_schema import MAX_VIOLATIONS, check_credential_schema, compile_schema
from ipse.credentials.report import NotApplicable, Rejected
from ipse.encoding import base64url, multibase
from ipse.errors import MalformedInput, Undetermined

URL = "https://example.org/schema.json"
OTHER = "https://example.org/other.json"
DEGREE: dict[str, Any] = {
    "$schema": "https://json-schema.org/draft/2020-12/schema",
    "properties": {"credentialSubject": {"required": ["degree"]}},
}


def credential(entry: Any = None, **members: Any) -> dict[str, Any]:
    return {
        "credentialSubject": {"degree": "BSc"},
        "credentialSchema": {"id": URL, "type": "JsonSchema"} if entry is None else entry,
        **members,
    }


def encoded(schema: Any) -> bytes:
    return json.dumps(schema).encode()


def test_each_violation_has_its_place_and_rule() -> None:
    validator = compile_schema({"properties": {"a/b": {"items": {"type": "integer"}}}})
    assert validator.violations({"a/b": [1, 2]}) == []
    assert validator.violations({"a/b": [1, "x"]}) == [("/a~1b/1", 'the value is not of type "integer"')]


def test_violations_name_no_values_are_one_line_and_few() -> None:
    validator = compile_schema({"items": {"type": "integer"}, "additionalProperties": {"type": "integer"}})
    many = validator.violations(["secret-value"] * 1000)
    assert len(many) == MAX_VIOLATIONS
    assert not any("secret-value" in message for _, message in many)
    for pointer, message in validator.violations({"a\n\x1b[31m\u202e": "x"}):
        assert pointer.isprintable()
        assert message.isprintable()


@pytest.mark.parametrize(
    ("dialect", "keyword"),
    [
        ("https://json-schema.org/draft/2020-12/schema", {"prefixItems": [{"type": "integer"}]}),
        ("https://json-schema.org/draft/2019-09/schema", {"items": [{"type": "integer"}]}),
        ("http://json-schema.org/draft-07/schema#", {"items": [{"type": "integer"}]}),
        ("http://json-schema.org/draft-07/schema", {"definitions": {"a": {}}, "items": {"type": "integer"}}),
    ],
)
def test_each_dialect_is_read_as_itself(dialect: str, keyword: dict[str, Any]) -> None:
    validator = compile_schema({"$schema": dialect, **keyword})
    assert validator.violations([1]) == []
    assert validator.violations(["1"]) != []


@pytest.mark.parametrize(
    "dialect", ["https://evil.example/meta", "http://json-schema.org/draft-04/schema#", 7]
)
def test_another_dialect_is_undetermined(dialect: Any) -> None:
    with pytest.raises(Undetermined, match="dialect"):
        compile_schema({"$schema": dialect})


@pytest.mark.parametrize(
    "schema",
    [
        {"$ref": "https://example.org/absent"},
        {"$ref": "file:///etc/passwd"},
        {"$ref": "#/$defs/absent"},
        {"$id": "https://example.org/a", "$ref": "b"},
        {"type": "no such type"},
        {"minimum": "1"},
        {"pattern": "(?=a)b"},
        {"pattern": r"(a)\1"},
        {"pattern": "("},
        {"pattern": "(a{1000}){1000}"},
        {"required": "a"},
    ],
)
def test_what_is_no_usable_schema_is_refused_without_any_network(schema: dict[str, Any]) -> None:
    with pytest.raises(MalformedInput, match="not a JSON Schema that can be used") as caught:
        compile_schema(schema)
    assert caught.value.message.isprintable()
    assert len(caught.value.message) < 300


@pytest.mark.parametrize(
    "schema",
    [
        {"$ref": "#"},
        {"allOf": [{"$ref": "#"}]},
        {"$defs": {"a": {"$ref": "#/$defs/b"}, "b": {"$ref": "#/$defs/a"}}, "$ref": "#/$defs/a"},
        {"$dynamicAnchor": "n", "$dynamicRef": "#n"},
        {"$recursiveRef": "#", "$schema": "https://json-schema.org/draft/2019-09/schema"},
    ],
)
def test_a_schema_that_refers_to_itself_ends(schema: dict[str, Any]) -> None:
    assert compile_schema(schema).violations({"a": 1}) == []


def test_a_pattern_that_would_backtrack_for_ever_does_not() -> None:
    assert compile_schema({"pattern": "^(a+)+$"}).violations("a" * 100_000 + "b") != []


_AGAIN = {"$ref": "#"}
_TWICE_INTO_ITSELF = {
    "type": "object",
    "oneOf": [{"properties": {"a": _AGAIN, "b": _AGAIN}}, {"patternProperties": {"": _AGAIN}}],
}


def _tree(depth: int, names: str) -> Any:
    return {name: _tree(depth - 1, names) for name in names} if depth else "x"


@pytest.mark.parametrize("value", [_tree(100, "a"), _tree(10, "ab")], ids=["deep", "deep and wide"])
def test_a_value_whose_violations_take_years_to_collect_is_judged_without_places(
    value: Any,
) -> None:
    ((pointer, message),) = compile_schema(_TWICE_INTO_ITSELF).violations(value)
    assert (pointer, message[:26]) == ("", "the value does not conform")


def test_a_value_of_the_usual_depth_is_told_its_places() -> None:
    found = compile_schema({"properties": {"a": _AGAIN}, "type": "object"}).violations(_tree(6, "a"))
    assert found == [("/a/a/a/a/a/a", 'the value is not of type "object"')]


def test_references_lead_into_the_documents_that_are_given() -> None:
    validator = compile_schema({"$ref": OTHER}, known={OTHER: {"type": "integer"}})
    assert validator.violations(1) == []
    assert validator.violations("1") != []


@pytest.mark.parametrize("entries", [None, [{"id": URL, "type": "JsonSchema"}]])
def test_a_credential_is_held_to_its_schema(entries: Any) -> None:
    assert check_credential_schema(credential(entries), {URL: encoded(DEGREE)})[0] == (
        "conforms to its JSON Schema"
    )
    with pytest.raises(Rejected, match="breaks its JSON Schema at /credentialSubject"):
        check_credential_schema(credential(entries, credentialSubject={"x": 1}), {URL: encoded(DEGREE)})


def test_every_entry_is_held_and_a_broken_one_outweighs_an_unknown_one() -> None:
    entries = [{"id": OTHER, "type": "JsonSchema"}, {"id": URL, "type": "JsonSchema"}]
    with pytest.raises(Undetermined, match=r"other\.json' is not at hand"):
        check_credential_schema(credential(entries), {URL: encoded(DEGREE)})
    with pytest.raises(Rejected):
        check_credential_schema(credential(entries, credentialSubject={"x": 1}), {URL: encoded(DEGREE)})
    with pytest.raises(Rejected):
        check_credential_schema(credential(entries), {URL: encoded(DEGREE), OTHER: b'{"required": ["x"]}'})


@pytest.mark.parametrize("credential_schema", [{}, {"credentialSchema": []}])
def test_without_a_schema_there_is_nothing_to_check(credential_schema: dict[str, Any]) -> None:
    with pytest.raises(NotApplicable):
        check_credential_schema(credential_schema, {})


def test_a_schema_that_is_not_at_hand_is_undetermined_and_says_how_to_give_it() -> None:
    with pytest.raises(Undetermined) as caught:
        check_credential_schema(credential(), {})
    assert caught.value.hint == "give it with --schema URL=FILE"


@pytest.mark.parametrize(
    "document", [b"{", b"[]", b"\xff", b"", b'{"type": "x"}', b'{"$ref": "absent"}', b'{"a": 1, "a": 2}']
)
def test_a_broken_schema_document_is_undetermined(document: bytes) -> None:
    with pytest.raises(Undetermined):
        check_credential_schema(credential(), {URL: document})


def test_a_broken_document_that_is_not_referred_to_does_no_harm() -> None:
    assert check_credential_schema(credential(), {URL: encoded(DEGREE), OTHER: b"{"})


@pytest.mark.parametrize("kind", ["JsonSchemaCredential", "JsonSchemaValidator2018", None, ["x"], 1])
def test_other_types_of_schema_are_undetermined(kind: Any) -> None:
    with pytest.raises(Undetermined, match="type"):
        check_credential_schema(credential({"id": URL, "type": kind}), {URL: encoded(DEGREE)})


@pytest.mark.parametrize("entry", [1, "x", {"type": "JsonSchema"}, {"id": 1, "type": "JsonSchema"}, {}])
def test_an_entry_without_an_id_is_rejected(entry: Any) -> None:
    with pytest.raises(Rejected, match="no id"):
        check_credential_schema(credential(entry), {URL: encoded(DEGREE)})


def sri(data: bytes, name: str = "sha384") -> str:
    return f"{name}-{base64.b64encode(hashlib.new(name, data).digest()).decode()}"


def multihash(data: bytes) -> bytes:
    return b"\x12\x20" + hashlib.sha256(data).digest()


RIGHT = [
    {"digestSRI": sri(encoded(DEGREE))},
    {"digestSRI": sri(encoded(DEGREE), "sha256")},
    {"digestSRI": f"{sri(b'x', 'sha256')} {sri(b'x', 'sha512')} {sri(encoded(DEGREE), 'sha512')}"},
    {"digestMultibase": multibase.encode_base58btc(multihash(encoded(DEGREE)))},
    {"digestMultibase": "u" + base64url.encode(multihash(encoded(DEGREE)))},
]
WRONG: list[dict[str, Any]] = [
    {"digestSRI": sri(b"x")},
    {"digestSRI": f"{sri(encoded(DEGREE), 'sha256')} {sri(b'x', 'sha512')}"},
    {"digestSRI": "md5-" + base64.b64encode(hashlib.md5(encoded(DEGREE)).digest()).decode()},
    {"digestSRI": ""},
    {"digestSRI": 1},
    {"digestSRI": sri(encoded(DEGREE)), "digestMultibase": "z"},
    {"digestMultibase": "u" + base64url.encode(multihash(b"x"))},
    {"digestMultibase": "u" + base64url.encode(multihash(encoded(DEGREE))[:-1])},
    {"digestMultibase": "x"},
    {"digestMultibase": None},
]


@pytest.mark.parametrize("digest", RIGHT)
@pytest.mark.parametrize("place", ["entry", "related"])
def test_a_document_with_the_digest_that_was_signed_is_taken(digest: dict[str, Any], place: str) -> None:
    assert check_credential_schema(_with_digest(digest, place), {URL: encoded(DEGREE)})


@pytest.mark.parametrize("digest", WRONG)
@pytest.mark.parametrize("place", ["entry", "related"])
def test_a_document_with_another_digest_is_rejected(digest: dict[str, Any], place: str) -> None:
    with pytest.raises(Rejected, match="is not the one whose digest"):
        check_credential_schema(_with_digest(digest, place), {URL: encoded(DEGREE)})


def _with_digest(digest: dict[str, Any], place: str) -> dict[str, Any]:
    if place == "entry":
        return credential({"id": URL, "type": "JsonSchema", **digest})
    return credential(relatedResource=[{"id": OTHER, "digestSRI": "x"}, {"id": URL, **digest}])


def test_a_schema_that_was_read_already_judges_and_its_digest_is_undetermined() -> None:
    assert check_credential_schema(credential(), {URL: DEGREE})
    with pytest.raises(Rejected):
        check_credential_schema(credential(credentialSubject={"x": 1}), {URL: DEGREE})
    with pytest.raises(Undetermined, match="digestSRI"):
        check_credential_schema(_with_digest(RIGHT[0], "entry"), {URL: DEGREE})
