"""How an answer comes about, one module a method.

    owner     exactly what the owner sees and ticks at the consent page, or lets an application have
    private   read from a private summary, with noise, where nobody looks

An answer says its method.
"""

from __future__ import annotations

from typing import Final

__all__ = ["NAMES", "OWNER", "PRIVATE"]

OWNER: Final = "owner"
PRIVATE: Final = "private"
NAMES: Final = (OWNER, PRIVATE)
