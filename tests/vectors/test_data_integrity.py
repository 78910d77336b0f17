"""The test vectors of the Data Integrity EdDSA and ECDSA Cryptosuites 1.0, byte for byte.

Of ecdsa-sd-2023 (selective disclosure) there is nothing here: ipse does not speak it.
"""

from __future__ import annotations

import copy
import json
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from ipse.credentials import json_ld
from ipse.credentials.formats.data_integrity import (
    SUITES,
    add_proof,
    canonical_form,
    document_hash,
    hash_data,
    hash_name_of,
    in_order,
    options_hash,
    proof_configuration,
    proof_of,
    proofs_of,
    sign_hashes,
    verify_proof,
)
from ipse.credentials.json_ld import Contexts
from ipse.dids import did_key
from ipse.encoding import multibase
from ipse.encoding.timestamps import parse_timestamp
from ipse.errors import VerificationFailed
from ipse.keys import key_types
from ipse.keys.key_types import PrivateKey, PublicKey


@dataclass(frozen=True)
class Case:
    """One folder of vectors: every intermediate result of one proof over one document."""

    specification: str
    folder: str
    suffix: str
    suite: str
    keys: str
    document: str

    def __str__(self) -> str:
        return self.folder


EDDSA, ECDSA = "vc-di-eddsa", "vc-di-ecdsa"
CASES = [
    Case(EDDSA, "eddsa-jcs-2022", "JCS", "eddsa-jcs-2022", "keyPair", "unsigned"),
    Case(EDDSA, "eddsa-rdfc-2022", "DataInt", "eddsa-rdfc-2022", "keyPair", "unsigned"),
    Case(EDDSA, "eddsa-rdfc-2022/employ", "DataInt", "eddsa-rdfc-2022", "keyPair", "employmentAuth"),
    Case(EDDSA, "Ed25519Signature2020", "EdSig", "Ed25519Signature2020", "keyPair", ""),
    Case(ECDSA, "ecdsa-jcs-2019-p256", "JCSECDSAP256", "ecdsa-jcs-2019", "p256KeyPair", "unsigned"),
    Case(ECDSA, "ecdsa-jcs-2019-p384", "JCSECDSAP384", "ecdsa-jcs-2019", "p384KeyPair", "unsigned"),
    Case(ECDSA, "ecdsa-rdfc-2019-p256", "ECDSAP256", "ecdsa-rdfc-2019", "p256KeyPair", "unsigned"),
    Case(ECDSA, "ecdsa-rdfc-2019-p384", "ECDSAP384", "ecdsa-rdfc-2019", "p384KeyPair", "unsigned"),
    Case(
        ECDSA, "ecdsa-rdfc-2019-p256/employ", "ECDSAP256", "ecdsa-rdfc-2019", "p256KeyPair", "employmentAuth"
    ),
    Case(
        ECDSA, "ecdsa-rdfc-2019-p384/employ", "ECDSAP384", "ecdsa-rdfc-2019", "p384KeyPair", "employmentAuth"
    ),
]
SIGNED_HERE = [case for case in CASES if "p384" not in case.folder and case.document]
LEFT_ASIDE = {
    f"{name}.json"  # of ecdsa-sd-2023
    for name in ("employMandatory", "employSelective", "prCredMandatory", "prCredSelective", "prCredUnsigned")
}


CITIZENSHIP_URL = "https://w3id.org/citizenship/v4rc1"
CITIZENSHIP = "https://w3id.org/citizenship#"
SCHEMA = "https://schema.org/"
DATE = "http://www.w3.org/2001/XMLSchema#dateTime"
CITIZENSHIP_NAMES = [
    "EmployablePerson",
    "EmploymentAuthorizationDocument",
    "EmploymentAuthorizationDocumentCredential",
    "birthCountry",
    "lprCategory",
    "lprNumber",
]
SCHEMA_NAMES = ["Person", "additionalName", "familyName", "gender", "givenName", "identifier"]
# What the canonical form of the vector tells of the terms it uses; not the context that is at that URL.
TERMS: dict[str, Any] = {
    **{name: CITIZENSHIP + name for name in CITIZENSHIP_NAMES},
    **{name: SCHEMA + name for name in SCHEMA_NAMES},
    "birthDate": {"@id": f"{SCHEMA}birthDate", "@type": DATE},
    "employmentAuthorizationDocument": {
        "@id": f"{CITIZENSHIP}employmentAuthorizationDocument",
        "@type": "@id",
    },
    "image": {"@id": f"{SCHEMA}image", "@type": "@id"},
    "residentSince": {"@id": f"{CITIZENSHIP}residentSince", "@type": DATE},
}


