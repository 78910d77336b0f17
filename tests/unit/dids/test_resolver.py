"""One way from a DID to its document, and from a DID URL to a key."""

from __future__ import annotations

import time
from typing import Any

import pytest

from ipse.dids import did_jwk, did_key, resolver
from ipse.encoding import multibase
from ipse.errors import MalformedInput, NotFound, Undetermined
from ipse.keys import ecdsa, key_types
from ipse.keys.ed25519 import PrivateKey

KEY = PrivateKey(bytes(range(32))).public()
DID = did_key.from_public_key(KEY)
METHOD_ID = did_key.verification_method_id(DID)


@pytest.mark.parametrize(
    "did",
    ["did:a:b", DID, "did:web:example.com", "did:web:localhost%3A8443:a", "did:x:a:b::c", "did:0:._-%20"],
)
def test_a_did_keeps_to_the_syntax_of_did_core(did: str) -> None:
    assert resolver.check_did(did) == did


@pytest.mark.parametrize(
    "text",
    [
        "",
        "did",
        "did:",
        "did:key",
        "did:key:",
        "did::z6Mk",
        "did:key:z6Mk:",
        "did:Key:z6Mk",
        "DID:key:z6Mk",
        "did:k-y:z6Mk",
        "did:key:z6Mk#1",
        "did:key:z6Mk?a",
        "did:key:z6Mk/a",
        "did:key:z6Mk\n",
        " did:key:z6Mk",
        "did:key:z6 Mk",
        "did:web:a%2",
        "did:web:a%zz",
        "did:web:bücher",
        "did:web:\u0661",
        "did:k\u00e9y:a",
        "https://example.com",
        "did:key:" + "a" * 2048,
    ],
)
def test_what_is_no_did_is_refused_by_a_short_name(text: str) -> None:
    with pytest.raises(MalformedInput, match="is not a DID") as caught:
        resolver.resolve(text)
    assert len(caught.value.message) < 150
    assert caught.value.message.isprintable()


def test_the_syntax_is_checked_in_linear_time() -> None:
    def seconds() -> float:
        started = time.thread_time()
        for hostile in ("did:a:" + ":" * 2042, "did:a:" + "%41" * 680 + "%", "did:a:" + "a:" * 1020 + "!"):
            with pytest.raises(MalformedInput):
                resolver.check_did(hostile)
        return time.thread_time() - started

    # The least of several: whatever else this process does meanwhile, like collecting garbage, counts too.
    assert min(seconds() for _ in range(5)) < 0.5


@pytest.mark.parametrize("method", ["ion", "example", "ethr", "keys", "k"])
def test_an_unknown_method_is_undetermined_by_name(method: str) -> None:
    with pytest.raises(Undetermined, match=f"did:{method} is not supported"):
        resolver.resolve(f"did:{method}:example.com")


def test_a_method_is_found_under_the_relationships_that_list_it() -> None:
    document = resolver.resolve(DID)
    for relationship in ("authentication", "assertionMethod", "capabilityInvocation", "capabilityDelegation"):
        assert resolver.method_key(resolver.find_method(document, METHOD_ID, relationship)) == KEY


@pytest.mark.parametrize("relationship", ["keyAgreement", "AssertionMethod", "assertionMethod ", "", "proof"])
def test_a_method_is_not_found_under_any_other_name(relationship: str) -> None:
    with pytest.raises(NotFound):
        resolver.find_method(resolver.resolve(DID), METHOD_ID, relationship)


@pytest.mark.parametrize(
    "method_id",
    [DID, METHOD_ID.split("#")[1], "#" + METHOD_ID.split("#")[1], METHOD_ID + "x", METHOD_ID[:-1], "", "#"],
)
def test_a_method_is_found_by_its_whole_id_alone(method_id: str) -> None:
    with pytest.raises(NotFound, match="lists no assertionMethod"):
        resolver.find_method(resolver.resolve(DID), method_id, "assertionMethod")


METHOD = {"id": "did:example:a#1", "type": "Multikey", "controller": "did:example:a"}


def test_a_method_that_stands_in_a_relationship_holds_for_that_one_alone() -> None:
    document = {"id": "did:example:a", "verificationMethod": [], "authentication": [METHOD]}
    assert resolver.find_method(document, METHOD["id"], "authentication") == METHOD
    with pytest.raises(NotFound):
        resolver.find_method(document, METHOD["id"], "assertionMethod")


def test_a_method_that_no_relationship_lists_is_not_found() -> None:
    document = {"id": "did:example:a", "verificationMethod": [METHOD], "authentication": ["did:example:a#2"]}
    with pytest.raises(NotFound):
        resolver.find_method(document, METHOD["id"], "authentication")


def test_a_relationship_that_lists_a_method_nobody_describes_finds_nothing() -> None:
    document = {"id": "did:example:a", "verificationMethod": [], "authentication": [METHOD["id"]]}
    with pytest.raises(NotFound):
        resolver.find_method(document, METHOD["id"], "authentication")


