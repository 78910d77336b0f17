"""Encryption to a key: what opens, and every header, part and point that is refused before it is used."""

from __future__ import annotations

import json
import zlib
from typing import Any

import pytest

from ipse.encoding import base64url
from ipse.errors import InputTooLarge, IpseError, MalformedInput, Undetermined, VerificationFailed
from ipse.keys import ecdsa, encryption, key_types
from ipse.keys.encryption import decrypt, encrypt, header_of, new_key

KEY = new_key("k1")
OTHER = new_key("k2")
PAYLOAD = b'{"vp_token":{"a":["b"]}}'

# OpenID4VP 1.0 section 8.3: the example, and the key that it is encrypted to.
EXAMPLE_KEY = {
    "kty": "EC", "kid": "ac", "use": "enc", "crv": "P-256", "alg": "ECDH-ES",
    "x": "YO4epjifD-KWeq1sL2tNmm36BhXnkJ0He-WqMYrp9Fk",
    "y": "Hekpm0zfK7C-YccH5iBjcIXgf6YdUvNUac_0At55Okk",
    "d": "Et-3ce0omz8_TuZ96Df9lp0GAaaDoUnDe6X-CRO7Aww",
}  # fmt: skip
EXAMPLE = (
    "eyJhbGciOiJFQ0RILUVTIiwiZW5jIjoiQTEyOEdDTSIsImtpZCI6ImFjIiwiZXBrIjp7Imt0eSI6IkVDIiwieCI6Im5ubVZwbTNWM2"
    "piaGNhZlFhUkJrU1ZOSGx3Wkh3dC05ck9wSnVmeVlJdWsiLCJ5IjoicjRmakRxd0p5czlxVU9QLV9iM21SNVNaRy0tQ3dPMm1pYzVW"
    "U05UWU45ZyIsImNydiI6IlAtMjU2In19..uAYcHRUSSn2X0WPX.yVzlGSYG4qbg0bq18JcUiDRw56yVnbKR8E7S7YlEtzT00RqE3Pw5"
    "oTpUG3hdLN4taHZ9gC1kwak8JOnJgQ.1wR024_3-qtAlx1oFIUpQQ"
)


def public(key: dict[str, Any]) -> dict[str, Any]:
    return {name: value for name, value in key.items() if name != "d"}


def made(**said: Any) -> str:
    return encrypt(PAYLOAD, public(KEY), **{"enc": "A256GCM", "kid": "k1", **said})


def with_header(text: str, changes: dict[str, Any]) -> str:
    """`text` under another header, which its tag does not cover; `...` leaves a member out."""
    head, _, rest = text.partition(".")
    header = {**json.loads(base64url.decode(head)), **changes}
    kept = {name: value for name, value in header.items() if value is not ...}
    return f"{base64url.encode(json.dumps(kept).encode())}.{rest}"


class TestGood:
    def test_the_example_of_the_specification_opens(self) -> None:
        header, payload = decrypt(EXAMPLE, EXAMPLE_KEY)
        assert (header["kid"], header["enc"]) == ("ac", "A128GCM")
        assert json.loads(payload) == {"vp_token": {"example_credential_id": ["eyJhb...YMetA"]}}

    @pytest.mark.parametrize("enc", encryption.ENCODINGS)
    def test_what_is_encrypted_opens_with_the_key(self, enc: str) -> None:
        header, payload = decrypt(made(enc=enc), KEY)
        assert payload == PAYLOAD
        assert {name: header[name] for name in ("alg", "enc", "kid")} == {
            "alg": "ECDH-ES", "enc": enc, "kid": "k1",
        }  # fmt: skip
        assert set(header) == {"alg", "enc", "kid", "epk"}
        assert set(header["epk"]) == {"kty", "crv", "x", "y"}

    def test_no_two_are_alike(self) -> None:
        first, second = header_of(made()), header_of(made())
        assert first["epk"] != second["epk"]

    def test_both_sides_of_the_agreement_may_be_named(self) -> None:
        text = made(apu=b"wallet", apv=b"nonce")
        header, payload = decrypt(text, KEY)
        assert (header["apu"], header["apv"], payload) == ("d2FsbGV0", "bm9uY2U", PAYLOAD)
        for changes in ({"apu": "AAAA"}, {"apv": ...}):
            with pytest.raises(VerificationFailed):
                decrypt(with_header(text, changes), KEY)

    def test_a_new_key_is_for_encryption_alone(self) -> None:
        said = {"kty": "EC", "crv": "P-256", "kid": "x", "use": "enc", "alg": "ECDH-ES"}
        assert {name: value for name, value in new_key("x").items() if name not in ("x", "y", "d")} == said
        assert new_key("x")["d"] != new_key("x")["d"]

    @pytest.mark.parametrize("length", [0, 1, 200_000])
    def test_the_payload_may_be_of_any_length(self, length: int) -> None:
        text = encrypt(b"x" * length, public(KEY), enc="A128GCM")
        assert decrypt(text, KEY) == (header_of(text), b"x" * length)


class TestAnotherKeyOrText:
    def test_with_another_key_it_does_not_open(self) -> None:
        with pytest.raises(VerificationFailed, match="does not open with this key"):
            decrypt(made(), OTHER)

    def test_no_character_can_be_changed_added_or_removed(self) -> None:
        text = made()
        for position in range(0, len(text), 7):
            for spelling in ("A" if text[position] != "A" else "B", "", text[position] * 2):
                with pytest.raises(IpseError):
                    decrypt(text[:position] + spelling + text[position + 1 :], KEY)

    def test_a_key_on_another_curve_is_undetermined(self) -> None:
        pair = key_types.private_to_jwk(ecdsa.generate("secp256k1"))
        with pytest.raises(Undetermined, match="secp256k1"):
            decrypt(made(), {**pair})

    def test_the_public_key_opens_nothing(self) -> None:
        with pytest.raises(MalformedInput):
            decrypt(made(), public(KEY))


