"""What adversaries learn of a taste: from private answers under a grant, and from exact answers of the owner.

    .venv/bin/python benchmarks/attack.py --cache FOLDER

Private answers, at 50, 200 and 1,000 statements: the cosine between the direction that is recovered and the
true one, which is the sum of a person's statements' vectors by their weights, less what everybody has in
common. Seven adversaries (adversaries.py) ask 10,000 questions of one unchanged profile in one window, as one
application and as 100 that share; two of these have a summary, and the others are told nothing. As all
answers are functions of the summaries, five others hold these outright: that of one application, and the two
of a window, those of 3 windows and of 10; beside them, what they make of noise alone. Candidates are texts of
a world and of the published topics.
Exit 1 where the strongest is above .30 for one window.

Exact answers, at 200 statements: what four adversaries know after 1, 5, 20 and 100 of them, for the top 3 and
for the order of 20, 100 and 500 candidates of a catalogue: the cosine, Spearman's rho with `rank` on texts
that were not asked about, and the share of the next top 3 of 20. `rank` itself is what is foretold, so this
has no bar: the owner sees each answer, and the exposure meter says what all of them tell.

Which adversary is strongest is found on one half of the people and told of the other. People are those of
benchmarks/private_summary ("topics", "everyday", "films"); what adversaries know before they ask comes from
people who are not attacked. Users of MovieLens are drawn with repetition.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping, Sequence

import numpy as np
from adversaries import ADVERSARIES, TOP, Catalogue, Chosen, Doubles, Holder, Questions, Rows, cosine, linear
from exact_answers import Answer, GaussianProcess, answers, catalogue, judged, setting, summed
from private_summary import lab
from private_summary.running import RUN, started
from private_summary.worlds import Floats, Person, World, all_worlds, people, published

from ipse.disclosure.foretelling import Heard, Part, Population
from ipse.preferences.privacy import summary

BAR = 0.30
QUESTIONS = 10_000
SIZES = (50, 200, 1000)
WORLDS = ("topics", "everyday", "films")
WINDOWS = (1, 3, 10)
HELD = ((0, 0), (1, 1), *((count, summary.APPLICATIONS) for count in WINDOWS))
"""Windows, and applications whose summaries of each are held; 0 for noise alone."""
DRAWS = 3
"""Sets of summaries of each person that are held outright."""
ASKED = 12
"""People at most who are asked, and who answer exactly."""
LEAST = 0.04
"""Resolution below which a private answer abstains."""
WORDINGS = 10
OFFERED, COUNTS = (20, 100, 500), (1, 5, 20, 100)
MOST_ROWS = 10_000
"""Rows up to which Bradley-Terry runs."""


class Wallet:
    """Answers from summaries: each question from the next of them."""

    def __init__(self, held: Sequence[summary.NoisyCounts], reads: Floats) -> None:
        """`reads`: float32 (n, t), how much each text is about each topic."""
        self.reads, self.lengths = reads, np.einsum("nt,nt->n", reads, reads)
        self.scores = np.stack([reads @ np.array(one.counts, float) for one in held])
        self.asked = 0

    def ask(self, asked: Rows) -> Chosen:
        """bool (questions, candidates): what is chosen, nothing where the answer abstains."""
        which = (self.asked + np.arange(len(asked))) % len(self.scores)
        self.asked += len(asked)
        top = TOP if asked.shape[1] > 2 else 1
        best = np.argsort(-self.scores[which[:, None], asked], axis=1, kind="stable")[:, :top]
        chosen = np.zeros(asked.shape, bool)
        np.put_along_axis(chosen, best, values=True, axis=1)
        middle = self.reads[asked].mean(axis=1)
        resolution = (self.lengths[asked].mean(axis=1) - (middle**2).sum(axis=1)) / 0.95
        told: Chosen = chosen & (resolution >= LEAST)[:, None]
        return told


def interrogate(asking: Questions, wallet: Wallet, questions: int) -> None:
    asked = next(asking)
    while wallet.asked < questions:
        asked = asking.send(wallet.ask(asked))


def drawn(
    world: World,
    person: Person,
    topics: Floats,
    windows: int,
    rng: np.random.Generator,
    *,
    votes: bool = True,
) -> list[summary.NoisyCounts]:
    """The summaries of so many windows, those of one window after the other; without `votes`, noise alone."""
    texts = [world.texts[row] for row in person.rows]
    sums, count = summary.votes(texts, world.vectors[person.rows], person.weights, topics)
    sums = sums if votes else [0] * len(sums)
    return [
        one for _ in range(windows) for one in summary.draw(sums, count, lambda most: int(rng.integers(most)))
    ]


def joined(held: Sequence[summary.NoisyCounts]) -> tuple[Doubles, float]:
    """The mean of summaries, weighed by their noise, in votes, and the variance of its noise."""
    weights = np.array([float(summary.VOTE / one.scale) ** 2 for one in held])
    counts = np.array([one.counts for one in held], float) / summary.VOTE
    return weights @ counts / weights.sum(), 2 / float(weights.sum())


def known_to_all(world: World, topics: Floats, directions: Doubles) -> Catalogue:
    """A world's texts, and the topics."""
    texts = np.concatenate([world.vectors, topics])
    kinds = np.arange(len(world.vectors), len(texts))
    near = np.argsort(-(topics @ texts.T), axis=1)[:, :WORDINGS]
    lengths, axes = np.linalg.eigh(np.cov(directions.T))
    return Catalogue(texts, kinds, near, (axes * np.sqrt(np.clip(lengths, 0, None))) @ axes.T)


