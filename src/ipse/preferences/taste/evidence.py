"""What a taste is learned from, as arrays."""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import TYPE_CHECKING, Final

from ipse.preferences.taste.wording import words

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

    Floats = NDArray[np.float32]
    Doubles = NDArray[np.float64]
    Rows = NDArray[np.intp] | slice | list[int]

__all__ = ["Evidence", "Texts", "day", "text_key"]

_DAY: Final = 86400.0


@dataclass(frozen=True, slots=True)
class Texts:
    """Texts as a taste sees them.

    `vectors`: their meaning, float32 (n, d), unit length; `words`: their wording, object (n,), each a
    frozenset of words.
    """

    vectors: Floats
    words: NDArray[np.object_]

    @classmethod
    def of(cls, texts: Sequence[str], vectors: Floats) -> Texts:
        """From texts and their embeddings."""
        import numpy as np

        said = np.empty(len(texts), object)
        said[:] = [words(text) for text in texts]
        return cls(vectors, said)

    def __len__(self) -> int:
        return len(self.vectors)

    def __getitem__(self, rows: Rows) -> Texts:
        return Texts(self.vectors[rows], self.words[rows])


@dataclass(frozen=True, slots=True)
class Evidence:
    """Opinions: what they are about, how they judge it and since when.

    `weights`: float64 (n,), in [-1, 1]; `days`: float64 (n,), days since 1970-01-01; `keys`: uint64 (n,),
    one for each text, the same everywhere and as good as random (`text_key`).
    """

    texts: Texts
    weights: Doubles
    days: Doubles
    keys: NDArray[np.uint64]

    @classmethod
    def of(
        cls, texts: Sequence[str], vectors: Floats, weights: Sequence[float], times: Sequence[datetime]
    ) -> Evidence:
        """From the texts of n opinions, their embeddings, their weights, and since when each holds."""
        import numpy as np

        return cls(
            Texts.of(texts, vectors),
            np.array(weights, np.float64),
            np.array([day(time) for time in times], np.float64),
            np.array([text_key(text) for text in texts], np.uint64),
        )

    def __len__(self) -> int:
        return len(self.weights)

    def __getitem__(self, rows: Rows) -> Evidence:
        return Evidence(self.texts[rows], self.weights[rows], self.days[rows], self.keys[rows])


def day(moment: datetime) -> float:
    """Days from 1970-01-01 to `moment`."""
    return moment.timestamp() / _DAY


def text_key(text: str) -> int:
    """A number below 2**64 drawn by the text itself."""
    return int.from_bytes(hashlib.blake2b(text.encode(), digest_size=8).digest(), "little")
