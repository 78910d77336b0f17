"""Presentations of the VC Data Model 2.0: the rules one by one, and building."""

from __future__ import annotations

import copy
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from ipse.credentials import model, w3c_presentation
from ipse.credentials.formats import envelope, sd_jwt
from ipse.credentials.formats.data_integrity import add_proof, proofs_of, verify_proof
from ipse.credentials.formats.jose import vc_jwt
from ipse.credentials.model import CONTEXT, embedded_proof_violations, presentation_violations
from ipse.dids import did_key
from ipse.errors import MalformedInput
from ipse.keys.ed25519 import PrivateKey

KEY = PrivateKey(b"k" * 32)
ISSUER = did_key.from_public_key(KEY.public())
METHOD = did_key.verification_method_id(ISSUER)
HOLDER = "did:example:holder"
NOW = datetime(2026, 1, 31, 12, tzinfo=UTC)
UNSIGNED: dict[str, Any] = {
    "@context": [CONTEXT],
    "id": "urn:uuid:1",
    "type": ["VerifiableCredential"],
    "issuer": ISSUER,
    "credentialSubject": {"id": HOLDER},
}
CREDENTIAL = add_proof(UNSIGNED, KEY, verification_method=METHOD, created=NOW)
ENVELOPE: dict[str, Any] = {
    "@context": CONTEXT,
    "id": "data:application/vc+jwt,eyJhbGciOiJFUzI1NiJ9.e30.c2ln",
    "type": "EnvelopedVerifiableCredential",
}
PRESENTATION: dict[str, Any] = {
    "@context": [CONTEXT],
    "id": "urn:uuid:2",
    "type": ["VerifiablePresentation"],
    "holder": HOLDER,
    "verifiableCredential": [CREDENTIAL, ENVELOPE],
}
MISSING = object()


def changed(document: dict[str, Any], name: str, value: Any) -> dict[str, Any]:
    copied = copy.deepcopy(document)
    if value is MISSING:
        del copied[name]
    else:
        copied[name] = value
    return copied


def pointers(document: dict[str, Any]) -> list[str]:
    return [violation.pointer for violation in presentation_violations(document)]


class TestRules:
    def test_a_presentation_that_keeps_them_breaks_none(self) -> None:
        assert presentation_violations(PRESENTATION) == []
        assert embedded_proof_violations(PRESENTATION) == []

    @pytest.mark.parametrize(
        ("name", "value", "pointer"),
        [
            ("@context", MISSING, "/@context"),
            ("@context", CONTEXT, "/@context"),
            ("@context", None, "/@context"),
            ("@context", [{"x": "urn:x"}, CONTEXT], "/@context"),
            ("@context", ["https://www.w3.org/2018/credentials/v1"], "/@context"),
            ("@context", [CONTEXT, None], "/@context/1"),
            ("type", MISSING, "/type"),
            ("type", [], "/type"),
            ("type", "VerifiableCredential", "/type"),
            ("type", ["VerifiablePresentation", "VerifiablePresentation"], "/type"),
            ("id", None, "/id"),
            ("id", "presentation", "/id"),
            ("id", ["urn:uuid:1"], "/id"),
            ("holder", None, "/holder"),
            ("holder", "z6MkpJySvETLnxhQG9DzEdmKJtysBDjuuTeDfUj1uNNCUqcj", "/holder"),
            ("holder", [HOLDER], "/holder"),
            ("holder", {}, "/holder/id"),
            ("holder", {"id": "me"}, "/holder/id"),
            ("holder", {"name": "Pat"}, "/holder/id"),
            ("termsOfUse", {"id": "urn:terms"}, "/termsOfUse/type"),
            ("refreshService", [{"type": "R"}, 5], "/refreshService/1"),
            ("verifiableCredential", [], "/verifiableCredential"),
            ("verifiableCredential", None, "/verifiableCredential"),
            ("verifiableCredential", "eyJhbGciOiJFUzI1NiJ9.e30.c2ln", "/verifiableCredential"),
            ("verifiableCredential", ["https://example.org/credential"], "/verifiableCredential/0"),
            ("verifiableCredential", [CREDENTIAL, 5], "/verifiableCredential/1"),
            ("verifiableCredential", [[CREDENTIAL]], "/verifiableCredential/0"),
            ("verifiableCredential", {**CREDENTIAL, "issuer": "me"}, "/verifiableCredential/issuer"),
            ("verifiableCredential", [ENVELOPE, {**CREDENTIAL, "type": []}], "/verifiableCredential/1/type"),
            (
                "verifiableCredential",
                [{**CREDENTIAL, "credentialSubject": [{}]}],
                "/verifiableCredential/0/credentialSubject/0",
            ),
        ],
    )
    def test_each_rule_refuses_what_breaks_it_and_says_where(
        self, name: str, value: Any, pointer: str
    ) -> None:
        assert pointers(changed(PRESENTATION, name, value)) == [pointer]

    @pytest.mark.parametrize(
        ("name", "value"),
        [
            ("id", MISSING),
            ("type", "VerifiablePresentation"),
            ("type", ["ExamplePresentation", "VerifiablePresentation"]),
            ("holder", MISSING),
            ("holder", {"id": HOLDER, "name": "Pat"}),
            ("verifiableCredential", MISSING),
            ("verifiableCredential", CREDENTIAL),
            ("verifiableCredential", ENVELOPE),
            ("verifiableCredential", [UNSIGNED]),
            ("termsOfUse", [{"type": "T"}]),
        ],
    )
    def test_what_the_rules_allow_is_not_refused(self, name: str, value: Any) -> None:
        assert presentation_violations(changed(PRESENTATION, name, value)) == []

    def test_the_proofs_of_the_credentials_inside_are_looked_at_with_their_own(self) -> None:
        document = {**PRESENTATION, "proof": [], "verifiableCredential": [{**CREDENTIAL, "proof": {}}]}
        assert [violation.pointer for violation in embedded_proof_violations(document)] == [
            "/proof",
            "/verifiableCredential/0/proof/type",
        ]


