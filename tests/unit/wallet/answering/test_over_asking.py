"""Whose word about a verifier counts: that of a registrar whom the owner trusts as one, and nobody else's."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from ipse.protocols import openid4vp
from ipse.protocols.openid4vp import building
from ipse.protocols.registration_certificates import Registrations
from ipse.storage.places import Places
from ipse.wallet import trust
from ipse.wallet.answering import over_asking
from ipse.wallet.resolution import Reach
from ipse.wallet.wallet import Wallet
from tests.authorities import NOW
from tests.made import empty_wallet
from tests.registrations import ACCESS, ROOT, entry, signed
from tests.unit.wallet.answering.meeting import asked


@pytest.fixture
def wallet(tmp_path: Path) -> Iterator[Wallet]:
    with empty_wallet(Places(tmp_path / "wallet", tmp_path / "cache"), now=NOW) as made:
        yield made


def registered(wallet: Wallet, registration: str) -> Registrations:
    """What the wallet makes of a request by the certificate ACCESS that comes with this registration."""
    client = building.by_certificate([ACCESS.value], ACCESS.signing_key)
    text = building.build_request(
        client,
        query=asked(["given_name"]),
        nonce="nonce-0123456789abcdef",
        reply_to="https://verifier.example/response",
        response_mode="direct_post",
        state="state",
        verifier_info=[entry(registration)],
    )
    request = openid4vp.parse_request(text, anchors=[ROOT.value], now=NOW)
    return over_asking.registered(wallet, request, Reach(), now=NOW)


def test_a_registrar_counts_where_its_authority_is_trusted_for_registrars(wallet: Wallet) -> None:
    trust.add_authority(wallet, [ROOT.value], ["registrar"], now=NOW)
    (found,) = registered(wallet, signed()).valid
    assert found.name == "Example Books"


def test_whom_an_authority_of_verifiers_certifies_registers_nobody(wallet: Wallet) -> None:
    trust.add_authority(wallet, [ROOT.value], ["verifier"], now=NOW)
    another = ROOT.leaf("Another verifier")
    for registration in (signed(), signed(signer=another), signed(signer=ACCESS)):
        found = registered(wallet, registration)
        assert found.valid == ()
        assert [code for code, _ in found.refused] == ["untrusted-certificate"]


def test_no_verifier_registers_itself_even_under_one_authority_for_both(wallet: Wallet) -> None:
    trust.add_authority(wallet, [ROOT.value], ["verifier", "registrar"], now=NOW)
    found = registered(wallet, signed(signer=ACCESS))
    assert [code for code, _ in found.refused] == ["registration-self-signed"]
