"""Populations for the benchmarks of the private summary: texts, vectors, people, candidates and prior people.

"topics": people with Zipf-distributed interests among the published topics. "everyday": the same kind of
people over everyday.py. "written": the twelve people of benchmarks/people and unions of some of them.
"anchors": people with interests in neighbourhoods of texts. "films": MovieLens users; every other user is
attacked, the rest are the prior; 1,000 stands for 600 to 1,000.
"""

from __future__ import annotations

import csv
import hashlib
import json
import re
import time
from collections import defaultdict
from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from ipse.preferences import taste, topics
from ipse.preferences.embedding import Embedder, default_manifest, load_default
from ipse.preferences.taste import Evidence, Texts

from . import everyday
from .everyday import THINGS
from .running import BENCHMARKS, RUN, SHARED, save, started

Floats = NDArray[np.float32]
Doubles = NDArray[np.float64]
Rows = NDArray[np.intp]
TOP = 3
PHRASES = (
    "{}", "a weekend with {}", "books about {}", "{} for beginners", "the history of {}",
    "my friends and I love {}", "a documentary on {}", "{} in the evening", "learning more of {}",
    "old magazines on {}",
)  # fmt: skip
_FILMS = SHARED / "data" / "movielens-small"


class Cached:
    """An embedder that keeps its vectors."""

    def __init__(self) -> None:
        self._embedder: Embedder | None = None

    def embed(self, texts: list[str]) -> Floats:
        name = hashlib.sha256("\n".join([default_manifest().fingerprint, *texts]).encode()).hexdigest()[:16]
        path = RUN.cache / f"vectors_{name}.npy"
        if not path.exists():
            self._embedder = self._embedder or load_default()
            np.save(path, self._embedder.embed(texts))
        vectors: Floats = np.load(path)
        return vectors


@dataclass
class Person:
    """`rows`, `weights`: one opinion each; `offered`: rows of 20 candidates; `best`: rank's order of them."""

    rows: Rows
    weights: Doubles
    offered: Rows
    scores: Doubles
    truth: Doubles

    @property
    def best(self) -> set[int]:
        return set(np.argsort(-self.scores, kind="stable")[:TOP].tolist())


@dataclass
class World:
    name: str
    texts: list[str]
    vectors: Floats
    person: Callable[[np.random.Generator, int, bool], tuple[Rows, Doubles]]
    """rng, size, is of the prior's people -> rows and weights"""
    askable: Rows
    """rows that an application may offer"""
    unrelated: float = 0.0

    def direction(self, rows: Rows, weights: Doubles) -> Doubles:
        apart = self.vectors[rows].astype(float) - self.vectors.mean(axis=0, dtype=float)
        total = (apart * weights[:, None]).sum(axis=0)
        unit: Doubles = total / max(float(np.linalg.norm(total)), 1e-12)
        return unit

    def offered(self, rows: Rows, weights: Doubles, rng: np.random.Generator) -> Rows:
        """20 texts: 6 near to likes, 2 near to dislikes, any others."""
        free = np.setdiff1d(self.askable, rows)
        picked: list[int] = []
        for wanted, count in ((weights > 0, 6), (weights < 0, 2)):
            anchors = rows[wanted]
            for anchor in rng.choice(anchors, min(count, len(anchors)), replace=False):
                near = free[np.argsort(-(self.vectors[free] @ self.vectors[anchor]))[:10]]
                picked.append(int(rng.choice(np.setdiff1d(near, picked))))
        rest = rng.choice(np.setdiff1d(free, picked), 20 - len(picked), replace=False)
        return rng.permutation(np.concatenate([np.array(picked, int), rest]))

    def ranked(self, rows: Rows, weights: Doubles, asked: Rows) -> Doubles:
        texts = [self.texts[row] for row in rows]
        keys = np.array([taste.text_key(text) for text in texts], np.uint64)
        known = Evidence(Texts.of(texts, self.vectors[rows]), weights, np.full(len(texts), 20000.0), keys)
        found = taste.fit(known).scores(
            Texts.of([self.texts[row] for row in asked], self.vectors[asked]), 20000.0
        )
        return np.asarray(found, float)


def merged(rows: Rows, weights: Doubles) -> tuple[Rows, Doubles]:
    """One opinion for each text: the mean of its weights."""
    own, place = np.unique(rows, return_inverse=True)
    total = np.zeros(len(own))
    np.add.at(total, place, weights)
    return own, total / np.bincount(place)


