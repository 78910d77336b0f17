"""One fault each: what RFC 9901 section 7 and SD-JWT VC tell a verifier to refuse, and under which check."""

from __future__ import annotations

import json
import math
from typing import TYPE_CHECKING, Any

import pytest

from ipse.credentials.formats.sd_jwt import (
    CHECKS,
    NO_CHALLENGE,
    Challenge,
    SdJwt,
    SdJwtInvalid,
    SdJwtUndetermined,
    VerifiedSdJwt,
    disclosures,
    parse,
    verify,
)
from ipse.credentials.formats.sd_jwt.disclosures import MAX_DEPTH
from ipse.credentials.formats.sd_jwt.serialization import MAX_DISCLOSURES, MAX_LENGTH
from ipse.encoding import base64url
from ipse.errors import MalformedInput, StorageError, Undetermined, VerificationFailed
from ipse.keys.ed25519 import PrivateKey, PublicKey
from ipse.keys.key_types import private_to_jwk, public_to_jwk

if TYPE_CHECKING:
    from collections.abc import Callable

NOW = 1_800_000_000
ISSUER, HOLDER, STRANGER = (PrivateKey(letter * 32) for letter in (b"i", b"h", b"s"))
HOLDER_JWK = public_to_jwk(HOLDER.public())
CHALLENGE = Challenge("https://verifier.example", "nonce-1", max_age=300)
VC = {"typ": "dc+sd-jwt", "alg": "EdDSA"}
PLAIN = {"typ": "example+sd-jwt", "alg": "EdDSA"}
CREDENTIAL = {
    "iss": "did:web:issuer.example",
    "vct": "https://credentials.example/identity",
    "iat": NOW - 100,
    "exp": NOW + 1000,
    "cnf": {"jwk": HOLDER_JWK},
}


def jwt(header: Any, payload: Any, key: PrivateKey = ISSUER) -> str:
    """A signed JWT; header and payload as values, or as bytes where their JSON is to be odd."""
    parts = [part if isinstance(part, bytes) else json.dumps(part).encode() for part in (header, payload)]
    signed = ".".join(base64url.encode(part) for part in parts)
    return f"{signed}.{base64url.encode(key.sign(signed.encode()))}"


def disclosure(*content: Any) -> str:
    """The disclosure with this content, of whatever shape; the salt is "s" and comes first."""
    return base64url.encode(json.dumps(["s", *content]).encode())


def digest(encoded: str) -> str:
    return disclosures.digest(encoded)


def plain(payload: Any, *encoded: str, header: Any = PLAIN) -> str:
    return "~".join((jwt(header, payload), *encoded, ""))


def bound(
    *encoded: str,
    credential: dict[str, Any] = CREDENTIAL,
    header: Any = None,
    key: PrivateKey = HOLDER,
    **change: Any,
) -> str:
    """A presentation with a key binding whose claims are changed by `change`; None removes one."""
    bare = "~".join((jwt(VC, credential), *encoded, ""))
    claims = {"iat": NOW, "aud": CHALLENGE.audience, "nonce": CHALLENGE.nonce, "sd_hash": digest(bare)}
    kept = {name: value for name, value in {**claims, **change}.items() if value is not None}
    return bare + jwt(header or {"typ": "kb+jwt", "alg": "EdDSA"}, kept, key)


def check(text: str | SdJwt, **options: Any) -> VerifiedSdJwt:
    chosen: dict[str, Any] = {
        "resolve_issuer_key": lambda *_: ISSUER.public(),
        "types": {"dc+sd-jwt", "example+sd-jwt"},
        "challenge": NO_CHALLENGE,
        "now": NOW,
        **options,
    }
    return verify(text, **chosen)


def refused(text: str | SdJwt, name: str, words: str, **options: Any) -> None:
    with pytest.raises(SdJwtInvalid) as caught:
        check(text, **options)
    error = caught.value
    assert (error.check, words in error.reason) == (name, True), error.message
    assert error.message == str(error) == f"{name}: {error.reason}"
    assert "\n" not in error.reason
    assert not error.reason[0].isupper()
    assert error.exit_code == 3
    position = CHECKS.index(error.check)
    assert [outcome.name for outcome in error.checks] == list(CHECKS)
    assert [outcome.outcome for outcome in error.checks] == [
        *["passed"] * position,
        "failed",
        *["undetermined"] * (len(CHECKS) - 1 - position),
    ]
    assert error.checks[position].reason == error.reason


