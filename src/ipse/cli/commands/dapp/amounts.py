"""Amounts of the privacy budget as people write them: 1.0 is a thousand thousandths of epsilon."""

from __future__ import annotations

import re
from typing import Final

from ipse.errors import UsageError

__all__ = ["read", "spelled"]

_AMOUNT: Final = re.compile(r"(\d{1,3})(?:\.(\d{1,3}))?", re.ASCII)


def read(text: str, option: str) -> int:
    """The thousandths that `text` spells, like 0.5. Raises UsageError naming the option."""
    match = _AMOUNT.fullmatch(text)
    if match is None:
        raise UsageError(
            f"{option} {text[:50]!r} is no amount of the budget",
            hint="write it like 1 or 0.5, at most three decimals, less than 1000",
        )
    return int(match[1]) * 1000 + int((match[2] or "").ljust(3, "0"))


def spelled(thousandths: int) -> str:
    """1000 is 1.0, 125 is 0.125; what is overdrawn is 0.0."""
    whole, rest = divmod(max(thousandths, 0), 1000)
    decimals = f"{rest:03d}".rstrip("0")
    return f"{whole}.{decimals or '0'}"
