"""Cryptosuites: which keys they are for, batches, and what no suite may be taken for."""

from __future__ import annotations

import copy
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from ipse.credentials.formats import data_integrity
from ipse.credentials.formats.data_integrity import (
    KEY_TYPES,
    SUITES,
    add_proof,
    document_hash,
    hash_data,
    options_hash,
    prepare,
    proof_of,
    proofs_of,
    sign,
    sign_hashes,
    verify_proof,
)
from ipse.encoding import multibase
from ipse.errors import MalformedInput, Undetermined, UsageError, VerificationFailed
from ipse.keys import ecdsa, ed25519, key_types
from ipse.keys.key_types import PrivateKey

ED25519, P256 = ed25519.PrivateKey(b"k" * 32), ecdsa.PrivateKey("P-256", b"k" * 32)
OF_TYPE: dict[str, PrivateKey] = {"Ed25519": ED25519, "P-256": P256}
METHOD = "did:example:issuer#key-1"
CREATED = datetime(2026, 1, 31, 12, tzinfo=UTC)
CONTEXT = ["https://www.w3.org/ns/credentials/v2"]
CREDENTIAL: dict[str, Any] = {
    "@context": CONTEXT,
    "id": "urn:uuid:58172aac-d8ba-11ed-83dd-0b3aef56cc33",
    "type": ["VerifiableCredential"],
    "issuer": "did:example:issuer",
    "validUntil": "2027-01-01T00:00:00Z",
    "credentialSubject": {"id": "did:example:subject"},
}
SIGNING = [
    ("eddsa-jcs-2022", "Ed25519"),
    ("eddsa-rdfc-2022", "Ed25519"),
    ("ecdsa-jcs-2019", "P-256"),
    ("ecdsa-rdfc-2019", "P-256"),
]


def signed(suite: str | None = None, key: PrivateKey = ED25519, **changes: Any) -> dict[str, Any]:
    return add_proof(
        CREDENTIAL, key, verification_method=METHOD, created=CREATED, cryptosuite=suite, **changes
    )


def verified(document: dict[str, Any], key: PrivateKey = ED25519) -> dict[str, Any]:
    return verify_proof(document, proofs_of(document)[0], key.public())


class TestTable:
    def test_the_suites_are_those_of_the_two_specifications(self) -> None:
        assert {name: (suite.canonicalisation, suite.key_types) for name, suite in SUITES.items()} == {
            "eddsa-jcs-2022": ("jcs", ("Ed25519",)),
            "eddsa-rdfc-2022": ("rdfc", ("Ed25519",)),
            "ecdsa-jcs-2019": ("jcs", ("P-256", "P-384")),
            "ecdsa-rdfc-2019": ("rdfc", ("P-256", "P-384")),
            "Ed25519Signature2020": ("rdfc", ("Ed25519",)),
        }

    @pytest.mark.parametrize(("suite", "key_type"), SIGNING)
    def test_what_a_suite_signs_it_verifies(self, suite: str, key_type: str) -> None:
        key = OF_TYPE[key_type]
        document = signed(suite, key)
        assert document["proof"]["cryptosuite"] == suite
        assert verified(document, key) == CREDENTIAL

    @pytest.mark.parametrize("key_type", KEY_TYPES)
    def test_the_default_is_the_jcs_suite_of_the_key(self, key_type: str) -> None:
        [proof] = proofs_of(signed(key=OF_TYPE[key_type]))
        assert (proof.suite.canonicalisation, key_type in proof.suite.key_types) == ("jcs", True)

    @pytest.mark.parametrize(
        ("suite", "key_type"),
        [
            ("ecdsa-jcs-2019", "Ed25519"),
            ("eddsa-rdfc-2022", "P-256"),
            ("Ed25519Signature2020", "Ed25519"),
            ("bbs-2023", "Ed25519"),
            ("", "Ed25519"),
        ],
    )
    def test_a_suite_that_does_not_sign_with_the_key_is_a_usage_error(
        self, suite: str, key_type: str
    ) -> None:
        with pytest.raises(UsageError, match=f"{suite!r} is no cryptosuite that signs with {key_type} keys"):
            signed(suite, OF_TYPE[key_type])

    @pytest.mark.parametrize("key_type", ["P-384", "secp256k1", "X25519"])
    def test_no_proof_is_prepared_for_a_key_type_that_signs_none(self, key_type: str) -> None:
        with pytest.raises(UsageError, match=f"no Data Integrity cryptosuite here for {key_type} keys"):
            prepare(CREDENTIAL, key_type, verification_method=METHOD, created=CREATED)