class TestEnvelopes:
    @pytest.mark.parametrize(
        ("name", "value", "pointer"),
        [
            ("@context", MISSING, "/@context"),
            ("@context", None, "/@context"),
            ("@context", [], "/@context"),
            ("@context", "https://www.w3.org/ns/credentials/examples/v2", "/@context"),
            ("@context", [CONTEXT, 5], "/@context"),
            ("type", ["EnvelopedVerifiableCredential", "VerifiableCredential"], "/type"),
            ("id", MISSING, "/id"),
            ("id", "eyJhbGciOiJFUzI1NiJ9.e30.c2ln", "/id"),
            ("id", "https://example.org/credential.jwt", "/id"),
            ("id", "data:text/plain,hello", "/id"),
            ("id", "data:application/json,{}", "/id"),
            ("id", "data:application/vc+jwt", "/id"),
            ("id", "data:application/vc+jwt,", "/id"),
            ("id", "data:application/vc+jwt,a b", "/id"),
            ("id", "data:application/vp+jwt,eyJhbGciOiJFUzI1NiJ9.e30.c2ln", "/id"),
            ("id", ["data:application/vc+jwt,x"], "/id"),
        ],
    )
    def test_an_enveloped_credential_that_breaks_a_rule_is_refused(
        self, name: str, value: Any, pointer: str
    ) -> None:
        document = {**PRESENTATION, "verifiableCredential": [changed(ENVELOPE, name, value)]}
        assert pointers(document) == [f"/verifiableCredential/0{pointer}"]

    @pytest.mark.parametrize(
        "media_type",
        [
            "application/vc+jwt",
            "application/vc+sd-jwt",
            "application/dc+sd-jwt",
            "application/vc+cose;base64",
            "application/vc-ld+jwt;base64url",
            "application/jwt",
        ],
    )
    def test_the_media_types_of_enveloping_mechanisms_are_taken(self, media_type: str) -> None:
        envelope = {**ENVELOPE, "id": f"data:{media_type},eyJhbGciOiJFUzI1NiJ9.e30.c2ln"}
        assert presentation_violations({**PRESENTATION, "verifiableCredential": envelope}) == []

    @pytest.mark.parametrize(
        ("name", "value", "expected"),
        [
            ("id", "data:application/vp+jwt,eyJhbGciOiJFUzI1NiJ9.e30.c2ln", []),
            ("id", "data:application/vc+jwt,eyJhbGciOiJFUzI1NiJ9.e30.c2ln", ["/id"]),
            ("id", "urn:x", ["/id"]),
            ("@context", "https://www.w3.org/ns/credentials/examples/v2", ["/@context"]),
            ("type", ["EnvelopedVerifiablePresentation"], []),
            ("type", ["EnvelopedVerifiablePresentation", "VerifiablePresentation"], ["/type"]),
        ],
    )
    def test_an_enveloped_presentation_has_rules_of_its_own(
        self, name: str, value: Any, expected: list[str]
    ) -> None:
        envelope = {
            "@context": [CONTEXT],
            "id": "data:application/vp+jwt,eyJhbGciOiJFUzI1NiJ9.e30.c2ln",
            "type": "EnvelopedVerifiablePresentation",
        }
        assert pointers({**envelope, name: value}) == expected

    def test_an_enveloped_presentation_is_no_credential(self) -> None:
        envelope = {**ENVELOPE, "type": "EnvelopedVerifiablePresentation"}
        assert "/verifiableCredential/0/type" in pointers(
            {**PRESENTATION, "verifiableCredential": [envelope]}
        )