def contexts() -> Contexts:
    """The contexts that ipse knows, and what the employment vectors need besides."""
    if CITIZENSHIP_URL in json_ld.known():
        return json_ld.known()
    return json_ld.known().with_extra({CITIZENSHIP_URL: {"@context": TERMS}})


@dataclass(frozen=True)
class Vectors:
    """The files of one case."""

    case: Case
    root: Path

    def bytes(self, name: str) -> bytes:
        return (self.root / self.case.folder / f"{name}{self.case.suffix}.txt").read_bytes()

    def text(self, name: str) -> str:
        return self.bytes(name).decode().strip()

    def json(self, name: str) -> dict[str, Any]:
        value: dict[str, Any] = json.loads((self.root / f"{name}.json").read_text(encoding="utf-8"))
        return value

    @property
    def options(self) -> dict[str, Any]:
        return self.json(f"{self.case.folder}/proofConfig{self.case.suffix}")

    @property
    def signed(self) -> dict[str, Any]:
        return self.json(f"{self.case.folder}/signed{self.case.suffix}")

    @property
    def unsigned(self) -> dict[str, Any]:
        if self.case.document:
            return self.json(self.case.document)
        return {name: value for name, value in self.signed.items() if name != "proof"}

    @property
    def public(self) -> PublicKey:
        return key_types.verifying(key_types.from_multikey(self.json(self.case.keys)["publicKeyMultibase"]))

    @property
    def private(self) -> PrivateKey:
        pair = self.json(self.case.keys)
        return key_types.secret_from_multikey(pair.get("secretKeyMultibase") or pair["privateKeyMultibase"])

    @property
    def how(self) -> dict[str, Any]:
        return {
            "suite": SUITES[self.case.suite],
            "hash_name": hash_name_of(self.public.key_type),
            "contexts": contexts(),
        }


def root_of(shared: Path, specification: str) -> Path:
    root = shared / "vectors" / specification / "TestVectors"
    if not root.is_dir():
        pytest.skip(f"no vectors of {specification} in {root}")
    return root


@pytest.fixture(params=CASES, ids=str)
def vectors(shared: Path, request: pytest.FixtureRequest) -> Vectors:
    return Vectors(request.param, root_of(shared, request.param.specification))


@pytest.fixture(params=SIGNED_HERE, ids=str)
def signed_here(shared: Path, request: pytest.FixtureRequest) -> Vectors:
    return Vectors(request.param, root_of(shared, request.param.specification))


def test_the_canonical_document_is_that_of_the_vector(vectors: Vectors) -> None:
    assert canonical_form(vectors.unsigned, **vectors.how) == vectors.bytes("canonDoc")


def test_the_canonical_proof_configuration_is_that_of_the_vector(vectors: Vectors) -> None:
    assert canonical_form(vectors.options, **vectors.how) == vectors.bytes("proofCanon")


def test_the_configuration_is_made_of_the_options_in_the_signed_document(vectors: Vectors) -> None:
    [proof] = proofs_of(vectors.signed)
    assert proof_configuration(proof.options, vectors.unsigned, proof.suite) == vectors.options


def test_the_hashes_are_those_of_the_vector_alone_and_joined(vectors: Vectors) -> None:
    options = options_hash(vectors.options, **vectors.how).hex()
    document = document_hash(vectors.unsigned, **vectors.how).hex()
    assert options == vectors.text("proofHash")
    assert document == vectors.text("docHash")
    joined = hash_data(vectors.unsigned, vectors.options, **vectors.how).hex()
    assert joined == vectors.text("combinedHash") == options + document


def test_the_signature_reads_the_same_in_hex_and_base58_and_is_by_the_key(vectors: Vectors) -> None:
    signature = bytes.fromhex(vectors.text("sigHex"))
    assert multibase.decode_base58btc(vectors.text("sigBTC58")) == signature
    assert multibase.encode_base58btc(signature) == vectors.text("sigBTC58")
    assert vectors.public.verify(bytes.fromhex(vectors.text("combinedHash")), signature)


def test_the_signed_document_verifies_and_gives_the_unsigned_one_back(vectors: Vectors) -> None:
    [proof] = proofs_of(vectors.signed)
    assert proof.suite.name == vectors.case.suite
    for given in (proof, proof_of(vectors.signed)):
        document = verify_proof(vectors.signed, given, vectors.public, contexts=contexts())
        assert document == vectors.unsigned


