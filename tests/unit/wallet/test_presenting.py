"""Presenting: what was looked at is what leaves, for one verifier, and nothing else does."""

from __future__ import annotations

import json
import shutil
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, Final

import pytest

from ipse.credentials import verifier
from ipse.credentials.formats import NAMES, sd_jwt
from ipse.credentials.formats.vcdm11 import didkit_process
from ipse.credentials.issuer import Draft, IssueOptions
from ipse.credentials.policy import Challenge, Policy
from ipse.credentials.report import Outcome
from ipse.credentials.verifier import Verification
from ipse.encoding import base64url, strict_json
from ipse.errors import NotFound, UsageError
from ipse.storage import credential_store, disclosure_log
from ipse.storage.places import Places
from ipse.wallet import held_credentials, identities, issuing, presenting
from ipse.wallet.holder_keys import Holder
from ipse.wallet.wallet import Wallet
from tests.corpus.found import document_of

NOW = datetime(2026, 7, 1, 12, tzinfo=UTC)
CHALLENGE: Final = Challenge("https://verifier.example", "n-0S6_WzA2Mj")
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
    """A wallet over an encrypted file, with an issuer's and two holder's DIDs."""
    folder = tmp_path_factory.mktemp("template") / "wallet"
    places = Places(data=folder, cache=folder)
    with Wallet.create(places, keystore="file", passphrase=lambda: b"passphrase", now=NOW) as made:
        identities.create(made, "university", now=NOW)
        identities.create(made, "me", now=NOW)
        identities.create(made, "work", key_type="P-256", now=NOW)
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


def held(
    wallet: Wallet,
    form: str = "w3c",
    subject: str | None = "me",
    *,
    suite: str | None = None,
    number: int = 1,
) -> str:
    """The id of a new credential among those held."""
    said = Draft(
        subject=None
        if subject is None
        else wallet.manifest.find(subject).did
        if "did:" not in subject
        else subject,
        types=["https://issuer.example/degree" if form == "sd-jwt" else "DegreeCredential"],
        claims=CLAIMS,
        credential_id=f"urn:uuid:{number}",
    )
    how = IssueOptions(form, suite=suite, undefined_terms=form in ("w3c", "jwt"))
    made = issuing.issue(wallet, "university", said, how, now=NOW).credential
    text = made if isinstance(made, str) else strict_json.pretty(made)
    return held_credentials.add(wallet, text, now=NOW).id


def present(wallet: Wallet, *identifiers: str, challenge: Challenge = CHALLENGE, **options: Any) -> Any:
    prepared = presenting.prepare(wallet, identifiers, **options)
    return presenting.release(wallet, prepared, challenge, now=NOW)


def verify(wallet: Wallet, answer: Any, challenge: Challenge = CHALLENGE, **policy: Any) -> Verification:
    asked = Policy(issuers=frozenset({did(wallet, "university")}), challenge=challenge, **policy)
    text = answer if isinstance(answer, str) else strict_json.pretty(answer)
    return verifier.verify(text, policy=asked, now=NOW)