def refused_binding(text: str, words: str, **options: Any) -> None:
    refused(text, "holder-binding", words, **{"challenge": CHALLENGE, **options})


def test_the_forms_these_faults_are_made_from_verify_without_the_fault() -> None:
    one = disclosure("name", "value")
    assert check(plain({"_sd": [digest(one)]}, one)).claims == {"name": "value"}
    assert check(bound(), challenge=CHALLENGE).claims == CREDENTIAL


class TestParse:
    @pytest.mark.parametrize(
        "text", ["", " ", "~", "~~", "a.b.c", "a.b.c~", "not an sd-jwt", "{}", "{", "é.é.é~"]
    )
    def test_what_is_no_sd_jwt_is_refused(self, text: str) -> None:
        refused(text, "parse", "")

    def test_missing_last_tilde_is_refused(self) -> None:
        refused(plain({})[:-1], "parse", "no ~")

    @pytest.mark.parametrize("around", [" {}", "{} ", "{}\n", "\n{}"])
    def test_white_space_around_is_refused(self, around: str) -> None:
        with pytest.raises(SdJwtInvalid):
            check(around.format(plain({})))

    @pytest.mark.parametrize("parts", [2, 4, 5])
    def test_jwt_of_another_number_of_parts_is_refused(self, parts: int) -> None:
        refused(".".join(["e30"] * parts) + "~", "parse", f"{parts} parts")

    def test_empty_signature_is_refused(self) -> None:
        refused(plain({}).rsplit(".", 1)[0] + ".~", "parse", "signature is empty")

    def test_empty_disclosure_is_refused(self) -> None:
        refused(plain({}) + "~", "parse", "disclosure 1")

    def test_duplicate_member_in_the_header_is_refused(self) -> None:
        refused(plain({}, header=b'{"alg":"EdDSA","typ":"dc+sd-jwt","typ":"x"}'), "parse", "twice")

    def test_duplicate_member_in_the_payload_is_refused(self) -> None:
        refused(plain(b'{"vct":"a","vct":"b"}'), "parse", "twice")

    @pytest.mark.parametrize("payload", [b"[]", b'"text"', b"null", b"{", b"\xff{}", b'{"a":NaN}'])
    def test_payload_that_is_no_json_object_is_refused(self, payload: bytes) -> None:
        refused(plain(payload), "parse", "payload")

    def test_padding_is_refused(self) -> None:
        header, rest = plain({}).split(".", 1)
        refused(f"{header}=.{rest}", "parse", "not base64url")

    def test_stray_bits_after_the_signature_are_refused(self) -> None:
        text = plain({})[:-1]
        last = {"A": "B", "Q": "R", "g": "h", "w": "x"}[text[-1]]
        refused(f"{text[:-1]}{last}~", "parse", "stray bits")

    def test_size_is_bounded(self) -> None:
        refused("a" * MAX_LENGTH, "parse", "no ~")
        refused("a" * (MAX_LENGTH + 1), "parse", "characters")
        refused(f"{{{' ' * MAX_LENGTH}}}", "parse", "characters")

    def test_count_of_disclosures_is_bounded(self) -> None:
        many = [disclosure(str(number), 1) for number in range(MAX_DISCLOSURES + 1)]
        fitting = many[1:]
        text = plain({"_sd": [digest(one) for one in fitting]}, *fitting)
        assert len(check(text).disclosed) == MAX_DISCLOSURES
        refused(plain({"_sd": [digest(one) for one in many]}, *many), "parse", "1025 disclosures")

    def test_a_value_is_verified_by_its_text_not_by_its_fields(self) -> None:
        true = parse(plain({"admin": False}))
        forged = type(true.jwt)(
            true.jwt.protected, true.jwt.body, true.jwt.signature, true.jwt.header, {"admin": True}
        )
        assert check(SdJwt(forged, ())).claims == {"admin": False}


class TestType:
    @pytest.mark.parametrize("typ", ["JWT", "kb+jwt", "vc+sd-jwt", "sd-jwt", "DC+SD-JWT", "dc+sd-jwt ", ""])
    def test_wrong_typ_is_refused(self, typ: str) -> None:
        refused(plain({}, header={**PLAIN, "typ": typ}), "data-model", "typ is", types="dc+sd-jwt")

    @pytest.mark.parametrize("header", [{"alg": "EdDSA"}, {"alg": "EdDSA", "typ": 5}])
    def test_missing_typ_is_refused(self, header: dict[str, Any]) -> None:
        refused(plain({}, header=header), "data-model", "no typ")

    def test_no_accepted_type_accepts_nothing(self) -> None:
        refused(plain({}), "data-model", "typ is", types=())


