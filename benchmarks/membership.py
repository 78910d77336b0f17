"""Whether one statement is in the profile: what an attacker finds out, against what epsilon allows.

The attacker knows the whole profile but for one statement, and whether the owner holds that one is decided
by a coin. They ask the question in which it tells most, and say "in" or "out" from the answer. Each row is
run some thousands of times with the statement in and as often with it out, with the real mechanisms.

- epsilon: the least epsilon that a mechanism with so often these guesses can have, by Clopper-Pearson bounds.
  It must not exceed what was charged. It can't reach it where no question separates the two cases fully.
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
from functools import partial

import numpy as np

from ipse.disclosure.budgets import Budgets
from ipse.preferences.privacy.bands import Release, bands, laplace
from ipse.preferences.privacy.choice import Draw, choose, count

_RUNS = 20_000
_CONFIDENCE = 0.95
_UNRELATED = 0.3


@dataclass(frozen=True)
class Attack:
    """A question, and the guess from its answers; `epsilon` is what they are charged, in thousandths."""

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
    """Run the attack so often with the statement in, and with it out."""
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


def choice_attack(
    epsilon: int, candidates: int, size: int, ahead: float, draw: Draw, answers: int = 1
) -> Attack:
    """Candidates of which the first is the statement's own text, each other one `ahead` by other statements.

    Of several `answers`, each about texts of its own, the attacker looks for the statement's in any.
    """
    texts = np.eye(candidates, 64, dtype=np.float32)
    whole, part = divmod(ahead, 1)
    others = np.repeat(texts[1:], int(whole) + (part > 0), axis=0)
    weights = ([1.0] * int(whole) + [part] * (part > 0)) * (candidates - 1)

    votes = {
        inside: count(
            np.concatenate([texts[:1], others])[not inside :], [1.0, *weights][not inside :], texts,
            unrelated=_UNRELATED,
        )
        for inside in (True, False)
    }  # fmt: skip

    def guesses_in(inside: bool) -> bool:
        return any(0 in choose(votes[inside], size, epsilon, draw) for _ in range(answers))

    name = f"choose {size} of {candidates}, {ahead:g} votes behind"
    name += f", {answers} answers" if answers > 1 else ""
    return Attack(name, epsilon * answers, guesses_in)


def bands_attack(epsilon: int, ahead: int, release: Release, answers: int = 1) -> Attack:
    """A topic that is liked twice as much as disliked and `ahead` votes more; the statement dislikes it.

    Of several `answers`, the attacker looks for one that is not "high".
    """
    dislikes = 10
    likes = 2 * dislikes + ahead
    weights = np.array([-1.0] + [1.0] * likes + [-1.0] * dislikes)
    shares = np.ones((len(weights), 1))

    def guesses_in(inside: bool) -> bool:
        rows = slice(None) if inside else slice(1, None)
        told = [bands(shares[rows], weights[rows], epsilon, release) for _ in range(answers)]
        return any(band != "high" for (band,) in told)

    name = f"bands, {ahead} votes above high"
    name += f", {answers} answers" if answers > 1 else ""
    return Attack(name, epsilon * answers, guesses_in)


def attacks(draw: Draw = secrets.randbelow, release: Release = laplace) -> list[Attack]:
    """The rows: single answers at three epsilons, then all that the default budgets pay for."""
    found = []
    for epsilon in (500, 1000, 2000):
        found += [
            choice_attack(epsilon, 2, 1, 0.5, draw),
            choice_attack(epsilon, 20, 1, 0, draw),
            choice_attack(epsilon, 20, 3, 1, draw),
            bands_attack(epsilon, 1, release),
            bands_attack(epsilon, 4, release),
        ]
    budgets = Budgets()
    for budget in (budgets.application, budgets.overall):
        answers = budget // budgets.answer
        found += [
            choice_attack(budgets.answer, 2, 1, 0.5, draw, answers),
            choice_attack(budgets.answer, 20, 3, 1, draw, answers),
            bands_attack(budgets.answer, 4, release, answers),
        ]
    return found


def audited(rows: Sequence[Attack], runs: int) -> Iterator[Finding]:
    """Every row, with bounds that hold for all of them together."""
    return map(partial(audit, runs=runs, confidence=1 - (1 - _CONFIDENCE) / len(rows)), rows)


def main() -> int:
    """Print the table; 1 where a bound is exceeded."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--runs", type=int, default=_RUNS, help="runs with the statement in, and out")
    runs = parser.parse_args().runs
    print(f"membership of one statement, {runs:,} runs in and {runs:,} out of each row")
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
