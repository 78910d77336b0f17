"""Issuing in every format: what is signed is what was asked for, and verifies."""

from __future__ import annotations

import json
import shutil
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from ipse.credentials import formats, verifier
from ipse.credentials.content import Validity
from ipse.credentials.formats import NAMES, sd_jwt
from ipse.credentials.formats.vcdm11 import didkit_process
from ipse.credentials.issuer import Draft, IssueOptions
from ipse.credentials.policy import NO_CHALLENGE, Policy, Sources
from ipse.credentials.report import Outcome
from ipse.credentials.status import Published
from ipse.credentials.verifier import Verification
from ipse.encoding import strict_json
from ipse.errors import IpseError, MalformedInput, MissingFeature, NotFound, UsageError
from ipse.keys import key_types
from ipse.storage.places import Places
from ipse.wallet import identities, issuing, status
from ipse.wallet.identities import Kind
from ipse.wallet.wallet import Wallet

NOW = datetime(2026, 7, 1, 12, tzinfo=UTC)
UNTIL = NOW + timedelta(days=365)
VCT = "https://issuer.example/degree"
CLAIMS: dict[str, Any] = {
    "degree": "Oceanography",
    "address": {"street": "Harbour Road 1", "city": "Kiel"},
    "nationalities": ["DE", "FR"],
}
needs_didkit = pytest.mark.skipif(not didkit_process.available(), reason="didkit is not installed")
every_format = pytest.mark.parametrize(
    "form", [pytest.param(form, marks=needs_didkit if form == "w3c-1.1" else ()) for form in NAMES]
)


