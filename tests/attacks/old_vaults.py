"""A wallet with copies of its vault from earlier, and what somebody without any key makes of them."""

from __future__ import annotations

import shutil
from dataclasses import dataclass
from typing import Final

from ipse.disclosure import reasons
from ipse.disclosure.levels.candidates import numbered
from ipse.disclosure.levels.choose import Choose
from ipse.disclosure.levels.order import Order
from ipse.disclosure.proposals import Decision, Proposal
from ipse.errors import IpseError
from ipse.keys.ed25519 import PrivateKey
from ipse.storage import (
    answers,
    grants,
    settings,
    statements,
    summaries,
    topic_store,
    transcript,
    trusted_authorities,
    trusted_issuers,
)
from ipse.storage.places import Places
from ipse.wallet import disclosure, trust
from ipse.wallet.profile import changing, forgetting
from ipse.wallet.profile.topics import set_topic_access
from ipse.wallet.wallet import Wallet
from tests.made import PASSPHRASE, empty_wallet
from tests.unit.disclosure.material import signer_of
from tests.unit.wallet.disclosure.material import (
    CLUB,
    DAY,
    NOW,
    SHOP,
    Application,
    Blending,
    about,
    ask,
    candidates,
    never,
    no,
    teach,
    yes,
)

__all__ = ["GYM", "PAGE", "Copies", "apart", "facts", "opened", "order", "outcome", "spliced"]

PAGE: Final = 4096
_TEXTS: Final = [f"the novel with the number {number}" for number in range(6)]
_ISSUER: Final = "did:web:issuer.example"
_ABOUT: Final = ("hiking", "jazz-and-blues", "horror", "theatre")
_CAP: Final = 5
"""One order of four counts as much, and not another."""
GYM: Final = Application("https://gym.example/answers", signer_of(PrivateKey(b"g" * 32)))
"""The third application to be let ask."""


def apart(detail: str, *, top: int = 1) -> Choose:
    """Candidates that topics tell apart, so that a private summary can choose among them."""
    return candidates(*(about(topic, detail) for topic in _ABOUT), top=top)


def order(*texts: str) -> Order:
    """Which of these is liked more?"""
    return Order(numbered(texts))


@dataclass(frozen=True, slots=True)
class Copies:
    """The newest vault of a wallet, three copies of it from earlier, and what the newest one says."""

    places: Places
    newest: bytes
    older: tuple[bytes, ...]
    facts: tuple[object, ...]

    @classmethod
    def make(cls, places: Places) -> Copies:
        """A wallet in which, from copy to copy, more is told and things are taken back."""
        older = []
        with empty_wallet(places, now=NOW) as wallet:
            teach(wallet, *_TEXTS)
            trust.add(wallet, _ISSUER, ["Degree"], now=NOW)
            trust.add(wallet, _ISSUER, ["Ticket"], now=NOW)
            _grant(wallet)
            older.append(places.vault.read_bytes())
            ask(wallet, SHOP, apart("a walk"), consent=never)
            ask(wallet, CLUB, candidates("the novel", "a film"), consent=yes)
            older.append(places.vault.read_bytes())
            ask(wallet, SHOP, order("a", "b", "c", "d"), consent=never)
            ask(wallet, CLUB, apart("a walk"), consent=never)
            disclosure.revoke(wallet, CLUB.party, now=NOW)
            set_topic_access(wallet, "hiking", open=False)
            older.append(places.vault.read_bytes())
            changing.correct(wallet, 2, changing.Correction(sensitivity="secret"), now=NOW)
            forgetting.forget(wallet, [3])
            trust.remove(wallet, _ISSUER, ["Degree"])
            disclosure.summaries.change_limits(wallet, year=400)
            set_topic_access(wallet, "horror", open=False)
            ask(wallet, SHOP, apart("a tour"), consent=never)
            said = facts(wallet)
        return cls(places, places.vault.read_bytes(), tuple(older), said)

    def in_place(self, vault: bytes, places: Places) -> Places:
        """The wallet, copied to `places` with another vault."""
        if not places.data.exists():
            shutil.copytree(self.places.data, places.data)
        places.vault.write_bytes(vault)
        return places

    def as_left(self, vault: bytes, places: Places) -> Places:
        """The same, with the keystore as the newest vault left it, whatever was done since."""
        self.in_place(vault, places).keystore.write_bytes(self.places.keystore.read_bytes())
        return places

    @property
    def pages(self) -> int:
        """How many pages there are in the longest of the vaults."""
        return max(len(vault) for vault in (self.newest, *self.older)) // PAGE


def _grant(wallet: Wallet) -> None:
    until = NOW + 90 * DAY
    for application in (SHOP, CLUB, GYM):
        disclosure.grant(wallet, application.party, level="choose", now=NOW, expires=until)
    disclosure.grant(wallet, SHOP.party, level="order", now=NOW, expires=until, exact=True, cap=_CAP)


def opened(places: Places) -> Wallet:
    """The wallet, opened anew."""
    return Wallet(places, lambda: PASSPHRASE)


def facts(wallet: Wallet) -> tuple[object, ...]:
    """All that protects the owner, as the tables say and as the indexes do."""
    vault = wallet.vault
    return (
        grants.every(vault),
        [
            grants.active(vault, party=one.party, level=level, now="2026-11-23T00:00:00Z")
            for one in (SHOP, CLUB)
            for level in ("choose", "order")
        ],
        [answers.history(vault, one.party) for one in (SHOP, CLUB)],
        [answers.told_bits(vault, grant=number) for number in range(1, 5)],
        summaries.latest(vault),
        summaries.cost(vault, since="2026-01-01T00:00:00Z"),
        transcript.lines(vault, Blending().fingerprint),
        transcript.parties(vault),
        [transcript.reading(vault, party) for party in (SHOP.party, CLUB.party, transcript.ALL)],
        topic_store.access(vault),
        statements.every(vault),
        statements.secret_since(vault, range(10)),
        [statements.alike(vault, text=text, source="said", kind="opinion", weight=1.0) for text in _TEXTS],
        trusted_issuers.every(vault),
        trusted_authorities.every(vault),
        [settings.get(vault, name) for name in ("limit-year", "limit-life", settings.DATE_CONFIRMED)],
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
    shown: list[Proposal] = []

    def refuse(proposal: Proposal) -> Decision:
        shown.append(proposal)
        return no(proposal)

    try:
        with opened(places) as wallet:
            said = facts(wallet)
            reply = ask(wallet, SHOP, order("e", "f", "g", "h"), consent=never)
            assert said == copies.facts, "an older state was answered from"
            assert reply.answered.reason == reasons.cap_reached(_CAP)
            third = ask(wallet, GYM, apart("a ride"), consent=never)
            assert third.answered.reason == reasons.APPLICATIONS_TOLD
            ask(wallet, CLUB, candidates("a", "b"), consent=refuse)
            assert shown, "a grant that was ended holds again"
            return "newest"
    except IpseError as error:
        return error.code
