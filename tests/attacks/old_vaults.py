"""A wallet with copies of its vault from earlier, and what somebody without any key makes of them."""

from __future__ import annotations

import shutil
from dataclasses import dataclass
from datetime import timedelta
from typing import Final

from ipse.disclosure import reasons
from ipse.errors import IpseError
from ipse.storage import answers, grants, settings, statements, topic_store, trusted_issuers
from ipse.storage.places import Places
from ipse.wallet import disclosure, trust
from ipse.wallet.disclosure import budgets
from ipse.wallet.profile import changing, forgetting
from ipse.wallet.profile.topics import set_topic_access
from ipse.wallet.wallet import Wallet
from tests.made import PASSPHRASE, empty_wallet
from tests.unit.wallet.disclosure.material import (
    CHOOSE,
    CLUB,
    NOW,
    SHOP,
    ask,
    candidates,
    never,
    teach,
    yes,
)

__all__ = ["PAGE", "Copies", "facts", "opened", "outcome", "spliced"]

PAGE: Final = 4096
_TEXTS: Final = [f"the novel with the number {number}" for number in range(6)]
_ISSUER: Final = "did:web:issuer.example"


@dataclass(frozen=True, slots=True)
class Copies:
    """The newest vault of a wallet, three copies of it from earlier, and what the newest one says."""

    places: Places
    newest: bytes
    older: tuple[bytes, ...]
    facts: tuple[object, ...]

    @classmethod
    def make(cls, places: Places) -> Copies:
        """A wallet in which, from copy to copy, budgets are spent and things are taken back."""
        older = []
        with empty_wallet(places, now=NOW) as wallet:
            teach(wallet, *_TEXTS)
            trust.add(wallet, _ISSUER, ["Degree"], now=NOW)
            trust.add(wallet, _ISSUER, ["Ticket"], now=NOW)
            _grant(wallet)
            older.append(places.vault.read_bytes())
            ask(wallet, SHOP, CHOOSE, consent=never)
            ask(wallet, CLUB, CHOOSE, consent=never)
            older.append(places.vault.read_bytes())
            ask(wallet, SHOP, candidates("a", "b"), consent=never)
            disclosure.revoke(wallet, CLUB.party, now=NOW)
            set_topic_access(wallet, "hiking", open=False)
            older.append(places.vault.read_bytes())
            changing.correct(wallet, 2, changing.Correction(sensitivity="secret"), now=NOW)
            forgetting.forget(wallet, [3])
            trust.remove(wallet, _ISSUER, ["Degree"])
            budgets.change(wallet, overall=1500)
            set_topic_access(wallet, "horror", open=False)
            said = facts(wallet)
        return cls(places, places.vault.read_bytes(), tuple(older), said)

    def in_place(self, vault: bytes, places: Places) -> Places:
        """The wallet, copied to `places` with another vault."""
        if not places.data.exists():
            shutil.copytree(self.places.data, places.data)
        places.vault.write_bytes(vault)
        return places

    @property
    def pages(self) -> int:
        """How many pages there are in the longest of the vaults."""
        return max(len(vault) for vault in (self.newest, *self.older)) // PAGE


def _grant(wallet: Wallet) -> None:
    for application in (SHOP, CLUB):
        disclosure.grant(wallet, application.party, level="choose", now=NOW, expires=NOW + timedelta(days=90))


def opened(places: Places) -> Wallet:
    """The wallet, opened anew."""
    return Wallet(places, lambda: PASSPHRASE)


def facts(wallet: Wallet) -> tuple[object, ...]:
    """All that protects the owner, as the tables say and as the indexes do."""
    vault = wallet.vault
    return (
        grants.every(vault),
        [
            grants.active(vault, party=one.party, level="choose", now="2026-11-23T00:00:00Z")
            for one in (SHOP, CLUB)
        ],
        [answers.history(vault, one.party) for one in (SHOP, CLUB)],
        answers.spent(vault, since="2026-01-01T00:00:00Z"),
        answers.charged(vault, since="2026-01-01T00:00:00Z"),
        topic_store.access(vault),
        statements.every(vault),
        statements.secret_since(vault, range(10)),
        [statements.alike(vault, text=text, source="said", kind="opinion", weight=1.0) for text in _TEXTS],
        trusted_issuers.every(vault),
        settings.get(vault, "budget-overall"),
    )


def spliced(newest: bytes, older: bytes, *numbers: int) -> bytes | None:
    """The newest vault with pages of an older one, by number from 1; None where that changes nothing."""
    vault = bytearray(newest)
    for number in numbers:
        start = (number - 1) * PAGE
        page = older[start : start + PAGE]
        if not page or vault[start : start + PAGE] == page or start > len(vault):
            return None
        vault[start : start + PAGE] = page
    return bytes(vault)


def outcome(copies: Copies, places: Places) -> str:
    """What an application gets of a vault: the code of the refusal, or `newest` if no older state counts.

    It must not get anything that the newest vault would not have let out.
    """
    try:
        with opened(places) as wallet:
            said = facts(wallet)
            reply = ask(wallet, SHOP, candidates("a", "b", "c"), consent=never)
            assert said == copies.facts, "an older state was answered from"
            assert reply.answered.reason == reasons.budget_spent("2026-12-22")
            other = ask(wallet, CLUB, candidates("a", "b", "d"), consent=yes)
            assert not other.answered.said
            return "newest"
    except IpseError as error:
        return error.code
