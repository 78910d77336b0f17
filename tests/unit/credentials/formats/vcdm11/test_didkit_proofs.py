"""VCDM 1.1 through didkit: what is signed, what is refused, and the traps of didkit itself."""

from __future__ import annotations

import asyncio
import copy
import json
import os
import re
import shutil
import subprocess
import sys
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from datetime import UTC, datetime, timedelta, timezone
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, given
from hypothesis import strategies as st

from ipse.credentials.content import Validity
from ipse.credentials.formats.vcdm11 import contexts, didkit_process, spelling
from ipse.credentials.formats.vcdm11 import embedded_proofs as proofs
from ipse.credentials.model import vcdm11
from ipse.encoding import base64url
from ipse.encoding.strict_json import Json, JsonObject
from ipse.errors import IpseError, MalformedInput, MissingFeature, TooMuchWork, Undetermined, UsageError
from ipse.keys import key_types
from ipse.keys.ed25519 import PrivateKey
from tests.examples import examples
from tests.unit.credentials.formats.vcdm11.signed_by_didkit import signed_by_didkit
from tests.waiting import PATIENCE

needs_didkit = pytest.mark.skipif(not didkit_process.available(), reason="didkit is not installed")

KEY = PrivateKey(bytes(range(32)))
DID = "did:key:" + key_types.to_multikey(KEY.public())
METHOD = DID + "#" + DID.removeprefix("did:key:")
NOW = datetime(2026, 1, 31, 12, 0, tzinfo=UTC)
CLAIMS: JsonObject = {
    "degree": {
        "type": "BachelorDegree",
        "name": "Mathematics",
        "grades": [1, 2.5, ["a", "b"]],
        "honours": [],
    },
    "graduated": True,
    "year": 2025,
    "average": 1.3,
    "motto": "per aspera\nad astra",
}


def unsigned(**parts: Any) -> JsonObject:
    arguments: dict[str, Any] = {
        "issuer": DID,
        "types": ["DegreeCredential"],
        "claims": CLAIMS,
        "issuance_date": NOW,
        "subject": "did:example:holder",
        "credential_id": "urn:uuid:8d4b1b1e-7c1b-4b58-8f2e-2f0f5f0f5f0f",
        "expiration_date": NOW + timedelta(days=30),
    }
    return vcdm11.build(**(arguments | parts))


def sign_unchecked(credential: JsonObject) -> JsonObject:
    """What didkit signs when nobody looks at the credential first."""
    options = {
        "type": "Ed25519Signature2018",
        "verificationMethod": METHOD,
        "proofPurpose": "assertionMethod",
    }
    document: JsonObject = json.loads(signed_by_didkit(credential, options, KEY))
    return document


def bare(**parts: Json) -> JsonObject:
    return {
        "@context": [vcdm11.CONTEXT],
        "type": ["VerifiableCredential"],
        "issuer": DID,
        "issuanceDate": "2026-01-31T12:00:00Z",
        "credentialSubject": {"id": "did:example:holder"},
        **parts,
    }


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
def signed() -> JsonObject:
    return proofs.issue(unsigned(), KEY, METHOD, created=NOW)


@pytest.fixture
def never_asked(monkeypatch: pytest.MonkeyPatch) -> None:
    """Fails the test where anything is handed to didkit."""

    def refuse(*arguments: object) -> JsonObject:
        raise AssertionError(f"handed to didkit: {arguments!r}")

    monkeypatch.setattr(proofs, "_ask_didkit", refuse)
    monkeypatch.setattr(didkit_process, "available", lambda: True)


# Signing and verifying


@needs_didkit
@pytest.mark.parametrize("proof_type", proofs.PROOF_TYPES)
def test_what_was_issued_verifies_and_is_the_credential_plus_its_proof(proof_type: str) -> None:
    credential = unsigned()
    before = copy.deepcopy(credential)
    secured = proofs.issue(credential, KEY, METHOD, created=NOW, proof_type=proof_type)
    assert credential == before
    assert {name: value for name, value in secured.items() if name != "proof"} == before
    assert proofs.verify_proof(secured) == proofs.ProofResult(True, "", METHOD, proof_type, NOW)


@pytest.mark.sampled(3)
@needs_didkit
@pytest.mark.parametrize("proof_type", proofs.PROOF_TYPES)
@pytest.mark.parametrize("form", ["built", "bare", "traced"])
def test_the_signature_is_the_one_that_didkit_makes_with_the_same_key(proof_type: str, form: str) -> None:
    traced = {"@context": [vcdm11.CONTEXT, "https://w3id.org/traceability/v1"]}
    credential = {"built": unsigned(), "bare": bare(), "traced": bare(**traced)}[form]
    ours = proofs.issue(credential, KEY, METHOD, created=NOW, proof_type=proof_type)
    options = {
        name: ours["proof"][name] for name in ("type", "created", "verificationMethod", "proofPurpose")
    }
    theirs = json.loads(signed_by_didkit(credential, options, KEY))
    if "jws" not in ours["proof"]:
        assert ours == theirs
        return
    # The header of a detached JWS may have its members in any order, so only what they are is compared.
    header = ours["proof"].pop("jws").partition("..")[0]
    theirs_header = theirs["proof"].pop("jws").partition("..")[0]
    assert ours == theirs
    assert json.loads(base64url.decode(header)) == json.loads(base64url.decode(theirs_header))


