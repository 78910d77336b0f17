"""The schema of everything that leaves, closed, and what two parties can find in common."""

from __future__ import annotations

import hashlib
import json
import re
from datetime import datetime
from itertools import count
from typing import Any

import pytest

from ipse.dids import did_key
from ipse.disclosure import receipts
from ipse.disclosure.answers import build_answer, nothing
from ipse.disclosure.levels import NAMES
from ipse.disclosure.methods import OWNER, PRIVATE
from ipse.disclosure.questions import Question, type_of
from ipse.encoding import base64url
from ipse.keys import derivation, key_types
from tests.unit.disclosure.material import (
    DAY,
    HOUR,
    KEY,
    NOW,
    ROOT,
    SAID,
    SHOP_KEY,
    WINDOW,
    question,
    signer_of,
)

METHODS = pytest.mark.parametrize("method", [OWNER, PRIVATE])
WINDOWS = {OWNER: "", PRIVATE: WINDOW}

MEMBER = {
    "choose": "choices",
    "order": "order",
    "bands": "bands",
    "topics": "topics",
    "statements": "statements",
}
HEADER = {"alg": "str", "typ": "str", "kid": "str"}
CLAIMS = {
    "iss": "str",
    "sub": "str",
    "vct": "str",
    "iat": "int",
    "exp": "int",
    "cnf.jwk.kty": "str",
    "cnf.jwk.crv": "str",
    "cnf.jwk.x": "str",
    "level": "str",
    "method": "str",
    "terms.purpose": "str",
    "terms.expires": "int",
    "terms.retention": "int",
    "pad": "str",
    "_sd_alg": "str",
}
FROM_SUMMARY = {"window": "str"}
SAYS = {
    "choose": {"choices[]": "str"},
    "order": {"order[]": "str"},
    "bands": {"bands.cooking": "str", "bands.jazz": "str"},
    "topics": {"topics[]": "str"},
    "statements": {"statements[]": "str"},
}
BINDING_HEADER = {"alg": "str", "typ": "str"}
BINDING = {
    "iat": "int",
    "aud": "str",
    "nonce": "str",
    "sd_hash": "str",
    "transaction_data_hashes[]": "str",
    "transaction_data_hashes_alg": "str",
}
RECEIPT = {
    "type": "str",
    "number": "int",
    "party": "str",
    "audience": "str",
    "level": "str",
    "purpose": "str",
    "issued": "str",
    "expires": "str",
    "retention_until": "str",
    "request": "str",
    "answer": "str",
}


def answered(
    asked: Question, *, says: bool = True, key: Any = KEY, method: str = OWNER, now: datetime = NOW
) -> str:
    content = SAID[asked.level] if says else nothing(asked)
    return build_answer(asked, content, key=key, now=now, method=method, window=WINDOWS[method])


def decoded(answer: str) -> list[dict[str, Any]]:
    """Header and payload of the credential, header and payload of the key binding."""
    issuer_signed, *disclosures, binding = answer.split("~")
    assert disclosures == []
    parts = [*issuer_signed.split(".")[:2], *binding.split(".")[:2]]
    return [json.loads(base64url.decode(part)) for part in parts]


def schema(value: Any, path: str = "") -> dict[str, str]:
    """Where there is a value, and of which type; the entries of an array are one place."""
    if isinstance(value, dict):
        inner = [schema(member, f"{path}.{name}" if path else name) for name, member in value.items()]
        return {place: kind for each in inner for place, kind in each.items()}
    if isinstance(value, list):
        return {place: kind for entry in value for place, kind in schema(entry, f"{path}[]").items()}
    return {path: type(value).__name__}


