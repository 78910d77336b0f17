"""vc+jwt and vp+jwt: what is signed, what is read, and what never passes for a credential."""

from __future__ import annotations

import json
from contextlib import suppress
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ipse.credentials import jws, model
from ipse.credentials.formats import envelope, sd_jwt
from ipse.credentials.formats.jose import vc_jwt
from ipse.encoding import base64url, strict_json
from ipse.encoding.strict_json import Json, JsonObject
from ipse.errors import InputTooLarge, MalformedInput, VerificationFailed
from ipse.keys import key_types
from ipse.keys.key_types import PrivateKey
from tests.examples import examples

KEYS: dict[str, PrivateKey] = {
    name: key_types.private_key(name, bytes(range(1, 33))) for name in key_types.SIGNING_TYPES
}
KEY = KEYS["Ed25519"]
NOW = datetime(2026, 1, 31, 12, 0, tzinfo=UTC)
AUDIENCE, NONCE = "https://verifier.example", "nonce-1"


def did_of(key: PrivateKey) -> str:
    return "did:key:" + key_types.to_multikey(key.public())


def method_of(key: PrivateKey) -> str:
    return f"{did_of(key)}#{key_types.to_multikey(key.public())}"


DID, METHOD = did_of(KEY), method_of(KEY)
HEADER: JsonObject = {"typ": "vc+jwt", "cty": "vc", "kid": METHOD}


def credential(**parts: Json) -> JsonObject:
    document: JsonObject = {
        "@context": [model.CONTEXT],
        "id": "urn:uuid:8d4b1b1e-7c1b-4b58-8f2e-2f0f5f0f5f0f",
        "type": ["VerifiableCredential", "DegreeCredential"],
        "issuer": DID,
        "validFrom": "2026-01-31T12:00:00Z",
        "credentialSubject": {"id": "did:example:holder", "degree": "Mathematics", "marks": [1, 2.5]},
        **parts,
    }
    return {name: value for name, value in document.items() if value is not ...}


def presentation(**parts: Json) -> JsonObject:
    document: JsonObject = {
        "@context": [model.CONTEXT],
        "type": ["VerifiablePresentation"],
        "holder": DID,
        "verifiableCredential": [envelope.enveloped(signed())],
        **parts,
    }
    return {name: value for name, value in document.items() if value is not ...}


def signed(key: PrivateKey = KEY, **parts: Json) -> str:
    document = credential(**{"issuer": did_of(key), **parts})
    return vc_jwt.sign_credential(document, key, verification_method=method_of(key))


def presented(**parts: Any) -> str:
    arguments: dict[str, Any] = {"audience": AUDIENCE, "nonce": NONCE, "issued_at": NOW, **parts}
    return vc_jwt.sign_presentation(presentation(), KEY, verification_method=METHOD, **arguments)


def made(payload: JsonObject, /, key: PrivateKey = KEY, **header: Any) -> str:
    """A JWT over any payload, rightly signed."""
    full = {name: value for name, value in {**HEADER, **header}.items() if value is not ...}
    return jws.sign(full, payload, key).encoded


def read(text: str) -> vc_jwt.Token:
    return vc_jwt.read(text, what="the JWT")


def with_header(text: str, header: str | JsonObject) -> str:
    """`text` under another protected header, its signature kept."""
    raw = header if isinstance(header, str) else json.dumps(header)
    return ".".join([base64url.encode(raw.encode()), *text.split(".")[1:]])


# Signing and reading


@pytest.mark.parametrize("name", key_types.SIGNING_TYPES)
def test_what_was_signed_is_read_back_unchanged_and_verifies(name: str) -> None:
    key = KEYS[name]
    token = read(signed(key))
    vc_jwt.verify_signature(token, key.public())
    assert token.document == credential(issuer=did_of(key))
    assert token.claims == {}
    assert token.header == {"typ": "vc+jwt", "cty": "vc", "kid": method_of(key), "alg": key.algorithm}
    assert (token.typ, token.kid, token.controller) == ("vc+jwt", method_of(key), did_of(key))
    assert len(base64url.decode(token.encoded.split(".")[2])) == 64


