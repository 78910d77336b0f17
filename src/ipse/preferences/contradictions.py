"""Opinions that contradict each other: close in meaning, opposite in what they say of it.

Closeness alone is not enough, since a model puts "cheap wine" as near to "expensive wine" as to itself said
otherwise. So the words decide with it: two opinions on the same words need little more, one that narrows the
other ("coffee", "instant coffee") a lot, two that differ in a word each ("red wine", "white wine") nearly
everything. Nothing is changed by being found here.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection, Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime
from itertools import chain, product
from typing import TYPE_CHECKING, Final

from ipse.preferences.interests import Background
from ipse.preferences.negation import stance, turning
from ipse.preferences.words import fold, listed, stem, words

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

    Floats = NDArray[np.float32]
    Rows = NDArray[np.intp]

__all__ = ["Contradiction", "find_contradictions"]

_SAME_WORDS: Final = 0.5
_NARROWED: Final = 0.84
_PARAPHRASED: Final = 0.8
_CONTRASTED: Final = 0.91
"""Least cosines under the default model; for other models see `_under`."""
_DEFAULT: Final = Background()
_BLOCK: Final = 2048
_NEIGHBOURS: Final = 8
"""Opposite opinions that each is compared with, the nearest."""
_ALIKE: Final = 64
"""Opinions on the same words, or near to one, that are compared with each other."""
_FEW: Final = 1000
_SMALL: Final = 4_000_000
"""Pairs up to which all products are cheaper than finding the main directions."""
_DIRECTIONS: Final = 128
_GATHERED: Final = 65536
_DENSE: Final = 64
"""Where more than one pair of so many is likely, all products are cheaper than theirs."""

_GENERAL: Final = frozenset(
    (
        *(
            "attend",
            "cook",
            "do",
            "drink",
            "eat",
            "full",
            "go",
            "going",
            "hear",
            "kind",
            "listen",
            "music",
            "peopl",
        ),
        *(
            "play",
            "read",
            "see",
            "sit",
            "sleep",
            "sort",
            "spend",
            "stuff",
            "tak",
            "thing",
            "tim",
            "travel",
            "typ",
        ),
        *("us", "visit", "watch", "work"),
    )
)
"""Stems of what one may do with nearly anything."""
_ONE_WORD: Final = {
    **dict.fromkeys(("mov", "movi", "cinema"), "film"),
    **dict.fromkeys(("novel", "stor"), "book"),
    **dict.fromkeys(("sci-fi", "scienc"), "fiction"),
    **dict.fromkeys(("trip", "rid", "tour"), "journey"),
    **dict.fromkeys(("cuisin", "dish"), "food"),
    **dict.fromkeys(("poem", "poet"), "poetr"),
    "soccer": "football",
    "comedian": "comed",
}


@dataclass(frozen=True, slots=True)
class Contradiction:
    """Two opinions by their rows, `a` the older; their cosine; and how strong it is, in (0, 1]."""

    a: int
    b: int
    similarity: float
    strength: float


@dataclass(frozen=True, slots=True)
class _Said:
    stance: int
    turned: bool
    subject: frozenset[str]
    numbers: frozenset[str]


def find_contradictions(
    vectors: Floats,
    weights: Sequence[float],
    texts: Sequence[str],
    times: Sequence[datetime],
    *,
    limit: int,
    among: Collection[int] | None = None,
    background: Background = _DEFAULT,
) -> list[Contradiction]:
    """The `limit` strongest contradictions in current opinions, strongest first.

    `vectors` is float32 (n, d), unit length; `weights` are in [-1, 1]; `times` say since when each holds.
    `among`: only those that one of these rows has a part in. `background` belongs to the model.
    """

    def read(row: int) -> _Said:
        if row not in known:
            known[row] = _read(texts[row], weights[row])
        return known[row]

    known: dict[int, _Said] = {}
    if among is not None and len(among) <= _FEW:
        pairs = _around(vectors, sorted(among))
    else:
        said = [read(row) for row in range(len(texts))]
        pairs = chain(_on_the_same_words(said), _near(vectors, said, _under(_PARAPHRASED, background)))
    wanted = None if among is None else frozenset(among)
    found: dict[tuple[int, int], Contradiction] = {}
    for first, second in pairs:
        older, newer = sorted((first, second), key=lambda row: (times[row], row))
        if (older, newer) in found or (wanted is not None and wanted.isdisjoint((older, newer))):
            continue
        similarity = min(float(vectors[older] @ vectors[newer]), 1.0)
        if similarity >= _under(_least(read(older), read(newer)), background):
            strength = similarity * min(abs(weights[older]), abs(weights[newer]))
            found[older, newer] = Contradiction(older, newer, similarity, strength)
    return sorted(found.values(), key=lambda one: (-one.strength, -one.similarity, one.a, one.b))[:limit]


def _read(text: str, weight: float) -> _Said:
    folded = [fold(word) for word in words(text)]
    aside = listed("stop"), listed("opinion")
    about = (
        word.removesuffix("-free")
        for word in folded
        if not (word in aside[0] or word in aside[1] or turning(word))
    )
    stems = (_ONE_WORD.get(stem(word), stem(word)) for word in about)
    subject = frozenset(one for one in stems if one not in _GENERAL)
    holds = stance(text, weight)
    numbers = frozenset(
        part for part in text[:400].replace("(", " ").replace(")", " ").split() if part.isdigit()
    )
    return _Said(holds, holds != (weight > 0) - (weight < 0), subject, numbers)


def _least(one: _Said, other: _Said) -> float:
    """The cosine from which two opinions contradict each other; above 1 where they do not at any."""
    if one.stance * other.stance >= 0 or one.numbers != other.numbers:
        return 2.0
    rest, other_rest = one.subject - other.subject, other.subject - one.subject
    if not rest and not other_rest:
        return _SAME_WORDS if one.subject else _PARAPHRASED
    if (one.turned and rest and not other.turned) or (other.turned and other_rest and not one.turned):
        return 2.0  # what is negated is a thing that the other does not speak of
    if not rest or not other_rest:
        return _NARROWED
    return _CONTRASTED if one.subject & other.subject else _PARAPHRASED


def _under(cosine: float, background: Background) -> float:
    """The cosine under a model that says as much as `cosine` does under the default one."""
    return 1 - (1 - cosine) * (1 - background.mean) / (1 - _DEFAULT.mean) if cosine <= 1 else cosine


def _on_the_same_words(said: Sequence[_Said]) -> Iterator[tuple[int, int]]:
    """Pairs of opposite stance on one subject, of many the latest."""
    by_subject: dict[frozenset[str], list[int]] = defaultdict(list)
    for row, one in enumerate(said):
        if one.subject and one.stance:
            by_subject[one.subject].append(row)
    for rows in by_subject.values():
        for_it = [row for row in rows if said[row].stance > 0]
        against = [row for row in rows if said[row].stance < 0]
        yield from product(for_it[-_ALIKE:], against[-_ALIKE:])


def _around(vectors: Floats, rows: Sequence[int]) -> Iterator[tuple[int, int]]:
    """Each of some rows with those nearest to it."""
    import numpy as np

    count = min(_ALIKE, len(vectors) - 1)
    for start in range(0, len(rows) if count else 0, _BLOCK // 64):
        block = rows[start : start + _BLOCK // 64]
        cosines = vectors[block] @ vectors.T
        cosines[range(len(block)), block] = -1
        nearest = np.argpartition(-cosines, count - 1, axis=1)[:, :count]
        yield from (
            (row, other) for row, others in zip(block, nearest.tolist(), strict=True) for other in others
        )


def _near(vectors: Floats, said: Sequence[_Said], least: float) -> Iterator[tuple[int, int]]:
    """Pairs of opposite stance with a cosine of at least `least`."""
    import numpy as np

    for_it = np.array([row for row, one in enumerate(said) if one.stance > 0], dtype=np.intp)
    against = np.array([row for row, one in enumerate(said) if one.stance < 0], dtype=np.intp)
    rows, others = sorted((for_it, against), key=len)
    bounds = _bounds(vectors) if len(rows) * len(others) > _SMALL else vectors
    for start in range(0, len(rows), _BLOCK):
        block = rows[start : start + _BLOCK]
        kept = np.zeros(0, dtype=np.intp), np.zeros(0, dtype=np.intp), np.zeros(0, dtype=np.float32)
        for place in range(0, len(others), 4 * _BLOCK):
            found = _products(vectors, bounds, block, others[place : place + 4 * _BLOCK], least)
            kept = _nearest_of_each(
                np.concatenate((kept[0], found[0])),
                np.concatenate((kept[1], found[1])),
                np.concatenate((kept[2], found[2])),
            )
        yield from zip(kept[0].tolist(), kept[1].tolist(), strict=True)


def _products(
    vectors: Floats, bounds: Floats, block: Rows, columns: Rows, least: float
) -> tuple[Rows, Rows, Floats]:
    """Pairs of a row of `block` and one of `columns` with a cosine of at least `least`, and the cosines."""
    import numpy as np

    likely = np.flatnonzero(bounds[block] @ bounds[columns].T >= least)
    if len(likely) * _DENSE > len(block) * len(columns):
        cosines = vectors[block] @ vectors[columns].T
        count = min(_NEIGHBOURS, len(columns))
        best = np.argpartition(-cosines, count - 1, axis=1)[:, :count]
        likely = (np.arange(len(block))[:, np.newaxis] * len(columns) + best).ravel()
    first, second = np.divmod(likely, len(columns))
    first, second = block[first], columns[second]
    exact = np.zeros(len(first), dtype=np.float32)
    for start in range(0, len(first), _GATHERED):
        part = slice(start, start + _GATHERED)
        exact[part] = np.einsum("ij,ij->i", vectors[first[part]], vectors[second[part]])
    enough = exact >= least
    return first[enough], second[enough], exact[enough]


def _nearest_of_each(first: Rows, second: Rows, cosines: Floats) -> tuple[Rows, Rows, Floats]:
    """Of the pairs of each row the `_NEIGHBOURS` nearest."""
    import numpy as np

    order = np.lexsort((second, -cosines, first))
    first, second, cosines = first[order], second[order], cosines[order]
    starts = np.searchsorted(first, first, side="left")
    near = np.arange(len(first)) - starts < _NEIGHBOURS
    return first[near], second[near], cosines[near]


def _bounds(vectors: Floats) -> Floats:
    """Shorter vectors, float32 (n, 129), whose products are at least those of `vectors`.

    The coordinates along the 128 main directions, and the length of what is left: by Cauchy and Schwarz
    the product of the rests is at most that of their lengths.
    """
    import numpy as np

    sample = vectors[:: max(len(vectors) // 4096, 1)].astype(np.float64)
    _, directions = np.linalg.eigh(sample.T @ sample)
    main = vectors @ directions[:, -_DIRECTIONS:].astype(np.float32)
    rest = np.sqrt(np.maximum(1 - np.einsum("ij,ij->i", main, main), 0)) + np.float32(1e-3)
    return np.ascontiguousarray(np.column_stack((main, rest)), dtype=np.float32)
