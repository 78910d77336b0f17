"""Issuing, reading, choosing and binding SD-JWTs."""

from __future__ import annotations

import json
from itertools import count
from typing import TYPE_CHECKING, Any

import pytest

from ipse.credentials import jws
from ipse.credentials.formats.sd_jwt import (
    CHECKS,
    NO_CHALLENGE,
    Challenge,
    SdJwt,
    SdJwtInvalid,
    Signer,
    VerificationKey,
    VerifiedSdJwt,
    bind,
    disclosable_paths,
    disclosures,
    issue,
    parse,
    parse_compact,
    parse_json,
    sd_hash,
    select,
    verify,
)
from ipse.credentials.formats.sd_jwt.disclosures import MAX_DEPTH
from ipse.credentials.formats.sd_jwt.issuance import MAX_DECOYS
from ipse.credentials.formats.sd_jwt.serialization import MAX_DISCLOSURES, MAX_LENGTH
from ipse.encoding import base64url
from ipse.errors import InputTooLarge, MalformedInput, NotFound, UsageError
from ipse.keys.ed25519 import PrivateKey
from ipse.keys.key_types import public_to_jwk

if TYPE_CHECKING:
    from collections.abc import Iterable

    from ipse.credentials.formats.sd_jwt import ClaimPath

NOW = 1_800_000_000
ISSUER, HOLDER = PrivateKey(b"i" * 32), PrivateKey(b"h" * 32)
CLAIMS: dict[str, Any] = {
    "iss": "did:web:issuer.example",
    "vct": "https://credentials.example/identity",
    "exp": NOW + 1000,
    "cnf": {"jwk": public_to_jwk(HOLDER.public())},
    "given_name": "Möbius 太郎",
    "address": {"street": "Hauptstr. 1", "country": "DE"},
    "nationalities": ["DE", "FR", "UK"],
}
DISCLOSABLE: list[ClaimPath] = [
    ("given_name",),
    ("address",),
    ("address", "street"),
    ("nationalities", 0),
    ("nationalities", 2),
]


def issued(
    claims: dict[str, Any] | None = None, disclosable: Iterable[ClaimPath] = DISCLOSABLE, **options: Any
) -> SdJwt:
    chosen = {"signer": ISSUER, "typ": "dc+sd-jwt", **options}
    return parse(issue(CLAIMS if claims is None else claims, disclosable=disclosable, **chosen))


def verified(text: str, challenge: Challenge | None = None) -> VerifiedSdJwt:
    return verify(
        text,
        resolve_issuer_key=lambda *_: ISSUER.public(),
        types="dc+sd-jwt",
        challenge=challenge or NO_CHALLENGE,
        now=NOW,
    )


class TestDisclosures:
    def test_digest_of_a_property_is_that_of_rfc_9901(self) -> None:
        encoded = "WyJfMjZiYzRMVC1hYzZxMktJNmNCVzVlcyIsICJmYW1pbHlfbmFtZSIsICJNw7ZiaXVzIl0"
        disclosure = disclosures.read(encoded)
        assert (disclosure.name, disclosure.value) == ("family_name", "Möbius")
        assert disclosures.digest(encoded) == "X9yH0Ajrdm1Oij4tWso9UzzKJvPoDxwmuEcO3XAdRC0"

    def test_digest_of_an_array_element_is_that_of_rfc_9901(self) -> None:
        encoded = "WyJsa2x4RjVqTVlsR1RQVW92TU5JdkNBIiwgIkZSIl0"
        disclosure = disclosures.read(encoded)
        assert (disclosure.name, disclosure.value) == (None, "FR")
        assert disclosures.digest(encoded) == "w0I8EKcdCtUPkGCNUrfwVp2xEgNjtoIDlOxc9-PlOhs"

    @pytest.mark.parametrize(
        "encoded",
        [
            "WyJfMjZiYzRMVC1hYzZxMktJNmNCVzVlcyIsICJmYW1pbHlfbmFtZSIsICJNXHUwMGY2Yml1cyJd",
            "WyJfMjZiYzRMVC1hYzZxMktJNmNCVzVlcyIsImZhbWlseV9uYW1lIiwiTcO2Yml1cyJd",
            "WwoiXzI2YmM0TFQtYWM2cTJLSTZjQlc1ZXMiLAoiZmFtaWx5X25hbWUiLAoiTcO2Yml1cyIKXQ",
        ],
    )
    def test_json_written_in_another_way_reads_the_same(self, encoded: str) -> None:
        assert disclosures.read(encoded).value == "Möbius"

    @pytest.mark.parametrize("name", ["_sd", "...", "_sd_alg"])
    def test_reserved_name_makes_no_disclosure(self, name: str) -> None:
        with pytest.raises(MalformedInput, match="reserved"):
            disclosures.make(b"0" * 16, 1, name=name)

    def test_repr_shows_neither_salt_nor_value(self) -> None:
        made = disclosures.make(b"salt" * 4, "secret", name="n")
        assert "secret" not in repr(made)
        assert made.salt not in repr(made)
        assert made.encoded not in repr(made)