def test_the_payload_is_the_document_itself() -> None:
    payload = strict_json.parse_object(base64url.decode(signed().split(".")[1]))
    assert payload == credential()


def test_a_presentation_answers_one_challenge() -> None:
    token = read(presented(expires=NOW + timedelta(minutes=5)))
    vc_jwt.verify_signature(token, KEY.public())
    assert token.document == presentation()
    seconds = int(NOW.timestamp())
    assert token.claims == {"aud": AUDIENCE, "nonce": NONCE, "iat": seconds, "exp": seconds + 300}
    assert (token.typ, token.audience) == ("vp+jwt", (AUDIENCE,))
    assert vc_jwt.registered_period(token) == (NOW, NOW + timedelta(minutes=5))


@pytest.mark.parametrize("name", ["audience", "nonce"])
def test_a_presentation_without_audience_or_nonce_is_not_signed(name: str) -> None:
    with pytest.raises(MalformedInput, match="audience and a nonce"):
        presented(**{name: ""})


@pytest.mark.parametrize(
    "parts",
    [
        {"issuer": did_of(KEYS["P-256"])},
        {"issuer": {"id": did_of(KEYS["P-256"])}},
        {"vc": {}},
        {"vp": {}},
        {"iss": DID},
        {"exp": 1},
        {"nonce": "x"},
        {"type": ["DegreeCredential"]},
        {"type": ["VerifiableCredential", "VerifiablePresentation"]},
        {"@context": ["https://www.w3.org/2018/credentials/v1"]},
        {"issuer": ...},
        {"credentialSubject": {}},
        {"credentialSubject": {"n": 2**60}},
        {"credentialSubject": {"n": float("nan")}},
        {"credentialSubject": {"n": "\ud800"}},
    ],
)
def test_what_no_reader_should_take_is_not_signed(parts: JsonObject) -> None:
    with pytest.raises(MalformedInput):
        vc_jwt.sign_credential(credential(**parts), KEY, verification_method=METHOD)


@pytest.mark.parametrize(
    "method", ["", DID, "#key", "key-1", "https://a.example/#key", METHOD + "\n", DID + "?x#y"]
)
def test_a_verification_method_that_is_no_did_url_of_a_key_is_not_signed_for(method: str) -> None:
    with pytest.raises(MalformedInput, match="kid"):
        vc_jwt.sign_credential(credential(), KEY, verification_method=method)


# Signatures


@pytest.mark.parametrize("signer", key_types.SIGNING_TYPES)
@pytest.mark.parametrize(
    "header_says", ["EdDSA", "ES256", "ES256K", "ES384", "HS256", "RS256", "none", "None", "", 1, None]
)
def test_the_algorithm_is_the_keys_and_the_header_may_not_contradict_it(
    signer: str, header_says: Json
) -> None:
    key = KEYS[signer]
    token = read(signed(key))
    header: JsonObject = {**token.header, "alg": header_says}
    protected = base64url.encode(json.dumps(header).encode())
    signature = key.sign(f"{protected}.{token.jws.body}".encode())
    forged = read(f"{protected}.{token.jws.body}.{base64url.encode(signature)}")
    for verifier in KEYS.values():
        if header_says == key.algorithm and verifier is key:
            vc_jwt.verify_signature(forged, verifier.public())
        else:
            with pytest.raises(VerificationFailed):
                vc_jwt.verify_signature(forged, verifier.public())


def test_an_hmac_under_the_public_key_is_no_signature() -> None:
    import hmac

    for key in KEYS.values():
        token = read(signed(key))
        protected = base64url.encode(json.dumps({**token.header, "alg": "HS256"}).encode())
        mac = hmac.digest(key.public().raw, f"{protected}.{token.jws.body}".encode(), "sha256")
        forged = read(f"{protected}.{token.jws.body}.{base64url.encode(mac)}")
        with pytest.raises(VerificationFailed, match="HS256"):
            vc_jwt.verify_signature(forged, key.public())


