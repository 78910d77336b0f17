"""What an application may be told, one module a level.

    level        in transaction_data           the answer names
    choose       candidates {id, text}, top    as many of the candidates as `top` says, at the most
    order        candidates {id, text}         the candidates, the most liked first
    bands        topics                        low, medium or high for each
    topics       topics                        those of them that the owner approved
    statements   about, limit                  at most `limit` sentences of the owner's, verbatim

A level is found by its name, and its module is loaded when it is first used. The rest of ipse knows the
protocol `Level` (`ipse.disclosure.levels.level`) alone.
"""

from __future__ import annotations

from collections.abc import Iterator
from functools import cache
from importlib import import_module
from typing import TYPE_CHECKING, Any, Final

from ipse.errors import UsageError

if TYPE_CHECKING:
    from ipse.disclosure.levels.level import Asked, Level

__all__ = ["DEFAULT", "NAMES", "every", "grantable", "named", "of"]

NAMES: Final = ("choose", "order", "bands", "topics", "statements")
"""The names of the levels, which their modules have too."""
DEFAULT: Final = "choose"


@cache
def named(name: str) -> Level[Any]:
    """The level called `name`. Raises UsageError."""
    if name not in NAMES:
        raise UsageError(f"{name!r} is not a disclosure level", hint=f"--level takes {', '.join(NAMES)}")
    found: Level[Any] = import_module(f"{__name__}.{name}").LEVEL
    return found


def of(asked: Asked) -> Level[Any]:
    """The level of what is asked."""
    return named(asked.level)


def every() -> Iterator[Level[Any]]:
    """All levels, in the order of their names."""
    return map(named, NAMES)


def grantable() -> tuple[str, ...]:
    """The names of the levels at which an application can be let ask without the owner."""
    return tuple(level.name for level in every() if level.grantable)