class TestHeader:
    @pytest.mark.parametrize(
        "alg", [..., None, "dir", "ECDH-ES+A128KW", "RSA-OAEP-256", "ecdh-es", "none", 5]
    )
    def test_another_key_agreement_is_undetermined(self, alg: Any) -> None:
        with pytest.raises(Undetermined, match="alg"):
            decrypt(with_header(made(), {"alg": alg}), KEY)

    @pytest.mark.parametrize("enc", [..., None, "A192GCM", "A128CBC-HS256", "a256gcm", ["A256GCM"], 5])
    def test_another_content_encryption_is_undetermined(self, enc: Any) -> None:
        with pytest.raises(Undetermined, match="content encryption"):
            decrypt(with_header(made(), {"enc": enc}), KEY)
        if isinstance(enc, str):
            with pytest.raises(Undetermined):
                encrypt(PAYLOAD, public(KEY), enc=enc)

    @pytest.mark.parametrize("name", ["zip", "crit", "b64", "jku", "x5u"])
    def test_what_would_have_to_be_understood_is_refused(self, name: str) -> None:
        with pytest.raises(MalformedInput, match=name):
            decrypt(with_header(made(), {name: "DEF"}), KEY)

    @pytest.mark.parametrize("name", ["kid", "apu", "apv", "typ", "cty"])
    def test_texts_are_texts(self, name: str) -> None:
        with pytest.raises(MalformedInput, match=name):
            decrypt(with_header(made(), {name: 5}), KEY)

    @pytest.mark.parametrize(
        "changes",
        [
            {"y": "AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA"},
            {
                "x": "AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAE",
                "y": "AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAE",
            },
            {"x": base64url.encode(bytes(32)), "y": base64url.encode(bytes(32))},
            {"x": base64url.encode(b"\xff" * 32)},
            {"x": "AA"},
            {"x": None},
            {"y": ...},
            {"d": "AAAA"},
        ],
    )
    def test_a_point_that_is_not_on_the_curve_is_refused(self, changes: dict[str, Any]) -> None:
        text = made()
        epk = {**header_of(text)["epk"], **changes}
        kept = {name: value for name, value in epk.items() if value is not ...}
        with pytest.raises(MalformedInput, match="epk"):
            decrypt(with_header(text, {"epk": kept}), KEY)
        with pytest.raises(MalformedInput, match="the key to encrypt to"):
            encrypt(PAYLOAD, kept, enc="A128GCM")

    @pytest.mark.parametrize("key_type", ["secp256k1", "P-384"])
    def test_an_epk_on_another_curve_is_undetermined(self, key_type: str) -> None:
        raw = {"secp256k1": b"\x02" + b"\x11" * 32, "P-384": b"\x02" + b"\x11" * 48}
        jwk = None
        for last in range(256):
            try:
                jwk = key_types.public_to_jwk(
                    key_types.public_key(key_type, raw[key_type][:-1] + bytes([last]))
                )
                break
            except MalformedInput:
                continue
        with pytest.raises(Undetermined, match=key_type):
            decrypt(with_header(made(), {"epk": jwk}), KEY)

    @pytest.mark.parametrize("epk", [..., None, "x", [], {}, {"kty": "OKP", "crv": "X25519", "x": "AA"}])
    def test_an_epk_is_needed(self, epk: Any) -> None:
        with pytest.raises((MalformedInput, Undetermined)):
            decrypt(with_header(made(), {"epk": epk}), KEY)

    def test_a_member_stands_once_in_a_header(self) -> None:
        _, _, rest = made().partition(".")
        header = base64url.encode(b'{"alg":"ECDH-ES","alg":"dir"}')
        with pytest.raises(MalformedInput, match="appears twice"):
            decrypt(f"{header}.{rest}", KEY)


class TestForm:
    @pytest.mark.parametrize("text", ["", ".", "....", "a.b.c", "a.b.c.d.e.f", "e30....", "é.é.é.é.é", "{}"])
    def test_what_has_not_its_form_is_refused(self, text: str) -> None:
        with pytest.raises((MalformedInput, Undetermined)):
            decrypt(text, KEY)

    @pytest.mark.parametrize(
        ("part", "value"), [(1, "AAAA"), (2, ""), (2, "AAAA"), (4, ""), (4, "AAAA"), (3, "A=")]
    )
    def test_each_part_has_its_length(self, part: int, value: str) -> None:
        parts = made().split(".")
        parts[part] = value
        with pytest.raises(MalformedInput):
            decrypt(".".join(parts), KEY)

    def test_too_long_a_text_is_refused_unread(self) -> None:
        with pytest.raises(InputTooLarge):
            decrypt("." * (encryption.MAX_LENGTH + 1), KEY)
        with pytest.raises(InputTooLarge):
            decrypt("A" * 9000 + "....", KEY)

    def test_nothing_is_decompressed(self) -> None:
        bomb = zlib.compress(bytes(1_000_000))
        text = encrypt(bomb, public(KEY), enc="A128GCM")
        assert decrypt(text, KEY)[1] == bomb
