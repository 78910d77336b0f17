"""What the owner is warned of: by a registration, by what was asked before, and by the query itself."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from ipse.protocols.openid4vp import building
from ipse.storage.places import Places
from ipse.wallet import identities, trust
from ipse.wallet.answering.proposals import CredentialProposal
from ipse.wallet.wallet import Wallet
from tests import authorities, registrations
from tests.made import empty_wallet
from tests.unit.wallet.answering.meeting import PERSON, Meeting, Person, asked, keep

NOW = authorities.NOW + authorities.DAY
BOOKS = {**PERSON, "age_over_18": True}


@pytest.fixture
def wallet(tmp_path: Path) -> Iterator[Wallet]:
    with empty_wallet(Places(tmp_path / "wallet", tmp_path / "cache"), now=NOW) as made:
        identities.create(made, "university", now=NOW)
        trust.add_authority(made, [registrations.ROOT.value], ["verifier", "registrar"], now=NOW)
        keep(made, kind=registrations.VCT, claims=BOOKS, now=NOW)
        yield made


def _meeting(wallet: Wallet, *names: str, **options: Any) -> Meeting:
    """A verifier by its access certificate that asks for these claims."""
    query = asked(*([name] for name in names), kind=registrations.VCT)
    meeting = Meeting(wallet, query=query, now=NOW, **options)
    access = registrations.ACCESS
    meeting.client = building.by_certificate([access.value], access.signing_key)
    return meeting


def _shown(meeting: Meeting) -> CredentialProposal:
    meeting.run(person := Person())
    return person.shown[0]


def _codes(proposal: CredentialProposal) -> set[str]:
    return {found.code for found in proposal.findings}


def test_a_request_within_its_registration_is_shown_with_what_the_registrar_says(wallet: Wallet) -> None:
    token = registrations.signed(registrations.claims(status=...))
    shown = _shown(_meeting(wallet, "age_over_18", verifier_info=[registrations.entry(token)]))
    assert shown.registered.name == "Example Books"
    assert shown.registered.purpose == "To check your age"
    assert shown.registered.privacy_policy == "https://books.example/privacy"
    assert _codes(shown) <= {"registration-status-unknown"}


def test_a_claim_beyond_it_is_a_warning_that_names_the_claim(wallet: Wallet) -> None:
    token = registrations.signed(registrations.claims(status=...))
    meeting = _meeting(wallet, "age_over_18", "birthdate", verifier_info=[registrations.entry(token)])
    (finding,) = [found for found in _shown(meeting).findings if found.code == "claim-not-registered"]
    assert "birthdate" in finding.text


def test_whether_a_registration_was_withdrawn_and_can_not_be_looked_up_is_said(wallet: Wallet) -> None:
    shown = _shown(_meeting(wallet, "age_over_18", verifier_info=[registrations.entry()]))
    assert "registration-status-unknown" in _codes(shown)


def test_a_registration_of_somebody_else_is_not_relied_on(wallet: Wallet) -> None:
    token = registrations.signed(registrations.claims(sub="LEIXG-000000000000000000AA", status=...))
    shown = _shown(_meeting(wallet, "age_over_18", verifier_info=[registrations.entry(token)]))
    assert shown.registered.name == ""
    assert "no-registration" in _codes(shown)


def test_more_than_before_is_a_warning(wallet: Wallet) -> None:
    meeting = _meeting(wallet, "age_over_18")
    assert "more-than-before" not in _codes(_shown(meeting))
    meeting.query = asked(["age_over_18"], ["family_name"], kind=registrations.VCT)
    meeting.nonce = "another-0123456789abcdef"
    (finding,) = [found for found in _shown(meeting).findings if found.code == "more-than-before"]
    assert "family_name" in finding.text


def test_a_value_that_is_tested_is_a_warning(wallet: Wallet) -> None:
    meeting = _meeting(wallet, "given_name")
    meeting.query["credentials"][0]["claims"][0]["values"] = ["Ada"]
    assert "values-tested" in _codes(_shown(meeting))


def test_a_purpose_that_is_stated_and_signed_is_no_missing_one(wallet: Wallet) -> None:
    entry = {"type": "urn:ipse:purpose:1", "credential_ids": ["pid"], "purpose": "to sell you books"}
    with_purpose = _shown(_meeting(wallet, "age_over_18", transaction_data=[entry]))
    assert not any("no purpose" in found.text for found in with_purpose.findings)
    without = _meeting(wallet, "age_over_18", nonce="another-0123456789abcdef")
    assert any("no purpose" in found.text for found in _shown(without).findings)