@pytest.mark.parametrize("name", key_types.SIGNING_TYPES)
@pytest.mark.parametrize("signature", [b"\0" * 64, b"\x01", b"\0" * 32, b"\xff" * 64, b"\0" * 63, b"\0" * 96])
def test_a_signature_of_another_length_or_content_does_not_fit(name: str, signature: bytes) -> None:
    text = signed(KEYS[name]).rpartition(".")[0] + "." + base64url.encode(signature)
    with pytest.raises(VerificationFailed):
        vc_jwt.verify_signature(read(text), KEYS[name].public())


@pytest.mark.parametrize("name", ["P-256", "secp256k1"])
def test_a_der_signature_is_not_taken(name: str) -> None:
    from cryptography.hazmat.primitives.asymmetric.utils import encode_dss_signature

    token = read(signed(KEYS[name]))
    raw = base64url.decode(token.jws.signature)
    der = encode_dss_signature(int.from_bytes(raw[:32]), int.from_bytes(raw[32:]))
    forged = read(f"{token.jws.protected}.{token.jws.body}.{base64url.encode(der)}")
    with pytest.raises(VerificationFailed):
        vc_jwt.verify_signature(forged, KEYS[name].public())


@pytest.mark.parametrize("name", key_types.SIGNING_TYPES)
def test_the_signature_covers_the_header_and_the_payload(name: str) -> None:
    key = KEYS[name]
    text = signed(key)
    token = read(text)
    other = base64url.encode(jws.encode_json({**token.document, "validUntil": "2036-01-31T12:00:00Z"}))
    forgeries = [
        f"{token.jws.protected}.{other}.{token.jws.signature}",
        with_header(text, {**token.header, "kid": METHOD + "x"}),
        with_header(text, {**token.header, "added": 1}),
    ]
    for forged in forgeries:
        with pytest.raises(VerificationFailed, match="does not fit"):
            vc_jwt.verify_signature(read(forged), key.public())


def test_the_kid_is_shown_and_nothing_is_said_about_whose_it_is() -> None:
    text = made(credential(), KEYS["P-256"], kid=method_of(KEYS["P-256"]))
    token = read(text)
    vc_jwt.verify_signature(token, KEYS["P-256"].public())
    assert token.controller == did_of(KEYS["P-256"]) != model.issuer_of(token.document)


def test_a_p384_key_verifies() -> None:
    from cryptography.hazmat.primitives.asymmetric import ec
    from cryptography.hazmat.primitives.asymmetric.utils import decode_dss_signature
    from cryptography.hazmat.primitives.hashes import SHA384

    private = ec.derive_private_key(7, ec.SECP384R1())
    numbers = private.public_key().public_numbers()
    coordinates = {
        name: base64url.encode(value.to_bytes(48)) for name, value in (("x", numbers.x), ("y", numbers.y))
    }
    key = key_types.verifying(key_types.public_from_jwk({"kty": "EC", "crv": "P-384", **coordinates}))

    class Signer:
        algorithm = "ES384"

        def sign(self, message: bytes) -> bytes:
            r, s = decode_dss_signature(private.sign(message, ec.ECDSA(SHA384())))
            return r.to_bytes(48) + s.to_bytes(48)

    token = read(jws.sign(HEADER, credential(), Signer()).encoded)
    vc_jwt.verify_signature(token, key)
    with pytest.raises(VerificationFailed):
        vc_jwt.verify_signature(token, KEY.public())


# The form of a token


def duplicated(text: str, part: int) -> str:
    parts = text.split(".")
    members = base64url.decode(parts[part]).decode()
    first = members[1:].partition(",")[0]
    parts[part] = base64url.encode(("{" + first + "," + members[1:]).encode())
    return ".".join(parts)


def stray_bits(text: str) -> str:
    """Another spelling of the same signature: 64 bytes leave four bits of the last character over."""
    alphabet = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_"
    return text[:-1] + alphabet[alphabet.index(text[-1]) + 1]


