"""Whether the time to an answer tells what kind of answer it is: all of them take the same turns.

A wallet of an application's user answers under a grant, with the real embeddings, in one process:

- answered: 200 statements, open topics, budget enough
- budget spent: the same, with nothing left
- closed topic: the same, but that the owner closed what all four are asked about
- empty profile: nothing said so far, so that the answer is drawn from noise alone

Each is asked something new every time, one after the other in turns, in a wallet of its own. Printed are the
medians from request to answer, and their ratio to the one that is answered, with a 95 % interval by
resampling the rounds; once by the clock on the wall, once by the processor's time, which other processes do
not disturb as much. Exit code 1 where a median is off by more than a tenth and the interval excludes 1.
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

from ipse.disclosure import questions
from ipse.disclosure.budgets import WINDOW
from ipse.disclosure.levels.bands import Bands
from ipse.disclosure.levels.candidates import numbered
from ipse.disclosure.levels.choose import Choose
from ipse.disclosure.levels.level import Asked
from ipse.disclosure.proposals import Decision, Proposal
from ipse.encoding.strict_json import JsonObject
from ipse.encoding.timestamps import format_timestamp
from ipse.preferences import topics
from ipse.preferences.embedding import Embedder, open_embedder
from ipse.preferences.topics import Topic
from ipse.storage.places import Places
from ipse.storage.statements import NewStatement
from ipse.wallet import disclosure
from ipse.wallet.disclosure import budgets
from ipse.wallet.profile.remembering import remember
from ipse.wallet.profile.topics import set_topic_access
from ipse.wallet.wallet import Wallet

_PARTY = "https://shop.example"
_STATEMENTS = 200
_CANDIDATES = 20
_TOPICS = 10
_ROUNDS = 40
_RESAMPLED = 2000
_AT_MOST = 0.1
_BEGAN = datetime(2026, 2, 2, 12, tzinfo=UTC)
_REFERENCE = "answered"
Round = dict[str, tuple[float, float]]
"""Seconds of each kind, on the wall's clock and the processor's."""
_KINDS = (_REFERENCE, "budget spent", "closed topic", "empty profile")


@dataclass(frozen=True)
class Asking:
    """A wallet in one of the four states, and new questions to it at one level."""

    wallet: Wallet
    embedder: Embedder
    asked: Iterator[Asked]

    def seconds(self, now: datetime) -> tuple[float, float]:
        """From the request to the answer that could be printed: on the wall's clock, and the processor's."""
        request = _request(next(self.asked), now)
        start, worked = time.perf_counter(), time.process_time()
        disclosure.ask(self.wallet, lambda: self.embedder, request, consent=_nobody, now=now)
        return time.perf_counter() - start, time.process_time() - worked


def _nobody(proposal: Proposal) -> Decision:
    raise AssertionError(f"no grant covers {proposal.question.level}")


def _request(asked: Asked, now: datetime) -> JsonObject | str:
    return questions.build_request(
        address=_PARTY, purpose="to measure", asked=asked, retention=timedelta(days=1), issued=now,
        lifetime=timedelta(hours=1),
    )  # fmt: skip


def _subjects() -> list[Topic]:
    """The topics that questions are about."""
    return [topic for topic in topics.published().topics if not topic.sensitive][: 2 * _TOPICS]


def _asked(level: str) -> Iterator[Asked]:
    """New questions without end, all of one size, the same for every wallet."""
    draw = random.Random(7)
    for number in itertools.count():
        some = draw.sample(_subjects(), _TOPICS)
        if level == "bands":
            yield Bands(tuple(topic.id for topic in some))
        else:
            texts = [f"{one.means}, volume {number}.{row}" for row in range(2) for one in some]
            yield Choose(numbered(texts[:_CANDIDATES]), 3)


def _wallet(folder: Path, kind: str, embedder: Embedder) -> Wallet:
    places = Places(folder / kind, folder / "cache")
    wallet = Wallet.create(places, keystore="file", passphrase=lambda: b"benchmark", now=_BEGAN)
    draw = random.Random(5)
    said = [
        NewStatement(text, draw.choice((-1.0, 0.5, 1.0)), "said", valid_from=format_timestamp(_BEGAN))
        for text in short_texts(_STATEMENTS)
    ]
    if kind != "empty profile":
        remember(wallet, embedder, said, now=_BEGAN)
    if kind == "budget spent":
        budgets.change(wallet, application=0)
    for topic in _subjects():
        set_topic_access(wallet, topic.id, open=kind != "closed topic")
    for level in ("choose", "bands"):
        disclosure.grant(
            wallet, _PARTY, level=level, now=_BEGAN, expires=_BEGAN + timedelta(days=36500), unsigned=True
        )
    return wallet


def _measured(level: str, rounds: int, wallets: dict[str, Wallet], embedder: Embedder) -> list[Round]:
    """What every kind took in each round; each round lies in a window of its own."""
    asking = {kind: Asking(wallet, embedder, _asked(level)) for kind, wallet in wallets.items()}
    draw, found = random.Random(8), []
    began = _BEGAN if level == "choose" else _BEGAN + 2 * (rounds + 3) * WINDOW
    for number in range(rounds + 2):
        now = began + 2 * number * WINDOW
        turns = draw.sample(_KINDS, len(_KINDS))
        seconds = {kind: asking[kind].seconds(now) for kind in turns}
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


def _report(level: str, found: list[Round]) -> bool:
    """Print the medians of a level; whether they are alike."""
    held = True
    for clock, name in enumerate(("wall", "processor")):
        print(f"\nlevel {level}, {name}'s clock")
        for kind in _KINDS:
            seconds = [one[kind][clock] for one in found]
            ratio, (low, high) = _ratio(found, kind, clock), _interval(found, kind, clock)
            held = held and (abs(ratio - 1) <= _AT_MOST or low <= 1 <= high)
            told = "" if kind == _REFERENCE else f"   {ratio:.3f} of it ({low:.3f} to {high:.3f})"
            print(
                f"  {kind:14} median {statistics.median(seconds) * 1000:7.2f} ms"
                f"   least {min(seconds) * 1000:7.2f} ms{told}"
            )
    return held


def main() -> int:
    """Print the figures of both levels that cost something."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("-n", type=int, default=_ROUNDS, metavar="N", help="rounds (40)")
    parser.add_argument("--models", type=Path, help="the cache folder of the compiled model")
    options = parser.parse_args()
    held = True
    with tempfile.TemporaryDirectory() as folder:
        embedder = open_embedder(options.models or Path(folder))
        wallets = {kind: _wallet(Path(folder), kind, embedder) for kind in _KINDS}
        for level in ("choose", "bands"):
            held = _report(level, _measured(level, options.n, wallets, embedder)) and held
        for wallet in wallets.values():
            wallet.close()
    print(f"\nload average over the last minute: {os.getloadavg()[0]:.1f} on {os.cpu_count()} processors")
    return 0 if held else 1


if __name__ == "__main__":
    raise SystemExit(main())
