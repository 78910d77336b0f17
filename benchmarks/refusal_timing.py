"""Whether the time to an answer tells what kind of answer it is: all of them take the same turns.

Wallets with 200 statements answer with the real embeddings, in one process, each asked something new every
time, one after the other in turns:

- private: under a grant, from a private summary; once it says something, and once it says nothing because two
  others are told, limits are reached, the grant is used up, all that is asked is closed, or nothing was said
- exact: under a grant of exact answers; beyond its cap, used up, closed, nothing said
- page: the owner reads the page and says yes, or no; closed, nothing said

Of private answers the first of a window, for which the summaries are drawn, is measured as well. Printed are
the medians from request to answer, and their ratio to the one that says something, with a 95 % interval by
resampling the rounds; once by the clock on the wall, once by the processor's time, which other processes do
not disturb as much. Exit code 1 where a median is off by more than a twentieth and the interval excludes 1.
"""

from __future__ import annotations

import argparse
import itertools
import os
import random
import statistics
import tempfile
import time
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path

from short_texts import short_texts

from ipse.cli.commands.dapp.page import page
from ipse.disclosure import questions
from ipse.disclosure.levels.bands import Bands
from ipse.disclosure.levels.candidates import numbered
from ipse.disclosure.levels.choose import Choose
from ipse.disclosure.levels.level import Asked
from ipse.disclosure.levels.order import Order
from ipse.disclosure.levels.topics import Topics
from ipse.disclosure.methods.private import WINDOW
from ipse.disclosure.proposals import Decision, Proposal
from ipse.encoding.strict_json import JsonObject
from ipse.encoding.timestamps import format_timestamp
from ipse.preferences import topics
from ipse.preferences.embedding import Embedder, load_default
from ipse.preferences.topics import Topic
from ipse.storage.places import Places
from ipse.storage.statements import NewStatement
from ipse.wallet import disclosure
from ipse.wallet.disclosure import dates, summaries
from ipse.wallet.profile.remembering import remember
from ipse.wallet.profile.topics import set_topic_access
from ipse.wallet.wallet import Wallet

_PARTY = "https://shop.example"
_OTHERS = ("https://club.example", "https://gym.example")
_STATEMENTS = 200
_CANDIDATES = 20
_TOPICS = 10
_TOLD = 6
"""Exact answers that were told before the first that is measured."""
_ROUNDS = 40
_RESAMPLED = 2000
_AT_MOST = 0.05
_BEGAN = datetime(2026, 2, 2, 12, tzinfo=UTC)
_REFERENCE = "answered"
_FIRST = "first of window"
Round = dict[str, tuple[float, float]]
"""Seconds of each kind, on the wall's clock and the processor's."""
_ALWAYS = (_REFERENCE, "closed topic", "empty profile")
_KINDS = {
    "private": (*_ALWAYS, "others told", "limit reached", "used up", _FIRST),
    "exact": (*_ALWAYS, "beyond the cap", "used up"),
    "page": (*_ALWAYS, "refused"),
}
_LEVELS = {
    "private": ("choose", "bands"),
    "exact": ("choose", "order", "topics", "bands"),
    "page": ("choose", "order", "topics", "bands"),
}


@dataclass(frozen=True)
class Asking:
    """A wallet of one kind, and new questions to it."""

    setting: str
    kind: str
    wallet: Wallet
    embedder: Embedder

    def seconds(self, asked: Asked, number: int) -> tuple[float, float]:
        """From the request to the answer that could be printed: on the wall's clock, and the processor's."""
        now = _BEGAN + timedelta(seconds=10 * number)
        if self.kind == _FIRST:
            now = _BEGAN + number * WINDOW
            dates.confirm_date(self.wallet, now)
        self._grant(asked.level)
        request = _request(asked, now)
        start, worked = time.perf_counter(), time.process_time()
        answered = disclosure.ask(self.wallet, lambda: self.embedder, request, consent=self.decide, now=now)
        taken = time.perf_counter() - start, time.process_time() - worked
        if self.setting != "private" and not answered.said:
            self.tell(asked, now)
        return taken

    def tell(self, asked: Asked, now: datetime) -> None:
        """Let the owner say something to it exactly, so that all kinds have told as much."""
        disclosure.grant(
            self.wallet, _PARTY, level=asked.level, now=now, expires=now, exact=True, topics=_ids()
        )

        def ticked(proposal: Proposal) -> Decision:
            chosen = proposal.offer.chosen or tuple(item.key for item in proposal.offer.items[:3])
            return Decision(accepted=bool(chosen), ticked=chosen)

        disclosure.ask(self.wallet, lambda: self.embedder, _request(asked, now), consent=ticked, now=now)

    def _grant(self, level: str) -> None:
        exact = self.setting == "exact"
        if self.setting == "page":
            return
        disclosure.grant(
            self.wallet, _PARTY, level=level, now=_BEGAN, expires=_BEGAN + timedelta(days=36500),
            unsigned=True, exact=exact, topics=_ids() if exact and level == "topics" else (),
            cap=(1 if self.kind == "beyond the cap" else 1_000_000) if exact else None,
            per_day=0 if self.kind == "used up" else None,
        )  # fmt: skip

    def decide(self, proposal: Proposal) -> Decision:
        """As the owner of this kind does, who reads the page."""
        if self.setting != "page":
            raise AssertionError(f"no grant covers {proposal.question.level}")
        page(proposal)
        return Decision(accepted=self.kind != "refused", ticked=proposal.offer.chosen)


