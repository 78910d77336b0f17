"""Vectors as arrays: conversion from and to stored bytes, nearest vectors, exact cosines."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Final

from ipse.errors import CorruptData

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

    Floats = NDArray[np.float32]
    Doubles = NDArray[np.float64]

__all__ = ["exact_cosines", "from_bytes", "nearest", "to_bytes"]

_STORED: Final = "<f4"
"""Little-endian float32, on every machine."""
_FINENESS: Final = 1 << 24
"""Steps of a vector's component: sums of products stay below 2**53."""


def from_bytes(stored: bytes | bytearray | Sequence[bytes], dimension: int) -> Floats:
    """Return float32 (n, dimension) from n stored vectors, one after the other or one by one.

    The array cannot be written to. Raises CorruptData where they do not have that dimension.
    """
    import numpy as np

    joined = stored if isinstance(stored, bytes | bytearray) else b"".join(stored)
    try:
        return np.frombuffer(joined, np.dtype(_STORED)).reshape(-1, dimension)
    except ValueError as error:
        raise CorruptData(
            f"the vault holds a vector that has not the {dimension} components of its model",
            hint="`ipse backup restore FILE` goes on from a backup, and vectors are made again",
        ) from error


def to_bytes(vectors: Floats) -> list[bytes]:
    """Return each row of float32 (n, d) as it is stored: 4 * d bytes."""
    import numpy as np

    return [row.tobytes() for row in vectors.astype(np.dtype(_STORED), copy=False)]


def nearest(vectors: Floats, query: Floats, *, limit: int) -> list[tuple[int, float]]:
    """The `limit` rows of float32 (n, d) nearest to `query` float32 (d,): (row, cosine), nearest first."""
    import numpy as np

    cosines = vectors @ query
    return [(int(row), float(cosines[row])) for row in np.argsort(-cosines, kind="stable")[:limit]]


def exact_cosines(some: Floats, others: Floats) -> Doubles:
    """float64 (n, m): the cosines of float32 (n, d) with float32 (m, d), all unit length.

    They are the same to the last digit, whatever other rows there are. A matrix product adds up in an order
    that depends on the number of rows, and its rounding with it. Where one row must have no influence on
    another, as under differential privacy, that would be one: a tie between two candidates could fall the
    other way. So vectors are rounded to whole numbers first, whose products and sums in float64 are exact in
    any order.
    """
    return _whole(some) @ _whole(others).T / _FINENESS**2


def _whole(vectors: Floats) -> Doubles:
    import numpy as np

    whole: Doubles = np.rint(vectors.astype(np.float64) * _FINENESS)
    return whole
