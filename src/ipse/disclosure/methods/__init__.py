"""How an answer comes about, one module a method.

    owner     exactly what the owner sees and ticks at the consent page, or lets an application have
    private   read from a private summary, with noise, where nobody looks

An answer says its method.
"""

from __future__ import annotations

from typing import Final

from ipse.encoding.strict_json import JsonObject
from ipse.encoding.timestamps import parse_day
from ipse.errors import MalformedInput

__all__ = ["NAMES", "OWNER", "PRIVATE", "is_said"]

OWNER: Final = "owner"
PRIVATE: Final = "private"
NAMES: Final = (OWNER, PRIVATE)
_MOST_BEFORE: Final = 100
"""The largest epsilon that answers of older versions, which have no method, say that they cost."""


def is_said(claims: JsonObject) -> bool:
    """Whether an answer says a method that there is, and the first day of its window where it has to.

    An answer of an older version has neither; it says what it cost.
    """
    match claims:
        case {"method": str(method), **others} if method == OWNER:
            return "window" not in others
        case {"method": str(method), "window": str(window)} if method == PRIVATE:
            return _is_day(window)
        case {"epsilon": int() | float() as cost, **others} if not {"method", "window"} & others.keys():
            return type(cost) is not bool and 0 <= cost <= _MOST_BEFORE
    return False


def _is_day(text: str) -> bool:
    try:
        parse_day(text)
    except MalformedInput:
        return False
    return True
