"""What a verifier says of itself: keys that can be used or not, encryptions and formats."""

from __future__ import annotations

from typing import Any

import pytest

from ipse.encoding import base64url
from ipse.errors import MalformedInput
from ipse.keys import ecdsa, key_types
from ipse.keys.encryption import new_key
from ipse.protocols.openid4vp.client_metadata import parse_client_metadata

PRIVATE = new_key("k1")
KEY = {name: value for name, value in PRIVATE.items() if name != "d"}
UNUSABLE: dict[str, Any] = {
    "private": PRIVATE,
    "no-kid": {name: value for name, value in KEY.items() if name != "kid"},
    "empty-kid": {**KEY, "kid": ""},
    "kid-number": {**KEY, "kid": 5},
    "long-kid": {**KEY, "kid": "k" * 513},
    "no-alg": {name: value for name, value in KEY.items() if name != "alg"},
    "other-alg": {**KEY, "alg": "ECDH-ES+A128KW"},
    "signature-alg": {**KEY, "alg": "ES256"},
    "alg-number": {**KEY, "alg": 5},
    "for-signatures": {**KEY, "use": "sig"},
    "other-operation": {**KEY, "key_ops": ["verify"]},
    "operations-text": {**KEY, "key_ops": "deriveKey"},
    "x25519": {"kty": "OKP", "crv": "X25519", "alg": "ECDH-ES", "use": "enc", "kid": "x",
               "x": base64url.encode(b"\x09" * 32)},
    "x448": {"kty": "OKP", "crv": "X448", "alg": "ECDH-ES", "use": "enc", "kid": "x", "x": "AAAA"},
    "p-384": {**KEY, "crv": "P-384"},
    "secp256k1": {**key_types.public_to_jwk(ecdsa.generate("secp256k1").public()),
                  "alg": "ECDH-ES", "kid": "x"},
    "akp": {"kty": "AKP", "alg": "ML-KEM-9999", "pub": "AAAA", "kid": "x"},
    "made-up": {"kty": "MADE-UP", "kid": "x", "use": "enc"},
    "rsa": {"kty": "RSA", "n": "AAAA", "e": "AQAB", "kid": "x", "alg": "RSA-OAEP-256"},
    "off-curve": {**KEY, "y": base64url.encode(bytes(32))},
    "no-point": {"kty": "EC", "crv": "P-256", "kid": "x", "alg": "ECDH-ES"},
    "text": "key",
    "null": None,
    "array": [KEY],
    "empty": {},
}  # fmt: skip


def with_keys(*keys: Any, **more: Any) -> Any:
    return parse_client_metadata({"jwks": {"keys": list(keys)}, **more})


class TestKeys:
    @pytest.mark.parametrize("key", UNUSABLE.values(), ids=list(UNUSABLE))
    def test_a_key_that_cannot_be_used_is_ignored(self, key: Any) -> None:
        good = {**KEY, "kid": "good"}
        assert with_keys(key).keys == ()
        assert with_keys(key, good).keys == (good,)
        assert with_keys(good, key).encryption.recipient == good

    @pytest.mark.parametrize(
        "changes", [{}, {"use": ...}, {"key_ops": ["deriveKey"]}, {"key_ops": ["deriveBits"]}, {"extra": 1}]
    )
    def test_a_key_may_say_less_or_more(self, changes: dict[str, Any]) -> None:
        key = {name: value for name, value in {**KEY, **changes}.items() if value is not ...}
        assert with_keys(key).keys == (key,)

    def test_keys_of_one_name_are_ignored(self) -> None:
        assert with_keys(KEY, KEY).keys == ()
        assert with_keys(KEY, {**KEY, "kid": "k2"}, {**KEY, "alg": "ES256"}).keys == ({**KEY, "kid": "k2"},)

    @pytest.mark.parametrize("jwks", [None, [], "x", {}, {"keys": {}}, {"keys": None}, {"keys": [{}] * 101}])
    def test_what_is_no_key_set_is_refused(self, jwks: Any) -> None:
        with pytest.raises(MalformedInput, match="jwks"):
            parse_client_metadata({"jwks": jwks})


