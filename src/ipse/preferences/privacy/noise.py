"""Discrete Laplace noise by OpenDP, which costs no more than it is charged for."""

from __future__ import annotations

from fractions import Fraction
from functools import cache
from math import inf, nextafter
from typing import Any

from ipse.errors import MissingFeature

__all__ = ["laplace"]


@cache
def laplace(influence: int, epsilon: int) -> Any:  # OpenDP leaves the methods of a Measurement untyped
    """The measurement that adds noise to each of a list of integers.

    One statement may change them by `influence` in all; OpenDP says that this costs no more than `epsilon`,
    in thousandths. Raises MissingFeature where OpenDP is not installed.
    """
    try:
        from opendp.domains import atom_domain, vector_domain
        from opendp.measurements import make_laplace
        from opendp.metrics import l1_distance
        from opendp.mod import enable_features
    except ImportError as error:
        raise MissingFeature(
            "the profile extra is not installed (opendp)",
            hint="install it with `pipx install 'ipse[profile]'`",
        ) from error
    enable_features("contrib")
    space = vector_domain(atom_domain(T="i64")), l1_distance(T="i64")
    scale = influence * 1000 / epsilon
    mechanism: Any = make_laplace(*space, scale=scale)
    while Fraction(mechanism.map(influence)) > Fraction(epsilon, 1000):  # it rounds what it charges upwards
        scale = nextafter(scale, inf)
        mechanism = make_laplace(*space, scale=scale)
    return mechanism
