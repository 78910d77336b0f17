"""did:web: the DID is an address, and what is read there must be the document of that DID."""

from __future__ import annotations

import json
from typing import Any

import pytest

from ipse.dids import did_web, resolver
from ipse.dids.document_shape import DocumentMismatch, DocumentUnusable
from ipse.dids.verification_methods import SIGNING
from ipse.errors import MalformedInput, Undetermined
from ipse.keys import ecdsa, ed25519, key_types
from ipse.keys.ed25519 import PrivateKey

KEY = PrivateKey(bytes(range(32))).public()
P256 = ecdsa.PrivateKey("P-256", bytes(range(32))).public()
DID = "did:web:example.com"
METHOD = {
    "id": f"{DID}#1",
    "type": "Multikey",
    "controller": DID,
    "publicKeyMultibase": key_types.to_multikey(KEY),
}


def read(document: Any, did: str = DID) -> dict[str, Any]:
    return did_web.read(did, json.dumps(document).encode())


@pytest.mark.parametrize(
    ("did", "url"),
    [
        ("did:web:w3c-ccg.github.io", "https://w3c-ccg.github.io/.well-known/did.json"),
        ("did:web:w3c-ccg.github.io:user:alice", "https://w3c-ccg.github.io/user/alice/did.json"),
        ("did:web:example.com%3A3000", "https://example.com:3000/.well-known/did.json"),
        ("did:web:example.com%3a3000:user:alice", "https://example.com:3000/user/alice/did.json"),
        ("did:web:Example.COM:A", "https://example.com/A/did.json"),
        ("did:web:localhost%3A8443", "https://localhost:8443/.well-known/did.json"),
        ("did:web:example.com:a%20b:%C3%BC", "https://example.com/a%20b/%C3%BC/did.json"),
    ],
)
def test_a_did_is_published_at_the_url_of_the_specification(did: str, url: str) -> None:
    assert did_web.publish_url(resolver.check_did(did)) == url


@pytest.mark.parametrize(
    "rest",
    [
        "127.0.0.1", "127.0.0.1%3A80", "1", "10.0x1", "%5B%3A%3A1%5D", "%3A80", "example.com%3A",
        "example.com%3A0",
        "example.com%3A080", "example.com%3A65536", "example.com%3A80%3A80", "example.com%2Fa",
        "a%40example.com",
        "example.com%23", "example.com.", ".example.com", "a..b", "-a.example", "a-.example", "a_b.example",
        "%65xample.com", "a" * 64 + ".example", "a." * 130 + "a", ":a", "example.com::a", "example.com:..",
        "example.com:.", "example.com:%2e%2e", "example.com:.%2E", "example.com:a%2Fb", "example.com:a%5Cb",
        "example.com:a%3Fb", "example.com:a%23b", "example.com:a%252Fb", "example.com:%00",
        "example.com:a%0Ab",
    ],
)  # fmt: skip
def test_what_leads_elsewhere_is_no_did_web(rest: str) -> None:
    with pytest.raises(MalformedInput):
        resolver.resolve(f"did:web:{rest}", fetch=lambda url: pytest.fail(f"{url} was fetched"))


def test_a_document_is_built_for_its_keys_each_with_one_purpose() -> None:
    document = did_web.document(
        DID, {"key-1": KEY, f"{DID}#key-2": P256, "#key-3": ed25519.key_agreement_key(KEY)}
    )
    assert document["id"] == DID
    assert [method["id"] for method in document["verificationMethod"]] == [
        f"{DID}#key-{number}" for number in (1, 2, 3)
    ]
    for relationship in SIGNING:
        assert document[relationship] == [f"{DID}#key-1", f"{DID}#key-2"]
    assert document["keyAgreement"] == [f"{DID}#key-3"]
    assert read(document) == document
    assert resolver.method_key(resolver.find_method(document, f"{DID}#key-2", "assertionMethod")) == P256


@pytest.mark.parametrize("name", ["", "#", "a b", "a#b", "did:web:other.example#a", "a\n", "\u00fc", DID])
def test_a_key_has_a_name_that_a_did_url_can_hold(name: str) -> None:
    with pytest.raises(MalformedInput, match="can't name a key"):
        did_web.document(DID, {name: KEY})


def test_two_keys_have_two_names() -> None:
    with pytest.raises(MalformedInput):
        did_web.document(DID, {"a": KEY, f"{DID}#a": P256})


