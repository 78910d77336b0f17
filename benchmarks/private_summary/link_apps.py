"""Linking of applications with summaries of their own, of which m share the leak (apps.py): 1/sqrt(m) of
epsilon each.
"""

from __future__ import annotations

from . import lab
from .lab import register
from .link import ASKED, Variant, linked
from .running import started
from .worlds import all_worlds


def window(_size: int, votes: float) -> float:
    """Epsilon: at 50 statements too, noise grows with the profile."""
    return min(0.4, 25 / votes)


def main() -> None:
    register(all_worlds())
    for name, size, shares in (
        ("topics", 200, (0.707, 0.354)),
        ("topics", 50, (0.999, 0.5, 0.25)),
        ("everyday", 200, (0.999, 0.707, 0.5)),
        ("films", 200, (0.999, 0.5)),
    ):
        if name not in lab.WORLDS:
            continue
        for share in shares:
            variant = Variant("own", shares=share)
            found, (mean, half) = linked(lab.WORLDS[name], size, variant, epsilon_of=window)
            cells = ["  ".join(f"{found[alike, count]:.3f}" for count in ASKED) for alike in (True, False)]
            print(
                f"{name:8} {size:4} own summary, {share} {cells[0]}   {cells[1]}   {mean:.3f} ±{half:.3f}",
                flush=True,
            )


if __name__ == "__main__":
    with started(__doc__):
        main()
