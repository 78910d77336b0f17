"""Data Integrity proofs: what is signed, what is read, what is refused."""

from __future__ import annotations

import copy
import hashlib
from datetime import UTC, datetime
from typing import Any

import pytest

from ipse.credentials.formats.data_integrity import add_proof, hash_data, proof_of, verify_proof
from ipse.encoding import multibase
from ipse.errors import MalformedInput, Undetermined, UsageError, VerificationFailed
from ipse.keys import key_types
from ipse.keys.ed25519 import PrivateKey

KEY, OTHER = PrivateKey(b"k" * 32), PrivateKey(b"o" * 32)
METHOD = "did:example:issuer#key-1"
CREATED = datetime(2026, 1, 31, 12, tzinfo=UTC)
DOCUMENT: dict[str, Any] = {
    "@context": ["https://www.w3.org/ns/credentials/v2", {"a": "https://example.org/#a"}],
    "a": [1, 2.5, "é", None, {"b": True}],
}


def secured(document: dict[str, Any] = DOCUMENT) -> dict[str, Any]:
    return add_proof(document, KEY, verification_method=METHOD, created=CREATED)


def with_proof(**changes: Any) -> dict[str, Any]:
    document = copy.deepcopy(secured())
    document["proof"].update(changes)
    return document


def proven(**changes: Any) -> dict[str, Any]:
    """A document whose signer really signed odd options; None leaves one out."""
    options = {name: value for name, value in secured()["proof"].items() if name != "proofValue"}
    options = {name: value for name, value in {**options, **changes}.items() if value is not None}
    signature = KEY.sign(hash_data(DOCUMENT, options))
    return {**DOCUMENT, "proof": {**options, "proofValue": multibase.encode_base58btc(signature)}}


def verified(document: dict[str, Any]) -> dict[str, Any]:
    return verify_proof(document, proof_of(document), KEY.public())


class TestAddProof:
    def test_the_proof_says_who_signed_when_how_and_for_what(self) -> None:
        proof = secured()["proof"]
        assert {name: value for name, value in proof.items() if name != "proofValue"} == {
            "@context": DOCUMENT["@context"],
            "type": "DataIntegrityProof",
            "cryptosuite": "eddsa-jcs-2022",
            "created": "2026-01-31T12:00:00Z",
            "verificationMethod": METHOD,
            "proofPurpose": "assertionMethod",
        }
        assert len(multibase.decode_base58btc(proof["proofValue"])) == 64

    def test_the_document_is_left_as_it_was(self) -> None:
        before = copy.deepcopy(DOCUMENT)
        after = secured()
        assert before == DOCUMENT
        assert {name: value for name, value in after.items() if name != "proof"} == before

    def test_a_document_that_has_a_proof_is_not_signed_again(self) -> None:
        proofs: list[Any] = [{}, None, []]
        for proof in proofs:
            with pytest.raises(MalformedInput, match="has a proof already"):
                secured({**DOCUMENT, "proof": proof})

    def test_what_has_no_canonical_form_is_not_signed(self) -> None:
        for value in (float("nan"), float("inf"), 2**60, "\ud800"):
            with pytest.raises(MalformedInput):
                secured({"a": value})

    def test_the_same_input_gives_the_same_proof(self) -> None:
        assert secured() == secured()


def test_what_is_signed_is_the_hash_of_the_options_then_that_of_the_document() -> None:
    assert hash_data({"b": 1, "a": "é"}, {"z": 0}) == (
        hashlib.sha256(b'{"z":0}').digest() + hashlib.sha256('{"a":"é","b":1}'.encode()).digest()
    )