class TestOptions:
    def test_domain_challenge_and_expiry_are_in_the_proof_and_signed(self) -> None:
        document = signed(
            purpose="authentication",
            domain="https://shop.example",
            challenge="n-0S6",
            expires=CREATED + timedelta(minutes=5),
        )
        [proof] = proofs_of(document)
        assert (proof.domain, proof.challenge) == (("https://shop.example",), "n-0S6")
        assert (proof.created, proof.expires) == (CREATED, CREATED + timedelta(minutes=5))
        assert (proof.purpose, proof.verification_method) == ("authentication", METHOD)
        assert verified(document) == CREDENTIAL
        for name, value in (
            ("domain", "https://evil.example"),
            ("challenge", "other"),
            ("expires", "2999-01-01T00:00:00Z"),
            ("proofPurpose", "assertionMethod"),
        ):
            changed = {**document, "proof": {**document["proof"], name: value}}
            with pytest.raises(VerificationFailed, match="does not fit"):
                verified(changed)

    @pytest.mark.parametrize("name", ["domain", "challenge", "expires"])
    @pytest.mark.parametrize("suite", ["eddsa-jcs-2022", "eddsa-rdfc-2022"])
    def test_an_option_can_not_be_taken_away(self, name: str, suite: str) -> None:
        document = signed(suite, domain="d", challenge="c", expires=CREATED + timedelta(1))
        del document["proof"][name]
        with pytest.raises(VerificationFailed, match="does not fit"):
            verified(document)

    @pytest.mark.parametrize("seconds", [0, -1])
    def test_a_proof_that_would_never_hold_is_not_made(self, seconds: int) -> None:
        with pytest.raises(UsageError, match="would have expired"):
            signed(expires=CREATED + timedelta(seconds=seconds))


class TestBatch:
    @pytest.mark.parametrize(("suite", "key_type"), SIGNING)
    def test_one_preparation_serves_every_document_with_that_context(self, suite: str, key_type: str) -> None:
        key = OF_TYPE[key_type]
        prepared = prepare(
            CREDENTIAL, key_type, verification_method=METHOD, created=CREATED, cryptosuite=suite
        )
        for number in range(3):
            row = {**CREDENTIAL, "id": f"urn:example:{number}"}
            document = sign(row, key, prepared)
            assert verified(document, key) == row
            assert {**document["proof"], "proofValue": ""} == {**prepared.options, "proofValue": ""}

    def test_the_split_hashes_make_the_same_signature(self) -> None:
        options = signed()["proof"]
        value = options.pop("proofValue")
        assert sign_hashes(ED25519, options_hash(options), document_hash(CREDENTIAL)) == value
        assert hash_data(CREDENTIAL, options) == options_hash(options) + document_hash(CREDENTIAL)

    @pytest.mark.parametrize("context", [None, [], [*CONTEXT, {"a": "urn:a"}], CONTEXT[0]])
    def test_a_document_with_another_context_is_refused(self, context: Any) -> None:
        prepared = prepare(CREDENTIAL, "Ed25519", verification_method=METHOD, created=CREATED)
        with pytest.raises(MalformedInput, match="not the one that the proof was prepared for"):
            sign({**CREDENTIAL, "@context": context}, ED25519, prepared)

    def test_a_key_of_another_type_and_a_signed_document_are_refused(self) -> None:
        prepared = prepare(CREDENTIAL, "Ed25519", verification_method=METHOD, created=CREATED)
        with pytest.raises(UsageError, match="prepared for Ed25519 keys, not P-256"):
            sign(CREDENTIAL, P256, prepared)
        with pytest.raises(MalformedInput, match="has a proof already"):
            sign(signed(), ED25519, prepared)


class TestConfusion:
    @pytest.mark.parametrize(("suite", "key_type"), SIGNING)
    def test_a_proof_of_one_suite_is_none_of_any_other(self, suite: str, key_type: str) -> None:
        document = signed(suite, OF_TYPE[key_type])
        for other in SUITES.values():
            if other.name == suite:
                continue
            proof = copy.deepcopy(document["proof"])
            if other.has_own_type:
                del proof["cryptosuite"]
                proof["type"] = other.name
            else:
                proof["cryptosuite"] = other.name
            changed = {**document, "proof": proof}
            for key in OF_TYPE.values():
                with pytest.raises((VerificationFailed, MalformedInput)):
                    verified(changed, key)

    @pytest.mark.parametrize("context", ["kept", "taken away"])
    def test_a_jcs_proof_is_no_rdf_proof_with_or_without_its_context(self, context: str) -> None:
        document = signed("eddsa-jcs-2022")
        document["proof"]["cryptosuite"] = "eddsa-rdfc-2022"
        if context != "kept":
            del document["proof"]["@context"]
        with pytest.raises(VerificationFailed, match="does not fit"):
            verified(document)

    @pytest.mark.parametrize(("suite", "key_type"), SIGNING)
    def test_the_key_decides_and_one_of_another_type_is_refused(self, suite: str, key_type: str) -> None:
        document = signed(suite, OF_TYPE[key_type])
        [other] = set(OF_TYPE) - {key_type}
        with pytest.raises(VerificationFailed, match=f"{suite} is not for {other} keys"):
            verified(document, OF_TYPE[other])
        secp256k1 = ecdsa.PrivateKey("secp256k1", b"k" * 32)
        with pytest.raises(VerificationFailed, match=f"{suite} is not for secp256k1 keys"):
            verified(document, secp256k1)

    def test_a_proof_of_the_old_type_has_no_cryptosuite(self) -> None:
        document = signed("eddsa-rdfc-2022")
        document["proof"]["type"] = "Ed25519Signature2020"
        with pytest.raises(VerificationFailed, match="has no cryptosuite"):
            proofs_of(document)

    def test_p384_takes_the_longer_signature_and_no_other(self) -> None:
        key = key_types.from_multikey(
            "z82LkuBieyGShVBhvtE2zoiD6Kma4tJGFtkAhxR5pfkp5QPw4LutoYWhvQCnGjdVn14kujQ"
        )
        document = signed("ecdsa-jcs-2019", P256)
        with pytest.raises(VerificationFailed, match="holds 64 bytes, a signature has 96"):
            verify_proof(document, proofs_of(document)[0], key)  # type: ignore[arg-type]
        document["proof"]["proofValue"] = multibase.encode_base58btc(b"\1" * 96)
        with pytest.raises(VerificationFailed, match="holds 96 bytes, a signature has 64"):
            verified(document, P256)
        with pytest.raises(VerificationFailed, match="does not fit"):
            verify_proof(document, proofs_of(document)[0], key)  # type: ignore[arg-type]