class TestProof:
    def test_signature_of_another_key_is_refused(self) -> None:
        refused(jwt(PLAIN, {}, STRANGER) + "~", "proof", "signature")

    def test_changed_payload_is_refused(self) -> None:
        header, _, signature = plain({}).split(".")
        body = base64url.encode(b'{"admin":true}')
        refused(f"{header}.{body}.{signature}", "proof", "signature")

    @pytest.mark.parametrize("algorithm", ["none", "None", "NONE", "nOnE"])
    def test_alg_none_is_refused_before_a_key_is_looked_for(self, algorithm: str) -> None:
        def resolve(*_: object) -> PublicKey:
            raise AssertionError("asked for a key")

        text = plain({}, header={**PLAIN, "alg": algorithm})
        refused(text, "proof", "alg is none", resolve_issuer_key=resolve)

    @pytest.mark.parametrize("algorithm", ["ES256", "HS256", "EDDSA", "Ed25519", ""])
    def test_alg_that_is_not_the_keys_is_refused(self, algorithm: str) -> None:
        refused(plain({}, header={**PLAIN, "alg": algorithm}), "proof", "the key is for EdDSA")

    @pytest.mark.parametrize("header", [{"typ": PLAIN["typ"]}, {**PLAIN, "alg": 5}, {**PLAIN, "alg": None}])
    def test_missing_alg_is_refused(self, header: dict[str, Any]) -> None:
        refused(plain({}, header=header), "proof", "no alg")

    @pytest.mark.parametrize("crit", [["exp"], [], ["b64"], "exp"])
    def test_crit_is_refused(self, crit: object) -> None:
        refused(plain({}, header={**PLAIN, "crit": crit}), "proof", "crit")

    @pytest.mark.parametrize(
        "error", [VerificationFailed("not this issuer's key"), MalformedInput("bad DID")]
    )
    def test_resolver_that_finds_a_fault_fails_the_proof(self, error: Exception) -> None:
        refused(plain({}), "proof", str(error), resolve_issuer_key=raising(error))

    def test_issuer_that_cannot_be_resolved_is_undetermined_and_never_valid(self) -> None:
        with pytest.raises(SdJwtUndetermined) as caught:
            check(plain({}), resolve_issuer_key=raising(Undetermined("unknown method", hint="update")))
        assert (caught.value.check, caught.value.exit_code, caught.value.hint) == ("proof", 9, "update")
        outcomes = [outcome.outcome for outcome in caught.value.checks]
        assert outcomes == ["passed", "passed", *["undetermined"] * 3]

    def test_other_errors_of_the_resolver_are_no_verdict(self) -> None:
        with pytest.raises(StorageError):
            check(plain({}), resolve_issuer_key=raising(StorageError("disk")))


