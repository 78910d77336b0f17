"""How well a taste is learned, against plain methods, on two sets.

- MovieLens small, where it is present: of each user the earliest 70 % of ratings are learned; of the rest,
  at least 4 stars is liked and at most 2.5 disliked. A text is `title (genres)`. Methods are tuned on one
  half of the users (the plain ones in this run, ipse once), the figures are of the other half.
- benchmarks/people: 12 people, 40 statements and 40 labelled items each.

AUC: the share of pairs of a liked and a disliked item that are in the right order. NDCG@10: how far up the
liked ones are. Means over users, with 95 % bootstrap intervals over users. All methods see the same vectors.
"""

from __future__ import annotations

import argparse
import csv
import json
import math
import os
from collections import Counter, defaultdict
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from datetime import date
from itertools import product
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from ipse.preferences import taste
from ipse.preferences.embedding import Embedder, load_default
from ipse.preferences.taste import Evidence, Texts

Floats = NDArray[np.float32]
Doubles = NDArray[np.float64]
Scorer = Callable[["Person"], Doubles]

_HERE = Path(__file__).parent
_SHARED = Path(os.environ.get("IPSE_SHARED", _HERE.parent.parent / "shared"))
_MOVIES = _SHARED / "data" / "movielens-small"
_LEARNED = 0.7
_RESAMPLES = 2000


@dataclass(frozen=True)
class Person:
    """What somebody said, and what they think of other things. Rows are of one table of texts."""

    name: str
    texts: list[str]
    vectors: Floats
    said: NDArray[np.intp]
    weights: Doubles
    days: Doubles
    asked: NDArray[np.intp]
    liked: NDArray[np.bool_]

    @property
    def known(self) -> Floats:
        return self.vectors[self.said]

    @property
    def wanted(self) -> Floats:
        return self.vectors[self.asked]


def movielens(embedder: Embedder) -> list[Person]:
    """The users with 10 likes among what is learned, and 3 of each among what is asked."""
    with (_MOVIES / "movies.csv").open(encoding="utf-8", newline="") as file:
        rows = list(csv.DictReader(file))
    texts = [f"{row['title']} ({row['genres']})" for row in rows]
    vectors = embedder.embed(texts)
    place = {row["movieId"]: i for i, row in enumerate(rows)}
    ratings: dict[str, list[tuple[int, int, float]]] = defaultdict(list)
    with (_MOVIES / "ratings.csv").open(encoding="utf-8", newline="") as file:
        for row in csv.DictReader(file):
            ratings[row["userId"]].append(
                (int(row["timestamp"]), place[row["movieId"]], float(row["rating"]))
            )
    people = []
    for user, given in sorted(ratings.items(), key=lambda pair: int(pair[0])):
        given.sort()
        learned, later = given[: int(len(given) * _LEARNED)], given[int(len(given) * _LEARNED) :]
        liked = [movie for _, movie, stars in later if stars >= 4]
        disliked = [movie for _, movie, stars in later if stars <= 2.5]
        if sum(stars >= 4 for *_, stars in learned) < 10 or min(len(liked), len(disliked)) < 3:
            continue
        people.append(
            Person(
                user,
                texts,
                vectors,
                said=np.array([movie for _, movie, _ in learned]),
                weights=np.clip(np.array([(stars - 3) / 2 for *_, stars in learned]), -1, 1),
                days=np.array([time / 86400 for time, *_ in learned]),
                asked=np.array(liked + disliked),
                liked=np.arange(len(liked) + len(disliked)) < len(liked),
            )
        )
    return people


def written(embedder: Embedder) -> list[Person]:
    """The people of benchmarks/people."""
    people = []
    for path in sorted((_HERE / "people").glob("*.json")):
        person = json.loads(path.read_text(encoding="utf-8"))
        said, items = person["statements"], person["items"]
        texts = [entry["text"] for entry in (*said, *items)]
        people.append(
            Person(
                path.stem,
                texts,
                embedder.embed(texts),
                said=np.arange(len(said)),
                weights=np.array([entry["weight"] for entry in said], float),
                days=np.array(
                    [(date.fromisoformat(entry["at"]) - date(1970, 1, 1)).days for entry in said], float
                ),
                asked=np.arange(len(said), len(texts)),
                liked=np.array([entry["liked"] for entry in items]),
            )
        )
    return people


