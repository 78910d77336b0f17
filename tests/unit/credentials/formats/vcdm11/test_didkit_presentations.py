"""VCDM 1.1 presentations through didkit: everything in them is signed, for one verifier, by the holder."""

from __future__ import annotations

import copy
import json
import re
import sys
from collections.abc import Callable
from contextlib import suppress
from datetime import UTC, datetime
from typing import Any

import pytest
from hypothesis import HealthCheck, given
from hypothesis import strategies as st

from ipse.credentials import model
from ipse.credentials.formats.vcdm11 import didkit_process, embedded_proofs, jwt, presentations
from ipse.credentials.model import vcdm11
from ipse.credentials.model.rules import Violation
from ipse.encoding import base64url
from ipse.encoding.strict_json import Json, JsonObject
from ipse.errors import IpseError, MalformedInput, MissingFeature, TooMuchWork, Undetermined, UsageError
from ipse.keys import key_types
from ipse.keys.key_types import PrivateKey
from tests.examples import examples
from tests.unit.credentials.formats.vcdm11.signed_by_didkit import signed_by_didkit

needs_didkit = pytest.mark.skipif(not didkit_process.available(), reason="didkit is not installed")

KEYS: dict[str, PrivateKey] = {
    name: key_types.private_key(name, bytes(range(1, 33))) for name in key_types.SIGNING_TYPES
}
HOLDER, ISSUER = KEYS["Ed25519"], key_types.private_key("Ed25519", bytes(range(2, 34)))
NOW = datetime(2026, 1, 31, 12, 0, tzinfo=UTC)
AUDIENCE, NONCE = "https://verifier.example", "nonce-1"


def did_of(key: PrivateKey) -> str:
    return "did:key:" + key_types.to_multikey(key.public())


def method_of(key: PrivateKey) -> str:
    return f"{did_of(key)}#{key_types.to_multikey(key.public())}"


DID, METHOD = did_of(HOLDER), method_of(HOLDER)


def unsigned_credential(**parts: Any) -> JsonObject:
    arguments: dict[str, Any] = {
        "issuer": did_of(ISSUER),
        "types": ["DegreeCredential"],
        "claims": {
            "degree": {"type": "Bachelor", "name": "Mathematics", "grades": [1, 2.5]},
            "graduated": True,
        },
        "issuance_date": NOW,
        "subject": DID,
        "credential_id": "urn:uuid:8d4b1b1e-7c1b-4b58-8f2e-2f0f5f0f5f0f",
        "expiration_date": None,
    }
    return vcdm11.build(**(arguments | parts))


def credential(proof_type: str | None = None, **parts: Any) -> JsonObject:
    return embedded_proofs.issue(
        unsigned_credential(**parts), ISSUER, method_of(ISSUER), created=NOW, proof_type=proof_type
    )


def build(*credentials: Json, key: PrivateKey = HOLDER) -> JsonObject:
    return vcdm11.build_presentation(
        holder=did_of(key), credentials=credentials, presentation_id="urn:uuid:1"
    )


def present(document: JsonObject, /, key: PrivateKey = HOLDER, **options: Any) -> JsonObject:
    arguments: dict[str, Any] = {"audience": AUDIENCE, "nonce": NONCE, "created": NOW, **options}
    return presentations.issue_presentation(document, key, method_of(key), **arguments)


def verify(document: JsonObject, audience: str = AUDIENCE, nonce: str = NONCE) -> bool | None:
    result = presentations.verify_presentation_proof(document, audience=audience, nonce=nonce)
    assert bool(result.reason) is not (result.verified is True)
    assert result.reason.isprintable()
    return result.verified


def changed(document: JsonObject, path: list[str | int], value: Json) -> JsonObject:
    altered = copy.deepcopy(document)
    place: Any = altered
    for step in path[:-1]:
        place = place[step]
    if value is ...:
        del place[path[-1]]
    else:
        place[path[-1]] = value
    return altered


