"""VCDM 1.1 as JWTs through didkit: what they claim, whose signature counts, and the traps of didkit."""

from __future__ import annotations

import copy
import json
import sys
from collections.abc import Callable
from contextlib import suppress
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from hypothesis import HealthCheck, given
from hypothesis import strategies as st

from ipse.credentials import formats, jws, model
from ipse.credentials.budget import UNBOUNDED
from ipse.credentials.content import Validity
from ipse.credentials.formats.jose import vc_jwt
from ipse.credentials.formats.vcdm11 import didkit_process, jwt
from ipse.credentials.model import vcdm11
from ipse.encoding import base64url, strict_json
from ipse.encoding.strict_json import Json, JsonObject
from ipse.errors import (
    InputTooLarge,
    MalformedInput,
    MissingFeature,
    Undetermined,
    UsageError,
    VerificationFailed,
)
from ipse.keys import key_types
from ipse.keys.key_types import PrivateKey
from tests.examples import examples

needs_didkit = pytest.mark.skipif(not didkit_process.available(), reason="didkit is not installed")

KEYS: dict[str, PrivateKey] = {
    name: key_types.private_key(name, bytes(range(1, 33))) for name in key_types.SIGNING_TYPES
}
KEY = KEYS["Ed25519"]
NOW = datetime(2026, 1, 31, 12, 0, tzinfo=UTC)
SECONDS = int(NOW.timestamp())
FAR = datetime(2200, 1, 1, tzinfo=UTC)
AUDIENCE, NONCE = "https://verifier.example", "nonce-1"


def did_of(key: PrivateKey) -> str:
    return "did:key:" + key_types.to_multikey(key.public())


def method_of(key: PrivateKey) -> str:
    return f"{did_of(key)}#{key_types.to_multikey(key.public())}"


DID, METHOD = did_of(KEY), method_of(KEY)


def credential(key: PrivateKey = KEY, **parts: Any) -> JsonObject:
    arguments: dict[str, Any] = {
        "issuer": did_of(key),
        "types": ["DegreeCredential"],
        "claims": {"degree": {"name": "Mathematics", "marks": [1, 2.5, None]}, "graduated": True},
        "issuance_date": NOW,
        "subject": "did:example:holder",
        "credential_id": "urn:uuid:8d4b1b1e-7c1b-4b58-8f2e-2f0f5f0f5f0f",
        "expiration_date": FAR,
    }
    return vcdm11.build(**(arguments | parts))


def presentation(*credentials: Json, key: PrivateKey = KEY) -> JsonObject:
    return vcdm11.build_presentation(
        holder=did_of(key), credentials=credentials, presentation_id="urn:uuid:1"
    )


BARE: JsonObject = {
    "@context": [vcdm11.CONTEXT],
    "type": ["VerifiableCredential"],
    "credentialSubject": {"name": "x"},
}
"""A `vc` claim that leaves all it can to the registered claims."""
REGISTERED: JsonObject = {"iss": DID, "nbf": SECONDS}


def made(payload: JsonObject, /, key: PrivateKey = KEY, **header: Any) -> str:
    """A JWT over any payload, rightly signed."""
    full = {"typ": "JWT", "kid": method_of(key), **header}
    return jws.sign({name: value for name, value in full.items() if value is not ...}, payload, key).encoded


def claiming(vc: JsonObject | None = None, **claims: Json) -> str:
    payload = {**REGISTERED, **claims, "vc": {**BARE, **(vc or {})}}
    return made({name: value for name, value in payload.items() if value is not ...})


def tampered(text: str) -> str:
    """`text` with another subject and its signature kept."""
    token = jws.read(text, what="the JWT")
    vc = {
        **token.payload["vc"],
        "credentialSubject": {**token.payload["vc"]["credentialSubject"], "added": 1},
    }
    body = base64url.encode(jws.encode_json({**token.payload, "vc": vc}))
    return f"{token.protected}.{body}.{token.signature}"


