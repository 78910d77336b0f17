"""Embedding, taste, interests, topics, other programs' exports: values in, values out."""

from typing import Final

__all__ = ["MAX_TEXT"]

MAX_TEXT: Final = 4000
"""Characters of one statement."""
