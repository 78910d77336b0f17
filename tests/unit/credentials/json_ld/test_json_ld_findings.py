"""What would get lost or change its meaning on the way to RDF is found, each attack at its place."""

from __future__ import annotations

import json
from typing import Any

import pytest

from ipse.credentials import json_ld
from ipse.credentials.json_ld import UnsafeDocument
from ipse.errors import MalformedInput

V1 = "https://www.w3.org/2018/credentials/v1"
V2 = "https://www.w3.org/ns/credentials/v2"
EXAMPLES = "https://www.w3.org/ns/credentials/examples/v2"
CREDENTIALS = "https://www.w3.org/2018/credentials#"
SUBJECT = {"id": "did:example:s", "alumniOf": "School"}
CREDENTIAL: dict[str, Any] = {
    "@context": [V2, EXAMPLES, {"ex": "https://ex.example/#", "grade": "ex:grade"}],
    "id": "urn:uuid:58172aac-d8ba-11ed-83dd-0b3aef56cc33",
    "type": ["VerifiableCredential", "AlumniCredential"],
    "issuer": "did:example:i",
    "validFrom": "2026-01-01T00:00:00Z",
    "credentialSubject": SUBJECT,
}


def findings(document: dict[str, Any]) -> list[str]:
    return [str(found) for found in json_ld.findings(document, json_ld.known())]


def with_subject(**members: Any) -> list[str]:
    return findings({**CREDENTIAL, "credentialSubject": {**SUBJECT, **members}})


def test_the_credential_of_these_tests_is_safe() -> None:
    assert findings(CREDENTIAL) == []
    assert with_subject(grade=1, degree={"type": "Degree", "name": "BSc"}, honours=["a", "b"]) == []


def test_what_is_unsafe_is_neither_signed_nor_verified() -> None:
    with pytest.raises(UnsafeDocument, match="/credentialSubject/empty is empty") as caught:
        json_ld.canonical(
            {**CREDENTIAL, "credentialSubject": {**SUBJECT, "empty": [], "none": None}}, json_ld.known()
        )
    assert isinstance(caught.value, MalformedInput)
    assert caught.value.message.endswith("(and 1 more)")
    assert [found.pointer for found in caught.value.findings] == [
        "/credentialSubject/empty",
        "/credentialSubject/none",
    ]


