"""How much of a text is kept."""

from __future__ import annotations

from typing import Final

__all__ = ["MAX_TEXT"]

MAX_TEXT: Final = 4000
"""Characters of one statement."""
