"""What holds of the encodings and of did:key for every input."""

from __future__ import annotations

import json
from typing import Any

from hypothesis import given
from hypothesis import strategies as st

from ipse.dids import did_key, resolver
from ipse.encoding import base64url, multibase, strict_json
from ipse.errors import MalformedInput, Undetermined
from ipse.keys import key_types
from ipse.keys.ed25519 import PrivateKey, PublicKey

SAFE = 2**53 - 1
text = st.text(st.characters(exclude_categories=["Cs"]), max_size=20)
doubles = st.floats(allow_nan=False, allow_infinity=False)
# RFC 8785 writes a whole double below 1e21 as an integer; beyond 2^53 that is not read again.
held = doubles.filter(lambda number: not SAFE < abs(number) < 1e21)


def json_values(numbers: st.SearchStrategy[float]) -> st.SearchStrategy[Any]:
    """Whatever JSON can say, with these numbers besides the integers that every reader holds."""
    return st.recursive(
        st.none() | st.booleans() | st.integers(-SAFE, SAFE) | numbers | text,
        lambda inner: st.lists(inner, max_size=5) | st.dictionaries(text, inner, max_size=5),
        max_leaves=20,
    )


values = json_values(doubles)
base58_text = st.text("123456789ABCDEFGHJKLMNPQRSTUVWXYZabcdefghijkmnopqrstuvwxyz", max_size=60)
almost_base64url = st.text("AQgwZm9_-=+/ \n", max_size=12)
public_keys = st.binary(min_size=32, max_size=32)


@given(st.binary(max_size=200))
def test_base64url_gives_back_what_it_was_given(data: bytes) -> None:
    assert base64url.decode(base64url.encode(data)) == data


@given(almost_base64url | st.text(max_size=12))
def test_base64url_reads_no_second_spelling(spelling: str) -> None:
    try:
        data = base64url.decode(spelling)
    except MalformedInput:
        return
    assert base64url.encode(data) == spelling


@given(st.binary(max_size=100), st.integers(0, 5))
def test_base58btc_gives_back_what_it_was_given(data: bytes, zeros: int) -> None:
    assert (
        multibase.decode_base58btc(multibase.encode_base58btc(b"\0" * zeros + data)) == b"\0" * zeros + data
    )


@given(base58_text.map("z".__add__) | st.text(max_size=12))
def test_base58btc_reads_no_second_spelling(spelling: str) -> None:
    try:
        data = multibase.decode_base58btc(spelling)
    except MalformedInput:
        return
    assert multibase.encode_base58btc(data) == spelling


@given(st.integers(0, 2**63 - 1), st.binary(max_size=10))
def test_a_varint_gives_back_its_number_and_the_rest(number: int, rest: bytes) -> None:
    assert multibase.decode_varint(multibase.encode_varint(number) + rest) == (number, rest)


@given(st.binary(max_size=12) | st.lists(st.sampled_from([0x80, 0xFF, 0x01, 0x00]), max_size=12).map(bytes))
def test_a_varint_reads_no_second_spelling(data: bytes) -> None:
    try:
        number, rest = multibase.decode_varint(data)
    except MalformedInput:
        return
    assert multibase.encode_varint(number) + rest == data


@given(values)
def test_json_reads_what_the_standard_library_writes(value: Any) -> None:
    assert strict_json.parse(json.dumps(value)) == value


@given(json_values(held))
def test_what_json_reads_it_writes_canonically_in_one_form_and_reads_again(value: Any) -> None:
    read = strict_json.parse(json.dumps(value))
    written = strict_json.canonical(read)
    assert strict_json.canonical(strict_json.parse(written)) == written
    assert strict_json.parse(written) == read


@given(values)
def test_the_order_of_members_and_white_space_do_not_reach_the_canonical_form(value: Any) -> None:
    def turned(item: Any) -> Any:
        if isinstance(item, dict):
            return {name: turned(member) for name, member in reversed(item.items())}
        return [turned(member) for member in item] if isinstance(item, list) else item

    assert strict_json.canonical(turned(value)) == strict_json.canonical(value)


almost_json = st.text('{}[]",:0123456789.eE+-\\ud8aftrunl \n', max_size=30)


@given(almost_json | st.text(max_size=30) | st.binary(max_size=30))
def test_json_reads_or_refuses_and_never_fails_otherwise(data: str | bytes) -> None:
    try:
        value = strict_json.parse(data)
    except MalformedInput as refusal:
        shown = refusal.message
    else:
        shown = strict_json.canonical(value).decode()
    assert "\n" not in shown
    assert "\x1b" not in shown


@given(st.binary(min_size=32, max_size=32))
def test_a_public_key_survives_every_form_it_is_written_in(seed: bytes) -> None:
    key = PrivateKey(seed).public()
    did = did_key.from_public_key(key)
    method = resolver.find_method(
        resolver.resolve(did), did_key.verification_method_id(did), "authentication"
    )
    assert key_types.from_multikey(key_types.to_multikey(key)) == key
    assert key_types.public_from_jwk(key_types.public_to_jwk(key)) == key
    assert resolver.method_key(method) == key


@given(st.binary(max_size=40), st.sampled_from([0xED, 0xE7, 0xEC, 0x1200, 0, 1]))
def test_multikey_reads_a_key_in_its_one_spelling_or_refuses(raw: bytes, codec: int) -> None:
    written = multibase.encode_base58btc(multibase.encode_varint(codec) + raw)
    try:
        key = key_types.from_multikey(written)
    except (MalformedInput, Undetermined):
        return
    assert key_types.to_multikey(key) == written


near_dids = (
    public_keys.map(lambda raw: did_key.from_public_key(PublicKey(raw)))
    .flatmap(
        lambda did: st.tuples(st.just(did), st.integers(0, len(did)), st.text(max_size=2), st.integers(0, 2))
    )
    .map(lambda parts: parts[0][: parts[1]] + parts[2] + parts[0][parts[1] + parts[3] :])
)


@given(near_dids | st.text(max_size=40) | base58_text.map("did:key:z".__add__))
def test_a_did_key_has_one_spelling(did: str) -> None:
    try:
        document = resolver.resolve(did)
    except (MalformedInput, Undetermined):
        return
    key = resolver.method_key(document["verificationMethod"][0])
    assert document["id"] == did == did_key.from_public_key(key)
