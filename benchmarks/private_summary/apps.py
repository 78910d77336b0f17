"""A summary of its own for each of m applications: reach, linking, and the leak where all of them share.

Epsilon of each is min(.4 / m, 25 / (sqrt(m) * votes)): m independent noises have the mean of one that is
sqrt(m) times as small, so that all m together know what one summary of budget 25 shows.
"""

from __future__ import annotations

import numpy as np

from . import lab
from .lab import Mechanism, interval, nearest, reach, register, soft, summaries
from .running import started
from .windows import leak
from .worlds import all_worlds, published


def main() -> None:
    worlds = all_worlds()
    register(worlds)
    landmarks = published()
    print("world size m epsilon each (all) | reach | leak where all share")
    for world in worlds:
        for size in (50, 200, 1000):
            votes = float(np.mean([len(one.rows) for one in lab.attacked(world.name, size)]))
            for m in (1, 2, 4, 8):
                epsilon = min(0.4 / m, 25 / (m**0.5 * votes))
                h = summaries(world, size, Mechanism(nearest(landmarks), landmarks, epsilon, 1e9))
                mean, half = interval(reach(world, size, h, soft(landmarks, 10)))
                told = ""
                if world.name in ("topics", "everyday", "films") and (world.name == "topics" or size < 1000):
                    got = leak(world, size, epsilon, m, landmarks)
                    name = max(got, key=lambda one: got[one][0])
                    told = f"{got[name][0]:.2f} ±{got[name][1]:.2f} ({name})"
                print(
                    f"{world.name:9}{size:5} {m} {epsilon:.3f} ({epsilon * m:.2f})"
                    f" | {mean:.3f} ±{half:.3f} | {told}",
                    flush=True,
                )


if __name__ == "__main__":
    with started(__doc__):
        main()
