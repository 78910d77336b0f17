"""How well applications could now foretell the owner, from everything that they were told exactly.

The strongest known adversaries (foretelling.py) run here, on the real transcript. A guess is as good as it
foretells `rank` on texts that the adversary did not hear about: the published topics, and answers that are
held out. The reading is the best that any of them reaches. An application that offers one kind of thing is
taken to know already what people usually like of that kind. numpy is imported when it is used.
"""

from __future__ import annotations

import math
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from hashlib import blake2b
from typing import TYPE_CHECKING, Final

from ipse.disclosure.foretelling import OFFERED, Heard, Part, Population, joined, likeness, rhos, shares

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

    Floats = NDArray[np.float32]
    Doubles = NDArray[np.float64]
    Places = NDArray[np.intp]

__all__ = [
    "CAP",
    "LONG",
    "OTHERS",
    "Exposure",
    "Population",
    "Told",
    "bits",
    "in_words",
    "named",
    "reading",
    "remember",
]

CAP: Final = 260.0
"""Bits that one application is told at most, unless the owner says otherwise."""
LONG: Final = 90.0
"""Bits beyond which a single answer has a warning of its own."""
OTHERS: Final = 50
"""Candidates that are kept of those that were offered and not told."""
_EDITED: Final = 0.5
"""What an answer counts that the owner changed: in part it is not what `rank` would say."""
_PART: Final = 50
"""Told rows that are held out together; a longer answer falls into parts."""
_ROWS, _LEAST = 6000, 8
"""Rows of a transcript that are looked at, and the fewest of an answer."""
_DRAWS: Final = 100
"""Sets of topics by which the share is found."""
_INSIDER: Final = 0.35
"""Rho of the usual taste for films with a person's own."""
_BROAD, _NARROW = 0.03, 0.10
"""Mean cosine of what an answer offers, less that of the topics: the insider sets in here, and is full."""
_EXPECTED: Final = ((0.0, 0.35, 0.55, 0.75, 0.87, 0.95, 1.0), (0.15, 0.33, 0.44, 0.57, 0.68, 0.78, 1.0))
"""The share that guesses of such a rho had in trials, with films and with everyday things."""
_NEARER: Final = 0.14
"""How much better an application's own texts were foretold in trials than topics, as a part of 1 - rho**2."""
_TRUSTED, _ENOUGH = 60, 200
"""Texts held out that weigh as much as that, and from which the share is measured on them."""
_NAMED: Final = (
    (0.2, "hardly more than by chance"),
    (0.29, "about a quarter"),
    (0.41, "about a third"),
    (0.58, "about half"),
    (0.71, "about two thirds"),
    (0.83, "about three quarters"),
    (1.0, "nearly all"),
)


@dataclass(frozen=True, slots=True)
class Told:
    """One exact answer, as it is kept.

    `rows`: vectors as int8, one after the other, the most liked first; `tiers`: how many rows share each
    place, in that order; `rest`: which of the tiers was not told, -1 if none; `offered`: how many candidates
    there were; `bits`: what the answer counts; `edited`: whether the owner told other than what `rank` picks.
    """

    rows: bytes
    tiers: tuple[int, ...]
    rest: int
    offered: int
    bits: float
    edited: bool = False

    def vectors(self) -> Floats:
        """float32 (n, d), unit length; n is the sum of the tiers."""
        import numpy as np

        whole = np.frombuffer(self.rows, np.int8).reshape(sum(self.tiers), -1).astype(np.float32)
        whole /= np.sqrt(np.einsum("ij,ij->i", whole, whole))[:, None]
        return whole


@dataclass(frozen=True, slots=True)
class Exposure:
    """The reading. `rho`: Spearman's correlation of the best guess with `rank`, in [0, 1]; `share`: of the
    next three choices of twenty, how much it names, in [0, 1]; `stranger`: the share that somebody names who
    was told nothing; `bits`: what all answers count."""

    rho: float
    share: float
    stranger: float
    bits: float

    def after(self, earlier: Exposure) -> Exposure:
        """This reading, no lower than an `earlier` one: what could be foretold once still can."""
        rho, share = max(self.rho, earlier.rho), max(self.share, earlier.share)
        return Exposure(rho, share, self.stranger, max(self.bits, earlier.bits))


def bits(offered: int, told: int = 0, *, ordered: bool = False, each: int = 1) -> float:
    """log2 of the number of possible answers.

    `told` of `offered`, in order or not; or, for each of `offered`, one of `each` (2 for topics and sentences
    that are ticked, 3 for bands).
    """
    if each > 1:
        return offered * math.log2(each)
    told = min(told, offered)
    return math.log2(math.perm(offered, told) if ordered else math.comb(offered, told))