class TestEncodings:
    @pytest.mark.parametrize(
        ("listed", "chosen"),
        [
            (..., "A128GCM"),
            (["A128GCM"], "A128GCM"),
            (["A128GCM", "A256GCM"], "A256GCM"),
            (["A128CBC-HS256", "A256GCM"], "A256GCM"),
            (["A128CBC-HS256"], None),
            (["a128gcm"], None),
        ],
    )
    def test_the_strongest_that_both_speak_is_chosen(self, listed: Any, chosen: str | None) -> None:
        more = {} if listed is ... else {"encrypted_response_enc_values_supported": listed}
        encryption = with_keys(KEY, **more).encryption
        assert (encryption and encryption.enc) == chosen

    @pytest.mark.parametrize("listed", [None, [], "A128GCM", [5], {}])
    def test_a_list_is_a_list(self, listed: Any) -> None:
        with pytest.raises(MalformedInput, match="encrypted_response_enc_values_supported"):
            with_keys(KEY, encrypted_response_enc_values_supported=listed)


FORMATS = {
    "dc+sd-jwt": {"sd-jwt_alg_values": ["ES256"], "kb-jwt_alg_values": ["ES256", "Ed25519"]},
    "ldp_vc": {"proof_type_values": ["DataIntegrityProof"]},
    "jwt_vc_json": {},
}


class TestFormats:
    @pytest.mark.parametrize(
        ("form", "values", "accepted"),
        [
            ("dc+sd-jwt", {}, True),
            ("dc+sd-jwt", {"sd_jwt_alg_values": "ES256", "kb_jwt_alg_values": "ES256"}, True),
            ("dc+sd-jwt", {"kb_jwt_alg_values": "EdDSA"}, True),
            ("dc+sd-jwt", {"sd_jwt_alg_values": "EdDSA"}, False),
            ("jwt_vc_json", {"alg_values": "ES256"}, True),
            ("ldp_vc", {"proof_type_values": "DataIntegrityProof", "cryptosuite_values": "x"}, True),
            ("ldp_vc", {"proof_type_values": "Ed25519Signature2020"}, False),
            ("mso_mdoc", {}, False),
        ],
    )
    def test_a_verifier_accepts_what_it_lists(
        self, form: str, values: dict[str, str], accepted: bool
    ) -> None:
        metadata = parse_client_metadata({"vp_formats_supported": FORMATS})
        assert metadata.accepts(form, **values) is accepted
        assert parse_client_metadata({}).accepts(form, **values)

    @pytest.mark.parametrize(
        "formats",
        [
            None,
            [],
            "x",
            {"dc+sd-jwt": []},
            {"dc+sd-jwt": {"kb-jwt_alg_values": []}},
            {"dc+sd-jwt": {"kb-jwt_alg_values": "ES256"}},
            {"ldp_vc": {"proof_type_values": [5]}},
        ],
    )
    def test_what_is_no_table_of_formats_is_refused(self, formats: Any) -> None:
        with pytest.raises(MalformedInput):
            parse_client_metadata({"vp_formats_supported": formats})


@pytest.mark.parametrize("value", [[], "x", 5, True])
def test_metadata_is_an_object(value: Any) -> None:
    with pytest.raises(MalformedInput, match="client_metadata"):
        parse_client_metadata(value)


def test_members_that_are_not_defined_are_ignored() -> None:
    known = {"jwks": {"keys": [KEY]}}
    more = {"client_name": "<b>", "logo_uri": "http://x", "authorization_encrypted_response_alg": 5}
    assert parse_client_metadata({**known, **more}) == parse_client_metadata(known)
    assert parse_client_metadata(None).keys == ()
