"""Trusted authorities: kept by fingerprint and purpose, and bound to the state of the vault."""

from __future__ import annotations

import pytest

from ipse.errors import IpseError, NotFound, UsageError, VaultAltered
from ipse.storage import trusted_authorities
from ipse.wallet import trust
from ipse.wallet.wallet import Wallet
from tests.authorities import NOW, root
from tests.made import tamper

ROOT = root()
OTHER = root("Other CA")


def test_an_authority_is_an_anchor_for_its_purposes_alone(recorded: Wallet) -> None:
    trust.add_authority(recorded, [ROOT.value], ["verifier", "status", "verifier"], now=NOW)
    trust.add_authority(recorded, [OTHER.value], ["issuer"], now=NOW)
    assert trust.anchors(recorded, "verifier") == (ROOT.value,)
    assert trust.anchors(recorded, "status") == (ROOT.value,)
    assert trust.anchors(recorded, "issuer") == (OTHER.value,)
    with pytest.raises(UsageError):
        trust.anchors(recorded, "dinner")


def test_added_twice_it_is_there_once(recorded: Wallet) -> None:
    for _ in range(2):
        trust.add_authority(recorded, [ROOT.value, ROOT.value], ["issuer"], now=NOW)
    assert len(trusted_authorities.every(recorded.vault)) == 1


def test_nothing_is_added_where_one_of_several_is_refused(recorded: Wallet) -> None:
    with pytest.raises(IpseError):
        trust.add_authority(recorded, [ROOT.value, ROOT.leaf().value], ["issuer"], now=NOW)
    assert trust.authorities(recorded) == []


def test_a_fingerprint_that_several_begin_with_is_refused(recorded: Wallet) -> None:
    for character in "ab":
        trusted_authorities.add(recorded.vault, "0" + character * 63, b"", ["issuer"], now="")
    with pytest.raises(UsageError, match="2 fingerprints begin"):
        trust.remove_authority(recorded, "0")
    assert trust.remove_authority(recorded, "0a") == 1
    with pytest.raises(NotFound):
        trust.remove_authority(recorded, "")


@pytest.mark.parametrize(
    "sql",
    [
        f"INSERT INTO trusted_authorities VALUES ('x', 'issuer', x'{OTHER.der.hex()}', '')",
        f"UPDATE trusted_authorities SET certificate = x'{OTHER.der.hex()}'",
        "UPDATE trusted_authorities SET purpose = 'verifier'",
        "DELETE FROM trusted_authorities",
    ],
)
def test_what_another_program_changes_in_the_vault_is_not_believed(recorded: Wallet, sql: str) -> None:
    trust.add_authority(recorded, [ROOT.value], ["issuer"], now=NOW)
    tamper(recorded.vault, sql)
    for purpose in trust.PURPOSES:
        with pytest.raises(VaultAltered):
            trust.anchors(recorded, purpose)