class TestIssue:
    def test_all_disclosures_together_give_the_claims_back(self) -> None:
        assert verified(issued().compact).claims == CLAIMS

    def test_header_holds_alg_of_the_signer_and_typ_and_kid(self) -> None:
        assert issued(kid="did:web:issuer.example#1").jwt.header == {
            "alg": "EdDSA",
            "typ": "dc+sd-jwt",
            "kid": "did:web:issuer.example#1",
        }
        assert "kid" not in issued().jwt.header

    def test_payload_names_its_hash(self) -> None:
        assert issued().jwt.payload["_sd_alg"] == "sha-256"

    def test_hidden_values_are_not_in_the_payload(self) -> None:
        payload = json.dumps(issued().jwt.payload, ensure_ascii=False)
        for value in (
            "given_name",
            "太郎",
            "address",
            "Hauptstr",
            '"UK"',
        ):  # two letters occur in digests by chance
            assert value not in payload
        assert issued().jwt.payload["nationalities"][1] == "FR"

    def test_parent_and_child_hidden_is_recursive(self) -> None:
        sd_jwt = issued(disclosable=[("address",), ("address", "street")])
        inner, outer = (disclosures.read(encoded) for encoded in sd_jwt.disclosures)
        assert inner.name == "street"
        assert outer.value == {"_sd": [disclosures.digest(inner.encoded)], "country": "DE"}
        assert sd_jwt.jwt.payload["_sd"] == [disclosures.digest(outer.encoded)]

    def test_only_the_child_hidden_is_structured(self) -> None:
        sd_jwt = issued(disclosable=[("address", "street")])
        (encoded,) = sd_jwt.disclosures
        assert sd_jwt.jwt.payload["address"] == {"_sd": [disclosures.digest(encoded)], "country": "DE"}
        assert "_sd" not in sd_jwt.jwt.payload

    def test_digests_are_sorted_so_that_claim_order_does_not_show(self) -> None:
        names = [f"claim{number}" for number in range(12)]
        digests = issued({**CLAIMS, **dict.fromkeys(names, 1)}, [(name,) for name in names]).jwt.payload[
            "_sd"
        ]
        assert digests == sorted(digests)
        assert len(digests) == 12

    def test_nothing_hidden_leaves_no_sd_member(self) -> None:
        sd_jwt = issued(disclosable=[], decoys=3)
        assert "_sd" not in sd_jwt.jwt.payload
        assert sd_jwt.disclosures == ()

    def test_decoys_go_where_something_is_hidden_and_change_nothing(self) -> None:
        sd_jwt = issued(decoys=4)
        assert len(sd_jwt.jwt.payload["_sd"]) == 2 + 4
        assert len(sd_jwt.jwt.payload["nationalities"]) == 3 + 4
        assert len(sd_jwt.disclosures) == len(DISCLOSABLE)
        assert verified(sd_jwt.compact).claims == CLAIMS

    def test_decoys_of_an_array_are_not_always_last(self) -> None:
        lasts = {issued(decoys=1).jwt.payload["nationalities"][1] == "FR" for _ in range(64)}
        assert lasts == {True, False}

    @pytest.mark.parametrize("decoys", [-1, MAX_DECOYS + 1])
    def test_count_of_decoys_is_bounded(self, decoys: int) -> None:
        with pytest.raises(UsageError, match="decoys"):
            issued(decoys=decoys)

    def test_salts_come_from_the_source_that_is_given(self) -> None:
        numbers = count(1)
        made = [issued(salts=lambda: next(numbers).to_bytes(16, "big")).disclosures for _ in range(2)]
        assert disclosures.read(made[0][0]).salt == base64url.encode((1).to_bytes(16, "big"))
        assert len({disclosures.read(encoded).salt for run in made for encoded in run}) == 10

    def test_short_salts_are_refused(self) -> None:
        numbers = count(1)
        with pytest.raises(ValueError, match="source of salts"):
            issued(salts=lambda: next(numbers).to_bytes(15, "big"))

    def test_repeated_salts_are_refused(self) -> None:
        with pytest.raises(ValueError, match="source of salts"):
            issued(salts=lambda: b"the same 16 byte")

    def test_salts_have_128_bits_and_never_repeat_by_default(self) -> None:
        salts = [disclosures.read(encoded).salt for _ in range(20) for encoded in issued().disclosures]
        assert {len(base64url.decode(salt)) for salt in salts} == {16}
        assert len(set(salts)) == len(salts)

    @pytest.mark.parametrize("name", ["_sd", "...", "_sd_alg"])
    @pytest.mark.parametrize("place", ["top", "object", "array"])
    def test_reserved_claim_name_is_refused_at_any_depth(self, name: str, place: str) -> None:
        bad = {name: "x"}
        claims = {"top": {**CLAIMS, **bad}, "object": {**CLAIMS, "a": bad}, "array": {**CLAIMS, "a": [bad]}}
        with pytest.raises(MalformedInput, match="reserved"):
            issued(claims[place])

    @pytest.mark.parametrize(
        "path",
        [
            ("iss",),
            ("nbf",),
            ("exp",),
            ("cnf",),
            ("cnf", "jwk"),
            ("vct",),
            ("vct#integrity",),
            ("aka_vcts", 0),
            ("status",),
            ("status", "status_list"),
            ("aud",),
        ],
    )
    def test_claims_that_decide_validity_cannot_be_hidden(self, path: ClaimPath) -> None:
        claims = {
            **CLAIMS,
            "nbf": 1,
            "vct#integrity": "sha256-x",
            "aka_vcts": ["urn:other"],
            "status": {"status_list": {}},
            "aud": ["https://verifier.example"],
        }
        with pytest.raises(UsageError, match="can't be selectively disclosable"):
            issued(claims, [path])

    @pytest.mark.parametrize("path", [("sub",), ("iat",), ("aud", 0)])
    def test_sub_iat_and_entries_of_aud_can_be_hidden(self, path: ClaimPath) -> None:
        claims = {**CLAIMS, "sub": "did:example:me", "iat": 5, "aud": ["https://verifier.example"]}
        assert disclosable_paths(issued(claims, [path])) == (path,)

    @pytest.mark.parametrize(
        "path", [(), ("none",), ("nationalities", 3), ("nationalities", -1), ("address", 0), ("exp", "x")]
    )
    def test_path_without_a_claim_is_refused(self, path: ClaimPath) -> None:
        with pytest.raises(UsageError, match="no claim"):
            issued(disclosable=[path])

    @pytest.mark.parametrize(
        "value", [float("nan"), float("inf"), 2**53, b"bytes", {1: "number as name"}, "\ud800", object()]
    )
    def test_what_json_cannot_carry_is_refused(self, value: object) -> None:
        with pytest.raises(MalformedInput):
            issued({**CLAIMS, "value": value})

    @pytest.mark.parametrize(
        ("change", "words"),
        [
            ({"vct": None}, "vct"),
            ({"iss": 5}, "iss"),
            ({"exp": "tomorrow"}, "exp"),
            ({"cnf": {}}, "cnf"),
            ({"aka_vcts": [CLAIMS["vct"]]}, "aka_vcts repeats"),
        ],
    )
    def test_what_verification_would_refuse_is_not_issued(self, change: dict[str, Any], words: str) -> None:
        with pytest.raises(MalformedInput, match=words):
            issued({**CLAIMS, **change})

    def test_missing_vct_is_refused_for_an_sd_jwt_vc_only(self) -> None:
        claims = {name: value for name, value in CLAIMS.items() if name != "vct"}
        with pytest.raises(MalformedInput, match="vct is missing"):
            issued(claims)
        assert issued(claims, typ="example+sd-jwt").jwt.header["typ"] == "example+sd-jwt"

    def test_nesting_is_bounded(self) -> None:
        def nested(levels: int) -> Any:
            return {"a": nested(levels - 1)} if levels > 1 else {}

        deepest = {**CLAIMS, "a": nested(MAX_DEPTH - 1)}
        assert verified(issued(deepest).compact).claims == deepest
        with pytest.raises(MalformedInput, match="deeper"):
            issued({**CLAIMS, "a": nested(MAX_DEPTH)})

    def test_a_value_that_holds_itself_is_refused(self) -> None:
        claims = dict(CLAIMS)
        claims["self"] = claims
        with pytest.raises(MalformedInput, match="deeper"):
            issued(claims)

    def test_count_of_disclosures_is_bounded(self) -> None:
        claims = {**CLAIMS, "many": [0] * (MAX_DISCLOSURES + 1)}
        paths = [("many", position) for position in range(MAX_DISCLOSURES + 1)]
        assert len(issued(claims, paths[1:]).disclosures) == MAX_DISCLOSURES
        with pytest.raises(InputTooLarge, match="1025 claims to hide"):
            issued(claims, paths)

    def test_size_is_bounded(self) -> None:
        with pytest.raises(InputTooLarge, match="would have"):
            issued({**CLAIMS, "photo": "x" * MAX_LENGTH})

    def test_ed25519_keys_are_signers_and_verification_keys(self) -> None:
        signer: Signer = ISSUER
        key: VerificationKey = ISSUER.public()
        assert key.verify(b"message", signer.sign(b"message"))