def asked_of(
    world: World, size: int, topics: Floats, questions: int, applications: int
) -> dict[str, list[float]]:
    """The cosines that each adversary who asks reaches, as it is and made better."""
    catalogue = known_to_all(world, topics, lab.prior_of(world.name, size)[1])
    reads = lab.soft(topics, 10)(catalogue.texts).astype(np.float32)
    found: defaultdict[str, list[float]] = defaultdict(list)
    for number, person in enumerate(lab.attacked(world.name, size)[:ASKED]):
        held = drawn(world, person, topics, 1, np.random.default_rng([43, size, number]))
        for name, adversary in ADVERSARIES.items():
            guess = np.zeros(len(catalogue.texts))
            asking = adversary(catalogue, guess, np.random.default_rng([7, number]))
            interrogate(asking, Wallet(held[:applications], reads), questions)
            direction = guess @ catalogue.texts.astype(np.float64)
            found[name].append(cosine(direction, person.truth))
            found[f"{name}, made better"].append(cosine(linear(catalogue, direction), person.truth))
    return found


def held_of(world: World, size: int, topics: Floats) -> dict[tuple[int, int], dict[str, list[float]]]:
    """For some windows and applications: the cosines of those who hold the summaries."""
    some, directions = lab.prior_of(world.name, size)
    votes = lab.nearest(topics)(world.vectors)
    clean = np.stack([lab.votes_of(weights, True) @ votes[rows] for rows, weights in some])
    apart = (topics - world.vectors.mean(axis=0)).astype(float)
    attacked = lab.attacked(world.name, size)
    told, noise, each = [], [], summary.APPLICATIONS
    for number, person in enumerate(attacked):
        rng = np.random.default_rng([43, size, number])
        told += [drawn(world, person, topics, max(WINDOWS), rng) for _ in range(DRAWS)]
        noise += [drawn(world, person, topics, 1, rng, votes=False) for _ in range(DRAWS)]
    found = {}
    for windows, applications in HELD:
        own = [
            joined([one for place, one in enumerate(held[: windows * each]) if place % each < applications])
            if windows
            else joined(empty)
            for held, empty in zip(told, noise, strict=True)
        ]
        adversaries = Holder(clean, directions, apart, float(np.median([variance for _, variance in own])))
        guesses = adversaries.guesses(np.stack([counts for counts, _ in own]))
        found[windows, applications] = {
            name: [
                float(np.mean([cosine(one, person.truth) for one in guess[number * DRAWS :][:DRAWS]]))
                for number, person in enumerate(attacked)
            ]
            for name, guess in guesses.items()
        }
    return found


def strongest(found: Mapping[str, Sequence[float]]) -> tuple[str, float, float]:
    """The adversary that does best on one half, and its mean on the other with half of the 95 % interval.

    Over both ways round.
    """
    half = len(next(iter(found.values()))) // 2
    parts = [(slice(0, half), slice(half, None)), (slice(half, None), slice(0, half))]
    names = [max(found, key=lambda one: float(np.mean(found[one][part]))) for part, _ in parts]
    told = [found[name][part] for name, (_, part) in zip(names, parts, strict=True)]
    mean = sum(float(np.mean(values)) for values in told) / 2
    everybody = np.concatenate(told)
    width = 1.96 * float(np.std(everybody)) / len(everybody) ** 0.5
    return max(zip(map(np.mean, told), names, strict=True))[1], mean, width


def report_held(world: World, topics: Floats) -> bool:
    """Print what the summaries tell; whether the bar holds."""
    held = True
    for size in SIZES:
        cells = []
        for (windows, _), found in held_of(world, size, topics).items():
            name, figure, width = strongest(found)
            cells.append(f"{figure:.2f} ±{width:.2f} {name}")
            held &= figure <= BAR or windows > 1
        print(f"{world.name:9}{size:6,}  " + "".join(f"{cell:<28}" for cell in cells).rstrip(), flush=True)
    return held