@pytest.mark.parametrize(
    ("value", "where", "reason"),
    [
        (None, "", "is null"),
        ([], "", "is empty"),
        ([None], "/0", "is null"),
        (["a", "a"], "/1", "says the same"),
        ([1, 1.0], "/1", "says the same"),
        (["a", {"@value": "a"}], "/1", "says the same"),
        ([["a"], ["b"]], "/0", "an array in an array"),
        ({"@value": None}, "", "has the @value None"),
        ({"@value": []}, "", "has the @value []"),
        ({"@value": "a", "@direction": "rtl"}, "/@direction", "gets lost"),
        ({"@value": "a", "@index": "b"}, "/@index", "gets lost"),
        ({"@value": "a", "grade": 1}, "/grade", "can't stand beside @value"),
        ({"@value": "a", "@language": None}, "", "has a language"),
        ({"@value": "a", "@language": "not a tag"}, "", "which is no language tag"),
        ({"@value": "a", "@language": ""}, "", "which is no language tag"),
        ({"@value": 5, "@language": "en"}, "", "has a language"),
        ({"@value": "a", "@language": "en", "@type": "ex:t"}, "", "both a datatype and a language"),
        ({"@value": "a", "@type": "a b"}, "", "which is no IRI"),
        ({"@value": "a", "@type": None}, "", "which is no IRI"),
        ({"@value": "a", "@type": ["ex:t"]}, "", "which is no IRI"),
        ({"@value": {}, "@type": "ex:t"}, "", "has the @value {}"),
        ({"@list": ["a"]}, "/@list", "not supported"),
        ({"@set": ["a"]}, "/@set", "not supported"),
        ({"@graph": {"grade": 1}}, "/@graph", "not supported"),
        ({"@included": {"grade": 1}}, "/@included", "not supported"),
        ({"@reverse": {"grade": 1}}, "/@reverse", "not supported"),
        ({"@nest": {"grade": 1}}, "/@nest", "not supported"),
        ({"@index": "a", "grade": 1}, "/@index", "not supported"),
        ({"@foo": "a", "grade": 1}, "/@foo", "no context defines"),
        ({"@id": "did:example:x", "grade": 1}, "/@id", "must be written as id"),
        ({"@type": "ex:T"}, "/@type", "must be written as type"),
        ({"id": "did:example:x", "@id": "did:example:y"}, "/@id", "another name for id"),
        ({"id": "relative"}, "/id", "no absolute IRI"),
        ({"id": ""}, "/id", "no absolute IRI"),
        ({"id": "#fragment"}, "/id", "no absolute IRI"),
        ({"id": "//host/path"}, "/id", "no absolute IRI"),
        ({"id": "https ://x"}, "/id", "no absolute IRI"),
        ({"id": "ex:thing"}, "/id", "shortened by a context"),
        ({"id": "type"}, "/id", "shortened by a context"),
        ({"id": "_:b0", "grade": 1}, "/id", "a blank node's name"),
        ({"id": ["did:example:x"]}, "/id", "an IRI is expected"),
        ({"id": None}, "/id", "an IRI is expected"),
        ({"id": {"id": "urn:x"}}, "/id", "an IRI is expected"),
        ({"type": []}, "/type", "is empty"),
        ({"type": None}, "/type", "no context defines"),
        ({"type": [["ex:T"]]}, "/type/0", "no context defines"),
        ({"type": ["ex:T", "https://ex.example/#T"]}, "/type/1", "says the same"),
        ({"type": "_:T"}, "/type", "which is no IRI"),
        ({"type": "a b"}, "/type", "which is no IRI"),
        ({"ex:grade": 1, "grade": 2}, "/grade", "another name for a member"),
        ({"_:p": 1}, "/_:p", "a blank node"),
        ({"a b": 1}, "/a b", "which is no IRI"),
        ({"a/b~c": None}, "/a~1b~0c", "is null"),
        (-0.0, "", "negative zero"),
        (0.1 + 0.2, "", "more digits than RDF keeps"),
        ("half \ud800", "", "surrogate"),
    ],
)
def test_what_gets_lost_is_found_where_it_stands(value: Any, where: str, reason: str) -> None:
    found = with_subject(claim=value)
    assert found
    assert found[0].startswith(f"/credentialSubject/claim{where} ")
    assert reason in found[0]


def test_an_undefined_term_or_type_is_found_at_any_depth() -> None:
    value: Any = {"@context": {"a": "urn:x:a"}, "a": [{"type": "Nobody"}, {"a": {"a": {"b": "x"}}}]}
    assert findings(value) == [
        "/a/0/type does not mean @type here",
        "/a/1/a/a/b is a term that no context defines",
    ]
    document = {"@context": V2, "type": ["VerifiableCredential", "Nobody"], "credentialSubject": {"x": 1}}
    assert findings(document) == [
        "/type/1 as a type is 'Nobody', which no context defines",
        "/credentialSubject/x is a term that no context defines",
    ]


def test_a_document_that_says_nothing_is_found() -> None:
    assert findings({}) == ["/ says nothing that RDF keeps"]
    assert findings({"@context": V2}) == ["/ says nothing that RDF keeps"]
    assert findings({"@context": V2, "id": "urn:x"})[0] == "/ has only an id, of which RDF keeps nothing"


# Members of the data model under other names, and other meanings under their names


@pytest.mark.parametrize(
    "name", ["validUntil", "credentialStatus", "issuer", "credentialSubject", "evidence"]
)
def test_a_member_of_the_data_model_is_not_hidden_under_its_iri(name: str) -> None:
    found = findings({**CREDENTIAL, CREDENTIALS + name: {"id": "urn:x"}})
    assert any("is another name for" in line for line in found)