def test_the_verification_method_is_that_of_the_key(vectors: Vectors) -> None:
    did = did_key.from_public_key(vectors.public)
    assert proofs_of(vectors.signed)[0].verification_method == did_key.verification_method_id(did)


def test_signing_makes_a_document_that_verifies_and_with_ed25519_the_very_one(signed_here: Vectors) -> None:
    options = signed_here.options
    made = add_proof(
        signed_here.unsigned,
        signed_here.private,
        verification_method=options["verificationMethod"],
        created=parse_timestamp(options["created"]),
        purpose=options["proofPurpose"],
        cryptosuite=signed_here.case.suite,
        contexts=contexts(),
    )
    if signed_here.public.key_type == "Ed25519":
        assert made == signed_here.signed
    value = made["proof"].pop("proofValue")
    expected = signed_here.signed
    expected["proof"].pop("proofValue")
    assert made == expected
    made["proof"]["proofValue"] = value
    [proof] = proofs_of(made)
    assert verify_proof(made, proof, signed_here.public, contexts=contexts()) == signed_here.unsigned


def test_the_private_key_that_is_there_is_the_other_half(signed_here: Vectors) -> None:
    assert signed_here.private.public() == signed_here.public


TAMPERED = [
    (("validFrom",), "2023-01-01T00:00:00.0Z"),
    (("validUntil",), "2999-01-01T00:00:00Z"),
    (("name",), "another name"),
    (("issuer",), "https://vc.example/issuers/5679"),
    (("type", 1), "VerifiablePresentation"),
    (("credentialSubject", "id"), "did:example:abcdefgi"),
    (("proof", "created"), "2023-02-24T23:36:39Z"),
    (("proof", "proofPurpose"), "authentication"),
    (("proof", "verificationMethod"), "did:example:other#key-1"),
    (("proof", "domain"), "shop.example"),
    (("proof", "expires"), "2999-01-01T00:00:00Z"),
    (("proof", "challenge"), "1"),
    (("proof", "nonce"), "1"),
    (("proof", "id"), "urn:uuid:1"),
    (("proof", "@context"), ["https://www.w3.org/ns/credentials/v2", "https://w3id.org/security/v2"]),
]


@pytest.mark.parametrize(("path", "value"), TAMPERED, ids=lambda part: str(part)[:30])
def test_the_signed_document_fails_once_anything_in_it_was_changed(
    vectors: Vectors, path: tuple[Any, ...], value: Any
) -> None:
    tampered = copy.deepcopy(vectors.signed)
    holder: Any = tampered
    for step in path[:-1]:
        holder = holder[step]
    holder[path[-1]] = value
    with pytest.raises(VerificationFailed):
        verify_proof(tampered, proofs_of(tampered)[0], vectors.public, contexts=contexts())