def zipf(
    about: Rows, kinds: int, liked_kinds: int, disliked_kinds: int, said: Rows
) -> Callable[..., tuple[Rows, Doubles]]:
    pools = [said[about[said] == kind] for kind in range(kinds)]

    def person(rng: np.random.Generator, size: int, _prior: bool) -> tuple[Rows, Doubles]:
        order = rng.permutation(kinds)
        shares = 1 / np.arange(1, liked_kinds + 1)
        liked = rng.random(size) > 0.2
        subjects = np.where(
            liked,
            order[rng.choice(liked_kinds, size, p=shares / shares.sum())],
            order[liked_kinds + rng.integers(disliked_kinds, size=size)],
        )
        rows = np.array([rng.choice(pools[subject]) for subject in subjects])
        return rows, np.where(liked, 1.0, -1.0) * rng.choice([0.5, 1.0], size)

    return person


def of_topics(embedder: Cached) -> World:
    every = topics.published().topics
    said: list[str] = []
    own: list[int] = []
    for number, topic in enumerate(every):
        parts = [part.strip() for part in re.split(r"[,;:.]| and ", topic.means) if part.strip()]
        for part in dict.fromkeys([*parts, topic.label.lower()]):
            said += [phrase.format(part) for phrase in PHRASES]
            own += [number] * len(PHRASES)
    rows = np.arange(len(said))
    return World("topics", said, embedder.embed(said), zipf(np.array(own), len(every), 20, 10, rows), rows)


def of_everyday(embedder: Cached) -> World:
    said: list[str] = []
    own: list[int] = []
    for number, things in enumerate(THINGS.values()):
        for thing in things.split(";"):
            said += [phrase.format(thing.strip()) for phrase in everyday.PHRASES]
            own += [number] * len(everyday.PHRASES)
    rows = np.arange(len(said))
    return World("everyday", said, embedder.embed(said), zipf(np.array(own), len(THINGS), 8, 5, rows), rows)


def of_anchors(embedder: Cached) -> World:
    """Interests are neighbourhoods: 12 liked and 6 disliked texts of everyday.py or of benchmarks/people,
    Zipf-distributed; a statement is one of the 30 texts that are nearest to one of them."""
    things, written = of_everyday(embedder), of_written(embedder)
    texts = things.texts + written.texts
    vectors = np.concatenate([things.vectors, written.vectors])
    alike = vectors @ vectors.T
    near = np.argpartition(-alike, 30, axis=1)[:, :30]
    shares = 1 / np.arange(1, 13)

    def person(rng: np.random.Generator, size: int, _prior: bool) -> tuple[Rows, Doubles]:
        anchors = rng.choice(len(texts), 18, replace=False)
        liked = rng.random(size) > 0.2
        subjects = np.where(
            liked,
            anchors[rng.choice(12, size, p=shares / shares.sum())],
            anchors[12 + rng.integers(6, size=size)],
        )
        rows = near[subjects, rng.integers(30, size=size)]
        return rows, np.where(liked, 1.0, -1.0) * rng.choice([0.5, 1.0], size)

    return World("anchors", texts, vectors, person, np.arange(len(texts)))


def of_written(embedder: Cached) -> World:
    """One of the twelve for 50 statements (40), a union of five for 200, of twelve for 1,000 (480).

    The prior's people are unions of random statements of all twelve: the strongest prior that there is.
    """
    texts: list[str] = []
    weights: list[float] = []
    whose: list[int] = []
    for number, path in enumerate(sorted((BENCHMARKS / "people").glob("*.json"))):
        content = json.loads(path.read_text())
        for entry in content["statements"]:
            texts.append(entry["text"])
            weights.append(entry["weight"])
            whose.append(number)
    statements = len(texts)
    for path in sorted((BENCHMARKS / "people").glob("*.json")):
        texts += [entry["text"] for entry in json.loads(path.read_text())["items"]]
    graded, owner = np.array(weights), np.array(whose)

    def person(rng: np.random.Generator, size: int, _prior: bool) -> tuple[Rows, Doubles]:
        count = {50: 1, 200: 5}.get(size, 12)
        who = rng.choice(12, count, replace=False)
        rows = np.flatnonzero(np.isin(owner, who))
        return rows, graded[rows]

    return World("written", texts, embedder.embed(texts), person, np.arange(statements, len(texts)))


