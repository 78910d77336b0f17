"""The test vectors of Data Integrity EdDSA Cryptosuites 1.0 for eddsa-jcs-2022, byte for byte."""

from __future__ import annotations

import copy
import hashlib
import json
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest

from ipse.credentials.data_integrity import add_proof, hash_data, proof_of, verify_proof
from ipse.credentials.report import Outcome
from ipse.credentials.timestamps import parse_timestamp
from ipse.credentials.verification import Policy, verify_credential
from ipse.dids import did_key
from ipse.encoding import multibase, strict_json
from ipse.errors import Undetermined, VerificationFailed
from ipse.keys import key_types, multikey
from ipse.keys.ed25519 import PrivateKey
from ipse.keys.key_types import PublicKey

SECRET_CODEC = 0x1300  # ed25519-priv


@dataclass(frozen=True)
class Vectors:
    """The files of one cryptosuite, and of the key pair and document that all of them share."""

    folder: Path

    def text(self, name: str) -> str:
        return (self.folder / "eddsa-jcs-2022" / name).read_text(encoding="utf-8").strip()

    def json(self, name: str) -> Any:
        return json.loads((self.folder / name).read_text(encoding="utf-8"))

    @property
    def unsigned(self) -> dict[str, Any]:
        unsigned: dict[str, Any] = self.json("unsigned.json")
        return unsigned

    @property
    def options(self) -> dict[str, Any]:
        options: dict[str, Any] = self.json("eddsa-jcs-2022/proofConfigJCS.json")
        return options

    @property
    def signed(self) -> dict[str, Any]:
        signed: dict[str, Any] = self.json("eddsa-jcs-2022/signedJCS.json")
        return signed

    @property
    def public(self) -> PublicKey:
        return key_types.verifying(multikey.decode(self.json("keyPair.json")["publicKeyMultibase"]))

    @property
    def private(self) -> PrivateKey:
        encoded = multibase.decode_base58btc(self.json("keyPair.json")["privateKeyMultibase"])
        codec, seed = multibase.decode_varint(encoded)
        assert codec == SECRET_CODEC
        return PrivateKey(seed)


@pytest.fixture
def vectors(shared: Path) -> Vectors:
    folder = shared / "vectors" / "vc-di-eddsa" / "TestVectors"
    if not (folder / "eddsa-jcs-2022").is_dir():
        pytest.skip(f"no eddsa-jcs-2022 vectors in {folder}")
    return Vectors(folder)


def changed(document: dict[str, Any], *path: Any, value: Any) -> dict[str, Any]:
    copied = copy.deepcopy(document)
    holder: Any = copied
    for step in path[:-1]:
        holder = holder[step]
    holder[path[-1]] = value
    return copied


def test_the_key_pair_is_one_pair_and_the_key_of_the_verification_method(vectors: Vectors) -> None:
    assert vectors.private.public() == vectors.public
    did = did_key.from_public_key(vectors.public)
    assert vectors.options["verificationMethod"] == did_key.verification_method_id(did)


def test_the_canonical_document_is_that_of_the_vector(vectors: Vectors) -> None:
    assert strict_json.canonical(vectors.unsigned) == vectors.text("canonDocJCS.txt").encode()


def test_the_canonical_proof_configuration_is_that_of_the_vector(vectors: Vectors) -> None:
    assert strict_json.canonical(vectors.options) == vectors.text("proofCanonJCS.txt").encode()


def test_the_hashes_are_those_of_the_vector(vectors: Vectors) -> None:
    document = hashlib.sha256(strict_json.canonical(vectors.unsigned)).hexdigest()
    options = hashlib.sha256(strict_json.canonical(vectors.options)).hexdigest()
    assert document == vectors.text("docHashJCS.txt")
    assert options == vectors.text("proofHashJCS.txt")
    combined = hash_data(vectors.unsigned, vectors.options).hex()
    assert combined == vectors.text("combinedHashJCS.txt") == options + document


def test_the_signature_is_that_of_the_vector_in_hex_and_in_base58(vectors: Vectors) -> None:
    signature = vectors.private.sign(hash_data(vectors.unsigned, vectors.options))
    assert signature.hex() == vectors.text("sigHexJCS.txt")
    assert multibase.encode_base58btc(signature) == vectors.text("sigBTC58JCS.txt")
    assert multibase.decode_base58btc(vectors.text("sigBTC58JCS.txt")) == signature


