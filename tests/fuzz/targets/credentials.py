"""Credentials and presentations as JSON, and the whole of verification."""

from __future__ import annotations

import json
from collections.abc import Iterable
from contextlib import suppress
from random import Random
from typing import Any, Final

from ipse.credentials import formats, json_ld, json_schema, model, template, verifier, w3c_presentation
from ipse.credentials.formats import data_integrity, sd_jwt
from ipse.credentials.formats.sd_jwt.disclosable import hidden as hidden_claims
from ipse.credentials.formats.sd_jwt.disclosures import unpack
from ipse.credentials.formats.vcdm11 import didkit_process, embedded_proofs, spelling
from ipse.credentials.issuer import Draft, IssueOptions, Issuer, SigningKey
from ipse.credentials.model import lint, vcdm11
from ipse.credentials.policy import Challenge, Policy, Sources
from ipse.credentials.report import CHECKS, NotApplicable, Rejected
from ipse.credentials.status import Published
from ipse.encoding import strict_json
from ipse.errors import IpseError
from tests.corpus import sd_jwt_building
from tests.corpus.building import AUDIENCE, HOLDER, ISSUER, NONCE, NOW, credential
from tests.fuzz.material import METADATA_ISSUER, good, good_objects, published, schemas
from tests.fuzz.target import Target, as_bytes

__all__ = ["TARGETS"]

_POLICY: Final = Policy(any_issuer=True, challenge=Challenge(AUDIENCE, NONCE))
_SOURCES: Final = Sources(fetch=published, schemas=schemas())
_OLD: Final = (b"2018/credentials/v1", b"eyJ2YyI6")
_SCHEMAS: Final = {url: strict_json.canonical(schema) for url, schema in schemas().items()}


def _vcdm2(data: bytes) -> None:
    document = strict_json.parse_object(data)
    model.presentation_violations(document)
    model.embedded_proof_violations(document)
    model.proof_violations(document)
    if not model.violations(document):
        model.issuer_of(document)
        model.subject_of(document)
        json_ld.subjects(document, json_ld.known())
        model.types_of(document)
        model.validity(document)
    try:
        json_schema.check_credential_schema(document, _SCHEMAS)
    except (NotApplicable, Rejected):
        return


def _vcdm11(data: bytes) -> None:
    document = strict_json.parse_object(data)
    vcdm11.presentation_violations(document)
    if not vcdm11.check_data_model(document):
        vcdm11.issuer_of(document)
        vcdm11.validity(document)
    vcdm11.refuse_broken(document)


def _spelling(data: bytes) -> None:
    """What is looked at before anything of VCDM 1.1 is given to didkit."""
    document = strict_json.parse_object(data)
    if not vcdm11.check_data_model(document):
        with suppress(IpseError):
            spelling.check_method(vcdm11.issuer_of(document), embedded_proofs.method_of(document))
        spelling.check_spelling(document)
    if not vcdm11.presentation_violations(document):
        vcdm11.holder_of(document)
        spelling.check_presentation_spelling(document)


def _lint(data: bytes) -> None:
    found = lint.lint(strict_json.parse_object(data))
    assert all(str(violation) for violation in (*found.violations, *found.warnings))


def _proofs(data: bytes) -> None:
    document = strict_json.parse_object(data)
    for proof in data_integrity.proofs_of(document):
        assert proof.options is not proof.members


def _json_ld(data: bytes) -> None:
    document = strict_json.parse_object(data)
    if not json_ld.findings(document, json_ld.known(), signs_rdf=True):
        assert json_ld.canonical(document, json_ld.known())


def _schema(data: bytes) -> None:
    given = strict_json.parse_object(data)
    schema, value = given.get("schema"), given.get("value")
    if isinstance(schema, dict):
        broken = json_schema.compile_schema(schema).violations(value)
        assert len(broken) <= json_schema.MAX_VIOLATIONS
        assert all("\n" not in line for pair in broken for line in pair)


def _template(data: bytes) -> None:
    given = strict_json.parse_object(data)
    source, row = given.get("template"), given.get("row")
    if isinstance(source, dict) and isinstance(row, dict):
        compiled = template.compile_template(source, refused={"proof": "it comes later"})
        filled = compiled.fill(row)
        compiled.check_columns(row)
        assert filled.keys() == source.keys()


def _drafting(data: bytes) -> None:
    document = strict_json.parse_object(data)
    for issuer in _ISSUERS:
        for content in (_draft(document), document):
            with suppress(IpseError):
                issuer.unsigned(content, resolve=_SOURCES.resolve)
    with suppress(IpseError):
        _hidden(document)
    w3c_presentation.build(HOLDER.did, [document])


def _hidden(claims: dict[str, Any]) -> None:
    """Every claim made withholdable, and read again."""
    salts = (number.to_bytes(16, "big") for number in range(1, 100_000))
    token = sd_jwt.issue(
        claims,
        disclosable=hidden_claims(claims, ["all"]),
        signer=ISSUER.key,
        typ="example+jwt",
        salts=lambda: next(salts),
    )
    read = sd_jwt.parse(token)
    again = unpack(read.jwt.payload, read.disclosures).claims
    assert strict_json.canonical(again) == strict_json.canonical(claims)


def _draft(claims: dict[str, Any]) -> Draft:
    return Draft(HOLDER.did, ["DegreeCredential"], claims, credential_id="urn:a")


_SIGNING_KEY: Final = SigningKey(ISSUER.did, ISSUER.method, ISSUER.key)
_ISSUERS: Final = [
    Issuer(_SIGNING_KEY, options, now=NOW)
    for options in (
        IssueOptions("w3c", undefined_terms=True),
        *([IssueOptions("w3c-1.1")] if didkit_process.available() else []),
        IssueOptions("sd-jwt"),
    )
]