@pytest.mark.sampled(5)
@needs_didkit
@pytest.mark.parametrize(
    ("path", "value"),
    [
        (["id"], "urn:uuid:other"),
        (["type", 1], "DoctorCredential"),
        (["type"], ["VerifiableCredential"]),
        (["issuer"], {"id": DID, "name": "University"}),
        (["issuanceDate"], "2025-01-31T12:00:00Z"),
        (["expirationDate"], "2036-01-31T12:00:00Z"),
        (["expirationDate"], ...),
        (["credentialSubject", "id"], "did:example:other"),
        (["credentialSubject", "degree", "type"], "DoctorDegree"),
        (["credentialSubject", "degree", "name"], "Physics"),
        (["credentialSubject", "degree", "grades"], [2.5, 1, ["a", "b"]]),
        (["credentialSubject", "degree", "grades", 2], ["b", "a"]),
        (["credentialSubject", "degree", "grades", 1], 2.4999999999999996),
        (["credentialSubject", "degree", "honours"], ...),
        (["credentialSubject", "graduated"], False),
        (["credentialSubject", "year"], 2024),
        (["credentialSubject", "average"], 1.0),
        (["credentialSubject", "motto"], "per aspera ad astra"),
        (["credentialSubject", "motto"], ...),
        (["credentialSubject", "added"], "claim"),
        (["credentialStatus"], {"id": "https://status.example/1#2", "type": "StatusList2021Entry"}),
    ],
)
def test_every_changed_claim_breaks_the_proof(signed: JsonObject, path: list[str | int], value: Json) -> None:
    assert proofs.verify_proof(changed(signed, path, value)).verified is False


@pytest.mark.sampled(6)
@needs_didkit
@pytest.mark.parametrize(
    ("member", "value", "verified"),
    [
        ("type", "Ed25519Signature2018", False),
        ("type", "DataIntegrityProof", None),
        ("type", ..., None),
        ("created", "2026-01-31T12:00:01Z", False),
        ("created", "yesterday", False),
        ("created", ..., False),
        ("verificationMethod", METHOD[:-1] + "x", False),
        ("verificationMethod", "did:web:issuer.example#key", False),
        ("verificationMethod", ..., False),
        ("proofPurpose", "authentication", False),
        ("proofPurpose", ..., False),
        ("proofValue", "z" + "1" * 64, False),
        ("proofValue", "z1", False),
        ("proofValue", 1, False),
        ("proofValue", ..., False),
        ("jws", "eyJhbGciOiJFZERTQSJ9..AAAA", False),
        ("domain", "added.example", False),
        ("challenge", "added", False),
        ("nonce", "added", None),
        ("capability", "not an iri", None),
        ("capabilityChain", "no array", None),
        ("@type", "added", None),
        ("@context", "https://issuer.example/context", None),
        ("@context", [{"@vocab": vcdm11.UNDEFINED_TERM}], None),
    ],
)
def test_every_changed_proof_member_breaks_the_proof(
    signed: JsonObject, member: str, value: Json, verified: bool | None
) -> None:
    result = proofs.verify_proof(changed(signed, ["proof", member], value))
    assert result.verified is verified
    assert result.reason


@needs_didkit
def test_a_changed_signature_is_invalid(signed: JsonObject) -> None:
    value = signed["proof"]["proofValue"]
    other = value[:40] + ("2" if value[40] != "2" else "3") + value[41:]
    result = proofs.verify_proof(changed(signed, ["proof", "proofValue"], other))
    assert (result.verified, result.reason) == (False, "the signature does not fit the document")


@needs_didkit
def test_the_signature_of_another_credential_is_invalid(signed: JsonObject) -> None:
    other = unsigned(claims={"degree": "none"})
    assert proofs.verify_proof({**other, "proof": signed["proof"]}).verified is False


@needs_didkit
def test_a_proof_for_another_purpose_is_invalid(signed: JsonObject) -> None:
    assert proofs.verify_proof(signed, proof_purpose="authentication").verified is False


@pytest.mark.usefixtures("never_asked")
@pytest.mark.parametrize(
    ("proof", "verified"), [(..., False), (None, False), ("x", False), ([], False), ([{}], None)]
)
def test_without_exactly_one_proof_nothing_is_verified(proof: Json, verified: bool | None) -> None:
    credential = bare() if proof is ... else bare(proof=proof)
    assert proofs.verify_proof(credential).verified is verified


