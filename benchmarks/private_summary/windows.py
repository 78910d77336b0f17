"""Leak of the summaries of 1, 3 and 10 windows of one unchanged profile, drawn independently."""

from __future__ import annotations

import numpy as np

from . import lab
from .lab import Mechanism, counts, discrete_laplace, interval, nearest, register
from .running import started
from .worlds import Floats, World, all_worlds, published

WINDOWS = (1, 2, 3, 5, 10)


def leak(
    world: World, size: int, epsilon: float, windows: int, landmarks: Floats
) -> dict[str, tuple[float, float]]:
    """Cosine of each adversary with the mean of the noisy counts of all windows."""
    shares = nearest(landmarks)(world.vectors)
    some, directions = lab.prior_of(world.name, size)
    clean_mechanism = Mechanism(nearest(landmarks), landmarks, None, 1e9)
    rng = np.random.default_rng([4, size, windows])
    clean = np.concatenate([counts(clean_mechanism, shares[r], w, rng, 1) for r, w in some])
    centre, apart = clean.mean(axis=0), (landmarks - world.vectors.mean(axis=0)).astype(float)
    noise = Mechanism(nearest(landmarks), landmarks, epsilon).noise_variance / windows
    gram = (clean - centre).T @ (clean - centre) / len(clean) + (noise + 1e-3) * np.eye(clean.shape[1])
    linear = np.linalg.solve(gram, (clean - centre).T @ directions / len(clean))
    found: dict[str, list[float]] = {"plain": [], "shrunk": [], "linear": []}
    for one in lab.attacked(world.name, size):
        true = counts(clean_mechanism, shares[one.rows], one.weights, rng, 1)[0]
        h = true + discrete_laplace(rng, epsilon, (6, windows, len(true))).mean(axis=1)
        small = np.sign(h) * np.maximum(np.abs(h) - noise**0.5 / 2**0.5, 0)
        for name, guess in (
            ("plain", h @ apart),
            ("shrunk", small @ apart),
            ("linear", (h - centre) @ linear),
        ):
            found[name].append(float(lab.cosines_with(guess, one.truth).mean()))
    return {name: interval(np.array(values)) for name, values in found.items()}


def main() -> None:
    worlds = [world for world in all_worlds() if world.name in ("topics", "everyday", "films")]
    register(worlds)
    landmarks = published()
    for world in worlds:
        for size in (50, 200, 1000) if world.name != "films" else (50, 200):
            votes = float(np.mean([len(one.rows) for one in lab.attacked(world.name, size)]))
            for epsilon in sorted({min(0.4, 25 / votes), min(0.4, 20 / votes)}):
                cells = []
                for windows in WINDOWS:
                    got = leak(world, size, epsilon, windows, landmarks)
                    name = max(got, key=lambda one: got[one][0])
                    cells.append(f"{windows}: {got[name][0]:.2f} ±{got[name][1]:.2f} ({name})")
                print(
                    f"{world.name:9}{size:5} epsilon {epsilon:.3f} a window  " + "   ".join(cells), flush=True
                )


if __name__ == "__main__":
    with started(__doc__):
        main()
