"""`Issuer`: what can be decided about the options is decided when it is made; one signer for one and many."""

from __future__ import annotations

import json
from datetime import UTC, datetime
from typing import Any, Final

import pytest

from ipse.credentials import json_ld, model, verifier
from ipse.credentials.formats import NAMES
from ipse.credentials.formats.vcdm11 import didkit_process
from ipse.credentials.issuer import Draft, IssueOptions, Issuer, SigningKey
from ipse.credentials.model import vcdm11
from ipse.credentials.policy import NO_CHALLENGE, Policy, Sources
from ipse.credentials.report import Outcome
from ipse.dids import did_jwk, did_key, did_pkh
from ipse.errors import MalformedInput, Undetermined, UsageError
from ipse.keys import key_types

NOW: Final = datetime(2026, 7, 1, 12, tzinfo=UTC)
KEYS: Final = {name: key_types.private_key(name, bytes(range(1, 33))) for name in key_types.SIGNING_TYPES}
OWN: Final = "https://issuer.example/terms/v1"
DRAFT: Final = Draft(
    did_key.from_public_key(KEYS["P-256"].public()), ["https://issuer.example/degree"], {"degree": "a"}
)
needs_didkit = pytest.mark.skipif(not didkit_process.available(), reason="didkit is not installed")
every_format = pytest.mark.parametrize(
    "form", [pytest.param(form, marks=needs_didkit if form == "w3c-1.1" else ()) for form in NAMES]
)


def signing_key(key_type: str = "Ed25519") -> SigningKey:
    did = did_key.from_public_key(KEYS[key_type].public())
    return SigningKey(did, did_key.verification_method_id(did), KEYS[key_type])


def issuer(form: str = "w3c", *, key: SigningKey | None = None, **options: Any) -> Issuer:
    return Issuer(key or signing_key(), IssueOptions(form, **options), now=NOW)


def passes(credential: Any, **sources: Any) -> bool:
    policy = Policy(any_issuer=True, challenge=NO_CHALLENGE)
    found = verifier.verify(credential, policy=policy, now=NOW, sources=Sources(**sources))
    return found.report.outcome is Outcome.PASSED


def document(form: str, **changes: Any) -> dict[str, Any]:
    """A prepared document in which every term is defined."""
    terms = {"degree": "https://schema.org/degree"}
    subject = {"id": "did:example:me", "degree": "{{degree}}"}
    w3c: dict[str, Any] = {"type": ["VerifiableCredential"], "credentialSubject": subject}
    whole: dict[str, dict[str, Any]] = {
        "sd-jwt": {"vct": "https://issuer.example/degree", "degree": "{{degree}}"},
        "w3c-1.1": {"@context": [vcdm11.CONTEXT, vcdm11.SUITE_CONTEXT, terms], **w3c},
    }
    plain = {"@context": [model.CONTEXT, terms], **w3c}
    return {**whole.get(form, plain), **changes}


class TestOptions:
    """Refused when the issuer is made, before anything is signed."""

    @pytest.mark.parametrize(
        ("form", "options", "named"),
        [
            ("w3c", {"disclosable": ("all",)}, "--disclosable"),
            ("w3c", {"decoys": 1}, "--decoys"),
            ("jwt", {"suite": "eddsa-jcs-2022"}, "--suite"),
            ("jwt", {"disclosable": ("none",)}, "--disclosable"),
            ("jwt", {"decoys": 3}, "--decoys"),
            ("sd-jwt", {"suite": "eddsa-jcs-2022"}, "--suite"),
            ("sd-jwt", {"undefined_terms": True}, "--undefined-terms"),
            ("sd-jwt", {"contexts": json_ld.known()}, "--context"),
            pytest.param("w3c-1.1", {"undefined_terms": True}, "--undefined-terms", marks=needs_didkit),
            pytest.param("w3c-1.1", {"contexts": json_ld.known()}, "--context", marks=needs_didkit),
            pytest.param("w3c-1.1", {"disclosable": ("all",)}, "--disclosable", marks=needs_didkit),
            pytest.param("w3c-1.1", {"decoys": 1}, "--decoys", marks=needs_didkit),
        ],
    )
    def test_one_that_the_format_does_not_take_is_named(
        self, form: str, options: dict[str, Any], named: str
    ) -> None:
        with pytest.raises(UsageError, match=f"--format {form} does not take {named}"):
            issuer(form, **options)

    @every_format
    def test_those_that_it_takes_are_taken(self, form: str) -> None:
        taken: dict[str, dict[str, Any]] = {
            "w3c": {"suite": "eddsa-rdfc-2022", "contexts": json_ld.known(), "undefined_terms": True},
            "jwt": {"contexts": json_ld.known(), "undefined_terms": True},
            "sd-jwt": {"disclosable": ("all",), "decoys": 3, "x5c": ()},
            "w3c-1.1": {"suite": "JWT"},
        }
        assert issuer(form, **taken[form]).format.options == frozenset(taken[form])

    @every_format
    def test_a_did_that_publishes_no_key_can_not_issue(self, form: str) -> None:
        account = did_pkh.from_public_key(KEYS["secp256k1"].public(), chain=1)
        with pytest.raises(UsageError, match="publishes no key"):
            issuer(form, key=SigningKey(account, f"{account}#blockchainAccountId", KEYS["secp256k1"]))

    def test_a_key_without_a_cryptosuite_signs_no_embedded_proof(self) -> None:
        with pytest.raises(UsageError, match="secp256k1"):
            issuer("w3c", key=signing_key("secp256k1"))

    @pytest.mark.parametrize("decoys", [-1, 65])
    def test_decoys_are_bounded(self, decoys: int) -> None:
        with pytest.raises(UsageError, match=f"{decoys} decoys"):
            issuer("sd-jwt", decoys=decoys)

    def test_an_unknown_format_is_refused(self) -> None:
        with pytest.raises(UsageError, match="not a credential format"):
            issuer("mdoc")


