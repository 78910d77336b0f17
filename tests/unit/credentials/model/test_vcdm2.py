"""Building credentials of the VC Data Model 2.0, and its rules one by one."""

from __future__ import annotations

import copy
from datetime import UTC, datetime
from typing import Any

import pytest

from ipse.credentials import model
from ipse.credentials.content import Validity
from ipse.credentials.model import CONTEXT, Violation, proof_violations, violations
from ipse.errors import MalformedInput

ISSUER, SUBJECT = "did:example:issuer", "did:example:subject"
START, END = datetime(2026, 1, 1, tzinfo=UTC), datetime(2027, 1, 1, tzinfo=UTC)
CREDENTIAL: dict[str, Any] = {
    "@context": [CONTEXT, "https://www.w3.org/ns/credentials/examples/v2"],
    "id": "urn:uuid:58172aac-d8ba-11ed-83dd-0b3aef56cc33",
    "type": ["VerifiableCredential", "AlumniCredential"],
    "issuer": ISSUER,
    "validFrom": "2026-01-01T00:00:00Z",
    "validUntil": "2027-01-01T00:00:00Z",
    "credentialSubject": {"id": SUBJECT, "alumniOf": "The School of Examples"},
}
MISSING = object()


def built(**changes: Any) -> dict[str, Any]:
    parts: dict[str, Any] = {
        "issuer": ISSUER,
        "subject": SUBJECT,
        "types": ["AlumniCredential"],
        "claims": {"alumniOf": "The School of Examples"},
        "credential_id": "urn:uuid:1",
        "valid_from": START,
        "valid_until": END,
    }
    return model.build(**{**parts, **changes})


def with_member(name: str, value: Any) -> dict[str, Any]:
    changed = copy.deepcopy(CREDENTIAL)
    if value is MISSING:
        del changed[name]
    else:
        changed[name] = value
    return changed


class TestBuild:
    def test_a_credential_holds_what_was_said_and_nothing_else(self) -> None:
        assert built() == {
            "@context": [CONTEXT],
            "id": "urn:uuid:1",
            "type": ["VerifiableCredential", "AlumniCredential"],
            "issuer": ISSUER,
            "validFrom": "2026-01-01T00:00:00Z",
            "validUntil": "2027-01-01T00:00:00Z",
            "credentialSubject": {"id": SUBJECT, "alumniOf": "The School of Examples"},
        }

    def test_what_is_built_breaks_no_rule(self) -> None:
        assert violations(built()) == []

    def test_times_that_were_not_said_are_left_out(self) -> None:
        assert not {"validFrom", "validUntil"} & set(built(valid_from=None, valid_until=None))

    def test_verifiable_credential_is_named_once(self) -> None:
        assert built(types=["VerifiableCredential", "X"])["type"] == ["VerifiableCredential", "X"]
        assert built(types=[])["type"] == ["VerifiableCredential"]

    def test_claims_without_a_subject_are_about_nobody_named(self) -> None:
        assert built(subject=None)["credentialSubject"] == {"alumniOf": "The School of Examples"}

    def test_an_id_in_the_claims_is_refused_unless_it_is_the_subject(self) -> None:
        assert built(claims={"id": SUBJECT, "a": 1})["credentialSubject"] == {"id": SUBJECT, "a": 1}
        with pytest.raises(MalformedInput, match="not the subject"):
            built(claims={"id": "did:example:other", "a": 1})

    @pytest.mark.parametrize(
        ("changes", "pointer"),
        [
            ({"valid_until": START, "valid_from": END}, "/validUntil"),
            ({"types": ["A", "A"]}, "/type"),
            ({"types": [""]}, "/type"),
            ({"credential_id": "one"}, "/id"),
            ({"credential_id": ""}, "/id"),
            ({"issuer": "issuer"}, "/issuer"),
            ({"subject": "me"}, "/credentialSubject/id"),
            ({"subject": None, "claims": {}}, "/credentialSubject"),
            ({"subject": None, "claims": {"id": 5}}, "/credentialSubject/id"),
        ],
    )
    def test_a_credential_that_breaks_a_rule_is_never_built(
        self, changes: dict[str, Any], pointer: str
    ) -> None:
        with pytest.raises(MalformedInput, match=f"not a credential: {pointer} "):
            built(**changes)

    def test_the_claims_that_were_given_are_not_changed(self) -> None:
        claims = {"alumniOf": "x"}
        built(claims=claims)["credentialSubject"]["alumniOf"] = "y"
        assert claims == {"alumniOf": "x"}


