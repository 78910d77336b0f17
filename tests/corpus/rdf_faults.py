"""Faults of credentials whose proof signs RDF, and of those with ECDSA proofs."""

from __future__ import annotations

import copy
from collections.abc import Iterator
from typing import Any, Final

from ipse.credentials import model
from ipse.credentials.formats.data_integrity import SUITES, hash_data
from ipse.encoding import multibase
from tests.corpus.building import (
    ISSUER,
    MINTER,
    STRANGER,
    TERMS,
    Fault,
    Good,
    Json,
    credential,
    edited,
    proof,
    w3c,
)

__all__ = ["faults", "good"]

FAMILY: Final = "w3c-rdfc"
_SUITE: Final = "eddsa-rdfc-2022"
_ORDER: Final = 0xFFFFFFFF00000000FFFFFFFFFFFFFFFFBCE6FAADA7179E84F3B9CAC2FC632551

_DROPPED: Final[dict[str, tuple[tuple[Any, ...], Any]]] = {
    "term-undefined": (("credentialSubject", "honours"), "cum laude"),
    "type-undefined": (("type",), ["VerifiableCredential", "DegreeCredential", "DoctorCredential"]),
    "iri-relative": (("credentialSubject", "campus"), "campus/1"),
    "null-value": (("credentialSubject", "campus"), None),
    "language-malformed": (("credentialSubject", "knows"), {"@value": "x", "@language": "not a tag"}),
    "members-of-one-id-in-two-places": (
        ("credentialSubject", "knows"),
        {"id": "urn:uuid:58172aac-d8ba-11ed-83dd-0b3aef56cc33", "degree": "Oceanography"},
    ),
    "array-empty": (("credentialSubject", "knows"), []),
    "type-under-another-spelling": (("credentialSubject", "@type"), "urn:x"),
    "keyword-unknown": (("credentialSubject", "@vocabulary"), "x"),
    "number-with-more-digits-than-rdf": (("credentialSubject", "knows"), 0.12345678901234567),
    "proof-member-undefined": (("proof", "remark"), "x"),
    "proof-member-null": (("proof", "domain"), None),
}
"""What an RDF signature does not see: each is added to a credential that is signed without it."""

_CHANGES: Final[dict[str, tuple[tuple[Any, ...], Any]]] = {
    "claim-changed": (("credentialSubject", "degree"), "Medicine"),
    "claim-removed": (("credentialSubject", "grade"), ...),
    "claim-added": (("credentialSubject", "knows"), "Medicine"),
    "order-of-a-list-changed": (("credentialSubject", "courses"), ["Currents", "Tides"]),
    "number-for-text": (("credentialSubject", "grade"), "1.5"),
    "term-of-another-meaning": (("@context",), [model.CONTEXT, {**TERMS, "degree": "urn:x:degree"}]),
    "proof-date-changed": (("proof", "created"), "2026-01-01T00:00:01Z"),
    "cryptosuite-of-another-canonical-form": (("proof", "cryptosuite"), "eddsa-jcs-2022"),
    "proof-context-of-its-own": (("proof", "@context"), [model.CONTEXT, {"created": "urn:x"}]),
    "proof-value-of-zeros": (("proof", "proofValue"), multibase.encode_base58btc(bytes(64))),
}


def good() -> Iterator[Good]:
    """The credentials that these would be."""
    yield Good(FAMILY, w3c(credential(), suite=_SUITE))
    yield Good("w3c-ecdsa-jcs", w3c(credential(MINTER), MINTER, suite="ecdsa-jcs-2019"))
    yield Good("w3c-ecdsa-rdfc", w3c(credential(MINTER), MINTER, suite="ecdsa-rdfc-2019"))


