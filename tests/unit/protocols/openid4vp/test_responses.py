"""Answers and refusals: how they are written, and what a verifier takes for one."""

from __future__ import annotations

import json
from dataclasses import replace
from typing import Any
from urllib.parse import urlsplit

import pytest

from ipse.errors import InputTooLarge, IpseError, MalformedInput, Undetermined, UsageError, VerificationFailed
from ipse.keys import encryption
from ipse.keys.encryption import new_key
from ipse.protocols.openid4vp import (
    Encryption,
    ReplyAddress,
    Response,
    build_error,
    build_response,
    read_response,
)
from ipse.protocols.openid4vp.forms import parse_form
from tests.unit.protocols.openid4vp.material import DECRYPTION_KEY, RESPONSE_URI, claims, parse, signed

PUBLIC = {name: value for name, value in DECRYPTION_KEY.items() if name != "d"}
TOKEN: dict[str, list[Any]] = {"pid": ["eyJ~x~"], "card": ["e.y.J", {"type": ["VerifiablePresentation"]}]}
READ = {identifier: tuple(sent) for identifier, sent in TOKEN.items()}
ADDRESS = "redirect_uri:https://verifier.example/cb?x=1"
FRAGMENT = {
    "response_mode": "fragment",
    "response_uri": ...,
    "redirect_uri": "https://verifier.example/cb?x=1",
}


def encrypted(payload: Any, key: dict[str, Any] = PUBLIC, **said: Any) -> dict[str, str]:
    text = payload if isinstance(payload, bytes) else json.dumps(payload).encode()
    return {"response": encryption.encrypt(text, key, **{"enc": "A128GCM", "kid": key["kid"], **said})}


def opened(form: dict[str, str], **options: Any) -> Response:
    return read_response(form, **{"mode": "direct_post.jwt", "keys": [DECRYPTION_KEY], **options})


class TestWriting:
    def test_a_posted_answer_is_a_form(self) -> None:
        reply = build_response(parse(signed(response_mode="direct_post")), TOKEN)
        assert (reply.mode, reply.url) == ("direct_post", RESPONSE_URI)
        assert {**reply.fields, "vp_token": json.loads(reply.fields["vp_token"])} == {
            "vp_token": TOKEN,
            "state": "s1",
        }
        assert parse_form(reply.body.decode()) == reply.fields
        assert read_response(parse_form(reply.body.decode())) == Response(READ, "s1")

    def test_an_encrypted_answer_is_one_field(self) -> None:
        reply = build_response(parse(signed()), TOKEN)
        assert list(reply.fields) == ["response"]
        header, payload = encryption.decrypt(reply.fields["response"], DECRYPTION_KEY)
        assert json.loads(payload) == {"vp_token": TOKEN, "state": "s1"}
        assert (header["alg"], header["enc"], header["kid"]) == ("ECDH-ES", "A256GCM", "k1")
        assert "cty" not in header
        assert opened(reply.fields) == Response(READ, "s1", encrypted=True)

    def test_an_answer_in_the_fragment_is_a_url(self) -> None:
        request = parse(claims(ADDRESS, **FRAGMENT))
        reply = build_response(request, TOKEN)
        parts = urlsplit(reply.url)
        assert (reply.url.partition("#")[0], reply.fields) == ("https://verifier.example/cb?x=1", {})
        assert read_response(parse_form(parts.fragment), mode="fragment") == Response(READ, "s1")

    @pytest.mark.parametrize(
        "nasty", ["#", "&vp_token={}", "%23", "\r\nLocation: x", '"><script>', "\u202e\U0001f600"]
    )
    def test_nothing_in_an_answer_can_change_the_url_or_the_form(self, nasty: str) -> None:
        for changes in (FRAGMENT, {"response_mode": "direct_post", "response_uri": ...}):
            reply = build_response(
                parse(claims(ADDRESS, **changes)), {"pid": [nasty], "card": [{nasty: nasty}]}
            )
            text = urlsplit(reply.url).fragment if reply.mode == "fragment" else reply.body.decode()
            assert set(parse_form(text)) == {"vp_token", "state"}
            assert read_response(parse_form(text)).vp_token == {"pid": (nasty,), "card": ({nasty: nasty},)}
            assert text.isascii()
            assert reply.url.isascii()

    @pytest.mark.parametrize("state", [..., "x"])
    def test_the_state_goes_back_as_it_came(self, state: Any) -> None:
        reply = build_response(parse(signed(response_mode="direct_post", state=state)), TOKEN)
        assert reply.fields.get("state", ...) == state

    @pytest.mark.parametrize(
        "token", [{}, {"other": ["x"]}, {"pid": []}, {"pid": ["x", "y"]}, {"pid": ["x"], "card": []}]
    )
    def test_nothing_is_answered_that_was_not_asked(self, token: Any) -> None:
        with pytest.raises(UsageError):
            build_response(parse(signed()), token)

    def test_an_answer_is_never_sent_in_the_clear_instead(self) -> None:
        request = replace(
            parse(signed()),
            client_metadata=parse(claims(ADDRESS, **FRAGMENT, client_metadata={})).client_metadata,
        )
        with pytest.raises(UsageError, match="no key"):
            build_response(request, TOKEN)


