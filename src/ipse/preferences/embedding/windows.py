"""Texts as windows of tokens that the model can read at once.

A text that fits is one window. A longer one is split, if possible between sentences, else between
words, and its vector is the mean of its windows' vectors, each weighted by its number of tokens.
"""

from __future__ import annotations

import re
from bisect import bisect_left
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

from ipse.preferences.embedding.embedder import unreadable

if TYPE_CHECKING:
    from collections.abc import Sequence

    from tokenizers import Tokenizer

    from ipse.preferences.embedding.embedder import Vectors

__all__ = ["Splitter", "Window", "join", "spans"]

_SENTENCE_END: Final = re.compile(
    r"""[.!?…]["'”’»)\]]*\s+|[。！？]["'”’»）」』]*\s*|\n+"""  # noqa: RUF001 - look-alikes are meant
)
_SAMPLE: Final = "a"


@dataclass(frozen=True, slots=True)
class Window:
    """A stretch of one text: `text[start:end]`, of the text with index `owner`.

    `ids` are its tokens with the model's special ones around them, `weight` is how many there are
    without those.
    """

    owner: int
    start: int
    end: int
    ids: tuple[int, ...]
    weight: int


class Splitter:
    """Cuts texts into windows of at most `max_tokens` tokens, the special ones included."""

    def __init__(self, tokenizer: Tokenizer, max_tokens: int) -> None:
        tokenizer.no_padding()
        tokenizer.no_truncation()
        self._tokenizer = tokenizer
        plain = list(tokenizer.encode(_SAMPLE, add_special_tokens=False).ids)
        whole = list(tokenizer.encode(_SAMPLE).ids)
        at = next(i for i in range(len(whole)) if whole[i : i + len(plain)] == plain)
        self._before, self._after = tuple(whole[:at]), tuple(whole[at + len(plain) :])
        self.room = max_tokens - len(self._before) - len(self._after)
        """How many tokens a window holds, without the special ones."""

    def surrounded(self, ids: Sequence[int]) -> tuple[int, ...]:
        """`ids` with the model's special tokens around them."""
        return (*self._before, *ids, *self._after)

    def windows(self, texts: Sequence[str]) -> list[Window]:
        """All windows of all texts, in order. Raises MalformedInput for a text without any token."""
        windows: list[Window] = []
        encodings = self._tokenizer.encode_batch_fast(list(texts), add_special_tokens=False)
        for owner, (text, encoding) in enumerate(zip(texts, encodings, strict=True)):
            ids: list[int] = encoding.ids
            if not ids:
                raise unreadable(owner + 1, len(texts))
            if len(ids) <= self.room:
                windows.append(self._window(owner, 0, len(text), ids))
                continue
            # The fast encoding knows no offsets; only the few long texts need them.
            exact = self._tokenizer.encode(text, add_special_tokens=False)
            offsets: list[tuple[int, int]] = exact.offsets
            for first, last in spans(text, offsets, self.room):
                start, end = offsets[first][0], offsets[last - 1][1]
                windows.append(self._window(owner, start, end, exact.ids[first:last]))
        return windows

    def _window(self, owner: int, start: int, end: int, ids: list[int]) -> Window:
        return Window(owner, start, end, self.surrounded(ids), len(ids))


def spans(text: str, offsets: Sequence[tuple[int, int]], room: int) -> list[tuple[int, int]]:
    """Cuts the tokens at `offsets` of `text` into spans (first, beyond the last) of at most `room`.

    A span ends with the last sentence that ends in its second half, else with its last whole word,
    else where it is full. The spans follow each other without gap or overlap.
    """
    starts = [start for start, _ in offsets]
    sentences = sorted({bisect_left(starts, match.end()) for match in _SENTENCE_END.finditer(text)})
    words = [i for i in range(1, len(offsets)) if offsets[i][0] > offsets[i - 1][1]]
    cuts = [0]
    while len(offsets) - cuts[-1] > room:
        first, full = cuts[-1], cuts[-1] + room
        cuts.append(_last(sentences, first + (room + 1) // 2, full) or _last(words, first + 1, full) or full)
    return list(zip(cuts, [*cuts[1:], len(offsets)], strict=True))


def join(vectors: Vectors, windows: Sequence[Window]) -> Vectors:
    """From the vectors of windows to those of their texts: float32 (texts, dimension), unit length."""
    import numpy as np

    vectors = _unit(vectors)
    if windows[-1].owner + 1 == len(windows):
        return vectors
    texts = np.zeros((windows[-1].owner + 1, vectors.shape[1]), np.float32)
    weights = np.array([window.weight for window in windows], np.float32)
    np.add.at(texts, [window.owner for window in windows], vectors * weights[:, None])
    return _unit(texts)


def _unit(vectors: Vectors) -> Vectors:
    import numpy as np

    unit: Vectors = vectors / np.linalg.norm(vectors, axis=1, keepdims=True)
    return unit


def _last(places: Sequence[int], low: int, high: int) -> int:
    """The largest of the sorted `places` in [low, high], or 0."""
    at = bisect_left(places, high + 1) - 1
    return places[at] if at >= 0 and places[at] >= low else 0