class TestSchema:
    @pytest.mark.parametrize("level", NAMES)
    @pytest.mark.parametrize("says", [True, False])
    @pytest.mark.parametrize("signer", [None, signer_of()], ids=["unsigned", "signed"])
    @METHODS
    def test_an_answer_holds_exactly_these_members_of_these_types(
        self, level: str, says: bool, signer: Any, method: str
    ) -> None:
        asked = question(level, signer=signer)
        header, claims, binding_header, binding = decoded(answered(asked, says=says, method=method))
        expected = {**CLAIMS, **(FROM_SUMMARY if method == PRIVATE else {})}
        assert schema(header) == HEADER
        assert schema(claims) == {**expected, **(SAYS[level] if says else {})}
        assert set(claims) == {place.partition(".")[0] for place in expected} | {MEMBER[level]}
        assert schema(binding_header) == BINDING_HEADER
        assert schema(binding) == BINDING

    @METHODS
    def test_the_values_are_these(self, method: str) -> None:
        asked = question("bands")
        header, claims, binding_header, binding = decoded(answered(asked, method=method))
        did, issued = did_key.from_public_key(KEY.public()), int(NOW.timestamp())
        padding = claims.pop("pad")
        assert header == {"alg": "EdDSA", "typ": "dc+sd-jwt", "kid": did_key.verification_method_id(did)}
        assert claims == {
            "iss": did,
            "sub": did,
            "vct": "urn:ipse:preferences:bands:1",
            "iat": issued,
            "exp": issued + 86400,
            "cnf": {"jwk": key_types.public_to_jwk(KEY.public())},
            "level": "bands",
            "method": method,
            **({"window": "2026-03-08"} if method == PRIVATE else {}),
            "terms": {
                "purpose": "Choose what to show first",
                "expires": issued + 86400,
                "retention": 7 * 86400,
            },
            "bands": {"cooking": "low", "jazz": "high"},
            "_sd_alg": "sha-256",
        }
        assert binding_header == {"alg": "EdDSA", "typ": "kb+jwt"}
        sd_hash = binding.pop("sd_hash")
        assert len(base64url.decode(sd_hash)) == 32
        assert binding == {
            "iat": issued,
            "aud": "redirect_uri:https://shop.example/answers",
            "nonce": asked.authorization.nonce,
            "transaction_data_hashes": [asked.transaction.digest],
            "transaction_data_hashes_alg": "sha-256",
        }
        assert set(padding) == {"0"}

    @pytest.mark.parametrize("level", NAMES)
    @pytest.mark.parametrize("says", [True, False])
    @METHODS
    def test_the_padding_is_zeros_and_hides_nothing(self, level: str, says: bool, method: str) -> None:
        assert re.fullmatch("0*", decoded(answered(question(level), says=says, method=method))[1]["pad"])

    @pytest.mark.parametrize("level", NAMES)
    @METHODS
    def test_no_score_and_no_other_fraction_is_anywhere(self, level: str, method: str) -> None:
        parts = decoded(answered(question(level), method=method))
        assert {kind for part in parts for kind in schema(part).values()} == {"str", "int"}

    @pytest.mark.parametrize("level", NAMES)
    @METHODS
    def test_the_method_and_window_are_told_whether_or_not_anything_is_said(
        self, level: str, method: str
    ) -> None:
        asked = question(level)
        said, unsaid = (decoded(answered(asked, says=says, method=method))[1] for says in (True, False))
        for claims in (said, unsaid):
            claims.pop("pad")
            claims.pop(MEMBER[level])
        assert said == unsaid

    @pytest.mark.parametrize("level", NAMES)
    def test_a_receipt_holds_exactly_these_members_of_these_types(self, level: str) -> None:
        asked = question(level)
        receipt = receipts.build_receipt(asked, answered(asked), number=3, key=KEY, now=NOW)
        assert schema(receipts.verify_receipt(receipt).payload) == RECEIPT

    @pytest.mark.parametrize("level", ["choose", "order"])
    def test_a_question_asked_of_texts_is_answered_without_them(self, level: str) -> None:
        told = json.dumps(decoded(answered(question(level))))
        assert not [text for text in ("Dune", "Emma", "Solaris", "Ulysses") if json.dumps(text) in told]


def strings(value: Any) -> set[str]:
    """Every string in `value` of 8 characters or more, names of members too."""
    if isinstance(value, dict):
        return strings(list(value)) | strings(list(value.values()))
    if isinstance(value, list):
        return {inner for entry in value for inner in strings(entry)}
    return {value} if isinstance(value, str) and len(value) >= 8 else set()


def pieces(texts: set[str]) -> set[str]:
    """All runs of 8 characters in `texts`, so that a shared part of an identifier is found as well."""
    return {text[start : start + 8] for text in texts for start in range(len(text) - 7)}