@pytest.mark.sampled(3)
def test_no_bit_of_a_signature_can_be_changed(vectors: Vectors) -> None:
    signature = bytes.fromhex(vectors.text("sigHex"))
    message = bytes.fromhex(vectors.text("combinedHash"))
    for bit in range(len(signature) * 8):
        forged = bytearray(signature)
        forged[bit // 8] ^= 1 << bit % 8
        assert not vectors.public.verify(message, bytes(forged))


def test_every_file_of_the_suites_is_looked_at(shared: Path) -> None:
    for specification in (EDDSA, ECDSA):
        root = root_of(shared, specification)
        expected: set[str] = set()
        for case in CASES:
            if case.specification == specification:
                parts = (
                    "canonDoc",
                    "docHash",
                    "proofCanon",
                    "proofHash",
                    "combinedHash",
                    "sigHex",
                    "sigBTC58",
                )
                expected |= {f"{case.folder}/{part}{case.suffix}.txt" for part in parts}
                expected |= {f"{case.folder}/{part}{case.suffix}.json" for part in ("signed", "proofConfig")}
                expected |= {f"{name}.json" for name in (case.keys, case.document) if name}
        here = {path.relative_to(root).as_posix() for path in root.rglob("*") if path.is_file()}
        here = {name for name in here if not name.startswith("proof-set-chain/")} - LEFT_ASIDE
        assert here - expected == set()


class Chain:
    """The vectors of proof sets and chains (VC-DI-EDDSA, appendices B.4 and B.5)."""

    suite = SUITES["eddsa-rdfc-2022"]

    def __init__(self, root: Path) -> None:
        self.root = root / "proof-set-chain"

    def __getitem__(self, name: str) -> dict[str, Any]:
        value: dict[str, Any] = json.loads((self.root / f"{name}.json").read_text(encoding="utf-8"))
        return value

    def key(self, number: int) -> PrivateKey:
        return key_types.secret_from_multikey(
            self["multiKeyPairs"][f"keyPair{number}"]["privateKeyMultibase"]
        )

    def steps(self) -> Iterator[tuple[str, str, str, int]]:
        """What is signed, the options, the options with their signature, and the key's number."""
        yield "unsigned", "proofSetConfig1", "proofSetConfigSigned1", 1
        yield "unsigned", "proofSetConfig2", "proofSetConfigSigned2", 2
        yield "proofChainTempDoc1", "proofChainConfig1", "proofChainConfigSigned1", 3
        yield "proofChainTempDoc2", "proofChainConfig2", "proofChainConfigSigned2", 4


@pytest.fixture
def chain(shared: Path) -> Chain:
    return Chain(root_of(shared, EDDSA))


def key_of(proof: Any) -> PublicKey:
    return key_types.verifying(key_types.from_multikey(proof.verification_method.split("#")[1]))


@pytest.mark.parametrize("step", range(4))
def test_each_proof_of_the_set_and_the_chain_is_signed_as_in_the_vector(chain: Chain, step: int) -> None:
    document, options, signed, number = list(chain.steps())[step]
    configuration = proof_configuration(chain[options], chain[document], chain.suite)
    value = sign_hashes(
        chain.key(number),
        options_hash(configuration, chain.suite),
        document_hash(chain[document], chain.suite),
    )
    assert {**chain[options], "proofValue": value} == chain[signed]


@pytest.mark.parametrize(
    "name", ["signedProofSet1", "signedProofSet2", "signedProofChain1", "signedProofChain2"]
)
def test_every_proof_of_the_set_and_the_chain_verifies(chain: Chain, name: str) -> None:
    document = chain[name]
    proofs = proofs_of(document)
    assert len(proofs) == {"1": 1, "2": 2}[name[-1]] + (2 if "Chain" in name else 0)
    for proof in in_order(proofs):
        assert verify_proof(document, proof, key_of(proof)) == chain["unsigned"]


def test_the_order_of_the_proofs_in_the_document_means_nothing_to_the_set(chain: Chain) -> None:
    document = chain["signedProofSet2"]
    document["proof"].reverse()
    for proof in proofs_of(document):
        assert verify_proof(document, proof, key_of(proof)) == chain["unsigned"]


@pytest.mark.parametrize("missing", [0, 1, 2])
def test_the_end_of_the_chain_is_never_taken_without_its_beginning(chain: Chain, missing: int) -> None:
    document = chain["signedProofChain2"]
    del document["proof"][missing]
    with pytest.raises(VerificationFailed, match="which is no proof of this document"):
        proofs_of(document)


@pytest.mark.parametrize("changed", [0, 1, 2])
@pytest.mark.parametrize(
    ("member", "value"), [("created", "2020-01-01T00:00:00Z"), ("domain", "shop.example")]
)
def test_a_proof_that_others_build_on_can_not_be_changed(
    chain: Chain, changed: int, member: str, value: str
) -> None:
    document = chain["signedProofChain2"]
    document["proof"][changed][member] = value
    failed = set()
    for position, proof in enumerate(proofs_of(document)):
        try:
            verify_proof(document, proof, key_of(proof))
        except VerificationFailed:
            failed.add(position)
    assert failed == {changed, 3 if changed == 2 else 2}


def test_one_bad_proof_of_a_set_leaves_the_other_right(chain: Chain) -> None:
    document = chain["signedProofSet2"]
    document["proof"][1]["proofValue"] = document["proof"][0]["proofValue"]
    good, bad = proofs_of(document)
    assert verify_proof(document, good, key_of(good)) == chain["unsigned"]
    with pytest.raises(VerificationFailed, match="does not fit"):
        verify_proof(document, bad, key_of(bad))


def test_every_file_of_the_chain_is_looked_at(chain: Chain) -> None:
    used = {name for step in chain.steps() for name in step[:3]} | {"multiKeyPairs"}
    used |= {"signedProofSet1", "signedProofSet2", "signedProofChain1", "signedProofChain2"}
    assert {path.stem for path in chain.root.iterdir()} == used
