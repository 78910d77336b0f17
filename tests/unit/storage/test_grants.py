"""Standing consent: narrow, ended on time, and on record for good."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest

from ipse.errors import CorruptData, UsageError
from ipse.storage import grants
from ipse.storage.grants import MOST, Grant
from ipse.storage.vault import Vault
from tests.made import empty_vault

MONDAY, TUESDAY, WEDNESDAY = (f"2026-02-0{day}T12:00:00Z" for day in (2, 3, 4))
SHOP, CLUB = "https://a.example", "did:key:z6MkClub"
GRANT = Grant(0, SHOP, "choose", MONDAY, WEDNESDAY, None)


@pytest.fixture
def vault(tmp_path: Path) -> Iterator[Vault]:
    """An empty vault."""
    with empty_vault(tmp_path / "vault.db", bytes(32)) as made:
        yield made


def test_a_grant_is_given_back_as_it_was_kept(vault: Vault) -> None:
    narrow = replace(
        GRANT,
        level="bands",
        topics=("baking", "jazz-and-blues"),
        per_day=3,
        unsigned=True,
        exact=True,
        cap=260,
    )
    assert grants.add(vault, GRANT) == 1
    assert grants.add(vault, narrow) == 2
    assert grants.every(vault) == [replace(GRANT, number=1), replace(narrow, number=2)]
    assert grants.active(vault, party=SHOP, level="bands", now=MONDAY) == replace(narrow, number=2)


def test_a_grant_is_for_signed_requests_and_private_answers_alone_unless_it_says_otherwise(
    vault: Vault,
) -> None:
    grants.add(vault, GRANT)
    assert [(grant.unsigned, grant.exact, grant.cap) for grant in grants.every(vault)] == [
        (False, False, None)
    ]


def test_a_grant_holds_from_its_start_until_before_its_end(vault: Vault) -> None:
    grants.add(vault, replace(GRANT, created=TUESDAY))

    def active(now: str, party: str = SHOP, level: str = "choose") -> bool:
        return grants.active(vault, party=party, level=level, now=now) is not None

    assert active(TUESDAY)
    assert active("2026-02-04T11:59:59Z")
    assert not active(MONDAY)
    assert not active(WEDNESDAY)
    assert not active(TUESDAY, party=SHOP + ".evil")
    assert not active(TUESDAY, party=SHOP.upper())
    assert not active(TUESDAY, level="bands")


def test_a_new_grant_ends_the_one_before_it_of_the_same_level_alone(vault: Vault) -> None:
    for level in ("choose", "bands", "choose"):
        grants.add(vault, replace(GRANT, level=level, created=TUESDAY))
    assert [grant.revoked for grant in grants.every(vault)] == [TUESDAY, None, None]


def test_a_revoked_grant_stays_on_record_and_never_holds_again(vault: Vault) -> None:
    for party in (SHOP, CLUB):
        grants.add(vault, replace(GRANT, party=party))
    assert grants.revoke(vault, SHOP, now=TUESDAY) == 1
    assert grants.revoke(vault, SHOP, now=TUESDAY) == 0
    assert grants.active(vault, party=SHOP, level="choose", now=TUESDAY) is None
    assert grants.active(vault, party=CLUB, level="choose", now=TUESDAY) is not None
    assert [grant.revoked for grant in grants.every(vault)] == [TUESDAY, None]


def test_the_grants_of_one_level_are_revoked_alone(vault: Vault) -> None:
    for level in ("choose", "bands"):
        grants.add(vault, replace(GRANT, level=level))
    assert grants.revoke(vault, SHOP, level="bands", now=TUESDAY) == 1
    assert [grant.revoked for grant in grants.every(vault)] == [None, TUESDAY]


@pytest.mark.parametrize(
    ("bound", "value"),
    [
        *((bound, value) for bound in ("per_day", "cap") for value in (-1, MOST + 1, 2**63, 10**30)),
        ("cap", 0),
    ],
)
def test_a_bound_that_there_can_not_be_is_refused_and_ends_no_grant(
    vault: Vault, bound: str, value: int
) -> None:
    grants.add(vault, GRANT)
    with pytest.raises(UsageError, match=f"a grant can't be of {value} "):
        grants.add(vault, replace(GRANT, **{bound: value}))  # type: ignore[arg-type]
    assert [grant.revoked for grant in grants.every(vault)] == [None]


@pytest.mark.parametrize(
    ("bound", "value"), [("per_day", 0), ("per_day", 1), ("per_day", MOST), ("cap", 1), ("cap", MOST)]
)
def test_a_bound_is_kept_to_its_ends(vault: Vault, bound: str, value: int) -> None:
    grants.add(vault, replace(GRANT, **{bound: value}))  # type: ignore[arg-type]
    (kept,) = grants.every(vault)
    assert getattr(kept, bound) == value


@pytest.mark.parametrize(
    "change",
    ["per_day = -1", "cap = 0", "cap = -1", "cap = 0.5", "unsigned = 2", "exact = 2", "exact = NULL"],
)
def test_the_vault_itself_refuses_a_bound_out_of_bounds(vault: Vault, change: str) -> None:
    grants.add(vault, GRANT)
    with pytest.raises(Exception, match=r"constraint|cannot store REAL"):
        vault.change(f"UPDATE grants SET {change}")


@pytest.mark.parametrize("stored", ["", "{}", "[1]", '["a"', "null", "[" * 100_000])
def test_topics_that_can_not_be_read_are_no_grant(vault: Vault, stored: str) -> None:
    grants.add(vault, GRANT)
    vault.change("UPDATE grants SET topics = ?", (stored,))
    with pytest.raises(CorruptData, match="the topics of grant 1"):
        grants.active(vault, party=SHOP, level="choose", now=TUESDAY)
