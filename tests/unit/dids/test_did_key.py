"""did:key: a DID is its key, in one spelling."""

from __future__ import annotations

import pytest

from ipse.dids import did_key
from ipse.dids.verification_methods import RELATIONSHIPS, SIGNING, any_method_key, method_key
from ipse.encoding import multibase
from ipse.errors import MalformedInput, Undetermined
from ipse.keys import ecdsa, ed25519, key_types
from ipse.keys.ed25519 import PrivateKey

KEY = PrivateKey(bytes(range(32))).public()
DID = did_key.from_public_key(KEY)
AGREEMENT = key_types.to_multikey(ed25519.key_agreement_key(KEY))
P256 = ecdsa.PrivateKey("P-256", bytes(range(32))).public()
SECP256K1 = ecdsa.PrivateKey("secp256k1", bytes(range(32))).public()


def test_the_document_states_the_key_once_and_refers_to_it() -> None:
    method = f"{DID}#{DID.removeprefix('did:key:')}"
    assert did_key.verification_method_id(DID) == method
    assert did_key.document(DID) == {
        "@context": ["https://www.w3.org/ns/did/v1", "https://w3id.org/security/multikey/v1"],
        "id": DID,
        "verificationMethod": [
            {
                "id": method,
                "type": "Multikey",
                "controller": DID,
                "publicKeyMultibase": DID.removeprefix("did:key:"),
            },
            {
                "id": f"{DID}#{AGREEMENT}",
                "type": "Multikey",
                "controller": DID,
                "publicKeyMultibase": AGREEMENT,
            },
        ],
        "authentication": [method],
        "assertionMethod": [method],
        "capabilityInvocation": [method],
        "capabilityDelegation": [method],
        "keyAgreement": [f"{DID}#{AGREEMENT}"],
    }


@pytest.mark.parametrize("key", [P256, SECP256K1], ids=["P-256", "secp256k1"])
def test_a_key_on_a_curve_that_does_both_signs_and_agrees_on_keys(key: ecdsa.PublicKey) -> None:
    did = did_key.from_public_key(key)
    document = did_key.document(did)
    assert [method["id"] for method in document["verificationMethod"]] == [
        did_key.verification_method_id(did)
    ]
    for relationship in RELATIONSHIPS:
        assert document[relationship] == [did_key.verification_method_id(did)]


def test_a_key_for_key_agreement_signs_nothing() -> None:
    did = f"did:key:{AGREEMENT}"
    document = did_key.document(did)
    assert document["keyAgreement"] == [f"{did}#{AGREEMENT}"]
    assert not set(SIGNING) & document.keys()
    with pytest.raises(Undetermined, match="X25519"):
        method_key(document["verificationMethod"][0])
    assert any_method_key(document["verificationMethod"][0]).raw == key_types.from_multikey(AGREEMENT).raw


@pytest.mark.parametrize(
    "raw", [bytes(32), b"\1" + bytes(31), b"\xff" * 32], ids=["zero", "one", "too large"]
)
def test_bytes_that_are_no_point_of_the_group_are_no_did(raw: bytes) -> None:
    with pytest.raises(MalformedInput):
        did_key.document("did:key:" + multibase.encode_base58btc(b"\xed\x01" + raw))


@pytest.mark.parametrize(
    "did",
    [
        pytest.param("", id="nothing"),
        pytest.param("did:key:", id="no key"),
        pytest.param("did:key:z", id="an empty key"),
        pytest.param(DID.removeprefix("did:key:"), id="no method"),
        pytest.param(DID.upper(), id="upper case"),
        pytest.param(DID.replace("did:key:", "DID:key:"), id="an upper-case scheme"),
        pytest.param(DID.replace("did:key:", "did:key:did:key:"), id="the prefix twice"),
        pytest.param(DID.replace(":z6Mk", ":1:z6Mk"), id="a version"),
        pytest.param(DID.replace(":z6Mk", ":z16Mk"), id="a zero byte in front"),
        pytest.param(DID + "1", id="a character too many"),
        pytest.param(DID[:-1], id="a character too few"),
        pytest.param(DID + "#" + DID.removeprefix("did:key:"), id="a DID URL"),
        pytest.param(DID + "?versionId=1", id="a query"),
        pytest.param(DID + " ", id="a space at the end"),
        pytest.param(DID + "\n", id="a newline at the end"),
        pytest.param(" " + DID, id="a space in front"),
        pytest.param(DID.replace("z6Mk", "%7A6Mk"), id="percent-encoding"),
        pytest.param("did:key:" + multibase.encode_base58btc(b"\xed\x81\x00" + KEY.raw), id="a long varint"),
        pytest.param("did:key:u7QE" + "A" * 42, id="base64url multibase"),
        pytest.param("did:key:" + "z" * 5000, id="far too long"),
    ],
)
def test_a_spelling_other_than_the_one_is_refused(did: str) -> None:
    with pytest.raises((MalformedInput, Undetermined)) as caught:
        did_key.document(did)
    assert caught.type is MalformedInput or did.startswith(("did:key:z1", "did:key:z6"))
    assert len(caught.value.message) < 300


@pytest.mark.parametrize("codec", [0x1202, 0x1203, 0x1205, 0xEB])
def test_another_key_type_is_undetermined_and_not_called_invalid(codec: int) -> None:
    did = "did:key:" + multibase.encode_base58btc(multibase.encode_varint(codec) + b"\x02" + KEY.raw)
    with pytest.raises(Undetermined, match="is not supported"):
        did_key.document(did)