@pytest.mark.parametrize(
    "spell",
    [
        lambda text: text.rpartition(".")[0],
        lambda text: text.rpartition(".")[0] + ".",
        lambda text: text + ".",
        lambda text: text + ".e30",
        lambda text: "." + text,
        lambda text: text + "=",
        lambda text: text + "==",
        lambda text: text + "\n",
        lambda text: " " + text,
        lambda text: text.replace(".", ". ", 1),
        lambda text: text.replace(".", "\n.", 1),
        lambda text: text.replace(".", "\uff0e"),
        lambda text: text + "~",
        lambda text: text[:-1],
        stray_bits,
        lambda text: duplicated(text, 0),
        lambda text: duplicated(text, 1),
        lambda text: with_header(text, "[]"),
        lambda text: with_header(text, '"vc+jwt"'),
        lambda text: with_header(text, json.dumps(HEADER) + " x"),
        lambda text: with_header(text, '{"typ": "vc+jwt", "alg": NaN}'),
        lambda text: with_header(text, "[" * 100_000),
        lambda _: "",
        lambda _: "..",
        lambda _: ".....",
        lambda _: "\ud800.\ud800.\ud800",
    ],
)
def test_another_spelling_of_a_token_is_malformed(spell: Any) -> None:
    with pytest.raises(MalformedInput):
        read(spell(signed()))


def test_the_length_of_a_token_is_bounded() -> None:
    with pytest.raises(InputTooLarge):
        read("." * (vc_jwt.MAX_LENGTH + 1))


@pytest.mark.parametrize(
    "typ",
    [
        "JWT",
        "vc+sd-jwt",
        "dc+sd-jwt",
        "kb+jwt",
        "VC+JWT",
        "application/vc+jwt",
        "vc+jwt ",
        "vc",
        "",
        None,
        1,
        ["vc+jwt"],
        ...,
    ],
)
def test_a_token_of_another_typ_is_refused_although_its_signature_is_right(typ: Json) -> None:
    with pytest.raises(MalformedInput, match="typ"):
        read(made(credential(), typ=typ))


@pytest.mark.parametrize("cty", ["vp", "VC", "vc+jwt", "", None, ["vc"]])
def test_a_wrong_content_type_is_refused(cty: Json) -> None:
    with pytest.raises(MalformedInput, match="cty"):
        read(made(credential(), cty=cty))


def test_a_content_type_may_be_left_out() -> None:
    assert read(made(credential(), cty=...)).document == credential()


def test_a_credential_and_a_presentation_never_pass_for_each_other() -> None:
    for payload, header in (
        (credential(), {"typ": "vp+jwt", "cty": "vp"}),
        (presentation(), {"typ": "vc+jwt", "cty": "vc"}),
        (credential(type=["VerifiableCredential", "VerifiablePresentation"]), {}),
        (envelope.enveloped(signed()), {}),
        ({}, {}),
    ):
        with pytest.raises(MalformedInput):
            read(made(payload, KEY, **header))


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("crit", ["exp"]),
        ("crit", []),
        ("b64", True),
        ("b64", False),
        ("zip", "DEF"),
        ("enc", "A256GCM"),
        ("jwk", key_types.public_to_jwk(KEY.public())),
        ("jwk", None),
        ("jku", "https://issuer.example/jwks"),
        ("x5u", "https://issuer.example/cert"),
        ("x5c", ["AAAA"]),
        ("kid", ...),
        ("kid", None),
        ("kid", 7),
        ("kid", ""),
        ("kid", "#key"),
        ("kid", DID),
        ("kid", "https://issuer.example/#key"),
        ("kid", METHOD + "#x"),
        ("kid", METHOD + "\x1b[31m"),
        ("kid", "did:web:a.example/path#key"),
        ("kid", "did:web:a.example?q#key"),
    ],
)
def test_a_header_that_brings_its_own_key_or_asks_for_more_is_refused(name: str, value: Json) -> None:
    with pytest.raises(MalformedInput, match=name):
        read(made(credential(), **{name: value}))


@pytest.mark.parametrize("name", ["vc", "vp"])
@pytest.mark.parametrize("value", [{}, None, credential()])
def test_the_claims_of_the_old_model_must_not_be_there(name: str, value: Json) -> None:
    with pytest.raises(MalformedInput, match=f"{name} claim"):
        read(made({**credential(), name: value}))


# Registered claims