class TestSerialization:
    def test_compact_reads_back(self) -> None:
        sd_jwt = issued()
        assert parse_compact(sd_jwt.compact) == sd_jwt
        assert sd_jwt.compact.endswith("~")

    def test_flattened_json_reads_as_compact_does(self) -> None:
        sd_jwt = bound(issued())
        assert parse(json.dumps(flattened(sd_jwt))) == sd_jwt

    def test_general_json_uses_its_first_signature(self) -> None:
        sd_jwt = bound(issued())
        general = {
            "payload": sd_jwt.jwt.body,
            "signatures": [
                {key: value for key, value in flattened(sd_jwt).items() if key != "payload"},
                {"protected": "e30", "signature": "AAAA", "header": {"kid": "another"}},
            ],
        }
        assert parse_json(json.dumps(general)) == sd_jwt

    def test_json_without_disclosures_is_an_sd_jwt(self) -> None:
        sd_jwt = issued(disclosable=[])
        outer = {
            "payload": sd_jwt.jwt.body,
            "protected": sd_jwt.jwt.protected,
            "signature": sd_jwt.jwt.signature,
        }
        assert parse_json(json.dumps(outer)) == sd_jwt

    def test_members_that_are_not_known_are_ignored(self) -> None:
        sd_jwt = issued()
        assert parse(json.dumps({**flattened(sd_jwt), "extra": 1})) == sd_jwt

    @pytest.mark.parametrize(
        ("change", "words"),
        [
            ({"payload": None}, "payload"),
            ({"protected": 5}, "protected"),
            ({"signature": ""}, "signature is empty"),
            ({"header": []}, "header"),
            ({"header": {"disclosures": "abc"}}, "disclosures"),
            ({"header": {"disclosures": [5]}}, "disclosure 1"),
            ({"header": {"disclosures": ["abc~def"]}}, "disclosure 1"),
            ({"header": {"disclosures": [""]}}, "disclosure 1"),
            ({"header": {"kb_jwt": 5}}, "kb_jwt"),
            ({"header": {"kb_jwt": ""}}, "key-binding"),
            ({"header": {"kb_jwt": "a~b"}}, "key-binding"),
            ({"header": {"alg": "EdDSA"}}, "in the protected and in the unprotected"),
            ({"header": {"crit": ["exp"]}}, "crit"),
            ({"disclosures": []}, "two places"),
            ({"signatures": []}, "are mixed"),
        ],
    )
    def test_malformed_flattened_json_is_refused(self, change: dict[str, Any], words: str) -> None:
        with pytest.raises(MalformedInput, match=words):
            parse(json.dumps({**flattened(issued()), **change}))

    @pytest.mark.parametrize(
        ("signatures", "words"),
        [
            (5, "signatures"),
            ([], "0 signatures"),
            ([{}] * 9, "9 signatures"),
            (["x"], "JSON string"),
            ([{}, {"header": {"disclosures": []}}], "first signature"),
            ([{}, {"header": {"kb_jwt": "a.b.c"}}], "first signature"),
        ],
    )
    def test_malformed_general_json_is_refused(self, signatures: Any, words: str) -> None:
        with pytest.raises(MalformedInput, match=words):
            parse(json.dumps({"payload": "e30", "signatures": signatures}))

    def test_duplicate_member_of_the_json_form_is_refused(self) -> None:
        text = json.dumps(flattened(issued()))
        with pytest.raises(MalformedInput, match="twice"):
            parse(text[:-1] + ', "payload": "e30"}')

    def test_repr_of_a_credential_does_not_show_its_claims(self) -> None:
        sd_jwt = bound(issued())
        for text in ("太郎", "Hauptstr", sd_jwt.disclosures[0], sd_jwt.jwt.body, sd_jwt.jwt.signature):
            assert text not in repr(sd_jwt)