@pytest.mark.parametrize(
    ("name", "value", "pointer"),
    [
        ("@context", MISSING, "/@context"),
        ("@context", CONTEXT, "/@context"),
        ("@context", [], "/@context"),
        ("@context", None, "/@context"),
        ("@context", ["https://www.w3.org/2018/credentials/v1", CONTEXT], "/@context"),
        ("@context", [CONTEXT + "/"], "/@context"),
        ("@context", [CONTEXT, 5], "/@context/1"),
        ("@context", [CONTEXT, {}, "no url"], "/@context/2"),
        ("@context", [CONTEXT, None], "/@context/1"),
        ("type", MISSING, "/type"),
        ("type", None, "/type"),
        ("type", [], "/type"),
        ("type", ["AlumniCredential"], "/type"),
        ("type", ["VerifiableCredential", 5], "/type"),
        ("type", ["VerifiableCredential", ""], "/type"),
        ("type", ["VerifiableCredential", "VerifiableCredential"], "/type"),
        ("type", ["verifiableCredential"], "/type"),
        ("type", {"VerifiableCredential": True}, "/type"),
        ("id", None, "/id"),
        ("id", [], "/id"),
        ("id", 5, "/id"),
        ("id", "credential", "/id"),
        ("id", "", "/id"),
        ("id", "urn:uuid: 1", "/id"),
        ("id", ["urn:uuid:1", "urn:uuid:2"], "/id"),
        ("issuer", MISSING, "/issuer"),
        ("issuer", None, "/issuer"),
        ("issuer", "issuer", "/issuer"),
        ("issuer", [ISSUER], "/issuer"),
        ("issuer", {}, "/issuer/id"),
        ("issuer", {"id": None}, "/issuer/id"),
        ("issuer", {"id": [ISSUER]}, "/issuer/id"),
        ("issuer", {"name": "The School"}, "/issuer/id"),
        ("credentialSubject", MISSING, "/credentialSubject"),
        ("credentialSubject", None, "/credentialSubject"),
        ("credentialSubject", [], "/credentialSubject"),
        ("credentialSubject", {}, "/credentialSubject"),
        ("credentialSubject", "did:example:subject", "/credentialSubject"),
        ("credentialSubject", [{"id": SUBJECT}, {}], "/credentialSubject/1"),
        ("credentialSubject", [{"id": SUBJECT}, SUBJECT], "/credentialSubject/1"),
        ("credentialSubject", {"id": "me"}, "/credentialSubject/id"),
        ("credentialSubject", {"id": None, "a": 1}, "/credentialSubject/id"),
        ("credentialSubject", {"id": [SUBJECT]}, "/credentialSubject/id"),
        ("validFrom", None, "/validFrom"),
        ("validFrom", "2026-01-01", "/validFrom"),
        ("validFrom", "2026-01-01T00:00:00", "/validFrom"),
        ("validFrom", 1767225600, "/validFrom"),
        ("validUntil", "2025-12-31T23:59:59Z", "/validUntil"),
        ("validUntil", "2026-01-01T00:59:59+01:00", "/validUntil"),
        ("validUntil", {"@value": "2027-01-01T00:00:00Z"}, "/validUntil"),
        ("credentialStatus", {}, "/credentialStatus/type"),
        ("credentialStatus", "urn:status", "/credentialStatus"),
        ("credentialStatus", None, "/credentialStatus"),
        ("credentialStatus", {"type": "S", "id": "no url"}, "/credentialStatus/id"),
        ("credentialStatus", [{"type": "S"}, {"type": []}], "/credentialStatus/1/type"),
        ("credentialSchema", {"type": "JsonSchema"}, "/credentialSchema/id"),
        ("credentialSchema", {"id": "urn:schema"}, "/credentialSchema/type"),
        ("credentialSchema", [{"type": "JsonSchema", "id": "urn:x"}, 5], "/credentialSchema/1"),
        ("refreshService", {"id": "urn:refresh"}, "/refreshService/type"),
        ("termsOfUse", {"id": "urn:terms"}, "/termsOfUse/type"),
        ("evidence", {}, "/evidence/type"),
        ("evidence", [{"type": ["Evidence"]}, {"type": [5]}], "/evidence/1/type"),
        ("name", 5, "/name"),
        ("name", None, "/name"),
        ("name", {"value": "x"}, "/name"),
        ("name", [], "/name"),
        ("name", {"@value": "x", "@language": "not a tag"}, "/name"),
        ("name", {"@value": "x", "@language": None}, "/name"),
        ("name", {"@value": "x", "@direction": "up"}, "/name"),
        ("issuer", {"id": ISSUER, "name": 5}, "/issuer/name"),
        ("issuer", {"id": ISSUER, "name": {"@value": "x", "url": "y"}}, "/issuer/name"),
        ("issuer", {"id": ISSUER, "description": ["x", None]}, "/issuer/description/1"),
        ("type", ["VerifiableCredential", "two words"], "/type"),
        ("type", ["VerifiableCredential", "https ://example.org/#X"], "/type"),
        ("type", ["VerifiableCredential", "@id"], "/type"),
        ("credentialStatus", [], "/credentialStatus"),
        ("credentialStatus", {"type": "two words"}, "/credentialStatus/type"),
        ("credentialStatus", {"type": "S", "id": ["urn:1", "urn:2"]}, "/credentialStatus/id"),
        ("credentialSchema", [], "/credentialSchema"),
        ("credentialSchema", None, "/credentialSchema"),
        (
            "credentialSchema",
            {"type": "JsonSchema", "id": "urn:x", "digestSRI": "md5-x"},
            "/credentialSchema/digestSRI",
        ),
        ("evidence", [], "/evidence"),
        ("termsOfUse", [], "/termsOfUse"),
        ("refreshService", [], "/refreshService"),
        ("confidenceMethod", {"id": "urn:method"}, "/confidenceMethod/type"),
        ("renderMethod", [{"type": "R"}, {}], "/renderMethod/1/type"),
        ("relatedResource", [], "/relatedResource"),
        ("description", {"@value": 5}, "/description"),
        ("description", ["x", {"@value": None}], "/description/1"),
    ],
)
def test_each_rule_refuses_what_breaks_it_and_says_where(name: str, value: Any, pointer: str) -> None:
    assert pointer in [violation.pointer for violation in violations(with_member(name, value))]


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("@context", [CONTEXT]),
        ("@context", [CONTEXT, {"term": "https://example.org/#term"}, "did:example:context"]),
        ("type", "VerifiableCredential"),
        ("type", ["AlumniCredential", "VerifiableCredential"]),
        ("type", ["VerifiableCredential", "https://example.org/#ExampleCredential"]),
        ("id", MISSING),
        ("id", "https://university.example/credentials/3732"),
        ("issuer", "https://university.example/issuers/14"),
        ("issuer", {"id": ISSUER, "name": "The School"}),
        ("credentialSubject", {"id": SUBJECT}),
        ("credentialSubject", {"alumniOf": "x"}),
        ("credentialSubject", [{"id": SUBJECT}, {"alumniOf": "x"}]),
        ("validFrom", MISSING),
        ("validUntil", "2026-01-01T00:00:00Z"),
        ("validUntil", "2026-01-01T01:00:00+01:00"),
        ("validUntil", MISSING),
        ("credentialStatus", {"type": "BitstringStatusListEntry"}),
        ("credentialStatus", [{"type": "A", "id": "urn:1"}, {"type": ["B", "C"]}]),
        ("credentialSchema", {"type": "JsonSchema", "id": "https://example.org/schema.json"}),
        ("evidence", [{"type": ["Evidence"]}]),
        ("name", "Alumni Credential"),
        ("name", {"@value": "Zeugnis", "@language": "de", "@direction": "ltr"}),
        ("name", [{"@value": "Zeugnis", "@language": "de"}, {"@value": "Diploma", "@language": "en"}]),
        ("issuer", {"id": ISSUER, "name": [{"@value": "Schule", "@language": "de-CH-1996"}]}),
        ("confidenceMethod", {"type": "M"}),
        ("renderMethod", [{"type": ["R", "https://example.org/#R"]}]),
        (
            "relatedResource",
            [
                {"id": "https://example.org/a", "digestSRI": "sha384-Ml/HrjlBCNWyAX91+hr6==?x"},
                {"id": "https://example.org/b", "digestSRI": ["sha256-aa", "sha512-bb"]},
                {"id": "https://example.org/c", "digestMultibase": "uEiBZlVztZp", "mediaType": "text/html"},
                {"id": "https://example.org/d", "digestMultibase": ["zQmX", "uEi-_"]},
            ],
        ),
        ("unheardOf", {"anything": [1, None, {}]}),
    ],
)
def test_what_the_rules_allow_is_not_refused(name: str, value: Any) -> None:
    assert violations(with_member(name, value)) == []