def _verification(data: bytes) -> None:
    if any(sign in data for sign in _OLD):
        return  # VCDM 1.1 is a process of didkit's for each; its parser is a target of its own
    text = data.decode("utf-8", "surrogateescape")
    with suppress(IpseError):
        formats.claimed(text)
    found = verifier.verify(text, policy=_POLICY, now=NOW, sources=_SOURCES)
    assert len(found.report.checks) == len(CHECKS)
    strict_json.pretty(found.report.to_json())
    for report in (found.report, *found.report.credentials):
        assert all(check.reason == " ".join(check.reason.splitlines()) for check in report.checks), report


_FROM_URL: Final = sd_jwt_building.sd_jwt(sd_jwt_building.claims(iss=METADATA_ISSUER), kid="key-1")


def _metadata(data: bytes) -> None:
    """What an https issuer publishes of its keys."""
    sources = Sources(fetch=lambda url: Published(url, data, NOW))
    verifier.verify(_FROM_URL, policy=Policy(any_issuer=True), now=NOW, sources=sources)


def _old() -> list[bytes]:
    return [document for document in good_objects() if _OLD[0] in document]


def _without_proof(document: bytes) -> bytes:
    members = json.loads(document)
    return as_bytes({name: value for name, value in members.items() if name != "proof"})


def _linked_data() -> Iterable[bytes]:
    """Credentials, and documents that use all of JSON-LD that is read."""
    from tests.properties.test_json_ld import document

    yield from good_objects()[::6]
    for number in range(24):
        yield json.dumps(document(Random(number))).encode()


def _claims_to_draft() -> Iterable[bytes]:
    yield as_bytes({"degree": {"name": "a"}, "list": [1, {"b": 2}, []]})
    yield as_bytes(claims := credential(at_context=[model.CONTEXT, {"a": "urn:a"}]))
    yield as_bytes(claims["credentialSubject"])
    yield as_bytes({"vct": "https://issuer.example/degree", "cnf": {"jwk": {}}, "aud": ["a"], "exp": 1})


def _metadata_documents() -> Iterable[bytes]:
    from ipse.keys import key_types

    keys = [{**key_types.public_to_jwk(ISSUER.key.public()), "kid": "key-1"}]
    yield as_bytes({"issuer": METADATA_ISSUER, "jwks": {"keys": keys}})
    yield as_bytes({"issuer": METADATA_ISSUER, "jwks_uri": f"{METADATA_ISSUER}/jwks", "keys": keys})


def _schema_cases() -> Iterable[bytes]:
    schema: dict[str, Any] = {
        "$schema": "https://json-schema.org/draft/2020-12/schema",
        "$id": "https://issuer.example/row",
        "$defs": {"grade": {"type": "integer", "minimum": 1, "multipleOf": 1}},
        "type": "object",
        "properties": {
            "name": {"type": "string", "pattern": "^[A-Z](a|b)*$", "maxLength": 9, "format": "date"},
            "grade": {"$ref": "#/$defs/grade"},
            "list": {"items": {"anyOf": [{"const": 1}, {"enum": ["a"]}]}, "uniqueItems": True},
        },
        "patternProperties": {"^x-": {"$dynamicRef": "#a"}},
        "if": {"required": ["a"]}, "then": {"minProperties": 1}, "else": {"not": {"required": ["b"]}},
        "unevaluatedProperties": False,
    }  # fmt: skip
    yield as_bytes({"schema": schema, "value": {"name": "Aba", "grade": 2, "list": [1, "a"]}})
    yield as_bytes(
        {"schema": {**schema, "$schema": "http://json-schema.org/draft-07/schema#"}, "value": {"name": 1}}
    )
    again = {"$ref": "#"}
    tree = {"oneOf": [{"properties": {"a": again}, "required": ["a"]}, {"properties": {"a": again}}]}
    yield as_bytes({"schema": {**tree, "type": "object"}, "value": {"a": {"a": {"a": "x"}}}})
    for known in schemas().values():
        yield as_bytes({"schema": known, "value": {"credentialSubject": {"degree": "a"}}})


def _templates() -> Iterable[bytes]:
    source = {
        "@context": [model.CONTEXT],
        "type": ["VerifiableCredential"],
        "credentialSubject": {
            "id": "{{did}}",
            "name": "{{ first }} {{last}}",
            "braces": "{{{{ }}",
            "n": "{{n}}",
        },
    }
    yield as_bytes({"template": source, "row": {"did": HOLDER.did, "first": "A", "last": "{{n}}", "n": [1]}})


TARGETS: Final = (
    Target("vcdm2", _vcdm2, good_objects, 5),
    Target("vcdm11", _vcdm11, _old, 5),
    Target("vcdm11-spelling", _spelling, lambda: [*_old(), *map(_without_proof, _old())], 4),
    Target("lint", _lint, good_objects, 2),
    Target("proofs", _proofs, good_objects, 4),
    Target("json-ld", _json_ld, _linked_data, 2),
    Target("json-schema", _schema, _schema_cases, 3, 8192),
    Target("template", _template, _templates, 4, 4096),
    Target("drafting", _drafting, _claims_to_draft, 2, 2048),
    Target("issuer-metadata", _metadata, _metadata_documents, 3, 4096),
    Target(
        "verification",
        _verification,
        lambda: good("w3c-jcs", "w3c-ecdsa-jcs", "w3c-status", "jwt", "sd-jwt", "vp-jwt", "vp-w3c-jcs"),
        4,
        signed=True,
    ),
)
