"""The randomness that answers are drawn with: OpenDP's noise, and the sample of statements that votes.

However large a profile grows, an answer then says no more than one of a small profile says. How many
statements there are is itself counted with noise, so that the share that votes tells of no single one.
"""

from __future__ import annotations

import os
from collections.abc import Callable
from fractions import Fraction
from functools import cache
from math import inf, nextafter
from typing import TYPE_CHECKING, Any, Final

from ipse.errors import MissingFeature

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

__all__ = ["SHARE", "VOTERS", "laplace", "voters"]

VOTERS: Final = 50
"""About how many statements have a part in one answer."""

SHARE: Final = 20
"""One part in so many of an answer's epsilon pays for counting the statements."""


@cache
def laplace(influence: int, epsilon: int) -> Any:  # OpenDP leaves the methods of a Measurement untyped
    """The measurement that adds discrete Laplace noise to each of a list of integers.

    One statement may change them by `influence` in all; OpenDP says that this costs no more than `epsilon`,
    in thousandths. Raises MissingFeature where OpenDP is not installed.
    """
    try:
        from opendp.domains import atom_domain, vector_domain
        from opendp.measurements import make_laplace
        from opendp.metrics import l1_distance
        from opendp.mod import enable_features
    except ImportError as error:
        from ipse import installation

        raise MissingFeature(
            "the profile extra is not installed (opendp)", hint=installation.how_to_add("profile")
        ) from error
    enable_features("contrib")
    space = vector_domain(atom_domain(T="i64")), l1_distance(T="i64")
    scale = influence * 1000 / epsilon
    mechanism: Any = make_laplace(*space, scale=scale)
    while Fraction(mechanism.map(influence)) > Fraction(epsilon, 1000):  # it rounds what it charges upwards
        scale = nextafter(scale, inf)
        mechanism = make_laplace(*space, scale=scale)
    return mechanism


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
    return int(laplace(1, epsilon)([count])[0])