class TestDisclosures:
    ONE = disclosure("name", "value")

    def test_disclosure_that_nothing_refers_to_is_refused(self) -> None:
        refused(plain({"_sd": []}, self.ONE), "proof", "no digest refers to disclosure 1")

    def test_disclosure_whose_parent_is_withheld_is_refused(self) -> None:
        parent = disclosure("parent", {"_sd": [digest(self.ONE)]})
        payload = {"_sd": [digest(parent)]}
        assert check(plain(payload, self.ONE, parent)).claims == {"parent": {"name": "value"}}
        refused(plain(payload, self.ONE), "proof", "no digest refers to disclosure 1")

    def test_digest_in_another_place_than_sd_or_dots_refers_to_nothing(self) -> None:
        refused(plain({"sd": [digest(self.ONE)]}, self.ONE), "proof", "no digest refers")

    def test_disclosure_that_is_there_twice_is_refused(self) -> None:
        text = plain({"_sd": [digest(self.ONE)]}, self.ONE, self.ONE)
        refused(text, "proof", "disclosure 2 is there twice")

    @pytest.mark.parametrize(
        "payload",
        [
            {"_sd": ["D", "D"]},
            {"_sd": ["D"], "a": {"_sd": ["D"]}},
            {"_sd": ["D"], "a": [{"...": "D"}]},
            {"a": [{"...": "D"}, {"...": "D"}]},
            {"a": {"b": [{"...": "D"}]}, "c": {"d": {"_sd": ["D"]}}},
        ],
    )
    def test_digest_that_is_twice_in_the_payload_is_refused(self, payload: dict[str, Any]) -> None:
        refused(plain(payload), "proof", "is there twice")

    def test_digest_that_is_in_the_payload_and_in_a_disclosure_is_refused(self) -> None:
        outer = disclosure("outer", {"_sd": [digest(self.ONE)]})
        payload = {"_sd": [digest(outer), digest(self.ONE)]}
        refused(plain(payload, outer, self.ONE), "proof", "is there twice")

    def test_digest_that_is_in_two_disclosures_is_refused(self) -> None:
        outers = [disclosure(name, [{"...": "D"}]) for name in ("first", "second")]
        refused(plain({"_sd": [digest(one) for one in outers]}, *outers), "proof", "is there twice")

    def test_claim_that_would_overwrite_a_visible_one_is_refused(self) -> None:
        text = plain({"name": "visible", "_sd": [digest(self.ONE)]}, self.ONE)
        refused(text, "proof", "overwrite the claim /name")

    def test_two_disclosures_of_the_same_claim_are_refused(self) -> None:
        other = disclosure("name", "another value")
        text = plain({"_sd": [digest(self.ONE), digest(other)]}, self.ONE, other)
        refused(text, "proof", "overwrite the claim /name")

    def test_the_same_name_at_another_level_is_no_overwriting(self) -> None:
        payload = {"name": "top", "inner": {"_sd": [digest(self.ONE)]}}
        assert check(plain(payload, self.ONE)).claims == {"name": "top", "inner": {"name": "value"}}

    @pytest.mark.parametrize("name", ["_sd", "...", "_sd_alg"])
    def test_forbidden_claim_name_in_a_disclosure_is_refused(self, name: str) -> None:
        one = disclosure(name, "value")
        refused(plain({"_sd": [digest(one)]}, one), "proof", "reserved")

    def test_array_disclosure_for_a_property_is_refused(self) -> None:
        one = disclosure("value")
        refused(plain({"_sd": [digest(one)]}, one), "proof", "2 elements stands for a claim")

    def test_property_disclosure_for_an_array_element_is_refused(self) -> None:
        text = plain({"a": [{"...": digest(self.ONE)}]}, self.ONE)
        refused(text, "proof", "3 elements stands for an element")

    @pytest.mark.parametrize("content", [[], ["n", 1, 2], ["n", 1, 2, 3]])
    def test_disclosure_of_another_arity_is_refused(self, content: list[Any]) -> None:
        one = disclosure(*content)
        refused(plain({"_sd": [digest(one)]}, one), "proof", "neither [salt, name, value]")

    @pytest.mark.parametrize(
        ("content", "words"),
        [
            (b'{"salt":"s"}', "neither"),
            (b'"text"', "neither"),
            (b'[1,"name","value"]', "salt is not a string"),
            (b'[null,"value"]', "salt is not a string"),
            (b'["s",5,"value"]', "name is not a string"),
            (b'["s",null,"value"]', "name is not a string"),
            (b'["s","name",{"a":1,"a":2}]', "twice"),
            (b'["s","name",NaN]', "NaN"),
            (b'["s","name","\\ud800"]', "surrogate"),
            (b'["s","name","\xff"]', "UTF-8"),
            (b'["s","name"', "not JSON"),
            (b'["s","name",' + b"[" * 200 + b"]" * 200 + b"]", "nested"),
        ],
    )
    def test_disclosure_that_is_not_strict_json_is_refused(self, content: bytes, words: str) -> None:
        one = base64url.encode(content)
        refused(plain({"_sd": [digest(one)]}, one), "proof", words)

    def test_disclosure_in_non_canonical_base64url_is_refused(self) -> None:
        one = base64url.encode(b'["s","name",1]')
        loose = one[:-1] + chr(ord(one[-1]) + 1)
        refused(plain({"_sd": [digest(loose)]}, loose), "proof", "stray bits")

    @pytest.mark.parametrize("value", ["D", {"D": 1}, None, 5, [5], ["D", None], [["D"]], [{"...": "D"}]])
    @pytest.mark.parametrize("place", ["top", "nested", "disclosed"])
    def test_sd_that_is_no_array_of_strings_is_refused(self, value: Any, place: str) -> None:
        outer = disclosure("outer", {"_sd": value})
        text = {
            "top": plain({"_sd": value}),
            "nested": plain({"a": [{"b": {"_sd": value}}]}),
            "disclosed": plain({"_sd": [digest(outer)]}, outer),
        }[place]
        refused(text, "proof", "_sd is not an array of strings")

    @pytest.mark.parametrize(
        "element",
        [{"...": "D", "other": 1}, {"...": "D", "_sd": []}, {"...": 5}, {"...": None}, {"...": ["D"]}],
    )
    def test_dots_with_other_members_or_without_a_string_are_refused(self, element: Any) -> None:
        refused(plain({"a": [element]}), "proof", "'...' is not the only member")

    def test_dots_outside_an_array_are_refused(self) -> None:
        refused(plain({"a": {"...": "D"}}), "proof", "outside an array")
        refused(plain({"...": "D"}), "proof", "outside an array")

    def test_element_that_is_disclosed_to_be_another_digest_is_refused(self) -> None:
        inner = disclosure("value")
        outer = disclosure({"...": digest(inner)})
        refused(plain({"a": [{"...": digest(outer)}]}, outer, inner), "proof", "outside an array")

    @pytest.mark.parametrize(
        "algorithm", ["sha-1", "md5", "SHA-256", "sha-256-32", "sha3-256", "", 5, None, ["sha-256"], {}]
    )
    def test_unknown_sd_alg_is_refused(self, algorithm: object) -> None:
        refused(plain({"_sd_alg": algorithm}), "proof", "_sd_alg")

    def test_sd_alg_below_the_top_level_is_refused(self) -> None:
        refused(plain({"a": {"_sd_alg": "sha-256"}}), "proof", "below the top level")

    @pytest.mark.parametrize("algorithm", ["sha-384", "sha-512"])
    def test_longer_hashes_are_read(self, algorithm: str) -> None:
        payload = {"_sd": [disclosures.digest(self.ONE, algorithm)], "_sd_alg": algorithm}
        assert check(plain(payload, self.ONE)).claims == {"name": "value"}
        refused(plain({**payload, "_sd_alg": "sha-256"}, self.ONE), "proof", "no digest refers")

    def test_nesting_through_disclosures_is_bounded(self) -> None:
        def chain(length: int) -> str:
            links = [disclosure("end", 1)]
            for _ in range(length - 1):
                links.append(disclosure("a", {"_sd": [digest(links[-1])]}))
            return plain({"_sd": [digest(links[-1])]}, *links)

        assert len(check(chain(MAX_DEPTH)).disclosed) == MAX_DEPTH
        refused(chain(MAX_DEPTH + 1), "proof", "nested deeper")

    def test_nesting_of_the_payload_is_bounded(self) -> None:
        def objects(levels: int) -> bytes:
            return b'{"a":' * levels + b"1" + b"}" * levels

        def arrays(levels: int) -> bytes:
            return b'{"a":' + b"[" * (levels - 1) + b"]" * (levels - 1) + b"}"

        for nested in (objects, arrays):
            assert check(plain(nested(MAX_DEPTH))).claims
            refused(plain(nested(MAX_DEPTH + 1)), "proof", "nested deeper")

    def test_empty_objects_and_arrays_remain_where_all_is_withheld(self) -> None:
        payload = {"object": {"_sd": ["D1"]}, "array": [{"...": "D2"}], "_sd": ["D3"]}
        assert check(plain(payload)).claims == {"object": {}, "array": []}


