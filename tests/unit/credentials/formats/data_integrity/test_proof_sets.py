"""Proof sets and chains: what hangs together, and every way to take it apart."""

from __future__ import annotations

import copy
from datetime import UTC, datetime
from typing import Any

import pytest

from ipse.credentials.formats.data_integrity import (
    MAX_PROOFS,
    add_proof,
    hash_data,
    in_order,
    proof_of,
    proofs_of,
    sign_hashes,
    verify_proof,
)
from ipse.credentials.formats.data_integrity.cryptosuites import document_hash, options_hash
from ipse.errors import MalformedInput, Undetermined, VerificationFailed
from ipse.keys.ed25519 import PrivateKey

KEYS = [PrivateKey(bytes([number]) * 32) for number in range(1, 5)]
CREATED = datetime(2026, 1, 31, 12, tzinfo=UTC)
DOCUMENT: dict[str, Any] = {"@context": ["https://www.w3.org/ns/credentials/v2"], "name": "x"}


def proof(number: int, *before: dict[str, Any], **changes: Any) -> dict[str, Any]:
    """The proof `urn:proof:<number>` over DOCUMENT and the proofs `before` it."""
    options: dict[str, Any] = {
        "@context": DOCUMENT["@context"],
        "id": f"urn:proof:{number}",
        "type": "DataIntegrityProof",
        "cryptosuite": "eddsa-jcs-2022",
        "verificationMethod": f"did:example:{number}#key",
        "proofPurpose": "assertionMethod",
        **({"previousProof": [earlier["id"] for earlier in before]} if before else {}),
        **changes,
    }
    options = {name: value for name, value in options.items() if value is not None}
    document = {**DOCUMENT, "proof": list(before)} if before else DOCUMENT
    value = sign_hashes(KEYS[number], options_hash(options), document_hash(document))
    return {**options, "proofValue": value}


def chained() -> dict[str, Any]:
    """0 and 1 side by side, 2 on both of them, 3 on 2."""
    first, second = proof(0), proof(1)
    third = proof(2, first, second)
    return {**DOCUMENT, "proof": [first, second, third, proof(3, third)]}


def failing(document: dict[str, Any]) -> list[int]:
    """The positions of the proofs that do not verify."""
    failed = []
    for position, one in enumerate(proofs_of(document)):
        number = int(one.verification_method.split("#")[0][-1])
        try:
            assert verify_proof(document, one, KEYS[number].public()) == DOCUMENT
        except VerificationFailed:
            failed.append(position)
    return failed


class TestSet:
    def test_every_proof_of_a_set_signs_the_document_without_the_others(self) -> None:
        assert failing({**DOCUMENT, "proof": [proof(0), proof(1)]}) == []
        assert failing({**DOCUMENT, "proof": [proof(1), proof(0)]}) == []

    def test_two_proofs_without_id_are_a_set(self) -> None:
        assert failing({**DOCUMENT, "proof": [proof(0, id=None), proof(1, id=None)]}) == []

    def test_the_bad_one_is_the_one_that_fails(self) -> None:
        bad = {**proof(1), "proofPurpose": "authentication"}
        assert failing({**DOCUMENT, "proof": [proof(0), bad, proof(2)]}) == [1]

    def test_a_changed_document_fails_them_all(self) -> None:
        document = {**DOCUMENT, "name": "y", "proof": [proof(0), proof(1)]}
        for one, key in zip(proofs_of(document), KEYS, strict=False):
            with pytest.raises(VerificationFailed, match="does not fit"):
                verify_proof(document, one, key.public())

    def test_several_proofs_are_never_read_as_one(self) -> None:
        with pytest.raises(Undetermined, match="a set of 2 proofs"):
            proof_of({**DOCUMENT, "proof": [proof(0), proof(1)]})

    @pytest.mark.parametrize("entry", [None, "x", 5, [], [{}], True])
    def test_what_is_no_proof_spoils_the_set(self, entry: Any) -> None:
        with pytest.raises(VerificationFailed, match="a proof is an object"):
            proofs_of({**DOCUMENT, "proof": [proof(0), entry]})

    def test_sixteen_proofs_are_read_and_not_one_more(self) -> None:
        one = proof(0, id=None)
        assert len(proofs_of({**DOCUMENT, "proof": [one] * MAX_PROOFS})) == MAX_PROOFS == 16
        for number in (MAX_PROOFS + 1, 1000):
            with pytest.raises(Undetermined, match=f"a set of {number} proofs is not supported"):
                proofs_of({**DOCUMENT, "proof": [one] * number})