P256 = "did:key:zDnaehFZBons4SyH2yRuKuMW64ePgszKs57HRD5eTPuSPrusS"
P256_METHOD = P256 + "#" + P256.removeprefix("did:key:")
SECP256K1 = "did:key:zQ3shpZkycrgEZg38Rs77T8uGEdUQAr9R6dJRSRE7icttBoqf"
SECP256K1_METHOD = SECP256K1 + "#" + SECP256K1.removeprefix("did:key:")
P256_JWK = (
    "did:jwk:eyJjcnYiOiJQLTI1NiIsImt0eSI6IkVDIiwieCI6Ii1ldmtaQlI4d1FMWkl5VFFtZGtud2FVT1F0VjZDS0VXXy13S0tZR2Rq"
    "R1UiLCJ5IjoiY0xyMzBTaUlrQ3BxREIxbnJkRURFanlGbXJhYi1PbERISk9Fa3cxTGZ1NCJ9#0"
)
MADE_WITH_DIDKIT = {
    ("EcdsaSecp256k1Signature2019", SECP256K1_METHOD): (
        "eyJhbGciOiJFUzI1NksiLCJjcml0IjpbImI2NCJdLCJiNjQiOmZhbHNlfQ"
        "..swqis0wIW_VA0k3qg6cjbQLA-QpcgQ5PX6o2NOcPrddjcJn0BKBD33KWbSOAIpBkJ-eq7TIDN_ucBKvM9FI5Mg"
    ),
    ("EcdsaSecp256r1Signature2019", P256_METHOD): (
        "eyJhbGciOiJFUzI1NiIsImNyaXQiOlsiYjY0Il0sImI2NCI6ZmFsc2V9"
        "..9vt-EsPGg-woZ-PoH_T6J9lDVv12ziwdTmRReI4iVbI8XANstPGKJAsjkddTo6T1pV-mRfa1cEdjaS3si5xaTQ"
    ),
    (
        "EcdsaSecp256k1RecoverySignature2020",
        "did:pkh:eth:0x73a0bc243772f34b220ff38872141b6a0426ccd1#Recovery2020",
    ): (
        "eyJhbGciOiJFUzI1NkstUiIsImNyaXQiOlsiYjY0Il0sImI2NCI6ZmFsc2V9"
        "..SD7Ohtc8Zhh0yZ_DVqh4y1aepFZ0LDFsltXCGEI00a58rpYZbZR5OUK7MXruJ9hN2_FHWUnQmweN1Fbv3WEU4gE"
    ),
    ("JsonWebSignature2020", P256_JWK): (
        "eyJhbGciOiJFUzI1NiIsImNyaXQiOlsiYjY0Il0sImI2NCI6ZmFsc2V9"
        "..-PAmcJ4P5XQ54G6E-srM2j5CX0eusc6b1ZHQ35Bjo2pg_jM7Qu8imaxGzXNE05Y_-vclSObUgtGif8FqtGxccQ"
    ),
    ("Ed25519Signature2018", "did:pkh:sol:FAe4sisG95oZ42w7buUn5qEE4TAnfTTFPiguZUHmhiF#controller"): (
        "eyJhbGciOiJFZERTQSIsImNyaXQiOlsiYjY0Il0sImI2NCI6ZmFsc2V9"
        "..xjedHHw4DUbvKdIY3RbUfDb8l4JEkgzrdcwq0KhSCrE8MhjNVeagovWbOibAkECFFv0bgMYaD__6boM7iBaLBg"
    ),
}
SUITE_CONTEXTS = {
    "EcdsaSecp256k1RecoverySignature2020": "https://w3id.org/security/suites/secp256k1recovery-2020/v2",
    "JsonWebSignature2020": "https://w3id.org/security/suites/jws-2020/v1",
}


@needs_didkit
@pytest.mark.parametrize(("proof_type", "method"), MADE_WITH_DIDKIT)
def test_credentials_of_other_key_types_and_did_methods_verify(proof_type: str, method: str) -> None:
    date = "2024-01-01T00:00:00Z"
    proof = {
        "type": proof_type,
        "proofPurpose": "assertionMethod",
        "verificationMethod": method,
        "created": date,
        "jws": MADE_WITH_DIDKIT[proof_type, method],
    }
    if proof_type in SUITE_CONTEXTS:
        proof["@context"] = SUITE_CONTEXTS[proof_type]
    subject = {"id": "did:example:abc"}
    issuer = method.partition("#")[0]
    secured = bare(issuer=issuer, issuanceDate=date, credentialSubject=subject, proof=proof)
    assert proofs.verify_proof(secured).verified is True
    altered = changed(secured, ["credentialSubject", "id"], "did:example:other")
    assert proofs.verify_proof(altered).verified is False


# What the signature covers


@pytest.mark.sampled(3)
@needs_didkit
@pytest.mark.parametrize(
    ("credential", "name"),
    [
        (bare(type=["VerifiableCredential", "DegreeCredential"]), "type[1]"),
        (bare(evidence=[{"id": "relative", "type": ["https://e.example/#t"]}]), "evidence[0].id"),
        (unsigned(claims={"degree": None, "n": 1}), "credentialSubject.degree"),
        (unsigned(claims={"marks": [1], "more": {"marks": None}}), "credentialSubject.more.marks"),
        (unsigned(claims={"degree": {"grade": None}}), "credentialSubject.degree.grade"),
        (unsigned(claims={"grades": [1, None]}), "credentialSubject.grades[1]"),
        (bare(evidence=[]), "evidence"),
        (unsigned(claims={"degree": {"id": "relative", "name": "x"}}), "credentialSubject.degree.name"),
        (unsigned(claims={"n": 1}) | {"credentialSubject": {"marks": [], "n": 1}}, "credentialSubject.marks"),
    ],
)
def test_a_value_that_the_signature_would_not_cover_is_neither_issued_nor_accepted(
    credential: JsonObject, name: str
) -> None:
    with pytest.raises(MalformedInput, match="does not cover") as caught:
        proofs.issue(credential, KEY, METHOD, created=NOW)
    assert re.split(r"\W+", name)[0] in caught.value.message
    result = proofs.verify_proof(sign_unchecked(credential))
    assert result.verified is False
    assert name in result.reason


@needs_didkit
def test_a_member_that_no_context_defines_is_not_issued() -> None:
    with pytest.raises(
        MalformedInput, match=r"does not cover /credentialSubject/degree .*no context defines"
    ):
        proofs.issue(bare(credentialSubject={"degree": "x"}), KEY, METHOD, created=NOW)


@needs_didkit
def test_a_member_added_without_a_definition_is_invalid() -> None:
    secured = proofs.issue(bare(), KEY, METHOD, created=NOW)
    result = proofs.verify_proof(changed(secured, ["credentialSubject", "degree"], "x"))
    assert (result.verified, "no @context defines" in result.reason) == (False, True)


