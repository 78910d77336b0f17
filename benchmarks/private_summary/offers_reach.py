"""People of every world and candidates that are offers (offers.py): reach, abstentions, and reach where it
speaks.

The rule: at least `RESOLUTION` between the candidates, and at least as certain as noise alone is on
average.
"""

from __future__ import annotations

import numpy as np

from ipse.preferences import taste
from ipse.preferences.taste import Evidence, Texts

from . import lab
from .abstain import certainty, resolution
from .lab import Mechanism, counts, nearest, overlap, register, soft, top
from .offers import OFFERS
from .running import RUN, started
from .worlds import Cached, Doubles, Floats, World, all_worlds, published

RESOLUTION, CERTAINTIES = 0.04, (-9.0, 0.0, 1.0, 2.0, 3.0)


def ranked(world: World, size: int, vectors: Floats) -> Doubles:
    """float (people, offers): rank's scores."""
    path = RUN.cache / f"offers_{world.name}_{size}.npy"
    if not path.exists():
        found = []
        for one in lab.attacked(world.name, size):
            texts = [world.texts[row] for row in one.rows]
            keys = np.array([taste.text_key(text) for text in texts], np.uint64)
            known = Evidence(
                Texts.of(texts, world.vectors[one.rows]), one.weights, np.full(len(texts), 20000.0), keys
            )
            found.append(taste.fit(known).scores(Texts.of(list(OFFERS), vectors), 20000.0))
        np.save(path, np.array(found))
    scores: Doubles = np.load(path)
    return scores


def main() -> None:
    embedder = Cached()
    vectors = embedder.embed(list(OFFERS))
    worlds = [world for world in all_worlds() if world.name != "films"]
    register(worlds)
    landmarks = published()
    reading = soft(landmarks, 10)
    reads = reading(vectors)
    for world in worlds:
        for size, mode in [
            (50, "offers"),
            (200, "offers"),
            *([(50, "near"), (200, "near")] if world.name == "topics" else []),
        ]:
            some, scores = lab.attacked(world.name, size), ranked(world, size, vectors)
            votes = float(np.mean([len(one.rows) for one in some]))
            shares = nearest(landmarks)(world.vectors)
            for m in (1, 2, 4):
                epsilon = min(0.4 / m, 25 / (m**0.5 * votes))
                rows = []
                for i, one in enumerate(some):
                    rng = np.random.default_rng([3, i])
                    h = counts(
                        Mechanism(nearest(landmarks), landmarks, epsilon, 1e9),
                        shares[one.rows],
                        one.weights,
                        rng,
                        8 if mode == "offers" else 20,
                    )
                    for _ in range(5 if mode == "offers" else 1):
                        pick = rng.choice(len(OFFERS), 20, replace=False)
                        read = reads[pick] if mode == "offers" else reading(world.vectors[one.offered])
                        best = (
                            set(np.argsort(-scores[i, pick])[:3].tolist()) if mode == "offers" else one.best
                        )
                        right, sure = overlap(top(h @ read.T, rng), best), certainty(read, h, 1 / epsilon)
                        sure = np.where(resolution(read) >= RESOLUTION, sure, -99)
                        rows += [(i, right[k], sure[k]) for k in range(len(h))]
                table = np.array(rows)
                cells = []
                for least in CERTAINTIES:
                    speaks = table[:, 2] >= least
                    each = [table[speaks & (table[:, 0] == i), 1] for i in range(len(some))]
                    sums = np.array([(values.sum(), len(values)) for values in each])
                    draws = sums[np.random.default_rng(0).integers(len(sums), size=(1000, len(sums)))].sum(
                        axis=1
                    )
                    low, high = np.quantile(draws[:, 0] / np.maximum(draws[:, 1], 1), (0.025, 0.975))
                    cells.append(
                        f"{least:g}: {1 - speaks.mean():.2f}"
                        f" {sums[:, 0].sum() / max(sums[:, 1].sum(), 1):.3f}"
                        f" [{low:.3f}, {high:.3f}]"
                    )
                print(
                    f"{world.name:9}{mode} {size:5} m {m} epsilon {epsilon:.3f} | " + "  ".join(cells),
                    flush=True,
                )


if __name__ == "__main__":
    with started(__doc__):
        main()