class TestSelect:
    def test_paths_that_can_be_withheld_are_listed_parents_first(self) -> None:
        paths = disclosable_paths(issued())
        assert set(paths) == set(DISCLOSABLE)
        assert paths.index(("address",)) < paths.index(("address", "street"))

    def test_nothing_chosen_reveals_only_what_is_always_visible(self) -> None:
        selection = select(issued(), [])
        assert selection.presentation.disclosures == ()
        assert selection.disclosed == ()
        assert set(selection.withheld) == set(DISCLOSABLE)
        assert selection.claims == {
            **{name: CLAIMS[name] for name in ("iss", "vct", "exp", "cnf")},
            "nationalities": ["FR"],
        }

    def test_parents_are_pulled_in(self) -> None:
        selection = select(issued(), [("address", "street")])
        assert selection.disclosed == (("address",), ("address", "street"))
        assert selection.claims["address"] == CLAIMS["address"]

    def test_children_are_not_pulled_in(self) -> None:
        selection = select(issued(), [("address",)])
        assert selection.disclosed == (("address",),)
        assert selection.claims["address"] == {"country": "DE"}

    def test_path_inside_a_disclosure_pulls_in_that_disclosure(self) -> None:
        assert select(issued(), [("address", "country")]).disclosed == (("address",),)

    def test_path_that_is_always_visible_adds_nothing(self) -> None:
        assert select(issued(), [("vct",), ("nationalities", 1)]).disclosed == ()

    def test_array_elements_keep_their_order_when_one_is_withheld(self) -> None:
        selection = select(issued(decoys=5), [("nationalities", 2)])
        assert selection.claims["nationalities"] == ["FR", "UK"]
        assert selection.disclosed == (("nationalities", 2),)

    @pytest.mark.parametrize("path", [("none",), ("nationalities", 3), ("address", "street", "x")])
    def test_path_that_is_not_there_is_not_found(self, path: ClaimPath) -> None:
        with pytest.raises(NotFound, match="no claim"):
            select(issued(), [path])

    def test_preview_is_what_the_verifier_reads(self) -> None:
        selection = select(issued(), [("given_name",), ("nationalities", 0)])
        assert verified(selection.presentation.compact).claims == selection.claims

    def test_presentation_with_a_key_binding_is_no_source(self) -> None:
        with pytest.raises(UsageError, match="key binding"):
            select(bound(issued()), [])

    def test_disclosures_that_do_not_fit_are_refused(self) -> None:
        stray = disclosures.make(b"s" * 16, "x", name="stray").encoded
        sd_jwt = issued()
        with pytest.raises(SdJwtInvalid, match="no digest refers to"):
            select(SdJwt(sd_jwt.jwt, (*sd_jwt.disclosures, stray)), [])


