"""Whether two applications can tell that their answers come from one owner.

1,000 pairs, half of one owner, after 1, 5, 20 and 100 questions of three of twenty. The distinguishers:
how often the answers agree, the same weighted by how rare a choice is, and how alike the two tastes are
that the answers show (as they are, and whitened by how people differ); and a logistic regression on all of
them. Which is best, and its threshold, is found on 1,000 other pairs. Chance is .5.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from . import lab
from .lab import Mechanism, counts, discrete_laplace, interval, nearest, overlap, register, soft, top
from .running import started
from .worlds import Doubles, Person, World, all_worlds, published

ASKED = (1, 5, 20, 100)
PAIRS = 1000
BETA = 10.0
Told = NDArray[np.bool_]


@dataclass(frozen=True)
class Variant:
    """`shares`: of the window's epsilon for each application (1: one summary for all). `extra`: further
    noise on the counts for each application, in scales of the summary's. `gumbel`: noise on the read
    scores for each application and question, in deviations that the summary's noise gives to a score."""

    name: str
    shares: float = 1.0
    extra: float = 0.0
    gumbel: float = 0.0


def window(size: int, votes: float) -> float:
    """Epsilon: noise grows with the profile."""
    return min(0.4, 25 / votes) if size > 50 else 0.4


def _noise(epsilon: float) -> Mechanism:
    """All opinions vote. How texts are spread is left out: `counts` is given the shares."""
    return Mechanism(lambda texts: texts.astype(float), np.zeros((0, 0), np.float32), epsilon, 1e9)


def held(
    variant: Variant, shares: Doubles, one: Person, epsilon: float, rng: np.random.Generator, draws: int
) -> tuple[Doubles, Doubles]:
    """What answers two applications: counts (draws, k) for each."""
    if variant.shares < 1:
        mechanism = _noise(epsilon * variant.shares)
        return counts(mechanism, shares[one.rows], one.weights, rng, draws), counts(
            mechanism, shares[one.rows], one.weights, rng, draws
        )
    base = counts(_noise(epsilon), shares[one.rows], one.weights, rng, draws)
    if not variant.extra:
        return base, base
    more = [discrete_laplace(rng, epsilon / variant.extra, base.shape) for _ in range(2)]
    return base + more[0], base + more[1]


def answered(variant: Variant, h: Doubles, reads: Doubles, epsilon: float, rng: np.random.Generator) -> Told:
    """bool (n, questions, 20)."""
    scores = (h @ reads.reshape(-1, reads.shape[-1]).T).reshape(len(h), *reads.shape[:2])
    if variant.gumbel:
        scores = scores + gumbel_scale(variant, reads, epsilon)[:, None] * rng.gumbel(size=scores.shape)
    told = np.zeros(scores.shape, bool)
    np.put_along_axis(told, np.argpartition(-scores, 2, axis=-1)[..., :3], True, axis=-1)
    return told


def gumbel_scale(variant: Variant, reads: Doubles, epsilon: float) -> Doubles:
    """Of each question: public, from its candidates alone."""
    apart = reads - reads.mean(axis=-2, keepdims=True)
    scale: Doubles = variant.gumbel * np.sqrt(2) / epsilon * np.sqrt((apart**2).sum(axis=-1).mean(axis=-1))
    return scale


def features(one: Told, other: Told, reads: tuple[Doubles, Doubles], alike: bool, train: int) -> Doubles:
    """(n, features) of pairs; the first `train` teach what is usual."""
    shown = []
    for told, read in ((one, reads[0]), (other, reads[1])):
        flat, usual = told.reshape(len(told), -1).astype(np.float32), read - read.mean(axis=1, keepdims=True)
        guess = (flat - flat[:train].mean(axis=0)) @ usual.reshape(-1, read.shape[-1]).astype(np.float32)
        shown.append(guess)
    spread = np.cov(np.concatenate([guess[:train] for guess in shown]).T)
    lengths, axes = np.linalg.eigh(spread)
    found = [_cos(*shown), (shown[0] * shown[1]).sum(axis=1)]
    for floor in (0.01, 0.1):
        white = axes / np.sqrt(np.maximum(lengths, 0) + floor * lengths.max())
        found.append(_cos(shown[0] @ white, shown[1] @ white))
    if alike:
        a, b = one.reshape(len(one), -1), other.reshape(len(other), -1)
        usual = np.clip((a[:train].mean(axis=0) + b[:train].mean(axis=0)) / 2, 0.01, 0.99)
        found += [
            (a & b).sum(axis=1),
            (a & b) @ -np.log(usual),
            ((a - usual) * (b - usual) / (usual * (1 - usual))).sum(axis=1),
        ]
    return np.stack(found, axis=1).astype(float)


def _cos(one: Doubles, other: Doubles) -> Doubles:
    lengths = np.linalg.norm(one, axis=1) * np.linalg.norm(other, axis=1)
    cosines: Doubles = (one * other).sum(axis=1) / np.maximum(lengths, 1e-12)
    return cosines