class TestClaims:
    def test_missing_vct_is_refused(self) -> None:
        refused(plain({"iss": "https://issuer.example"}, header=VC), "data-model", "vct is missing")

    def test_vct_is_not_asked_of_other_types(self) -> None:
        assert check(plain({}, header=PLAIN)).claims == {}

    def test_iss_is_optional(self) -> None:
        assert check(plain({"vct": "urn:v"}, header=VC)).claims == {"vct": "urn:v"}

    @pytest.mark.parametrize("name", ["iss", "sub", "jti", "vct", "vct#integrity"])
    @pytest.mark.parametrize("value", [5, None, "", ["a"], {"id": "a"}])
    def test_claim_that_must_be_a_string_is_refused_otherwise(self, name: str, value: Any) -> None:
        refused(plain({"vct": "urn:v", name: value}, header=VC), "data-model", f"{name} is not a string")

    @pytest.mark.parametrize("name", ["cnf", "status"])
    @pytest.mark.parametrize("value", [5, None, "", [], {}])
    def test_claim_that_must_be_an_object_is_refused_otherwise(self, name: str, value: Any) -> None:
        refused(plain({"vct": "urn:v", name: value}, header=VC), "data-model", f"{name} is not an object")

    @pytest.mark.parametrize("value", ["urn:a", [], [5], [""], {}, None])
    def test_aka_vcts_that_is_no_array_of_strings_is_refused(self, value: Any) -> None:
        refused(plain({"vct": "urn:v", "aka_vcts": value}, header=VC), "data-model", "aka_vcts")

    def test_aka_vcts_that_repeats_vct_is_refused(self) -> None:
        refused(plain({"vct": "urn:v", "aka_vcts": ["urn:v"]}, header=VC), "data-model", "repeats vct")

    @pytest.mark.parametrize(
        ("name", "value"),
        [
            ("iss", "urn:i"),
            ("nbf", 1),
            ("exp", NOW + 9),
            ("cnf", {"jwk": HOLDER_JWK}),
            ("vct", "urn:v"),
            ("vct#integrity", "sha256-x"),
            ("aka_vcts", ["urn:w"]),
            ("status", {"status_list": {}}),
        ],
    )
    def test_disclosed_claim_that_sd_jwt_vc_keeps_visible_is_refused(self, name: str, value: Any) -> None:
        one = disclosure(name, value)
        payload = {"vct": "urn:v", "_sd": [digest(one)]}
        if name == "vct":
            del payload["vct"]
        refused(plain(payload, one, header=VC), "data-model", f"{name} is selectively disclosable")

    @pytest.mark.parametrize(
        ("name", "value"),
        [
            ("cnf", {"jwk": HOLDER_JWK, "_sd": ["D"]}),
            ("status", {"status_list": {"_sd": ["D"]}}),
            ("aka_vcts", ["urn:w", {"...": "D"}]),
        ],
    )
    def test_digest_inside_such_a_claim_is_refused_even_if_withheld(self, name: str, value: Any) -> None:
        text = plain({"vct": "urn:v", name: value}, header=VC)
        refused(text, "data-model", f"{name} is selectively disclosable")

    @pytest.mark.parametrize("value", [5, None, {"a": 1}, ["a", 5]])
    def test_aud_of_another_type_is_refused(self, value: Any) -> None:
        refused(plain({"aud": value}), "data-model", "aud is neither")

    @pytest.mark.parametrize("value", ["https://other.example", ["https://other.example"], []])
    def test_credential_that_is_meant_for_others_is_refused(self, value: Any) -> None:
        refused(plain({"aud": value}), "data-model", "aud names others", audiences=["https://me.example"])
        refused(plain({"aud": value}), "data-model", "aud names others")
        refused(bound(credential={**CREDENTIAL, "aud": value}), "data-model", "aud", challenge=CHALLENGE)

    def test_credential_that_is_meant_for_this_verifier_is_accepted(self) -> None:
        assert check(plain({"aud": ["https://me.example", "b"]}), audiences=["https://me.example"])
        assert check(bound(credential={**CREDENTIAL, "aud": CHALLENGE.audience}), challenge=CHALLENGE)