@pytest.fixture(scope="module")
def signed() -> str:
    return jwt.issue_jwt(credential(), KEY, METHOD)


@pytest.fixture
def never_asked(monkeypatch: pytest.MonkeyPatch) -> None:
    """Fails the test where anything is handed to didkit."""

    def refuse(job: JsonObject) -> JsonObject:
        raise AssertionError(f"handed to didkit: {job!r}")

    monkeypatch.setattr(didkit_process, "run", refuse)
    monkeypatch.setattr(didkit_process, "available", lambda: True)


# Credentials


@needs_didkit
@pytest.mark.parametrize("name", key_types.SIGNING_TYPES)
def test_what_was_issued_verifies_and_says_what_it_was_told(name: str) -> None:
    key = KEYS[name]
    before = credential(key)
    unsigned = copy.deepcopy(before)
    text = jwt.issue_jwt(unsigned, key, method_of(key))
    assert unsigned == before
    assert jwt.credential_of(text) == before
    result, document = jwt.verify_jwt(text)
    assert (result.verified, result.reason, result.verification_method) == (True, "", method_of(key))
    assert (result.proof_type, result.created, result.not_before, result.expires) == ("JWT", None, NOW, FAR)
    assert document == before


@needs_didkit
def test_a_did_jwk_signs_and_verifies() -> None:
    public = json.dumps(key_types.public_to_jwk(KEYS["P-256"].public())).encode()
    did = f"did:jwk:{base64url.encode(public)}"
    text = jwt.issue_jwt(credential(issuer=did), KEYS["P-256"], f"{did}#0")
    assert jwt.verify_jwt(text)[0].verified is True


@needs_didkit
@pytest.mark.parametrize("name", key_types.SIGNING_TYPES)
def test_didkit_itself_refuses_the_tampered_twin_of_what_it_accepts(name: str) -> None:
    key = KEYS[name]
    text = jwt.issue_jwt(credential(key), key, method_of(key))
    jwt._consult_didkit("credential", jws.read(text, what="the JWT"), {}, UNBOUNDED)
    with pytest.raises(VerificationFailed, match="didkit"):
        jwt._consult_didkit("credential", jws.read(tampered(text), what="the JWT"), {}, UNBOUNDED)
    result, _ = jwt.verify_jwt(tampered(text))
    assert (result.verified, result.reason) == (False, "the signature does not fit the key and the content")


@needs_didkit
def test_an_expired_credential_verifies_and_its_tampered_twin_does_not() -> None:
    past = NOW - timedelta(days=3650)
    old = credential(issuance_date=past, expiration_date=past + timedelta(days=1))
    text = jwt.issue_jwt(old, KEY, METHOD)
    result, document = jwt.verify_jwt(text)
    assert (result.verified, vcdm11.validity(document)) == (True, Validity(past, past + timedelta(days=1)))
    assert jwt.verify_jwt(tampered(text))[0].verified is False


@needs_didkit
def test_a_credential_of_the_future_verifies_since_dates_are_the_callers() -> None:
    text = jwt.issue_jwt(credential(issuance_date=FAR, expiration_date=None), KEY, METHOD)
    assert jwt.verify_jwt(text)[0].verified is True


@needs_didkit
def test_dates_that_didkit_can_not_write_are_signed_and_read() -> None:
    text = jwt.issue_jwt(credential(expiration_date=datetime(9000, 1, 1, tzinfo=UTC)), KEY, METHOD)
    assert jwt.verify_jwt(text)[0].verified is True
    result, document = jwt.verify_jwt(claiming(exp=253402300799))
    assert (result.verified, document["expirationDate"]) == (True, "9999-12-31T23:59:59Z")


