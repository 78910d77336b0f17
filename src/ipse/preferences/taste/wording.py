"""How texts are worded: the words that two of them share.

Embeddings blur names, years and rare words, which are often what a taste hangs on.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

    Floats = NDArray[np.float32]

__all__ = ["Vocabulary", "words"]

_WORD: Final = re.compile(r"\w+")
_UNSPACED: Final = re.compile(
    r"[\u0e00-\u0eff\u1000-\u109f\u1780-\u17ff\u3040-\u30ff\u3400-\u9fff\uf900-\ufaff]"
)
"""Scripts that put no space between words: Thai, Lao, Burmese, Khmer, Kana and Han."""
_GRAMMAR: Final = (
    "a an and as at but by for from i in is it its me my no not of on or s that the to who with you"
)
_EMPTY: Final = frozenset(_GRAMMAR.split())
"""Words that say nothing about a thing: with them, texts would be alike for their grammar."""


def words(text: str) -> frozenset[str]:
    """The words of `text` in lower case; pairs of characters where a script puts no spaces."""
    found = _WORD.findall(text.lower())
    if not text.isascii() and _UNSPACED.search(text):
        found = [part for word in found for part in _parts(word)]
    return frozenset(found) - _EMPTY


def _parts(word: str) -> list[str]:
    if not _UNSPACED.search(word) or len(word) == 1:
        return [word]
    return [word[i : i + 2] for i in range(len(word) - 1)]


class Vocabulary:
    """The words of some texts, ready to be compared with those of many others."""

    def __init__(self, texts: NDArray[np.object_]) -> None:
        """`texts`: frozensets of words, object (m,)."""
        import numpy as np

        self._places: dict[str, int] = {}
        for text in texts:
            for word in sorted(text):
                self._places.setdefault(word, len(self._places) + 1)
        # The first row stands for all words that are not here.
        self._shares = np.zeros((len(self._places) + 1, len(texts)), np.float32)
        for column, text in enumerate(texts):
            for word in text:
                self._shares[self._places[word], column] = 1 / np.sqrt(len(text))

    def shared(self, texts: NDArray[np.object_]) -> Floats:
        """float32 (n, m): the cosine between the sets of words of two texts, in [0, 1]."""
        import numpy as np

        known = [[self._places.get(word, 0) for word in sorted(text)] or [0] for text in texts]
        counts = np.array([len(places) for places in known])
        flat = np.fromiter((place for places in known for place in places), np.intp, int(counts.sum()))
        ends = np.concatenate([[0], np.cumsum(counts)[:-1]])
        cosines: Floats = np.add.reduceat(self._shares[flat], ends, axis=0)
        cosines /= np.sqrt(counts, dtype=np.float32)[:, None]
        return cosines