@pytest.fixture(scope="module")
def presented() -> JsonObject:
    return present(build(credential(), credential(claims={"member": True}, credential_id="urn:uuid:2")))


FORM: JsonObject = {
    "@context": [vcdm11.CONTEXT],
    "type": ["VerifiablePresentation"],
    "holder": DID,
    "verifiableCredential": [],
    "proof": {
        "type": "Ed25519Signature2020",
        "created": "2026-01-31T12:00:00Z",
        "verificationMethod": METHOD,
        "proofPurpose": "authentication",
        "domain": AUDIENCE,
        "challenge": NONCE,
        "proofValue": "z" + "1" * 64,
    },
}
"""A presentation with a proof of the right form and no meaning."""


@pytest.fixture
def never_asked(monkeypatch: pytest.MonkeyPatch) -> None:
    """Fails the test where anything is handed to didkit."""

    def refuse(job: JsonObject) -> JsonObject:
        raise AssertionError(f"handed to didkit: {job!r}")

    monkeypatch.setattr(didkit_process, "run", refuse)
    monkeypatch.setattr(didkit_process, "available", lambda: True)


# Signing and verifying


@pytest.mark.sampled(2)
@needs_didkit
@pytest.mark.parametrize("proof_type", embedded_proofs.PROOF_TYPES)
@pytest.mark.parametrize("inner_type", embedded_proofs.PROOF_TYPES)
def test_what_was_presented_verifies_and_is_the_presentation_plus_its_proof(
    proof_type: str, inner_type: str
) -> None:
    document = build(credential(inner_type))
    before = copy.deepcopy(document)
    secured = present(document, proof_type=proof_type)
    assert document == before
    assert {name: value for name, value in secured.items() if name != "proof"} == before
    result = presentations.verify_presentation_proof(secured, audience=AUDIENCE, nonce=NONCE)
    assert result == embedded_proofs.ProofResult(True, "", METHOD, proof_type, NOW)
    inner = secured["verifiableCredential"][0]
    assert embedded_proofs.verify_proof(inner).verified is True


@pytest.mark.sampled(1)
@needs_didkit
@pytest.mark.parametrize("name", key_types.SIGNING_TYPES)
def test_every_type_of_key_issues_and_presents_with_a_type_of_proof_that_it_makes(name: str) -> None:
    key = KEYS[name]
    expected = "Ed25519Signature2020" if name == "Ed25519" else "JsonWebSignature2020"
    issued = embedded_proofs.issue(unsigned_credential(issuer=did_of(key)), key, method_of(key), created=NOW)
    secured = present(build(issued, key=key), key)
    assert issued["proof"]["type"] == secured["proof"]["type"] == expected
    assert embedded_proofs.verify_proof(issued).verified is True
    assert verify(secured) is True


@pytest.mark.usefixtures("never_asked")
@pytest.mark.parametrize("name", ["P-256", "secp256k1"])
@pytest.mark.parametrize("proof_type", ["Ed25519Signature2018", "Ed25519Signature2020"])
def test_a_type_of_proof_that_the_key_does_not_make_is_a_usage_error(name: str, proof_type: str) -> None:
    key = KEYS[name]
    with pytest.raises(UsageError, match=name):
        present(build(key=key), key, proof_type=proof_type)
    document = unsigned_credential(issuer=did_of(key))
    with pytest.raises(UsageError, match=name):
        embedded_proofs.issue(document, key, method_of(key), created=NOW, proof_type=proof_type)


@needs_didkit
def test_a_presentation_may_be_empty() -> None:
    assert verify(present(build())) is True