def film_ratings() -> tuple[list[str], dict[int, list[tuple[int, float]]]] | None:
    """The films as texts, and the (film, weight) of each user of MovieLens; None where it is not present."""
    if not _FILMS.is_dir():
        return None
    with (_FILMS / "movies.csv").open(encoding="utf-8", newline="") as file:
        movies = list(csv.DictReader(file))
    place = {movie["movieId"]: row for row, movie in enumerate(movies)}
    given: defaultdict[int, list[tuple[int, float]]] = defaultdict(list)
    with (_FILMS / "ratings.csv").open(encoding="utf-8", newline="") as file:
        for row in csv.DictReader(file):
            weight = max(-1.0, min(1.0, (float(row["rating"]) - 3) / 2))
            given[int(row["userId"])].append((place[row["movieId"]], weight))
    return [f"{movie['title']} ({movie['genres']})" for movie in movies], given


def of_films(
    embedder: Cached, name: str = "films", in_prior: Callable[[int], bool] = lambda user: user // 2 % 2 == 1
) -> World | None:
    """`in_prior`: whether a user is of the prior, from their number; the others are attacked."""
    ratings = film_ratings()
    if ratings is None:
        return None
    texts, given = ratings

    def person(rng: np.random.Generator, size: int, prior: bool) -> tuple[Rows, Doubles]:
        most = {1000: 600}.get(size, size + 20)
        users = [got for user, got in given.items() if in_prior(user) == prior and len(got) >= most]
        own = users[rng.integers(len(users))]
        some = [own[row] for row in rng.permutation(len(own))[: min(size, len(own) - 20)]]
        return np.array([row for row, _ in some]), np.array([weight for _, weight in some])

    return World(name, texts, embedder.embed(texts), person, np.arange(len(texts)))


def all_worlds() -> list[World]:
    """The worlds that were asked for; films only where its data are present."""
    embedder = Cached()
    makers: dict[str, Callable[[Cached], World | None]] = {
        "topics": of_topics,
        "everyday": of_everyday,
        "written": of_written,
        "films": of_films,
        "anchors": of_anchors,
    }
    made = [make(embedder) for name, make in makers.items() if not RUN.worlds or name in RUN.worlds]
    return [world for world in made if world is not None]


def published() -> Floats:
    return Cached().embed([topic.means for topic in topics.published().topics])


def people(world: World, size: int, count: int) -> list[Person]:
    """The attacked: made once and kept."""
    path = RUN.cache / f"people_{world.name}_{size}_{count}.npz"
    if not path.exists():
        usual = _usual(world, size)
        kept: dict[str, Doubles | Rows] = {}
        for number in range(count):
            rng = np.random.default_rng([9, size, number])
            rows, weights = world.person(rng, size, False)
            own, merged_weights = merged(rows, weights)
            asked = world.offered(own, merged_weights, rng)
            direction = world.direction(own, merged_weights)
            truth = direction - (direction @ usual) / (usual @ usual) * usual
            kept |= {
                f"rows{number}": own,
                f"weights{number}": merged_weights,
                f"offered{number}": asked,
                f"scores{number}": world.ranked(own, merged_weights, asked),
                f"truth{number}": truth,
            }
        save(path, kept)
    got = np.load(path)
    return [
        Person(*(got[f"{key}{number}"] for key in ("rows", "weights", "offered", "scores", "truth")))
        for number in range(count)
    ]


def _usual(world: World, size: int) -> Doubles:
    """What everybody has in common: of the prior's people."""
    rng = np.random.default_rng(11)
    some = [world.direction(*merged(*world.person(rng, min(size, 200), True))) for _ in range(300)]
    usual: Doubles = np.mean(some, axis=0)
    return usual


def prior_people(world: World, size: int, count: int) -> list[tuple[Rows, Doubles]]:
    rng = np.random.default_rng([13, size])
    return [merged(*world.person(rng, size, True)) for _ in range(count)]


def main() -> None:
    """Make the people of every world and keep them."""
    start = time.time()
    published()
    for world in all_worlds():
        print(world.name, len(world.texts), round(time.time() - start), flush=True)
        for size in (50, 200, 1000):
            some = people(world, size, RUN.people)
            opinions = np.mean([len(one.rows) for one in some])
            print("  ", size, opinions, round(time.time() - start), flush=True)


if __name__ == "__main__":
    with started(__doc__):
        main()
