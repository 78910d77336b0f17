"""The documents of the W3C test suite for the VC Data Model 2.0, by the name each file has.

A name that ends in -ok must be accepted, one that ends in -fail or -fail-or-inject refused.
"""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from ipse.credentials.model import presentation_violations, violations
from ipse.credentials.model.lint import lint

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
    "presentation-context-combo1-ok",
    "presentation-holder-object-ok",
    "presentation-holder-ok",
    "presentation-multiple-vc-ok",
    "presentation-optional-type-ok",
    "presentation-self-asserted-vc-ok",
    # The suite presents this credential unsigned; who issued it is for the verification to find out.
    "presentation-self-asserted-vc-holder-mismatch",
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
    "presentation-holder-fail": "/holder",
    "presentation-missing-base-context-fail": "/@context",
    "presentation-no-context-fail-or-inject": "/@context",
    "presentation-vc-as-string-fail": "/verifiableCredential/0",
}
REFUSED_AS_JSON_LD = {
    "credential-redef-type-fail": ("/@context/1", "protected term 'VerifiableCredential'"),
    "credential-redef-type2-fail": ("/@context/2", "protected term 'ExampleVerifiableCredential'"),
    "credential-type-mapped-nonurl-fail": ("/@context/1", "'ExampleTestCredential'"),
}
DATES = {"PAST DATE": "2020-01-01T00:00:00Z", "FUTURE DATE": "2100-01-01T00:00:00Z"}


def document(shared: Path, name: str) -> dict[str, Any]:
    """The document with what the suite itself fills in: an issuer, and dates for its placeholders."""
    path = shared / "vectors" / "vcdm2" / f"{name}.json"
    if not path.is_file():
        pytest.skip(f"the data model vector {name} is not in {path.parent}")
    read: dict[str, Any] = json.loads(path.read_text(encoding="utf-8"))
    for member in ("validFrom", "validUntil"):
        if read.get(member) in DATES:
            read[member] = DATES[read[member]]
    return {"issuer": "did:example:issuer", **read} if name.startswith("credential-") else read


def pointers(read: dict[str, Any]) -> list[str]:
    rules = presentation_violations if "VerifiablePresentation" in read.get("type", []) else violations
    return [violation.pointer for violation in rules(read)]


@pytest.mark.parametrize("name", ACCEPTED)
def test_a_document_that_must_be_accepted_breaks_no_rule(shared: Path, name: str) -> None:
    read = document(shared, name)
    assert pointers(read) == []
    report = lint(read)
    assert report.violations == ()
    assert (report.kind, report.version) == (name.split("-", maxsplit=1)[0], "2.0")


@pytest.mark.parametrize(("name", "pointer"), REFUSED.items(), ids=list(REFUSED))
def test_a_document_that_must_be_refused_breaks_the_rule_it_was_made_for(
    shared: Path, name: str, pointer: str
) -> None:
    read = document(shared, name)
    assert pointers(read) == [pointer]
    report = lint(read)
    assert pointer in [violation.pointer for violation in report.violations]
    assert report.kind == name.split("-", maxsplit=1)[0]


@pytest.mark.parametrize(("name", "where"), REFUSED_AS_JSON_LD.items(), ids=list(REFUSED_AS_JSON_LD))
def test_what_takes_json_ld_is_refused_by_what_its_contexts_do(
    shared: Path, name: str, where: tuple[str, str]
) -> None:
    read = document(shared, name)
    assert pointers(read) == []
    [violation] = lint(read).violations
    assert violation.pointer == where[0]
    assert where[1] in violation.rule


def test_every_document_of_the_suite_that_is_here_is_in_one_of_the_lists(shared: Path) -> None:
    folder = shared / "vectors" / "vcdm2"
    if not folder.is_dir():
        pytest.skip(f"no data model vectors in {folder}")
    here = {path.stem for path in folder.glob("*.json")}
    assert here <= {*ACCEPTED, *REFUSED, *REFUSED_AS_JSON_LD}