@pytest.mark.parametrize(
    "entries", [None, 1, True, METHOD["id"], METHOD, {}, [None, 1, [METHOD], [METHOD["id"]]]]
)
@pytest.mark.parametrize("member", ["authentication", "verificationMethod"])
def test_a_document_of_the_wrong_shape_lists_nothing(member: str, entries: Any) -> None:
    document = {"id": "did:example:a", "verificationMethod": [METHOD], "authentication": [METHOD["id"]]}
    with pytest.raises((NotFound, MalformedInput)):
        resolver.find_method({**document, member: entries}, METHOD["id"], "authentication")


@pytest.mark.parametrize(
    "kind", ["EcdsaSecp256k1RecoveryMethod2020", "multikey", "", None, ["Multikey"], {"Multikey": 1}]
)
def test_another_type_of_method_is_undetermined(kind: Any) -> None:
    with pytest.raises(Undetermined, match="is not supported"):
        resolver.method_key({**METHOD, "type": kind, "publicKeyMultibase": key_types.to_multikey(KEY)})


@pytest.mark.parametrize("value", [None, 1, [], {}, "", "z", "6Mk"])
def test_a_method_without_a_readable_key_is_refused(value: Any) -> None:
    with pytest.raises(MalformedInput):
        resolver.method_key({**METHOD, "publicKeyMultibase": value})


def test_the_public_key_alone_counts_where_a_method_names_two() -> None:
    method = {**METHOD, "publicKeyMultibase": key_types.to_multikey(KEY), "publicKeyJwk": {"kty": "OKP"}}
    assert resolver.method_key(method) == KEY


JWK = key_types.public_to_jwk(KEY)
P256 = ecdsa.PrivateKey("P-256", bytes(range(32))).public()


@pytest.mark.parametrize(
    ("kind", "member", "value"),
    [
        ("JsonWebKey", "publicKeyJwk", JWK),
        ("JsonWebKey2020", "publicKeyJwk", JWK),
        ("JsonWebKey2020", "publicKeyJwk", {**JWK, "kid": "1", "use": "sig"}),
        ("Ed25519VerificationKey2020", "publicKeyMultibase", key_types.to_multikey(KEY)),
        ("Ed25519VerificationKey2018", "publicKeyBase58", multibase.encode_base58btc(KEY.raw)[1:]),
    ],
)
def test_a_method_is_read_in_the_way_of_its_type(kind: str, member: str, value: Any) -> None:
    assert resolver.method_key({**METHOD, "type": kind, member: value}) == KEY


@pytest.mark.parametrize(
    ("kind", "member", "value"),
    [
        pytest.param(
            "JsonWebKey2020", "publicKeyMultibase", key_types.to_multikey(KEY), id="the member of another"
        ),
        pytest.param("JsonWebKey2020", "publicKeyJwk", "{}", id="a JWK in a string"),
        pytest.param("JsonWebKey2020", "publicKeyJwk", {**JWK, "d": JWK["x"]}, id="a private JWK"),
        pytest.param(
            "Ed25519VerificationKey2020",
            "publicKeyMultibase",
            key_types.to_multikey(P256),
            id="another key type",
        ),
        pytest.param(
            "Ed25519VerificationKey2018", "publicKeyBase58", key_types.to_multikey(KEY), id="multibase"
        ),
        pytest.param("Ed25519VerificationKey2018", "publicKeyBase58", "1" * 31, id="too short"),
        pytest.param("Ed25519VerificationKey2018", "publicKeyBase58", "", id="empty"),
    ],
)
def test_a_method_whose_key_is_not_in_the_way_of_its_type_is_refused(
    kind: str, member: str, value: Any
) -> None:
    with pytest.raises(MalformedInput):
        resolver.method_key({**METHOD, "type": kind, member: value})


@pytest.mark.parametrize("curve", [P256, ecdsa.PrivateKey("secp256k1", bytes(range(32))).public()])
def test_a_key_on_another_curve_is_read(curve: ecdsa.PublicKey) -> None:
    as_jwk = {**METHOD, "type": "JsonWebKey2020", "publicKeyJwk": key_types.public_to_jwk(curve)}
    as_multikey = {**METHOD, "publicKeyMultibase": key_types.to_multikey(curve)}
    assert resolver.method_key(as_jwk) == resolver.method_key(as_multikey) == curve


def test_did_web_without_the_network_is_undetermined_and_says_where_its_document_is() -> None:
    with pytest.raises(Undetermined, match="needs the network") as caught:
        resolver.resolve("did:web:example.com")
    assert "https://example.com/.well-known/did.json" in caught.value.hint


def test_did_web_is_fetched_once_from_the_url_it_stands_for() -> None:
    fetched: list[str] = []

    def fetch(url: str) -> bytes:
        fetched.append(url)
        return b'{"id": "did:web:example.com"}'

    assert resolver.resolve("did:web:example.com", fetch=fetch) == {"id": "did:web:example.com"}
    assert fetched == ["https://example.com/.well-known/did.json"]


@pytest.mark.parametrize(
    "did", [DID, did_jwk.from_public_key(KEY), f"did:peer:0{key_types.to_multikey(KEY)}", "did:example:a"]
)
def test_no_other_method_asks_the_network(did: str) -> None:
    def fetch(url: str) -> bytes:
        pytest.fail(f"{url} was fetched")

    if did == "did:example:a":
        with pytest.raises(Undetermined):
            resolver.resolve(did, fetch=fetch)
    else:
        assert resolver.resolve(did, fetch=fetch) == resolver.resolve(did)
