"""Faults of credentials with an embedded proof that JCS carries, the data model's among them."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any, Final

from ipse.credentials import model
from ipse.encoding import multibase, strict_json
from tests.corpus.building import (
    HOLDER,
    ISSUER,
    PEER,
    STRANGER,
    TERMS,
    Fault,
    Good,
    Json,
    changed,
    credential,
    edited,
    proof,
    w3c,
)

__all__ = ["SCHEMAS", "faults", "good"]

FAMILY: Final = "w3c-jcs"
_SCHEMA: Final = "https://issuer.example/schemas/degree.json"
_BROKEN_SCHEMA: Final = "https://issuer.example/schemas/broken.json"
SCHEMAS: Final[dict[str, Json]] = {
    _SCHEMA: {
        "$schema": "https://json-schema.org/draft/2020-12/schema",
        "properties": {"credentialSubject": {"required": ["degree"]}},
    },
    _BROKEN_SCHEMA: {"$schema": "https://json-schema.org/draft/2020-12/schema", "type": "degree"},
}
"""JSON Schemas by their URL."""

_DATA_MODEL: Final[dict[str, Json]] = {
    "context-missing": {"at_context": ...},
    "context-not-an-array": {"at_context": model.CONTEXT},
    "context-of-the-data-model-not-first": {"at_context": [TERMS, model.CONTEXT]},
    "context-not-a-url": {"at_context": [model.CONTEXT, TERMS, "terms"]},
    "type-missing": {"type": ...},
    "type-without-verifiable-credential": {"type": ["DegreeCredential"]},
    "type-named-twice": {"type": ["VerifiableCredential", "DegreeCredential", "DegreeCredential"]},
    "type-not-a-name": {"type": ["VerifiableCredential", 5]},
    "issuer-missing": {"issuer": ...},
    "issuer-not-a-url": {"issuer": "the university"},
    "issuer-without-id": {"issuer": {"name": "University"}},
    "id-not-a-url": {"id": "58172aac"},
    "id-of-several": {"id": ["urn:uuid:1", "urn:uuid:2"]},
    "subject-missing": {"credentialSubject": ...},
    "subject-null": {"credentialSubject": None},
    "subject-empty": {"credentialSubject": {}},
    "subject-not-an-object": {"credentialSubject": "Oceanography"},
    "subject-id-not-a-url": {"credentialSubject": {"id": "me", "degree": "Oceanography"}},
    "valid-from-without-time": {"validFrom": "2026-01-01"},
    "valid-from-without-zone": {"validFrom": "2026-01-01T00:00:00"},
    "valid-until-a-number": {"validUntil": 1798761600},
    "valid-until-before-valid-from": {"validUntil": "2025-01-01T00:00:00Z"},
    "status-without-type": {"credentialStatus": {"id": "urn:uuid:3"}},
    "status-empty": {"credentialStatus": []},
    "schema-without-id": {"credentialSchema": {"type": "JsonSchema"}},
    "evidence-without-type": {"evidence": {"id": "urn:uuid:4"}},
    "terms-of-use-not-an-object": {"termsOfUse": "none"},
    "refresh-service-without-type": {"refreshService": {"id": "urn:uuid:5"}},
    "related-resource-without-digest": {"relatedResource": {"id": "https://issuer.example/logo.png"}},
    "name-a-number": {"name": 5},
    "protected-term-redefined": {"at_context": [model.CONTEXT, TERMS, {"VerifiableCredential": "urn:x"}]},
}

_ISSUERS: Final = {
    "issuer-not-a-did": ("https://issuer.example", "undetermined"),
    "issuer-of-an-unknown-did-method": ("did:example:issuer", "undetermined"),
    "issuer-key-of-an-unknown-type": (
        "did:key:" + multibase.encode_base58btc(multibase.encode_varint(0x1202) + bytes(32)),
        "undetermined",
    ),
    "issuer-did-malformed": (ISSUER.did + "#key", "failed"),
    "issuer-key-too-short": ("did:key:" + multibase.encode_base58btc(b"\xed\x01" + bytes(31)), "failed"),
}

_OPTIONS: Final[dict[str, tuple[Json, str, str]]] = {
    "verification-method-missing": ({"verificationMethod": ...}, "proof", "failed"),
    "verification-method-without-fragment": ({"verificationMethod": ISSUER.did}, "proof", "failed"),
    "verification-method-not-listed": ({"verificationMethod": ISSUER.method + "x"}, "proof", "failed"),
    "verification-method-relative": (
        {"verificationMethod": ISSUER.method.partition("#")[2]}, "proof", "failed",
    ),
    "cryptosuite-missing": ({"cryptosuite": ...}, "proof", "undetermined"),
    "cryptosuite-unknown": ({"cryptosuite": "bbs-2023"}, "proof", "undetermined"),
    "cryptosuite-of-another-key": ({"cryptosuite": "ecdsa-jcs-2019"}, "proof", "failed"),
    "cryptosuite-of-another-canonical-form": ({"cryptosuite": "eddsa-rdfc-2022"}, "proof", "failed"),
    "proof-type-unknown": ({"type": "JsonWebSignature2020"}, "proof", "undetermined"),
    "proof-type-missing": ({"type": ...}, "data-model", "failed"),
    "proof-type-with-a-cryptosuite-of-its-own": ({"type": "Ed25519Signature2020"}, "proof", "failed"),
    "proof-purpose-missing": ({"proofPurpose": ...}, "proof", "failed"),
    "proof-created-malformed": ({"created": "yesterday"}, "proof", "failed"),
    "proof-expires-malformed": ({"expires": "2027-01-01"}, "proof", "failed"),
    "proof-id-not-a-url": ({"id": "proof"}, "proof", "failed"),
    "proof-domain-not-a-text": ({"domain": 5}, "proof", "failed"),
    "proof-built-on-an-absent-one": ({"previousProof": "urn:uuid:6"}, "proof", "failed"),
    "proof-made-to-authenticate": ({"proofPurpose": "authentication"}, "purpose", "failed"),
    "proof-made-for-an-unknown-purpose": ({"proofPurpose": "keyAgreement"}, "purpose", "failed"),
    "proof-expired": ({"expires": "2026-06-30T00:00:00Z"}, "time", "failed"),
}  # fmt: skip

_CHANGES: Final[dict[str, tuple[tuple[Any, ...], Any]]] = {
    "claim-changed": (("credentialSubject", "degree"), "Medicine"),
    "claim-added": (("credentialSubject", "honours"), "cum laude"),
    "claim-removed": (("credentialSubject", "degree"), ...),
    "number-changed": (("credentialSubject", "grade"), 1.0),
    "order-changed": (("credentialSubject", "courses"), ["Currents", "Tides"]),
    "subject-changed": (("credentialSubject", "id"), STRANGER.did),
    "validity-lengthened": (("validUntil",), "2037-01-01T00:00:00Z"),
    "type-added": (("type",), ["VerifiableCredential", "DegreeCredential", "DoctorCredential"]),
    "context-of-its-own-changed": (("@context",), [model.CONTEXT, {**TERMS, "degree": "urn:x"}]),
    "proof-date-changed": (("proof", "created"), "2026-01-01T00:00:01Z"),
    "proof-member-added": (("proof", "expires"), "2037-01-01T00:00:00Z"),
    "proof-value-missing": (("proof", "proofValue"), ...),
    "proof-value-not-multibase": (("proof", "proofValue"), "signature"),
    "proof-value-in-base64url": (("proof", "proofValue"), "u" + "A" * 86),
    "proof-value-too-short": (("proof", "proofValue"), multibase.encode_base58btc(bytes(63))),
    "proof-value-of-zeros": (("proof", "proofValue"), multibase.encode_base58btc(bytes(64))),
}


def good() -> Good:
    """The credential that all of these would be."""
    return Good(FAMILY, w3c(credential()))


def faults() -> Iterator[Fault]:
    """One document for each fault."""
    for name, members in _DATA_MODEL.items():
        yield Fault(FAMILY, name, w3c(credential(**members)), "data-model")
    for name, (did, outcome) in _ISSUERS.items():
        yield Fault(FAMILY, name, w3c(credential(issuer=did)), "issuer", outcome)
    for name, (options, check, outcome) in _OPTIONS.items():
        yield Fault(FAMILY, name, w3c(credential(), **options), check, outcome)
    signed = w3c(credential())
    for name, (path, value) in _CHANGES.items():
        yield Fault(FAMILY, name, edited(signed, *path, to=value), "proof")
    yield from _proofs(signed)
    yield from _sets()
    yield from _judged()
    yield from _unreadable(signed)


def _proofs(signed: Json) -> Iterator[Fault]:
    yield Fault(FAMILY, "proof-missing", credential(), "proof")
    yield Fault(FAMILY, "proof-not-an-object", {**credential(), "proof": "signed"}, "data-model")
    yield Fault(FAMILY, "proofs-none", {**credential(), "proof": []}, "data-model")
    forged = proof(credential(), STRANGER, verificationMethod=ISSUER.method)
    yield Fault(FAMILY, "signature-by-another-key", {**credential(), "proof": forged}, "proof")
    yield Fault(FAMILY, "verification-method-of-another", w3c(credential(), STRANGER), "proof")
    other = proof(credential(id="urn:uuid:7"))
    yield Fault(FAMILY, "proof-of-another-credential", {**credential(), "proof": other}, "proof")
    flipped = multibase.decode_base58btc(signed["proof"]["proofValue"])
    value = multibase.encode_base58btc(flipped[:-1] + bytes([flipped[-1] ^ 1]))
    yield Fault(FAMILY, "signature-one-bit-flipped", edited(signed, "proof", "proofValue", to=value), "proof")


def _sets() -> Iterator[Fault]:
    """Proof sets and chains in which not every proof holds."""
    document = credential()
    own = proof(document, id="urn:uuid:10")
    bad = {**proof(document, STRANGER), "proofValue": own["proofValue"]}
    yield Fault(FAMILY, "second-proof-wrong", {**document, "proof": [own, bad]}, "proof")
    twin = proof(document, HOLDER, id="urn:uuid:10")
    yield Fault(FAMILY, "proofs-of-the-same-id", {**document, "proof": [own, twin]}, "proof")
    unknown = changed(proof(document, HOLDER), cryptosuite="bbs-2023")
    yield Fault(
        FAMILY, "second-proof-of-an-unknown-kind", {**document, "proof": [own, unknown]},
        "proof", "undetermined",
    )  # fmt: skip
    purpose = proof(document, HOLDER, proofPurpose="authentication")
    yield Fault(FAMILY, "second-proof-to-authenticate", {**document, "proof": [own, purpose]}, "purpose")
    loose = proof(document, HOLDER, previousProof="urn:uuid:10")
    yield Fault(FAMILY, "chained-proof-not-over-the-first", {**document, "proof": [own, loose]}, "proof")
    circle = [
        proof(document, by, id=f"urn:uuid:{here}", previousProof=f"urn:uuid:{there}")
        for by, here, there in ((ISSUER, 10, 11), (HOLDER, 11, 10))
    ]
    yield Fault(FAMILY, "proofs-in-a-circle", {**document, "proof": circle}, "proof")
    many = [proof(document, id=f"urn:uuid:{number}") for number in range(17)]
    yield Fault(FAMILY, "proofs-too-many", {**document, "proof": many}, "proof", "undetermined")
    others = proof(document, HOLDER)
    yield Fault(FAMILY, "no-proof-by-the-issuer", {**document, "proof": [others]}, "proof")


def _judged() -> Iterator[Fault]:
    """What the proof covers is not what the verifier asks for."""
    early, late = {"validFrom": "2026-07-01T12:01:01Z"}, {"validUntil": "2026-07-01T11:58:59Z"}
    yield Fault(FAMILY, "not-valid-yet", w3c(credential(**early)), "time")
    yield Fault(FAMILY, "expired", w3c(credential(**late)), "time")
    yield Fault(FAMILY, "issuer-not-trusted", w3c(credential(STRANGER), STRANGER), "trust")
    yield Fault(FAMILY, "key-listed-to-authenticate-alone", w3c(credential(PEER), PEER), "purpose")
    schemas: dict[str, tuple[Json, str]] = {
        "schema-violated": ({"id": _SCHEMA, "type": "JsonSchema"}, "failed"),
        "schema-not-at-hand": ({"id": "https://issuer.example/s", "type": "JsonSchema"}, "undetermined"),
        "schema-of-an-unknown-type": ({"id": _SCHEMA, "type": "ShExSchema"}, "undetermined"),
        "schema-itself-broken": ({"id": _BROKEN_SCHEMA, "type": "JsonSchema"}, "undetermined"),
    }
    for name, (entry, outcome) in schemas.items():
        document = credential(credentialSchema=entry)
        if name == "schema-violated":
            document["credentialSubject"].pop("degree")
        yield Fault(FAMILY, name, w3c(document), "schema", outcome)


def _unreadable(signed: Json) -> Iterator[Fault]:
    """What strict JSON refuses, in otherwise signed documents."""
    text = strict_json.pretty(signed)
    subject = '"degree": "Oceanography"'
    texts = {
        "member-twice": text.replace(subject, f"{subject}, {subject}"),
        "not-a-number": text.replace('"grade": 1.5', '"grade": NaN'),
        "infinite-number": text.replace('"grade": 1.5', '"grade": 1e999'),
        "integer-too-large": text.replace('"grade": 1.5', '"grade": 9007199254740993'),
        "half-a-surrogate-pair": text.replace("Oceanography", "\\ud800"),
        "nested-too-deep": text.replace('"grade": 1.5', '"grade": ' + "[" * 200 + "]" * 200),
        "cut-short": text[:-2],
        "something-after-it": text + " {}",
        "in-an-array": f"[{text}]",
        "with-a-comment": text.replace("{", "{ // signed", 1),
        "single-quotes": text.replace('"', "'"),
        "empty": " ",
    }
    for name, changed_text in texts.items():
        yield Fault(FAMILY, f"json-{name}", changed_text, "parse")
    types = ["VerifiableCredential", "VerifiablePresentation"]
    yield Fault(FAMILY, "credential-and-presentation-at-once", w3c(credential(type=types)), "parse")