@pytest.mark.sampled(6)
@needs_didkit
@pytest.mark.parametrize(
    ("path", "value"),
    [
        (["id"], "urn:uuid:other"),
        (["id"], ...),
        (["type"], ["VerifiablePresentation", "CredentialManagerPresentation"]),
        (["holder"], did_of(ISSUER)),
        (["verifiableCredential"], []),
        (["verifiableCredential"], ...),
        (["verifiableCredential", 1], ...),
        (["verifiableCredential", 0, "issuer"], DID),
        (["verifiableCredential", 0, "credentialSubject", "id"], did_of(ISSUER)),
        (["verifiableCredential", 0, "credentialSubject", "graduated"], False),
        (["verifiableCredential", 0, "credentialSubject", "added"], 1),
        (["verifiableCredential", 0, "expirationDate"], "2036-01-31T12:00:00Z"),
        (["verifiableCredential", 0, "proof"], ...),
        (["verifiableCredential", 0, "proof", "created"], "2026-01-31T12:00:01Z"),
        (["verifiableCredential", 0, "proof", "proofValue"], "z" + "1" * 64),
        (["proof", "created"], "2026-01-31T12:00:01Z"),
        (["proof", "created"], ...),
        (["proof", "domain"], "https://other.example"),
        (["proof", "domain"], ...),
        (["proof", "challenge"], "other"),
        (["proof", "challenge"], ...),
        (["proof", "proofPurpose"], "assertionMethod"),
        (["proof", "verificationMethod"], method_of(ISSUER)),
        (["proof", "proofValue"], "z" + "1" * 64),
        (["proof", "type"], "Ed25519Signature2018"),
        (["proof"], ...),
    ],
)
def test_every_change_to_a_presentation_breaks_its_proof(
    presented: JsonObject, path: list[str | int], value: Json
) -> None:
    assert verify(changed(presented, path, value)) is False


@needs_didkit
def test_another_credential_can_not_take_the_place_of_one(presented: JsonObject) -> None:
    other = credential(claims={"degree": "none"})
    assert embedded_proofs.verify_proof(other).verified is True
    assert verify(changed(presented, ["verifiableCredential", 0], other)) is False
    assert verify(presented) is True
    both = [*presented["verifiableCredential"], other]
    assert verify({**presented, "verifiableCredential": both}) is False


@needs_didkit
@pytest.mark.parametrize(
    ("audience", "nonce"),
    [("https://other.example", NONCE), (AUDIENCE, "nonce-2"), ("", NONCE), (AUDIENCE, "")],
)
def test_a_presentation_for_another_challenge_is_refused(
    presented: JsonObject, audience: str, nonce: str
) -> None:
    assert verify(presented, audience, nonce) is False


@needs_didkit
def test_didkit_itself_compares_the_challenge_and_finds_the_tampered_twin(presented: JsonObject) -> None:
    def errors(document: JsonObject, audience: str, nonce: str) -> list[str]:
        answer: list[str] = presentations._ask_didkit(document, audience, nonce)["errors"]
        return answer

    assert errors(presented, AUDIENCE, NONCE) == []
    assert errors(presented, AUDIENCE, "nonce-2") == ["No applicable proof"]
    assert errors(presented, "https://other.example", NONCE) == ["No applicable proof"]
    altered = changed(presented, ["verifiableCredential", 0, "credentialSubject", "graduated"], False)
    assert "signature error" in errors(altered, AUDIENCE, NONCE)[0]


@needs_didkit
def test_a_credentials_proof_is_no_proof_of_a_presentation_nor_the_other_way_round(
    presented: JsonObject,
) -> None:
    inner = credential()
    assert verify({**build(inner), "proof": inner["proof"]}) is False
    assert (
        embedded_proofs.verify_proof({**unsigned_credential(), "proof": presented["proof"]}).verified is False
    )


@needs_didkit
def test_somebody_elses_presentation_is_refused(presented: JsonObject) -> None:
    with pytest.raises(MalformedInput, match="holder"):
        presentations.issue_presentation(
            build(), ISSUER, method_of(ISSUER), audience=AUDIENCE, nonce=NONCE, created=NOW
        )
    with pytest.raises(MalformedInput, match="not that of the verification method"):
        presentations.issue_presentation(build(), ISSUER, METHOD, audience=AUDIENCE, nonce=NONCE, created=NOW)


# What the signature covers