def faults() -> Iterator[Fault]:
    """One document for each fault."""
    signed = w3c(credential(), suite=_SUITE)
    for name, (path, value) in (*_DROPPED.items(), *_CHANGES.items()):
        yield Fault(FAMILY, name, edited(signed, *path, to=value), "proof")
    yield from _contexts()
    forged = proof(credential(), STRANGER, suite=_SUITE, verificationMethod=ISSUER.method)
    yield Fault(FAMILY, "signature-by-another-key", {**credential(), "proof": forged}, "proof")
    yield Fault(
        FAMILY,
        "proof-made-to-authenticate",
        w3c(credential(), suite=_SUITE, proofPurpose="authentication"),
        "purpose",
    )
    expired = credential(validUntil="2026-07-01T11:58:59Z")
    yield Fault(FAMILY, "expired", w3c(expired, suite=_SUITE), "time")
    yield from _ecdsa()


def _contexts() -> Iterator[Fault]:
    """Contexts that are not at hand or do what they may not, signed as if they did nothing."""
    plain = credential()
    signed = w3c(plain, suite=_SUITE)
    unknown = [model.CONTEXT, TERMS, "https://issuer.example/terms.jsonld"]
    yield Fault(FAMILY, "context-unknown", edited(signed, "@context", to=unknown), "proof", "undetermined")
    redefining = [model.CONTEXT, TERMS, {"VerifiableCredential": "urn:x"}]
    yield Fault(FAMILY, "protected-term-redefined", edited(signed, "@context", to=redefining), "proof")
    nulled = [model.CONTEXT, TERMS, {"@version": 1.0}]
    yield Fault(FAMILY, "context-of-an-old-version", edited(signed, "@context", to=nulled), "proof")
    yield Fault(FAMILY, "graph-poisoned", w3c(_poisoned(), suite=_SUITE, signed=plain), None)


def _poisoned() -> Json:
    """Nodes that look alike from far and near: canonicalising tries every order of them."""
    node: Json = {"degree": "x"}
    for _ in range(3):
        node = {"knows": [copy.deepcopy(node) for _ in range(9)]}
    return edited(credential(), "credentialSubject", "knows", to=node)


def _ecdsa() -> Iterator[Fault]:
    for family, suite in (("w3c-ecdsa-jcs", "ecdsa-jcs-2019"), ("w3c-ecdsa-rdfc", "ecdsa-rdfc-2019")):
        document = credential(MINTER)
        signed = w3c(document, MINTER, suite=suite)
        raw = multibase.decode_base58btc(signed["proof"]["proofValue"])
        values = {
            "signature-with-zero-r": bytes(32) + raw[32:],
            "signature-with-zero-s": raw[:32] + bytes(32),
            "signature-with-r-too-large": _ORDER.to_bytes(32, "big") + raw[32:],
            "signature-in-der": _der(raw),
            "signature-halves-swapped": raw[32:] + raw[:32],
            "signature-one-bit-flipped": raw[:-1] + bytes([raw[-1] ^ 1]),
        }
        for name, value in values.items():
            encoded = multibase.encode_base58btc(value)
            yield Fault(family, name, edited(signed, "proof", "proofValue", to=encoded), "proof")
        changed = edited(signed, "credentialSubject", "degree", to="Medicine")
        yield Fault(family, "claim-changed", changed, "proof")
        other = suite.replace("ecdsa", "eddsa").replace("2019", "2022")
        yield Fault(
            family, "cryptosuite-of-another-key", edited(signed, "proof", "cryptosuite", to=other), "proof"
        )
        options = {name: value for name, value in signed["proof"].items() if name != "proofValue"}
        hashed = hash_data(document, options, SUITES[suite], hash_name="sha384")
        encoded = multibase.encode_base58btc(MINTER.key.sign(hashed))
        yield Fault(
            family, "hash-of-another-curve", edited(signed, "proof", "proofValue", to=encoded), "proof"
        )


def _der(raw: bytes) -> bytes:
    from cryptography.hazmat.primitives.asymmetric.utils import encode_dss_signature

    return encode_dss_signature(int.from_bytes(raw[:32], "big"), int.from_bytes(raw[32:], "big"))