class TestTime:
    def test_expired_credential_is_refused(self) -> None:
        refused(plain({"exp": NOW - 60}), "time", "expired")
        refused(plain({"exp": NOW}), "time", "expired", leeway=0)

    def test_credential_that_expires_within_the_leeway_is_accepted(self) -> None:
        assert check(plain({"exp": NOW - 59})).claims["exp"] == NOW - 59

    def test_disclosed_exp_counts_as_a_visible_one_does(self) -> None:
        one = disclosure("exp", NOW - 1000)
        refused(plain({"_sd": [digest(one)]}, one), "time", "expired")

    def test_credential_that_is_not_valid_yet_is_refused(self) -> None:
        refused(plain({"nbf": NOW + 61}), "time", "not valid before")
        assert check(plain({"nbf": NOW + 60})).claims["nbf"] == NOW + 60

    @pytest.mark.parametrize("name", ["exp", "nbf", "iat"])
    @pytest.mark.parametrize("value", [str(NOW + 100), None, True, [NOW], {}])
    def test_time_that_is_no_number_is_refused(self, name: str, value: Any) -> None:
        refused(plain({name: value}), "data-model", f"{name} is not a number")

    def test_time_that_is_not_known_is_never_within_the_validity(self) -> None:
        refused(plain({"exp": NOW + 5}), "time", "expired", now=math.nan)
        refused(plain({"nbf": NOW - 5}), "time", "not valid", now=math.nan)

    def test_fractions_of_a_second_are_read(self) -> None:
        assert check(plain({"exp": NOW + 0.5}), leeway=0)
        refused(plain({"exp": NOW - 0.5}), "time", "expired", leeway=0)


