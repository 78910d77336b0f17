"""Interests: what a person's opinions gather around.

Opinions are grouped by average linkage on cosine similarity, cut where groups stand out from how alike
the texts are anyway; then each opinion goes to the group it is nearest to, or to none. How many interests
there are follows from the opinions. The same opinions give the same interests in whatever order they come.

A text and its opposite embed alike, so that liking is no part of a vector: an interest gathers what is
said about a thing, for and against, and its affinity says how much it is liked.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

    Floats = NDArray[np.float32]
    Integers = NDArray[np.intp]

__all__ = [
    "Background",
    "Interest",
    "find_interests",
    "half_life",
    "interest_of",
    "relevance",
    "typical_first",
]

_AT_MOST: Final = 20
"""Interests of one person."""
_SAMPLE: Final = 1500
"""Opinions from which the groups are found; the others are assigned to them."""
_BLOCK: Final = 8192
_ABOVE: Final = 0.5
"""Spreads above the mean similarity at which opinions belong together."""
_CONFIDENCE: Final = 20
"""Opinions that weigh as much as the background in saying how alike texts are anyway."""
_COMMON: Final = 70
"""Opinions at which half of what they all have in common is taken out of them."""
_LOOSE: Final = 0.85
"""What belongs to a group may be this much less like its members than they are like each other."""
_PASSES: Final = 3
_HANDFUL: Final = 6
"""Below so many opinions, one alone is an interest."""

_DEFAULT_HALF_LIFE: Final = 1461.0
_SHORTEST, _LONGEST = 730.0, 3650.0
_FEW_DATES: Final = 5
_DAY: Final = 86400.0


@dataclass(frozen=True, slots=True)
class Background:
    """How alike texts are under a model when they have nothing in common: mean and spread of cosines."""

    mean: float = 0.17
    spread: float = 0.1


@dataclass(frozen=True, slots=True)
class Interest:
    """A group of opinions.

    `members` are their rows, rising; `medoid` is the row nearest to the centre; `centroid` is float32
    (d,), unit length; `affinity` is the mean weight, in [-1, 1]; `first` and `last` are the dates of the
    oldest and the newest; `half_life` is in days.
    """

    members: tuple[int, ...]
    medoid: int
    centroid: Floats
    affinity: float
    first: datetime
    last: datetime
    half_life: float


def find_interests(
    vectors: Floats,
    weights: Sequence[float],
    times: Sequence[datetime],
    *,
    background: Background = Background(),
) -> tuple[Interest, ...]:
    """The interests in opinions, the largest first, 20 at most.

    `vectors` is float32 (n, d), unit length; `weights` are in [-1, 1] and `times` say since when each
    holds; `background` belongs to the model. What fits nowhere is in no interest. Never empty for n > 0.
    """
    import numpy as np

    if not len(vectors):
        return ()
    graded = np.asarray(weights, dtype=np.float64)
    # In an order that only the vectors decide, so that not even rounding depends on the caller's.
    order = np.argsort(_hashes(vectors), kind="stable")
    groups = _groups(*_apart(np.ascontiguousarray(vectors[order]), background))
    found = [_interest(np.sort(order[group]), vectors, graded, times) for group in groups]
    return tuple(
        sorted(found, key=lambda interest: (-len(interest.members), interest.first, interest.medoid))
    )


def interest_of(
    interests: Sequence[Interest],
    vector: Floats,
    *,
    background: Background = Background(),
) -> int | None:
    """The position of the interest that a text, float32 (d,), unit length, belongs to; None for none."""
    cosines = [float(interest.centroid @ vector) for interest in interests]
    if not cosines:
        return None
    nearest = max(range(len(cosines)), key=cosines.__getitem__)
    return nearest if cosines[nearest] >= background.mean + 1.5 * background.spread else None


def half_life(times: Sequence[datetime]) -> float:
    """Days after which evidence of an interest counts half, from the dates of its opinions.

    The span between the first and the last tenth of the dates, held to [730, 3650]: what was said over
    many years fades slowly, what flared up once fades faster. 1461 where the dates say nothing: fewer than
    5, or all on one day.
    """
    if len(times) < _FEW_DATES:
        return _DEFAULT_HALF_LIFE
    stamps = sorted(time.timestamp() / _DAY for time in times)
    if int(stamps[0]) == int(stamps[-1]):
        return _DEFAULT_HALF_LIFE
    span = _quantile(stamps, 0.9) - _quantile(stamps, 0.1)
    return min(max(span, _SHORTEST), _LONGEST)


def typical_first(interest: Interest, vectors: Floats) -> list[int]:
    """The members of an interest by how near they are to its centre; the medoid is the first.

    `vectors` is float32 (n, d), those that the interest was found in.
    """
    import numpy as np

    rows = np.array(interest.members)
    order = np.argsort(-(vectors[rows] @ interest.centroid), kind="stable")
    return [interest.medoid, *(int(row) for row in rows[order] if row != interest.medoid)]


def relevance(interests: Sequence[Interest], times: Sequence[datetime], now: datetime) -> list[float]:
    """How much of each opinion still counts at `now`, in (0, 1], by the half-life of its interest.

    `times` say since when each holds; what is in no interest has the default half-life.
    """
    half_lives = [_DEFAULT_HALF_LIFE] * len(times)
    for interest in interests:
        for row in interest.members:
            half_lives[row] = interest.half_life
    ages = [max((now - time).total_seconds() / _DAY, 0.0) for time in times]
    return [0.5 ** (age / half_life) for age, half_life in zip(ages, half_lives, strict=True)]


def _quantile(rising: Sequence[float], share: float) -> float:
    place = share * (len(rising) - 1)
    low = int(place)
    high = min(low + 1, len(rising) - 1)
    return rising[low] + (place - low) * (rising[high] - rising[low])


def _interest(
    rows: Integers, vectors: Floats, weights: NDArray[np.float64], times: Sequence[datetime]
) -> Interest:
    import numpy as np

    members = vectors[rows]
    mean = members.mean(axis=0, dtype=np.float64)
    length = float(np.linalg.norm(mean))
    centroid = (mean / length if length else members[0]).astype(np.float32)
    dates = [times[row] for row in rows]
    return Interest(
        members=tuple(int(row) for row in rows),
        medoid=int(rows[int(np.argmax(members @ centroid))]),
        centroid=centroid,
        affinity=float(weights[rows].mean()),
        first=min(dates),
        last=max(dates),
        half_life=half_life(dates),
    )


def _hashes(vectors: Floats) -> NDArray[np.uint64]:
    """A number per row that depends on its bits alone."""
    import numpy as np

    bits = np.ascontiguousarray(vectors, dtype=np.dtype("<f4")).view(np.dtype("<u4"))
    # Odd multipliers from the fractional part of the golden ratio, then a shift and a multiplication so
    # that the high bits, by which rows are sorted, depend on all of the row.
    factors = (np.arange(1, bits.shape[1] + 1, dtype=np.uint64) * np.uint64(0x9E3779B97F4A7C15)) | np.uint64(
        1
    )
    hashes = np.empty(len(bits), dtype=np.uint64)
    for start in range(0, len(bits), _BLOCK):
        block = bits[start : start + _BLOCK]
        sums = (block * factors).sum(axis=1, dtype=np.uint64)
        hashes[start : start + _BLOCK] = (sums ^ (sums >> np.uint64(31))) * np.uint64(0xD6E8FEB86659FD93)
    return hashes


def _apart(vectors: Floats, background: Background) -> tuple[Floats, Background]:
    """Vectors without what they have in common, unit length, and the background they then have.

    A long list of films is alike in being films; its interests show when that is taken out. Of a few
    opinions it is their one interest, and stays.
    """
    import numpy as np

    share = len(vectors) / (len(vectors) + _COMMON)
    rest = vectors - np.float32(share) * vectors.mean(axis=0, dtype=np.float64).astype(np.float32)
    rest /= np.maximum(np.linalg.norm(rest, axis=1, keepdims=True), np.float32(1e-12))
    mean = background.mean
    left = mean * (1 - share) ** 2 / (1 - share * (2 - share) * mean)
    return rest, Background(left, background.spread)


def _groups(vectors: Floats, background: Background) -> list[Integers]:
    """Rows that belong together; every group has at least one row."""
    import numpy as np

    sample = vectors[:_SAMPLE]
    similarity = sample @ sample.T
    cut = _cut(similarity, background)
    merges = _linkage(similarity)
    smallest = _smallest(len(sample))
    groups = _largest(_united(len(sample), merges, cut, smallest), smallest)
    # Group means are not scaled to unit length: a text's product with one is its mean similarity.
    for _ in range(_PASSES):
        means = np.stack([vectors[group].mean(axis=0) for group in groups])
        counts = np.array([len(group) for group in groups])
        own = np.full(len(vectors), -1)
        for position, group in enumerate(groups):
            own[group] = position
        assigned = _assigned(vectors, means, counts, own, cut * _LOOSE)
        kept = [np.flatnonzero(assigned == position) for position in range(len(groups))]
        kept = [group for group in kept if len(group)]
        if not kept:
            break
        groups = kept
    return groups


def _cut(similarity: Floats, background: Background) -> float:
    """The mean similarity from which groups of opinions are one interest.

    A few opinions can't say how alike unrelated ones are; the background stands in for them and gives
    way as they become more.
    """
    import numpy as np

    count = len(similarity)
    pairs = similarity[np.triu_indices(count, 1)]
    if not len(pairs):
        return background.mean
    share = count / (count + _CONFIDENCE)
    mean = share * float(pairs.mean(dtype=np.float64)) + (1 - share) * background.mean
    spread = share * float(pairs.std(dtype=np.float64)) + (1 - share) * background.spread
    return mean + _ABOVE * spread


def _linkage(similarity: Floats) -> list[tuple[int, int, float]]:
    """Average-linkage merges (kept row, absorbed row, mean similarity), the most similar first.

    Found with nearest-neighbour chains: two groups that are nearest to each other merge, in any order.
    """
    import numpy as np

    work = similarity.astype(np.float64)
    np.fill_diagonal(work, -np.inf)
    sizes = np.ones(len(work))
    alive = np.ones(len(work), dtype=bool)
    merges: list[tuple[int, int, float]] = []
    chain: list[int] = []
    first = 0
    while len(merges) < len(work) - 1:
        if not chain:
            while not alive[first]:
                first += 1
            chain.append(first)
        last = chain[-1]
        nearest = int(np.argmax(work[last]))
        if len(chain) == 1 or work[last, nearest] > work[last, chain[-2]]:
            chain.append(nearest)
            continue
        other = chain[-2]
        del chain[-2:]
        kept, absorbed = min(last, other), max(last, other)
        merges.append((kept, absorbed, float(work[last, other])))
        share = sizes[kept] / (sizes[kept] + sizes[absorbed])
        with np.errstate(invalid="ignore"):
            joined = share * work[kept] + (1 - share) * work[absorbed]
        joined[[kept, absorbed]] = -np.inf
        work[kept], work[:, kept] = joined, joined
        work[absorbed], work[:, absorbed] = -np.inf, -np.inf
        sizes[kept] += sizes[absorbed]
        alive[absorbed] = False
    return sorted(merges, key=lambda merge: -merge[2])


def _united(
    count: int, merges: Sequence[tuple[int, int, float]], cut: float, smallest: int
) -> list[list[int]]:
    """The groups that merges down to the similarity `cut` make of `count` rows.

    Merging goes on below the cut while there are too many groups of at least `smallest` rows.
    """
    root = list(range(count))
    sizes = [1] * count
    large = count if smallest <= 1 else 0

    def root_of(row: int) -> int:
        while root[row] != row:
            root[row] = root[root[row]]
            row = root[row]
        return row

    for kept, absorbed, similarity in merges:
        if similarity < cut and large <= _AT_MOST:
            break
        upper, lower = root_of(kept), root_of(absorbed)
        large -= (sizes[upper] >= smallest) + (sizes[lower] >= smallest)
        root[lower] = upper
        sizes[upper] += sizes[lower]
        large += sizes[upper] >= smallest
    groups: dict[int, list[int]] = {}
    for row in range(count):
        groups.setdefault(root_of(row), []).append(row)
    return list(groups.values())


def _smallest(count: int) -> int:
    """How many of `count` opinions make an interest."""
    return 1 if count < _HANDFUL else 2 + int(math.log10(count / _HANDFUL))


def _largest(groups: list[list[int]], smallest: int) -> list[Integers]:
    """The groups that are large enough to be interests, or of small ones all that there are."""
    import numpy as np

    enough = [group for group in groups if len(group) >= smallest] or groups
    return [np.array(group) for group in sorted(enough, key=lambda group: (-len(group), group))[:_AT_MOST]]


def _assigned(vectors: Floats, means: Floats, counts: Integers, own: Integers, least: float) -> Integers:
    """The group each row is nearest to, -1 where its mean similarity to all of them is under `least`.

    A row's likeness to itself says nothing: it is left out of the mean of its own group.
    """
    import numpy as np

    assigned = np.full(len(vectors), -1)
    lengths = np.maximum(np.linalg.norm(means, axis=1), 1e-12)
    for start in range(0, len(vectors), _BLOCK):
        likeness = vectors[start : start + _BLOCK] @ means.T
        rows = np.arange(len(likeness))
        nearest = np.argmax(likeness / lengths, axis=1)
        group = counts[nearest]
        itself = (own[start : start + _BLOCK] == nearest) & (group > 1)
        mean = likeness[rows, nearest]
        mean = np.where(itself, (mean * group - 1) / np.maximum(group - 1, 1), mean)
        assigned[start : start + _BLOCK] = np.where(mean >= least, nearest, -1)
    return assigned