@pytest.mark.parametrize(
    "claims",
    [
        {"iss": "did:example:other"},
        {"iss": DID + " "},
        {"iss": [DID]},
        {"iss": None},
        {"iss": ""},
        {"sub": "did:example:other"},
        {"sub": 1},
        {"sub": ""},
        {"jti": "urn:uuid:other"},
        {"jti": None},
        {"nonce": 1},
        {"aud": 1},
        {"aud": None},
        {"aud": [AUDIENCE, 1]},
        {"aud": {"a": 1}},
    ],
)
def test_claims_that_contradict_the_document_or_have_no_sense_are_refused(claims: JsonObject) -> None:
    with pytest.raises(MalformedInput):
        read(made(credential() | claims))


def test_claims_that_agree_are_read_apart_from_the_document() -> None:
    claims: JsonObject = {
        "iss": DID,
        "sub": "did:example:holder",
        "jti": credential()["id"],
        "iat": 1769860800,
        "nbf": 1769860800.5,
        "exp": 1769860900,
        "aud": [AUDIENCE],
    }
    token = read(made(credential(issuer={"id": DID, "name": "U"}) | claims, iss=DID))
    assert (token.claims, token.document) == (claims, credential(issuer={"id": DID, "name": "U"}))
    assert vc_jwt.registered_period(token) == (
        NOW + timedelta(milliseconds=500),
        NOW + timedelta(seconds=100),
    )


@pytest.mark.parametrize("iss", ["did:example:other", None, 1, ""])
def test_an_issuer_in_the_header_must_be_the_documents(iss: Json) -> None:
    with pytest.raises(MalformedInput, match="iss in the header"):
        read(made(credential(), iss=iss))


def test_an_issuer_of_a_presentation_without_a_holder_is_whose_key_signed() -> None:
    header: dict[str, Any] = {"typ": "vp+jwt", "cty": "vp"}
    assert read(made(presentation(holder=...) | {"iss": DID}, **header)).claims == {"iss": DID}
    with pytest.raises(MalformedInput, match="iss"):
        read(made(presentation(holder=...) | {"iss": "did:example:other"}, **header))
    with pytest.raises(MalformedInput, match="iss"):
        read(made(presentation() | {"iss": "did:example:other"}, **header))


@pytest.mark.parametrize("name", ["nbf", "iat", "exp"])
@pytest.mark.parametrize(
    "value", [-1, -0.5, 253402300800, 2**53 - 1, 1e308, 1e20, "1769860800", True, None, [], {"n": 1}]
)
def test_absurd_times_are_malformed(name: str, value: Json) -> None:
    token = read(made(credential() | {name: value}))
    with pytest.raises(MalformedInput, match=name):
        vc_jwt.registered_period(token)


@pytest.mark.parametrize(
    "number", ["1" + "0" * 400, "1e400", "-1e999999", "9" * 5000, "9007199254740993", "NaN", "Infinity"]
)
def test_numbers_that_no_double_holds_are_malformed(number: str) -> None:
    body = json.dumps(credential())[:-1] + f', "exp": {number}}}'
    text = signed().split(".")
    with pytest.raises(MalformedInput):
        read(".".join([text[0], base64url.encode(body.encode()), text[2]]))


@pytest.mark.parametrize(
    ("claims", "period"),
    [
        ({}, (None, None)),
        ({"iat": 0}, (datetime(1970, 1, 1, tzinfo=UTC), None)),
        ({"iat": 20, "nbf": 10}, (datetime(1970, 1, 1, 0, 0, 20, tzinfo=UTC), None)),
        ({"nbf": 20, "iat": 10}, (datetime(1970, 1, 1, 0, 0, 20, tzinfo=UTC), None)),
        ({"exp": 253402300799}, (None, datetime(9999, 12, 31, 23, 59, 59, tzinfo=UTC))),
    ],
)
def test_the_period_begins_with_the_later_of_its_starts(claims: JsonObject, period: tuple[Any, Any]) -> None:
    assert vc_jwt.registered_period(read(made(credential() | claims))) == period


# Envelopes


def held(enveloped: JsonObject) -> tuple[str, str]:
    """The media type and the text of the JWT in an envelope."""
    opened = envelope.opened(enveloped)
    return opened.media_type, opened.secured.encoded