@pytest.fixture(scope="module")
def template(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A wallet over an encrypted file, with a DID of each kind."""
    folder = tmp_path_factory.mktemp("template") / "wallet"
    places = Places(data=folder, cache=folder)
    with Wallet.create(places, keystore="file", passphrase=lambda: b"passphrase", now=NOW) as made:
        identities.create(made, "university", now=NOW)
        identities.create(made, "me", now=NOW)
        identities.create(made, "p256", key_type="P-256", now=NOW)
        identities.create(made, "k1", key_type="secp256k1", now=NOW)
        identities.create(made, "jwk", kind=Kind("jwk"), now=NOW)
    return folder


@pytest.fixture
def wallet(template: Path, tmp_path: Path) -> Iterator[Wallet]:
    """A copy of it for one test."""
    places = Places(data=tmp_path / "wallet", cache=tmp_path / "cache")
    shutil.copytree(template, places.data)
    with Wallet(places, lambda: b"passphrase") as opened:
        yield opened


def did(wallet: Wallet, name: str) -> str:
    return wallet.manifest.find(name).did


def draft(wallet: Wallet, form: str, **changes: Any) -> Draft:
    said: dict[str, Any] = {
        "subject": did(wallet, "me"),
        "types": [VCT if form == "sd-jwt" else "DegreeCredential"],
        "claims": CLAIMS,
        "credential_id": "urn:uuid:1",
        "valid_from": NOW,
        "valid_until": UNTIL,
    }
    return Draft(**{**said, **changes})


def verify(
    wallet: Wallet, made: strict_json.JsonObject | str, by: str = "university", **sources: Any
) -> Verification:
    policy = Policy(issuers=frozenset({did(wallet, by)}), challenge=NO_CHALLENGE)
    return verifier.verify(made, policy=policy, now=NOW, sources=Sources(**sources))


class TestEveryFormat:
    @every_format
    def test_what_is_issued_verifies_and_says_what_was_asked_for(self, wallet: Wallet, form: str) -> None:
        content = draft(wallet, form)
        made = issuing.issue(
            wallet, "university", content, IssueOptions(form, undefined_terms=form == "w3c"), now=NOW
        )
        found = verify(wallet, made.credential)
        assert found.report.outcome is Outcome.PASSED
        covered = found.content
        assert covered is not None
        assert covered.format == form
        assert covered.issuer == did(wallet, "university")
        assert covered.subjects == (did(wallet, "me"),)
        assert covered.types[-1] == content.types[0]
        assert covered.validity == Validity(NOW, UNTIL, end_is_exclusive=form == "sd-jwt")
        claims = covered.document if form == "sd-jwt" else covered.document["credentialSubject"]
        assert {name: claims[name] for name in CLAIMS} == CLAIMS
        assert isinstance(covered.claims, dict)
        assert {name: covered.claims[name] for name in CLAIMS} == CLAIMS

    @every_format
    def test_it_reads_back_from_its_text(self, wallet: Wallet, form: str) -> None:
        made = issuing.issue(
            wallet, "university", draft(wallet, form), IssueOptions(form), now=NOW
        ).credential
        text = made if isinstance(made, str) else strict_json.pretty(made)
        assert verify(wallet, text).report == verify(wallet, made).report

    @every_format
    def test_without_an_issuer_the_default_did_signs(self, wallet: Wallet, form: str) -> None:
        made = issuing.issue(wallet, None, draft(wallet, form), IssueOptions(form), now=NOW)
        assert verify(wallet, made.credential).report.outcome is Outcome.PASSED

    @every_format
    def test_an_unknown_issuer_is_not_found(self, wallet: Wallet, form: str) -> None:
        with pytest.raises(NotFound):
            issuing.issue(wallet, "nobody", draft(wallet, form), IssueOptions(form), now=NOW)

    @every_format
    @pytest.mark.parametrize("subject", ["nobody", "did:", "did:key:", "https://example.org", ""])
    def test_a_subject_that_is_no_did_is_refused(self, wallet: Wallet, form: str, subject: str) -> None:
        with pytest.raises(IpseError):
            issuing.issue(
                wallet, "university", draft(wallet, form, subject=subject), IssueOptions(form), now=NOW
            )

    @every_format
    def test_a_prepared_document_of_another_issuer_is_refused(self, wallet: Wallet, form: str) -> None:
        member = "iss" if form == "sd-jwt" else "issuer"
        other = {"vct": VCT, "type": ["VerifiableCredential"], member: did(wallet, "me")}
        with pytest.raises(MalformedInput, match=f"{member} is"):
            issuing.issue(wallet, "university", other, IssueOptions(form), now=NOW)

    @every_format
    def test_a_prepared_document_with_a_proof_is_refused(self, wallet: Wallet, form: str) -> None:
        with pytest.raises(MalformedInput, match="proof"):
            issuing.issue(wallet, "university", {"proof": {}}, IssueOptions(form), now=NOW)

    @every_format
    def test_a_document_that_breaks_the_rules_is_not_signed(self, wallet: Wallet, form: str) -> None:
        with pytest.raises(MalformedInput):
            issuing.issue(wallet, "university", {"type": "x"}, IssueOptions(form), now=NOW)

    def test_an_unknown_format_is_refused(self, wallet: Wallet) -> None:
        with pytest.raises(UsageError, match="not a credential format"):
            issuing.issue(wallet, "university", draft(wallet, "w3c"), IssueOptions("mdoc"), now=NOW)

    @pytest.mark.skipif(didkit_process.available(), reason="didkit is installed")
    def test_without_didkit_vcdm_11_is_a_missing_feature(self, wallet: Wallet) -> None:
        with pytest.raises(MissingFeature):
            issuing.issue(wallet, "university", draft(wallet, "w3c-1.1"), IssueOptions("w3c-1.1"), now=NOW)


class TestKeysAndSuites:
    @pytest.mark.parametrize(
        ("by", "suite", "expected"),
        [
            ("university", None, "eddsa-jcs-2022"),
            ("university", "eddsa-rdfc-2022", "eddsa-rdfc-2022"),
            ("jwk", None, "eddsa-jcs-2022"),
            ("p256", None, "ecdsa-jcs-2019"),
            ("p256", "ecdsa-rdfc-2019", "ecdsa-rdfc-2019"),
        ],
    )
    def test_the_suite_follows_from_the_key_or_is_chosen(
        self, wallet: Wallet, by: str, suite: str | None, expected: str
    ) -> None:
        how = IssueOptions("w3c", suite=suite, undefined_terms=True)
        made = issuing.issue(wallet, by, draft(wallet, "w3c"), how, now=NOW).credential
        assert isinstance(made, dict)
        assert made["proof"]["cryptosuite"] == expected
        assert verify(wallet, made, by).report.outcome is Outcome.PASSED

    @pytest.mark.parametrize(
        ("by", "suite"),
        [
            ("university", "ecdsa-jcs-2019"),
            ("p256", "eddsa-jcs-2022"),
            ("university", "Ed25519Signature2020"),
            ("university", "bbs-2023"),
            ("k1", None),
        ],
    )
    def test_a_suite_that_the_key_does_not_make_is_refused(
        self, wallet: Wallet, by: str, suite: str | None
    ) -> None:
        with pytest.raises(UsageError):
            issuing.issue(wallet, by, draft(wallet, "w3c"), IssueOptions("w3c", suite=suite), now=NOW)

    @pytest.mark.parametrize("by", ["university", "p256", "k1", "jwk"])
    @pytest.mark.parametrize("form", ["jwt", "sd-jwt"])
    def test_tokens_are_signed_with_every_key_type(self, wallet: Wallet, by: str, form: str) -> None:
        made = issuing.issue(wallet, by, draft(wallet, form), IssueOptions(form), now=NOW)
        assert verify(wallet, made.credential, by).report.outcome is Outcome.PASSED

    @pytest.mark.parametrize("form", ["jwt", "sd-jwt"])
    def test_tokens_have_no_cryptosuite(self, wallet: Wallet, form: str) -> None:
        with pytest.raises(UsageError, match="does not take --suite"):
            issuing.issue(
                wallet, None, draft(wallet, form), IssueOptions(form, suite="eddsa-jcs-2022"), now=NOW
            )

    @needs_didkit
    @pytest.mark.parametrize("suite", ["JWT", "Ed25519Signature2018", "JsonWebSignature2020"])
    def test_vcdm_11_has_proof_types_of_its_own(self, wallet: Wallet, suite: str) -> None:
        how = IssueOptions("w3c-1.1", suite=suite)
        made = issuing.issue(wallet, "university", draft(wallet, "w3c-1.1"), how, now=NOW).credential
        assert isinstance(made, str) == (suite == "JWT")
        assert verify(wallet, made).report.outcome is Outcome.PASSED

    @needs_didkit
    def test_vcdm_11_is_signed_with_other_keys_too(self, wallet: Wallet) -> None:
        made = issuing.issue(
            wallet, "p256", draft(wallet, "w3c-1.1"), IssueOptions("w3c-1.1"), now=NOW
        ).credential
        assert isinstance(made, dict)
        assert made["proof"]["type"] == "JsonWebSignature2020"
        assert verify(wallet, made, "p256").report.outcome is Outcome.PASSED

    @needs_didkit
    @pytest.mark.parametrize("suite", ["Ed25519Signature2020", "eddsa-jcs-2022", "x"])
    def test_vcdm_11_has_no_proof_type_that_the_key_does_not_make(self, wallet: Wallet, suite: str) -> None:
        with pytest.raises(UsageError):
            issuing.issue(
                wallet, "p256", draft(wallet, "w3c-1.1"), IssueOptions("w3c-1.1", suite=suite), now=NOW
            )


class TestUndefinedTerms:
    def test_rdf_signs_no_term_that_it_would_lose(self, wallet: Wallet) -> None:
        with pytest.raises(MalformedInput, match="no context defines"):
            issuing.issue(
                wallet, None, draft(wallet, "w3c"), IssueOptions("w3c", suite="eddsa-rdfc-2022"), now=NOW
            )

    @pytest.mark.parametrize("form", ["w3c", "jwt"])
    def test_where_every_byte_is_signed_the_issuer_is_told(self, wallet: Wallet, form: str) -> None:
        made = issuing.issue(wallet, None, draft(wallet, form), IssueOptions(form), now=NOW)
        assert len(made.warnings) == 1
        assert "/credentialSubject/degree" in made.warnings[0]
        defined = issuing.issue(
            wallet, None, draft(wallet, form), IssueOptions(form, undefined_terms=True), now=NOW
        )
        assert defined.warnings == ()

    @pytest.mark.parametrize("form", ["w3c", "jwt"])
    def test_a_context_that_redefines_what_is_protected_is_not_signed(
        self, wallet: Wallet, form: str
    ) -> None:
        document = {
            "@context": ["https://www.w3.org/ns/credentials/v2", {"VerifiableCredential": "urn:x"}],
            "type": ["VerifiableCredential"],
            "credentialSubject": {"id": did(wallet, "me")},
        }
        with pytest.raises(MalformedInput, match="redefines"):
            issuing.issue(wallet, None, document, IssueOptions(form), now=NOW)


class TestSdJwt:
    def issued(self, wallet: Wallet, disclosable: tuple[str, ...] = ("all",), **changes: Any) -> str:
        how = IssueOptions("sd-jwt", disclosable=disclosable)
        made = issuing.issue(
            wallet, "university", draft(wallet, "sd-jwt", **changes), how, now=NOW
        ).credential
        assert isinstance(made, str)
        return made

    def test_all_claims_of_the_subject_can_be_withheld_and_nothing_a_verifier_needs(
        self, wallet: Wallet
    ) -> None:
        payload = sd_jwt.parse(self.issued(wallet)).jwt.payload
        shown = {"iss", "iat", "vct", "jti", "sub", "cnf", "nbf", "exp", "_sd", "_sd_alg"}
        assert payload.keys() == shown
        paths = {path[0] for path in sd_jwt.disclosable_paths(sd_jwt.parse(self.issued(wallet)))}
        assert paths == set(CLAIMS)

    def test_it_is_bound_to_the_key_of_its_subject(self, wallet: Wallet) -> None:
        payload = sd_jwt.parse(self.issued(wallet)).jwt.payload
        key = identities.signing_key(wallet, "me")[2].public()
        assert payload["cnf"] == {"jwk": key_types.public_to_jwk(key)}

    def test_without_a_subject_it_is_bound_to_nobody(self, wallet: Wallet) -> None:
        payload = sd_jwt.parse(self.issued(wallet, subject=None)).jwt.payload
        assert not payload.keys() & {"cnf", "sub"}

    @pytest.mark.parametrize(
        ("wanted", "paths"),
        [
            (("none",), set()),
            (("degree",), {("degree",)}),
            (("address.street", "nationalities.0"), {("address", "street"), ("nationalities", 0)}),
            (("/address/city",), {("address", "city")}),
        ],
    )
    def test_only_what_was_named_can_be_withheld(
        self, wallet: Wallet, wanted: tuple[str, ...], paths: set[Any]
    ) -> None:
        made = self.issued(wallet, wanted)
        assert set(sd_jwt.disclosable_paths(sd_jwt.parse(made))) == paths

    @pytest.mark.parametrize(
        "wanted", [("x",), ("address.x",), ("all", "degree"), ("none", "all"), ("vct",), ("exp",)]
    )
    def test_what_can_not_be_withheld_is_refused(self, wallet: Wallet, wanted: tuple[str, ...]) -> None:
        with pytest.raises(UsageError):
            self.issued(wallet, wanted)

    @pytest.mark.parametrize(
        "name",
        ["iss", "sub", "aud", "exp", "nbf", "iat", "jti", "cnf", "vct", "status", "_sd", "...", "_sd_alg"],
    )
    def test_claims_never_stand_for_what_the_options_say(self, wallet: Wallet, name: str) -> None:
        with pytest.raises(MalformedInput):
            self.issued(wallet, claims={name: "x"})

    @pytest.mark.parametrize("types", [[], [VCT, VCT]])
    def test_it_has_one_type(self, wallet: Wallet, types: list[str]) -> None:
        with pytest.raises(UsageError, match="one type"):
            self.issued(wallet, types=types)


class TestStatus:
    def verdict(self, wallet: Wallet, made: Any) -> Outcome:
        """What a verifier finds, with the lists published as they are now."""
        bodies = {
            one.record.url: status.publish(
                wallet, one.record.name, now=NOW, ttl=None, valid_until=UNTIL
            ).encode()
            for one in status.every(wallet)
        }
        found = verify(wallet, made, fetch=lambda url: Published(url, bodies[url], NOW))
        return found.report.outcome

    def make(self, wallet: Wallet, kind: str, **changes: Any) -> None:
        how = {"purpose": "revocation", "kind": kind, "issuer": "university", **changes}
        status.create_list(wallet, f"{kind}-list", url=f"https://issuer.example/{kind}", now=NOW, **how)

    @pytest.mark.parametrize(("form", "kind"), [("w3c", "w3c"), ("jwt", "w3c"), ("sd-jwt", "token")])
    def test_a_credential_on_a_list_passes_until_it_is_revoked(
        self, wallet: Wallet, form: str, kind: str
    ) -> None:
        self.make(wallet, kind)
        lists = (f"{kind}-list",)
        how = IssueOptions(form)
        made = issuing.issue(wallet, "university", draft(wallet, form), how, lists=lists, now=NOW).credential
        other = issuing.issue(
            wallet, "university", draft(wallet, form, credential_id="urn:uuid:2"), how, lists=lists, now=NOW
        ).credential
        assert self.verdict(wallet, made) is Outcome.PASSED
        status.revoke(wallet, "urn:uuid:1", now=NOW)
        assert self.verdict(wallet, made) is Outcome.FAILED
        assert self.verdict(wallet, other) is Outcome.PASSED

    @pytest.mark.parametrize(("form", "kind"), [("w3c", "token"), ("jwt", "token"), ("sd-jwt", "w3c")])
    def test_a_list_of_the_other_kind_is_refused(self, wallet: Wallet, form: str, kind: str) -> None:
        self.make(wallet, kind)
        with pytest.raises(UsageError, match=f"a {kind} list"):
            issuing.issue(
                wallet, None, draft(wallet, form), IssueOptions(form), lists=(f"{kind}-list",), now=NOW
            )

    def test_a_list_of_another_did_is_refused(self, wallet: Wallet) -> None:
        self.make(wallet, "w3c", issuer="me")
        with pytest.raises(UsageError, match="list of"):
            issuing.issue(
                wallet, "university", draft(wallet, "w3c"), IssueOptions("w3c"), lists=("w3c-list",), now=NOW
            )

    @needs_didkit
    def test_vcdm_11_has_no_lists(self, wallet: Wallet) -> None:
        self.make(wallet, "w3c")
        with pytest.raises(UsageError, match="has no status lists"):
            issuing.issue(
                wallet,
                None,
                draft(wallet, "w3c-1.1"),
                IssueOptions("w3c-1.1"),
                lists=("w3c-list",),
                now=NOW,
            )

    def test_an_unknown_list_is_not_found(self, wallet: Wallet) -> None:
        with pytest.raises(NotFound):
            issuing.issue(wallet, None, draft(wallet, "w3c"), IssueOptions("w3c"), lists=("x",), now=NOW)

    @pytest.mark.parametrize("form", ["w3c", "sd-jwt"])
    def test_a_prepared_document_without_id_gets_one_to_be_revoked_by(
        self, wallet: Wallet, form: str
    ) -> None:
        kind, member = ("token", "jti") if form == "sd-jwt" else ("w3c", "id")
        self.make(wallet, kind)
        document: dict[str, Any] = (
            {"vct": VCT}
            if form == "sd-jwt"
            else {
                "@context": ["https://www.w3.org/ns/credentials/v2"],
                "type": ["VerifiableCredential"],
                "credentialSubject": {"id": did(wallet, "me")},
            }
        )
        lists = (f"{kind}-list",)
        made = issuing.issue(
            wallet, "university", document, IssueOptions(form), lists=lists, now=NOW
        ).credential
        covered = formats.claimed(made if isinstance(made, str) else json.dumps(made))
        assert covered.document[member].startswith("urn:uuid:")
        status.revoke(wallet, covered.document[member], now=NOW)
        assert self.verdict(wallet, made) is Outcome.FAILED

    @pytest.mark.parametrize("identifier", [5, None, "", ["urn:uuid:1"]])
    def test_an_id_that_is_none_takes_no_entry(self, wallet: Wallet, identifier: Any) -> None:
        self.make(wallet, "token")
        document = {"vct": VCT, "jti": identifier}
        how = IssueOptions("sd-jwt")
        with pytest.raises(MalformedInput):
            issuing.issue(wallet, "university", document, how, lists=("token-list",), now=NOW)
        assert [one.used for one in status.every(wallet)] == [0]