@pytest.mark.parametrize(
    "local",
    [
        {"cred": CREDENTIALS},
        {"cred:validUntil": {"@type": "http://www.w3.org/2001/XMLSchema#dateTime"}, "cred": CREDENTIALS},
    ],
)
def test_a_member_of_the_data_model_is_not_hidden_under_a_compact_iri(local: Any) -> None:
    document = {**CREDENTIAL, "@context": [V2, EXAMPLES, local], "cred:validUntil": "2020-01-01T00:00:00Z"}
    assert any("/cred:validUntil is another name for" in line for line in findings(document))


@pytest.mark.parametrize(
    "definition", [CREDENTIALS + "validUntil", {"@id": CREDENTIALS + "validUntil", "@type": "urn:x"}]
)
def test_a_member_of_the_data_model_is_not_hidden_under_an_alias(definition: Any) -> None:
    document = {
        **CREDENTIAL,
        "@context": [V2, EXAMPLES, {"until": definition}],
        "until": "2020-01-01T00:00:00Z",
    }
    assert findings(document) == [f"/until is another name for {CREDENTIALS}validUntil"]


def test_a_member_of_the_data_model_is_not_hidden_under_a_nest() -> None:
    local = {"nest": "@nest", "more": {"@id": CREDENTIALS + "evidence", "@nest": "nest"}}
    document = {
        **CREDENTIAL,
        "@context": [V2, EXAMPLES, local],
        "nest": {"validUntil": "2020-01-01T00:00:00Z"},
    }
    assert findings(document) == [
        "/nest is another name for @nest",
        "/nest is there, and nest (@nest) is not supported",
    ]
    document = {**CREDENTIAL, "@context": [V2, EXAMPLES, local], "more": {"grade": 1}}
    assert findings(document)[0] == "/more is nested (@nest), which is not supported"


@pytest.mark.parametrize(
    ("context", "name"),
    [
        ("https://w3id.org/security/v1", "expiration"),
        ({}, "https://w3id.org/security#expiration"),
        ({}, "https://w3id.org/security#proofPurpose"),
        ({}, "http://purl.org/dc/terms/created"),
        ({"s": "https://w3id.org/security#"}, "s:expiration"),
        ({"s": "https://w3id.org/security#"}, "s:challenge"),
        ({"vm": "https://w3id.org/security#verificationMethod"}, "vm"),
    ],
)
def test_an_option_of_a_proof_is_not_hidden_under_another_name(context: Any, name: str) -> None:
    options = {
        "@context": [V2, context],
        "type": "DataIntegrityProof",
        "cryptosuite": "eddsa-rdfc-2022",
        name: "2020-01-01T00:00:00Z",
    }
    assert "is another name for" in findings(options)[0]
    del options[name]
    assert findings(options) == []


def test_a_member_of_the_data_model_is_not_hidden_in_a_vocabulary() -> None:
    local = {"@vocab": CREDENTIALS + "valid"}
    document = {**CREDENTIAL, "@context": [V2, local], "Until": "2020-01-01T00:00:00Z"}
    document["type"] = "VerifiableCredential"
    document["credentialSubject"] = {"id": "did:example:s"}
    assert findings(document) == [f"/Until is another name for {CREDENTIALS}validUntil"]


def test_a_reverse_property_is_found() -> None:
    local = {"of": {"@reverse": CREDENTIALS + "credentialSubject"}}
    document = {**CREDENTIAL, "@context": [V2, EXAMPLES, local], "of": {"id": "did:example:x"}}
    assert findings(document) == ["/of is a reverse property, which is not supported"]


@pytest.mark.parametrize(("alias", "keyword"), [("kind", "@type"), ("who", "@id"), ("text", "@value")])
def test_an_alias_of_a_keyword_that_readers_do_not_know_is_found(alias: str, keyword: str) -> None:
    local = {alias: keyword, "ex": "https://ex.example/#"}
    document = {"@context": [V2, EXAMPLES, local], "claim": {alias: "ex:T"}}
    assert f"/claim/{alias} is another name for {keyword}" in findings(document)