def test_an_envelope_holds_exactly_the_token() -> None:
    text = signed()
    enveloped = envelope.enveloped(text)
    assert enveloped == {
        "@context": model.CONTEXT,
        "id": f"data:application/vc+jwt,{text}",
        "type": "EnvelopedVerifiableCredential",
    }
    listed = {**enveloped, "@context": [model.CONTEXT], "type": ["EnvelopedVerifiableCredential"]}
    for written in (enveloped, listed):
        assert held(written) == ("application/vc+jwt", text)


def test_a_presentation_has_an_envelope_of_its_own() -> None:
    text = presented()
    enveloped = envelope.enveloped(text)
    assert enveloped["type"] == "EnvelopedVerifiablePresentation"
    assert held(enveloped) == ("application/vp+jwt", text)
    with pytest.raises(MalformedInput):
        envelope.opened({**enveloped, "type": "EnvelopedVerifiableCredential"})
    with pytest.raises(MalformedInput):
        envelope.opened({**envelope.enveloped(signed()), "type": "EnvelopedVerifiablePresentation"})


@pytest.mark.parametrize("typ", sd_jwt.VC_TYPES)
def test_an_enveloped_sd_jwt_is_opened(typ: str) -> None:
    text = sd_jwt.issue({"iss": DID, "vct": "urn:x", "a": 1}, disclosable=[("a",)], signer=KEY, typ=typ)
    enveloped = envelope.enveloped(signed()) | {"id": f"data:application/{typ},{text}"}
    opened = envelope.opened(enveloped)
    assert (opened.media_type, opened.secured.sd_jwt.compact) == (f"application/{typ}", text)


def test_an_envelope_is_opened_only_where_it_holds_what_its_media_type_says() -> None:
    text = sd_jwt.issue({"iss": DID, "vct": "urn:x"}, disclosable=[], signer=KEY, typ="dc+sd-jwt")
    for media_type, token in (("vc+jwt", text), ("dc+sd-jwt", signed()), ("vc+jwt", presented())):
        with pytest.raises(MalformedInput, match="holds something else"):
            envelope.opened(envelope.enveloped(signed()) | {"id": f"data:application/{media_type},{token}"})


def test_space_around_a_token_is_not_enveloped() -> None:
    assert envelope.enveloped(f" {signed()}\n") == envelope.enveloped(signed())


def test_an_sd_jwt_that_is_json_is_not_enveloped() -> None:
    text = sd_jwt.issue({"iss": DID, "vct": "urn:x"}, disclosable=[], signer=KEY, typ="dc+sd-jwt")
    protected, payload, signature = text.rstrip("~").split(".")
    flattened = {"protected": protected, "payload": payload, "signature": signature}
    with pytest.raises(MalformedInput, match="compact"):
        envelope.enveloped(json.dumps({**flattened, "header": {"disclosures": []}}))


def test_only_a_token_is_enveloped() -> None:
    for text in ("", "a.b.c", made(credential(), typ="JWT"), signed() + "~"):
        with pytest.raises(MalformedInput):
            envelope.enveloped(text)


@pytest.mark.parametrize(
    "parts",
    [
        {"id": "data:application/vc+jwt;base64,ZXlK"},
        {"id": "data:application/vc+jwt;charset=utf-8,a.b.c"},
        {"id": "data:application/vc+jwt;a.b.c"},
        {"id": "DATA:application/vc+jwt,a.b.c"},
        {"id": "data:application/VC+jwt,a.b.c"},
        {"id": "data:application/vc+ld+json,a.b.c"},
        {"id": "data:application/jwt,a.b.c"},
        {"id": "data:,a.b.c"},
        {"id": "data:application/vc+jwt,"},
        {"id": "data:application/vc+jwt,a%2Eb.c"},
        {"id": "data:application/vc+jwt, a.b.c"},
        {"id": "data:application/vc+jwt,a.b.c\n"},
        {"id": "data:application/vc+jwt,a.b.c#x"},
        {"id": "data:application/vc+jwt,{}"},
        {"id": "https://issuer.example/credential"},
        {"id": None},
        {"id": ["data:application/vc+jwt,a.b.c"]},
        {"id": ...},
        {"type": "VerifiableCredential"},
        {"type": ["EnvelopedVerifiableCredential", "VerifiableCredential"]},
        {"type": []},
        {"type": [{}]},
        {"type": None},
        {"type": ...},
        {"@context": "https://www.w3.org/2018/credentials/v1"},
        {"@context": ["https://issuer.example/", model.CONTEXT]},
        {"@context": []},
        {"@context": ...},
        {"issuer": DID},
        {"credentialSubject": {"id": "did:example:thief"}},
    ],
)
def test_what_is_no_plain_envelope_is_malformed(parts: JsonObject) -> None:
    enveloped = {**envelope.enveloped(signed()), **parts}
    with pytest.raises(MalformedInput):
        envelope.opened({name: value for name, value in enveloped.items() if value is not ...})


