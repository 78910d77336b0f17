"""Proofs over RDF: nothing may be put into a document or proof that the signature does not see."""

from __future__ import annotations

import copy
from datetime import UTC, datetime
from typing import Any

import pytest

from ipse.credentials import json_ld
from ipse.credentials.formats.data_integrity import (
    SUITES,
    add_proof,
    hash_data,
    proofs_of,
    sign_hashes,
    verify_proof,
)
from ipse.credentials.formats.data_integrity.cryptosuites import (
    document_hash,
    options_hash,
    proof_configuration,
)
from ipse.encoding import multibase
from ipse.errors import IpseError, MalformedInput, Undetermined, VerificationFailed
from ipse.keys.ed25519 import PrivateKey

KEY = PrivateKey(b"k" * 32)
METHOD = "did:example:issuer#key-1"
CREATED = datetime(2026, 1, 31, 12, tzinfo=UTC)
BASE = "https://www.w3.org/ns/credentials/v2"
TERMS = {"alumniOf": "https://school.example/#alumniOf", "grades": "https://school.example/#grades"}
DOCUMENT: dict[str, Any] = {
    "@context": [BASE, TERMS],
    "id": "urn:uuid:58172aac-d8ba-11ed-83dd-0b3aef56cc33",
    "type": ["VerifiableCredential"],
    "issuer": "did:example:issuer",
    "credentialSubject": {"id": "did:example:subject", "alumniOf": "The School", "grades": [1, 2]},
}
OLD_TYPE: dict[str, Any] = {
    **DOCUMENT,
    "@context": [BASE, "https://w3id.org/security/suites/ed25519-2020/v1", TERMS],
}
RDFC, OLD = SUITES["eddsa-rdfc-2022"], SUITES["Ed25519Signature2020"]


def signed(**changes: Any) -> dict[str, Any]:
    return add_proof(
        {**DOCUMENT, **changes},
        KEY,
        verification_method=METHOD,
        created=CREATED,
        cryptosuite="eddsa-rdfc-2022",
    )


def signed_by_old_type(**changes: Any) -> dict[str, Any]:
    options = {
        "type": "Ed25519Signature2020",
        "created": "2026-01-31T12:00:00Z",
        "verificationMethod": METHOD,
        "proofPurpose": "assertionMethod",
        **changes,
    }
    value = multibase.encode_base58btc(KEY.sign(hash_data(OLD_TYPE, options, OLD)))
    return {**OLD_TYPE, "proof": {**options, "proofValue": value}}


def verified(document: dict[str, Any], contexts: Any = None) -> dict[str, Any]:
    return verify_proof(document, proofs_of(document)[0], KEY.public(), contexts=contexts)


def test_what_comes_back_is_the_document_without_its_proof() -> None:
    assert verified(signed()) == DOCUMENT
    assert verified(signed_by_old_type()) == OLD_TYPE


def test_an_rdf_proof_does_not_repeat_the_context() -> None:
    assert "@context" not in signed()["proof"]


def test_the_proof_is_read_in_the_context_of_the_document() -> None:
    document = signed()
    options = proofs_of(document)[0].options
    assert proof_configuration(options, DOCUMENT, RDFC) == {**options, "@context": DOCUMENT["@context"]}
    assert hash_data(DOCUMENT, options, RDFC) == hash_data(DOCUMENT, {**options, "@context": "urn:x"}, RDFC)


@pytest.mark.parametrize(
    "members",
    [
        {"@index": "x"},
        {"@id": "urn:x"},
        {"@type": "DataIntegrityProof"},
        {"@graph": []},
        {"@included": []},
        {"@nest": {}},
        {"@reverse": {}},
        {"@comment": "x"},
        {"nonce": None},
        {"nonce": []},
        {"nonce": [[]]},
        {"nonce": [None]},
        {"nonce": {"@value": None}},
        {"nonce": {"@set": []}},
        {"nonce": 5},
        {"domain": None},
        {"domain": []},
        {"challenge": None},
        {"expires": None},
        {"id": None},
        {"previousProof": []},
        {"previousProof": None},
        {"x": None},
        {"x": []},
    ],
    ids=str,
)
@pytest.mark.parametrize("maker", [signed, signed_by_old_type])
def test_what_rdf_would_drop_from_a_proof_is_refused(maker: Any, members: dict[str, Any]) -> None:
    document = maker()
    document["proof"].update(members)
    with pytest.raises(VerificationFailed):
        verified(document)


@pytest.mark.parametrize("maker", [signed, signed_by_old_type])
@pytest.mark.parametrize("value", ["x", ["x", "y"]])
def test_a_term_of_a_proof_that_no_context_defines_is_refused(maker: Any, value: Any) -> None:
    document = maker()
    document["proof"]["unheardOf"] = value
    with pytest.raises(json_ld.UnsafeDocument, match="unheardOf"):
        verified(document)