@pytest.mark.parametrize(
    "other",
    ["did:web:example.org", "did:web:EXAMPLE.com", "did:web:example.com:a", DID + "#1", DID + " ", ""],
)
def test_the_document_of_another_did_is_not_taken(other: str) -> None:
    with pytest.raises(DocumentMismatch) as caught:
        read({"id": other, "verificationMethod": [METHOD]})
    assert caught.value.code == "did-document-mismatch"
    assert isinstance(caught.value, Undetermined)


def test_relative_ids_become_whole_did_urls() -> None:
    document = read({"id": DID, "verificationMethod": [{**METHOD, "id": "#1"}], "authentication": ["#1"]})
    assert resolver.find_method(document, f"{DID}#1", "authentication") == METHOD


def test_what_did_core_does_not_define_is_kept() -> None:
    document = {"id": DID, "publicKeyService": 1, "verificationMethod": [{**METHOD, "x": [1]}]}
    assert read(document) == document


def test_a_document_may_name_other_controllers_and_embed_methods() -> None:
    document = {
        "id": DID,
        "controller": ["did:web:a.example", DID],
        "alsoKnownAs": ["https://example.com/"],
        "authentication": [METHOD, "did:web:a.example#key"],
        "service": [{"id": f"{DID}#s", "type": ["A", "B"], "serviceEndpoint": [{"uri": "a:b"}]}],
    }
    assert read(document) == document


@pytest.mark.parametrize(
    "change",
    [
        {"id": None}, {"id": 1}, {"id": [DID]}, {"@context": 1}, {"@context": [1]}, {"@context": {}},
        {"verificationMethod": METHOD}, {"verificationMethod": None}, {"verificationMethod": [f"{DID}#1"]},
        {"verificationMethod": [METHOD, METHOD]}, {"verificationMethod": [METHOD, {**METHOD, "id": "#1"}]},
        {"verificationMethod": [METHOD], "authentication": [METHOD]}, {"verificationMethod": [[]]},
        {"verificationMethod": [{**METHOD, "id": None}]}, {"verificationMethod": [{**METHOD, "id": ""}]},
        {"verificationMethod": [{**METHOD, "id": "#"}]}, {"verificationMethod": [{**METHOD, "id": 1}]},
        {"verificationMethod": [{**METHOD, "type": None}]},
        {"verificationMethod": [{**METHOD, "type": ["a"]}]},
        {"verificationMethod": [{**METHOD, "controller": None}]},
        {"verificationMethod": [{**METHOD, "controller": "example.com"}]},
        {"verificationMethod": [{**METHOD, "controller": [DID]}]}, {"authentication": f"{DID}#1"},
        {"assertionMethod": {f"{DID}#1": METHOD}}, {"keyAgreement": [1]}, {"capabilityInvocation": [None]},
        {"capabilityDelegation": True}, {"authentication": ["#1"] * 257}, {"controller": 1},
        {"controller": [1]},
        {"controller": "example.com"}, {"alsoKnownAs": "a"}, {"alsoKnownAs": [1]}, {"service": {}},
        {"service": ["a"]}, {"service": [{"id": "#s", "type": "a"}]}, {"service": [{"type": "a"}]},
        {"service": [{"id": "#s", "type": [], "serviceEndpoint": "a:b"}]},
        {"service": [{"id": "#s", "type": [1], "serviceEndpoint": "a:b"}]},
        {"service": [{"id": "#s", "type": "a", "serviceEndpoint": 1}]},
    ],
)  # fmt: skip
def test_a_document_of_the_wrong_shape_is_unusable(change: dict[str, Any]) -> None:
    with pytest.raises(DocumentUnusable) as caught:
        read({"id": DID, **change})
    assert caught.value.code == "did-document-unusable"
    assert len(caught.value.message) < 400


@pytest.mark.parametrize(
    "data",
    [
        b"", b"<html>", b"[]", b"null", b"\xff",
        b'{"id": "did:web:example.com", "id": "did:web:example.com"}',
        b'{"id": NaN}', b"[" * 5000, b'"' + b"a" * did_web.MAX_BYTES + b'"', b"\xef\xbb\xbf{}",
    ],
)  # fmt: skip
def test_what_is_no_strict_json_is_unusable(data: bytes) -> None:
    with pytest.raises(DocumentUnusable):
        did_web.read(DID, data)