@pytest.mark.parametrize("character", ["\0", "\x1b", "\x7f", "\x85", " ", "\n", "\u2028", "\u00a0"])
def test_no_url_holds_control_characters_or_white_space(character: str) -> None:
    assert violations(with_member("issuer", f"https://university.example/{character}x"))


@pytest.mark.parametrize("member", ["name", "description"])
@pytest.mark.parametrize("extra", ["@type", "@id", "lang", "value"])
def test_a_language_value_object_has_no_other_members(member: str, extra: str) -> None:
    # VCDM 2.0 section 11.1: it must not include any keys beyond @value, @language and @direction.
    assert violations(with_member(member, {"@value": "x", "@language": "en", extra: "y"}))


@pytest.mark.parametrize(
    "resources",
    [
        {"digestSRI": "sha384-x"},
        {"id": "no url", "digestSRI": "sha384-x"},
        {"id": "https://example.org/a"},
        {"id": "https://example.org/a", "digestSRI": "x"},
        {"id": "https://example.org/a", "digestSRI": "sha1-x"},
        {"id": "https://example.org/a", "digestSRI": "sha256-"},
        {"id": "https://example.org/a", "digestSRI": []},
        {"id": "https://example.org/a", "digestSRI": None},
        {"id": "https://example.org/a", "digestMultibase": "mAAAA"},
        {"id": "https://example.org/a", "digestMultibase": "z0OIl"},
        {"id": "https://example.org/a", "digestMultibase": "u", "digestSRI": "sha256-x"},
        {"id": "https://example.org/a", "digestSRI": "sha256-x", "mediaType": "html"},
        {"id": "https://example.org/a", "digestSRI": "sha256-x", "mediaType": None},
        {"id": ["https://example.org/a"], "digestSRI": "sha256-x"},
        "https://example.org/a",
        [
            {"id": "https://example.org/a", "digestSRI": "sha256-x"},
            {"id": "https://example.org/a", "digestSRI": "sha256-y"},
        ],
    ],
)
def test_a_related_resource_has_an_id_of_its_own_and_a_digest(resources: Any) -> None:
    # VCDM 2.0 section 5.3.
    assert violations(with_member("relatedResource", resources))