def remember(
    vectors: Floats,
    told: Sequence[Sequence[int]],
    counts: float,
    *,
    below: Sequence[Sequence[int]] = (),
    edited: bool = False,
) -> Told:
    """What is kept of an answer that `counts` so many bits.

    `vectors`: float32 (n, d), unit length, all that was offered; `told`: groups of rows, the most liked
    first: one group for a choice, one a row for an order; `below`: groups that were said to be liked less
    than what was not told. For sentences, which nobody offered, the topics are what was not told. Of that,
    OTHERS are kept, drawn by their own bytes, so that an application has no part in the draw.
    """
    import numpy as np

    whole = np.rint(vectors * (127 / np.abs(vectors).max(axis=1, keepdims=True))).astype(np.int8)
    known = {row for group in (*told, *below) for row in group}
    others = [row for row in range(len(whole)) if row not in known]
    if len(others) > OTHERS:
        others.sort(key=lambda row: blake2b(whole[row].tobytes(), digest_size=8).digest())
    groups = [*told, others[:OTHERS], *below]
    rows = [row for group in groups for row in group]
    tiers = tuple(len(group) for group in groups)
    return Told(
        whole[rows].tobytes(), tiers, len(told), len(whole), counts * (_EDITED if edited else 1), edited
    )


def reading(
    transcript: Sequence[Told],
    topics: Floats,
    topic_scores: Doubles,
    answer_scores: Sequence[Doubles] | None = None,
    population: Population | None = None,
) -> Exposure:
    """How well applications that were told the `transcript` could foretell the owner.

    `topics`: float32 (t, d), the published ones, t >= 20; `topic_scores`: float64 (t,), what `rank` gives
    them today; `answer_scores`: the same for the rows of each answer, to hold answers out; `population`: that
    of the topics where None. A reading may fall: `after` joins it to the last.
    """
    import numpy as np

    population = population or Population.of(topics)
    rng = np.random.default_rng(0)
    sets = np.stack([rng.choice(len(topics), OFFERED, replace=False) for _ in range(_DRAWS)])
    stranger = (topics @ population.usual)[:, None]
    unheard = float(shares(stranger, topic_scores, sets)[0])
    counted = sum(answer.bits for answer in transcript)
    limit = max(_LEAST, _ROWS // max(len(transcript), 1))
    scores: Sequence[Doubles | None] = answer_scores or [None] * len(transcript)
    parts = [
        part
        for answer, known in zip(transcript, scores, strict=True)
        for part in _parts(answer, known, limit)
        if len(part.tiers) > 1
    ]
    if not parts:
        return Exposure(max(0.0, float(rhos(stranger, topic_scores)[0])), unheard, unheard, counted)
    usual_cosine = likeness(topics)
    narrow = float(np.mean([likeness(part.vectors) for part in parts])) - usual_cosine
    insider = _INSIDER * min(1.0, max(0.0, (narrow - _BROAD) / (_NARROW - _BROAD)))
    heard = Heard(parts)
    guesses = heard.guesses(population)
    own = joined(topics @ guesses[:, :, 0], topic_scores, insider)
    rho, share = float(rhos(own, topic_scores).max()), float(shares(own, topic_scores, sets).max())
    held_rho, held_share, judged = heard.held_out(guesses, insider)
    rho = _combined(rho, held_rho, judged)
    expected = float(np.interp(rho, *_EXPECTED))
    return Exposure(rho, max(share, expected, held_share if judged >= _ENOUGH else 0.0), unheard, counted)


def in_words(exposure: Exposure) -> str:
    """The reading in a sentence for the page."""
    return f"of your next three choices it could name {named(exposure.share)}"


def named(share: float) -> str:
    """How much a share is, in words."""
    return next(words for most, words in _NAMED if share <= most)


def _combined(rho: float, held: float, judged: int) -> float:
    """The reading from `rho` on the topics and `held` on so many texts that were held out.

    The fewer there are of these, the more counts what they are foretold better than the topics.
    """
    trust = judged / (judged + _TRUSTED)
    rho = max(0.0, rho)
    return min(1.0, max(held, rho + (1 - trust) * _NEARER * (1 - rho**2)))


def _parts(answer: Told, scores: Doubles | None, limit: int) -> Iterator[Part]:
    import numpy as np

    tiers = np.repeat(np.arange(len(answer.tiers)), answer.tiers)
    rows, others = np.arange(len(tiers)), np.flatnonzero(tiers == answer.rest)
    told = len(rows) - len(others)
    if len(rows) > limit:
        few = others[: max(limit - told, limit // 2)]
        rows = np.setdiff1d(rows, np.setdiff1d(others, few))
        rows = rows[np.linspace(0, len(rows) - 1, min(limit, len(rows))).astype(np.intp)]
    vectors, pieces = answer.vectors(), max(1, round(told / _PART))
    for own in (rows[piece::pieces] for piece in range(pieces)):
        not_told = tiers[own] == answer.rest
        usual = told * int(not_told.sum()) / max(answer.offered - told, 1) + (
            0.5 if len(others) else len(own)
        )
        asked = np.flatnonzero(not_told | (np.cumsum(~not_told) <= usual))
        known = np.zeros(0) if scores is None else scores[own[asked]]
        weight = _EDITED if answer.edited else 1.0
        yield Part(vectors[own], tuple(tiers[own].tolist()), weight, asked, known)