class TestRefusing:
    def test_a_refusal_says_its_code_and_no_more(self) -> None:
        reply = build_error(ReplyAddress("direct_post", RESPONSE_URI, "s1"), "access_denied")
        assert reply.fields == {"error": "access_denied", "state": "s1"}
        assert read_response(reply.fields) == Response({}, "s1", "access_denied")

    def test_in_the_fragment(self) -> None:
        reply = build_error(ReplyAddress("fragment", "https://a.example/cb"), "invalid_request", "no nonce")
        assert reply.url == "https://a.example/cb#error=invalid_request&error_description=no+nonce"

    def test_encrypted_where_there_is_a_key_and_in_the_clear_where_there_is_none(self) -> None:
        address = ReplyAddress("direct_post.jwt", RESPONSE_URI, "s1", Encryption(PUBLIC, "A128GCM"))
        reply = build_error(address, "access_denied")
        assert list(reply.fields) == ["response"]
        assert opened(reply.fields) == Response({}, "s1", "access_denied", encrypted=True)
        clear = build_error(replace(address, encryption=None), "access_denied")
        assert opened(clear.fields) == Response({}, "s1", "access_denied")

    @pytest.mark.parametrize("text", ['a"b', "a\\b", "a\nb", "\u00e9", "\x00"])
    def test_characters_that_an_error_cannot_have_are_refused(self, text: str) -> None:
        with pytest.raises(UsageError):
            build_error(ReplyAddress("direct_post", RESPONSE_URI), "access_denied", text)
        with pytest.raises(UsageError):
            build_error(ReplyAddress("direct_post", RESPONSE_URI), text)


class TestReading:
    @pytest.mark.parametrize(
        ("form", "reason"),
        [
            ({}, "neither"),
            ({"state": "x"}, "neither"),
            ({"vp_token": "x"}, "vp_token is not JSON"),
            ({"vp_token": "[]"}, "a JSON array"),
            ({"vp_token": '"x"'}, "a JSON string"),
            ({"vp_token": "{}"}, "is empty"),
            ({"vp_token": '{"a":"x"}'}, "a JSON string for 'a'"),
            ({"vp_token": '{"a":{}}'}, "a JSON object for 'a'"),
            ({"vp_token": '{"a":[]}'}, "an empty array for 'a'"),
            ({"vp_token": '{"a":[1]}'}, "neither a text nor an object"),
            ({"vp_token": '{"a":[null]}'}, "neither a text nor an object"),
            ({"vp_token": '{"a":[["x"]]}'}, "neither a text nor an object"),
            ({"vp_token": '{"a":["x"],"a":["y"]}'}, "appears twice"),
            ({"vp_token": json.dumps({"a": ["x"] * 101})}, "more than 100"),
            ({"vp_token": '{"a":["x"]}', "error": "access_denied"}, "both"),
            ({"vp_token": '{"a":["x"]}', "response": "a.b.c.d.e"}, "is encrypted, which was not asked"),
            ({"vp_token": '{"a":' + "[" * 200 + "]" * 200 + "}"}, "nested deeper"),
        ],
    )
    def test_what_is_no_answer_is_refused(self, form: dict[str, str], reason: str) -> None:
        with pytest.raises(MalformedInput, match=reason):
            read_response(form)

    def test_unknown_parameters_are_ignored(self) -> None:
        assert read_response({"vp_token": '{"a":["x"]}', "iss": "x", "presentation_submission": "{"}).vp_token

    def test_an_answer_that_has_to_be_encrypted_is(self) -> None:
        with pytest.raises(MalformedInput, match="is not encrypted"):
            opened({"vp_token": '{"a":["x"]}'})
        with pytest.raises(MalformedInput, match="beside the encrypted"):
            opened({**encrypted({"vp_token": TOKEN}), "vp_token": '{"a":["x"]}'})
        assert opened({"error": "x", "vp_token": '{"a":["x"]}'}).vp_token == {}

    def test_it_is_encrypted_to_a_key_of_the_verifier(self) -> None:
        other = new_key("other")
        public = {name: value for name, value in other.items() if name != "d"}
        assert opened(encrypted({"vp_token": TOKEN}, public), keys=[DECRYPTION_KEY, other]).vp_token == READ
        with pytest.raises(VerificationFailed, match="another key, 'other'"):
            opened(encrypted({"vp_token": TOKEN}, public))
        with pytest.raises(VerificationFailed, match="does not open"):
            opened(encrypted({"vp_token": TOKEN}, {**public, "kid": "k1"}))
        with pytest.raises(VerificationFailed, match="another key, None"):
            opened(encrypted({"vp_token": TOKEN}, kid=None))

    def test_it_is_encrypted_as_was_offered(self) -> None:
        assert opened(encrypted({"vp_token": TOKEN}), enc_values=["A128GCM"]).encrypted
        with pytest.raises(MalformedInput, match="not offered"):
            opened(encrypted({"vp_token": TOKEN}), enc_values=["A256GCM"])

    @pytest.mark.parametrize(
        "payload",
        [
            b"",
            b"x",
            b"[]",
            b"\xff",
            {},
            {"vp_token": json.dumps(TOKEN)},
            {"vp_token": TOKEN, "state": 5},
            {"error": 5},
        ],
    )
    def test_what_it_holds_is_read_as_strictly(self, payload: Any) -> None:
        with pytest.raises(MalformedInput):
            opened(encrypted(payload))

    @pytest.mark.parametrize("text", ["", "x", "a.b.c", "e30....", "." * (encryption.MAX_LENGTH + 1)])
    def test_what_is_no_jwe_is_refused(self, text: str) -> None:
        with pytest.raises((MalformedInput, InputTooLarge, Undetermined)):
            opened({"response": text})

    def test_no_character_of_an_answer_can_be_changed(self) -> None:
        form = encrypted({"vp_token": TOKEN})["response"]
        for position in range(0, len(form), 9):
            changed = form[:position] + ("A" if form[position] != "A" else "B") + form[position + 1 :]
            with pytest.raises(IpseError):
                opened({"response": changed})