@needs_didkit
def test_a_credential_with_a_relative_id_is_refused_because_nothing_in_it_is_signed() -> None:
    secured = sign_unchecked(bare(id="relative"))
    forged = changed(secured, ["credentialSubject", "id"], "did:example:thief")
    assert proofs._ask_didkit(forged, "assertionMethod")["errors"] == []
    assert proofs.verify_proof(forged).verified is False


def under_its_iri(document: JsonObject) -> None:
    date = {"@value": document.pop("expirationDate"), "@type": "http://www.w3.org/2001/XMLSchema#dateTime"}
    document["https://www.w3.org/2018/credentials#expirationDate"] = date


def under_nest(document: JsonObject) -> None:
    document["@nest"] = {"expirationDate": document.pop("expirationDate")}


def under_included(document: JsonObject) -> None:
    node = {"id": document["id"], "type": ["VerifiableCredential"]}
    document["@included"] = [{**node, "expirationDate": document.pop("expirationDate")}]


def under_an_inline_term(document: JsonObject) -> None:
    kind = {"@type": "http://www.w3.org/2001/XMLSchema#dateTime"}
    document["@context"].append({"e": {"@id": "https://www.w3.org/2018/credentials#expirationDate", **kind}})
    document["e"] = document.pop("expirationDate")


def with_a_shorter_name(document: JsonObject) -> None:
    document["@context"] = [*document["@context"][:2], {"@vocab": vcdm11.UNDEFINED_TERM + "un"}]
    document["credentialSubject"] = {"id": "did:example:holder", "paid": True}
    document["type"] = ["VerifiableCredential"]


def with_an_unknown_keyword(document: JsonObject) -> None:
    document["credentialSubject"]["@admin"] = True


@pytest.mark.sampled(2)
@needs_didkit
@pytest.mark.parametrize(
    "move",
    [
        under_its_iri,
        under_nest,
        under_included,
        under_an_inline_term,
        with_a_shorter_name,
        with_an_unknown_keyword,
    ],
)
def test_a_member_moved_to_another_spelling_is_not_accepted_although_didkit_does(
    move: Callable[[JsonObject], None],
) -> None:
    secured = proofs.issue(unsigned(types=[], claims={"unpaid": True}), KEY, METHOD, created=NOW)
    assert proofs.verify_proof(secured).verified is True
    move(secured)
    assert proofs._ask_didkit(secured, "assertionMethod")["errors"] == []
    assert proofs.verify_proof(secured).verified is None


@pytest.mark.usefixtures("never_asked")
@pytest.mark.parametrize(
    "subject",
    [
        {"friend": {"id": "_:b0", "name": "x"}},
        {"friend": {"id": "urn:uuid:1", "expirationDate": "2036-01-31T12:00:00Z"}},
        {"schema:name": "x"},
        {"@graph": [1]},
        {"deep": {"@context": {"name": None}, "name": "x"}},
    ],
)
def test_ids_and_names_that_could_carry_members_elsewhere_are_not_accepted(
    subject: JsonObject, signed_form: JsonObject
) -> None:
    credential = {**signed_form, "id": "urn:uuid:1", "credentialSubject": subject}
    assert proofs.verify_proof(credential).verified is None


@pytest.fixture
def signed_form() -> JsonObject:
    """A credential with a proof of the right form and no meaning."""
    proof = {
        "type": "Ed25519Signature2020",
        "created": "2026-01-31T12:00:00Z",
        "verificationMethod": METHOD,
        "proofPurpose": "assertionMethod",
        "proofValue": "z" + "1" * 64,
    }
    return bare(proof=proof)


@pytest.mark.usefixtures("never_asked")
@pytest.mark.parametrize(
    "entry",
    [
        "https://issuer.example/context/v1",
        "https://w3.org/2018/credentials/v1",
        {"@vocab": "https://issuer.example/#"},
        {"@vocab": vcdm11.UNDEFINED_TERM + "un"},
        {"@base": "https://issuer.example/"},
        {"@import": "https://issuer.example/context/v1"},
        {"@language": "en"},
        {"name": None},
        {"name": "https://issuer.example/#title"},
        {"name": "https://issuer.example/"},
        {"name": {"@id": "https://issuer.example/#name", "@container": "@index"}},
        {"name": {"@id": "https://issuer.example/#name", "@context": {}}},
        {"name": {"@reverse": "https://issuer.example/#name"}},
        {"@name": "https://issuer.example/@name"},
        7,
        None,
        ["https://schema.org/"],
    ],
)
def test_contexts_that_are_unknown_or_could_hide_members_are_never_handed_over(
    signed_form: JsonObject, entry: Json
) -> None:
    assert proofs.verify_proof({**signed_form, "@context": [vcdm11.CONTEXT, entry]}).verified is None
    with pytest.raises(Undetermined, match="@context"):
        proofs.issue(bare(**{"@context": [vcdm11.CONTEXT, entry]}), KEY, METHOD, created=NOW)


@needs_didkit
@pytest.mark.parametrize(
    "entry",
    [
        {"@vocab": "https://www.w3.org/ns/credentials/issuer-dependent#"},
        {"@version": 1.1, "name": "https://issuer.example/vocabulary#name"},
        {"name": {"@id": "https://issuer.example/name", "@type": "@json", "@container": "@set"}},
    ],
)
def test_inline_contexts_that_keep_names_as_they_are_are_read(entry: Json) -> None:
    credential = bare(**{"@context": [vcdm11.CONTEXT, entry], "credentialSubject": {"name": ["x"]}})
    secured = proofs.issue(credential, KEY, METHOD, created=NOW)
    assert proofs.verify_proof(secured).verified is True
    assert proofs.verify_proof(changed(secured, ["credentialSubject", "name"], ["y"])).verified is False