@needs_didkit
def test_registered_claims_become_the_members_that_vc_lacks() -> None:
    text = claiming(sub="did:example:holder", jti="urn:uuid:1", exp=int(FAR.timestamp()))
    result, document = jwt.verify_jwt(text)
    assert result.verified is True
    assert document == {
        **BARE,
        "id": "urn:uuid:1",
        "issuer": DID,
        "issuanceDate": "2026-01-31T12:00:00Z",
        "expirationDate": "2200-01-01T00:00:00Z",
        "credentialSubject": {"name": "x", "id": "did:example:holder"},
    }


@pytest.mark.parametrize(
    ("vc", "claims"),
    [
        ({"issuer": "did:example:other"}, {}),
        ({"issuer": {"id": "did:example:other"}}, {}),
        ({"issuer": None}, {}),
        ({"issuer": [DID]}, {}),
        ({"issuanceDate": "2026-01-31T12:00:01Z"}, {}),
        ({"issuanceDate": "yesterday"}, {}),
        ({"issuanceDate": None}, {}),
        ({"expirationDate": "2036-01-31T12:00:00Z"}, {"exp": SECONDS}),
        ({"expirationDate": None}, {"exp": SECONDS}),
        ({"id": "urn:uuid:2"}, {"jti": "urn:uuid:1"}),
        ({"id": None}, {"jti": "urn:uuid:1"}),
        ({"credentialSubject": {"id": "did:example:other"}}, {"sub": "did:example:holder"}),
        ({"credentialSubject": [{"id": "did:example:other"}]}, {"sub": "did:example:holder"}),
        ({"credentialSubject": [{"n": 1}, {"n": 2}]}, {"sub": "did:example:holder"}),
        ({"credentialSubject": []}, {"sub": "did:example:holder"}),
        ({"credentialSubject": "did:example:holder"}, {"sub": "did:example:holder"}),
        ({"credentialSubject": {"id": None}}, {"sub": "did:example:holder"}),
        ({}, {"iss": "University"}),
        ({}, {"iss": None}),
        ({}, {"iss": ""}),
        ({}, {"iss": ...}),
        ({}, {"nbf": ...}),
        ({}, {"nbf": ..., "iat": SECONDS}),
        ({}, {"nbf": "1769860800"}),
        ({}, {"nbf": 1e300}),
        ({}, {"exp": -1}),
        ({}, {"exp": None}),
        ({}, {"iat": True}),
        ({}, {"sub": 1}),
        ({}, {"jti": "relative"}),
        ({}, {"vp": {}}),
        ({"proof": {}}, {}),
        ({"proof": None}, {}),
        ({"type": ["VerifiablePresentation"]}, {}),
        ({"@context": [model.CONTEXT]}, {}),
    ],
)
@pytest.mark.usefixtures("never_asked")
def test_claims_that_contradict_the_credential_or_leave_it_broken_are_malformed(
    vc: JsonObject, claims: JsonObject
) -> None:
    text = claiming(vc, **claims)
    for read in (jwt.credential_of, jwt.verify_jwt):
        with pytest.raises(MalformedInput) as caught:
            read(text)
        assert caught.value.message.isprintable()


@pytest.mark.parametrize(
    ("vc", "claims"),
    [
        ({"issuer": {"id": DID, "name": "University"}}, {}),
        ({"issuer": DID, "issuanceDate": "2026-01-31T12:00:00.9Z"}, {}),
        ({"issuanceDate": "2026-01-31T13:00:00+01:00"}, {"nbf": SECONDS + 0.5}),
        ({"issuer": DID, "issuanceDate": "2026-01-31T12:00:00Z"}, {"iss": ..., "nbf": ..., "iat": SECONDS}),
        ({"credentialSubject": [{"id": "did:example:holder"}]}, {"sub": "did:example:holder"}),
    ],
)
def test_what_is_said_twice_and_agrees_is_kept_as_the_credential_says_it(
    vc: JsonObject, claims: JsonObject
) -> None:
    document = jwt.credential_of(claiming(vc, **claims))
    assert {name: document[name] for name in vc} == vc


