"""Names for groups of texts, from their own words.

A term is scored by how many texts of its group have it and how few of the others: class-based TF-IDF
(Grootendorst 2022, section 3.3) over words and two-word phrases, counted once per text.
"""

from __future__ import annotations

import math
from collections import Counter, defaultdict
from collections.abc import Iterator, Sequence
from typing import Final

from ipse.preferences.words import fold, is_han, listed, stem, words

__all__ = ["names"]

_TERMS: Final = 3
_READ: Final = 2000
"""Texts of a group that are read, evenly spread over it."""
_WEAK: Final = 0.4
"""A further term must score at least this much of the first."""
_UNNAMED: Final = "unnamed"

_Term = tuple[str, ...]


def names(texts_by_cluster: Sequence[Sequence[str]]) -> list[str]:
    """A name for each group: at most three of its terms, the most telling first, all names distinct.

    The most typical texts of a group come first: of terms that tell as much, theirs are taken. Terms are
    written as their texts most often write them. Stop words, words of opinion, numbers and markup name
    nothing; a group without any other word is `unnamed`. The same texts give the same names.
    """
    read = [[_terms(text) for text in _spread(texts)] for texts in texts_by_cluster]
    # In the order of first appearance, which decides between equals; a text counts a term once.
    counts = [
        Counter(term for terms in group for term in dict.fromkeys(term for term, _ in terms))
        for group in read
    ]
    written = _written(read)
    in_all: Counter[_Term] = Counter()
    for count in counts:
        in_all.update(count)
    average = sum(in_all.values()) / max(len(counts), 1)
    taken: set[str] = set()
    found: list[str] = []
    for count, group in zip(counts, read, strict=True):
        ranked = _ranked(count, in_all, average, len(group))
        name = _distinct(ranked, written, taken)
        taken.add(fold(name))
        found.append(name)
    return found


def _spread(texts: Sequence[str]) -> list[str]:
    step = max(len(texts) / _READ, 1)
    return [texts[int(place * step)] for place in range(min(len(texts), _READ))]


def _terms(text: str) -> list[tuple[_Term, str]]:
    """The words and phrases of a text, each as its key and as it is written."""
    found: list[tuple[_Term, str]] = []
    before: tuple[str, str] | None = None
    stop, opinion = listed("stop"), listed("opinion")
    for word in words(text):
        folded = fold(word)
        if folded in stop or folded in opinion or (len(folded) < 2 and folded.isascii()):
            before = None
            continue
        here = (stem(folded), word)
        found.append(((here[0],), word))
        if before is not None:
            found.append(((before[0], here[0]), f"{before[1]} {word}"))
        before = None if is_han(word) else here
    return found


def _written(read: Sequence[Sequence[Sequence[tuple[_Term, str]]]]) -> dict[_Term, str]:
    """How each term is most often written; the first word of a text says little about capitals."""
    forms: dict[_Term, Counter[str]] = defaultdict(Counter)
    for group in read:
        for terms in group:
            for place, (term, form) in enumerate(terms):
                forms[term][form] += 1 if place < 2 else 2
    return {
        term: max(counted, key=lambda form: (counted[form], form == form.lower(), form))
        for term, counted in forms.items()
    }


def _ranked(count: Counter[_Term], in_all: Counter[_Term], average: float, texts: int) -> list[_Term]:
    """The terms that name a group, the most telling first; no two share a word."""
    # One text out of several names nothing, unless no two have anything in common.
    shared = {term for term, here in count.items() if here > 1 or texts <= _TERMS} or set(count)
    scores: dict[_Term, float] = {}
    for term, here in count.items():
        if term in shared:
            # A phrase says more than its words where it is no accident.
            weight = 1.0 if len(term) == 1 else 1.2 if here > 1 or texts <= _TERMS else 0.6
            scores[term] = weight * here / texts * math.log(1 + average / in_all[term])
    chosen: list[_Term] = []
    for term in sorted(scores, key=lambda term: -scores[term]):
        if chosen and scores[term] < _WEAK * scores[chosen[0]]:
            break
        if not any(_overlap(term, other) for other in chosen):
            chosen.append(term)
    return chosen


def _overlap(term: _Term, other: _Term) -> bool:
    if is_han(term[0]) and is_han(other[0]):
        return not set(term[0]).isdisjoint(other[0])
    return not set(term).isdisjoint(other)


def _distinct(ranked: Sequence[_Term], written: dict[_Term, str], taken: set[str]) -> str:
    """The first name that no other group has."""
    for name in _candidates([written[term] for term in ranked]):
        if fold(name) not in taken:
            return name
    first = written[ranked[0]] if ranked else _UNNAMED
    number = 2
    while fold(f"{first} ({number})") in taken:
        number += 1
    return f"{first} ({number})"


def _candidates(terms: Sequence[str]) -> Iterator[str]:
    if not terms:
        yield _UNNAMED
    for start in range(len(terms)):
        yield ", ".join(terms[start : start + _TERMS])