class TestChain:
    def test_every_proof_of_a_chain_verifies(self) -> None:
        assert failing(chained()) == []

    def test_one_previous_proof_is_named_in_either_form(self) -> None:
        first = proof(0)
        alone = proof(1, first, previousProof=first["id"])
        assert failing({**DOCUMENT, "proof": [first, alone]}) == []
        assert proofs_of({**DOCUMENT, "proof": [first, alone]})[1].previous == (first["id"],)

    @pytest.mark.parametrize("shuffled", [[3, 2, 1, 0], [2, 0, 3, 1], [3, 1, 0, 2]])
    def test_the_order_puts_each_proof_after_those_it_builds_on(self, shuffled: list[int]) -> None:
        document = chained()
        document["proof"] = [document["proof"][position] for position in shuffled]
        seen: set[str] = set()
        ordered = in_order(proofs_of(document))
        assert len(ordered) == 4
        for one in ordered:
            assert seen.issuperset(one.previous)
            seen.add(one.id or "")

    @pytest.mark.parametrize("missing", [0, 1, 2])
    def test_a_proof_that_another_builds_on_can_not_be_taken_away(self, missing: int) -> None:
        document = chained()
        del document["proof"][missing]
        with pytest.raises(VerificationFailed, match=f"builds on 'urn:proof:{missing}', which is no proof"):
            proofs_of(document)

    def test_the_last_proof_can_be_taken_away(self) -> None:
        document = chained()
        del document["proof"][3]
        assert failing(document) == []

    def test_a_reference_can_not_be_taken_away_with_its_proof(self) -> None:
        document = chained()
        del document["proof"][0]
        document["proof"][1]["previousProof"] = ["urn:proof:1"]
        assert failing(document) == [1, 2]

    @pytest.mark.parametrize("forged", [0, 1, 2])
    @pytest.mark.parametrize("member", ["created", "nonce", "x"])
    def test_a_member_put_into_an_earlier_proof_fails_it_and_what_builds_on_it(
        self, forged: int, member: str
    ) -> None:
        document = chained()
        document["proof"][forged][member] = "2020-01-01T00:00:00Z"
        assert failing(document) == [forged, 3 if forged == 2 else 2]

    def test_an_earlier_proof_made_anew_fails_what_builds_on_it(self) -> None:
        document = chained()
        document["proof"][0] = proof(0, nonce="made anew")
        assert failing(document) == [2]

    def test_an_earlier_proof_of_somebody_else_under_the_same_id_fails_what_builds_on_it(self) -> None:
        document = chained()
        document["proof"][0] = proof(3, id="urn:proof:0")
        assert failing(document) == [2]

    def test_a_proof_is_not_made_part_of_a_chain_afterwards(self) -> None:
        first, second = proof(0), proof(1)
        second["previousProof"] = "urn:proof:0"
        assert failing({**DOCUMENT, "proof": [first, second]}) == [1]

    def test_a_proof_does_not_leave_its_chain(self) -> None:
        first = proof(0)
        second = proof(1, first)
        del second["previousProof"]
        assert failing({**DOCUMENT, "proof": [second]}) == [0]

    def test_two_proofs_with_one_id_fail(self) -> None:
        with pytest.raises(VerificationFailed, match="two proofs have the same id"):
            proofs_of({**DOCUMENT, "proof": [proof(0), proof(1, id="urn:proof:0")]})

    @pytest.mark.parametrize("length", [1, 2, 3, 16])
    def test_a_circle_fails(self, length: int) -> None:
        proofs = [
            proof(0, id=f"urn:proof:{at}", previousProof=f"urn:proof:{(at + 1) % length}")
            for at in range(length)
        ]
        with pytest.raises(VerificationFailed, match="in a circle"):
            proofs_of({**DOCUMENT, "proof": proofs})

    @pytest.mark.parametrize(
        "previous", [None, [], [None], 5, "", [""], {}, ["urn:proof:0", 5], [["urn:proof:0"]], True]
    )
    def test_a_previous_proof_that_is_no_name_fails(self, previous: Any) -> None:
        bad = {**proof(1), "previousProof": previous}
        with pytest.raises(VerificationFailed, match="previousProof of the proof is"):
            proofs_of({**DOCUMENT, "proof": [proof(0), bad]})

    def test_a_previous_proof_named_twice_fails(self) -> None:
        bad = {**proof(1), "previousProof": ["urn:proof:0", "urn:proof:0"]}
        with pytest.raises(VerificationFailed, match="names the same twice"):
            proofs_of({**DOCUMENT, "proof": [proof(0), bad]})

    def test_a_proof_without_id_can_not_be_built_on(self) -> None:
        first = proof(0)
        second = proof(1, first)
        del first["id"]
        with pytest.raises(VerificationFailed, match="which is no proof of this document"):
            proofs_of({**DOCUMENT, "proof": [first, second]})

    def test_a_proof_handed_over_from_another_document_brings_no_proofs_along(self) -> None:
        document = chained()
        last = proofs_of(document)[3]
        with pytest.raises(VerificationFailed):
            verify_proof({**DOCUMENT, "proof": document["proof"][3]}, last, KEYS[3].public())


