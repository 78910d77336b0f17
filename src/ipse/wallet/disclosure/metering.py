"""What applications could foretell of the owner, by all that they were told exactly."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from functools import cached_property
from typing import TYPE_CHECKING, Final

from ipse.disclosure import exposure
from ipse.disclosure.exposure import Exposure, Told
from ipse.disclosure.offers import Profile
from ipse.preferences.embedding import Embedder
from ipse.preferences.embedding.shipped_model import near_fingerprints
from ipse.preferences.purpose import EMPTY_PURPOSES
from ipse.preferences.topics import published
from ipse.storage import transcript
from ipse.storage.transcript import ALL, Line
from ipse.wallet import state
from ipse.wallet.disclosure.profile import read_profile
from ipse.wallet.profile.remembering import embed_missing
from ipse.wallet.profile.topics import embed_topics
from ipse.wallet.wallet import Wallet

if TYPE_CHECKING:
    from ipse.preferences.vectors import Doubles

__all__ = ["READ", "Entry", "Meter", "as_line", "keep", "table"]

READ: Final = ("transcript",)
"""The large tables that a reading is made from: an older row in them would make it lower."""


class Meter:
    """Reads what was told against the `profile`, with vectors of the model `fingerprint`.

    What was told is scored once. What an earlier version told with nearly the same vectors is read too, since
    they can't be made anew.
    """

    def __init__(self, wallet: Wallet, profile: Profile, fingerprint: str) -> None:
        self.fingerprint = fingerprint
        self._readable = (fingerprint, *near_fingerprints(fingerprint))
        self._vault = wallet.vault
        self._profile = profile
        self._scored: dict[Told, Doubles] = {}

    def reading(self, party: str, more: Told | None = None) -> Exposure:
        """The reading of a party, or of ALL, with `more` if that is told too; never below an earlier one."""
        vault = self._vault
        told = [_as_told(line) for line in transcript.lines(vault, *self._readable, party=party)]
        told += [more] if more else []
        counted = sum(bits for name, _, bits in transcript.parties(vault) if party in (ALL, name))
        counted += more.bits if more else 0.0
        found = exposure.reading(told, self._profile.published, self._topic_scores, self._scores(told))
        rho, share = transcript.reading(vault, party)
        return found.after(replace(found, rho=rho, share=share, bits=counted))

    @cached_property
    def _topic_scores(self) -> Doubles:
        texts = [topic.means for topic in published().topics]
        return self._profile.scores(texts, self._profile.published)

    def _scores(self, told: Sequence[Told]) -> list[Doubles]:
        """What `rank` gives the texts of each answer, by their meaning: their words are not kept."""
        new = [answer for answer in dict.fromkeys(told) if answer not in self._scored]
        found = self._profile.scores_by_meaning([answer.vectors() for answer in new])
        self._scored |= dict(zip(new, found, strict=True))
        return [self._scored[answer] for answer in told]


def keep(wallet: Wallet, party: str, own: Exposure, shared: Exposure) -> None:
    """Keep the readings of a party and of all, so that later ones are no lower."""
    for name, found in ((party, own), (ALL, shared)):
        transcript.keep_reading(wallet.vault, name, found.rho, found.share)


def as_line(told: Told, number: int, *, party: str, fingerprint: str, verbatim: bool) -> Line:
    """What was told in log entry `number`, as the vault keeps it."""
    return Line(
        answer=number,
        party=party,
        fingerprint=fingerprint,
        vectors=told.rows,
        tiers=told.tiers,
        rest=told.rest,
        offered=told.offered,
        bits=told.bits,
        edited=told.edited,
        verbatim=verbatim,
    )


def _as_told(line: Line) -> Told:
    return Told(line.vectors, line.tiers, line.rest, line.offered, line.bits, line.edited)


@dataclass(frozen=True, slots=True)
class Entry:
    """What one party was told exactly, or all of them where `party` is ALL: in how many answers."""

    party: str
    answers: int
    reading: Exposure


def table(wallet: Wallet, embedder: Callable[[], Embedder], now: datetime) -> list[Entry]:
    """The readings of each party and of all together, as the profile is now; empty where nothing was told.

    Raises VaultAltered, VaultOutdated.
    """
    state.check(wallet, tables=READ)
    told = transcript.parties(wallet.vault)
    if not told:
        return []
    model = embedder()
    embed_missing(wallet, model)
    topics = embed_topics(wallet, model, EMPTY_PURPOSES)
    meter = Meter(wallet, read_profile(wallet, model, topics, now), model.fingerprint)
    found = [Entry(party, count, meter.reading(party)) for party, count, _ in told]
    together = meter.reading(ALL)
    for entry in found:
        together = together.after(entry.reading)
    return [*found, Entry(ALL, sum(count for _, count, _ in told), together)]
