"""Whether one opinion is in the profile: what an attacker finds out, against what epsilon allows.

The attacker knows the whole profile but for one opinion, its topic and its vote, and whether the owner holds
it is decided by a coin. They hold every summary of the windows, those of all applications, and weigh how
likely the summaries are with the opinion and without it: by the count of its topic, and by the epsilon of the
noise, which tells of the number of opinions. No test of these summaries is better (J. Neyman and E. Pearson,
On the Problem of the Most Efficient Tests of Statistical Hypotheses, 1933). They say "in" where "in" is
likelier, which gives the largest advantage, or where they are as sure as in the clearest quarter of cases,
which shows more of epsilon. Each row is run some thousands of times with the opinion in and as often with it
out, with the real mechanism.

- epsilon: the least epsilon that a mechanism with so often these guesses can have, by Clopper-Pearson bounds.
  It must not exceed what was charged. A large profile is charged more than its noise costs.
- advantage: how much more often "in" is said when it is in than when it is out. It must not exceed
  (e^epsilon - 1) / (e^epsilon + 1), which an epsilon-differentially private answer can't go beyond.

The bounds hold for all rows together with 95 % confidence. Exit code 1 if one is exceeded.
"""

from __future__ import annotations

import argparse
import math
import secrets
import sys
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from functools import cache, partial

import numpy as np

from ipse.preferences.privacy import summary
from ipse.preferences.privacy.discrete_laplace import Draw
from ipse.preferences.privacy.summary import APPLICATIONS, COUNTING, EPSILON, STRENGTH, NoisyCounts

_RUNS = 20_000
_CONFIDENCE = 0.95
_TRIALS = 1000
"""Runs with the opinion in that show the attacker how sure they can be."""
_SURE = 0.75
_ROUNDING = 1e-9

Mechanism = Callable[[Sequence[int], int, Draw], list[NoisyCounts]]
"""Draw the summaries of a window, like summary.draw."""


@dataclass(frozen=True)
class Attack:
    """A guess from the summaries; `epsilon` is what they are charged, in thousandths."""

    name: str
    epsilon: int
    guesses_in: Callable[[bool], bool]


@dataclass(frozen=True)
class Finding:
    """What the guesses show. `epsilon_least` and `advantage_least` are lower bounds."""

    attack: Attack
    epsilon_least: float
    advantage: float
    advantage_least: float

    @property
    def epsilon_allowed(self) -> float:
        return self.attack.epsilon / 1000

    @property
    def advantage_allowed(self) -> float:
        return math.tanh(self.epsilon_allowed / 2)

    @property
    def exceeded(self) -> bool:
        return self.epsilon_least > self.epsilon_allowed or self.advantage_least > self.advantage_allowed


def audit(attack: Attack, runs: int, confidence: float) -> Finding:
    """Run the attack so often with the opinion in, and with it out."""
    said_in = sum(attack.guesses_in(True) for _ in range(runs))
    said_out = sum(attack.guesses_in(False) for _ in range(runs))
    each = 1 - (1 - confidence) / 2
    low_in, high_in = clopper_pearson(said_in, runs, each)
    low_out, high_out = clopper_pearson(said_out, runs, each)
    ratios = (
        (low_in, high_out), (low_out, high_in), (1 - high_out, 1 - low_in), (1 - high_in, 1 - low_out),
    )  # fmt: skip
    least = max(math.log(more / less) for more, less in ratios if more > 0 and less > 0)
    return Finding(attack, max(least, 0.0), (said_in - said_out) / runs, low_in - high_out)


def clopper_pearson(successes: int, trials: int, confidence: float) -> tuple[float, float]:
    """An interval that holds the probability of a success with at least `confidence`, both sides alike."""
    tail = (1 - confidence) / 2
    below = _edge(successes - 1, trials, 1 - tail) if successes else 0.0
    above = _edge(successes, trials, tail) if successes < trials else 1.0
    return below, above


def _edge(most: int, trials: int, level: float) -> float:
    """The probability at which `most` successes or fewer are as likely as `level`."""
    logs = np.concatenate([[0.0], np.cumsum(np.log(np.arange(1, trials + 1)))])
    times = np.arange(most + 1)
    ways = logs[trials] - logs[times] - logs[trials - times]
    least, largest = 0.0, 1.0
    for _ in range(50):
        middle = (least + largest) / 2
        at_most = np.exp(ways + times * math.log(middle) + (trials - times) * math.log1p(-middle)).sum()
        least, largest = (middle, largest) if at_most > level else (least, middle)
    return (least + largest) / 2


@dataclass(frozen=True)
class Profile:
    """An opinion about the first of two topics, and how many there are with it; the attacker knows the rest.

    `weight` is that of the opinion, which is said by so many `sources` in the same words.
    """

    opinions: int
    weight: float = 1.0
    sources: int = 1

    def votes(self, inside: bool) -> tuple[list[int], int]:
        """The votes for the two topics and the number of opinions, with the opinion or without it."""
        said = [f"I like coffee{'!' * source}" for source in range(self.sources)] * inside
        others = self.opinions - 1
        texts = [*said, *(f"thing {number}" for number in range(others))]
        weights = [self.weight] * len(said) + [(1.0, -1.0, 0.3)[number % 3] for number in range(others)]
        about = [0] * len(said) + [number % 2 for number in range(others)]
        topics = np.eye(2, dtype=np.float32)
        return summary.votes(texts, topics[about], weights, topics)


