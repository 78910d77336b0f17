"""Who votes: about so many statements, drawn at random for each answer.

However large a profile grows, an answer then says no more than one of a small profile says. How many
statements there are is itself counted with noise, so that the share that votes tells of no single one.
"""

from __future__ import annotations

import os
from collections.abc import Callable
from typing import TYPE_CHECKING, Final

from ipse.preferences.privacy import noise

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

__all__ = ["SHARE", "VOTERS", "voters"]

VOTERS: Final = 50
"""About how many statements have a part in one answer."""

SHARE: Final = 20
"""One part in so many of an answer's epsilon pays for counting the statements."""


def voters(
    statements: int, most: int, epsilon: int, random_bytes: Callable[[int], bytes] = os.urandom
) -> NDArray[np.bool_]:
    """bool (statements,): which of them vote, each by a draw of its own; all of few, about `most` of many.

    `epsilon`, in thousandths, is what the noisy count costs. Given the count, whether one statement votes
    depends on no other, so that it has no more influence than where all vote. Raises MissingFeature where
    OpenDP is not installed.
    """
    import numpy as np

    counted = max(_noisy(statements, epsilon), most)
    limit = (most << 64) // counted
    if limit >> 64:
        return np.ones(statements, np.bool_)
    drawn = np.frombuffer(random_bytes(8 * statements), np.dtype("<u8"))
    voting: NDArray[np.bool_] = drawn < np.uint64(limit)
    return voting


def _noisy(count: int, epsilon: int) -> int:
    """The count with discrete Laplace noise, which hides one more or less."""
    return int(noise.laplace(1, epsilon)([count])[0])
