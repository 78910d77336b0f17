"""Share of abstentions, and utility where the summary speaks, for rules on certainty and resolution.

It reads what `abstain` kept in the same `--cache` folder.
"""

from __future__ import annotations

import sys

import numpy as np

from .running import RUN, started


def main() -> None:
    path = RUN.cache / "abstain.npz"
    if not path.exists():
        sys.exit("abstain.npz is missing: run abstain first, with the same --cache FOLDER")
    kept = np.load(path)
    rules = [
        (-9.0, 0.0),
        (0.0, 0.0),
        (1.0, 0.0),
        (2.0, 0.0),
        (3.0, 0.0),
        (-9.0, 0.05),
        (0.0, 0.05),
        (1.0, 0.05),
        (2.0, 0.05),
        (1.0, 0.02),
        (2.0, 0.02),
    ]
    print("certainty resolution | abstentions, utility where it speaks (95 % over people)")
    for certainty, resolution in rules:
        cells = []
        for name in kept.files:
            table = kept[name]
            speaks = (table[:, 1] >= certainty) & (table[:, 2] >= resolution)
            people = [table[speaks & (table[:, 0] == i), 3] for i in np.unique(table[:, 0])]
            sums = np.array([(values.sum(), len(values)) for values in people])
            if sums[:, 1].sum() < 20:
                cells.append(f"{name} {1 - speaks.mean():.2f} -")
                continue
            rng = np.random.default_rng(0)
            draws = sums[rng.integers(len(sums), size=(1000, len(sums)))].sum(axis=1)
            low, high = np.quantile(draws[:, 0] / np.maximum(draws[:, 1], 1), (0.025, 0.975))
            cells.append(
                f"{name} {1 - speaks.mean():.2f} {sums[:, 0].sum() / sums[:, 1].sum():.2f}"
                f" [{low:.2f}, {high:.2f}]"
            )
        print(f"{certainty:4} {resolution:5} | " + "; ".join(cells), flush=True)


if __name__ == "__main__":
    with started(__doc__):
        main()