class TestProofOf:
    def test_one_proof_is_found_alone_or_in_an_array(self) -> None:
        document = secured()
        assert proof_of(document) == document["proof"]
        assert proof_of({**document, "proof": [document["proof"]]}) == document["proof"]

    @pytest.mark.parametrize("proof", [None, [], "proof", 5, True, {}, [[]], [None], ["x"]])
    def test_no_proof_is_never_taken_for_one(self, proof: Any) -> None:
        with pytest.raises((VerificationFailed, Undetermined)):
            proof_of({**DOCUMENT, "proof": proof})

    def test_a_document_without_proof_fails(self) -> None:
        with pytest.raises(VerificationFailed, match="there is no proof"):
            proof_of(DOCUMENT)

    def test_a_proof_set_is_undetermined(self) -> None:
        proof = secured()["proof"]
        with pytest.raises(Undetermined, match="a set of 2 proofs"):
            proof_of({**DOCUMENT, "proof": [proof, proof]})

    @pytest.mark.parametrize(
        ("member", "value"),
        [
            ("type", "Ed25519Signature2018"),
            ("type", "eddsa-jcs-2022"),
            ("type", ["DataIntegrityProof"]),
            ("type", None),
            ("cryptosuite", "ecdsa-sd-2023"),
            ("cryptosuite", "bbs-2023"),
            ("cryptosuite", "Ed25519Signature2020"),
            ("cryptosuite", "EDDSA-JCS-2022"),
            ("cryptosuite", None),
            ("cryptosuite", ["eddsa-jcs-2022"]),
        ],
    )
    def test_another_kind_of_proof_is_undetermined(self, member: str, value: Any) -> None:
        with pytest.raises(Undetermined, match="is not supported"):
            proof_of(with_proof(**{member: value}))

    @pytest.mark.parametrize("member", ["verificationMethod", "proofPurpose", "proofValue"])
    @pytest.mark.parametrize("value", [None, 5, [], {}, {"id": METHOD}, ["x"]])
    def test_a_proof_whose_members_are_no_strings_fails(self, member: str, value: Any) -> None:
        with pytest.raises(VerificationFailed, match=f"the proof has no {member}"):
            proof_of(with_proof(**{member: value}))

    @pytest.mark.parametrize("member", ["type", "cryptosuite"])
    def test_a_refused_value_is_quoted_on_one_short_line(self, member: str) -> None:
        with pytest.raises(Undetermined) as caught:
            proof_of(with_proof(**{member: "long\n" * 100_000}))
        assert "\n" not in caught.value.message
        assert len(caught.value.message) < 500


class TestVerifyProof:
    def test_what_comes_back_is_the_document_without_its_proof(self) -> None:
        assert verified(secured()) == DOCUMENT
        assert verified(secured({"a": 1})) == {"a": 1}

    @pytest.mark.parametrize("previous", ["urn:proof-1", ["urn:proof-1", "urn:proof-2"]])
    def test_a_proof_that_builds_on_another_is_never_taken_without_it(self, previous: Any) -> None:
        # VC Data Integrity 1.0, section 4.5: the proofs it names must verify too.
        with pytest.raises((VerificationFailed, Undetermined)):
            verified(proven(previousProof=previous))

    @pytest.mark.parametrize("created", ["yesterday", "2026-01-31", "2026-01-31T12:00:00", "", 5, {}])
    def test_a_proof_made_at_no_moment_fails(self, created: Any) -> None:
        # VC-DI-EDDSA 3.3.5: a created that is no datetime is an error.
        with pytest.raises((VerificationFailed, MalformedInput)):
            verified(proven(created=created))

    @pytest.mark.parametrize(
        "changes",
        [
            {"created": None},
            {"created": "2026-01-31T14:00:00.5+02:00"},
            {"@context": None},
            {"domain": "shop.example", "challenge": "1", "nonce": "n", "id": "urn:proof-1"},
        ],
    )
    def test_what_the_signer_left_out_or_put_in_is_signed_all_the_same(self, changes: dict[str, Any]) -> None:
        assert verified(proven(**changes)) == DOCUMENT

    def test_the_order_of_members_means_nothing(self) -> None:
        document = secured()
        turned = dict(reversed(document.items()))
        turned["proof"] = dict(reversed(document["proof"].items()))
        assert verified(turned) == DOCUMENT

    def test_another_key_fails(self) -> None:
        document = secured()
        with pytest.raises(VerificationFailed, match="does not fit"):
            verify_proof(document, document["proof"], OTHER.public())

    @pytest.mark.parametrize(
        ("member", "value"),
        [
            ("created", "2026-01-31T12:00:01Z"),
            ("verificationMethod", METHOD + "0"),
            ("proofPurpose", "authentication"),
            ("domain", "shop.example"),
            ("expires", "2999-01-01T00:00:00Z"),
            ("nonce", None),
        ],
    )
    def test_nothing_in_the_proof_can_be_changed_or_added(self, member: str, value: Any) -> None:
        with pytest.raises(VerificationFailed, match="does not fit"):
            verified(with_proof(**{member: value}))

    @pytest.mark.parametrize(
        "value",
        [
            pytest.param("", id="empty"),
            pytest.param("z", id="no digits"),
            pytest.param("zz", id="one byte"),
            pytest.param("f" + "00" * 64, id="base 16"),
            pytest.param("u" + "A" * 86, id="base64url"),
            pytest.param("z0OIl", id="letters that base 58 leaves out"),
            pytest.param("z é", id="other characters"),
            pytest.param(multibase.encode_base58btc(bytes(64)), id="64 zeros"),
            pytest.param(multibase.encode_base58btc(b"\1" * 63), id="63 bytes"),
            pytest.param(multibase.encode_base58btc(b"\1" * 65), id="65 bytes"),
            pytest.param("z" + "2" * 5000, id="5000 digits"),
            pytest.param("z" + "1" * 5000, id="5000 zeros"),
        ],
    )
    def test_a_proof_value_that_is_no_signature_fails(self, value: str) -> None:
        with pytest.raises(VerificationFailed):
            verified(with_proof(proofValue=value))

    @pytest.mark.parametrize("length", [0, 1, 63, 65, 128])
    def test_a_proof_value_of_another_length_is_said_to_be_one(self, length: int) -> None:
        value = multibase.encode_base58btc(b"\1" * length)
        with pytest.raises(VerificationFailed, match=f"proofValue holds {length} bytes, a signature has 64"):
            verified(with_proof(proofValue=value))

    @pytest.mark.parametrize("spelling", ["{}1", "z1{}", "{} ", " {}", "{}\n"])
    def test_a_signature_has_one_spelling(self, spelling: str) -> None:
        value = secured()["proof"]["proofValue"]
        with pytest.raises(VerificationFailed):
            verified(with_proof(proofValue=spelling.format(value if spelling[0] != "z" else value[1:])))

    def test_a_signature_with_its_scalar_beyond_the_group_order_fails(self) -> None:
        order = 2**252 + 27742317777372353535851937790883648493
        signature = multibase.decode_base58btc(secured()["proof"]["proofValue"])
        scalar = int.from_bytes(signature[32:], "little") + order
        forged = signature[:32] + scalar.to_bytes(32, "little")
        with pytest.raises(VerificationFailed, match="does not fit"):
            verified(with_proof(proofValue=multibase.encode_base58btc(forged)))