@pytest.mark.usefixtures("never_asked")
def test_what_a_jwt_claims_beside_its_credential_is_said_to_leave_with_it() -> None:
    form = formats.named("w3c-1.1")
    for beside in ({"email": "ada@example.org", "name": {"a": [1]}}, {}):
        text = claiming({"name": "of the credential"}, **beside, iat=SECONDS)
        document = jwt.credential_of(text)
        expected = {**document, "beside vc": beside} if beside else document
        assert form.presentable(text).claims == expected
        assert form.select([text], ()).revealed == (expected,)


@pytest.mark.usefixtures("never_asked")
def test_an_issuer_object_without_an_id_gets_it_from_iss() -> None:
    document = jwt.credential_of(claiming({"issuer": {"name": "University"}}))
    assert document["issuer"] == {"name": "University", "id": DID}


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("typ", "vc+jwt"),
        ("typ", "vp+jwt"),
        ("typ", "dc+sd-jwt"),
        ("typ", "kb+jwt"),
        ("typ", "jwt"),
        ("typ", None),
        ("kid", ...),
        ("kid", "#key"),
        ("kid", key_types.to_multikey(KEY.public())),
        ("crit", ["b64"]),
        ("b64", False),
        ("jwk", key_types.public_to_jwk(KEY.public())),
        ("jku", "https://issuer.example/jwks"),
        ("x5c", ["AAAA"]),
        ("x5u", "https://issuer.example/cert"),
    ],
)
@pytest.mark.usefixtures("never_asked")
def test_another_typ_or_a_key_in_the_header_is_refused(name: str, value: Json) -> None:
    text = made({**REGISTERED, "vc": BARE}, **{name: value})
    with pytest.raises(MalformedInput, match=name):
        jwt.verify_jwt(text)


@pytest.mark.usefixtures("never_asked")
def test_a_token_of_the_new_model_is_none_of_the_old() -> None:
    document = {"@context": [model.CONTEXT], "type": ["VerifiableCredential"], "issuer": DID}
    text = vc_jwt.sign_credential(
        {**document, "credentialSubject": {"n": 1}}, KEY, verification_method=METHOD
    )
    with pytest.raises(MalformedInput, match="typ"):
        jwt.verify_jwt(text)
    with pytest.raises(MalformedInput):
        vc_jwt.read(claiming(), what="the JWT")


def duplicated(text: str) -> str:
    header, body, signature = text.split(".")
    members = base64url.decode(body).decode()
    twice = base64url.encode(('{"iss":1,' + members[1:]).encode())
    return f"{header}.{twice}.{signature}"


@pytest.mark.parametrize(
    "spell",
    [
        lambda text: text.rpartition(".")[0],
        lambda text: text.rpartition(".")[0] + ".",
        lambda text: text + ".",
        lambda text: text + ".e30",
        lambda text: text + "=",
        lambda text: text + "\n",
        lambda text: text + "~",
        duplicated,
        lambda _: "",
        lambda _: "\ud800.\ud800.\ud800",
    ],
)
@pytest.mark.usefixtures("never_asked")
def test_another_spelling_of_a_token_is_malformed(spell: Callable[[str], str]) -> None:
    with pytest.raises(MalformedInput):
        jwt.verify_jwt(spell(claiming()))


@pytest.mark.usefixtures("never_asked")
def test_the_length_of_a_token_is_bounded() -> None:
    with pytest.raises(InputTooLarge):
        jwt.verify_jwt(claiming({"name": "x" * 2**20}))


@pytest.mark.parametrize("alg", ["none", "None", "HS256", "ES256", "ES256K", "", None, 1])
@pytest.mark.usefixtures("never_asked")
def test_the_algorithm_is_the_keys(alg: Json) -> None:
    token = jws.read(claiming(), what="the JWT")
    protected = base64url.encode(json.dumps({**token.header, "alg": alg}).encode())
    signature = KEY.sign(f"{protected}.{token.body}".encode())
    result, _ = jwt.verify_jwt(f"{protected}.{token.body}.{base64url.encode(signature)}")
    assert (result.verified, "alg" in result.reason) == (False, True)