@needs_didkit
def test_a_jwt_in_a_linked_data_presentation_is_refused_because_it_would_not_be_signed() -> None:
    text, other = (
        jwt.issue_jwt(unsigned_credential(subject=subject), ISSUER, method_of(ISSUER))
        for subject in (DID, "did:example:other")
    )
    options: JsonObject = {
        "type": "Ed25519Signature2020",
        "verificationMethod": METHOD,
        "proofPurpose": "authentication",
        "domain": AUDIENCE,
        "challenge": NONCE,
    }
    document = json.loads(signed_by_didkit(build(text), options, HOLDER))
    swapped = {**document, "verifiableCredential": [other]}
    assert presentations._ask_didkit(swapped, AUDIENCE, NONCE)["errors"] == []
    assert verify(document) is False
    assert verify(swapped) is False
    with pytest.raises(MalformedInput, match="JWT"):
        present(build(text))


@needs_didkit
@pytest.mark.parametrize(
    ("parts", "name"),
    [
        ({"type": ["VerifiableCredential", "Undefined"]}, "type/1"),
        ({"evidence": []}, "evidence"),
        ({"credentialSubject": {"id": DID, "n": 1, "lost": None}}, "credentialSubject/lost"),
    ],
)
def test_a_value_of_a_credential_that_the_presentation_would_not_sign_is_refused(
    parts: JsonObject, name: str
) -> None:
    own = vcdm11.context_for_undefined_terms({"n": 1}) if "credentialSubject" in parts else {}
    document = {
        **unsigned_credential(),
        "@context": [vcdm11.CONTEXT, own] if own else [vcdm11.CONTEXT],
        "type": ["VerifiableCredential"],
        "credentialSubject": {"id": DID},
        **parts,
    }
    with pytest.raises(MalformedInput, match="does not cover") as caught:
        present(build(document))
    assert f"/verifiableCredential/0/{name}" in caught.value.message


@pytest.mark.usefixtures("never_asked")
@pytest.mark.parametrize(
    ("parts", "verified"),
    [
        ({"@context": [vcdm11.CONTEXT, {"@vocab": vcdm11.UNDEFINED_TERM}]}, None),
        ({"@context": [vcdm11.CONTEXT, "https://issuer.example/context"]}, None),
        ({"@context": [model.CONTEXT]}, False),
        ({"holderBinding": []}, None),
        ({"evidence": []}, None),
        ({"@graph": []}, None),
        ({"@included": []}, None),
        ({"https://www.w3.org/2018/credentials#holder": DID}, None),
        ({"type": ["VerifiablePresentation", "_:b0"]}, None),
        ({"id": DID}, None),
        ({"holder": "did:web:holder.example"}, None),
        ({"holder": {"id": DID}}, False),
        ({"holder": None}, False),
        ({"holder": ...}, False),
        ({"type": ["VerifiablePresentation", "VerifiableCredential"]}, False),
        ({"type": "VerifiableCredential"}, False),
        ({"verifiableCredential": ["a.b.c"]}, False),
        ({"verifiableCredential": [None]}, False),
        ({"verifiableCredential": [[]]}, False),
        ({"verifiableCredential": {"type": "VerifiableCredential"}}, None),
        ({"verifiableCredential": [{"@context": vcdm11.CONTEXT, "@nest": {}}]}, None),
        ({"verifiableCredential": [{"@context": vcdm11.CONTEXT, "schema:name": "x"}]}, None),
        ({"verifiableCredential": [{"@context": vcdm11.CONTEXT, "a": {"@context": {}}}]}, None),
        ({"verifiableCredential": [{"@context": vcdm11.CONTEXT, "a": {"id": "_:b0"}}]}, None),
        (
            {"verifiableCredential": [{"@context": vcdm11.CONTEXT, "id": "urn:a", "b": {"id": "urn:a"}}]},
            None,
        ),
        ({"verifiableCredential": [{"@context": {"name": None}}]}, None),
        ({"verifiableCredential": [{"@context": vcdm11.CONTEXT, "proof": "x"}]}, False),
        ({"verifiableCredential": [{"@context": vcdm11.CONTEXT, "proof": {"@context": {}}}]}, None),
        ({"verifiableCredential": [{"@context": vcdm11.CONTEXT, "proof": {"@graph": []}}]}, None),
        ({"verifiableCredential": [{"@context": vcdm11.CONTEXT, "proof": [{"id": "_:b0"}]}]}, None),
        ({"verifiableCredential": [{"@context": vcdm11.CONTEXT, "name": "x" * 2**18}]}, None),
        ({"proof": []}, False),
        ({"proof": [{}, {}]}, None),
    ],
)
def test_what_could_stand_for_something_else_is_never_handed_over(
    parts: JsonObject, verified: bool | None
) -> None:
    document = {name: value for name, value in {**FORM, **parts}.items() if value is not ...}
    assert verify(document) is verified
    unsigned = {name: value for name, value in document.items() if name != "proof"}
    if "proof" not in parts:
        with pytest.raises((MalformedInput, Undetermined)):
            present(unsigned)