class TestBind:
    def test_binding_holds_type_time_audience_nonce_and_hash(self) -> None:
        presentation = select(issued(), [("given_name",)]).presentation
        sd_jwt = bound(presentation)
        proof = verified(sd_jwt.compact, Challenge("https://verifier.example", "n-1"))
        assert proof.binding == {
            "iat": NOW,
            "aud": "https://verifier.example",
            "nonce": "n-1",
            "sd_hash": sd_hash(presentation),
        }
        assert sd_jwt.compact.startswith(presentation.compact)

    def test_transaction_data_travel_in_the_binding(self) -> None:
        extra = {"transaction_data_hashes": ["h1"], "transaction_data_hashes_alg": "sha-256"}
        proof = verified(bound(issued(), claims=extra).compact, Challenge("https://verifier.example", "n-1"))
        assert proof.binding is not None
        assert proof.binding.items() >= extra.items()

    @pytest.mark.parametrize("name", ["iat", "aud", "nonce", "sd_hash"])
    def test_extra_claims_cannot_replace_its_own(self, name: str) -> None:
        with pytest.raises(UsageError, match=name):
            bound(issued(), claims={name: "x"})

    def test_second_binding_is_refused(self) -> None:
        with pytest.raises(UsageError, match="already"):
            bound(bound(issued()))

    def test_credential_without_cnf_is_not_bound(self) -> None:
        claims = {name: value for name, value in CLAIMS.items() if name != "cnf"}
        with pytest.raises(UsageError, match="no holder key"):
            bound(issued(claims))

    def test_credential_with_a_malformed_cnf_is_not_bound(self) -> None:
        unchecked = jws.sign({"typ": "dc+sd-jwt"}, {**CLAIMS, "cnf": ["jwk"]}, ISSUER)
        with pytest.raises(MalformedInput, match="cnf"):
            bound(SdJwt(unchecked, ()))

    def test_key_that_cannot_be_compared_is_left_to_the_verifier(self) -> None:
        claims = {**CLAIMS, "cnf": {"kid": "did:example:holder#1"}}
        assert bound(issued(claims)).kb_jwt

    def test_another_key_than_that_of_the_credential_never_signs(self) -> None:
        with pytest.raises(UsageError, match="not the one this credential is bound to"):
            bound(issued(), signer=PrivateKey(b"x" * 32))

    @pytest.mark.parametrize(("audience", "nonce"), [("", "n"), ("a", "")])
    def test_empty_audience_or_nonce_is_refused(self, audience: str, nonce: str) -> None:
        with pytest.raises(UsageError, match="neither of them empty"):
            bound(issued(), audience=audience, nonce=nonce)