def test_a_violation_reads_as_where_and_what() -> None:
    assert str(Violation("/issuer/id", "must be one URL")) == "/issuer/id must be one URL"
    assert str(Violation("", "must be an object")) == "/ must be an object"


def test_every_broken_rule_is_reported_not_only_the_first() -> None:
    broken: dict[str, Any] = {"@context": [], "type": [], "issuer": None, "credentialSubject": {}}
    assert {violation.pointer for violation in violations(broken)} == {
        "/@context",
        "/type",
        "/issuer",
        "/credentialSubject",
    }


@pytest.mark.parametrize(
    ("proof", "pointers"),
    [
        (None, ["/proof"]),
        ("x", ["/proof"]),
        ([], ["/proof"]),
        ({}, ["/proof/type"]),
        ({"type": 5}, ["/proof/type"]),
        ({"type": ["DataIntegrityProof"]}, ["/proof/type"]),
        ([{"type": "DataIntegrityProof"}, 5, {}], ["/proof/1", "/proof/2/type"]),
        ({"type": "DataIntegrityProof"}, []),
        ([{"type": "DataIntegrityProof"}, {"type": "https://example.org/#P"}], []),
    ],
)
def test_a_proof_is_one_object_or_more_each_with_one_type(proof: Any, pointers: list[str]) -> None:
    assert [violation.pointer for violation in proof_violations({**CREDENTIAL, "proof": proof})] == pointers


def test_a_credential_without_proof_breaks_no_rule_for_proofs() -> None:
    assert proof_violations(CREDENTIAL) == []


class TestReading:
    def test_the_issuer_is_found_in_both_its_forms(self) -> None:
        assert model.issuer_of({"issuer": ISSUER}) == ISSUER
        assert model.issuer_of({"issuer": {"id": ISSUER, "name": "x"}}) == ISSUER

    @pytest.mark.parametrize(
        ("subject", "identifier"),
        [
            ({"id": SUBJECT}, SUBJECT),
            ([{"id": SUBJECT}], SUBJECT),
            ([{"id": SUBJECT}, {"id": "did:example:other"}], None),
            ({"alumniOf": "x"}, None),
            ({"id": 5}, None),
            ([], None),
            (None, None),
            (SUBJECT, None),
        ],
    )
    def test_a_subject_is_named_only_where_there_is_one(self, subject: Any, identifier: str | None) -> None:
        assert model.subject_of({"credentialSubject": subject}) == identifier

    def test_types_are_a_tuple_in_both_their_forms(self) -> None:
        assert model.types_of({"type": "A"}) == ("A",)
        assert model.types_of({"type": ["A", "B"]}) == ("A", "B")
        assert model.types_of({}) == ()

    def test_validity_is_open_where_nothing_is_said(self) -> None:
        assert model.validity(CREDENTIAL) == Validity(START, END)
        assert model.validity({}) == Validity()

    def test_a_malformed_validity_is_an_error_not_an_open_end(self) -> None:
        with pytest.raises(MalformedInput):
            model.validity({"validUntil": "soon"})