def report_asked(world: World, topics: Floats) -> bool:
    """Print what questions tell; whether the bar holds."""
    held = True
    for size in SIZES:
        cells = []
        for applications in (1, summary.APPLICATIONS):
            found = asked_of(world, size, topics, QUESTIONS, applications)
            name, figure, width = strongest(found)
            cells.append(f"{figure:.2f} ±{width:.2f} {name}")
            held &= figure <= BAR
            agents = {name: cosines for name, cosines in found.items() if name.startswith("reworded")}
            cells.append(f"{strongest(agents)[1]:.2f}")
        line = f"{cells[0]:<46}{cells[1]:<12}{cells[2]:<46}{cells[3]}"
        print(f"{world.name:9}{size:6,}  {line}", flush=True)
    return held


def bradley_terry(told: Sequence[Answer], vectors: Floats, population: Population) -> Doubles:
    """The direction that the meter's own learner finds, without a prior."""
    none = np.zeros(0)
    parts = [
        Part(
            vectors[one.rows],
            tuple(np.minimum(np.arange(len(one.rows)), one.told) if one.ordered else _two_tiers(one)),
            1.0,
            np.zeros(0, np.intp),
            none,
        )
        for one in told
    ]
    heard = Heard(parts)
    guesses = heard.guesses(population)
    steps = 3
    found: Doubles = guesses[:, (steps - 1) * guesses.shape[1] // steps, 0].astype(np.float64)
    return found


def _two_tiers(answer: Answer) -> list[int]:
    return [int(place >= answer.told) for place in range(len(answer.rows))]


def report_owner(world: World, size: int = 200) -> None:
    """Print the curves of exact answers."""
    known = catalogue(world)
    process = GaussianProcess(known, setting(world))
    spread, population = (
        np.cov(lab.prior_of(world.name, size)[1].T),
        Population.of(known.vectors[known.topics]),
    )
    some = people(world, size, RUN.people)[:ASKED]
    scores = [known.of(world, person) for person in some]
    texts = known.vectors - known.vectors.mean(axis=0)
    for ordered in (False, True):
        for offered in OFFERED:
            cells = []
            for count in COUNTS:
                found: list[defaultdict[str, list[float]]] = [defaultdict(list) for _ in range(3)]
                for number, person in enumerate(some):
                    rng = np.random.default_rng([47, offered, count, number])
                    told = answers(scores[number], offered, count, rng, ordered=ordered)
                    plain, process_scores = summed(told, known.vectors), process.foretold(told)
                    directions = {"sum": plain, "covariance": spread @ plain}
                    if offered * count <= MOST_ROWS:
                        directions["Bradley-Terry"] = bradley_terry(told, known.vectors, population)
                    guesses = {name: texts @ direction for name, direction in directions.items()}
                    guesses["Gaussian process"] = process_scores
                    directions["Gaussian process"] = (process_scores - process_scores.mean()) @ texts
                    for name, guess in guesses.items():
                        found[0][name].append(cosine(directions[name], person.truth))
                        rho, share = judged(guess[known.fresh], scores[number][known.fresh])
                        found[1][name].append(rho)
                        found[2][name].append(share)
                cells.append(" ".join(f"{strongest(one)[1]:.2f}" for one in found))
            kind = "order of" if ordered else "top 3 of"
            print(f"{world.name:9}{kind:>9}{offered:4}   " + "   ".join(cells), flush=True)


def main() -> int:
    RUN.worlds = tuple(name for name in WORLDS if not RUN.worlds or name in RUN.worlds)
    worlds, topics, held = all_worlds(), published(), True
    lab.register(worlds)
    print(f"Private answers: cosine of the strongest adversary, bar {BAR:.2f} for one window\n")
    heads = [
        "holds noise alone",
        "one summary",
        *(f"all of {count} window{'s' * (count > 1)}" for count in WINDOWS),
    ]
    print(f"{'':17}" + "".join(f"{head:<28}" for head in heads).rstrip())
    for world in worlds:
        held &= report_held(world, topics)
    heads = [f"{'one application':46}", f"{'reworded':12}", f"{'100 that share':46}", "reworded"]
    print(f"\n{QUESTIONS:,} questions\n\n{'':17}" + "".join(heads))
    for world in worlds:
        held &= report_asked(world, topics)
    print("\nthe bar holds" if held else "\nTHE BAR DOES NOT HOLD")
    print("\nExact answers: cosine, rho, share of the next top 3 (chance 0, 0, .15)\n")
    print(f"{'answers':25}" + "   ".join(f"{count:^14}" for count in COUNTS))
    for world in worlds:
        report_owner(world)
    return 0 if held else 1


if __name__ == "__main__":
    with started(__doc__):
        code = main()
    raise SystemExit(code)