WRONG: dict[str, list[Any]] = {
    "created": [None, 5, "", "2026-01-31", "2026-01-31T12:00:00", [], {}],
    "expires": [None, 5, "", "never", "2026-13-31T12:00:00Z", [], {}],
    "domain": [None, 5, "", [], [5], [""], {}, ["a", "a"]],
    "challenge": [None, 5, "", [], ["a"], {}],
    "id": [None, 5, "", "proof-1", [], ["urn:a"], {}, "urn: a"],
}


class TestShape:
    @pytest.mark.parametrize(
        ("member", "value"), [(member, value) for member, values in WRONG.items() for value in values]
    )
    def test_a_member_of_the_wrong_kind_fails_even_where_it_was_signed(self, member: str, value: Any) -> None:
        document = add_proof(DOCUMENT, KEYS[0], verification_method="did:example:0#key", created=CREATED)
        options = {**document.pop("proof"), member: value}
        del options["proofValue"]
        options["proofValue"] = sign_hashes(KEYS[0], options_hash(options), document_hash(document))
        with pytest.raises(VerificationFailed, match=f"{member}"):
            proofs_of({**document, "proof": options})

    @pytest.mark.parametrize("domain", ["shop.example", ["shop.example", "https://shop.example:8443"]])
    def test_a_domain_is_one_string_or_several(self, domain: Any) -> None:
        one = proof(0, domain=domain)
        expected = (domain,) if isinstance(domain, str) else tuple(domain)
        assert proofs_of({**DOCUMENT, "proof": one})[0].domain == expected
        assert failing({**DOCUMENT, "proof": one}) == []

    @pytest.mark.parametrize("place", ["document", "proof", "context"])
    def test_bottomless_nesting_is_malformed_and_not_a_crash(self, place: str) -> None:
        deep: Any = "x"
        for _ in range(20_000):
            deep = [deep]
        document = copy.deepcopy(chained())
        if place == "document":
            document["name"] = deep
        elif place == "proof":
            document["proof"][0]["nonce"] = deep
        else:
            document["@context"] = document["proof"][0]["@context"] = deep
        with pytest.raises(MalformedInput, match="nested deeper"):
            proofs_of(document)

    def test_the_options_are_all_members_but_the_signature(self) -> None:
        members = proof(0, x=[1, None])
        [one] = proofs_of({**DOCUMENT, "proof": members})
        assert one.members == members
        assert one.options == {name: value for name, value in members.items() if name != "proofValue"}
        assert KEYS[0].public().verify(hash_data(DOCUMENT, one.options), one.signature)
