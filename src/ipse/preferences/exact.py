"""Cosines that are the same to the last digit, whatever else is worked out beside them."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

    Floats = NDArray[np.float32]
    Doubles = NDArray[np.float64]

__all__ = ["cosines"]

_FINENESS: Final = 1 << 24
"""Steps of a vector's component: sums of products stay below 2**53."""


def cosines(some: Floats, others: Floats) -> Doubles:
    """float64 (n, m): the cosines of float32 (n, d) with float32 (m, d), all unit length.

    A matrix product adds up in an order that depends on the number of rows, and its rounding with it. Where
    one row must have no influence on another, as under differential privacy, that would be one: a tie
    between two candidates could fall the other way. So vectors are rounded to whole numbers first, whose
    products and sums in float64 are exact in any order.
    """
    return _whole(some) @ _whole(others).T / _FINENESS**2


def _whole(vectors: Floats) -> Doubles:
    import numpy as np

    whole: Doubles = np.rint(vectors.astype(np.float64) * _FINENESS)
    return whole
