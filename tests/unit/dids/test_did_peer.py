"""did:peer 0 and 2: keys and services stand in the DID, in one spelling."""

from __future__ import annotations

import json
from typing import Any

import pytest

from ipse.dids import did_key, resolver
from ipse.encoding import base64url, multibase
from ipse.errors import MalformedInput, Undetermined
from ipse.keys import ecdsa, key_types

SIGNING_KEY = "z6Mkj3PUd1WjvaDhNZhhhXQdz5UnZXmS7ehtx8bsPpD47kKc"
AGREEMENT_KEY = "z6LSg8zQom395jKLrGiBNruB9MM6V8PWuf2FpEy4uRFiqQBR"
P256 = key_types.to_multikey(ecdsa.PrivateKey("P-256", bytes(range(32))).public())
KEYS = f"did:peer:2.V{SIGNING_KEY}.E{AGREEMENT_KEY}"
SHORT = multibase.decode_base58btc(SIGNING_KEY)[:-1]
LONG = b"\xed\x81\x00" + multibase.decode_base58btc(SIGNING_KEY)[2:]
SERVICE = {"type": "DIDCommMessaging", "serviceEndpoint": "https://example.com/"}

PUBLISHED = (
    f"{KEYS}.SeyJ0IjoiZG0iLCJzIjp7InVyaSI6Imh0dHA6Ly9leGFtcGxlLmNvbS9kaWRjb21tIiwiYSI6WyJkaWRjb21tL3YyIl0sInIi"
    "OlsiZGlkOmV4YW1wbGU6MTIzNDU2Nzg5YWJjZGVmZ2hpI2tleS0xIl19fQ.SeyJ0IjoiZG0iLCJzIjp7InVyaSI6Imh0dHA6Ly9leGFtcGx"
    "lLmNvbS9hbm90aGVyIiwiYSI6WyJkaWRjb21tL3YyIl0sInIiOlsiZGlkOmV4YW1wbGU6MTIzNDU2Nzg5YWJjZGVmZ2hpI2tleS0yIl19fQ"
)


def service(content: Any) -> str:
    """The element for whatever JSON."""
    return ".S" + base64url.encode(json.dumps(content).encode())


def test_numalgo_0_is_the_document_of_the_did_key_under_its_own_name() -> None:
    did = f"did:peer:0{SIGNING_KEY}"
    as_key = json.dumps(did_key.document(f"did:key:{SIGNING_KEY}"))
    assert resolver.resolve(did) == json.loads(as_key.replace(f"did:key:{SIGNING_KEY}", did))


def test_the_published_did_comes_out_with_whole_ids() -> None:
    def endpoint(name: str, number: int) -> dict[str, Any]:
        return {
            "uri": f"http://example.com/{name}",
            "accept": ["didcomm/v2"],
            "routingKeys": [f"did:example:123456789abcdefghi#key-{number}"],
        }

    document = resolver.resolve(PUBLISHED)
    assert document == {
        "@context": ["https://www.w3.org/ns/did/v1", "https://w3id.org/security/multikey/v1"],
        "id": PUBLISHED,
        "verificationMethod": [
            {
                "id": f"{PUBLISHED}#key-{number}",
                "controller": PUBLISHED,
                "type": "Multikey",
                "publicKeyMultibase": key,
            }
            for number, key in ((1, SIGNING_KEY), (2, AGREEMENT_KEY))
        ],
        "authentication": [f"{PUBLISHED}#key-1"],
        "keyAgreement": [f"{PUBLISHED}#key-2"],
        "service": [
            {
                "type": "DIDCommMessaging",
                "serviceEndpoint": endpoint("didcomm", 1),
                "id": f"{PUBLISHED}#service",
            },
            {
                "type": "DIDCommMessaging",
                "serviceEndpoint": endpoint("another", 2),
                "id": f"{PUBLISHED}#service-1",
            },
        ],
    }
    method = resolver.find_method(document, f"{PUBLISHED}#key-1", "authentication")
    assert key_types.to_multikey(resolver.method_key(method)) == SIGNING_KEY