@pytest.mark.usefixtures("never_asked")
@pytest.mark.parametrize(
    ("claims", "kid", "verified"),
    [
        ({}, method_of(KEYS["P-256"]), False),
        ({}, DID + "#other", False),
        ({"iss": "did:web:issuer.example"}, METHOD, None),
        ({"iss": "did:web:issuer.example"}, "did:web:issuer.example#key", None),
        ({"iss": "did:ion:abc"}, "did:ion:abc#key", None),
        ({"iss": "https://issuer.example/"}, METHOD, None),
        ({"iss": "did:key:z6Mk"}, "did:key:z6Mk#z6Mk", None),
        ({"iss": "did:key:6Mk"}, "did:key:6Mk#6Mk", False),
        ({"iss": "did:jwk:e30"}, "did:jwk:e30#0", None),
        ({"iss": "did:pkh:eth:0x73a0"}, "did:pkh:eth:0x73a0#controller", None),
        ({"aud": "https://other.example"}, METHOD, None),
        ({"aud": None}, METHOD, None),
    ],
)
def test_only_a_key_of_the_issuers_own_did_counts_and_others_are_never_looked_up(
    claims: JsonObject, kid: str, verified: bool | None
) -> None:
    result, _ = jwt.verify_jwt(made({**REGISTERED, **claims, "vc": BARE}, kid=kid))
    assert result.verified is verified
    assert result.reason.isprintable()
    assert result.reason


@needs_didkit
def test_didkit_replaces_members_by_claims_and_its_word_alone_does_not_count() -> None:
    text = claiming({"issuer": DID, "issuanceDate": "2020-01-01T00:00:00Z"})
    jwt._consult_didkit("credential", jws.read(text, what="the JWT"), {}, UNBOUNDED)
    with pytest.raises(MalformedInput, match="nbf"):
        jwt.verify_jwt(text)


@needs_didkit
def test_a_credential_that_is_not_the_issuers_to_sign_is_not_issued() -> None:
    with pytest.raises(MalformedInput, match="not that of the verification method"):
        jwt.issue_jwt(credential(), KEYS["P-256"], METHOD)


@pytest.mark.usefixtures("never_asked")
@pytest.mark.parametrize(
    ("document", "method", "error"),
    [
        ({**credential(), "proof": {}}, METHOD, MalformedInput),
        ({**credential(), "issuer": "University"}, METHOD, MalformedInput),
        (credential(), method_of(KEYS["P-256"]), MalformedInput),
        (credential(issuer="did:web:issuer.example"), "did:web:issuer.example#key", Undetermined),
    ],
)
def test_what_could_not_be_verified_is_not_handed_to_didkit(
    document: JsonObject, method: str, error: type[Exception]
) -> None:
    with pytest.raises(error):
        jwt.issue_jwt(document, KEY, method)


@pytest.mark.usefixtures("never_asked")
@pytest.mark.parametrize("value", [float("nan"), "\ud800", NOW, {1: {2}}])
def test_what_json_can_not_carry_is_not_handed_to_didkit(value: Any) -> None:
    with pytest.raises(MalformedInput, match="JSON"):
        jwt.issue_jwt({**credential(), "evidence": value}, KEY, METHOD)


@needs_didkit
@pytest.mark.parametrize("date", ["2026-01-31T12:00:00.5Z", "2026-01-31T13:00:00+01:00"])
def test_a_date_is_never_rewritten_in_silence(date: str) -> None:
    document = {**credential(), "issuanceDate": date}
    try:
        text = jwt.issue_jwt(document, KEY, METHOD)
    except MalformedInput as error:
        assert "issuanceDate" in error.message  # noqa: PT017 - either way is right
    else:
        assert jwt.credential_of(text) == document


