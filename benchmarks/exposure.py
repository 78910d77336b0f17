"""How well the exposure meter reads what applications could foretell, beside an adversary not used by it.

    .venv/bin/python benchmarks/exposure.py --cache FOLDER

The adversary (exact_answers.py) is a Gaussian process with the covariance of a population; its prior is of
people who are not attacked. It hears the same exact answers, 3 of 20 texts of an application's catalogue, as
the meter (`ipse.disclosure.exposure`), and is judged on 400 other texts of that catalogue. Statements: 200 a
person.

Printed for 1, 5 and 20 answers, for made people ("topics", "everyday") and users of MovieLens ("films"), of
rho with `rank` and of the share of the next top 3 of 20: what the meter reads, what the adversary reaches,
the mean error of the reading with half of its 95 % interval over people, and in what part of cases the
reading is too low by more than .1. Each person has four transcripts. Users of MovieLens
are drawn with repetition.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from exact_answers import Answer, Catalogue, GaussianProcess, answers, catalogue, judged, setting
from private_summary.lab import interval
from private_summary.running import RUN, started
from private_summary.worlds import Doubles, World, all_worlds, people

from ipse.disclosure import exposure

COUNTS = (1, 5, 20)
SIZE, OFFERED, TOP = 200, 20, 3
WORLDS = ("topics", "everyday", "films")
UNDER = 0.1
DRAWS = 4
"""Transcripts of each person."""


def transcript(told: Sequence[Answer], known: Catalogue) -> list[exposure.Told]:
    """The answers as they are kept."""
    count = exposure.bits(OFFERED, TOP)
    return [exposure.remember(known.vectors[one.rows], [list(range(one.told))], count) for one in told]


def read(told: Sequence[Answer], known: Catalogue, scores: Doubles) -> exposure.Exposure:
    """The reading. What was told comes first in an answer, then what was not: all of it is kept."""
    return exposure.reading(
        transcript(told, known),
        known.vectors[known.topics],
        scores[known.topics],
        [scores[one.rows] for one in told],
    )


def report(world: World) -> None:
    known = catalogue(world)
    adversary = GaussianProcess(known, setting(world))
    some = [known.of(world, one) for one in people(world, SIZE, RUN.people)]
    for count in COUNTS:
        rows = []
        for number, scores in enumerate(some):
            for draw in range(DRAWS):
                told = answers(scores, OFFERED, count, np.random.default_rng([41, count, number, draw]))
                foretold, reading = adversary.foretold(told), read(told, known, scores)
                reached = judged(foretold[known.fresh], scores[known.fresh])
                rows.append((reading.rho, reading.share, *reached))
        table = np.array(rows)
        cells = []
        for column in (0, 1):
            error = table[:, column] - table[:, column + 2]
            mean, half = interval(error.reshape(-1, DRAWS).mean(axis=1))
            cells.append(
                f"{table[:, column].mean():6.2f}{table[:, column + 2].mean():9.2f}"
                f"  {mean:+.3f} ±{half:.3f}{(error < -UNDER).mean():8.2f}"
            )
        print(f"{world.name:10}{count:7}{len(some):5}  " + "  |".join(cells), flush=True)


def main() -> None:
    RUN.worlds = tuple(name for name in WORLDS if not RUN.worlds or name in RUN.worlds)
    print(f"{'':22}  {'rho':^39}  |{'share of the next top 3':^40}")
    heads = f"{'meter':>6}{'reached':>9}  {'error':13}{'under':>8}"
    print(f"{'world':10}{'answers':>7}{'n':>5}  {heads}  |{heads}")
    for world in all_worlds():
        report(world)


if __name__ == "__main__":
    with started(__doc__):
        main()
