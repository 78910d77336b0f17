"""The documents of the W3C test suite for the VC Data Model 2.0, as far as they need no JSON-LD."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from ipse.credentials.vcdm2 import violations

ACCEPTED = [
    "credential-id-other-ok",
    "credential-id-subject-single-ok",
    "credential-ok",
    "credential-schema-ok",
    "credential-schemas-ok",
    "credential-status-missing-id-ok",
    "credential-status-ok",
    "credential-termsofuse-id-ok",
    "credential-termsofuse-ok",
    "credential-type-mapped-url-ok",
    "credential-type-url-ok",
    "credential-validUntil-validFrom-ok",
    "credential-validfrom-far-future-ok",
    "credential-validfrom-ms-ok",
    "credential-validuntil-ok",
]
REFUSED = {
    "credential-context-combo4-fail": "/@context/1",
    "credential-evidence-missing-type-fail": "/evidence/type",
    "credential-id-multi-fail": "/id",
    "credential-id-nonidentifier-fail": "/id",
    "credential-id-subject-multi-fail": "/credentialSubject/id",
    "credential-issuer-no-url-fail": "/issuer",
    "credential-issuer-null-fail": "/issuer",
    "credential-issuer-object-id-null-fail": "/issuer/id",
    "credential-missing-base-context-fail-or-inject": "/@context",
    "credential-no-context-fail-or-inject": "/@context",
    "credential-no-type-fail": "/type",
    "credential-refresh-no-type-fail": "/refreshService/type",
    "credential-schema-non-url-id-fail": "/credentialSchema/id",
    "credential-status-nonurl-id-fail": "/credentialStatus/id",
    "credential-subject-multiple-empty-fail": "/credentialSubject/1",
    "credential-termsofuse-missing-type-fail": "/termsOfUse/type",
    "credential-termsofuse-no-type-fail": "/termsOfUse/type",
    "credential-validUntil-validFrom-fail": "/validUntil",
    "credential-validuntil-invalid-fail": "/validUntil",
}
NOT_DECIDABLE_WITHOUT_JSON_LD = [
    "credential-redef-type-fail",  # redefines a protected term of the base context
    "credential-redef-type2-fail",  # redefines a term that an earlier context protects
    "credential-type-mapped-nonurl-fail",  # maps a type to what is no URL
]
DATES = {"PAST DATE": "2020-01-01T00:00:00Z", "FUTURE DATE": "2100-01-01T00:00:00Z"}


def credential(shared: Path, name: str) -> dict[str, Any]:
    """The document with what the suite itself fills in: an issuer, and dates for its placeholders."""
    path = shared / "vectors" / "vcdm2" / f"{name}.json"
    if not path.is_file():
        pytest.skip(f"the data model vector {name} is not in {path.parent}")
    document: dict[str, Any] = json.loads(path.read_text(encoding="utf-8"))
    for member in ("validFrom", "validUntil"):
        if document.get(member) in DATES:
            document[member] = DATES[document[member]]
    return {"issuer": "did:example:issuer", **document}


@pytest.mark.parametrize("name", ACCEPTED)
def test_a_document_that_must_be_accepted_breaks_no_rule(shared: Path, name: str) -> None:
    assert violations(credential(shared, name)) == []


@pytest.mark.parametrize(("name", "pointer"), REFUSED.items(), ids=list(REFUSED))
def test_a_document_that_must_be_refused_breaks_the_rule_it_was_made_for(
    shared: Path, name: str, pointer: str
) -> None:
    assert [violation.pointer for violation in violations(credential(shared, name))] == [pointer]


@pytest.mark.parametrize("name", NOT_DECIDABLE_WITHOUT_JSON_LD)
def test_what_takes_json_ld_processing_is_not_decided_by_the_rules(shared: Path, name: str) -> None:
    assert violations(credential(shared, name)) == []


def test_every_credential_of_the_suite_that_is_here_is_in_one_of_the_lists(shared: Path) -> None:
    folder = shared / "vectors" / "vcdm2"
    if not folder.is_dir():
        pytest.skip(f"no data model vectors in {folder}")
    here = {path.stem for path in folder.glob("credential-*.json")}
    assert here <= {*ACCEPTED, *REFUSED, *NOT_DECIDABLE_WITHOUT_JSON_LD}