class TestContexts:
    """Section 3.3.2: the proof names the contexts that were signed; others may only follow them."""

    def test_a_context_appended_later_is_not_in_what_comes_back(self) -> None:
        document = secured()
        document["@context"] = [*DOCUMENT["@context"], "https://evil.example/v1"]
        assert verified(document) == DOCUMENT

    @pytest.mark.parametrize(
        "context",
        [
            ["https://evil.example/v1", *DOCUMENT["@context"]],
            [DOCUMENT["@context"][1], DOCUMENT["@context"][0]],
            DOCUMENT["@context"][:1],
            DOCUMENT["@context"][0],
            [],
            None,
            [DOCUMENT["@context"]],
        ],
    )
    def test_the_signed_contexts_come_first_and_in_order(self, context: Any) -> None:
        with pytest.raises(VerificationFailed, match="does not begin with"):
            verified({**secured(), "@context": context})

    def test_a_document_that_lost_its_contexts_fails(self) -> None:
        document = secured()
        del document["@context"]
        with pytest.raises(VerificationFailed):
            verified(document)

    def test_a_proof_that_lost_its_contexts_fails(self) -> None:
        document = with_proof()
        del document["proof"]["@context"]
        with pytest.raises(VerificationFailed, match="does not fit"):
            verified(document)

    def test_contexts_moved_into_a_proof_that_had_none_fail(self) -> None:
        document = secured({"a": 1})
        document["@context"] = ["https://evil.example/v1"]
        document["proof"]["@context"] = ["https://evil.example/v1"]
        with pytest.raises(VerificationFailed, match="does not fit"):
            verified(document)


@pytest.mark.parametrize(("key_type", "suite"), [("Ed25519", "eddsa-jcs-2022"), ("P-256", "ecdsa-jcs-2019")])
def test_the_cryptosuite_is_that_of_the_key(key_type: str, suite: str) -> None:
    key = key_types.generate(key_type)
    document = add_proof({"a": 1}, key, verification_method="did:example:1#k", created=CREATED)
    assert document["proof"]["cryptosuite"] == suite
    assert verify_proof(document, proof_of(document), key.public()) == {"a": 1}
    with pytest.raises(VerificationFailed, match="does not fit"):
        verify_proof({**document, "a": 2}, document["proof"], key.public())
    with pytest.raises(VerificationFailed, match="does not fit"):
        verify_proof(document, document["proof"], key_types.generate(key_type).public())


def test_a_key_type_without_a_cryptosuite_is_refused() -> None:
    with pytest.raises(UsageError, match="secp256k1"):
        add_proof(
            {"a": 1}, key_types.generate("secp256k1"), verification_method="did:example:1#k", created=CREATED
        )