class TestEveryFormat:
    @every_format
    def test_a_verifier_accepts_the_answer_to_its_challenge(self, wallet: Wallet, form: str) -> None:
        disclose = ["all"] if form == "sd-jwt" else []
        answer = present(wallet, held(wallet, form), disclose=disclose)
        assert verify(wallet, answer).report.outcome is Outcome.PASSED

    @every_format
    def test_another_verifier_does_not(self, wallet: Wallet, form: str) -> None:
        answer = present(wallet, held(wallet, form))
        for other in (
            Challenge("https://other.example", CHALLENGE.nonce),
            Challenge(CHALLENGE.audience, "n-1"),
        ):
            assert verify(wallet, answer, other).report.outcome is Outcome.FAILED

    @every_format
    def test_each_is_entered_in_the_log_with_the_bytes_that_left(self, wallet: Wallet, form: str) -> None:
        identifier = held(wallet, form)
        answer = present(wallet, identifier)
        (entry,) = disclosure_log.every(wallet.vault)
        released = entry.content["released"]
        assert (released if isinstance(answer, str) else json.loads(released)) == answer
        assert entry.content["application"] == CHALLENGE.audience
        assert entry.content["credentials"] == [identifier]
        assert CHALLENGE.nonce not in {value for value in entry.content.values() if isinstance(value, str)}
        assert disclosure_log.verify(wallet.vault) == 1

    @every_format
    def test_looking_at_it_first_signs_and_logs_nothing(self, wallet: Wallet, form: str) -> None:
        prepared = presenting.prepare(wallet, [held(wallet, form)])
        assert prepared.format == form
        assert prepared.holder == Holder(wallet.manifest.find("me"))
        assert disclosure_log.every(wallet.vault) == []

    @every_format
    def test_nothing_leaves_where_the_log_can_not_be_written(
        self, wallet: Wallet, form: str, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        def broken(*_: Any) -> None:
            raise OSError("the disk is full")

        prepared = presenting.prepare(wallet, [held(wallet, form)])
        monkeypatch.setattr(disclosure_log, "append", broken)
        with pytest.raises(OSError, match="disk"):
            presenting.release(wallet, prepared, CHALLENGE, now=NOW)

    def test_an_unknown_credential_is_not_found(self, wallet: Wallet) -> None:
        with pytest.raises(NotFound):
            presenting.prepare(wallet, ["0123456789abcdef"])

    @pytest.mark.parametrize(
        "form",
        [
            pytest.param(form, marks=needs_didkit if "1.1" in form else ())
            for form in ("w3c", "jwt", "w3c-1.1")
        ],
    )
    def test_two_credentials_go_together_in_their_order(self, wallet: Wallet, form: str) -> None:
        first, second = held(wallet, form), held(wallet, form, number=2)
        found = verify(wallet, present(wallet, second, first))
        assert found.report.outcome is Outcome.PASSED
        ids = [part.content.document["id"] for part in found.credentials if part.content is not None]
        assert ids == ["urn:uuid:2", "urn:uuid:1"]

    def test_the_suite_of_the_answer_is_that_of_the_credentials(self, wallet: Wallet) -> None:
        linked = held(wallet, suite="eddsa-rdfc-2022")
        assert present(wallet, linked)["proof"]["cryptosuite"] == "eddsa-rdfc-2022"
        plain = held(wallet, number=2)
        assert present(wallet, linked, plain)["proof"]["cryptosuite"] == "eddsa-jcs-2022"
        for answer in (present(wallet, linked), present(wallet, linked, plain)):
            assert verify(wallet, answer).report.outcome is Outcome.PASSED

    @needs_didkit
    def test_a_jwt_of_vcdm_11_is_presented_in_one(self, wallet: Wallet) -> None:
        answer = present(wallet, held(wallet, "w3c-1.1", suite="JWT"))
        assert isinstance(answer, str)
        assert verify(wallet, answer).report.outcome is Outcome.PASSED

    @needs_didkit
    def test_json_and_jwts_of_vcdm_11_do_not_go_together(self, wallet: Wallet) -> None:
        both = held(wallet, "w3c-1.1", suite="JWT"), held(wallet, "w3c-1.1", number=2)
        with pytest.raises(UsageError):
            present(wallet, *both)


class TestWhatGoesTogether:
    def test_formats_are_not_mixed(self, wallet: Wallet) -> None:
        with pytest.raises(UsageError, match="one presentation"):
            presenting.prepare(wallet, [held(wallet, "w3c"), held(wallet, "jwt")])

    def test_none_is_named_twice(self, wallet: Wallet) -> None:
        identifier = held(wallet)
        with pytest.raises(UsageError, match="twice"):
            presenting.prepare(wallet, [identifier, identifier[:6]])

    def test_an_sd_jwt_goes_on_its_own(self, wallet: Wallet) -> None:
        with pytest.raises(UsageError, match="on its own"):
            presenting.prepare(wallet, [held(wallet, "sd-jwt"), held(wallet, "sd-jwt", number=2)])

    @pytest.mark.parametrize("form", ["w3c", "jwt"])
    def test_what_is_shown_whole_has_nothing_to_choose(self, wallet: Wallet, form: str) -> None:
        with pytest.raises(UsageError, match="whole"):
            presenting.prepare(wallet, [held(wallet, form)], disclose=["degree"])

    def test_none_at_all_is_refused(self, wallet: Wallet) -> None:
        with pytest.raises(UsageError):
            presenting.prepare(wallet, [])


class TestTheHolder:
    def test_is_the_subject(self, wallet: Wallet) -> None:
        assert present(wallet, held(wallet))["holder"] == did(wallet, "me")
        assert present(wallet, held(wallet, subject="work"))["holder"] == did(wallet, "work")

    def test_may_be_said_and_a_verifier_has_its_own_mind_about_it(self, wallet: Wallet) -> None:
        answer = present(wallet, held(wallet), holder="work")
        assert answer["holder"] == did(wallet, "work")
        assert verify(wallet, answer).report.outcome is Outcome.FAILED
        assert verify(wallet, answer, any_holder=True).report.outcome is Outcome.PASSED

    def test_is_the_default_did_where_nobody_is_the_subject(self, wallet: Wallet) -> None:
        answer = present(wallet, held(wallet, subject=None))
        assert answer["holder"] == did(wallet, "university")
        assert verify(wallet, answer).report.outcome is Outcome.PASSED

    def test_of_two_subjects_has_to_be_said(self, wallet: Wallet) -> None:
        both = held(wallet), held(wallet, subject="work", number=2)
        with pytest.raises(UsageError, match="several subjects"):
            presenting.prepare(wallet, both)

    def test_a_subject_who_is_somebody_else_is_pointed_out(self, wallet: Wallet) -> None:
        stranger = "did:key:z6MkhaXgBZDvotDkL5257faiztiGiC2QtKLGpbnnEGta2doK"
        with pytest.raises(UsageError, match="none of your DIDs"):
            presenting.prepare(wallet, [held(wallet, subject=stranger)])

    def test_of_an_sd_jwt_is_whose_key_it_is_bound_to(self, wallet: Wallet) -> None:
        identifier = held(wallet, "sd-jwt", "work")
        assert presenting.prepare(wallet, [identifier]).holder == Holder(wallet.manifest.find("work"))
        assert verify(wallet, present(wallet, identifier)).report.outcome is Outcome.PASSED
        with pytest.raises(UsageError, match="bound to another key"):
            presenting.prepare(wallet, [identifier], holder="me")

    def test_of_somebody_elses_sd_jwt_is_not_here(self, wallet: Wallet) -> None:
        stranger = "did:key:z6MkhaXgBZDvotDkL5257faiztiGiC2QtKLGpbnnEGta2doK"
        with pytest.raises(NotFound, match="bound to a key"):
            presenting.prepare(wallet, [held(wallet, "sd-jwt", stranger)])

    def test_a_bearer_sd_jwt_answers_no_challenge(self, wallet: Wallet) -> None:
        with pytest.raises(UsageError, match="bound to no key"):
            present(wallet, held(wallet, "sd-jwt", None))
        assert disclosure_log.every(wallet.vault) == []


class TestSelectiveDisclosure:
    def test_nothing_that_can_be_withheld_is_shown_unless_it_is_named(self, wallet: Wallet) -> None:
        prepared = presenting.prepare(wallet, [held(wallet, "sd-jwt")])
        assert not prepared.selection.revealed[0].keys() & CLAIMS.keys()
        assert set(prepared.selection.withheld) >= {"/degree", "/address", "/nationalities"}

    def test_what_is_looked_at_is_what_the_verifier_gets_to_read(self, wallet: Wallet) -> None:
        identifier = held(wallet, "sd-jwt")
        prepared = presenting.prepare(wallet, [identifier], disclose=["address.city", "nationalities.1"])
        answer = presenting.release(wallet, prepared, CHALLENGE, now=NOW)
        document = document_of(verify(wallet, answer))
        assert document == prepared.selection.revealed[0]
        assert document["address"] == {"city": "Kiel"}
        assert document["nationalities"] == ["FR"]
        assert isinstance(answer, str)
        carried = [
            json.loads(base64url.decode(disclosure))[-1] for disclosure in sd_jwt.parse(answer).disclosures
        ]
        assert {"Kiel", "FR"} <= {value for value in carried if isinstance(value, str)}
        assert not [secret for secret in ("Oceanography", "Harbour Road", "DE") if secret in carried]

    def test_all_shows_everything(self, wallet: Wallet) -> None:
        prepared = presenting.prepare(wallet, [held(wallet, "sd-jwt")], disclose=["all"])
        assert prepared.selection.withheld == ()
        assert {name: prepared.selection.revealed[0][name] for name in CLAIMS} == CLAIMS

    @pytest.mark.parametrize("disclose", [["x"], ["address.x"], ["all", "degree"], [""], ["nationalities.2"]])
    def test_what_is_not_there_can_not_be_shown(self, wallet: Wallet, disclose: list[str]) -> None:
        with pytest.raises((UsageError, NotFound)):
            presenting.prepare(wallet, [held(wallet, "sd-jwt")], disclose=disclose)

    def test_the_credential_on_the_shelf_stays_as_it_came(self, wallet: Wallet) -> None:
        identifier = held(wallet, "sd-jwt")
        before = credential_store.find(wallet.vault, identifier)
        present(wallet, identifier, disclose=["degree"])
        assert credential_store.find(wallet.vault, identifier) == before