class TestBuild:
    def test_a_presentation_holds_what_was_said_and_nothing_else(self) -> None:
        assert (
            w3c_presentation.build(HOLDER, [CREDENTIAL, ENVELOPE], presentation_id="urn:uuid:2")
            == PRESENTATION
        )
        assert w3c_presentation.build(HOLDER, []) == {
            "@context": [CONTEXT],
            "type": ["VerifiablePresentation"],
            "holder": HOLDER,
        }

    def test_a_presentation_can_be_signed_for_a_verifier(self) -> None:
        unsigned = w3c_presentation.build(HOLDER, [CREDENTIAL])
        for suite in ("eddsa-jcs-2022", "eddsa-rdfc-2022"):
            signed = add_proof(
                unsigned,
                KEY,
                verification_method=METHOD,
                created=NOW,
                purpose="authentication",
                cryptosuite=suite,
                domain="https://shop.example",
                challenge="n-0S6",
                expires=NOW + timedelta(minutes=5),
            )
            assert verify_proof(signed, proofs_of(signed)[0], KEY.public()) == unsigned
            inside = unsigned["verifiableCredential"][0]
            assert verify_proof(inside, proofs_of(inside)[0], KEY.public()) == UNSIGNED

    def test_a_jwt_is_enveloped(self) -> None:
        token = vc_jwt.sign_credential(UNSIGNED, KEY, verification_method=METHOD)
        [made] = w3c_presentation.build(HOLDER, [token])["verifiableCredential"]
        assert made == {**ENVELOPE, "id": f"data:application/vc+jwt,{token}"}
        opened = envelope.opened(made)
        assert (opened.media_type, opened.secured.encoded) == ("application/vc+jwt", token)

    @pytest.mark.parametrize("typ", ["dc+sd-jwt", "vc+sd-jwt"])
    def test_an_sd_jwt_is_enveloped_with_its_disclosures(self, typ: str) -> None:
        text = sd_jwt.issue(
            {"iss": ISSUER, "vct": "urn:x", "a": 1}, disclosable=[("a",)], signer=KEY, typ=typ
        )
        [made] = w3c_presentation.build(HOLDER, [text])["verifiableCredential"]
        opened = envelope.opened(made)
        assert (opened.media_type, opened.secured.sd_jwt.compact) == (f"application/{typ}", text)

    def test_an_sd_jwt_of_another_type_is_no_credential(self) -> None:
        text = sd_jwt.issue({"iss": ISSUER}, disclosable=[], signer=KEY, typ="example+sd-jwt")
        with pytest.raises(MalformedInput, match="has no place in an envelope"):
            w3c_presentation.build(HOLDER, [text])

    @pytest.mark.parametrize("text", ["", "x", "~", "a.b.c", "https://example.org/credential"])
    def test_a_text_that_is_no_credential_is_refused(self, text: str) -> None:
        with pytest.raises(MalformedInput):
            w3c_presentation.build(HOLDER, [text])

    @pytest.mark.parametrize(
        ("holder", "credential"),
        [
            ("me", CREDENTIAL),
            (HOLDER, {**CREDENTIAL, "type": []}),
            (HOLDER, {**CREDENTIAL, "proof": {}}),
            (HOLDER, {**ENVELOPE, "id": "urn:x"}),
            (HOLDER, {**ENVELOPE, "type": "EnvelopedVerifiablePresentation"}),
            (HOLDER, PRESENTATION),
            (HOLDER, {}),
        ],
    )
    def test_what_breaks_a_rule_is_not_built(self, holder: str, credential: dict[str, Any]) -> None:
        with pytest.raises(MalformedInput, match="not a presentation"):
            w3c_presentation.build(holder, [credential])

    def test_a_credential_of_somebody_else_has_a_proof_of_its_own(self) -> None:
        with pytest.raises(
            MalformedInput, match="credential 2 has no proof and was not issued by the holder"
        ):
            w3c_presentation.build(HOLDER, [CREDENTIAL, UNSIGNED])
        assert w3c_presentation.build(ISSUER, [UNSIGNED])["verifiableCredential"] == [UNSIGNED]

    def test_the_credentials_that_were_given_are_not_changed(self) -> None:
        before = copy.deepcopy(CREDENTIAL)
        w3c_presentation.build(HOLDER, [CREDENTIAL])["verifiableCredential"].append("x")
        assert before == CREDENTIAL
        assert model.violations(CREDENTIAL) == []
