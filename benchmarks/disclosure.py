"""What an application is answered: how much of what the owner likes each method finds.

    .venv/bin/python benchmarks/disclosure.py --cache FOLDER

Questions ask for 3 of 20 candidates. Printed is the share of the true 3 that an answer has: those of
`profile rank`, and for films also what the owner really liked, by the ratings that were held out. Means over
people, with half of the 95 % interval; draws of one person are averaged first.

- chance: any three.
- owner: the answer of the consent page, which the taste model picks. It must be that of `rank`: exit 1
  where it is not.
- private: the answer under a grant, read from one of the summaries of a window, where it does not abstain;
  "abstains": the share of questions where it does; "if it spoke": without abstaining.
- before: one answer of the former mechanism, which drew about 50 statements, let each vote for the nearest
  candidate, and chose by these votes with noise, for an epsilon of .5.
- prior: what other people like on average, by their own `rank`. It knows nothing of the owner, but
  what others gave to a film.

Worlds are those of benchmarks/private_summary: "topics", "everyday" and "written" people, and "films": the
users of MovieLens with an even number, in two halves, of which each is the prior of the other. Some of the
taste model's constants were chosen on one half. Films are 10 that a user liked (4 stars on) and 10 that they
did not (2.5 at most), none of which they stated; "1,000" are users with 600 ratings or more.
"offers" are 20 of 60 candidates that an application would write itself. "written" people are twelve at 50
statements, any five together at 200 and all together at 1,000: with so few, their intervals are too narrow.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from itertools import combinations

import numpy as np
from private_summary.offers import OFFERS
from private_summary.population import TODAY, opinions, population, ranked
from private_summary.running import RUN, started
from private_summary.worlds import (
    TOP,
    Cached,
    Doubles,
    Floats,
    Rows,
    World,
    film_ratings,
    merged,
    of_everyday,
    of_films,
    of_topics,
    of_written,
    people,
    published,
)

from ipse.preferences import taste, topics
from ipse.preferences.privacy import summary
from ipse.preferences.taste import Texts

SIZES = (50, 200, 1000)
DRAWS = 10
OFFERED = 20
PICKS = 5
LEAST = 0.04
"""Resolution below which the private answer abstains."""
EPSILON, COUNTING, VOTERS = 0.475, 0.025, 50
"""Of an answer before: what its choice costs, what counting the statements costs, and about how many vote."""
SETS = np.array(list(combinations(range(OFFERED), TOP)))
METHODS = ("chance", "owner", "private", "if it spoke", "before", "prior")


@dataclass(frozen=True)
class Question:
    """20 candidates: their `texts` and `vectors`; `scores` of `rank`; `usual`: the mean score in the prior;
    `liked`: what the owner really liked, where that is known."""

    texts: Sequence[str]
    vectors: Floats
    scores: Doubles
    usual: Doubles
    liked: Rows | None = None


@dataclass(frozen=True)
class Owner:
    """Statements, as rows of a world's texts, and the questions that are asked."""

    rows: Rows
    weights: Doubles
    questions: list[Question]


@dataclass
class Found:
    """For each method: a share for each person."""

    rank: defaultdict[str, list[float]] = field(default_factory=lambda: defaultdict(list))
    liked: defaultdict[str, list[float]] = field(default_factory=lambda: defaultdict(list))
    abstains: list[float] = field(default_factory=list)


def best(scores: Doubles) -> Rows:
    return np.argsort(-scores, axis=-1, kind="stable")[..., :TOP]


def by_owner(world: World, owner: Owner, question: Question) -> Rows:
    """The three that the taste model puts first."""
    known = taste.fit(opinions(world, owner.rows, owner.weights))
    asked = Texts.of(list(question.texts), question.vectors)
    return np.array([row for row, _ in known.ranked(asked, TODAY)[:TOP]])