@pytest.mark.sampled(4)
@needs_didkit
@pytest.mark.parametrize("context", sorted(set(contexts.KNOWN_CONTEXTS) - {vcdm11.CONTEXT}))
def test_every_known_context_is_carried_by_didkit(context: str) -> None:
    credential = bare(**{"@context": [vcdm11.CONTEXT, context]})
    assert "proof" in proofs.issue(credential, KEY, METHOD, created=NOW, proof_type="Ed25519Signature2018")


# The traps of didkit


@needs_didkit
def test_didkit_finds_nothing_wrong_with_an_expired_credential_and_validity_shows_it() -> None:
    past = NOW - timedelta(days=3650)
    credential = unsigned(issuance_date=past, expiration_date=past + timedelta(days=1))
    secured = proofs.issue(credential, KEY, METHOD, created=past)
    assert proofs._ask_didkit(secured, "assertionMethod")["errors"] == []
    assert proofs.verify_proof(secured).verified is True
    assert vcdm11.validity(secured) == Validity(past, past + timedelta(days=1))


@needs_didkit
def test_the_proofs_own_date_is_reported_and_not_compared_with_the_clock() -> None:
    future = datetime(2999, 1, 1, tzinfo=UTC)
    result = proofs.verify_proof(proofs.issue(unsigned(), KEY, METHOD, created=future))
    assert (result.verified, result.created) == (True, future)


@pytest.mark.usefixtures("never_asked")
@pytest.mark.parametrize(
    "did",
    [
        "did:web:issuer.example",
        "did:web:issuer.example:user",
        "did:webkey:ssh:issuer.example",
        "did:webvh:abc:issuer.example",
        "did:onion:abc",
        "did:ion:abc",
        "did:tz:tz1VFda3KmzRecjsYptDq5bJh1M1NyAqgBJf",
        "did:ethr:0xb9c5714089478a327f09197987f16f9e5d936e8a",
        "did:key:",
        "DID:web:issuer.example",
        "did:key:z6Mk?service=x",
        "did:key:z6Mk#x",
        "did:key:z6Mk/../did:web:issuer.example",
        "did:key:z6Mk%0Adid:web:issuer.example",
        "https://issuer.example/",
        "urn:uuid:1",
    ],
)
@pytest.mark.parametrize("wrap", [lambda did: did, lambda did: {"id": did, "name": "Issuer"}])
def test_a_did_that_does_not_hold_its_own_key_is_never_handed_over(
    signed_form: JsonObject, did: str, wrap: Callable[[str], Json]
) -> None:
    proof = {**signed_form["proof"], "verificationMethod": f"{did}#key"}
    result = proofs.verify_proof({**signed_form, "issuer": wrap(did), "proof": proof})
    assert (result.verified, "offline" in result.reason) == (None, True)
    with pytest.raises(Undetermined, match="offline"):
        proofs.issue(bare(issuer=wrap(did)), KEY, f"{did}#key", created=NOW)


@pytest.mark.usefixtures("never_asked")
@pytest.mark.parametrize(
    "method", ["did:web:issuer.example#key", DID, DID + "#", METHOD + "#x", METHOD + " "]
)
def test_a_verification_method_that_is_not_the_issuers_is_never_handed_over(
    signed_form: JsonObject, method: str
) -> None:
    assert (
        proofs.verify_proof(changed(signed_form, ["proof", "verificationMethod"], method)).verified is False
    )
    with pytest.raises(MalformedInput):
        proofs.issue(bare(), KEY, method, created=NOW)


WITH_ADDRESSES = bare(
    credentialStatus={
        "id": "https://status.example/1#2",
        "type": "https://status.example/#StatusList2021Entry",
    },
    credentialSchema={"id": "https://schema.example/1", "type": "https://schema.example/#Schema"},
    termsOfUse=[{"id": "did:web:terms.example", "type": "https://terms.example/#Terms"}],
    credentialSubject={"id": "did:web:subject.example"},
)
ISSUE_AND_VERIFY = """
import json, sys
from datetime import UTC, datetime
from ipse.credentials.formats.vcdm11 import embedded_proofs as proofs
from ipse.keys.ed25519 import PrivateKey
credential, method = json.load(sys.stdin)
if "proof" not in credential:
    credential = proofs.issue(credential, PrivateKey(bytes(range(32))), method, created=datetime.now(UTC))
assert proofs.verify_proof(credential).verified is True
"""


def run_alone(credential: JsonObject, *wrapper: str, after: str = "") -> subprocess.CompletedProcess[str]:
    """Issue (where it is unsigned) and verify in a process of its own that ends right `after` that line."""
    return subprocess.run(
        [*wrapper, sys.executable, "-c", f"{ISSUE_AND_VERIFY}\n{after}"],
        input=json.dumps([credential, METHOD]),
        capture_output=True,
        text=True,
        env={**os.environ, "PYTHONPATH": os.pathsep.join(sys.path)},
        check=False,
        timeout=PATIENCE,
    )


@needs_didkit
def test_issuing_and_verifying_need_no_network() -> None:
    wrapper = ("unshare", "-rn")
    if not shutil.which("unshare") or subprocess.run([*wrapper, "true"], check=False).returncode:
        pytest.skip("unshare can't make a namespace without a network here")
    assert run_alone(WITH_ADDRESSES, *wrapper).returncode == 0