class TestSignatures:
    def test_either_s_of_an_ecdsa_signature_is_taken(self) -> None:
        # Neither FIPS 186-5 nor VC-DI-ECDSA asks for the lower one.
        order = 0xFFFFFFFF00000000FFFFFFFFFFFFFFFFBCE6FAADA7179E84F3B9CAC2FC632551
        document = signed(key=P256)
        signature = multibase.decode_base58btc(document["proof"]["proofValue"])
        other_s = order - int.from_bytes(signature[32:], "big")
        document["proof"]["proofValue"] = multibase.encode_base58btc(
            signature[:32] + other_s.to_bytes(32, "big")
        )
        assert verified(document, P256) == CREDENTIAL

    @pytest.mark.parametrize("number", [0, 2**256 - 1])
    def test_an_ecdsa_signature_with_a_number_out_of_range_fails(self, number: int) -> None:
        document = signed(key=P256)
        signature = multibase.decode_base58btc(document["proof"]["proofValue"])
        edge = number.to_bytes(32, "big")
        for forged in (edge + signature[32:], signature[:32] + edge, edge + edge):
            document["proof"]["proofValue"] = multibase.encode_base58btc(forged)
            with pytest.raises(VerificationFailed, match="does not fit"):
                verified(document, P256)

    @pytest.mark.parametrize(
        "value",
        ["f" + "00" * 64, "u" + "A" * 86, "m" + "A" * 86, "Z" + "1" * 64, "9" + "1" * 64, "1" * 64, "z", ""],
    )
    def test_a_proof_value_in_another_multibase_or_empty_fails(self, value: str) -> None:
        document = signed()
        document["proof"]["proofValue"] = value
        with pytest.raises(VerificationFailed):
            verified(document)

    def test_the_same_signature_in_another_multibase_fails(self) -> None:
        document = signed()
        signature = multibase.decode_base58btc(document["proof"]["proofValue"])
        document["proof"]["proofValue"] = "f" + signature.hex()
        with pytest.raises(VerificationFailed, match="not multibase base58btc"):
            verified(document)

    @pytest.mark.parametrize(("suite", "key_type"), SIGNING)
    def test_a_proof_copied_from_another_document_fails(self, suite: str, key_type: str) -> None:
        key = OF_TYPE[key_type]
        other = {**CREDENTIAL, "id": "urn:uuid:other"}
        with pytest.raises(VerificationFailed, match="does not fit"):
            verified({**other, "proof": signed(suite, key)["proof"]}, key)


def test_the_members_of_the_one_proof_are_still_to_be_had() -> None:
    document = signed()
    assert proof_of(document) == document["proof"]
    assert verify_proof(document, proof_of(document), ED25519.public()) == CREDENTIAL


def test_every_public_name_is_there() -> None:
    assert all(hasattr(data_integrity, name) for name in data_integrity.__all__)


def test_an_unknown_suite_beside_a_malformed_proof_is_a_failure_not_a_doubt() -> None:
    document = signed()
    unknown = {**document["proof"], "cryptosuite": "bbs-2023"}
    malformed = {**document["proof"], "created": "yesterday"}
    with pytest.raises(Undetermined, match="bbs-2023"):
        proofs_of({**document, "proof": [unknown, document["proof"]]})
    with pytest.raises(VerificationFailed, match="created of the proof"):
        proofs_of({**document, "proof": [unknown, malformed]})