def test_core_names_without_their_context_are_found() -> None:
    document = {**CREDENTIAL, "@context": [{"@vocab": "urn:x:", "id": "@id", "type": "@type"}]}
    found = findings(document)
    assert "/type/0 names VerifiableCredential, which does not mean" in " ".join(found)
    assert any(line.startswith("/issuer does not mean") for line in found)


def test_a_core_type_under_another_name_is_found() -> None:
    status = "https://www.w3.org/ns/credentials/status#"
    found = with_subject(claim={"type": status + "BitstringStatusListEntry"})
    assert found[0] == f"/credentialSubject/claim/type is another name for {status}BitstringStatusListEntry"
    local = {"Alumni": CREDENTIALS + "VerifiableCredential"}
    found = findings({**CREDENTIAL, "@context": [V2, EXAMPLES, local], "type": ["Alumni"]})
    assert "/type/0 as a type means" in found[0]


@pytest.mark.parametrize("value", [{"@value": "did:example:i"}, {"@value": "x", "@type": "ex:t"}])
@pytest.mark.parametrize("name", ["issuer", "validUntil", "credentialSubject", "credentialStatus"])
def test_a_member_of_the_data_model_is_no_value_object(name: str, value: Any) -> None:
    found = findings({**CREDENTIAL, name: value})
    assert f"/{name} is a value object, which {name} can't have" in found


# Contexts are not signed: the same RDF must not be told with other names


def test_the_names_of_two_claims_cannot_be_swapped_by_the_documents_own_context() -> None:
    namespace = "https://www.w3.org/ns/credentials/examples#"
    honest = {**CREDENTIAL, "credentialSubject": {"id": "did:example:s", "rank": "low", "wish": "high"}}
    swapped = {
        **honest,
        "@context": [V2, EXAMPLES, {"rank": namespace + "wish", "wish": namespace + "rank"}],
        "credentialSubject": {"id": "did:example:s", "wish": "low", "rank": "high"},
    }
    assert findings(honest) == []
    assert [line.partition(" means ")[0] for line in findings(swapped)] == [
        "/credentialSubject/wish",
        "/credentialSubject/rank",
    ]


@pytest.mark.parametrize(
    ("local", "claim"),
    [
        ({"PhDCredential": "https://www.w3.org/ns/credentials/examples#AlumniCredential"}, "PhDCredential"),
        ({"Of": "https://www.w3.org/ns/credentials/examples#alumniOf"}, "Of"),
        ({"x": {"@id": "https://x.example/#y", "@prefix": True}}, "x:z"),
        ({"did": {"@id": "https://x.example/", "@prefix": True}}, "did:example"),
        ({"urn": {"@id": "https://x.example/", "@prefix": True}}, "urn:x"),
    ],
)
def test_no_name_or_type_is_renamed_by_the_documents_own_context(local: Any, claim: str) -> None:
    context = [V2, EXAMPLES, local]
    assert findings({**CREDENTIAL, "@context": context, "credentialSubject": {claim: "x"}})
    assert findings({**CREDENTIAL, "@context": context, "credentialSubject": {"type": claim}})


@pytest.mark.parametrize("prefix", ["did", "https", "urn"])
def test_an_identifier_cannot_be_rewritten_by_a_prefix(prefix: str) -> None:
    local = {prefix: {"@id": "https://evil.example/", "@prefix": True}}
    document = {**CREDENTIAL, "@context": [V2, EXAMPLES, local], "issuer": f"{prefix}:example:i"}
    del document["id"]
    assert "/issuer is shortened by a context; an identifier must be written in full" in findings(document)


def test_names_of_a_context_that_the_user_gave_may_be_others_than_in_the_iri() -> None:
    url = "https://own.example/v1"
    contexts = json_ld.known().with_extra({url: {"@context": {"colour": "urn:x:color"}}})
    assert json_ld.findings({"@context": url, "colour": "red"}, contexts) == ()