def test_every_check_is_reported_as_passed() -> None:
    proof = verified(bound(issued()).compact, Challenge("https://verifier.example", "n-1"))
    assert tuple(outcome.name for outcome in proof.checks) == CHECKS
    assert {outcome.outcome for outcome in proof.checks} == {"passed"}
    assert all(outcome.reason for outcome in proof.checks)


def test_holder_binding_is_not_reported_as_passed_without_a_challenge() -> None:
    proof = verified(issued().compact)
    assert proof.binding is None
    assert [outcome.outcome for outcome in proof.checks] == ["passed"] * 4 + ["not applicable"]


def bound(presentation: SdJwt, **options: Any) -> SdJwt:
    chosen = {
        "signer": HOLDER,
        "audience": "https://verifier.example",
        "nonce": "n-1",
        "issued_at": NOW,
        **options,
    }
    return bind(presentation, **chosen)


def flattened(sd_jwt: SdJwt) -> dict[str, Any]:
    header: dict[str, Any] = {"disclosures": list(sd_jwt.disclosures)}
    if sd_jwt.kb_jwt is not None:
        header["kb_jwt"] = sd_jwt.kb_jwt
    return {
        "payload": sd_jwt.jwt.body,
        "protected": sd_jwt.jwt.protected,
        "signature": sd_jwt.jwt.signature,
        "header": header,
    }