def ipse(person: Person) -> Doubles:
    """The taste that ipse learns, asked on the day of the last statement."""
    texts = [person.texts[row] for row in person.said]
    keys = np.array([taste.text_key(text) for text in texts], np.uint64)
    opinions = Evidence(Texts.of(texts, person.known), person.weights, person.days, keys)
    asked = Texts.of([person.texts[row] for row in person.asked], person.wanted)
    return taste.fit(opinions).scores(asked, float(person.days.max()))


def chance(person: Person) -> Doubles:
    return np.random.default_rng(int.from_bytes(person.name.encode(), "big") % 2**32).random(
        len(person.asked)
    )


def mean_of_likes(person: Person) -> Doubles:
    scores: Doubles = person.wanted @ person.known[person.weights > 0].mean(axis=0).astype(np.float64)
    return scores


def best_match(person: Person) -> Doubles:
    scores: Doubles = (person.wanted @ person.known[person.weights > 0].T).max(axis=1).astype(np.float64)
    return scores


def liked_minus_disliked(person: Person) -> Doubles:
    disliked = person.known[person.weights < 0]
    away = disliked.mean(axis=0) if len(disliked) else np.zeros(person.known.shape[1])
    towards = person.known[person.weights > 0].mean(axis=0)
    scores: Doubles = person.wanted @ (towards - away).astype(np.float64)
    return scores


def ridge(regularisation: float, sharpness: float | None) -> Scorer:
    """Kernel ridge regression on the weights: linear, or Gaussian with a sharpness."""

    def kernel(some: Floats, others: Floats) -> Doubles:
        cosines = (some @ others.T).astype(np.float64)
        return cosines if sharpness is None else np.exp(-2 * sharpness * (1 - cosines))

    def score(person: Person) -> Doubles:
        targets = person.weights - person.weights.mean()
        system = kernel(person.known, person.known) + regularisation * np.eye(len(targets))
        scores: Doubles = kernel(person.wanted, person.known) @ np.linalg.solve(system, targets)
        return scores

    return score


def neighbours(count: int) -> Scorer:
    """The mean weight of the nearest statements, weighted by cosine."""

    def score(person: Person) -> Doubles:
        cosines = (person.wanted @ person.known.T).astype(np.float64)
        near = np.argsort(-cosines, axis=1)[:, :count]
        shares = np.maximum(np.take_along_axis(cosines, near, axis=1), 0) + 1e-9
        scores: Doubles = (shares * person.weights[near]).sum(axis=1) / shares.sum(axis=1)
        return scores

    return score


def bm25(saturation: float, length: float) -> Scorer:
    """BM25 of what is asked against all liked statements as one query, minus that of the disliked ones."""

    def score(person: Person) -> Doubles:
        asked = [_terms(person.texts[row]) for row in person.asked]
        frequency = Counter(term for terms in asked for term in set(terms))
        mean = sum(map(len, asked)) / len(asked)
        query: Counter[str] = Counter()
        for row, weight in zip(person.said, person.weights, strict=True):
            for term in set(_terms(person.texts[row])):
                query[term] += int(np.sign(weight))

        def matched(terms: list[str]) -> float:
            norm = saturation * (1 - length + length * len(terms) / mean)
            return sum(
                query[term]
                * math.log(1 + (len(asked) - frequency[term] + 0.5) / (frequency[term] + 0.5))
                * count * (saturation + 1) / (count + norm)
                for term, count in Counter(terms).items()
            )  # fmt: skip

        return np.array([matched(terms) for terms in asked])

    return score


def _terms(text: str) -> list[str]:
    return "".join(letter.lower() if letter.isalnum() else " " for letter in text).split()