@needs_didkit
def test_issuing_and_verifying_open_no_internet_socket(tmp_path: Path) -> None:
    trace = tmp_path / "trace"
    wrapper = ("strace", "-f", "-e", "trace=socket,connect", "-o", str(trace))
    if not shutil.which("strace") or subprocess.run([*wrapper, "true"], check=False).returncode:
        pytest.skip("strace can't trace here")
    assert run_alone(WITH_ADDRESSES, *wrapper).returncode == 0
    assert "AF_INET" not in trace.read_text()


@pytest.mark.slow
@needs_didkit
def test_a_process_that_verifies_and_ends_leaves_with_status_0_every_time() -> None:
    secured = proofs.issue(bare(), KEY, METHOD, created=NOW)
    with ThreadPoolExecutor(4) as pool:
        runs = list(pool.map(lambda _: run_alone(secured), range(20)))
    assert [(run.returncode, run.stdout, run.stderr) for run in runs] == [(0, "", "")] * 20


@needs_didkit
def test_didkit_is_never_loaded_into_this_process() -> None:
    loaded = "assert 'didkit' not in sys.modules, 'loaded'"
    done = run_alone(proofs.issue(bare(), KEY, METHOD, created=NOW), after=loaded)
    assert (done.returncode, done.stderr) == (0, "")


@needs_didkit
@pytest.mark.parametrize(("member", "value"), [("capability", "not an iri"), ("capabilityChain", "no array")])
def test_a_panic_in_didkit_is_an_answer_and_stays_off_the_terminal(
    signed: JsonObject, capfd: pytest.CaptureFixture[str], member: str, value: str
) -> None:
    altered = changed(signed, ["proof", member], value)
    assert "panicked" in proofs._ask_didkit(altered, "assertionMethod")["errors"][0]
    assert proofs.verify_proof(altered).verified is None
    assert capfd.readouterr() == ("", "")


DETACHED = base64url.encode(b'{"alg":"EdDSA","b64":false,"crit":["b64"]}') + ".." + "A" * 86


def nested(depth: int) -> JsonObject:
    value: Json = 1
    for level in range(depth):
        value = {f"n{level}": value}
    return unsigned(claims={"n": value})


@needs_didkit
@pytest.mark.skipif(sys.platform != "linux", reason="where the stack ends differs")
def test_nesting_that_crashes_didkit_is_undetermined_and_this_process_lives(
    capfd: pytest.CaptureFixture[str], signed: JsonObject
) -> None:
    with pytest.raises(Undetermined, match="crashed"):
        proofs._ask_didkit({**nested(118), "proof": signed["proof"]}, "assertionMethod")
    assert capfd.readouterr() == ("", "")


@needs_didkit
def test_nesting_is_bounded_well_below_where_didkit_crashes() -> None:
    assert "proof" in proofs.issue(nested(20), KEY, METHOD, created=NOW)
    with pytest.raises(Undetermined, match="nesting"):
        proofs.issue(nested(spelling.MAX_DEPTH), KEY, METHOD, created=NOW)


@pytest.mark.parametrize("child", ["import os; os.abort()", "raise SystemExit(3)", "pass"])
def test_a_child_that_dies_or_says_nothing_is_undetermined(
    monkeypatch: pytest.MonkeyPatch, capfd: pytest.CaptureFixture[str], signed_form: JsonObject, child: str
) -> None:
    monkeypatch.setattr(didkit_process, "available", lambda: True)
    monkeypatch.setattr(didkit_process, "_CHILD", child)
    result = proofs.verify_proof(signed_form)
    assert (result.verified, "crashed" in result.reason) == (None, True)
    assert capfd.readouterr() == ("", "")


@needs_didkit
def test_a_graph_that_keeps_didkit_busy_for_ever_is_given_up(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(didkit_process, "_SECONDS", 2.0)
    twins = [{"b": [{"c": 1} for _ in range(14)]} for _ in range(2)]
    credential = bare(**{"@context": [vcdm11.CONTEXT, {"@vocab": vcdm11.UNDEFINED_TERM}]})
    credential["credentialSubject"] = {"a": twins}
    with pytest.raises(TooMuchWork):
        proofs.issue(credential, KEY, METHOD, created=NOW)
    options: JsonObject = {"type": "Ed25519Signature2018", "proofPurpose": "assertionMethod"}
    proof = {**options, "created": "2026-01-31T12:00:00Z", "verificationMethod": METHOD, "jws": DETACHED}
    result = proofs.verify_proof({**credential, "proof": proof})
    # Whichever comes first: its time is over, or its memory.
    assert result.verified is None
    assert re.search(r"within 2 seconds|crashed on it", result.reason)


@pytest.mark.usefixtures("never_asked")
def test_more_than_the_bound_is_never_handed_over(signed_form: JsonObject) -> None:
    credential = {**signed_form, "name": "x" * spelling.MAX_BYTES}
    assert proofs.verify_proof(credential).verified is None


@needs_didkit
@examples(20, suppress=list(HealthCheck))
@given(
    path=st.sampled_from(
        [
            ["@context"],
            ["type"],
            ["issuer"],
            ["credentialSubject"],
            ["credentialSubject", "degree"],
            ["evidence"],
            ["proof"],
            ["proof", "type"],
            ["proof", "created"],
            ["proof", "domain"],
            ["proof", "proofValue"],
        ]
    ),
    value=st.recursive(
        st.none()
        | st.booleans()
        | st.integers()
        | st.floats()
        | st.text()
        | st.sampled_from([DID, METHOD, "@id"]),
        lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(), inner, max_size=3),
        max_leaves=8,
    ),
)
def test_odd_input_is_never_accepted_and_never_escapes_as_another_error(
    signed: JsonObject, path: list[str | int], value: Json
) -> None:
    altered = changed(signed, path, value)
    if altered != signed:
        assert proofs.verify_proof(altered).verified is not True
    assert isinstance(vcdm11.check_data_model(altered), list)
    del altered["proof"]
    with suppress(IpseError):
        proofs.issue(altered, KEY, METHOD, created=NOW)