def attack(
    profile: Profile,
    windows: int = 1,
    *,
    sure: bool = False,
    draw: Draw = secrets.randbelow,
    mechanism: Mechanism = summary.draw,
) -> Attack:
    """Guess from all summaries of so many windows, in which the profile is the same."""
    held = {inside: profile.votes(inside) for inside in (True, False)}

    def evidence(inside: bool) -> float:
        return sum(
            log_likelihood_ratio(mechanism(*held[inside], draw), held[True], held[False])
            for _ in range(windows)
        )

    least = _ROUNDING
    if sure:
        least = float(np.quantile([evidence(True) for _ in range(_TRIALS)], _SURE)) - _ROUNDING
    name = f"{profile.opinions:,} opinion{'s' * (profile.opinions > 1)}"
    name += f", a vote of {2 * profile.weight:g}" if profile.weight < 0.5 else ""
    name += f", said {profile.sources} times" if profile.sources > 1 else ""
    name += f", {windows} windows" if windows > 1 else ""
    name += ", sure" if sure else ""
    return Attack(name, EPSILON * windows, lambda inside: evidence(inside) >= least)


def log_likelihood_ratio(
    summaries: Sequence[NoisyCounts], more: tuple[list[int], int], fewer: tuple[list[int], int]
) -> float:
    """How much likelier the summaries of a window are with `more` than with `fewer`: votes and opinions."""
    (one,) = {counts.epsilon for counts in summaries}
    found = _log_probability(one, more[1]) - _log_probability(one, fewer[1])
    for counts in summaries:
        for told, with_it, without_it in zip(counts.counts, more[0], fewer[0], strict=True):
            found += (abs(told - without_it) - abs(told - with_it)) / float(counts.scale)
    return found


@cache
def _log_probability(epsilon: int, opinions: int) -> float:
    """The logarithm of how likely a window of so many opinions has noise of this epsilon."""
    most = (EPSILON - COUNTING) * 1000 // APPLICATIONS
    least = -math.inf if epsilon == most else STRENGTH // (epsilon + 1) + 1
    largest = math.inf if epsilon == 1 else STRENGTH // epsilon
    scale = 1000 / COUNTING
    return math.log(_between(least - opinions, largest - opinions, scale))


def _between(least: float, most: float, scale: float) -> float:
    """How likely discrete Laplace noise of this scale is from `least` to `most`."""
    if most < 0:
        return _between(-most, -least, scale)
    if least <= 0:
        return 1 - _at_least(1 - least, scale) - _at_least(most + 1, scale)
    return _at_least(least, scale) - _at_least(most + 1, scale)


def _at_least(value: float, scale: float) -> float:
    """How likely the noise is `value` or more, which is above 0."""
    return math.exp(-value / scale) / (1 + math.exp(-1 / scale))


def attacks(draw: Draw = secrets.randbelow, mechanism: Mechanism = summary.draw) -> list[Attack]:
    """The rows: one window of small and large profiles, then several windows of them."""
    profiles = [
        *(Profile(opinions) for opinions in (1, 50, 200, 2000)),
        *(Profile(opinions, weight=0.25) for opinions in (1, 50, 200, 2000)),
        *(Profile(opinions, sources=5) for opinions in (1, 50, 200)),
    ]
    cases = [(profile, 1) for profile in profiles]
    cases += [(Profile(opinions), windows) for windows in (2, 3) for opinions in (1, 50, 200, 2000)]
    return [
        attack(profile, windows, sure=sure, draw=draw, mechanism=mechanism)
        for profile, windows in cases
        for sure in (False, True)
    ]


def audited(rows: Sequence[Attack], runs: int) -> Iterator[Finding]:
    """Every row, with bounds that hold for all of them together."""
    return map(partial(audit, runs=runs, confidence=1 - (1 - _CONFIDENCE) / len(rows)), rows)


def main() -> int:
    """Print the table; 1 where a bound is exceeded."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--runs", type=int, default=_RUNS, help="runs with the opinion in, and out")
    runs = parser.parse_args().runs
    print(f"membership of one opinion, {runs:,} runs in and {runs:,} out of each row")
    print(f"  {'':44} epsilon: at least, charged   advantage: found (at least), allowed")
    exceeded = False
    for finding in audited(attacks(), runs):
        exceeded |= finding.exceeded
        print(
            f"  {finding.attack.name:44}"
            f"          {finding.epsilon_least:6.3f}   {finding.epsilon_allowed:5.2f}"
            f"              {finding.advantage:6.3f} ({finding.advantage_least:6.3f})   "
            f"{finding.advantage_allowed:6.3f}{'   EXCEEDED' if finding.exceeded else ''}",
            flush=True,
        )
    return int(exceeded)


if __name__ == "__main__":
    sys.exit(main())
