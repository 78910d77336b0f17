"""The private summary: votes over public landmarks, noise, readings; its reach and its leak."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from functools import cache

import numpy as np

from .running import RUN, save
from .worlds import TOP, Doubles, Floats, Person, Rows, World, people, prior_people

EPSILON = 0.4
VOTERS = 50
DRAWS = 10
PRIOR = 400
Reading = Callable[[Floats], Doubles]
"""candidates (m, d) -> the linear reading (m, k) of the k noisy counts"""


def nearest(landmarks: Floats) -> Reading:
    """Each text's whole vote for its nearest landmark."""

    def shares(texts: Floats) -> Doubles:
        near = (texts @ landmarks.T).argmax(axis=1)
        votes: Doubles = np.eye(len(landmarks))[near]
        return votes

    return shares


def soft(landmarks: Floats, beta: float, keep: int | None = None) -> Reading:
    """A softmax of cosines over the landmarks, of the `keep` nearest alone where given: rows of sum 1."""

    def shares(texts: Floats) -> Doubles:
        cosines = (texts @ landmarks.T).astype(float)
        if keep is not None:
            least = np.sort(cosines, axis=1)[:, -keep][:, None]
            cosines = np.where(cosines >= least, cosines, -np.inf)
        powers = np.exp(beta * (cosines - cosines.max(axis=1, keepdims=True)))
        softmax: Doubles = powers / powers.sum(axis=1, keepdims=True)
        return softmax

    return shares


def smoothed(landmarks: Floats, sharp: float, noise: float) -> Reading:
    """The mean of a Gaussian process over texts, of which the counts are noisy values at the landmarks."""
    system = np.exp(2 * sharp * ((landmarks @ landmarks.T).astype(float) - 1)) + noise * np.eye(
        len(landmarks)
    )

    inverse = np.linalg.inv(system)

    def shares(texts: Floats) -> Doubles:
        means: Doubles = np.exp(2 * sharp * ((texts @ landmarks.T).astype(float) - 1)) @ inverse
        return means

    return shares


@dataclass(frozen=True)
class Mechanism:
    """`votes`: how a text's vote is spread, rows of L1 norm 1 at most; epsilon None: no noise."""

    votes: Reading
    landmarks: Floats
    epsilon: float | None = EPSILON
    voters: float = VOTERS
    whole: bool = True

    @property
    def scale(self) -> float:
        return 0.0 if self.epsilon is None else 1 / self.epsilon

    @property
    def noise_variance(self) -> float:
        if self.epsilon is None:
            return 0.0
        a = np.exp(-self.epsilon)
        return float(2 * a / (1 - a) ** 2)


def discrete_laplace(rng: np.random.Generator, epsilon: float, shape: tuple[int, ...]) -> Doubles:
    """P(k) proportional to exp(-epsilon |k|)."""
    rate = 1 - np.exp(-epsilon)
    return (rng.geometric(rate, shape) - rng.geometric(rate, shape)).astype(float)


def votes_of(weights: Doubles, whole: bool) -> Doubles:
    return np.clip(weights / (0.5 if whole else 1), -1, 1)


def counts(
    mechanism: Mechanism, shares: Doubles, weights: Doubles, rng: np.random.Generator, draws: int
) -> Doubles:
    """float (draws, k): summaries of independent windows."""
    on = rng.random((draws, len(weights))) < mechanism.voters / max(len(weights), mechanism.voters)
    found = (on * votes_of(weights, mechanism.whole)) @ shares
    if mechanism.epsilon is not None:
        found += discrete_laplace(rng, mechanism.epsilon, found.shape)
    return found


@cache
def attacked(world_name: str, size: int) -> list[Person]:
    return people(WORLDS[world_name], size, RUN.people)


@cache
def prior_of(world_name: str, size: int) -> tuple[list[tuple[Rows, Doubles]], Doubles]:
    """The prior's people and the directions of their tastes."""
    world = WORLDS[world_name]
    path = RUN.cache / f"prior_{world_name}_{size}_{PRIOR}.npz"
    if not path.exists():
        some = prior_people(world, size, PRIOR)
        kept: dict[str, Doubles | Rows] = {f"rows{i}": rows for i, (rows, _) in enumerate(some)}
        kept |= {f"weights{i}": weights for i, (_, weights) in enumerate(some)}
        kept["directions"] = np.stack([world.direction(*one) for one in some])
        save(path, kept)
    got = np.load(path)
    some = [(got[f"rows{i}"], got[f"weights{i}"]) for i in range(PRIOR)]
    directions = got["directions"]
    usual = directions.mean(axis=0)
    return some, directions - np.outer(directions @ usual, usual) / (usual @ usual)


WORLDS: dict[str, World] = {}


def register(worlds: list[World]) -> None:
    WORLDS.update({world.name: world for world in worlds})


def top(scores: Doubles, rng: np.random.Generator) -> Rows:
    """The places of the best three; ties by lot."""
    return np.argsort(-(scores + 1e-9 * rng.random(scores.shape)), axis=-1)[..., :TOP]


