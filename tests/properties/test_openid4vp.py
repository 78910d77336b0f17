"""OpenID4VP under any input: nothing forged verifies, no refusal goes astray, what is written reads back."""

from __future__ import annotations

import json
from typing import Any

from hypothesis import given
from hypothesis import strategies as st

from ipse.errors import IpseError
from ipse.keys import encryption
from ipse.protocols.openid4vp import (
    AuthorizationRequest,
    build_error,
    build_response,
    parse_link,
    read_response,
)
from ipse.protocols.openid4vp.forms import encode_form, parse_form
from tests.examples import examples
from tests.properties.documents import json_values, paths, replaced
from tests.unit.protocols.openid4vp import material

SIGNED = [material.signed(client_id) for client_id in material.SIGNED_BY]
CLAIMS = material.claims()
PUBLIC = {name: value for name, value in material.DECRYPTION_KEY.items() if name != "d"}
TEXT = st.text(max_size=30)
VALUES = json_values(
    [
        "direct_post",
        "fragment",
        material.RESPONSE_URI,
        "pid",
        "A256GCM",
        "dc+sd-jwt",
        "https://evil.example/r",
    ],
    ["keys", "credentials", "id", "format", "meta", "error", "vp_token", "state"],
)


def outcome(request: str) -> AuthorizationRequest | IpseError:
    """The request as it is read, or the refusal."""
    try:
        return material.parse(request)
    except IpseError as error:
        return error


@examples(200)
@given(st.integers(0, len(SIGNED) - 1), st.floats(0, 1), st.integers(0, 8), st.text(max_size=8))
def test_a_request_with_any_part_replaced_is_refused_and_told_to_nobody(
    number: int, place: float, length: int, text: str
) -> None:
    good = SIGNED[number]
    start = int(place * len(good))
    forged = good[:start] + text + good[start + length :]
    found = outcome(forged)
    if isinstance(found, IpseError):
        assert (bool(found.error_code), found.reply) == (True, None)
    else:
        assert forged == good


@examples(200)
@given(st.data())
def test_rightly_signed_claims_are_read_or_refused_and_told_at_their_own_address(data: st.DataObject) -> None:
    path = data.draw(st.sampled_from(list(paths(CLAIMS))))
    claims = replaced(CLAIMS, path, data.draw(VALUES))
    token = material.jwt(claims, {"typ": "oauth-authz-req+jwt", "x5c": material.LEAF.x5c}, material.KEY)
    found = outcome(token)
    reply = found.reply
    if isinstance(found, IpseError):
        assert found.error_code
    if reply is not None:
        assert reply.url == claims["response_uri" if reply.mode != "fragment" else "redirect_uri"]
        assert reply.state in (None, claims.get("state"))


@examples(200)
@given(st.data())
def test_claims_under_another_key_are_never_believed_nor_told(data: st.DataObject) -> None:
    path = data.draw(st.sampled_from(list(paths(CLAIMS))))
    claims = replaced(CLAIMS, path, data.draw(VALUES))
    token = material.jwt(claims, {"typ": "oauth-authz-req+jwt", "x5c": material.LEAF.x5c}, material.OTHER)
    found = outcome(token)
    assert isinstance(found, IpseError)
    assert found.reply is None


@examples(200)
@given(st.dictionaries(TEXT.filter(bool), TEXT.filter(bool), max_size=6))
def test_a_form_reads_back_as_it_was_written(fields: dict[str, str]) -> None:
    assert parse_form(encode_form(fields)) == fields


@examples(200)
@given(
    st.text(max_size=200)
    | st.text(alphabet="client_id=:&?%#openid4vp/requst_uri+0", max_size=80).map("openid4vp://?".__add__)
)
def test_any_text_is_a_link_or_refused(text: str) -> None:
    try:
        invitation = parse_link(text)
    except IpseError as error:
        told = (error.error_code, error.reply)
    else:
        assert invitation.client_id == invitation.parameters["client_id"]
        return
    assert told in (("invalid_request", None), ("invalid_request_uri_method", None))


@examples(60)
@given(
    st.sampled_from(["fragment", "direct_post", "direct_post.jwt"]), st.lists(TEXT, min_size=1, max_size=3)
)
def test_an_answer_reads_back_as_it_was_written(mode: Any, presentations: list[str]) -> None:
    address = "redirect_uri" if mode == "fragment" else "response_uri"
    changes = {"response_uri": ..., address: material.RESPONSE_URI, "response_mode": mode}
    request = material.parse(material.claims(material.BY_ADDRESS, **changes))
    reply = build_response(request, {"card": presentations})
    form = parse_form(reply.url.partition("#")[2] if mode == "fragment" else reply.body.decode())
    read = read_response(form, mode=mode, keys=[material.DECRYPTION_KEY])
    assert (read.vp_token, read.state) == ({"card": tuple(presentations)}, "s1")
    refusal = build_error(request.reply, "access_denied")
    form = parse_form(refusal.url.partition("#")[2] if mode == "fragment" else refusal.body.decode())
    assert read_response(form, mode=mode, keys=[material.DECRYPTION_KEY]).error == "access_denied"


@examples(100)
@given(VALUES)
def test_an_encrypted_answer_of_any_json_is_read_or_refused(payload: Any) -> None:
    sealed = encryption.encrypt(json.dumps(payload).encode(), PUBLIC, enc="A256GCM", kid="k1")
    try:
        read = read_response({"response": sealed}, mode="direct_post.jwt", keys=[material.DECRYPTION_KEY])
    except IpseError:
        return
    assert read.encrypted


@examples(100)
@given(st.binary(max_size=400), st.sampled_from(encryption.ENCODINGS))
def test_any_bytes_come_back_from_encryption(payload: bytes, enc: str) -> None:
    sealed = encryption.encrypt(payload, PUBLIC, enc=enc, kid="k1")
    assert encryption.decrypt(sealed, material.DECRYPTION_KEY)[1] == payload