@needs_didkit
def test_reasons_are_one_printable_line_whatever_the_credential_says(signed: JsonObject) -> None:
    evil = "\x1b[31mverified\n"
    credentials = [
        changed(signed, ["issuer"], f"did:web:{evil.strip()}"),
        changed(signed, ["@context", 1], evil),
        changed(signed, ["@context", 2, evil], evil),
        changed(signed, ["proof", evil], evil),
        changed(signed, ["proof", "type"], evil),
        changed(signed, ["proof", "created"], evil),
        changed(signed, ["credentialSubject", "@" + evil], evil),
        sign_unchecked(unsigned() | {"credentialSubject": {"n": 1, evil: None}}),
        changed(signed, ["evidence"], [{"id": evil, "type": [evil]}]),
    ]
    for credential in credentials:
        result = proofs.verify_proof(credential)
        assert result.verified is not True
        assert result.reason.isprintable()


@needs_didkit
def test_what_is_printed_before_the_answer_is_no_part_of_it(
    monkeypatch: pytest.MonkeyPatch, signed: JsonObject
) -> None:
    monkeypatch.setattr(didkit_process, "_CHILD", "import os; os.write(1, b'noise');" + didkit_process._CHILD)
    assert proofs.verify_proof(signed).verified is True


@needs_didkit
def test_it_works_inside_a_running_event_loop(signed: JsonObject) -> None:
    async def verify() -> proofs.ProofResult:
        return proofs.verify_proof(signed)

    assert asyncio.run(verify()).verified is True


@needs_didkit
def test_the_private_key_is_not_on_the_childs_command_line(monkeypatch: pytest.MonkeyPatch) -> None:
    commands: list[list[str]] = []
    run = subprocess.run

    def record(command: list[str], **options: Any) -> subprocess.CompletedProcess[bytes]:
        commands.append(command)
        return run(command, **options)

    monkeypatch.setattr(subprocess, "run", record)
    proofs.issue(unsigned(), KEY, METHOD, created=NOW)
    assert len(commands) == 1
    assert key_types.private_to_jwk(KEY)["d"] not in " ".join(commands[0])


# Without didkit


def assert_missing(signed_form: JsonObject) -> None:
    assert not didkit_process.available()
    for call in (
        lambda: proofs.verify_proof(signed_form),
        lambda: proofs.issue(bare(), KEY, METHOD, created=NOW),
    ):
        with pytest.raises(MissingFeature, match="didkit") as caught:
            call()
        assert caught.value.exit_code == 8
        assert "install 'openedx-didkit" in caught.value.hint


def test_without_didkit_the_error_says_what_to_install(
    monkeypatch: pytest.MonkeyPatch, signed_form: JsonObject
) -> None:
    monkeypatch.setitem(sys.modules, "didkit", None)
    assert_missing(signed_form)


def test_an_empty_old_release_counts_as_no_didkit(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path, signed_form: JsonObject
) -> None:
    (tmp_path / "didkit").mkdir()
    (tmp_path / "didkit" / "__init__.py").touch()
    monkeypatch.syspath_prepend(tmp_path)
    assert_missing(signed_form)


# Building and the data model


def test_a_built_credential_conforms_and_says_nothing_it_was_not_told() -> None:
    credential = unsigned(
        types=[], claims={"ok": True}, subject=None, credential_id=None, expiration_date=None
    )
    assert credential == {
        "@context": [
            vcdm11.CONTEXT,
            "https://w3id.org/security/suites/ed25519-2020/v1",
            {"@vocab": "https://www.w3.org/ns/credentials/undefined-term#"},
        ],
        "type": ["VerifiableCredential"],
        "issuer": DID,
        "issuanceDate": "2026-01-31T12:00:00Z",
        "credentialSubject": {"ok": True},
    }


def test_arrays_at_any_depth_become_ordered_lists() -> None:
    context = vcdm11.context_for_undefined_terms({"a": [{"b": [1], "type": ["T"]}], "c": {"d": []}, "e": 1})
    assert context == {
        "@vocab": vcdm11.UNDEFINED_TERM,
        **{name: {"@id": vcdm11.UNDEFINED_TERM + name, "@container": "@list"} for name in "abd"},
    }


@pytest.mark.parametrize(
    "parts",
    [
        {"claims": {"id": "did:example:other"}},
        {"claims": {"@admin": True}},
        {"claims": {"a:b": True}},
        {"claims": {"deep": [{"a b": True}]}},
        {"claims": {"": True}},
        {"types": ["Degree Credential"]},
        {"types": ["https://issuer.example/#Degree"]},
        {"issuer": "University"},
        {"subject": "alice"},
        {"credential_id": "relative"},
        {"claims": {}, "subject": None},
    ],
)
def test_what_could_not_be_signed_or_read_is_not_built(parts: JsonObject) -> None:
    with pytest.raises(MalformedInput):
        unsigned(**parts)


@needs_didkit
def test_a_key_that_is_not_the_issuers_signs_nothing() -> None:
    with pytest.raises(MalformedInput) as caught:
        proofs.issue(unsigned(), PrivateKey(bytes(32)), METHOD, created=NOW)
    assert caught.value.code == "foreign-key"


@needs_didkit
def test_a_date_that_didkit_would_rewrite_is_not_signed() -> None:
    with pytest.raises(MalformedInput) as caught:
        proofs.issue(bare(issuanceDate="2026-01-31T12:00:00.1Z"), KEY, METHOD, created=NOW)
    assert caught.value.code == "implementations-disagree"