@pytest.mark.usefixtures("never_asked")
def test_bottomless_nesting_is_refused_before_anything_recurses() -> None:
    value: Json = 1
    for _ in range(50_000):
        value = {"n": value}
    deep = {"@context": [vcdm11.CONTEXT], "credentialSubject": value}
    assert verify({**FORM, "verifiableCredential": [deep]}) is None
    with pytest.raises(Undetermined, match="nesting"):
        present(build(deep))


@pytest.mark.usefixtures("never_asked")
def test_a_presentation_that_was_signed_is_not_signed_again() -> None:
    with pytest.raises(MalformedInput, match="proof already"):
        present(FORM)


@pytest.mark.usefixtures("never_asked")
@pytest.mark.parametrize("name", ["audience", "nonce"])
def test_a_presentation_without_audience_or_nonce_is_not_made(name: str) -> None:
    with pytest.raises(UsageError, match="audience and a nonce"):
        present(build(), HOLDER, **{name: ""})


# The traps of didkit


@pytest.mark.slow
@needs_didkit
def test_a_graph_that_keeps_didkit_busy_for_ever_is_given_up(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(didkit_process, "_SECONDS", 2.0)
    twins = [{"b": [{"c": 1} for _ in range(14)]} for _ in range(2)]
    context = [vcdm11.CONTEXT, {"@vocab": vcdm11.UNDEFINED_TERM}]
    inner = {**unsigned_credential(), "@context": context, "credentialSubject": {"a": twins}}
    with pytest.raises(TooMuchWork):
        present(build(inner))
    options: JsonObject = {"type": "Ed25519Signature2018", "proofPurpose": "authentication"}
    options |= {"domain": AUDIENCE, "challenge": NONCE, "created": "2026-01-31T12:00:00Z"}
    header = base64url.encode(b'{"alg":"EdDSA","b64":false,"crit":["b64"]}')
    proof = {**options, "verificationMethod": METHOD, "jws": f"{header}..{'A' * 86}"}
    given_up = {**build(inner), "proof": proof}
    result = presentations.verify_presentation_proof(given_up, audience=AUDIENCE, nonce=NONCE)
    # Whichever comes first: its time is over, or its memory.
    assert result.verified is None
    assert re.search(r"within 2 seconds|crashed on it", result.reason)


@pytest.mark.parametrize("child", ["import os; os.abort()", "raise SystemExit(3)", "pass"])
def test_a_child_that_dies_or_says_nothing_is_undetermined(
    monkeypatch: pytest.MonkeyPatch, capfd: pytest.CaptureFixture[str], child: str
) -> None:
    monkeypatch.setattr(didkit_process, "available", lambda: True)
    monkeypatch.setattr(didkit_process, "_CHILD", child)
    assert verify(FORM) is None
    assert capfd.readouterr() == ("", "")


def test_without_didkit_the_error_says_what_to_install(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "didkit", None)
    calls: list[Callable[[], object]] = [lambda: present(build()), lambda: verify(FORM)]
    for call in calls:
        with pytest.raises(MissingFeature):
            call()


@needs_didkit
@examples(20, suppress=list(HealthCheck))
@given(
    path=st.sampled_from(
        [
            ["@context"],
            ["type"],
            ["holder"],
            ["verifiableCredential"],
            ["verifiableCredential", 0],
            ["verifiableCredential", 0, "@context"],
            ["verifiableCredential", 0, "proof"],
            ["proof"],
            ["proof", "challenge"],
        ]
    ),
    value=st.recursive(
        st.none() | st.booleans() | st.integers() | st.floats() | st.text() | st.sampled_from([DID, METHOD]),
        lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(), inner, max_size=3),
        max_leaves=8,
    ),
)
def test_odd_input_is_never_accepted_and_never_escapes_as_another_error(
    presented: JsonObject, path: list[str | int], value: Json
) -> None:
    altered = changed(presented, path, value)
    if altered != presented:
        assert verify(altered) is not True
    assert isinstance(vcdm11.presentation_violations(altered), list)
    altered.pop("proof")
    with suppress(IpseError):
        present(altered)