class TestOne:
    @every_format
    def test_a_draft_is_issued_and_verifies(self, form: str) -> None:
        draft = DRAFT if form == "sd-jwt" else Draft(DRAFT.subject, ["Degree"], DRAFT.claims)
        assert passes(issuer(form).issue(draft).credential)

    @every_format
    def test_a_prepared_document_is_issued_and_verifies(self, form: str) -> None:
        dated = {"issuanceDate": "2026-07-01T12:00:00Z"} if form == "w3c-1.1" else {}
        assert passes(issuer(form).issue(document(form, **dated)).credential)

    def test_a_did_jwk_issues_too(self) -> None:
        did = did_jwk.from_public_key(KEYS["P-256"].public())
        assert passes(
            issuer("jwt", key=SigningKey(did, f"{did}#0", KEYS["P-256"])).issue(document("jwt")).credential
        )

    @every_format
    def test_the_credential_and_the_key_are_in_no_repr(self, form: str) -> None:
        assert KEYS["Ed25519"].secret.hex() not in repr(signing_key())
        assert repr(KEYS["Ed25519"].secret) not in repr(signing_key())
        draft = DRAFT if form == "sd-jwt" else Draft(DRAFT.subject, ["Degree"], {"degree": "Oceanography"})
        assert "Oceanography" not in repr(issuer(form).issue(draft))


class TestIdentifiers:
    @every_format
    def test_it_gets_one_where_it_has_none(self, form: str) -> None:
        maker = issuer(form)
        name = maker.format.identifier
        assert maker.identified({})[name].startswith("urn:uuid:")
        assert maker.identified({name: "urn:x"}) == {name: "urn:x"}

    @every_format
    @pytest.mark.parametrize("wrong", [None, 5, "", ["urn:x"], {}])
    def test_one_that_is_no_text_is_refused(self, form: str, wrong: Any) -> None:
        maker = issuer(form)
        with pytest.raises(MalformedInput, match=maker.format.identifier):
            maker.identified({maker.format.identifier: wrong})


class TestMany:
    @every_format
    def test_each_row_is_a_credential_that_verifies(self, form: str) -> None:
        many = issuer(form).template(document(form))
        made = [many.issue({"degree": text}) for text in ("a", "b")]
        assert all(map(passes, made))
        assert len({json.dumps(each) for each in made}) == 2

    @every_format
    def test_members_that_the_issuer_sets_are_refused(self, form: str) -> None:
        maker = issuer(form)
        for member in maker.format.set_by_issuer:
            with pytest.raises(MalformedInput, match=f"the template has '{member}'"):
                maker.template(document(form, **{member: "x"}))

    @every_format
    def test_an_identifier_that_is_given_is_that_of_the_credential(self, form: str) -> None:
        maker = issuer(form)
        made = maker.template(document(form)).issue({"degree": "a"}, "urn:uuid:1")
        found = verifier.verify(made, policy=Policy(any_issuer=True), now=NOW)
        assert found.content is not None
        assert found.content.document[maker.format.identifier] == "urn:uuid:1"

    @pytest.mark.parametrize("form", ["w3c", "jwt"])
    def test_a_context_out_of_reach_is_said_where_every_byte_is_signed(self, form: str) -> None:
        source = document(form, **{"@context": [model.CONTEXT, OWN]})
        one = issuer(form).issue({**source, "credentialSubject": {"degree": "a"}}).warnings
        assert issuer(form).template(source).warnings == one
        assert "were not checked" in one[0]

    def test_a_context_out_of_reach_is_refused_where_rdf_is_signed(self) -> None:
        source = document("w3c", **{"@context": [model.CONTEXT, OWN]})
        maker = issuer("w3c", suite="eddsa-rdfc-2022")
        with pytest.raises(Undetermined):
            maker.template(source)
        with pytest.raises(Undetermined):
            maker.issue(source)

    def test_a_context_at_hand_is_signed_over(self) -> None:
        contexts = json_ld.known().with_extra({OWN: {"@context": {"degree": "https://schema.org/degree"}}})
        source = document("w3c", **{"@context": [model.CONTEXT, OWN]})
        many = issuer("w3c", suite="eddsa-rdfc-2022", contexts=contexts).template(source)
        assert many.warnings == ()
        assert passes(many.issue({"degree": "a"}), contexts=contexts)

    @pytest.mark.parametrize("form", ["w3c", "jwt"])
    def test_undefined_terms_are_given_a_meaning_where_that_was_asked_for(self, form: str) -> None:
        source = document(form, **{"@context": [model.CONTEXT]})
        assert "/credentialSubject/degree" in issuer(form).template(source).warnings[0]
        defined = issuer(form, undefined_terms=True).template(source)
        assert defined.warnings == ()
        assert passes(defined.issue({"degree": "a"}))

    @pytest.mark.parametrize("wanted", [("absent",), ("vct",), ("degree.x",)])
    def test_what_can_not_be_withheld_is_refused_before_the_first_row(self, wanted: tuple[str, ...]) -> None:
        with pytest.raises(UsageError):
            issuer("sd-jwt", disclosable=wanted).template(document("sd-jwt"))
