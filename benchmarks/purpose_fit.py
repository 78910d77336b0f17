"""How often the wallet warns that what is asked does not fit the stated purpose.

benchmarks/purposes.json was written by hand: what applications might ask at all levels, and what for. `fits`
is what a person would expect for that purpose; `mild` is about another harmless subject, `gross` about
something that has no place there, `smuggled` is what fits with one sensitive thing among it; `vague` purposes
say nothing. The parts share no lists of candidates.

- `tune` and `seen` were written before the purpose. It was tuned on `tune` and then tried on `seen`, where it
  warned of 3 of the 30 that fit, twice the bar. So it was tuned on both from then on.
- `report` was written after that, before the measure was changed, and tried when the thresholds stood. It
  was not tuned on. It misses the bar for false alarms: 4 of the 40 that fit are warned of,
  all for purposes that name a form and no subject (documentaries, magazines, evening classes, hobbies).

`mixed` are made from those that fit: half of what is asked is exchanged for half of another's.
"""

from __future__ import annotations

import argparse
import json
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Final

from ipse.preferences import purpose
from ipse.preferences.embedding import Embedder, load_default
from ipse.preferences.topics import published

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

    Floats = NDArray[np.float32]

PAIRS: Final = Path(__file__).with_name("purposes.json")
PARTS: Final = ("tune", "seen", "report")
KINDS: Final = ("fits", "mild", "gross", "smuggled", "vague")
FALSE_ALARMS: Final = 0.05
"""At most this share of what fits is warned of."""
CAUGHT: Final = 0.8
"""At least this share of what does not fit is."""


@dataclass(frozen=True)
class Pair:
    """A purpose and what is asked for it, as texts."""

    part: str
    kind: str
    purpose: str
    asked: tuple[str, ...]


@dataclass(frozen=True)
class Judge:
    """The measure under one model."""

    embedder: Embedder
    topics: Floats
    empty: Floats

    @classmethod
    def under(cls, embedder: Embedder) -> Judge:
        topics = embedder.embed([topic.means for topic in published().topics])
        return cls(embedder, topics, embedder.embed(purpose.EMPTY_PURPOSES))

    def fit(self, pair: Pair) -> purpose.Fit:
        """How the pair fits."""
        vectors = self.embedder.embed([pair.purpose, *pair.asked])
        sensitive = [topic.sensitive for topic in published().topics]
        return purpose.fits(vectors[0], vectors[1:], self.topics, sensitive)

    def empty_purpose(self, pair: Pair) -> bool:
        """Whether its purpose says nothing."""
        return purpose.is_empty(self.embedder.embed([pair.purpose])[0], self.empty, self.topics)

    def warned(self, pair: Pair) -> bool:
        """Whether the owner is warned."""
        fit = self.fit(pair)
        return fit.astray or bool(fit.sensitive) or (not fit.plain and self.empty_purpose(pair))


def pairs() -> list[Pair]:
    """The labelled set; a topic's text is what it means."""
    means = {topic.id: topic.means for topic in published().topics}
    found = []
    for entry in json.loads(PAIRS.read_text(encoding="utf-8")):
        if "about" in entry:
            asked = (entry["about"],)
        else:
            asked = tuple(entry.get("candidates") or (means[topic] for topic in entry["topics"]))
        found.append(Pair(entry["part"], entry["kind"], entry["purpose"], asked))
    return found


def mixed(fitting: Sequence[Pair]) -> list[Pair]:
    """Each with the second half of what is asked exchanged for the first half of another's."""
    several = [pair for pair in fitting if len(pair.asked) > 1]
    made = []
    for place, pair in enumerate(several):
        other = several[(place + 7) % len(several)]
        half = len(pair.asked) // 2
        asked = (*pair.asked[:half], *other.asked[:half])
        made.append(Pair(pair.part, "mixed", pair.purpose, asked))
    return made


def shares(judge: Judge, chosen: Sequence[Pair], *, told: bool = False) -> tuple[float, float]:
    """The share warned of among what fits, and among what does not."""
    alarms: dict[bool, list[bool]] = {True: [], False: []}
    for kind in KINDS:
        of_kind = [pair for pair in chosen if pair.kind == kind]
        warned = [judge.warned(pair) for pair in of_kind]
        alarms[kind == "fits"] += warned
        if told:
            print(f"  {kind:9} warned of {sum(warned):3} of {len(warned)}")
            for pair, alarm in zip(of_kind, warned, strict=True):
                if alarm == (kind == "fits"):
                    print(f"            wrong: {pair.purpose!r}: {judge.fit(pair)}")
    return (sum(alarms[True]) / len(alarms[True]), sum(alarms[False]) / len(alarms[False]))


def main() -> None:
    """Print the tables, and whether the last part misses a bar."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--part", choices=PARTS, help="only this part")
    given = parser.parse_args()
    judge = Judge.under(load_default())
    for part in PARTS if given.part is None else (given.part,):
        print(f"purposes: the part {part}")
        chosen = [pair for pair in pairs() if pair.part == part]
        false, caught = shares(judge, chosen, told=True)
        empty = [judge.empty_purpose(pair) for pair in chosen if pair.kind == "vague"]
        blends = [judge.warned(pair) for pair in mixed([pair for pair in chosen if pair.kind == "fits"])]
        print(f"  vague     called empty {sum(empty)} of {len(empty)}")
        print(f"  mixed     warned of {sum(blends):3} of {len(blends)} (no bar)")
        print(f"  false alarms {false:.3f} (at most {FALSE_ALARMS:.2f}), caught {caught:.3f}", end=" ")
        print(f"(at least {CAUGHT:.2f})", flush=True)
    if false > FALSE_ALARMS or caught < CAUGHT:
        print("a bar is missed")


if __name__ == "__main__":
    main()