def before(
    world: World, owner: Owner, question: Question, unrelated: float, rng: np.random.Generator
) -> Rows:
    """(DRAWS, 3): the exponential mechanism over sets of three, by the votes of a sample."""
    cosines = world.vectors[owner.rows] @ question.vectors.T
    near = cosines.argmax(axis=1)
    weights = np.where(cosines.max(axis=1) > unrelated, np.clip(owner.weights, -1, 1), 0.0)
    votes = np.zeros((DRAWS, OFFERED))
    for draw in range(DRAWS):
        counted = len(weights) + rng.laplace(scale=1 / COUNTING)
        voting = rng.random(len(weights)) < VOTERS / max(counted, VOTERS)
        np.add.at(votes[draw], near[voting], weights[voting])
    powers = EPSILON * votes[:, SETS].sum(axis=2)
    drawn: Rows = SETS[(powers + rng.gumbel(size=powers.shape)).argmax(axis=1)]
    return drawn


def of_world(world: World, size: int) -> list[Owner]:
    """People who are asked for 20 texts of their world."""
    usual = population(world, world.texts, world.vectors).mean(axis=0)
    return [
        Owner(
            one.rows,
            one.weights,
            [
                Question(
                    [world.texts[row] for row in one.offered],
                    world.vectors[one.offered],
                    one.scores,
                    usual[one.offered],
                )
            ],
        )
        for one in people(world, size, RUN.people)
    ]


def of_offers(world: World, size: int, vectors: Floats) -> list[Owner]:
    """The same people, who are asked for 20 of the offers, PICKS times."""
    usual = population(world, OFFERS, vectors).mean(axis=0)
    found = []
    for number, one in enumerate(people(world, size, RUN.people)):
        rng = np.random.default_rng([3, size, number])
        scores = ranked(world, one.rows, one.weights, Texts.of(list(OFFERS), vectors))
        picks = [rng.choice(len(OFFERS), OFFERED, replace=False) for _ in range(PICKS)]
        questions = [
            Question([OFFERS[row] for row in pick], vectors[pick], scores[pick], usual[pick])
            for pick in picks
        ]
        found.append(Owner(one.rows, one.weights, questions))
    return found


def of_ratings(world: World, size: int, half: int) -> list[Owner]:
    """Users of a half, each once, who are asked for films that they rated and did not state."""
    ratings = film_ratings()
    assert ratings is not None
    usual = population(world, world.texts, world.vectors).mean(axis=0)
    found = []
    for user, given in sorted(ratings[1].items()):
        if user % 2 == 0 and user // 2 % 2 == half:
            owner = held_out(world, given, size, usual, np.random.default_rng([19, size, user]))
            found += [owner] if owner else []
    return found


def held_out(
    world: World, given: list[tuple[int, float]], size: int, usual: Doubles, rng: np.random.Generator
) -> Owner | None:
    """A user as an owner; None who has rated too few films."""
    half = OFFERED // 2
    liked = [row for row, weight in given if weight >= 0.5]
    other = [row for row, weight in given if weight <= -0.25]
    if min(len(liked), len(other)) < half or len(given) < {1000: 600}.get(size, size + OFFERED):
        return None
    held = np.concatenate([rng.choice(films, half, replace=False) for films in (liked, other)])
    order = rng.permutation(OFFERED)
    stated = [pair for pair in given if pair[0] not in set(held.tolist())]
    some = [stated[place] for place in rng.permutation(len(stated))[:size]]
    rows, weights = merged(np.array([row for row, _ in some]), np.array([weight for _, weight in some]))
    asked = held[order]
    texts = [world.texts[row] for row in asked]
    scores = ranked(world, rows, weights, Texts.of(texts, world.vectors[asked]))
    question = Question(texts, world.vectors[asked], scores, usual[asked], np.flatnonzero(order < half))
    return Owner(rows, weights, [question])


def drawn_by(rng: np.random.Generator) -> Callable[[int], int]:
    return lambda most: int(rng.integers(most))


