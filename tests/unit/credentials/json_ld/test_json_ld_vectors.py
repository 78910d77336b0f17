"""The official vectors: canonical documents and proof options byte for byte, and what must be refused."""

from __future__ import annotations

import hashlib
import json
from pathlib import Path
from typing import Any

import pytest

from ipse.credentials import json_ld
from ipse.credentials.json_ld import HashName

_SUITES: list[tuple[str, str, HashName]] = [
    ("vc-di-eddsa/TestVectors/eddsa-rdfc-2022", "DataInt", "sha256"),
    ("vc-di-ecdsa/TestVectors/ecdsa-rdfc-2019-p256", "ECDSAP256", "sha256"),
    ("vc-di-ecdsa/TestVectors/ecdsa-rdfc-2019-p384", "ECDSAP384", "sha384"),
]
_CITIZENSHIP = "https://w3id.org/citizenship/v4rc1"
_NAMESPACE = "https://w3id.org/citizenship#"
_DATE = "http://www.w3.org/2001/XMLSchema#dateTime"
_OWN_CITIZENSHIP = {
    "@context": {
        "@protected": True,
        "image": {"@id": "https://schema.org/image", "@type": "@id"},
        "EmploymentAuthorizationDocumentCredential": _NAMESPACE + "EmploymentAuthorizationDocumentCredential",
        "Person": {
            "@id": "https://schema.org/Person",
            "@context": {
                name: f"https://schema.org/{name}"
                for name in ("givenName", "additionalName", "familyName", "gender")
            }
            | {"birthDate": {"@id": "https://schema.org/birthDate", "@type": _DATE}},
        },
        "EmployablePerson": {
            "@id": _NAMESPACE + "EmployablePerson",
            "@context": {
                "birthCountry": _NAMESPACE + "birthCountry",
                "residentSince": {"@id": _NAMESPACE + "residentSince", "@type": _DATE},
                "employmentAuthorizationDocument": _NAMESPACE + "employmentAuthorizationDocument",
            },
        },
        "EmploymentAuthorizationDocument": {
            "@id": _NAMESPACE + "EmploymentAuthorizationDocument",
            "@context": {
                "identifier": "https://schema.org/identifier",
                "lprCategory": _NAMESPACE + "lprCategory",
                "lprNumber": _NAMESPACE + "lprNumber",
            },
        },
    }
}
"""A context of our own for the members of the vectors' credential; the RDF tells which IRIs these are."""


def _contexts() -> json_ld.Contexts:
    return json_ld.known().with_extra({_CITIZENSHIP: _OWN_CITIZENSHIP})


def _read(path: Path) -> Any:
    return json.loads(path.read_text())


@pytest.mark.parametrize("folder", [".", "employ"])
@pytest.mark.parametrize(("suite", "name", "hash_name"), _SUITES)
def test_documents_have_the_official_canonical_form(
    shared: Path, suite: str, name: str, hash_name: HashName, folder: str
) -> None:
    path = shared / "vectors" / suite / folder
    signed = _read(path / f"signed{name}.json")
    document = {member: value for member, value in signed.items() if member != "proof"}
    canonical = json_ld.canonical(document, _contexts(), hash_name=hash_name)
    assert canonical == (path / f"canonDoc{name}.txt").read_bytes()
    hash_file = path / f"docHash{name}.txt"
    assert hashlib.new(hash_name, canonical).hexdigest() == hash_file.read_text().strip()


@pytest.mark.parametrize("folder", [".", "employ"])
@pytest.mark.parametrize(("suite", "name", "hash_name"), _SUITES)
def test_proof_options_have_the_official_canonical_form(
    shared: Path, suite: str, name: str, hash_name: HashName, folder: str
) -> None:
    path = shared / "vectors" / suite / folder
    options = _read(path / f"proofConfig{name}.json")
    canonical = json_ld.canonical(options, _contexts(), hash_name=hash_name)
    assert canonical == (path / f"proofCanon{name}.txt").read_bytes()


def test_the_vectors_of_ed25519signature2020_have_the_official_canonical_form(shared: Path) -> None:
    path = shared / "vectors" / "vc-di-eddsa" / "TestVectors" / "Ed25519Signature2020"
    document = _read(path / "signedEdSig.json")
    del document["proof"]
    assert json_ld.canonical(document, json_ld.known()) == (path / "canonDocEdSig.txt").read_bytes()
    options = _read(path / "proofConfigEdSig.json")
    assert json_ld.canonical(options, json_ld.known()) == (path / "proofCanonEdSig.txt").read_bytes()


@pytest.mark.parametrize(
    ("name", "pointer", "reason"),
    [
        ("credential-redef-type-fail", "/@context/1", "redefines the protected term 'VerifiableCredential'"),
        (
            "credential-redef-type2-fail",
            "/@context/2",
            "redefines the protected term 'ExampleVerifiableCredential'",
        ),
        ("credential-type-mapped-nonurl-fail", "/@context/1", "maps 'ExampleTestCredential' to 'https ://"),
        ("credential-status-nonurl-id-fail", "/credentialStatus/id", "is 'https ://not-a-url/"),
        ("credential-schema-non-url-id-fail", "/credentialSchema/id", "is 'https ://not-a-url"),
        ("credential-issuer-no-url-fail", "/issuer", "is 'fake-issuer', which is no absolute IRI"),
        ("credential-issuer-null-fail", "/issuer", "is null"),
        ("credential-id-nonidentifier-fail", "/id", "is None, an IRI is expected"),
        ("credential-id-multi-fail", "/id", "is ['https://example.org/credentials/1', "),
        ("presentation-holder-fail", "/holder", "which is no absolute IRI"),
        ("presentation-vc-as-string-fail", "/verifiableCredential/0", "is to be a graph"),
        ("credential-context-combo4-fail", "/@context/1", "is 123192875"),
    ],
)
def test_official_faults_of_json_ld_are_found(shared: Path, name: str, pointer: str, reason: str) -> None:
    document = _read(shared / "vectors" / "vcdm2" / f"{name}.json")
    found = json_ld.findings(document, json_ld.known())[0]
    assert found.pointer == pointer
    assert reason in found.reason


def test_official_good_documents_have_no_findings(shared: Path) -> None:
    paths = sorted((shared / "vectors" / "vcdm2").glob("*-ok.json"))
    assert len(paths) >= 20
    assert {
        path.name: found for path in paths if (found := json_ld.findings(_read(path), json_ld.known()))
    } == {}