# RDF merges what has one identifier


def test_two_objects_with_one_id_cannot_share_their_members_out() -> None:
    found = with_subject(friend={"id": "did:example:s", "type": "Person"})
    assert found == [
        "/credentialSubject/friend has members, and the same id has others at /credentialSubject"
    ]


def test_members_of_the_credential_cannot_move_into_its_subject() -> None:
    moved = {"id": CREDENTIAL["id"], CREDENTIALS + "validUntil": "2020-01-01T00:00:00Z"}
    assert "is another name for" in with_subject(about=moved)[0]
    local = {
        "@context": {"validUntil": CREDENTIALS + "validUntil"},
        "id": CREDENTIAL["id"],
        "validUntil": "x",
    }
    assert "has members, and the same id has others" in " ".join(with_subject(about=local))


@pytest.mark.parametrize("status", ["urn:x:status", {"id": "urn:x:status"}])
def test_the_members_of_a_status_cannot_move_to_where_no_reader_looks(status: Any) -> None:
    entry = {"id": "urn:x:status", "type": "BitstringStatusListEntry", "statusPurpose": "revocation"}
    document = {**CREDENTIAL, "credentialStatus": status, "credentialSubject": {**SUBJECT, "x": entry}}
    assert findings(document) == [
        "/credentialStatus has only an id here, and its members are at /credentialSubject/x"
    ]


def test_a_reference_to_what_is_described_elsewhere_is_fine() -> None:
    assert with_subject(friend={"id": "did:example:f", "name": "F"}, colleague={"id": "did:example:f"}) == []
    assert findings({**CREDENTIAL, "issuer": "did:example:s"}) == []
    assert findings({**CREDENTIAL, "issuer": {"id": "did:example:s"}}) == []


def test_graphs_of_a_presentation_do_not_merge() -> None:
    inner = {**CREDENTIAL, "id": "urn:uuid:1"}
    presentation = {
        "@context": V2,
        "type": "VerifiablePresentation",
        "holder": {"id": "did:example:s", "name": "Holder"},
        "verifiableCredential": [inner, {**inner, "id": "urn:uuid:2"}],
    }
    assert findings(presentation) == []


def test_a_credential_inside_a_presentation_is_looked_at_as_one() -> None:
    inner = {**CREDENTIAL, CREDENTIALS + "validUntil": "2020-01-01T00:00:00Z"}
    presentation = {"@context": V2, "type": "VerifiablePresentation", "verifiableCredential": [inner]}
    where = f"/verifiableCredential/0/{CREDENTIALS.replace('/', '~1')}validUntil"
    assert findings(presentation) == [f"{where} is another name for {CREDENTIALS}validUntil"]


# Values