def measured(world: World, owners: Sequence[Owner], known: Floats, unrelated: float) -> Found:
    """`known`: the vectors of the topics."""
    found = Found()
    for number, owner in enumerate(owners):
        rng = np.random.default_rng([23, number])
        texts = [world.texts[row] for row in owner.rows]
        sums, count = summary.votes(texts, world.vectors[owner.rows], owner.weights, known)
        held = [summary.draw(sums, count, drawn_by(rng))[0] for _ in range(DRAWS)]
        shares: defaultdict[tuple[bool, str], list[float]] = defaultdict(list)
        silent = []
        for question in owner.questions:
            told = {
                "chance": np.array([rng.permutation(OFFERED)[:TOP] for _ in range(DRAWS)]),
                "owner": by_owner(world, owner, question)[None],
                "if it spoke": best(np.stack([summary.scores(one, known, question.vectors) for one in held])),
                "before": before(world, owner, question, unrelated, rng),
                "prior": best(question.usual)[None],
            }
            silent.append(summary.resolution(known, question.vectors) < LEAST)
            if not silent[-1]:
                told["private"] = told["if it spoke"]
            for name, rows in told.items():
                shares[False, name].append(float(np.isin(rows, best(question.scores)).mean()))
                if question.liked is not None:
                    shares[True, name].append(float(np.isin(rows, question.liked).mean()))
        found.abstains.append(float(np.mean(silent)))
        for (really, name), values in shares.items():
            (found.liked if really else found.rank)[name].append(float(np.mean(values)))
    return found


def cell(values: Sequence[float]) -> str:
    """The mean and half of its 95 % interval."""
    if len(values) < 2:
        return f"{'-':^10}"
    return f"{np.mean(values):.2f} ±{1.96 * np.std(values, ddof=1) / len(values) ** 0.5:.3f}"


def report(name: str, size: int, found: Found) -> bool:
    """Print the rows of one world; whether the owner's answers are those of `rank`."""
    for what, shares in (("rank's top 3", found.rank), ("really liked", found.liked)):
        if shares:
            cells = "  ".join(f"{cell(shares[method]):>11}" for method in METHODS)
            silent = float(np.mean(found.abstains))
            print(f"{name:19}{size:6,}{len(found.abstains):5}  {what:13}{cells}  {silent:8.2f}", flush=True)
    return all(share == 1.0 for share in found.rank["owner"])


def prior_is(half: int) -> Callable[[int], bool]:
    return lambda user: user // 2 % 2 == half


def main() -> int:
    embedder, known = Cached(), published()
    background = topics.background(known)
    unrelated, same = background.mean + 1.5 * background.spread, True
    heads = "  ".join(f"{method:>11}" for method in METHODS)
    print(f"{'world':19}{'stmts':>6}{'n':>5}  {'share of':13}{heads}  abstains")
    offers = embedder.embed(list(OFFERS))
    wanted = [name for name in RUN.worlds if name] or ["topics", "everyday", "written", "films"]
    for name, make in (("topics", of_topics), ("everyday", of_everyday), ("written", of_written)):
        if name not in wanted:
            continue
        world = make(embedder)
        for size in SIZES:
            same &= report(name, size, measured(world, of_world(world, size), known, unrelated))
            asked = of_offers(world, size, offers)
            same &= report(f"{name}, offers", size, measured(world, asked, known, unrelated))
    halves = [of_films(embedder, f"films{half}", prior_is(1 - half)) for half in (0, 1)]
    for size in SIZES if "films" in wanted else ():
        owners = [
            owner for half, films in enumerate(halves) if films for owner in of_ratings(films, size, half)
        ]
        if halves[0] is None:
            print("MovieLens: not present")
            break
        order = np.random.default_rng(size).permutation(len(owners))[: RUN.people]
        same &= report(
            "films", size, measured(halves[0], [owners[place] for place in order], known, unrelated)
        )
    print("owner is rank" if same else "OWNER IS NOT RANK")
    return 0 if same else 1


if __name__ == "__main__":
    with started(__doc__):
        code = main()
    raise SystemExit(code)