# Whatever comes

_JSON = st.recursive(
    st.none()
    | st.booleans()
    | st.integers()
    | st.floats(allow_nan=False, allow_infinity=False)
    | st.text(max_size=8),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=8), inner, max_size=3),
    max_leaves=6,
)
_NAMES = st.sampled_from(
    [*credential(), "iss", "sub", "jti", "exp", "nbf", "iat", "aud", "nonce", "vc", "holder"]
)
_HEADERS = st.sampled_from(["typ", "cty", "kid", "alg", "iss", "crit", "jwk", "b64"])


@examples(200)
@given(
    text=st.text(max_size=60) | st.from_regex(r"[A-Za-z0-9_-]{0,12}\.[A-Za-z0-9_-]{0,12}\.[A-Za-z0-9_-]{0,9}")
)
def test_any_text_is_a_token_or_malformed(text: str) -> None:
    with suppress(MalformedInput):
        read(text)


def objections(text: str) -> list[str]:
    """What is said against a token, from reading it to its period."""
    try:
        token = read(text)
        vc_jwt.verify_signature(token, KEY.public())
        vc_jwt.registered_period(token)
    except (MalformedInput, VerificationFailed) as error:
        return [error.message, error.hint]
    return []


@examples(300)
@given(
    members=st.dictionaries(_NAMES, _JSON, max_size=3), header=st.dictionaries(_HEADERS, _JSON, max_size=2)
)
def test_odd_members_never_escape_as_another_error_and_errors_are_one_line(
    members: JsonObject, header: JsonObject
) -> None:
    protected = base64url.encode(jws.encode_json({**HEADER, "alg": "EdDSA", **header}))
    body = base64url.encode(jws.encode_json({**credential(), **members}))
    signature = base64url.encode(KEY.sign(f"{protected}.{body}".encode()))
    assert all(line.isprintable() for line in objections(f"{protected}.{body}.{signature}"))
    with suppress(MalformedInput):
        envelope.opened(members)


@examples(100)
@given(position=st.integers(min_value=0), character=st.sampled_from("ABab01-_.=~ "))
def test_no_changed_character_leaves_a_token_valid(position: int, character: str) -> None:
    text = signed()
    place = position % len(text)
    altered = text[:place] + character + text[place + 1 :]
    if altered == text:
        return
    with pytest.raises((MalformedInput, VerificationFailed)):
        vc_jwt.verify_signature(read(altered), KEY.public())


@examples(100)
@given(
    claims=st.dictionaries(
        st.text(st.characters(codec="utf-8"), max_size=8).filter(lambda name: name != "id"),
        st.text(st.characters(codec="utf-8"), max_size=8)
        | st.booleans()
        | st.integers(-(2**53) + 1, 2**53 - 1),
        min_size=1,
        max_size=4,
    ),
    name=st.sampled_from(key_types.SIGNING_TYPES),
)
def test_any_claims_come_back_as_they_were(claims: JsonObject, name: str) -> None:
    key = KEYS[name]
    document = credential(issuer=did_of(key), credentialSubject=claims)
    token = read(vc_jwt.sign_credential(document, key, verification_method=method_of(key)))
    vc_jwt.verify_signature(token, key.public())
    assert token.document == document