def test_an_option_without_meaning_is_not_signed_either() -> None:
    options = {"type": "DataIntegrityProof", "cryptosuite": "eddsa-rdfc-2022", "unheardOf": "x"}
    with pytest.raises(json_ld.UnsafeDocument):
        options_hash(proof_configuration(options, DOCUMENT, RDFC), RDFC)


@pytest.mark.parametrize(
    ("path", "value"),
    [
        (("validUntil",), None),
        (("validUntil",), []),
        (("validUntil",), "2999-01-01T00:00:00Z"),
        (("credentialStatus",), None),
        (("credentialStatus",), []),
        (("credentialStatus",), {}),
        (("evidence",), {}),
        (("unheardOf",), "x"),
        (("unheardOf",), None),
        (("unheardOf",), {"deep": []}),
        (("@index",), "x"),
        (("@reverse",), {}),
        (("@included",), []),
        (("@nest",), {}),
        (("@comment",), "x"),
        (("credentialSubject", "role"), "rector"),
        (("credentialSubject", "alumniOf"), None),
        (("credentialSubject", "alumniOf"), []),
        (("credentialSubject", "alumniOf"), ["The School"]),
        (("credentialSubject", "alumniOf"), ["The School", None]),
        (("credentialSubject", "alumniOf"), {"@value": "The School", "@index": "x"}),
        (("credentialSubject", "@index"), "x"),
        (("credentialSubject", "@comment"), "x"),
        (("credentialSubject", "name"), None),
        (("credentialSubject", "grades"), [1, 2, None]),
        (("credentialSubject", "grades"), [1, 2, []]),
    ],
    ids=str,
)
def test_nothing_gets_into_a_signed_document_unseen(path: tuple[str, ...], value: Any) -> None:
    document = copy.deepcopy(signed())
    holder = document
    for step in path[:-1]:
        holder = holder[step]
    holder[path[-1]] = value
    if path[-1] == "alumniOf" and value == ["The School"]:
        assert verified(document)["credentialSubject"]["alumniOf"] == ["The School"]
        return
    with pytest.raises((VerificationFailed, MalformedInput)):
        verified(document)


class TestContexts:
    def test_a_context_that_is_not_known_leaves_it_undetermined(self) -> None:
        document = signed()
        document["@context"] = [*document["@context"], "https://unheard-of.example/v1"]
        with pytest.raises(Undetermined, match="unheard-of"):
            verified(document)
        with pytest.raises(Undetermined, match="unheard-of"):
            signed(**{"@context": [BASE, "https://unheard-of.example/v1"]})

    def test_a_context_of_the_users_own_counts_in_signing_and_in_verifying(self) -> None:
        url = "https://school.example/v1"
        contexts = json_ld.known().with_extra({url: {"@context": TERMS}})
        document = {**DOCUMENT, "@context": [BASE, url]}
        made = add_proof(
            document,
            KEY,
            verification_method=METHOD,
            created=CREATED,
            cryptosuite="eddsa-rdfc-2022",
            contexts=contexts,
        )
        assert verified(made, contexts) == document
        with pytest.raises(Undetermined, match="school"):
            verified(made)
        other = json_ld.known().with_extra(
            {url: {"@context": {**TERMS, "alumniOf": "https://school.example/#rectorOf"}}}
        )
        with pytest.raises(VerificationFailed, match="does not fit"):
            verified(made, other)

    def test_another_meaning_for_a_signed_term_fails(self) -> None:
        document = signed()
        document["@context"] = [BASE, {**TERMS, "alumniOf": "https://other.example/#alumniOf"}]
        with pytest.raises(VerificationFailed, match="does not fit"):
            verified(document)
        document["@context"] = [BASE, {**TERMS, "alumniOf": "https://school.example/#rectorOf"}]
        with pytest.raises((VerificationFailed, MalformedInput)):
            verified(document)

    def test_a_protected_term_does_not_get_another_meaning(self) -> None:
        document = signed()
        other = {"VerifiableCredential": "https://school.example/#Credential"}
        document["@context"] = [*document["@context"], other]
        with pytest.raises(json_ld.UnsafeDocument, match="VerifiableCredential"):
            verified(document)

    def test_a_member_of_the_data_model_keeps_its_meaning(self) -> None:
        # The context of the type VerifiableCredential comes after those of the document.
        document = signed()
        document["@context"] = [*document["@context"], {"issuer": "https://school.example/#alumniOf"}]
        assert verified(document)["issuer"] == DOCUMENT["issuer"]
        with pytest.raises(VerificationFailed, match="does not fit"):
            verified({**document, "issuer": "did:example:other"})

    @pytest.mark.parametrize("context", [None, [], {}, "x", 5, [None], [5]])
    def test_a_document_whose_context_was_changed_is_refused(self, context: Any) -> None:
        with pytest.raises(IpseError):
            verified({**signed(), "@context": context})

    def test_a_document_without_context_is_refused(self) -> None:
        document = signed()
        del document["@context"]
        with pytest.raises((VerificationFailed, MalformedInput)):
            verified(document)

    def test_a_context_in_the_proof_says_nothing_new(self) -> None:
        document = signed()
        for context in (DOCUMENT["@context"], [BASE], BASE):
            document["proof"]["@context"] = context
            assert verified(document) == DOCUMENT

    @pytest.mark.parametrize(
        "context", ["https://evil.example/v1", {"domain": "urn:x"}, [TERMS, BASE], [BASE, TERMS, {}], None]
    )
    def test_a_context_in_the_proof_that_is_not_the_documents_fails(self, context: Any) -> None:
        document = signed()
        document["proof"]["@context"] = context
        with pytest.raises(VerificationFailed, match="does not begin with"):
            verified(document)


