"""When the private summary says nothing: decided from the noisy counts, epsilon and the candidates."""

from __future__ import annotations

from itertools import pairwise

import numpy as np

from . import lab
from .lab import (
    Mechanism,
    discrete_laplace,
    nearest,
    overlap,
    register,
    soft,
    summaries,
    top,
)
from .running import RUN, save, started
from .worlds import Doubles, all_worlds, published

NULL = discrete_laplace(np.random.default_rng(77), 0.05, (400, 142)) * 0.05  # public, of scale 1


def gap(scores: Doubles) -> Doubles:
    """How far the best three are ahead of the others, on average."""
    ordered = np.sort(scores, axis=-1)
    ahead: Doubles = ordered[..., -3:].mean(axis=-1) - ordered[..., :-3].mean(axis=-1)
    return ahead


def certainty(read: Doubles, h: Doubles, scale: float) -> Doubles:
    """The gap, in deviations above what noise alone would show."""
    noise = gap(NULL @ read.T)
    sure: Doubles = (gap(h @ read.T) / scale - noise.mean()) / noise.std()
    return sure


def resolution(read: Doubles) -> float:
    """How differently the candidates are read, from 0 (all alike) to 1 (each a topic of its own)."""
    apart = read - read.mean(axis=0)
    return float((apart**2).sum() / len(read) / 0.95)


def main() -> None:
    worlds = all_worlds()
    register(worlds)
    landmarks = published()
    reading = soft(landmarks, 10)
    kept = {}
    for world in worlds:
        for size in (50, 200, 1000):
            some = lab.attacked(world.name, size)
            votes = float(np.mean([len(one.rows) for one in some]))
            epsilon = min(0.4, 25 / votes)
            mechanism = Mechanism(nearest(landmarks), landmarks, epsilon, 1e9)
            h = summaries(world, size, mechanism)
            rows = []
            for i, one in enumerate(some):
                read = reading(world.vectors[one.offered])
                right = overlap(top(h[i] @ read.T, np.random.default_rng([2, i])), one.best)
                z, r = certainty(read, h[i], mechanism.scale), resolution(read)
                rows += [(i, z[k], r, right[k]) for k in range(len(z))]
            table = np.array(rows)
            kept[f"{world.name}_{size}"] = table
            bins = [-9, 0, 1, 2, 3, 5, 99]
            cells = []
            for low, high in pairwise(bins):
                inside = (table[:, 1] >= low) & (table[:, 1] < high)
                cells.append(f"{inside.mean():.2f}:{table[inside, 3].mean() if inside.any() else 0:.2f}")
            q = np.quantile(table[:, 2], [0.1, 0.5, 0.9])
            print(
                f"{world.name:9}{size:5} all {table[:, 3].mean():.3f}  by certainty {bins[1:-1]}"
                f" share:right {' '.join(cells)}  resolution {q.round(3)}",
                flush=True,
            )
    save(RUN.cache / "abstain.npz", kept)


if __name__ == "__main__":
    with started(__doc__):
        main()
