"""Bands read from the summary: the noisy count of a topic in units of the noise's scale.

"high" from `limit` scales on, "low" from -`limit` on, else "cannot tell". Of ten topics asked, five are
those of which the person said most and five any others. True is what all votes say: high where at least
twice as many are for as against, low for the reverse, else medium; nothing where fewer than two statements
are about the topic.
"""

from __future__ import annotations

import numpy as np

from . import lab
from .lab import Mechanism, interval, nearest, register, summaries, votes_of
from .running import started
from .worlds import all_worlds, published

LIMITS = (1.0, 1.5, 2.0, 2.5, 3.0, 4.0)


def main() -> None:
    worlds = [world for world in all_worlds() if world.name in ("topics", "everyday", "films")]
    register(worlds)
    landmarks = published()
    print(
        "world size epsilon limit | of topics spoken of: told, right, medium, reversed (of the told)"
        " | told of topics not spoken of"
    )
    for world in worlds:
        shares = nearest(landmarks)(world.vectors)
        for size in (50, 200, 1000):
            some = lab.attacked(world.name, size)
            epsilon = min(0.4, 25 / float(np.mean([len(one.rows) for one in some])))
            h = summaries(world, size, Mechanism(nearest(landmarks), landmarks, epsilon, 1e9))
            for limit in LIMITS:
                rows = []
                for i, one in enumerate(some):
                    graded = votes_of(one.weights, True)
                    up, down = (
                        np.maximum(graded, 0) @ shares[one.rows],
                        np.maximum(-graded, 0) @ shares[one.rows],
                    )
                    asked = np.argsort(-(up + down), kind="stable")[:5]
                    asked = asked[(up + down)[asked] >= 2]
                    quiet = np.flatnonzero(up + down == 0)
                    true = np.where(up >= 2 * down, 1, np.where(down >= 2 * up, -1, 0))[asked]
                    said = np.where(np.abs(h[i]) * epsilon >= limit, np.sign(h[i]), 0)
                    told = said[:, asked] != 0
                    n = max(int(told.sum()), 1)
                    rows.append(
                        (
                            told.mean(),
                            (told & (said[:, asked] == true)).sum() / n,
                            (told & (true == 0)).sum() / n,
                            (told & (said[:, asked] == -true) & (true != 0)).sum() / n,
                            (said[:, quiet] != 0).mean(),
                            told.sum(),
                        )
                    )
                table = np.array(rows)
                weight = table[:, 5] / max(table[:, 5].sum(), 1)
                told, half = interval(table[:, 0])
                print(
                    f"{world.name:9}{size:5} {epsilon:.3f} {limit:4} | {told:.2f} ±{half:.2f}"
                    f"  {weight @ table[:, 1]:.2f}  {weight @ table[:, 2]:.2f}  {weight @ table[:, 3]:.2f}"
                    f" | {table[:, 4].mean():.3f}",
                    flush=True,
                )


if __name__ == "__main__":
    with started(__doc__):
        main()