PLAIN: dict[str, list[Scorer]] = {
    "chance": [chance],
    "mean of likes": [mean_of_likes],
    "best match": [best_match],
    "liked minus disliked": [liked_minus_disliked],
    "linear kernel ridge": [ridge(weight, None) for weight in (0.3, 1, 3, 10, 30)],
    "RBF kernel ridge": [ridge(weight, sharp) for weight, sharp in product((0.3, 1, 3), (0.5, 1, 2, 4))],
    "BM25": [bm25(saturation, length) for saturation, length in product((0.9, 1.5), (0.4, 0.75))],
    "kNN": [neighbours(count) for count in (1, 3, 5, 10, 20, 40)],
}


def auc(scores: Doubles, liked: NDArray[np.bool_]) -> float:
    """The share of pairs in the right order; ties count half."""
    up, down = scores[liked][:, None], scores[~liked][None, :]
    return float((up > down).mean() + (up == down).mean() / 2)


def ndcg(scores: Doubles, liked: NDArray[np.bool_], at: int = 10) -> float:
    """Normalised discounted cumulative gain of the first `at`."""
    discounts = 1 / np.log2(np.arange(2, at + 2))
    gains = liked[np.argsort(-scores, kind="stable")][:at]
    return float((gains * discounts[: len(gains)]).sum() / discounts[: min(int(liked.sum()), at)].sum())


def _judged(scorer: Scorer, people: Sequence[Person]) -> Doubles:
    """float64 (people, 2): AUC and NDCG@10."""
    scored = [(scorer(person), person.liked) for person in people]
    return np.array([(auc(scores, liked), ndcg(scores, liked)) for scores, liked in scored])


def _interval(values: Doubles) -> tuple[float, float]:
    chosen = np.random.default_rng(0).integers(0, len(values), (_RESAMPLES, len(values)))
    low, high = np.quantile(values[chosen].mean(axis=1), (0.025, 0.975))
    return float(low), float(high)


def _table(title: str, tuned_on: Sequence[Person], reported: Sequence[Person]) -> dict[str, float]:
    """Print each method's figures; the mean AUC of each."""
    print(title)
    found = {}
    contenders: dict[str, list[Scorer]] = {**PLAIN, "ipse": [ipse]}
    for name, scorers in contenders.items():
        aucs = [_judged(scorer, tuned_on)[:, 0].mean() if len(scorers) > 1 else 0.0 for scorer in scorers]
        judged = _judged(scorers[int(np.argmax(aucs))], reported)
        cells = []
        for column in (0, 1):
            low, high = _interval(judged[:, column])
            cells.append(f"{judged[:, column].mean():.3f} [{low:.3f}, {high:.3f}]")
        print(f"  {name:22} AUC {cells[0]}   NDCG@10 {cells[1]}", flush=True)
        found[name] = float(judged[:, 0].mean())
    return found


def _cold_start(people: Sequence[Person]) -> float:
    """Mean AUC from three statements: the first two that are not neutral, and the first dislike after."""
    scores = []
    for person in people:
        told = [row for row in range(len(person.said)) if person.weights[row]]
        first = [*told[:2], next((row for row in told[2:] if person.weights[row] < 0), told[2])]
        few = replace(person, said=person.said[first], weights=person.weights[first], days=person.days[first])
        scores.append(auc(ipse(few), person.liked))
    return float(np.mean(scores))


def main() -> None:
    """Print the tables and hold ipse's figures against the bars."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.parse_args()
    embedder = load_default()
    if _MOVIES.is_dir():
        users = movielens(embedder)
        tuned_on = [user for user in users if int(user.name) // 2 % 2 == 0]
        reported = [user for user in users if int(user.name) // 2 % 2 == 1]
        title = f"MovieLens small: {len(reported)} users reported, {len(tuned_on)} others tuned on"
        figures = _table(title, tuned_on, reported)
        best = max(PLAIN, key=lambda name: figures[name])
        print(f"  ipse {figures['ipse']:.3f} (at least .650), best plain method {best} {figures[best]:.3f}")
    else:
        print(f"MovieLens small: skipped, it is not in {_MOVIES}")
    people = written(embedder)
    figures = dict(
        _table(f"people: {len(people)}, all reported, plain methods tuned on them", people, people)
    )
    print(f"  ipse {figures['ipse']:.3f} (at least .850)")
    print(f"  from three statements alone: {_cold_start(people):.3f} (chance .500)")


if __name__ == "__main__":
    main()