class TestTwoParties:
    """What two applications find in common when they compare all that they got."""

    OTHER = "https://other.example"
    VOCABULARY = frozenset(
        {
            *(
                name
                for place in (*CLAIMS, *FROM_SUMMARY, *BINDING, *RECEIPT)
                for name in re.split(r"\.|\[\]", place)
            ),
            *MEMBER.values(),
            *map(type_of, NAMES),
            *NAMES,
            "dc+sd-jwt",
            "kb+jwt",
            "sha-256",
            "Ed25519",
            "did:key:z6Mk",  # how the did:key of any Ed25519 key begins
            "#z6Mk",
            "ipse-receipt",
            "payload",
            "protected",
            "signature",
            "signatures",
            receipts.TYPE,
            WINDOW,  # the windows of everybody begin on the same days
        }
    )

    @pytest.fixture
    def known_nonces(self, monkeypatch: pytest.MonkeyPatch) -> None:
        """The same nonces in every run: of all digests that hold random ones, some are alike by chance."""
        numbers = count()

        def made(size: int) -> str:
            return base64url.encode(hashlib.shake_256(f"nonce {next(numbers)}".encode()).digest(size))

        monkeypatch.setattr("secrets.token_urlsafe", made)

    def received(
        self, address: str, level: str, *, signer: Any = None, number: int, method: str
    ) -> tuple[list[Any], Question]:
        """All that the application at `address` gets, opened; asked and answered at a time of its own."""
        asked = question(level, address=address, signer=signer, purpose=f"for {address}")
        key, now = derivation.pairwise_key(ROOT, asked.party), NOW + number * HOUR
        answer = answered(asked, says=False, key=key, method=method, now=now)
        receipt = receipts.build_receipt(asked, answer, number=1, key=key, now=now)
        envelope = json.loads(receipt)
        inner = [json.loads(base64url.decode(envelope["payload"]))]
        inner += [json.loads(base64url.decode(entry["protected"])) for entry in envelope["signatures"]]
        signatures = [part for jwt in answer.split("~") for part in jwt.split(".")[2:]]
        return [*decoded(answer), *inner, signatures, envelope["signatures"][0]["signature"]], asked

    @pytest.mark.parametrize("level", NAMES)
    @pytest.mark.parametrize("signed", [False, True])
    @METHODS
    @pytest.mark.usefixtures("known_nonces")
    def test_no_identifier_no_key_and_no_salt_is_the_same(
        self, level: str, signed: bool, method: str
    ) -> None:
        one, asked = self.received("https://shop.example/a", level, number=0, method=method)
        signer = signer_of(SHOP_KEY) if signed else None
        two, other = self.received(f"{self.OTHER}/b", level, signer=signer, number=30, method=method)
        own = {asked.purpose, other.purpose, asked.authorization.client_id, other.authorization.client_id}
        shared = (strings(one) & strings(two)) - self.VOCABULARY
        assert {text for text in shared if not re.fullmatch("0*", text)} == set()
        known = pieces({*self.VOCABULARY, *own, "00000000"})
        # Times are told in seconds: two answers of one second could be told to be that.
        times = re.compile(r"[0-9:TZ-]{8}")
        assert {
            piece
            for piece in (pieces(strings(one)) & pieces(strings(two))) - known
            if not times.fullmatch(piece)
        } == set()

    def test_the_keys_of_two_parties_and_of_one_origin_and_its_did_key_are_different(self) -> None:
        signer = signer_of()
        parties = [
            question().party,
            question(address=f"{self.OTHER}/b").party,
            question(address="https://shop.example:8443").party,
            question(address="https://www.shop.example").party,
            question(signer=signer).party,
        ]
        assert len({derivation.pairwise_key(ROOT, party).public() for party in parties}) == len(parties)

    def test_one_party_gets_the_same_key_at_each_of_its_addresses(self) -> None:
        addresses = [f"https://shop.example{path}" for path in ("/a", "/b?c", ":443/")]
        parties = {question(address=address).party for address in addresses}
        assert {derivation.pairwise_key(ROOT, party) for party in parties} == {KEY}
        signed = {question(address=address, signer=signer_of()).party for address in addresses}
        assert len(signed) == 1

    def test_another_wallet_has_another_key_for_the_same_party(self) -> None:
        assert derivation.pairwise_key(b"s" * 32, "https://shop.example") != KEY

    def test_answers_to_one_party_share_the_key_and_no_nonce_or_hash(self) -> None:
        one, two = (decoded(answered(question("topics"))) for _ in range(2))
        assert one[1]["iss"] == two[1]["iss"]
        assert one[3]["sd_hash"] == two[3]["sd_hash"]  # the same second, the same content
        assert one[3]["nonce"] != two[3]["nonce"]
        later = question("topics", issued=NOW, lifetime=DAY)
        assert decoded(answered(later, now=NOW + HOUR))[3]["sd_hash"] != one[3]["sd_hash"]