class TestNames:
    """RDF signs what a member stands for; its name has to be vouched for by something else."""

    def test_a_signed_statement_does_not_get_another_name(self) -> None:
        document = signed()
        document["@context"] = [BASE, {**TERMS, "rectorOf": TERMS["alumniOf"]}]
        subject = document["credentialSubject"]
        document["credentialSubject"] = {
            ("rectorOf" if name == "alumniOf" else name): value for name, value in subject.items()
        }
        with pytest.raises(MalformedInput, match="rectorOf"):
            verified(document)

    def test_a_jcs_proof_signs_the_names(self) -> None:
        document = add_proof(DOCUMENT, KEY, verification_method=METHOD, created=CREATED)
        document["@context"] = [BASE, {**TERMS, "rectorOf": TERMS["alumniOf"]}]
        with pytest.raises(VerificationFailed, match="does not begin with"):
            verified(document)


def test_a_chain_goes_over_both_kinds_of_canonical_form() -> None:
    first = add_proof(DOCUMENT, KEY, verification_method=METHOD, created=CREATED)["proof"]
    del first["@context"]
    options = {**{name: value for name, value in first.items() if name != "proofValue"}, "id": "urn:proof:1"}
    first = {**options, "proofValue": sign_hashes(KEY, options_hash(options), document_hash(DOCUMENT))}
    second = {
        **options,
        "cryptosuite": "eddsa-rdfc-2022",
        "id": "urn:proof:2",
        "previousProof": "urn:proof:1",
    }
    chained = {**DOCUMENT, "proof": [first]}
    second["proofValue"] = multibase.encode_base58btc(KEY.sign(hash_data(chained, second, RDFC)))
    document = {**DOCUMENT, "proof": [first, second]}
    for proof in proofs_of(document):
        assert verify_proof(document, proof, KEY.public()) == DOCUMENT
    document["proof"][0]["domain"] = "shop.example"
    with pytest.raises(VerificationFailed, match="does not fit"):
        verify_proof(document, proofs_of(document)[1], KEY.public())


@pytest.mark.parametrize("kind", ["Ed25519Signature2020", "eddsa-rdfc-2022"])
def test_a_proof_of_one_type_is_none_of_the_other(kind: str) -> None:
    document = signed_by_old_type()
    if kind == "eddsa-rdfc-2022":
        document["proof"] |= {"type": "DataIntegrityProof", "cryptosuite": kind}
    else:
        made = add_proof(
            OLD_TYPE, KEY, verification_method=METHOD, created=CREATED, cryptosuite="eddsa-rdfc-2022"
        )
        document["proof"] = {**made["proof"], "type": kind}
        del document["proof"]["cryptosuite"]
    with pytest.raises(VerificationFailed, match="does not fit"):
        verified(document)


def test_the_old_type_takes_its_own_context() -> None:
    document = signed_by_old_type()
    document["@context"] = DOCUMENT["@context"]
    with pytest.raises((VerificationFailed, MalformedInput)):
        verified(document)


def test_a_graph_that_takes_too_much_work_is_an_error_of_its_own() -> None:
    # Many blank nodes, each linked with all others: canonical labels would take factorial time.
    nodes = [f"_:n{number}" for number in range(24)]
    document = {
        **DOCUMENT,
        "credentialSubject": [
            {"id": node, "related": [{"id": other} for other in nodes if other != node]} for node in nodes
        ],
        "@context": [BASE, {"related": {"@id": "https://school.example/#related", "@type": "@id"}}],
        "proof": signed()["proof"],
    }
    with pytest.raises(IpseError) as caught:
        verified(document)
    assert not isinstance(caught.value, VerificationFailed)
