"""Linting credentials and presentations of both data models."""

from __future__ import annotations

from typing import Any

import pytest

from ipse.credentials import json_ld
from ipse.credentials.model import CONTEXT
from ipse.credentials.model.lint import Lint, lint
from ipse.errors import MalformedInput

OLD = "https://www.w3.org/2018/credentials/v1"
CREDENTIAL: dict[str, Any] = {
    "@context": [CONTEXT],
    "type": ["VerifiableCredential"],
    "issuer": "did:example:issuer",
    "credentialSubject": {"id": "did:example:subject"},
}
PRESENTATION: dict[str, Any] = {
    "@context": [CONTEXT],
    "type": ["VerifiablePresentation"],
    "holder": "did:example:holder",
    "verifiableCredential": [CREDENTIAL],
}
OLD_CREDENTIAL: dict[str, Any] = {
    "@context": [OLD],
    "type": ["VerifiableCredential"],
    "issuer": "did:example:issuer",
    "issuanceDate": "2026-01-01T00:00:00Z",
    "credentialSubject": {"id": "did:example:subject"},
}
OLD_PRESENTATION: dict[str, Any] = {
    "@context": [OLD],
    "type": ["VerifiablePresentation"],
    "holder": "did:example:holder",
    "verifiableCredential": [OLD_CREDENTIAL],
}


def broken(document: dict[str, Any]) -> list[str]:
    return [violation.pointer for violation in lint(document).violations]


@pytest.mark.parametrize(
    ("document", "kind", "version"),
    [
        (CREDENTIAL, "credential", "2.0"),
        (PRESENTATION, "presentation", "2.0"),
        (OLD_CREDENTIAL, "credential", "1.1"),
        (OLD_PRESENTATION, "presentation", "1.1"),
    ],
)
def test_a_document_that_keeps_the_rules_has_neither_violations_nor_warnings(
    document: dict[str, Any], kind: Any, version: Any
) -> None:
    assert lint(document) == Lint(kind, version, (), ())


@pytest.mark.parametrize(
    ("document", "kind"),
    [
        ({}, "credential"),
        ({"type": 5}, "credential"),
        ({"type": [{}]}, "credential"),
        ({"type": "VerifiablePresentation"}, "presentation"),
        ({"type": ["EnvelopedVerifiablePresentation"]}, "presentation"),
        ({"verifiableCredential": []}, "presentation"),
        ({"type": ["VerifiableCredential"], "verifiableCredential": []}, "credential"),
    ],
)
def test_the_kind_is_told_by_the_type_and_else_by_what_is_in_it(document: dict[str, Any], kind: str) -> None:
    report = lint(document)
    assert report.kind == kind
    assert report.violations


@pytest.mark.parametrize(
    ("changes", "pointers"),
    [
        ({"issuer": "me"}, ["/issuer"]),
        ({"proof": {}}, ["/proof/type"]),
        ({"proof": []}, ["/proof"]),
        ({"issuer": None, "type": []}, ["/type", "/issuer"]),
    ],
)
def test_the_rules_of_the_data_model_and_of_proofs_are_looked_at(
    changes: dict[str, Any], pointers: list[str]
) -> None:
    assert broken({**CREDENTIAL, **changes}) == pointers


def test_a_credential_in_a_presentation_is_looked_at() -> None:
    inside = {**CREDENTIAL, "issuer": "me", "proof": {}}
    assert broken({**PRESENTATION, "verifiableCredential": [CREDENTIAL, inside]}) == [
        "/verifiableCredential/1/issuer",
        "/verifiableCredential/1/proof/type",
    ]


class TestJsonLd:
    @pytest.mark.parametrize(
        ("context", "word"),
        [
            ({"VerifiableCredential": "https://example.org/#Bad"}, "VerifiableCredential"),
            ({"id": "https://example.org/#id"}, "id"),
            ({"Example": "https ://not-a-url#Example"}, "Example"),
            (
                {"@protected": True, "Example": {"@id": "https://example.org/#E", "@type": "no iri"}},
                "Example",
            ),
        ],
    )
    def test_a_context_at_fault_is_a_violation(self, context: dict[str, Any], word: str) -> None:
        [violation] = lint({**CREDENTIAL, "@context": [CONTEXT, context]}).violations
        assert violation.pointer == "/@context/1"
        assert word in violation.rule

    def test_a_context_at_fault_inside_is_a_violation(self) -> None:
        subject = {"id": "did:example:subject", "@context": {"id": "https://example.org/#id"}}
        [violation] = lint({**CREDENTIAL, "credentialSubject": subject}).violations
        assert violation.pointer == "/credentialSubject/@context"

    def test_a_term_that_no_context_defines_is_a_warning(self) -> None:
        report = lint({**CREDENTIAL, "credentialSubject": {"role": "rector"}, "unheardOf": {"deep": 1}})
        assert report.violations == ()
        assert {warning.pointer for warning in report.warnings} >= {"/credentialSubject/role", "/unheardOf"}

    def test_a_type_that_no_context_defines_is_a_warning(self) -> None:
        report = lint({**CREDENTIAL, "type": ["VerifiableCredential", "AlumniCredential"]})
        assert report.violations == ()
        [warning] = report.warnings
        assert warning.pointer.startswith("/type")
        assert "AlumniCredential" in warning.rule

    def test_an_unknown_context_is_a_warning_that_says_what_was_not_checked(self) -> None:
        document = {**CREDENTIAL, "@context": [CONTEXT, "https://unheard-of.example/v1"], "role": "x"}
        report = lint(document)
        assert report.violations == ()
        [warning] = report.warnings
        assert warning.pointer == "/@context"
        assert "was not checked as JSON-LD" in warning.rule
        assert "https://unheard-of.example/v1" in warning.rule

    def test_contexts_that_were_given_are_gone_by(self) -> None:
        url = "https://school.example/v1"
        contexts = json_ld.known().with_extra({url: {"@context": {"role": "https://school.example/#role"}}})
        document = {**CREDENTIAL, "@context": [CONTEXT, url], "credentialSubject": {"role": "rector"}}
        assert lint(document, contexts) == Lint("credential", "2.0", (), ())

    def test_one_fault_is_not_told_twice(self) -> None:
        assert broken({**CREDENTIAL, "@context": [CONTEXT, 5]}) == ["/@context/1"]