@pytest.mark.parametrize("child", ["import os; os.abort()", "pass"])
def test_where_didkit_crashes_nothing_is_verified(monkeypatch: pytest.MonkeyPatch, child: str) -> None:
    monkeypatch.setattr(didkit_process, "available", lambda: True)
    monkeypatch.setattr(didkit_process, "_CHILD", child)
    assert jwt.verify_jwt(claiming())[0].verified is None


def test_without_didkit_the_error_says_what_to_install(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "didkit", None)
    calls: list[Callable[[], object]] = [
        lambda: jwt.verify_jwt(claiming()),
        lambda: jwt.verify_presentation_jwt("", audience=AUDIENCE, nonce=NONCE),
    ]
    for call in calls:
        with pytest.raises(MissingFeature):
            call()


# Presentations


def presented(key: PrivateKey = KEY, *credentials: Json) -> str:
    return jwt.issue_presentation_jwt(
        presentation(*credentials, key=key), key, method_of(key), audience=AUDIENCE, nonce=NONCE, created=NOW
    )


def verify(text: str, audience: str = AUDIENCE, nonce: str = NONCE) -> tuple[bool | None, str]:
    result, _ = jwt.verify_presentation_jwt(text, audience=audience, nonce=nonce)
    assert bool(result.reason) is not result.verified
    return result.verified, result.reason


VP: JsonObject = {
    "@context": [vcdm11.CONTEXT],
    "type": ["VerifiablePresentation"],
    "verifiableCredential": [claiming()],
}
ANSWER: JsonObject = {"iss": DID, "aud": AUDIENCE, "nonce": NONCE, "vp": VP}


@needs_didkit
@pytest.mark.parametrize("name", key_types.SIGNING_TYPES)
def test_a_presentation_answers_one_verifier_and_one_nonce(name: str, signed: str) -> None:
    text = presented(KEYS[name], signed)
    result, document = jwt.verify_presentation_jwt(text, audience=AUDIENCE, nonce=NONCE)
    assert (result.verified, result.reason) == (True, "")
    assert (result.verification_method, result.created, result.expires) == (method_of(KEYS[name]), NOW, None)
    assert document == presentation(signed, key=KEYS[name]) == jwt.presentation_of(text)
    for audience, nonce in (
        (AUDIENCE, "other"),
        ("https://other.example", NONCE),
        ("", NONCE),
        (AUDIENCE, ""),
    ):
        assert verify(text, audience, nonce)[0] is False


@needs_didkit
def test_a_presentation_may_be_empty_and_says_when_it_was_made() -> None:
    claims = {"iat": SECONDS, "nbf": SECONDS + 1, "exp": int(FAR.timestamp())}
    text = made({**ANSWER, **claims, "vp": {**VP, "verifiableCredential": []}})
    result, _ = jwt.verify_presentation_jwt(text, audience=AUDIENCE, nonce=NONCE)
    assert (result.verified, result.created, result.expires) == (True, NOW, FAR)
    assert result.not_before == NOW + timedelta(seconds=1)


@needs_didkit
def test_an_expired_presentation_is_reported_with_its_end_since_didkit_says_nothing_of_it() -> None:
    text = made({**ANSWER, "exp": SECONDS})
    result, _ = jwt.verify_presentation_jwt(text, audience=AUDIENCE, nonce=NONCE)
    assert (result.verified, result.expires) == (True, NOW)


@pytest.mark.usefixtures("never_asked")
@pytest.mark.parametrize(
    ("claims", "verified"),
    [
        ({"aud": "https://other.example"}, False),
        ({"aud": [AUDIENCE, "https://other.example"]}, False),
        ({"aud": []}, False),
        ({"aud": None}, False),
        ({"nonce": "other"}, False),
        ({"nonce": None}, False),
        ({"nonce": [NONCE]}, False),
        ({"iss": "did:example:other"}, None),
        ({"iss": did_of(KEYS["P-256"])}, False),
    ],
)
def test_a_presentation_for_others_or_by_others_is_refused(claims: JsonObject, verified: bool | None) -> None:
    assert verify(made({**ANSWER, **claims}))[0] is verified