def test_signing_with_the_same_options_gives_exactly_the_signed_document(vectors: Vectors) -> None:
    options = vectors.options
    made = add_proof(
        vectors.unsigned,
        vectors.private,
        verification_method=options["verificationMethod"],
        created=parse_timestamp(options["created"]),
        purpose=options["proofPurpose"],
    )
    assert made == vectors.signed


def test_the_signed_document_verifies_and_gives_the_unsigned_one_back(vectors: Vectors) -> None:
    assert verify_proof(vectors.signed, proof_of(vectors.signed), vectors.public) == vectors.unsigned


@pytest.mark.parametrize(
    ("path", "value"),
    [
        (("name",), "alumni Credential"),
        (("credentialSubject", "alumniOf"), "The School of Examples "),
        (("credentialSubject", "id"), "did:example:abcdefgi"),
        (("issuer",), "https://vc.example/issuers/5679"),
        (("validFrom",), "2023-01-01T00:00:00.0Z"),
        (("validUntil",), "2999-01-01T00:00:00Z"),
        (("type", 1), "EmployeeCredential"),
        (("@context", 1), "https://www.w3.org/ns/credentials/examples/v1"),
        (("proof", "created"), "2023-02-24T23:36:39Z"),
        (("proof", "proofPurpose"), "authentication"),
        (("proof", "@context"), ["https://www.w3.org/ns/credentials/v2"]),
        (("proof", "domain"), "shop.example"),
    ],
)
def test_the_signed_document_fails_once_anything_in_it_was_changed(
    vectors: Vectors, path: tuple[Any, ...], value: Any
) -> None:
    tampered = changed(vectors.signed, *path, value=value)
    with pytest.raises(VerificationFailed):
        verify_proof(tampered, proof_of(tampered), vectors.public)


def test_no_bit_of_the_signature_can_be_changed(vectors: Vectors) -> None:
    signature = multibase.decode_base58btc(vectors.signed["proof"]["proofValue"])
    for bit in range(len(signature) * 8):
        forged = bytearray(signature)
        forged[bit // 8] ^= 1 << bit % 8
        value = multibase.encode_base58btc(bytes(forged))
        tampered = changed(vectors.signed, "proof", "proofValue", value=value)
        with pytest.raises(VerificationFailed):
            verify_proof(tampered, proof_of(tampered), vectors.public)


def test_the_whole_verification_is_undetermined_since_the_issuer_is_no_did(vectors: Vectors) -> None:
    now = datetime(2026, 1, 1, tzinfo=UTC)
    report = verify_credential(vectors.signed, policy=Policy(any_issuer=True), now=now).report
    assert (report.outcome, report.decisive.name) == (Outcome.UNDETERMINED, "issuer")


@pytest.mark.parametrize(
    "name",
    ["eddsa-rdfc-2022/signedDataInt.json", "Ed25519Signature2020/signedEdSig.json"],
)
def test_the_other_suites_of_the_specification_are_undetermined(vectors: Vectors, name: str) -> None:
    with pytest.raises(Undetermined, match="is not supported"):
        proof_of(vectors.json(name))


@pytest.mark.parametrize("name", ["signedProofSet2.json", "signedProofChain2.json"])
def test_proof_sets_and_chains_are_undetermined(vectors: Vectors, name: str) -> None:
    with pytest.raises(Undetermined, match="a set of"):
        proof_of(vectors.json(f"proof-set-chain/{name}"))


def test_the_end_of_a_proof_chain_is_never_taken_without_its_beginning(vectors: Vectors) -> None:
    chained = vectors.json("proof-set-chain/signedProofChain2.json")
    proofs = [proof for proof in chained["proof"] if "previousProof" in proof]
    assert proofs
    for proof in proofs:
        alone = {**chained, "proof": proof}
        key = key_types.verifying(multikey.decode(proof["verificationMethod"].split("#")[1]))
        with pytest.raises((VerificationFailed, Undetermined)):
            verify_proof(alone, proof_of(alone), key)