@needs_didkit
def test_a_chain_of_objects_that_look_alike_is_not_signed_since_didkit_reads_it_otherwise() -> None:
    value: Json = 1
    for _ in range(6):
        value = {"n": value}
    with pytest.raises(MalformedInput) as caught:
        proofs.issue(unsigned(claims={"n": value}), KEY, METHOD, created=NOW)
    assert caught.value.code == "implementations-disagree"


@pytest.mark.usefixtures("never_asked")
def test_a_signed_credential_is_not_signed_again(signed_form: JsonObject) -> None:
    with pytest.raises(MalformedInput, match="proof already"):
        proofs.issue(signed_form, KEY, METHOD, created=NOW)


@pytest.mark.usefixtures("never_asked")
def test_proof_types_that_the_key_can_not_make_are_a_usage_error() -> None:
    with pytest.raises(UsageError):
        proofs.issue(bare(), KEY, METHOD, created=NOW, proof_type="EcdsaSecp256k1Signature2019")


def test_a_conforming_credential_breaks_no_rule(signed_form: JsonObject) -> None:
    assert vcdm11.check_data_model(signed_form) == []


@pytest.mark.parametrize(
    ("member", "value"),
    [
        ("@context", ...),
        ("@context", []),
        ("@context", ["https://schema.org/", vcdm11.CONTEXT]),
        ("@context", ["https://www.w3.org/ns/credentials/v2"]),
        ("type", ...),
        ("type", []),
        ("type", "DegreeCredential"),
        ("type", ["VerifiableCredential", 1]),
        ("type", [["VerifiableCredential"]]),
        ("issuer", ...),
        ("issuer", "University"),
        ("issuer", {"name": "University"}),
        ("issuer", [DID]),
        ("issuanceDate", ...),
        ("issuanceDate", None),
        ("issuanceDate", "2026-01-31"),
        ("issuanceDate", "2026-01-31T12:00:00"),
        ("issuanceDate", "2026-02-30T12:00:00Z"),
        ("issuanceDate", 1769860800),
        ("expirationDate", None),
        ("expirationDate", "2026-01-31 12:00:00Z"),
        ("credentialSubject", ...),
        ("credentialSubject", None),
        ("credentialSubject", []),
        ("credentialSubject", {}),
        ("credentialSubject", {"marks": [], "degree": None}),
        ("credentialSubject", [{"id": "did:example:holder"}, {}]),
        ("credentialSubject", {"id": "alice"}),
        ("credentialSubject", "did:example:holder"),
        ("credentialStatus", None),
        ("credentialStatus", {"id": "https://status.example/1"}),
        ("credentialStatus", {"type": "StatusList2021Entry"}),
        ("credentialStatus", {"id": "relative", "type": "StatusList2021Entry"}),
        ("evidence", None),
        ("id", "relative"),
        ("id", ["urn:uuid:1"]),
        ("proof", ...),
        ("proof", []),
        ("proof", {}),
        ("proof", [{"type": "Ed25519Signature2020"}, {"type": "Ed25519Signature2020"}]),
    ],
)
def test_a_broken_rule_of_the_data_model_is_named_and_no_proof_makes_up_for_it(
    monkeypatch: pytest.MonkeyPatch, never_asked: None, signed_form: JsonObject, member: str, value: Json
) -> None:
    credential = {**signed_form, member: value}
    if value is ...:
        del credential[member]
    broken = vcdm11.check_data_model(credential)
    assert [violation for violation in broken if violation.pointer.startswith(f"/{member}")]
    assert all("\n" not in str(violation) for violation in broken)
    assert proofs.verify_proof(credential).verified is not True


@pytest.mark.parametrize(
    ("text", "moment"),
    [
        ("2026-01-31T12:00:00Z", NOW),
        ("2026-01-31T13:00:00+01:00", NOW),
        ("2026-01-31T12:00:00.000Z", NOW),
        ("2026-01-31T12:00:00-05:00", datetime(2026, 1, 31, 12, tzinfo=timezone(timedelta(hours=-5)))),
    ],
)
def test_dates_are_read_with_their_zone(text: str, moment: datetime) -> None:
    assert vcdm11.validity(bare(issuanceDate=text, expirationDate=text)) == Validity(moment, moment)
    assert vcdm11.validity(bare(issuanceDate=text)) == Validity(moment)


@pytest.mark.parametrize("member", ["issuanceDate", "expirationDate"])
@pytest.mark.parametrize("value", [None, 0, "", "2026-01-31", "2026-01-31T12:00:00", "2026-13-01T00:00:00Z"])
def test_dates_without_a_zone_or_sense_are_malformed(member: str, value: Json) -> None:
    with pytest.raises(MalformedInput, match=member):
        vcdm11.validity(bare(**{member: value}))


def test_the_issuer_and_the_verification_method_are_read_from_either_form(signed_form: JsonObject) -> None:
    assert vcdm11.issuer_of(bare()) == vcdm11.issuer_of(bare(issuer={"id": DID, "name": "U"})) == DID
    assert proofs.method_of(signed_form) == METHOD
    for credential in (bare(issuer=None), bare(issuer={"id": 1})):
        with pytest.raises(MalformedInput, match="issuer"):
            vcdm11.issuer_of(credential)
    for credential in (bare(), bare(proof={}), bare(proof={"verificationMethod": [METHOD]})):
        with pytest.raises(MalformedInput, match="verificationMethod"):
            proofs.method_of(credential)