def test_a_purpose_code_gives_its_relationship_and_no_other() -> None:
    codes = {
        "A": "assertionMethod",
        "V": "authentication",
        "I": "capabilityInvocation",
        "D": "capabilityDelegation",
    }
    for code, relationship in codes.items():
        document = resolver.resolve(f"did:peer:2.{code}{SIGNING_KEY}")
        assert document[relationship] == [f"{document['id']}#key-1"]
        assert not (set(codes.values()) - {relationship}) & document.keys()


def test_keys_are_numbered_in_their_order_and_a_key_may_serve_twice() -> None:
    did = f"did:peer:2.V{P256}{service(SERVICE)}.E{P256}.A{SIGNING_KEY}"
    document = resolver.resolve(did)
    assert document["authentication"] == [f"{did}#key-1"]
    assert document["keyAgreement"] == [f"{did}#key-2"]
    assert document["assertionMethod"] == [f"{did}#key-3"]


def test_a_service_keeps_its_own_id_and_the_others_are_counted() -> None:
    did = KEYS + service(SERVICE) + service({**SERVICE, "id": "#mine"}) + service(SERVICE)
    ids = [entry["id"].removeprefix(did) for entry in resolver.resolve(did)["service"]]
    assert ids == ["#service", "#mine", "#service-1"]


@pytest.mark.parametrize(
    "did",
    [
        pytest.param("did:peer:0", id="0 without a key"),
        pytest.param(f"did:peer:0.{SIGNING_KEY}", id="0 with a dot"),
        pytest.param(f"did:peer:0{SIGNING_KEY}.V{SIGNING_KEY}", id="0 with two keys"),
        pytest.param("did:peer:2", id="2 without elements"),
        pytest.param(f"did:peer:2V{SIGNING_KEY}", id="no dot"),
        pytest.param(f"did:peer:2..V{SIGNING_KEY}", id="an empty element"),
        pytest.param(f"did:peer:2.{SIGNING_KEY}", id="no purpose"),
        pytest.param(f"did:peer:2.v{SIGNING_KEY}", id="a small purpose"),
        pytest.param(f"did:peer:2.X{SIGNING_KEY}", id="an unknown purpose"),
        pytest.param("did:peer:2.Vz", id="an empty key"),
        pytest.param(f"did:peer:2.V{multibase.encode_base58btc(SHORT)}", id="a key cut off"),
        pytest.param(f"did:peer:2.V{multibase.encode_base58btc(LONG)}", id="a key in another spelling"),
        pytest.param(f"did:peer:2.V{AGREEMENT_KEY}", id="an X25519 key for authentication"),
        pytest.param(f"did:peer:2.E{SIGNING_KEY}", id="an Ed25519 key for key agreement"),
        pytest.param(KEYS + ".S", id="an empty service"),
        pytest.param(KEYS + ".S" + base64url.encode(b"x"), id="a service that is no JSON"),
        pytest.param(KEYS + service([SERVICE]), id="services in a list"),
        pytest.param(KEYS + service({"t": "dm"}), id="a service without an endpoint"),
        pytest.param(KEYS + service({"s": "https://example.com/"}), id="a service without a type"),
        pytest.param(KEYS + service({**SERVICE, "t": "dm"}), id="a member abbreviated and in full"),
        pytest.param(KEYS + service({**SERVICE, "id": "did:example:a#s"}), id="the id of somebody else"),
        pytest.param(KEYS + service({**SERVICE, "id": "#"}), id="an empty id"),
        pytest.param(KEYS + 2 * service({**SERVICE, "id": "#s"}), id="one id twice"),
        pytest.param(
            KEYS + service(SERVICE) + service({**SERVICE, "id": "#service"}),
            id="an id that is given out as well",
        ),
    ],
)
def test_what_is_not_in_the_one_spelling_is_refused(did: str) -> None:
    with pytest.raises(MalformedInput) as caught:
        resolver.resolve(did)
    assert len(caught.value.message) < 300


@pytest.mark.parametrize("numalgo", ["1", "3", "4", "5", "z"])
def test_another_numalgo_is_undetermined(numalgo: str) -> None:
    with pytest.raises(Undetermined, match="numalgo"):
        resolver.resolve(f"did:peer:{numalgo}zQmaaaa")