# The data model


def test_a_built_presentation_conforms_and_says_nothing_it_was_not_told() -> None:
    document = vcdm11.build_presentation(holder=DID, credentials=["a.b.c", {"type": "VerifiableCredential"}])
    assert document == {
        "@context": [vcdm11.CONTEXT],
        "type": ["VerifiablePresentation"],
        "holder": DID,
        "verifiableCredential": ["a.b.c", {"type": "VerifiableCredential"}],
    }
    assert vcdm11.presentation_violations(document) == []
    assert vcdm11.holder_of(document) == DID


@pytest.mark.parametrize(
    ("member", "value"),
    [
        ("@context", []),
        ("@context", None),
        ("@context", ["https://schema.org/", vcdm11.CONTEXT]),
        ("@context", [model.CONTEXT]),
        ("type", []),
        ("type", None),
        ("type", "Presentation"),
        ("type", ["VerifiablePresentation", 1]),
        ("type", ["VerifiablePresentation", {}]),
        ("type", ["VerifiablePresentation", "VerifiableCredential"]),
        ("holder", ...),
        ("holder", None),
        ("holder", "alice"),
        ("holder", {"id": DID}),
        ("holder", [DID]),
        ("id", "relative"),
        ("id", None),
        ("id", 1),
        ("verifiableCredential", None),
        ("verifiableCredential", 1),
        ("verifiableCredential", [{}]),
        ("verifiableCredential", [""]),
        ("verifiableCredential", [[]]),
        ("verifiableCredential", [None]),
        ("proof", None),
    ],
)
def test_a_broken_rule_of_the_data_model_is_named(member: str, value: Json) -> None:
    document = {name: item for name, item in {**FORM, member: value}.items() if item is not ...}
    broken = vcdm11.presentation_violations(document)
    assert [violation for violation in broken if violation.pointer.startswith(f"/{member}")]
    assert all(str(violation).isprintable() for violation in broken)
    with pytest.raises(MalformedInput, match="not a presentation"):
        vcdm11.refuse_broken_presentation(document)


@pytest.mark.parametrize(
    "parts", [{"holder": "alice"}, {"presentation_id": "relative"}, {"credentials": [1]}]
)
def test_what_breaks_a_rule_is_not_built(parts: dict[str, Any]) -> None:
    with pytest.raises(MalformedInput):
        vcdm11.build_presentation(**{"holder": DID, "credentials": [], **parts})


def test_the_rules_of_a_credential_are_the_same_whatever_secures_it() -> None:
    document = unsigned_credential()
    assert vcdm11.violations(document) == []
    assert vcdm11.check_data_model(document) == [Violation("/proof", "must be one object with a type")]
    assert [violation.pointer for violation in vcdm11.violations({})] == [
        "/@context",
        "/type",
        "/credentialSubject",
        "/issuer",
        "/issuanceDate",
    ]
