"""Every error has a code of its own, an exit code of the table, and a next step."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from ipse import errors
from ipse.errors import IpseError


def _all(cls: type[IpseError]) -> Iterator[type[IpseError]]:
    for sub in cls.__subclasses__():
        if sub.__module__ == errors.__name__:
            yield sub
            yield from _all(sub)


_ERRORS = list(_all(IpseError))


@pytest.mark.parametrize("error", _ERRORS, ids=lambda error: error.__name__)
def test_an_error_is_exported_and_has_an_exit_code_of_the_table(error: type[IpseError]) -> None:
    assert error.__name__ in errors.__all__
    assert error.exit_code in {2, 3, 4, 5, 6, 7, 8, 9}
    assert error("x is wrong").hint


def test_codes_are_distinct() -> None:
    codes = [error.code for error in _ERRORS]
    assert len(set(codes)) == len(codes)


def test_the_drawn_hierarchy_is_the_real_one() -> None:
    drawing = errors.__doc__ or ""
    for error in _ERRORS:
        line = next(line for line in drawing.splitlines() if f" {error.__name__} " in line)
        assert f" {error.exit_code}" in line, line