class TestHolderBinding:
    def test_missing_key_binding_is_refused(self) -> None:
        refused_binding(plain(CREDENTIAL, header=VC), "missing")

    def test_credential_without_cnf_does_not_answer_a_challenge(self) -> None:
        refused_binding(plain({"vct": "urn:v"}, header=VC), "cnf is missing")

    def test_key_binding_without_cnf_is_refused(self) -> None:
        unbound = {"vct": "urn:v"}
        refused_binding(bound(credential=unbound), "without cnf")
        refused(bound(credential=unbound), "holder-binding", "without cnf")

    def test_key_binding_nobody_asked_for_is_refused(self) -> None:
        refused(bound(), "holder-binding", "no challenge")

    def test_signature_of_another_key_is_refused(self) -> None:
        refused_binding(bound(key=STRANGER), "signature")
        refused_binding(bound(key=ISSUER), "signature")

    @pytest.mark.parametrize("typ", ["JWT", "dc+sd-jwt", "KB+JWT", "application/kb+jwt", None, 5])
    def test_wrong_typ_of_the_key_binding_is_refused(self, typ: object) -> None:
        refused_binding(bound(header={"alg": "EdDSA", "typ": typ}), "typ")

    @pytest.mark.parametrize(("algorithm", "words"), [("none", "none"), ("ES256", "EdDSA"), (None, "no alg")])
    def test_alg_of_the_key_binding_is_that_of_the_key(self, algorithm: object, words: str) -> None:
        refused_binding(bound(header={"typ": "kb+jwt", "alg": algorithm}), words)

    def test_crit_in_the_key_binding_is_refused(self) -> None:
        refused_binding(bound(header={"typ": "kb+jwt", "alg": "EdDSA", "crit": ["x"]}), "crit")

    def test_key_in_the_header_of_the_key_binding_is_not_used(self) -> None:
        header = {"typ": "kb+jwt", "alg": "EdDSA", "jwk": public_to_jwk(STRANGER.public())}
        refused_binding(bound(header=header, key=STRANGER), "signature")

    @pytest.mark.parametrize(
        "kb_jwt", ["x", "a.b", "e30.e30.e30.e30", "e30.e30.", "e30.W10.AAAA", "e3.e30.AAAA"]
    )
    def test_malformed_key_binding_is_refused(self, kb_jwt: str) -> None:
        refused_binding(plain(CREDENTIAL, header=VC) + kb_jwt, "key-binding JWT")

    def test_duplicate_member_in_the_key_binding_is_refused(self) -> None:
        text = plain(CREDENTIAL, header=VC) + jwt(
            {"typ": "kb+jwt", "alg": "EdDSA"}, b'{"aud":1,"aud":2}', HOLDER
        )
        refused_binding(text, "twice")

    @pytest.mark.parametrize("value", [None, "", "x", 5, digest("x")])
    def test_wrong_sd_hash_is_refused(self, value: object) -> None:
        refused_binding(bound(sd_hash=value), "sd_hash")

    def test_disclosure_added_to_or_taken_from_a_bound_presentation_is_refused(self) -> None:
        one, two = disclosure("one", 1), disclosure("two", 2)
        credential = {**CREDENTIAL, "_sd": [digest(one), digest(two)]}
        both = bound(one, two, credential=credential)
        assert check(both, challenge=CHALLENGE).claims == {**CREDENTIAL, "one": 1, "two": 2}
        refused_binding(both.replace(f"~{two}~", "~"), "sd_hash")
        refused_binding(both.replace(f"~{one}~{two}~", f"~{two}~{one}~"), "sd_hash")
        refused_binding(bound(one, credential=credential).replace(f"~{one}~", f"~{one}~{two}~"), "sd_hash")

    def test_sd_hash_uses_the_hash_of_the_credential(self) -> None:
        credential = {**CREDENTIAL, "_sd_alg": "sha-512"}
        bare = jwt(VC, credential) + "~"
        right = bound(credential=credential, sd_hash=disclosures.digest(bare, "sha-512"))
        assert check(right, challenge=CHALLENGE).binding
        refused_binding(bound(credential=credential), "sd_hash")

    def test_key_binding_moved_to_another_credential_of_the_same_holder_is_refused(self) -> None:
        other = plain({**CREDENTIAL, "vct": "urn:other"}, header=VC)
        refused_binding(other + bound().rsplit("~", 1)[1], "sd_hash")

    @pytest.mark.parametrize(
        "value", [None, "", "https://other.example", "https://verifier.example/", [CHALLENGE.audience], 5]
    )
    def test_wrong_aud_is_refused(self, value: object) -> None:
        refused_binding(bound(aud=value), "aud")

    @pytest.mark.parametrize("value", [None, "", "nonce-2", "NONCE-1", ["nonce-1"], 5])
    def test_wrong_nonce_is_refused(self, value: object) -> None:
        refused_binding(bound(nonce=value), "nonce")

    def test_iat_in_the_future_is_refused(self) -> None:
        refused_binding(bound(iat=NOW + 61), "future")
        assert check(bound(iat=NOW + 60), challenge=CHALLENGE).binding

    def test_iat_that_is_too_old_is_refused(self) -> None:
        refused_binding(bound(iat=NOW - 361), "300 seconds ago")
        assert check(bound(iat=NOW - 360), challenge=CHALLENGE).binding

    def test_missing_iat_is_refused(self) -> None:
        refused_binding(bound(iat=None), "iat is missing")

    @pytest.mark.parametrize("value", [str(NOW), True, [NOW]])
    def test_iat_that_is_no_number_is_refused(self, value: object) -> None:
        refused_binding(bound(iat=value), "iat is not a number")

    def test_age_of_the_key_binding_is_not_accepted_without_a_clock(self) -> None:
        eternal = {name: value for name, value in CREDENTIAL.items() if name != "exp"}
        refused_binding(bound(credential=eternal), "future", now=math.nan)

    @pytest.mark.parametrize(
        ("change", "words"), [({"exp": NOW - 61}, "expired"), ({"nbf": NOW + 61}, "not valid")]
    )
    def test_exp_and_nbf_of_the_key_binding_hold_too(self, change: dict[str, Any], words: str) -> None:
        refused_binding(bound(**change), words)

    def test_private_key_in_cnf_is_refused(self) -> None:
        credential = {**CREDENTIAL, "cnf": {"jwk": private_to_jwk(HOLDER)}}
        refused_binding(bound(credential=credential), "private key")

    @pytest.mark.parametrize("cnf", [{"kid": "did:key:z6Mk"}, {"jwk": {"kty": "EC", "crv": "P-521"}}])
    def test_holder_key_that_cannot_be_read_is_undetermined(self, cnf: dict[str, Any]) -> None:
        with pytest.raises(SdJwtUndetermined) as caught:
            check(bound(credential={**CREDENTIAL, "cnf": cnf}), challenge=CHALLENGE)
        assert caught.value.check == "holder-binding"

    def test_holder_key_can_be_resolved_by_the_caller(self) -> None:
        credential = {**CREDENTIAL, "cnf": {"kid": "did:example:holder"}}
        proof = check(
            bound(credential=credential), challenge=CHALLENGE, resolve_holder_key=lambda _: HOLDER.public()
        )
        assert proof.binding is not None

    def test_withheld_cnf_does_not_free_from_the_challenge(self) -> None:
        hidden = disclosure("cnf", {"jwk": HOLDER_JWK})
        refused_binding(plain({"_sd": [digest(hidden)]}), "cnf is missing")


class TestOrder:
    def test_a_wrong_signature_is_told_before_anything_the_payload_says(self) -> None:
        bad_in_every_way = {"_sd": 5, "exp": 1, "iss": 5}
        refused(jwt(PLAIN, bad_in_every_way, STRANGER) + "~", "proof", "signature", challenge=CHALLENGE)
        refused(plain(bad_in_every_way), "proof", "_sd", challenge=CHALLENGE)
        refused(plain({"exp": 1, "iss": 5}), "data-model", "iss", challenge=CHALLENGE)
        refused(plain({"exp": 1}), "time", "expired", challenge=CHALLENGE)

    def test_reasons_stay_on_one_line_whatever_the_input(self) -> None:
        nasty = "line\nbreak \x1b[31m \u202e"
        refused(plain({}, header={**PLAIN, "typ": nasty}), "data-model", "typ")
        one = disclosure(nasty, 1)
        with pytest.raises(SdJwtInvalid) as caught:
            check(plain({nasty: 1, "_sd": [digest(one)]}, one))
        assert caught.value.reason.isprintable()


def raising(error: Exception) -> Callable[..., PublicKey]:
    def resolve(*_: object) -> PublicKey:
        raise error

    return resolve