class TestOldDataModel:
    @pytest.mark.parametrize(
        ("changes", "pointer"),
        [
            ({"issuer": "me"}, "/issuer"),
            ({"issuanceDate": "yesterday"}, "/issuanceDate"),
            ({"expirationDate": 5}, "/expirationDate"),
            ({"type": ["X"]}, "/type"),
            ({"credentialSubject": {}}, "/credentialSubject"),
            ({"credentialSubject": [{"id": "me"}]}, "/credentialSubject/0/id"),
            ({"credentialStatus": {"type": "X"}}, "/credentialStatus"),
            ({"credentialStatus": {"type": "X", "id": "me"}}, "/credentialStatus/id"),
            ({"id": None}, "/id"),
            ({"proof": []}, "/proof"),
        ],
    )
    def test_the_rules_of_vcdm_11_are_told_by_their_place(
        self, changes: dict[str, Any], pointer: str
    ) -> None:
        assert pointer in broken({**OLD_CREDENTIAL, **changes})

    def test_a_jwt_in_a_presentation_of_vcdm_11_breaks_no_rule_and_is_not_seen_as_json_ld(self) -> None:
        jwt = "eyJhbGciOiJFUzI1NiJ9.e30.c2ln"
        report = lint({**OLD_PRESENTATION, "verifiableCredential": [OLD_CREDENTIAL, jwt]})
        assert report.violations == ()
        assert [warning.pointer for warning in report.warnings] == ["/verifiableCredential/1"]

    @pytest.mark.parametrize(
        ("changes", "pointer"),
        [
            ({"holder": "me"}, "/holder"),
            ({"holder": {"name": "Pat"}}, "/holder"),
            ({"id": "me"}, "/id"),
            ({"type": ["VerifiablePresentation", 5]}, "/type"),
            ({"verifiableCredential": None}, "/verifiableCredential"),
            ({"verifiableCredential": ["https://example.org/c"]}, "/verifiableCredential/0"),
            ({"verifiableCredential": {**OLD_CREDENTIAL, "issuer": "me"}}, "/verifiableCredential/issuer"),
            ({"verifiableCredential": [CREDENTIAL]}, "/verifiableCredential/0/issuanceDate"),
        ],
    )
    def test_presentations_of_vcdm_11_have_rules_too(self, changes: dict[str, Any], pointer: str) -> None:
        assert pointer in broken({**OLD_PRESENTATION, **changes})


def test_bottomless_nesting_is_malformed_and_not_a_crash() -> None:
    deep: Any = "x"
    for _ in range(20_000):
        deep = {"x": deep}
    for name in ("@context", "credentialSubject", "x"):
        with pytest.raises(MalformedInput, match="nested deeper"):
            lint({**CREDENTIAL, name: deep})


ODD: list[Any] = [None, True, 5, 0.5, "", "x", "\ud800", [], [[]], [None], {}, {"id": 5}, {"@value": None}]


@pytest.mark.parametrize("document", [CREDENTIAL, PRESENTATION, OLD_CREDENTIAL, OLD_PRESENTATION], ids=str)
@pytest.mark.parametrize("value", ODD, ids=repr)
def test_any_value_anywhere_gives_a_report(document: dict[str, Any], value: Any) -> None:
    names = [
        *document,
        "id",
        "proof",
        "name",
        "termsOfUse",
        "evidence",
        "credentialStatus",
        "credentialSchema",
    ]
    for name in names:
        if value == "\ud800":
            with pytest.raises(MalformedInput):
                lint({**document, name: value})
        else:
            assert all(violation.rule for violation in lint({**document, name: value}).violations)