def overlap(told: Rows, best: set[int]) -> Doubles:
    shares: Doubles = np.isin(told, list(best)).mean(axis=-1)
    return shares


def interval(values: Doubles) -> tuple[float, float]:
    """The mean over people and half of its 95 % interval."""
    return float(np.mean(values)), float(1.96 * np.std(values, ddof=1) / len(values) ** 0.5)


def summaries(
    world: World, size: int, mechanism: Mechanism, draws: int = DRAWS, seed: int = 1
) -> list[Doubles]:
    shares = mechanism.votes(world.vectors)
    return [
        counts(mechanism, shares[one.rows], one.weights, np.random.default_rng([seed, size, i]), draws)
        for i, one in enumerate(attacked(world.name, size))
    ]


def reach(
    world: World,
    size: int,
    held: list[Doubles],
    reading: Reading,
    shrink: Callable[[Doubles], Doubles] = lambda h: h,
) -> Doubles:
    """float (people,): the share of rank's top 3 of 20."""
    found = []
    for i, one in enumerate(attacked(world.name, size)):
        scores = shrink(held[i]) @ reading(world.vectors[one.offered]).T
        found.append(overlap(top(scores, np.random.default_rng([2, i])), one.best).mean())
    return np.array(found)


def leak(
    world: World, size: int, mechanism: Mechanism, held: list[Doubles], prior_world: World | None = None
) -> dict[str, tuple[float, float]]:
    """The cosine with the true direction that each adversary has who holds the whole summary.

    `plain`: the counts times the landmarks. `shrunk`: soft threshold first. `spread`: plain, times the
    covariance of people's directions. `linear`: the best linear guess from the counts, its covariances from
    people who are not attacked. `denoised`: the same from the posterior means of the single counts.
    """
    prior_world = prior_world or world
    some, directions = prior_of(prior_world.name, size)
    apart = (mechanism.landmarks - world.vectors.mean(axis=0)).astype(float)
    shares = mechanism.votes(prior_world.vectors)
    rng = np.random.default_rng([4, size])
    clean_mechanism = Mechanism(mechanism.votes, mechanism.landmarks, None, mechanism.voters, mechanism.whole)
    clean = np.concatenate([counts(clean_mechanism, shares[r], w, rng, 2) for r, w in some])
    wanted = np.repeat(directions, 2, axis=0)
    centre = clean.mean(axis=0)
    gram = (clean - centre).T @ (clean - centre) / len(clean) + (mechanism.noise_variance + 1e-3) * np.eye(
        clean.shape[1]
    )
    linear = np.linalg.solve(gram, (clean - centre).T @ wanted / len(clean))
    spread = np.cov(directions.T)
    denoise = _denoiser(clean, mechanism)
    noisy = (
        clean if mechanism.epsilon is None else clean + discrete_laplace(rng, mechanism.epsilon, clean.shape)
    )
    seen = denoise(noisy)
    middle = seen.mean(axis=0)
    gram = (seen - middle).T @ (seen - middle) / len(seen)
    gram += 0.02 * np.trace(gram) / len(gram) * np.eye(len(gram))
    denoised = np.linalg.solve(gram, (seen - middle).T @ wanted / len(seen))
    guesses: dict[str, Callable[[Doubles], Doubles]] = {
        "plain": lambda h: h @ apart,
        "shrunk": lambda h: (np.sign(h) * np.maximum(np.abs(h) - mechanism.scale, 0)) @ apart,
        "spread": lambda h: h @ apart @ spread,
        "linear": lambda h: (h - centre) @ linear,
        "denoised": lambda h: (denoise(h) - middle) @ denoised,
    }
    found = {}
    for name, guess in guesses.items():
        cosines = np.array(
            [
                cosines_with(guess(held[i]), one.truth).mean()
                for i, one in enumerate(attacked(world.name, size))
            ]
        )
        found[name] = interval(cosines)
    return found


def _denoiser(clean: Doubles, mechanism: Mechanism) -> Callable[[Doubles], Doubles]:
    """The posterior mean of a count under what other people's counts are (pooled over landmarks)."""
    values = np.random.default_rng(0).choice(clean.ravel(), 3000)
    grid = np.linspace(-60, 60, 481)
    if mechanism.epsilon is None:
        return lambda h: h
    likelihood = np.exp(-mechanism.epsilon * np.abs(grid[:, None] - values[None]))
    mean = (likelihood @ values) / likelihood.sum(axis=1)
    return lambda h: np.interp(h, grid, mean)


def cosines_with(guesses: Doubles, truth: Doubles) -> Doubles:
    lengths = np.linalg.norm(guesses, axis=-1) * np.linalg.norm(truth)
    return np.where(lengths > 0, guesses @ truth / np.maximum(lengths, 1e-12), 0.0)


def strongest(found: dict[str, tuple[float, float]]) -> tuple[str, float, float]:
    name = max(found, key=lambda one: found[one][0])
    return name, *found[name]