def logistic(x: Doubles, y: Doubles) -> Doubles:
    """Weights of a ridge logistic regression, the constant last."""
    x, w = np.hstack([x, np.ones((len(x), 1))]), np.zeros(x.shape[1] + 1)
    for _ in range(15):
        p = 1 / (1 + np.exp(-np.clip(x @ w, -30, 30)))
        w = w + np.linalg.solve((x * (p * (1 - p))[:, None]).T @ x + np.eye(len(w)), x.T @ (y - p) - w)
    return w


def accuracy(found: Doubles, same: Told, train: int) -> float:
    """Of the distinguisher and the threshold that do best on the first `train` pairs, on the others."""
    middle, length = found[:train].mean(axis=0), found[:train].std(axis=0) + 1e-9
    x = (found - middle) / length
    w = logistic(x[:train], same[:train].astype(float))
    x = np.column_stack([x, np.hstack([x, np.ones((len(x), 1))]) @ w])
    best, told = 0.0, 0.0
    for column in x.T:
        limits = np.quantile(column[:train], np.linspace(0.02, 0.98, 49))
        right = [((column[:train] > limit) == same[:train]).mean() for limit in limits]
        limit = limits[int(np.argmax(right))]
        if max(right) > best:
            best, told = max(right), float(((column[train:] > limit) == same[train:]).mean())
    return told


def linked(
    world: World,
    size: int,
    variant: Variant,
    beta: float = BETA,
    epsilon_of: Callable[[int, float], float] = window,
) -> tuple[dict[tuple[bool, int], float], tuple[float, float]]:
    landmarks = published()
    some = lab.attacked(world.name, size)
    shares = nearest(landmarks)(world.vectors)
    epsilon = epsilon_of(size, float(np.mean([len(one.rows) for one in some])))
    rng = np.random.default_rng([21, size])
    each = 2 * PAIRS // len(some) + 1
    first, second = [], []
    for one in some:
        a, b = held(variant, shares, one, epsilon, rng, each)
        first.append(a)
        second.append(b)
    a = np.stack(first)[:, :, :]
    b = np.stack(second)
    owner = np.arange(2 * PAIRS) % len(some)
    draw = np.arange(2 * PAIRS) // len(some)
    same = rng.random(2 * PAIRS) < 0.5
    other = np.where(same, owner, (owner + 1 + rng.integers(len(some) - 1, size=2 * PAIRS)) % len(some))
    one_h, other_h = a[owner, draw], b[other, draw]
    reading = soft(landmarks, beta)
    asked = [rng.choice(len(world.texts), (max(ASKED), 20)) for _ in range(2)]
    reads = [reading(world.vectors[rows.ravel()]).reshape(*rows.shape, -1) for rows in asked]
    per = epsilon * variant.shares
    told = answered(variant, one_h, reads[0], per, rng)
    found = {}
    for alike in (True, False):
        theirs = answered(variant, other_h, reads[0 if alike else 1], per, rng)
        for count in ASKED:
            pair = (reads[0][:count], reads[0 if alike else 1][:count])
            found[alike, count] = accuracy(
                features(told[:, :count], theirs[:, :count], pair, alike, PAIRS), same, PAIRS
            )
    shares_right = []
    for i, person in enumerate(some):
        read = reading(world.vectors[person.offered])
        scores = a[i, :20] @ read.T
        if variant.gumbel:
            scores = scores + gumbel_scale(variant, read, per) * rng.gumbel(size=scores.shape)
        shares_right.append(overlap(top(scores, rng), person.best).mean())
    return found, interval(np.array(shares_right))


VARIANTS = [
    Variant("one summary for all"),
    *(Variant(f"own summary, {share:g} of epsilon each", shares=share) for share in (0.999, 0.5, 0.25)),
    *(Variant(f"further noise {strength:g} each application", extra=strength) for strength in (1, 2, 3)),
    *(Variant(f"Gumbel {strength:g} each question", gumbel=strength) for strength in (0.5, 1, 2, 3)),
    Variant("noise 1 and Gumbel 1", extra=1, gumbel=1),
    Variant("noise 2 and Gumbel .5", extra=2, gumbel=0.5),
]


def main() -> None:
    register(all_worlds())
    print(f"{'':50}  same candidates, after 1 5 20 100   different   reach")
    for name, size in [("topics", 200), ("topics", 50), ("everyday", 200)]:
        if name not in lab.WORLDS:
            continue
        for variant in VARIANTS:
            found, (mean, half) = linked(lab.WORLDS[name], size, variant)
            cells = ["  ".join(f"{found[alike, count]:.3f}" for count in ASKED) for alike in (True, False)]
            print(
                f"{name:8} {size:4} {variant.name:36} {cells[0]}   {cells[1]}   {mean:.3f} ±{half:.3f}",
                flush=True,
            )


if __name__ == "__main__":
    with started(__doc__):
        main()