def _request(asked: Asked, now: datetime, party: str = _PARTY) -> JsonObject | str:
    return questions.build_request(
        address=party, purpose="to measure", asked=asked, retention=timedelta(days=1), issued=now,
        lifetime=timedelta(hours=1),
    )  # fmt: skip


def _subjects() -> list[Topic]:
    """The topics that questions are about."""
    return [topic for topic in topics.published().topics if not topic.sensitive][: 2 * _TOPICS]


def _ids() -> list[str]:
    return [topic.id for topic in _subjects()]


def _asked(level: str) -> Iterator[Asked]:
    """New questions without end, all of one size, the same for every wallet."""
    draw = random.Random(7)
    for number in itertools.count():
        some = draw.sample(_subjects(), _TOPICS)
        if level in ("bands", "topics"):
            ids = tuple(topic.id for topic in some)
            yield Bands(ids) if level == "bands" else Topics(ids)
        else:
            texts = [f"{one.means}, volume {number}.{row}" for row in range(2) for one in some]
            offered = numbered(texts[:_CANDIDATES])
            yield Choose(offered, 3) if level == "choose" else Order(offered)


def _asking(folder: Path, setting: str, kind: str, embedder: Embedder) -> Asking:
    places = Places(folder / setting / kind, folder / "cache")
    wallet = Wallet.create(places, keystore="file", passphrase=lambda: b"benchmark", now=_BEGAN)
    draw = random.Random(5)
    said = [
        NewStatement(text, draw.choice((-1.0, 0.5, 1.0)), "said", valid_from=format_timestamp(_BEGAN))
        for text in short_texts(_STATEMENTS)
    ]
    if kind != "empty profile":
        remember(wallet, embedder, said, now=_BEGAN)
    year = {"limit reached": 0, _FIRST: 100_000}.get(kind, 100_000)
    summaries.change_limits(wallet, year=year, life=100_000)
    for topic in _subjects():
        set_topic_access(wallet, topic.id, open=kind != "closed topic")
    asking = Asking(setting, kind, wallet, embedder)
    if kind == "others told":
        for other in _OTHERS:
            until = _BEGAN + timedelta(days=9)
            disclosure.grant(wallet, other, level="choose", now=_BEGAN, expires=until, unsigned=True)
            request = _request(next(_asked("choose")), _BEGAN, other)
            disclosure.ask(wallet, lambda: embedder, request, consent=asking.decide, now=_BEGAN)
    if setting != "private":
        for asked, _ in zip(_asked("choose"), range(_TOLD), strict=False):
            asking.tell(asked, _BEGAN)
    return asking


def _measured(level: str, rounds: int, kinds: dict[str, Asking], numbers: Iterator[int]) -> list[Round]:
    """What every kind took in each round."""
    draw, found = random.Random(8), []
    for number, asked in zip(range(rounds + 2), _asked(level), strict=False):
        here = next(numbers)
        turns = draw.sample(list(kinds), len(kinds))
        seconds = {kind: kinds[kind].seconds(asked, here) for kind in turns}
        if number >= 2:  # what is imported and cached is there by now
            found.append(seconds)
    return found


def _ratio(found: Sequence[Round], kind: str, clock: int) -> float:
    medians = [statistics.median(one[name][clock] for one in found) for name in (kind, _REFERENCE)]
    return medians[0] / medians[1]


def _interval(found: list[Round], kind: str, clock: int) -> tuple[float, float]:
    """Where the ratio of the medians lies with 95 % confidence."""
    draw = random.Random(9)
    ratios = sorted(_ratio(draw.choices(found, k=len(found)), kind, clock) for _ in range(_RESAMPLED))
    return ratios[_RESAMPLED // 40], ratios[-_RESAMPLED // 40]


def _report(setting: str, level: str, found: list[Round]) -> bool:
    """Print the medians of a level; whether they are alike."""
    held = True
    for clock, name in enumerate(("wall", "processor")):
        print(f"\n{setting}, level {level}, {name}'s clock")
        for kind in _KINDS[setting]:
            seconds = [one[kind][clock] for one in found]
            ratio, (low, high) = _ratio(found, kind, clock), _interval(found, kind, clock)
            held = held and (abs(ratio - 1) <= _AT_MOST or low <= 1 <= high)
            told = "" if kind == _REFERENCE else f"   {ratio:.3f} of it ({low:.3f} to {high:.3f})"
            print(
                f"  {kind:15} median {statistics.median(seconds) * 1000:7.2f} ms"
                f"   least {min(seconds) * 1000:7.2f} ms{told}",
                flush=True,
            )
    return held


def main() -> int:
    """Print the figures of every way to an answer."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("-n", type=int, default=_ROUNDS, metavar="N", help="rounds (40)")
    parser.add_argument("--setting", choices=list(_KINDS), help="one of them only")
    options = parser.parse_args()
    held = True
    with tempfile.TemporaryDirectory() as folder:
        embedder = load_default()
        for setting in [options.setting] if options.setting else _KINDS:
            kinds = {kind: _asking(Path(folder), setting, kind, embedder) for kind in _KINDS[setting]}
            numbers = itertools.count(1)
            for level in _LEVELS[setting]:
                held = _report(setting, level, _measured(level, options.n, kinds, numbers)) and held
            for one in kinds.values():
                one.wallet.close()
    print(f"\nload average over the last minute: {os.getloadavg()[0]:.1f} on {os.cpu_count()} processors")
    return 0 if held else 1


if __name__ == "__main__":
    raise SystemExit(main())