@pytest.mark.usefixtures("never_asked")
@pytest.mark.parametrize("name", ["aud", "nonce"])
def test_a_presentation_without_its_challenge_is_refused(name: str) -> None:
    text = made({claim: value for claim, value in ANSWER.items() if claim != name})
    assert verify(text)[0] is False


@pytest.mark.usefixtures("never_asked")
@pytest.mark.parametrize(
    "claims",
    [
        {"vp": None},
        {"vp": []},
        {"vc": BARE},
        {"vp": {**VP, "holder": "did:example:other"}},
        {"vp": {**VP, "holder": {"id": DID}}},
        {"vp": {**VP, "holderBinding": []}},
        {"vp": {**VP, "proof": {}}},
        {"vp": {**VP, "type": ["VerifiableCredential", "VerifiablePresentation"]}},
        {"vp": {**VP, "type": "VerifiableCredential"}},
        {"vp": {**VP, "@context": [model.CONTEXT]}},
        {"vp": {**VP, "verifiableCredential": [1]}},
        {"vp": {**VP, "verifiableCredential": None}},
        {"vp": {**VP, "id": "urn:uuid:2"}, "jti": "urn:uuid:1"},
        {"iss": None},
        {"exp": "soon"},
    ],
)
def test_what_is_no_presentation_of_one_holder_is_malformed(claims: JsonObject) -> None:
    with pytest.raises(MalformedInput):
        verify(made({**ANSWER, **claims}))


@pytest.mark.usefixtures("never_asked")
def test_a_credential_and_a_presentation_never_pass_for_each_other() -> None:
    with pytest.raises(MalformedInput, match="vp"):
        verify(claiming())
    with pytest.raises(MalformedInput, match="vc"):
        jwt.verify_jwt(made(ANSWER))


@pytest.mark.usefixtures("never_asked")
def test_a_tampered_presentation_does_not_verify() -> None:
    token = jws.read(made(ANSWER), what="the JWT")
    body = base64url.encode(jws.encode_json({**token.payload, "vp": {**VP, "id": "urn:uuid:9"}}))
    assert verify(f"{token.protected}.{body}.{token.signature}")[0] is False


@pytest.mark.usefixtures("never_asked")
@pytest.mark.parametrize("name", ["audience", "nonce"])
def test_a_presentation_without_audience_or_nonce_is_not_made(name: str) -> None:
    challenge = {"audience": AUDIENCE, "nonce": NONCE, name: ""}
    with pytest.raises(UsageError, match="audience and a nonce"):
        jwt.issue_presentation_jwt(presentation(), KEY, METHOD, created=NOW, **challenge)


# Whatever comes

_JSON = st.recursive(
    st.none() | st.booleans() | st.integers(-(2**53) + 1, 2**53 - 1) | st.text(max_size=8) | st.just(DID),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=8), inner, max_size=3),
    max_leaves=6,
)


@examples(300, suppress=list(HealthCheck))
@given(
    claims=st.dictionaries(
        st.sampled_from(["iss", "sub", "jti", "nbf", "exp", "iat", "aud", "vc", "vp", "nonce"]),
        _JSON,
        max_size=3,
    ),
    members=st.dictionaries(st.sampled_from([*credential(), "proof"]), _JSON, max_size=2),
)
def test_odd_claims_are_a_credential_of_the_data_model_or_malformed(
    claims: JsonObject, members: JsonObject
) -> None:
    payload = {**REGISTERED, "vc": {**BARE, **members}, **claims}
    with suppress(MalformedInput):
        text = made(payload)
        strict_json.parse_object(base64url.decode(text.split(".")[1]))
        assert vcdm11.violations(jwt.credential_of(text)) == []
    with suppress(MalformedInput):
        text = made({**ANSWER, **claims})
        assert vcdm11.presentation_violations(jwt.presentation_of(text)) == []