@pytest.mark.parametrize(
    ("definition", "value", "reason"),
    [
        ({"@type": "@id"}, "relative", "no absolute IRI"),
        ({"@type": "@id"}, "@type", "no absolute IRI"),
        ({"@type": "@id"}, "@unknown", "shortened"),
        ({"@type": "@id"}, "_:b", "a blank node's name"),
        ({"@type": "@vocab"}, "relative", "no context defines"),
        ({"@type": "xsd:string"}, 5, "is a number where its term wants an xsd:string"),
        ({"@type": "xsd:string"}, True, "is a boolean where its term wants an xsd:string"),
        ({"@type": "xsd:boolean"}, 1, "is a number where its term wants an xsd:boolean"),
        ({"@type": "xsd:boolean"}, "false", "is a string where its datatype wants true or false"),
        (
            {},
            {"@value": "false", "@type": "xsd:boolean"},
            "is a string where its datatype wants true or false",
        ),
        ({"@type": "xsd:integer"}, 1.5, "is a number with a fraction"),
        ({"@type": "@json", "@container": "@list"}, [1], "of type @json in a container"),
        ({"@type": "@json"}, 2**60, "no canonical JSON form"),
        ({"@type": "@json"}, "\ud800", "no canonical JSON form"),
        ({"@language": "not a tag"}, "a", "no language tag"),
        ({"@direction": "rtl"}, "a", "base direction"),
        ({"@container": "@index"}, {"a": "b"}, "is a map (@index)"),
        ({"@container": "@id"}, {"urn:a": {"claim": "b"}}, "is a map (@id)"),
        ({"@container": "@type"}, {"urn:a": {"claim": "b"}}, "is a map (@type)"),
        ({"@container": "@language"}, {}, "is empty"),
        ({"@container": "@language"}, {"en": None}, "a string is expected"),
        ({"@container": "@language"}, {"en": []}, "is empty"),
        ({"@container": "@language"}, {"e n": "a"}, "no language tag"),
        ({"@container": "@language", "@direction": "ltr"}, {"en": "a"}, "base direction"),
        ({"@container": "@list"}, [None], "is null"),
        ({"@container": "@list"}, {"@list": ["a"]}, "not supported"),
        ({"@container": "@graph"}, "a", "says nothing that RDF keeps"),
        ({"@container": "@graph"}, {}, "says nothing that RDF keeps"),
        ({"@container": "@graph"}, {"@id": "urn:x"}, "says nothing that RDF keeps"),
        ({"@container": "@graph"}, {"@graph": [{"claim": {"claim": "a"}}]}, "not supported"),
    ],
)
def test_what_a_terms_definition_makes_of_a_value_is_looked_at(
    definition: Any, value: Any, reason: str
) -> None:
    local = {"xsd": "http://www.w3.org/2001/XMLSchema#", "claim": {"@id": "urn:x:claim", **definition}}
    found = findings({"@context": local, "claim": value, "urn:x:other": 1})
    assert found
    assert found[0].startswith("/claim")
    assert reason in " ".join(found)


def test_a_default_direction_is_found() -> None:
    assert findings({"@context": {"@direction": "rtl", "a": "urn:x:a"}, "a": "x"}) == [
        "/a has a base direction, which gets lost in RDF"
    ]


def test_findings_are_bounded() -> None:
    assert len(with_subject(claim=[None] * 10_000)) == 50


# Hostile sizes


def test_deep_nesting_is_a_finding_not_a_stack_overflow() -> None:
    value: Any = "x"
    for _ in range(500):
        value = {"urn:x:a": value}
    assert findings(value)[0].endswith("is nested deeper than 128 levels")
    for _ in range(5000):
        value = [value]
    assert findings({"@context": {"l": {"@id": "urn:x:l", "@container": "@list"}}, "l": value})


def test_what_strict_json_lets_through_is_deep_enough() -> None:
    value: Any = "x"
    for _ in range(120):
        value = {"urn:x:a": value}
    assert findings(value) == []


def test_a_hundred_thousand_elements_are_canonicalised() -> None:
    document = {"urn:x:a": [f"value {n}" for n in range(100_000)], "@id": "urn:x:s"}
    assert json_ld.canonical(document, json_ld.known()).count(b"\n") == 100_000


@pytest.mark.parametrize(
    "document",
    [
        {"@id": "urn:" + "x" * 100_000, **{f"urn:x:{n}": "v" for n in range(2000)}},
        {"urn:x:a": list(range(300_000))},
        {
            "@context": [{f"t{n}": "urn:x:" for n in range(5000)}] * 3,
            "urn:x:a": [{"@context": {f"u{n}": "urn:x:"}, "urn:x:a": n} for n in range(100)],
        },
    ],
    ids=["long", "many", "contexts"],
)
def test_documents_that_would_take_too_much_are_given_up(document: dict[str, Any]) -> None:
    with pytest.raises(json_ld.TooMuchWork):
        json_ld.canonical(document, json_ld.Contexts())


def test_findings_read_as_one_line_whatever_the_names_are() -> None:
    found = findings({"a\nb\ud800": 1, "urn:x:a": 1})
    assert len(found) == 1
    json.dumps(found, ensure_ascii=False).encode()
